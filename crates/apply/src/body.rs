//! From an op to calls: which endpoint, which body. Source: `reference/bifrost-api.md` 2 to 6.

use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet};

use bifrost::hole::{self, Hole};
use bifrost::{Call, Endpoint, Kind, identity};
use model::{OpId, SecretId};
use plan::Op;
use serde_json::{Map, Value, json};

/// A body names a secret that the vault does not have.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the secret {0} is not there")]
pub struct MissingSecret(pub SecretId);

/// Fills the secrets of a body just before it is sent. A reference to a variable on the gateway's host is filled
/// in as the text `env.NAME`. Nothing may be sent with a hole left in it.
pub fn fill(body: &Value, mut secret: impl FnMut(&SecretId) -> Option<String>) -> Result<Value, MissingSecret> {
    let mut missing = None;
    let filled = hole::fill(body, &mut |found| {
        let Hole::Secret(id) = found else { return None };
        let text = secret(id);
        if text.is_none() {
            missing.get_or_insert_with(|| id.clone());
        }
        text.map(Value::String)
    });
    missing.map_or(Ok(filled), |id| Err(MissingSecret(id)))
}

/// [`fill`], without a copy where there is nothing to fill in.
pub fn filled(body: &Value, secret: impl FnMut(&SecretId) -> Option<String>) -> Result<Cow<'_, Value>, MissingSecret> {
    if hole::has_secret(body) { fill(body, secret).map(Cow::Owned) } else { Ok(Cow::Borrowed(body)) }
}

/// The ops whose ids a body needs.
pub(crate) fn references(body: &Value) -> BTreeSet<OpId> {
    hole::references(body).into_iter().map(OpId::from).collect()
}

/// The body with the ids that are known by now.
pub(crate) fn with_ids(body: &Value, ids: &BTreeMap<OpId, String>) -> Value {
    hole::fill(body, &mut |found| match found {
        Hole::Ref(op) => ids.get(op).cloned().map(Value::String),
        Hole::Secret(_) => None,
    })
}

/// The provider a key belongs to: a field of the op's body that says so, or the provider op it waits for.
pub(crate) fn provider_of(op: &Op, body: &Value, ids: &BTreeMap<OpId, String>) -> Option<String> {
    if op.kind != Kind::ProviderKey {
        return None;
    }
    let stated = body.get("provider").and_then(Value::as_str).map(str::to_owned);
    let waited = || op.after_ops.iter().find(|other| other.as_str().starts_with("provider/"));
    stated.or_else(|| {
        let other = waited()?;
        ids.get(other).cloned().or_else(|| other.as_str().strip_prefix("provider/").map(str::to_owned))
    })
}

/// The name the object will be found by: of a model config what its body says, else the op's.
pub(crate) fn name_of(op: &Op, body: &Value) -> String {
    match op.kind {
        Kind::ModelConfig => {
            let mut body = body.clone();
            if let Some(fields) = body.as_object_mut() {
                fields.insert("id".to_owned(), json!("-"));
            }
            identity(op.kind, &body).map_or_else(|| op.name.clone(), |found| found.name)
        }
        Kind::ClientConfig => op.kind.id().to_owned(),
        _ => op.name.clone(),
    }
}

/// Whether there is a call that creates such an object.
pub(crate) fn can_create(kind: Kind, provider: Option<&str>) -> bool {
    create(kind, provider, &Value::Null).is_some()
}

/// The call that creates the object.
pub(crate) fn create(kind: Kind, provider: Option<&str>, body: &Value) -> Option<Call> {
    let endpoint = match kind {
        Kind::Provider => Endpoint::ProviderCreate,
        Kind::ProviderKey => {
            let body = without(body, &["provider"]);
            return Some(Call::new(Endpoint::ProviderKeyCreate).param("provider", provider?).body(body));
        }
        Kind::PricingOverride => Endpoint::PricingOverrideCreate,
        Kind::Customer => Endpoint::CustomerCreate,
        Kind::Team => Endpoint::TeamCreate,
        Kind::McpClient => Endpoint::McpClientCreate,
        Kind::VirtualKey => Endpoint::VirtualKeyCreate,
        Kind::ModelConfig => Endpoint::ModelConfigCreate,
        Kind::RoutingRule => Endpoint::RoutingRuleCreate,
        Kind::User | Kind::TeamMember | Kind::ClientConfig => return None,
    };
    Some(Call::new(endpoint).body(body.clone()))
}

/// The call that reads one object.
pub(crate) fn get(kind: Kind, provider: Option<&str>, id: &str) -> Option<Call> {
    let endpoint = match kind {
        Kind::Provider => return Some(Call::new(Endpoint::ProviderGet).param("provider", id)),
        Kind::ProviderKey => {
            return Some(Call::new(Endpoint::ProviderKeyGet).param("provider", provider?).param("id", id));
        }
        Kind::Customer => Endpoint::CustomerGet,
        Kind::Team => Endpoint::TeamGet,
        Kind::VirtualKey => Endpoint::VirtualKeyGet,
        Kind::ModelConfig => Endpoint::ModelConfigGet,
        Kind::RoutingRule => Endpoint::RoutingRuleGet,
        Kind::ClientConfig => return Some(Call::new(Endpoint::ConfigGet)),
        Kind::PricingOverride | Kind::McpClient | Kind::User | Kind::TeamMember => return None,
    };
    Some(Call::new(endpoint).param("id", id))
}

/// The call that changes an object; `body` is what [`update_body`] made.
pub(crate) fn update(kind: Kind, provider: Option<&str>, id: &str, body: Value) -> Option<Call> {
    let endpoint = match kind {
        Kind::Provider => return Some(Call::new(Endpoint::ProviderUpdate).param("provider", id).body(body)),
        Kind::ProviderKey => {
            let call = Call::new(Endpoint::ProviderKeyUpdate).param("provider", provider?).param("id", id);
            return Some(call.body(body));
        }
        Kind::PricingOverride => Endpoint::PricingOverrideUpdate,
        Kind::Customer => Endpoint::CustomerUpdate,
        Kind::Team => Endpoint::TeamUpdate,
        Kind::VirtualKey => Endpoint::VirtualKeyUpdate,
        Kind::ModelConfig => Endpoint::ModelConfigUpdate,
        Kind::RoutingRule => Endpoint::RoutingRuleUpdate,
        Kind::ClientConfig => return Some(Call::new(Endpoint::ConfigPut).body(body)),
        Kind::McpClient => Endpoint::McpClientUpdate,
        Kind::User | Kind::TeamMember => return None,
    };
    Some(Call::new(endpoint).param("id", id).body(body))
}

/// The call that removes an object. Nothing the gateway holds keeps it from doing so (13.4).
pub(crate) fn remove(kind: Kind, provider: Option<&str>, id: &str) -> Option<Call> {
    let endpoint = match kind {
        Kind::Provider => return Some(Call::new(Endpoint::ProviderDelete).param("provider", id)),
        Kind::ProviderKey => {
            return Some(Call::new(Endpoint::ProviderKeyDelete).param("provider", provider?).param("id", id));
        }
        Kind::PricingOverride => Endpoint::PricingOverrideDelete,
        Kind::Customer => Endpoint::CustomerDelete,
        Kind::Team => Endpoint::TeamDelete,
        Kind::VirtualKey => Endpoint::VirtualKeyDelete,
        Kind::ModelConfig => Endpoint::ModelConfigDelete,
        Kind::RoutingRule => Endpoint::RoutingRuleDelete,
        Kind::McpClient => Endpoint::McpClientDelete,
        Kind::User | Kind::TeamMember | Kind::ClientConfig => return None,
    };
    Some(Call::new(endpoint).param("id", id))
}

/// The body of a change. Where a PUT erases what it does not name (2.2, 2.3, 2.5), that is what the gateway
/// shows now with the planned fields laid over it.
pub(crate) fn update_body(kind: Kind, planned: &Value, shown: &Value) -> Value {
    match kind {
        Kind::Provider => {
            let answer_only = ["config_hash", "description", "keys", "name", "provider_status", "status"];
            let mut body = merged(&without(shown, &answer_only), &without(planned, &["keys", "name", "provider"]));
            // Shown as 0 where they were never set; as a value, 0 is below what is allowed (3.3).
            if let Some(network) = body.get_mut("network_config").and_then(Value::as_object_mut) {
                network.retain(|key, value| !(key.starts_with("retry_backoff_") && value.as_f64() == Some(0.0)));
            }
            body
        }
        Kind::ProviderKey => {
            let answer_only = ["config_hash", "description", "status"];
            merged(&without(shown, &answer_only), &without(planned, &["provider"]))
        }
        Kind::ClientConfig => {
            let mut config = merged(shown, planned.get("client_config").unwrap_or(planned));
            // A gateway that was started without a `client` section shows 0 and refuses it back.
            let days = config.get("log_retention_days").and_then(Value::as_f64).unwrap_or(0.0);
            if let (true, Some(fields)) = (days < 1.0, config.as_object_mut()) {
                fields.insert("log_retention_days".to_owned(), json!(365));
            }
            json!({ "client_config": config })
        }
        Kind::ModelConfig => without(planned, &["scope", "scope_id"]),
        // How it connects cannot be changed; switches that the body leaves out would go off (2.14).
        Kind::McpClient => {
            let shown = shown.get("config").unwrap_or(shown);
            let switches =
                ["is_ping_available", "is_code_mode_client", "tools_to_auto_execute", "allowed_extra_headers"];
            let kept = shown.as_object().into_iter().flatten().filter(|(key, _)| switches.contains(&key.as_str()));
            let kept: Map<String, Value> = kept.map(|(key, value)| (key.clone(), value.clone())).collect();
            let fixed = ["connection_type", "connection_string", "auth_type", "stdio_config"];
            merged(&Value::Object(kept), &without(planned, &fixed))
        }
        // 1.5.2 takes a key out of its team or customer, and so from under their budgets, when a change does not say
        // where it belongs (recorded, topic 04).
        Kind::VirtualKey if planned.get("team_id").is_none() && planned.get("customer_id").is_none() => {
            let parent = |name: &&str| shown.get(*name).is_some_and(|id| !id.is_null());
            let kept = ["team_id", "customer_id"].into_iter().filter(parent);
            let kept = kept.map(|name| (name.to_owned(), shown[name].clone())).collect::<Map<_, _>>();
            merged(&Value::Object(kept), planned)
        }
        _ => planned.clone(),
    }
}

/// The field in which an answer wraps its object.
fn wrapping(kind: Kind) -> Option<&'static str> {
    match kind {
        Kind::VirtualKey => Some("virtual_key"),
        Kind::Customer => Some("customer"),
        Kind::Team => Some("team"),
        Kind::ModelConfig => Some("model_config"),
        Kind::RoutingRule => Some("rule"),
        Kind::PricingOverride => Some("pricing_override"),
        Kind::ClientConfig => Some("client_config"),
        Kind::Provider | Kind::ProviderKey | Kind::McpClient | Kind::User | Kind::TeamMember => None,
    }
}

/// What an answer wraps its object in.
pub(crate) fn object(kind: Kind, answer: &Value) -> &Value {
    wrapping(kind).and_then(|field| answer.get(field)).filter(|inner| inner.is_object()).unwrap_or(answer)
}

/// The same of an answer that nobody else needs.
pub(crate) fn object_of(kind: Kind, mut answer: Value) -> Value {
    let inner = wrapping(kind).and_then(|field| answer.get_mut(field)).filter(|inner| inner.is_object());
    inner.map(Value::take).unwrap_or(answer)
}

fn without(object: &Value, left_out: &[&str]) -> Value {
    let Some(fields) = object.as_object() else { return object.clone() };
    Value::Object(
        fields
            .iter()
            .filter(|(key, _)| !left_out.contains(&key.as_str()))
            .map(|(k, v)| (k.clone(), v.clone()))
            .collect(),
    )
}

/// `over` laid over `base`. Lists, secrets, and maps that mean something as a whole are replaced.
fn merged(base: &Value, over: &Value) -> Value {
    let (Some(base_fields), Some(over_fields)) = (base.as_object(), over.as_object()) else { return over.clone() };
    let mut fields: Map<String, Value> = base_fields.clone();
    for (key, value) in over_fields {
        let whole = matches!(key.as_str(), "aliases" | "allowed_requests" | "request_path_overrides")
            || hole::read(value).is_some()
            || base_fields.get(key).is_some_and(|old| old.get("value").is_some());
        let laid = match fields.get(key) {
            Some(old) if !whole => merged(old, value),
            _ => value.clone(),
        };
        fields.insert(key.clone(), laid);
    }
    Value::Object(fields)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(kind: Kind, planned: &Value, shown: &Value, expected: &Value) {
        assert_eq!(&update_body(kind, planned, shown), expected);
    }

    #[test]
    fn what_is_not_planned_is_kept() {
        check(
            Kind::Provider,
            &json!({"provider": "openai", "network_config": {"max_retries": 3}}),
            &json!({"name": "openai", "status": "success", "proxy_config": null, "network_config":
                {"base_url": "http://127.0.0.1:1", "max_retries": 0, "retry_backoff_initial": 0, "retry_backoff_max": 5000}}),
            &json!({"proxy_config": null, "network_config":
                {"base_url": "http://127.0.0.1:1", "max_retries": 3, "retry_backoff_max": 5000}}),
        );
        check(
            Kind::ProviderKey,
            &json!({"provider": "azure", "value": {"$secret": "a"}, "aliases": {"b": "c"}, "weight": 2}),
            &json!({"id": "k", "value": {"value": "az-k***", "env_var": ""}, "aliases": {"x": "y"}, "weight": 1,
                "azure_key_config": {"endpoint": {"value": "https://e", "env_var": ""}}, "status": "success"}),
            &json!({"id": "k", "value": {"$secret": "a"}, "aliases": {"b": "c"}, "weight": 2,
                "azure_key_config": {"endpoint": {"value": "https://e", "env_var": ""}}}),
        );
        let closed = json!({"enforce_auth_on_inference": true});
        let shown = json!({"log_retention_days": 0, "compat": {"should_drop_params": false}, "enforce_auth_on_inference": false});
        let whole = json!({"client_config": {"log_retention_days": 365, "compat": {"should_drop_params": false},
            "enforce_auth_on_inference": true}});
        check(Kind::ClientConfig, &closed, &shown, &whole);
        check(Kind::ClientConfig, &json!({"client_config": closed}), &shown, &whole);
        check(Kind::VirtualKey, &json!({"name": "a"}), &json!({"id": "v", "name": "b"}), &json!({"name": "a"}));
        let in_team = json!({"id": "v", "name": "b", "team_id": "t", "customer_id": null});
        check(Kind::VirtualKey, &json!({"name": "a"}), &in_team, &json!({"name": "a", "team_id": "t"}));
        let moved = json!({"name": "a", "customer_id": "c"});
        check(Kind::VirtualKey, &moved, &in_team, &moved);
    }

    #[test]
    fn secrets_are_filled_at_the_last_moment_or_not_at_all() {
        let body = json!({"value": {"$secret": "a"}, "key_ids": [{"$ref": "provider_key/k"}]});
        let filled = fill(&body, |id| (id.as_str() == "a").then(|| "env.NAME".to_owned()));
        assert_eq!(filled.unwrap()["value"], json!("env.NAME"));
        assert_eq!(fill(&body, |_| None).unwrap_err().to_string(), "the secret a is not there");
        let ids = BTreeMap::from([(OpId::new("provider_key/k"), "uuid".to_owned())]);
        assert_eq!(with_ids(&body, &ids)["key_ids"], json!(["uuid"]));
        assert_eq!(references(&with_ids(&body, &BTreeMap::new())).len(), 1);
    }
}
