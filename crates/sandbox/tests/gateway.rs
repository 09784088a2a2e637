//! What the practice gateway promises beside answering as recorded.

use std::collections::BTreeMap;

use bifrost::Endpoint;
use model::Moment;
use sandbox::{Catalogue, Gateway, Release, Request};
use serde_json::{Value, json};

const NOW: Moment = Moment::from_millis(1_795_487_100_000);

/// Opens the gateways that are locked until they are set up.
const TOKEN: &str = "setup-token";

fn empty(release: Release, seed: u64) -> Gateway {
    Gateway::new(release, seed).with_setup_token(TOKEN)
}

fn request(method: &str, target: &str) -> Request {
    Request::new(method, target).header("X-Bifrost-Setup-Token", TOKEN)
}

#[track_caller]
fn send(gateway: &mut Gateway, method: &str, target: &str, body: &Value) -> Value {
    let answer = gateway.handle(&request(method, target).json(body), NOW);
    assert!(answer.status < 300, "{method} {target}: {} {}", answer.status, answer.body);
    answer.value()
}

fn provider(gateway: &mut Gateway, name: &str) {
    send(gateway, "POST", "/api/providers", &json!({ "provider": name }));
}

fn key(gateway: &mut Gateway, provider: &str, name: &str, models: &[&str]) -> Value {
    let body = json!({ "name": name, "value": format!("sk-{name}"), "models": models, "weight": 1 });
    send(gateway, "POST", &format!("/api/providers/{provider}/keys"), &body)["id"].clone()
}

/// Makes a small company, in the one order or the other.
fn company(release: Release, seed: u64, reversed: bool) -> Gateway {
    let mut gateway = empty(release, seed);
    let mut teams = ["red", "blue"];
    if reversed {
        teams.reverse();
    }
    provider(&mut gateway, "openai");
    let id = key(&mut gateway, "openai", "main", &["gpt-4o"]);
    let customer = send(&mut gateway, "POST", "/api/governance/customers", &json!({ "name": "acme" }));
    for name in teams {
        let body = json!({ "name": name, "customer_id": customer["customer"]["id"] });
        let team = send(&mut gateway, "POST", "/api/governance/teams", &body)["team"]["id"].clone();
        let entry = json!({ "provider": "openai", "weight": 1, "allowed_models": ["gpt-4o"], "key_ids": [id] });
        let body = json!({
            "name": format!("{name}-key"),
            "team_id": team,
            "provider_configs": [entry],
            "budgets": [{ "max_limit": 2.5, "reset_duration": "30d" }],
        });
        send(&mut gateway, "POST", "/api/governance/virtual-keys", &body);
        let body = json!({
            "name": format!("{name}-rule"),
            "cel_expression": "model == \"fast\"",
            "targets": [{ "provider": "openai", "model": "gpt-4o", "key_id": id, "weight": 1 }],
            "scope": "team",
            "scope_id": team,
            "priority": 1,
        });
        send(&mut gateway, "POST", "/api/governance/routing-rules", &body);
    }
    gateway
}

#[test]
fn every_endpoint_of_the_engine_is_there() {
    let params: BTreeMap<String, String> =
        ["provider", "id"].into_iter().map(|name| (name.to_owned(), "nope".to_owned())).collect();
    for release in Release::TARGETS {
        for endpoint in Endpoint::ALL {
            let path = endpoint.path(&params).expect("the parameters of every path are known");
            let request = request(endpoint.method().as_str(), &path).json(&json!({}));
            let answer = empty(release, 1).handle(&request, NOW);
            let is_json = answer.content_type == "application/json";
            assert_eq!(is_json, *endpoint != Endpoint::UserList, "{release} {}: {}", endpoint.id(), answer.body);
        }
    }
}

#[test]
fn the_same_seed_gives_the_same_bytes() {
    for release in Release::TARGETS {
        let shown = |seed| company(release, seed, false).to_json().to_string();
        assert_eq!(shown(1), shown(1), "{release}");
        assert_ne!(shown(1), shown(2), "{release}");
    }
}

#[test]
fn end_states_compare_whatever_the_way() {
    for release in Release::TARGETS {
        let one = company(release, 1, false);
        let mut other = company(release, 2, true);
        assert_eq!(one.state(), other.state(), "{release}");
        let list = send(&mut other, "GET", "/api/governance/virtual-keys", &Value::Null);
        let id = list["virtual_keys"][0]["id"].as_str().unwrap_or_default().to_owned();
        send(&mut other, "PUT", &format!("/api/governance/virtual-keys/{id}"), &json!({ "is_active": false }));
        assert_ne!(one.state(), other.state(), "{release}");
    }
}

#[test]
fn a_gateway_survives_being_stored() {
    for release in Release::TARGETS {
        let mut before = company(release, 3, false);
        let text = before.to_json().to_string();
        let stored = serde_json::from_str(&text).expect("JSON");
        let mut after = Gateway::from_json(&stored).expect("a stored gateway");
        assert_eq!(after.to_json().to_string(), text, "{release}");
        for target in ["/api/governance/virtual-keys", "/api/providers/openai/keys", "/api/config"] {
            let request = request("GET", target);
            assert_eq!(before.handle(&request, NOW), after.handle(&request, NOW), "{release} {target}");
        }
        let body = json!({ "name": "next" });
        let next = |gateway: &mut Gateway| send(gateway, "POST", "/api/governance/virtual-keys", &body);
        assert_eq!(next(&mut before), next(&mut after), "{release}");
    }
    assert!(Gateway::from_json(&json!({})).is_err());
}

#[test]
fn nothing_that_arrives_makes_it_fall() {
    let bodies = ["", "{", "null", "[]", "[[[[", "{\"name\":null}", "{\"provider_configs\":[null]}", "\u{feff}{}"];
    let paths = ["/", "//", "/api/", "/api/providers//keys/", "/%", "/api/providers/%ff", "/api/governance/teams/../x"];
    for release in Release::TARGETS {
        let mut gateway = company(release, 4, false);
        for method in ["GET", "POST", "PUT", "DELETE", "PATCH", "HEAD", "OPTIONS", ""] {
            for body in bodies {
                for path in paths {
                    let request = Request { body: body.to_owned(), ..request(method, path) };
                    assert!(gateway.handle(&request, NOW).status >= 200);
                }
                for endpoint in Endpoint::ALL {
                    let path = endpoint.template().replace("{provider}", "openai").replace("{id}", "x");
                    let request = Request { body: body.to_owned(), ..request(method, &path) };
                    assert!(gateway.handle(&request, NOW).status >= 200);
                }
            }
        }
    }
}

/// What a chat with the virtual key of that name comes to: who served it, or the error.
fn chat(gateway: &mut Gateway, virtual_key: &str, model: &str) -> String {
    let list = send(gateway, "GET", &format!("/api/governance/virtual-keys?search={virtual_key}"), &Value::Null);
    let value = list["virtual_keys"][0]["value"].as_str().unwrap_or_default().to_owned();
    let body = json!({ "model": model, "messages": [{ "role": "user", "content": "hi" }] });
    let request = Request::new("POST", "/v1/chat/completions").json(&body).header("x-bf-vk", &value);
    let answer = gateway.handle(&request, NOW);
    let body = answer.value();
    if answer.status == 200 {
        let text = |name: &str| body["extra_fields"][name].as_str().unwrap_or_default().to_owned();
        let said = body["choices"][0]["message"]["content"].as_str().unwrap_or_default();
        let key = said.split_once("key=").map(|(_, key)| key).unwrap_or_default();
        return format!("{} {} {key}", text("provider"), text("resolved_model_used"));
    }
    format!("{} {}", answer.status, body["type"].as_str().unwrap_or("-"))
}

#[test]
fn rules_of_a_team_hold_for_its_keys_only() {
    for release in Release::TARGETS {
        let mut gateway = company(release, 5, false);
        assert_eq!(chat(&mut gateway, "red-key", "fast"), "openai gpt-4o main");
        assert_eq!(chat(&mut gateway, "red-key", "openai/gpt-4o"), "openai gpt-4o main");
        assert_eq!(chat(&mut gateway, "red-key", "openai/gpt-4"), "403 model_blocked");
        assert_eq!(chat(&mut gateway, "red-key", "anthropic/claude"), "400 -");
        send(&mut gateway, "POST", "/api/governance/virtual-keys", &json!({ "name": "alone" }));
        assert_eq!(chat(&mut gateway, "alone", "fast"), "400 -");
        assert_eq!(chat(&mut gateway, "alone", "openai/gpt-4o"), "403 provider_blocked");
    }
}

#[test]
fn a_star_covers_what_is_listed() {
    let with = |release: Release, catalogue: Catalogue| {
        let mut gateway = empty(release, 6).with_catalogue(catalogue);
        provider(&mut gateway, "openai");
        key(&mut gateway, "openai", "all", &["*"]);
        let entry = json!({ "provider": "openai", "weight": 1, "allowed_models": ["*"], "key_ids": ["*"] });
        send(
            &mut gateway,
            "POST",
            "/api/governance/virtual-keys",
            &json!({ "name": "k", "provider_configs": [entry] }),
        );
        ["openai/gpt-4o", "openai/unlisted", "unlisted"].map(|model| chat(&mut gateway, "k", model))
    };
    let listed = Catalogue::default().with_models("openai", &["gpt-4o"]);
    for release in Release::TARGETS {
        let served = ["openai gpt-4o all", "403 model_blocked", "400 -"];
        assert_eq!(with(release, listed.clone()), served, "{release}");
    }
    let none = Catalogue::default();
    assert_eq!(with(Release::V1_5_2, none.clone()), ["403 model_blocked", "403 model_blocked", "400 -"]);
    assert_eq!(with(Release::V1_5_16, none), ["openai gpt-4o all", "openai unlisted all", "openai unlisted all"]);
}
