//! The kinds of object on the gateway.

use serde::{Deserialize, Serialize};

/// The kinds of object a gateway holds that Gangway makes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Kind {
    /// A model provider.
    Provider,
    /// A key of a provider.
    ProviderKey,
    /// A price override.
    PricingOverride,
    /// A customer.
    Customer,
    /// A team.
    Team,
    /// A user (Enterprise).
    User,
    /// A membership (Enterprise).
    TeamMember,
    /// An MCP client.
    McpClient,
    /// A virtual key.
    VirtualKey,
    /// A budget or rate limit of a model.
    ModelConfig,
    /// A routing rule.
    RoutingRule,
    /// The gateway's own settings; the last op closes the door to callers without a key.
    ClientConfig,
}

impl Kind {
    /// All kinds, in the order of provisioning (`reference/bifrost-api.md` 9.3).
    pub const ALL: [Self; 12] = [
        Self::Provider,
        Self::ProviderKey,
        Self::PricingOverride,
        Self::Customer,
        Self::Team,
        Self::User,
        Self::TeamMember,
        Self::McpClient,
        Self::VirtualKey,
        Self::ModelConfig,
        Self::RoutingRule,
        Self::ClientConfig,
    ];

    /// The word used in ids and formats.
    pub const fn id(self) -> &'static str {
        match self {
            Self::Provider => "provider",
            Self::ProviderKey => "provider_key",
            Self::PricingOverride => "pricing_override",
            Self::Customer => "customer",
            Self::Team => "team",
            Self::User => "user",
            Self::TeamMember => "team_member",
            Self::McpClient => "mcp_client",
            Self::VirtualKey => "virtual_key",
            Self::ModelConfig => "model_config",
            Self::RoutingRule => "routing_rule",
            Self::ClientConfig => "client_config",
        }
    }

    /// Bifrost's own words for it, as its dashboard shows them.
    pub const fn title(self) -> &'static str {
        match self {
            Self::Provider => "Model provider",
            Self::ProviderKey => "Provider key",
            Self::PricingOverride => "Pricing override",
            Self::Customer => "Customer",
            Self::Team => "Team",
            Self::User => "User",
            Self::TeamMember => "Team member",
            Self::McpClient => "MCP client",
            Self::VirtualKey => "Virtual key",
            Self::ModelConfig => "Model limit",
            Self::RoutingRule => "Routing rule",
            Self::ClientConfig => "Gateway settings",
        }
    }
}
