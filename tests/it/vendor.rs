//! What the vendor's own migration tool gets wrong, and what it is tried with.

use std::fmt::Write as _;

use bifrost::Observed;
use inventory::{Inventory, Opened, Vault};
use litellm::{Input, Kind};
use plan::{Choices, Fate, Plan};
use serde_json::json;
use support::company;

/// The newest gateway anybody ran.
const TARGET: &str = "2.0.0-prerelease3";

fn plan_for(inventory: &Inventory, vault: &Vault<Opened>, target: &str) -> Plan {
    plan::plan(inventory, vault, &Observed::fresh(target), &Choices::default(), company::now())
}

/// The deployments the tool is tried with.
#[expect(clippy::disallowed_methods, reason = "tests read fixtures")]
fn deployments() -> Vec<u8> {
    std::fs::read(company::fixtures().join("vendor/models.yaml")).expect("fixture")
}

/// One line for each deployment: where it is now served, or why it is not.
fn landed(plan: &Plan) -> Vec<String> {
    let mut lines: Vec<String> = Vec::new();
    for object in plan.objects.iter().filter(|object| object.kind == Kind::Deployment.word()) {
        let mut line = String::new();
        match object.fate {
            Fate::Moved => {
                let keys: Vec<&str> =
                    object.ops.iter().filter_map(|op| op.as_str().strip_prefix("provider_key/")).collect();
                let _ = write!(line, "{} -> {}", object.name, keys.join(", "));
            }
            fate => {
                let _ = write!(line, "{} {fate:?}: {}", object.name, object.note);
            }
        }
        lines.push(line);
    }
    lines.sort();
    lines
}

/// What the tool's host would have in its environment, of what decides where a deployment goes.
const BASES: &str = "
environment_variables:
  CLOUDFLARE_API_BASE: https://api.cloudflare.com/client/v4/accounts/0123456789abcdef/ai/run
  CUSTOM_LLM_API_BASE: https://llm.example.com/v1
  DATABRICKS_API_BASE: https://dbc-0123.cloud.databricks.com/serving-endpoints
  HOSTED_VLLM_API_BASE: https://vllm.example.com/v1
  INFINITY_API_BASE: https://infinity.example.com
  LLAMAFILE_API_BASE: http://127.0.0.1:8080/v1
  LM_STUDIO_API_BASE: http://127.0.0.1:1234/v1
  OLLAMA_API_BASE: http://127.0.0.1:11434
  PREDIBASE_TENANT_ID: acme
  SNOWFLAKE_API_BASE: https://acme.snowflakecomputing.com/api/v2/cortex/v1
  TRITON_API_BASE: http://127.0.0.1:8000
  WATSONX_URL: https://us-south.ml.cloud.ibm.com
  XINFERENCE_API_BASE: http://127.0.0.1:9997/v1
";

fn read(config: &[u8]) -> (Inventory, Vault<Opened>) {
    inventory::gather(litellm::read(&[Input::File { name: "config.yaml", bytes: config }])).open(&[])
}

/// Its own tool places 52 of them.
#[test]
fn its_own_104_deployments_land_or_have_a_reason() {
    let config = [deployments(), BASES.as_bytes().to_vec()].concat();
    let (inventory, vault) = read(&config);
    assert_eq!(inventory.of(Kind::Deployment).count(), 104);
    let plan = plan_for(&inventory, &vault, TARGET);
    let (there, not): (Vec<String>, Vec<String>) = landed(&plan).into_iter().partition(|line| line.contains(" -> "));
    assert!(there.len() >= 95, "{} land", there.len());
    insta::assert_snapshot!("vendor_landed", there.join("\n"));
    insta::assert_snapshot!("vendor_reasons", not.join("\n"));
}

/// Without its environment, only servers whose address nobody knows are left to a person.
#[test]
fn an_address_that_only_the_environment_knows_is_asked_for() {
    let config = deployments();
    let (inventory, vault) = read(&config);
    let plan = plan_for(&inventory, &vault, TARGET);
    let asked: Vec<String> = landed(&plan).into_iter().filter(|line| line.contains(" Manual: ")).collect();
    insta::assert_snapshot!("vendor_asked", asked.join("\n"));
}

/// A key of a made-up installation after the plan: what it may call, by provider.
fn granted(plan: &Plan, key: &str) -> Vec<(String, serde_json::Value)> {
    let op = plan.ops.iter().find(|op| op.id.as_str() == format!("virtual_key/{key}")).expect("the key");
    let body = op.after.as_ref().expect("a body");
    let configs = body["provider_configs"].as_array().cloned().unwrap_or_default();
    configs.iter().map(|config| (config["provider"].to_string(), config["allowed_models"].clone())).collect()
}

/// Plans a file and the keys and teams beside it.
fn with_rows(config: &str, rows: &[(&str, serde_json::Value)]) -> Plan {
    let (inventory, vault) = support::fleet::made_up(config, rows);
    plan_for(&inventory, &vault, TARGET)
}

const SHOP: &str = "model_list:
- {model_name: a, litellm_params: {model: openai/gpt-4o, api_key: os.environ/K1}}
- {model_name: b, litellm_params: {model: openai/gpt-4o-mini, api_key: os.environ/K1}}
- {model_name: c, litellm_params: {model: anthropic/claude-opus-4-1, api_key: os.environ/K2}}
";

fn key(alias: &str, rest: &serde_json::Value) -> (&'static str, serde_json::Value) {
    let mut row = json!({"token": alias, "key_alias": alias, "models": []});
    for (field, value) in rest.as_object().into_iter().flatten() {
        row[field] = value.clone();
    }
    ("VerificationToken", row)
}

/// Point 1: lists that have nothing in common leave nothing, not everything.
#[test]
fn point_1_disjoint_lists_grant_nothing() {
    let team = |models: &[&str]| ("TeamTable", json!({"team_id": "t", "team_alias": "t", "models": models}));
    let plan = with_rows(SHOP, &[team(&["b"]), key("k", &json!({"team_id": "t", "models": ["a"]}))]);
    assert_eq!(granted(&plan, "k"), []);
    let wild = with_rows(SHOP, &[team(&["anthropic/*"]), key("k", &json!({"team_id": "t", "models": ["a"]}))]);
    assert_eq!(granted(&wild, "k"), []);
}

/// Point 2: a key limited to one model cannot use the others of the same provider key.
#[test]
fn point_2_a_list_is_kept_to_the_letter() {
    let plan = with_rows(SHOP, &[key("k", &json!({"models": ["a"]}))]);
    assert_eq!(granted(&plan, "k"), [("\"openai\"".to_owned(), json!(["a"]))]);
}

/// Point 3: a key for everything gets what LiteLLM had, not what else is on the gateway.
#[test]
fn point_3_everything_is_what_litellm_had() {
    let (inventory, vault) = support::fleet::made_up(SHOP, &[key("k", &json!({}))]);
    let mut observed = Observed::fresh(TARGET);
    observed.providers.push(json!({"name": "groq"}));
    let there = json!([{"id": "1", "name": "of-others", "models": ["*"], "value": "****"}]);
    observed.provider_keys.insert("groq".to_owned(), there.as_array().cloned().unwrap_or_default());
    let plan = plan::plan(&inventory, &vault, &observed, &Choices::default(), company::now());
    let providers: Vec<String> = granted(&plan, "k").into_iter().map(|(provider, _)| provider).collect();
    assert_eq!(providers, ["\"anthropic\"", "\"openai\""]);
}

/// Point 6: what is expired or whose team is blocked stays shut.
#[test]
fn point_6_what_was_shut_stays_shut() {
    let rows = [
        ("TeamTable", json!({"team_id": "t", "team_alias": "t", "models": [], "blocked": true})),
        key("of-blocked-team", &json!({"team_id": "t"})),
        key("expired", &json!({"expires": "2020-01-01 00:00:00"})),
        key("blocked", &json!({"blocked": true})),
    ];
    let plan = with_rows(SHOP, &rows);
    for op in plan.ops.iter().filter(|op| op.kind == bifrost::Kind::VirtualKey) {
        let shut = op.after.as_ref().is_none_or(|body| body["is_active"] == json!(false));
        assert!(shut, "{}", op.id);
    }
}

/// Points 7 and 9: public names lead where they led, also of a group of several deployments.
#[test]
fn points_7_and_9_public_names_and_groups_survive() {
    let config = format!(
        "{SHOP}- {{model_name: a, litellm_params: {{model: azure/four, api_base: https://x.openai.azure.com, api_key: os.environ/K3}}}}\n"
    );
    let plan = with_rows(&config, &[key("k", &json!({"models": ["a", "c"]}))]);
    assert_eq!((plan.routes.equal, plan.routes.differing.len()), (plan.routes.asked, 0), "{:?}", plan.routes);
    assert!(plan.routes.asked >= 2);
}

/// Points 8 and 12: a wildcard beside single names hides none of them, and two secrets are two keys.
#[test]
fn points_8_and_12_a_wildcard_hides_no_name_and_no_secret_is_taken_for_another() {
    let config =
        format!("{SHOP}- {{model_name: openai/*, litellm_params: {{model: openai/*, api_key: os.environ/K9}}}}\n");
    let plan = with_rows(&config, &[key("k", &json!({"models": ["a"]}))]);
    assert_eq!(granted(&plan, "k"), [("\"openai\"".to_owned(), json!(["a"]))]);
    let values: Vec<&serde_json::Value> = plan
        .ops
        .iter()
        .filter(|op| op.kind == bifrost::Kind::ProviderKey)
        .filter_map(|op| op.after.as_ref()?.get("value"))
        .collect();
    assert_eq!(values, [&json!("env.K1"), &json!("env.K2"), &json!("env.K9")]);
}

/// Points 10 and 13: two models of one server, two accounts of one endpoint, two regions of one account are two keys; the
/// prefixes of LiteLLM's routes are no part of a model's name; point 14: no path has `/v1` twice.
#[test]
fn points_10_13_and_14_keys_names_and_paths() {
    let config = "model_list:
- {model_name: v1, litellm_params: {model: hosted_vllm/org/one, api_base: https://gpu.example/v1}}
- {model_name: v2, litellm_params: {model: hosted_vllm/org/two, api_base: https://gpu.example/v1}}
- {model_name: z1, litellm_params: {model: azure/d, api_base: https://x.openai.azure.com, api_key: os.environ/Z1}}
- {model_name: z2, litellm_params: {model: azure/d, api_base: https://x.openai.azure.com, api_key: os.environ/Z2}}
- {model_name: r1, litellm_params: {model: bedrock/converse/anthropic.claude-x, aws_role_name: arn:role, aws_region_name: eu-west-1}}
- {model_name: r2, litellm_params: {model: bedrock/converse/anthropic.claude-x, aws_role_name: arn:role, aws_region_name: us-east-1}}
- {model_name: own, litellm_params: {model: openai/qwen, api_base: https://llm.example/v1, api_key: os.environ/Q}}
";
    let plan = with_rows(config, &[]);
    let keys: Vec<&str> =
        plan.ops.iter().filter(|op| op.kind == bifrost::Kind::ProviderKey).map(|op| op.name.as_str()).collect();
    let text = serde_json::to_string(&plan.ops).expect("json");
    assert_eq!(keys.len(), 7, "{keys:?}");
    assert!(!text.contains("/v1/v1") && !text.contains("\"converse/") && !text.contains("https://gpu.example/v1"));
    assert!(text.contains("\"model_name\":\"org/one\"") && text.contains("\"model_name\":\"org/two\""), "{text}");
}
