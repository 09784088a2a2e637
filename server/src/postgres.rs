//! LiteLLM's database, read in one transaction that can write nothing and shows one moment.
//!
//! The statements are fixed text with explicit columns, sent without a name, so that they pass a PgBouncer; the
//! limits are set inside the transaction, because a pooler drops them at the start of a connection. One table that
//! cannot be read is a finding, and the others are read; a connection that breaks is an error, never an empty list.

mod connect;
mod error;
mod making;
mod rows;
mod schema;
#[cfg(test)]
mod tests;
mod value;

use std::collections::BTreeMap;
use std::pin::pin;

use futures_util::future::{Either, join, select};
use litellm::tables::TABLES;
use litellm::{RowReader, Stored};
use model::Finding;
use serde_json::Value;
use tokio_postgres::Client;

use crate::dsn::Dsn;
use crate::settings::Network;

use connect::Connected;
pub(crate) use connect::Way;
pub(crate) use error::DatabaseError;
use error::{at_table, classify};
use making::{Form, Text};
use rows::{Budget, MAX_BYTES, MAX_ROWS};

/// One moment that can be read and not written, and nothing in it may take long. Nothing is written that could be lost
/// on the way back, so one way back serves all tables.
const BEGIN: &str = "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY; \
    SET LOCAL statement_timeout = '60s'; \
    SET LOCAL lock_timeout = '5s'; \
    SET LOCAL idle_in_transaction_session_timeout = '60s'; \
    SAVEPOINT before";

/// The rows of the database.
#[derive(Debug)]
pub(crate) struct Snapshot<R> {
    /// By table, in the order of their keys, with the names of the columns.
    pub(crate) tables: BTreeMap<&'static str, (Vec<&'static str>, Vec<R>)>,
    /// What could not be read, and what that means.
    pub(crate) findings: Vec<Finding>,
}

/// Reads every configuration table into objects.
pub(crate) async fn read(dsn: &Dsn, network: &Network) -> Result<Stored, DatabaseError> {
    let snapshot = snapshot::<RowReader>(dsn, network).await?;
    let tables = snapshot.tables.into_iter().map(|(table, (_, rows))| (table, rows));
    Ok(Stored { tables: tables.collect(), findings: snapshot.findings })
}

/// Reads every configuration table as the body of `wire::DatabaseRows`, in pieces: a large database is in memory
/// once and not twice.
pub(crate) async fn body(dsn: &Dsn, network: &Network) -> Result<Vec<String>, DatabaseError> {
    Ok(pieces(snapshot::<Text>(dsn, network).await?))
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
async fn snapshot<F: Form>(dsn: &Dsn, network: &Network) -> Result<Snapshot<F::Row>, DatabaseError> {
    match once::<F>(dsn, network).await {
        Err(DatabaseError::Recovery) => once::<F>(dsn, network).await,
        other => other,
    }
}

async fn once<F: Form>(dsn: &Dsn, network: &Network) -> Result<Snapshot<F::Row>, DatabaseError> {
    let Connected { client, connection } = connect::connect(dsn, network).await?;
    // What waits for rows waits for the socket, in one place: on two threads each row would wake one of them.
    match select(pin!(transaction::<F>(&client, dsn)), connection).await {
        Either::Left((read, _)) => read,
        Either::Right(((), read)) => read.await,
    }
}

async fn transaction<F: Form>(client: &Client, dsn: &Dsn) -> Result<Snapshot<F::Row>, DatabaseError> {
    // Sent together, answered one after the other.
    let (begun, schema) = join(begin(client), schema::read(client, &dsn.schema)).await;
    begun?;
    let schema = schema?;
    let mut snapshot = Snapshot { tables: BTreeMap::new(), findings: schema.findings() };
    let mut making = Vec::new();
    let mut budget = Budget { rows: MAX_ROWS, bytes: MAX_BYTES };
    for table in TABLES {
        let columns = schema.readable(table);
        if columns.is_empty() {
            continue;
        }
        match rows::read::<F>(client, &schema, table, &columns, &mut budget).await {
            Ok(read) => {
                let names = columns.iter().map(|column| column.name).collect();
                making.push((table.name, names, tokio::spawn(read.rows.finish())));
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
    for (table, names, rows) in making {
        snapshot.tables.insert(table, (names, rows.await.map_err(|_| DatabaseError::Broken)??));
    }
    Ok(snapshot)
}

/// Opens the transaction.
async fn begin(client: &Client) -> Result<(), DatabaseError> {
    client.batch_execute(BEGIN).await.map_err(|error| classify(&error))
}
