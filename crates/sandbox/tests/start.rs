//! A start from `config.json`: what stops it, what is left out, and what a second start does to what is there.

use model::Moment;
use sandbox::{Gateway, Release, Request};
use serde_json::{Value, json};

const NOW: Moment = Moment::from_millis(1_795_487_100_000);

fn file() -> Value {
    json!({
        "version": 2,
        "config_store": { "enabled": true },
        "client": { "enforce_auth_on_inference": true },
        "providers": { "openai": { "keys": [
            { "id": "k1", "name": "main", "value": "env.KEY", "models": ["*"], "weight": 1 },
            { "id": "k2", "name": "spare", "value": "env.KEY", "models": ["*"], "weight": 1 },
        ] } },
        "governance": {
            "budgets": [
                { "id": "b1", "max_limit": 5, "reset_duration": "1d", "virtual_key_id": "v1" },
                { "id": "b2", "max_limit": 7, "reset_duration": "1d" },
            ],
            "rate_limits": [{ "id": "r1", "token_max_limit": 5, "token_reset_duration": "1m" }],
            "customers": [{ "id": "c1", "name": "acme", "budget_id": "b2" }],
            "teams": [{ "id": "t1", "name": "core", "customer_id": "c1", "rate_limit_id": "r1" }],
            "virtual_keys": [{ "id": "v1", "name": "app", "team_id": "t1", "value": "env.VALUE", "provider_configs": [
                { "provider": "openai", "weight": 1, "allowed_models": ["gpt-4o"], "key_ids": ["k1"] },
            ] }],
            "routing_rules": [{ "id": "u1", "name": "rule", "cel_expression": "", "priority": 1, "targets": [
                { "provider": "openai", "model": "gpt-4o", "provider_key_name": "spare", "weight": 1 },
            ] }],
        },
    })
}

fn gateway() -> Gateway {
    Gateway::new(Release::V2_0_0_PRERELEASE3, 7)
        .with_environment(["KEY=sk-upstream-0123456789".to_owned(), "VALUE=sk-bf-chosen".to_owned()])
}

fn started(file: &Value) -> Gateway {
    let mut gateway = gateway();
    gateway.start(&file.to_string(), NOW).expect("it starts");
    gateway
}

/// Sets a place of the file and says why the gateway does not start from it.
#[track_caller]
fn stops(pointer: &str, value: Value, expected: &str) {
    let mut file = file();
    let (parent, name) = pointer.rsplit_once('/').expect("a pointer");
    file.pointer_mut(parent).expect("a place")[name] = value;
    let mut gateway = gateway();
    let before = gateway.to_json();
    let error = gateway.start(&file.to_string(), NOW).expect_err("it must not start");
    assert_eq!(error.to_string(), expected, "for {pointer}");
    assert_eq!(gateway.to_json(), before, "nothing of the file is kept");
}

#[test]
fn one_bad_reference_stops_the_start() {
    let key = "/governance/virtual_keys/0";
    let config = |keys: Value| json!([{ "provider": "openai", "key_ids": keys, "allowed_models": ["*"] }]);
    stops(&format!("{key}/provider_configs"), config(json!(["main"])), "could not resolve keys: key_id=main");
    stops(&format!("{key}/team_id"), json!("t9"), "FOREIGN KEY constraint failed");
    stops(&format!("{key}/value"), json!("env.NOT_THERE"), "FOREIGN KEY constraint failed");
    stops("/governance/teams", json!([]), "FOREIGN KEY constraint failed");
    stops("/governance/rate_limits", json!([]), "FOREIGN KEY constraint failed");
    stops("/governance/customers", json!([{ "id": "c1", "name": "acme", "budget_id": "b9" }]), "budget b9 not found");
    stops(
        "/governance/budgets",
        json!([{ "id": "b2", "max_limit": 0, "reset_duration": "1d" }]),
        "budget max limit cannot be negative or zero: 0.00",
    );
    stops(
        "/config_store",
        json!({ "enabled": false }),
        "failed to initialize governance handler: config store is required",
    );
    stops(
        "/governance/routing_rules",
        json!([{ "id": "u1", "name": "r", "targets": [
        { "provider": "openai", "provider_key_name": "other", "weight": 1 }] }]),
        "failed to resolve governance key references: provider key not found for name=\"other\"",
    );
    stops("/governance/virtual_keys", json!([]), "FOREIGN KEY constraint failed");
    stops("/providers/openai/keys/1/name", json!("main"), "UNIQUE constraint failed: config_keys.name");
}

/// Calls the API and gives the answer.
fn ask(gateway: &mut Gateway, method: &str, path: &str, body: &Value) -> Value {
    let answer = gateway.handle(&Request::new(method, path).json(body), NOW);
    assert!(answer.status < 300, "{method} {path}: {}", answer.body);
    answer.value()
}

#[test]
fn what_is_there_after_a_start_is_what_the_file_says() {
    let mut gateway = started(&file());
    let key = ask(&mut gateway, "GET", "/api/governance/virtual-keys/v1", &Value::Null);
    assert_eq!(key["virtual_key"]["value"], json!("sk-bf-chosen"));
    assert_eq!(key["virtual_key"]["provider_configs"][0]["keys"][0]["name"], json!("main"));
    let rules = ask(&mut gateway, "GET", "/api/governance/routing-rules", &Value::Null);
    assert_eq!(rules["rules"][0]["targets"][0]["key_id"], json!("k2"));
    let state = gateway.state();
    assert_eq!(state["client_config"]["enforce_auth_on_inference"], json!(true));
    assert_eq!(state["client_config"]["compat"]["should_drop_params"], json!(false));
    assert_eq!(state["customers"][0]["limits"]["budgets"][0]["max_limit"], json!(7));
    assert_eq!(state["virtual_keys"][0]["limits"]["budgets"][0]["max_limit"], json!(5));
    assert_eq!(state["teams"][0]["limits"]["rate_limit"]["token_max_limit"], json!(5));
}

/// An item that did not change in the file is left as the API made it; one that did is made anew; what the file does
/// not name stays, but for the keys of a provider that changed in it.
#[test]
fn a_second_start_takes_only_what_changed_in_the_file() {
    let mut gateway = started(&file());
    ask(&mut gateway, "PUT", "/api/governance/teams/t1", &json!({ "name": "renamed" }));
    ask(&mut gateway, "POST", "/api/governance/teams", &json!({ "name": "by-hand" }));
    ask(
        &mut gateway,
        "POST",
        "/api/providers/openai/keys",
        &json!({ "name": "by-hand", "value": "sk-1", "models": ["*"], "weight": 1 }),
    );
    let before = gateway.state();
    gateway.start(&file().to_string(), NOW).expect("it starts again");
    assert_eq!(gateway.state(), before, "the same file changes nothing");

    let mut changed = file();
    changed["governance"]["virtual_keys"][0]["description"] = json!("new");
    changed["governance"]["virtual_keys"][0]["value"] = json!("");
    changed["providers"]["openai"]["keys"][0]["models"] = json!(["gpt-4o"]);
    gateway.start(&changed.to_string(), NOW).expect("it starts again");
    let state = gateway.state();
    assert_eq!(state["virtual_keys"][0]["description"], json!("new"));
    let names: Vec<&Value> = state["teams"].as_array().into_iter().flatten().map(|team| &team["name"]).collect();
    assert_eq!(names, ["renamed", "by-hand"]);
    let keys = ask(&mut gateway, "GET", "/api/providers/openai/keys", &Value::Null);
    let names: Vec<&Value> = keys["keys"].as_array().into_iter().flatten().map(|key| &key["name"]).collect();
    assert_eq!(names, ["main", "spare"], "the key made by hand is gone");
    let key = ask(&mut gateway, "GET", "/api/governance/virtual-keys/v1", &Value::Null);
    assert_eq!(key["virtual_key"]["value"], json!("sk-bf-chosen"), "a value that the file does not say stays");
}

/// Topic 25.
#[test]
fn without_a_store_only_a_file_without_governance_starts() {
    let mut bare = file();
    bare["config_store"] = json!({ "enabled": false });
    bare.as_object_mut().expect("an object").remove("governance");
    started(&bare);
}
