//! Bodies, read for routes.

use std::sync::Arc;

use serde_json::Value;

use super::expression::Condition;
use super::{Caller, Config, Key, Lists, Rule, Target, WHOLE};
use crate::{Body, Kind};

pub(super) fn key(name: &str, body: &Value) -> Option<Key> {
    let off = body.get("enabled") == Some(&Value::Bool(false));
    let aliases = body.get("aliases").and_then(Value::as_object).into_iter().flatten();
    (!off).then(|| Key {
        name: name.into(),
        provider: text(body, "provider"),
        models: texts(body, "models"),
        blacklisted: texts(body, "blacklisted_models"),
        aliases: aliases
            .filter_map(|(alias, to)| {
                Some((alias.clone(), to.as_str().or_else(|| to.get("model_id")?.as_str())?.into()))
            })
            .collect(),
        weight: parts(body.get("weight")).unwrap_or(0),
    })
}

pub(super) fn caller(
    name: &str,
    body: &Body,
    name_of: &dyn Fn(Kind, &Value) -> String,
    Lists(known): &mut Lists,
) -> Caller {
    let owner = |field: &str, kind: Kind| body.get(field).filter(|id| !id.is_null()).map(|id| name_of(kind, id));
    let read = |list: &Value| configs(list, name_of);
    let lists = match (body.shared("provider_configs"), body.get("provider_configs")) {
        (Some(shared), _) => Arc::clone(known.of(shared, read)),
        (None, Some(own)) => read(own),
        (None, None) => Arc::default(),
    };
    Caller {
        name: name.to_owned(),
        team: owner("team_id", Kind::Team),
        customer: owner("customer_id", Kind::Customer),
        configs: lists,
    }
}

fn configs(list: &Value, name_of: &dyn Fn(Kind, &Value) -> String) -> Arc<[Config]> {
    let read = |config: &Value| Config {
        provider: text(config, "provider"),
        allowed: texts(config, "allowed_models"),
        blacklisted: texts(config, "blacklisted_models"),
        keys: config
            .get("key_ids")
            .and_then(Value::as_array)
            .into_iter()
            .flatten()
            .map(|id| if id == "*" { "*".to_owned() } else { name_of(Kind::ProviderKey, id) })
            .collect(),
        weight: parts(config.get("weight")),
    };
    list.as_array().into_iter().flatten().map(read).collect()
}

pub(super) fn rule(body: &Value, name_of: &dyn Fn(Kind, &Value) -> String) -> Option<Rule> {
    if body.get("enabled") == Some(&Value::Bool(false)) {
        return None;
    }
    let id = body.get("scope_id").cloned().unwrap_or_default();
    let scope = match text(body, "scope").as_str() {
        "virtual_key" => (0, name_of(Kind::VirtualKey, &id)),
        "team" => (1, name_of(Kind::Team, &id)),
        "customer" => (2, name_of(Kind::Customer, &id)),
        _ => (3, String::new()),
    };
    let targets = body.get("targets").and_then(Value::as_array).into_iter().flatten();
    let part = |target: &Value, field: &str| Some(text(target, field)).filter(|text| !text.is_empty());
    Some(Rule {
        scope,
        priority: body.get("priority").and_then(Value::as_i64).unwrap_or(0),
        condition: Condition::read(&text(body, "cel_expression")),
        targets: targets
            .map(|target| Target {
                provider: part(target, "provider"),
                model: part(target, "model"),
                // A weight of zero is stored as one (`reference/bifrost-api.md` 6.1).
                weight: parts(target.get("weight")).filter(|weight| *weight > 0).unwrap_or(WHOLE),
            })
            .collect(),
        fallbacks: texts(body, "fallbacks"),
        chain: body.get("chain_rule") == Some(&Value::Bool(true)),
    })
}

/// A number in parts of the whole.
fn parts(value: Option<&Value>) -> Option<u64> {
    value?.to_string().parse::<model::Money>().ok().map(model::Money::micros)
}

fn text(value: &Value, field: &str) -> String {
    value.get(field).and_then(Value::as_str).unwrap_or_default().to_owned()
}

fn texts(value: &Value, field: &str) -> Vec<String> {
    let items = value.get(field).and_then(Value::as_array).into_iter().flatten();
    items.filter_map(Value::as_str).map(str::to_owned).collect()
}
