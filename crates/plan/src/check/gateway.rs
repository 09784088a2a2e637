//! The gateway as it will be: read from the bodies that will be sent, not from how the rules made them, so that a
//! mistake in writing a body shows.

use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use bifrost::access::{
    Begins, Gateway, ProviderConfig, ProviderKey, Rule, Scope, Target, VirtualKey, names_of_expression,
};
use bifrost::body::Worked;
use bifrost::{Body, Kind, Observed, hole};
use serde_json::Value;

use crate::types::{Action, Op};

/// What is there and what the ops add to it.
pub(crate) fn planned(ops: &[Op], observed: &Observed, refers: &Refers<'_>) -> Gateway {
    let mut gateway = there(observed);
    gateway.virtual_keys.objects.reserve(ops.iter().filter(|op| op.kind == Kind::VirtualKey).count());
    let mut lists = Worked::default();
    for op in ops.iter().filter(|op| op.action != Action::Skip) {
        let Some(body) = &op.after else { continue };
        match op.kind {
            Kind::Provider => {
                gateway.providers.insert(op.name.clone());
            }
            Kind::ProviderKey => {
                let provider = text(body, "provider").unwrap_or_default();
                gateway.keys.put(&op.name, provider_key(&provider, body));
            }
            Kind::VirtualKey => {
                gateway.virtual_keys.put(&op.name, virtual_key(body, refers, &mut lists));
            }
            Kind::RoutingRule => {
                gateway.rules.put(&op.name, rule(body, refers));
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

/// A gateway under construction.
struct Building<'o> {
    keys: Named<'o, ProviderKey>,
    providers: BTreeSet<String>,
    virtual_keys: Named<'o, VirtualKey>,
    rules: Named<'o, Rule>,
    enforced: bool,
}

impl Building<'_> {
    fn finish(self) -> Gateway {
        Gateway {
            keys: self.keys.finish(),
            providers: self.providers,
            virtual_keys: self.virtual_keys.finish(),
            rules: self.rules.finish(),
            enforced: self.enforced,
        }
    }
}

/// Objects in the order in which they came; a later one of a name takes the place of all earlier ones.
struct Named<'o, T> {
    objects: Vec<(Cow<'o, str>, T)>,
    /// How many were there before: of those several may have one name.
    there: usize,
}

impl<'o, T> Named<'o, T> {
    fn there(objects: impl Iterator<Item = (String, T)>) -> Self {
        let objects: Vec<(Cow<'o, str>, T)> = objects.map(|(name, object)| (name.into(), object)).collect();
        Self { there: objects.len(), objects }
    }

    fn put(&mut self, name: &'o str, object: T) {
        self.objects.push((name.into(), object));
    }

    fn finish(self) -> Vec<T> {
        let name = |place: usize| self.objects.get(place).map(|(name, _)| name);
        // Each name's objects together, the last one of it first: sorting costs less than a tree of all names.
        let mut places: Vec<usize> = (0..self.objects.len()).collect();
        places.sort_unstable_by(|left, right| name(*left).cmp(&name(*right)).then(right.cmp(left)));
        let mut replaced = vec![false; self.objects.len()];
        for same in places.chunk_by(|left, right| name(*left) == name(*right)) {
            let is_put = same.first().is_some_and(|last| *last >= self.there);
            for place in same.iter().skip(1).filter(|_| is_put) {
                replaced[*place] = true;
            }
        }
        let mut left = Vec::with_capacity(self.objects.len());
        left.extend(self.objects.into_iter().zip(replaced).filter(|(_, gone)| !gone).map(|((_, object), _)| object));
        left
    }
}

fn there<'o>(observed: &Observed) -> Building<'o> {
    let names = |value: &Value| text(value, "name");
    let keys = observed.provider_keys.iter().flat_map(|(provider, keys)| keys.iter().map(move |key| (provider, key)));
    let refers = Refers::new(&[], observed);
    let rules = observed.routing_rules.iter().filter(|body| body.get("enabled") != Some(&Value::Bool(false)));
    Building {
        keys: Named::there(keys.map(|(provider, key)| {
            let key = provider_key(provider, key);
            (key.name.clone(), key)
        })),
        providers: observed.providers.iter().filter_map(names).collect(),
        virtual_keys: Named::there(std::iter::empty()),
        rules: Named::there(rules.map(|body| (text(body, "name").unwrap_or_default(), rule(body, &refers)))),
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

/// A virtual key; lists that bodies share are read once.
fn virtual_key(body: &Body, refers: &Refers<'_>, lists: &mut Worked<Arc<[ProviderConfig]>>) -> VirtualKey {
    let text = |field: &str| body.get(field).and_then(Value::as_str);
    let read = |list: &Value| configs(list, refers);
    let configs = match (body.shared("provider_configs"), body.get("provider_configs")) {
        (Some(shared), _) => Arc::clone(lists.of(shared, read)),
        (None, Some(own)) => read(own),
        (None, None) => Arc::default(),
    };
    VirtualKey {
        name: text("name").unwrap_or_default().to_owned(),
        inactive: body.get("is_active") == Some(&Value::Bool(false)),
        expires: text("expires_at").and_then(|text| text.parse().ok()),
        team: body.get("team_id").map(|id| refers.name(Kind::Team, id)),
        customer: body.get("customer_id").map(|id| refers.name(Kind::Customer, id)),
        configs,
    }
}

fn configs(list: &Value, refers: &Refers<'_>) -> Arc<[ProviderConfig]> {
    let read = |config: &Value| ProviderConfig {
        provider: text(config, "provider").unwrap_or_default(),
        allowed_models: texts(config, "allowed_models"),
        blacklisted: texts(config, "blacklisted_models"),
        keys: config
            .get("key_ids")
            .and_then(Value::as_array)
            .into_iter()
            .flatten()
            .map(|id| if id == "*" { "*".to_owned() } else { refers.name(Kind::ProviderKey, id) })
            .collect(),
    };
    list.as_array().into_iter().flatten().map(read).collect()
}

fn rule(body: &Value, refers: &Refers<'_>) -> Rule {
    let scope_id = body.get("scope_id").cloned().unwrap_or_default();
    let scope = match text(body, "scope").as_deref() {
        Some("virtual_key") => Scope::VirtualKey(refers.name(Kind::VirtualKey, &scope_id)),
        Some("team") => Scope::Team(refers.name(Kind::Team, &scope_id)),
        Some("customer") => Scope::Customer(refers.name(Kind::Customer, &scope_id)),
        _ => Scope::Global,
    };
    let targets = body.get("targets").and_then(Value::as_array).into_iter().flatten();
    let condition = text(body, "cel_expression").unwrap_or_default();
    let waits = names_of_expression(&condition);
    Rule {
        scope,
        priority: body.get("priority").and_then(Value::as_i64).unwrap_or(0),
        provider: waits.as_ref().and_then(|(_, provider)| provider.clone()),
        model: waits.map(|(model, _)| model),
        begins: Begins::read(&condition),
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
pub(crate) struct Refers<'a> {
    by_op: BTreeMap<Kind, BTreeMap<&'a str, &'a str>>,
    by_id: BTreeMap<(Kind, String), String>,
}

impl<'a> Refers<'a> {
    pub(crate) fn new(ops: &'a [Op], observed: &Observed) -> Self {
        let mut by_id = BTreeMap::new();
        for kind in [Kind::ProviderKey, Kind::VirtualKey, Kind::Team, Kind::Customer] {
            for (identity, _) in observed.objects(kind) {
                by_id.entry((kind, identity.id)).or_insert(identity.name);
            }
        }
        let mut by_op: BTreeMap<Kind, BTreeMap<&str, &str>> = BTreeMap::new();
        for op in ops {
            by_op.entry(op.kind).or_default().insert(op.id.as_str(), op.name.as_str());
        }
        Self { by_op, by_id }
    }

    /// The name behind a reference; an id nobody knows stays itself, and so matches nothing.
    pub(crate) fn name(&self, kind: Kind, reference: &Value) -> String {
        if let Some(op) = hole::referred(reference) {
            let name = self.by_op.get(&kind).and_then(|ops| ops.get(op));
            return name.map_or_else(|| op.to_owned(), |name| (*name).to_owned());
        }
        let id = reference.as_str().unwrap_or_default();
        let found = self.by_id.get(&(kind, id.to_owned()));
        found.map_or_else(|| id.to_owned(), Clone::clone)
    }
}

fn text(value: &Value, field: &str) -> Option<String> {
    value.get(field).and_then(Value::as_str).map(str::to_owned)
}

fn texts(value: &Value, field: &str) -> Vec<String> {
    let items = value.get(field).and_then(Value::as_array).into_iter().flatten();
    items.filter_map(Value::as_str).map(str::to_owned).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What is left of objects `there` and objects `put`, each a name and a number.
    #[track_caller]
    fn check(there: &str, put: &str, expected: &str) {
        let mut named = Named::there(there.split_whitespace().map(|object| (object[..1].to_owned(), object)));
        for object in put.split_whitespace() {
            named.put(&object[..1], object);
        }
        assert_eq!(named.finish().join(" "), expected, "{there} and {put}");
    }

    #[test]
    fn a_later_object_takes_the_place_of_all_of_its_name() {
        check("", "a1 b1 c1", "a1 b1 c1");
        check("a1 a2 b1", "", "a1 a2 b1");
        check("a1 a2 b1", "a3", "b1 a3");
        check("a1 b1 b2", "a2 c1 a3", "b1 b2 c1 a3");
        check("b1 a1", "a2 b2 a3 b3", "a3 b3");
    }
}
