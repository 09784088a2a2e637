//! What 2.2.6 does differently, as its sources say (`reference/bifrost-api.md` 1.3, 2.2, 4, 6.1): not recorded.

use model::Moment;
use sandbox::{Gateway, Release, Request, Response};
use serde_json::{Value, json};

const NOW: Moment = Moment::from_millis(1_800_000_000_000);
const TOKEN: &str = "setup-token";

fn locked() -> Gateway {
    Gateway::new(Release::V2_2_6, 7).with_setup_token(TOKEN)
}

fn ask(gateway: &mut Gateway, method: &str, path: &str, headers: &[(&str, &str)], body: &Value) -> Response {
    let request = Request::new(method, path).json(body);
    let request = headers.iter().fold(request, |request, (name, value)| request.header(name, value));
    gateway.handle(&request, NOW)
}

/// A call with the setup token.
fn send(gateway: &mut Gateway, method: &str, path: &str, body: &Value) -> Response {
    ask(gateway, method, path, &[("X-Bifrost-Setup-Token", TOKEN)], body)
}

#[track_caller]
fn check(answer: &Response, status: u16, words: &str) {
    assert_eq!(answer.status, status, "{}", answer.body);
    assert!(answer.body.contains(words), "{words:?} is not in {}", answer.body);
}

#[test]
fn everything_is_locked_until_an_administrator_is_set_up() {
    let gateway = &mut locked();
    let none = json!({});
    for path in ["/api/providers", "/api/config", "/api/governance/virtual-keys", "/api/governance/virtual-keys/x"] {
        check(&ask(gateway, "GET", path, &[], &none), 401, "send the setup token in the X-Bifrost-Setup-Token header");
        check(&ask(gateway, "GET", path, &[("X-Bifrost-Setup-Token", "x")], &none), 403, "invalid setup token");
    }
    for path in ["/health", "/api/version", "/api/session/is-auth-enabled"] {
        check(&ask(gateway, "GET", path, &[], &none), 200, "");
    }
    let state = ask(gateway, "GET", "/api/session/is-auth-enabled", &[], &none).value();
    assert_eq!(state["setup_required"], json!(true));
    check(&send(gateway, "GET", "/api/providers", &none), 200, "providers");
    let unset = &mut Gateway::new(Release::V2_2_6, 7);
    check(&send(unset, "GET", "/api/providers", &none), 403, "no setup token is set");

    let setup = ask(gateway, "POST", "/api/session/setup", &[], &json!({ "setup_token": TOKEN }));
    let cookie = setup.cookie.unwrap_or_default();
    assert!(cookie.starts_with("bifrost_setup_session="), "{cookie}");
    check(&ask(gateway, "GET", "/api/providers", &[("Cookie", &cookie)], &none), 200, "providers");
    check(&ask(gateway, "POST", "/api/session/setup", &[], &json!({ "setup_token": "x" })), 403, "invalid setup token");
}

#[test]
fn the_setup_token_stops_with_the_first_administrator() {
    let gateway = &mut locked();
    let mut config = send(gateway, "GET", "/api/config", &json!({})).value()["client_config"].clone();
    assert_eq!(config["enforce_auth_on_inference"], json!(true), "a fresh one wants virtual keys");
    config["log_retention_days"] = json!(30);
    let auth = json!({ "admin_username": "admin", "admin_password": "Sup3r-Secret-Passw0rd!", "is_enabled": true });
    let body = json!({ "client_config": config, "auth_config": auth });
    check(&send(gateway, "PUT", "/api/config", &body), 200, "success");
    check(&send(gateway, "GET", "/api/providers", &json!({})), 401, "Unauthorized");
    let login = json!({ "username": "admin", "password": "Sup3r-Secret-Passw0rd!" });
    let cookie = ask(gateway, "POST", "/api/session/login", &[], &login).cookie.unwrap_or_default();
    check(&ask(gateway, "GET", "/api/providers", &[("Cookie", &cookie)], &json!({})), 200, "providers");
    // A change of the administrator ends every session.
    check(&ask(gateway, "PUT", "/api/config", &[("Cookie", &cookie)], &body), 200, "success");
    check(&ask(gateway, "GET", "/api/providers", &[("Cookie", &cookie)], &json!({})), 401, "Unauthorized");
}

#[test]
fn rules_have_two_paths_and_one_list() {
    let gateway = &mut locked();
    let rule = |name: &str, priority: i64, weight: f64| json!({ "name": name, "priority": priority, "targets": [{ "provider": "openai", "weight": weight }] });
    check(&send(gateway, "POST", "/api/routing/rules", &rule("a", 1, 1.0)), 200, "created");
    check(&send(gateway, "GET", "/api/governance/routing-rules", &json!({})), 200, "\"total_count\":1");
    let again = send(gateway, "POST", "/api/governance/routing-rules", &rule("b", 1, 1.0));
    check(&again, 409, "routing rule with priority 1 already exists for scope 'global'; use a different priority");
    let two = json!([{ "provider": "openai", "weight": 1 }, { "model": "m", "weight": 0 }]);
    let weightless = json!({ "name": "c", "priority": 2, "targets": two });
    check(&send(gateway, "POST", "/api/routing/rules", &weightless), 400, "each target weight must be greater than 0");
    let mut older = Gateway::new(Release::V2_0_0_PRERELEASE3, 7);
    assert_eq!(ask(&mut older, "GET", "/api/routing/rules", &[], &json!({})).content_type, "text/html; charset=utf-8");
}

/// A gateway with one provider, its key, and a virtual key; what a call with that comes to.
fn served(virtual_key: &Value, model: &str) -> String {
    let gateway = &mut locked();
    send(gateway, "POST", "/api/providers", &json!({ "provider": "openai" }));
    let key = json!({ "name": "k", "value": "sk-1234567890", "models": ["*"], "weight": 1 });
    send(gateway, "POST", "/api/providers/openai/keys", &key);
    let made = send(gateway, "POST", "/api/governance/virtual-keys", virtual_key).value();
    let value = made["virtual_key"]["value"].as_str().unwrap_or("sk-bf-unknown").to_owned();
    let answer = ask(gateway, "POST", "/v1/chat/completions", &[("x-bf-vk", &value)], &json!({ "model": model }));
    format!("{} {}", answer.status, answer.value()["type"].as_str().unwrap_or("-"))
}

#[test]
fn access_is_refused_in_new_words() {
    let open = json!({ "name": "v", "allow_all_providers": true });
    assert_eq!(served(&open, "openai/gpt-4o"), "200 -");
    assert_eq!(served(&open, "gpt-4o"), "200 -");
    assert_eq!(served(&json!({ "name": "v" }), "openai/gpt-4o"), "403 provider_blocked");
    let shut = json!({ "name": "v", "allow_all_providers": true, "is_active": false });
    assert_eq!(served(&shut, "openai/gpt-4o"), "403 access_blocked");
    assert_eq!(served(&json!({}), "openai/gpt-4o"), "403 access_not_found");
}

#[test]
fn a_change_of_a_provider_keeps_the_blocks_it_leaves_out() {
    let gateway = &mut locked();
    let custom = json!({ "base_provider_type": "openai" });
    let body = json!({ "provider": "mine", "custom_provider_config": custom, "proxy_config": { "type": "http" } });
    send(gateway, "POST", "/api/providers", &body);
    let sizes = json!({ "concurrency": 1, "buffer_size": 1 });
    let put = |body: Value| {
        let mut body = body;
        body["concurrency_and_buffer_size"] = sizes.clone();
        body
    };
    let kept = send(gateway, "PUT", "/api/providers/mine", &put(json!({}))).value();
    assert_eq!(kept["proxy_config"], json!({ "type": "http" }));
    assert_eq!(kept["custom_provider_config"]["base_provider_type"], json!("openai"));
    let cleared = send(gateway, "PUT", "/api/providers/mine", &put(json!({ "proxy_config": null }))).value();
    assert_eq!(cleared["proxy_config"], Value::Null);
}
