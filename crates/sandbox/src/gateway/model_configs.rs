//! Limits on models, which also hold the limits of virtual keys (topic 08).

use std::collections::BTreeMap;

use model::Moment;
use serde_json::{Map, Value, json};

use super::State;
use super::body::{Body, Shape};
use super::limits::{BUDGET, Draft, Limits, RATE_LIMIT, Wording};
use super::paging;
use super::reply::{Outcome, Refusal, done, ok};
use super::state::ModelConfig;

/// What stands for the virtual key of limits of whole providers, where these are no model configs.
const PROVIDERS: &str = "providers";

const SHAPE: &[(&str, Shape)] = &[
    ("model_name", Shape::Text),
    ("provider", Shape::Text),
    ("scope", Shape::Text),
    ("scope_id", Shape::Text),
    ("budget", BUDGET),
    ("budgets", Shape::List(&BUDGET)),
    ("rate_limit", RATE_LIMIT),
    ("calendar_aligned", Shape::Flag),
];

impl State {
    /// `GET /api/governance/model-configs`: by id when everything is asked for, newest first in pages.
    pub(super) fn list_model_configs(&self, query: &BTreeMap<String, String>) -> Outcome {
        let page = paging::read(query, &["search", "scope", "scope_id", "provider"])?;
        let scoped = self.release.scopes_limits();
        let mut found: Vec<&ModelConfig> = self
            .model_configs
            .values()
            .flatten()
            .filter(|config| scoped || config.virtual_key.is_empty())
            .filter(|config| paging::matches(query, &config.model_name))
            .filter(|config| !scoped || paging::filtered(query, "scope", Some(config.scope())))
            .filter(|config| !scoped || paging::filtered(query, "scope_id", Some(&config.virtual_key)))
            .filter(|config| paging::filtered(query, "provider", config.provider.as_deref()))
            .collect();
        match page {
            _ if !scoped => found.sort_by_key(|config| config.seq),
            None => found.sort_by(|one, other| one.id.cmp(&other.id)),
            Some(_) => found.sort_by_key(|config| std::cmp::Reverse(config.seq)),
        }
        let mut answer = paging::answer("model_configs", &found, page, |config| self.show_model_config(config));
        if page.is_none() && found.is_empty() {
            answer["model_configs"] = Value::Null;
        }
        ok(&answer)
    }

    /// `GET /api/governance/model-configs/{id}`.
    pub(super) fn get_model_config(&self, id: &str) -> Outcome {
        ok(&json!({ "model_config": self.show_model_config(self.model_config(id)?) }))
    }

    /// `POST /api/governance/model-configs`.
    pub(super) fn create_model_config(&mut self, text: &str, now: Moment) -> Outcome {
        let body = Body::read(text, SHAPE)?;
        let model_name = body.text_or_empty("model_name");
        if model_name.is_empty() {
            return Err(Refusal::bad("Model name is required"));
        }
        let virtual_key = if self.release.scopes_limits() { self.scope_of(&body)? } else { String::new() };
        let draft = Draft::read_for(&body, self.release);
        draft.check(self.release, Wording::Capital)?;
        let provider = body.text("provider").filter(|provider| !provider.is_empty()).map(str::to_owned);
        self.check_unique(&virtual_key, &model_name, provider.as_deref(), None)?;
        if let Some(problem) = draft.store_error(self.release) {
            return Err(Refusal::failed(format!("Failed to create model config: {problem}")));
        }
        let mut config = self.new_model_config(&virtual_key, &model_name, provider, now);
        config.calendar_aligned = body.flag("calendar_aligned") == Some(true);
        draft.apply(&mut config.limits, true, &mut self.mint, now);
        let shown = self.show_model_config(&config);
        self.model_configs.entry(virtual_key).or_default().push(config);
        ok(&json!({ "message": "Model config created successfully", "model_config": shown }))
    }

    /// `PUT /api/governance/model-configs/{id}`; the scope does not move.
    pub(super) fn update_model_config(&mut self, id: &str, text: &str, now: Moment) -> Outcome {
        let body = Body::read(text, SHAPE)?;
        let mut config = self.model_config(id)?.clone();
        let draft = Draft::read_for(&body, self.release);
        draft.check(self.release, Wording::Capital)?;
        if let Some(name) = body.text("model_name").filter(|name| !name.is_empty()) {
            name.clone_into(&mut config.model_name);
        }
        if let Some(provider) = body.text("provider") {
            config.provider = Some(provider.to_owned()).filter(|provider| !provider.is_empty());
        }
        self.check_unique(&config.virtual_key, &config.model_name, config.provider.as_deref(), Some(id))?;
        if let Some(problem) = draft.store_error(self.release) {
            return Err(Refusal::failed(format!("Failed to update model config: {problem}")));
        }
        draft.apply(&mut config.limits, false, &mut self.mint, now);
        config.calendar_aligned = body.flag("calendar_aligned").unwrap_or(config.calendar_aligned);
        config.updated = now;
        let shown = self.show_model_config(&config);
        if let Some(place) = self.model_configs.values_mut().flatten().find(|other| other.id == id) {
            *place = config;
        }
        ok(&json!({ "message": "Model config updated successfully", "model_config": shown }))
    }

    /// `DELETE /api/governance/model-configs/{id}`.
    pub(super) fn delete_model_config(&mut self, id: &str) -> Outcome {
        self.model_config(id)?;
        for configs in self.model_configs.values_mut() {
            configs.retain(|config| config.id != id);
        }
        done("Model config deleted successfully")
    }

    /// The limits that a virtual key has itself, or at one provider.
    pub(super) fn key_limits(&self, virtual_key: &str, provider: Option<&str>) -> Option<&ModelConfig> {
        self.model_configs
            .get(virtual_key)?
            .iter()
            .find(|config| config.model_name == "*" && config.provider.as_deref() == provider)
    }

    /// Applies a draft to the limits of a virtual key; a row without any limit goes.
    pub(super) fn set_key_limits(
        &mut self,
        virtual_key: &str,
        provider: Option<&str>,
        draft: &Draft,
        creating: bool,
        now: Moment,
    ) {
        let stored = self.key_limits(virtual_key, provider).cloned();
        if stored.is_none() && draft.is_empty() {
            return;
        }
        let mut config = match stored {
            Some(stored) => stored,
            None => self.new_model_config(virtual_key, "*", provider.map(str::to_owned), now),
        };
        draft.apply(&mut config.limits, creating, &mut self.mint, now);
        let configs = self.model_configs.entry(virtual_key.to_owned()).or_default();
        let place = configs.iter().position(|other| other.id == config.id);
        match (place, config.limits.is_empty()) {
            (Some(index), true) => {
                configs.remove(index);
            }
            (Some(index), false) => {
                if let Some(place) = configs.get_mut(index) {
                    *place = config;
                }
            }
            (None, true) => {}
            (None, false) => configs.push(config),
        }
    }

    /// Removes the limits of a virtual key at one provider, or its own.
    pub(super) fn drop_key_limits(&mut self, virtual_key: &str, provider: Option<&str>) {
        if let Some(configs) = self.model_configs.get_mut(virtual_key) {
            configs.retain(|config| config.model_name != "*" || config.provider.as_deref() != provider);
        }
    }

    /// Whether rows of a virtual key are aligned to the calendar goes with the key.
    pub(super) fn align_key_limits(&mut self, virtual_key: &str, aligned: bool) {
        for config in self.model_configs.get_mut(virtual_key).into_iter().flatten() {
            config.calendar_aligned = aligned;
        }
    }

    pub(super) fn new_model_config(
        &mut self,
        virtual_key: &str,
        model_name: &str,
        provider: Option<String>,
        now: Moment,
    ) -> ModelConfig {
        ModelConfig {
            id: self.mint.uuid(),
            seq: self.mint.row("model_config"),
            model_name: model_name.to_owned(),
            provider,
            virtual_key: virtual_key.to_owned(),
            limits: Limits::default(),
            calendar_aligned: false,
            created: now,
            updated: now,
        }
    }

    fn model_config(&self, id: &str) -> Result<&ModelConfig, Refusal> {
        self.model_configs
            .values()
            .flatten()
            .find(|config| config.id == id)
            .ok_or_else(|| Refusal::missing("Model config not found"))
    }

    /// The virtual key a new config is for; empty for all callers.
    pub(super) fn scope_of(&self, body: &Body) -> Result<String, Refusal> {
        match body.text("scope") {
            None | Some("" | "global") => Ok(String::new()),
            Some("virtual_key") => match body.text("scope_id") {
                None | Some("") => Err(Refusal::bad("scope_id is required when scope is not global")),
                Some(id) if self.virtual_key(id).is_none() => {
                    Err(Refusal::bad(format!("Virtual key '{id}' not found")))
                }
                Some(id) => Ok(id.to_owned()),
            },
            Some(other) => Err(Refusal::bad(format!("Invalid scope \"{other}\""))),
        }
    }

    pub(super) fn check_unique(
        &self,
        virtual_key: &str,
        model_name: &str,
        provider: Option<&str>,
        but: Option<&str>,
    ) -> Result<(), Refusal> {
        let mut configs = self.model_configs.get(virtual_key).into_iter().flatten();
        let taken = configs.any(|config| {
            config.model_name == model_name && config.provider.as_deref() == provider && but != Some(&config.id)
        });
        if !taken {
            return Ok(());
        }
        let provider = provider.map(|provider| format!(" with provider '{provider}'")).unwrap_or_default();
        // 1.5.2 says which scope only where there is no provider (topic 08, create-scope-vk-unknown).
        let scope = match (self.release.scopes_limits(), virtual_key) {
            (false, _) if !provider.is_empty() => "",
            (_, "") => " (global)",
            _ => " (virtual_key)",
        };
        Err(Refusal::new(409, format!("Model config for model '{model_name}'{provider}{scope} already exists")))
    }

    /// Puts the limits of a row into an answer.
    pub(super) fn show_limits(&self, row: &ModelConfig, into: &mut Map<String, Value>) {
        let owner = self.owner_of(row);
        row.limits.show(self.release, owner.as_ref().map(|(column, id)| (*column, id)), into);
    }

    /// The column that names the owner of a row's budgets. Where limits of virtual keys are no rows of the model
    /// configs, the key and its entries have them themselves, and a model config has one budget, if any.
    pub(super) fn owner_of(&self, row: &ModelConfig) -> Option<(&'static str, Value)> {
        if self.release.scopes_limits() {
            return Some(("model_config_id", json!(row.id)));
        }
        let key = self.virtual_key(&row.virtual_key)?;
        match &row.provider {
            None => Some(("virtual_key_id", json!(key.id))),
            Some(provider) => {
                let entry = key.provider_configs.iter().find(|entry| entry.provider == *provider)?;
                Some(("provider_config_id", json!(entry.id)))
            }
        }
    }

    /// Where the limits of whole providers are: among the model configs for all callers, or on their own.
    pub(super) fn provider_rows(&self) -> &'static str {
        if self.release.scopes_limits() { "" } else { PROVIDERS }
    }

    fn show_model_config(&self, config: &ModelConfig) -> Value {
        let mut shown = Map::new();
        shown.insert("id".to_owned(), json!(config.id));
        shown.insert("model_name".to_owned(), json!(config.model_name));
        if let Some(provider) = &config.provider {
            shown.insert("provider".to_owned(), json!(provider));
        }
        if self.release.scopes_limits() {
            shown.insert("scope".to_owned(), json!(config.scope()));
            shown.insert("calendar_aligned".to_owned(), json!(config.calendar_aligned));
        }
        if let Some(key) = self.virtual_key(&config.virtual_key) {
            shown.insert("scope_id".to_owned(), json!(key.id));
            shown.insert("scope_name".to_owned(), json!(key.name));
        }
        self.show_limits(config, &mut shown);
        shown.insert("config_hash".to_owned(), json!(""));
        shown.insert("created_at".to_owned(), json!(config.created));
        shown.insert("updated_at".to_owned(), json!(config.updated));
        Value::Object(shown)
    }
}

impl ModelConfig {
    /// Whether the row holds limits of a virtual key itself, which are shown with the key.
    pub(super) fn limits_a_key(&self) -> bool {
        !self.virtual_key.is_empty() && self.virtual_key != PROVIDERS && self.model_name == "*"
    }

    /// `global` or `virtual_key`.
    pub(super) fn scope(&self) -> &'static str {
        if self.virtual_key.is_empty() { "global" } else { "virtual_key" }
    }
}
