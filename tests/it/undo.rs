//! An apply is taken back whole: the gateway is as it was, to the byte, and nothing of anybody else's has another id.

use apply::End;
use plan::{Choices, ExpiryChoice};
use sandbox::{Gateway, Release, Request};
use serde_json::{Value, json};
use support::company;
use support::practice::Practice;

/// The releases whose deletes and changes were recorded.
const RECORDED: [Release; 3] = [Release::V1_5_2, Release::V1_5_16, Release::V2_0_0_PRERELEASE3];

/// A gateway in use: settings saved once, a provider with a key, an owner, a team, and a key that may use every key.
fn in_use(release: Release, environment: &[String]) -> Gateway {
    let mut gateway = Gateway::new(release, 11).with_environment(environment.iter().cloned());
    let mut send = |method: &str, path: &str, body: &Value| -> Value {
        let answer = gateway.handle(&Request::new(method, path).json(body), company::now());
        assert!(answer.status < 300, "{path}: {}", answer.body);
        serde_json::from_str(&answer.body).expect("JSON")
    };
    let mut settings = send("GET", "/api/config", &Value::Null)["client_config"].clone();
    settings["log_retention_days"] = json!(30);
    send("PUT", "/api/config", &json!({ "client_config": settings }));
    send("POST", "/api/providers", &json!({"provider": "openai"}));
    let key = json!({"name": "theirs", "value": "sk-theirs-0123456789abcdef", "models": ["*"], "weight": 1});
    send("POST", "/api/providers/openai/keys", &key);
    let customer = send("POST", "/api/governance/customers", &json!({"name": "theirs"}));
    let team = json!({"name": "theirs", "customer_id": customer["customer"]["id"]});
    let team = send("POST", "/api/governance/teams", &team);
    let all = json!([{"provider": "openai", "weight": 1, "allowed_models": ["*"], "key_ids": ["*"]}]);
    let key = json!({"name": "theirs", "team_id": team["team"]["id"], "provider_configs": all});
    send("POST", "/api/governance/virtual-keys", &key);
    gateway
}

#[test]
fn the_recorded_companies_are_taken_back() {
    for version in ["1.101.6", "1.108.7"] {
        let (inventory, vault) = company::recorded(version);
        let choices = Choices { expiring_keys: Some(ExpiryChoice::Inactive), ..Choices::default() };
        for release in RECORDED {
            let draft = report::plan_json(&Practice::new(release).plan(&inventory, &vault, &choices));
            let names = draft.split('"').filter_map(|word| word.strip_prefix("env."));
            let environment: Vec<String> = names.map(str::to_owned).collect();
            let mut practice = Practice::of(in_use(release, &environment));
            let (first, print) = (practice.state(), practice.observe().fingerprint_text());
            let plan = practice.plan(&inventory, &vault, &choices);
            let journal = practice.apply(&plan, &vault);
            assert_ne!(practice.state(), first);
            let (outcome, journal) = practice.undo(&plan, journal);
            assert_eq!(outcome.end, End::Finished, "{version} {release}: {:#?}", journal.undone());
            assert_eq!(practice.state(), first, "{version} {release}");
            assert_eq!(practice.observe().fingerprint_text(), print, "{version} {release}");
            let lines = journal.lines.len();
            assert_eq!(practice.undo(&plan, journal).1.lines.len(), lines, "a second undo does nothing");
        }
    }
}
