//! What to do: mapping rules, diff against the observed target, lint, access check.
//!
//! Invariant: the same inputs give the same bytes; a plan after an apply is empty; permissions never grow.

mod check;
mod choices;
pub mod delta;
mod diff;
mod door;
mod draft;
pub mod export;
mod idle;
mod in_step;
mod ledger;
mod leftover;
mod limits;
mod loopback;
mod mcp;
mod owners;
mod prices;
mod providers;
mod release;
mod road;
mod routing;
mod rules;
mod secrets;
mod together;
mod types;
mod virtual_keys;

use bifrost::{Capability, Observed, Version};
use inventory::{Inventory, Opened, Vault};
use model::{Code, Finding, Moment};

pub use choices::{Choices, ExpiryChoice, PARTIAL, UserChoice, WildcardChoice};
use delta::{Earlier, Recognised};
use draft::Planner;
pub use types::{
    AccessVerdict, Action, FORMAT, Fate, Fidelity, FieldLine, Made, ObjectFate, Op, Plan, Road, Roads, RouteRow,
    RouteVerdict, Routes, Source, SourceKind, Summary, Verdict,
};

/// Plans the move of an inventory onto a gateway as it was at `now`. Pure: equal inputs give equal plans.
pub fn plan(inventory: &Inventory, vault: &Vault<Opened>, observed: &Observed, choices: &Choices, now: Moment) -> Plan {
    plan_after(inventory, vault, observed, choices, now, &Earlier::default())
}

/// [`plan`] for somebody who knows what earlier applies did: what they made is found again by LiteLLM's id of it.
pub fn plan_after(
    inventory: &Inventory,
    vault: &Vault<Opened>,
    observed: &Observed,
    choices: &Choices,
    now: Moment,
    earlier: &Earlier,
) -> Plan {
    let version = match supported(&observed.version) {
        Ok(version) => version,
        Err(finding) => return refused(inventory, observed, choices, *finding),
    };
    let mut planner = Planner::new(inventory, vault, observed, choices, now, version);
    planner.standing = delta::Standing::of(inventory, observed, earlier);
    planner.follow_choices();
    planner.unknown_version();
    let catalogue = planner.catalogue();
    planner.prices(&catalogue);
    let owners = planner.owners();
    planner.clients = planner.mcp_clients();
    let mut keys = planner.virtual_keys(&catalogue, &owners);
    planner.model_limits(&catalogue);
    planner.key_model_limits(&keys);
    planner.whole_budgets(&catalogue);
    planner.unheld_limits();
    planner.idle_rows();
    planner.rotated_keys();
    planner.routing(&catalogue, &owners, &keys);
    planner.environment_needed(&catalogue);
    planner.door();
    planner.flaws();
    planner.unpriced(&catalogue);
    planner.loopback();
    planner.newer();
    planner.loosened();
    let mut drafts = std::mem::take(&mut planner.drafts);
    let recognised = Recognised::of(&drafts, (&keys, &owners), inventory, observed, earlier, &choices.take_over);
    recognised.keep_names(&mut drafts, &mut keys);
    let mut ops = diff::ops(drafts, observed, choices, vault, &recognised);
    planner.taken_names(&ops);
    planner.names_in_the_way(&ops, &recognised);
    planner.left_alone(&ops);
    planner.unseen_secrets(&ops);
    let ledger = std::mem::take(&mut planner.ledger);
    let refers = check::Refers::new(&ops, observed);
    let ((access, told_of_access), mut closed) =
        together::both(|| planner.check_access(&ops, &refers, &catalogue, &keys), || ledger.close(inventory, &ops));
    let (routes, told_of_routes) = planner.check_routes(&ops, &refers, &keys);
    drop(refers);
    closed.put_into(&mut ops);
    let roads = road::roads(&ops, &planner.version);
    let Planner { mut findings, undecided, .. } = planner;
    let ledger::Closed { objects, findings: unknown, .. } = closed;
    findings.extend(told_of_access.into_iter().chain(told_of_routes).chain(unknown));
    let complete = inventory.sources.iter().all(|source| source.complete) && inventory.opening.failed.is_empty();
    let (gone, told) = delta::gone(&ops, inventory, complete, observed, earlier, now);
    findings.extend(told);
    findings.extend(inventory.findings.iter().cloned());
    findings.sort_by(|left, right| right.severity.cmp(&left.severity).then_with(|| left.cmp(right)));
    findings.dedup();
    let wider = access.iter().any(|verdict| verdict.verdict == Verdict::Wider);
    // With the wrong salt key nothing encrypted is there, and the rest alone is not what anybody wants.
    let shut = inventory.findings.iter().any(|finding| finding.code.as_str() == "open.wrong_key");
    Plan {
        format: FORMAT.to_owned(),
        made: made(inventory, observed),
        complete,
        applyable: !wider && !undecided && !shut && !inventory.entities.is_empty(),
        summary: count(&ops, &objects),
        ops,
        objects,
        gone,
        findings,
        access,
        routes,
        choices: choices.clone(),
        roads,
    }
}

/// The gateway as a plan makes it, over what is there, as far as access goes.
pub fn as_planned(plan: &Plan, observed: &Observed) -> bifrost::access::Gateway {
    check::planned(&plan.ops, observed, &check::Refers::new(&plan.ops, observed))
}

/// Checks ops, however they came about, against who may call what in LiteLLM. [`plan`] does so with its own; this is
/// for whoever was handed a plan.
pub fn recheck(
    inventory: &Inventory,
    vault: &Vault<Opened>,
    observed: &Observed,
    choices: &Choices,
    now: Moment,
    ops: &[Op],
) -> Vec<AccessVerdict> {
    let Ok(version) = supported(&observed.version) else { return Vec::new() };
    let mut planner = Planner::new(inventory, vault, observed, choices, now, version);
    let catalogue = planner.catalogue();
    let owners = planner.owners();
    planner.clients = planner.mcp_clients();
    let keys = planner.virtual_keys(&catalogue, &owners);
    planner.check_access(ops, &check::Refers::new(ops, observed), &catalogue, &keys).0
}

/// Gateways on which an omission means "all" are refused (`reference/bifrost-api.md` 13.6).
fn supported(text: &str) -> Result<Version, Box<Finding>> {
    let refuse = |message: String| {
        Finding::error(Code::new("plan.target"), format!("gateway {text}"), message)
            .hint("move the gateway to 1.5.2 or newer first")
    };
    let version: Version = text.parse().map_err(|error| refuse(format!("{error}")))?;
    if version.has(Capability::DenyByDefault) {
        return Ok(version);
    }
    if version.is_unversioned() {
        return Ok(bifrost::version::NEWEST_KNOWN.parse().unwrap_or(version));
    }
    Err(Box::new(refuse(
        "on gateways before 1.5 every empty list means everything, so nobody's access could be kept; no plan is made"
            .to_owned(),
    )))
}

fn refused(inventory: &Inventory, observed: &Observed, choices: &Choices, finding: Finding) -> Plan {
    let mut findings = vec![finding];
    let objects = ledger::Ledger::default().close(inventory, &[]).objects;
    findings.extend(inventory.findings.iter().cloned());
    Plan {
        format: FORMAT.to_owned(),
        made: made(inventory, observed),
        complete: false,
        applyable: false,
        summary: count(&[], &objects),
        ops: Vec::new(),
        objects,
        gone: Vec::new(),
        findings,
        access: Vec::new(),
        routes: Routes::default(),
        choices: choices.clone(),
        roads: None,
    }
}

fn made(inventory: &Inventory, observed: &Observed) -> Made {
    let mut sources: Vec<Source> = inventory
        .sources
        .iter()
        .map(|source| Source {
            kind: delta::read_from(source.kind),
            fingerprint: source.fingerprint.clone(),
            what: source.what.clone(),
        })
        .collect();
    sources.sort();
    let mut target = litellm::seal::sha256_hex(&observed.fingerprint_text());
    target.truncate(16);
    sources.push(Source {
        kind: SourceKind::Target,
        fingerprint: target,
        what: format!("gateway {}", observed.version),
    });
    Made { gangway: env!("CARGO_PKG_VERSION").to_owned(), target_version: observed.version.clone(), sources }
}

fn count(ops: &[Op], objects: &[ObjectFate]) -> Summary {
    let mut summary = Summary::default();
    for op in ops {
        match op.action {
            Action::Create => summary.create += 1,
            Action::Change => summary.change += 1,
            Action::Same => summary.same += 1,
            Action::Skip => summary.skip += 1,
        }
    }
    let lines = ops.iter().flat_map(|op| &op.fields).chain(objects.iter().flat_map(|object| &object.fields));
    for line in lines {
        match line.fidelity {
            Fidelity::Exact => summary.exact += 1,
            Fidelity::Approximate => summary.approximate += 1,
            Fidelity::Manual => summary.manual += 1,
            Fidelity::Unsupported => summary.unsupported += 1,
        }
        summary.history += usize::from(line.is_history());
    }
    summary
}
