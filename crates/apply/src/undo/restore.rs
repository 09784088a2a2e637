//! The body that puts an object back as it was: the fields that were planned, in the form in which they are sent.
//! Source: `reference/bifrost-api.md` 2.3, 2.7, 4.6.

use bifrost::Kind;
use bifrost::compare::{differences, mcp_name, shown_key_ids};
use bifrost::hole;
use model::Masked;
use serde_json::{Map, Value, json};

/// Why an object cannot be put back, as the rest of a sentence.
type Obstacle = String;

/// What to lay over the object as it is `shown` now, so that the `planned` fields are as they were `before`.
pub(super) fn sent(kind: Kind, planned: &Value, before: &Value, shown: &Value) -> Result<Value, Obstacle> {
    let sent = match kind {
        Kind::ClientConfig => nested(planned.get("client_config").unwrap_or(planned), before, shown)?,
        Kind::McpClient if !hole::holes(planned).is_empty() => {
            return Err("a secret was sent with it, and the old one is not known".to_owned());
        }
        Kind::Provider | Kind::ProviderKey | Kind::McpClient => nested(planned, before, shown)?,
        Kind::PricingOverride => price(before),
        _ => fields(planned, before, shown),
    };
    if sent.to_string().contains(&Masked.to_string()) {
        return Err("it held a secret that the journal does not keep".to_owned());
    }
    let left: Vec<String> = differences(kind, &sent, before).into_iter().map(|found| found.path).collect();
    if left.is_empty() { Ok(sent) } else { Err(format!("{} cannot be written as it was", left.join(", "))) }
}

/// Field by field where a PUT takes the whole: null is what was not there.
fn nested(planned: &Value, before: &Value, shown: &Value) -> Result<Value, Obstacle> {
    let mut sent = Map::new();
    for (key, wanted) in planned.as_object().into_iter().flatten() {
        if matches!(key.as_str(), "provider" | "keys" | "name" | "connection_type" | "connection_string" | "auth_type")
        {
            continue;
        }
        let at = |value: &Value| value.get(key).cloned().unwrap_or_default();
        let (then, now) = (at(before), at(shown));
        if hole::read(wanted).is_some() {
            if let Some(value) = secret(key, &then, &now)? {
                sent.insert(key.clone(), value);
            }
            continue;
        }
        let deeper = wanted.is_object() && then.is_object() && !is_whole(key) && then.get("value").is_none();
        sent.insert(key.clone(), if deeper { nested(wanted, &then, &now)? } else { then });
    }
    Ok(Value::Object(sent))
}

/// Maps that mean something as a whole.
fn is_whole(key: &str) -> bool {
    matches!(key, "aliases" | "allowed_requests" | "request_path_overrides")
}

/// A secret that was written: the same as before stays as it is shown (the gateway keeps what it redacted), and a
/// reference to a variable can be written again. Any other old secret is gone.
fn secret(key: &str, then: &Value, now: &Value) -> Result<Option<Value>, Obstacle> {
    let reference = |value: &Value| {
        let text = |name: &str| value.get(name).and_then(Value::as_str).filter(|text| !text.is_empty());
        text("env_var").or_else(|| text("ref")).map(str::to_owned)
    };
    match (reference(then), reference(now)) {
        (Some(then), Some(now)) if then == now => Ok(None),
        (Some(then), _) => Ok(Some(Value::from(then))),
        (None, None) if then == now => Ok(None),
        (None, _) => Err(format!("another {key} was written, and the old one is not known")),
    }
}

/// The planned fields of what takes a part for a part.
fn fields(planned: &Value, before: &Value, shown: &Value) -> Value {
    let mut sent = Map::new();
    for key in planned.as_object().into_iter().flatten().map(|(key, _)| key.as_str()) {
        let then = before.get(key).cloned().unwrap_or_default();
        let text = || Value::from(then.as_str().unwrap_or_default());
        let value = match key {
            "provider_configs" => entries(&then, shown.get(key).unwrap_or(&Value::Null)),
            "mcp_configs" => list(
                &then,
                |entry| json!({ "mcp_client_name": mcp_name(entry), "tools_to_execute": entry.get("tools_to_execute") }),
            ),
            // The form that the version takes, which is the one that was planned (2.7).
            "budget" => {
                let first = before.pointer("/budgets/0").cloned().unwrap_or_default();
                picked(if then.is_object() { &then } else { &first }, &["max_limit", "reset_duration"])
            }
            "budgets" => budgets(&then),
            "rate_limit" => rate_limit(&then),
            // Set, one takes the other's place.
            "team_id" | "customer_id" => {
                for parent in ["team_id", "customer_id"] {
                    let id = before.get(parent).and_then(Value::as_str).unwrap_or_default();
                    if planned.get(parent).is_some() || !id.is_empty() {
                        sent.insert(parent.to_owned(), json!(id));
                    }
                }
                continue;
            }
            "description" | "expires_at" => text(),
            "is_active" | "enabled" if then.is_null() => json!(true),
            "calendar_aligned" | "chain_rule" if then.is_null() => json!(false),
            "fallbacks" if then.is_null() => json!([]),
            "targets" => list(&then, |target| picked(target, &["provider", "model", "key_id", "weight"])),
            _ => then,
        };
        sent.insert(key.to_owned(), value);
    }
    Value::Object(sent)
}

/// The entries of a virtual key. One that has a rate limit now and had none keeps it unless it is taken away.
fn entries(then: &Value, now: &Value) -> Value {
    list(then, |entry| {
        let mut sent = picked(entry, &["provider", "weight", "allowed_models"]);
        let listed = |key: &str| entry.get(key).filter(|value| value.as_array().is_some_and(|list| !list.is_empty()));
        sent["key_ids"] = shown_key_ids(entry).into_iter().collect();
        if let Some(barred) = listed("blacklisted_models") {
            sent["blacklisted_models"] = barred.clone();
        }
        if let Some(limits) = listed("budgets") {
            sent["budgets"] = budgets(limits);
        }
        let same = |other: &&Value| other.get("provider") == entry.get("provider");
        let limited = now.as_array().into_iter().flatten().find(same).and_then(|other| other.get("rate_limit"));
        if entry.get("rate_limit").or(limited).is_some_and(|limit| !limit.is_null()) {
            sent["rate_limit"] = rate_limit(entry.get("rate_limit").unwrap_or(&Value::Null));
        }
        sent
    })
}

fn budgets(shown: &Value) -> Value {
    list(shown, |budget| picked(budget, &["max_limit", "reset_duration"]))
}

/// `{}` takes a limit away (4.6).
fn rate_limit(shown: &Value) -> Value {
    picked(shown, &["token_max_limit", "token_reset_duration", "request_max_limit", "request_reset_duration"])
}

/// A full replacement; the prices are shown as JSON text.
fn price(before: &Value) -> Value {
    let known = ["name", "scope_kind", "virtual_key_id", "provider_id", "provider_key_id", "match_type", "pattern"];
    let mut sent = picked(before, &known);
    sent["request_types"] = before.get("request_types").cloned().unwrap_or_default();
    let text = before.get("pricing_patch").and_then(Value::as_str);
    sent["patch"] = text.and_then(|text| serde_json::from_str(text).ok()).unwrap_or_else(|| json!({}));
    sent
}

/// Some fields of an object, where they are there.
fn picked(object: &Value, keys: &[&str]) -> Value {
    let there = |key: &&str| Some(((*key).to_owned(), object.get(*key).filter(|value| !value.is_null())?.clone()));
    Value::Object(keys.iter().filter_map(there).collect())
}

fn list(items: &Value, one: impl Fn(&Value) -> Value) -> Value {
    items.as_array().into_iter().flatten().map(one).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(kind: Kind, planned: &Value, before: &Value, shown: &Value, expected: &str) {
        let said = sent(kind, planned, before, shown).map_or_else(|why| why, |sent| bifrost::canonical(&sent));
        assert_eq!(said, expected);
    }

    #[test]
    fn only_what_was_planned_is_put_back() {
        let none = json!({});
        check(
            Kind::Team,
            &json!({"name": "a", "budgets": [{"max_limit": 7, "reset_duration": "30d"}], "rate_limit": {}}),
            &json!({"id": "t", "name": "a", "budgets": [{"id": "b", "max_limit": 5, "reset_duration": "30d", "current_usage": 1}]}),
            &none,
            r#"{"budgets":[{"max_limit":5,"reset_duration":"30d"}],"name":"a","rate_limit":{}}"#,
        );
        check(
            Kind::VirtualKey,
            &json!({"name": "k", "team_id": "t", "is_active": true, "provider_configs": []}),
            &json!({"id": "v", "name": "k", "customer_id": "c", "provider_configs": [
                {"id": 3, "provider": "openai", "weight": 1, "allowed_models": ["a"], "keys": [{"key_id": "k1"}]},
                {"id": 4, "provider": "azure", "allow_all_keys": true, "allowed_models": ["*"]}]}),
            &json!({"provider_configs": [{"provider": "openai", "rate_limit": {"request_max_limit": 1}}]}),
            r#"{"customer_id":"c","is_active":true,"name":"k","provider_configs":[{"allowed_models":["a"],"key_ids":["k1"],"provider":"openai","rate_limit":{},"weight":1},{"allowed_models":["*"],"key_ids":["*"],"provider":"azure"}],"team_id":""}"#,
        );
        check(
            Kind::Provider,
            &json!({"provider": "p", "network_config": {"max_retries": 3, "extra_headers": {"X": "1"}}}),
            &json!({"name": "p", "network_config": {"max_retries": 0, "base_url": "http://h"}}),
            &none,
            r#"{"network_config":{"extra_headers":null,"max_retries":0}}"#,
        );
        check(
            Kind::PricingOverride,
            &json!({"name": "p", "patch": {"input_cost_per_token": 2}}),
            &json!({"id": "1", "name": "p", "scope_kind": "global", "match_type": "exact", "pattern": "m",
                "request_types": ["chat_completion"], "pricing_patch": "{\"input_cost_per_token\":1}"}),
            &none,
            r#"{"match_type":"exact","name":"p","patch":{"input_cost_per_token":1},"pattern":"m","request_types":["chat_completion"],"scope_kind":"global"}"#,
        );
    }

    #[test]
    fn an_old_secret_comes_back_only_where_it_never_left() {
        let planned = json!({"value": {"$secret": "s"}, "weight": 2});
        let plain = |value: &str| json!({"value": {"value": value, "env_var": ""}, "weight": 1});
        let env = |name: &str| json!({"value": {"value": "", "env_var": name}, "weight": 1});
        let key = Kind::ProviderKey;
        let (a, b) = ("sk-a************************aaaa", "sk-b************************bbbb");
        check(key, &planned, &plain(a), &plain(a), r#"{"weight":1}"#);
        check(key, &planned, &plain(a), &plain(b), "another value was written, and the old one is not known");
        check(key, &planned, &env("env.A"), &plain(b), r#"{"value":"env.A","weight":1}"#);
        check(key, &planned, &env("env.A"), &env("env.A"), r#"{"weight":1}"#);
        check(key, &planned, &plain(a), &env("env.A"), "another value was written, and the old one is not known");
        check(
            Kind::Provider,
            &json!({"network_config": {"extra_headers": {"X-Key": "n"}}}),
            &json!({"network_config": {"extra_headers": {"X-Key": Masked.to_string()}}}),
            &json!({}),
            "it held a secret that the journal does not keep",
        );
    }
}
