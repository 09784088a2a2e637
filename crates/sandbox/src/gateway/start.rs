//! A start from `config.json`: recorded in topics 24, 24b and 25 and measured with many keys
//! (`reference/bifrost-api.md` 8, 13.7); for the order of things, and a start onto a store that holds something, the
//! loader of 1.5.16 was read. Every object is an item: one that is as it was at the last start is left to the store,
//! any other is made as the file says. What the file does not name stays, but for keys of a provider that it names.

mod assemble;
mod items;

use model::Moment;
use serde_json::Value;

use super::secret::Secret;
use super::{Gateway, State};

/// Why a gateway does not start from a file. It says so in its log and exits; nothing of the file is kept.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct StartError(pub(super) String);

impl StartError {
    pub(super) fn new(what: impl Into<String>) -> Self {
        Self(what.into())
    }
}

/// What a step of the start comes to.
pub(super) type Step = Result<(), StartError>;

impl Gateway {
    /// Starts it with this `config.json` in its folder, onto what its store holds; a second start is the same call.
    pub fn start(&mut self, file: &str, now: Moment) -> Result<(), StartError> {
        let mut file: Value =
            serde_json::from_str(file).map_err(|_| StartError::new("failed to unmarshal config data"))?;
        if file.get("version").and_then(Value::as_i64) == Some(1) {
            assemble::allow_all_where_empty(&mut file);
        }
        let mut state = self.0.clone();
        state.load(&file, now)?;
        self.0 = state;
        Ok(())
    }
}

impl State {
    fn load(&mut self, file: &Value, now: Moment) -> Step {
        let stored = file.pointer("/config_store/enabled").and_then(Value::as_bool) == Some(true);
        if !stored && file.get("governance").is_some() {
            return Err(StartError::new("failed to initialize governance handler: config store is required"));
        }
        if let Some(token) = file.get("setup_token").filter(|_| self.release.is_second()) {
            self.setup_token = Some(Secret::read(Some(token), &self.environment, self.release).value);
        }
        self.load_client(file.get("client"));
        self.load_providers(file)?;
        for client in assemble::list(file.pointer("/mcp/client_configs")) {
            self.item("mcp_clients", "client_id", client, |state, item| state.load_mcp_client(item, now))?;
        }
        let owned = assemble::owners(file)?;
        for customer in &owned.customers {
            self.item("customers", "id", customer, |state, item| state.load_customer(item, now))?;
        }
        for team in &owned.teams {
            self.item("teams", "id", team, |state, item| state.load_team(item, now))?;
        }
        for key in &owned.virtual_keys {
            self.item("virtual_keys", "id", key, |state, item| state.load_virtual_key(item, now))?;
        }
        for config in &owned.model_configs {
            self.item("model_configs", "id", config, |state, item| state.load_model_config(item, now))?;
        }
        for rule in assemble::list(file.pointer("/governance/routing_rules")) {
            self.item("routing_rules", "id", rule, |state, item| state.load_rule(item, now))?;
        }
        for item in assemble::list(file.pointer("/governance/pricing_overrides")) {
            self.item("pricing_overrides", "id", item, |state, item| state.load_override(item, now))?;
        }
        Ok(())
    }

    /// Makes an item, unless it is as it was at the last start.
    fn item(&mut self, list: &str, id: &str, item: &Value, make: impl FnOnce(&mut Self, &Value) -> Step) -> Step {
        let name = item.get(id).and_then(Value::as_str).unwrap_or_default();
        let (place, text) = (format!("{list}/{name}"), item.to_string());
        if self.file_items.get(&place) == Some(&text) {
            return Ok(());
        }
        make(self, item)?;
        self.file_items.insert(place, text);
        Ok(())
    }
}
