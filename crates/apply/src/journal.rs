//! `gangway.journal.v1`: what was intended and what happened, one JSON object a line, each line carrying the
//! hash of the one before. Ids and before-values as the gateway shows them, never a secret.

use std::collections::{BTreeMap, BTreeSet};

use bifrost::compare::Difference;
use model::{Code, Finding, Moment, OpId, Origin};
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::fingerprint::hash;

/// The name of the format, in the first record.
pub const FORMAT: &str = "gangway.journal.v1";

/// One record of the journal.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "record", rename_all = "snake_case")]
pub enum Entry {
    /// An apply began or was taken up again.
    Opened {
        /// [`FORMAT`].
        format: String,
        /// The fingerprint of the plan ([`crate::fingerprint`]).
        plan: String,
        /// The gateway, by the name the relay or the command gives it.
        target: String,
        /// The version of Gangway.
        gangway: String,
    },
    /// A write is about to be sent. Nothing is ever sent without this record on disk.
    Intent {
        /// Which op.
        op: OpId,
        /// The id of the endpoint.
        call: String,
        /// The object to be changed, where it exists.
        target_id: Option<String>,
        /// How the gateway shows the object before a change.
        before: Option<Value>,
    },
    /// What became of an op.
    Outcome {
        /// Which op.
        op: OpId,
        /// The result.
        result: OpResult,
        /// The gateway's id of the object.
        target_id: Option<String>,
        /// In words: why it failed, what it waits for, what differs.
        note: String,
    },
    /// The object was read back and compared with the plan.
    Verified {
        /// Which op.
        op: OpId,
        /// What differs; empty means as planned.
        differences: Vec<Difference>,
        /// 16 hex digits over the object as it was shown then, without ids and what moves by itself: an undo removes
        /// nothing that looks different by then. Older journals have none.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        shown: Option<String>,
    },
    /// An undo of what stands above began or was taken up again.
    UndoOpened {
        /// The gateway, by the name the relay or the command gives it.
        target: String,
        /// The version of Gangway.
        gangway: String,
    },
    /// The removal of what earlier applies made and LiteLLM no longer has began or was taken up again. What it does
    /// stands below as undoing of `gone/KIND/NAME`.
    RemovalOpened {
        /// The gateway, by the name the relay or the command gives it.
        target: String,
        /// The version of Gangway.
        gangway: String,
    },
    /// An undoing write is about to be sent.
    UndoIntent {
        /// The op that is undone.
        op: OpId,
        /// The id of the endpoint.
        call: String,
        /// The object.
        target_id: String,
    },
    /// What became of undoing an op.
    UndoOutcome {
        /// The op that was to be undone.
        op: OpId,
        /// The result.
        result: UndoResult,
        /// In words: why it failed or was left.
        note: String,
    },
    /// The apply or the undo ended.
    Closed {
        /// How.
        end: End,
    },
}

/// The result of undoing an op.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum UndoResult {
    /// The object was removed.
    Removed,
    /// The object is as it was before the apply.
    Restored,
    /// The object was gone already.
    Gone,
    /// It was left as it is.
    Left,
    /// The gateway refused.
    Failed,
}

impl UndoResult {
    /// Whether nothing of what the op did is left.
    pub const fn is_undone(self) -> bool {
        matches!(self, Self::Removed | Self::Restored | Self::Gone)
    }
}

/// The result of an op.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum OpResult {
    /// We made it.
    Created,
    /// We changed it.
    Changed,
    /// It was as it should be.
    Same,
    /// An object of that name is there and differs; left alone.
    Conflict,
    /// The gateway refused.
    Failed,
    /// An op it depends on did not succeed; named in the note.
    Blocked,
}

impl OpResult {
    /// Whether the op's object is there as planned or will be used as it is.
    pub const fn is_success(self) -> bool {
        matches!(self, Self::Created | Self::Changed | Self::Same)
    }
}

/// How an apply ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum End {
    /// Every op done and verified.
    Finished,
    /// Some ops failed, conflicted, were blocked or did not verify.
    Partial,
    /// Stopped by the user.
    Stopped,
    /// The journal or the gateway became unusable.
    Failed,
}

/// A record with its place in the chain.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Line {
    /// From 0.
    pub seq: u64,
    /// When, by the driver's clock.
    pub at: Moment,
    /// The hash of the line before; empty on the first.
    pub prev: String,
    /// The record.
    #[serde(flatten)]
    pub entry: Entry,
}

/// The records of a journal in order.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Journal {
    /// The lines, whole ones only.
    pub lines: Vec<Line>,
}

/// A journal that cannot be gone on with: it was changed, or it is none.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum BrokenChain {
    /// A line in the middle is no record.
    #[error("line {line} of the journal is not a record of Gangway")]
    NotARecord {
        /// From 1.
        line: usize,
    },
    /// A line does not carry the hash of the one before it.
    #[error("line {line} of the journal does not follow the line before it: the file was changed or mixed up")]
    Hash {
        /// From 1.
        line: usize,
    },
    /// A line has another number than its place.
    #[error("line {line} of the journal has the number {found} and not {expected}: lines are missing or doubled")]
    Number {
        /// From 1.
        line: usize,
        /// The `seq` it has.
        found: u64,
        /// The `seq` it should have.
        expected: u64,
    },
    /// The first record does not open a journal of this format.
    #[error("the file is not a journal of the format {FORMAT}")]
    Format,
}

impl BrokenChain {
    /// What to do about it, most useful first.
    pub fn hints(&self) -> Vec<String> {
        vec![
            "Put the journal back from a copy, if there is one.".to_owned(),
            "Or put this file aside and make a new plan: what is already on the gateway is found by its name."
                .to_owned(),
        ]
    }
}

impl Journal {
    /// Reads a journal. A last line that was torn off by a crash is left out, with a finding: nothing was done
    /// on the strength of it. Anything else out of place stops.
    pub fn read(text: &str) -> Result<(Self, Vec<Finding>), BrokenChain> {
        let (mut journal, mut findings, mut prev) = (Self::default(), Vec::new(), String::new());
        let lines: Vec<&str> = text.lines().collect();
        for (place, text_of_line) in lines.iter().enumerate() {
            let (line, last) = (place + 1, place + 1 == lines.len());
            // What does not come out as it went in was not written by `append`.
            let read = serde_json::from_str::<Line>(text_of_line).ok();
            let Some(record) = read.filter(|record| write(record) == *text_of_line) else {
                if last && !text.ends_with('\n') {
                    findings.push(torn(line));
                    break;
                }
                return Err(BrokenChain::NotARecord { line });
            };
            let expected = place as u64;
            if record.seq != expected {
                return Err(BrokenChain::Number { line, found: record.seq, expected });
            }
            if record.prev != prev {
                return Err(BrokenChain::Hash { line });
            }
            prev = hash(text_of_line);
            journal.lines.push(record);
        }
        match journal.lines.first().map(|line| &line.entry) {
            None => Ok((journal, findings)),
            Some(Entry::Opened { format, .. }) if format == FORMAT => Ok((journal, findings)),
            Some(_) => Err(BrokenChain::Format),
        }
    }

    /// Appends a record and returns the line to write, without its line feed.
    pub fn append(&mut self, entry: Entry, at: Moment) -> String {
        self.follow(entry, at, &mut None)
    }

    /// [`Self::append`] where the hash of the last line may be known; that of the new one is by then.
    pub(crate) fn follow(&mut self, entry: Entry, at: Moment, tail: &mut Option<String>) -> String {
        let last = || self.lines.last().map(|line| hash(write(line)));
        let prev = tail.take().or_else(last).unwrap_or_default();
        let line = Line { seq: self.lines.len() as u64, at, prev, entry };
        let text = write(&line);
        *tail = Some(hash(&text));
        self.lines.push(line);
        text
    }

    /// The whole text. A file with a torn last line is cut back to this before anything is appended to it.
    pub fn text(&self) -> String {
        self.lines.iter().map(|line| write(line) + "\n").collect()
    }

    /// The fingerprint of the plan and the target it was opened for.
    pub fn opened(&self) -> Option<(&str, &str)> {
        self.lines.iter().find_map(|line| match &line.entry {
            Entry::Opened { plan, target, .. } => Some((plan.as_str(), target.as_str())),
            _ => None,
        })
    }

    /// How it ended; none while an apply goes on or was cut off.
    pub fn end(&self) -> Option<End> {
        match self.lines.last().map(|line| &line.entry) {
            Some(Entry::Closed { end }) => Some(*end),
            _ => None,
        }
    }

    /// Whether it was begun with the plan of that fingerprint.
    pub fn is_of(&self, plan: &str) -> bool {
        self.opened().is_some_and(|(opened, _)| opened == plan)
    }

    /// Whether an apply was begun and not brought to its end: cut off, stopped, or broken off with intents that stand open.
    /// One that is `partial` went through every op and is over; what it could not do is planned again.
    pub fn is_unfinished(&self) -> bool {
        !self.lines.is_empty() && !matches!(self.end(), Some(End::Finished | End::Partial))
    }

    /// Whether an undo was begun and not brought to its end.
    pub fn is_undoing(&self) -> bool {
        let begun = |line: &Line| match line.entry {
            Entry::UndoOpened { .. } => Some(true),
            Entry::Opened { .. } | Entry::Closed { end: End::Finished | End::Partial } => Some(false),
            _ => None,
        };
        self.lines.iter().rev().find_map(begun) == Some(true)
    }

    /// Whether the removal of what is gone was begun and not brought to its end.
    pub fn is_removing(&self) -> bool {
        let begun = |line: &Line| match line.entry {
            Entry::RemovalOpened { .. } => Some(true),
            Entry::Opened { .. } | Entry::UndoOpened { .. } | Entry::Closed { end: End::Finished | End::Partial } => {
                Some(false)
            }
            _ => None,
        };
        self.lines.iter().rev().find_map(begun) == Some(true)
    }

    /// Ops with an intent and no outcome after it: what became of them is unknown.
    pub fn unknown(&self) -> BTreeSet<&OpId> {
        let mut unknown = BTreeSet::new();
        for line in &self.lines {
            match &line.entry {
                Entry::Intent { op, .. } => {
                    unknown.insert(op);
                }
                Entry::Outcome { op, .. } => {
                    unknown.remove(op);
                }
                Entry::UndoOutcome { op, result, .. } if result.is_undone() => {
                    unknown.remove(op);
                }
                _ => {}
            }
        }
        unknown
    }

    /// The last known outcome of every op; one that was undone has none.
    pub fn outcomes(&self) -> BTreeMap<&OpId, (OpResult, Option<&str>, &str)> {
        let mut outcomes = BTreeMap::new();
        for line in &self.lines {
            match &line.entry {
                Entry::Outcome { op, result, target_id, note } => {
                    outcomes.insert(op, (*result, target_id.as_deref(), note.as_str()));
                }
                Entry::UndoOutcome { op, result, .. } if result.is_undone() => {
                    outcomes.remove(op);
                }
                _ => {}
            }
        }
        outcomes
    }

    /// What undoing came to, for every op that was not carried out again since.
    pub fn undone(&self) -> BTreeMap<&OpId, (UndoResult, &str)> {
        let mut undone = BTreeMap::new();
        for line in &self.lines {
            match &line.entry {
                Entry::UndoOutcome { op, result, note } => {
                    undone.insert(op, (*result, note.as_str()));
                }
                Entry::Intent { op, .. } | Entry::Outcome { op, .. } => {
                    undone.remove(op);
                }
                _ => {}
            }
        }
        undone
    }
}

fn write(line: &Line) -> String {
    // A record is maps with text keys and no float of its own: it can always be written.
    serde_json::to_string(line).unwrap_or_default()
}

fn torn(line: usize) -> Finding {
    const CODE: Code = Code::new("apply.torn_line");
    Finding::warning(CODE, "journal", "The last line of the journal is incomplete and was left out.")
        .at(Origin::file("journal", u32::try_from(line).unwrap_or(u32::MAX), 1))
        .hint("Nothing was done on the strength of it; applying again goes on from the line before.")
}

#[cfg(test)]
mod tests;
