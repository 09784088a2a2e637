//! Which tools of MCP clients a virtual key may call on the gateway, as an executable statement: one of the two sides of
//! the check of tools. The other is `litellm::tools`; neither knows the other.
//! Source: `reference/bifrost-api.md` 2.14, 3.6, 4.1: empty lists are none from 1.5 on, a virtual key without an entry
//! for a client may not use it, unless the client is open to all of them. Where the gateway's behaviour is not settled,
//! this side allows more.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;

/// A client of an MCP server.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
struct Client {
    tools: BTreeSet<String>,
    /// Every virtual key may use it.
    for_all: bool,
}

/// The clients of a gateway, by name.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Clients(BTreeMap<String, Client>);

/// What a virtual key says of tools, by client.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct Granted(BTreeMap<String, BTreeSet<String>>);

impl Clients {
    /// Adds the client of a body, in place of one of its name.
    pub fn put(&mut self, body: &Value) {
        let Some(name) = body.get("name").and_then(Value::as_str) else { return };
        let on = |field: &str| body.get(field) == Some(&Value::Bool(true));
        let client = Client {
            tools: texts(body.get("tools_to_execute")),
            // The newer name, and the older one that is still taken.
            for_all: on("allow_by_default") || on("allow_on_all_virtual_keys"),
        };
        self.0.insert(name.to_owned(), client);
    }

    /// The names of all clients.
    pub fn names(&self) -> impl Iterator<Item = &str> {
        self.0.keys().map(String::as_str)
    }

    /// Every tool that a client names.
    pub fn named(&self) -> impl Iterator<Item = &str> {
        self.0.values().flat_map(|client| &client.tools).map(String::as_str).filter(|tool| *tool != "*")
    }

    /// Whether a virtual key of these grants may call the tool of the client.
    pub fn may_call(&self, granted: &Granted, client: &str, tool: &str) -> bool {
        let Some(found) = self.0.get(client) else { return false };
        let within = |tools: &BTreeSet<String>| tools.contains("*") || tools.contains(tool);
        within(&found.tools) && (found.for_all || granted.0.get(client).is_some_and(within))
    }
}

impl Granted {
    /// Reads the list of a virtual key's body.
    pub fn read(list: Option<&Value>) -> Self {
        let mut granted: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
        for config in list.and_then(Value::as_array).into_iter().flatten() {
            let Some(name) = config.get("mcp_client_name").and_then(Value::as_str) else { continue };
            granted.entry(name.to_owned()).or_default().extend(texts(config.get("tools_to_execute")));
        }
        Self(granted)
    }

    /// Every tool it names.
    pub fn named(&self) -> impl Iterator<Item = &str> {
        self.0.values().flatten().map(String::as_str).filter(|tool| *tool != "*")
    }
}

fn texts(value: Option<&Value>) -> BTreeSet<String> {
    value.and_then(Value::as_array).into_iter().flatten().filter_map(Value::as_str).map(str::to_owned).collect()
}
