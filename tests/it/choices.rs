//! What the user decides: each choice does what it says, and one that means nothing is said.

use bifrost::Observed;
use model::{OpId, SourceId};
use plan::{Action, Choices, ExpiryChoice, Plan, RouteVerdict};
use serde_json::json;
use support::company;

fn planned(observed: &Observed, change: impl FnOnce(&mut Choices)) -> Plan {
    let (inventory, vault) = company::recorded("1.101.6");
    let mut choices = Choices { expiring_keys: Some(ExpiryChoice::Inactive), ..Choices::default() };
    change(&mut choices);
    plan::plan(&inventory, &vault, observed, &choices, company::now())
}

fn fresh(change: impl FnOnce(&mut Choices)) -> Plan {
    planned(&Observed::fresh("2.0.0-prerelease3"), change)
}

/// What the plan says about a choice.
#[track_caller]
fn check(change: impl FnOnce(&mut Choices), code: &str, expected: &str) {
    let plan = fresh(change);
    let said = plan.findings.iter().find(|finding| finding.code.as_str() == code);
    let said = said.unwrap_or_else(|| panic!("no {code}"));
    assert_eq!(format!("{}: {}", said.subject, said.message), expected);
}

/// The id of the source object of that kind and name.
fn id(kind: &str, name: &str) -> SourceId {
    let plan = fresh(|_| ());
    let found = plan.objects.iter().find(|object| object.kind == kind && object.name == name);
    found.unwrap_or_else(|| panic!("{kind} {name}")).id.clone()
}

#[test]
fn objects_get_the_names_that_were_chosen() {
    let names = [
        (id("virtual_key", "robot"), "virtual_key/machine"),
        (id("team", "platform"), "team/base"),
        (id("organization", "Acme Corp"), "customer/Acme"),
        (id("user", "Dan Developer"), "customer/Dan"),
    ];
    let plan = fresh(|choices| {
        for (id, op) in &names {
            choices.rename.insert(id.clone(), op.split_once('/').expect("an op").1.to_owned());
        }
    });
    assert!(plan.applyable);
    for (id, op) in &names {
        assert!(plan.op(&OpId::new(*op)).is_some(), "{op}");
        let object = plan.objects.iter().find(|object| object.id == *id).expect("the object");
        assert!(object.ops.contains(&OpId::new(*op)), "{id} goes into {:?}", object.ops);
    }
    // What hangs on them follows.
    let key = plan.op(&OpId::new("virtual_key/platform-prod")).expect("a key");
    assert_eq!(key.after.as_ref().expect("a body")["team_id"], json!({"$ref": "team/base"}));
    assert_eq!(plan.choices.rename.len(), 4, "they are saved in the plan");
}

#[test]
fn a_choice_that_means_nothing_is_said() {
    let robot = id("virtual_key", "robot");
    let named = |name: &'static str, id: SourceId| {
        move |choices: &mut Choices| {
            choices.rename.insert(id, name.to_owned());
        }
    };
    let unknown = SourceId::new("virtual_key/none");
    check(
        named("x", unknown.clone()),
        "plan.rename",
        "virtual_key/none: this was to be renamed, but there is no such object",
    );
    check(
        named("ci-service", robot.clone()),
        "plan.rename",
        &format!("{robot}: the name ci-service is another one's already, so this becomes ci-service-2"),
    );
    check(named(" ", robot.clone()), "plan.rename", &format!("{robot}: the new name is empty, so the old one stays"));
    let credential = id("credential", "openai-prod");
    check(
        named("x", credential.clone()),
        "plan.rename",
        &format!("{credential}: this was to be renamed, but it has no name of its own on the gateway"),
    );
    let both = robot.clone();
    check(
        move |choices| {
            choices.rename.insert(both.clone(), "x".to_owned());
            choices.leave_out.insert(both);
        },
        "plan.rename",
        &format!("{robot}: this is to be renamed and to be left out; it is left out"),
    );
    check(
        |choices| {
            choices.take_over.insert(OpId::new("virtual_key/robot"));
        },
        "plan.take_over",
        "virtual_key/robot: this was to be taken over, but the gateway has no virtual key of this name that the plan \
         would move",
    );
    check(
        |choices| "groq".clone_into(&mut choices.default_provider),
        "plan.default_provider",
        "default provider: groq as default provider changes nothing: a model whose provider LiteLLM cannot find is \
         dropped by LiteLLM, so nobody may call it there, and nobody may afterwards",
    );
    check(
        |choices| "forever".clone_into(&mut choices.max_budget_period),
        "plan.budget_window",
        "window of budgets that never reset: forever is no period of the gateway: a whole number with s, m, h, d, w, M \
         or Y, such as 10Y",
    );
    assert!(!fresh(|choices| "1mo".clone_into(&mut choices.max_budget_period)).applyable);
}

#[test]
fn custom_providers_get_the_names_that_were_chosen() {
    let renamed = |own: &'static str, name: &'static str| {
        fresh(|choices| {
            choices.rename_provider.insert(own.to_owned(), name.to_owned());
        })
    };
    let plan = renamed("deepseek-internal-example", "deepseek-house");
    assert!(plan.applyable);
    assert!(plan.op(&OpId::new("provider/deepseek-house")).is_some_and(|op| op.action == Action::Create));
    assert!(plan.op(&OpId::new("provider/deepseek-internal-example")).is_none());
    for (own, name, expected) in [
        ("deepseek-internal-example", "openai", "cannot be the name of a custom provider"),
        ("deepseek-internal-example", "Deep Seek", "cannot be the name of a custom provider"),
        ("none", "other", "the plan makes no custom provider of this name"),
    ] {
        let plan = renamed(own, name);
        let said = plan.findings.iter().find(|finding| finding.code.as_str() == "plan.rename").expect("a warning");
        assert!(said.message.contains(expected), "{own} to {name}: {}", said.message);
        assert!(plan.applyable && plan.op(&OpId::new("provider/deepseek-internal-example")).is_some());
    }
}

/// What is there and differs is changed, or left as it is: then nothing is written to it, and what belongs to it names it.
#[test]
fn what_differs_may_stay_as_it_is() {
    let mut observed = Observed::fresh("2.0.0-prerelease3");
    let budgets = json!([{"id": "b", "max_limit": 1, "reset_duration": "30d"}]);
    observed.teams.push(json!({"id": "team-uuid", "name": "platform", "budgets": budgets}));
    let team = OpId::new("team/platform");
    assert_eq!(planned(&observed, |_| ()).op(&team).map(|op| op.action), Some(Action::Change));
    let plan = planned(&observed, |choices| {
        choices.leave_alone.insert(team.clone());
        choices.leave_alone.insert(OpId::new("team/none"));
    });
    assert!(plan.applyable);
    let op = plan.op(&team).expect("the team");
    assert!(op.action == Action::Skip && op.after.is_none() && op.reason.starts_with("left as it is by choice"));
    let key = plan.op(&OpId::new("virtual_key/platform-prod")).expect("a key");
    assert_eq!(key.after.as_ref().expect("a body")["team_id"], json!("team-uuid"));
    assert!(!key.after_ops.contains(&team));
    let said: Vec<&str> = plan
        .findings
        .iter()
        .filter(|finding| finding.code.as_str() == "plan.leave_alone")
        .map(|finding| finding.message.split(&[',', ':'][..]).next().unwrap_or_default())
        .collect();
    assert_eq!(said, ["this was to be left alone", "left as it is on the gateway by choice"]);
}

/// A source of which only a part was read stops the plan until it is accepted, by its name.
#[test]
fn a_part_of_a_source_is_no_whole_until_it_is_accepted() {
    let mut files = company::files("1.101.6");
    files.insert("half.yaml".to_owned(), b"model_list: [\n  - a: }".to_vec());
    let (inventory, vault) = company::read(&files, Some(company::SALT_KEY));
    let planned = |accepted: &[&str]| {
        let accept_partial = accepted.iter().map(|name| (*name).to_owned()).collect();
        let choices = Choices { expiring_keys: Some(ExpiryChoice::Inactive), accept_partial, ..Choices::default() };
        let observed = Observed::fresh("2.0.0-prerelease3");
        plan::plan(&inventory, &vault, &observed, &choices, company::now())
    };
    let said = |plan: &Plan| -> Vec<String> {
        let partial = plan.findings.iter().filter(|finding| finding.code == plan::PARTIAL);
        partial.map(|finding| format!("{:?} {}", finding.severity, finding.subject)).collect()
    };
    for (accepted, applyable, findings) in [
        (&[][..], false, &["Error half.yaml"][..]),
        (&["half.yaml"], true, &["Warning half.yaml"]),
        (&["database"], false, &["Error half.yaml", "Warning database"]),
        (&["database", "half.yaml"], true, &["Warning database", "Warning half.yaml"]),
    ] {
        let plan = planned(accepted);
        assert_eq!((plan.applyable, said(&plan)), (applyable, findings.iter().map(|&said| said.to_owned()).collect()));
        assert!(!plan.complete, "accepted or not, it is not all");
    }
}

/// A key of a taken name: left alone, moved under another name, or taken over.
#[test]
fn a_taken_name_has_three_ways_out() {
    let mut observed = Observed::fresh("2.0.0-prerelease3");
    observed.virtual_keys.push(json!({"id": "v1", "name": "robot", "description": "of another team"}));
    let action = |plan: &Plan, op: &str| plan.op(&OpId::new(op)).map(|op| op.action);
    let left = planned(&observed, |_| ());
    assert_eq!(action(&left, "virtual_key/robot"), Some(Action::Skip));
    let renamed = planned(&observed, |choices| {
        choices.rename.insert(id("virtual_key", "robot"), "robot-2".to_owned());
    });
    assert_eq!(action(&renamed, "virtual_key/robot-2"), Some(Action::Create));
    assert_eq!(action(&renamed, "virtual_key/robot"), None);
    let taken = planned(&observed, |choices| {
        choices.take_over.insert(OpId::new("virtual_key/robot"));
    });
    assert_eq!(action(&taken, "virtual_key/robot"), Some(Action::Change));
    let said = taken.findings.iter().find(|finding| finding.code.as_str() == "plan.take_over").expect("a warning");
    assert!(said.message.starts_with("taken over by choice: whoever holds its value"), "{}", said.message);
    assert!(taken.applyable && renamed.applyable && left.applyable);
}

/// A provider the gateway does not know, and a server it knows only by its address, asked of providers of its own.
#[test]
fn a_provider_is_mapped_onto_one_of_the_gateways_own() {
    let config = "model_list:
- {model_name: t, litellm_params: {model: together_ai/llama-3, api_key: os.environ/A}}
- {model_name: l, litellm_params: {model: openai/qwen, api_base: 'http://vllm.internal:8000/v1', api_key: os.environ/B}}
- {model_name: g, litellm_params: {model: openai/gpt-4o, api_key: os.environ/C}}
";
    let (inventory, vault) = support::fleet::made_up(
        config,
        &[("VerificationToken", json!({"token": "k", "key_alias": "k", "models": []}))],
    );
    let planned = |pairs: &[(&str, &str)]| {
        let mut choices = Choices::default();
        choices.map_provider.extend(pairs.iter().map(|(from, to)| ((*from).to_owned(), (*to).to_owned())));
        let plan = plan::plan(&inventory, &vault, &Observed::fresh("2.0.0-prerelease3"), &choices, company::now());
        let kinds = [bifrost::Kind::Provider, bifrost::Kind::ProviderKey];
        let ops = plan.ops.iter().filter(|op| kinds.contains(&op.kind)).map(|op| op.id.to_string());
        let said = plan.findings.iter().filter(|finding| finding.code.as_str() == "plan.map_provider");
        (ops.chain(said.map(|finding| format!("! {}: {}", finding.subject, finding.message))).collect::<Vec<_>>(), plan)
    };
    let (told, _) = planned(&[]);
    insta::assert_snapshot!("not_mapped", told.join("\n"));
    let (told, plan) = planned(&[("together_ai", "groq"), ("vllm-internal-8000", "vllm")]);
    insta::assert_snapshot!("mapped", told.join("\n"));
    assert!(plan.routes.differing.is_empty() && plan.applyable, "{:?}", plan.routes);
    // What is the gateway's own already stays, and what it does not have is nothing to map onto.
    let (told, _) = planned(&[("openai", "mistral"), ("together_ai", "nobody")]);
    insta::assert_snapshot!("mapped_in_vain", told.join("\n"));
}

/// A choice that was not made is not in the plan's file, so that plans of before read as they did.
#[test]
fn the_choice_about_wildcards_is_kept_where_it_was_made() {
    let kept = |wildcards: plan::WildcardChoice| {
        let choices = Choices { wildcards, ..Choices::default() };
        let text = serde_json::to_value(&choices).expect("JSON");
        assert_eq!(serde_json::from_value::<Choices>(text.clone()).expect("choices"), choices);
        text.get("wildcards").cloned()
    };
    assert_eq!(kept(plan::WildcardChoice::Best), None);
    assert_eq!(kept(plan::WildcardChoice::Names), Some(json!("names")));
    assert_eq!(kept(plan::WildcardChoice::Manual), Some(json!("manual")));
}

/// The name that a custom provider would have can be mapped as well, and a model may be part of it.
#[test]
fn a_provider_is_mapped_by_the_name_it_would_have() {
    let config = "model_list: [{model_name: p, litellm_params: {model: predibase/llama, api_key: os.environ/K, tenant_id: acme}}]\n";
    let row = json!({"token": "k", "key_alias": "k", "models": ["p"]});
    let (inventory, vault) = support::fleet::made_up(config, &[("VerificationToken", row)]);
    let planned = |from: &str| {
        let mut choices = Choices::default();
        choices.map_provider.insert(from.to_owned(), "groq".to_owned());
        let plan = plan::plan(&inventory, &vault, &Observed::fresh("2.2.6"), &choices, company::now());
        assert!(plan.routes.differing.is_empty() && plan.routes.asked == 1, "{from}: {:?}", plan.routes);
        let op = plan.ops.iter().find(|op| op.kind == bifrost::Kind::ProviderKey).expect("a key");
        op.after.as_ref().expect("a body")["provider"].clone()
    };
    assert_eq!(planned("predibase-llama"), json!("groq"));
    assert_eq!(planned("predibase"), json!("groq"));
    assert_eq!(planned("predibase-other"), json!("predibase-llama"));
}

/// Another path of a host can be another server, so a provider that leads there and is left alone is said.
#[test]
fn another_path_under_the_same_host_is_elsewhere() {
    let config = "model_list:
- {model_name: g, litellm_params: {model: openai/qwen, api_base: 'https://llm.example/team-a/v1', api_key: os.environ/K}}
";
    let row = json!({"token": "k", "key_alias": "k", "models": ["g"]});
    let (inventory, vault) = support::fleet::made_up(config, &[("VerificationToken", row)]);
    let differing = |path: &str| {
        let (mut observed, mut choices) = (Observed::fresh("2.0.0-prerelease3"), Choices::default());
        let name = "llm-example-team-a";
        observed
            .providers
            .push(json!({"name": name, "network_config": {"base_url": format!("https://llm.example{path}")},
            "custom_provider_config": {"base_provider_type": "openai"}}));
        choices.leave_alone.insert(OpId::new(format!("provider/{name}")));
        let plan = plan::plan(&inventory, &vault, &observed, &choices, company::now());
        let provider = plan.ops.iter().find(|op| op.name == name).expect("the provider");
        assert!(matches!(provider.action, Action::Same | Action::Skip), "{provider:?}");
        plan.routes.differing.iter().map(|row| (row.name.clone(), row.verdict)).collect::<Vec<_>>()
    };
    assert_eq!(differing("/team-a"), []);
    assert_eq!(differing("/team-b"), [("g".to_owned(), RouteVerdict::Elsewhere)]);
    assert_eq!(differing(""), [("g".to_owned(), RouteVerdict::Elsewhere)]);
}

/// A provider that is left alone is waited for by nobody.
#[test]
fn a_provider_that_is_left_alone_is_not_waited_for() {
    let mut observed = Observed::fresh("2.0.0-prerelease3");
    observed.providers.push(json!({"name": "azure", "network_config": {"extra_headers": {"X-Team": "of-somebody"}}}));
    observed
        .providers
        .push(json!({"name": "deepseek-internal-example", "network_config": {"base_url": "https://other.example"},
        "custom_provider_config": {"base_provider_type": "openai"}}));
    let waits = |choices: &[&str]| {
        let plan = planned(&observed, |made| made.leave_alone.extend(choices.iter().map(|id| OpId::new(*id))));
        let provider = OpId::new("provider/deepseek-internal-example");
        let waiting = plan.ops.iter().filter(|op| op.after_ops.contains(&provider)).count();
        (plan.op(&provider).expect("the provider").action, waiting > 0)
    };
    assert_eq!(waits(&[]), (Action::Change, true));
    assert_eq!(waits(&["provider/deepseek-internal-example"]), (Action::Skip, false));
}
