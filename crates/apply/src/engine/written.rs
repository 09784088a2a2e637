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

    fn flush(&mut self) {
        self.pending = Some(self.unwritten.record());
    }

    /// An entry that may wait for the next record: without it on disk, its op is looked up by the next run.
    pub(super) fn note(&mut self, entry: Entry, now: Moment) {
        self.unwritten.push(self.journal.append(entry, now));
    }

    /// Writes the intent of the current op down, and with it those of the creates of its kind that come next: a disk
    /// takes as long for one line as for many. One that is not sent after all is looked up by the next run.
    pub(super) fn intend(&mut self, intent: Entry, following: Vec<OpId>, now: Moment) {
        let mut last = intent;
        for op in following {
            let Entry::Intent { call, .. } = &last else { break };
            self.announced.insert(op.clone());
            let next = Entry::Intent { op, call: call.clone(), target_id: None, before: None };
            self.note(std::mem::replace(&mut last, next), now);
        }
        self.record(last, now);
    }

    /// The creates after the current one, of its kind, as far as nothing has to be found out before them.
    pub(super) fn next_creates(&self) -> Vec<OpId> {
        let Some(current) = self.order.get(self.at).and_then(|place| self.plan.ops.get(*place)) else {
            return Vec::new();
        };
        let ops = self.order.iter().skip(self.at + 1).filter_map(|place| self.plan.ops.get(*place));
        let waiting = |op: &&Op| {
            op.kind == current.kind
                && op.action == Action::Create
                && !self.unknown.contains(&op.id)
                && !self.announced.contains(&op.id)
                && matches!(self.states.get(&op.id), Some(OpState::Waiting))
        };
        ops.take_while(waiting).take(TOGETHER - 1).map(|op| op.id.clone()).collect()
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
        for op in std::mem::take(&mut self.announced) {
            let note = "The apply ended before it was sent.".to_owned();
            self.note(Entry::Outcome { op, result: OpResult::Blocked, target_id: None, note }, now);
        }
        self.stage = Stage::Closing(outcome);
    }
}
