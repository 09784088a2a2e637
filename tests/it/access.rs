//! LiteLLM's side of the access check against the real proxy: what it answered to every key for every name.

use std::collections::{BTreeMap, BTreeSet};

use inventory::Inventory;
use litellm::access::{Key, World};
use litellm::{Input, Kind, Object};
use serde_json::Value;
use support::{company, fleet, live};

/// The recorded answers: `key|name` to `yes`, `no …` or `other …`.
#[expect(clippy::disallowed_methods, reason = "tests read fixtures")]
fn recorded() -> BTreeMap<String, String> {
    let path = company::fixtures().join("litellm/1.101.6/access.json");
    let answers: Value = serde_json::from_str(&std::fs::read_to_string(path).expect("recording")).expect("json");
    let allowed = answers.get("allowed").and_then(Value::as_object).expect("allowed");
    allowed.iter().map(|(asked, answer)| (asked.clone(), answer.as_str().unwrap_or_default().to_owned())).collect()
}

/// Never allows what the proxy refused; allows everything the proxy answered. Between them stand calls that were let
/// in and failed later, of which only those that reach a deployment count.
#[test]
fn every_recorded_answer() {
    let (inventory, _) = company::recorded("1.101.6");
    let objects: Vec<&Object> = inventory.entities.values().map(|entity| &entity.object).collect();
    let world = World::read(objects.iter().copied()).with_members(&objects.iter().copied()).of_version(Some("1.101.6"));
    // The recording was made while the keys were young.
    let then = "2026-11-22T07:40:00Z".parse().expect("a moment");
    let keys: BTreeMap<&str, Key> =
        inventory.of(Kind::VirtualKey).map(|entity| (entity.name.as_str(), Key::read(&entity.object))).collect();
    let mut asked = 0;
    for (question, answer) in recorded() {
        let (key, name) = question.split_once('|').expect("key|name");
        let Some(key) = keys.get(key) else { continue };
        asked += 1;
        let ours = world.call(key, name, then);
        if answer.starts_with("no ") {
            assert!(ours.is_err(), "{question}: refused ({answer}), but we say {ours:?}");
        } else if answer.starts_with("yes") {
            assert!(ours.is_ok(), "{question}: answered, but we say {ours:?}");
        }
    }
    assert!(asked >= 7 * 27, "only {asked} answers were compared");
}

#[track_caller]
fn check(version: &str) {
    let (inventory, table) = live::recorded(version);
    let compared = live::compare(&inventory, &table, Some(version), "2026-11-25T02:00:00Z".parse().expect("a moment"));
    let differing = &compared.differing;
    assert!(differing.is_empty(), "{version}: {} differ:\n{}", differing.len(), differing.join("\n"));
    assert!(compared.asked > 4000 && compared.answered > 600, "{version}: too little was compared: {compared:?}");
}

/// The population of `tests/live`, which asks every rule at least once: the same verdict, for the same reason.
#[test]
fn every_rule_as_the_real_proxy_answered() {
    check("1.101.6");
    check("1.108.7");
}

/// What no list names is refused to the key: neither the rules nor the access check ask LiteLLM's side for it.
#[track_caller]
fn check_listed(inventory: &Inventory, version: Option<&str>, least: usize) {
    let objects: Vec<&Object> = inventory.entities.values().map(|entity| &entity.object).collect();
    let world = World::read(objects.iter().copied()).with_members(&objects.iter().copied()).of_version(version);
    let keys: Vec<Key> = inventory.of(Kind::VirtualKey).map(|entity| Key::read(&entity.object)).collect();
    let of_keys = keys.iter().flat_map(|key| key.models.iter().chain(key.aliases.keys()).chain(key.aliases.values()));
    let probes = ["", "*", "nobody", "openai/nobody", "gpt-4o", "all-proxy-models"];
    let of_keys = of_keys.map(String::as_str);
    let names: BTreeSet<&str> = world.known_names().into_iter().chain(of_keys).chain(probes).collect();
    let mut asked = 0;
    for key in &keys {
        let key = world.asking(key);
        let Some(listed) = key.listed() else { continue };
        assert!(listed.is_sorted(), "{listed:?}");
        for name in names.iter().filter(|name| listed.binary_search(name).is_err()) {
            asked += 1;
            assert!(key.reach(name).is_err(), "{name} is not in {listed:?}, but {key:?} reaches it");
        }
    }
    assert!(asked >= least, "only {asked} names were asked");
}

#[test]
fn what_is_not_listed_is_refused() {
    for version in ["1.101.6", "1.108.7"] {
        check_listed(&company::recorded(version).0, Some(version), 50);
        check_listed(&live::recorded(version).0, Some(version), 1_000);
        check_listed(&live::recorded(version).0, None, 1_000);
    }
    let tables = fleet::rows(fleet::Size { keys: 300, deployments: 80, teams: 20 }, 3);
    let input = [Input::Rows { tables: &tables, findings: &[] }];
    check_listed(&inventory::gather(litellm::read(&input)).open(&[]).0, None, 1_000);
}
