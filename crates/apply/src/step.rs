//! What the engine asks of its driver, and what the driver tells it.

use std::collections::BTreeMap;
use std::sync::Arc;

use bifrost::{Answer, Call};
use model::{OpId, SecretId};

use crate::journal::{End, OpResult};

/// The number of a call; an answer names it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct CallId(pub u64);

/// What the driver has to do.
#[derive(Clone, Debug, PartialEq)]
pub enum Step {
    /// Append the lines and a line feed to the journal, sync it to disk, then [`Event::Recorded`].
    Record(String),
    /// Fill the secrets ([`crate::fill`]), send, then [`Event::Answer`] or [`Event::Lost`]. [`bifrost::Endpoint::ModelList`]
    /// is sent without any credentials: it proves that the door is closed.
    Call(CallId, Arc<Call>),
    /// Wait that many milliseconds, then [`Event::Slept`].
    Sleep(u64),
    /// It is over; nothing more will be asked for.
    Done(Outcome),
}

/// What can be done while a call is under way ([`crate::Engine::ahead`]).
#[derive(Clone, Debug, PartialEq)]
pub enum Ahead {
    /// The call that comes after those that are under way or were handed out. It may be sent once the one before it was
    /// answered with JSON and a status of success, and at no other time, also before that answer was told.
    /// [`Step::Call`] asks for it by the same id in its turn, whether it was sent by then or not.
    Call(CallId, Arc<Call>),
    /// Lines for the journal, as of [`Step::Record`] and before any later one; then [`Event::Announced`] or
    /// [`Event::NotAnnounced`].
    Record(String),
}

/// What came of a step.
#[derive(Clone, Debug, PartialEq)]
pub enum Event {
    /// The lines are on disk.
    Recorded,
    /// They are not, or may not be, or not all of them.
    RecordFailed,
    /// The lines of [`Ahead::Record`] are on disk.
    Announced,
    /// They are not, or may not be, or not all of them.
    NotAnnounced,
    /// The gateway, or something before it, answered.
    Answer(CallId, Answer),
    /// No answer came.
    Lost(CallId, Loss),
    /// The wait is over.
    Slept,
    /// The user wants to stop. May come at any time.
    Cancel,
}

/// Why no answer came.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Loss {
    /// The gateway cannot have seen the call: no connection, no name.
    NotSent,
    /// It may have: the connection broke, the time ran out.
    Unknown,
    /// It was not sent, because a secret in its body is not there.
    NoSecret(SecretId),
}

/// How an apply ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Outcome {
    /// How.
    pub end: End,
    /// Why, in a sentence; empty when it went to its end.
    pub note: String,
}

/// Where an apply is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Phase {
    /// Before the first op.
    Reading,
    /// Op by op.
    Applying,
    /// Reading everything back.
    Verifying,
    /// It is over.
    Done,
}

/// Where an op is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum OpState {
    /// Not yet.
    Waiting,
    /// Now.
    Working,
    /// It is over.
    Done(OpResult),
    /// It is over and was read back; with how many differences.
    Verified(OpResult, usize),
    /// The plan leaves it out.
    Skipped,
}

/// How far an apply is. Borrowed: a page asks often.
#[derive(Clone, Debug, PartialEq)]
pub struct Progress<'a> {
    /// Ops that are over.
    pub done: usize,
    /// All ops that are not left out.
    pub total: usize,
    /// The op that is being done, and what is being done to it in a word or two.
    pub current: Option<(OpId, String)>,
    /// Ops that failed, conflicted or were blocked.
    pub failed: usize,
    /// The phase.
    pub phase: Phase,
    /// Every op of the plan.
    pub states: &'a BTreeMap<OpId, OpState>,
}
