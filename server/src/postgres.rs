//! LiteLLM's database, read in one transaction that can write nothing and shows one moment.
//!
//! The statements are fixed text with explicit columns, sent without a name, so that they pass a PgBouncer; the
//! limits are set inside the transaction, because a pooler drops them at the start of a connection. One table that
//! cannot be read is a finding, and the others are read; a connection that breaks is an error, never an empty list.

mod connect;
mod error;
mod rows;
mod schema;
#[cfg(test)]
mod tests;
mod value;

use std::collections::BTreeMap;

use futures_util::future::join;
use litellm::tables::TABLES;
use model::Finding;
use serde_json::Value;
use tokio_postgres::Client;

use crate::dsn::Dsn;
use crate::settings::Network;

pub(crate) use connect::Way;
pub(crate) use error::DatabaseError;
use error::{at_table, classify};
use rows::{Budget, MAX_BYTES, MAX_ROWS};

/// One moment that can be read and not written, and nothing in it may take long.
const BEGIN: &str = "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY; \
    SET LOCAL statement_timeout = '60s'; \
    SET LOCAL lock_timeout = '5s'; \
    SET LOCAL idle_in_transaction_session_timeout = '60s'";

/// The rows of the database.
#[derive(Debug)]
pub(crate) struct Snapshot<R> {
    /// By table, in the order of their keys, with the names of the columns.
    pub(crate) tables: BTreeMap<&'static str, (Vec<&'static str>, Vec<R>)>,
    /// What could not be read, and what that means.
    pub(crate) findings: Vec<Finding>,
}

/// A form to keep a row in: values for the headless commands, text for the page.
pub(crate) trait Row {
    /// From its cells, in the order of the columns.
    fn from_cells(cells: Vec<Value>) -> Self;
}

impl Row for Vec<Value> {
    fn from_cells(cells: Vec<Value>) -> Self {
        without_last_nulls(cells)
    }
}

impl Row for String {
    fn from_cells(cells: Vec<Value>) -> Self {
        Value::Array(without_last_nulls(cells)).to_string()
    }
}

/// A row that ends early has nulls for the rest, and most rows do.
fn without_last_nulls(mut cells: Vec<Value>) -> Vec<Value> {
    while cells.pop_if(|cell| cell.is_null()).is_some() {}
    cells
}

/// Reads every configuration table as values.
pub(crate) async fn read(dsn: &Dsn, network: &Network) -> Result<wire::DatabaseRows, DatabaseError> {
    let snapshot = snapshot::<Vec<Value>>(dsn, network).await?;
    let tables = snapshot.tables.into_iter().map(|(table, (columns, rows))| {
        (table.to_owned(), model::Rows::new(columns.into_iter().map(Into::into).collect(), rows))
    });
    Ok(wire::DatabaseRows { tables: tables.collect(), findings: snapshot.findings })
}

/// Reads every configuration table as the body of `wire::DatabaseRows`, in pieces: a large database is in memory
/// once and not twice.
pub(crate) async fn body(dsn: &Dsn, network: &Network) -> Result<Vec<String>, DatabaseError> {
    Ok(pieces(snapshot::<String>(dsn, network).await?))
}

fn pieces(snapshot: Snapshot<String>) -> Vec<String> {
    let findings = serde_json::to_string(&snapshot.findings).unwrap_or_else(|_| "[]".to_owned());
    let tables = snapshot.tables.into_iter().enumerate().flat_map(|(index, (table, (columns, rows)))| {
        let comma = if index == 0 { "" } else { "," };
        let head = format!("{comma}{}:{{\"columns\":{},\"rows\":[", Value::from(table), Value::from(columns));
        let rows = rows.into_iter().enumerate().map(|(at, row)| if at == 0 { row } else { format!(",{row}") });
        std::iter::once(head).chain(rows).chain(std::iter::once("]}".to_owned()))
    });
    let mut all = std::iter::once("{\"tables\":{".to_owned())
        .chain(tables)
        .chain(std::iter::once(format!("}},\"findings\":{findings}}}")));
    // In pieces worth a packet or two; each row is gone once it is in its piece.
    let piece = std::iter::from_fn(move || {
        let mut piece = all.next()?;
        while piece.len() < 1 << 16 {
            let Some(next) = all.next() else { break };
            piece.push_str(&next);
        }
        Some(piece)
    });
    piece.collect()
}

/// Reads every configuration table. A replica that had to drop what was being read gets a second chance.
async fn snapshot<R: Row>(dsn: &Dsn, network: &Network) -> Result<Snapshot<R>, DatabaseError> {
    match once(dsn, network).await {
        Err(DatabaseError::Recovery) => once(dsn, network).await,
        other => other,
    }
}

async fn once<R: Row>(dsn: &Dsn, network: &Network) -> Result<Snapshot<R>, DatabaseError> {
    let client = connect::connect(dsn, network).await?;
    begin(&client).await?;
    let schema = schema::read(&client, &dsn.schema).await?;
    let mut snapshot = Snapshot { tables: BTreeMap::new(), findings: schema.findings() };
    let mut budget = Budget { rows: MAX_ROWS, bytes: MAX_BYTES };
    for table in TABLES {
        let columns = schema.readable(table);
        if columns.is_empty() {
            continue;
        }
        // The way back, sent along with the first statement that may need it.
        let begun = client.batch_execute("SAVEPOINT before");
        let (begun, read) = join(begun, rows::read(&client, &schema, table, &columns, &mut budget)).await;
        begun.map_err(|error| classify(&error))?;
        match read {
            Ok(read) => {
                let names = columns.iter().map(|column| column.name).collect();
                snapshot.tables.insert(table.name, (names, read.rows));
                snapshot.findings.extend(read.findings);
            }
            Err(error) if error.is_of_one_table() => {
                client.batch_execute("ROLLBACK TO before").await.map_err(|error| classify(&error))?;
                snapshot.findings.push(at_table(&error, table));
            }
            Err(error) => return Err(error),
        }
    }
    client.batch_execute("ROLLBACK").await.map_err(|error| classify(&error))?;
    Ok(snapshot)
}

/// Opens the transaction.
async fn begin(client: &Client) -> Result<(), DatabaseError> {
    client.batch_execute(BEGIN).await.map_err(|error| classify(&error))
}
