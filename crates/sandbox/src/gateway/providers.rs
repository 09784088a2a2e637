//! Providers (topic 02).

use serde_json::{Map, Value, json};
use sha2::{Digest, Sha256};

use super::State;
use super::body::Body;
use super::provider_config::{SHAPE, config_of, default_network, empty_network, millis};
use super::reply::{Outcome, Refusal, ok};
use super::state::Provider;
use super::url;
use crate::Release;

/// The names both recorded releases know (`reference/bifrost-api.md` 3.1).
const STANDARD: &[&str] = &[
    "anthropic",
    "azure",
    "bedrock",
    "cerebras",
    "cohere",
    "elevenlabs",
    "fireworks",
    "gemini",
    "groq",
    "huggingface",
    "mistral",
    "nebius",
    "ollama",
    "openai",
    "opencode-go",
    "opencode-zen",
    "openrouter",
    "parasail",
    "perplexity",
    "replicate",
    "runway",
    "sgl",
    "vertex",
    "vllm",
    "xai",
];

/// The names that came with 1.6.
const STANDARD_SECOND: &[&str] = &["bedrock_mantle", "deepseek"];

/// The names that came with 2.1 and 2.2.
const STANDARD_LATER: &[&str] = &["databricks", "github-copilot", "runware", "sarvam", "typesafe", "wafer"];

/// What a custom provider may be built on.
const BASES: &[&str] = &["anthropic", "bedrock", "cohere", "gemini", "huggingface", "openai", "replicate"];

/// What a listing that cannot be reached leaves behind.
pub(super) const NETWORK_ERROR: &str =
    "network error occurred while connecting to provider API (DNS lookup, connection refused, etc.)";

/// Whether the release knows the provider by itself.
pub(super) fn is_standard(name: &str, release: Release) -> bool {
    STANDARD.contains(&name)
        || (release.is_second() && STANDARD_SECOND.contains(&name))
        || (release > Release::V2_0_0_PRERELEASE3 && STANDARD_LATER.contains(&name))
}

impl State {
    /// `GET /api/providers`.
    pub(super) fn list_providers(&self) -> Outcome {
        let providers: Vec<Value> =
            self.providers.iter().map(|(name, provider)| self.show_provider(name, provider)).collect();
        ok(&json!({ "total": providers.len(), "providers": providers }))
    }

    /// `GET /api/providers/{provider}`.
    pub(super) fn get_provider(&self, name: &str) -> Outcome {
        ok(&self.show_provider(name, self.provider(name)?))
    }

    /// `POST /api/providers`.
    pub(super) fn create_provider(&mut self, text: &str) -> Outcome {
        let body = Body::read(text, SHAPE).map_err(|_| unreadable(self.release))?;
        let name = body.text_or_empty("provider");
        if name.is_empty() {
            return Err(Refusal::bad("Missing provider"));
        }
        let custom = body.object("custom_provider_config");
        check_custom(&name, custom.as_ref(), self.release)?;
        if let Some(sizes) = body.object("concurrency_and_buffer_size") {
            check_sizes(&sizes)?;
        }
        check_network(body.object("network_config").as_ref(), self.release)?;
        if self.providers.contains_key(&name) {
            return Err(Refusal::new(409, format!("Provider {name} already exists")));
        }
        let mut config = config_of(&body, self.release);
        config.entry("network_config").or_insert_with(|| default_network(self.release));
        let provider = Provider { config, loaded: false, keys: Vec::new() };
        let shown = show_fresh(&name, &provider);
        self.providers.insert(name, provider);
        ok(&shown)
    }

    /// `PUT /api/providers/{provider}`: creates what is not there, and erases what is left out.
    pub(super) fn update_provider(&mut self, name: &str, text: &str) -> Outcome {
        let body = Body::read(text, SHAPE).map_err(|_| unreadable(self.release))?;
        if self.release.is_second() && body.get("keys").is_some_and(|keys| *keys != json!([])) {
            return Err(Refusal::bad(
                "keys are not accepted on this endpoint; use POST/PUT /api/providers/{provider}/keys[/{key_id}] to \
                 manage keys",
            ));
        }
        check_sizes(&body.object("concurrency_and_buffer_size").unwrap_or_default())?;
        check_network(body.object("network_config").as_ref(), self.release)?;
        let custom = body.object("custom_provider_config");
        match self.providers.get(name) {
            Some(_) if self.release.keeps_blocks() && !body.has("custom_provider_config") => {}
            Some(stored) => check_custom_kept(name, stored, custom.as_ref())?,
            None => check_custom(name, custom.as_ref(), self.release)?,
        }
        let mut config = config_of(&body, self.release);
        if let Some(stored) = self.providers.get(name).filter(|_| self.release.keeps_blocks()) {
            keep_blocks(&mut config, &body, &stored.config);
        }
        config.entry("network_config").or_insert_with(empty_network);
        let keys = self.providers.get(name).map(|stored| stored.keys.clone()).unwrap_or_default();
        let supported = is_standard(name, self.release) || config.contains_key("custom_provider_config");
        let provider = Provider { config, loaded: supported, keys };
        let shown = show_fresh(name, &provider);
        self.providers.insert(name.to_owned(), provider);
        if !supported {
            return Err(Refusal::failed(format!(
                "Failed to update provider: failed to update provider: failed to create provider for the given key: \
                 unsupported provider: {name}"
            )));
        }
        ok(&shown)
    }

    /// `DELETE /api/providers/{provider}`: a 200 whether it was there or not.
    pub(super) fn delete_provider(&mut self, name: &str) -> Outcome {
        self.providers.remove(name);
        let mut closed = Vec::new();
        for key in &mut self.virtual_keys {
            let before = key.provider_configs.len();
            key.provider_configs.retain(|config| config.provider != name);
            if key.provider_configs.len() < before {
                closed.push(key.id.clone());
            }
        }
        for id in closed {
            self.drop_key_limits(&id, Some(name));
        }
        ok(&json!({
            "name": name,
            "network_config": empty_network(),
            "concurrency_and_buffer_size": { "concurrency": 0, "buffer_size": 0 },
            "proxy_config": null,
            "send_back_raw_request": false,
            "send_back_raw_response": false,
            "store_raw_request_response": false,
            "provider_status": "",
        }))
    }

    /// The provider of that name.
    pub(super) fn provider(&self, name: &str) -> Result<&Provider, Refusal> {
        self.providers.get(name).ok_or_else(|| Refusal::missing("Provider not found: not found"))
    }

    fn show_provider(&self, name: &str, provider: &Provider) -> Value {
        let mut shown = show_fresh(name, provider);
        if let Some(item) = self.file_items.get(&format!("providers/{name}")) {
            let digest = Sha256::digest(item.as_bytes());
            let hash = digest.iter().fold(String::new(), |digits, byte| digits + &format!("{byte:02x}"));
            shown["config_hash"] = json!(hash);
        }
        if !provider.is_keyless() {
            let supported = is_standard(name, self.release) || provider.config.contains_key("custom_provider_config");
            let loaded = provider.loaded || !provider.keys.is_empty() || self.release.loads_without_keys();
            shown["provider_status"] = json!(if loaded && supported { "active" } else { "error" });
            shown["status"] = json!("unknown");
        }
        shown
    }
}

impl Provider {
    /// Whether it takes no keys.
    pub(super) fn is_keyless(&self) -> bool {
        self.config.get("custom_provider_config").is_some_and(|custom| custom["is_key_less"] == json!(true))
    }

    /// Its base URL; empty for the vendor's own.
    pub(super) fn base_url(&self) -> &str {
        self.config.get("network_config").and_then(|network| network["base_url"].as_str()).unwrap_or_default()
    }
}

/// What the handlers of providers and keys say to a body they cannot read.
pub(super) fn unreadable(release: Release) -> Refusal {
    Refusal::bad(if release.is_second() { "Invalid request payload" } else { "Invalid JSON" })
}

pub(super) fn check_custom(name: &str, custom: Option<&Body>, release: Release) -> Result<(), Refusal> {
    let Some(custom) = custom else { return Ok(()) };
    if is_standard(name, release) {
        return Err(Refusal::bad("Custom provider cannot be same as a standard provider"));
    }
    match custom.text("base_provider_type") {
        None | Some("") => Err(Refusal::bad("BaseProviderType is required when CustomProviderConfig is provided")),
        Some(base) if !BASES.contains(&base) => Err(Refusal::bad("BaseProviderType must be a standard provider")),
        Some("bedrock") if custom.flag("is_key_less") == Some(true) => {
            Err(Refusal::bad("Invalid custom provider config: bedrock cannot be key-less"))
        }
        Some(_) => Ok(()),
    }
}

/// Takes over the blocks that a request leaves out; null clears one (`reference/bifrost-api.md` 2.2).
fn keep_blocks(config: &mut Map<String, Value>, body: &Body, stored: &Map<String, Value>) {
    for name in ["proxy_config", "custom_provider_config", "openai_config"] {
        if let Some(block) = stored.get(name).filter(|_| !body.has(name)) {
            config.insert(name.to_owned(), block.clone());
        }
    }
}

fn check_custom_kept(name: &str, stored: &Provider, custom: Option<&Body>) -> Result<(), Refusal> {
    let Some(before) = stored.config.get("custom_provider_config") else { return Ok(()) };
    let before = before["base_provider_type"].as_str().unwrap_or_default();
    let problem = match custom.map(|custom| custom.text_or_empty("base_provider_type")) {
        None => format!("custom_provider_config cannot be removed after creation for provider {name}"),
        Some(after) if after != before => {
            format!("provider {name}: base_provider_type cannot be changed from {before} to {after} after creation")
        }
        Some(_) => return Ok(()),
    };
    Err(Refusal::bad(format!("Invalid custom provider config: {problem}")))
}

fn check_sizes(sizes: &Body) -> Result<(), Refusal> {
    let (concurrency, buffer) =
        (sizes.int("concurrency").unwrap_or_default(), sizes.int("buffer_size").unwrap_or_default());
    if concurrency <= 0 {
        return Err(Refusal::bad("Concurrency must be greater than 0"));
    }
    if buffer <= 0 {
        return Err(Refusal::bad("Buffer size must be greater than 0"));
    }
    if concurrency > buffer {
        return Err(Refusal::bad("Concurrency must be less than or equal to buffer size"));
    }
    Ok(())
}

fn check_network(network: Option<&Body>, release: Release) -> Result<(), Refusal> {
    let Some(network) = network else { return Ok(()) };
    let initial = network.get("retry_backoff_initial").map_or(0, millis);
    let max = network.get("retry_backoff_max").map_or(0, millis);
    if initial > 0 && max > 0 && initial > max {
        return Err(Refusal::bad(
            "Invalid retry backoff: retry backoff initial must be less than or equal to retry backoff max",
        ));
    }
    let allow_private = network.flag("allow_private_network") == Some(true);
    match network.text("base_url") {
        None | Some("") => Ok(()),
        Some(_) if !release.checks_addresses() => Ok(()),
        Some(base_url) => {
            url::check(base_url, allow_private).map_err(|problem| Refusal::bad(format!("Invalid base URL: {problem}")))
        }
    }
}

/// As create and update answer, which is kinder than what a read says afterwards.
fn show_fresh(name: &str, provider: &Provider) -> Value {
    let mut shown = provider.config.clone();
    shown.insert("name".to_owned(), json!(name));
    shown.insert("provider_status".to_owned(), json!("active"));
    if provider.is_keyless() {
        let reached = url::is_loopback(provider.base_url());
        shown.insert("status".to_owned(), json!(if reached { "success" } else { "list_models_failed" }));
        if !reached {
            shown.insert("description".to_owned(), json!(NETWORK_ERROR));
        }
    }
    Value::Object(shown)
}
