//! Virtual keys as the API shows them.

use serde_json::{Map, Value, json};

use super::State;
use super::body::number;
use super::reply::{Outcome, Refusal, ok};
use super::state::{ProviderConfig, VirtualKey};
use super::virtual_keys::Depth;
use crate::Request;

impl State {
    /// A virtual key with its limits, keys and parent.
    pub(super) fn show_virtual_key(&self, key: &VirtualKey, depth: Depth) -> Value {
        let mut shown = self.show_bare(key);
        let configs = key.provider_configs.iter().map(|config| self.show_entry(&key.id, config));
        shown.insert("provider_configs".to_owned(), configs.collect());
        let mcp = key.mcp_configs.iter().map(|config| {
            let client = self.mcp_clients.iter().find(|client| client.row == config.client_row);
            json!({
                "id": config.id,
                "virtual_key_id": key.id,
                "mcp_client_id": config.client_row,
                "mcp_client": client.map(|client| client.show_in_virtual_key(self.release)),
                "tools_to_execute": config.tools,
            })
        });
        shown.insert("mcp_configs".to_owned(), mcp.collect());
        if let Some(row) = self.key_limits(&key.id, None) {
            self.show_limits(row, &mut shown);
        } else if self.release.is_second() {
            // The first generation enforces what came from a file, but does not show it here (topic 24b).
            key.file_limits.show(self.release, Some(("virtual_key_id", &json!(key.id))), &mut shown);
        }
        if let Some(team) = key.team_id.as_ref().and_then(|id| self.team(id)) {
            shown.insert("team".to_owned(), self.show_parent_team(team));
        }
        if let Some(customer) = key.customer_id.as_ref().and_then(|id| self.customer(id)) {
            let customer = match depth {
                Depth::Full => self.show_parent_customer(customer),
                Depth::InList => self.show_bare_customer(customer),
            };
            shown.insert("customer".to_owned(), customer);
        }
        Value::Object(shown)
    }

    /// A virtual key as its customer shows it: what belongs to it is null.
    pub(super) fn show_bare_virtual_key(&self, key: &VirtualKey) -> Value {
        Value::Object(self.show_bare(key))
    }

    /// `GET /api/governance/virtual-keys/quota`, authenticated with the virtual key itself.
    pub(super) fn quota(&self, request: &Request) -> Outcome {
        let Some(value) = self.virtual_key_value(request) else {
            let headers = if self.release.is_second() {
                "x-bf-vk header, Authorization Bearer, x-api-key, x-goog-api-key, or api-key header"
            } else {
                "x-bf-vk header, Authorization Bearer, x-api-key, or x-goog-api-key header"
            };
            return Err(Refusal::new(401, format!("Missing virtual key. Provide it via {headers}.")));
        };
        let key = self.virtual_keys.iter().find(|key| key.value == value);
        let key = key.ok_or_else(|| Refusal::new(401, "Invalid virtual key"))?;
        let row = self.key_limits(&key.id, None);
        let budgets: Vec<Value> = row
            .iter()
            .flat_map(|row| {
                let owner = self.owner_of(row);
                let owner = owner.as_ref().map(|(column, id)| (*column, id));
                row.limits.budgets.iter().map(|budget| budget.show(self.release, owner)).collect::<Vec<_>>()
            })
            .map(|mut budget| {
                if self.release.scopes_limits() {
                    budget["per_model_usage"] = json!([]);
                }
                budget
            })
            .collect();
        let configs = key.provider_configs.iter().map(|config| {
            let mut shown = self.show_entry(&key.id, config);
            shown["keys"] = Value::Null;
            shown
        });
        let rate_limit = row.and_then(|row| row.limits.rate_limit.as_ref());
        let mut shown = json!({
            "budgets": budgets,
            "is_active": key.is_active,
            "rate_limit": rate_limit.map(|limit| limit.show(self.release)),
            "virtual_key_name": key.name,
        });
        if self.release.scopes_limits() {
            shown["model_configs"] = json!([]);
            shown["provider_configs"] = configs.collect();
        }
        ok(&shown)
    }

    fn show_entry(&self, key_id: &str, config: &ProviderConfig) -> Value {
        let mut shown = Map::new();
        shown.insert("id".to_owned(), json!(config.id));
        shown.insert("virtual_key_id".to_owned(), json!(key_id));
        shown.insert("provider".to_owned(), json!(config.provider));
        shown.insert("weight".to_owned(), config.weight.map_or(Value::Null, number));
        shown.insert("allow_all_keys".to_owned(), json!(config.all_keys));
        let keys = config.key_ids.iter().filter_map(|id| self.key(id));
        let keys = keys.map(|(provider, key)| key.show_in_virtual_key(provider, self.release));
        shown.insert("keys".to_owned(), keys.collect());
        shown.insert("allowed_models".to_owned(), json!(config.allowed_models));
        if self.release.knows_blacklists() {
            shown.insert("blacklisted_models".to_owned(), json!(config.blacklisted));
        }
        if let Some(row) = self.key_limits(key_id, Some(&config.provider)) {
            self.show_limits(row, &mut shown);
        }
        Value::Object(shown)
    }

    /// The customer of a virtual key: with its teams and keys, without its own limits.
    fn show_parent_customer(&self, customer: &super::state::Customer) -> Value {
        let mut shown = self.show_customer(customer);
        if let Value::Object(shown) = &mut shown {
            shown.remove("budgets");
            shown.remove("rate_limit");
            for team in shown.get_mut("teams").and_then(Value::as_array_mut).into_iter().flatten() {
                if let Value::Object(team) = team {
                    team.remove("budgets");
                    team.remove("rate_limit");
                }
            }
        }
        shown
    }

    /// The team of a virtual key: with its customer, without its own limits.
    fn show_parent_team(&self, team: &super::state::Team) -> Value {
        let mut shown = self.show_team(team, true);
        if let Value::Object(shown) = &mut shown {
            shown.remove("budgets");
            shown.remove("rate_limit");
        }
        shown
    }

    /// What a virtual key shows everywhere.
    fn show_bare(&self, key: &VirtualKey) -> Map<String, Value> {
        let mut shown = Map::new();
        shown.insert("id".to_owned(), json!(key.id));
        shown.insert("name".to_owned(), json!(key.name));
        if !key.description.is_empty() {
            shown.insert("description".to_owned(), json!(key.description));
        }
        shown.insert("value".to_owned(), json!(key.value));
        shown.insert("is_active".to_owned(), json!(key.is_active));
        if self.release.opens_all_providers() {
            shown.insert("allow_all_providers".to_owned(), json!(key.all_providers));
        }
        shown.insert("provider_configs".to_owned(), Value::Null);
        shown.insert("mcp_configs".to_owned(), Value::Null);
        for (name, value) in
            [("team_id", &key.team_id), ("customer_id", &key.customer_id), ("expires_at", &key.expires_at)]
        {
            if let Some(value) = value {
                shown.insert(name.to_owned(), json!(value));
            }
        }
        if !self.release.scopes_limits()
            && let Some(limit) = self.key_limits(&key.id, None).and_then(|row| row.limits.rate_limit.as_ref())
        {
            shown.insert("rate_limit_id".to_owned(), json!(limit.id));
        }
        if self.release.has_keys() {
            shown.insert("calendar_aligned".to_owned(), json!(key.calendar_aligned));
        }
        shown.insert("config_hash".to_owned(), json!(""));
        shown.insert("created_at".to_owned(), json!(key.created));
        shown.insert("updated_at".to_owned(), json!(key.updated));
        shown
    }
}
