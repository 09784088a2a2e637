//! Reading the text of `pg_dump` (plain format): `COPY` and `INSERT`, with and without column names.
//!
//! The rows come out as PostgreSQL's `row_to_json` would show them, so that a dump and a live database are read
//! by the same code. What is damaged costs its own statement and a finding, never the rest. Linear in the length
//! of the text. Source: `reference/litellm.md` 2.1, PostgreSQL's documentation of `pg_dump`, `COPY` and literals.

pub(crate) mod cell;
pub(crate) mod columns;
mod row;
mod scan;
mod statement;
mod table;
pub(crate) mod text;

use std::collections::BTreeMap;

use model::{Code, Finding, Origin, Rows};
use serde_json::Value;

use columns::Type;
use statement::{Statements, Trouble};
use table::Assembly;

/// What a dump holds.
#[derive(Clone, Debug, Default, PartialEq)]
#[must_use = "what was read has findings"]
pub struct Dump {
    /// The rows of the tables that hold configuration, by table name.
    pub tables: BTreeMap<String, Rows>,
    /// How many rows of other tables were passed over, by table name.
    pub skipped: BTreeMap<String, u64>,
    /// What could not be used.
    pub findings: Vec<Finding>,
    /// Whether it is a dump of LiteLLM's database at all.
    pub is_litellm: bool,
}

/// Reads a dump; `name` is the file's name, for origins.
pub fn read(name: &str, text: &str) -> Dump {
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    let found = statement::read(text);
    if !found.is_litellm {
        return Dump { findings: vec![not_litellm(name, text)], ..Dump::default() };
    }
    let mut assembly = Assembly::new(name, text);
    for (at, trouble) in &found.troubles {
        assembly.notes.add(*at, damage(*trouble));
    }
    let place = chosen_schema(&found, &mut assembly);
    let Statements { tables, skipped, .. } = found;
    for ((schema, table), rows) in tables {
        if schema == place {
            assembly.table(&table, rows);
        }
    }
    let (tables, mut findings) = assembly.finish();
    if tables.is_empty() && findings.is_empty() {
        findings.push(no_rows(name));
    }
    Dump { tables, skipped, findings, is_litellm: true }
}

/// A row as it should be: JSON columns that hold a string which holds JSON are unwrapped, array literals become
/// arrays. For rows from a live database; [`read`] does it itself.
#[must_use]
pub fn normalise(table: &str, mut row: Value) -> Value {
    let (Some(recorded), Some(cells)) = (columns::recorded(table), row.as_object_mut()) else { return row };
    for column in recorded.of_kind(Type::Json) {
        if let Some(value) = cells.get_mut(column) {
            *value = cell::unwrap_json(value.take());
        }
    }
    for column in recorded.of_kind(Type::Texts) {
        let Some(Value::String(literal)) = cells.get(column) else { continue };
        if let Some(list) = text::array(literal, Type::Text) {
            cells.insert(column.to_owned(), list);
        }
    }
    row
}

/// The schema whose rows are used: the one with most of them. Two at once would mix two installations.
fn chosen_schema(found: &Statements<'_>, assembly: &mut Assembly<'_>) -> String {
    let mut rows: BTreeMap<&str, usize> = BTreeMap::new();
    for ((schema, _), table) in &found.tables {
        *rows.entry(schema).or_default() += table.batches.iter().map(|batch| batch.rows.len()).sum::<usize>();
    }
    // Of equals the first; `max_by_key` would take the last.
    let most = rows.iter().rev().max_by_key(|(_, count)| **count).map_or("", |(schema, _)| *schema).to_owned();
    let others: Vec<_> = rows.iter().filter(|(schema, count)| **schema != most && **count > 0).collect();
    if !others.is_empty() {
        let names: Vec<_> = others.iter().map(|(schema, _)| **schema).collect();
        assembly.notes.whole(
            Finding::warning(
                Code::new("dump.two_schemas"),
                assembly.name,
                format!("LiteLLM's tables are in several schemas; {most} was read, {} was not.", names.join(", ")),
            )
            .hint("Dump one schema at a time: pg_dump --schema=NAME."),
        );
    }
    most
}

fn damage(trouble: Trouble) -> Finding {
    let damaged = Code::new("dump.damaged");
    match trouble {
        Trouble::CutOff => Finding::error(
            Code::new("dump.cut_off"),
            "",
            "The dump ends in the middle of a statement. The rows before it were used.",
        )
        .hint("Make the dump again; a complete one ends with \"PostgreSQL database dump complete\"."),
        Trouble::Damaged => {
            Finding::error(damaged, "", "A statement is damaged. Its readable rows and all others were used.")
                .hint("Make the dump again and do not edit it.")
        }
        Trouble::GaveUp => Finding::error(damaged, "", "Too much is damaged; from here on nothing was read.")
            .hint("Make the dump again and do not edit it."),
        Trouble::NotRows => Finding::error(
            Code::new("dump.not_rows"),
            "",
            "A statement fills a table of LiteLLM's from a query or in a format this tool does not read.",
        )
        .hint("Use pg_dump with its plain format: pg_dump --format=plain --data-only --column-inserts."),
    }
}

fn not_litellm(name: &str, text: &str) -> Finding {
    let finding = if text.starts_with("PGDMP") {
        Finding::error(
            Code::new("dump.custom_format"),
            name,
            "This is a dump in pg_dump's custom format, which only pg_restore reads.",
        )
        .hint("Turn it into text: pg_restore --file=dump.sql DUMP.")
    } else {
        Finding::error(Code::new("dump.not_litellm"), name, "No table of LiteLLM's is in it.").hint(
            "Dump the database that DATABASE_URL of the proxy names: pg_dump --column-inserts DATABASE_URL > dump.sql.",
        )
    };
    finding.at(Origin::whole(name))
}

fn no_rows(name: &str) -> Finding {
    Finding::warning(Code::new("dump.no_rows"), name, "It has LiteLLM's tables, but no row of configuration.")
        .at(Origin::whole(name))
        .hint("Dump the data too: pg_dump without --schema-only.")
}
