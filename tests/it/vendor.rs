//! What the vendor's own migration tool gets wrong, and what it is tried with: a test for each of the 30 points of
//! `reference/official-cli.md` 8, and for each claim of `reference/official-cli-measured.md` 4 that needs no server.

mod access;
mod lab;
mod models;
mod objects;
mod running;

use std::fmt::Write as _;

use bifrost::Observed;
use inventory::{Inventory, Opened, Vault};
use litellm::{Input, Kind};
use plan::{Choices, Fate, Plan};
use serde_json::{Value, json};
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
  SNOWFLAKE_API_BASE: https://acme.snowflakecomputing.com/api/v2
  TRITON_API_BASE: http://127.0.0.1:8000
  WATSONX_URL: https://us-south.ml.cloud.ibm.com
  XINFERENCE_API_BASE: http://127.0.0.1:9997/v1
";

fn read(config: &[u8]) -> (Inventory, Vault<Opened>) {
    inventory::gather(litellm::read(&[Input::File { name: "config.yaml", bytes: config }])).open(&[])
}

/// Its own tool places 52 of them, and loses two to equal names.
#[test]
fn claim_8_its_own_104_deployments_land_or_have_a_reason() {
    let config = [deployments(), BASES.as_bytes().to_vec()].concat();
    let (inventory, vault) = read(&config);
    assert_eq!(inventory.of(Kind::Deployment).count(), 104);
    let plan = plan_for(&inventory, &vault, TARGET);
    let (there, not): (Vec<String>, Vec<String>) = landed(&plan).into_iter().partition(|line| line.contains(" -> "));
    assert!(there.len() >= 95, "{} land", there.len());
    assert_eq!(there.len() + not.len(), 104, "each is told once");
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

/// Plans a file and the rows beside it.
fn planned(config: &str, rows: &[(&str, Value)]) -> Plan {
    planned_for(config, rows, TARGET)
}

fn planned_for(config: &str, rows: &[(&str, Value)], target: &str) -> Plan {
    let (inventory, vault) = support::fleet::made_up(config, rows);
    plan_for(&inventory, &vault, target)
}

/// Two models of one provider key, and one of another's.
const SHOP: &str = "model_list:
- {model_name: a, litellm_params: {model: openai/gpt-4o, api_key: os.environ/K1}}
- {model_name: b, litellm_params: {model: openai/gpt-4o-mini, api_key: os.environ/K1}}
- {model_name: c, litellm_params: {model: anthropic/claude-opus-4-1, api_key: os.environ/K2}}
";

/// A row of that table.
fn with(mut row: Value, rest: &Value) -> Value {
    for (field, value) in rest.as_object().into_iter().flatten() {
        row[field] = value.clone();
    }
    row
}

fn key(alias: &str, rest: &Value) -> (&'static str, Value) {
    ("VerificationToken", with(json!({"token": alias, "key_alias": alias, "models": []}), rest))
}

fn team(id: &str, rest: &Value) -> (&'static str, Value) {
    ("TeamTable", with(json!({"team_id": id, "team_alias": id, "models": []}), rest))
}

/// The body the plan writes for an op.
#[track_caller]
fn body<'p>(plan: &'p Plan, op: &str) -> &'p Value {
    let found = plan.ops.iter().find(|found| found.id.as_str() == op);
    let found =
        found.unwrap_or_else(|| panic!("no {op} in {:?}", plan.ops.iter().map(|op| &op.id).collect::<Vec<_>>()));
    found.after.as_ref().unwrap_or_else(|| panic!("{op} has no body"))
}

/// The bodies of all ops of a kind, in the plan's order.
fn bodies(plan: &Plan, kind: bifrost::Kind) -> Vec<&Value> {
    plan.ops.iter().filter(|op| op.kind == kind).filter_map(|op| op.after.as_deref()).collect()
}

/// What a key may call after the plan, by provider.
#[track_caller]
fn granted(plan: &Plan, key: &str) -> Vec<(String, Value)> {
    let configs = body(plan, &format!("virtual_key/{key}"))["provider_configs"].as_array().cloned().unwrap_or_default();
    let provider = |config: &Value| config["provider"].as_str().unwrap_or_default().to_owned();
    configs.iter().map(|config| (provider(config), config["allowed_models"].clone())).collect()
}

/// What became of a field, in the words of the plan: `exact`, or `manual: what to do`.
#[track_caller]
fn told(plan: &Plan, object: &str, field: &str) -> String {
    let mut found = plan.lines().filter(|line| line.object.as_str() == object && *line.source == *field);
    let line = found.next().unwrap_or_else(|| panic!("nothing is said of {field} of {object}"));
    assert!(found.next().is_none(), "{field} of {object} is told twice");
    format!("{}: {}", line.fidelity.word(), line.note)
}
