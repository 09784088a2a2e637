//! The state of a gateway as read from it.

use std::collections::BTreeMap;

use serde_json::Value;

/// A gateway as it was when it was read. Objects are kept as the gateway showed them.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Observed {
    /// What `GET /api/version` said, without a leading `v`: `1.5.16`.
    pub version: String,
    /// `GET /api/config`, whole.
    pub config: Value,
    /// The providers.
    pub providers: Vec<Value>,
    /// The keys of each provider, by provider name.
    pub provider_keys: BTreeMap<String, Vec<Value>>,
    /// The customers.
    pub customers: Vec<Value>,
    /// The teams.
    pub teams: Vec<Value>,
    /// The virtual keys, their values removed.
    pub virtual_keys: Vec<Value>,
    /// The model configs of global scope.
    pub model_configs: Vec<Value>,
    /// The routing rules.
    pub routing_rules: Vec<Value>,
    /// The price overrides.
    pub pricing_overrides: Vec<Value>,
    /// The MCP clients.
    pub mcp_clients: Vec<Value>,
    /// Whether it has users (Enterprise).
    pub has_users: bool,
}
