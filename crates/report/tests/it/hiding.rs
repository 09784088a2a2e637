use proptest::prelude::*;
use report::{csv, hide_names, html, markdown, plan_json, report_json};

use crate::{HIDDEN, sample};

#[track_caller]
fn check_none(text: &str) {
    let lower = text.to_lowercase();
    for name in sample::NAMES {
        assert!(!lower.contains(&name.to_lowercase()), "{name} is still there");
    }
    assert!(!lower.contains("zq"), "{}", &lower[lower.find("zq").unwrap() - 60..][..120]);
}

#[test]
fn no_name_is_left_anywhere() {
    let (plan, journal) = (sample::refused(), sample::journal());
    check_none(&html(&plan, Some(&journal), HIDDEN));
    check_none(&markdown(&plan, Some(&journal), HIDDEN));
    check_none(&csv(&plan, Some(&journal), HIDDEN));
    let (plan, journal) = hide_names(&plan, Some(&journal));
    check_none(&plan_json(&plan));
    check_none(&report_json(&plan, &journal.unwrap()));
}

#[test]
fn the_canaries_are_there_to_begin_with() {
    let text = report_json(&sample::refused(), &sample::journal());
    let whole = format!("{text}{:?}", sample::journal());
    for name in sample::NAMES {
        assert!(whole.contains(name), "{name} proves nothing");
    }
}

#[test]
fn a_name_is_replaced_by_the_same_word_everywhere() {
    let (plan, _) = hide_names(&sample::plan(), None);
    let team = plan.objects.iter().find(|object| object.kind == "team").unwrap();
    assert_eq!((team.id.as_str(), team.name.as_str()), ("team/team 1", "team 1"));
    let key = plan.objects.iter().find(|object| object.kind == "virtual_key").unwrap();
    assert_eq!((key.name.as_str(), key.ops[0].as_str()), ("key 1", "virtual_key/key 1"));
    let op = plan.op(&key.ops[0]).unwrap();
    assert_eq!((op.name.as_str(), op.fields[0].object.as_str()), ("key 1", "virtual_key/key 1"));
    assert_eq!(plan.findings[0].subject, "virtual key \"key 1\"");
    assert_eq!(plan.findings[1].message, "Nothing is lost: user 1 has no key.");
    assert!(plan.ops.iter().any(|op| op.id.as_str() == "provider/openai" && op.name == "openai"));
}

#[test]
fn what_is_no_name_stays() {
    let (before, (after, _)) = (sample::plan(), hide_names(&sample::plan(), None));
    assert_eq!(before.summary, after.summary);
    assert_eq!(before.findings[2].message, after.findings[2].message);
    let reasons = |plan: &plan::Plan| plan.ops.iter().map(|op| op.reason.clone()).collect::<Vec<_>>();
    assert_eq!(reasons(&before), reasons(&after));
    assert!(after.objects.iter().any(|object| object.id.as_str() == "settings/router_settings"));
}

#[test]
fn addresses_and_hosts_go_even_where_nothing_else_names_them() {
    let check = |text: &str, expected: &str| {
        let mut plan = sample::plan();
        plan.findings[0].message = text.to_owned();
        assert_eq!(hide_names(&plan, None).0.findings[0].message, expected);
    };
    check("ask bob.b+x@corp.example.com.", "ask an e-mail.");
    check("at https://user:pw@llm.corp.example:8443/v1, say", "at https://host/v1, say");
    check("claude@20250514 stays", "claude@20250514 stays");
    check("ZQ-PROD-KEY and zq-prod-keys", "key 1 and zq-prod-keys");
    check("zq-private-gpt-2, zq-private-gpt", "model 1-2, model 1");
    check("größe zq-dana größe", "größe user 1 größe");
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    /// Whatever a key is called, and whatever stands around its name.
    #[test]
    fn any_name_is_hidden(
        name in "[zZ][qQ][a-zA-Z0-9ä._/@-]{1,12}",
        around in "[ \"'(:,;/=-]",
        upper in any::<bool>(),
    ) {
        let mut plan = sample::plan();
        plan.ops[0].name.clone_from(&name);
        plan.ops[0].id = model::OpId::new(format!("provider/{name}"));
        let written = if upper { name.to_ascii_uppercase() } else { name };
        plan.findings[0].message = format!("See {around}{written}{around} there.");
        check_none(&plan_json(&hide_names(&plan, None).0));
    }
}
