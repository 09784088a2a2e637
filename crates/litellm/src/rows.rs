//! Rows of LiteLLM's database as objects. Source: `reference/litellm.md` 2.

mod column;
mod notes;
mod settings;

use std::collections::BTreeMap;
use std::sync::Arc;

use model::{Finding, Origin, SecretId};
use serde_json::Value;

use crate::fields::{Builder, is_empty};
use crate::reading::Kept;
use crate::tables::{self, TABLES};
use crate::{Kind, Object, SourceKind};

use column::Column;
use notes::Notes;

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
    ("LiteLLM_ModelAccessGroupBudgetTable", Kind::AccessGroupBudget),
    ("LiteLLM_BudgetWindowSpend", Kind::BudgetWindow),
    ("LiteLLM_JWTKeyMapping", Kind::JwtKeyMapping),
    ("LiteLLM_MCPServerOAuthClient", Kind::McpOauthClient),
    ("LiteLLM_MCPToolsetTable", Kind::McpToolset),
    ("LiteLLM_MCPUserCredentials", Kind::UserCredential),
    ("LiteLLM_MCPUserEnvVars", Kind::UserCredential),
    ("LiteLLM_UserProviderCredentials", Kind::UserCredential),
    ("LiteLLM_SSOConfig", Kind::Settings),
    ("LiteLLM_CacheConfig", Kind::Settings),
    ("LiteLLM_ConfigOverrides", Kind::Settings),
    ("LiteLLM_UISettings", Kind::Settings),
    ("LiteLLM_SubscriptionAccountTable", Kind::SubscriptionAccount),
];

/// Which kind of object a table holds, by the table's name.
pub fn rows_kind(table: &str) -> Option<Kind> {
    KINDS.iter().find(|(name, _)| *name == table).map(|(_, kind)| *kind)
}

/// The session keys of LiteLLM's own dashboard are rows too; they are nobody's keys.
const DASHBOARD_TEAM: &str = "litellm-dashboard";

/// Reads rows into objects. What cannot be used of them costs a finding, never the rest.
pub(crate) fn read(
    tables: &BTreeMap<String, model::Rows>,
    kept: &mut BTreeMap<SecretId, Kept>,
    findings: &mut Vec<Finding>,
) -> Vec<Object> {
    let mut reader = Rows {
        kept,
        notes: Notes::default(),
        objects: Vec::with_capacity(tables.values().map(model::Rows::len).sum()),
    };
    for table in TABLES {
        let Some(rows) = tables.get(table.name) else { continue };
        let Some(kind) = rows_kind(table.name) else { continue };
        let columns = column::columns(table, kind, rows.columns());
        let name = Arc::from(table.name);
        for cells in rows.rows() {
            reader.row(
                &Table { known: table, kind, name: &name, columns: &columns },
                Row { columns: rows.columns(), cells },
            );
        }
    }
    findings.extend(reader.notes.finish());
    reader.objects
}

struct Rows<'a> {
    kept: &'a mut BTreeMap<SecretId, Kept>,
    notes: Notes,
    objects: Vec<Object>,
}

/// What is the same for all rows of a table.
struct Table<'a> {
    known: &'static tables::Table,
    kind: Kind,
    name: &'a Arc<str>,
    columns: &'a [Column],
}

/// A row.
#[derive(Clone, Copy)]
struct Row<'a> {
    columns: &'a [Arc<str>],
    cells: &'a [Value],
}

impl<'a> Row<'a> {
    /// The cell of a column, unless it is null.
    fn get(&self, name: &str) -> Option<&'a Value> {
        let at = self.columns.iter().position(|column| **column == *name)?;
        self.cells.get(at).filter(|cell| !cell.is_null())
    }
}

impl Rows<'_> {
    fn row(&mut self, of: &Table<'_>, row: Row<'_>) {
        let Table { known: table, kind, .. } = *of;
        if kind == Kind::VirtualKey && row.get("team_id").and_then(Value::as_str) == Some(DASHBOARD_TEAM) {
            self.notes.sessions += 1;
            return;
        }
        let id = row_id(table, row);
        if id.is_empty() {
            self.notes.no_key(table);
            return;
        }
        if kind == Kind::Settings {
            self.settings(table, &id, row);
            return;
        }
        let shown = shown_row(kind, &id, row);
        let at = |path: &Arc<str>| Origin::row(Arc::clone(of.name), Arc::clone(&shown), Arc::clone(path));
        let mut builder = Builder::new(self.kept, kind, id, SourceKind::Database, at(&Arc::from("")))
            .shown_as(&*shown)
            .with_room_for(row.cells.iter().filter(|cell| !is_empty(cell)).count());
        for column in of.columns {
            let Some(value) = row.cells.get(column.at).filter(|value| !is_empty(value)) else { continue };
            column::Cell { column, value, row: row.cells, at: &at }.put(&mut builder, &mut self.notes);
        }
        self.objects.push(builder.finish());
    }
}

/// The primary key of a row, its columns joined by `/`; nothing where the row has none of them.
fn row_id(table: &tables::Table, row: Row<'_>) -> String {
    let part = |column: &&str| match row.get(column) {
        Some(Value::String(text)) => text.clone(),
        None => String::new(),
        Some(other) => other.to_string(),
    };
    if let [only] = table.key {
        return part(only);
    }
    let parts: Vec<String> = table.key.iter().map(part).collect();
    if parts.iter().all(String::is_empty) {
        return String::new();
    }
    match table.name {
        // A key's hash is a handle to look the key up by; its first digits are none.
        "LiteLLM_BudgetWindowSpend" => parts.iter().map(|part| short_hash(part)).collect::<Vec<_>>().join("/"),
        // These two have a row for the same user and server.
        "LiteLLM_MCPUserEnvVars" => format!("{}/environment", parts.join("/")),
        _ => parts.join("/"),
    }
}

fn short_hash(text: &str) -> &str {
    if is_hash(text) { text.get(..12).unwrap_or(text) } else { text }
}

/// Whether a text is the SHA-256 of a key, as LiteLLM writes it.
fn is_hash(text: &str) -> bool {
    text.len() == 64 && text.bytes().all(|byte| byte.is_ascii_hexdigit())
}

/// How the row is named in an origin. A key's hash is a handle to look the key up by, so keys go by their alias.
fn shown_row(kind: Kind, id: &str, row: Row<'_>) -> Arc<str> {
    let text = |column: &str| row.get(column).and_then(Value::as_str).filter(|text| !text.is_empty());
    match kind {
        Kind::VirtualKey => text("key_alias").or_else(|| text("key_name")).unwrap_or("key").into(),
        Kind::DeprecatedKey => "deprecated key".into(),
        _ => id.into(),
    }
}
