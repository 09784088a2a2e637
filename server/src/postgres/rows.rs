//! The rows of one table, as they come.

use std::pin::pin;

use futures_util::TryStreamExt;
use litellm::tables::Table;
use model::{Code, Finding, Origin};
use tokio_postgres::Client;
use tokio_postgres::types::{ToSql, Type};

use super::error::{DatabaseError, classify};
use super::making::{Form, Making};
use super::schema::{Column, Schema, quote};

/// The most rows read, over all tables.
pub(super) const MAX_ROWS: usize = 2_000_000;

/// The most bytes read, over all tables.
pub(super) const MAX_BYTES: usize = 1 << 30;

/// The longest value taken, in bytes as text. One that is longer is left at the server, and named.
pub(super) const MAX_VALUE: usize = 1 << 20;

/// The smallest a value of `MAX_VALUE` can be when it is packed: none packs better than 1 to 255.
const PACKED: usize = MAX_VALUE / 256;

/// How many values that are too long are named.
const MOST: usize = 50;

const NO_VALUES: [(&(dyn ToSql + Sync), Type); 0] = [];

/// What may still be read.
#[derive(Debug)]
pub(super) struct Budget {
    pub(super) rows: usize,
    pub(super) bytes: usize,
}

/// What was read of a table.
#[derive(Debug)]
pub(super) struct TableRead<F: Form> {
    pub(super) rows: Making<F>,
    pub(super) findings: Vec<Finding>,
}

/// Reads a table.
pub(super) async fn read<F: Form>(
    client: &Client,
    schema: &Schema,
    table: &'static Table,
    columns: &[Column],
    budget: &mut Budget,
) -> Result<TableRead<F>, DatabaseError> {
    let failed = |error| classify(&error);
    let long = if schema.has_long_values(table) { long(client, schema, table, columns).await? } else { Vec::new() };
    let sql = statement(&schema.name, table, columns, |column| long.iter().any(|long| long.column == column.name));
    let mut stream = pin!(client.query_typed_raw(&sql, NO_VALUES).await.map_err(failed)?);
    let mut rows = Making::new(table, columns);
    while let Some(row) = stream.try_next().await.map_err(failed)? {
        budget.rows = budget.rows.checked_sub(1).ok_or(DatabaseError::TooLarge)?;
        budget.bytes = budget.bytes.checked_sub(row.raw_size_bytes()).ok_or(DatabaseError::TooLarge)?;
        rows.take(row);
    }
    let findings = long.iter().map(|value| value.finding(table)).collect();
    Ok(TableRead { rows, findings })
}

/// Names come from a list in this program, the schema from the user; all are quoted.
pub(super) fn statement(schema: &str, table: &Table, columns: &[Column], is_long: impl Fn(&Column) -> bool) -> String {
    let list = columns.iter().map(|column| {
        let name = quote(column.name);
        let value = column.kind.select(&name);
        if is_long(column) { format!("CASE WHEN {} THEN NULL ELSE {value} END", too_long(&name)) } else { value }
    });
    format!("SELECT {} FROM {}.{}", list.collect::<Vec<_>>().join(", "), quote(schema), quote(table.name))
}

/// Whether a value is too long. The packed size is at hand; the true one costs unpacking.
fn too_long(name: &str) -> String {
    format!("(pg_catalog.pg_column_size({name}) > {PACKED} AND pg_catalog.octet_length({name}::text) > {MAX_VALUE})")
}

/// A value that is too long to be read.
#[derive(Debug)]
struct Long {
    row: String,
    column: String,
    bytes: i64,
}

impl Long {
    fn finding(&self, table: &Table) -> Finding {
        let tenths = self.bytes / (1024 * 1024 / 10);
        let message = format!(
            "{} of this row is {}.{} MiB long; it is left out, what it says stays unknown",
            self.column,
            tenths / 10,
            tenths % 10
        );
        Finding::error(Code::new("database.long_value"), table.name, message)
            .at(Origin::row(table.name, self.row.as_str(), self.column.as_str()))
            .hint("values of configuration are short: look at this one, and shorten it in LiteLLM")
    }
}

/// The values of a table that are too long, found where they are.
async fn long(client: &Client, schema: &Schema, table: &Table, columns: &[Column]) -> Result<Vec<Long>, DatabaseError> {
    let mut found = Vec::new();
    let names: Vec<&Column> = columns.iter().filter(|column| column.kind.may_be_long()).collect();
    let Some(sql) = long_statement(schema, table, columns, &names) else { return Ok(found) };
    let mut stream = pin!(client.query_typed_raw(&sql, NO_VALUES).await.map_err(|error| classify(&error))?);
    while let Some(row) = stream.try_next().await.map_err(|error| classify(&error))? {
        let text = |at: usize| row.try_get::<_, String>(at).map_err(|error| classify(&error));
        let bytes = row.try_get(2).map_err(|error| classify(&error))?;
        found.push(Long { row: text(0)?, column: text(1)?, bytes });
    }
    Ok(found)
}

fn long_statement(schema: &Schema, table: &Table, columns: &[Column], long: &[&Column]) -> Option<String> {
    if long.is_empty() {
        return None;
    }
    let shown = match table.name {
        // A key's hash is a handle to look the key up by.
        "LiteLLM_VerificationToken" => &["key_alias", "key_name"][..],
        _ => table.key,
    };
    let there = shown.iter().filter(|name| columns.iter().any(|column| column.name == **name));
    let shown: Vec<String> = there.map(|name| format!("{}::text", quote(name))).collect();
    let row = match (table.name, &shown[..]) {
        (_, []) => "''".to_owned(),
        ("LiteLLM_VerificationToken", names) => format!("COALESCE({}, 'key')", names.join(", ")),
        (_, names) => names.join(" || '/' || "),
    };
    let sizes = long.iter().map(|column| format!("pg_catalog.pg_column_size({})", quote(column.name)));
    let values = long.iter().map(|column| {
        let name = quote(column.name);
        let size = format!("pg_catalog.octet_length({name}::text)::int8");
        format!("('{}', CASE WHEN pg_catalog.pg_column_size({name}) > {PACKED} THEN {size} ELSE 0 END)", column.name)
    });
    Some(format!(
        "SELECT COALESCE({row}, ''), v.name::text, v.size FROM {}.{} t CROSS JOIN LATERAL (VALUES {}) v (name, size) \
         WHERE GREATEST({}) > {PACKED} AND v.size > {MAX_VALUE} LIMIT {MOST}",
        quote(&schema.name),
        quote(table.name),
        values.collect::<Vec<_>>().join(", "),
        sizes.collect::<Vec<_>>().join(", "),
    ))
}
