//! Files: whether they can be read, and as what.

use std::path::PathBuf;

use inventory::Inventory;
use litellm::{SourceKind, SourceRead};
use model::{Finding, Origin, Severity};
use report::words;

use super::check::{Check, Mark, Part};
use crate::cli::SourceArgs;
use crate::headless::material::Material;
use crate::settings::Connections;

/// How many findings of one file are told; `plan` tells all.
const TOLD: usize = 5;

/// Reads every file that was given; those that cannot be read are said.
pub(super) fn read(args: &SourceArgs, connections: &Connections, material: &mut Material) -> Vec<Check> {
    let paths: Vec<&PathBuf> =
        connections.config.iter().chain(&args.snapshot).chain(&args.dump).chain(&args.api).collect();
    let unreadable = paths.into_iter().filter_map(|path| material.file(path).err());
    unreadable.map(|error| Check::new(Part::Files, Mark::Failed, "file", error.to_string())).collect()
}

/// What the files turned out to be.
pub(super) fn checks(inventory: &Inventory, connections: &Connections, args: &SourceArgs) -> Vec<Check> {
    let live = |source: &&SourceRead| {
        let proxy = source.kind == SourceKind::Api && args.api.is_empty() && args.snapshot.is_none();
        let database = source.kind == SourceKind::Database && connections.database.is_some();
        !proxy && !database
    };
    let mut checks: Vec<Check> = inventory.sources.iter().filter(live).map(|source| file(source, inventory)).collect();
    checks.extend(includes(inventory));
    if inventory.sources.is_empty() {
        let says = "not given: what LiteLLM was started with is unknown";
        checks
            .push(Check::new(Part::Files, Mark::Missing, "config.yaml", says).next("--config FILE, or LITELLM_CONFIG"));
    }
    checks
}

fn file(source: &SourceRead, inventory: &Inventory) -> Check {
    let grave: Vec<&Finding> = inventory
        .findings
        .iter()
        .filter(|finding| finding.severity == Severity::Error && is_in(finding, &source.name))
        .collect();
    // `more.yaml, included by config.yaml: 1 deployment`
    let (subject, says) = source.what.rsplit_once(": ").unwrap_or((&source.name, &source.what));
    if source.complete && grave.is_empty() {
        return Check::new(Part::Files, Mark::Ok, subject, says);
    }
    let mark = if source.fingerprint.is_empty() { Mark::Failed } else { Mark::Missing };
    let told = grave.iter().take(TOLD).map(|finding| finding.to_string().replace("\n  hint: ", "; "));
    let mut check = Check::new(Part::Files, mark, subject, says).all(told);
    if grave.len() > TOLD {
        check = check.next(format!("{} more; gangway plan tells all", words::number(grave.len() - TOLD)));
    }
    check
}

fn is_in(finding: &Finding, name: &str) -> bool {
    match &finding.origin {
        Some(Origin::File { file, .. }) => **file == *name,
        Some(Origin::Whole { name: whole }) => **whole == *name,
        _ => false,
    }
}

/// Files that config.yaml includes and nobody gave.
fn includes(inventory: &Inventory) -> Vec<Check> {
    let about = inventory
        .findings
        .iter()
        .filter(|finding| matches!(finding.code.as_str(), "config.include" | "config.include_missing"));
    let missing = about.filter(|finding| finding.severity >= Severity::Warning);
    missing
        .map(|finding| {
            let place = finding.origin.as_ref().map_or_else(|| finding.subject.clone(), ToString::to_string);
            Check::new(Part::Files, Mark::Missing, place, finding.message.clone()).all(finding.hints.clone())
        })
        .collect()
}
