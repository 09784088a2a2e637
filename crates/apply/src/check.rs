//! Reading everything back after the last op, and knocking at the closed door.

use std::collections::VecDeque;

use bifrost::compare::Difference;
use bifrost::{Answer, Call, Endpoint, Kind};
use model::OpId;
use plan::Plan;
use serde_json::{Value, json};

use crate::journal::Journal;
use crate::pace::{Pace, TRIES};
use crate::reading::Reading;
use crate::verify::{Compared, compare};

/// How many objects that were read back go to disk together. After a crash the reading begins anew, so nothing is
/// lost by waiting.
const TOGETHER: usize = 256;

/// The verification pass.
#[derive(Clone, Debug)]
pub(crate) struct Check {
    at: At,
    /// The op that closes the door, where there is one: a call without a key must be refused now.
    door: Option<OpId>,
    /// What is still to be written down.
    found: VecDeque<Compared>,
}

#[derive(Clone, Debug)]
enum At {
    Reading(Box<Reading>),
    /// At the door, with what was compared so far.
    Knocking {
        found: Vec<Compared>,
        tries: u32,
        rest: Option<u64>,
    },
    Writing,
    Failed(String),
}

/// What the pass wants done.
pub(crate) enum Want {
    Call(Call),
    Sleep(u64),
    /// Write down what was found ([`Check::found`]).
    Record,
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
            on && op.kind == Kind::ClientConfig && outcomes.get(&op.id).is_some_and(|(result, ..)| result.is_success())
        };
        let door = plan.ops.iter().find(closes).map(|op| op.id.clone());
        let kinds = plan.ops.iter().filter(|op| outcomes.contains_key(&op.id)).map(|op| op.kind);
        Self { at: At::Reading(Box::new(Reading::begin(kinds))), door, found: VecDeque::new() }
    }

    /// What to do now.
    pub(crate) fn want(&self) -> Want {
        match &self.at {
            At::Reading(reading) => match reading.rest() {
                Some(millis) => Want::Sleep(millis),
                None => reading.next().map_or(Want::Nothing, Want::Call),
            },
            At::Knocking { rest: Some(millis), .. } => Want::Sleep(*millis),
            At::Knocking { .. } => Want::Call(Call::new(Endpoint::ModelList)),
            At::Writing if self.found.is_empty() => Want::Nothing,
            At::Writing => Want::Record,
            At::Failed(why) => Want::Failed(why.clone()),
        }
    }

    /// The wait is over.
    pub(crate) fn slept(&mut self) {
        match &mut self.at {
            At::Reading(reading) => reading.slept(),
            At::Knocking { rest, .. } => *rest = None,
            At::Writing | At::Failed(_) => {}
        }
    }

    /// What is to be written down next: as much as goes to disk together.
    pub(crate) fn found(&self) -> impl Iterator<Item = &Compared> {
        self.found.iter().take(TOGETHER)
    }

    /// All of [`Self::found`] is written down.
    pub(crate) fn recorded(&mut self) -> Vec<Compared> {
        let written = self.found.len().min(TOGETHER);
        self.found.drain(..written).collect()
    }

    /// The call was answered.
    pub(crate) fn answered(&mut self, answer: &Answer, plan: &Plan, journal: &Journal, pace: &mut Pace) {
        match &mut self.at {
            At::Reading(reading) => {
                reading.answered(answer, pace);
                self.go_on(plan, journal);
            }
            At::Knocking { .. } if answer.status == 401 => self.knocked(None),
            At::Knocking { .. } if answer.is_success() && answer.json().is_some() => {
                self.knocked(Some(json!(answer.status)));
            }
            At::Knocking { .. } => self.knock_again(pace, &json!(answer.status)),
            At::Writing | At::Failed(_) => {}
        }
    }

    /// No answer came.
    pub(crate) fn lost(&mut self, plan: &Plan, journal: &Journal, pace: &mut Pace) {
        match &mut self.at {
            At::Reading(reading) => {
                reading.lost(pace);
                self.go_on(plan, journal);
            }
            At::Knocking { .. } => self.knock_again(pace, &json!("no answer")),
            At::Writing | At::Failed(_) => {}
        }
    }

    fn knock_again(&mut self, pace: &mut Pace, said: &Value) {
        match &mut self.at {
            At::Knocking { tries, rest, .. } if *tries + 1 < TRIES => {
                *tries += 1;
                *rest = pace.wait(*tries);
            }
            _ => self.knocked(Some(said.clone())),
        }
    }

    /// The reading may have come to its end, one way or the other.
    fn go_on(&mut self, plan: &Plan, journal: &Journal) {
        let At::Reading(reading) = &self.at else { return };
        if reading.next().is_some() {
            return;
        }
        let At::Reading(reading) = std::mem::replace(&mut self.at, At::Writing) else { return };
        match reading.finish() {
            Err(error) => self.at = At::Failed(error.to_string()),
            Ok(observed) => {
                let found = compare(plan, journal, &observed);
                if self.door.is_some() {
                    self.at = At::Knocking { found, tries: 0, rest: None };
                } else {
                    self.found = found.into();
                }
            }
        }
    }

    /// The door was tried; `open` says what it answered where that was not a 401.
    fn knocked(&mut self, open: Option<Value>) {
        let At::Knocking { mut found, .. } = std::mem::replace(&mut self.at, At::Writing) else { return };
        let door = self.door.clone();
        if let (Some(observed), Some(entry)) = (open, found.iter_mut().find(|one| Some(&one.op) == door.as_ref())) {
            let path = "a call without a key".to_owned();
            entry.differences.push(Difference { path, intended: json!(401), observed });
        }
        self.found = found.into();
    }
}
