//! The gateway as it will be: read from the bodies that will be sent, not from how the rules made them, so that a
//! mistake in writing a body shows.

use std::collections::BTreeMap;

use bifrost::access::{Gateway, ProviderConfig, ProviderKey, Rule, Scope, Target, VirtualKey, names_of_expression};
use bifrost::{Kind, Observed, hole};
use serde_json::Value;

use crate::types::{Action, Op};

/// What is there and what the ops add to it.
pub(crate) fn planned(ops: &[Op], observed: &Observed) -> Gateway {
    let mut gateway = there(observed);
    let by_id: BTreeMap<&str, &Op> = ops.iter().map(|op| (op.id.as_str(), op)).collect();
    let named = Named { by_id: &by_id, observed };
    for op in ops.iter().filter(|op| op.action != Action::Skip) {
        let Some(body) = &op.after else { continue };
        match op.kind {
            Kind::Provider => {
                gateway.providers.insert(op.name.clone());
            }
            Kind::ProviderKey => {
                let provider = text(body, "provider").unwrap_or_default();
                gateway.keys.retain(|key| key.name != op.name);
                gateway.keys.push(provider_key(&provider, body));
            }
            Kind::VirtualKey => {
                gateway.virtual_keys.retain(|key| key.name != op.name);
                gateway.virtual_keys.push(virtual_key(body, &named));
            }
            Kind::RoutingRule => {
                gateway.rules.retain(|(name, _)| *name != op.name);
                gateway.rules.push((op.name.clone(), rule(body, &named)));
            }
            Kind::ClientConfig => {
                gateway.enforced |=
                    body.pointer("/client_config/enforce_auth_on_inference") == Some(&Value::Bool(true));
            }
            _ => {}
        }
    }
    gateway.finish()
}

/// A gateway whose rules still have their names.
struct Building {
    keys: Vec<ProviderKey>,
    providers: std::collections::BTreeSet<String>,
    virtual_keys: Vec<VirtualKey>,
    rules: Vec<(String, Rule)>,
    enforced: bool,
}

impl Building {
    fn finish(self) -> Gateway {
        Gateway {
            keys: self.keys,
            providers: self.providers,
            virtual_keys: self.virtual_keys,
            rules: self.rules.into_iter().map(|(_, rule)| rule).collect(),
            enforced: self.enforced,
        }
    }
}

fn there(observed: &Observed) -> Building {
    let names = |value: &Value| text(value, "name");
    let keys = observed
        .provider_keys
        .iter()
        .flat_map(|(provider, keys)| keys.iter().map(|key| provider_key(provider, key)))
        .collect();
    let no_ops = BTreeMap::new();
    let named = Named { by_id: &no_ops, observed };
    Building {
        keys,
        providers: observed.providers.iter().filter_map(names).collect(),
        virtual_keys: Vec::new(),
        rules: observed
            .routing_rules
            .iter()
            .filter(|body| body.get("enabled") != Some(&Value::Bool(false)))
            .map(|body| (text(body, "name").unwrap_or_default(), rule(body, &named)))
            .collect(),
        enforced: observed.config.pointer("/client_config/enforce_auth_on_inference") == Some(&Value::Bool(true)),
    }
}

fn provider_key(provider: &str, body: &Value) -> ProviderKey {
    let aliases = body.get("aliases").and_then(Value::as_object).into_iter().flatten();
    ProviderKey {
        name: text(body, "name").unwrap_or_default(),
        provider: provider.to_owned(),
        models: texts(body, "models"),
        blacklisted: texts(body, "blacklisted_models"),
        aliases: aliases
            .filter_map(|(name, target)| {
                let target = target.as_str().or_else(|| target.get("model_id").and_then(Value::as_str))?;
                Some((name.clone(), target.to_owned()))
            })
            .collect(),
        disabled: body.get("enabled") == Some(&Value::Bool(false)),
    }
}

fn virtual_key(body: &Value, named: &Named<'_>) -> VirtualKey {
    let configs = body.get("provider_configs").and_then(Value::as_array).into_iter().flatten();
    VirtualKey {
        name: text(body, "name").unwrap_or_default(),
        inactive: body.get("is_active") == Some(&Value::Bool(false)),
        expires: text(body, "expires_at").and_then(|text| text.parse().ok()),
        team: body.get("team_id").map(|id| named.name(Kind::Team, id)),
        customer: body.get("customer_id").map(|id| named.name(Kind::Customer, id)),
        configs: configs
            .map(|config| ProviderConfig {
                provider: text(config, "provider").unwrap_or_default(),
                allowed_models: texts(config, "allowed_models"),
                blacklisted: texts(config, "blacklisted_models"),
                keys: config
                    .get("key_ids")
                    .and_then(Value::as_array)
                    .into_iter()
                    .flatten()
                    .map(|id| if id == "*" { "*".to_owned() } else { named.name(Kind::ProviderKey, id) })
                    .collect(),
            })
            .collect(),
    }
}

fn rule(body: &Value, named: &Named<'_>) -> Rule {
    let scope_id = body.get("scope_id").cloned().unwrap_or_default();
    let scope = match text(body, "scope").as_deref() {
        Some("virtual_key") => Scope::VirtualKey(named.name(Kind::VirtualKey, &scope_id)),
        Some("team") => Scope::Team(named.name(Kind::Team, &scope_id)),
        Some("customer") => Scope::Customer(named.name(Kind::Customer, &scope_id)),
        _ => Scope::Global,
    };
    let targets = body.get("targets").and_then(Value::as_array).into_iter().flatten();
    let waits = text(body, "cel_expression").and_then(|text| names_of_expression(&text));
    Rule {
        scope,
        priority: body.get("priority").and_then(Value::as_i64).unwrap_or(0),
        provider: waits.as_ref().and_then(|(_, provider)| provider.clone()),
        model: waits.map(|(model, _)| model),
        targets: targets
            .map(|target| Target { provider: text(target, "provider"), model: text(target, "model") })
            .collect(),
        fallbacks: texts(body, "fallbacks").iter().filter_map(|way| fallback(way)).collect(),
        chain: body.get("chain_rule") == Some(&Value::Bool(true)),
    }
}

/// `provider/model`, or `provider/` which keeps the model.
fn fallback(way: &str) -> Option<Target> {
    let (provider, model) = way.split_once('/')?;
    Some(Target { provider: Some(provider.to_owned()), model: (!model.is_empty()).then(|| model.to_owned()) })
}

/// Names of objects that bodies refer to by id, or by the op that will make them.
pub(crate) struct Named<'a> {
    by_id: &'a BTreeMap<&'a str, &'a Op>,
    observed: &'a Observed,
}

impl<'a> Named<'a> {
    pub(crate) fn new(by_id: &'a BTreeMap<&'a str, &'a Op>, observed: &'a Observed) -> Self {
        Self { by_id, observed }
    }

    /// The name behind a reference; an id nobody knows stays itself, and so matches nothing.
    pub(crate) fn name(&self, kind: Kind, reference: &Value) -> String {
        if let Some(hole::Hole::Ref(op)) = hole::read(reference) {
            return self.by_id.get(op.as_str()).map_or_else(|| op.to_string(), |op| op.name.clone());
        }
        let id = reference.as_str().unwrap_or_default();
        let found = self.observed.objects(kind).into_iter().find(|(identity, _)| identity.id == id);
        found.map_or_else(|| id.to_owned(), |(identity, _)| identity.name)
    }
}

fn text(value: &Value, field: &str) -> Option<String> {
    value.get(field).and_then(Value::as_str).map(str::to_owned)
}

fn texts(value: &Value, field: &str) -> Vec<String> {
    let items = value.get(field).and_then(Value::as_array).into_iter().flatten();
    items.filter_map(Value::as_str).map(str::to_owned).collect()
}
