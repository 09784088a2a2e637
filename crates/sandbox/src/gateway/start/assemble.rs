//! Putting together what stands apart in the file: an owner, its budgets and its rate limit.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Value, json};

use super::StartError;

/// The owners of limits, each with its `budgets` and `rate_limit` in it.
pub(super) struct Owned {
    pub(super) customers: Vec<Value>,
    pub(super) teams: Vec<Value>,
    pub(super) virtual_keys: Vec<Value>,
    pub(super) model_configs: Vec<Value>,
}

/// The items of a list.
pub(super) fn list(value: Option<&Value>) -> impl Iterator<Item = &Value> {
    value.and_then(Value::as_array).into_iter().flatten()
}

/// The owners of limits. A budget whose owner is not made yet when the budget is, or never, stops the start.
pub(super) fn owners(file: &Value) -> Result<Owned, StartError> {
    let mut limits = Apart::read(file)?;
    let mut of = |name: &str, link: &'static str| -> Result<Vec<Value>, StartError> {
        list(file.pointer(&format!("/governance/{name}"))).map(|owner| limits.with(owner, link)).collect()
    };
    let owned = Owned {
        customers: of("customers", "customer_id")?,
        teams: of("teams", "team_id")?,
        virtual_keys: of("virtual_keys", "virtual_key_id")?,
        model_configs: of("model_configs", "")?,
    };
    if limits.linked.is_empty() { Ok(owned) } else { Err(StartError::new("FOREIGN KEY constraint failed")) }
}

/// In 1.4 an empty list meant everything, and `version: 1` asks for that (`reference/bifrost-api.md` 8.1).
pub(super) fn allow_all_where_empty(file: &mut Value) {
    let fill = |item: &mut Value, list: &str| {
        if item.get(list).and_then(Value::as_array).is_none_or(Vec::is_empty) {
            item[list] = json!(["*"]);
        }
    };
    let mut names = Vec::new();
    for (name, provider) in file.get_mut("providers").and_then(Value::as_object_mut).into_iter().flatten() {
        names.push(name.clone());
        for key in provider.get_mut("keys").and_then(Value::as_array_mut).into_iter().flatten() {
            fill(key, "models");
        }
    }
    let keys = file.pointer_mut("/governance/virtual_keys").and_then(Value::as_array_mut);
    for key in keys.into_iter().flatten() {
        if key.get("provider_configs").and_then(Value::as_array).is_none_or(Vec::is_empty) {
            key["provider_configs"] = names.iter().map(|name| json!({ "provider": name })).collect();
        }
        for config in key.get_mut("provider_configs").and_then(Value::as_array_mut).into_iter().flatten() {
            fill(config, "allowed_models");
            fill(config, "key_ids");
        }
    }
}

/// Budgets and rate limits by id, and the owners that budgets name.
struct Apart<'a> {
    budgets: BTreeMap<&'a str, &'a Value>,
    /// Budgets by the link and the id of the owner they name; what is left at the end has none.
    linked: BTreeMap<(&'static str, &'a str), Vec<&'a Value>>,
    /// Budgets that name no owner, until an owner names them.
    free: BTreeSet<&'a str>,
    rate_limits: BTreeMap<&'a str, &'a Value>,
}

impl<'a> Apart<'a> {
    fn read(file: &'a Value) -> Result<Self, StartError> {
        let mut limits = Self {
            budgets: BTreeMap::new(),
            linked: BTreeMap::new(),
            free: BTreeSet::new(),
            rate_limits: BTreeMap::new(),
        };
        for budget in list(file.pointer("/governance/budgets")) {
            let Some(id) = text(budget, "id") else { continue };
            if limits.budgets.insert(id, budget).is_some() {
                return Err(StartError::new("UNIQUE constraint failed: governance_budgets.id"));
            }
            // Made before the model configs are (read in the loader of 1.5.16).
            if budget.get("model_config_id").is_some() {
                return Err(StartError::new("FOREIGN KEY constraint failed"));
            }
            match LINKS.iter().find_map(|link| Some((*link, text(budget, link)?))) {
                Some(owner) => limits.linked.entry(owner).or_default().push(budget),
                None => {
                    limits.free.insert(id);
                }
            }
        }
        let found = list(file.pointer("/governance/rate_limits"));
        limits.rate_limits = found.filter_map(|limit| Some((text(limit, "id")?, limit))).collect();
        Ok(limits)
    }

    /// The owner with what limits it.
    fn with(&mut self, owner: &'a Value, link: &'static str) -> Result<Value, StartError> {
        let mut own: Vec<Value> = list(owner.get("budgets")).cloned().collect();
        for id in list(owner.get("budget_ids")).chain(owner.get("budget_id")).filter_map(Value::as_str) {
            let budget = self.budgets.get(id).filter(|_| self.free.remove(id));
            let budget = budget.ok_or_else(|| StartError::new(format!("budget {id} not found")))?;
            own.push((*budget).clone());
        }
        let linked = self.linked.remove(&(link, text(owner, "id").unwrap_or_default()));
        own.extend(linked.into_iter().flatten().cloned());
        let mut whole = owner.clone();
        if !own.is_empty() {
            whole["budgets"] = Value::Array(own);
        }
        if let Some(id) = text(owner, "rate_limit_id") {
            let limit = self.rate_limits.get(id).ok_or_else(|| StartError::new("FOREIGN KEY constraint failed"))?;
            whole["rate_limit"] = (*limit).clone();
        }
        Ok(whole)
    }
}

/// How a budget names its owner.
const LINKS: [&str; 3] = ["virtual_key_id", "team_id", "customer_id"];

fn text<'a>(item: &'a Value, name: &str) -> Option<&'a str> {
    item.get(name)?.as_str()
}
