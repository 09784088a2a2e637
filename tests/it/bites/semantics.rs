//! Those about what the values mean.

use litellm::provider::{Rule, resolve};

use super::*;

/// A deployment that answers to the name.
fn deployed(given: Given, name: &str) -> Given {
    let params = json!({ "model": format!("openai/{name}") });
    given.row("ProxyModelTable", json!({ "model_id": name, "model_name": name, "litellm_params": params }))
}

fn two() -> Given {
    deployed(deployed(Given::default(), "gpt-4o"), "gpt-4.1")
}

#[test]
fn bite_10_an_empty_list_is_everything_and_no_default_models_is_a_name() {
    let given = two()
        .row("UserTable", json!({ "user_id": "nobody", "models": ["no-default-models"] }))
        .row("VerificationToken", key("k", json!({ "models": [] })))
        .row("VerificationToken", key("kk", json!({ "models": ["no-default-models", "gpt-4o"] })))
        .row("VerificationToken", key("kkk", json!({ "models": ["no-default-models"] })))
        .row("VerificationToken", key("kkkk", json!({ "models": [], "user_id": "nobody" })));
    assert!(given.may("k", "gpt-4o") && given.may("k", "gpt-4.1"));
    assert!(given.may("kk", "gpt-4o") && !given.may("kk", "gpt-4.1"), "on a key it is a name like any other");
    assert!(!given.may("kkk", "gpt-4o"));
    assert!(!given.may("kkkk", "gpt-4o"), "on a user it shuts personal keys");
}

#[test]
fn bite_11_nobody_asks_the_list_of_an_organization() {
    let given = two()
        .row("OrganizationTable", json!({ "organization_id": "o", "models": ["gpt-4.1"], "budget_id": "b" }))
        .row("TeamTable", json!({ "team_id": "t", "organization_id": "o", "models": [] }))
        .row("VerificationToken", key("k", json!({ "team_id": "t", "organization_id": "o" })));
    assert!(given.may("k", "gpt-4o"));
}

#[test]
fn bite_12_a_budget_of_zero_is_a_budget() {
    let plan = two()
        .row("TeamTable", json!({ "team_id": "t", "team_alias": "t", "max_budget": 0 }))
        .row("VerificationToken", key("k", json!({ "max_budget": 0 })))
        .row("VerificationToken", key("kk", json!({ "team_id": "t" })))
        .plan(&[]);
    for id in ["virtual_key/k", "virtual_key/kk"] {
        let op = plan.ops.iter().find(|op| op.id.as_str() == id).unwrap_or_else(|| panic!("no {id}"));
        let body = op.after.as_ref().unwrap_or_else(|| panic!("{id}: {}", op.reason));
        assert_eq!(body["is_active"], false, "{id}: the gateway takes no zero, so the key stays shut");
    }
}

#[test]
fn bite_13_a_users_list_and_budget_are_for_personal_keys() {
    let given = two()
        .row("UserTable", json!({ "user_id": "u", "models": ["gpt-4.1"] }))
        .row("TeamTable", json!({ "team_id": "t", "models": [] }))
        .row("VerificationToken", key("k", json!({ "user_id": "u" })))
        .row("VerificationToken", key("kk", json!({ "user_id": "u", "team_id": "t" })));
    assert!(!given.may("k", "gpt-4o") && given.may("k", "gpt-4.1"));
    assert!(given.may("kk", "gpt-4o"));
}

#[test]
fn bite_14_budgets_of_all_kinds_live_in_one_table() {
    let plan = two()
        .row("BudgetTable", json!({ "budget_id": "shared", "max_budget": 12.5, "budget_duration": "30d" }))
        .row("BudgetTable", json!({ "budget_id": "5d3a", "max_budget": 3 }))
        .row("TeamTable", json!({ "team_id": "t", "team_alias": "t" }))
        .row("TeamMembership", json!({ "user_id": "u", "team_id": "t", "budget_id": "5d3a" }))
        .row("VerificationToken", key("k", json!({ "budget_id": "shared" })))
        .row("VerificationToken", key("kk", json!({ "budget_id": "shared", "max_budget": 1 })))
        .plan(&[]);
    let most = |id: &str| {
        let op = plan.ops.iter().find(|op| op.id.as_str() == id).unwrap_or_else(|| panic!("no {id}"));
        op.after.as_ref().map(|body| body["budgets"][0]["max_limit"].clone())
    };
    assert_eq!(most("virtual_key/k"), Some(json!(12.5)), "a linked budget counts where the key has none");
    assert_eq!(most("virtual_key/kk"), Some(json!(1)), "and not where it has one");
    for id in ["budget/shared", "budget/5d3a"] {
        assert_eq!(plan.objects.iter().filter(|object| object.id.as_str() == id).count(), 1, "{id}, once");
    }
}

#[test]
fn bite_16_what_the_running_proxy_dropped_is_not_brought_back() {
    let given = Given::config(
        "model_list:\n\
         - {model_name: dated, litellm_params: {model: azure/gpt-4o, api_base: https://a.example, api_version: 2024-10-21}}\n\
         - {model_name: rated, litellm_params: {model: openai/gpt-4o, tpm: 1e5}}\n\
         - {model_name: unknown, litellm_params: {model: nobody/gpt-4o}}\n\
         - {model_name: good, litellm_params: {model: openai/gpt-4o}}\n",
    )
    .row("VerificationToken", key("k", json!({})));
    assert!(given.may("k", "good"));
    let plan = given.plan(&[]);
    for name in ["dated", "rated", "unknown"] {
        assert!(!given.may("k", name), "{name}: the running proxy does not have it");
        let fate = plan.objects.iter().find(|object| object.id.as_str() == format!("deployment/{name}"));
        assert!(fate.is_some_and(|fate| fate.note.contains("LiteLLM")), "{name}: {fate:#?}");
    }
}

#[test]
fn bite_17_bare_names_resolve_by_a_price_map_of_the_day() {
    for (name, provider, rule) in [
        ("gpt-4o", "openai", Rule::BareName),
        ("gemini-2.5-pro", "vertex_ai", Rule::BareName),
        ("gemini/gemini-2.5-pro", "gemini", Rule::Prefix),
        ("claude-2.1", "anthropic", Rule::RetiredName),
    ] {
        let found = resolve(name, None, None).unwrap_or_else(|unknown| panic!("{unknown}"));
        assert_eq!((found.provider.as_str(), found.rule), (provider, rule), "{name}");
    }
    assert!(resolve("my-model", None, Some("http://localhost:8000/v1")).is_err());
}

#[test]
fn bite_18_settings_that_litellm_ignores_are_named() {
    let given = Given::config(
        "litellm_settings:\n  master_key: sk-bite-0018\n  num_retries: 3\n\
         general_settings:\n  success_callback: [langfuse]\n  log_level: debug\n\
         team_management:\n  teams: []\n",
    );
    let (inventory, _) = given.open(&[]);
    let told = |code: &str| {
        let found = inventory.findings.iter().filter(|finding| finding.code.as_str() == code);
        found.map(|finding| finding.subject.as_str()).collect::<Vec<_>>()
    };
    assert_eq!(told("config.misplaced"), ["master_key", "success_callback"]);
    assert_eq!(told("config.ignored"), ["log_level", "team_management"]);
}

#[test]
fn bite_19_what_counts_hides_in_metadata() {
    let metadata = json!({
        "model_rpm_limit": { "gpt-4o": 5 },
        "guardrails": ["pii"],
        "tags": ["batch"],
        "temp_budget_increase": 10,
        "temp_budget_expiry": "2027-01-01",
        "logging": [{ "callback_name": "langfuse", "callback_vars": { "langfuse_secret_key": "sk-lf-bite-0019" } }],
        "cost_center": "4711",
    });
    let plan = two().row("VerificationToken", key("k", json!({ "metadata": metadata }))).plan(&[]);
    let lines: Vec<_> = plan.ops.iter().flat_map(|op| &op.fields).collect();
    for name in ["model_rpm_limit", "guardrails", "tags", "temp_budget_increase", "logging", "cost_center"] {
        let told = lines.iter().find(|field| field.source.starts_with(&format!("metadata.{name}")));
        let told = told.unwrap_or_else(|| panic!("metadata.{name} is not accounted for: {lines:#?}"));
        assert!(told.fidelity == Fidelity::Exact || !told.note.is_empty(), "{name} without a word");
    }
    assert!(!format!("{plan:?}").contains("sk-lf-bite-0019"));
}
