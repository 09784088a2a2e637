//! What a gateway holds.

use std::collections::BTreeMap;

use model::Moment;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use super::catalogue::Catalogue;
use super::limits::Limits;
use super::mint::Mint;
use super::secret::Secret;
use super::spending::Spent;
use crate::Release;

/// Everything, ids included.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(super) struct State {
    pub(super) release: Release,
    pub(super) mint: Mint,
    /// The environment variables of the gateway's host.
    pub(super) environment: BTreeMap<String, String>,
    pub(super) catalogue: Catalogue,
    /// The addresses at which an MCP server answers.
    pub(super) mcp_servers: Vec<String>,
    pub(super) setup_token: Option<String>,
    /// The tokens of those who logged in.
    #[serde(default)]
    pub(super) sessions: Vec<String>,
    /// The same of those who showed the setup token.
    #[serde(default)]
    pub(super) setup_sessions: Vec<String>,
    /// What was spent, by budget and rate limit.
    #[serde(default)]
    pub(super) spent: BTreeMap<String, Spent>,
    pub(super) settings: Settings,
    pub(super) providers: BTreeMap<String, Provider>,
    pub(super) customers: Vec<Customer>,
    pub(super) teams: Vec<Team>,
    pub(super) virtual_keys: Vec<VirtualKey>,
    /// By the virtual key they are for; those for all callers under the empty id.
    pub(super) model_configs: BTreeMap<String, Vec<ModelConfig>>,
    pub(super) rules: Vec<Rule>,
    pub(super) overrides: Vec<Value>,
    pub(super) mcp_clients: Vec<McpClient>,
    /// The items of the `config.json` of the last start, by list and id.
    #[serde(default)]
    pub(super) file_items: BTreeMap<String, String>,
}

/// `GET /api/config`.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(super) struct Settings {
    /// `client_config` as it is in memory.
    pub(super) client: Map<String, Value>,
    /// Whether it came from the database: a first start without a `client` section shows less.
    pub(super) stored: bool,
    /// `framework_config`.
    pub(super) framework: Map<String, Value>,
    /// Why a restart is required.
    pub(super) restart: Option<String>,
    /// The administrator, once there is one.
    pub(super) admin: Option<Admin>,
}

/// The administrator of the management API.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(super) struct Admin {
    pub(super) username: String,
    pub(super) password: String,
    pub(super) enabled: bool,
}

/// A provider.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(super) struct Provider {
    /// The blocks of its configuration, as they are shown.
    pub(super) config: Map<String, Value>,
    /// Whether the running gateway has it loaded: it does after a PUT, and once it has keys or needs none.
    pub(super) loaded: bool,
    pub(super) keys: Vec<Key>,
}

/// A key of a provider.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(super) struct Key {
    pub(super) id: String,
    /// The row number, which virtual keys show.
    pub(super) row: u64,
    pub(super) name: String,
    pub(super) value: Secret,
    pub(super) models: Vec<String>,
    pub(super) blacklisted: Vec<String>,
    pub(super) weight: f64,
    pub(super) aliases: Map<String, Value>,
    pub(super) enabled: Option<bool>,
    pub(super) use_for_batch_api: bool,
    pub(super) use_anthropic_endpoints: bool,
    /// The credential blocks (`azure_key_config`, ...).
    pub(super) blocks: BTreeMap<String, BTreeMap<String, Part>>,
    pub(super) status: Option<String>,
    pub(super) description: Option<String>,
}

/// A field of a credential block.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(super) enum Part {
    /// Shown redacted.
    Secret(Secret),
    /// A secret-capable field that is shown as it is.
    Open(Secret),
    /// Shown as it is.
    Plain(Value),
}

/// A customer.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(super) struct Customer {
    pub(super) id: String,
    pub(super) name: String,
    pub(super) limits: Limits,
    pub(super) calendar_aligned: bool,
    pub(super) created: Moment,
    pub(super) updated: Moment,
}

/// A team.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(super) struct Team {
    pub(super) id: String,
    pub(super) name: String,
    pub(super) customer_id: Option<String>,
    pub(super) limits: Limits,
    pub(super) calendar_aligned: bool,
    pub(super) created: Moment,
    pub(super) updated: Moment,
}

/// A virtual key. Its limits are rows of the model configs (`reference/bifrost-api.md` 5).
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(super) struct VirtualKey {
    pub(super) id: String,
    pub(super) name: String,
    pub(super) description: String,
    pub(super) value: String,
    pub(super) is_active: bool,
    /// Whether it is open for every provider.
    #[serde(default)]
    pub(super) all_providers: bool,
    pub(super) provider_configs: Vec<ProviderConfig>,
    pub(super) mcp_configs: Vec<McpConfig>,
    pub(super) team_id: Option<String>,
    pub(super) customer_id: Option<String>,
    pub(super) calendar_aligned: bool,
    /// As it was sent.
    pub(super) expires_at: Option<String>,
    /// Its limits that came from a file, which are no rows of the model configs (topic 24b).
    #[serde(default)]
    pub(super) file_limits: Limits,
    pub(super) created: Moment,
    pub(super) updated: Moment,
}

/// What a virtual key may do at one provider.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(super) struct ProviderConfig {
    pub(super) id: u64,
    pub(super) provider: String,
    pub(super) weight: Option<f64>,
    pub(super) allowed_models: Vec<String>,
    pub(super) blacklisted: Vec<String>,
    pub(super) all_keys: bool,
    pub(super) key_ids: Vec<String>,
}

/// What a virtual key may do with one MCP client.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(super) struct McpConfig {
    pub(super) id: u64,
    pub(super) client_row: u64,
    pub(super) tools: Vec<String>,
}

/// A limit on a model.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(super) struct ModelConfig {
    pub(super) id: String,
    /// Place in the order of creation.
    pub(super) seq: u64,
    pub(super) model_name: String,
    pub(super) provider: Option<String>,
    /// The virtual key it is for; empty for all callers.
    pub(super) virtual_key: String,
    pub(super) limits: Limits,
    pub(super) calendar_aligned: bool,
    pub(super) created: Moment,
    pub(super) updated: Moment,
}

/// A routing rule.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(super) struct Rule {
    pub(super) id: String,
    pub(super) name: String,
    pub(super) description: String,
    pub(super) enabled: bool,
    pub(super) expression: String,
    pub(super) targets: Vec<Target>,
    pub(super) fallbacks: Vec<String>,
    pub(super) scope: String,
    pub(super) scope_id: Option<String>,
    pub(super) chain: bool,
    pub(super) priority: i64,
    pub(super) created: Moment,
    pub(super) updated: Moment,
}

/// A target of a rule.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(super) struct Target {
    pub(super) provider: Option<String>,
    pub(super) model: Option<String>,
    pub(super) key_id: Option<String>,
    pub(super) weight: f64,
}

/// An MCP client.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(super) struct McpClient {
    pub(super) row: u64,
    pub(super) id: String,
    pub(super) name: String,
    pub(super) connection_type: String,
    pub(super) connection_string: Secret,
    pub(super) auth_type: String,
    pub(super) headers: BTreeMap<String, Secret>,
    pub(super) tools: Vec<String>,
    /// Whether its server answers.
    pub(super) connected: bool,
    pub(super) created: Moment,
    pub(super) updated: Moment,
}

impl State {
    /// The customer of that id.
    pub(super) fn customer(&self, id: &str) -> Option<&Customer> {
        self.customers.iter().find(|customer| customer.id == id)
    }

    /// The team of that id.
    pub(super) fn team(&self, id: &str) -> Option<&Team> {
        self.teams.iter().find(|team| team.id == id)
    }

    /// The virtual key of that id; the newest is asked for most.
    pub(super) fn virtual_key(&self, id: &str) -> Option<&VirtualKey> {
        self.virtual_keys.iter().rev().find(|key| key.id == id)
    }

    /// The provider key of that id and the provider it is at.
    pub(super) fn key(&self, id: &str) -> Option<(&str, &Key)> {
        self.providers
            .iter()
            .flat_map(|(name, provider)| provider.keys.iter().map(move |key| (name.as_str(), key)))
            .find(|(_, key)| key.id == id)
    }
}
