//! The file with the new keys. Each is in it before the journal says that the apply is over: whoever is killed goes on
//! and misses none.
#![expect(clippy::disallowed_methods, reason = "the command line is where files are written")]

use std::collections::{BTreeMap, BTreeSet};
use std::io::Write as _;
use std::path::PathBuf;

use litellm::Secret;
use model::OpId;
use plan::{Op, Plan};
use report::handover;
use sha2::{Digest as _, Sha256};
use zeroize::Zeroizing;

use super::HeadlessError;
use super::tokens::old_key;
use crate::journal::private;
use crate::log::say;

/// The file, readable by its owner alone.
#[derive(Debug)]
pub(super) struct KeysFile {
    path: PathBuf,
    /// Hashes of the values in it: an apply that is taken up hears of them again.
    there: BTreeSet<[u8; 32]>,
    /// Op, name and value of what is not in it yet.
    waiting: Vec<(OpId, String, Secret)>,
    added: usize,
    /// Why it could not be written the last time.
    failed: Option<std::io::Error>,
}

impl KeysFile {
    /// The file at that path; it appears with its first key.
    pub(super) fn at(path: PathBuf) -> Self {
        let text = Zeroizing::new(std::fs::read_to_string(&path).unwrap_or_default());
        let there = handover::read_tokens(&text).iter().map(|(.., value)| hash(value)).collect();
        Self { path, there, waiting: Vec::new(), added: 0, failed: None }
    }

    /// Takes new keys over. The gateway waits meanwhile, so nothing is done with them yet.
    pub(super) fn add(&mut self, issued: Vec<(OpId, String, Secret)>) {
        self.waiting.extend(issued);
    }

    /// Writes what is not in it yet. What cannot be written waits for the next time.
    pub(super) fn write(&mut self, plan: &Plan) {
        self.waiting.retain(|(.., value)| !self.there.contains(&hash(value.expose())));
        if self.waiting.is_empty() {
            return;
        }
        self.failed = self.append(plan).err();
        if self.failed.is_none() {
            self.added += self.waiting.len();
            self.there.extend(self.waiting.drain(..).map(|(.., value)| hash(value.expose())));
        }
    }

    /// Says where the keys are.
    pub(super) fn close(mut self, plan: &Plan) -> Result<(), HeadlessError> {
        self.write(plan);
        if let Some(why) = self.failed {
            return Err(HeadlessError::HandOver { path: self.path, why });
        }
        if self.added > 0 {
            say(&format!("new keys: {} (hand them out, then delete this file: it holds secrets)", self.path.display()));
        }
        Ok(())
    }

    fn append(&self, plan: &Plan) -> std::io::Result<()> {
        let mut file = private().append(true).create(true).open(&self.path)?;
        let before = file.metadata()?.len();
        let ops: BTreeMap<&OpId, &Op> = plan.ops.iter().map(|op| (&op.id, op)).collect();
        let row = |(op, name, value): &(OpId, String, Secret)| {
            (name.clone(), ops.get(op).map(|op| old_key(op)).unwrap_or_default(), value.expose().to_owned())
        };
        let rows: Vec<_> = self.waiting.iter().map(row).collect();
        let text = Zeroizing::new(handover::tokens_csv(&rows));
        // What is there already stands below the same heading.
        let rows = if before > 0 { text.split_once('\n').map_or("", |(_, rows)| rows) } else { text.as_str() };
        let written = file.write_all(rows.as_bytes()).and_then(|()| file.sync_all());
        if written.is_err() {
            // Half a key helps nobody.
            file.set_len(before)?;
        }
        written
    }
}

fn hash(value: &str) -> [u8; 32] {
    Sha256::digest(value.as_bytes()).into()
}
