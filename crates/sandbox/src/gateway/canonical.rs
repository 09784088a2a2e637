//! The lists that span all owners, and the state without anything made up.

use serde_json::{Map, Value, json};

use super::State;
use super::body::number;
use super::limits::Limits;
use super::reply::{Outcome, ok};
use super::state::{ModelConfig, Rule, Target, VirtualKey};

impl State {
    /// `GET /api/governance/budgets`, in the order of creation.
    pub(super) fn list_budgets(&self) -> Outcome {
        let mut all: Vec<(u64, Value)> = self
            .owners()
            .flat_map(|(owner, limits)| {
                let owner = owner.as_ref().map(|(column, id)| (*column, id));
                let shown = limits.budgets.iter().map(|budget| (budget.seq, budget.show(self.release, owner)));
                shown.collect::<Vec<_>>()
            })
            .collect();
        all.sort_by_key(|(seq, _)| *seq);
        let budgets: Vec<Value> = all.into_iter().map(|(_, budget)| budget).collect();
        ok(&json!({ "count": budgets.len(), "budgets": budgets }))
    }

    /// `GET /api/governance/rate-limits`, in the order of creation.
    pub(super) fn list_rate_limits(&self) -> Outcome {
        let mut all: Vec<_> = self.owners().filter_map(|(_, limits)| limits.rate_limit.as_ref()).collect();
        all.sort_by_key(|limit| limit.seq);
        let limits: Vec<Value> = all.into_iter().map(|limit| limit.show(self.release)).collect();
        ok(&json!({ "count": limits.len(), "rate_limits": limits }))
    }

    /// Everything that has limits, with the column that names it.
    fn owners(&self) -> impl Iterator<Item = (Option<(&'static str, Value)>, &Limits)> {
        let own = |column: &'static str, id: &str| Some((column, json!(id)));
        let customers = self.customers.iter().map(move |customer| {
            let owner = own("customer_id", &customer.id).filter(|_| self.release.lists_budgets());
            (owner, &customer.limits)
        });
        let teams = self.teams.iter().map(move |team| (own("team_id", &team.id), &team.limits));
        let keys = self.virtual_keys.iter().map(move |key| (own("virtual_key_id", &key.id), &key.file_limits));
        let rows = self.model_configs.values().flatten().map(|row| (self.owner_of(row), &row.limits));
        customers.chain(teams).chain(keys).chain(rows)
    }

    /// Everything without ids, times and generated values; what refers to an id names the object instead.
    pub(super) fn canonical(&self) -> Value {
        let providers: Map<String, Value> = self
            .providers
            .iter()
            .map(|(name, provider)| {
                let keys = provider.keys.iter().map(super::state::Key::canonical);
                (name.clone(), json!({ "config": provider.config, "keys": sorted(keys) }))
            })
            .collect();
        let customers = self.customers.iter().map(|customer| {
            json!({
                "name": customer.name,
                "limits": customer.limits.canonical(),
                "calendar_aligned": customer.calendar_aligned,
            })
        });
        let teams = self.teams.iter().map(|team| {
            json!({
                "name": team.name,
                "customer": self.customer_name(team.customer_id.as_deref()),
                "limits": team.limits.canonical(),
                "calendar_aligned": team.calendar_aligned,
            })
        });
        let mcp = self.mcp_clients.iter().map(|client| {
            let headers: Map<String, Value> =
                client.headers.iter().map(|(name, value)| (name.clone(), value.canonical())).collect();
            json!({
                "name": client.name,
                "connection_type": client.connection_type,
                "connection_string": client.connection_string.canonical(),
                "auth_type": client.auth_type,
                "headers": headers,
                "tools_to_execute": client.tools,
            })
        });
        let rows = self.model_configs.values().flatten().filter(|row| !row.limits_a_key());
        json!({
            "client_config": self.settings.client,
            "providers": providers,
            "customers": sorted(customers),
            "teams": sorted(teams),
            "virtual_keys": sorted(self.virtual_keys.iter().map(|key| self.canonical_key(key))),
            "model_configs": sorted(rows.map(|row| self.canonical_row(row))),
            "routing_rules": sorted(self.rules.iter().map(|rule| self.canonical_rule(rule))),
            "pricing_overrides": sorted(self.overrides.iter().map(|item| self.canonical_override(item))),
            "mcp_clients": sorted(mcp),
        })
    }

    fn canonical_key(&self, key: &VirtualKey) -> Value {
        let limits = |provider: Option<&str>| self.key_limits(&key.id, provider).map(|row| row.limits.canonical());
        let configs = key.provider_configs.iter().map(|config| {
            let mut keys: Vec<Value> = config.key_ids.iter().map(|id| self.key_name(id)).collect();
            keys.sort_by_key(Value::to_string);
            json!({
                "provider": config.provider,
                "weight": config.weight.map(number),
                "allowed_models": config.allowed_models,
                "blacklisted_models": config.blacklisted,
                "keys": if config.all_keys { json!("*") } else { Value::Array(keys) },
                "limits": limits(Some(&config.provider)),
            })
        });
        let mcp = key.mcp_configs.iter().map(|config| {
            let client = self.mcp_clients.iter().find(|client| client.row == config.client_row);
            json!({ "client": client.map(|client| &client.name), "tools_to_execute": config.tools })
        });
        json!({
            "name": key.name,
            "description": key.description,
            "is_active": key.is_active,
            "all_providers": key.all_providers,
            "provider_configs": sorted(configs),
            "mcp_configs": sorted(mcp),
            "team": self.team_name(key.team_id.as_deref()),
            "customer": self.customer_name(key.customer_id.as_deref()),
            "calendar_aligned": key.calendar_aligned,
            "expires_at": key.expires_at,
            "limits": limits(None).or_else(|| (!key.file_limits.is_empty()).then(|| key.file_limits.canonical())),
        })
    }

    fn canonical_row(&self, row: &ModelConfig) -> Value {
        json!({
            "model_name": row.model_name,
            "provider": row.provider,
            "scope": row.scope(),
            "virtual_key": self.virtual_key(&row.virtual_key).map(|key| &key.name),
            "limits": row.limits.canonical(),
            "calendar_aligned": row.calendar_aligned,
        })
    }

    fn canonical_rule(&self, rule: &Rule) -> Value {
        let target = |target: &Target| {
            let mut shown = target.show();
            if let Some(id) = &target.key_id {
                shown["key_id"] = self.key_name(id);
            }
            shown
        };
        let id = rule.scope_id.as_deref();
        let of = match rule.scope.as_str() {
            "team" => self.team_name(id),
            "customer" => self.customer_name(id),
            "virtual_key" => id.and_then(|id| self.virtual_key(id)).map(|key| key.name.as_str()),
            _ => None,
        };
        json!({
            "name": rule.name,
            "description": rule.description,
            "enabled": rule.enabled,
            "cel_expression": rule.expression,
            "targets": rule.targets.iter().map(target).collect::<Value>(),
            "fallbacks": rule.fallbacks,
            "scope": rule.scope,
            "of": of.or(id),
            "chain_rule": rule.chain,
            "priority": rule.priority,
        })
    }

    fn canonical_override(&self, item: &Value) -> Value {
        let mut shown = item.clone();
        if let Value::Object(fields) = &mut shown {
            for name in ["id", "created_at", "updated_at"] {
                fields.remove(name);
            }
            if let Some(id) = fields.get("provider_key_id").and_then(Value::as_str).map(str::to_owned) {
                fields.insert("provider_key_id".to_owned(), self.key_name(&id));
            }
            if let Some(id) = fields.get("virtual_key_id").and_then(Value::as_str).map(str::to_owned) {
                let name = self.virtual_key(&id).map_or(id, |key| key.name.clone());
                fields.insert("virtual_key_id".to_owned(), json!(name));
            }
        }
        shown
    }

    fn key_name(&self, id: &str) -> Value {
        json!(self.key(id).map_or(id, |(_, key)| &key.name))
    }

    fn team_name(&self, id: Option<&str>) -> Option<&str> {
        id.and_then(|id| self.team(id)).map(|team| team.name.as_str())
    }

    fn customer_name(&self, id: Option<&str>) -> Option<&str> {
        id.and_then(|id| self.customer(id)).map(|customer| customer.name.as_str())
    }
}

fn sorted(items: impl Iterator<Item = Value>) -> Value {
    let mut items: Vec<Value> = items.collect();
    items.sort_by_cached_key(Value::to_string);
    Value::Array(items)
}
