use model::{Code, Finding};
use plan::{Fidelity, Plan, Verdict};
use report::words;

use crate::sample;

#[track_caller]
fn check(change: impl FnOnce(&mut Plan), expected: &str) {
    let mut plan = sample::plan();
    change(&mut plan);
    assert_eq!(words::verdict_sentence(&plan), expected);
}

#[test]
fn the_verdict_says_what_happens_to_access_and_what_is_left() {
    check(
        |_| {},
        "Nobody gains access; 1 key loses some. 8 objects will be created, 2 will be changed, 1 already as it should be, \
         3 left out. 2 things are left to you.",
    );
    check(
        |plan| {
            plan.access.pop();
            plan.summary.create = 0;
            plan.summary.change = 0;
            plan.ops.clear();
            plan.objects.clear();
        },
        "Nobody gains access. Nothing to do: the gateway is as it should be.",
    );
    check(
        |plan| {
            plan.access.clear();
            plan.complete = false;
            plan.objects.clear();
            plan.summary.create = 12_345;
        },
        "12,345 objects will be created, 2 will be changed, 1 already as it should be, 3 left out. 1 thing is left to \
         you. Not everything could be read: see the findings.",
    );
}

#[test]
fn many_keys_come_with_the_better_way() {
    use plan::{Road, Roads};
    let said = |recommended, virtual_keys, calls_seconds, file_seconds| {
        let mut plan = sample::plan();
        plan.roads = Some(Roads { recommended, virtual_keys, calls_seconds, file_seconds });
        let sentence = words::verdict_sentence(&plan);
        sentence.split_once("left to you. ").expect("a sentence about the way").1.to_owned()
    };
    assert_eq!(
        said(Road::File, 10_000, 95, Some(6)),
        "Call by call 10,000 virtual keys take about 95 seconds; a new gateway that starts from config.json has them in \
         about 6 seconds: export it."
    );
    assert_eq!(
        said(Road::Calls, 1_000, 10, Some(1)),
        "Call by call its 1,000 virtual keys take about 10 seconds, so there is no need for a file."
    );
    assert_eq!(said(Road::Calls, 20_000, 600, None), "Call by call its 20,000 virtual keys take about 10 minutes.");
}

#[test]
fn a_refusal_says_why() {
    check(|plan| plan.applyable = false, "Refused: a decision is missing. Nothing will be written.");
    check(
        |plan| *plan = sample::refused(),
        "Refused: 1 key would gain access: zq-open-key, and 2 more reasons. Nothing will be written.",
    );
    check(
        |plan| {
            plan.applyable = false;
            for access in &mut plan.access {
                access.verdict = Verdict::Wider;
            }
            plan.access.push(plan.access[0].clone());
        },
        "Refused: 4 keys would each gain access: (no key), zq-prod-key, zq-ci-key and 1 more. Nothing will be written.",
    );
    check(
        |plan| {
            plan.applyable = false;
            plan.findings = vec![Finding::error(Code::new("plan.old"), "the gateway", "1.4.19 is too old.")];
        },
        "Refused: the gateway: 1.4.19 is too old. Nothing will be written.",
    );
}

/// The lists a page shows beside the sentence have as many lines as the sentence says.
#[test]
fn what_is_left_is_listed_as_it_is_counted() {
    let plan = sample::plan();
    let left = report::left_to_you(&plan);
    assert!(words::verdict_sentence(&plan).contains(&format!("{} things are left to you", left.len())));
    assert!(left.iter().all(|line| line.fidelity == Fidelity::Manual && !line.note.is_empty()), "{left:#?}");
    let lost = report::without_counterpart(&plan);
    let told: Vec<(&str, &str, &str, usize)> =
        lost.iter().map(|line| (line.whose.as_str(), line.names.as_str(), line.field.as_str(), line.count)).collect();
    assert_eq!(told, [("guardrail", "zq-guard", "", 1)]);
    let mut twice = plan.clone();
    twice.objects.extend(plan.objects.iter().filter(|object| object.kind == "guardrail").cloned().map(|mut object| {
        object.id = model::SourceId::new("guardrail/other");
        object
    }));
    assert_eq!(report::without_counterpart(&twice)[0].whose, "2 guardrails");
}

#[test]
fn the_counts_are_one_line() {
    let mut plan = sample::plan();
    plan.summary.exact = 1_234_567;
    assert_eq!(
        words::summary_line(&plan),
        "8 to create, 2 to change, 1 same, 3 skipped. Fields: 1,234,567 exact, 3 approximate, 2 manual, 4 unsupported, 4 history."
    );
}

#[test]
fn nouns_have_plurals() {
    let check = |count, kind: &str, expected: &str| {
        assert_eq!(words::counted(count, &words::source_kind(kind)), expected);
    };
    check(1, "virtual_key", "1 virtual key");
    check(1_000, "virtual_key", "1,000 virtual keys");
    check(2, "policy", "2 policies");
    check(0, "settings", "0 settings");
    check(3, "mcp_server", "3 MCP servers");
    check(100_000, "pass_through", "100,000 pass-through routes");
}
