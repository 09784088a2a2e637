//! One op as a state machine: what to do next, and what the answer to it means.
//!
//! A write whose outcome is unknown is never repeated before the gateway was asked what is there.

use bifrost::compare::{Difference, differences, wider};
use bifrost::{Answer, Call, Kind, hole, identity, settled, taken};
use model::{OpId, SecretId};
use plan::Op;
use serde_json::{Value, json};

use crate::body;
use crate::doing::{Doing, Why, Write};
use crate::job::Job;
use crate::journal::OpResult;
use crate::lookup::{LookUp, Seen};
use crate::pace::Pace;
use crate::reply::Reply;

/// One op being done.
#[derive(Clone, Debug)]
pub(crate) struct Task {
    job: Job,
    /// The planned body, ids filled in.
    planned: Value,
    provider: Option<String>,
    doing: Doing,
    /// How often the current write was sent.
    sends: u32,
    /// How often the current read failed.
    reads: u32,
    /// How often in a row nothing could be sent.
    outages: u32,
    /// How often in a row the gateway said the same.
    repeats: u32,
    /// A create may have been carried out without our knowing.
    unsure: bool,
    repaired: bool,
    /// The object as it was when it was last read.
    shown: Option<Value>,
    /// What the gateway said last.
    words: String,
}

impl Task {
    /// Begins an op. `planned` is its body with ids, `unsure` whether an earlier run left an intent open.
    pub(crate) fn begin(job: Job, planned: Value, provider: Option<String>, unsure: bool) -> Self {
        let mut task = Self {
            job,
            planned,
            provider,
            doing: Doing::Intend(Write::Create),
            sends: 0,
            reads: 0,
            outages: 0,
            repeats: 0,
            unsure,
            repaired: false,
            shown: None,
            words: String::new(),
        };
        if task.job.changes {
            task.doing = Doing::Look(task.by_id(task.job.target_id.clone().as_deref()), Why::Fresh);
        } else if !body::can_create(task.job.kind, task.provider.as_deref()) {
            let what = task.job.kind.title().to_lowercase();
            task.doing = Doing::Finish(OpResult::Failed, None, format!("This gateway has no way to make a {what}."));
        } else if unsure {
            task.doing = task.by_name(Why::Before);
        }
        task
    }

    /// An op that is over before it began.
    pub(crate) fn settled(op: &Op, result: OpResult, note: String) -> Self {
        let target = op.target_id.clone().filter(|_| result == OpResult::Same);
        let mut task = Self::begin(Job::of(op, &Value::Null), Value::Null, None, false);
        task.doing = Doing::Finish(result, target, note);
        task
    }

    pub(crate) fn op(&self) -> &OpId {
        &self.job.id
    }

    pub(crate) fn doing(&self) -> &Doing {
        &self.doing
    }

    /// The object as it was last read.
    pub(crate) fn shown(&self) -> Option<&Value> {
        self.shown.as_ref()
    }

    /// Whether the task may be left here when the user stops.
    pub(crate) fn may_stop(&self) -> bool {
        self.doing.may_stop()
    }

    /// Whether its intent is written down and nothing of it was sent, ever.
    pub(crate) fn is_unsent(&self) -> bool {
        self.sends == 0 && !self.unsure && self.doing.is_own_send()
    }

    /// What it is doing, for people.
    pub(crate) fn words(&self) -> String {
        self.doing.words()
    }

    /// The call of a write.
    pub(crate) fn call(&self, write: &Write) -> Option<Call> {
        let provider = self.provider.as_deref();
        match write {
            Write::Create => body::create(self.job.kind, provider, &self.planned),
            Write::Change(id) | Write::Repair(id) => {
                let shown = self.shown.as_ref().unwrap_or(&Value::Null);
                body::update(self.job.kind, provider, id, body::update_body(self.job.kind, &self.planned, shown))
            }
            Write::Close(id, _) => body::update(self.job.kind, provider, id, json!({ "is_active": false })),
        }
    }

    /// The intent is on disk, or the wait is over.
    pub(crate) fn go_on(&mut self) {
        self.doing = match std::mem::replace(&mut self.doing, Doing::Halt(String::new())) {
            Doing::Intend(write) => Doing::Send(write),
            Doing::Rest(_, next) => *next,
            other => other,
        };
    }

    /// The write was answered.
    pub(crate) fn written(&mut self, reply: Reply, pace: &mut Pace) {
        self.outages = 0;
        if let Doing::Send(write) = self.doing.clone() {
            self.sends += 1;
            self.replied(write, reply, pace);
        }
    }

    /// The read was answered.
    pub(crate) fn read(&mut self, answer: &Answer, pace: &mut Pace) {
        self.outages = 0;
        if let Doing::Look(mut look, why) = self.doing.clone() {
            let seen = look.on(answer);
            self.seen(look, why, seen, pace);
        }
    }

    /// The call was not sent.
    pub(crate) fn unsent(&mut self, pace: &mut Pace) {
        self.outages += 1;
        let again = self.doing.clone();
        self.doing = match pace.wait(self.outages) {
            Some(millis) => Doing::Rest(millis, Box::new(again)),
            None => Doing::Halt("The gateway cannot be reached.".to_owned()),
        };
    }

    /// The call may have been carried out; no answer came.
    pub(crate) fn lost(&mut self, pace: &mut Pace) {
        let words = "no answer came".to_owned();
        match self.doing.clone() {
            Doing::Send(write) => {
                self.sends += 1;
                self.replied(write, Reply::Unclear(words), pace);
            }
            Doing::Look(look, why) => self.seen(look, why, Seen::Unclear(words), pace),
            _ => {}
        }
    }

    /// The driver has no such secret; nothing was sent.
    pub(crate) fn no_secret(&mut self, id: &SecretId) {
        self.finish(OpResult::Failed, None, format!("The secret {id} is not there. Load the source again and go on."));
    }

    fn replied(&mut self, write: Write, reply: Reply, pace: &mut Pace) {
        if let Reply::Exists(words) | Reply::Busy(words) | Reply::Unclear(words) | Reply::Refused(words) = &reply {
            self.repeats = if self.words == *words { self.repeats + 1 } else { 0 };
            self.words.clone_from(words);
        }
        match (write, reply) {
            (Write::Close(id, why), Reply::Done(answer)) if is_closed(&answer) => self.closed(id, &why),
            (Write::Close(id, why), _) => self.close_again(id, why, pace),
            (_, Reply::Locked) => self.halt("The gateway no longer accepts the credentials."),
            (Write::Create, Reply::Done(answer)) => self.created(answer),
            (Write::Create, Reply::Exists(_)) => self.doing = self.by_name(Why::Exists),
            (Write::Create, Reply::Unclear(_)) => {
                self.unsure = true;
                self.doing = self.by_name(Why::Unclear);
            }
            (Write::Change(id), Reply::Done(_))
            | (Write::Repair(id), Reply::Done(_) | Reply::Exists(_) | Reply::Unclear(_)) => {
                self.doing = Doing::Look(self.by_id(Some(&id)), Why::Check);
            }
            (Write::Change(id), Reply::Exists(_) | Reply::Unclear(_)) => {
                self.doing = Doing::Look(self.by_id(Some(&id)), Why::Unclear);
            }
            (write, Reply::Busy(_)) => self.send_again(write, pace),
            (_, Reply::Refused(words)) => self.finish(OpResult::Failed, None, words),
        }
    }

    /// The gateway says it made the object.
    fn created(&mut self, answer: Value) {
        if answer.get("status").and_then(Value::as_str) == Some("pending_oauth") {
            let note = "The gateway waits for a person to sign in to this server: open it in the gateway's dashboard.";
            self.finish(OpResult::Failed, None, note.to_owned());
            return;
        }
        if self.job.kind == Kind::McpClient {
            self.doing = self.by_name(Why::Id);
            return;
        }
        let object = body::object_of(self.job.kind, answer);
        match identity(self.job.kind, &object) {
            Some(found) if found.name == self.job.name => {
                let object = taken(self.job.kind, object);
                self.made(found.id, &object, String::new());
            }
            _ => {
                self.unsure = true;
                self.doing = self.by_name(Why::Unclear);
            }
        }
    }

    /// We made it. A virtual key that may do more than planned is closed at once: nobody gains access.
    fn made(&mut self, id: String, object: &Value, note: String) {
        let more = if self.job.kind == Kind::VirtualKey { wider(&self.planned, object) } else { Vec::new() };
        if more.is_empty() {
            self.finish(OpResult::Created, Some(id), note);
        } else {
            self.sends = 0;
            self.doing = Doing::Intend(Write::Close(id, paths(&more)));
        }
    }

    fn seen(&mut self, look: LookUp, why: Why, seen: Seen, pace: &mut Pace) {
        match seen {
            Seen::Locked => self.halt("The gateway no longer accepts the credentials."),
            Seen::More => self.doing = Doing::Look(look, why),
            Seen::Unclear(words) => {
                self.reads += 1;
                self.doing = match pace.wait(self.reads) {
                    Some(millis) => Doing::Rest(millis, Box::new(Doing::Look(look, why))),
                    None => Doing::Halt(format!("The gateway cannot be read: {words}.")),
                };
            }
            Seen::Nothing => {
                self.reads = 0;
                self.absent(why, pace);
            }
            Seen::Object(id, object) => {
                self.reads = 0;
                self.present(why, id, object, pace);
            }
        }
    }

    fn absent(&mut self, why: Why, pace: &mut Pace) {
        if self.job.changes || why == Why::Check {
            return self.finish(OpResult::Conflict, None, "It is no longer on the gateway.".to_owned());
        }
        match why {
            Why::Before => {
                self.unsure = false;
                self.doing = Doing::Intend(Write::Create);
            }
            Why::Id => {
                let note = "The gateway said it was made, but does not list it.".to_owned();
                self.finish(OpResult::Failed, None, note);
            }
            // A name in the way of something else (a rule's priority) does not go away by asking again.
            Why::Exists if self.sends >= 2 => self.finish(OpResult::Failed, None, self.words.clone()),
            // Some wrong input is a 500 (2.0); a locked database is not.
            _ if self.repeats >= 2 && !self.words.contains("locked") => {
                self.finish(OpResult::Failed, None, self.words.clone());
            }
            _ => self.send_again(Write::Create, pace),
        }
    }

    fn present(&mut self, why: Why, id: String, object: Value, pace: &mut Pace) {
        match why {
            Why::Fresh => self.begin_change(id, object),
            Why::Unclear if self.job.changes => self.settle_change(id, object, pace),
            Why::Check if self.job.changes => {
                let left = differences(self.job.kind, &self.planned, &object);
                if left.is_empty() {
                    self.finish(OpResult::Changed, Some(id), String::new());
                } else {
                    let note = format!("Written, but it reads back with another {}.", paths(&left));
                    self.finish(OpResult::Failed, Some(id), note);
                }
            }
            Why::Id => self.made(id, &object, String::new()),
            _ => self.found(why, id, object),
        }
    }

    /// An op that creates finds an object of its name.
    fn found(&mut self, why: Why, id: String, object: Value) {
        let left = differences(self.job.kind, &self.planned, &object);
        let ours = self.unsure || why == Why::Check;
        if left.is_empty() && ours {
            return self.made(id, &object, "Made by us; found by its name after an answer was lost.".to_owned());
        }
        if left.is_empty() {
            return self.finish(OpResult::Same, Some(id), "It was there already, as planned.".to_owned());
        }
        // A key of ours that may do more than planned is not written again, which could open it: it is closed.
        if ours && self.job.kind == Kind::VirtualKey && !wider(&self.planned, &object).is_empty() {
            return self.made(id, &object, String::new());
        }
        // Absent when we planned, and then we sent it: it is ours, and not as it should be. Once.
        let repair = Write::Repair(id.clone());
        if ours && !self.repaired && self.call(&repair).is_some() {
            (self.repaired, self.sends, self.shown) = (true, 0, Some(object));
            self.doing = Doing::Intend(repair);
            return;
        }
        let note = format!("One of this name is there with another {}; it was left alone.", paths(&left));
        self.finish(OpResult::Conflict, Some(id), note);
    }

    /// Whether what is there is still what the plan was made from, then the change.
    fn begin_change(&mut self, id: String, object: Value) {
        let (now, planned_from) = (self.against(&object), self.job.before.as_ref().map(|before| self.against(before)));
        // Where only a secret is to change, nothing differs that the gateway shows.
        let visible =
            planned_from.as_ref().map_or_else(|| hole::holes(&self.planned).is_empty(), |then| !then.is_empty());
        match planned_from {
            _ if now.is_empty() && visible => {
                let result = if self.unsure { OpResult::Changed } else { OpResult::Same };
                self.finish(result, Some(id), "It was already as planned.".to_owned());
            }
            Some(then) if now != then => {
                let note = format!("It was changed since the plan was made: {}.", paths(&now));
                self.finish(OpResult::Conflict, Some(id), note);
            }
            _ => {
                self.shown = Some(object);
                self.doing = Doing::Intend(Write::Change(id));
            }
        }
    }

    /// After a change whose answer was lost.
    fn settle_change(&mut self, id: String, object: Value, pace: &mut Pace) {
        let before = self.shown.as_ref().map(|shown| self.against(shown)).unwrap_or_default();
        let now = self.against(&object);
        if now.is_empty() && !before.is_empty() {
            self.finish(OpResult::Changed, Some(id), "Found changed after an answer was lost.".to_owned());
        } else if now == before {
            self.shown = Some(object);
            self.send_again(Write::Change(id), pace);
        } else {
            let note = format!("Someone else changed it at the same time: {}.", paths(&now));
            self.finish(OpResult::Conflict, Some(id), note);
        }
    }

    /// What differs from the plan, without what moves by itself.
    fn against(&self, object: &Value) -> Vec<Difference> {
        let mut found = differences(self.job.kind, &self.planned, object);
        for difference in &mut found {
            difference.observed = settled(&difference.observed);
        }
        found
    }

    fn send_again(&mut self, write: Write, pace: &mut Pace) {
        self.doing = match pace.wait(self.sends) {
            Some(millis) => Doing::Rest(millis, Box::new(Doing::Send(write))),
            None => Doing::Finish(OpResult::Failed, None, self.words.clone()),
        };
    }

    fn close_again(&mut self, id: String, why: String, pace: &mut Pace) {
        if let Some(millis) = pace.wait(self.sends) {
            self.doing = Doing::Rest(millis, Box::new(Doing::Send(Write::Close(id, why))));
            return;
        }
        let note = format!(
            "It may do more than planned ({why}) and could not be made inactive: do that in the gateway's dashboard now."
        );
        self.finish(OpResult::Failed, Some(id), note);
    }

    fn closed(&mut self, id: String, why: &str) {
        let note = format!("The gateway gave it more than planned ({why}), so it was made inactive.");
        self.finish(OpResult::Failed, Some(id), note);
    }

    fn finish(&mut self, result: OpResult, id: Option<String>, note: String) {
        self.doing = Doing::Finish(result, id, note);
    }

    fn halt(&mut self, why: &str) {
        self.doing = Doing::Halt(why.to_owned());
    }

    fn by_name(&self, why: Why) -> Doing {
        let look = LookUp::by_name(self.job.kind, &self.job.name, self.provider.as_deref(), &self.planned);
        Doing::Look(look, why)
    }

    fn by_id(&self, id: Option<&str>) -> LookUp {
        LookUp::by_id(self.job.kind, &self.job.name, self.provider.as_deref(), &self.planned, id)
    }
}

/// Whether the answer to closing a key shows it closed.
fn is_closed(answer: &Value) -> bool {
    body::object(Kind::VirtualKey, answer).get("is_active").and_then(Value::as_bool) == Some(false)
}

/// The fields that differ, by name only: a note is for everyone to read.
fn paths(found: &[Difference]) -> String {
    let mut paths: Vec<&str> = found.iter().map(|difference| difference.path.as_str()).collect();
    paths.dedup();
    paths.join(", ")
}
