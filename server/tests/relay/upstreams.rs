//! What reaches LiteLLM and Bifrost.

use std::collections::BTreeMap;

use bifrost::Endpoint;
use wire::{CallTarget, ReadSource, SourceRead, TargetCall, code};

use crate::running::{Double, Relay, ok, with_status};

fn read(endpoint: &str, query: &[(&str, &str)]) -> SourceRead {
    let query = query.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
    SourceRead { endpoint: endpoint.to_owned(), query }
}

fn call(endpoint: &str) -> TargetCall {
    let params = ["provider", "id"].map(|name| (name.to_owned(), "x/../y".to_owned()));
    TargetCall { endpoint: endpoint.to_owned(), params: params.into(), query: BTreeMap::new(), body: None }
}

#[test]
fn litellm_is_only_ever_read() {
    let litellm = Double::saying("{}");
    let relay = Relay::start("reads", &[("LITELLM_URL", &litellm.url), ("LITELLM_MASTER_KEY", "sk-canary-master")]);
    for endpoint in litellm::endpoint::ENDPOINTS {
        let query: Vec<_> = endpoint.query.iter().map(|name| (*name, "1 &x=2")).collect();
        let answer = relay.call::<ReadSource>(&read(endpoint.id, &query)).expect("an answer");
        assert_eq!((answer.status, answer.content_type.as_str()), (200, "application/json"), "{}", endpoint.id);
    }
    let seen = litellm.seen();
    assert_eq!(seen.len(), litellm::endpoint::ENDPOINTS.len());
    for (seen, endpoint) in seen.iter().zip(litellm::endpoint::ENDPOINTS) {
        assert_eq!((seen.method.as_str(), seen.body.as_str()), ("GET", ""), "{}", endpoint.id);
        let (path, query) = seen.target.split_once('?').unwrap_or((&seen.target, ""));
        assert_eq!(path, endpoint.path);
        assert_eq!(query.split('&').filter(|pair| !pair.is_empty()).count(), endpoint.query.len(), "{query}");
        assert_eq!(seen.header("authorization"), Some("Bearer sk-canary-master"));
    }

    for (endpoint, query) in
        [("keys", "expand"), ("teams", "size"), ("readiness", "x"), ("nothing", "page"), ("", ""), ("/key/delete", "")]
    {
        let query = if query.is_empty() { Vec::new() } else { vec![(query, "1")] };
        let (status, refusal) = relay.call::<ReadSource>(&read(endpoint, &query)).expect_err(endpoint);
        assert_eq!((status, refusal.code.as_str()), (400, code::REQUEST), "{endpoint}");
    }
    assert_eq!(litellm.seen().len(), seen.len(), "a refused read went out");
}

#[test]
fn bifrost_gets_each_call_of_the_table_with_the_login() {
    let bifrost = Double::saying("{}");
    let env = [
        ("BIFROST_URL", bifrost.url.as_str()),
        ("BIFROST_API_KEY", "bfst-canary"),
        ("BIFROST_SETUP_TOKEN", "canary-setup"),
        ("HTTP_PROXY", "http://127.0.0.1:1"),
        ("ALL_PROXY", "http://127.0.0.1:1"),
    ];
    let relay = Relay::start("calls", &env);
    for endpoint in Endpoint::ALL {
        let answer = relay.call::<CallTarget>(&call(endpoint.id())).expect("an answer");
        assert_eq!(answer.status, 200, "{endpoint:?}");
    }
    let seen = bifrost.seen();
    assert_eq!(seen.len(), Endpoint::ALL.len());
    for (seen, endpoint) in seen.iter().zip(Endpoint::ALL) {
        assert_eq!(seen.method, endpoint.method().as_str(), "{endpoint:?}");
        assert_eq!(seen.target, endpoint.path(&call("").params).expect("a path"));
        assert!(seen.target.matches('/').count() == endpoint.template().matches('/').count(), "{}", seen.target);
        let anonymous = *endpoint == Endpoint::ModelList;
        assert_eq!(seen.header("authorization"), (!anonymous).then_some("Bearer bfst-canary"), "{endpoint:?}");
        assert_eq!(seen.header("x-bifrost-setup-token"), (!anonymous).then_some("canary-setup"), "{endpoint:?}");
        let mut names: Vec<&str> = seen.head.lines().skip(1).filter_map(|line| line.split(':').next()).collect();
        names.retain(|name| !["authorization", "x-bifrost-setup-token", "content-length"].contains(name));
        names.sort_unstable();
        assert_eq!(names, ["accept", "host", "user-agent"], "{endpoint:?}");
    }
}

#[test]
fn an_id_cannot_leave_its_place_in_the_path() {
    let bifrost = Double::saying("{}");
    let relay = Relay::start("ids", &[("BIFROST_URL", &bifrost.url)]);
    for id in ["", ".", "..", "%2e%2e"] {
        let mut delete = call("virtual_key_delete");
        delete.params.insert("id".to_owned(), id.to_owned());
        let _ = relay.call::<CallTarget>(&delete);
    }
    let targets: Vec<String> = bifrost.seen().into_iter().map(|seen| seen.target).collect();
    assert_eq!(targets, ["/api/governance/virtual-keys/%252e%252e"]);
    let mut missing = call("virtual_key_delete");
    missing.params.clear();
    let (status, refusal) = relay.call::<CallTarget>(&missing).expect_err("no id");
    assert_eq!((status, refusal.code.as_str()), (502, code::UPSTREAM));
    let (status, _) = relay.call::<CallTarget>(&call("virtual_key_drop")).expect_err("no such call");
    assert_eq!(status, 400);
}

#[test]
fn bodies_go_out_as_they_came_in() {
    let bifrost = Double::start(|seen| ok(&seen.body));
    let relay = Relay::start("bodies", &[("BIFROST_URL", &bifrost.url)]);
    let body = serde_json::json!({"name": "ü\"\\", "rate": 0.1, "big": 12_345_678_901_234_567_u64, "none": null});
    let create = TargetCall { body: Some(body.clone()), ..call("team_create") };
    let answer = relay.call::<CallTarget>(&create).expect("an answer");
    assert_eq!(serde_json::from_str::<serde_json::Value>(&answer.body).expect("JSON"), body);
    let list = TargetCall { body: Some(body), ..call("team_list") };
    assert!(relay.call::<CallTarget>(&list).is_err(), "a GET has no body");
}

#[test]
fn a_redirect_is_an_answer_and_is_not_followed() {
    let elsewhere = Double::saying("{}");
    let place = elsewhere.url.clone();
    let redirect = move |_: &_| {
        format!("HTTP/1.1 307 Temporary Redirect\r\nLocation: {place}/stolen\r\nContent-Length: 0\r\n\r\n")
    };
    let upstream = Double::start(redirect);
    let env = [("LITELLM_URL", upstream.url.as_str()), ("BIFROST_URL", upstream.url.as_str())];
    let relay = Relay::start("redirect", &env);
    assert_eq!(relay.call::<ReadSource>(&read("budgets", &[])).expect("an answer").status, 307);
    assert_eq!(relay.call::<CallTarget>(&call("team_create")).expect("an answer").status, 307);
    assert_eq!(upstream.seen().len(), 2);
    assert_eq!(elsewhere.seen(), []);
}

#[test]
fn an_endless_answer_is_cut_off() {
    let endless = Double::start(|_| {
        let body = "x".repeat(33 << 20);
        format!("HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n\r\n{body}")
    });
    let relay = Relay::start("endless", &[("BIFROST_URL", &endless.url)]);
    let (status, refusal) = relay.call::<CallTarget>(&call("config_get")).expect_err("too large");
    assert_eq!((status, refusal.code.as_str()), (504, code::TOO_LARGE));
}

#[test]
fn not_sent_and_unknown_are_told_apart() {
    let broken = Double::start(|seen| match seen.target.as_str() {
        "/api/governance/teams" => String::new(),
        "/api/governance/customers" => "HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n{\"half\":".to_owned(),
        _ => with_status("500 Internal Server Error", r#"{"error":{"message":"no"}}"#),
    });
    let relay = Relay::start("broken", &[("BIFROST_URL", &broken.url)]);
    for endpoint in ["team_create", "customer_create"] {
        let (status, refusal) = relay.call::<CallTarget>(&call(endpoint)).expect_err(endpoint);
        assert_eq!((status, refusal.code.as_str()), (504, code::UPSTREAM), "{endpoint}");
    }
    assert_eq!(broken.seen().len(), 2, "nothing is sent twice");
    assert_eq!(relay.call::<CallTarget>(&call("config_put")).expect("an answer, if a bad one").status, 500);

    let closed = Relay::start("closed", &[("BIFROST_URL", "http://127.0.0.1:1")]);
    let (status, refusal) = closed.call::<CallTarget>(&call("team_create")).expect_err("nobody there");
    assert_eq!((status, refusal.code.as_str()), (502, code::UPSTREAM));
    assert!(refusal.message.contains("Connection refused"), "{}", refusal.message);
}

#[test]
fn off_limits_addresses_are_not_dialled() {
    for url in ["https://169.254.169.254", "https://[fe80::1]", "https://[::ffff:169.254.169.254]", "https://0.0.0.0"] {
        let relay = Relay::start("limits", &[("BIFROST_URL", url)]);
        let (status, refusal) = relay.call::<CallTarget>(&call("version")).expect_err(url);
        assert_eq!(status, 502, "{url}");
        assert!(refusal.message.contains("link-local"), "{url}: {}", refusal.message);
    }
}

#[test]
fn what_is_not_configured_says_how_to() {
    let bifrost = Double::saying("{}");
    let relay = Relay::start("unset", &[("BIFROST_URL", &bifrost.url)]);
    let (status, refusal) = relay.call::<ReadSource>(&read("keys", &[])).expect_err("no proxy");
    assert_eq!((status, refusal.code.as_str()), (404, code::NOT_CONFIGURED));
    let (status, _) = relay.call::<wire::ReadDatabase>(&wire::Nothing {}).expect_err("no database");
    assert_eq!(status, 404);
    let (status, _) = relay.call::<wire::GetConfigFile>(&wire::Nothing {}).expect_err("no file");
    assert_eq!(status, 404);
    let said = relay.call::<wire::GetStatus>(&wire::Nothing {}).expect("a status");
    assert_eq!(said.target.map(|target| target.name), Some(bifrost.url));
    assert_eq!((said.practice, said.source, said.database, said.config_file), (None, None, None, None));
}
