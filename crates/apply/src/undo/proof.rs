//! What a journal proves: what we made, and how things were that we changed.

use std::collections::BTreeMap;

use model::OpId;
use serde_json::Value;

use crate::journal::{Entry, Journal, OpResult};

/// What the journal says of one op that was not undone yet.
#[derive(Clone, Debug, Default)]
pub(crate) struct Proof<'a> {
    /// A create was sent.
    pub(crate) created: bool,
    /// How the object was shown before the first change.
    pub(crate) before: Option<&'a Value>,
    /// The object the first change was sent to.
    pub(crate) changed_id: Option<&'a str>,
    /// The outcome; none where it was not written down after the last intent.
    pub(crate) outcome: Option<(OpResult, Option<&'a str>)>,
    /// How the object looked when it was read back.
    pub(crate) look: Option<&'a str>,
}

/// Every op of which a write was about to be sent.
pub(crate) fn proofs(journal: &Journal) -> BTreeMap<&OpId, Proof<'_>> {
    let mut proofs: BTreeMap<&OpId, Proof<'_>> = BTreeMap::new();
    for line in &journal.lines {
        match &line.entry {
            Entry::Intent { op, call, target_id, before } => {
                let proof = proofs.entry(op).or_default();
                proof.outcome = None;
                if call.ends_with("_create") {
                    proof.created = true;
                } else if proof.before.is_none() {
                    (proof.before, proof.changed_id) = (before.as_ref(), target_id.as_deref());
                }
            }
            Entry::Outcome { op, result, target_id, .. } => {
                if let Some(proof) = proofs.get_mut(op) {
                    proof.outcome = Some((*result, target_id.as_deref()));
                }
            }
            Entry::Verified { op, shown, .. } => {
                if let Some(proof) = proofs.get_mut(op) {
                    proof.look = shown.as_deref();
                }
            }
            Entry::UndoOutcome { op, result, .. } if result.is_undone() => {
                proofs.remove(op);
            }
            _ => {}
        }
    }
    proofs
}
