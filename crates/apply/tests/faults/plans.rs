//! A plan of every kind of op, and the gateway it was made for.

use bifrost::{Kind, hole};
use model::{OpId, SecretId};
use plan::{Action, Choices, FORMAT, Made, Op, Plan, Routes, Summary};
use sandbox::Release;
use serde_json::{Value, json};

/// The one MCP server that answers.
pub(crate) const MCP_SERVER: &str = "http://127.0.0.1:18601/mcp";

/// What must never be seen outside a call.
pub(crate) const CANARY: &str = "sk-canary-5f0e6c1d2b7a";

pub(crate) fn op(kind: Kind, name: &str, action: Action, after: Value, after_ops: &[&str]) -> Op {
    Op {
        id: OpId::new(format!("{}/{name}", kind.id())),
        kind,
        name: name.to_owned(),
        action,
        reason: String::new(),
        after_ops: after_ops.iter().map(|id| OpId::new(*id)).collect(),
        target_id: None,
        before: None,
        after: Some(after.into()),
        origins: Vec::new(),
        fields: Vec::new(),
    }
}

pub(crate) fn plan(ops: Vec<Op>) -> Plan {
    Plan {
        format: FORMAT.to_owned(),
        made: Made { gangway: "0.1.0".to_owned(), target_version: "2.0.0-prerelease3".to_owned(), sources: Vec::new() },
        complete: true,
        applyable: true,
        summary: Summary::default(),
        ops,
        objects: Vec::new(),
        gone: Vec::new(),
        findings: Vec::new(),
        access: Vec::new(),
        routes: Routes::default(),
        choices: Choices::default(),
        roads: None,
    }
}

fn to(id: &str) -> Value {
    hole::reference(&OpId::new(id))
}

/// What is on the gateway before: `(path, body)` of the calls that put it there.
pub(crate) fn there_before() -> Vec<(&'static str, Value)> {
    let network =
        json!({"base_url": "http://127.0.0.1:18600", "max_retries": 0, "default_request_timeout_in_seconds": 10});
    vec![
        (
            "/api/providers",
            json!({"provider": "anthropic", "network_config": network,
            "concurrency_and_buffer_size": {"concurrency": 10, "buffer_size": 100}}),
        ),
        ("/api/governance/customers", json!({"name": "kept"})),
        ("/api/governance/teams", json!({"name": "old", "budgets": [{"max_limit": 5, "reset_duration": "30d"}]})),
    ]
}

/// `shown` gives an object as the gateway shows it, with its id.
pub(crate) fn whole(release: Release, shown: &dyn Fn(Kind, &str) -> (String, Value)) -> Plan {
    let limit = json!({"request_max_limit": 10, "request_reset_duration": "1m"});
    let key = |ids: Value, models: Value| json!({"provider": "openai", "weight": 1, "allowed_models": models, "key_ids": ids});
    let seen = |kind: Kind, mut op: Op, before: bool| {
        let (id, object) = shown(kind, &op.name);
        op.target_id = Some(id);
        op.before = before.then_some(object);
        op
    };
    let network = json!({"base_url": "http://127.0.0.1:18600"});
    plan(vec![
        // First in the plan, last in the doing.
        seen(
            Kind::ClientConfig,
            op(
                Kind::ClientConfig,
                "client_config",
                Action::Change,
                json!({"enforce_auth_on_inference": true}),
                &["virtual_key/app-a"],
            ),
            true,
        ),
        op(Kind::Provider, "openai", Action::Create, json!({"provider": "openai", "network_config": network}), &[]),
        op(
            Kind::Provider,
            "my-llm",
            Action::Create,
            json!({"provider": "my-llm", "network_config": network,
            "custom_provider_config": {"base_provider_type": "openai"}}),
            &[],
        ),
        seen(
            Kind::Provider,
            op(Kind::Provider, "anthropic", Action::Change, json!({"network_config": {"max_retries": 3}}), &[]),
            true,
        ),
        op(
            Kind::ProviderKey,
            "openai-main",
            Action::Create,
            json!({"name": "openai-main", "models": ["*"], "weight": 1,
            "value": hole::secret(&SecretId::new("openai"))}),
            &["provider/openai"],
        ),
        op(
            Kind::ProviderKey,
            "my-llm-a",
            Action::Create,
            json!({"provider": "my-llm", "name": "my-llm-a",
            "models": ["my-gpt"], "aliases": {"my-gpt": "up-model"}, "weight": 0.5,
            "value": hole::secret(&SecretId::new("my-llm"))}),
            &["provider/my-llm"],
        ),
        op(
            Kind::PricingOverride,
            "cheap",
            Action::Create,
            json!({"name": "cheap", "scope_kind": "global",
            "match_type": "exact", "pattern": "gpt-4o", "request_types": ["chat_completion"],
            "patch": {"input_cost_per_token": 1e-06}}),
            &[],
        ),
        seen(Kind::Customer, op(Kind::Customer, "kept", Action::Same, json!({"name": "kept"}), &[]), true),
        op(Kind::Customer, "acme", Action::Create, customer("acme", release), &[]),
        op(
            Kind::Team,
            "core",
            Action::Create,
            json!({"name": "core", "customer_id": to("customer/acme"),
            "rate_limit": limit}),
            &["customer/acme"],
        ),
        seen(
            Kind::Team,
            op(
                Kind::Team,
                "old",
                Action::Change,
                json!({"name": "old",
            "budgets": [{"max_limit": 7, "reset_duration": "30d"}]}),
                &[],
            ),
            true,
        ),
        op(Kind::Customer, "left-out", Action::Skip, json!({}), &[]),
        op(
            Kind::VirtualKey,
            "app-a",
            Action::Create,
            json!({"name": "app-a", "description": "from litellm",
            "team_id": to("team/core"), "is_active": true, "rate_limit": limit,
            "provider_configs": [key(json!([to("provider_key/openai-main")]), json!(["gpt-4o"]))]}),
            &["team/core", "provider_key/openai-main"],
        ),
        op(
            Kind::VirtualKey,
            "app-b",
            Action::Create,
            json!({"name": "app-b", "customer_id": to("customer/kept"),
            "budgets": [{"max_limit": 50, "reset_duration": "1M"}],
            "provider_configs": [key(json!(["*"]), json!(["*"]))]}),
            &["customer/kept", "provider/openai"],
        ),
        op(Kind::VirtualKey, "app-c", Action::Create, json!({"name": "app-c", "is_active": false}), &[]),
        op(
            Kind::ModelConfig,
            "openai/gpt-4o",
            Action::Create,
            json!({"model_name": "gpt-4o", "provider": "openai",
            "rate_limit": limit}),
            &["provider/openai"],
        ),
        op(
            Kind::RoutingRule,
            "group-a",
            Action::Create,
            json!({"name": "group-a", "priority": 10,
            "cel_expression": "model == \"group-a\"", "fallbacks": ["my-llm/my-gpt"], "targets": [
                {"provider": "openai", "model": "gpt-4o", "weight": 0.75},
                {"provider": "anthropic", "model": "claude-sonnet-4-5", "weight": 0.25}]}),
            &["provider/openai", "provider/my-llm"],
        ),
    ])
}

/// The same with more of the same kinds, so that ops of a kind follow each other and wait for each other: thirty.
pub(crate) fn large(release: Release, shown: &dyn Fn(Kind, &str) -> (String, Value)) -> Plan {
    let mut plan = whole(release, shown);
    plan.ops.extend(further(&customer("beta", release)));
    plan
}

/// More creates of a kind than are announced together, and one that waits for the one before it.
pub(crate) fn many() -> Plan {
    let key = |number: u32| {
        let (name, before) = (format!("app-{number:02}"), format!("virtual_key/app-{:02}", number.wrapping_sub(1)));
        let waits = if number == 20 { vec![before.as_str()] } else { Vec::new() };
        op(Kind::VirtualKey, &name, Action::Create, json!({"name": name, "is_active": true}), &waits)
    };
    let team = op(Kind::Team, "core", Action::Create, json!({"name": "core"}), &[]);
    plan(std::iter::once(team).chain((0..50).map(key)).collect())
}

fn further(beta: &Value) -> Vec<Op> {
    let network = json!({"base_url": "http://127.0.0.1:18600"});
    let limit = json!({"request_max_limit": 10, "request_reset_duration": "1m"});
    let made = |kind: Kind, body: Value, after: &[&str]| {
        let name = body["name"].as_str().or(body["provider"].as_str()).expect("a name").to_owned();
        op(kind, &name, Action::Create, body, after)
    };
    let key = |name: &str, model: &str| {
        json!({"provider": "groq", "name": name, "models": [model], "weight": 1,
            "value": hole::secret(&SecretId::new(name))})
    };
    let grants =
        |model: &str, ids: Value| json!([{"provider": "groq", "weight": 1, "allowed_models": [model], "key_ids": ids}]);
    let server = json!({"name": "tools", "connection_type": "http", "connection_string": MCP_SERVER,
        "auth_type": "headers", "headers": {"x-token": hole::secret(&SecretId::new("tools"))}, "tools_to_execute": ["*"]});
    let mut rule = json!({"name": "group-b", "priority": 20, "cel_expression": "model == \"group-b\"",
        "targets": [{"provider": "groq", "model": "llama-3.3-70b", "weight": 1}]});
    rule["fallbacks"] = json!(["openai/gpt-4o"]);
    vec![
        made(Kind::Provider, json!({"provider": "groq", "network_config": network}), &[]),
        made(Kind::ProviderKey, key("groq-a", "llama-3.3-70b"), &["provider/groq"]),
        made(Kind::ProviderKey, key("groq-b", "qwen-3"), &["provider/groq"]),
        made(
            Kind::PricingOverride,
            json!({"name": "dear", "scope_kind": "global", "match_type": "exact", "pattern": "llama-3.3-70b",
                "request_types": ["chat_completion"], "patch": {"output_cost_per_token": 5e-06}}),
            &[],
        ),
        made(Kind::Customer, beta.clone(), &[]),
        made(
            Kind::Team,
            json!({"name": "edge", "customer_id": to("customer/beta"),
                "budgets": [{"max_limit": 9, "reset_duration": "7d"}]}),
            &["customer/beta"],
        ),
        made(Kind::Team, json!({"name": "free"}), &[]),
        made(Kind::McpClient, server, &[]),
        made(
            Kind::VirtualKey,
            json!({"name": "app-d", "team_id": to("team/edge"), "is_active": true,
                "provider_configs": grants("llama-3.3-70b", json!([to("provider_key/groq-a")]))}),
            &["team/edge", "provider_key/groq-a"],
        ),
        made(
            Kind::VirtualKey,
            json!({"name": "app-e", "team_id": to("team/free"), "is_active": true, "rate_limit": limit,
                "provider_configs": grants("qwen-3", json!([to("provider_key/groq-b")]))}),
            &["team/free", "provider_key/groq-b"],
        ),
        made(Kind::VirtualKey, json!({"name": "app-f", "customer_id": to("customer/beta")}), &["customer/beta"]),
        op(
            Kind::ModelConfig,
            "groq/llama-3.3-70b",
            Action::Create,
            json!({"model_name": "llama-3.3-70b", "provider": "groq", "rate_limit": limit}),
            &["provider/groq"],
        ),
        made(Kind::RoutingRule, rule, &["provider/groq", "provider/openai"]),
    ]
}

/// A customer with a budget: 1.5.2 takes one, and drops a list of them.
fn customer(name: &str, release: Release) -> Value {
    let budget = json!({"max_limit": 100.5, "reset_duration": "30d"});
    match release {
        Release::V1_5_2 => json!({"name": name, "budget": budget}),
        _ => json!({"name": name, "budgets": [budget]}),
    }
}
