//! Whether two sources mean the same by what they write differently.

use std::collections::BTreeMap;

use litellm::sensitive::is_masked;
use litellm::{Held, Kept, REFERENCE};
use model::{Moment, SecretId};
use serde_json::Value;

use crate::conflict::is_slot;

/// A comparison of one field. The weaker side is always the left one.
pub(super) struct Same<'a> {
    pub(super) path: &'a str,
    pub(super) slots: &'a BTreeMap<SecretId, Kept>,
    /// Whether the left side is the API, which masks secrets and shows references resolved.
    pub(super) api: bool,
}

impl Same<'_> {
    pub(super) fn held(&self, left: &Held, right: &Held) -> bool {
        match (left, right) {
            (Held::Plain(left), Held::Plain(right)) => self.value(left, right),
            (Held::Secret(left), Held::Secret(right)) => self.secrets(left, right),
            _ => true,
        }
    }

    /// Two secrets differ only where both are known; a closed one and a reference say nothing.
    fn secrets(&self, left: &SecretId, right: &SecretId) -> bool {
        match (self.slots.get(left), self.slots.get(right)) {
            (Some(Kept::Clear(left)), Some(Kept::Clear(right))) => left.expose() == right.expose(),
            (Some(Kept::Environment(left)), Some(Kept::Environment(right))) => left == right,
            _ => true,
        }
    }

    fn value(&self, left: &Value, right: &Value) -> bool {
        match (left, right) {
            // Two slots cannot be compared without showing what is in them.
            _ if is_slot(left) || is_slot(right) => true,
            (Value::Number(left), Value::Number(right)) => left.as_f64() == right.as_f64(),
            (Value::String(left), _) if self.api && is_masked(left) => true,
            (_, Value::String(right)) if self.api && right.starts_with(REFERENCE) => true,
            (Value::String(left), Value::String(right)) => {
                left == right || matches!((moment(left), moment(right)), (Some(left), Some(right)) if left == right)
            }
            (Value::Array(left), Value::Array(right)) => self.lists(left, right),
            (Value::Object(left), Value::Object(right)) => {
                // The API pads maps, with nulls and with what it knows from elsewhere.
                let padding = |key: &&String| self.api && (!left.contains_key(*key) || !right.contains_key(*key));
                let mut keys = left.keys().chain(right.keys()).filter(|key| !padding(key));
                let of =
                    |map: &'_ serde_json::Map<String, Value>, key: &String| map.get(key).cloned().unwrap_or_default();
                keys.all(|key| self.value(&of(left, key), &of(right, key)))
            }
            _ => left == right,
        }
    }

    fn lists(&self, left: &[Value], right: &[Value]) -> bool {
        // The API shows `default_fallbacks` as an entry for `*` (`reference/litellm.md` 1.11).
        let padding = |item: &&Value| {
            let only_star = item.as_object().is_some_and(|map| map.len() == 1 && map.contains_key("*"));
            self.api && self.path == "fallbacks" && only_star
        };
        let left: Vec<&Value> = if right.iter().any(|item| padding(&item)) {
            left.iter().collect()
        } else {
            left.iter().filter(|item| !padding(item)).collect()
        };
        left.len() == right.len() && left.iter().zip(right).all(|(left, right)| self.value(left, right))
    }
}

fn moment(text: &str) -> Option<Moment> {
    text.parse().ok()
}
