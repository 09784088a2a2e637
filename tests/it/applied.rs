//! What is planned, applied to the practice gateways of both generations: it reads back as sent, and a second plan
//! finds nothing to do.

use bifrost::Kind;
use inventory::{Inventory, Opened, Vault};
use litellm::Input;
use plan::{Choices, ExpiryChoice, Plan};
use sandbox::{Gateway, Release};
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

/// Applies to both; the plans.
#[track_caller]
fn settles(inventory: &Inventory, vault: &Vault<Opened>, servers: &[&str]) -> Vec<Plan> {
    let choices = Choices { expiring_keys: Some(ExpiryChoice::Inactive), ..Choices::default() };
    let settle = |release: Release| {
        let first = Practice::new(release).plan(inventory, vault, &choices);
        let gateway = Gateway::new(release, 11)
            .with_environment(environment(&report::plan_json(&first)))
            .with_mcp_servers(servers.iter().map(|server| (*server).to_owned()));
        Practice::of(gateway).settles(inventory, vault, &choices)
    };
    Release::ALL.into_iter().map(settle).collect()
}

/// The bodies of one kind, line by line; the same for both releases.
#[track_caller]
fn told(plans: &[Plan], kind: Kind) -> String {
    let texts: Vec<String> = plans
        .iter()
        .map(|plan| {
            let ops = plan.ops.iter().filter(|op| op.kind == kind);
            let bodies: Vec<String> = ops.filter_map(|op| op.after.as_ref()).map(bifrost::canonical).collect();
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

/// The fields whose names hold one of the words, with what became of each; and the findings of the kind.
fn lines(plan: &Plan, words: &[&str]) -> String {
    let fields = plan.ops.iter().flat_map(|op| &op.fields);
    let mut fields: Vec<_> = fields.chain(plan.objects.iter().flat_map(|object| &object.fields)).collect();
    fields.sort();
    fields
        .into_iter()
        .filter(|line| words.iter().any(|word| line.source.contains(word)))
        .map(|line| format!("{} {} {}: {}", line.fidelity.word(), line.object, line.source, line.note))
        .collect::<Vec<_>>()
        .join("\n")
}
