//! The tables of LiteLLM's database that hold configuration or secrets, with every column known from 1.60 to
//! 1.109. A reader takes the columns that are really there: the schema moved a lot, so `information_schema`
//! decides, never the version. Source: `reference/litellm.md` 2.2, 2.3.

mod grants;
mod missing;
mod not_read;
mod read;
mod release;

pub use grants::grant_script;
pub use missing::{findings, holds};
pub use not_read::{COLUMNS_NOT_READ, NOT_READ, reason};
pub use read::TABLES;
pub use release::{Absent, Release, absent};

/// A table to read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Table {
    /// Its name; mixed case, so it has to be quoted in SQL.
    pub name: &'static str,
    /// The columns that name a row.
    pub key: &'static [&'static str],
    columns: &'static str,
}

impl Table {
    /// The columns wanted; those missing in a database are left out.
    pub fn columns(&self) -> impl Iterator<Item = &'static str> {
        self.columns.split_ascii_whitespace().filter(|word| !word.starts_with('@'))
    }

    /// The columns with the release that brought them, oldest first. None for columns that only older releases
    /// have.
    pub fn history(&self) -> impl Iterator<Item = (&'static str, Option<Release>)> {
        let mut since = None;
        self.columns.split_ascii_whitespace().filter_map(move |word| {
            if let Some(release) = word.strip_prefix('@') {
                since = Release::parse(release);
                return None;
            }
            let gone = GONE.contains(&(self.name, word));
            Some((word, since.filter(|_| !gone)))
        })
    }

    /// The release that brought the table.
    pub fn since(&self) -> Option<Release> {
        self.history().find_map(|(_, since)| since)
    }
}

/// Columns that newer releases no longer have (`reference/litellm.md` 2.4).
const GONE: &[(&str, &str)] =
    &[("LiteLLM_MCPServerTable", "spec_version"), ("LiteLLM_AccessGroupTable", "access_model_ids")];

/// The table of that name, if it is one to read.
pub fn table(name: &str) -> Option<&'static Table> {
    TABLES.iter().find(|table| table.name == name)
}
