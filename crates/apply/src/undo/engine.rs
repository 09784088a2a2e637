//! Carries an undo out, one step at a time, with the steps and events of the engine that applies.

mod written;

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

use bifrost::compare::differences;
use bifrost::{Answer, Kind, Observed};
use model::{Moment, OpId};

use super::task::{Doing, Task};
use super::{Undo, UndoItem, Undoing, is_credential};
use crate::journal::{End, Entry, Journal, UndoResult};
use crate::pace::Pace;
use crate::reading::Reading;
use crate::step::{CallId, Event, Loss, Outcome, Step};
use crate::unwritten::Unwritten;

/// Carries an undo out. What it does goes into the journal of the apply, so that an undo that was cut off can be
/// worked out anew and gone on with.
pub struct UndoEngine {
    items: Vec<UndoItem>,
    at: usize,
    target: String,
    journal: Journal,
    /// Whether it takes away what is gone, and not an apply back.
    removes: bool,
    /// What came of the items so far.
    results: BTreeMap<OpId, UndoResult>,
    stage: Stage,
    pending: Option<Step>,
    /// Lines of the journal that go to disk with the next record.
    unwritten: Unwritten,
    /// Removals whose intent is on disk and whose turn has not come.
    announced: BTreeSet<OpId>,
    calls: u64,
    pace: Pace,
    cancelled: bool,
}

enum Stage {
    Opening,
    Choosing,
    Doing(Box<Task>),
    Reading(Box<Reading>),
    Closing(Outcome),
    Done(Outcome),
}

impl fmt::Debug for UndoEngine {
    /// Where it is, and nothing of what it holds.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("UndoEngine").field("at", &self.at).finish_non_exhaustive()
    }
}

impl UndoEngine {
    /// Begins. `journal` is the one the undo was worked out from; `target` the gateway's name; `seed` spreads the
    /// waits. With nothing to do, nothing is written down either, unless an undo that was cut off is to be closed.
    pub fn new(undo: Undo, journal: Journal, target: &str, seed: u64) -> Self {
        let begun = journal.is_undoing();
        Self::begin(undo, journal, target, seed, begun)
    }

    /// Begins to take away what [`crate::gone`] found; `journal` is the one of the plan that was applied last.
    pub fn removing(undo: Undo, journal: Journal, target: &str, seed: u64) -> Self {
        let begun = journal.is_removing();
        Self { removes: true, ..Self::begin(undo, journal, target, seed, begun) }
    }

    fn begin(undo: Undo, journal: Journal, target: &str, seed: u64, begun: bool) -> Self {
        let idle = undo.is_empty() && !begun;
        let end = if undo.items.is_empty() { End::Finished } else { End::Partial };
        let stage = if idle { Stage::Done(Outcome { end, note: String::new() }) } else { Stage::Opening };
        Self {
            items: undo.items,
            at: 0,
            target: target.to_owned(),
            journal,
            removes: false,
            results: BTreeMap::new(),
            stage,
            pending: None,
            unwritten: Unwritten::default(),
            announced: BTreeSet::new(),
            calls: 0,
            pace: Pace::new(seed),
            cancelled: false,
        }
    }

    /// What to do now; the same again until its event arrives.
    pub fn step(&mut self, now: Moment) -> Step {
        loop {
            if let Some(step) = &self.pending {
                return step.clone();
            }
            self.advance(now);
        }
    }

    /// Tells what came of a step. What does not belong to the current step is ignored.
    pub fn on(&mut self, event: Event, _now: Moment) {
        let waits_for =
            |pending: &Option<Step>, id: CallId| matches!(pending, Some(Step::Call(call, _)) if *call == id);
        match (event, &self.pending) {
            (Event::Cancel, pending) => {
                self.cancelled = true;
                if matches!(pending, Some(Step::Sleep(_))) {
                    self.pending = None;
                }
            }
            (Event::Recorded, Some(Step::Record(_))) => self.recorded(),
            (Event::RecordFailed, Some(Step::Record(_))) => {
                let note = "The journal could not be written, so nothing more was done.".to_owned();
                self.pending = None;
                self.stage = Stage::Done(Outcome { end: End::Failed, note });
            }
            (Event::Answer(id, answer), pending) if waits_for(pending, id) => self.answered(&answer),
            (Event::Lost(id, loss), pending) if waits_for(pending, id) => self.lost(&loss),
            (Event::Slept, Some(Step::Sleep(_))) => {
                self.pending = None;
                match &mut self.stage {
                    Stage::Doing(task) => task.go_on(),
                    Stage::Reading(reading) => reading.slept(),
                    _ => {}
                }
            }
            _ => {}
        }
    }

    /// How many items are over, and how many there are.
    pub fn progress(&self) -> (usize, usize) {
        (self.at, self.items.len())
    }

    /// What came of the items so far.
    pub fn results(&self) -> &BTreeMap<OpId, UndoResult> {
        &self.results
    }

    /// The journal so far.
    pub fn journal(&self) -> &Journal {
        &self.journal
    }

    fn advance(&mut self, now: Moment) {
        if self.cancelled && matches!(self.stage, Stage::Choosing | Stage::Reading(_)) {
            let note = "Stopped. Undoing again goes on from here.".to_owned();
            self.close(Outcome { end: End::Stopped, note }, now);
        }
        match &self.stage {
            Stage::Opening => {
                let (target, gangway) = (self.target.clone(), env!("CARGO_PKG_VERSION").to_owned());
                let entry = if self.removes {
                    Entry::RemovalOpened { target, gangway }
                } else {
                    Entry::UndoOpened { target, gangway }
                };
                self.record(entry, now);
            }
            Stage::Choosing => self.choose(),
            Stage::Doing(task) => {
                let doing = task.doing().clone();
                self.do_task(doing, now);
            }
            Stage::Reading(reading) => match (reading.rest(), reading.next()) {
                (Some(millis), _) => self.pending = Some(Step::Sleep(millis)),
                (None, Some(call)) => self.call(call),
                (None, None) => self.held_against(now),
            },
            Stage::Closing(outcome) => {
                let entry = Entry::Closed { end: outcome.end };
                self.record(entry, now);
            }
            Stage::Done(outcome) => self.pending = Some(Step::Done(outcome.clone())),
        }
    }

    fn call(&mut self, call: bifrost::Call) {
        self.calls += 1;
        self.pending = Some(Step::Call(CallId(self.calls), call.into()));
    }

    /// The next item that wants something done or written down; then everything is read back.
    fn choose(&mut self) {
        while let Some(item) = self.items.get(self.at) {
            if item.what != Undoing::Leave {
                self.stage = Stage::Doing(Box::new(self.task(item.clone())));
                return;
            }
            self.results.insert(item.op.clone(), UndoResult::Left);
            self.at += 1;
        }
        let kinds: BTreeSet<Kind> = self.items.iter().map(|item| item.kind).collect();
        self.stage = Stage::Reading(Box::new(Reading::begin(kinds.into_iter())));
    }

    /// The door is not opened over something of ours that could not be removed.
    fn task(&self, item: UndoItem) -> Task {
        let undone = |other: &UndoItem| self.results.get(&other.op).is_some_and(|result| result.is_undone());
        let mut there = self.items.iter().filter(|other| !other.id.is_empty());
        let stays = there.find(|other| is_credential(other.kind) && !undone(other));
        match stays.filter(|_| item.opens_the_door) {
            Some(other) => {
                let why = format!("calls without a virtual key stay refused, for {} is still there", other.op);
                Task::left(item, &why)
            }
            None => Task::begin(item),
        }
    }

    fn do_task(&mut self, doing: Doing, now: Moment) {
        let Stage::Doing(task) = &self.stage else { return };
        let (op, id) = (task.item().op.clone(), task.item().id.clone());
        let no_way = "there is no way to do this through the gateway's management API";
        match doing {
            Doing::Intend if self.announced.remove(&op) => self.go_on(),
            Doing::Intend => match task.call() {
                Some(call) => {
                    let call = call.endpoint.id().to_owned();
                    self.intend(Entry::UndoIntent { op, call, target_id: id }, now);
                }
                None => self.settle(op, UndoResult::Failed, no_way.to_owned(), now),
            },
            Doing::Send => match task.call() {
                Some(call) => self.call(call),
                None => self.settle(op, UndoResult::Failed, no_way.to_owned(), now),
            },
            Doing::Look(look, _) => match look.call() {
                Some(call) => self.call(call),
                None => self.settle(op, UndoResult::Failed, no_way.to_owned(), now),
            },
            Doing::Rest(millis, _) => self.pending = Some(Step::Sleep(millis)),
            Doing::Finish(result, note) => self.settle(op, result, note, now),
            Doing::Halt(note) => self.close(Outcome { end: End::Failed, note }, now),
        }
    }

    /// The intent of the current item is on disk.
    fn go_on(&mut self) {
        if let Stage::Doing(task) = &mut self.stage {
            task.go_on();
        }
    }

    /// The last line is on disk: only now does it count.
    fn recorded(&mut self) {
        self.pending = None;
        match &mut self.stage {
            Stage::Opening => self.stage = Stage::Choosing,
            Stage::Doing(task) => task.go_on(),
            Stage::Closing(outcome) => self.stage = Stage::Done(outcome.clone()),
            Stage::Choosing | Stage::Reading(_) | Stage::Done(_) => {}
        }
    }

    fn answered(&mut self, answer: &Answer) {
        self.pending = None;
        match &mut self.stage {
            Stage::Doing(task) => task.answered(answer, &mut self.pace),
            Stage::Reading(reading) => reading.answered(answer, &mut self.pace),
            _ => {}
        }
    }

    fn lost(&mut self, loss: &Loss) {
        self.pending = None;
        match (&mut self.stage, loss) {
            (Stage::Doing(task), Loss::NotSent) => task.unsent(&mut self.pace),
            (Stage::Doing(task), Loss::Unknown | Loss::NoSecret(_)) => task.lost(&mut self.pace),
            (Stage::Reading(reading), _) => reading.lost(&mut self.pace),
            _ => {}
        }
    }

    /// Everything is read: what is not as it should be after the undo is written down.
    fn held_against(&mut self, now: Moment) {
        let Stage::Reading(reading) = std::mem::replace(&mut self.stage, Stage::Choosing) else { return };
        let observed = match reading.finish() {
            Err(error) => return self.close(Outcome { end: End::Failed, note: error.to_string() }, now),
            Ok(observed) => observed,
        };
        for (op, note) in self.not_undone(&observed) {
            self.results.insert(op.clone(), UndoResult::Failed);
            self.note(Entry::UndoOutcome { op, result: UndoResult::Failed, note }, now);
        }
        let all = self.items.iter().all(|item| self.results.get(&item.op).is_some_and(|result| result.is_undone()));
        let end = if all { End::Finished } else { End::Partial };
        self.close(Outcome { end, note: String::new() }, now);
    }

    fn not_undone(&self, observed: &Observed) -> Vec<(OpId, String)> {
        let mut there = BTreeMap::new();
        let kinds: BTreeSet<Kind> = self.items.iter().map(|item| item.kind).collect();
        for kind in kinds {
            there.extend(observed.objects(kind).into_iter().map(|(found, object)| ((kind, found.id), object)));
        }
        let problem = |item: &UndoItem| {
            let object = there.get(&(item.kind, item.id.clone()));
            match self.results.get(&item.op)? {
                UndoResult::Removed if object.is_some() => Some("it was removed, and is there again".to_owned()),
                UndoResult::Restored => {
                    let left = object.map(|object| differences(item.kind, &item.sent, object))?;
                    (!left.is_empty())
                        .then(|| format!("it was put back, and has another {} again", super::paths(&left)))
                }
                _ => None,
            }
        };
        self.items.iter().filter_map(|item| Some((item.op.clone(), problem(item)?))).collect()
    }
}
