//! Rows made into what they are wanted for, by and by while more of them travel.

use std::fmt;
use std::sync::Arc;

use litellm::tables::Table;
use litellm::{RowRead, RowReader};
use serde_json::Value;
use tokio::task::JoinHandle;
use tokio_postgres::Row;

use super::error::{DatabaseError, classify};
use super::schema::Column;
use super::value::Raw;

/// How many rows are made in one go: enough that handing them over costs nothing beside.
const AT_ONCE: usize = 256;

/// What rows are made into: objects for the headless commands, text for the page.
pub(crate) trait Form: Send + Sized + 'static {
    /// A row of that form.
    type Row: fmt::Debug + Send + 'static;

    /// For the rows of a table; none where they are of no use.
    fn of(table: &'static Table, columns: &[Column]) -> Option<Self>;

    /// Makes a row of its cells, which it may take.
    fn row(&self, cells: &mut [Value]) -> Self::Row;
}

/// Objects.
impl Form for RowReader {
    type Row = RowRead;

    fn of(table: &'static Table, columns: &[Column]) -> Option<Self> {
        let names: Vec<Arc<str>> = columns.iter().map(|column| Arc::from(column.name)).collect();
        Self::new(table, &names)
    }

    fn row(&self, cells: &mut [Value]) -> RowRead {
        self.read(cells)
    }
}

/// JSON text.
#[derive(Debug)]
pub(crate) struct Text;

impl Form for Text {
    type Row = String;

    fn of(_: &'static Table, _: &[Column]) -> Option<Self> {
        Some(Self)
    }

    fn row(&self, cells: &mut [Value]) -> String {
        serde_json::to_string(without_last_nulls(cells)).unwrap_or_else(|_| "[]".to_owned())
    }
}

/// A row that ends early has nulls for the rest, and most rows do.
pub(super) fn without_last_nulls(cells: &[Value]) -> &[Value] {
    let end = cells.iter().rposition(|cell| !cell.is_null()).map_or(0, |last| last + 1);
    cells.get(..end).unwrap_or_default()
}

/// Rows of a table by the text of their key.
type Made<F> = Vec<(String, <F as Form>::Row)>;

/// The rows of a table while they come.
#[derive(Debug)]
pub(super) struct Making<F: Form> {
    table: &'static Table,
    columns: Arc<[Column]>,
    /// Those that nobody makes yet.
    waiting: Vec<Row>,
    /// Those that are being made, beside the reading.
    begun: Vec<JoinHandle<Result<Made<F>, DatabaseError>>>,
}

impl<F: Form> Making<F> {
    pub(super) fn new(table: &'static Table, columns: &[Column]) -> Self {
        Self { table, columns: columns.into(), waiting: Vec::new(), begun: Vec::new() }
    }

    /// Takes one more row.
    pub(super) fn take(&mut self, row: Row) {
        self.waiting.push(row);
        if self.waiting.len() == AT_ONCE {
            let rows = std::mem::replace(&mut self.waiting, Vec::with_capacity(AT_ONCE));
            let (table, columns) = (self.table, Arc::clone(&self.columns));
            // Each works with texts of its own: threads that count references to the same ones wait for each other.
            self.begun.push(tokio::spawn(async move { make::<F>(table, &columns, rows) }));
        }
    }

    /// All of them, in the order of their key byte by byte, whatever the database's locale is.
    pub(super) async fn finish(self) -> Result<Vec<F::Row>, DatabaseError> {
        let last = make::<F>(self.table, &self.columns, self.waiting)?;
        let mut keys = Vec::new();
        let mut rows = Vec::new();
        let mut put = |made: Made<F>| {
            for (key, row) in made {
                keys.push((key, rows.len()));
                rows.push(Some(row));
            }
        };
        for begun in self.begun {
            put(begun.await.map_err(|_| DatabaseError::Broken)??);
        }
        put(last);
        keys.sort_unstable();
        Ok(keys.into_iter().filter_map(|(_, at)| rows.get_mut(at)?.take()).collect())
    }
}

fn make<F: Form>(table: &'static Table, columns: &[Column], rows: Vec<Row>) -> Result<Made<F>, DatabaseError> {
    let Some(form) = F::of(table, columns) else { return Ok(Vec::new()) };
    let key: Vec<Option<usize>> =
        table.key.iter().map(|name| columns.iter().position(|column| column.name == *name)).collect();
    let mut made = Vec::with_capacity(rows.len());
    let mut cells = Vec::with_capacity(columns.len());
    for row in rows {
        cells.clear();
        for (at, column) in columns.iter().enumerate() {
            let raw: Option<Raw<'_>> = row.try_get(at).map_err(|error| classify(&error))?;
            cells.push(raw.and_then(|raw| column.kind.read(raw.0)).unwrap_or_default());
        }
        made.push((key_text(&key, &cells), form.row(&mut cells)));
    }
    Ok(made)
}

/// The key of a row, by the places of its columns.
fn key_text(key: &[Option<usize>], cells: &[Value]) -> String {
    let part = |at: &Option<usize>| match at.and_then(|at| cells.get(at)) {
        Some(Value::String(text)) => text.clone(),
        Some(Value::Null) | None => String::new(),
        Some(other) => other.to_string(),
    };
    if let [only] = key { part(only) } else { key.iter().map(part).collect::<Vec<_>>().join("\0") }
}
