//! Doing it: the sans-IO engine, the journal, resume, verify.

pub mod journal;

pub use journal::{End, Entry, Journal, Line, OpResult};
