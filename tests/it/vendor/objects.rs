//! Points 20 to 23 and 29, claims 9 and 17: owners, budgets, what is there already, and what has no form.

use std::collections::BTreeSet;

use bifrost::Kind;
use plan::{Action, Choices, Fate};
use sandbox::{Gateway, Release, Request};
use serde_json::{Value, json};
use support::company;
use support::practice::Practice;

use super::{SHOP, TARGET, bodies, body, key, plan_for, planned, planned_for, team, told};

/// Two keys of one alias, and two without one whose masked keys are alike, are four keys of four names.
#[test]
fn point_20_equal_names_lose_no_key() {
    let unnamed = |token: &str| {
        ("VerificationToken", json!({"token": token, "key_alias": null, "key_name": "sk-...abcd", "models": ["a"]}))
    };
    let same = |token: &str| ("VerificationToken", json!({"token": token, "key_alias": "same", "models": ["b"]}));
    let plan = planned(SHOP, &[unnamed("0a11"), unnamed("0b22"), same("0c33"), same("0d44")]);
    let keys: BTreeSet<&str> =
        plan.ops.iter().filter(|op| op.kind == Kind::VirtualKey).map(|op| op.name.as_str()).collect();
    assert_eq!(keys.len(), 4, "{keys:?}");
    let first: Vec<&str> = keys.into_iter().collect();
    let again = planned(SHOP, &[same("0d44"), unnamed("0b22"), same("0c33"), unnamed("0a11")]);
    let second: BTreeSet<&str> =
        again.ops.iter().filter(|op| op.kind == Kind::VirtualKey).map(|op| op.name.as_str()).collect();
    assert!(second.iter().eq(first.iter()), "names depend on the order: {first:?} {second:?}");
}

/// A window that means nothing costs neither the key nor its other limits, and is said.
#[test]
fn point_21_a_bad_window_costs_nothing_else() {
    for window in ["0m", "0d", "daily", "abc", "-1d"] {
        let limits = json!({"max_budget": 5, "budget_duration": window, "rpm_limit": 7});
        let plan = planned(SHOP, &[key("k", &limits)]);
        let made = body(&plan, "virtual_key/k");
        assert_eq!(made["rate_limit"]["request_max_limit"], json!(7), "{window}");
        let held = made["budgets"][0]["max_limit"] == json!(5) || made["is_active"] == json!(false);
        assert!(held, "{window}: {made}");
        let word = told(&plan, "virtual_key/k", "budget_duration");
        assert!(!word.starts_with("exact"), "{window}: {word}");
    }
}

/// Linked budgets, several windows, budgets of members and of models, and months.
#[test]
fn point_21_claim_9_every_sort_of_budget_is_held_or_named() {
    let rows = [
        ("BudgetTable", json!({"budget_id": "linked", "max_budget": 250, "budget_duration": "30d", "rpm_limit": 300})),
        ("BudgetTable", json!({"budget_id": "member", "max_budget": 8, "budget_duration": "7d"})),
        ("BudgetTable", json!({"budget_id": "org", "max_budget": 500, "budget_duration": "1mo"})),
        (
            "OrganizationTable",
            json!({"organization_id": "o", "organization_alias": "o", "budget_id": "org", "models": []}),
        ),
        team("t", &json!({"organization_id": "o", "max_budget": 100, "budget_duration": "7d"})),
        ("TeamMembership", json!({"user_id": "u", "team_id": "t", "budget_id": "member"})),
        ("UserTable", json!({"user_id": "u", "models": []})),
        key("linked", &json!({"budget_id": "linked"})),
        key(
            "windows",
            &json!({"budget_limits": [{"max_budget": 10, "budget_duration": "1d"}, {"max_budget": 50, "budget_duration": "7d"}]}),
        ),
        key("of-model", &json!({"model_max_budget": {"a": {"budget_limit": 0.5, "time_period": "30d"}}})),
        key("of-member", &json!({"team_id": "t", "user_id": "u"})),
        key("months", &json!({"max_budget": 3, "budget_duration": "1mo", "spend": 2.5})),
    ];
    let mut lines = Vec::new();
    for target in ["1.5.2", "1.5.16", TARGET] {
        let plan = planned_for(SHOP, &rows, target);
        for op in plan
            .ops
            .iter()
            .filter(|op| matches!(op.kind, Kind::Customer | Kind::Team | Kind::VirtualKey | Kind::ModelConfig))
        {
            let made = op.after.as_ref().map(|body| {
                let held =
                    ["budget", "budgets", "rate_limit", "scope_id"].map(|field| (field, body.get(field).cloned()));
                held.into_iter()
                    .filter_map(|(field, value)| Some(format!("{field} {}", value?)))
                    .collect::<Vec<_>>()
                    .join(" ")
            });
            lines.push(format!("{target} {}: {}", op.id, made.unwrap_or_default()));
        }
        let unsaid = ["budget/linked", "budget/member", "budget/org"];
        for object in plan.objects.iter().filter(|object| unsaid.contains(&object.id.as_str())) {
            assert!(object.fate == Fate::Folded || !object.note.is_empty() || !object.ops.is_empty(), "{object:?}");
        }
        let of_gateway = |subject: &str| subject == "environment of the gateway";
        let findings = plan.findings.iter().filter(|finding| !of_gateway(&finding.subject));
        lines.extend(findings.map(|finding| format!("{target} ! {finding}")));
        lines.push(format!("{target} of-model: {}", told(&plan, "virtual_key/of-model", "model_max_budget")));
    }
    insta::assert_snapshot!(lines.join("\n"));
}

/// A gateway somebody has set up before.
fn set_up() -> Gateway {
    let mut gateway = Gateway::new(Release::V2_0_0_PRERELEASE3, 3)
        .with_environment(["K1=one-0123456789abcdef", "K2=two-0123456789abcdef"].map(str::to_owned));
    let network = json!({"base_url": "https://egress.example", "extra_headers": {"X-Org": "us"}, "max_retries": 7,
        "default_request_timeout_in_seconds": 99});
    let provider = json!({"provider": "openai", "network_config": network,
        "concurrency_and_buffer_size": {"concurrency": 12, "buffer_size": 34},
        "proxy_config": {"type": "http", "url": "http://proxy.example:3128"}, "send_back_raw_response": true});
    let answer = gateway.handle(&Request::new("POST", "/api/providers").json(&provider), company::now());
    assert_eq!(answer.status, 200, "{}", answer.body);
    gateway
}

/// A provider that is configured keeps its base URL, headers, retries, proxy and pools, and its keys.
#[test]
fn point_22_claim_17_settings_of_the_gateway_are_left_alone() {
    let mut gateway = set_up();
    let shown = |gateway: &mut Gateway| -> Value {
        let answer = gateway.handle(&Request::new("GET", "/api/providers/openai"), company::now());
        serde_json::from_str(&answer.body).expect("json")
    };
    let before = shown(&mut gateway);
    assert_eq!(before["network_config"]["max_retries"], json!(7), "{before}");
    let (inventory, vault) = support::fleet::made_up(SHOP, &[key("k", &json!({"models": ["a"]}))]);
    let observed = support::gateway::observe(&mut gateway, company::now());
    let plan = plan::plan(&inventory, &vault, &observed, &Choices::default(), company::now());
    support::gateway::apply(&plan, &vault, &mut gateway, company::now());
    let after = shown(&mut gateway);
    for block in ["network_config", "proxy_config", "concurrency_and_buffer_size", "send_back_raw_response"] {
        assert_eq!(after[block], before[block], "{block}");
    }
    // What the plan does change, it names, field by field.
    let named = planned(
        "model_list: [{model_name: a, litellm_params: {model: openai/gpt-4o, api_key: os.environ/K1, max_retries: 2}}]",
        &[],
    );
    assert_eq!(body(&named, "provider/openai")["network_config"], json!({"max_retries": 2}));
}

/// Nothing of the recorded company is without a line of its own: what has no form says what to do.
#[test]
fn point_23_what_is_not_migrated_is_named_with_what_to_do() {
    for version in ["1.101.6", "1.108.7"] {
        let (inventory, vault) = company::recorded(version);
        let plan = plan_for(&inventory, &vault, TARGET);
        let there: BTreeSet<&str> = inventory.entities.keys().map(model::SourceId::as_str).collect();
        let told: Vec<&str> = plan.objects.iter().map(|object| object.id.as_str()).collect();
        assert_eq!(told.iter().copied().collect::<BTreeSet<_>>(), there);
        assert_eq!(told.len(), there.len(), "an object is told twice");
        for object in plan.objects.iter().filter(|object| object.fate != Fate::Moved) {
            assert!(object.note.len() > 10, "{version}: {} {:?} without a reason", object.id, object.fate);
        }
        let kinds: BTreeSet<&str> = plan.objects.iter().map(|object| object.kind.as_str()).collect();
        for kind in ["user", "end_user", "tag", "mcp_server", "guardrail", "pass_through", "settings", "budget"] {
            assert!(kinds.contains(kind), "{version}: nothing is said of {kind}: {kinds:?}");
        }
    }
}

/// What the vendor's list of losses names beside that, each with a fate.
#[test]
fn point_23_every_named_loss_has_a_fate() {
    let config = format!(
        "{SHOP}litellm_settings: {{callbacks: [langfuse], cache: true, fallbacks: [{{a: [c]}}]}}
router_settings: {{routing_strategy: least-busy, model_group_alias: {{x: a}}}}
general_settings: {{alerting: [slack], ui_access_mode: all}}
guardrails: [{{guardrail_name: pii, litellm_params: {{guardrail: presidio, mode: pre_call}}}}]
vector_store_registry: [{{vector_store_name: v, litellm_params: {{vector_store_id: i, custom_llm_provider: bedrock}}}}]
prompts: [{{prompt_id: p, litellm_params: {{prompt_id: p, prompt_integration: langfuse}}}}]
"
    );
    let rows = [
        ("SSOConfig", json!({"id": "sso_config", "sso_settings": {"google_client_id": "x"}})),
        key("k", &json!({"user_id": "u", "metadata": {"own": 1, "tags": ["t"]}})),
        ("UserTable", json!({"user_id": "u", "user_role": "internal_user", "models": []})),
    ];
    let plan = planned(&config, &rows);
    for (object, field) in [
        ("settings/litellm_settings", "callbacks"),
        ("settings/litellm_settings", "cache"),
        ("settings/litellm_settings", "fallbacks"),
        ("settings/router_settings", "routing_strategy"),
        ("settings/router_settings", "model_group_alias"),
        ("settings/general_settings", "alerting"),
        ("settings/general_settings", "ui_access_mode"),
        ("user/u", "user_role"),
        ("virtual_key/k", "metadata.own"),
    ] {
        let word = told(&plan, object, field);
        assert!(word == "exact: " || word.len() > 15, "{object} {field}: {word}");
    }
    for kind in ["guardrail", "vector_store", "prompt"] {
        let object = plan.objects.iter().find(|object| object.kind == kind);
        assert!(
            object.is_some_and(|object| object.fate != Fate::Moved && object.note.len() > 10),
            "{kind}: {object:?}"
        );
    }
    let unknown: Vec<_> =
        plan.findings.iter().filter(|finding| finding.code.as_str() == "plan.unknown_field").collect();
    assert!(unknown.is_empty(), "{unknown:#?}");
}

/// Users are no failure on a gateway that has none: no call is planned for them, and the apply ends well.
#[test]
fn point_29_users_are_no_failure_where_there_are_none() {
    for release in [Release::V1_5_2, Release::V1_5_16, Release::V2_0_0_PRERELEASE3] {
        let (inventory, vault) = company::recorded("1.101.6");
        assert!(inventory.of(litellm::Kind::User).count() >= 5);
        let choices = Choices { expiring_keys: Some(plan::ExpiryChoice::Inactive), ..Choices::default() };
        let first = Practice::new(release).plan(&inventory, &vault, &choices);
        assert!(bodies(&first, Kind::User).is_empty() && bodies(&first, Kind::TeamMember).is_empty());
        let environment = report::plan_json(&first);
        let names = environment.split('"').filter_map(|word| word.strip_prefix("env.")).map(str::to_owned);
        let gateway = Gateway::new(release, 11).with_environment(names.collect::<Vec<_>>());
        let settled = Practice::of(gateway).settles(&inventory, &vault, &choices);
        assert!(settled.ops.iter().all(|op| op.action != Action::Skip || op.kind != Kind::User));
    }
}
