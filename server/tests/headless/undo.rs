//! `gangway undo`: it says what it would do, does it when told to, once, and goes on where it was killed.

use serde_json::{Value, json};

use super::running::Dice;
use super::{Gangway, post, put};

/// The gateway with its settings saved, as it stands before an apply.
fn in_use(name: &str) -> (Gangway, Value) {
    let gangway = Gangway::new(name);
    let address = gangway.url.strip_prefix("http://").expect("http").to_owned();
    // The settings of a gateway that never saved any cannot be unsaved.
    put(&address, "/api/config", &json!({"client_config": {"log_retention_days": 365}}));
    post(&address, "/api/governance/customers", "{\"name\": \"theirs\"}");
    let first = gangway.state();
    (gangway, first)
}

#[test]
fn an_apply_is_taken_back_once() {
    let (gangway, first) = in_use("undo");
    let (code, said) = gangway.run(&["undo"]);
    assert_eq!(code, 1, "there is no plan yet: {said}");
    assert_eq!(gangway.run(&["apply"]).0, 0);
    let applied = gangway.state();
    let (code, said) = gangway.run(&["undo"]);
    assert_eq!(code, 0, "{said}");
    assert!(said.contains("dry run") && said.contains("calls without a virtual key will be served again"), "{said}");
    assert!(said.contains("enforce_auth_on_inference: true becomes false again"), "{said}");
    assert_eq!(gangway.state(), applied, "a dry run wrote to the gateway");
    let (code, said) = gangway.run(&["undo", "--yes"]);
    assert_eq!(code, 0, "{said}");
    assert_eq!(gangway.state(), first);
    let journal = gangway.text("journal.jsonl");
    let (code, said) = gangway.run(&["undo", "--yes"]);
    assert_eq!((code, gangway.text("journal.jsonl")), (0, journal), "{said}");
    for canary in support::company::CANARIES.iter().chain(&["sk-bf-"]) {
        assert!(!said.contains(canary) && !gangway.text("journal.jsonl").contains(canary), "{canary}");
    }
    // And again: the old journal is put aside with its plan.
    let (code, said) = gangway.run(&["apply"]);
    assert_eq!((code, gangway.state()), (0, applied), "{said}");
    assert!(!gangway.text("journal.jsonl.1.plan.json").is_empty());
}

#[test]
fn killed_anywhere_it_is_gone_on_with() {
    let mut dice = Dice(1914);
    for round in 0..8 {
        let (gangway, first) = in_use(&format!("undo-killed-{round}"));
        assert_eq!(gangway.run(&["apply"]).0, 0);
        let records = gangway.text("journal.jsonl").lines().count();
        let at = records + 1 + dice.below(60);
        gangway.killed_at(&["undo", "--yes"], at);
        let cut_off = !gangway.text("journal.jsonl").lines().last().unwrap_or_default().contains("\"closed\"");
        if cut_off {
            let (code, said) = gangway.run(&["apply"]);
            assert_eq!(code, 4, "an apply over half an undo: {said}");
        }
        let (code, said) = gangway.run(&["undo", "--yes"]);
        assert_eq!((code, gangway.state()), (0, first), "killed at record {at}: {said}");
    }
}
