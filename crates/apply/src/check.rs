//! Reading everything back after the last op, and knocking at the closed door.

use std::collections::{BTreeSet, VecDeque};

use bifrost::compare::Difference;
use bifrost::observer::listing;
use bifrost::{Answer, Call, Endpoint, Kind, Observer};
use model::OpId;
use plan::Plan;
use serde_json::{Value, json};

use crate::journal::Journal;
use crate::pace::{Pace, TRIES};
use crate::verify::{is_success, verify};

/// The verification pass.
#[derive(Clone, Debug)]
pub(crate) struct Check {
    at: At,
    tries: u32,
    rest: Option<u64>,
    /// The op that closes the door, where there is one: a call without a key must be refused now.
    door: Option<OpId>,
    /// What has to answer with JSON although not every gateway has it: the plan wrote there.
    written: BTreeSet<Endpoint>,
    /// What is still to be written down.
    found: VecDeque<(OpId, Vec<Difference>)>,
}

#[derive(Clone, Debug)]
enum At {
    Reading(Box<Observer>),
    /// At the door, with what was compared so far.
    Knocking(Vec<(OpId, Vec<Difference>)>),
    Writing,
    Failed(String),
}

/// What the pass wants done.
pub(crate) enum Want {
    Call(Call),
    Sleep(u64),
    /// Write this down.
    Record(OpId, Vec<Difference>),
    /// All is written down.
    Nothing,
    /// The gateway cannot be read.
    Failed(String),
}

impl Check {
    /// Begins to read.
    pub(crate) fn begin(plan: &Plan, journal: &Journal) -> Self {
        let outcomes = journal.outcomes();
        let closes = |op: &&plan::Op| {
            let flag = op.after.as_ref().map(|body| body.get("client_config").unwrap_or(body));
            let on = flag.and_then(|body| body.get("enforce_auth_on_inference")) == Some(&Value::Bool(true));
            on && op.kind == Kind::ClientConfig && outcomes.get(&op.id).is_some_and(|(result, ..)| is_success(*result))
        };
        let door = plan.ops.iter().find(closes).map(|op| op.id.clone());
        let kinds = plan.ops.iter().filter(|op| outcomes.contains_key(&op.id)).map(|op| op.kind);
        let written = kinds.filter_map(listing).map(|(endpoint, ..)| endpoint).chain([Endpoint::Version]).collect();
        Self { at: At::Reading(Box::new(Observer::new())), tries: 0, rest: None, door, written, found: VecDeque::new() }
    }

    /// What to do now.
    pub(crate) fn want(&self) -> Want {
        if let Some(millis) = self.rest {
            return Want::Sleep(millis);
        }
        match &self.at {
            At::Reading(observer) => observer.next().map_or(Want::Nothing, Want::Call),
            At::Knocking(_) => Want::Call(Call::new(Endpoint::ModelList)),
            At::Writing => match self.found.front() {
                Some((op, differences)) => Want::Record(op.clone(), differences.clone()),
                None => Want::Nothing,
            },
            At::Failed(why) => Want::Failed(why.clone()),
        }
    }

    /// The wait is over.
    pub(crate) fn slept(&mut self) {
        self.rest = None;
    }

    /// What was wanted is written down.
    pub(crate) fn recorded(&mut self) -> Option<(OpId, Vec<Difference>)> {
        self.found.pop_front()
    }

    /// The call was answered.
    pub(crate) fn answered(&mut self, answer: &Answer, plan: &Plan, journal: &Journal, pace: &mut Pace) {
        match &mut self.at {
            At::Reading(observer) if self.tries + 1 < TRIES && is_noise(observer, &self.written, answer) => {
                self.again(pace);
            }
            At::Reading(observer) => {
                self.tries = 0;
                observer.on(answer);
                if observer.next().is_none() {
                    self.read(plan, journal);
                }
            }
            At::Knocking(_) if answer.status == 401 => self.knocked(None),
            At::Knocking(_) if answer.is_success() && answer.json().is_some() => {
                self.knocked(Some(json!(answer.status)));
            }
            At::Knocking(_) if self.tries + 1 < TRIES => self.again(pace),
            At::Knocking(_) => self.knocked(Some(json!(answer.status))),
            At::Writing | At::Failed(_) => {}
        }
    }

    /// No answer came.
    pub(crate) fn lost(&mut self, plan: &Plan, journal: &Journal, pace: &mut Pace) {
        if self.tries + 1 < TRIES {
            return self.again(pace);
        }
        match &mut self.at {
            At::Reading(observer) => {
                observer.lost("no answer came");
                self.read(plan, journal);
            }
            At::Knocking(_) => self.knocked(Some(json!("no answer"))),
            At::Writing | At::Failed(_) => {}
        }
    }

    fn again(&mut self, pace: &mut Pace) {
        self.tries += 1;
        self.rest = pace.wait(self.tries);
    }

    /// The reading has come to its end, one way or the other.
    fn read(&mut self, plan: &Plan, journal: &Journal) {
        self.tries = 0;
        let At::Reading(observer) = std::mem::replace(&mut self.at, At::Writing) else { return };
        match observer.finish() {
            Err(error) => self.at = At::Failed(error.to_string()),
            Ok(observed) => {
                let found = verify(plan, journal, &observed);
                if self.door.is_some() {
                    self.at = At::Knocking(found);
                } else {
                    self.found = found.into();
                }
            }
        }
    }

    /// The door was tried; `open` says what it answered where that was not a 401.
    fn knocked(&mut self, open: Option<Value>) {
        let At::Knocking(mut found) = std::mem::replace(&mut self.at, At::Writing) else { return };
        let door = self.door.clone();
        if let (Some(observed), Some(entry)) = (open, found.iter_mut().find(|(op, _)| Some(op) == door.as_ref())) {
            let path = "a call without a key".to_owned();
            entry.1.push(Difference { path, intended: json!(401), observed });
        }
        self.found = found.into();
    }
}

/// Whether an answer says nothing about the gateway: what the observer would ask again, and a page where the
/// plan wrote objects.
fn is_noise(observer: &Observer, written: &BTreeSet<Endpoint>, answer: &Answer) -> bool {
    let page = answer.is_success() && answer.json().is_none();
    observer.again(answer) || (page && observer.next().is_some_and(|call| written.contains(&call.endpoint)))
}
