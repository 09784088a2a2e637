//! The file road and the call by call one lead to the same gateway, and planning again finds nothing to do on either.

use std::collections::BTreeMap;

use bifrost::Observed;
use inventory::{Candidate, Inventory, Opened, Vault};
use litellm::{Input, Secret};
use plan::export::TokenSeed;
use plan::{Action, Choices, ExpiryChoice, Plan};
use proptest::prelude::*;
use sandbox::{Gateway, Release};
use serde_json::{Value, json};
use support::{company, fleet, gateway};

type Company = (Inventory, Vault<Opened>);

fn planned((inventory, vault): &Company, observed: &Observed) -> Plan {
    let choices = Choices { expiring_keys: Some(ExpiryChoice::Inactive), ..Choices::default() };
    plan::plan(inventory, vault, observed, &choices, company::now())
}

/// A gateway whose host has the variables of LiteLLM's, and those of the values file.
fn empty(release: Release, values: &BTreeMap<String, String>) -> Gateway {
    let values = values.iter().map(|(name, value)| format!("{name}={value}"));
    gateway::empty(release, 7).with_environment(values)
}

/// What a values file sets, read as compose does.
fn read(values: &str) -> BTreeMap<String, String> {
    let lines = values.lines().filter(|line| !line.starts_with('#')).filter_map(|line| line.split_once('='));
    lines.map(|(name, value)| (name.to_owned(), value.trim_matches('\'').to_owned())).collect()
}

/// A state whose secrets stand for themselves, whichever way they came: what a variable holds takes its place.
fn without_variables(value: &Value, values: &BTreeMap<String, String>) -> Value {
    match value {
        Value::String(text) => match text.strip_prefix("env.").and_then(|name| values.get(name)) {
            Some(held) => json!(held),
            None => value.clone(),
        },
        Value::Array(items) => items.iter().map(|item| without_variables(item, values)).collect(),
        Value::Object(fields) => {
            let filled = fields.iter().map(|(name, field)| (name.clone(), without_variables(field, values)));
            Value::Object(filled.collect())
        }
        other => other.clone(),
    }
}

/// The settings: a start writes no zeros that a call would have had replaced, so only what the file says is compared.
/// Where no setting had to be changed, no call was made, and the zeros of the first start are still shown.
fn settings(state: &mut Value, file: &Value) {
    let named: Vec<String> = file["client"].as_object().into_iter().flatten().map(|(name, _)| name.clone()).collect();
    if let Some(client) = state["client_config"].as_object_mut() {
        client.retain(|name, _| named.contains(name));
        for (name, value) in client.iter_mut().filter(|(_, value)| **value == json!(0)) {
            value.clone_from(&file["client"][name]);
        }
    }
}

/// Lists whose order is that of their secrets are put in the order of what the secrets are.
fn sorted(value: &mut Value) {
    match value {
        Value::Array(items) => {
            items.iter_mut().for_each(sorted);
            if items.iter().all(Value::is_object) {
                items.sort_by_cached_key(ToString::to_string);
            }
        }
        Value::Object(fields) => fields.values_mut().for_each(sorted),
        _ => {}
    }
}

/// A proxy without a database, and without a word about timeouts.
fn small() -> Company {
    let config = "model_list:
  - model_name: gpt-4o
    litellm_params: {model: openai/gpt-4o, api_key: sk-openai-0123456789, input_cost_per_token: 0.000001}
  - model_name: local
    litellm_params: {model: hosted_vllm/qwen, api_base: 'http://vllm.internal:8000/v1'}
  - model_name: local
    litellm_params: {model: ollama/qwen, api_base: 'http://ollama.internal:11434'}
  - model_name: together
    litellm_params: {model: together_ai/llama, api_key: os.environ/TOGETHER}
router_settings: {fallbacks: [{gpt-4o: [local]}]}
general_settings: {master_key: sk-1234}
";
    company::read(&BTreeMap::from([("config.yaml".to_owned(), config.as_bytes().to_vec())]), None)
}

/// How many random fleets: few by day, many by night.
#[expect(clippy::disallowed_methods, reason = "a test is told how long to run from outside")]
fn cases() -> u32 {
    std::env::var("GANGWAY_CASES").ok().and_then(|text| text.parse().ok()).unwrap_or(40)
}

/// Both roads with one company on one release: the same state, and nothing left to do on either.
#[track_caller]
fn check(name: &str, company: &Company, release: Release) {
    let target = release.version().trim_start_matches('v');
    let plan = planned(company, &Observed::fresh(target));
    let export = plan::export::export(&plan, &company.1, Some(&TokenSeed::new([3; 32])));
    let files = export.files.unwrap_or_else(|| panic!("{name}: no file: {:#?}", export.findings));
    let mut values = read(files.values(&company.1).expose());
    for name in files.variables.iter().map(|variable| &variable.name) {
        values.entry(name.clone()).or_insert_with(|| format!("host-{name}"));
    }
    let mut by_file = empty(release, &values);
    by_file.start(&files.config, company::now()).unwrap_or_else(|error| panic!("{name} to {release}: {error}"));
    let mut by_call = empty(release, &values);
    let live = planned(company, &gateway::observe(&mut by_call, company::now()));
    gateway::apply(&live, &company.1, &mut by_call, company::now());

    let file: Value = serde_json::from_str(&files.config).expect("JSON");
    let state = |gateway: &Gateway| {
        let mut state = without_variables(&gateway.state(), &values);
        settings(&mut state, &file);
        // The file takes no reference in headers; the export says so.
        if let Some(providers) = state["providers"].as_object_mut() {
            for provider in providers.values_mut() {
                provider["config"]["network_config"]["extra_headers"].take();
            }
        }
        sorted(&mut state);
        serde_json::to_string_pretty(&state).expect("text")
    };
    assert_eq!(state(&by_file), state(&by_call), "{name} to {release}");

    for (road, target) in [("file", &mut by_file), ("calls", &mut by_call)] {
        let again = planned(company, &gateway::observe(target, company::now()));
        let left: Vec<String> = again
            .ops
            .iter()
            .filter(|op| matches!(op.action, Action::Create | Action::Change))
            .map(|op| format!("{} {}: {}", op.action.word(), op.id, op.reason))
            .collect();
        assert_eq!(left, [""; 0], "{name} to {release} by {road}");
    }
}

#[test]
fn a_start_from_the_file_is_the_plan_applied() {
    for release in Release::TARGETS {
        for version in ["1.101.6", "1.108.7"] {
            check(version, &company::recorded(version), release);
        }
        check("a small one", &small(), release);
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: cases(), failure_persistence: None, ..ProptestConfig::default() })]

    /// With whatever is in a fleet: shut keys, budgets of all owners, groups over providers.
    #[test]
    fn any_fleet_comes_to_the_same_gateway_by_both_roads(
        keys in 1u32..12,
        deployments in 1u32..10,
        teams in 1u32..4,
        seed in any::<u64>(),
    ) {
        let tables = fleet::rows(fleet::Size { keys, deployments, teams }, seed);
        let salt = Candidate { name: "salt key".to_owned(), secret: Secret::new(fleet::SALT_KEY.to_owned()) };
        let reading = litellm::read(&[Input::Rows { tables: &tables, findings: &[] }]);
        let company = inventory::gather(reading).open(&[salt]);
        check(&format!("fleet {seed}"), &company, Release::TARGETS[usize::try_from(seed % 4).expect("a small number")]);
    }
}
