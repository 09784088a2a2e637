//! What a column that is not there says: an older release, or a migration that was not applied.

use std::collections::BTreeSet;
use std::fmt;

use super::{TABLES, Table};

/// A release of LiteLLM, to its second number: columns come with those.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Release {
    /// The first number.
    pub major: u32,
    /// The second number.
    pub minor: u32,
}

impl Release {
    /// From `1.82`, `1.82.3`, or a tag such as `v1.82-stable`.
    pub fn parse(text: &str) -> Option<Self> {
        let mut numbers = text.trim_start_matches('v').split(['.', '-']).map(str::parse);
        Some(Self { major: numbers.next()?.ok()?, minor: numbers.next()?.ok()? })
    }
}

impl fmt::Display for Release {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}.{}", self.major, self.minor)
    }
}

/// What is not there.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Absent {
    /// The release that brought the newest column that is there: about the one that made the database.
    pub release: Option<Release>,
    /// Tables that came later than that.
    pub later_tables: Vec<&'static Table>,
    /// Columns that came later than that, by table.
    pub later_columns: Vec<(&'static Table, Vec<&'static str>)>,
    /// Tables that such a database has.
    pub lost_tables: Vec<&'static Table>,
    /// Columns that such a database has, by table.
    pub lost_columns: Vec<(&'static Table, Vec<&'static str>)>,
}

/// Compares what a database has with what is wanted; `present` holds table and column names.
pub fn absent(present: &BTreeSet<(String, String)>) -> Absent {
    let there = |table: &Table, column: &str| present.contains(&(table.name.to_owned(), column.to_owned()));
    let newest = |table: &'static Table| {
        table.history().filter(move |(column, _)| there(table, column)).filter_map(|(_, since)| since).max()
    };
    let release = TABLES.iter().filter_map(newest).max();
    let is_later = |since: Release| release.is_some_and(|release| since > release);
    let mut absent = Absent {
        release,
        later_tables: Vec::new(),
        later_columns: Vec::new(),
        lost_tables: Vec::new(),
        lost_columns: Vec::new(),
    };
    for table in TABLES {
        if !table.columns().any(|column| there(table, column)) {
            let later = table.since().is_some_and(is_later);
            (if later { &mut absent.later_tables } else { &mut absent.lost_tables }).push(table);
            continue;
        }
        let gone = table.history().filter(|(column, _)| !there(table, column));
        let (later, lost): (Vec<_>, Vec<_>) =
            gone.filter_map(|(column, since)| Some((column, since?))).partition(|(_, since)| is_later(*since));
        for (list, columns) in [(&mut absent.later_columns, later), (&mut absent.lost_columns, lost)] {
            if !columns.is_empty() {
                list.push((table, columns.into_iter().map(|(column, _)| column).collect()));
            }
        }
    }
    absent
}

#[cfg(test)]
mod tests {
    use super::*;

    fn all_until(release: Release) -> BTreeSet<(String, String)> {
        let columns = |table: &'static Table| {
            let known = table.history().filter(move |(_, since)| since.is_some_and(|since| since <= release));
            known.map(|(column, _)| (table.name.to_owned(), column.to_owned()))
        };
        TABLES.iter().flat_map(columns).collect()
    }

    #[test]
    fn an_older_database_is_not_a_broken_one() {
        let old = absent(&all_until(Release { major: 1, minor: 81 }));
        assert_eq!(old.release.map(|release| release.to_string()).as_deref(), Some("1.81"));
        assert!(old.lost_tables.is_empty() && old.lost_columns.is_empty(), "{old:?}");
        assert!(old.later_tables.iter().any(|table| table.name == "LiteLLM_ProjectTable"));
        let team = old.later_columns.iter().find(|(table, _)| table.name == "LiteLLM_TeamTable");
        assert!(team.is_some_and(|(_, columns)| columns.starts_with(&["soft_budget", "access_group_ids"])), "{team:?}");
    }

    #[test]
    fn a_migration_that_was_not_applied_is_one() {
        let mut present = all_until(Release { major: 1, minor: 103 });
        present.remove(&("LiteLLM_TeamTable".to_owned(), "soft_budget".to_owned()));
        present.retain(|(table, _)| table != "LiteLLM_TagTable");
        let lost = absent(&present);
        assert_eq!(lost.lost_tables.iter().map(|table| table.name).collect::<Vec<_>>(), ["LiteLLM_TagTable"]);
        assert_eq!(lost.lost_columns.len(), 1);
        assert_eq!(lost.lost_columns[0].1, ["soft_budget"]);
        assert_eq!(absent(&BTreeSet::new()).lost_tables.len(), TABLES.len(), "nothing at all is no old release");
    }
}
