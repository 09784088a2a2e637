//! What the plan of the recorded deployment says of single fields, against what somebody who knows both gateways would
//! say of them: an accounting that is true, and that a person can act on.

use bifrost::Observed;
use plan::{Choices, ExpiryChoice, Fate, FieldLine, Plan};
use serde_json::{Value, json};
use support::{company, fleet};

fn planned(target: &str) -> Plan {
    let (inventory, vault) = company::recorded("1.108.7");
    let choices = Choices { expiring_keys: Some(ExpiryChoice::Inactive), ..Choices::default() };
    plan::plan(&inventory, &vault, &Observed::fresh(target), &choices, company::now())
}

fn line<'p>(plan: &'p Plan, object: &str, field: &str) -> Option<&'p FieldLine> {
    let mut found = plan.lines().filter(|line| line.object.as_str() == object && &*line.source == field);
    let line = found.next();
    assert!(found.next().is_none(), "{object} {field} is told twice");
    line
}

/// `fidelity [target] note` of a field.
#[track_caller]
fn check(plan: &Plan, object: &str, field: &str, expected: &str) {
    let told = line(plan, object, field).map(|line| {
        let target = line.target.as_deref().map(|target| format!(" [{target}]")).unwrap_or_default();
        format!("{}{target} {}", line.fidelity.word(), line.note)
    });
    assert_eq!(told.as_deref().map(str::trim_end), Some(expected), "{object} {field}");
}

#[track_caller]
fn ends(plan: &Plan, object: &str, fate: Fate, note: &str) {
    let found = plan.objects.iter().find(|found| found.id.as_str() == object).expect("the object");
    assert_eq!((found.fate, found.note.as_str()), (fate, note), "{object}");
}

fn body<'p>(plan: &'p Plan, op: &str) -> Option<&'p Value> {
    plan.ops.iter().find(|found| found.id.as_str() == op)?.after.as_deref()
}

/// Azure's deployments have names of their own: without the model behind them, their calls cost nothing on the gateway
/// and the budgets of their keys never end.
#[test]
fn a_deployment_keeps_the_model_it_is_priced_by() {
    let plan = planned("2.2.6");
    check(&plan, "deployment/azure-gpt-4o", "model_info.base_model", "exact [aliases[].model_name]");
    check(&plan, "deployment/db-azure-gpt-4o-1", "model_info.base_model", "exact [aliases[].model_name]");
    check(&plan, "deployment/cfg-gpt-4o", "model_info.base_model", "exact [models] the upstream model itself");
    let aliases = |op: &str| body(&plan, op).and_then(|body| body.get("aliases")).cloned().unwrap_or_default();
    let deployment = json!({"api_version": "2024-10-21", "model_id": "my-gpt4o-deployment", "model_name": "gpt-4o"});
    assert_eq!(
        aliases("provider_key/azure-api-key"),
        json!({"azure-gpt-4o": deployment, "my-gpt4o-deployment": deployment})
    );
    // An older gateway has no place for it, and says so.
    let plan = planned("1.5.2");
    let note = "the gateway finds no price by the name of this deployment, and then its calls cost nothing in budgets; make a pricing override with the prices of the base model";
    check(&plan, "deployment/azure-gpt-4o", "model_info.base_model", &format!("manual {note}"));
    assert!(plan.findings.iter().any(|finding| finding.code.as_str() == "plan.looser"
        && finding.message.contains("deployment/azure-gpt-4o, deployment/db-azure-gpt-4o-1")));
}

/// A key that only a lost expiry keeps shut is opened by one switch, so its rules are there too.
#[test]
fn a_key_that_is_shut_by_choice_has_its_aliases() {
    for target in ["1.5.2", "1.5.16", "1.6.10", "2.2.6"] {
        let plan = planned(target);
        check(&plan, "virtual_key/dan-laptop", "aliases", "exact [cel_expression]");
        assert!(body(&plan, "routing_rule/key dan-laptop alias mini").is_some(), "{target}");
    }
}

/// A blocked key is given nothing, and that is not told as if it were.
#[test]
fn a_blocked_key_says_what_it_was_not_given() {
    let key = json!({"token": "t", "key_alias": "shut", "models": ["fast"], "aliases": {"a": "fast"}, "blocked": true});
    let config = "model_list:\n- model_name: fast\n  litellm_params: {model: openai/gpt-4o, api_key: os.environ/K}\n";
    let (inventory, vault) = fleet::made_up(config, &[("VerificationToken", key)]);
    let plan = plan::plan(&inventory, &vault, &Observed::fresh("2.2.6"), &Choices::default(), company::now());
    assert_eq!(body(&plan, "virtual_key/shut").map(|body| body["provider_configs"].clone()), Some(json!([])));
    let id = plan.objects.iter().find(|object| object.kind == "virtual_key").expect("the key").id.to_string();
    check(
        &plan,
        &id,
        "models",
        "approximate the key is inactive and was given no model; give it these when somebody opens it",
    );
    check(
        &plan,
        &id,
        "aliases",
        "approximate the key is inactive, so no rule is made; make one of each alias when somebody opens it",
    );
}

#[test]
fn what_is_used_by_nothing_is_told_so() {
    let plan = planned("2.2.6");
    let note = "it is for members of a team, and none of them has a key there";
    let row = "budget/team-platform-budget-10a9321bfac64780866aa82a1b17638c";
    ends(&plan, row, Fate::Skipped, note);
    check(&plan, row, "max_budget", &format!("exact {note}"));
    check(&plan, row, "budget_duration", &format!("exact {note}"));
    ends(&plan, "budget/team-member-default", Fate::Skipped, "nothing is linked to it");
    check(&plan, "budget/team-member-default", "max_budget", "exact nothing is linked to it, so it limits nothing");
    check(
        &plan,
        "team_membership/u-dev/team-platform",
        "budget_id",
        "exact this member has no key in the team, so it limits nothing",
    );
    check(
        &plan,
        "credential/azure-eu",
        "credential_values.api_key",
        "exact no deployment uses it, so it is not on the gateway",
    );
}

#[test]
fn users_and_teams_are_told_as_they_are() {
    let plan = planned("2.2.6");
    check(&plan, "user/u-noemail", "user_alias", "unsupported no users in the open-source edition");
    check(&plan, "user/u-viewer", "user_id", "unsupported no users in the open-source edition");
    check(&plan, "user/u-dev", "user_alias", "exact [name]");
    check(
        &plan,
        "user/u-dev",
        "user_role",
        "unsupported no users in the open-source edition; a role that runs nothing needs no login there",
    );
    check(
        &plan,
        "user/u-admin",
        "user_role",
        "manual no users in the open-source edition; give the people who run the gateway its admin login, and nobody else",
    );
    let reason = |id: &str| plan.ops.iter().find(|op| op.id.as_str() == id).map(|op| op.reason.as_str());
    assert_eq!(reason("team/skunkworks"), Some("the team that its keys belong to"));
    assert_eq!(reason("team/platform"), Some("the team's budget and limits"));
}

#[test]
fn settings_that_another_one_overrules_are_told_so() {
    let plan = planned("2.2.6");
    let note = "exact counts for nothing in LiteLLM: router_settings goes before it";
    check(&plan, "settings/litellm_settings", "num_retries", note);
    check(&plan, "settings/litellm_settings", "request_timeout", note);
    check(
        &plan,
        "settings/router_settings",
        "timeout",
        "approximate [network_config.default_request_timeout_in_seconds] per provider, not per model",
    );
}

#[test]
fn an_mcp_server_that_is_left_says_what_its_header_has_to_be() {
    let plan = planned("2.2.6");
    let server = "mcp_server/0a812412-ded6-4be1-8c59-21736c2b315e";
    let why = "LiteLLM puts the word Bearer in front of the credential, and the gateway sends a header as it stands; its header is Authorization: Bearer CREDENTIAL";
    ends(&plan, server, Fate::Manual, &format!("add it as an MCP client by hand: {why}"));
    let told = plan.findings.iter().find(|finding| finding.code.as_str() == "plan.mcp").expect("a finding");
    assert_eq!(told.message, format!("the MCP server docs_search is not moved: {why}"));
    for field in ["is_byok", "oauth_passthrough", "delegate_auth_to_upstream", "allow_all_keys"] {
        check(&plan, server, field, "exact off on both sides");
    }
}

/// What the findings of that code say of a made-up installation.
fn messages(config: &str, rows: &[(&str, Value)], code: &str) -> Vec<String> {
    let (inventory, vault) = fleet::made_up(config, rows);
    let plan = plan::plan(&inventory, &vault, &Observed::fresh("2.2.6"), &Choices::default(), company::now());
    plan.findings.iter().filter(|found| found.code.as_str() == code).map(|found| found.message.clone()).collect()
}

/// The gateway's catalogue has no prices of custom providers: where money is limited, the deployments whose calls cost
/// nothing there are named.
#[test]
fn calls_that_cost_nothing_are_named_where_money_is_limited() {
    let config = |params: &str| {
        format!(
            "model_list:\n- {{model_name: a, litellm_params: {{model: openai/gpt-4o, api_key: os.environ/K}}}}\n- \
             {{model_name: b, model_info: {{id: b}}, litellm_params: {{api_key: os.environ/K, {params}}}}}\n"
        )
    };
    let told = |params: &str, limit: Value| {
        let mut key = json!({"token": "k", "key_alias": "k", "models": ["a", "b"]});
        key.as_object_mut().expect("a row").extend(limit.as_object().cloned().unwrap_or_default());
        let found = messages(&config(params), &[("VerificationToken", key)], "plan.unpriced");
        found.iter().map(|message| message.contains("deployment/b")).collect::<Vec<bool>>()
    };
    let nobody: [bool; 0] = [];
    let (own, money) = ("model: openai/qwen, api_base: 'http://127.0.0.1:9009/v1'", json!({"max_budget": 5}));
    assert_eq!(told(own, money.clone()), [true]);
    assert_eq!(told("model: together_ai/meta-llama/Llama-3.3-70B", money.clone()), [true]);
    assert_eq!(told(own, json!({"rpm_limit": 5})), nobody, "no money is limited");
    assert_eq!(
        told(&format!("{own}, input_cost_per_token: 0.000001"), money.clone()),
        nobody,
        "it has prices of its own"
    );
    assert_eq!(told("model: anthropic/claude-opus-4-1", money), nobody, "of a provider of the gateway's");
}

/// `127.0.0.1` is another machine after the move.
#[test]
fn addresses_of_the_machine_itself_are_named() {
    let told = |base: &str, server: &str| {
        let config = format!(
            "model_list:\n- {{model_name: a, litellm_params: {{model: openai/qwen, api_key: os.environ/K, api_base: \
             '{base}'}}}}\nmcp_servers: {{tools: {{url: '{server}', transport: http, allow_all_keys: true}}}}\n"
        );
        let found = messages(&config, &[], "plan.loopback");
        found.iter().map(|message| message.split_once(": ").expect("a list").1).collect::<Vec<_>>().join("; ")
    };
    let (far, near) = ("https://h.example/v1", "http://127.0.0.1:9009/v1");
    assert_eq!(told(far, "https://h.example/mcp"), "");
    assert_eq!(told(near, "https://h.example/mcp"), "provider/127-0-0-1-9009");
    assert_eq!(told(far, "http://localhost:9010/mcp"), "mcp_client/tools");
    assert_eq!(told(near, "http://[::1]/mcp"), "mcp_client/tools, provider/127-0-0-1-9009");
}
