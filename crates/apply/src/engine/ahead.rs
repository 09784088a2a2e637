//! What can be done while a create is under way: the next creates are prepared, so that the gateway need not wait for us,
//! and those after them are announced. One may be sent as soon as the one before it was answered, before the answer was
//! taken in: its intent is on disk, so whatever happens then, the next run looks it up.

use std::sync::Arc;

use bifrost::Call;
use model::{Moment, OpId};
use plan::Op;

use super::{Engine, Stage};
use crate::doing::{Doing, Write};
use crate::step::{Ahead, CallId, Step};
use crate::task::Task;
use crate::unwritten::TOGETHER;

/// How many creates are handed out before their turn, at most. With two, the gateway has one at hand even where it answers
/// in less time than it takes to make the next one ready.
const MOST: usize = 2;

/// A create that was handed out before its turn.
pub(super) struct Early {
    id: CallId,
    call: Arc<Call>,
    task: Task,
}

impl Early {
    pub(super) fn is_of(&self, op: &OpId) -> bool {
        self.task.op() == op
    }
}

impl Engine {
    /// What to do while the create that [`Self::step`] asks for is under way, if there is anything; each is given once.
    pub fn ahead(&mut self, now: Moment) -> Option<Ahead> {
        let call = self.call_under_way().filter(|_| !self.cancelled && !self.broken)?;
        self.next_call_ahead().or_else(|| self.announce(call, now))
    }

    /// The endpoint of the create under way.
    fn call_under_way(&self) -> Option<&'static str> {
        match (&self.stage, &self.pending) {
            (Stage::Doing(task), Some(Step::Call(_, call))) if matches!(task.doing(), Doing::Send(Write::Create)) => {
                Some(call.endpoint.id())
            }
            _ => None,
        }
    }

    /// The call of the create after those, where its intent is on disk and it waits for nothing that is not there.
    fn next_call_ahead(&mut self) -> Option<Ahead> {
        let may = |op: &&Op| self.ahead.len() < MOST && self.announced.contains(&op.id);
        let next = self.following().nth(self.ahead.len()).filter(may)?;
        let mut task = self.task(next);
        if !matches!(task.doing(), Doing::Intend(Write::Create)) {
            return None;
        }
        task.go_on();
        let call = Arc::new(task.call(&Write::Create)?);
        let id = self.next_call();
        self.ahead.push_back(Early { id, call: Arc::clone(&call), task });
        Some(Ahead::Call(id, call))
    }

    /// The intents of the creates after those that are announced, in time before these are made.
    fn announce(&mut self, call: &str, now: Moment) -> Option<Ahead> {
        if self.announced.len() > TOGETHER / 4 || !self.announcing.is_empty() {
            return None;
        }
        let next = self.next_creates();
        if next.is_empty() {
            return None;
        }
        for op in next {
            self.announcing.insert(op.clone());
            self.note(super::written::create(op, call), now);
        }
        Some(Ahead::Record(self.unwritten.lines()))
    }

    /// The turn of what was handed out ahead has come: its call is asked for as it was prepared.
    pub(super) fn go_on_with(&mut self, Early { id, call, task }: Early) {
        self.announced.remove(task.op());
        self.pending = Some(Step::Call(id, call));
        self.begin(task);
    }
}
