//! Names that clients use: what each form of LiteLLM's becomes, and that it leads where it led.

use bifrost::{Kind, Observed};
use plan::{Choices, Plan, Verdict};
use serde_json::{Value, json};
use support::{company, fleet};

/// Plans a file and rows.
fn planned(config: &str, rows: &[(&str, Value)]) -> Plan {
    planned_for(config, rows, "2.0.0-prerelease3")
}

fn planned_for(config: &str, rows: &[(&str, Value)], version: &str) -> Plan {
    let (inventory, vault) = fleet::made_up(config, rows);
    plan::plan(&inventory, &vault, &Observed::fresh(version), &Choices::default(), company::now())
}

fn key(alias: &str, models: &[&str]) -> (&'static str, Value) {
    ("VerificationToken", json!({"token": alias, "key_alias": alias, "models": models}))
}

fn team_key(alias: &str, team: &str, models: &[&str]) -> (&'static str, Value) {
    ("VerificationToken", json!({"token": alias, "key_alias": alias, "team_id": team, "models": models}))
}

/// The rules, the verdicts that are not equal, and the names that go elsewhere.
fn told(plan: &Plan) -> String {
    let rule = |op: &plan::Op| {
        let body = op.after.as_ref()?;
        let targets = body["targets"].as_array()?.iter().map(|target| {
            let text = |field: &str| target[field].as_str().unwrap_or("_").to_owned();
            format!("{}/{} {}", text("provider"), text("model"), target["weight"])
        });
        let scope = body["scope"].as_str().map(|scope| format!(" ({scope})")).unwrap_or_default();
        let chain = if body["chain_rule"] == json!(true) { " chain" } else { "" };
        let fallbacks = body.get("fallbacks").map(|ways| format!(" then {ways}")).unwrap_or_default();
        let targets = targets.collect::<Vec<_>>().join(", ");
        Some(format!("{}{scope}{chain}: {targets}{fallbacks}", body["cel_expression"].as_str()?))
    };
    let rules = plan.ops.iter().filter(|op| op.kind == Kind::RoutingRule).filter_map(rule);
    let access = plan.access.iter().filter(|verdict| verdict.verdict != Verdict::Equal).map(|verdict| {
        format!("! {} {:?} {:?} {:?}", verdict.virtual_key, verdict.verdict, verdict.only_source, verdict.only_target)
    });
    let routes = plan.routes.differing.iter().map(|row| format!("! {} {:?}: {}", row.name, row.verdict, row.note));
    let findings = plan.findings.iter().filter(|finding| finding.code.as_str() == "plan.alias");
    let findings = findings.map(|finding| format!("! {}", finding.message));
    rules.chain(access).chain(routes).chain(findings).collect::<Vec<_>>().join("\n")
}

const TWO: &str = "model_list:
- {model_name: g, litellm_params: {model: openai/gpt-4o, api_key: os.environ/A, weight: 0.7}}
- {model_name: g, litellm_params: {model: anthropic/claude-opus-4-1, api_key: os.environ/B, weight: 0.3}}
- {model_name: h, litellm_params: {model: mistral/mistral-large-latest, api_key: os.environ/C}}
";

#[test]
fn groups_over_providers_keep_their_shares() {
    insta::assert_snapshot!(told(&planned(TWO, &[key("k", &["g", "h"]), key("all", &[])])), @r#"model == "g": anthropic/g 0.3, openai/g 0.7"#);
}

#[test]
fn fallbacks_of_every_kind() {
    let with = |settings: &str| told(&planned(&format!("{TWO}router_settings: {settings}\n"), &[key("k", &[])]));
    insta::assert_snapshot!(with("{fallbacks: [{h: [g]}]}"), @r#"
    model == "g": anthropic/g 0.3, openai/g 0.7
    model == "h": mistral/h 1 then ["anthropic/g","openai/g"]
    "#);
    insta::assert_snapshot!(with("{default_fallbacks: [h]}"), @r#"
    model == "g": anthropic/g 0.3, openai/g 0.7 then ["mistral/h"]
    "#);
}

#[test]
fn aliases_lead_on() {
    let config = format!(
        "{TWO}- {{model_name: openai/*, litellm_params: {{model: openai/*, api_key: os.environ/A}}}}
router_settings: {{model_group_alias: {{x: g, y: {{model: h, hidden: true}}, z: openai/gpt-5, gone: nobody}}}}\n"
    );
    let rows = [
        key("k", &[]),
        ("TeamTable", json!({"team_id": "red", "team_alias": "red", "models": ["h"], "model_id": 7})),
        ("ModelTable", json!({"id": 7, "aliases": {"tx": "h"}})),
        team_key("tk", "red", &[]),
        (
            "VerificationToken",
            json!({"token": "ka", "key_alias": "ka", "models": ["g", "fast"], "aliases": {"fast": "g"}}),
        ),
    ];
    insta::assert_snapshot!(told(&planned(&config, &rows)), @r#"
    model == "g": anthropic/g 0.3, openai/g 0.7
    model == "h": mistral/h 1
    model == "x" chain: _/g 1
    model == "y" chain: _/h 1
    model == "z" chain: openai/gpt-5 1
    model == "tx" (team) chain: _/h 1
    model == "fast" (virtual_key) chain: _/g 1
    ! the alias gone leads to nobody, which no moved model answers to; no rule is made
    "#);
}

/// Deployments of a file that states no ids: the id that reading makes up for the first is its name, which is no id
/// to ask for.
#[test]
fn a_group_of_a_file_is_the_whole_group() {
    let config = "model_list:
- {model_name: g, litellm_params: {model: openai/gpt-4o, api_key: os.environ/A}}
- {model_name: g, litellm_params: {model: openai/gpt-4o, api_key: os.environ/B}}
";
    let plan = planned(config, &[key("k", &["g"])]);
    let body = plan.ops.iter().find(|op| op.kind == Kind::VirtualKey).and_then(|op| op.after.as_ref()).expect("a key");
    assert_eq!(body["provider_configs"][0]["key_ids"].as_array().map(Vec::len), Some(2), "{body:?}");
    assert_eq!(told(&plan), "");
}

/// A key that may use one half of a group is not refused the other half of its calls.
#[test]
fn a_key_with_half_of_a_group_gets_a_rule_of_its_own() {
    let config = "model_list:
- {model_name: g, litellm_params: {model: openai/gpt-4o, api_key: os.environ/A}, model_info: {access_groups: [half]}}
- {model_name: g, litellm_params: {model: anthropic/claude-opus-4-1, api_key: os.environ/B}}
";
    insta::assert_snapshot!(told(&planned(config, &[key("k", &["half"]), key("all", &[])])), @r#"
    model == "g": anthropic/g 0.5, openai/g 0.5
    model == "g" (virtual_key): openai/g 1
    "#);
}

#[test]
fn names_with_a_provider_in_front() {
    let config = "model_list:
- {model_name: openai/gpt-4o, litellm_params: {model: openai/gpt-4o, api_key: os.environ/A}}
- {model_name: groq/llama, litellm_params: {model: together_ai/llama, api_key: os.environ/B}}
- {model_name: openai/gpt-4.1, litellm_params: {model: openai/gpt-4.1, api_key: os.environ/A}}
- {model_name: gpt-4.1, litellm_params: {model: azure/four, api_base: https://x.openai.azure.com, api_key: os.environ/C}}
- {model_name: corp/best, litellm_params: {model: openai/gpt-5, api_key: os.environ/A}}
";
    let rows =
        [key("k", &["openai/gpt-4o", "groq/llama"]), key("two", &["openai/gpt-4.1", "gpt-4.1"]), key("all", &[])];
    insta::assert_snapshot!(told(&planned(config, &rows)), @r#"
    model == "llama" && provider == "groq": together-ai/groq/llama 1
    model == "gpt-4.1" && provider == "openai": openai/openai/gpt-4.1 1
    "#);
}

/// Two teams with deployments of their own behind one public name, at two providers, beside one of everybody's.
#[test]
fn a_name_is_each_team_s_own() {
    let own = |id: &str, team: &str, model: &str| {
        (
            "ProxyModelTable",
            json!({"model_id": id, "model_name": format!("model_name_{team}_{id}"),
            "litellm_params": {"model": model, "api_key": format!("os.environ/{id}")},
            "model_info": {"id": id, "team_id": team, "team_public_model_name": "shared"}}),
        )
    };
    let config = "model_list:
- {model_name: shared, litellm_params: {model: mistral/mistral-large-latest, api_key: os.environ/M}}
";
    let rows = [
        own("a", "red", "openai/gpt-4o"),
        own("b", "blue", "anthropic/claude-opus-4-1"),
        own("c", "blue", "openai/gpt-5"),
        ("TeamTable", json!({"team_id": "red", "team_alias": "red", "models": []})),
        ("TeamTable", json!({"team_id": "blue", "team_alias": "blue", "models": []})),
        team_key("red-key", "red", &["shared"]),
        team_key("blue-key", "blue", &[]),
        key("nobody-s", &["shared"]),
    ];
    insta::assert_snapshot!(told(&planned(config, &rows)), @r#"
    model == "shared" (team): anthropic/shared 0.5, openai/shared 0.5
    model == "shared" (team): openai/shared 1
    "#);
}

/// Some releases lose fallbacks to custom providers when they are started anew: each rule with one is named there.
#[test]
fn fallbacks_that_a_restart_loses_are_named() {
    let models = |base: &str| {
        format!(
            "model_list:
  - {{model_name: a, litellm_params: {{model: openai/gpt-4o, api_key: os.environ/K}}}}
  - {{model_name: b, litellm_params: {{model: openai/qwen, api_key: os.environ/K{base}}}}}
router_settings: {{fallbacks: [{{a: [b]}}]}}
"
        )
    };
    let lost = |base: &str, version: &str| {
        let plan = planned_for(&models(base), &[key("k", &["a", "b"])], version);
        plan.findings.iter().filter(|finding| finding.code.as_str() == "plan.fallbacks_lost").count()
    };
    let own = ", api_base: 'http://127.0.0.1:9009/v1'";
    let versions = ["1.5.16", "2.0.0-prerelease3", "2.1.0", "2.2.3", "2.2.4", "2.2.6"];
    assert_eq!(versions.map(|version| lost(own, version)), [0, 0, 1, 1, 0, 0]);
    assert_eq!(lost("", "2.2.3"), 0, "a standard provider's fallbacks stay");
}

/// Limits share out a name where no weight does, wherever they stand; a weight counts only where LiteLLM reads it.
#[test]
fn shares_by_limits() {
    let shared = |beside: [&str; 2], within: [&str; 2]| {
        told(&planned(
            &format!(
                "model_list:
- {{model_name: g, {}litellm_params: {{model: openai/gpt-4o, api_key: os.environ/A{}}}}}
- {{model_name: g, {}litellm_params: {{model: anthropic/claude-opus-4-1, api_key: os.environ/B{}}}}}
",
                beside[0], within[0], beside[1], within[1]
            ),
            &[key("k", &[])],
        ))
    };
    let rule = |shares: &str| format!("model == \"g\": {shares}");
    let none = ["", ""];
    assert_eq!(shared(none, none), rule("anthropic/g 0.5, openai/g 0.5"));
    assert_eq!(shared(none, [", rpm: 30", ", rpm: 10"]), rule("anthropic/g 0.25, openai/g 0.75"));
    assert_eq!(shared(["rpm: 30, ", "rpm: 10, "], none), rule("anthropic/g 0.25, openai/g 0.75"));
    assert_eq!(shared(["tpm: 1, ", "tpm: 4, "], none), rule("anthropic/g 0.8, openai/g 0.2"));
    assert_eq!(shared(["weight: 9, ", "weight: 1, "], none), rule("anthropic/g 0.5, openai/g 0.5"));
    assert_eq!(shared(none, [", weight: 9", ", weight: 1, rpm: 50"]), rule("anthropic/g 0.1, openai/g 0.9"));
    assert_eq!(shared(none, [", weight: 1", ""]), rule("openai/g 1"), "one without a weight is never picked");
}

/// An alias may lead to a name that nobody wrote out, for it is some key's own name for another: the provider that is
/// given as a whole is asked for it.
#[test]
fn an_alias_to_a_name_behind_a_whole_provider() {
    let config = "model_list:
- {model_name: mistral/*, litellm_params: {model: mistral/*, api_key: os.environ/M}}
- {model_name: openai/*, litellm_params: {model: openai/*, api_key: os.environ/A}}
router_settings: {model_group_alias: {z: openai/x, w: mistral/x, none: groq/x}}
";
    let own = json!({"token": "own", "key_alias": "own", "models": ["openai/x", "openai/y"],
        "aliases": {"openai/x": "openai/y", "mistral/x": "openai/y", "groq/x": "openai/y"}});
    insta::assert_snapshot!(told(&planned(config, &[key("all", &[]), ("VerificationToken", own)])), @r#"
    model == "w": mistral/x 1
    model == "z": openai/x 1
    model == "x" && provider == "openai" (virtual_key) chain: openai/y 1
    ! own Narrower ["z"] []
    ! the alias none leads to groq/x, which no moved model answers to; no rule is made
    "#);
}
