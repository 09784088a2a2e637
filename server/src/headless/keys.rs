//! The file with the new keys. Each is in it before the journal says that the apply is over: whoever is killed goes on
//! and misses none.
#![expect(clippy::disallowed_methods, reason = "the command line is where files are written")]

use std::collections::BTreeSet;
use std::io::Write as _;
use std::path::PathBuf;

use litellm::Secret;
use model::OpId;
use plan::Plan;
use report::handover;
use sha2::{Digest as _, Sha256};
use zeroize::Zeroizing;

use super::HeadlessError;
use crate::log::say;

/// The file, readable by its owner alone.
#[derive(Debug)]
pub(super) struct KeysFile {
    path: PathBuf,
    /// Hashes of the values in it: an apply that is taken up hears of them again.
    there: BTreeSet<[u8; 32]>,
    /// Name, old key and value of what is not in it yet.
    waiting: Vec<(String, String, Secret)>,
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

    /// Takes new keys over.
    pub(super) fn add(&mut self, plan: &Plan, issued: Vec<(OpId, String, Secret)>) {
        for (op, name, value) in issued {
            if self.there.insert(hash(value.expose())) {
                let old = plan.op(&op).and_then(|op| op.after.as_ref()?.get("description")?.as_str());
                self.waiting.push((name, old.unwrap_or_default().to_owned(), value));
            }
        }
    }

    /// Writes what is not in it yet. What cannot be written waits for the next time.
    pub(super) fn write(&mut self) {
        if self.waiting.is_empty() {
            return;
        }
        self.failed = self.append().err();
        if self.failed.is_none() {
            self.added += self.waiting.len();
            self.waiting.clear();
        }
    }

    /// Says where the keys are.
    pub(super) fn close(mut self) -> Result<(), HeadlessError> {
        self.write();
        if let Some(why) = self.failed {
            return Err(HeadlessError::HandOver { path: self.path, why });
        }
        if self.added > 0 {
            say(&format!("new keys: {} (hand them out, then delete this file: it holds secrets)", self.path.display()));
        }
        Ok(())
    }

    fn append(&self) -> std::io::Result<()> {
        let mut options = std::fs::OpenOptions::new();
        options.append(true).create(true);
        #[cfg(unix)]
        std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
        let mut file = options.open(&self.path)?;
        let before = file.metadata()?.len();
        let rows: Vec<_> = self
            .waiting
            .iter()
            .map(|(name, old, value)| (name.clone(), old.clone(), value.expose().to_owned()))
            .collect();
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
