//! Comparing what was intended with what the gateway shows.
//!
//! Only what was intended is compared: the gateway adds ids, counters and defaults of its own. How it shows
//! what it was sent is in `reference/bifrost-api.md` 3.5, 4 and 6.1; the tests hold recorded answers.

mod value;
mod wider;

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::Kind;
use crate::hole;

pub use wider::wider;

/// One field that is not as intended.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Difference {
    /// The field, as a path: `provider_configs[openai].allowed_models`.
    pub path: String,
    /// What was sent.
    pub intended: Value,
    /// What the gateway shows; null where it shows nothing.
    pub observed: Value,
}

/// What differs between a body that was sent, or would be, and the object that the gateway shows. Secrets
/// cannot be compared and never differ; a redacted text is compared by the ends that it shows.
pub fn differences(kind: Kind, intended: &Value, observed: &Value) -> Vec<Difference> {
    // Bodies of these two are wrapped on one side only.
    let (intended, observed) = match kind {
        Kind::ClientConfig => (unwrap(intended, "client_config"), unwrap(observed, "client_config")),
        Kind::McpClient => (intended, unwrap(observed, "config")),
        _ => (intended, observed),
    };
    let mut walk = Walk { kind, found: Vec::new() };
    walk.object("", intended, observed);
    walk.found
}

fn unwrap<'a>(value: &'a Value, key: &str) -> &'a Value {
    value.get(key).filter(|inner| inner.is_object()).unwrap_or(value)
}

/// Lists in which order has no meaning (`reference/bifrost-api.md` 3.5, 4.2, 2.11, 2.14).
const SETS: &[&str] = &[
    "allowed_extra_headers",
    "allowed_models",
    "blacklisted_models",
    "envs",
    "models",
    "request_types",
    "scopes",
    "tools_to_auto_execute",
    "tools_to_execute",
];

struct Walk {
    kind: Kind,
    found: Vec<Difference>,
}

impl Walk {
    fn differ(&mut self, path: &str, intended: &Value, observed: &Value) {
        self.found.push(Difference { path: path.to_owned(), intended: intended.clone(), observed: observed.clone() });
    }

    fn object(&mut self, path: &str, intended: &Value, observed: &Value) {
        for (key, wanted) in intended.as_object().into_iter().flatten() {
            let place = if path.is_empty() { key.clone() } else { format!("{path}.{key}") };
            self.field(&place, key, wanted, observed);
        }
    }

    /// One field of an object; `holder` is the object the gateway shows.
    fn field(&mut self, path: &str, key: &str, wanted: &Value, holder: &Value) {
        let shown = holder.get(key).unwrap_or(&Value::Null);
        match (self.kind, key) {
            _ if hole::read(wanted).is_some() => {}
            // The key's place, not a field of the key; keys are never shown with their provider.
            (Kind::ProviderKey, "provider") | (Kind::Provider, "keys") => {}
            (Kind::Provider, "provider") => self.value(path, key, wanted, holder.get("name").unwrap_or(shown)),
            (Kind::PricingOverride, "patch") => self.patch(path, wanted, holder),
            (Kind::RoutingRule | Kind::ModelConfig, "scope") if wanted == "global" && shown.is_null() => {}
            (_, "provider_configs") => self.matched(path, wanted, shown, &|entry| text(entry, "provider")),
            (_, "model_budgets") => self.matched(path, wanted, shown, &|entry| text(entry, "model_name")),
            // What the entries were matched by is shown inside the client.
            (_, "mcp_client_name") if shown.is_null() => {}
            (_, "mcp_configs") => self.matched(path, wanted, shown, &mcp_name),
            (_, "targets") => self.matched(path, wanted, shown, &target_name),
            (_, "budgets") => self.matched(path, wanted, shown, &|entry| text(entry, "reset_duration")),
            // A single budget is shown as a list of one, where it is taken at all (2.7).
            (_, "budget") if shown.is_null() && wanted.is_object() => {
                let all = holder.get("budgets").unwrap_or(&Value::Null);
                self.matched(path, &Value::Array(vec![wanted.clone()]), all, &|entry| text(entry, "reset_duration"));
            }
            (_, "key_ids") => self.key_ids(path, wanted, holder),
            (_, "aliases") => self.aliases(path, wanted, shown),
            (_, "is_active" | "enabled") if shown.is_null() => {
                if wanted == &Value::Bool(false) {
                    self.differ(path, wanted, shown);
                }
            }
            _ => self.value(path, key, wanted, shown),
        }
    }

    fn value(&mut self, path: &str, key: &str, wanted: &Value, shown: &Value) {
        if hole::read(wanted).is_some() || (value::is_nothing(wanted) && value::is_nothing(shown)) {
            return;
        }
        if value::is_secret_var(shown) || value::is_secret_var(wanted) {
            if !value::same_secret_var(wanted, shown) {
                self.differ(path, wanted, shown);
            }
            return;
        }
        match (wanted, shown) {
            (Value::Object(_), Value::Object(_)) => self.object(path, wanted, shown),
            (Value::Object(_), Value::Null) => self.object(path, wanted, &Value::Null),
            (Value::Array(wanted_items), Value::Array(shown_items)) if SETS.contains(&key) => {
                if value::set(wanted_items) != value::set(shown_items) {
                    self.differ(path, wanted, shown);
                }
            }
            (Value::Array(wanted_items), Value::Array(shown_items)) if wanted_items.len() == shown_items.len() => {
                for (place, (wanted, shown)) in wanted_items.iter().zip(shown_items).enumerate() {
                    self.value(&format!("{path}[{place}]"), "", wanted, shown);
                }
            }
            _ if value::same(key, wanted, shown) => {}
            _ => self.differ(path, wanted, shown),
        }
    }

    /// Lists of objects that are matched by what they are about. The list is the whole: what the gateway shows
    /// beyond it differs too.
    fn matched(&mut self, path: &str, wanted: &Value, shown: &Value, name: &dyn Fn(&Value) -> String) {
        if hole::read(wanted).is_some() {
            return;
        }
        let empty = Vec::new();
        let mut rest: Vec<&Value> = shown.as_array().unwrap_or(&empty).iter().collect();
        for entry in wanted.as_array().unwrap_or(&empty) {
            let named = name(entry);
            let place = format!("{path}[{named}]");
            // Of several of one name, the one that fits best: a provider may be there twice (4.2).
            let fitting = rest.iter().enumerate().filter(|(_, other)| name(other) == named);
            match fitting.map(|(at, other)| (self.misfit(entry, other), at)).min() {
                Some((_, at)) => {
                    let other = rest.remove(at);
                    self.object(&place, entry, other);
                }
                None => self.differ(&place, entry, &Value::Null),
            }
        }
        for other in rest {
            self.differ(&format!("{path}[{}]", name(other)), &Value::Null, &crate::observed::settled(other));
        }
    }

    fn misfit(&self, wanted: &Value, shown: &Value) -> usize {
        let mut walk = Walk { kind: self.kind, found: Vec::new() };
        walk.object("", wanted, shown);
        walk.found.len()
    }

    /// Sent as `key_ids`, shown as `keys[].key_id` and, for `["*"]`, as `allow_all_keys` (4.2).
    fn key_ids(&mut self, path: &str, wanted: &Value, holder: &Value) {
        let Some(items) = wanted.as_array() else { return };
        if items.iter().any(|item| hole::read(item).is_some()) {
            return;
        }
        let shown = shown_key_ids(holder);
        let intended: BTreeSet<String> = items.iter().filter_map(Value::as_str).map(str::to_owned).collect();
        if intended != shown {
            self.differ(path, wanted, &shown.into_iter().collect());
        }
    }

    /// An alias is a text or an object with a `model_id`; a further one makes a further name callable (3.7).
    fn aliases(&mut self, path: &str, wanted: &Value, shown: &Value) {
        let names = |value: &Value| value.as_object().into_iter().flatten().map(|(key, _)| key.clone()).collect();
        let all: BTreeSet<String> = names(wanted);
        let more: BTreeSet<String> = names(shown);
        for name in all.union(&more) {
            let (sent, seen) = (&wanted[name.as_str()], &shown[name.as_str()]);
            let place = format!("{path}[{name}]");
            let (sent_id, seen_id) = (value::model_id(sent), value::model_id(seen));
            if sent_id.is_none() || sent_id != seen_id {
                self.differ(&place, sent, seen);
            } else if sent.is_object() && seen.is_object() {
                self.object(&place, sent, seen);
            }
        }
    }

    /// Sent as an object, shown as JSON text in `pricing_patch` (recorded).
    fn patch(&mut self, path: &str, wanted: &Value, holder: &Value) {
        let text = holder.get("pricing_patch").and_then(Value::as_str);
        let parsed = text.and_then(|text| serde_json::from_str(text).ok());
        let shown = parsed.or_else(|| holder.get("patch").cloned()).unwrap_or_default();
        self.object(path, wanted, &shown);
    }
}

/// The provider keys that an entry of a virtual key lets in, as the gateway shows it; `*` for all.
pub fn shown_key_ids(entry: &Value) -> BTreeSet<String> {
    if entry.get("allow_all_keys").and_then(Value::as_bool) == Some(true) {
        return BTreeSet::from(["*".to_owned()]);
    }
    let listed = |key: &str| entry.get(key).and_then(Value::as_array).into_iter().flatten();
    let nested = listed("keys").filter_map(|key| key.get("key_id").or_else(|| key.get("id"))?.as_str());
    nested.chain(listed("key_ids").filter_map(Value::as_str)).map(str::to_owned).collect()
}

fn text(entry: &Value, key: &str) -> String {
    entry.get(key).and_then(Value::as_str).unwrap_or_default().to_owned()
}

/// The MCP client that an entry of a virtual key is about, as it is sent or shown.
pub fn mcp_name(entry: &Value) -> String {
    let nested = entry.get("mcp_client").map(|client| text(client, "name"));
    nested.unwrap_or_else(|| text(entry, "mcp_client_name"))
}

/// Targets are unique by these three (6.1).
fn target_name(entry: &Value) -> String {
    let parts = ["provider", "model", "key_id"].map(|key| text(entry, key));
    parts.iter().filter(|part| !part.is_empty()).map(String::as_str).collect::<Vec<_>>().join("/")
}

#[cfg(test)]
mod tests;
