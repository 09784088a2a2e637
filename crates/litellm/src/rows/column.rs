//! One cell of a row as fields: which columns are maps of fields, and which values their column keeps sealed
//! (`reference/litellm.md` 2.5, 2.6).

use std::sync::Arc;

use model::Origin;
use serde_json::Value;

use super::is_hash;
use super::notes::RowNotes;
use crate::Kind;
use crate::dump::cell::unwrap_json;
use crate::dump::columns::{Type, recorded};
use crate::dump::text;
use crate::fields::{Builder, Keeping, is_empty};
use crate::tables::Table;

/// What is the same for a column in every row.
#[derive(Debug)]
pub(super) struct Column {
    kind: Kind,
    /// Its place in a row.
    pub(super) at: usize,
    /// Its name; it is the path of its field too.
    name: Arc<str>,
    /// The name it has today, and where the column of that name is.
    renamed: Option<(Option<usize>, Arc<str>)>,
    /// Its type as recorded.
    recorded: Option<Type>,
    /// Whether its entries are fields of their own.
    map: bool,
    /// Whether it is no field of the object.
    hidden: bool,
}

/// Columns that the first builds of February 2026 called differently (`reference/litellm.md` 2.4): table, name then,
/// name today.
const RENAMED: &[(&str, &str, &str)] = &[("LiteLLM_AccessGroupTable", "access_model_ids", "access_model_names")];

impl Column {
    /// The path of its field in a row: where the row has nothing under the name of today, that one. The old names come
    /// before today's in the alphabet, so that what stands under today's has not been taken yet.
    pub(super) fn path(&self, row: &[Value]) -> &Arc<str> {
        let holds = |at: &usize| row.get(*at).is_some_and(|cell| !is_empty(cell));
        match &self.renamed {
            Some((at, today)) if !at.as_ref().is_some_and(holds) => today,
            _ => &self.name,
        }
    }
}

/// The columns of a table.
pub(super) fn columns(table: &Table, kind: Kind, names: &[Arc<str>]) -> Vec<Column> {
    let recorded = recorded(table.name);
    let at = |name: &str| names.iter().position(|known| **known == *name);
    let renamed = RENAMED.iter().find(|(of, ..)| *of == table.name).map(|(_, old, today)| (*old, *today));
    let columns = names.iter().enumerate().map(|(place, name)| {
        Column {
            kind,
            at: place,
            recorded: recorded.and_then(|recorded| recorded.kind(name)),
            map: is_map(kind, name),
            // The object's id, and nothing else, is the key's hash.
            hidden: kind == Kind::VirtualKey && **name == *"token",
            renamed: renamed.filter(|(old, _)| **name == **old).map(|(_, today)| (at(today), Arc::from(today))),
            name: Arc::clone(name),
        }
    });
    let mut columns: Vec<Column> = columns.collect();
    // As objects keep their fields, which then are only added at the end.
    columns.sort_by(|left, right| left.name.cmp(&right.name));
    columns
}

/// Columns whose entries are fields of their own. Alias maps stay whole: their keys are names, not fields.
fn is_map(kind: Kind, name: &str) -> bool {
    match name {
        "metadata" => {
            matches!(kind, Kind::VirtualKey | Kind::Team | Kind::User | Kind::Organization | Kind::Project)
        }
        "model_info" => kind == Kind::Deployment,
        "credential_info" | "credential_values" => kind == Kind::Credential,
        "credentials" => matches!(kind, Kind::McpServer | Kind::McpOauthClient),
        "litellm_params" => {
            matches!(kind, Kind::Deployment | Kind::Guardrail | Kind::SearchTool | Kind::VectorStore | Kind::Prompt)
        }
        _ => false,
    }
}

/// A cell.
pub(super) struct Cell<'a> {
    pub(super) column: &'a Column,
    /// The path of its field.
    pub(super) path: &'a Arc<str>,
    /// Where a path of its row is.
    pub(super) at: &'a dyn Fn(&Arc<str>) -> Origin,
}

impl Cell<'_> {
    /// Puts the cell's fields.
    pub(super) fn put(&self, value: Value, builder: &mut Builder<'_>, notes: &mut RowNotes) {
        let Column { map, hidden, .. } = self.column;
        let name = self.path;
        if *hidden {
            return;
        }
        let value = self.read(value, notes);
        let keeping = self.keeping(&value);
        match value {
            Value::Object(entries) if *map => {
                for (entry, value) in entries.into_iter().filter(|(_, value)| !is_empty(value)) {
                    let path: Arc<str> = Arc::from(format!("{name}.{entry}"));
                    builder.put(Arc::clone(&path), value, keeping, (self.at)(&path));
                }
            }
            Value::String(text) if *map && keeping == Keeping::Plain && !text.is_empty() => {
                notes.no_json(&(self.at)(name), name);
            }
            value => builder.put(Arc::clone(name), value, keeping, (self.at)(name)),
        }
    }

    /// The value as it is meant: JSON that holds JSON and array literals are read.
    fn read(&self, value: Value, notes: &mut RowNotes) -> Value {
        let Value::String(written) = &value else { return value };
        if written.contains('\0') {
            notes.nul(&(self.at)(&self.column.name));
        }
        match self.column.recorded {
            Some(Type::Json) => unwrap_json(value),
            Some(Type::Texts) => text::array(written, Type::Text).unwrap_or(value),
            _ => value,
        }
    }

    /// How the column keeps its values.
    fn keeping(&self, value: &Value) -> Keeping {
        match (self.column.kind, &*self.column.name) {
            (Kind::Deployment | Kind::SearchTool, "litellm_params")
            | (Kind::Credential, "credential_values")
            | (Kind::McpServer | Kind::McpOauthClient, "credentials") => Keeping::Sealed,
            // Since 1.102 one ciphertext of the whole map.
            (Kind::McpServer, "static_headers" | "env") if value.is_string() => Keeping::Sealed,
            (Kind::McpServer, "static_headers" | "env") => Keeping::Secret,
            (Kind::McpServer, "env_vars") => Keeping::Nested,
            (Kind::BudgetWindow, "entity_id") if value.as_str().is_some_and(is_hash) => Keeping::Secret,
            _ => Keeping::Plain,
        }
    }
}
