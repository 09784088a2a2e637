//! MCP clients. The gateway connects while it answers; unless told otherwise nothing is reachable (topics 10, 10b).

use std::collections::BTreeMap;

use model::Moment;
use serde_json::{Map, Value, json};

use super::State;
use super::body::{Body, Shape};
use super::paging;
use super::reply::{Outcome, Refusal, ok};
use super::secret::Secret;
use super::state::McpClient;
use crate::Release;

pub(super) const SHAPE: &[(&str, Shape)] = &[
    ("client_id", Shape::Text),
    ("name", Shape::Text),
    ("connection_type", Shape::Text),
    ("connection_string", Shape::Any),
    ("stdio_config", Shape::Fields(&[("command", Shape::Text), ("args", Shape::Any), ("envs", Shape::Any)])),
    ("auth_type", Shape::Text),
    ("headers", Shape::Map(&Shape::Any)),
    ("tools_to_execute", Shape::List(&Shape::Text)),
];

impl State {
    /// `GET /api/mcp/clients`: paged even when no page was asked for.
    pub(super) fn list_mcp_clients(&self, query: &BTreeMap<String, String>) -> Outcome {
        let unasked = self.release.mcp_page().map(|limit| paging::Page { limit, offset: 0 });
        let page = paging::read(query, &["search"])?.or(unasked);
        let found: Vec<&McpClient> =
            self.mcp_clients.iter().filter(|client| paging::matches(query, &client.name)).collect();
        ok(&paging::answer("clients", &found, page, |client| self.show_mcp_client(client)))
    }

    /// `POST /api/mcp/client`.
    pub(super) fn create_mcp_client(&mut self, text: &str, now: Moment) -> Outcome {
        let body = Body::read(text, SHAPE)?;
        let name = body.text_or_empty("name");
        check_name(&name).map_err(|problem| Refusal::bad(format!("Invalid client name: {problem}")))?;
        if self.mcp_clients.iter().any(|client| client.name == name) {
            return Err(Refusal::new(409, "An MCP client with this name already exists"));
        }
        let connected = self.connect(&name, &body).map_err(|problem| {
            Refusal::failed(format!("Failed to connect MCP client: failed to connect MCP client: {problem}"))
        })?;
        let client = McpClient { connected, ..self.read_mcp_client(&body, now) };
        self.mcp_clients.push(client);
        ok(&json!({ "message": "MCP client connected successfully", "status": "success" }))
    }

    /// The client of a request, not connected.
    pub(super) fn read_mcp_client(&mut self, body: &Body, now: Moment) -> McpClient {
        let secret = |value: Option<&Value>| Secret::read(value, &self.environment, self.release);
        let headers = body.get("headers").and_then(Value::as_object);
        let headers: BTreeMap<String, Secret> =
            headers.into_iter().flatten().map(|(name, value)| (name.clone(), secret(Some(value)))).collect();
        let connection_string = secret(body.get("connection_string"));
        let connected = self.mcp_servers.contains(&connection_string.value);
        McpClient {
            row: self.mint.row("mcp_client"),
            id: match body.text("client_id").filter(|id| !id.is_empty()) {
                Some(id) => id.to_owned(),
                None => self.mint.uuid(),
            },
            connection_type: body.text_or_empty("connection_type"),
            connection_string,
            auth_type: body.text("auth_type").filter(|kind| !kind.is_empty()).unwrap_or("headers").to_owned(),
            headers,
            tools: body.texts("tools_to_execute").unwrap_or_default(),
            name: body.text_or_empty("name"),
            connected,
            created: now,
            updated: now,
        }
    }

    /// `PUT /api/mcp/client/{id}`: only the editable part.
    pub(super) fn update_mcp_client(&mut self, id: &str, text: &str, now: Moment) -> Outcome {
        let body = Body::read(text, SHAPE)?;
        let client = self.mcp_clients.iter_mut().find(|client| client.id == id);
        let client = client.ok_or_else(|| Refusal::missing("MCP client not found"))?;
        if let Some(name) = body.text("name").filter(|name| !name.is_empty()) {
            name.clone_into(&mut client.name);
        }
        client.tools = body.texts("tools_to_execute").unwrap_or_default();
        client.updated = now;
        ok(&json!({ "message": "MCP client edited successfully", "status": "success" }))
    }

    /// `POST /api/mcp/client/{id}/reconnect`.
    pub(super) fn reconnect_mcp_client(&self, id: &str) -> Outcome {
        if !self.mcp_clients.iter().any(|client| client.id == id) {
            return Err(Refusal::missing("MCP client not found"));
        }
        ok(&json!({ "message": "MCP client reconnected successfully", "status": "success" }))
    }

    /// `DELETE /api/mcp/client/{id}`; virtual keys lose the entry.
    pub(super) fn delete_mcp_client(&mut self, id: &str) -> Outcome {
        let index = self.mcp_clients.iter().position(|client| client.id == id).ok_or_else(|| {
            Refusal::failed(format!("failed to delete MCP config: MCP client with id '{id}' not found"))
        })?;
        let client = self.mcp_clients.remove(index);
        for key in &mut self.virtual_keys {
            key.mcp_configs.retain(|config| config.client_row != client.row);
        }
        ok(&json!({ "message": "MCP client removed successfully", "status": "success" }))
    }

    /// Dials the server: whether it answers, or why the client is refused.
    fn connect(&self, name: &str, body: &Body) -> Result<bool, String> {
        let address = Secret::read(body.get("connection_string"), &self.environment, self.release).value;
        let kind = body.text_or_empty("connection_type");
        let failed = |what: &str| {
            Err(format!("failed to connect to MCP client {name}: failed to connect MCP client {name}: {what}"))
        };
        match kind.as_str() {
            "http" | "sse" if address.is_empty() => {
                let kind = kind.to_uppercase();
                Err(format!(
                    "invalid MCP client configuration: ConnectionString is required for {kind} connection type in \
                     client '{name}'"
                ))
            }
            "http" | "sse" if self.mcp_servers.contains(&address) => Ok(true),
            "http" | "sse" if self.release.is_second() && body.text("auth_type") == Some("headers") => Ok(false),
            "http" | "sse" => failed(&format!(
                "failed to initialize MCP client after 5 retries: transport error: failed to send request: failed to \
                 send request: Post \"{address}\": context deadline exceeded"
            )),
            "stdio" => {
                let command = body.object("stdio_config").unwrap_or_default().text_or_empty("command");
                failed(&format!(
                    "failed to start MCP client transport after 5 retries: failed to start command: fork/exec \
                     {command}: no such file or directory"
                ))
            }
            _ => Err(format!("invalid MCP client configuration: unknown connection type '{kind}' in client '{name}'")),
        }
    }

    fn show_mcp_client(&self, client: &McpClient) -> Value {
        let release = self.release;
        let mut config = json!({
            "client_id": client.id,
            "name": client.name,
            "is_code_mode_client": false,
            "connection_type": client.connection_type,
            "connection_string": client.connection_string.show(release),
            "auth_type": client.auth_type,
            "is_ping_available": true,
            "tool_sync_interval": 600_000_000_000_i64,
            "disabled": false,
            "allow_on_all_virtual_keys": false,
        });
        if !client.headers.is_empty() {
            let headers = client.headers.iter().map(|(name, value)| (name.clone(), value.show(release)));
            config["headers"] = Value::Object(headers.collect::<Map<_, _>>());
        }
        if !client.tools.is_empty() {
            config["tools_to_execute"] = json!(client.tools);
        }
        json!({
            "config": config,
            "tools": if client.connected { tools() } else { json!([]) },
            "state": if release.is_second() { "healthy" } else { "connected" },
            "vk_configs": [],
        })
    }
}

impl McpClient {
    /// As a virtual key shows it.
    pub(super) fn show_in_virtual_key(&self, release: Release) -> Value {
        let mut shown = json!({
            "id": self.row,
            "client_id": self.id,
            "name": self.name,
            "is_code_mode_client": false,
            "connection_type": self.connection_type,
            "connection_string": self.connection_string.show_open(release),
            "is_ping_available": true,
            "tool_sync_interval": 600,
            "auth_type": self.auth_type,
            "oauth_config_id": null,
            "allow_on_all_virtual_keys": false,
            "disabled": false,
            "config_hash": "",
            "created_at": self.created,
            "updated_at": self.updated,
            "tools_to_execute": self.tools,
            "tools_to_auto_execute": [],
            "headers": {},
            "allowed_extra_headers": [],
            "tool_pricing": {},
            "per_user_header_keys": null,
        });
        if release.is_second() {
            shown["tool_execution_timeout"] = json!(0);
        }
        shown
    }
}

fn check_name(name: &str) -> Result<(), &'static str> {
    if name.is_empty() {
        return Err("name is required for MCP client");
    }
    if !name.is_ascii() {
        return Err("name must contain only ASCII characters");
    }
    if name.contains('-') {
        return Err("name cannot contain hyphens");
    }
    if name.contains(' ') {
        return Err("name cannot contain spaces");
    }
    if name.starts_with(|first: char| first.is_ascii_digit()) {
        return Err("name cannot start with a number");
    }
    Ok(())
}

/// The tools of the small server that was recorded.
fn tools() -> Value {
    json!([
        { "name": "delete_all", "description": "d", "parameters": { "type": "object", "properties": {} } },
        {
            "name": "search_docs",
            "description": "d",
            "parameters": { "type": "object", "properties": { "q": { "type": "string" } } },
        },
    ])
}
