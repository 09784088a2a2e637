//! Small installations, each with a few things in it that are seldom: the whole plan of each, line by line.

use std::fmt::Write as _;

use bifrost::{Kind, Observed};
use model::OpId;
use plan::{Choices, Op, Plan, Verdict};
use serde_json::{Value, json};
use support::{company, fleet};

/// What an op does and why, the body that is sent, what has to be there before, and the fields it accounts for.
fn op(op: &Op) -> String {
    let mut text = format!("{} {}: {}", op.action.symbol(), op.id, op.reason);
    if let Some(body) = &op.after {
        let _ = write!(text, "\n  {}", bifrost::canonical(body));
    }
    if !op.after_ops.is_empty() {
        let after: Vec<&str> = op.after_ops.iter().map(OpId::as_str).collect();
        let _ = write!(text, "\n  after {}", after.join(", "));
    }
    text.extend(op.fields.iter().map(|line| format!("\n  {} {}", line.object, field(line))));
    text
}

fn field(line: &plan::FieldLine) -> String {
    let target = line.target.as_deref().map(|target| format!(" [{target}]")).unwrap_or_default();
    format!("{}: {}{target} {}", line.source, line.fidelity.word(), line.note).trim_end().to_owned()
}

/// Everything that a plan says, but for the ids that files and rows have.
fn told(plan: &Plan) -> String {
    let mut lines: Vec<String> = plan.ops.iter().filter(|op| op.kind != Kind::ClientConfig).map(op).collect();
    for object in &plan.objects {
        let mut text = format!("{} {:?}", object.id, object.fate).to_lowercase();
        if !object.note.is_empty() {
            let _ = write!(text, ": {}", object.note);
        }
        text.extend(object.fields.iter().map(|line| format!("\n  {}", field(line))));
        lines.push(text);
    }
    lines.extend(plan.findings.iter().map(ToString::to_string));
    for verdict in plan.access.iter().filter(|verdict| verdict.verdict != Verdict::Equal) {
        lines.push(format!(
            "{:?} {}: {:?} {:?}",
            verdict.verdict, verdict.virtual_key, verdict.only_source, verdict.only_target
        ));
    }
    let routes = &plan.routes;
    lines.push(format!("{} of {} names go where they went", routes.equal, routes.asked));
    lines.extend(
        routes.differing.iter().map(|row| format!("{} {:?} for {}: {}", row.name, row.verdict, row.keys, row.note)),
    );
    lines.push(if plan.applyable { "may be applied".to_owned() } else { "may not be applied".to_owned() });
    lines.join("\n")
}

fn planned(config: &str, rows: &[(&str, Value)], observed: &Observed, choices: &Choices) -> Plan {
    let (inventory, vault) = fleet::made_up(config, rows);
    plan::plan(&inventory, &vault, observed, choices, company::now())
}

fn on(version: &str, config: &str, rows: &[(&str, Value)]) -> String {
    told(&planned(config, rows, &Observed::fresh(version), &Choices::default()))
}

/// A key that may call these.
fn key(alias: &str, models: &[&str], more: Value) -> (&'static str, Value) {
    let mut row = json!({"token": alias, "key_alias": alias, "models": models});
    if let (Some(row), Value::Object(more)) = (row.as_object_mut(), more) {
        row.extend(more);
    }
    ("VerificationToken", row)
}

fn models(lines: &[(&str, &str)]) -> String {
    let entry = |(name, params): &(&str, &str)| format!("- {{model_name: {name}, litellm_params: {{{params}}}}}\n");
    format!("model_list:\n{}", lines.iter().map(entry).collect::<String>())
}

const FAST: (&str, &str) = ("fast", "model: openai/gpt-4o, api_key: os.environ/K");
const BEST: (&str, &str) = ("best", "model: anthropic/claude-opus-4-1, api_key: os.environ/A");

/// Owners: two of one name, one that is shut, one whose organization is not there, people with and without limits.
#[test]
fn owners() {
    let rows = [
        ("BudgetTable", json!({"budget_id": "b", "max_budget": 50, "tpm_limit": 100, "tpd_limit": 1000})),
        ("BudgetTable", json!({"budget_id": "zero", "max_budget": 0})),
        ("OrganizationTable", json!({"organization_id": "12345678-a", "organization_alias": "Acme", "budget_id": "b"})),
        ("OrganizationTable", json!({"organization_id": "abcdefgh-b", "organization_alias": "Acme", "budget_id": "b"})),
        ("OrganizationTable", json!({"organization_id": "shut", "organization_alias": "Shut", "budget_id": "zero"})),
        ("TeamTable", json!({"team_id": "t1", "team_alias": "T", "organization_id": "12345678-a", "rpm_limit": 7})),
        ("TeamTable", json!({"team_id": "t2", "team_alias": "T", "organization_id": "gone"})),
        ("TeamTable", json!({"team_id": "t3", "team_alias": "Of the shut", "organization_id": "shut"})),
        (
            "UserTable",
            json!({"user_id": "u1", "user_email": "u1@example.com", "max_budget": 5, "user_role": "proxy_admin"}),
        ),
        ("UserTable", json!({"user_id": "u2", "user_alias": "Two", "max_budget": 0})),
        ("UserTable", json!({"user_id": "u3", "user_alias": "Three", "tpm_limit": 9, "user_role": "internal_user"})),
        key("k1", &["fast"], json!({"team_id": "t1", "organization_id": "abcdefgh-b"})),
        key("k2", &["fast"], json!({"team_id": "t2", "budget_id": "b"})),
        key("k3", &["fast"], json!({"team_id": "t3"})),
        key("k4", &["fast"], json!({"user_id": "u1", "organization_id": "12345678-a"})),
        key("k5", &["fast"], json!({"user_id": "u2"})),
        key("k6", &["fast"], json!({"organization_id": "gone"})),
        key("k7", &["fast"], json!({"organization_id": "shut"})),
        key("k8", &["fast"], json!({"team_id": "nobody"})),
        key("k9", &["fast"], json!({"allowed_routes": ["/embeddings"]})),
        key("k10", &["fast"], json!({"blocked": true, "user_id": "u1"})),
    ];
    let config = format!("{}general_settings: {{apply_user_budget_to_team_keys: true}}\n", models(&[FAST]));
    insta::assert_snapshot!("owners", on("2.2.6", &config, &rows));
}

/// Limits that keys share, that cannot be read, that are zero, or that the gateway has no place for.
#[test]
fn limits() {
    let rows = [
        ("BudgetTable", json!({"budget_id": "b", "max_budget": 50, "tpm_limit": 100, "tpd_limit": 1000})),
        ("BudgetTable", json!({"budget_id": "p", "max_budget": 9, "budget_duration": "7d", "rpm_limit": 3})),
        ("BudgetTable", json!({"budget_id": "tags", "max_budget": 1, "rpm_limit": 1})),
        (
            "ProjectTable",
            json!({"project_id": "p", "budget_id": "p", "model_rpm_limit": {"fast": 4}, "model_tpm_limit": {"best": 1}}),
        ),
        (
            "TeamTable",
            json!({"team_id": "t", "team_alias": "T", "metadata": {"model_rpm_limit": {"fast": 8, "best": 1}},
            "model_max_budget": {"fast": {"budget_limit": 3, "time_period": "1d"}}}),
        ),
        ("EndUserTable", json!({"user_id": "eu", "budget_id": "tags"})),
        (
            "DeprecatedVerificationToken",
            json!({"id": "1", "token": "d1", "active_token_id": "linked", "revoke_at": "2027-01-01T00:00:00Z"}),
        ),
        (
            "DeprecatedVerificationToken",
            json!({"id": "2", "token": "d2", "active_token_id": "linked", "revoke_at": "2027-02-01T00:00:00Z"}),
        ),
        ("TagTable", json!({"tag_name": "batch", "budget_id": "tags"})),
        key("linked", &["fast"], json!({"budget_id": "b", "tpm_limit": 60})),
        key("linked-too", &["fast"], json!({"budget_id": "b"})),
        key("of-project", &["fast", "best"], json!({"project_id": "p"})),
        key("of-project-too", &["fast"], json!({"project_id": "p", "rpm_limit": "5.9"})),
        key("of-team", &["fast", "best"], json!({"team_id": "t", "metadata": {"model_rpm_limit": {"fast": 2}}})),
        key("of-team-too", &["fast"], json!({"team_id": "t", "model_max_budget": {"fast": 0, "best": "much"}})),
        key("pattern", &["fast", "best"], json!({"metadata": {"model_tpm_limit": {"be*": 5}}})),
        key("unreadable", &["fast"], json!({"max_budget": "much", "budget_duration": "soon"})),
        key("unreadable-window", &["fast"], json!({"max_budget": 3, "budget_duration": "soon"})),
        key("no-parallel", &["fast"], json!({"max_parallel_requests": 0})),
        key(
            "spent",
            &["fast"],
            json!({"max_parallel_requests": 2, "spend": 1.25, "budget_limits": [{"max_budget": 2, "budget_duration": "1d"}, {"max_budget": 1, "budget_duration": "1d"}]}),
        ),
        key(
            "more-for-a-while",
            &["fast"],
            json!({"max_budget": 1, "metadata": {"temp_budget_increase": 2, "temp_budget_expiry": "2026-01-01T00:00:00Z"}}),
        ),
        key("more-for-ever", &["fast"], json!({"max_budget": 1, "metadata": {"temp_budget_increase": 2}})),
    ];
    let config = models(&[FAST, BEST]);
    insta::assert_snapshot!("limits", on("2.2.6", &config, &rows));
    insta::assert_snapshot!("limits-1.5.2", on("1.5.2", &config, &rows[3..11]));
}

/// Accounts and addresses that are not a plain key of a known provider.
#[test]
fn accounts() {
    let azure = "model: azure/four, api_base: 'https://x.openai.azure.com/', api_version: '2024-10-21'";
    let lines = [
        ("az", format!("{azure}, api_key: os.environ/K")),
        ("az-date", format!("{azure}, api_key: os.environ/K").replace('\'', "")),
        ("az-app", format!("{azure}, client_id: c, client_secret: os.environ/S, tenant_id: t")),
        ("az-token", format!("{azure}, azure_ad_token: os.environ/T")),
        ("bed", "model: bedrock/converse/anthropic.claude-v2, aws_region_name: eu-west-1, aws_role_name: 'arn:aws:iam::1:role/r'".to_owned()),
        ("bed-profile", "model: bedrock/anthropic.claude-v2, aws_profile_name: p".to_owned()),
        ("bed-token", "model: bedrock/anthropic.claude-v2, azure_ad_token: p, aws_region_name: us-east-1".to_owned()),
        ("vert", "model: vertex_ai/gemini-2.5-pro, vertex_project: p, vertex_location: l, vertex_credentials: os.environ/V".to_owned()),
        ("vert-map", "model: vertex_ai/gemini-2.5-pro, vertex_project: p, vertex_credentials: {type: service_account}".to_owned()),
        ("cla", "model: anthropic/claude-opus-4-1, api_key: os.environ/K, api_base: 'https://a.example/'".to_owned()),
        ("cla-old", "model: anthropic_text/claude-2, api_key: os.environ/K, api_base: 'https://t.example/v1'".to_owned()),
        ("gem", "model: gemini/gemini-2.5-pro, api_key: os.environ/K, api_base: 'https://g.example/v1beta'".to_owned()),
        ("coh", "model: cohere/command-r, api_key: os.environ/K, api_base: 'https://c.example'".to_owned()),
        ("sage", "model: sagemaker/jumpstart, aws_region_name: eu-west-1".to_owned()),
        ("pred", "model: predibase/llama, api_key: os.environ/K, tenant_id: acme".to_owned()),
        ("pred-no-tenant", "model: predibase/llama, api_key: os.environ/K".to_owned()),
        ("brick", "model: databricks/dbrx, api_key: os.environ/K, api_base: 'https://d.example/other/path'".to_owned()),
        ("ref", "model: os.environ/M, api_key: os.environ/K".to_owned()),
        ("base-ref", "model: openai/x, api_key: os.environ/K, api_base: os.environ/B".to_owned()),
        ("base-template", "model: openai/x, api_key: os.environ/K, api_base: 'https://${HOST}/v1'".to_owned()),
        ("no-url", "model: openai/x, api_key: os.environ/K, api_base: h.example".to_owned()),
        ("named", "model: openai/gpt-4o, litellm_credential_name: house".to_owned()),
        ("named-gone", "model: openai/gpt-4o, litellm_credential_name: nowhere".to_owned()),
        ("own-env", "model: groq/llama".to_owned()),
        ("local", "model: ollama/llama3".to_owned()),
        ("vllm", "model: hosted_vllm/qwen, api_base: 'http://v.example:8000/v1'".to_owned()),
        ("handler", "model: mine/x, api_key: os.environ/K".to_owned()),
        ("nobody", "model: nobody/x, api_key: os.environ/K".to_owned()),
        ("slug", "model: qwen, custom_llm_provider: openai, api_key: os.environ/K, api_base: 'https://s.example/v1/'".to_owned()),
    ];
    let lines: Vec<(&str, &str)> = lines.iter().map(|(name, params)| (*name, params.as_str())).collect();
    let config = format!(
        "{}credential_list: [{{credential_name: house, credential_values: {{api_key: os.environ/H}}, credential_info: {{}}}}]
litellm_settings: {{custom_provider_map: [{{provider: mine, custom_handler: own.handler}}]}}\n",
        models(&lines)
    );
    let rows = [key("k", &[], json!({}))];
    insta::assert_snapshot!("accounts", on("2.2.6", &config, &rows));
    insta::assert_snapshot!("accounts-1.5.2", on("1.5.2", &models(&lines[..5]), &rows));
}

/// Whole providers under names that are not the gateway's, and the strings that LiteLLM answers to beside its names.
#[test]
fn wildcards_and_upstream_names() {
    let config = models(&[
        ("vertex_ai/*", "model: vertex_ai/*, vertex_project: p, vertex_location: l"),
        ("openai/*", "model: openai/*, api_key: os.environ/K"),
        ("mine", "model: groq/llama, api_key: os.environ/G"),
        ("groq/other", "model: groq/other, api_key: os.environ/G"),
    ]);
    let rows = [
        key("all", &[], json!({})),
        key(
            "some",
            &["openai/gpt-4o", "openai/gpt-5", "mine", "groq/other", "own", "far"],
            json!({"aliases": {"own": "openai/gpt-5", "far": "mistral/x"}}),
        ),
    ];
    insta::assert_snapshot!("wildcards", on("2.2.6", &config, &rows));
    let every = models(&[("'*'", "model: openai/*, api_key: os.environ/K"), FAST]);
    insta::assert_snapshot!("everything", on("2.2.6", &every, &rows[..1]));
}

/// Limits and prices of deployments: shared by a group, stated by some of it, of whole providers, of calls without a
/// word on the gateway; and models that a limit of zero forbids.
#[test]
fn limits_and_prices_of_deployments() {
    let config = models(&[
        ("one", "model: openai/gpt-4o, api_key: os.environ/K, max_budget: 5, budget_duration: 7d, rpm: 3, tpm: 0"),
        ("two", "model: groq/llama, api_key: os.environ/G, max_budget: 5, budget_duration: 7d, rpm: 3"),
        ("two", "model: groq/llama, api_key: os.environ/H, max_budget: 6, budget_duration: 1d, rpm: 4.0"),
        ("some", "model: groq/qwen, api_key: os.environ/G, max_budget: 5, rpm: 3"),
        ("some", "model: groq/qwen, api_key: os.environ/H"),
        ("mistral/*", "model: mistral/*, api_key: os.environ/M, max_budget: 9, tpm: 9, input_cost_per_token: 0.001"),
        (
            "dear",
            "model: openai/gpt-5, api_key: os.environ/K, input_cost_per_token: 0.001, output_cost_per_token: '2e-6'",
        ),
        ("even", "model: openai/gpt-4, api_key: os.environ/K, input_cost_per_token: 0.001"),
        ("odd", "model: openai/gpt-4, api_key: os.environ/K, input_cost_per_token: 0.002"),
    ]) + "- {model_name: film, litellm_params: {model: openai/sora-2, api_key: os.environ/K}, model_info: {mode: video_generation, input_cost_per_token: 0.5}}\n";
    let rows = [
        key("all", &["mistral/*"], json!({"metadata": {"model_rpm_limit": {"large": 0, "small": 4}}})),
        key("one", &["one", "two"], json!({"metadata": {"model_rpm_limit": {"one": 0}}})),
    ];
    insta::assert_snapshot!("deployments", on("2.2.6", &config, &rows));
    insta::assert_snapshot!("deployments-1.5.2", on("1.5.2", &config, &rows));
}

/// Weights, orders and fallbacks, of everybody's names and of a team's; and what of them cannot be kept.
#[test]
fn routes() {
    let config = format!(
        "{}{}router_settings: {{fallbacks: [{{fast: [best]}}, {{half: [lost]}}], default_fallbacks: [best]}}
litellm_settings: {{fallbacks: [{{best: [fast]}}]}}\n",
        models(&[
            ("fast", "model: openai/gpt-4o, api_key: os.environ/K, order: 1, weight: 2"),
            ("fast", "model: groq/llama, api_key: os.environ/G, order: 2, weight: 1"),
            BEST,
            ("uneven", "model: openai/gpt-5, api_key: os.environ/K, weight: 9"),
            ("uneven", "model: openai/gpt-5, api_key: os.environ/L, weight: 1"),
            ("even", "model: openai/gpt-4, api_key: os.environ/K, weight: 1"),
            ("even", "model: openai/gpt-4, api_key: os.environ/L, weight: 9"),
            ("half", "model: sagemaker/half, aws_region_name: eu-west-1"),
        ]),
        "- {model_name: half, litellm_params: {model: openai/gpt-4o, api_key: os.environ/K}, model_info: {access_groups: [kept]}}
- {model_name: lost, litellm_params: {model: sagemaker/lost, aws_region_name: eu-west-1}, model_info: {access_groups: [kept]}}\n"
    );
    let own = |id: &str, model: &str, weight: u64| {
        (
            "ProxyModelTable",
            json!({"model_id": id, "model_name": format!("model_name_t_{id}"),
            "litellm_params": {"model": model, "api_key": "os.environ/K", "weight": weight, "order": 1},
            "model_info": {"id": id, "team_id": "t", "team_public_model_name": "fast"}}),
        )
    };
    let rows = [
        own("o1", "openai/gpt-5", 1),
        own("o2", "anthropic/claude-opus-4-1", 3),
        ("TeamTable", json!({"team_id": "t", "team_alias": "T", "models": []})),
        key("a", &["kept"], json!({})),
        key("all", &[], json!({})),
        key("b", &["kept", "fast"], json!({})),
        key("of-team", &[], json!({"team_id": "t"})),
    ];
    insta::assert_snapshot!("routes", on("2.2.6", &config, &rows));
}

/// A gateway that holds things: of an earlier move, of somebody else, and with more than LiteLLM asks for.
#[test]
fn on_a_gateway_that_holds_things() {
    let config = models(&[FAST, BEST]);
    let rows = [
        ("TeamTable", json!({"team_id": "t", "team_alias": "T", "max_budget": 5, "budget_duration": "30d"})),
        ("TeamTable", json!({"team_id": "same", "team_alias": "Same"})),
        ("OrganizationTable", json!({"organization_id": "o", "organization_alias": "O"})),
        key("mine", &["fast"], json!({"team_id": "t"})),
        key("theirs", &["fast", "best"], json!({})),
        key("shut", &["fast"], json!({"blocked": true})),
    ];
    let mut observed = Observed::fresh("2.2.6");
    observed.providers.push(json!({"name": "openai", "network_config": {"base_url": "", "extra_headers": {"Authorization": "Bearer of-somebody"}}}));
    observed.provider_keys.insert(
        "openai".to_owned(),
        vec![
            json!({"id": "pk1", "name": "openai-k", "models": ["fast"], "value": "env.K", "weight": 1, "aliases": {"fast": "gpt-4"}}),
            json!({"id": "pk2", "name": "of-somebody", "models": ["best"], "weight": 1}),
        ],
    );
    observed
        .teams
        .push(json!({"id": "t1", "name": "T", "budgets": [{"id": "b", "max_limit": 7, "reset_duration": "30d"}]}));
    observed.teams.push(json!({"id": "t2", "name": "Same"}));
    observed.customers.push(json!({"id": "c1", "name": "O", "rate_limit": {"request_max_limit": 1}}));
    let ours = "Moved from LiteLLM by Gangway";
    observed
        .virtual_keys
        .push(json!({"id": "v1", "name": "mine", "description": ours, "is_active": true, "provider_configs": []}));
    observed.virtual_keys.push(json!({"id": "v2", "name": "theirs", "description": "by hand", "is_active": true}));
    observed
        .virtual_keys
        .push(json!({"id": "v3", "name": "shut", "description": ours, "is_active": true, "provider_configs": []}));
    observed.virtual_keys.push(json!({"id": "v4", "name": "nobody-s", "description": ours, "is_active": true}));
    observed.routing_rules.push(json!({"id": "r1", "name": "odd", "enabled": true, "priority": 0, "scope": "global",
        "cel_expression": "headers[\"x-tier\"] == \"gold\"", "targets": [{"provider": "openai", "model": "gpt-5", "weight": 1}]}));
    let mut choices = Choices::default();
    let plan = planned(&config, &rows, &observed, &choices);
    let summary = plan.summary;
    insta::assert_snapshot!("gateway", told(&plan));
    assert_eq!((summary.create, summary.change, summary.same, summary.skip), (2, 5, 3, 1));
    choices.leave_alone.extend(["team/T", "team/Same", "team/none"].map(OpId::new));
    choices.take_over.extend(["virtual_key/theirs", "virtual_key/mine", "team/T"].map(OpId::new));
    insta::assert_snapshot!("gateway-by-choice", told(&planned(&config, &rows, &observed, &choices)));
}
