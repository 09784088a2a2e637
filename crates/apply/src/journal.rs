//! `gangway.journal.v1`: what was intended and what happened, one JSON object a line, each line carrying the
//! hash of the one before. Ids and before-values as the gateway shows them, never a secret.

use std::collections::BTreeMap;

use bifrost::compare::Difference;
use model::{Moment, OpId};
use serde::{Deserialize, Serialize};
use serde_json::Value;

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
    },
    /// The apply ended.
    Closed {
        /// How.
        end: End,
    },
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

impl Journal {
    /// The last known outcome of every op.
    pub fn outcomes(&self) -> BTreeMap<&OpId, (OpResult, Option<&str>, &str)> {
        let mut outcomes = BTreeMap::new();
        for line in &self.lines {
            if let Entry::Outcome { op, result, target_id, note } = &line.entry {
                outcomes.insert(op, (*result, target_id.as_deref(), note.as_str()));
            }
        }
        outcomes
    }
}
