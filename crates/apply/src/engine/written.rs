//! What the engine writes into its journal, and when. A disk takes as long for one line as for many, so the intents of
//! creates that come one after the other are written together, and an outcome goes with the next intents. After a
//! crash an op without an outcome is looked up before anything else, so nothing is lost by that and nothing doubled.

use model::{Moment, OpId};
use plan::{Action, Op};

use super::{Engine, Stage};
use crate::journal::{Entry, OpResult};
use crate::redact::difference;
use crate::step::{OpState, Outcome};
use crate::unwritten::TOGETHER;
use crate::verify::Compared;

impl Engine {
    /// Writes an entry and everything before it that is not on disk yet.
    pub(super) fn record(&mut self, entry: Entry, now: Moment) {
        self.note(entry, now);
        self.flush();
    }

    pub(super) fn flush(&mut self) {
        self.pending = Some(self.unwritten.record());
    }

    /// An entry that may wait for the next record: without it on disk, its op is looked up by the next run.
    pub(super) fn note(&mut self, entry: Entry, now: Moment) {
        self.unwritten.push(self.journal.follow(entry, now, &mut self.tail));
    }

    /// Writes the intent of the current op down, and with it those of the creates of its kind that come next: a disk
    /// takes as long for one line as for many. One that is not sent after all is looked up by the next run.
    pub(super) fn intend(&mut self, intent: Entry, following: Vec<OpId>, now: Moment) {
        let Entry::Intent { call, .. } = &intent else { return self.record(intent, now) };
        let call = call.clone();
        self.note(intent, now);
        for op in following {
            self.announced.insert(op.clone());
            self.note(create(op, &call), now);
        }
        self.flush();
    }

    /// The creates after the current one, of its kind, as far as nothing has to be found out before them, that are not
    /// announced yet: as many as may be announced beside those that are.
    pub(super) fn next_creates(&self) -> Vec<OpId> {
        let waiting = |op: &&Op| !self.announced.contains(&op.id) && !self.announcing.contains(&op.id);
        let room = (TOGETHER - 1).saturating_sub(self.announced.len() + self.announcing.len());
        let following = self.following().skip_while(|op| !waiting(op));
        following.take_while(waiting).take(room).map(|op| op.id.clone()).collect()
    }

    /// The creates after the current op, of its kind, as far as nothing has to be found out before them.
    pub(super) fn following(&self) -> impl Iterator<Item = &Op> {
        let in_order = |place: &usize| self.plan.ops.get(*place);
        let kind = self.order.get(self.at).and_then(in_order).map(|op| op.kind);
        let ops = self.order.iter().skip(self.at + 1).filter_map(in_order);
        ops.take_while(move |op| {
            Some(op.kind) == kind
                && op.action == Action::Create
                && !self.unknown.contains(&op.id)
                && matches!(self.states.get(&op.id), Some(OpState::Waiting))
        })
    }

    /// Notes the outcome of the current op and goes on to the next.
    pub(super) fn settle(&mut self, (result, target_id, note): (OpResult, Option<String>, String), now: Moment) {
        let Stage::Doing(task) = &self.stage else { return };
        let op = task.op().clone();
        if let (true, Some(id)) = (result.is_success(), &target_id) {
            self.ids.insert(op.clone(), id.clone());
        }
        self.states.insert(op.clone(), OpState::Done(result));
        self.unknown.remove(&op);
        self.announced.remove(&op);
        self.done += 1;
        self.failed += usize::from(!result.is_success());
        self.at += 1;
        self.stage = Stage::Choosing;
        let outcome = Entry::Outcome { op, result, target_id, note };
        if self.unwritten.has_room() { self.note(outcome, now) } else { self.record(outcome, now) }
    }

    /// Writes down what was read back, many objects at a time.
    pub(super) fn record_verified(&mut self, now: Moment) {
        let Stage::Checking(check) = &self.stage else { return };
        let verified = |found: &Compared| Entry::Verified {
            op: found.op.clone(),
            differences: found.differences.iter().map(difference).collect(),
            shown: found.shown.clone(),
        };
        let entries: Vec<Entry> = check.found().map(verified).collect();
        for entry in entries {
            self.note(entry, now);
        }
        self.flush();
    }

    /// Comes to the end. What was announced and never sent is withdrawn, so that nobody has to wonder about it.
    pub(super) fn close(&mut self, outcome: Outcome, now: Moment) {
        // What was handed out ahead may be made: its intent stays open, and the next run looks.
        let early = std::mem::take(&mut self.ahead);
        let unsent = match &self.stage {
            Stage::Doing(task) if task.is_unsent() => Some(task.op().clone()),
            _ => None,
        };
        self.announced.append(&mut self.announcing);
        for op in std::mem::take(&mut self.announced).into_iter().chain(unsent) {
            if early.iter().any(|early| early.is_of(&op)) {
                continue;
            }
            let note = "The apply ended before it was sent.".to_owned();
            self.note(Entry::Outcome { op, result: OpResult::Blocked, target_id: None, note }, now);
        }
        self.stage = Stage::Closing(outcome);
    }
}

/// The intent to create an object.
pub(super) fn create(op: OpId, call: &str) -> Entry {
    Entry::Intent { op, call: call.to_owned(), target_id: None, before: None }
}
