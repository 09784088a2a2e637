//! Answers of LiteLLM's management API as objects, recognised by their shape and never by the name of the file
//! they were saved in. Source: `reference/litellm.md` 1.

use std::collections::BTreeMap;
use std::sync::Arc;

use model::{Code, Finding, Origin, SecretId};
use serde_json::{Map, Value};

use crate::fields::{Builder, Keeping};
use crate::reading::Kept;
use crate::{Kind, Object, SourceKind};

mod models;
mod settings;
mod shape;

pub(crate) use shape::{Shape, recognise};

/// Fields of an answer that repeat another object, or count it.
const DERIVED: &[&str] = &[
    "litellm_budget_table",
    "object_permission",
    "litellm_model_table",
    "team_member_budget_table",
    "members",
    "teams_list",
    "members_count",
    "keys_count",
    "key_count",
    "keys",
    "caller_edit_access",
    "access_group_models",
    "access_group_mcp_server_ids",
    "access_group_agent_ids",
    "organization_memberships",
    "access_mcp_servers",
    "access_agents",
    "assigned_teams",
    "assigned_keys",
];

/// Objects read from one answer.
pub(crate) struct Answer<'a> {
    /// How the answer is called in origins.
    pub(crate) name: &'a Arc<str>,
    pub(crate) kept: &'a mut BTreeMap<SecretId, Kept>,
    pub(crate) findings: &'a mut Vec<Finding>,
    pub(crate) objects: Vec<Object>,
}

impl Answer<'_> {
    /// Reads an answer of a known shape.
    pub(crate) fn read(&mut self, shape: &Shape, body: &Value) {
        match shape {
            Shape::Models => self.models(body),
            Shape::Credentials => self.each(body, "/credentials", Kind::Credential, &["credential_name"]),
            Shape::Organizations => self.organizations(body),
            Shape::Teams(pointer) => self.teams(body, pointer),
            Shape::Team => self.team_info(body),
            Shape::Users => self.each(body, "/users", Kind::User, &["user_id"]),
            Shape::Keys => self.keys(body),
            Shape::Budgets => self.each(body, "", Kind::Budget, &["budget_id"]),
            Shape::Customers => self.each(body, "", Kind::EndUser, &["user_id"]),
            Shape::Tags => self.tags(body),
            Shape::AccessGroups => self.each(body, "", Kind::AccessGroup, &["access_group_id"]),
            Shape::Guardrails => self.each(body, "/guardrails", Kind::Guardrail, &["guardrail_id", "guardrail_name"]),
            Shape::McpServers => self.each(body, "", Kind::McpServer, &["server_id"]),
            Shape::PassThrough => self.each(body, "/endpoints", Kind::PassThrough, &["path"]),
            Shape::Callbacks => self.callbacks(body),
            Shape::Projects => self.each(body, "", Kind::Project, &["project_id"]),
            Shape::Prompts => self.each(body, "/prompts", Kind::Prompt, &["prompt_id"]),
            Shape::SearchTools => self.each(body, "/search_tools", Kind::SearchTool, &["search_tool_id"]),
            Shape::VectorStores => self.each(body, "/data", Kind::VectorStore, &["vector_store_id"]),
            Shape::Key => self.key_info(body),
            Shape::Agents => self.each(body, "", Kind::Agent, &["agent_id"]),
            Shape::Policies => self.each(body, "/policies", Kind::Policy, &["policy_id", "policy_name"]),
            Shape::PolicyAttachments => self.each(body, "/attachments", Kind::PolicyAttachment, &["attachment_id"]),
            Shape::GeneralSettings => self.general_settings(body),
            Shape::Values(section) => self.values(*section, body),
            Shape::Version(_) | Shape::Nothing | Shape::Refused(_) => {}
        }
    }

    fn at(&self, pointer: impl Into<Arc<str>>) -> Origin {
        Origin::endpoint(Arc::clone(self.name), pointer)
    }

    /// One object per entry of the list at `pointer`.
    fn each(&mut self, body: &Value, pointer: &str, kind: Kind, keys: &[&str]) {
        for (index, item) in list(body, pointer).iter().enumerate() {
            let Some(map) = item.as_object() else { continue };
            let place = format!("{pointer}/{index}");
            let Some(id) = keys.iter().find_map(|key| map.get(*key).and_then(Value::as_str)) else {
                self.nameless(&place, keys.first().unwrap_or(&"an id"));
                continue;
            };
            self.object(kind, id.to_owned(), map, &place);
            self.linked(map, &place);
        }
    }

    fn nameless(&mut self, place: &str, key: &str) {
        self.findings.push(
            Finding::warning(Code::new("api.entry"), &**self.name, format!("an entry without {key} was left out"))
                .at(self.at(place)),
        );
    }

    fn object(&mut self, kind: Kind, id: String, map: &Map<String, Value>, place: &str) {
        let name = self.name;
        let at = |path: &str| Origin::endpoint(Arc::clone(name), format!("{place}/{path}"));
        let shown = ["key_alias", "key_name"].iter().find_map(|key| map.get(*key).and_then(Value::as_str));
        let shown = shown.unwrap_or(&id).to_owned();
        let mut builder = Builder::new(self.kept, kind, id, SourceKind::Api, Origin::endpoint(Arc::clone(name), place))
            .shown_as(shown);
        for (field, value) in map {
            match value {
                _ if DERIVED.contains(&field.as_str()) => {}
                Value::Object(inner) if flattened(kind, field) => {
                    builder.put_all(field, inner, Keeping::Plain, |name| at(&format!("{field}/{name}")));
                }
                _ => builder.put(field.as_str(), value.clone(), Keeping::Plain, at(field)),
            }
        }
        self.objects.push(builder.finish());
    }

    /// Objects that an answer carries inside another: its budget, its permissions.
    fn linked(&mut self, map: &Map<String, Value>, place: &str) {
        for (field, kind, key) in [
            ("litellm_budget_table", Kind::Budget, "budget_id"),
            ("team_member_budget_table", Kind::Budget, "budget_id"),
            ("object_permission", Kind::ObjectPermission, "object_permission_id"),
        ] {
            let Some(Value::Object(inner)) = map.get(field) else { continue };
            let id = inner.get(key).or_else(|| map.get(key)).and_then(Value::as_str);
            if let Some(id) = id {
                self.object(kind, id.to_owned(), inner, &format!("{place}/{field}"));
            }
        }
    }

    fn organizations(&mut self, body: &Value) {
        for (index, item) in list(body, "").iter().enumerate() {
            let Some(map) = item.as_object() else { continue };
            let Some(id) = map.get("organization_id").and_then(Value::as_str) else { continue };
            let place = format!("/{index}");
            let mut own = map.clone();
            own.remove("teams");
            own.remove("users");
            self.object(Kind::Organization, id.to_owned(), &own, &place);
            self.linked(map, &place);
            self.members(item, Kind::OrganizationMembership, "members", "organization_id", &place);
        }
    }

    /// Memberships listed inside their team or organization, under the id the database gives them.
    fn members(&mut self, item: &Value, kind: Kind, field: &str, parent: &str, place: &str) {
        for (index, member) in list(item, &format!("/{field}")).iter().enumerate() {
            let Some(map) = member.as_object() else { continue };
            let text = |key: &str| map.get(key).and_then(Value::as_str);
            let (Some(user), Some(parent)) = (text("user_id"), text(parent)) else { continue };
            let place = format!("{place}/{field}/{index}");
            let own: Map<String, Value> = map
                .iter()
                .filter(|(key, _)| !["user", "user_email", "budget_source"].contains(&key.as_str()))
                .map(|(key, value)| (key.clone(), value.clone()))
                .collect();
            self.object(kind, format!("{user}/{parent}"), &own, &place);
            self.linked(map, &place);
        }
    }

    fn teams(&mut self, body: &Value, pointer: &str) {
        for (index, item) in list(body, pointer).iter().enumerate() {
            let Some(map) = item.as_object() else { continue };
            self.team(map, &format!("{pointer}/{index}"));
            self.members(item, Kind::TeamMembership, "team_memberships", "team_id", &format!("{pointer}/{index}"));
        }
    }

    fn team(&mut self, map: &Map<String, Value>, place: &str) {
        let Some(id) = map.get("team_id").and_then(Value::as_str) else { return };
        let mut own = map.clone();
        own.remove("team_memberships");
        self.object(Kind::Team, id.to_owned(), &own, place);
        self.linked(map, place);
        if let Some(Value::Object(aliases)) = map.get("litellm_model_table") {
            let Some(id) = aliases.get("id").map(ToString::to_string) else { return };
            let mut own = aliases.clone();
            if let Some(map) = own.remove("model_aliases") {
                own.insert("aliases".to_owned(), map);
            }
            own.remove("team");
            self.object(Kind::ModelAliases, id, &own, &format!("{place}/litellm_model_table"));
        }
    }

    fn team_info(&mut self, body: &Value) {
        if let Some(Value::Object(map)) = body.get("team_info") {
            self.team(map, "/team_info");
        }
        self.members(body, Kind::TeamMembership, "team_memberships", "team_id", "");
    }

    fn keys(&mut self, body: &Value) {
        for (index, item) in list(body, "/keys").iter().enumerate() {
            let place = format!("/keys/{index}");
            let Some(map) = item.as_object() else {
                self.findings.push(
                    Finding::warning(
                        Code::new("api.short_keys"),
                        &**self.name,
                        "this answer lists only the hashes of keys, without what they may do; it is not used",
                    )
                    .at(self.at("/keys"))
                    .hint("ask /key/list with return_full_object=true"),
                );
                return;
            };
            let Some(hash) = map.get("token").and_then(Value::as_str) else { continue };
            self.object(Kind::VirtualKey, hash.to_owned(), &shape::own_key_fields(map), &place);
            self.linked(map, &place);
        }
    }

    /// `/key/info` of releases whose list shows only hashes.
    fn key_info(&mut self, body: &Value) {
        let (Some(hash), Some(Value::Object(map))) = (body.get("key").and_then(Value::as_str), body.get("info")) else {
            return;
        };
        // Asked with the key itself, it repeats it.
        if hash.starts_with("sk-") {
            return;
        }
        self.object(Kind::VirtualKey, hash.to_owned(), &shape::own_key_fields(map), "/info");
        self.linked(map, "/info");
    }

    /// Stored tags; the ones LiteLLM makes up from requests have no models.
    fn tags(&mut self, body: &Value) {
        for (index, item) in list(body, "").iter().enumerate() {
            let Some(map) = item.as_object() else { continue };
            let Some(name) = map.get("name").and_then(Value::as_str) else { continue };
            if map.get("models").is_none_or(Value::is_null) {
                continue;
            }
            let mut own = map.clone();
            if let Some(name) = own.remove("name") {
                own.insert("tag_name".to_owned(), name);
            }
            self.object(Kind::Tag, name.to_owned(), &own, &format!("/{index}"));
            self.linked(map, &format!("/{index}"));
        }
    }
}

/// Maps whose entries are fields of their own.
fn flattened(kind: Kind, field: &str) -> bool {
    match field {
        "metadata" => matches!(kind, Kind::VirtualKey | Kind::Team | Kind::User | Kind::Organization | Kind::Project),
        "credential_values" | "credential_info" => kind == Kind::Credential,
        "litellm_params" => matches!(kind, Kind::Guardrail | Kind::SearchTool | Kind::VectorStore | Kind::Prompt),
        _ => false,
    }
}

fn list<'v>(body: &'v Value, pointer: &str) -> &'v [Value] {
    body.pointer(pointer).and_then(Value::as_array).map_or(&[], Vec::as_slice)
}
