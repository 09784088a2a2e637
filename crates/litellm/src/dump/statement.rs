//! The statements of a dump: which tables there are, and their rows as they stand.

use std::collections::BTreeMap;

use super::cell::Cell;
use super::columns::Column;
use super::row;
use super::scan::{Scan, Torn};
use crate::tables;

/// What the statements say, values not yet interpreted.
#[derive(Debug, Default)]
pub(super) struct Statements<'t> {
    /// Tables to keep, by schema and name.
    pub(super) tables: BTreeMap<(String, String), Table<'t>>,
    /// Rows of other tables, by name.
    pub(super) skipped: BTreeMap<String, u64>,
    /// Whether any table of LiteLLM's came up.
    pub(super) is_litellm: bool,
    /// What could not be read, with its place in the text.
    pub(super) troubles: Vec<(usize, Trouble)>,
}

/// A table to keep.
#[derive(Debug, Default)]
pub(super) struct Table<'t> {
    /// Its columns, where the dump has its `CREATE TABLE`.
    pub(super) columns: Vec<Column>,
    /// Its rows, in order.
    pub(super) batches: Vec<Batch<'t>>,
}

/// Rows that name the same columns, or none.
#[derive(Debug)]
pub(super) struct Batch<'t> {
    pub(super) names: Option<Vec<String>>,
    pub(super) rows: Vec<Row<'t>>,
}

/// A row and its place in the text.
#[derive(Debug)]
pub(super) struct Row<'t> {
    pub(super) at: usize,
    pub(super) cells: Vec<Cell<'t>>,
}

/// What can be wrong with a statement.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Trouble {
    /// The text ends in the middle of it.
    CutOff,
    /// A part of it is missing or does not belong there.
    Damaged,
    /// Too much is damaged to go on.
    GaveUp,
    /// It takes its rows from a query or a file, or in a format `pg_dump` does not write.
    NotRows,
}

/// Reads every statement of the text.
pub(super) fn read(text: &str) -> Statements<'_> {
    let mut reader = Reader {
        scan: Scan::new(text),
        database: String::new(),
        schema: "public".to_owned(),
        found: Statements::default(),
    };
    reader.run();
    reader.found
}

/// What a statement worth reading starts with, at the start of a line: where reading goes on after damage.
const STARTS: [&str; 3] = ["INSERT INTO ", "COPY ", "CREATE TABLE "];

/// What `pg_dump` writes around a dump; a file may hold several.
const FIRST_LINE: &str = "-- PostgreSQL database dump";
const LAST_LINE: &str = "-- PostgreSQL database dump complete";

fn lines(text: &str, wanted: &str) -> usize {
    text.lines().filter(|line| *line == wanted).count()
}

struct Reader<'t> {
    scan: Scan<'t>,
    database: String,
    schema: String,
    found: Statements<'t>,
}

impl Reader<'_> {
    fn run(&mut self) {
        // Damage is read again from the next line on. Bounded, so that no text takes more than linear time.
        let mut again = self.scan.text.len().saturating_mul(4).saturating_add(1 << 16);
        loop {
            self.scan.skip_space();
            let start = self.scan.at;
            match self.scan.peek() {
                None => break,
                Some(b'\\') => self.meta_command(),
                Some(_) => match self.statement() {
                    Ok(()) => {}
                    Err(Torn::End) => self.trouble(start, Trouble::CutOff),
                    Err(Torn::Unexpected) => {
                        self.trouble(start, Trouble::Damaged);
                        let Some(next) = next_start(self.scan.text, start) else { break };
                        let Some(left) = again.checked_sub(self.scan.at.saturating_sub(next)) else {
                            self.trouble(next, Trouble::GaveUp);
                            break;
                        };
                        again = left;
                        self.scan.at = next;
                    }
                },
            }
        }
        if let Some(at) = self.scan.open_comment {
            self.trouble(at, Trouble::CutOff);
        }
        // Cut off between two statements, only the missing last line shows it.
        let text = self.scan.text;
        let cut_off = |found: &(usize, Trouble)| found.1 == Trouble::CutOff;
        if !self.found.troubles.iter().any(cut_off) && lines(text, FIRST_LINE) > lines(text, LAST_LINE) {
            self.trouble(text.len(), Trouble::CutOff);
        }
    }

    fn trouble(&mut self, at: usize, trouble: Trouble) {
        self.found.troubles.push((at, trouble));
    }

    /// A line for psql: `\connect name` changes the database, the rest says nothing.
    fn meta_command(&mut self) {
        let start = self.scan.at;
        self.scan.skip_line();
        let line = &self.scan.text[start..self.scan.at];
        let mut words = line.split_ascii_whitespace();
        if matches!(words.next(), Some("\\connect" | "\\c")) {
            self.database = words.next().unwrap_or_default().to_owned();
        }
    }

    fn statement(&mut self) -> Result<(), Torn> {
        let mut ahead = self.scan;
        let word = ahead.word();
        if word.eq_ignore_ascii_case("insert") {
            self.scan = ahead;
            self.insert()
        } else if word.eq_ignore_ascii_case("copy") {
            self.scan = ahead;
            self.copy()
        } else if word.eq_ignore_ascii_case("create") {
            self.scan = ahead;
            self.create()
        } else {
            self.search_path();
            self.scan.skip_statement()
        }
    }

    /// `SET search_path = name, ...`: dumps of old servers name tables without their schema.
    fn search_path(&mut self) {
        let mut ahead = self.scan;
        if ahead.take_word("SET") && ahead.take_word("search_path") && (ahead.take(b'=') || ahead.take_word("TO")) {
            self.schema = ahead.identifier().unwrap_or_else(|_| "public".to_owned());
        }
    }

    /// The schema and the name of a table, and whether to keep its rows.
    fn table(&mut self) -> Result<((String, String), bool), Torn> {
        let (schema, name) = self.scan.qualified()?;
        self.found.is_litellm |= name.starts_with("LiteLLM_");
        let schema = if schema.is_empty() { self.schema.clone() } else { schema };
        let place = if self.database.is_empty() { schema } else { format!("{}.{schema}", self.database) };
        let keep = tables::table(&name).is_some();
        Ok(((place, name), keep))
    }

    fn insert(&mut self) -> Result<(), Torn> {
        let start = self.scan.at;
        if !self.scan.take_word("INTO") {
            return Err(Torn::Unexpected);
        }
        let (place, keep) = self.table()?;
        let names = self.names()?;
        if self.scan.take_word("OVERRIDING") {
            self.scan.skip_space();
            self.scan.word();
            self.scan.take_word("VALUE");
        }
        if !self.scan.take_word("VALUES") {
            if keep {
                self.trouble(start, Trouble::NotRows);
            }
            return self.scan.skip_statement();
        }
        let mut rows = self.found.sink(place, keep, names);
        loop {
            self.scan.skip_space();
            let at = self.scan.at;
            rows.push(at, row::row(&mut self.scan)?);
            if !self.scan.take(b',') {
                break;
            }
        }
        self.end_of_insert()
    }

    /// Only these may follow the rows; anything else shows that a part is missing.
    fn end_of_insert(&mut self) -> Result<(), Torn> {
        let mut ahead = self.scan;
        match ahead.peek() {
            None => Err(Torn::End),
            Some(b';') => self.scan.skip_statement(),
            Some(_) if ahead.take_word("ON") || ahead.take_word("RETURNING") => self.scan.skip_statement(),
            Some(_) => Err(Torn::Unexpected),
        }
    }

    /// The column names after a table's name, if there are any.
    fn names(&mut self) -> Result<Option<Vec<String>>, Torn> {
        self.scan.skip_space();
        if self.scan.peek() == Some(b'(') { self.scan.names().map(Some) } else { Ok(None) }
    }

    fn copy(&mut self) -> Result<(), Torn> {
        let start = self.scan.at;
        let (place, keep) = self.table()?;
        let names = self.names()?;
        if !(self.scan.take_word("FROM") && self.scan.take_word("stdin")) {
            return self.scan.skip_statement();
        }
        let plain = self.scan.take(b';');
        if !plain {
            self.scan.skip_statement()?;
            if keep {
                self.trouble(start, Trouble::NotRows);
            }
        }
        self.scan.skip_line();
        self.copied_lines(place, keep && plain, names)
    }

    fn copied_lines(&mut self, place: (String, String), keep: bool, names: Option<Vec<String>>) -> Result<(), Torn> {
        let width = names.as_ref().map(Vec::len);
        let mut rows = self.found.sink(place, keep, names);
        loop {
            let at = self.scan.at;
            let Some((line, _)) = self.scan.rest().split_once('\n') else {
                self.scan.skip_line();
                // Without the line that ends the data, the last row may be cut anywhere.
                return if line_ends_data(&self.scan.text[at..]) { Ok(()) } else { Err(Torn::End) };
            };
            let line_end = at + line.len() + 1;
            let line = line.strip_suffix('\r').unwrap_or(line);
            if line_ends_data(line) {
                self.scan.at = line_end;
                return Ok(());
            }
            let fields = line.split('\t');
            if width.is_some_and(|width| width > 1 && starts_statement(line) && fields.clone().count() != width) {
                self.trouble(at, Trouble::Damaged);
                return Ok(());
            }
            self.scan.at = line_end;
            match &mut rows {
                Sink::Count(count) => **count += 1,
                Sink::Keep(_) => rows.push(at, fields.map(row::field).collect()),
            }
        }
    }

    fn create(&mut self) -> Result<(), Torn> {
        while self.scan.take_word("UNLOGGED") || self.scan.take_word("FOREIGN") {}
        if !self.scan.take_word("TABLE") {
            return self.scan.skip_statement();
        }
        if self.scan.take_word("IF") {
            self.scan.take_word("NOT");
            self.scan.take_word("EXISTS");
        }
        let (place, keep) = self.table()?;
        if self.scan.take(b'(') {
            let columns = row::columns(&mut self.scan)?;
            if keep {
                self.found.tables.entry(place).or_default().columns = columns;
            }
        }
        self.scan.skip_statement()
    }
}

/// Where the rows of a statement go.
enum Sink<'a, 't> {
    Count(&'a mut u64),
    Keep(&'a mut Vec<Row<'t>>),
}

impl<'t> Sink<'_, 't> {
    fn push(&mut self, at: usize, cells: Vec<Cell<'t>>) {
        match self {
            Self::Count(count) => **count += 1,
            Self::Keep(rows) => rows.push(Row { at, cells }),
        }
    }
}

impl<'t> Statements<'t> {
    fn sink(&mut self, place: (String, String), keep: bool, names: Option<Vec<String>>) -> Sink<'_, 't> {
        if !keep {
            return Sink::Count(self.skipped.entry(place.1).or_default());
        }
        let batches = &mut self.tables.entry(place).or_default().batches;
        if batches.last().is_none_or(|batch| batch.names != names) {
            batches.push(Batch { names, rows: Vec::new() });
        }
        match batches.last_mut() {
            Some(batch) => Sink::Keep(&mut batch.rows),
            None => Sink::Count(self.skipped.entry(String::new()).or_default()),
        }
    }
}

fn line_ends_data(line: &str) -> bool {
    line.trim_end_matches('\r') == "\\."
}

fn starts_statement(line: &str) -> bool {
    STARTS.iter().any(|start| line.starts_with(start)) || line == "--"
}

/// The next line after `from` that a statement starts on.
fn next_start(text: &str, from: usize) -> Option<usize> {
    let mut at = from;
    loop {
        at += text.get(at..)?.find('\n')? + 1;
        if STARTS.iter().any(|start| text[at..].starts_with(start)) {
            return Some(at);
        }
    }
}
