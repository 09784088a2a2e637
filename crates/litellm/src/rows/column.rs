//! One cell of a row as fields: which columns are maps of fields, and which values their column keeps sealed
//! (`reference/litellm.md` 2.5, 2.6).

use std::borrow::Cow;

use model::Origin;
use serde_json::Value;

use super::is_hash;
use super::notes::Notes;
use crate::Kind;
use crate::dump::cell::unwrap_json;
use crate::dump::columns::{Recorded, Type};
use crate::dump::text;
use crate::fields::{Builder, Keeping};
use crate::tables::Table;

/// A cell.
pub(super) struct Cell<'a> {
    pub(super) table: &'static Table,
    pub(super) kind: Kind,
    /// How its row is called.
    pub(super) shown: &'a str,
    /// Its column.
    pub(super) name: &'a str,
    pub(super) value: &'a Value,
}

impl Cell<'_> {
    /// Puts the cell's fields.
    pub(super) fn put(&self, recorded: Option<&Recorded>, builder: &mut Builder<'_>, notes: &mut Notes) {
        // The object's id, and nothing else, is the key's hash.
        if self.kind == Kind::VirtualKey && self.name == "token" {
            return;
        }
        let value = self.read(recorded, notes);
        let keeping = self.keeping(&value);
        match &*value {
            Value::Object(map) if self.is_map() => {
                builder.put_all(self.name, map, keeping, |name| self.below(name));
            }
            Value::String(text) if self.is_map() && keeping == Keeping::Plain && !text.is_empty() => {
                notes.no_json(&self.below(""), self.name);
            }
            value => builder.put(self.name, value, keeping, self.below("")),
        }
    }

    /// The value as it is meant: JSON that holds JSON and array literals are read.
    fn read(&self, recorded: Option<&Recorded>, notes: &mut Notes) -> Cow<'_, Value> {
        let Value::String(written) = self.value else { return Cow::Borrowed(self.value) };
        if written.contains('\0') {
            notes.nul(&self.below(""));
        }
        match recorded.and_then(|recorded| recorded.kind(self.name)) {
            Some(Type::Json) => Cow::Owned(unwrap_json(self.value.clone())),
            Some(Type::Texts) => match text::array(written, Type::Text) {
                Some(list) => Cow::Owned(list),
                None => Cow::Borrowed(self.value),
            },
            _ => Cow::Borrowed(self.value),
        }
    }

    /// Columns whose entries are fields of their own. Alias maps stay whole: their keys are names, not fields.
    fn is_map(&self) -> bool {
        match self.name {
            "metadata" => {
                matches!(self.kind, Kind::VirtualKey | Kind::Team | Kind::User | Kind::Organization | Kind::Project)
            }
            "model_info" => self.kind == Kind::Deployment,
            "credential_info" | "credential_values" => self.kind == Kind::Credential,
            "credentials" => matches!(self.kind, Kind::McpServer | Kind::McpOauthClient),
            "litellm_params" => matches!(
                self.kind,
                Kind::Deployment | Kind::Guardrail | Kind::SearchTool | Kind::VectorStore | Kind::Prompt
            ),
            _ => false,
        }
    }

    /// How the column keeps its values.
    fn keeping(&self, value: &Value) -> Keeping {
        match (self.kind, self.name) {
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

    fn below(&self, name: &str) -> Origin {
        match name {
            "" => Origin::row(self.table.name, self.shown, self.name),
            name => Origin::row(self.table.name, self.shown, format!("{}.{name}", self.name)),
        }
    }
}
