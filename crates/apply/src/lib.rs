//! Doing it: the sans-IO engine, the journal, resume, verify, undo.
//!
//! Invariants: no effect without its intent in the journal; a write whose outcome is unknown is looked up before
//! anything else; what we did not make is never overwritten; no secret in a journal.

mod admin;
mod ask;
mod body;
mod check;
mod doing;
mod drift;
mod engine;
mod fingerprint;
mod history;
mod job;
pub mod journal;
mod lean;
mod lookup;
mod pace;
mod reading;
mod redact;
mod reply;
mod start;
mod step;
mod task;
mod undo;
mod unwritten;
mod verify;

pub use admin::{ADMIN_PASSWORD, SETUP_TOKEN, changed_beside, first_admin, refusal};
pub use ask::{Question, Tried, judge, questions};
pub use body::{MissingSecret, fill, filled};
pub use drift::{Drift, drift};
pub use engine::Engine;
pub use fingerprint::{Printed, fingerprint};
pub use history::{GONE, earlier, gone, left};
pub use journal::{BrokenChain, End, Entry, Journal, Line, OpResult, UndoResult};
pub use redact::redacted;
pub use start::Refused;
pub use step::{Ahead, CallId, Event, Loss, OpState, Outcome, Phase, Progress, Step};
pub use undo::{Undo, UndoEngine, UndoItem, UndoOptions, Undoing, undo};
pub use verify::verify;
