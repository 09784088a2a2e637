//! Where a value comes from, so that every line of a report can be checked at its source.

use std::fmt;
use std::sync::Arc;

use serde::{Deserialize, Serialize};

/// The place of a value or an object. The texts are shared: a row of twenty cells names its table and itself once.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum Origin {
    /// A place in a file; line and column count from 1.
    File {
        /// The file's name as the user knows it.
        file: Arc<str>,
        /// Line, from 1.
        line: u32,
        /// Column in characters, from 1.
        column: u32,
    },
    /// A cell of a database table.
    Row {
        /// The table's name, as LiteLLM spells it.
        table: Arc<str>,
        /// The primary key of the row.
        row: Arc<str>,
        /// The column, with a JSON path below it where the column is JSON.
        column: Arc<str>,
    },
    /// A value in an API answer.
    Endpoint {
        /// The path that was asked, without its query.
        endpoint: Arc<str>,
        /// A JSON pointer into the answer.
        pointer: Arc<str>,
    },
    /// A whole input of which no part can be named: an unreadable file, an unreachable server.
    Whole {
        /// What it is called.
        name: Arc<str>,
    },
}

impl Origin {
    /// A place in a file.
    pub fn file(file: impl Into<Arc<str>>, line: u32, column: u32) -> Self {
        Self::File { file: file.into(), line, column }
    }

    /// A cell of a table.
    pub fn row(table: impl Into<Arc<str>>, row: impl Into<Arc<str>>, column: impl Into<Arc<str>>) -> Self {
        Self::Row { table: table.into(), row: row.into(), column: column.into() }
    }

    /// A value in an API answer.
    pub fn endpoint(endpoint: impl Into<Arc<str>>, pointer: impl Into<Arc<str>>) -> Self {
        Self::Endpoint { endpoint: endpoint.into(), pointer: pointer.into() }
    }

    /// A whole input.
    pub fn whole(name: impl Into<Arc<str>>) -> Self {
        Self::Whole { name: name.into() }
    }
}

impl fmt::Display for Origin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::File { file, line, column } => write!(f, "{file}:{line}:{column}"),
            Self::Row { table, row, column } if column.is_empty() => write!(f, "{table}[{row}]"),
            Self::Row { table, row, column } => write!(f, "{table}[{row}].{column}"),
            Self::Endpoint { endpoint, pointer } => write!(f, "{endpoint}#{pointer}"),
            Self::Whole { name } => f.write_str(name),
        }
    }
}
