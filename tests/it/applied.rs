//! What is planned, applied to the practice gateways of all releases: it reads back as sent, and a second plan
//! finds nothing to do.

use bifrost::Kind;
use inventory::{Inventory, Opened, Vault};
use litellm::Input;
use plan::{Choices, ExpiryChoice, Plan};
use sandbox::Release;
use serde_json::{Value, json};
use support::company;
use support::practice::Practice;

fn read(config: &str) -> (Inventory, Vault<Opened>) {
    let input = Input::File { name: "config.yaml", bytes: config.as_bytes() };
    inventory::gather(litellm::read(&[input])).open(&[])
}

fn environment(plan_text: &str) -> Vec<String> {
    let words = plan_text.split('"').filter_map(|word| word.strip_prefix("env."));
    words.map(str::to_owned).collect()
}

/// Applies to all; the plans for those that take the same: 1.5.2 takes one budget where the others take several.
#[track_caller]
fn settles(inventory: &Inventory, vault: &Vault<Opened>, servers: &[&str]) -> Vec<Plan> {
    let choices = Choices { expiring_keys: Some(ExpiryChoice::Inactive), ..Choices::default() };
    let settle = |release: Release| {
        let first = Practice::new(release).plan(inventory, vault, &choices);
        let gateway = support::gateway::empty(release, 11)
            .with_environment(environment(&report::plan_json(&first)))
            .with_mcp_servers(servers.iter().map(|server| (*server).to_owned()));
        Practice::of(gateway).settles(inventory, vault, &choices)
    };
    let plans = Release::TARGETS.map(|release| (release, settle(release)));
    plans.into_iter().filter(|(release, _)| *release > Release::V1_5_2).map(|(_, plan)| plan).collect()
}

/// The bodies of one kind, line by line; the same in all plans.
#[track_caller]
fn told(plans: &[Plan], kind: Kind) -> String {
    let texts: Vec<String> = plans
        .iter()
        .map(|plan| {
            let ops = plan.ops.iter().filter(|op| op.kind == kind);
            let bodies: Vec<String> = ops.filter_map(|op| op.after.as_deref()).map(bifrost::canonical).collect();
            bodies.join("\n")
        })
        .collect();
    assert!(texts.windows(2).all(|pair| pair[0] == pair[1]), "{texts:#?}");
    texts.into_iter().next().unwrap_or_default()
}

#[test]
fn the_recorded_deployments_settle() {
    for version in ["1.101.6", "1.108.7"] {
        let (inventory, vault) = company::recorded(version);
        settles(&inventory, &vault, &[]);
    }
}

#[test]
fn prices_of_ones_own_settle() {
    let (inventory, vault) = read(
        "model_list:
  - model_name: cheap
    litellm_params: {model: openai/gpt-4o, api_key: os.environ/OPENAI_API_KEY, input_cost_per_token: 0.0000025, output_cost_per_token: 1e-5}
  - model_name: embed
    litellm_params: {model: openai/text-embedding-3-small, api_key: os.environ/OPENAI_API_KEY}
    model_info: {mode: embedding, input_cost_per_token: 0}
",
    );
    let plans = settles(&inventory, &vault, &[]);
    insta::assert_snapshot!(told(&plans, Kind::PricingOverride));
}

/// Two prices for what the gateway cannot tell apart are left to a person, and so is what it has no price for.
#[test]
fn prices_that_cannot_be_told_apart_are_named() {
    let (inventory, vault) = read(
        "model_list:
  - model_name: a
    litellm_params: {model: openai/gpt-4o, api_key: os.environ/K, input_cost_per_token: 0.0000025}
  - model_name: b
    litellm_params: {model: openai/gpt-4o, api_key: os.environ/K, input_cost_per_token: 0.0000100}
  - model_name: c
    litellm_params: {model: openai/o1, api_key: os.environ/K, output_cost_per_reasoning_token: 1e-6}
    model_info: {input_cost_per_token: free}
",
    );
    let plan = Practice::new(Release::V1_5_16).plan(&inventory, &vault, &Choices::default());
    insta::assert_snapshot!(lines(&plan, &["_cost"]));
}

/// Budgets and limits of every sort there is, each in its best form.
#[test]
fn limits_of_every_sort_settle() {
    let config = "model_list:
  - {model_name: gpt-4o, litellm_params: {model: openai/gpt-4o, api_key: os.environ/K, max_budget: 20, budget_duration: 1d, rpm: 10}}
  - {model_name: mini, litellm_params: {model: openai/gpt-4o-mini, api_key: os.environ/K, default_api_key_rpm_limit: 5}}
  - {model_name: claude, litellm_params: {model: anthropic/claude-sonnet-4-5, api_key: os.environ/A}}
litellm_settings: {max_budget: 1000, budget_duration: 30d, max_end_user_budget: 1}
router_settings:
  provider_budget_config: {openai: {budget_limit: 50, time_period: 1d}, anthropic: {max_budget: 0.5, budget_duration: 7d}}
";
    let rows = json!({
        "LiteLLM_BudgetTable": [
            {"budget_id": "member", "max_budget": 8, "budget_duration": "7d", "rpm_limit": 1},
            {"budget_id": "project", "max_budget": 30, "budget_duration": "1mo", "tpm_limit": 1000},
            {"budget_id": "org", "max_budget": 500, "tpd_limit": 100_000, "tpm_limit": 1000},
            {"budget_id": "tag", "max_budget": 5},
            {"budget_id": "linked", "model_max_budget": {"claude": {"budget_limit": 3, "time_period": "7d"}}},
        ],
        "LiteLLM_OrganizationTable": [{"organization_id": "o", "organization_alias": "Org", "budget_id": "org"}],
        "LiteLLM_TeamTable": [{
            "team_id": "t", "team_alias": "Team", "max_budget": 100, "budget_duration": "30d", "tpd_limit": 5000,
            "metadata": {"model_rpm_limit": {"gpt-4o": 9}, "rpm_limit_type": "best_effort_throughput"},
            "budget_limits": [{"max_budget": 10, "budget_duration": "1d"}],
        }],
        "LiteLLM_TeamMembership": [{"user_id": "u", "team_id": "t", "budget_id": "member"}],
        "LiteLLM_UserTable": [{"user_id": "u", "user_email": "u@example.com", "max_budget": 25, "max_parallel_requests": 3}],
        "LiteLLM_TagTable": [{"tag_name": "batch", "budget_id": "tag"}],
        "LiteLLM_ProjectTable": [{"project_id": "p", "project_alias": "Project", "team_id": "t", "budget_id": "project"}],
        "LiteLLM_VerificationToken": [
            {"token": "a1", "key_alias": "in-team", "team_id": "t", "user_id": "u", "metadata": {"model_rpm_limit": {"mini": 4}}},
            {"token": "a2", "key_alias": "in-team-too", "team_id": "t", "user_id": "u",
             "model_max_budget": {"gpt-4o": {"max_budget": 1.5, "budget_duration": "1d", "rpm_limit": 2}, "mini": 0}},
            {"token": "a3", "key_alias": "in-project", "team_id": "t", "project_id": "p"},
            {"token": "a4", "key_alias": "personal", "user_id": "u", "budget_id": "linked", "max_budget": 5,
             "metadata": {"temp_budget_increase": 10, "temp_budget_expiry": "2027-01-01T00:00:00Z"}},
            {"token": "a5", "key_alias": "of-the-org", "organization_id": "o", "tpd_limit": 700},
        ],
    });
    let (inventory, vault) = support::fleet::beside(config, serde_json::from_value(rows).expect("tables"));
    let plans = settles(&inventory, &vault, &[]);
    let kinds = [Kind::Customer, Kind::Team, Kind::VirtualKey, Kind::ModelConfig];
    let bodies: Vec<String> = kinds.into_iter().map(|kind| told(&plans, kind)).collect();
    let words = ["budget", "_limit", "rpm", "organization_id", "project_id", "user_id"];
    let findings = plans[1].findings.iter().map(ToString::to_string).collect::<Vec<_>>().join("\n");
    insta::assert_snapshot!(format!("{}\n\n{findings}\n\n{}", bodies.join("\n"), lines(&plans[1], &words)));
}

/// The fields whose names hold one of the words, with what became of each; and the findings of the kind.
fn lines(plan: &Plan, words: &[&str]) -> String {
    let mut fields: Vec<_> = plan.lines().collect();
    fields.sort();
    fields
        .into_iter()
        .filter(|line| words.iter().any(|word| line.source.contains(word)))
        .map(|line| format!("{} {} {}: {}", line.fidelity.word(), line.object, line.source, line.note))
        .collect::<Vec<_>>()
        .join("\n")
}

/// Projects, end users, tags, service accounts, rotated keys, routes, metadata with a meaning: each has its form, or a
/// line that says what to do.
#[test]
fn what_the_gateway_has_no_word_for_is_named() {
    let rows = json!({
        "LiteLLM_ProjectTable": [{"project_id": "p", "project_alias": "P", "models": ["gpt-4o"], "blocked": false}],
        "LiteLLM_EndUserTable": [
            {"user_id": "eu", "blocked": true, "models": ["gpt-4o"], "allowed_model_region": "eu"},
            {"user_id": "plain", "blocked": false},
        ],
        "LiteLLM_TagTable": [{"tag_name": "batch", "models": ["d1"], "description": "nightly"}],
        "LiteLLM_DeprecatedVerificationToken": [
            {"id": "1", "token": "d1", "active_token_id": "a1", "revoke_at": "2027-01-01T00:00:00Z"},
            {"id": "2", "token": "d2", "active_token_id": "a1", "revoke_at": "2026-01-01T00:00:00Z"},
        ],
        "LiteLLM_VerificationToken": [
            {"token": "a1", "key_alias": "service", "metadata": {"service_account_id": "ci", "tags": ["x"],
             "enforced_params": ["user"], "require_trace_id": true, "guardrails": ["pii"], "own": 1}},
            {"token": "a2", "key_alias": "in-project", "project_id": "p"},
            {"token": "a3", "key_alias": "chat-only", "allowed_routes": ["/chat/completions"]},
            {"token": "a4", "key_alias": "all-routes", "allowed_routes": ["llm_api_routes"]},
            {"token": "a5", "key_alias": "embeddings-only", "allowed_routes": ["/embeddings"], "auto_rotate": true, "rotation_interval": "30d"},
        ],
    });
    let config = "model_list: [{model_name: gpt-4o, litellm_params: {model: openai/gpt-4o, api_key: os.environ/K}}, {model_name: mini, litellm_params: {model: openai/gpt-4o-mini, api_key: os.environ/K}}]";
    let (inventory, vault) = support::fleet::beside(config, serde_json::from_value(rows).expect("tables"));
    let plans = settles(&inventory, &vault, &[]);
    let fates: Vec<String> = plans[1]
        .objects
        .iter()
        .filter(|object| object.kind != "deployment")
        .map(|object| format!("{} {:?}: {}", object.id, object.fate, object.note))
        .collect();
    let words =
        ["project", "metadata", "route", "rotat", "revoke", "token", "user", "tag", "models", "blocked", "region"];
    insta::assert_snapshot!(format!("{}\n\n{}", fates.join("\n"), lines(&plans[1], &words)));
}

/// MCP servers become clients, and each key names the tools it may use: never more than LiteLLM gives it.
#[test]
fn mcp_servers_settle_and_nobody_gains_a_tool() {
    let server = |id: &str, more: Value| {
        let mut row =
            json!({"server_id": id, "server_name": id, "transport": "http", "url": format!("http://127.0.0.1:9/{id}")});
        row.as_object_mut().expect("a row").extend(more.as_object().expect("fields").clone());
        row
    };
    let rows = json!({
        "LiteLLM_MCPServerTable": [
            server("docs-search", json!({"mcp_access_groups": ["docs"], "allowed_tools": ["search", "read"]})),
            server("open", json!({"allow_all_keys": true, "static_headers": {"X-Team": "abcdefghijklmnop"}})),
            server("stdio", json!({"transport": "stdio", "command": "npx", "args": ["-y", "x"]})),
            server("oauth", json!({"auth_type": "oauth2"})),
            server("bearer", json!({"auth_type": "bearer_token"})),
        ],
        "LiteLLM_ObjectPermissionTable": [
            {"object_permission_id": "by-group", "mcp_access_groups": ["docs"]},
            {"object_permission_id": "one-tool", "mcp_servers": ["docs-search"], "mcp_tool_permissions": {"docs-search": ["search"]}},
            {"object_permission_id": "other-tool", "mcp_servers": ["docs-search"], "mcp_tool_permissions": {"docs-search": ["read"]}},
            {"object_permission_id": "blocks", "mcp_servers": ["docs-search"], "blocked_tools": ["read"]},
        ],
        "LiteLLM_TeamTable": [{"team_id": "t", "team_alias": "T", "object_permission_id": "one-tool"}],
        "LiteLLM_VerificationToken": [
            {"token": "a1", "key_alias": "nothing-of-its-own"},
            {"token": "a2", "key_alias": "by-group", "object_permission_id": "by-group"},
            {"token": "a3", "key_alias": "inherits", "team_id": "t"},
            {"token": "a4", "key_alias": "disjoint", "team_id": "t", "object_permission_id": "other-tool"},
            {"token": "a5", "key_alias": "all-but-one", "object_permission_id": "blocks"},
            {"token": "a6", "key_alias": "blocked", "blocked": true, "object_permission_id": "by-group"},
        ],
    });
    let config =
        "model_list: [{model_name: gpt-4o, litellm_params: {model: openai/gpt-4o, api_key: os.environ/os.environ/K}}]";
    let (inventory, vault) = support::fleet::beside(config, serde_json::from_value(rows).expect("tables"));
    let plans = settles(&inventory, &vault, &["http://127.0.0.1:9/docs-search", "http://127.0.0.1:9/open"]);
    let keys = plans[0].ops.iter().filter(|op| op.kind == Kind::VirtualKey);
    let tools: Vec<String> = keys
        .map(|op| {
            format!(
                "{}: {}",
                op.name,
                op.after.as_ref().map(|body| body["mcp_configs"].to_string()).unwrap_or_default()
            )
        })
        .collect();
    let fates: Vec<String> = plans[1]
        .objects
        .iter()
        .filter(|object| object.kind.starts_with("mcp") || object.kind == "object_permission")
        .map(|object| format!("{} {:?}: {}", object.id, object.fate, object.note))
        .collect();
    insta::assert_snapshot!(format!(
        "{}\n\n{}\n\n{}\n\n{}",
        told(&plans, Kind::McpClient),
        tools.join("\n"),
        fates.join("\n"),
        told(&plans, Kind::ProviderKey)
    ));
}
