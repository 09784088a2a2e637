//! What it means that a table or a column is not there, in words.

use model::{Code, Finding, Origin};

use super::{Absent, Release, Table};

/// What a table holds, for a sentence: `virtual keys`.
pub fn holds(table: &Table) -> String {
    let word = crate::rows_kind(table.name).map_or("rows", crate::Kind::word).replace('_', " ");
    match word.strip_suffix('y') {
        Some(stem) if !word.ends_with("key") => format!("{stem}ies"),
        _ if word.ends_with('s') => word,
        _ => format!("{word}s"),
    }
}

/// What a person has to know of what is not there: one line for all that is only too new for the database, one for
/// each thing that a database of its release has.
pub fn findings(absent: &Absent) -> Vec<Finding> {
    let mut findings: Vec<Finding> = absent.lost_tables.iter().map(|table| lost_table(table)).collect();
    findings.extend(absent.lost_columns.iter().map(|(table, columns)| lost_columns(table, columns, absent.release)));
    findings.extend(older(absent));
    findings
}

fn lost_table(table: &Table) -> Finding {
    let message = format!("there is no table {}: its {} stay unknown", table.name, holds(table));
    Finding::warning(Code::new("database.missing_table"), table.name, message)
        .at(Origin::whole(table.name))
        .hint("every release of this age has it: is it the right schema, and were all migrations applied?")
}

fn lost_columns(table: &Table, columns: &[&str], release: Option<Release>) -> Finding {
    let since = |column: &&str| table.history().find(|(name, _)| name == column).and_then(|(_, since)| since);
    let named = columns.iter().map(|column| with_release(column, since(column))).collect::<Vec<_>>().join(", ");
    let release = release.map_or_else(|| "newer".to_owned(), |release| format!("of {release}"));
    let message =
        format!("{} has no {named}, and the rest of the database is {release}: what they say is unknown", table.name);
    Finding::warning(Code::new("database.missing_column"), table.name, message)
        .at(Origin::whole(table.name))
        .hint("a migration of LiteLLM was not applied here; LiteLLM itself misses these columns too")
}

/// A database of an older release: nothing is lost, LiteLLM of that release had no such thing.
fn older(absent: &Absent) -> Option<Finding> {
    let release = absent.release?;
    let tables = absent.later_tables.iter().map(|table| with_release(table.name, table.since()));
    let columns = absent.later_columns.iter().flat_map(|(table, columns)| {
        let since = |column: &str| table.history().find(|(name, _)| *name == column).and_then(|(_, since)| since);
        columns.iter().map(move |column| with_release(&format!("{}.{column}", table.name), since(column)))
    });
    let (tables, columns): (Vec<_>, Vec<_>) = (tables.collect(), columns.collect());
    if tables.is_empty() && columns.is_empty() {
        return None;
    }
    let message = format!(
        "this database is of about LiteLLM {release}: {} and {} that came later are not there, so nothing of them can be lost",
        counted(tables.len(), "table"),
        counted(columns.len(), "column"),
    );
    let mut finding =
        Finding::info(Code::new("database.older_schema"), "database", message).at(Origin::whole("database"));
    for (what, list) in [("tables", tables), ("columns", columns)] {
        if !list.is_empty() {
            finding = finding.hint(format!("{what} not there: {}", list.join(", ")));
        }
    }
    Some(finding)
}

fn counted(count: usize, noun: &str) -> String {
    format!("{count} {noun}{}", if count == 1 { "" } else { "s" })
}

fn with_release(name: &str, since: Option<Release>) -> String {
    since.map_or_else(|| name.to_owned(), |since| format!("{name} ({since})"))
}
