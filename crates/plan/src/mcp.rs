//! MCP servers become MCP clients, and who may use their tools is written on each virtual key. A grant of tools is
//! access too: nobody gets one that LiteLLM does not give. Facts: `reference/litellm.md` 2.5, 4.9;
//! `reference/bifrost-api.md` 2.14, 4.1.

use std::collections::{BTreeMap, BTreeSet};

use bifrost::Kind;
use inventory::Entity;
use litellm::access::Key;
use litellm::{Held, Kind as Source};
use model::{Code, Finding, OpId};
use serde_json::{Map, Value, json};

use crate::draft::Planner;
use crate::types::{Fate, Fidelity};

/// The MCP clients of the plan.
#[derive(Clone, Debug, Default)]
pub(crate) struct Clients {
    list: Vec<Client>,
    /// Every word a server is called by, to its client.
    by_word: BTreeMap<String, usize>,
    /// The access groups servers name, to their clients.
    by_group: BTreeMap<String, BTreeSet<usize>>,
    /// Clients of servers that every key may use.
    for_all: BTreeSet<usize>,
}

#[derive(Clone, Debug)]
struct Client {
    name: String,
    op: OpId,
    /// The tools it lets through.
    tools: Tools,
    /// The id of its server.
    server: String,
}

/// The tools of one client; none for all of them.
type Tools = Option<BTreeSet<String>>;

/// What an object permission grants, by client.
type Granted = BTreeMap<usize, Tools>;

/// Fields that say the server asks each caller, or a person, to sign in, or runs on the proxy's host.
const BY_HAND: &[(&str, &str)] = &[
    (
        "command",
        "it is a program on LiteLLM's host; install it where the gateway runs and add it there as a stdio client",
    ),
    ("spec_path", "it is made from an OpenAPI document; from 2.3.1 on the gateway takes one as an openapi client"),
    ("is_byok", "each person brings a credential of their own; add it by hand with auth type per_user_headers"),
    ("delegate_auth_to_upstream", "each caller signs in at the server; add it by hand with auth type per_user_oauth"),
    ("oauth_passthrough", "each caller signs in at the server; add it by hand with auth type per_user_oauth"),
    (
        "disallowed_tools",
        "it forbids some tools, and the gateway only names those that are allowed; name them and add it by hand",
    ),
];

impl Clients {
    /// The servers, by the names of the clients that stand for them.
    pub(crate) fn servers(&self) -> BTreeMap<&str, &str> {
        self.list.iter().map(|client| (client.name.as_str(), client.server.as_str())).collect()
    }
}

impl Planner<'_> {
    /// Plans a client for every server that can be reached without a person.
    pub(crate) fn mcp_clients(&mut self) -> Clients {
        let mut clients = Clients::default();
        for entity in self.wanted(Source::McpServer) {
            match self.client_body(entity) {
                Ok((body, used)) => self.mcp_client(entity, body, &used, &mut clients),
                Err(why) => self.no_client(entity, &why),
            }
        }
        if !clients.list.is_empty() {
            let names: Vec<&str> = clients.list.iter().map(|client| client.name.as_str()).collect();
            self.findings.push(
                Finding::warning(
                    Code::new("plan.mcp"),
                    "MCP servers",
                    format!(
                        "the gateway connects to an MCP server while it is added, so it has to reach {}",
                        names.join(", ")
                    ),
                )
                .hint("leave out a server that is not reachable: keys that use it wait for it"),
            );
        }
        clients
    }

    fn mcp_client(&mut self, entity: &Entity, mut body: Map<String, Value>, used: &[&str], clients: &mut Clients) {
        let name = self.unique(Kind::McpClient, &client_name(&entity.name), "");
        body.insert("name".to_owned(), Value::from(name.as_str()));
        let reason = "an MCP server that the gateway can reach by itself";
        let op = self.draft(Kind::McpClient, &name, Some(Value::Object(body)), reason, entity.origins.clone());
        let source = entity.id.clone();
        self.ledger.goes_into(&source, &op);
        for field in used {
            self.ledger.exact(&source, field, &op, "mcp_client");
        }
        for field in ["server_name", "alias"].into_iter().filter(|field| entity.object.fields.contains_key(field)) {
            let note = "clients see its tools under this name; the gateway takes letters, digits and underscores";
            let (fidelity, note) =
                if entity.name == name { (Fidelity::Exact, "") } else { (Fidelity::Approximate, note) };
            self.ledger.carried(&source, field, &op, "name", fidelity, note);
        }
        let place = clients.list.len();
        let allowed = texts(entity.object.value("allowed_tools"));
        let tools = (!allowed.is_empty()).then(|| allowed.into_iter().collect());
        clients.list.push(Client { name, op, tools, server: entity.object.id.clone() });
        let object = &entity.object;
        let words =
            [object.text("server_id"), object.text("server_name"), object.text("alias"), Some(object.id.as_str())];
        for word in words.into_iter().flatten().chain([entity.name.as_str()]) {
            clients.by_word.entry(word.to_owned()).or_insert(place);
        }
        for group in ["mcp_access_groups", "access_groups"].iter().flat_map(|field| texts(object.value(field))) {
            clients.by_group.entry(group).or_default().insert(place);
        }
        if object.value("allow_all_keys") == Some(&Value::Bool(true)) {
            clients.for_all.insert(place);
        }
    }

    /// The body of a client, and the fields it is made from; else why a person has to add it.
    fn client_body(&self, entity: &Entity) -> Result<(Map<String, Value>, Vec<&'static str>), String> {
        let object = &entity.object;
        for (field, why) in BY_HAND {
            if object.fields.get(field).is_some_and(|field| field.plain() != Some(&Value::Bool(false))) {
                return Err((*why).to_owned());
            }
        }
        if let Some(status) = object.text("approval_status").filter(|status| *status != "active") {
            return Err(format!("it is not in use in LiteLLM ({status})"));
        }
        let kind = match object.text("transport") {
            Some(kind @ ("http" | "sse")) => kind,
            other => {
                return Err(format!(
                    "the gateway cannot be told its transport ({})",
                    other.unwrap_or("none is stated")
                ));
            }
        };
        let url = self.usable(entity, "url").ok_or("its URL cannot be read")?;
        let mut body =
            Map::from_iter([("connection_type".to_owned(), Value::from(kind)), ("connection_string".to_owned(), url)]);
        let mut used = vec!["url", "transport"];
        let headers = self.client_headers(entity, &mut used)?;
        if !headers.is_empty() {
            body.insert("auth_type".to_owned(), Value::from("headers"));
            body.insert("headers".to_owned(), Value::Object(headers));
        }
        let mut tools = texts(object.value("allowed_tools"));
        if tools.is_empty() {
            tools.push("*".to_owned());
        } else {
            used.push("allowed_tools");
        }
        body.insert("tools_to_execute".to_owned(), json!(tools));
        Ok((body, used))
    }

    fn client_headers(&self, entity: &Entity, used: &mut Vec<&'static str>) -> Result<Map<String, Value>, String> {
        const VALUES: &[&str] = &["credentials.auth_value", "authentication_token", "auth_value"];
        let mut headers = Map::new();
        let header = match entity.object.text("auth_type") {
            None | Some("none") => None,
            Some("api_key") => Some("X-API-Key"),
            Some("authorization") => Some("Authorization"),
            Some(kind @ ("bearer_token" | "token" | "basic")) => {
                let word = match kind {
                    "bearer_token" => "Bearer",
                    "token" => "token",
                    _ => "Basic",
                };
                return Err(format!(
                    "LiteLLM puts the word {word} in front of the credential, and the gateway sends a header as it stands; its header is Authorization: {word} CREDENTIAL"
                ));
            }
            Some(kind) => return Err(format!("a person has to sign in or set up {kind} on the gateway")),
        };
        if let Some(header) = header {
            let stated = VALUES.iter().find(|field| entity.object.fields.contains_key(field));
            let value = stated.and_then(|field| self.usable(entity, field));
            let (Some(field), Some(value)) = (stated, value) else {
                return Err("its credential is not in what was read".to_owned());
            };
            headers.insert(header.to_owned(), value);
            used.extend(["auth_type", field]);
        }
        match entity.object.fields.get("static_headers").map(|field| &field.held) {
            None => {}
            Some(Held::Plain(Value::Object(map))) => {
                for (name, value) in map {
                    let value = self.usable_value(value).ok_or_else(|| format!("its header {name} cannot be read"))?;
                    headers.insert(name.clone(), value);
                }
                used.push("static_headers");
            }
            Some(_) => {
                return Err("its headers are sealed as one text; add it by hand with the same headers".to_owned());
            }
        }
        Ok(headers)
    }

    /// A value as a body may hold it: plain, a variable of the gateway's host, or a hole for the secret.
    fn usable(&self, entity: &Entity, field: &str) -> Option<Value> {
        match &entity.object.fields.get(field)?.held {
            Held::Plain(value) => self.usable_value(value),
            Held::Secret(id) => self.usable_value(&bifrost::hole::secret(id)),
        }
    }

    fn usable_value(&self, value: &Value) -> Option<Value> {
        if let Some(bifrost::hole::Hole::Secret(id)) = bifrost::hole::read(value) {
            return match self.vault.environment(&id) {
                Some(name) => Some(Value::from(format!("env.{name}"))),
                None => self.vault.expose(&id).map(|_| value.clone()),
            };
        }
        let text = value.as_str()?;
        Some(litellm::referred(text).map_or_else(|| value.clone(), |name| Value::from(format!("env.{name}"))))
    }

    fn no_client(&mut self, entity: &Entity, why: &str) {
        let source = entity.id.clone();
        self.ledger.ends(&source, Fate::Manual, format!("add it as an MCP client by hand: {why}"));
        let given = ["allow_all_keys", "mcp_access_groups", "access_groups", "server_name", "alias"];
        let is_said = |field: &&str| entity.object.value(field).is_some_and(|value| *value != Value::Bool(false));
        for field in given.into_iter().filter(is_said) {
            let note = "part of the MCP client that has to be added by hand, and of the keys that may use it";
            self.ledger.left(&source, field, Fidelity::Manual, note);
        }
        self.findings.push(
            Finding::warning(
                Code::new("plan.mcp"),
                source.as_str(),
                format!("the MCP server {} is not moved: {why}", entity.name),
            )
            .at(entity.object.origin.clone())
            .hint("add it on the gateway by hand, and name its tools on the virtual keys that may use it"),
        );
    }

    /// The tools a key may use: its own permission within its team's, its user's and its project's, and the servers
    /// that are there for every key.
    pub(crate) fn tools_of(&self, entity: &Entity, key: &Key) -> (Vec<Value>, Vec<OpId>) {
        let clients = &self.clients;
        if clients.list.is_empty() {
            return (Vec::new(), Vec::new());
        }
        let own = self.granted(Some(entity), clients);
        let team = self.granted(key.team.as_ref().and_then(|team| self.entity(Source::Team, team.as_str())), clients);
        let is_on =
            |name: &str| self.setting("general_settings", name).is_some_and(|(_, value)| value == Value::Bool(true));
        let strict = is_on("require_key_mcp_access_defined");
        let scoped = is_on("mcp_allow_all_keys_respects_mcp_scope") && (own.is_some() || team.is_some());
        let mut granted = match (own, team) {
            (Some(own), Some(team)) => within(&own, &team),
            (Some(own), None) => own,
            (None, Some(team)) if !strict => team,
            (None, _) => Granted::new(),
        };
        // Of a server that is there for every key, permissions still say which tools.
        let said = [Some(entity), key.team.as_ref().and_then(|team| self.entity(Source::Team, team.as_str()))];
        for place in clients.for_all.iter().filter(|_| !scoped) {
            let all = Granted::from([(*place, None)]);
            let limits = said.iter().flatten().filter_map(|entity| self.limit(entity, *place, clients));
            let left = limits.fold(all, |left, limit| within(&left, &Granted::from([(*place, Some(limit))])));
            for (place, tools) in left {
                granted.entry(place).or_insert(tools);
            }
        }
        let personal = key.user.as_ref().filter(|_| key.team.is_none());
        let user = personal.and_then(|user| self.entity(Source::User, user.as_str()));
        let project = key.project.as_ref().and_then(|project| self.entity(Source::Project, project));
        for layer in [user, project].into_iter().flatten() {
            if let Some(layer) = self.granted(Some(layer), clients) {
                granted = within(&granted, &layer);
            }
        }
        // Written out, so that a client that is opened further later opens nothing here.
        let whole: Granted = clients.list.iter().map(|client| client.tools.clone()).enumerate().collect();
        let granted = within(&granted, &whole);
        let named = granted.iter().filter_map(|(place, tools)| Some((clients.list.get(*place)?, tools)));
        named
            .filter(|(_, tools)| tools.as_ref().is_none_or(|tools| !tools.is_empty()))
            .map(|(client, tools)| {
                let tools = tools.as_ref().map_or_else(|| json!(["*"]), |tools| json!(tools));
                (json!({ "mcp_client_name": client.name, "tools_to_execute": tools }), client.op.clone())
            })
            .unzip()
    }

    /// A permission is part of every key that has it.
    pub(crate) fn account_permission(&mut self, entity: &Entity, op: &OpId) {
        let Some(id) = entity.object.text("object_permission_id") else { return };
        let Some(permission) = self.entity(Source::ObjectPermission, id) else { return };
        let source = permission.id.clone();
        self.ledger.goes_into(&source, op);
        self.ledger.ends(&source, Fate::Folded, "what it grants of MCP tools is on the keys that have it");
        self.ledger.exact(&entity.id, "object_permission_id", op, "mcp_configs");
    }

    /// The tools of a client that the permission of an object leaves; none where it says nothing of them.
    fn limit(&self, entity: &Entity, place: usize, clients: &Clients) -> Option<BTreeSet<String>> {
        let id = entity.object.text("object_permission_id")?;
        let permission = &self.entity(Source::ObjectPermission, id)?.object;
        let named = permission.value("mcp_tool_permissions").and_then(Value::as_object).into_iter().flatten();
        let is_here = |word: &str| clients.by_word.get(word) == Some(&place);
        let lists = named.filter(|(word, _)| is_here(word)).map(|(_, tools)| texts(Some(tools)).into_iter().collect());
        let only: Option<BTreeSet<String>> =
            lists.reduce(|all: BTreeSet<String>, one| all.intersection(&one).cloned().collect());
        let blocked: BTreeSet<String> = texts(permission.value("blocked_tools")).into_iter().collect();
        // All but some cannot be said, so it is none.
        match only {
            Some(only) => Some(only.difference(&blocked).cloned().collect()),
            None => (!blocked.is_empty()).then(BTreeSet::new),
        }
    }

    /// What the permission of an object grants; none where it has none, or one without a word about MCP.
    fn granted(&self, entity: Option<&Entity>, clients: &Clients) -> Option<Granted> {
        let id = entity?.object.text("object_permission_id")?;
        let permission = &self.entity(Source::ObjectPermission, id)?.object;
        let servers = texts(permission.value("mcp_servers"));
        let groups = texts(permission.value("mcp_access_groups"));
        let tools = permission.value("mcp_tool_permissions").and_then(Value::as_object);
        if servers.is_empty() && groups.is_empty() && tools.is_none_or(Map::is_empty) {
            return None;
        }
        let mut granted: Granted =
            servers.iter().filter_map(|word| clients.by_word.get(word)).map(|place| (*place, None)).collect();
        for place in groups.iter().filter_map(|group| clients.by_group.get(group)).flatten() {
            granted.entry(*place).or_insert(None);
        }
        for (word, named) in tools.into_iter().flatten() {
            let named: BTreeSet<String> = texts(Some(named)).into_iter().collect();
            if let Some(entry) = clients.by_word.get(word).and_then(|place| granted.get_mut(place)) {
                *entry = Some(named);
            }
        }
        let blocked: BTreeSet<String> = texts(permission.value("blocked_tools")).into_iter().collect();
        if !blocked.is_empty() {
            // All but some cannot be said, so it is none.
            for tools in granted.values_mut() {
                *tools = Some(tools.take().into_iter().flatten().filter(|tool| !blocked.contains(tool)).collect());
            }
        }
        Some(granted)
    }
}

/// What both grant.
fn within(left: &Granted, right: &Granted) -> Granted {
    let both = left.iter().filter_map(|(place, tools)| Some((*place, tools, right.get(place)?)));
    both.map(|(place, left, right)| {
        let tools = match (left, right) {
            (Some(left), Some(right)) => Some(left.intersection(right).cloned().collect()),
            (Some(one), None) | (None, Some(one)) => Some(one.clone()),
            (None, None) => None,
        };
        (place, tools)
    })
    .collect()
}

/// A name the gateway takes: letters, digits and underscores, no digit first.
fn client_name(text: &str) -> String {
    let name: String = text.chars().map(|letter| if letter.is_ascii_alphanumeric() { letter } else { '_' }).collect();
    if name.starts_with(|first: char| first.is_ascii_alphabetic()) { name } else { format!("mcp_{name}") }
}

fn texts(value: Option<&Value>) -> Vec<String> {
    value.and_then(Value::as_array).into_iter().flatten().filter_map(Value::as_str).map(str::to_owned).collect()
}
