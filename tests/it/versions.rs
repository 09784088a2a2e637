//! The recorded deployment planned for gateways of several releases: the whole plan for one of them, and for the
//! others what is different.

use std::collections::BTreeSet;

use bifrost::Observed;
use plan::{Choices, ExpiryChoice, Fidelity, Plan, Verdict};
use support::company;

/// The release whose plan is told in full.
const FULL: &str = "2.2.6";

fn planned(version: &str, target: &str) -> Plan {
    let (inventory, vault) = company::recorded(version);
    let choices = Choices { expiring_keys: Some(ExpiryChoice::Inactive), ..Choices::default() };
    plan::plan(&inventory, &vault, &Observed::fresh(target), &choices, company::now())
}

/// What a person would be told: each op with its body, each finding, each key whose access changes, each field that
/// does not arrive as it was.
fn told(version: &str, target: &str) -> Vec<String> {
    let plan = planned(version, target);
    let mut lines = Vec::new();
    for op in &plan.ops {
        let body = op.after.as_deref().map(bifrost::canonical).unwrap_or_default();
        lines.push(format!("{} {}: {} {body}", op.action.symbol(), op.id, op.reason));
    }
    lines.extend(plan.findings.iter().map(|finding| format!("! {finding}")));
    for verdict in plan.access.iter().filter(|verdict| verdict.verdict != Verdict::Equal) {
        lines.push(format!("? {verdict:?}"));
    }
    let mut fields: Vec<_> = plan.lines().collect();
    fields.sort();
    for line in fields.into_iter().filter(|line| line.fidelity != Fidelity::Exact) {
        lines.push(format!("{} {} {}: {}", line.fidelity.word(), line.object, line.source, line.note));
    }
    // The place of a finding differs by nothing but the release.
    lines.into_iter().map(|line| line.replace(&format!("gateway {target}"), "gateway VERSION")).collect()
}

#[test]
fn the_recorded_deployment_for_each_release() {
    for_each_release("1.101.6", "");
}

/// The company of a proxy without a licence, which shows no organizations, and without a database of ours to read.
#[test]
fn the_newer_recorded_deployment_for_each_release() {
    for_each_release("1.108.7", "-from-1.108.7");
}

fn for_each_release(version: &str, end: &str) {
    let full = told(version, FULL);
    insta::assert_snapshot!(format!("for-{FULL}{end}"), full.join("\n"));
    let usual: BTreeSet<&String> = full.iter().collect();
    for target in ["1.5.2", "1.5.16", "1.6.10", "2.5.1", "9.9.9"] {
        let here = told(version, target);
        let own: BTreeSet<&String> = here.iter().collect();
        let gone = full.iter().filter(|line| !own.contains(line)).map(|line| format!("- {line}"));
        let new = here.iter().filter(|line| !usual.contains(line)).map(|line| format!("+ {line}"));
        let lines: Vec<String> = gone.chain(new).collect();
        insta::assert_snapshot!(format!("for-{target}{end}"), lines.join("\n"));
    }
}

/// A gateway before 1.5 is refused, with the reason.
#[test]
fn no_plan_for_gateways_where_nothing_means_all() {
    let plan = planned("1.101.6", "1.4.19");
    assert!(plan.ops.is_empty() && !plan.applyable);
    assert!(plan.findings.iter().any(|finding| finding.code.as_str() == "plan.target"), "{:#?}", plan.findings);
}
