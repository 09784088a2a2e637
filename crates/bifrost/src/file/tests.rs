//! A small file that is right, and one thing wrong with it at a time.

use serde_json::{Value, json};

use super::*;

fn file() -> Value {
    json!({
        "$schema": SCHEMA,
        "version": 2,
        "config_store": {"enabled": true, "type": "sqlite", "config": {"path": "./config.db"}},
        "client": {"enforce_auth_on_inference": true, "log_retention_days": 365},
        "providers": {
            "openai": {"keys": [{"id": "k1", "name": "main", "value": "env.OPENAI_KEY", "models": ["gpt"],
                "aliases": {"gpt": "gpt-4o"}, "weight": 1}]},
            "vllm": {"keys": [{"id": "k2", "name": "local", "value": "", "models": ["llama"], "weight": 1,
                "vllm_key_config": {"url": "http://vllm:8000", "model_name": "llama-3"}}]},
            "together-ai": {"custom_provider_config": {"base_provider_type": "openai", "is_key_less": true}},
        },
        "mcp": {"client_configs": [{"client_id": "m1", "name": "docs", "connection_type": "http",
            "connection_string": "http://docs", "auth_type": "headers",
            "headers": {"Authorization": "env.DOCS"}, "tools_to_execute": ["search"]}]},
        "governance": {
            "budgets": [{"id": "b1", "max_limit": 5, "reset_duration": "30d", "virtual_key_id": "v1"},
                {"id": "b2", "max_limit": 0.5, "reset_duration": "1d"}],
            "rate_limits": [{"id": "r1", "token_max_limit": 10, "token_reset_duration": "1m"}],
            "customers": [{"id": "c1", "name": "acme",
                "budgets": [{"id": "b3", "max_limit": 1, "reset_duration": "1M"}]}],
            "teams": [{"id": "t1", "name": "core", "customer_id": "c1", "rate_limit_id": "r1"}],
            "virtual_keys": [{"id": "v1", "name": "app", "is_active": true, "team_id": "t1", "value": "env.VALUE",
                "provider_configs": [{"provider": "openai", "weight": 1, "allowed_models": ["gpt"],
                    "key_ids": ["k1"]}],
                "mcp_configs": [{"mcp_client_name": "docs", "tools_to_execute": ["*"]}]}],
            "model_configs": [{"id": "m1", "model_name": "gpt", "provider": "openai", "budget_ids": ["b2"]}],
            "routing_rules": [{"id": "u1", "name": "group", "cel_expression": "", "priority": 1,
                "targets": [{"provider": "openai", "model": "gpt", "provider_key_name": "main", "weight": 1}],
                "fallbacks": ["vllm/llama"]}],
            "pricing_overrides": [{"id": "p1", "name": "gpt", "scope_kind": "provider", "provider_id": "openai",
                "match_type": "exact", "pattern": "gpt", "request_types": ["chat_completion"],
                "pricing_patch": "{\"input_cost_per_token\":0.1}"}],
        },
    })
}

/// Sets a place of the file, given as a JSON pointer, and says what is found at once.
fn found(version: &str, pointer: &str, value: Value) -> String {
    let mut file = file();
    if let Some(place) = file.pointer_mut(pointer) {
        *place = value;
    } else {
        let (parent, name) = pointer.rsplit_once('/').unwrap();
        file.pointer_mut(parent).unwrap()[name] = value;
    }
    let version = version.parse().unwrap();
    let lines: Vec<String> = lint(&file, &version).iter().map(|f| format!("{}: {}", f.subject, f.message)).collect();
    lines.join("; ")
}

#[track_caller]
fn check(pointer: &str, value: Value, expected: &str) {
    assert_eq!(found("2.2.6", pointer, value), expected, "for {pointer}");
}

#[test]
fn a_file_that_is_right_has_no_faults() {
    assert_eq!(found("2.2.6", "/version", json!(2)), "");
    assert_eq!(found("1.5.16", "/version", json!(2)), "");
    assert_eq!(variables(&file()), ["DOCS", "OPENAI_KEY", "VALUE"]);
}

#[test]
fn the_shape_is_the_table_s() {
    check("/version", json!(1), "version: this has to be a whole number, 2 or more");
    check("/plugns", json!([]), "config.json: the gateway knows no plugns here, and would drop it without a word");
    check("/config_store/type", json!("mysql"), "config_store.type: this has to be one of sqlite, postgres");
    check(
        "/governance/budgets/0/max_limit",
        json!(0),
        "governance.budgets[0].max_limit: this has to be a number above 0",
    );
    check(
        "/governance/budgets/0/max_limit",
        json!("5"),
        "governance.budgets[0].max_limit: this has to be a number above 0",
    );
    check(
        "/governance/budgets/0/reset_duration",
        json!("1mo"),
        "governance.budgets[0].reset_duration: this has to be a period such as 30d",
    );
    check(
        "/governance/routing_rules/0/targets",
        json!([]),
        "governance.routing_rules[0].targets: this list must not be empty",
    );
    check(
        "/governance/virtual_keys/0/provider_configs/0/allowed_models",
        json!(["*", "gpt"]),
        "governance.virtual_keys[0].provider_configs[0].allowed_models: * has to stand alone",
    );
    check(
        "/governance/virtual_keys/0/provider_configs/0/allowed_models",
        json!(["GPT", "gpt"]),
        "governance.virtual_keys[0].provider_configs[0].allowed_models: one name stands here twice",
    );
    check(
        "/providers/openai/keys/0",
        json!({"id": "k1", "name": "main"}),
        "providers.openai.keys[0]: models is missing; providers.openai.keys[0]: weight is missing",
    );
    check(
        "/providers/openai/keys/0/value",
        json!("env."),
        "providers.openai.keys[0].value: this has to be a text, or env.NAME",
    );
    check(
        "/providers/vllm/keys/0/vllm_key_config",
        json!({"url": "http://vllm:8000"}),
        "providers.vllm.keys[0].vllm_key_config: model_name is missing",
    );
    check(
        "/governance/virtual_keys/0/allowed_keys",
        json!([]),
        "governance.virtual_keys[0]: the gateway knows no allowed_keys here, and would drop it without a word",
    );
}

#[test]
fn what_a_release_does_not_know_yet_is_said() {
    assert_eq!(
        found("1.5.16", "/governance/virtual_keys/0/expires_at", json!("2027-01-01T00:00:00Z")),
        "governance.virtual_keys[0]: gateway 1.5.16 does not know expires_at yet, and would drop it without a word"
    );
    assert_eq!(
        found("1.5.2", "/governance/virtual_keys/0/provider_configs/0/blacklisted_models", json!(["o1"])),
        "governance.customers[0]: gateway 1.5.2 does not know budgets yet, and would drop it without a word; \
         governance.virtual_keys[0].provider_configs[0]: gateway 1.5.2 does not know blacklisted_models yet, and would \
         drop it without a word; governance.model_configs[0]: gateway 1.5.2 does not know budget_ids yet, and would \
         drop it without a word"
    );
}

#[test]
fn every_reference_leads_somewhere() {
    let key = "/governance/virtual_keys/0";
    check(&format!("{key}/team_id"), json!("t9"), "governance.virtual_keys[0].team_id: there is no t9 in teams");
    check(
        &format!("{key}/customer_id"),
        json!("c1"),
        "governance.virtual_keys[0]: a virtual key belongs to a team or to a customer, not to both",
    );
    check(
        &format!("{key}/value"),
        json!("sk-abc123"),
        "governance.virtual_keys[0]: a value that does not start with sk-bf- would be replaced by another",
    );
    check(
        &format!("{key}/provider_configs/0/key_ids"),
        json!(["main"]),
        "governance.virtual_keys[0].provider_configs[0]: there is no provider key main; a name is no id here",
    );
    check(
        &format!("{key}/provider_configs/0/key_ids"),
        json!(["k2"]),
        "governance.virtual_keys[0].provider_configs[0]: the key k2 is of vllm, not of openai",
    );
    check(
        &format!("{key}/provider_configs/0/key_ids"),
        json!([]),
        "governance.virtual_keys[0].provider_configs[0]: key_ids is empty: leave the provider out to grant nothing of it",
    );
    check(
        &format!("{key}/provider_configs/0/provider"),
        json!("groq"),
        "governance.virtual_keys[0].provider_configs[0]: there is no provider groq; \
         governance.virtual_keys[0].provider_configs[0]: the key k1 is of openai, not of groq",
    );
    check(
        &format!("{key}/mcp_configs/0/mcp_client_name"),
        json!("wiki"),
        "governance.virtual_keys[0].mcp_configs[0]: there is no MCP client of this name",
    );
    check(
        "/governance/teams/0/customer_id",
        json!("c9"),
        "governance.teams[0].customer_id: there is no c9 in customers",
    );
    check(
        "/governance/teams/0/rate_limit_id",
        json!("r9"),
        "governance.rate_limits[0]: a rate limit belongs to one owner; this one has 0; \
         governance.teams[0].rate_limit_id: there is no r9 in rate_limits",
    );
    check(
        "/governance/budgets/0/team_id",
        json!("t1"),
        "governance.budgets[0]: a budget belongs to one owner; this one has 2",
    );
    check(
        "/governance/budgets/1/id",
        json!("b1"),
        "governance.budgets[1].id: another one has this id; \
         governance.budgets[1]: a budget belongs to one owner; this one has 0; \
         governance.model_configs[0]: there is no b2 in budgets",
    );
    check(
        "/governance/model_configs/0/scope",
        json!("virtual_key"),
        "governance.model_configs[0]: scope and scope_id go together",
    );
    check(
        "/governance/pricing_overrides/0/provider_id",
        json!("groq"),
        "governance.pricing_overrides[0]: there is no provider of this name",
    );
}

#[test]
fn providers_and_rules_are_as_the_gateway_reads_them() {
    check(
        "/providers/moonshot",
        json!({"keys": [{"id": "k3", "name": "m", "value": "env.M", "models": ["k2"], "weight": 1}]}),
        "providers.moonshot: the gateway has no provider of this name, and it is no custom one",
    );
    check(
        "/providers/openai/custom_provider_config",
        json!({"base_provider_type": "openai"}),
        "providers.openai: a provider the gateway has by itself cannot be a custom one",
    );
    check(
        "/providers/openai/keys",
        json!([]),
        "providers.openai: a provider with keys needs at least one; \
         governance.virtual_keys[0].provider_configs[0]: there is no provider key k1; a name is no id here; \
         governance.routing_rules[0]: there is no key main of this provider",
    );
    check(
        "/providers/openai/keys/0/value",
        json!(""),
        "providers.openai.keys[0]: a key of this provider needs a value",
    );
    check(
        "/providers/openai/keys/0/aliases",
        json!({"o": "o1"}),
        "providers.openai.keys[0]: the alias o is not among the models, so nobody could call it",
    );
    check(
        "/providers/vllm/keys/0/name",
        json!("main"),
        "providers.vllm.keys[0]: another key has this name, and names of keys are unique over all providers",
    );
    check(
        "/governance/routing_rules/0/targets/0/weight",
        json!(0.5),
        "governance.routing_rules[0]: the weights of the targets have to add up to 1, not to 0.5000",
    );
    check(
        "/governance/routing_rules/0/fallbacks",
        json!(["groq/llama"]),
        "governance.routing_rules[0]: the fallback groq/llama names no provider that is there",
    );
    let rule =
        |name: &str| json!({"id": name, "name": name, "priority": 1, "targets": [{"model": "gpt", "weight": 1}]});
    check(
        "/governance/routing_rules",
        json!([rule("a"), rule("b")]),
        "governance.routing_rules[1]: another rule of this scope has this priority",
    );
}
