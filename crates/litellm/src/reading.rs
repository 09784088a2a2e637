//! The one entrance: whatever the user has, read into objects.

use std::collections::BTreeMap;

use model::{Finding, SecretId};
use serde_json::Value;

use crate::{Object, Secret, SourceKind};

/// One thing to read.
#[derive(Clone, Debug)]
pub enum Input<'a> {
    /// A file the user gave: `config.yaml`, a saved API answer, a `pg_dump` text. Recognised by its content.
    File {
        /// Its name, for origins.
        name: &'a str,
        /// Its bytes.
        bytes: &'a [u8],
    },
    /// An answer of the running proxy.
    Answer {
        /// The path asked, for origins.
        endpoint: &'a str,
        /// The HTTP status.
        status: u16,
        /// The body.
        body: &'a str,
    },
    /// Rows the relay read from the database.
    Rows {
        /// By table name; each row an object by column.
        tables: &'a BTreeMap<String, Vec<Value>>,
    },
}

/// A secret as its source holds it.
#[derive(Clone, Debug)]
pub enum Kept {
    /// Encrypted, with LiteLLM's own text form.
    Sealed(String),
    /// In clear.
    Clear(Secret),
    /// A reference to an environment variable of the proxy's host (`os.environ/NAME`), which is no secret.
    Environment(String),
}

/// What one input turned out to be.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SourceRead {
    /// Which kind of source.
    pub kind: SourceKind,
    /// Its name.
    pub name: String,
    /// In words: `config.yaml, 12 models`.
    pub what: String,
    /// 16 hex digits over what was read, without counters that move by themselves.
    pub fingerprint: String,
    /// Whether all of it could be used.
    pub complete: bool,
}

/// Everything that was read.
#[derive(Clone, Debug, Default)]
#[must_use = "what was read has findings"]
pub struct Reading {
    /// The objects, one per source that shows it.
    pub objects: Vec<Object>,
    /// The secrets by slot. Plain values of encrypted columns are in here too until they are opened.
    pub kept: BTreeMap<SecretId, Kept>,
    /// What was read.
    pub sources: Vec<SourceRead>,
    /// The version of the proxy, where an answer told it.
    pub version: Option<String>,
    /// What went wrong on the way; the rest was used.
    pub findings: Vec<Finding>,
}

/// Reads every input; one that cannot be used costs a finding, never the others.
pub fn read(inputs: &[Input<'_>]) -> Reading {
    let _ = inputs;
    Reading::default()
}
