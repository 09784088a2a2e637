//! What the database has of LiteLLM, and what of it this role may read.

use std::collections::{BTreeMap, BTreeSet};

use litellm::tables::{TABLES, Table, absent, table};
use model::{Code, Finding, Origin};
use tokio_postgres::Client;
use tokio_postgres::types::Type;

use super::error::{DatabaseError, classify};
use super::value::Kind;

/// The columns of LiteLLM's tables. The catalogues are open to every role, so that a table without rights can be
/// told from one that is not there; `information_schema` hides both.
/// What is asked of a table is asked once for each, and not once for each of its columns; types are known by their
/// numbers here, for a session that has only begun looks every catalogue up that it is asked for.
const COLUMNS: &str = "SELECT c.relname, a.attname::text, a.atttypid, \
    c.usable AND (c.whole OR pg_catalog.has_column_privilege(c.oid, a.attnum, 'SELECT')), \
        c.filtered, c.long, CURRENT_USER::text \
    FROM (SELECT c.oid, c.relname::text, pg_catalog.has_schema_privilege(c.relnamespace, 'USAGE') AS usable, \
            pg_catalog.has_table_privilege(c.oid, 'SELECT') AS whole, \
            pg_catalog.row_security_active(c.oid) AS filtered, \
            CASE WHEN c.relkind <> 'r' THEN true WHEN c.reltoastrelid = 0 THEN false \
                ELSE pg_catalog.pg_relation_size(c.reltoastrelid) > 0 END AS long \
        FROM pg_catalog.pg_class c \
        WHERE c.relnamespace = (SELECT n.oid FROM pg_catalog.pg_namespace n WHERE n.nspname = $1) \
            AND c.relname LIKE 'LiteLLM\\_%' AND c.relkind IN ('r', 'p', 'v', 'm', 'f') \
        OFFSET 0) c \
    JOIN pg_catalog.pg_attribute a ON a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped";

/// The schemas that have LiteLLM's keys.
const ELSEWHERE: &str = "SELECT n.nspname::text FROM pg_catalog.pg_class c \
    JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace \
    WHERE c.relname = 'LiteLLM_VerificationToken' AND n.nspname <> $1 ORDER BY n.nspname COLLATE \"C\" LIMIT 20";

/// A schema with LiteLLM's tables.
#[derive(Debug, Default)]
pub(super) struct Schema {
    /// Its name.
    pub(super) name: String,
    user: String,
    tables: BTreeMap<&'static str, Seen>,
}

#[derive(Debug, Default)]
struct Seen {
    columns: BTreeMap<&'static str, (Kind, bool)>,
    /// Rows may be hidden from this role.
    filtered: bool,
    /// Values may be long: some are kept outside their rows.
    long_values: bool,
}

/// A column to read.
#[derive(Clone, Copy, Debug)]
pub(super) struct Column {
    pub(super) name: &'static str,
    pub(super) kind: Kind,
}

/// Looks at what is there.
pub(super) async fn read(client: &Client, name: &str) -> Result<Schema, DatabaseError> {
    let rows = client.query_typed(COLUMNS, &[(&name, Type::TEXT)]).await.map_err(|error| classify(&error))?;
    let mut schema = Schema { name: name.to_owned(), ..Schema::default() };
    let mut any = false;
    for row in &rows {
        let failed = |error: tokio_postgres::Error| classify(&error);
        let text = |at: usize| row.try_get::<_, &str>(at).map_err(failed);
        let flag = |at: usize| row.try_get::<_, bool>(at).map_err(failed);
        any = true;
        text(6)?.clone_into(&mut schema.user);
        let Some(table) = table(text(0)?) else { continue };
        let seen = schema.tables.entry(table.name).or_default();
        seen.filtered = flag(4)?;
        seen.long_values = flag(5)?;
        let found = text(1)?;
        if let Some(column) = table.columns().find(|column| *column == found) {
            let kind =
                Type::from_oid(row.try_get(2).map_err(failed)?).map_or(Kind::Other, |kind| Kind::of(kind.name()));
            seen.columns.insert(column, (kind, flag(3)?));
        }
    }
    if !any {
        let rows = client.query_typed(ELSEWHERE, &[(&name, Type::TEXT)]).await.map_err(|error| classify(&error))?;
        let elsewhere = rows.iter().filter_map(|row| row.try_get(0).ok()).collect();
        return Err(DatabaseError::NoTables { schema: schema.name, elsewhere });
    }
    if schema.tables.values().flat_map(|seen| seen.columns.values()).all(|(_, readable)| !readable) {
        return Err(DatabaseError::NoneReadable { schema: schema.name, user: schema.user });
    }
    Ok(schema)
}

impl Schema {
    /// The columns of a table that are there and may be read.
    pub(super) fn readable(&self, table: &Table) -> Vec<Column> {
        let Some(seen) = self.tables.get(table.name) else { return Vec::new() };
        let readable = table.columns().filter_map(|name| {
            let (kind, readable) = seen.columns.get(name)?;
            readable.then_some(Column { name, kind: *kind })
        });
        readable.collect()
    }

    /// Whether a table has values that are kept outside its rows.
    pub(super) fn has_long_values(&self, table: &Table) -> bool {
        self.tables.get(table.name).is_some_and(|seen| seen.long_values)
    }

    /// What is missing, and what that means.
    pub(super) fn findings(&self) -> Vec<Finding> {
        let present: BTreeSet<(String, String)> = self
            .tables
            .iter()
            .flat_map(|(table, seen)| seen.columns.keys().map(|column| ((*table).to_owned(), (*column).to_owned())))
            .collect();
        let absent = absent(&present);
        let mut findings: Vec<Finding> = TABLES.iter().filter_map(|table| self.forbidden(table)).collect();
        findings.extend(TABLES.iter().filter_map(|table| self.filtered(table)));
        findings.extend(litellm::tables::findings(&absent));
        findings
    }

    /// What this role may not read of a table.
    fn forbidden(&self, table: &Table) -> Option<Finding> {
        let seen = self.tables.get(table.name)?;
        let shut: Vec<&str> =
            seen.columns.iter().filter(|(_, (_, readable))| !readable).map(|(column, _)| *column).collect();
        if shut.is_empty() {
            return None;
        }
        let all = shut.len() == seen.columns.len();
        let what = if all { "it".to_owned() } else { shut.join(", ") };
        let whose = litellm::tables::holds(table);
        let message = format!("{} may not read {what} of {}; its {whose} stay unknown", self.user, table.name);
        let message = if all { message.replacen("read it of ", "read ", 1) } else { message };
        let place = format!("{}.{}", quote(&self.name), quote(table.name));
        let columns = if all {
            String::new()
        } else {
            format!(" ({})", shut.iter().map(|column| quote(column)).collect::<Vec<_>>().join(", "))
        };
        let grant = format!("GRANT SELECT{columns} ON {place} TO {};", quote(&self.user));
        let finding = Finding::error(Code::new("database.forbidden"), table.name, message);
        Some(
            finding
                .at(Origin::whole(table.name))
                .hint(format!("let the owner of the table run: {grant}"))
                .hint("`gangway grants` prints all the rights Gangway needs"),
        )
    }

    /// Row security hides rows without a word.
    fn filtered(&self, table: &Table) -> Option<Finding> {
        let seen = self.tables.get(table.name).filter(|seen| seen.filtered)?;
        if seen.columns.values().all(|(_, readable)| !readable) {
            return None;
        }
        let message = format!("row security is on for {}: {} may not see every row of it", table.name, self.user);
        let finding = Finding::error(Code::new("database.row_security"), table.name, message);
        Some(finding.at(Origin::whole(table.name)).hint("read with a role that has BYPASSRLS, or with the owner's"))
    }
}

/// A name in double quotes.
pub(super) fn quote(name: &str) -> String {
    format!("\"{}\"", name.replace('"', "\"\""))
}
