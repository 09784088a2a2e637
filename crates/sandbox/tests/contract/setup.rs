//! What a topic needed first, or in between, and was not recorded.

use sandbox::{Catalogue, Gateway, Release};
use serde_json::{Value, json};

use crate::{Replay, recording};

/// The fake upstream of the management topics.
const UPSTREAM: &str = "http://127.0.0.1:18600";

/// The fake upstream of the inference topics.
const LISTING: &str = "http://127.0.0.1:18601";

/// An empty gateway in the surroundings of a topic.
pub(crate) fn gateway(release: Release, topic: &str) -> Gateway {
    let models = ["gpt-4o", "gpt-4o-mini", "model-a", "model-b", "text-embedding-3-small", "up-model"];
    let catalogue = Catalogue::default()
        .with_upstream(LISTING, &models)
        .with_upstream(&format!("{LISTING}/an"), &["claude-sonnet-4-5"])
        .with_price("gpt-4o", 0.000_002_5, 0.000_01)
        .with_failing("fail-500");
    let gateway = Gateway::new(release, 7)
        .with_environment(["TEST_UPSTREAM_KEY=sk-from-the-environment-cdef".to_owned()])
        .with_catalogue(catalogue);
    match topic {
        "10b" => gateway.with_mcp_servers([format!("{LISTING}/mcp")]),
        _ => gateway,
    }
}

/// The topics that were taken before on the same gateway and left behind what this one sees.
pub(crate) fn earlier_topics(topic: &str) -> &'static [&'static str] {
    match topic {
        "03" => &["02"],
        "07" => &["05"],
        "04" => &["05", "07"],
        "08" | "09" | "11" | "19" => &["05", "07", "04"],
        "22" => &["21"],
        "22b" => &["21", "22"],
        "23" => &["21", "22", "22b"],
        _ => &[],
    }
}

/// Makes what was made without being recorded, just before the exchange of that id.
pub(crate) fn before(replay: &mut Replay, topic: &str, id: &str) {
    match (topic, id) {
        ("05", "customer-create") => governed(replay),
        ("07", "budget-duration-1w") => duration(replay, "1M"),
        ("07", "budget-duration-60s") => duration(replay, "1h30m"),
        ("07", "budget-duration-100ms") => duration(replay, "1.5d"),
        ("14", "vks") => many_virtual_keys(replay),
        ("19b", "vk w-put") => closing(replay),
        ("20", "vk") => restarting(replay),
        ("20", "providers-after") => replay.restart(),
        ("21", "no-vk") => addressing(replay),
        ("16", "config-before" | "weak/enable-weak-password") => {
            let fresh = gateway(replay.release(), topic);
            replay.start_over(fresh.with_setup_token("setup-token-for-tests-0123456789"));
        }
        ("22", id) if UNRECORDED.contains(&id) => filler(replay, id),
        ("22b", "models [] / kl/a") => {
            filler(replay, "before kl");
            let body = json!({ "name": "kl", "provider_configs": [entry("kl")] });
            virtual_key(replay, &body, topic, id);
        }
        ("22b", "weights-add-0" | "roundtrip-add") => no_keys(replay),
        ("22b", id) if id.starts_with("add key") => no_keys(replay),
        ("23", _) => limited(replay, id),
        ("24", "list") | ("24b", "vks") => {
            let config = recording::config(replay.release(), topic);
            from_file(replay, topic, &config);
        }
        ("24", id) if id.starts_with("version ") && id.ends_with(": e1") => {
            let empty_lists = lists(replay.release(), id);
            from_file(replay, topic, &empty_lists);
        }
        _ => {}
    }
}

/// A new gateway, started from a file.
fn from_file(replay: &mut Replay, topic: &str, config: &Value) {
    let mut fresh = gateway(replay.release(), topic);
    fresh.start(&config.to_string(), replay.tick()).expect("it starts");
    replay.start_over(fresh);
}

/// The file of topic 24 about empty lists: three keys, one without anything, one without lists, one with empty ones.
fn lists(release: Release, id: &str) -> Value {
    let mut config = recording::config(release, "24");
    let key = |name: &str, configs: &Value| json!({ "id": name, "name": name, "value": format!("sk-bf-{name}"), "provider_configs": configs });
    config["governance"] = json!({ "virtual_keys": [
        key("e1", &json!([])),
        key("e2", &json!([{ "provider": "openai", "weight": 1 }])),
        key("e3", &json!([{ "provider": "openai", "weight": 1, "allowed_models": [], "key_ids": [] }])),
    ] });
    config["providers"]["openai"]["keys"][0]["models"] = json!([]);
    match id.trim_start_matches("version ").split(':').next().and_then(|version| version.parse::<i64>().ok()) {
        Some(version) => config["version"] = json!(version),
        None => {
            config.as_object_mut().expect("an object").remove("version");
        }
    }
    config
}

fn limited(replay: &mut Replay, id: &str) {
    let openai = json!([entry("openai")]);
    let body = match id {
        "budget-1" => json!({
            "name": "lim-budget", "budgets": [{ "max_limit": 0.001, "reset_duration": "1d" }],
        }),
        "requests-1" => json!({
            "name": "lim-requests", "rate_limit": { "request_max_limit": 1, "request_reset_duration": "1h" },
        }),
        "tokens-1" => json!({
            "name": "lim-tokens", "rate_limit": { "token_max_limit": 10, "token_reset_duration": "1h" },
        }),
        "inactive" => json!({ "name": "lim-inactive", "is_active": false }),
        "team-budget-1" => {
            let teams = replay.send("GET", "/api/governance/teams?search=lim-team", &Value::Null);
            json!({ "name": "lim-team-key", "team_id": teams["teams"][0]["id"] })
        }
        "expiry-before" => {
            replay.set_clock("2026-11-24T02:37:25Z");
            json!({ "name": "lim-expired", "expires_at": "2026-11-24T02:37:28Z" })
        }
        "expiry-after" => return replay.set_clock("2026-11-24T02:37:29Z"),
        "rule-target-outside-vk" => json!({ "name": "lim-my-llm", "provider_configs": [entry("my-llm")] }),
        "rule-fallback-outside-vk" => {
            let mut only = entry("openai");
            only["allowed_models"] = json!(["fail-500"]);
            json!({ "name": "lim-openai", "provider_configs": [only] })
        }
        _ => return,
    };
    let mut body = body;
    if body.get("provider_configs").is_none() {
        body["provider_configs"] = openai;
    }
    let key = virtual_key(replay, &body, "23", id);
    match id {
        "budget-1" => replay.learn_path("23", "budget-vk-usage", &key),
        "expiry-before" => replay.learn_path("23", "expiry-get", &key),
        _ => {}
    }
}

/// Makes a virtual key whose value stands for the one in the recorded header; gives its id.
fn virtual_key(replay: &mut Replay, body: &Value, topic: &str, exchange: &str) -> String {
    let made = replay.send("POST", "/api/governance/virtual-keys", body);
    let text = |name: &str| made["virtual_key"][name].as_str().unwrap_or_default().to_owned();
    replay.learn_header(topic, exchange, &text("value"));
    text("id")
}

/// An entry that allows everything at a provider.
fn entry(provider: &str) -> Value {
    json!({ "provider": provider, "weight": 1, "allowed_models": ["*"], "key_ids": ["*"] })
}

/// Two providers and a key, for the topics about governance.
fn governed(replay: &mut Replay) {
    for name in ["openai", "anthropic"] {
        provider(replay, name, UPSTREAM, false);
    }
    let id = replay.by_release([
        "81b1bb1a-dd95-47fb-9bac-4f00f907ae2c",
        "949fc919-f9c1-4742-9d71-e01ae3064d0e",
        "824dbc2e-4726-4ca6-971e-349b67c2f926",
    ]);
    key(replay, "openai", Some(id), "openai-gov", &json!({ "models": ["*"] }));
}

/// Durations whose exchanges fell out of the recording, because their ids differ from others by case only.
fn duration(replay: &mut Replay, duration: &str) {
    let budgets = json!([{ "max_limit": 1, "reset_duration": duration }]);
    replay.send(
        "POST",
        "/api/governance/virtual-keys",
        &json!({ "name": format!("dur-{duration}-b"), "budgets": budgets }),
    );
}

/// 300 virtual keys: half one after the other, half in parallel, which left these out of order.
fn many_virtual_keys(replay: &mut Replay) {
    let mut names: Vec<String> =
        ["seq", "par"].iter().flat_map(|kind| (0..150).map(move |n| format!("{kind}-{n}"))).collect();
    for place in replay.by_release([&[][..], &[200], &[199, 290]]) {
        names.swap(*place, place + 1);
    }
    for name in names {
        let budgets = json!([{ "max_limit": 1, "reset_duration": "1d" }]);
        replay.send("POST", "/api/governance/virtual-keys", &json!({ "name": name, "budgets": budgets }));
    }
}

/// The providers and keys of topic 19b.
fn closing(replay: &mut Replay) {
    provider(replay, "openai", LISTING, false);
    provider(replay, "anthropic", &format!("{LISTING}/an"), false);
    let id = replay.by_release(["", "910f42c0-564a-4014-a0c2-3bdd6336c9e8", "846a766a-4fd4-4d6e-9dff-d6c0f7e33ac6"]);
    key(replay, "openai", None, "oa-1", &json!({ "models": ["gpt-4o"] }));
    key(replay, "openai", Some(id), "oa-2", &json!({ "models": ["model-b"] }));
    key(replay, "anthropic", None, "an-1", &json!({ "models": ["*"] }));
}

/// The providers and keys of topic 20.
fn restarting(replay: &mut Replay) {
    for (name, custom) in [("openai", false), ("my-llm", true)] {
        let mut body = json!({ "provider": name, "network_config": { "base_url": UPSTREAM } });
        if custom {
            body["custom_provider_config"] = json!({ "base_provider_type": "openai" });
        }
        replay.send("POST", "/api/providers", &body);
        key(replay, name, None, &format!("k-{name}"), &json!({ "models": ["*"] }));
    }
}

/// The providers, keys and the virtual key of topics 21 to 23.
fn addressing(replay: &mut Replay) {
    provider(replay, "openai", LISTING, false);
    provider(replay, "anthropic", &format!("{LISTING}/an"), false);
    provider(replay, "my-llm", LISTING, true);
    provider(replay, "my-nolist", &format!("{LISTING}/nolist"), true);
    let id = replay.by_release([
        "2c3dfe01-6b13-4186-9572-d0593526795b",
        "561109ab-5556-49be-89da-f6699c3acad7",
        "e8d791d8-87b3-4bc7-a555-88ffdb51b1b9",
    ]);
    let first = ["gpt-4o", "gpt-4o-mini", "text-embedding-3-small", "up-model", "public-name", "fail-500"];
    key(replay, "anthropic", None, "an-1", &json!({ "models": ["*"] }));
    key(replay, "openai", None, "oa-1", &json!({ "models": first, "aliases": { "public-name": "up-model" } }));
    key(replay, "openai", Some(id), "oa-2", &json!({ "models": ["model-b"] }));
    key(replay, "openai", None, "oa-w0", &json!({ "models": ["only-w0"], "weight": 0 }));
    key(replay, "openai", None, "oa-off", &json!({ "models": ["only-disabled"], "enabled": false }));
    key(replay, "my-llm", None, "my-1", &json!({ "models": ["*"] }));
    key(replay, "my-nolist", None, "nl-1", &json!({ "models": ["*"] }));
    let entries: Vec<Value> = ["openai", "anthropic", "my-llm", "my-nolist"].map(entry).to_vec();
    virtual_key(replay, &json!({ "name": "addressing", "provider_configs": entries }), "21", "vk-x-bf-vk");
}

/// Before these another virtual key was made that fell out of the recording; the row numbers show it.
const UNRECORDED: &[&str] = &[
    "create: openai, allowed_models [\"*\"], keys all",
    "create: openai, allowed_models [gpt-4*], keys all",
    "create: openai, models all, keys [\"*\"]",
    "create: openai, models all, keys all, weight absent",
    "create: openai all, blacklist [\"*\"]",
    "create: my-nolist (custom, no listing), models [\"*\"], keys all",
];

/// A virtual key that takes a row number.
fn filler(replay: &mut Replay, name: &str) {
    let body = json!({ "name": format!("unrecorded: {name}"), "provider_configs": [entry("openai")] });
    replay.send("POST", "/api/governance/virtual-keys", &body);
}

/// Takes all keys of provider `kl` away.
fn no_keys(replay: &mut Replay) {
    let keys = replay.send("GET", "/api/providers/kl/keys", &Value::Null);
    for key in keys["keys"].as_array().into_iter().flatten() {
        let id = key["id"].as_str().unwrap_or_default();
        replay.send("DELETE", &format!("/api/providers/kl/keys/{id}"), &Value::Null);
    }
}

fn provider(replay: &mut Replay, name: &str, base_url: &str, custom: bool) {
    let network = json!({ "base_url": base_url, "default_request_timeout_in_seconds": 10, "max_retries": 0 });
    let mut body = json!({ "provider": name, "network_config": network });
    if custom {
        body["custom_provider_config"] = json!({ "base_provider_type": "openai" });
    }
    replay.send("POST", "/api/providers", &body);
}

fn key(replay: &mut Replay, provider: &str, id: Option<&str>, name: &str, fields: &Value) {
    let mut body = json!({ "name": name, "value": format!("sk-up-{name}-0123456789"), "weight": 1 });
    if let Some(id) = id {
        body["id"] = json!(id);
    }
    for (field, value) in fields.as_object().into_iter().flatten() {
        body[field] = value.clone();
    }
    replay.send("POST", &format!("/api/providers/{provider}/keys"), &body);
}
