//! Bodies that were sent to running gateways and what these showed for them (1.5.16 and 2.0.0-prerelease3).

use serde_json::{Value, json};

use super::*;

/// The paths that differ, joined.
#[track_caller]
fn check(kind: Kind, intended: &Value, observed: &Value, expected: &str) {
    let paths: Vec<String> = differences(kind, intended, observed).into_iter().map(|found| found.path).collect();
    assert_eq!(paths.join(" "), expected, "{intended} against {observed}");
}

#[track_caller]
fn check_wider(intended: &Value, observed: &Value, expected: &str) {
    let paths: Vec<String> = wider(intended, observed).into_iter().map(|found| found.path).collect();
    assert_eq!(paths.join(" "), expected, "{intended} against {observed}");
}

fn full_key_sent() -> Value {
    json!({"name": "vk-full", "description": "from litellm: alias=x", "is_active": true,
        "customer_id": "44345df1-532d-4623-8d46-0d6894eba5ac",
        "provider_configs": [
            {"provider": "openai", "weight": 1, "allowed_models": ["gpt-4o"],
             "key_ids": ["824dbc2e-4726-4ca6-971e-349b67c2f926"],
             "rate_limit": {"request_max_limit": 100, "request_reset_duration": "1h"},
             "budgets": [{"max_limit": 2, "reset_duration": "1d"}]},
            {"provider": "anthropic", "weight": 0.5, "allowed_models": ["*"], "key_ids": ["*"]}],
        "budgets": [{"max_limit": 10.5, "reset_duration": "30d"}],
        "rate_limit": {"token_max_limit": 1000, "token_reset_duration": "1m",
            "request_max_limit": 10, "request_reset_duration": "1m"}})
}

fn full_key_shown() -> Value {
    json!({"id": "aaceb863-1b8d-4cd4-a18e-7394b2de5f10", "name": "vk-full", "description": "from litellm: alias=x",
        "is_active": true, "mcp_configs": [], "calendar_aligned": false, "config_hash": "",
        "customer_id": "44345df1-532d-4623-8d46-0d6894eba5ac", "rate_limit_id": "cec74b27",
        "provider_configs": [
            {"id": 1, "provider": "openai", "weight": 1, "allow_all_keys": false, "rate_limit_id": "1d54b8d2",
             "rate_limit": {"id": "1d54b8d2", "token_current_usage": 0, "request_max_limit": 100,
                 "request_reset_duration": "1h", "request_last_reset": "2026-11-24T02:25:31.915077845Z"},
             "budgets": [{"id": "3a75afc7", "max_limit": 2.0, "reset_duration": "1d", "current_usage": 0}],
             "keys": [{"id": 1, "name": "openai-gov", "key_id": "824dbc2e-4726-4ca6-971e-349b67c2f926",
                 "value": {"value": "", "type": "plain_text"}, "models": ["*"]}],
             "allowed_models": ["gpt-4o"], "blacklisted_models": []},
            {"id": 2, "provider": "anthropic", "weight": 0.5, "allow_all_keys": true, "keys": [],
             "allowed_models": ["*"], "blacklisted_models": []}],
        "rate_limit": {"id": "cec74b27", "token_max_limit": 1000, "token_reset_duration": "1m",
            "token_current_usage": 0, "request_max_limit": 10, "request_reset_duration": "1m"},
        "budgets": [{"id": "9731b431", "max_limit": 10.5, "reset_duration": "30d", "current_usage": 3.2}]})
}

/// The recorded key with one place changed.
fn shown_with(pointer: &str, value: Value) -> Value {
    let mut shown = full_key_shown();
    if let Some(place) = shown.pointer_mut(pointer) {
        *place = value;
    }
    shown
}

#[test]
fn a_virtual_key_reads_back_as_it_was_sent() {
    let key = |pointer: &str, value: Value, expected: &str| {
        check(Kind::VirtualKey, &full_key_sent(), &shown_with(pointer, value), expected);
    };
    check(Kind::VirtualKey, &full_key_sent(), &full_key_shown(), "");
    key("/is_active", json!(false), "is_active");
    key("/is_active", Value::Null, "");
    key("/budgets/0/max_limit", json!(10.50), "");
    key("/budgets/0/max_limit", json!(11), "budgets[30d].max_limit");
    key("/budgets/0/reset_duration", json!("1M"), "budgets[30d] budgets[1M]");
    key("/budgets", json!([]), "budgets[30d]");
    key(
        "/rate_limit",
        Value::Null,
        "rate_limit.request_max_limit rate_limit.request_reset_duration \
         rate_limit.token_max_limit rate_limit.token_reset_duration",
    );
    key("/provider_configs/0/allowed_models", json!(["gpt-4o", "gpt-4"]), "provider_configs[openai].allowed_models");
    key("/provider_configs/0/keys", json!([]), "provider_configs[openai].key_ids");
    key("/provider_configs/1/allow_all_keys", json!(false), "provider_configs[anthropic].key_ids");
    key("/provider_configs/1/provider", json!("cohere"), "provider_configs[anthropic] provider_configs[cohere]");
    key("/provider_configs/0/weight", Value::Null, "provider_configs[openai].weight");
    key("/customer_id", Value::Null, "customer_id");
}

#[test]
fn order_matters_only_where_it_means_something() {
    let sent = json!({"provider_configs": [
        {"provider": "openai", "allowed_models": ["a", "b"], "key_ids": ["k1"]},
        {"provider": "openai", "allowed_models": ["c"], "key_ids": ["k2"]}]});
    let shown = json!({"provider_configs": [
        {"provider": "openai", "allowed_models": ["c"], "keys": [{"key_id": "k2"}]},
        {"provider": "openai", "allowed_models": ["b", "a"], "keys": [{"key_id": "k1"}]}]});
    check(Kind::VirtualKey, &sent, &shown, "");
    let rule = |fallbacks: Value, targets: Value| json!({"fallbacks": fallbacks, "targets": targets});
    let (a, b) = (json!({"provider": "a", "weight": 0.25}), json!({"provider": "b", "weight": 0.75}));
    let sent = rule(json!(["a/x", "b/x"]), json!([a, b]));
    check(Kind::RoutingRule, &sent, &rule(json!(["a/x", "b/x"]), json!([b, a])), "");
    check(Kind::RoutingRule, &sent, &rule(json!(["b/x", "a/x"]), json!([a, b])), "fallbacks[0] fallbacks[1]");
    check(Kind::RoutingRule, &sent, &rule(json!(["a/x"]), json!([a])), "fallbacks targets[b]");
    // A weight of zero is stored as one (13.2).
    let zero = rule(json!([]), json!([{"provider": "a", "weight": 0}]));
    check(Kind::RoutingRule, &zero, &rule(Value::Null, json!([{"provider": "a", "weight": 1}])), "targets[a].weight");
}

#[test]
fn secrets_compare_by_what_the_gateway_shows() {
    let key = |sent: Value, shown: Value, expected: &str| {
        let (sent, shown) = (json!({"provider": "openai", "value": sent}), json!({"id": "k", "value": shown}));
        check(Kind::ProviderKey, &sent, &shown, expected);
    };
    let old = |value: &str, env: &str| json!({"value": value, "env_var": env, "from_env": !env.is_empty()});
    let redacted = "sk-u************************DDDD";
    key(json!({"$secret": "credential/openai"}), old(redacted, ""), "");
    key(json!("sk-upstream-AAAABBBBCCCCDDDD"), old(redacted, ""), "");
    key(json!("sk-upstream-AAAABBBBCCCCDDDD"), json!({"value": redacted, "type": "plain_text"}), "");
    key(json!("sk-upstream-AAAABBBBCCCCEEEE"), old(redacted, ""), "value");
    key(json!("env.OPENAI"), old("sk-f************************cdef", "env.OPENAI"), "");
    key(json!("env.OPENAI"), json!({"value": "", "ref": "env.OPENAI", "type": "env"}), "");
    key(json!("env.OPENAI"), json!({"value": "", "ref": "env.OTHER", "type": "env"}), "value");
    key(json!("env.OPENAI"), old(redacted, ""), "value");
    key(json!("sk-upstream-AAAABBBBCCCCDDDD"), json!({"value": redacted, "ref": "env.X", "type": "env"}), "value");
    key(json!("proj"), json!({"value": "****", "type": "plain_text"}), "");
    key(json!("projects"), json!({"value": "****", "type": "plain_text"}), "value");
    key(json!(""), json!({"value": "", "type": "plain_text"}), "");
    key(json!("hunter22"), json!("<redacted>"), "");
}

#[test]
fn provider_keys_and_providers_read_back() {
    let sent = json!({"provider": "azure", "name": "azure-3", "models": ["gpt-4o"], "weight": 1, "enabled": true,
        "aliases": {"gpt-4o": {"model_id": "my-deployment", "api_version": "2024-10-21"}, "b": "dep-b"},
        "azure_key_config": {"endpoint": "https://example.openai.azure.com"}});
    let mut shown = json!({"id": "k", "name": "azure-3", "models": ["gpt-4o"], "blacklisted_models": [],
        "weight": 1.0, "aliases": {"gpt-4o": {"model_id": "my-deployment", "api_version": "2024-10-21"}, "b": "dep-b"},
        "azure_key_config": {"endpoint": {"value": "https://example.openai.azure.com", "type": "plain_text"}}});
    check(Kind::ProviderKey, &sent, &shown, "");
    shown["aliases"]["c"] = json!("gpt-4o");
    shown["aliases"]["b"] = json!("dep-c");
    shown["models"] = json!([]);
    check(Kind::ProviderKey, &sent, &shown, "aliases[b] aliases[c] models");

    let sent = json!({"provider": "my-full", "network_config": {"base_url": "http://127.0.0.1:1",
        "extra_headers": {"X-Tenant": "t1"}, "max_retries": 0, "retry_backoff_initial": "750ms"},
        "custom_provider_config": {"base_provider_type": "openai", "is_key_less": false,
            "allowed_requests": {"chat_completion": true}}});
    let mut shown = json!({"name": "my-full", "network_config": {"base_url": "http://127.0.0.1:1",
        "extra_headers": {"X-Tenant": "t1"}, "max_retries": 0, "retry_backoff_initial": 750, "retry_backoff_max": 0},
        "proxy_config": null, "custom_provider_config": {"is_key_less": false, "base_provider_type": "openai",
            "allowed_requests": {"list_models": false, "chat_completion": true}}, "provider_status": "error"});
    check(Kind::Provider, &sent, &shown, "");
    // What the vendor's tool does to a provider (2.2).
    shown["network_config"] = json!({"default_request_timeout_in_seconds": 0});
    let erased = "network_config.base_url network_config.extra_headers.X-Tenant network_config.retry_backoff_initial";
    check(Kind::Provider, &sent, &shown, erased);
}

#[test]
fn the_other_kinds_read_back() {
    let budget = json!({"max_limit": 10.5, "reset_duration": "30d"});
    let (single, list) = (json!({"name": "c", "budget": budget}), json!({"name": "c", "budgets": [budget]}));
    check(Kind::Customer, &single, &list, "");
    check(Kind::Team, &single, &json!({"name": "c"}), "budget[30d]");
    check(Kind::ModelConfig, &json!({"model_name": "m", "scope": "global"}), &json!({"model_name": "m"}), "");
    check(Kind::ModelConfig, &json!({"scope": "virtual_key"}), &json!({"scope": "global"}), "scope");
    let patch = json!({"name": "po", "patch": {"input_cost_per_token": 1e-06, "output_cost_per_token": 2e-06}});
    let shown = json!({"name": "po", "pricing_patch": "{\"input_cost_per_token\":0.000001,\"output_cost_per_token\":0.000002}"});
    check(Kind::PricingOverride, &patch, &shown, "");
    let shown = json!({"name": "po", "pricing_patch": "{\"input_cost_per_token\":0.000001}"});
    check(Kind::PricingOverride, &patch, &shown, "patch.output_cost_per_token");
    let client = json!({"name": "docs", "connection_string": "http://127.0.0.1:18601/mcp", "tool_sync_interval": 10,
        "tools_to_execute": ["b", "a"], "headers": {"Authorization": {"$secret": "mcp/docs/0"}}});
    let shown = json!({"config": {"name": "docs", "tools_to_execute": ["a", "b"], "tool_sync_interval": 600_000_000_000_u64,
        "connection_string": {"value": "http************************/mcp", "type": "plain_text"}}, "state": "healthy"});
    check(Kind::McpClient, &client, &shown, "");
    let closed = json!({"enforce_auth_on_inference": true, "compat": {"should_drop_params": false}});
    let config = json!({"client_config": {"enforce_auth_on_inference": false, "compat": {"should_drop_params": true}}});
    check(Kind::ClientConfig, &closed, &config, "compat.should_drop_params enforce_auth_on_inference");
    check(
        Kind::ClientConfig,
        &json!({"client_config": closed}),
        &config,
        "compat.should_drop_params enforce_auth_on_inference",
    );
}

#[test]
fn times_compare_by_instant() {
    let key = |sent: &str, shown: Value, expected: &str| {
        check(Kind::VirtualKey, &json!({"expires_at": sent}), &json!({"expires_at": shown}), expected);
    };
    key("2030-01-02T03:04:05.678+02:00", json!("2030-01-02T01:04:05.678Z"), "");
    key("2030-01-02T03:04:05Z", json!("2030-01-02T03:04:06Z"), "expires_at");
    key("2030-01-02T03:04:05Z", Value::Null, "expires_at");
}

#[test]
fn more_access_than_intended_is_found() {
    let sent = full_key_sent();
    let key = |pointer: &str, value: Value, expected: &str| {
        check_wider(&full_key_sent(), &shown_with(pointer, value), expected);
    };
    check_wider(&sent, &full_key_shown(), "");
    key("/is_active", json!(false), "");
    key("/provider_configs", json!([]), "");
    key("/provider_configs/0/allowed_models", json!([]), "");
    key("/provider_configs/0/allowed_models", json!(["*"]), "provider_configs[openai].allowed_models");
    key("/provider_configs/0/allow_all_keys", json!(true), "provider_configs[openai].key_ids");
    key("/provider_configs/0/provider", json!("cohere"), "provider_configs[cohere]");
    // Fields that vanish with a 200 (13.2).
    check_wider(&json!({"is_active": false}), &json!({"is_active": true}), "is_active");
    check_wider(&json!({"expires_at": "2030-01-02T03:04:05Z"}), &json!({}), "expires_at");
    check_wider(&json!({"expires_at": "2030-01-02T03:04:05Z"}), &json!({"expires_at": "2029-01-01T00:00:00Z"}), "");
    let blocked =
        json!({"provider_configs": [{"provider": "a", "allowed_models": ["*"], "blacklisted_models": ["x"]}]});
    let open = json!({"provider_configs": [{"provider": "a", "allowed_models": ["*"], "blacklisted_models": []}]});
    check_wider(&blocked, &open, "provider_configs[a].blacklisted_models");
    check_wider(&open, &blocked, "");
    // What nobody asked for.
    check_wider(&json!({"name": "a"}), &open, "provider_configs[a]");
    check_wider(&json!({}), &json!({"allow_all_providers": true}), "allow_all_providers");
    let tools = |names: Value| json!({"mcp_configs": [{"mcp_client": {"name": "docs"}, "tools_to_execute": names}]});
    let sent = json!({"mcp_configs": [{"mcp_client_name": "docs", "tools_to_execute": ["a"]}]});
    check_wider(&sent, &tools(json!(["a"])), "");
    check_wider(&sent, &tools(json!(["*"])), "mcp_configs[docs]");
}
