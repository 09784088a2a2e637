//! One row: the columns that say what it is, found once for all rows of its table.

use std::sync::Arc;

use serde_json::Value;

use super::is_hash;
use crate::Kind;
use crate::tables::Table;

/// Where the columns stand that every row is asked for.
#[derive(Debug)]
pub(super) struct Places {
    names: Vec<Arc<str>>,
    key: Vec<Option<usize>>,
    team: Option<usize>,
    /// What a row is called, the first of them that says something.
    shown: Vec<usize>,
}

impl Places {
    pub(super) fn of(table: &Table, kind: Kind, names: &[Arc<str>]) -> Self {
        let at = |name: &str| names.iter().position(|known| **known == *name);
        let shown: &[&str] = if kind == Kind::VirtualKey { &["key_alias", "key_name"] } else { &[] };
        Self {
            key: table.key.iter().map(|name| at(name)).collect(),
            team: at("team_id"),
            shown: shown.iter().filter_map(|name| at(name)).collect(),
            names: names.to_vec(),
        }
    }
}

/// A row.
#[derive(Clone, Copy)]
pub(super) struct Row<'a> {
    pub(super) places: &'a Places,
    pub(super) cells: &'a [Value],
}

impl<'a> Row<'a> {
    /// The cell of a column, unless it is null.
    pub(super) fn get(&self, name: &str) -> Option<&'a Value> {
        self.cell(self.places.names.iter().position(|column| **column == *name)?)
    }

    /// The team of a key.
    pub(super) fn team(&self) -> Option<&'a str> {
        self.cell(self.places.team?)?.as_str()
    }

    /// The primary key, its columns joined by `/`; nothing where the row has none of them.
    pub(super) fn id(&self, table: &Table) -> String {
        let part = |at: &Option<usize>| match at.and_then(|at| self.cell(at)) {
            Some(Value::String(text)) => text.clone(),
            None => String::new(),
            Some(other) => other.to_string(),
        };
        if let [only] = &self.places.key[..] {
            return part(only);
        }
        let parts: Vec<String> = self.places.key.iter().map(part).collect();
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

    /// How the row is named in an origin. A key's hash is a handle to look the key up by, so keys go by their alias.
    pub(super) fn shown(&self, kind: Kind, id: &str) -> Arc<str> {
        let text = |at: &usize| self.cell(*at).and_then(Value::as_str).filter(|text| !text.is_empty());
        match kind {
            Kind::VirtualKey => self.places.shown.iter().find_map(text).unwrap_or("key").into(),
            Kind::DeprecatedKey => "deprecated key".into(),
            _ => id.into(),
        }
    }

    fn cell(&self, at: usize) -> Option<&'a Value> {
        self.cells.get(at).filter(|cell| !cell.is_null())
    }
}

fn short_hash(text: &str) -> &str {
    if is_hash(text) { text.get(..12).unwrap_or(text) } else { text }
}
