//! Rows of LiteLLM's database as objects. Source: `reference/litellm.md` 2.

use std::collections::BTreeMap;

use model::{Origin, SecretId};
use serde_json::{Map, Value};

use crate::fields::{Builder, Keeping};
use crate::reading::Kept;
use crate::tables::{TABLES, Table};
use crate::{Kind, Object, SourceKind};

/// Which kind of object a table holds.
const KINDS: &[(&str, Kind)] = &[
    ("LiteLLM_ProxyModelTable", Kind::Deployment),
    ("LiteLLM_CredentialsTable", Kind::Credential),
    ("LiteLLM_OrganizationTable", Kind::Organization),
    ("LiteLLM_TeamTable", Kind::Team),
    ("LiteLLM_UserTable", Kind::User),
    ("LiteLLM_VerificationToken", Kind::VirtualKey),
    ("LiteLLM_BudgetTable", Kind::Budget),
    ("LiteLLM_OrganizationMembership", Kind::OrganizationMembership),
    ("LiteLLM_TeamMembership", Kind::TeamMembership),
    ("LiteLLM_ModelTable", Kind::ModelAliases),
    ("LiteLLM_EndUserTable", Kind::EndUser),
    ("LiteLLM_Config", Kind::Settings),
    ("LiteLLM_TagTable", Kind::Tag),
    ("LiteLLM_MCPServerTable", Kind::McpServer),
    ("LiteLLM_GuardrailsTable", Kind::Guardrail),
    ("LiteLLM_AccessGroupTable", Kind::AccessGroup),
    ("LiteLLM_ProjectTable", Kind::Project),
    ("LiteLLM_ObjectPermissionTable", Kind::ObjectPermission),
    ("LiteLLM_SearchToolsTable", Kind::SearchTool),
    ("LiteLLM_PromptTable", Kind::Prompt),
    ("LiteLLM_ManagedVectorStoresTable", Kind::VectorStore),
    ("LiteLLM_AgentsTable", Kind::Agent),
    ("LiteLLM_PolicyTable", Kind::Policy),
    ("LiteLLM_PolicyAttachmentTable", Kind::PolicyAttachment),
    ("LiteLLM_DeprecatedVerificationToken", Kind::DeprecatedKey),
];

/// Which kind of object a table holds, by the table's name.
pub fn rows_kind(table: &str) -> Option<Kind> {
    KINDS.iter().find(|(name, _)| *name == table).map(|(_, kind)| *kind)
}

/// The session keys of LiteLLM's own dashboard are rows too; they are nobody's keys.
const DASHBOARD_TEAM: &str = "litellm-dashboard";

/// Reads rows into objects.
pub(crate) fn read(tables: &BTreeMap<String, Vec<Value>>, kept: &mut BTreeMap<SecretId, Kept>) -> Vec<Object> {
    let mut objects = Vec::new();
    for table in TABLES {
        let Some(rows) = tables.get(table.name) else { continue };
        let Some(kind) = rows_kind(table.name) else { continue };
        for row in rows.iter().filter_map(Value::as_object) {
            object(table, kind, row, kept, &mut objects);
        }
    }
    objects
}

fn object(
    table: &Table,
    kind: Kind,
    row: &Map<String, Value>,
    kept: &mut BTreeMap<SecretId, Kept>,
    objects: &mut Vec<Object>,
) {
    if kind == Kind::VirtualKey && row.get("team_id").and_then(Value::as_str) == Some(DASHBOARD_TEAM) {
        return;
    }
    let id = row_id(table, row);
    if kind == Kind::Settings {
        settings(table, &id, row, kept, objects);
        return;
    }
    let shown = shown_row(kind, &id, row);
    let at = |column: &str| Origin::row(table.name, shown.clone(), column);
    let mut builder = Builder::new(kept, kind, id, SourceKind::Database, at("")).shown_as(shown.clone());
    for (column, value) in row {
        match (kind, column.as_str(), value) {
            (Kind::VirtualKey, "token", _) => {}
            (Kind::Deployment, "litellm_params", Value::Object(map)) => {
                builder.put_all(column, map, Keeping::Sealed, |name| at(&format!("{column}.{name}")));
            }
            (Kind::Credential, "credential_values", Value::Object(map)) => {
                builder.put_all(column, map, Keeping::Sealed, |name| at(&format!("{column}.{name}")));
            }
            (Kind::McpServer, "credentials", Value::Object(map)) => {
                builder.put_all(column, map, Keeping::Sealed, |name| at(&format!("{column}.{name}")));
            }
            (
                _,
                "metadata" | "model_info" | "credential_info" | "litellm_params" | "aliases" | "router_settings",
                Value::Object(map),
            ) if flattened(kind, column) => {
                builder.put_all(column, map, Keeping::Plain, |name| at(&format!("{column}.{name}")));
            }
            _ => builder.put(column, value, Keeping::Plain, at(column)),
        }
    }
    objects.push(builder.finish());
}

/// Columns whose entries are fields of their own. Alias maps stay whole: their keys are names, not fields.
fn flattened(kind: Kind, column: &str) -> bool {
    match column {
        "metadata" => matches!(kind, Kind::VirtualKey | Kind::Team | Kind::User | Kind::Organization | Kind::Project),
        "model_info" => kind == Kind::Deployment,
        "credential_info" => kind == Kind::Credential,
        "litellm_params" => matches!(kind, Kind::Guardrail | Kind::SearchTool | Kind::VectorStore | Kind::Prompt),
        _ => false,
    }
}

/// A row of `LiteLLM_Config`: a section of settings. Pass-through endpoints are objects of their own.
fn settings(
    table: &Table,
    id: &str,
    row: &Map<String, Value>,
    kept: &mut BTreeMap<SecretId, Kept>,
    objects: &mut Vec<Object>,
) {
    let at = |name: &str| Origin::row(table.name, id, format!("param_value.{name}"));
    let keeping = if id == "environment_variables" { Keeping::Sealed } else { Keeping::Plain };
    let Some(Value::Object(map)) = row.get("param_value") else { return };
    let mut builder = Builder::new(kept, Kind::Settings, id, SourceKind::Database, Origin::row(table.name, id, ""));
    for (name, value) in map.iter().filter(|(name, _)| *name != "pass_through_endpoints") {
        builder.put(name, value, keeping, at(name));
    }
    objects.push(builder.finish());
    let endpoints = map.get("pass_through_endpoints").and_then(Value::as_array);
    for (index, item) in endpoints.into_iter().flatten().enumerate() {
        let Some(map) = item.as_object() else { continue };
        let path = map.get("path").and_then(Value::as_str).map_or_else(|| format!("{}", index + 1), str::to_owned);
        let origin = at(&format!("pass_through_endpoints.{index}"));
        let mut builder = Builder::new(kept, Kind::PassThrough, path, SourceKind::Database, origin.clone());
        builder.put_all("", map, Keeping::Plain, |_| origin.clone());
        objects.push(builder.finish());
    }
}

/// The primary key of a row, its columns joined by `/`.
fn row_id(table: &Table, row: &Map<String, Value>) -> String {
    let parts: Vec<String> = table
        .key
        .iter()
        .map(|column| match row.get(*column) {
            Some(Value::String(text)) => text.clone(),
            Some(Value::Null) | None => String::new(),
            Some(other) => other.to_string(),
        })
        .collect();
    parts.join("/")
}

/// How the row is named in an origin. A key's hash is a handle to look the key up by, so keys go by their alias.
fn shown_row(kind: Kind, id: &str, row: &Map<String, Value>) -> String {
    let text = |column: &str| row.get(column).and_then(Value::as_str).filter(|text| !text.is_empty());
    match kind {
        Kind::VirtualKey => text("key_alias").or_else(|| text("key_name")).unwrap_or("key").to_owned(),
        Kind::DeprecatedKey => "deprecated key".to_owned(),
        _ => id.to_owned(),
    }
}
