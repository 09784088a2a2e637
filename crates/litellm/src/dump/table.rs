//! From statements to rows: which column a value belongs to, and what it is.

use std::collections::BTreeMap;

use model::{Code, Finding, Origin, Rows};
use serde_json::Value;

use super::cell::Cell;
use super::columns::{self, Column, Type};
use super::statement::{Row, Table};

/// A row: its cells, each with the name of its column.
type Cells<'c> = Vec<(&'c str, Value)>;

/// The rows and findings so far.
pub(super) struct Assembly<'t> {
    pub(super) name: &'t str,
    pub(super) notes: Notes<'t>,
    tables: BTreeMap<String, Rows>,
    guessed: Vec<String>,
}

impl<'t> Assembly<'t> {
    pub(super) fn new(name: &'t str, text: &'t str) -> Self {
        let notes = Notes { name, text, list: Vec::new(), more: 0 };
        Self { name, notes, tables: BTreeMap::new(), guessed: Vec::new() }
    }

    /// Takes over the rows of a table.
    pub(super) fn table(&mut self, name: &str, table: Table<'_>) {
        let Table { columns: created, batches } = table;
        let mut rows = Rows::default();
        for batch in batches {
            match batch.names {
                Some(names) => {
                    let columns = typed(name, names, &created);
                    batch.rows.iter().filter_map(|row| self.row(name, &columns, row)).for_each(|row| rows.push(row));
                }
                None if !created.is_empty() => {
                    batch.rows.iter().filter_map(|row| self.row(name, &created, row)).for_each(|row| rows.push(row));
                }
                None => self.by_recorded_order(name, &batch.rows).into_iter().for_each(|row| rows.push(row)),
            }
        }
        if !rows.is_empty() {
            self.tables.insert(name.to_owned(), rows);
        }
    }

    /// The rows, and the findings in the order of the text.
    pub(super) fn finish(mut self) -> (BTreeMap<String, Rows>, Vec<Finding>) {
        if !self.guessed.is_empty() {
            let tables = self.guessed.join(", ");
            self.notes.whole(
                Finding::warning(
                    Code::new("dump.recorded_columns"),
                    self.name,
                    format!("The dump names no columns; the order of LiteLLM 1.101 to 1.108 was used for {tables}."),
                )
                .hint("To be sure, dump with pg_dump --column-inserts, or give the schema in the same file."),
            );
        }
        (self.tables, self.notes.finish())
    }

    /// The cells of a row by column.
    fn row<'c>(&mut self, table: &str, columns: &'c [Column], row: &Row<'_>) -> Option<Cells<'c>> {
        if columns.len() != row.cells.len() {
            let message = format!("A row of {table} has {} values for {} columns.", row.cells.len(), columns.len());
            self.notes.add(row.at, Finding::error(Code::new("dump.row_width"), table, message));
            return None;
        }
        let cell = |(column, cell): (&'c Column, &Cell<'_>)| {
            let value = cell.typed(column.kind).unwrap_or_else(|| {
                let message = format!("{table}.{} is no value of its type, or one to be computed.", column.name);
                // A limit or a block that is not understood must not read as none.
                self.notes.add(row.at, Finding::error(Code::new("dump.bad_value"), table, message));
                cell.text().map_or(Value::Null, |text| Value::String(text.into_owned()))
            });
            (column.name.as_str(), value)
        };
        Some(columns.iter().zip(&row.cells).map(cell).collect())
    }

    /// Rows without column names and without a `CREATE TABLE`: by the recorded order, if every row fits it. One
    /// that does not shows that the columns are in another order, so none of the table is used.
    fn by_recorded_order(&mut self, table: &str, rows: &[Row<'_>]) -> Vec<Cells<'static>> {
        let mut fitting = Vec::new();
        for row in rows {
            let Some(columns) = columns::recorded(table).and_then(|known| known.of_width(row.cells.len())) else {
                self.unknown_order(table, row);
                continue;
            };
            if !fits(columns, row) {
                self.unknown_order(table, row);
                return Vec::new();
            }
            fitting.extend(self.row(table, columns, row));
        }
        if !fitting.is_empty() {
            self.guessed.push(table.to_owned());
        }
        fitting
    }

    fn unknown_order(&mut self, table: &str, row: &Row<'_>) {
        let message =
            format!("Rows of {table} name no columns, and their {} values fit no known order.", row.cells.len());
        self.notes.add(
            row.at,
            Finding::error(Code::new("dump.unknown_columns"), table, message)
                .hint("Dump with pg_dump --column-inserts, or give the schema in the same file."),
        );
    }
}

fn fits(columns: &[Column], row: &Row<'_>) -> bool {
    columns
        .iter()
        .zip(&row.cells)
        .all(|(column, cell)| cell.written_as(column.kind) && cell.typed(column.kind).is_some())
}

/// Columns by name: the type from the dump's own `CREATE TABLE`, else as recorded.
fn typed(table: &str, names: Vec<String>, created: &[Column]) -> Vec<Column> {
    let recorded = columns::recorded(table);
    let kind_of = |name: &str| {
        let own = created.iter().find(|column| column.name == name).map(|column| column.kind);
        own.or_else(|| recorded?.kind(name)).unwrap_or(Type::Unknown)
    };
    names.into_iter().map(|name| Column { kind: kind_of(&name), name }).collect()
}

/// Findings with their place, the first ones in full: a dump broken everywhere would only repeat itself.
pub(super) struct Notes<'t> {
    name: &'t str,
    text: &'t str,
    list: Vec<(usize, Finding)>,
    more: usize,
}

/// How many findings of one dump are worth reading.
const MOST: usize = 50;

impl Notes<'_> {
    /// A finding about a place in the text.
    pub(super) fn add(&mut self, at: usize, mut finding: Finding) {
        if self.list.len() == MOST {
            self.more += 1;
            return;
        }
        if finding.subject.is_empty() {
            self.name.clone_into(&mut finding.subject);
        }
        let line = self.text.get(..at).unwrap_or(self.text).matches('\n').count() + 1;
        let origin = Origin::file(self.name, u32::try_from(line).unwrap_or(u32::MAX), 1);
        self.list.push((at, finding.at(origin)));
    }

    /// A finding about the whole dump.
    pub(super) fn whole(&mut self, finding: Finding) {
        self.list.push((usize::MAX, finding.at(Origin::whole(self.name))));
    }

    fn finish(mut self) -> Vec<Finding> {
        self.list.sort_by_key(|(at, _)| *at);
        let mut findings: Vec<_> = self.list.into_iter().map(|(_, finding)| finding).collect();
        if self.more > 0 {
            let message = format!("{} more places like these.", self.more);
            let more = Finding::error(Code::new("dump.more"), self.name, message);
            findings.push(more.at(Origin::whole(self.name)));
        }
        findings
    }
}
