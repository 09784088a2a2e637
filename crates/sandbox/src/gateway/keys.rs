//! Provider keys (topic 03).

use serde_json::{Map, Value, json};

use super::State;
use super::body::{Body, Shape, number};
use super::credentials;
use super::lists;
use super::providers::unreadable;
use super::reply::{Outcome, Refusal, ok};
use super::secret::Secret;
use super::state::{Key, Part};
use crate::Release;

pub(super) const SHAPE: &[(&str, Shape)] = &[
    ("id", Shape::Text),
    ("name", Shape::Text),
    ("value", Shape::Any),
    ("models", Shape::List(&Shape::Text)),
    ("blacklisted_models", Shape::List(&Shape::Text)),
    ("weight", Shape::Float),
    ("aliases", Shape::Map(&Shape::Any)),
    ("enabled", Shape::Flag),
    ("use_for_batch_api", Shape::Flag),
    ("use_anthropic_endpoints", Shape::Flag),
    ("azure_key_config", Shape::Map(&Shape::Any)),
    ("vertex_key_config", Shape::Map(&Shape::Any)),
    ("bedrock_key_config", Shape::Map(&Shape::Any)),
    ("bedrock_mantle_key_config", Shape::Map(&Shape::Any)),
    ("vllm_key_config", Shape::Map(&Shape::Any)),
    ("ollama_key_config", Shape::Map(&Shape::Any)),
    ("sgl_key_config", Shape::Map(&Shape::Any)),
    ("replicate_key_config", Shape::Map(&Shape::Any)),
];

const NAME_TAKEN: &str = "API key names must be unique across providers. Choose a different name";

/// What the gateway writes where it has no time.
const NO_TIME: &str = "0001-01-01T00:00:00Z";

impl State {
    /// `GET /api/providers/{provider}/keys`; null where there are none.
    pub(super) fn list_keys(&self, provider: &str) -> Outcome {
        let keys: Vec<Value> = self.provider(provider)?.keys.iter().map(|key| key.show(self.release)).collect();
        let total = keys.len();
        ok(&json!({ "keys": if total == 0 { Value::Null } else { Value::Array(keys) }, "total": total }))
    }

    /// `GET /api/keys`: the keys of all providers, in the order in which the providers got theirs.
    pub(super) fn list_all_keys(&self) -> Outcome {
        let mut providers: Vec<_> = self.providers.iter().filter(|(_, provider)| !provider.keys.is_empty()).collect();
        providers.sort_by_key(|(_, provider)| provider.keys.iter().map(|key| key.row).min());
        let keys = providers.into_iter().flat_map(|(name, provider)| provider.keys.iter().map(move |key| (name, key)));
        ok(&Value::Array(keys.map(|(name, key)| key.show_in_all(name, self.release)).collect()))
    }

    /// `GET /api/providers/{provider}/keys/{id}`.
    pub(super) fn get_key(&self, provider: &str, id: &str) -> Outcome {
        let keys = &self.provider(provider)?.keys;
        let key = keys.iter().find(|key| key.id == id).ok_or_else(not_found)?;
        ok(&key.show(self.release))
    }

    /// `POST /api/providers/{provider}/keys`.
    pub(super) fn create_key(&mut self, provider: &str, text: &str) -> Outcome {
        let body = self.read_key_body(text)?;
        if self.provider(provider)?.is_keyless() {
            return Err(Refusal::bad("Cannot add keys to a keyless provider"));
        }
        let mut key = self.read_key(&body);
        key.enabled = Some(body.flag("enabled").unwrap_or(true));
        self.check_key(provider, &key)?;
        key.id = match body.text("id") {
            Some(id) if !id.is_empty() => id.to_owned(),
            _ => self.mint.uuid(),
        };
        self.check_taken(&key, "create")?;
        lists::check(&key.models).map_err(|problem| {
            Refusal::failed(format!("Failed to create provider key: failed to create provider key in store: {problem}"))
        })?;
        key.row = self.mint.row("key");
        self.list_models_with(provider, &mut key);
        let shown = key.show(self.release);
        if let Some(provider) = self.providers.get_mut(provider) {
            provider.keys.push(key);
        }
        ok(&shown)
    }

    /// `PUT /api/providers/{provider}/keys/{id}`: a full replacement; a redacted secret that is sent back stays.
    pub(super) fn update_key(&mut self, provider: &str, id: &str, text: &str) -> Outcome {
        let body = self.read_key_body(text)?;
        let keys = &self.provider(provider)?.keys;
        let stored = keys.iter().find(|key| key.id == id).cloned().ok_or_else(not_found)?;
        let mut key = self.read_key(&body);
        key.enabled = body.flag("enabled").or(self.release.is_second().then_some(true));
        (key.id, key.row) = (stored.id.clone(), stored.row);
        key.value = key.value.or_kept(&stored.value);
        credentials::keep_redacted(&mut key.blocks, &stored.blocks);
        self.check_key(provider, &key)?;
        self.check_taken(&key, "update")?;
        lists::check(&key.models).map_err(|problem| {
            Refusal::failed(format!("Failed to update provider key: failed to update provider key in store: {problem}"))
        })?;
        self.list_models_with(provider, &mut key);
        let shown = key.show(self.release);
        let keys = self.providers.get_mut(provider).map(|provider| &mut provider.keys);
        if let Some(place) = keys.and_then(|keys| keys.iter_mut().find(|key| key.id == id)) {
            *place = key;
        }
        ok(&shown)
    }

    /// `DELETE /api/providers/{provider}/keys/{id}`; virtual keys that name the key lose it.
    pub(super) fn delete_key(&mut self, provider: &str, id: &str) -> Outcome {
        self.provider(provider)?;
        let release = self.release;
        let keys = self.providers.get_mut(provider).map(|provider| &mut provider.keys).ok_or_else(not_found)?;
        let index = keys.iter().position(|key| key.id == id).ok_or_else(not_found)?;
        let key = keys.remove(index);
        for config in self.virtual_keys.iter_mut().flat_map(|key| &mut key.provider_configs) {
            config.key_ids.retain(|key_id| key_id != id);
        }
        ok(&key.show(release))
    }

    fn read_key_body(&self, text: &str) -> Result<Body, Refusal> {
        let body = Body::read(text, SHAPE).map_err(|_| unreadable(self.release))?;
        let mut aliases = body.get("aliases").and_then(Value::as_object).into_iter().flat_map(Map::values);
        if !self.release.takes_alias_objects() && aliases.any(|alias| !alias.is_string()) {
            return Err(unreadable(self.release));
        }
        Ok(body)
    }

    pub(super) fn read_key(&self, body: &Body) -> Key {
        Key {
            id: String::new(),
            row: 0,
            name: body.text_or_empty("name"),
            value: Secret::read(body.get("value"), &self.environment, self.release),
            models: body.texts("models").unwrap_or_default(),
            blacklisted: body.texts("blacklisted_models").unwrap_or_default(),
            weight: body.float("weight").unwrap_or_default(),
            aliases: body.get("aliases").and_then(Value::as_object).cloned().unwrap_or_default(),
            enabled: None,
            use_for_batch_api: body.flag("use_for_batch_api") == Some(true),
            use_anthropic_endpoints: body.flag("use_anthropic_endpoints") == Some(true),
            blocks: credentials::read(body, &self.environment, self.release),
            status: None,
            description: None,
        }
    }

    fn check_key(&self, provider: &str, key: &Key) -> Result<(), Refusal> {
        if key.value.is_empty() && !credentials::may_be_empty(provider) {
            return Err(Refusal::bad("Key value must not be empty"));
        }
        lists::check(&key.blacklisted)
            .map_err(|problem| Refusal::bad(format!("Invalid blacklisted_models: {problem}")))?;
        check_aliases(provider, &key.aliases)?;
        credentials::check(provider, key, self.release)
    }

    pub(super) fn name_is_taken(&self, key: &Key) -> bool {
        let mut others = self.providers.values().flat_map(|provider| &provider.keys);
        others.any(|other| other.name == key.name && other.id != key.id)
    }

    /// Refuses a name, or for a new key an id, that another key has.
    fn check_taken(&self, key: &Key, verb: &str) -> Result<(), Refusal> {
        let id_taken = verb == "create" && self.key(&key.id).is_some();
        if !id_taken && !self.name_is_taken(key) {
            return Ok(());
        }
        if self.release.refuses_taken_names() {
            return Err(Refusal::new(409, NAME_TAKEN));
        }
        let what = if id_taken { "key id" } else { "name" };
        Err(Refusal::failed(format!(
            "Failed to {verb} provider key: failed to {verb} provider key in store: a record with this {what} already \
             exists. Please use a different value"
        )))
    }

    /// Sets what listing the upstream's models with the key comes to.
    pub(super) fn list_models_with(&self, provider: &str, key: &mut Key) {
        let base_url = self.providers.get(provider).map(super::state::Provider::base_url).unwrap_or_default();
        let (status, description) = credentials::listing(provider, base_url, key, self.release);
        (key.status, key.description) = (status.map(str::to_owned), description.map(str::to_owned));
    }
}

impl Key {
    /// As the API shows it.
    pub(super) fn show(&self, release: Release) -> Value {
        let mut shown = Map::new();
        shown.insert("id".to_owned(), json!(self.id));
        shown.insert("name".to_owned(), json!(self.name));
        shown.insert("value".to_owned(), self.value.show(release));
        shown.insert("models".to_owned(), json!(self.models));
        shown.insert("blacklisted_models".to_owned(), json!(self.blacklisted));
        shown.insert("weight".to_owned(), number(self.weight));
        if !self.aliases.is_empty() {
            shown.insert("aliases".to_owned(), Value::Object(self.aliases.clone()));
        }
        for (name, block) in &self.blocks {
            shown.insert(name.clone(), credentials::show(block, release));
        }
        if let Some(enabled) = self.enabled {
            shown.insert("enabled".to_owned(), json!(enabled));
        }
        shown.insert("use_for_batch_api".to_owned(), json!(self.use_for_batch_api));
        if release.is_second() {
            shown.insert("use_anthropic_endpoints".to_owned(), json!(self.use_anthropic_endpoints));
        }
        for (name, value) in [("status", &self.status), ("description", &self.description)] {
            if let Some(value) = value {
                shown.insert(name.to_owned(), json!(value));
            }
        }
        Value::Object(shown)
    }

    /// As a virtual key shows it: without its value.
    pub(super) fn show_in_virtual_key(&self, provider: &str, release: Release) -> Value {
        let mut shown = json!({
            "id": self.row,
            "name": self.name,
            "provider_id": 0,
            "provider": provider,
            "key_id": self.id,
            "value": Secret::default().show(release),
            "weight": null,
            "enabled": self.is_enabled(),
            "created_at": NO_TIME,
            "updated_at": NO_TIME,
            "config_hash": "",
            "use_for_batch_api": self.use_for_batch_api,
            "status": "",
            "models": self.models,
            "blacklisted_models": null,
        });
        if release.is_second() {
            shown["use_anthropic_endpoints"] = json!(self.use_anthropic_endpoints);
        }
        shown
    }

    /// Whether it may be chosen.
    pub(super) fn is_enabled(&self) -> bool {
        self.enabled != Some(false)
    }

    fn show_in_all(&self, provider: &str, release: Release) -> Value {
        json!({
            "id": 0,
            "name": self.name,
            "provider_id": 0,
            "provider": provider,
            "key_id": self.id,
            "value": self.value.show(release),
            "weight": number(self.weight),
            "created_at": NO_TIME,
            "updated_at": NO_TIME,
            "config_hash": "",
            "status": "",
            "models": self.models,
            "blacklisted_models": self.blacklisted,
        })
    }

    /// Without id, times and status; secrets in clear.
    pub(super) fn canonical(&self) -> Value {
        let block = |parts: &std::collections::BTreeMap<String, Part>| -> Map<String, Value> {
            parts.iter().map(|(name, part)| (name.clone(), part.canonical())).collect()
        };
        let blocks: Map<String, Value> =
            self.blocks.iter().map(|(name, parts)| (name.clone(), Value::Object(block(parts)))).collect();
        json!({
            "name": self.name,
            "value": self.value.canonical(),
            "models": self.models,
            "blacklisted_models": self.blacklisted,
            "weight": number(self.weight),
            "aliases": self.aliases,
            "enabled": self.is_enabled(),
            "use_for_batch_api": self.use_for_batch_api,
            "blocks": blocks,
        })
    }
}

fn not_found() -> Refusal {
    Refusal::missing("Provider key not found: not found")
}

fn check_aliases(provider: &str, aliases: &Map<String, Value>) -> Result<(), Refusal> {
    let bad = |problem: String| Err(Refusal::bad(format!("Invalid aliases: {problem}")));
    let mut seen: Vec<String> = Vec::new();
    for (source, target) in aliases {
        if seen.contains(&source.to_lowercase()) {
            return bad(format!("duplicate alias source \"{source}\" (case-insensitive)"));
        }
        seen.push(source.to_lowercase());
        let azure = ["api_version", "anthropic_version", "endpoint"].iter().any(|name| target.get(name).is_some());
        if azure && provider != "azure" {
            return bad(format!(
                "alias \"{source}\": azure sub-config is only valid on Azure keys (got provider \"{provider}\")"
            ));
        }
    }
    Ok(())
}
