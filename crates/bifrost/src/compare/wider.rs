//! Whether the gateway grants more than was intended.

use std::borrow::Cow;
use std::collections::BTreeSet;

use model::Moment;
use serde_json::Value;

use super::{Difference, shown_key_ids};
use crate::hole;

/// What a virtual key may do on the gateway beyond what was intended: active although it should not be, no
/// expiry or a later one, a further provider, model, key or tool, a block that is gone. Unlike
/// [`differences`](super::differences), this looks at what was *not* intended too: a field left out grants nothing.
/// Fewer rights are no concern here. (`reference/bifrost-api.md` 0 rule 4, 13.1, 13.2.)
pub fn wider(intended: &Value, observed: &Value) -> Vec<Difference> {
    let mut found = Found(Vec::new());
    let flag = |value: &Value, key: &str| value.get(key).and_then(Value::as_bool);
    if flag(intended, "is_active") == Some(false) && flag(observed, "is_active") != Some(false) {
        found.add("is_active", intended.get("is_active"), observed.get("is_active"));
    }
    if flag(observed, "allow_all_providers") == Some(true) && flag(intended, "allow_all_providers") != Some(true) {
        found.add("allow_all_providers", intended.get("allow_all_providers"), observed.get("allow_all_providers"));
    }
    if outlives(intended.get("expires_at"), observed.get("expires_at")) {
        found.add("expires_at", intended.get("expires_at"), observed.get("expires_at"));
    }
    found.providers(intended, observed);
    found.tools(intended, observed);
    found.0
}

fn outlives(intended: Option<&Value>, observed: Option<&Value>) -> bool {
    let moment = |value: Option<&Value>| value.and_then(Value::as_str).and_then(|text| text.parse::<Moment>().ok());
    match (moment(intended), moment(observed)) {
        (Some(end), Some(shown)) => shown > end,
        (Some(_), None) => true,
        (None, _) => false,
    }
}

struct Found(Vec<Difference>);

impl Found {
    fn add(&mut self, path: &str, intended: Option<&Value>, observed: Option<&Value>) {
        let of = |value: Option<&Value>| value.cloned().unwrap_or_default();
        self.0.push(Difference { path: path.to_owned(), intended: of(intended), observed: of(observed) });
    }

    fn providers(&mut self, intended: &Value, observed: &Value) {
        for entry in entries(observed, "provider_configs") {
            let provider = provider_of(entry);
            let meant: Vec<&Value> =
                entries(intended, "provider_configs").filter(|other| provider_of(other) == provider).collect();
            let place = |field: &str| format!("provider_configs[{provider}]{field}");
            if meant.is_empty() {
                self.add(&place(""), None, Some(&crate::observed::settled(entry)));
                continue;
            }
            let all = |key: &str| meant.iter().flat_map(|other| names(other, key)).collect::<BTreeSet<_>>();
            if exceeds(&names(entry, "allowed_models"), &all("allowed_models")) {
                let path = place(".allowed_models");
                self.add(&path, meant[0].get("allowed_models"), entry.get("allowed_models"));
            }
            let blocked = names(entry, "blacklisted_models");
            if meant.iter().all(|other| !names(other, "blacklisted_models").is_subset(&blocked)) {
                let path = place(".blacklisted_models");
                self.add(&path, meant[0].get("blacklisted_models"), entry.get("blacklisted_models"));
            }
            let unfilled = meant.iter().flat_map(|other| entries(other, "key_ids")).any(|id| hole::read(id).is_some());
            let shown = shown_key_ids(entry);
            let ids = shown.iter().map(|id| Cow::Borrowed(id.as_str())).collect();
            if !unfilled && exceeds(&ids, &all("key_ids")) {
                let path = place(".key_ids");
                self.add(&path, meant[0].get("key_ids"), Some(&shown.into_iter().collect()));
            }
        }
    }

    fn tools(&mut self, intended: &Value, observed: &Value) {
        for entry in entries(observed, "mcp_configs") {
            let client = super::mcp_name(entry);
            let meant = entries(intended, "mcp_configs").find(|other| super::mcp_name(other) == client);
            let allowed = meant.map(|other| names(other, "tools_to_execute")).unwrap_or_default();
            if meant.is_none() || exceeds(&names(entry, "tools_to_execute"), &allowed) {
                let tools = meant.and_then(|other| other.get("tools_to_execute"));
                self.add(&format!("mcp_configs[{client}]"), tools, entry.get("tools_to_execute"));
            }
        }
    }
}

fn provider_of(entry: &Value) -> &str {
    entry.get("provider").and_then(Value::as_str).unwrap_or_default()
}

/// Whether a list lets in more than another; `*` is everything.
fn exceeds(shown: &BTreeSet<Cow<'_, str>>, meant: &BTreeSet<Cow<'_, str>>) -> bool {
    !meant.contains("*") && !shown.is_subset(meant)
}

fn entries<'a>(value: &'a Value, key: &str) -> impl Iterator<Item = &'a Value> {
    value.get(key).and_then(Value::as_array).into_iter().flatten()
}

/// A list as a set of texts.
fn names<'a>(entry: &'a Value, key: &str) -> BTreeSet<Cow<'a, str>> {
    let text = |item: &'a Value| item.as_str().map_or_else(|| Cow::Owned(item.to_string()), Cow::Borrowed);
    entries(entry, key).map(text).collect()
}
