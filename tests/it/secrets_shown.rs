//! The gateway shows a part of each secret, or none of it: one that was rotated in LiteLLM is sent again where that part
//! tells, and named where it tells nothing.

use bifrost::Observed;
use model::{Finding, OpId};
use plan::{Action, Choices};
use serde_json::{Value, json};
use support::{company, fleet};

/// What the plan does about a provider key whose value the gateway shows so, and whether it says that it cannot tell.
fn planned(secret: &str, shown: &Value) -> (Action, bool) {
    let config = format!(
        "model_list: [{{model_name: a, model_info: {{id: a}}, litellm_params: {{model: openai/gpt-4o, api_key: '{secret}'}}}}]\n"
    );
    let row = json!({"token": "k", "key_alias": "k", "models": ["a"]});
    let (inventory, vault) = fleet::made_up(&config, &[("VerificationToken", row)]);
    // A key is called after the variable it is in, else after the deployment that brought it.
    let name = if secret.starts_with("os.environ/") { "openai-k" } else { "openai-a" };
    let mut observed = Observed::fresh("2.2.6");
    observed.providers.push(json!({"name": "openai"}));
    let key = json!({"id": "pk", "name": name, "models": ["a", "gpt-4o"], "aliases": {"a": "gpt-4o"}, "weight": 1, "value": shown});
    observed.provider_keys.insert("openai".to_owned(), vec![key]);
    let plan = plan::plan(&inventory, &vault, &observed, &Choices::default(), company::now());
    let op = plan.op(&OpId::new(format!("provider_key/{name}"))).unwrap_or_else(|| panic!("{:#?}", plan.ops));
    let unseen = plan.findings.iter().filter(|finding| finding.code.as_str() == "plan.unseen_secret");
    let names_it = |finding: &&Finding| finding.message.ends_with(&format!(": provider key {name}"));
    (op.action, unseen.filter(names_it).count() == 1)
}

#[test]
fn a_rotated_secret_is_sent_again_or_named() {
    let stars = "*".repeat(24);
    let secret = "sk-0123456789abcdefghij";
    let same = format!("sk-0{stars}ghij");
    for (shown, expected) in [
        (json!(same), (Action::Same, false)),
        (json!({"value": same, "env_var": "", "from_env": false}), (Action::Same, false)),
        (json!(secret), (Action::Same, false)),
        (json!(format!("sk-9{stars}ghij")), (Action::Change, false)),
        (json!(format!("sk-0{stars}ghi9")), (Action::Change, false)),
        (json!("env.OPENAI_API_KEY"), (Action::Same, true)),
        (json!(""), (Action::Change, false)),
        (Value::Null, (Action::Same, true)),
    ] {
        assert_eq!(planned(secret, &shown), expected, "{shown}");
    }
    // A value that is short is stars alone, and tells only how long it is.
    assert_eq!(planned("sk-01234", &json!("********")), (Action::Same, true));
    assert_eq!(planned("os.environ/K", &json!("env.K")), (Action::Same, false));
    assert_eq!(planned("os.environ/K", &json!("env.L")), (Action::Change, false));
}
