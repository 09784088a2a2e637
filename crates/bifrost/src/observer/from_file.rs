//! Limits that virtual keys have from a `config.json`: the first generation enforces them, but shows them in lists of
//! their own only (`reference/bifrost-api.md` 13.7, captures 24b).

use std::collections::BTreeMap;

use serde_json::{Value, json};

use super::listed;
use crate::{Answer, file};

/// Puts the budgets that name a virtual key into the keys that show none.
pub(super) fn budgets(keys: &mut [Value], answer: &Answer) {
    let mut of: BTreeMap<String, Vec<Value>> = BTreeMap::new();
    for budget in listed(answer, "budgets").into_iter().flat_map(|(budgets, _)| budgets) {
        if let Some(key) = budget.get("virtual_key_id").and_then(Value::as_str).map(str::to_owned) {
            of.entry(key).or_default().push(budget);
        }
    }
    for key in keys.iter_mut().filter(|key| key.get("budgets").is_none()) {
        if let Some(budgets) = key.get("id").and_then(Value::as_str).and_then(|id| of.remove(id)) {
            key["budgets"] = Value::Array(budgets);
        }
    }
}

/// Puts the rate limits into the keys that show none. A rate limit does not say whose it is; those of a file of ours
/// say it by their id.
pub(super) fn rate_limits(keys: &mut [Value], answer: &Answer) {
    let listed = listed(answer, "rate_limits").into_iter().flat_map(|(limits, _)| limits);
    let mut by_id: BTreeMap<String, Value> =
        listed.filter_map(|limit| Some((limit.get("id")?.as_str()?.to_owned(), limit))).collect();
    for key in keys.iter_mut().filter(|key| key.get("rate_limit").is_none()) {
        let id = key.get("id").and_then(Value::as_str).map(file::rate_limit_id).unwrap_or_default();
        if let Some(limit) = by_id.remove(&id) {
            key["rate_limit_id"] = json!(id);
            key["rate_limit"] = limit;
        }
    }
}
