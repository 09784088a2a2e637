//! The engine: a plan and a journal in, one step at a time out. It does no I/O; a driver carries the steps out
//! and tells what came of them.
//!
//! ```text
//! loop { match engine.step(now) {
//!     Record(line) => write, fsync      -> Recorded | RecordFailed
//!     Call(id, call) => fill, send      -> Answer | Lost
//!     Sleep(millis) => wait             -> Slept
//!     Done(outcome) => break
//! } }
//! ```
//!
//! While a call is under way, a driver may ask [`Engine::ahead`] for what can be done meanwhile.

mod ahead;
mod issued;
mod written;

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::fmt;

use bifrost::{Answer, Call, Kind, Method};
use litellm::Secret;
use model::{Moment, OpId};
use plan::{Action, Op, Plan};

use self::ahead::Early;
use crate::body;
use crate::check::{Check, Want};
use crate::doing::{Doing, Write};
use crate::fingerprint::Printed;
use crate::job::Job;
use crate::journal::{End, Entry, FORMAT, Journal, OpResult};
use crate::pace::Pace;
use crate::redact::redacted;
use crate::reply::{self, Reply};
use crate::start::{self, Refused};
use crate::step::{CallId, Event, Loss, OpState, Outcome, Phase, Progress, Step};
use crate::task::Task;
use crate::unwritten::Unwritten;
use crate::verify::known_ids;

/// Carries a plan out.
pub struct Engine {
    plan: Printed,
    target: String,
    /// Places in the plan, in the order to do them, and how far we are.
    order: Vec<usize>,
    at: usize,
    ids: BTreeMap<OpId, String>,
    /// Ops of which an earlier run left an intent open.
    unknown: BTreeSet<OpId>,
    states: BTreeMap<OpId, OpState>,
    done: usize,
    failed: usize,
    unverified: usize,
    journal: Journal,
    stage: Stage,
    pending: Option<Step>,
    /// Lines of the journal that go to disk with the next record.
    unwritten: Unwritten,
    /// The hash of the journal's last line.
    tail: Option<String>,
    /// Creates whose intent is on disk and whose turn has not come.
    announced: BTreeSet<OpId>,
    /// Creates whose intent a driver is writing ahead.
    announcing: BTreeSet<OpId>,
    /// The creates that were handed out before their turn.
    ahead: VecDeque<Early>,
    /// The journal could not be written while a call was under way.
    broken: bool,
    calls: u64,
    pace: Pace,
    cancelled: bool,
    /// Values of virtual keys that were shown and not yet handed out. In memory only.
    values: BTreeMap<OpId, (String, Secret)>,
    issued: BTreeSet<OpId>,
    /// Names of the virtual keys that this plan creates.
    keys: BTreeMap<String, OpId>,
}

enum Stage {
    Opening,
    Choosing,
    Doing(Box<Task>),
    Checking(Box<Check>),
    Closing(Outcome),
    Done(Outcome),
}

impl fmt::Debug for Engine {
    /// Where it is, and nothing of what it holds.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Engine").field("plan", &self.plan.print()).field("at", &self.at).finish_non_exhaustive()
    }
}

impl Engine {
    /// Begins to apply a plan, or takes it up again: with a journal of the same plan, what is done is not done
    /// again, and what is unknown is looked up first. `target` is the gateway's name; `seed` spreads the waits.
    pub fn new(plan: &Plan, journal: Journal, target: &str, seed: u64) -> Result<Self, Refused> {
        Self::of(Printed::new(plan.clone()), journal, target, seed)
    }

    /// [`Self::new`] with a plan whose fingerprint is known.
    pub fn of(plan: Printed, journal: Journal, target: &str, seed: u64) -> Result<Self, Refused> {
        start::admit(&plan, &journal, target)?;
        let creates = |op: &&Op| op.kind == Kind::VirtualKey && op.action == Action::Create;
        let mut engine = Self {
            target: target.to_owned(),
            order: start::order(&plan),
            at: 0,
            ids: known_ids(&plan, &journal),
            unknown: journal.unknown().into_iter().cloned().collect(),
            states: BTreeMap::new(),
            done: 0,
            failed: 0,
            unverified: 0,
            stage: Stage::Opening,
            pending: None,
            unwritten: Unwritten::default(),
            tail: None,
            announced: BTreeSet::new(),
            announcing: BTreeSet::new(),
            ahead: VecDeque::new(),
            broken: false,
            calls: 0,
            pace: Pace::new(seed),
            cancelled: false,
            values: BTreeMap::new(),
            issued: BTreeSet::new(),
            keys: plan.ops.iter().filter(creates).map(|op| (op.name.clone(), op.id.clone())).collect(),
            plan,
            journal,
        };
        engine.take_up();
        Ok(engine)
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
                if matches!(pending, Some(Step::Sleep(_))) && self.may_stop() {
                    self.pending = None;
                }
            }
            (Event::Recorded, Some(Step::Record(_))) => self.recorded(),
            (Event::Announced, _) => self.announced.append(&mut self.announcing),
            // The answer to the call under way is taken in first.
            (Event::NotAnnounced, Some(Step::Call(..))) => self.broken = true,
            (Event::RecordFailed, Some(Step::Record(_))) | (Event::NotAnnounced, _) => self.unwritable(),
            (Event::Answer(id, answer), pending) if waits_for(pending, id) => self.answered(&answer),
            (Event::Lost(id, loss), pending) if waits_for(pending, id) => self.lost(&loss),
            (Event::Slept, Some(Step::Sleep(_))) => {
                self.pending = None;
                match &mut self.stage {
                    Stage::Doing(task) => task.go_on(),
                    Stage::Checking(check) => check.slept(),
                    _ => {}
                }
            }
            _ => {}
        }
    }

    /// How far it is.
    pub fn progress(&self) -> Progress<'_> {
        let (phase, current) = match &self.stage {
            Stage::Opening => (Phase::Reading, None),
            Stage::Choosing => (Phase::Applying, None),
            Stage::Doing(task) => (Phase::Applying, Some((task.op().clone(), task.words()))),
            Stage::Checking(_) => (Phase::Verifying, None),
            Stage::Closing(_) | Stage::Done(_) => (Phase::Done, None),
        };
        Progress { done: self.done, total: self.order.len(), current, failed: self.failed, phase, states: &self.states }
    }

    /// The journal so far.
    pub fn journal(&self) -> &Journal {
        &self.journal
    }

    /// Takes over what an earlier run did.
    fn take_up(&mut self) {
        for op in &self.plan.ops {
            let state = if op.action == Action::Skip { OpState::Skipped } else { OpState::Waiting };
            self.states.insert(op.id.clone(), state);
        }
        let outcomes: Vec<(OpId, OpResult)> =
            self.journal.outcomes().into_iter().map(|(op, (result, ..))| (op.clone(), result)).collect();
        for (op, result) in outcomes {
            // What did not come out well is done again.
            if result.is_success() && !self.unknown.contains(&op) && self.states.contains_key(&op) {
                self.states.insert(op, OpState::Done(result));
                self.done += 1;
            }
        }
    }

    fn advance(&mut self, now: Moment) {
        if self.cancelled && self.may_stop() {
            let note = "Stopped. Applying again goes on from here.".to_owned();
            self.close(Outcome { end: End::Stopped, note }, now);
        }
        match &self.stage {
            Stage::Opening => {
                let entry = Entry::Opened {
                    format: FORMAT.to_owned(),
                    plan: self.plan.print().to_owned(),
                    target: self.target.clone(),
                    gangway: env!("CARGO_PKG_VERSION").to_owned(),
                };
                self.record(entry, now);
            }
            Stage::Choosing => self.choose(),
            Stage::Doing(task) => {
                let doing = task.doing().clone();
                self.do_task(doing, now);
            }
            Stage::Checking(check) => {
                let want = check.want();
                self.do_check(want, now);
            }
            Stage::Closing(outcome) => {
                let entry = Entry::Closed { end: outcome.end };
                self.record(entry, now);
            }
            Stage::Done(outcome) => self.pending = Some(Step::Done(outcome.clone())),
        }
    }

    /// Whether stopping is possible here: what is in flight is finished and written down first.
    fn may_stop(&self) -> bool {
        // What was handed out ahead may be made already.
        if !self.ahead.is_empty() {
            return false;
        }
        match &self.stage {
            Stage::Choosing => true,
            Stage::Doing(task) => task.may_stop(),
            Stage::Checking(check) => !matches!(check.want(), Want::Failed(_)),
            Stage::Opening | Stage::Closing(_) | Stage::Done(_) => false,
        }
    }

    fn call(&mut self, call: Call) {
        let id = self.next_call();
        self.pending = Some(Step::Call(id, call.into()));
    }

    fn next_call(&mut self) -> CallId {
        self.calls += 1;
        CallId(self.calls)
    }

    fn unwritable(&mut self) {
        let note = "The journal could not be written, so nothing more was done.".to_owned();
        self.become_done(Outcome { end: End::Failed, note });
    }

    fn become_done(&mut self, outcome: Outcome) {
        self.stage = Stage::Done(outcome);
        self.pending = None;
    }

    /// The next op, or the verification after the last.
    fn choose(&mut self) {
        if let Some(early) = self.ahead.pop_front() {
            return self.go_on_with(early);
        }
        while let Some(op) = self.order.get(self.at).and_then(|place| self.plan.ops.get(*place)) {
            if matches!(self.states.get(&op.id), Some(OpState::Done(_))) {
                self.at += 1;
                continue;
            }
            let task = self.task(op);
            self.begin(task);
            return;
        }
        self.stage = Stage::Checking(Box::new(Check::begin(&self.plan, &self.journal)));
    }

    fn begin(&mut self, task: Task) {
        self.states.insert(task.op().clone(), OpState::Working);
        self.stage = Stage::Doing(Box::new(task));
    }

    fn task(&self, op: &Op) -> Task {
        if op.action == Action::Same {
            return Task::settled(op, OpResult::Same, String::new());
        }
        let Some(after) = &op.after else {
            return Task::settled(op, OpResult::Failed, "The plan does not say what to write.".to_owned());
        };
        let references = body::references(after);
        let known = |other: &OpId| self.ids.contains_key(other);
        // The door is closed whatever became of the others: that can only narrow.
        let waits = op.after_ops.iter().filter(|_| op.kind != Kind::ClientConfig);
        let in_the_way =
            waits.filter(|other| !self.is_there(other)).chain(references.iter().filter(|other| !known(other)));
        let blocked = in_the_way.map(|other| format!("It needs {other}, which is not there.")).next();
        if let Some(note) = blocked {
            return Task::settled(op, OpResult::Blocked, note);
        }
        let planned = body::with_ids(after, &self.ids);
        let provider = body::provider_of(op, &planned, &self.ids);
        let unsure = self.unknown.contains(&op.id);
        Task::begin(Job::of(op, &planned), planned, provider, unsure)
    }

    /// The intent of the current op is on disk.
    fn go_on(&mut self) {
        if let Stage::Doing(task) = &mut self.stage {
            task.go_on();
        }
    }

    /// Whether what an op waits for is there.
    fn is_there(&self, op: &OpId) -> bool {
        match self.states.get(op) {
            Some(OpState::Done(result) | OpState::Verified(result, _)) => result.is_success(),
            Some(OpState::Skipped) => self.ids.contains_key(op),
            Some(OpState::Waiting | OpState::Working) | None => false,
        }
    }

    fn do_task(&mut self, doing: Doing, now: Moment) {
        let Stage::Doing(task) = &self.stage else { return };
        let op = task.op().clone();
        match doing {
            Doing::Intend(Write::Create) if self.announced.remove(&op) => self.go_on(),
            // Its intent is on its way to the disk: what is written after it is there after it.
            Doing::Intend(Write::Create) if self.announcing.contains(&op) => self.flush(),
            Doing::Intend(write) => {
                let Some(call) = task.call(&write) else { return self.settle(no_endpoint(), now) };
                let id = call.params.get("id").or_else(|| call.params.get("provider")).cloned();
                let before = task.shown().map(redacted);
                let target_id = id.filter(|_| call.endpoint.method() == Method::Put);
                let intent = Entry::Intent { op, call: call.endpoint.id().to_owned(), target_id, before };
                let next = if write == Write::Create { self.next_creates() } else { Vec::new() };
                self.intend(intent, next, now);
            }
            Doing::Send(write) => match task.call(&write) {
                Some(call) => self.call(call),
                None => self.settle(no_endpoint(), now),
            },
            Doing::Look(look, _) => match look.call() {
                Some(call) => self.call(call),
                None => self.settle(no_endpoint(), now),
            },
            Doing::Rest(millis, _) => self.pending = Some(Step::Sleep(millis)),
            Doing::Finish(result, target_id, note) => self.settle((result, target_id, note), now),
            Doing::Halt(note) => self.close(Outcome { end: End::Failed, note }, now),
        }
    }

    fn do_check(&mut self, want: Want, now: Moment) {
        match want {
            Want::Call(call) => self.call(call),
            Want::Sleep(millis) => self.pending = Some(Step::Sleep(millis)),
            Want::Record => self.record_verified(now),
            Want::Nothing => {
                let end = if self.failed + self.unverified == 0 { End::Finished } else { End::Partial };
                self.close(Outcome { end, note: String::new() }, now);
            }
            Want::Failed(note) => self.close(Outcome { end: End::Failed, note }, now),
        }
    }

    /// The last line is on disk: only now does it count.
    fn recorded(&mut self) {
        self.pending = None;
        self.announced.append(&mut self.announcing);
        match &mut self.stage {
            Stage::Opening => self.stage = Stage::Choosing,
            Stage::Doing(task) => task.go_on(),
            Stage::Checking(check) => {
                for found in check.recorded() {
                    self.unverified += usize::from(!found.differences.is_empty());
                    if let Some(OpState::Done(result)) = self.states.get(&found.op).copied() {
                        self.states.insert(found.op, OpState::Verified(result, found.differences.len()));
                    }
                }
            }
            Stage::Closing(outcome) => self.stage = Stage::Done(outcome.clone()),
            Stage::Choosing | Stage::Done(_) => {}
        }
    }

    fn answered(&mut self, answer: &Answer) {
        let is_write = matches!(&self.stage, Stage::Doing(task) if matches!(task.doing(), Doing::Send(_)));
        let written = is_write.then(|| reply::read(answer));
        match &written {
            Some(Reply::Done(shown)) => self.harvest_one(shown),
            Some(_) => {}
            None => self.harvest(answer),
        }
        self.pending = None;
        match (&mut self.stage, written) {
            (Stage::Doing(task), Some(reply)) => task.written(reply, &mut self.pace),
            (Stage::Doing(task), None) => task.read(answer, &mut self.pace),
            (Stage::Checking(check), _) => check.answered(answer, &self.plan, &self.journal, &mut self.pace),
            _ => {}
        }
        self.end_if_broken();
    }

    fn lost(&mut self, loss: &Loss) {
        self.pending = None;
        match (&mut self.stage, loss) {
            (Stage::Doing(task), Loss::NotSent) => task.unsent(&mut self.pace),
            (Stage::Doing(task), Loss::Unknown) => task.lost(&mut self.pace),
            (Stage::Doing(task), Loss::NoSecret(id)) => task.no_secret(id),
            (Stage::Checking(check), _) => check.lost(&self.plan, &self.journal, &mut self.pace),
            _ => {}
        }
        self.end_if_broken();
    }

    fn end_if_broken(&mut self) {
        if self.broken {
            self.unwritable();
        }
    }
}

fn no_endpoint() -> (OpResult, Option<String>, String) {
    (OpResult::Failed, None, "There is no way to make this change through the gateway's management API.".to_owned())
}

#[cfg(test)]
mod tests;
