//! What an undo writes into the journal, and when. As while applying, the intents of removals that come one after the
//! other go to disk together, and outcomes with the next intents. After a crash an undo is worked out anew from the
//! gateway as it is, so what was removed by then is found gone.

use model::{Moment, OpId};

use super::{Stage, UndoEngine};
use crate::body;
use crate::journal::{Entry, UndoResult};
use crate::step::Outcome;
use crate::undo::Undoing;
use crate::unwritten::TOGETHER;

impl UndoEngine {
    /// Writes an entry and everything before it that is not on disk yet.
    pub(super) fn record(&mut self, entry: Entry, now: Moment) {
        self.note(entry, now);
        self.pending = Some(self.unwritten.record());
    }

    /// An entry that may wait for the next record.
    pub(super) fn note(&mut self, entry: Entry, now: Moment) {
        self.unwritten.push(self.journal.append(entry, now));
    }

    /// Writes the intent of the current item down, and with it those of the removals of its kind that come next. One
    /// that is not sent after all is said to be left.
    pub(super) fn intend(&mut self, intent: Entry, now: Moment) {
        let mut last = intent;
        for next in self.next_removals() {
            if let Entry::UndoIntent { op, .. } = &next {
                self.announced.insert(op.clone());
            }
            self.note(std::mem::replace(&mut last, next), now);
        }
        self.record(last, now);
    }

    /// The intents of the removals after the current one.
    fn next_removals(&self) -> Vec<Entry> {
        let Some(current) = self.items.get(self.at).filter(|item| item.what == Undoing::Remove) else {
            return Vec::new();
        };
        let rest = self.items.iter().skip(self.at + 1);
        let following = rest.take_while(|item| item.what == Undoing::Remove && item.kind == current.kind);
        let intent = |item: &super::UndoItem| {
            let call = body::remove(item.kind, item.provider.as_deref(), &item.id)?;
            let call = call.endpoint.id().to_owned();
            Some(Entry::UndoIntent { op: item.op.clone(), call, target_id: item.id.clone() })
        };
        following.take(TOGETHER - 1).map_while(intent).collect()
    }

    /// Notes the outcome of the current item and goes on to the next.
    pub(super) fn settle(&mut self, op: OpId, result: UndoResult, note: String, now: Moment) {
        self.announced.remove(&op);
        self.results.insert(op.clone(), result);
        self.at += 1;
        self.stage = Stage::Choosing;
        let outcome = Entry::UndoOutcome { op, result, note };
        if self.unwritten.has_room() { self.note(outcome, now) } else { self.record(outcome, now) }
    }

    /// Comes to the end. What was announced and never sent is withdrawn, so that nobody has to wonder about it.
    pub(super) fn close(&mut self, outcome: Outcome, now: Moment) {
        for op in std::mem::take(&mut self.announced) {
            let note = "the undo ended before it was sent".to_owned();
            self.note(Entry::UndoOutcome { op, result: UndoResult::Left, note }, now);
        }
        self.stage = Stage::Closing(outcome);
    }
}
