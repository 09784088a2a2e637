//! A rule that is on the gateway already may send a name elsewhere than LiteLLM does: that is found, and what differs is
//! said. Where it leads to the same upstream, nothing is said.

use bifrost::{Kind, Observed};
use plan::{Choices, Plan, RouteVerdict};
use serde_json::{Value, json};
use support::{company, fleet};

/// Plans two models, and a rule on the gateway that sends the first name to the second one's upstream.
fn planned(fast: &str, slow: &str, rule: Option<Value>) -> Plan {
    let config = format!(
        "model_list:\n- {{model_name: fast, litellm_params: {{{fast}}}}}\n- {{model_name: slow, litellm_params: {{{slow}}}}}\n\
         credential_list: [{{credential_name: house, credential_values: {{api_key: os.environ/K}}, credential_info: {{}}}}]\n"
    );
    let row = json!({"token": "k", "key_alias": "k", "models": ["fast", "slow"]});
    let (inventory, vault) = fleet::made_up(&config, &[("VerificationToken", row)]);
    let mut observed = Observed::fresh("2.2.6");
    observed.routing_rules.extend(rule);
    plan::plan(&inventory, &vault, &observed, &Choices::default(), company::now())
}

fn rule(condition: &str, provider: &str, model: &str) -> Value {
    json!({"id": "r", "name": "there", "enabled": true, "priority": 0, "scope": "global", "cel_expression": condition,
           "targets": [{"provider": provider, "model": model, "weight": 1}]})
}

/// What differs for the name, where it leads to the other one's upstream; nothing where that is the same.
#[track_caller]
fn check(fast: &str, slow: &str, expected: &str) {
    let plain = planned(fast, slow, None);
    assert_eq!(plain.routes.differing, [], "{fast} beside {slow}: without a rule");
    let serves = |body: &&Value| body["models"].as_array().is_some_and(|models| models.contains(&json!("slow")));
    let mut keys = plain.ops.iter().filter(|op| op.kind == Kind::ProviderKey).filter_map(|op| op.after.as_deref());
    let key = keys.find(serves).unwrap_or_else(|| panic!("nothing serves {slow}: {:#?}", plain.findings));
    let provider = key["provider"].as_str().expect("a provider");
    let plan = planned(fast, slow, Some(rule("model == \"fast\"", provider, "slow")));
    let told: Vec<&str> = plan
        .routes
        .differing
        .iter()
        .map(|row| {
            assert_eq!((row.name.as_str(), row.verdict, row.keys), ("fast", RouteVerdict::Elsewhere, 1));
            row.note.split_once("(differs in ").expect("what differs").1.trim_end_matches(')')
        })
        .collect();
    assert_eq!(told.join("; "), expected, "{fast} sent to {slow}");
}

#[test]
fn what_differs_is_said() {
    let openai = "model: openai/gpt-4o, api_key: os.environ/K";
    check(openai, openai, "");
    check(openai, "model: openai/gpt-5, api_key: os.environ/K", "model");
    check(openai, "model: openai/gpt-4o, api_key: os.environ/L", "account");
    check(openai, "model: openai/gpt-4o, litellm_credential_name: house", "");
    check(
        "model: openai/gpt-4o, litellm_credential_name: house",
        "model: openai/gpt-4o, api_key: os.environ/L",
        "account",
    );
    check(openai, "model: openai/gpt-4o, api_key: os.environ/K, api_base: 'https://h.example/v1'", "address");
    check(openai, "model: openai/gpt-4o, api_key: os.environ/K, api_base: 'https://api.openai.com/v1/'", "");
    check(openai, "model: openai/gpt-4o, api_key: os.environ/K, base_url: 'https://h.example/v1'", "address");
    check(openai, "model: groq/gpt-4o, api_key: os.environ/K", "address");
    check(openai, "model: gpt-4o, custom_llm_provider: openai, api_key: os.environ/K", "");
    check("model: anthropic/claude-opus-4-1, api_key: os.environ/K", openai, "model");
    let own = |host: &str| format!("model: openai/qwen, api_key: os.environ/K, api_base: 'http://{host}'");
    check(&own("a.example:1/v1"), &own("a.example:2/v1"), "address");
    check(&own("a.example/v1"), &own("a.example/v1/"), "");
    check(&own("a.example"), &own("b.example"), "address");
}

/// Addresses and accounts that a provider key holds.
#[test]
fn what_keys_hold_is_compared() {
    let azure = |base: &str, more: &str| format!("model: azure/four, api_base: {base}, {more}");
    let (x, y) = ("'https://x.openai.azure.com'", "'https://y.openai.azure.com'");
    let key = "api_key: os.environ/K";
    check(&azure(x, key), &azure(x, key), "");
    check(&azure(x, key), &azure("'https://x.openai.azure.com/'", key), "");
    check(&azure(x, key), &azure(y, key), "address");
    check(&azure("os.environ/B", key), &azure("os.environ/B", key), "");
    check(&azure("os.environ/B", key), &azure("os.environ/C", key), "address");
    check(&azure("os.environ/B", key), &azure(x, key), "address");
    let app = |client: &str, tenant: &str| {
        azure(x, &format!("client_id: {client}, client_secret: os.environ/S, tenant_id: {tenant}"))
    };
    check(&app("c", "t"), &app("c", "t"), "");
    check(&app("c", "t"), &app("d", "t"), "account");
    check(&app("c", "t"), &app("c", "u"), "account");
    check(&format!("model: openai/four, api_base: {x}, {key}"), &azure(x, key), "address");
    let bedrock = |more: &str| format!("model: bedrock/anthropic.claude-v2, {more}");
    check(&bedrock("aws_region_name: eu-west-1"), &bedrock("aws_region_name: us-east-1"), "account");
    check(&bedrock("aws_region_name: eu-west-1"), &bedrock("aws_region_name: eu-west-1"), "");
    check(
        &bedrock("aws_region_name: r, aws_access_key_id: os.environ/A, aws_secret_access_key: os.environ/S"),
        &bedrock("aws_region_name: r, aws_access_key_id: os.environ/B, aws_secret_access_key: os.environ/S"),
        "account",
    );
    let vertex =
        |project: &str| format!("model: vertex_ai/gemini-2.5-pro, vertex_project: {project}, vertex_location: l");
    check(&vertex("p"), &vertex("q"), "account");
    let vllm = |host: &str| format!("model: hosted_vllm/qwen, api_base: 'http://{host}:8000/v1'");
    check(&vllm("a"), &vllm("b"), "address");
    check(&vllm("a"), &vllm("a"), "");
}

/// A rule whose condition cannot be told beforehand may send every name elsewhere; one that is off sends nothing.
#[test]
fn a_rule_that_cannot_be_told_is_named() {
    let openai = "model: openai/gpt-4o, api_key: os.environ/K";
    let slow = "model: openai/gpt-5, api_key: os.environ/K";
    let odd = rule("headers[\"x-tier\"] == \"gold\"", "openai", "slow");
    let plan = planned(openai, slow, Some(odd.clone()));
    let told: Vec<String> =
        plan.routes.differing.iter().map(|row| format!("{} {:?} {}", row.name, row.verdict, row.note)).collect();
    let note = "Elsewhere a rule that is on the gateway already may send it elsewhere";
    assert_eq!(told, [format!("fast {note}"), format!("slow {note}")]);
    assert_eq!((plan.routes.asked, plan.routes.equal), (2, 0));
    let mut off = odd;
    off["enabled"] = json!(false);
    assert_eq!(planned(openai, slow, Some(off)).routes.differing, []);
}

/// Two rules of one priority are refused: the plan's rules go around those that are there, and come before none of its
/// own.
#[test]
fn priorities_that_are_taken_are_left() {
    let priorities = |there: &[(&str, i64)]| {
        let config = "model_list:
- {model_name: a, litellm_params: {model: openai/gpt-4o, api_key: os.environ/K}}
- {model_name: b, litellm_params: {model: groq/llama, api_key: os.environ/G}}
router_settings: {fallbacks: [{a: [b]}, {b: [a]}], model_group_alias: {x: a}}
";
        let row = json!({"token": "k", "key_alias": "k", "models": []});
        let (inventory, vault) = fleet::made_up(config, &[("VerificationToken", row)]);
        let mut observed = Observed::fresh("2.2.6");
        observed.routing_rules = there
            .iter()
            .map(|(name, priority)| json!({"id": name, "name": name, "enabled": false, "priority": priority, "scope": "global"}))
            .collect();
        let plan = plan::plan(&inventory, &vault, &observed, &Choices::default(), company::now());
        let rules = plan.ops.iter().filter(|op| op.kind == Kind::RoutingRule);
        rules.map(|op| op.after.as_ref().expect("a body")["priority"].as_i64().expect("a number")).collect::<Vec<i64>>()
    };
    assert_eq!(priorities(&[]), [5000, 5001, 1000]);
    assert_eq!(priorities(&[("theirs", 5000), ("too", 5002), ("third", 1001)]), [5001, 5003, 1000]);
    assert_eq!(priorities(&[("theirs", 1000), ("too", 5001)]), [5000, 5002, 1001]);
    // Rules of an earlier plan are written anew, with their own numbers.
    assert_eq!(priorities(&[("group a", 5000), ("alias x", 1000)]), [5000, 5001, 1000]);
}

/// A rule that is on leads a key away from what it may call; one that is off does not.
#[test]
fn a_rule_that_leads_away_is_found_by_the_access_check() {
    let config = "model_list:
- {model_name: fast, litellm_params: {model: openai/gpt-4o, api_key: os.environ/K}}
- {model_name: best, litellm_params: {model: anthropic/claude-opus-4-1, api_key: os.environ/A}}
";
    let key = |alias: &str, models: &[&str]| {
        ("VerificationToken", json!({"token": alias, "key_alias": alias, "models": models}))
    };
    let (inventory, vault) = fleet::made_up(config, &[key("both", &["fast", "best"]), key("one", &["fast"])]);
    let told = |enabled: bool| {
        let mut rule = rule("model == \"fast\"", "anthropic", "best");
        rule["enabled"] = json!(enabled);
        let mut observed = Observed::fresh("2.2.6");
        observed.routing_rules.push(rule);
        let plan = plan::plan(&inventory, &vault, &observed, &Choices::default(), company::now());
        let told = plan
            .access
            .iter()
            .map(|verdict| format!("{} {:?} {:?}", verdict.virtual_key, verdict.verdict, verdict.only_source));
        told.collect::<Vec<_>>().join("; ")
    };
    assert_eq!(told(false), "(no key) Equal []; both Equal []; one Equal []");
    assert_eq!(told(true), r#"(no key) Equal []; both Equal []; one Narrower ["fast"]"#);
}

/// What an earlier move left and the plan writes anew is not what the plan is held against.
#[test]
fn what_is_written_anew_does_not_count() {
    let config = "model_list:
- {model_name: fast, litellm_params: {model: openai/gpt-4o, api_key: os.environ/K}}
- {model_name: best, litellm_params: {model: anthropic/claude-opus-4-1, api_key: os.environ/A}}
router_settings: {fallbacks: [{fast: [best]}]}
";
    let row = json!({"token": "k", "key_alias": "k", "models": ["fast", "best"]});
    let (inventory, vault) = fleet::made_up(config, &[("VerificationToken", row)]);
    let differing = |name: &str| {
        let mut observed = Observed::fresh("2.2.6");
        observed.providers.push(json!({"name": "openai"}));
        let key = json!({"id": "pk", "name": "openai-k", "models": ["fast"], "value": "env.K", "weight": 1, "aliases": {"fast": "gpt-3"}});
        observed.provider_keys.insert("openai".to_owned(), vec![key]);
        let mut there = rule("model == \"fast\"", "anthropic", "best");
        there["name"] = json!(name);
        there["priority"] = json!(1);
        observed.routing_rules.push(there);
        let plan = plan::plan(&inventory, &vault, &observed, &Choices::default(), company::now());
        plan.routes.differing.iter().map(|row| format!("{} {:?}", row.name, row.verdict)).collect::<Vec<_>>().join("; ")
    };
    assert_eq!(differing("group fast"), "");
    assert_eq!(differing("of somebody"), "fast Elsewhere");
}

/// A virtual key, a team and a customer may be called as a provider and its key are.
#[test]
fn objects_of_different_kinds_may_have_one_name() {
    let config = "model_list: [{model_name: fast, litellm_params: {model: azure/four, api_key: os.environ/K, api_base: 'https://x.openai.azure.com'}}]\n";
    let key = |alias: &str| {
        ("VerificationToken", json!({"token": alias, "key_alias": alias, "models": ["fast"], "team_id": "t"}))
    };
    let rows = [
        ("TeamTable", json!({"team_id": "t", "team_alias": "azure", "organization_id": "o", "models": []})),
        ("OrganizationTable", json!({"organization_id": "o", "organization_alias": "azure-k", "models": []})),
        key("azure"),
        key("azure-k"),
    ];
    let (inventory, vault) = fleet::made_up(config, &rows);
    let plan = plan::plan(&inventory, &vault, &Observed::fresh("2.2.6"), &Choices::default(), company::now());
    assert_eq!((plan.routes.asked, plan.routes.differing.as_slice()), (1, &[][..]));
    assert!(plan.access.iter().all(|verdict| verdict.verdict == plan::Verdict::Equal), "{:#?}", plan.access);
}
