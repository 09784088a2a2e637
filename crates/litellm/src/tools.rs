//! Which tools of MCP servers a key may call in LiteLLM, as an executable statement: one of the two sides of the check
//! of tools. The other is `bifrost::tools`; neither knows the other.
//! Source: `reference/litellm.md` 2.5, 4.8, 4.9. A key without a permission has its team's; one with a permission of its
//! own has what both grant. Where LiteLLM's behaviour is not settled, this side allows less.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;

use crate::{Kind, Object};

/// A server of tools.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
struct Server {
    /// Every word it is called by.
    words: BTreeSet<String>,
    /// The access groups it is in.
    groups: BTreeSet<String>,
    /// The tools it lets through; all where none is named.
    allowed: BTreeSet<String>,
    disallowed: BTreeSet<String>,
    /// Every key may use it.
    for_all: bool,
    /// It waits for approval, or was refused.
    unused: bool,
}

/// What an object permission says of tools.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
struct Permission {
    servers: BTreeSet<String>,
    groups: BTreeSet<String>,
    /// The only tools of a server, by its word.
    tools: BTreeMap<String, BTreeSet<String>>,
    blocked: BTreeSet<String>,
}

/// Everything that decides who may call which tool.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Tools {
    servers: BTreeMap<String, Server>,
    permissions: BTreeMap<String, Permission>,
    /// The permissions of teams, users and projects, by kind and id.
    holders: BTreeMap<(Kind, String), String>,
    /// Keys without a permission of their own may use nothing of their team's.
    strict: bool,
    /// Servers for every key are not for keys that have a permission.
    scoped: bool,
}

/// What of a key decides which tools it may call.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct Caller {
    permission: Option<String>,
    team: Option<String>,
    user: Option<String>,
    project: Option<String>,
}

impl Caller {
    /// Reads a virtual key.
    pub fn read(object: &Object) -> Self {
        let text = |field: &str| object.text(field).filter(|text| !text.is_empty()).map(str::to_owned);
        Self {
            permission: text("object_permission_id"),
            team: text("team_id"),
            user: text("user_id"),
            project: text("project_id"),
        }
    }
}

impl Tools {
    /// Takes from the objects of an installation what decides about tools.
    pub fn read<'o>(objects: impl IntoIterator<Item = &'o Object>) -> Self {
        let mut tools = Self::default();
        for object in objects {
            match object.kind {
                Kind::McpServer => drop(tools.servers.insert(object.id.clone(), Server::read(object))),
                Kind::ObjectPermission => {
                    tools.permissions.insert(object.id.clone(), Permission::read(object));
                }
                Kind::Team | Kind::User | Kind::Project => {
                    if let Some(permission) = object.text("object_permission_id") {
                        tools.holders.insert((object.kind, object.id.clone()), permission.to_owned());
                    }
                }
                Kind::Settings if object.id == "general_settings" => {
                    let on = |field: &str| object.value(field) == Some(&Value::Bool(true));
                    tools.strict = on("require_key_mcp_access_defined");
                    tools.scoped = on("mcp_allow_all_keys_respects_mcp_scope");
                }
                _ => {}
            }
        }
        tools
    }

    /// Every tool that anything names.
    pub fn named(&self) -> BTreeSet<&str> {
        let of_servers = self.servers.values().flat_map(|server| server.allowed.iter().chain(&server.disallowed));
        let of_permissions = self
            .permissions
            .values()
            .flat_map(|permission| permission.tools.values().flatten().chain(&permission.blocked));
        of_servers.chain(of_permissions).map(String::as_str).collect()
    }

    /// The ids of all servers.
    pub fn servers(&self) -> impl Iterator<Item = &str> {
        self.servers.keys().map(String::as_str)
    }

    /// Whether the caller may call the tool of the server.
    pub fn may_call(&self, caller: &Caller, server: &str, tool: &str) -> bool {
        let Some(server) = self.servers.get(server) else { return false };
        if server.unused || !server.has(tool) {
            return false;
        }
        let own = self.stated(caller.permission.as_ref());
        let team = self.stated(self.held(Kind::Team, caller.team.as_ref()));
        let by_permission = match (own, team) {
            (Some(own), Some(team)) => own.names(server) && team.names(server),
            (Some(own), None) => own.names(server),
            (None, Some(team)) => !self.strict && team.names(server),
            (None, None) => false,
        };
        let is_scoped = self.scoped && (own.is_some() || team.is_some());
        let user = caller.user.as_ref().filter(|_| caller.team.is_none());
        let layers = [self.held(Kind::User, user), self.held(Kind::Project, caller.project.as_ref())];
        let within = |layer: &Permission| layer.names(server) && layer.lets(server, tool);
        // A server for every key is there whatever permissions name; which of its tools, they say all the same.
        (by_permission || (server.for_all && !is_scoped))
            && [own, team].into_iter().flatten().all(|permission| permission.lets(server, tool))
            && layers.into_iter().all(|id| self.stated(id).is_none_or(within))
    }

    fn held(&self, kind: Kind, id: Option<&String>) -> Option<&String> {
        self.holders.get(&(kind, id?.clone()))
    }

    /// A permission that says something of tools.
    fn stated(&self, id: Option<&String>) -> Option<&Permission> {
        self.permissions.get(id?).filter(|permission| permission.speaks())
    }
}

impl Server {
    fn read(object: &Object) -> Self {
        let fields = ["server_id", "server_name", "alias"];
        let words = fields.into_iter().filter_map(|field| object.text(field));
        Self {
            words: words.chain([object.id.as_str()]).map(str::to_owned).collect(),
            groups: ["mcp_access_groups", "access_groups"].into_iter().flat_map(|field| texts(object, field)).collect(),
            allowed: texts(object, "allowed_tools"),
            disallowed: texts(object, "disallowed_tools"),
            for_all: object.value("allow_all_keys") == Some(&Value::Bool(true)),
            unused: object.text("approval_status").is_some_and(|status| status != "active"),
        }
    }

    fn has(&self, tool: &str) -> bool {
        (self.allowed.is_empty() || self.allowed.contains(tool)) && !self.disallowed.contains(tool)
    }
}

impl Permission {
    fn read(object: &Object) -> Self {
        let tools = object.value("mcp_tool_permissions").and_then(Value::as_object).into_iter().flatten();
        Self {
            servers: texts(object, "mcp_servers"),
            groups: texts(object, "mcp_access_groups"),
            tools: tools.map(|(server, named)| (server.clone(), list(Some(named)))).collect(),
            blocked: texts(object, "blocked_tools"),
        }
    }

    fn speaks(&self) -> bool {
        !(self.servers.is_empty() && self.groups.is_empty() && self.tools.is_empty())
    }

    fn names(&self, server: &Server) -> bool {
        !self.servers.is_disjoint(&server.words) || !self.groups.is_disjoint(&server.groups)
    }

    /// Whether it says nothing against the tool.
    fn lets(&self, server: &Server, tool: &str) -> bool {
        let mut only = self.tools.iter().filter(|(word, _)| server.words.contains(*word)).map(|(_, tools)| tools);
        only.all(|tools| tools.contains(tool)) && !self.blocked.contains(tool)
    }
}

fn texts(object: &Object, field: &str) -> BTreeSet<String> {
    list(object.value(field))
}

fn list(value: Option<&Value>) -> BTreeSet<String> {
    value.and_then(Value::as_array).into_iter().flatten().filter_map(Value::as_str).map(str::to_owned).collect()
}
