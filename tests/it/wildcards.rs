//! Names that are patterns, of deployments and in lists: what becomes of them on each gateway, and that nobody may call
//! more by them.

use bifrost::{Kind, Observed};
use plan::{Choices, Plan, Verdict, WildcardChoice};
use serde_json::{Value, json};
use support::{company, fleet};

fn planned(config: &str, rows: &[(&str, Value)], version: &str, wildcards: WildcardChoice) -> Plan {
    let (inventory, vault) = fleet::made_up(config, rows);
    let choices = Choices { wildcards, ..Choices::default() };
    plan::plan(&inventory, &vault, &Observed::fresh(version), &choices, company::now())
}

fn key(alias: &str, models: &[&str]) -> (&'static str, Value) {
    ("VerificationToken", json!({"token": alias, "key_alias": alias, "models": models}))
}

/// A list, shortened where it is long.
fn list(value: &Value) -> String {
    let names: Vec<&str> = value.as_array().into_iter().flatten().filter_map(Value::as_str).collect();
    match names.len() {
        0..=6 => names.join(" "),
        more => format!("{} .. {} ({more})", names[..2].join(" "), names[more - 1]),
    }
}

/// What each provider key serves, what each virtual key may call, the rules, and how access and routes compare.
fn told(plan: &Plan) -> String {
    let mut lines = Vec::new();
    for op in &plan.ops {
        let Some(body) = &op.after else { continue };
        match op.kind {
            Kind::ProviderKey => {
                let mut line = format!("{}: {}", op.name, list(&body["models"]));
                let aliases = body.get("aliases").and_then(Value::as_object).map(serde_json::Map::len);
                line.extend(aliases.map(|count| format!(", {count} aliases")));
                lines.push(line);
            }
            Kind::VirtualKey => {
                let configs = body["provider_configs"].as_array().expect("configs").iter();
                let configs = configs.map(|config| {
                    format!("{}[{}]", config["provider"].as_str().unwrap_or_default(), list(&config["allowed_models"]))
                });
                lines.push(format!("> {}: {}", op.name, configs.collect::<Vec<_>>().join(" ")));
            }
            Kind::RoutingRule => {
                lines.push(format!("rule {}", body["cel_expression"].as_str().unwrap_or_default()));
            }
            _ => {}
        }
    }
    for verdict in plan.access.iter().filter(|verdict| verdict.verdict != Verdict::Equal) {
        let lost = list(&json!(verdict.only_source));
        lines.push(format!("! {} {:?}: {lost} / {:?}", verdict.virtual_key, verdict.verdict, verdict.only_target));
    }
    lines.extend(plan.routes.differing.iter().map(|row| format!("! {} {:?}: {}", row.name, row.verdict, row.note)));
    let codes = ["plan.wildcard", "plan.deployment"];
    let findings = plan.findings.iter().filter(|finding| codes.contains(&finding.code.as_str()));
    lines.extend(findings.map(|finding| format!("! {}", finding.message)));
    lines.join("\n")
}

fn config(deployments: &[(&str, &str)]) -> String {
    deployments.iter().fold("model_list:\n".to_owned(), |config, (name, model)| {
        format!("{config}- {{model_name: \"{name}\", litellm_params: {{model: \"{model}\", api_key: os.environ/A}}}}\n")
    })
}

fn check(deployments: &[(&str, &str)], rows: &[(&str, Value)], version: &str) -> String {
    told(&planned(&config(deployments), rows, version, WildcardChoice::Best))
}

/// The text that stands for any name began with a letter that a list may end its pattern with, and the key was taken for
/// one of everything.
#[test]
fn a_part_of_a_provider_is_not_the_whole_of_it() {
    for list in ["openai/g*", "openai/gangway*", "openai/*e", "*probe", "openai/gpt-4*"] {
        let plan = planned(
            &config(&[("openai/*", "openai/*")]),
            &[key("k", &[list])],
            "2.0.0-prerelease3",
            WildcardChoice::Best,
        );
        let told = told(&plan);
        assert!(!told.contains("> k: openai[*]"), "{list}: {told}");
        assert!(!plan.access.iter().any(|verdict| verdict.verdict == Verdict::Wider), "{list}: {told}");
    }
}

/// The forms a pattern takes, on a gateway without patterns and on one that has them.
#[test]
fn patterns_take_their_best_form() {
    let keys = [
        key("all", &[]),
        key("part", &["openai/gpt-4.1*"]),
        key("named", &["openai/gpt-4o", "openai/my-tuned"]),
        key("none", &["other/*"]),
    ];
    let both = |deployments: &[(&str, &str)], rows: &[(&str, Value)]| {
        ["2.0.0-prerelease3", "2.2.6"]
            .map(|version| format!("{version}\n{}", check(deployments, rows, version)))
            .join("\n\n")
    };
    insta::assert_snapshot!("whole", both(&[("openai/*", "openai/*")], &keys));
    insta::assert_snapshot!(
        "part",
        both(&[("openai/gpt-4*", "openai/gpt-4*"), ("openai/gpt-4-own", "openai/gpt-4")], &keys)
    );
    let keys =
        [key("all", &[]), key("by-pattern", &["cheap-*"]), key("by-name", &["cheap-gpt-4o", "cheap-tuned", "fast-x"])];
    insta::assert_snapshot!("renamed", both(&[("cheap-*", "openai/*")], &keys));
    insta::assert_snapshot!(
        "one_model",
        both(&[("fast-*", "openai/gpt-4o-mini"), ("fast-own", "openai/gpt-4o")], &keys)
    );
    insta::assert_snapshot!(
        "bare",
        both(&[("claude-*", "anthropic/claude-*")], &[key("all", &[]), key("k", &["claude-sonnet-4-5", "claude-3*"])])
    );
    insta::assert_snapshot!(
        "any",
        both(&[("*", "*")], &[key("all", &[]), key("k", &["openai/gpt-4o", "groq/llama-3.3-70b"])])
    );
}

/// What the person decides.
#[test]
fn wildcards_by_choice() {
    let deployments = config(&[("openai/*", "openai/*"), ("fast-*", "openai/gpt-4o-mini")]);
    let keys = [key("all", &[]), key("k", &["openai/gpt-4o", "fast-x"])];
    let by = |choice: WildcardChoice| told(&planned(&deployments, &keys, "2.2.6", choice));
    insta::assert_snapshot!("by_names", by(WildcardChoice::Names));
    insta::assert_snapshot!("by_hand", by(WildcardChoice::Manual));
}

/// Patterns that take names of one another are not told to the gateway, which would ask either of them; others are.
#[test]
fn patterns_beside_one_another() {
    let keys = [
        key("all", &[]),
        key("named", &["openai/gpt-4o", "openai/gpt-4o-mini", "claude-x", "groq/llama-3"]),
        key("pattern", &["openai/gpt-4*"]),
    ];
    let llama = ("groq/llama*", "groq/llama*");
    let told: Vec<String> = [
        [("openai/gpt-4*", "openai/gpt-4*"), llama],
        [("openai/gpt-4*", "openai/gpt-4*"), ("openai/gpt-4o*", "openai/gpt-4o*")],
        [("claude-*", "anthropic/claude-*"), llama],
        [("openai/gpt-4*", "openai/gpt-4*"), ("own", "openai/gpt-5")],
    ]
    .iter()
    .map(|deployments| format!("{deployments:?}\n{}", check(deployments, &keys, "2.2.6")))
    .collect();
    insta::assert_snapshot!("beside", told.join("\n\n"));
}

/// What nothing behind a pattern can be moved for is said, also where names are written out by choice.
#[test]
fn a_pattern_of_a_provider_that_cannot_be_moved() {
    let config = config(&[("mine/*", "sagemaker/*")]);
    let plan = planned(&config, &[key("k", &["mine/a"])], "2.2.6", WildcardChoice::Names);
    let found = plan.findings.iter().find(|finding| finding.code.as_str() == "plan.deployment").expect("a finding");
    let why = "mine/* is not moved: the gateway has no provider for sagemaker, and it does not speak OpenAI's API";
    assert_eq!(found.message, why);
}

/// A key of a whole provider is given all of it only where nothing of it is somebody else's.
#[test]
fn a_whole_provider_beside_names_of_others() {
    let deployments = [("openai/*", "openai/*"), ("own", "openai/gpt-5"), ("openai/gpt-4", "openai/gpt-4")];
    let keys = [
        key("all", &[]),
        key("both", &["openai/*", "own"]),
        key("whole", &["openai/*"]),
        key("part", &["openai/gpt-4*"]),
        key("own", &["own"]),
    ];
    let told =
        ["2.0.0-prerelease3", "2.2.6"].map(|version| format!("{version}\n{}", check(&deployments, &keys, version)));
    insta::assert_snapshot!("whole_beside", told.join("\n\n"));
}

/// A whole provider under another name, beside a label, and of one team.
#[test]
fn whole_providers_under_other_names() {
    let both = |config: &str, rows: &[(&str, Value)]| {
        let told = |version| format!("{version}\n{}", told(&planned(config, rows, version, WildcardChoice::Best)));
        ["2.0.0-prerelease3", "2.2.6"].map(told).join("\n\n")
    };
    let keys = [key("all", &[]), key("named", &["mine/gpt-4o", "mine/tuned"]), key("list", &["mine/*"])];
    insta::assert_snapshot!("renamed_whole", both(&config(&[("mine/*", "openai/*")]), &keys));
    let label = "model_list:
- {model_name: '*', litellm_params: {model: openai/*, api_key: os.environ/A}}
- {model_name: fast, litellm_params: {model: groq/llama, api_key: os.environ/G}, model_info: {access_groups: [beta]}}
";
    let aliased = (
        "VerificationToken",
        json!({"token": "own", "key_alias": "own", "models": ["gpt-4o", "a"], "aliases": {"a": "gpt-5"}}),
    );
    insta::assert_snapshot!(
        "label",
        both(
            label,
            &[key("by-label", &["beta"]), key("named", &["gpt-4o"]), key("nothing", &["no-default-models"]), aliased]
        )
    );
    let team = [
        (
            "ProxyModelTable",
            json!({"model_id": "w", "model_name": "model_name_t_w", "litellm_params": {"model": "openai/*", "api_key": "os.environ/A"},
                "model_info": {"id": "w", "team_id": "t", "team_public_model_name": "team-*"}}),
        ),
        ("TeamTable", json!({"team_id": "t", "team_alias": "T", "models": []})),
        (
            "VerificationToken",
            json!({"token": "in", "key_alias": "in", "team_id": "t", "models": ["team-gpt-4o", "team-own"]}),
        ),
        key("out", &["team-gpt-4o"]),
    ];
    insta::assert_snapshot!("team", both("model_list: []\n", &team));
}

/// A pattern is not given to a key that uses another account for something else, where that one takes every name.
#[test]
fn a_pattern_beside_an_account_of_a_team() {
    let config = "model_list:
- {model_name: openai/gpt-4*, litellm_params: {model: openai/gpt-4*, api_key: os.environ/A}}
- {model_name: own, litellm_params: {model: openai/gpt-5, api_key: os.environ/B}}
";
    let rows = [
        (
            "ProxyModelTable",
            json!({"model_id": "w", "model_name": "model_name_t_w", "litellm_params": {"model": "openai/*", "api_key": "os.environ/B"},
                "model_info": {"id": "w", "team_id": "t", "team_public_model_name": "openai/*"}}),
        ),
        ("TeamTable", json!({"team_id": "t", "team_alias": "T", "models": []})),
        ("VerificationToken", json!({"token": "in", "key_alias": "in", "team_id": "t", "models": []})),
        key("pattern", &["openai/gpt-4*"]),
        key("both", &["openai/gpt-4*", "own"]),
    ];
    let plan = planned(config, &rows, "2.2.6", WildcardChoice::Best);
    assert!(!plan.access.iter().any(|verdict| verdict.verdict == Verdict::Wider), "{:#?}", plan.access);
    insta::assert_snapshot!("of_a_team", told(&plan));
}

/// A narrower pattern of another account takes a part of a whole provider: the whole of it would ask the wrong account
/// for that part, so the names that are known are given. Of the same account it takes nothing away.
#[test]
fn a_whole_provider_beside_a_narrower_pattern() {
    let told = |narrower: &str, account: &str, version: &str| {
        let config = format!(
            "model_list:
- {{model_name: '{narrower}', litellm_params: {{model: '{narrower}', api_key: os.environ/{account}}}}}
- {{model_name: openai/*, litellm_params: {{model: openai/*, api_key: os.environ/B}}}}
"
        );
        let plan = planned(&config, &[key("all", &[]), key("whole", &["openai/*"])], version, WildcardChoice::Best);
        let verdicts = plan.access.iter().filter(|verdict| verdict.verdict != Verdict::Equal);
        let verdicts = verdicts.map(|verdict| format!("{} {:?}", verdict.virtual_key, verdict.verdict));
        let keys = plan.ops.iter().filter(|op| op.kind == Kind::VirtualKey);
        let whole = keys.filter(|op| op.after.as_ref().is_some_and(|body| body.to_string().contains(r#"["*"]"#)));
        let whole = whole.map(|op| format!("{} gets all", op.name));
        whole.chain(verdicts).collect::<Vec<_>>().join(", ")
    };
    for version in ["2.0.0-prerelease3", "2.2.6"] {
        assert_eq!(told("openai/gpt-4*", "A", version), "all Narrower, whole Narrower", "{version}");
        assert_eq!(told("openai/gpt-4*", "B", version), "all gets all, whole gets all", "{version}");
        let lost = if version == "2.2.6" { "" } else { ", all Narrower" };
        assert_eq!(told("groq/llama*", "A", version), format!("all gets all, whole gets all{lost}"), "{version}");
    }
}
