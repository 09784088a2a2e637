//! After an apply: `gangway tokens` reads the new keys again, `gangway verify` tries them and shows what changed.

use std::os::unix::fs::PermissionsExt;

use super::{Gangway, put};
use serde_json::{Value, json};

fn applied(name: &str) -> Gangway {
    let gangway = Gangway::new(name);
    let (code, said) = gangway.run(&["apply"]);
    assert_eq!(code, 0, "{said}");
    gangway
}

#[test]
fn the_new_keys_are_read_again_and_shown_to_nobody() {
    let gangway = applied("tokens");
    let out = gangway.path("again.csv").display().to_string();
    let (code, said) = gangway.run(&["tokens", "--out", &out]);
    assert_eq!(code, 0, "{said}");
    assert!(said.contains("6 new keys, 0 of them no longer on the gateway"), "{said}");
    let mode = std::fs::metadata(gangway.path("again.csv")).expect("a file").permissions().mode() & 0o777;
    assert_eq!(mode, 0o600, "others could read it");
    let sorted = |text: String| {
        let mut lines: Vec<String> = text.lines().map(str::to_owned).collect();
        lines.sort();
        lines
    };
    assert_eq!(sorted(gangway.text("again.csv")), sorted(gangway.text("journal.jsonl.keys.csv")));
    // Not over a file that is there; and on the terminal only when asked.
    assert_eq!(gangway.run(&["tokens", "--out", &out]).0, 1);
    let (code, more) = gangway.run(&["tokens", "--out", &out, "--json", "--force"]);
    assert!(code == 0 && !said.contains("sk-bf-") && !more.contains("sk-bf-"), "{more}");
    let rows: Value = serde_json::from_str(&gangway.text("again.csv")).expect("JSON");
    assert!(rows[0]["litellm_id"].as_str().is_some_and(|id| id.len() > 8), "{}", rows[0]["litellm_id"]);
    assert!(gangway.run(&["tokens", "--print"]).1.contains("sk-bf-"));
}

#[test]
fn keys_that_do_as_planned_are_tried() {
    let gangway = applied("tried");
    let keys = gangway.path("journal.jsonl.keys.csv").display().to_string();
    for words in [&["verify", "--ask-keys"][..], &["verify", "--ask-live", "--keys", &keys]] {
        let (code, said) = gangway.run(words);
        assert_eq!(code, 0, "{said}");
        assert!(said.contains("0 wider, 0 narrower, 0 unclear") && !said.contains("sk-bf-"), "{said}");
    }
}

#[test]
fn what_changed_since_is_shown_and_what_a_key_may_do_more() {
    let gangway = applied("changed");
    // Somebody puts a limit on a key: the plan does not speak of it.
    let address = gangway.url.strip_prefix("http://").expect("http").to_owned();
    let change = |name: &str, body: &Value| {
        let state: Value = serde_json::from_str(&gangway.text("state.json")).expect("JSON");
        let keys = state["virtual_keys"].as_array().expect("keys").clone();
        let key = keys.into_iter().find(|key| key["name"] == json!(name)).expect("the key");
        let id = key["id"].as_str().expect("an id").to_owned();
        put(&address, &format!("/api/governance/virtual-keys/{id}"), body);
    };
    change("ci-service", &json!({"rate_limit": {"request_max_limit": 5, "request_reset_duration": "1h"}}));
    let (code, said) = gangway.run(&["verify"]);
    assert_eq!(code, 0, "{said}");
    assert!(said.contains("virtual_key/ci-service: something that the plan does not speak of was changed"), "{said}");
    assert!(said.contains("0 differ, 1 changed since the apply"), "{said}");
    // Somebody opens one to everything of a provider.
    let all = json!([{"provider": "openai", "weight": 1, "allowed_models": ["*"], "key_ids": ["*"]}]);
    change("dan-laptop", &json!({ "provider_configs": all }));
    let (code, said) = gangway.run(&["verify", "--ask-live"]);
    assert_eq!(code, 3, "{said}");
    assert!(
        said.contains("allowed_models is [\"*\"], planned [\"gpt-4o\",\"gpt-4o-mini\"], since the apply"),
        "{said}"
    );
    assert!(said.contains("virtual key dan-laptop, asked for db-gpt-4.1: may do more than planned"), "{said}");
    assert!(!said.contains("sk-bf-"), "{said}");
}

#[test]
fn a_key_whose_value_is_not_known_is_named() {
    let gangway = applied("untried");
    let file = gangway.text("journal.jsonl.keys.csv");
    let kept: Vec<&str> = file.lines().filter(|line| !line.starts_with("dan-laptop")).collect();
    let keys = gangway.write("some.csv", &(kept.join("\n") + "\nsomebody,else,sk-bf-0\n"));
    let (code, said) = gangway.run(&["verify", "--ask-keys", "--keys", &keys]);
    assert_eq!(code, 3, "{said}");
    assert!(said.contains("virtual key dan-laptop could not be tried: its value is not known"), "{said}");
    assert!(said.contains("1 of the keys in the file are not of this plan"), "{said}");
    assert!(said.contains("5 asked: 0 wider, 0 narrower, 1 unclear") && !said.contains("sk-bf-"), "{said}");
    // A value that is another's, or nobody's, is not shown either.
    let wrong = file.replace("sk-bf-", "wrong-value-");
    let keys = gangway.write("wrong.csv", &wrong);
    let (code, said) = gangway.run(&["verify", "--ask-keys", "--keys", &keys]);
    assert_eq!(code, 3, "{said}");
    assert!(said.contains("0 wider, 6 narrower, 0 unclear") && !said.contains("wrong-value-"), "{said}");
}
