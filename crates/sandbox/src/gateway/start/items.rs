//! Making what an item of the file says.

use model::Moment;
use serde_json::{Map, Value, json};

use super::{StartError, Step};
use crate::gateway::State;
use crate::gateway::body::{Body, Shape};
use crate::gateway::limits::{BUDGET, Draft, Limits, RATE_LIMIT};
use crate::gateway::provider_config::{self, config_of, empty_network};
use crate::gateway::state::{
    Customer, Key, McpClient, McpConfig, ModelConfig, Provider, ProviderConfig, Settings, Team, VirtualKey,
};
use crate::gateway::{lists, mcp, prices, providers, rules};

const PROVIDER_CONFIG: &[(&str, Shape)] = &[
    ("provider", Shape::Text),
    ("weight", Shape::Float),
    ("allowed_models", Shape::List(&Shape::Text)),
    ("blacklisted_models", Shape::List(&Shape::Text)),
    ("key_ids", Shape::List(&Shape::Text)),
];

const MCP_CONFIG: &[(&str, Shape)] =
    &[("mcp_client_name", Shape::Text), ("tools_to_execute", Shape::List(&Shape::Text))];

/// The fields of everything that has limits, and of what each adds to them.
const OWNER: &[(&str, Shape)] = &[
    ("id", Shape::Text),
    ("name", Shape::Text),
    ("description", Shape::Text),
    ("value", Shape::Text),
    ("is_active", Shape::Flag),
    ("allow_all_providers", Shape::Flag),
    ("expires_at", Shape::Text),
    ("calendar_aligned", Shape::Flag),
    ("team_id", Shape::Text),
    ("customer_id", Shape::Text),
    ("model_name", Shape::Text),
    ("provider", Shape::Text),
    ("scope", Shape::Text),
    ("scope_id", Shape::Text),
    ("budgets", Shape::List(&BUDGET)),
    ("rate_limit", RATE_LIMIT),
    ("provider_configs", Shape::List(&Shape::Fields(PROVIDER_CONFIG))),
    ("mcp_configs", Shape::List(&Shape::Fields(MCP_CONFIG))),
];

/// The prefix of values that are kept (`reference/bifrost-api.md` 4.3).
const PREFIX: &str = "sk-bf-";

fn read(item: &Value, shape: &'static [(&'static str, Shape)]) -> Result<Body, StartError> {
    Body::read(&item.to_string(), shape).map_err(|_| StartError::new("failed to unmarshal config data"))
}

fn refused<T>(outcome: Result<T, crate::gateway::reply::Refusal>) -> Result<T, StartError> {
    outcome.map_err(|refusal| StartError::new(refusal.message))
}

fn unique(field: &str) -> StartError {
    StartError::new(format!("UNIQUE constraint failed: {field}"))
}

impl State {
    /// A section that is there stands for itself: a switch that is missing in it is off.
    pub(super) fn load_client(&mut self, section: Option<&Value>) {
        let Some(Value::Object(section)) = section else { return };
        let text = Value::Object(section.clone()).to_string();
        if self.file_items.get("client") == Some(&text) {
            return;
        }
        let mut client = Settings::fresh_client(self.release);
        for (name, value) in &mut client {
            match (section.get(name), &*value) {
                (Some(given), Value::Object(_)) if name == "compat" => {
                    for (switch, on) in given.as_object().into_iter().flatten() {
                        value[switch] = on.clone();
                    }
                }
                (Some(given), _) => *value = given.clone(),
                (None, Value::Bool(_)) if name == "enforce_auth_on_inference" => *value = json!(self.release.locks()),
                (None, Value::Bool(_)) => *value = json!(name == "enable_logging"),
                (None, _) => {}
            }
        }
        self.settings.client = client;
        self.file_items.insert("client".to_owned(), text);
    }

    /// A provider that is wrong is left out with a warning; what names it then leads nowhere.
    pub(super) fn load_providers(&mut self, file: &Value) -> Step {
        let providers = file.get("providers").and_then(Value::as_object);
        for (name, item) in providers.into_iter().flatten() {
            let (name, text) = (name.to_lowercase(), item.to_string());
            let place = format!("providers/{name}");
            if self.file_items.get(&place) != Some(&text) {
                self.load_provider(&name, item)?;
                self.file_items.insert(place, text);
            }
        }
        Ok(())
    }

    fn load_provider(&mut self, name: &str, item: &Value) -> Step {
        let body = read(item, provider_config::SHAPE)?;
        let custom = body.object("custom_provider_config");
        if providers::check_custom(name, custom.as_ref(), self.release).is_err() {
            return Ok(());
        }
        let mut config = config_of(&body, self.release);
        config.entry("network_config").or_insert_with(empty_network);
        // Keys that only the store has go with the old form of the provider.
        self.providers.insert(name.to_owned(), Provider { config, loaded: true, keys: Vec::new() });
        let mut keys = Vec::new();
        for item in item.get("keys").and_then(Value::as_array).into_iter().flatten() {
            keys.push(self.load_key(name, item)?);
            if let Some(provider) = self.providers.get_mut(name) {
                provider.keys.clone_from(&keys);
            }
        }
        Ok(())
    }

    fn load_key(&mut self, provider: &str, item: &Value) -> Result<Key, StartError> {
        let body = read(item, crate::gateway::keys::SHAPE)?;
        let mut key = self.read_key(&body);
        key.enabled = Some(body.flag("enabled").unwrap_or(true));
        key.id = body.text("id").filter(|id| !id.is_empty()).map_or_else(|| self.mint.uuid(), str::to_owned);
        if self.key(&key.id).is_some() || self.name_is_taken(&key) {
            return Err(unique("config_keys.name"));
        }
        lists::check(&key.models).map_err(StartError::new)?;
        key.row = self.mint.row("key");
        self.list_models_with(provider, &mut key);
        Ok(key)
    }

    /// A server that does not answer is no reason not to start.
    pub(super) fn load_mcp_client(&mut self, item: &Value, now: Moment) -> Step {
        let body = read(item, mcp::SHAPE)?;
        let client: McpClient = self.read_mcp_client(&body, now);
        self.mcp_clients.retain(|other| other.id != client.id);
        if self.mcp_clients.iter().any(|other| other.name == client.name) {
            return Err(unique("config_mcp_clients.name"));
        }
        self.mcp_clients.push(client);
        Ok(())
    }

    fn load_limits(&mut self, body: &Body, now: Moment) -> Result<Limits, StartError> {
        let draft = Draft::read(body);
        if let Some(problem) = draft.store_error(self.release) {
            return Err(StartError::new(problem));
        }
        let mut limits = Limits::default();
        draft.apply(&mut limits, true, &mut self.mint, now);
        for (budget, sent) in limits.budgets.iter_mut().zip(body.objects("budgets").unwrap_or_default()) {
            budget.id = sent.text_or_empty("id");
        }
        if let (Some(limit), Some(sent)) = (&mut limits.rate_limit, body.object("rate_limit")) {
            limit.id = sent.text_or_empty("id");
        }
        Ok(limits)
    }

    pub(super) fn load_customer(&mut self, item: &Value, now: Moment) -> Step {
        let body = read(item, OWNER)?;
        let (id, name) = (body.text_or_empty("id"), body.text_or_empty("name"));
        let limits = self.load_limits(&body, now)?;
        let calendar_aligned = body.flag("calendar_aligned") == Some(true);
        self.customers.retain(|other| other.id != id);
        if self.customers.iter().any(|other| other.name == name) {
            return Err(unique("governance_customers.name"));
        }
        self.customers.push(Customer { id, name, limits, calendar_aligned, created: now, updated: now });
        Ok(())
    }

    pub(super) fn load_team(&mut self, item: &Value, now: Moment) -> Step {
        let body = read(item, OWNER)?;
        let (id, name) = (body.text_or_empty("id"), body.text_or_empty("name"));
        let customer_id = body.text("customer_id").map(str::to_owned);
        if customer_id.as_ref().is_some_and(|customer| self.customer(customer).is_none()) {
            return Err(StartError::new("FOREIGN KEY constraint failed"));
        }
        let limits = self.load_limits(&body, now)?;
        let calendar_aligned = body.flag("calendar_aligned") == Some(true);
        self.teams.retain(|other| other.id != id);
        if self.teams.iter().any(|other| other.name == name) {
            return Err(unique("governance_teams.name"));
        }
        self.teams.push(Team { id, name, customer_id, limits, calendar_aligned, created: now, updated: now });
        Ok(())
    }

    /// A value from a variable that is not there leaves the whole key out, and then its budgets stop the start.
    pub(super) fn load_virtual_key(&mut self, item: &Value, now: Moment) -> Step {
        let body = read(item, OWNER)?;
        let (id, name) = (body.text_or_empty("id"), body.text_or_empty("name"));
        let before = self.virtual_key(&id).map(|key| key.value.clone());
        let sent = body.text_or_empty("value");
        let value = match sent.strip_prefix("env.").map(|name| self.environment.get(name).cloned()) {
            None => sent,
            Some(Some(value)) => value,
            Some(None) if body.has("budgets") => return Err(StartError::new("FOREIGN KEY constraint failed")),
            Some(None) => return Ok(()),
        };
        let value = if value.is_empty() { before.unwrap_or_default() } else { value };
        let value = if value.starts_with(PREFIX) { value } else { self.mint.virtual_key() };
        let parents = refused(crate::gateway::virtual_keys::parents_of(&body))?;
        refused(self.check_parents(parents.0.as_deref(), parents.1.as_deref()))?;
        self.virtual_keys.retain(|other| other.id != id);
        if self.virtual_keys.iter().any(|other| other.name == name || other.value == value) {
            return Err(unique("governance_virtual_keys.name"));
        }
        let entries = body.objects("provider_configs").unwrap_or_default();
        let provider_configs = entries.iter().map(|sent| self.load_entry(sent)).collect::<Result<_, _>>()?;
        let key = VirtualKey {
            description: body.text_or_empty("description"),
            is_active: body.flag("is_active").unwrap_or(true),
            all_providers: body.flag("allow_all_providers") == Some(true) && self.release.opens_all_providers(),
            provider_configs,
            mcp_configs: self.load_mcp_configs(&body),
            team_id: parents.0,
            customer_id: parents.1,
            calendar_aligned: body.flag("calendar_aligned") == Some(true),
            expires_at: body.text("expires_at").filter(|_| self.release.is_second()).map(str::to_owned),
            file_limits: self.load_limits(&body, now)?,
            created: now,
            updated: now,
            id,
            name,
            value,
        };
        self.virtual_keys.push(key);
        Ok(())
    }

    fn load_entry(&mut self, sent: &Body) -> Result<ProviderConfig, StartError> {
        let list = |name: &str| {
            let list = sent.texts(name).unwrap_or_default();
            lists::check(&list).map_err(|problem| StartError::new(format!("invalid {name}: {problem}")))?;
            Ok::<_, StartError>(list)
        };
        let (allowed_models, blacklisted, key_ids) =
            (list("allowed_models")?, list("blacklisted_models")?, list("key_ids")?);
        let all_keys = lists::is_all(&key_ids);
        let key_ids = if all_keys { Vec::new() } else { key_ids };
        let lost: Vec<String> =
            key_ids.iter().filter(|id| self.key(id).is_none()).map(|id| format!("key_id={id}")).collect();
        if !lost.is_empty() {
            return Err(StartError::new(format!("could not resolve keys: {}", lost.join(", "))));
        }
        let id = self.mint.row("provider_config");
        let (provider, weight) = (sent.text_or_empty("provider"), sent.float("weight"));
        Ok(ProviderConfig { id, provider, weight, allowed_models, blacklisted, all_keys, key_ids })
    }

    /// A client that is not there leaves the entry out, with a warning.
    fn load_mcp_configs(&mut self, body: &Body) -> Vec<McpConfig> {
        let sent = body.objects("mcp_configs").unwrap_or_default();
        let known = sent.iter().filter_map(|config| {
            let name = config.text("mcp_client_name")?;
            let client = self.mcp_clients.iter().find(|client| client.name == name)?;
            Some((client.row, config.texts("tools_to_execute").unwrap_or_default()))
        });
        let known: Vec<_> = known.collect();
        self.number_mcp(known)
    }

    pub(super) fn load_model_config(&mut self, item: &Value, now: Moment) -> Step {
        let body = read(item, OWNER)?;
        let virtual_key = refused(self.scope_of(&body))?;
        let provider = body.text("provider").filter(|provider| !provider.is_empty()).map(str::to_owned);
        let (id, model_name) = (body.text_or_empty("id"), body.text_or_empty("model_name"));
        for configs in self.model_configs.values_mut() {
            configs.retain(|other| other.id != id);
        }
        refused(self.check_unique(&virtual_key, &model_name, provider.as_deref(), None))?;
        let limits = self.load_limits(&body, now)?;
        let made: ModelConfig = self.new_model_config(&virtual_key, &model_name, provider, now);
        let calendar_aligned = body.flag("calendar_aligned") == Some(true);
        let made = ModelConfig { id, limits, calendar_aligned, ..made };
        self.model_configs.entry(virtual_key).or_default().push(made);
        Ok(())
    }

    pub(super) fn load_rule(&mut self, item: &Value, now: Moment) -> Step {
        let mut item = item.clone();
        for target in item.get_mut("targets").and_then(Value::as_array_mut).into_iter().flatten() {
            self.resolve(target, "provider_key_name", "key_id")?;
        }
        let body = read(&item, rules::SHAPE)?;
        let id = item.get("id").and_then(Value::as_str).unwrap_or_default();
        self.rules.retain(|other| other.id != id);
        let rule = refused(self.read_rule(&body, id.to_owned(), now))?;
        self.rules.push(rule);
        Ok(())
    }

    pub(super) fn load_override(&mut self, item: &Value, now: Moment) -> Step {
        let mut item = item.clone();
        self.resolve(&mut item, "provider_key_name", "provider_key_id")?;
        let patch = item.get("pricing_patch").and_then(Value::as_str).unwrap_or("{}");
        let patch: Map<String, Value> =
            serde_json::from_str(patch).map_err(|_| StartError::new("failed to unmarshal config data"))?;
        item["patch"] = Value::Object(patch);
        let body = read(&item, prices::SHAPE)?;
        let id = item.get("id").and_then(Value::as_str).unwrap_or_default();
        let shown = refused(prices::show(&body, id, now, now))?;
        self.overrides.retain(|other| other["id"] != json!(id));
        self.overrides.push(shown);
        Ok(())
    }

    /// Puts the id in the place of a key's name.
    fn resolve(&self, item: &mut Value, name: &str, id: &str) -> Step {
        let Some(wanted) = item.get(name).and_then(Value::as_str) else { return Ok(()) };
        let mut keys = self.providers.values().flat_map(|provider| &provider.keys);
        let Some(key) = keys.find(|key| key.name == wanted) else {
            return Err(StartError::new(format!(
                "failed to resolve governance key references: provider key not found for name=\"{wanted}\""
            )));
        };
        item[id] = json!(key.id);
        Ok(())
    }
}
