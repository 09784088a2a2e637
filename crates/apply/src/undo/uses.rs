//! Who uses what: an object that stays must not lose what it stands on. The gateway would unlink it without a word,
//! and a key whose team is gone spends without the team's budget (`reference/bifrost-api.md` 13.4, 2.7).

use std::collections::{BTreeMap, BTreeSet};

use bifrost::Kind;
use serde_json::Value;

/// What stays on the gateway, by what it refers to.
#[derive(Debug)]
pub(super) struct Uses {
    /// The ids and provider names that matter.
    wanted: BTreeSet<String>,
    /// Providers that we made: there, every key of a provider is used by whoever may use all its keys.
    ours: BTreeSet<String>,
    users: BTreeMap<String, String>,
}

impl Uses {
    /// Nothing stays yet. `wanted` are the ids of what may be removed, `providers` the names among them.
    pub(super) fn new(wanted: BTreeSet<String>, providers: BTreeSet<String>) -> Self {
        Self { wanted, ours: providers, users: BTreeMap::new() }
    }

    /// The object stays, and what it refers to is in use.
    pub(super) fn keep(&mut self, kind: Kind, name: &str, provider: Option<&str>, object: &Value) {
        let user = format!("the {} {name}", kind.title().to_lowercase());
        if let (Kind::ProviderKey, Some(provider)) = (kind, provider) {
            self.provider(provider, &user);
        }
        self.walk(object, &user);
        for entry in object.get("provider_configs").and_then(Value::as_array).into_iter().flatten() {
            let star = |ids: &Value| ids.as_array().is_some_and(|ids| ids.iter().any(|id| id == "*"));
            let all = entry.get("allow_all_keys").and_then(Value::as_bool) == Some(true)
                || entry.get("key_ids").is_some_and(star);
            if let Some(provider) = entry.get("provider").and_then(Value::as_str).filter(|_| all) {
                self.users.entry(every_key(provider)).or_insert_with(|| user.clone());
            }
        }
    }

    /// Who uses the object, if anyone.
    pub(super) fn user(&self, kind: Kind, id: &str, provider: Option<&str>) -> Option<&str> {
        let direct = match kind {
            Kind::Provider => self.users.get(&provider_mark(id)),
            _ => self.users.get(id),
        };
        let through = || {
            let provider = provider.filter(|name| kind == Kind::ProviderKey && self.ours.contains(*name))?;
            self.users.get(&every_key(provider))
        };
        direct.or_else(through).map(String::as_str)
    }

    fn walk(&mut self, value: &Value, user: &str) {
        match value {
            Value::String(text) if self.wanted.contains(text) => {
                self.users.entry(text.clone()).or_insert_with(|| user.to_owned());
            }
            Value::Array(items) => items.iter().for_each(|item| self.walk(item, user)),
            Value::Object(fields) => {
                for (key, value) in fields {
                    match (key.as_str(), value) {
                        ("provider" | "provider_id", Value::String(name)) => self.provider(name, user),
                        ("fallbacks", Value::Array(names)) => {
                            for name in names.iter().filter_map(|name| name.as_str()?.split('/').next()) {
                                self.provider(name, user);
                            }
                        }
                        _ => self.walk(value, user),
                    }
                }
            }
            _ => {}
        }
    }

    fn provider(&mut self, name: &str, user: &str) {
        if self.ours.contains(name) {
            self.users.entry(provider_mark(name)).or_insert_with(|| user.to_owned());
        }
    }
}

fn provider_mark(name: &str) -> String {
    format!("provider/{name}")
}

fn every_key(provider: &str) -> String {
    format!("provider/{provider}/*")
}
