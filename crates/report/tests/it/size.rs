//! A fleet: 10,000 keys, 1,000 teams, 300 models, 2,000 users (`reference/official-cli-measured.md` 4, claim 18).

use std::fmt::Write as _;

use apply::{End, Entry, Journal, OpResult};
use bifrost::Kind;
use model::{Code, Finding, OpId, Origin, SourceId};
use plan::{AccessVerdict, Action, Fate, Fidelity, FieldLine, ObjectFate, Op, Plan, Verdict};
use report::{html, markdown};

use crate::{OPEN, sample};

const KEYS: usize = 10_000;

fn fleet(keys: usize, suffix: &str) -> Plan {
    let mut plan = sample::plan();
    plan.ops.clear();
    plan.objects.clear();
    plan.access.clear();
    let many: [(Kind, &str, &str, usize); 4] = [
        (Kind::ProviderKey, "deployment", "gpt", 300),
        (Kind::Customer, "organization", "org", keys / 100),
        (Kind::Team, "team", "team", keys / 10),
        (Kind::VirtualKey, "virtual_key", "key", keys),
    ];
    for (kind, source, stem, count) in many {
        for at in 0..count {
            push(&mut plan, kind, source, &format!("{stem}-{at:05}{suffix}"), at);
        }
    }
    for at in 0..keys / 5 {
        let id = format!("user-{at:05}{suffix}");
        plan.objects.push(object("user", &id, Fate::Manual, "This gateway has no users.", &[]));
    }
    plan.summary = sample::summary(&plan);
    plan
}

fn push(plan: &mut Plan, kind: Kind, source: &str, name: &str, at: usize) {
    let id = format!("{source}/{name}");
    let op = OpId::new(format!("{}/{name}", kind.id()));
    let mut fields = vec![
        line(&id, "models", Some("provider_configs[openai].allowed_models"), Fidelity::Exact, ""),
        line(&id, "max_budget", Some("budgets[30d].max_limit"), Fidelity::Exact, ""),
    ];
    // Any of these fields may be set: 128 combinations.
    let may_be_set = [
        ("max_parallel_requests", Fidelity::Unsupported, "The gateway does not limit parallel calls.".to_owned()),
        ("spend", Fidelity::Approximate, format!("The first window starts at zero; {at}.25 is used.")),
        ("metadata", Fidelity::Unsupported, "The gateway keeps no metadata.".to_owned()),
        ("rpm_limit", Fidelity::Exact, String::new()),
        ("tpm_limit", Fidelity::Exact, String::new()),
        ("guardrails", Fidelity::Unsupported, "The gateway has no guardrails.".to_owned()),
        ("duration", Fidelity::Approximate, "A month is 30 days.".to_owned()),
    ];
    for (bit, (field, fidelity, note)) in may_be_set.into_iter().enumerate() {
        if ((at * 37 % 128) >> bit) & 1 == 1 {
            fields.push(line(&id, field, None, fidelity, &note));
        }
    }
    if kind == Kind::VirtualKey {
        let lost = (at.is_multiple_of(3)).then(|| format!("gpt-{:05}", at % 300));
        plan.access.push(AccessVerdict {
            virtual_key: name.to_owned(),
            verdict: if lost.is_some() { Verdict::Narrower } else { Verdict::Equal },
            only_source: lost.into_iter().collect(),
            only_target: Vec::new(),
        });
        plan.findings.push(
            Finding::warning(Code::new("plan.spend"), format!("virtual key \"{name}\""), format!("{at}.25 is used."))
                .at(Origin::row("LiteLLM_VerificationToken", name, "spend")),
        );
    }
    plan.objects.push(object(source, name, Fate::Moved, "", std::slice::from_ref(&op)));
    plan.ops.push(Op {
        id: op,
        kind,
        name: name.to_owned(),
        action: if at.is_multiple_of(50) { Action::Skip } else { Action::Create },
        reason: if at.is_multiple_of(50) { "It expired.".to_owned() } else { "It is not on the gateway.".to_owned() },
        after_ops: Vec::new(),
        target_id: None,
        before: None,
        after: Some(serde_json::json!({ "name": name }).into()),
        origins: Vec::new(),
        fields,
    });
}

fn line(id: &str, source: &str, target: Option<&str>, fidelity: Fidelity, note: &str) -> FieldLine {
    FieldLine {
        object: SourceId::new(id),
        source: source.into(),
        target: target.map(Into::into),
        fidelity,
        note: note.into(),
        origin: Origin::row("LiteLLM_VerificationToken", id, source),
    }
}

fn object(kind: &str, id: &str, fate: Fate, note: &str, ops: &[OpId]) -> ObjectFate {
    ObjectFate {
        id: SourceId::new(format!("{kind}/{id}")),
        kind: kind.to_owned(),
        name: id.to_owned(),
        fate,
        note: note.to_owned(),
        made_at: None,
        ops: ops.to_vec(),
        origins: vec![Origin::whole("api")],
        fields: Vec::new(),
    }
}

/// Every write done and read back, every hundredth refused.
fn journal(plan: &Plan) -> Journal {
    let mut entries = Vec::new();
    for (at, op) in plan.writes().enumerate() {
        let failed = at % 100 == 99;
        entries.push(Entry::Outcome {
            op: op.id.clone(),
            result: if failed { OpResult::Failed } else { OpResult::Created },
            target_id: (!failed).then(|| format!("id-{at}")),
            note: if failed { format!("The gateway answered 500 to {}.", op.id) } else { String::new() },
        });
        if !failed {
            entries.push(Entry::Verified { op: op.id.clone(), differences: Vec::new(), shown: None });
        }
    }
    entries.push(Entry::Closed { end: End::Partial });
    sample::journal_of(entries)
}

#[track_caller]
fn check_size(plan: &Plan, journal: Option<&Journal>) {
    let (page, text) = (html(plan, journal, OPEN), markdown(plan, journal, OPEN));
    assert!(page.len() <= 300_000, "HTML: {}", page.len());
    assert!(text.len() <= 300_000, "Markdown: {}", text.len());
    // Whatever is not named is counted.
    for told in ["10,000", "2,000", "The gateway keeps no metadata.", "(the JSON names them all)"] {
        assert!(page.contains(told), "{told} in the page");
        assert!(text.contains(told), "{told} in the text");
    }
}

#[test]
fn a_report_on_ten_thousand_keys_stays_below_300_kilobytes() {
    check_size(&fleet(KEYS, ""), None);
    let plan = fleet(KEYS, "-of-a-department-with-a-long-name");
    check_size(&plan, Some(&journal(&plan)));
}

#[test]
fn what_is_cut_is_counted() {
    let check = |rows: usize, expected: &str| {
        let mut plan = sample::plan();
        for at in 0..rows {
            plan.access.push(AccessVerdict {
                virtual_key: format!("key-{at}"),
                verdict: Verdict::Narrower,
                only_source: vec![format!("model-{at}")],
                only_target: Vec::new(),
            });
        }
        let text = markdown(&plan, None, OPEN);
        let section = text.split_once("## Access").unwrap().1.split_once("\n## ").unwrap().0;
        let shown =
            section.lines().filter(|line| line.starts_with("| Narrower") || line.starts_with("| Equal")).count();
        let rest = section.lines().find(|line| line.starts_with("And ")).unwrap_or_default();
        assert_eq!(format!("{shown} {rest}"), expected);
    };
    // The sample itself has a row of each.
    check(0, "2 ");
    check(199, "201 ");
    check(200, "201 And 1 more row; the JSON has them all.");
    check(1_500, "201 And 1,301 more rows; the JSON has them all.");
}

#[test]
fn a_folded_kind_keeps_its_links_and_its_accounting() {
    let mut plan = fleet(600, "");
    plan.findings.clear();
    let page = html(&plan, None, OPEN);
    let mut shown = String::new();
    for at in [0, 1, 299, 599] {
        let id = format!("id=\"op-virtual_key/key-{at:05}\"");
        writeln!(shown, "{id} {}", page.matches(&id).count()).unwrap();
    }
    insta::assert_snapshot!(shown, @r#"
    id="op-virtual_key/key-00000" 1
    id="op-virtual_key/key-00001" 1
    id="op-virtual_key/key-00299" 1
    id="op-virtual_key/key-00599" 1
    "#);
    let section = page.split_once("id=\"kind-virtual_key\"").unwrap().1;
    let first = section.split_once("<p class=\"names\">").unwrap().0;
    insta::assert_snapshot!("folded.html", first);
}
