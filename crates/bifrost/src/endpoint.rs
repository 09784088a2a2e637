//! Every management call Gangway can make, as data: the relay's route table, the engine and the sandbox all
//! read this one list. Source: `reference/bifrost-api.md` 2.

use std::collections::BTreeMap;

/// The verb of a call.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Method {
    /// Reads.
    Get,
    /// Creates.
    Post,
    /// Replaces.
    Put,
    /// Removes.
    Delete,
}

impl Method {
    /// The verb as HTTP spells it.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Get => "GET",
            Self::Post => "POST",
            Self::Put => "PUT",
            Self::Delete => "DELETE",
        }
    }
}

/// A path template names a parameter that was not given.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the path of {endpoint} needs {parameter}")]
pub struct MissingParameter {
    /// The endpoint's id.
    pub endpoint: &'static str,
    /// The parameter's name.
    pub parameter: String,
}

macro_rules! endpoints {
    ($($(#[$doc:meta])* $name:ident = $id:literal, $method:ident, $template:literal;)+) => {
        /// A management endpoint of the gateway.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub enum Endpoint {
            $($(#[$doc])* $name,)+
        }

        impl Endpoint {
            /// All of them, in reading order.
            pub const ALL: &'static [Self] = &[$(Self::$name,)+];

            /// The stable name used between console and relay.
            pub const fn id(self) -> &'static str {
                match self { $(Self::$name => $id,)+ }
            }

            /// The verb.
            pub const fn method(self) -> Method {
                match self { $(Self::$name => Method::$method,)+ }
            }

            /// The path with `{parameter}` segments.
            pub const fn template(self) -> &'static str {
                match self { $(Self::$name => $template,)+ }
            }
        }
    };
}

endpoints! {
    /// `"v1.5.16"`; public.
    Version = "version", Get, "/api/version";
    /// 200 when ready; public.
    Health = "health", Get, "/health";
    /// Whether the management API is locked; public.
    SessionState = "session_state", Get, "/api/session/is-auth-enabled";
    /// `client_config` and friends.
    ConfigGet = "config_get", Get, "/api/config";
    /// Replaces it; a partial body resets the rest (`reference/bifrost-api.md` 2.5).
    ConfigPut = "config_put", Put, "/api/config";
    /// All providers.
    ProviderList = "provider_list", Get, "/api/providers";
    /// One provider.
    ProviderGet = "provider_get", Get, "/api/providers/{provider}";
    /// Creates a provider.
    ProviderCreate = "provider_create", Post, "/api/providers";
    /// Replaces a provider; what is left out is erased.
    ProviderUpdate = "provider_update", Put, "/api/providers/{provider}";
    /// Removes a provider.
    ProviderDelete = "provider_delete", Delete, "/api/providers/{provider}";
    /// The keys of a provider.
    ProviderKeyList = "provider_key_list", Get, "/api/providers/{provider}/keys";
    /// One key of a provider.
    ProviderKeyGet = "provider_key_get", Get, "/api/providers/{provider}/keys/{id}";
    /// Adds a key to a provider.
    ProviderKeyCreate = "provider_key_create", Post, "/api/providers/{provider}/keys";
    /// Replaces a key, its value included.
    ProviderKeyUpdate = "provider_key_update", Put, "/api/providers/{provider}/keys/{id}";
    /// Removes a key.
    ProviderKeyDelete = "provider_key_delete", Delete, "/api/providers/{provider}/keys/{id}";
    /// Price overrides.
    PricingOverrideList = "pricing_override_list", Get, "/api/governance/pricing-overrides";
    /// Creates a price override (201).
    PricingOverrideCreate = "pricing_override_create", Post, "/api/governance/pricing-overrides";
    /// Replaces a price override.
    PricingOverrideUpdate = "pricing_override_update", Put, "/api/governance/pricing-overrides/{id}";
    /// Removes a price override.
    PricingOverrideDelete = "pricing_override_delete", Delete, "/api/governance/pricing-overrides/{id}";
    /// Customers.
    CustomerList = "customer_list", Get, "/api/governance/customers";
    /// One customer.
    CustomerGet = "customer_get", Get, "/api/governance/customers/{id}";
    /// Creates a customer.
    CustomerCreate = "customer_create", Post, "/api/governance/customers";
    /// Replaces a customer.
    CustomerUpdate = "customer_update", Put, "/api/governance/customers/{id}";
    /// Removes a customer; what hangs on it loses the link and stays active.
    CustomerDelete = "customer_delete", Delete, "/api/governance/customers/{id}";
    /// Teams.
    TeamList = "team_list", Get, "/api/governance/teams";
    /// One team.
    TeamGet = "team_get", Get, "/api/governance/teams/{id}";
    /// Creates a team.
    TeamCreate = "team_create", Post, "/api/governance/teams";
    /// Replaces a team.
    TeamUpdate = "team_update", Put, "/api/governance/teams/{id}";
    /// Removes a team.
    TeamDelete = "team_delete", Delete, "/api/governance/teams/{id}";
    /// Virtual keys.
    VirtualKeyList = "virtual_key_list", Get, "/api/governance/virtual-keys";
    /// One virtual key.
    VirtualKeyGet = "virtual_key_get", Get, "/api/governance/virtual-keys/{id}";
    /// Creates a virtual key; the gateway makes its value.
    VirtualKeyCreate = "virtual_key_create", Post, "/api/governance/virtual-keys";
    /// Replaces a virtual key.
    VirtualKeyUpdate = "virtual_key_update", Put, "/api/governance/virtual-keys/{id}";
    /// Removes a virtual key.
    VirtualKeyDelete = "virtual_key_delete", Delete, "/api/governance/virtual-keys/{id}";
    /// All budgets, whoever owns them.
    BudgetList = "budget_list", Get, "/api/governance/budgets";
    /// All rate limits, whoever owns them.
    RateLimitList = "rate_limit_list", Get, "/api/governance/rate-limits";
    /// Model configs.
    ModelConfigList = "model_config_list", Get, "/api/governance/model-configs";
    /// One model config.
    ModelConfigGet = "model_config_get", Get, "/api/governance/model-configs/{id}";
    /// Creates a model config.
    ModelConfigCreate = "model_config_create", Post, "/api/governance/model-configs";
    /// Replaces a model config.
    ModelConfigUpdate = "model_config_update", Put, "/api/governance/model-configs/{id}";
    /// Removes a model config.
    ModelConfigDelete = "model_config_delete", Delete, "/api/governance/model-configs/{id}";
    /// Routing rules, by the path that works in every version.
    RoutingRuleList = "routing_rule_list", Get, "/api/governance/routing-rules";
    /// One routing rule.
    RoutingRuleGet = "routing_rule_get", Get, "/api/governance/routing-rules/{id}";
    /// Creates a routing rule.
    RoutingRuleCreate = "routing_rule_create", Post, "/api/governance/routing-rules";
    /// Replaces a routing rule.
    RoutingRuleUpdate = "routing_rule_update", Put, "/api/governance/routing-rules/{id}";
    /// Removes a routing rule.
    RoutingRuleDelete = "routing_rule_delete", Delete, "/api/governance/routing-rules/{id}";
    /// MCP clients.
    McpClientList = "mcp_client_list", Get, "/api/mcp/clients";
    /// Creates an MCP client; the gateway connects to it while answering.
    McpClientCreate = "mcp_client_create", Post, "/api/mcp/client";
    /// Changes what of an MCP client can be changed.
    McpClientUpdate = "mcp_client_update", Put, "/api/mcp/client/{id}";
    /// Removes an MCP client.
    McpClientDelete = "mcp_client_delete", Delete, "/api/mcp/client/{id}";
    /// JSON with `users` on the Enterprise edition only.
    UserList = "user_list", Get, "/api/governance/users";
    /// The models a virtual key sees; proves that an anonymous call is refused.
    ModelList = "model_list", Get, "/v1/models";
}

impl Endpoint {
    /// The endpoint of that id.
    pub fn from_id(id: &str) -> Option<Self> {
        Self::ALL.iter().copied().find(|endpoint| endpoint.id() == id)
    }

    /// The path with its parameters filled in, each percent-encoded as one segment.
    pub fn path(self, params: &BTreeMap<String, String>) -> Result<String, MissingParameter> {
        let mut path = String::new();
        for segment in self.template().split('/').skip(1) {
            path.push('/');
            match segment.strip_prefix('{').and_then(|rest| rest.strip_suffix('}')) {
                None => path.push_str(segment),
                Some(name) => {
                    let value = params
                        .get(name)
                        .ok_or_else(|| MissingParameter { endpoint: self.id(), parameter: name.to_owned() })?;
                    encode_segment(value, &mut path);
                }
            }
        }
        Ok(path)
    }
}

/// Percent-encodes everything but unreserved characters, so that no value can leave its segment.
fn encode_segment(value: &str, path: &mut String) {
    const HEX: &[u8; 16] = b"0123456789ABCDEF";
    for byte in value.bytes() {
        let dots_only = value.bytes().all(|b| b == b'.');
        if byte.is_ascii_alphanumeric() || b"-_~".contains(&byte) || (byte == b'.' && !dots_only) {
            path.push(char::from(byte));
        } else {
            path.push('%');
            path.push(char::from(HEX[usize::from(byte >> 4)]));
            path.push(char::from(HEX[usize::from(byte & 15)]));
        }
    }
}

/// A call to the gateway, before any secret is filled in.
///
/// In `body`, an object `{"$secret": "<slot>"}` stands for a value that the driver takes from the vault at the
/// last moment (see [`crate::hole`]).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Call {
    /// Which endpoint.
    pub endpoint: Endpoint,
    /// The parameters of its path.
    pub params: BTreeMap<String, String>,
    /// The query, such as `limit` and `offset`.
    pub query: BTreeMap<String, String>,
    /// The JSON body, with holes.
    pub body: Option<serde_json::Value>,
}

impl Call {
    /// A call without parameters, query or body.
    pub fn new(endpoint: Endpoint) -> Self {
        Self { endpoint, params: BTreeMap::new(), query: BTreeMap::new(), body: None }
    }

    /// With one path parameter.
    #[must_use]
    pub fn param(mut self, name: &str, value: impl Into<String>) -> Self {
        self.params.insert(name.to_owned(), value.into());
        self
    }

    /// With one query parameter.
    #[must_use]
    pub fn query(mut self, name: &str, value: impl Into<String>) -> Self {
        self.query.insert(name.to_owned(), value.into());
        self
    }

    /// With a body.
    #[must_use]
    pub fn body(mut self, body: serde_json::Value) -> Self {
        self.body = Some(body);
        self
    }
}

/// What came back from the gateway: whatever it was, as text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Answer {
    /// The HTTP status.
    pub status: u16,
    /// The media type without parameters, in lower case.
    pub content_type: String,
    /// The body as it came.
    pub body: String,
}

impl Answer {
    /// The body as JSON, if the answer is JSON at all: unknown GETs answer `200 text/html`
    /// (`reference/bifrost-api.md` 0).
    pub fn json(&self) -> Option<serde_json::Value> {
        self.read()
    }

    /// What is wanted of the body, if the answer is JSON that holds it. What is not wanted is not built.
    pub fn read<T: serde::de::DeserializeOwned>(&self) -> Option<T> {
        serde_json::from_str(Some(self.body.as_str()).filter(|_| self.says_json())?).ok()
    }

    /// Whether the answer is JSON to its end, without building what it holds.
    pub fn is_json(&self) -> bool {
        self.read::<serde::de::IgnoredAny>().is_some()
    }

    /// Whether the answer says that it is JSON; what says so may still be cut off.
    pub fn says_json(&self) -> bool {
        self.content_type.starts_with("application/json")
    }

    /// Whether the status is 2xx.
    pub const fn is_success(&self) -> bool {
        self.status >= 200 && self.status < 300
    }

    /// The gateway's own words on an error, from `error.message`.
    pub fn message(&self) -> Option<String> {
        let json = self.json()?;
        let error = json.get("error")?;
        let text = error.get("message").and_then(serde_json::Value::as_str).or_else(|| error.as_str())?;
        Some(text.to_owned())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_value_cannot_leave_its_segment() {
        let path = |value: &str| {
            Endpoint::ProviderGet.path(&BTreeMap::from([("provider".to_owned(), value.to_owned())])).unwrap_or_default()
        };
        assert_eq!(path("openai"), "/api/providers/openai");
        assert_eq!(path("../config"), "/api/providers/..%2Fconfig");
        assert_eq!(path(".."), "/api/providers/%2E%2E");
        assert_eq!(path("a b?x#y%"), "/api/providers/a%20b%3Fx%23y%25");
    }

    #[test]
    fn ids_are_unique_and_lead_back() {
        for endpoint in Endpoint::ALL {
            assert_eq!(Endpoint::from_id(endpoint.id()), Some(*endpoint));
        }
    }
}
