//! What to do: mapping rules, diff against the observed target, lint, access check.

mod types;

pub use types::{
    AccessVerdict, Action, Choices, ExpiryChoice, FORMAT, Fate, Fidelity, FieldLine, Made, ObjectFate, Op, Plan,
    Source, SourceKind, Summary, UserChoice, Verdict,
};

use bifrost::Observed;
use inventory::{Inventory, Opened, Vault};

/// Plans the move of an inventory onto a gateway. Pure: equal inputs give equal plans.
pub fn plan(inventory: &Inventory, vault: &Vault<Opened>, observed: &Observed, choices: &Choices) -> Plan {
    let _ = (inventory, vault);
    Plan {
        format: FORMAT.to_owned(),
        made: Made {
            gangway: env!("CARGO_PKG_VERSION").to_owned(),
            target_version: observed.version.clone(),
            sources: Vec::new(),
        },
        complete: true,
        applyable: false,
        summary: Summary::default(),
        ops: Vec::new(),
        objects: Vec::new(),
        findings: Vec::new(),
        access: Vec::new(),
        choices: choices.clone(),
    }
}
