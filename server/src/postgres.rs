//! LiteLLM's database, read in one transaction that can write nothing and shows one moment.
//!
//! The statements are fixed text with explicit columns, sent without a name, so that they pass a PgBouncer; the
//! limits are set inside the transaction, because a pooler drops them at the start of a connection.

use std::collections::{BTreeMap, BTreeSet};
use std::pin::pin;
use std::time::Duration;

use futures_util::TryStreamExt;
use litellm::Secret;
use litellm::tables::{TABLES, Table};
use tokio_postgres::error::SqlState;
use tokio_postgres::types::{ToSql, Type};
use tokio_postgres::{Client, Config, NoTls};

use crate::address::{self, AddressError, Demand};
use crate::cli::DatabaseTls;
use crate::dsn::{Dsn, Server, Tls};
use crate::settings::Network;
use crate::tls::{self, TlsError};

/// The most rows read, over all tables.
const MAX_ROWS: usize = 2_000_000;

/// The most bytes read, over all tables.
const MAX_BYTES: usize = 1 << 30;

/// One moment that can be read and not written, and nothing in it may take long.
const BEGIN: &str = "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY; \
    SET LOCAL statement_timeout = '60s'; \
    SET LOCAL lock_timeout = '5s'; \
    SET LOCAL idle_in_transaction_session_timeout = '60s'";

/// The columns this role may read. `information_schema` alone also lists those it may only write.
const COLUMNS: &str = "SELECT table_name::text, column_name::text FROM information_schema.columns \
    WHERE table_schema = $1 AND pg_catalog.has_column_privilege( \
    pg_catalog.quote_ident(table_schema) || '.' || pg_catalog.quote_ident(table_name), column_name::text, 'SELECT')";

/// The rows of the database, each as JSON text.
#[derive(Debug, Default)]
pub(crate) struct Snapshot {
    /// By table.
    pub(crate) tables: BTreeMap<&'static str, Vec<String>>,
    /// What a reader wanted and the database does not have, in words.
    pub(crate) missing: Vec<String>,
}

impl Snapshot {
    /// The body of `wire::DatabaseRows`, without reading and writing every row again.
    pub(crate) fn into_body(self) -> String {
        let mut body = String::from("{\"tables\":{");
        for (index, (table, rows)) in self.tables.into_iter().enumerate() {
            body.push_str(if index == 0 { "" } else { "," });
            body.push_str(&serde_json::Value::from(table).to_string());
            body.push_str(":[");
            body.push_str(&rows.join(","));
            body.push(']');
        }
        body.push_str("},\"missing\":");
        body.push_str(&serde_json::Value::from(self.missing).to_string());
        body.push('}');
        body
    }

    /// The rows as the reader takes them.
    pub(crate) fn into_rows(self) -> Result<BTreeMap<String, Vec<serde_json::Value>>, DatabaseError> {
        let parse = |row: &String| serde_json::from_str(row).map_err(|_| DatabaseError::NotJson);
        self.tables
            .into_iter()
            .map(|(table, rows)| Ok((table.to_owned(), rows.iter().map(parse).collect::<Result<_, _>>()?)))
            .collect()
    }
}

/// Why the database could not be read. The server's own words are not repeated: they can quote data.
#[derive(Debug, thiserror::Error)]
pub(crate) enum DatabaseError {
    #[error("The database's address cannot be used: {0}.")]
    Address(#[from] AddressError),
    #[error("The database URL says sslmode=disable, and the database is on another machine.")]
    InClear,
    #[error("TLS to the database cannot be set up: {0}.")]
    Tls(#[from] TlsError),
    #[error("The database did not answer within {} s.", CONNECT.as_secs())]
    Slow,
    #[error("The database cannot be reached: {0}.")]
    Unreachable(String),
    #[error("The database does not know that user, or the password is wrong.")]
    Login,
    #[error("There is no database of that name.")]
    NoDatabase,
    #[error("The database takes no more connections at the moment.")]
    Full,
    #[error("There are no LiteLLM tables in the schema \"{schema}\" that this user may read.")]
    NoTables { schema: String },
    #[error("The database gave up on a statement that took too long.")]
    TimedOut,
    #[error("This user may not read the table {table}.")]
    Forbidden { table: String },
    #[error("The database has more than {MAX_ROWS} rows or 1 GiB of configuration.")]
    TooLarge,
    #[error("The database answered with something that is not JSON.")]
    NotJson,
    #[error("The database refused to answer (SQLSTATE {0}).")]
    Refused(String),
    #[error("The connection to the database broke.")]
    Broken,
}

impl DatabaseError {
    /// What the person can do about it.
    pub(crate) fn hints(&self) -> Vec<String> {
        let hint = match self {
            Self::InClear => "Use sslmode=verify-full, or start with --database-tls off.",
            Self::Tls(_) | Self::Unreachable(_) => {
                "Is it running, and is its certificate known here? --ca-file takes the authority of a private one."
            }
            Self::NoTables { .. } => "The schema is the ?schema= of the database URL; is it the one LiteLLM uses?",
            Self::Forbidden { .. } => "GRANT SELECT on LiteLLM's tables to a role that can do nothing else.",
            Self::TimedOut => "Another transaction may hold a lock; try again.",
            Self::Login => "Is it the URL that LiteLLM itself is started with?",
            _ => return Vec::new(),
        };
        vec![hint.to_owned()]
    }
}

/// How long connecting may take.
const CONNECT: Duration = Duration::from_secs(10);

/// Reads every configuration table.
pub(crate) async fn read(dsn: &Dsn, network: &Network) -> Result<Snapshot, DatabaseError> {
    let client = connect(dsn, network).await?;
    begin(&client).await?;
    let present = columns(&client, &dsn.schema).await?;
    let mut snapshot = Snapshot::default();
    let mut budget = Budget { rows: MAX_ROWS, bytes: MAX_BYTES };
    for table in TABLES {
        let columns = wanted(table, &present, &mut snapshot.missing);
        if columns.is_empty() {
            continue;
        }
        let rows = rows(&client, &statement(&dsn.schema, table, &columns), table, &mut budget).await?;
        snapshot.tables.insert(table.name, rows);
    }
    if snapshot.tables.is_empty() {
        return Err(DatabaseError::NoTables { schema: dsn.schema.clone() });
    }
    client.batch_execute("ROLLBACK").await.map_err(|error| classify(&error, ""))?;
    Ok(snapshot)
}

/// Opens the transaction.
async fn begin(client: &Client) -> Result<(), DatabaseError> {
    client.batch_execute(BEGIN).await.map_err(|error| classify(&error, ""))
}

async fn columns(client: &Client, schema: &str) -> Result<BTreeSet<(String, String)>, DatabaseError> {
    let rows = client.query_typed(COLUMNS, &[(&schema, Type::TEXT)]).await.map_err(|error| classify(&error, ""))?;
    rows.iter()
        .map(|row| Ok((row.try_get(0)?, row.try_get(1)?)))
        .collect::<Result<_, _>>()
        .map_err(|error: tokio_postgres::Error| classify(&error, ""))
}

/// The wanted columns that are there; what is not is named.
fn wanted(table: &Table, present: &BTreeSet<(String, String)>, missing: &mut Vec<String>) -> Vec<&'static str> {
    let (there, gone): (Vec<_>, Vec<_>) =
        table.columns().partition(|column| present.contains(&(table.name.to_owned(), (*column).to_owned())));
    if there.is_empty() {
        missing.push(format!("table {}", table.name));
    } else if !gone.is_empty() {
        missing.push(format!("{} without {}", table.name, gone.join(", ")));
    }
    there
}

/// Names come from a list in this program, the schema from the user; all are quoted.
fn statement(schema: &str, table: &Table, columns: &[&str]) -> String {
    let list = columns.iter().map(|column| quote(column)).collect::<Vec<_>>().join(", ");
    // As text and byte by byte, so that the order is the same whatever the database's locale is.
    let key = table.key.iter().filter(|column| columns.contains(column));
    let mut order = key.map(|column| format!("{}::text COLLATE \"C\"", quote(column))).collect::<Vec<_>>().join(", ");
    if !order.is_empty() {
        order.insert_str(0, " ORDER BY ");
    }
    let from = format!("{}.{}", quote(schema), quote(table.name));
    format!("SELECT pg_catalog.row_to_json(t)::text FROM (SELECT {list} FROM {from}{order}) t")
}

fn quote(name: &str) -> String {
    format!("\"{}\"", name.replace('"', "\"\""))
}

/// What may still be read.
struct Budget {
    rows: usize,
    bytes: usize,
}

async fn rows(client: &Client, sql: &str, table: &Table, budget: &mut Budget) -> Result<Vec<String>, DatabaseError> {
    let failed = |error| classify(&error, table.name);
    let none: [(&(dyn ToSql + Sync), Type); 0] = [];
    let mut stream = pin!(client.query_typed_raw(sql, none).await.map_err(failed)?);
    let mut rows = Vec::new();
    while let Some(row) = stream.try_next().await.map_err(failed)? {
        let text: String = row.try_get(0).map_err(failed)?;
        budget.rows = budget.rows.checked_sub(1).ok_or(DatabaseError::TooLarge)?;
        budget.bytes = budget.bytes.checked_sub(text.len()).ok_or(DatabaseError::TooLarge)?;
        rows.push(text);
    }
    Ok(rows)
}

async fn connect(dsn: &Dsn, network: &Network) -> Result<Client, DatabaseError> {
    let mut config = Config::new();
    config.user(&dsn.user).dbname(&dsn.database).port(dsn.port).application_name("gangway").connect_timeout(CONNECT);
    if let Some(password) = &dsn.password {
        config.password(Secret::expose(password));
    }
    let mut local = true;
    match &dsn.server {
        Server::Socket(folder) => {
            config.host_path(folder);
        }
        Server::Host(host) => {
            let demand = Demand { allow_link_local: network.allow_link_local, loopback_only: false };
            let found = address::resolve(host, dsn.port, demand).await?;
            local = found.iter().all(|address| address.ip().is_loopback());
            // The name stays for the certificate; only the addresses that were looked at are dialled.
            for address in found {
                config.host(host).hostaddr(address.ip());
            }
        }
    }
    let way = way(dsn.tls, local, network.database_tls)?;
    let opened = tokio::time::timeout(CONNECT * 2, open(&config, way, network)).await;
    opened.unwrap_or(Err(DatabaseError::Slow))
}

/// How the connection is protected.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Way {
    /// Not at all.
    Clear,
    /// Encrypted, whatever the certificate says.
    Encrypted,
    /// Encrypted, and the certificate is right for the host.
    Verified,
}

/// On this machine as the URL says; elsewhere verified, unless the person said otherwise when starting.
fn way(url: Tls, local: bool, flag: DatabaseTls) -> Result<Way, DatabaseError> {
    match (url, local, flag) {
        (Tls::Verified, _, _) | (Tls::Unsaid | Tls::Required, false, DatabaseTls::Verify) => Ok(Way::Verified),
        (Tls::Off, false, DatabaseTls::Verify) => Err(DatabaseError::InClear),
        (Tls::Required, true, _) | (_, false, DatabaseTls::Unverified) => Ok(Way::Encrypted),
        (Tls::Unsaid | Tls::Off, true, _) | (_, false, DatabaseTls::Off) => Ok(Way::Clear),
    }
}

async fn open(config: &Config, way: Way, network: &Network) -> Result<Client, DatabaseError> {
    let mut config = config.clone();
    if way == Way::Clear {
        config.ssl_mode(tokio_postgres::config::SslMode::Disable);
        let (client, connection) = config.connect(NoTls).await.map_err(|error| unreachable(&error))?;
        tokio::spawn(connection);
        return Ok(client);
    }
    config.ssl_mode(tokio_postgres::config::SslMode::Require);
    let tls = tls::for_database(way, network.ca.as_deref())?;
    let (client, connection) = config.connect(tls).await.map_err(|error| unreachable(&error))?;
    tokio::spawn(connection);
    Ok(client)
}

/// What went wrong while connecting.
fn unreachable(error: &tokio_postgres::Error) -> DatabaseError {
    if error.as_db_error().is_some() {
        return classify(error, "");
    }
    let mut cause: &dyn std::error::Error = error;
    while let Some(source) = cause.source() {
        cause = source;
    }
    DatabaseError::Unreachable(cause.to_string())
}

/// What went wrong while reading.
fn classify(error: &tokio_postgres::Error, table: &str) -> DatabaseError {
    let Some(code) = error.code() else { return DatabaseError::Broken };
    match code {
        c if *c == SqlState::INVALID_PASSWORD || *c == SqlState::INVALID_AUTHORIZATION_SPECIFICATION => {
            DatabaseError::Login
        }
        c if *c == SqlState::INVALID_CATALOG_NAME => DatabaseError::NoDatabase,
        c if *c == SqlState::TOO_MANY_CONNECTIONS => DatabaseError::Full,
        c if *c == SqlState::QUERY_CANCELED || *c == SqlState::LOCK_NOT_AVAILABLE => DatabaseError::TimedOut,
        c if *c == SqlState::INSUFFICIENT_PRIVILEGE => DatabaseError::Forbidden { table: table.to_owned() },
        c => DatabaseError::Refused(c.code().to_owned()),
    }
}

#[cfg(test)]
#[path = "../tests/postgres_support.rs"]
mod postgres_support;

#[cfg(test)]
mod tests {
    use super::postgres_support::{Cluster, PASSWORD, recorded};
    use super::*;

    fn dsn(text: &str) -> Dsn {
        Dsn::parse(text).expect("a database URL")
    }

    async fn rows_of(url: &str) -> Result<Snapshot, DatabaseError> {
        read(&dsn(url), &Network::default()).await
    }

    /// How many rows the recording holds of a table.
    fn recorded_rows(table: &str) -> usize {
        let insert = format!("INSERT INTO public.\"{table}\" ");
        recorded("db-data.sql").lines().filter(|line| line.starts_with(&insert)).count()
    }

    #[tokio::test(flavor = "multi_thread")]
    async fn reads_all_of_it_and_can_write_none() {
        crate::tls::install_provider();
        let Some(cluster) = Cluster::start("unit") else { return };
        cluster.with_litellm("litellm");
        let url = cluster.url("postgres", PASSWORD, "litellm");

        let snapshot = rows_of(&url).await.expect("a readable database");
        for table in TABLES {
            let read = snapshot.tables.get(table.name).map_or(0, Vec::len);
            assert_eq!(read, recorded_rows(table.name), "{}", table.name);
        }
        assert!(snapshot.tables.values().map(Vec::len).sum::<usize>() > 30, "the recording has rows");
        let text = snapshot.into_body();
        let rows = rows_of(&url).await.expect("readable again").into_rows().expect("JSON");
        let body: wire::DatabaseRows = serde_json::from_str(&text).expect("the body of the route");
        assert_eq!(body.tables, rows, "the page and the headless commands read the same");
        let again = rows_of(&cluster.socket_url("litellm")).await.expect("readable over the socket");
        assert_eq!(again.into_body(), text, "two readings of one state are the same bytes");

        let client = connect(&dsn(&url), &Network::default()).await.expect("a connection");
        begin(&client).await.expect("a transaction");
        for write in [
            "INSERT INTO \"LiteLLM_Config\" (param_name) VALUES ('x')",
            "UPDATE \"LiteLLM_TeamTable\" SET blocked = true",
            "DELETE FROM \"LiteLLM_VerificationToken\"",
            "CREATE TABLE x (y int)",
        ] {
            client.batch_execute("SAVEPOINT before").await.expect("a savepoint");
            let refused = client.batch_execute(write).await.expect_err(write);
            assert_eq!(refused.code().map(SqlState::code), Some("25006"), "{write}");
            client.batch_execute("ROLLBACK TO before").await.expect("the transaction goes on");
        }
        for (setting, value) in
            [("statement_timeout", "1min"), ("lock_timeout", "5s"), ("idle_in_transaction_session_timeout", "1min")]
        {
            let row = client.query_typed_one(&format!("SHOW {setting}"), &[]).await.expect("a setting");
            assert_eq!(row.get::<_, String>(0), value, "{setting}");
        }
    }

    #[tokio::test(flavor = "multi_thread")]
    async fn says_plainly_what_it_could_not_read() {
        crate::tls::install_provider();
        let Some(cluster) = Cluster::start("said") else { return };
        cluster.with_litellm("litellm");
        let url = |user: &str, password: &str, database: &str| cluster.url(user, password, database);
        let error = async |url: String| rows_of(&url).await.expect_err("a refusal").to_string();

        let login = "The database does not know that user, or the password is wrong.";
        assert_eq!(error(url("postgres", "wrong", "litellm")).await, login);
        assert_eq!(error(url("nobody", PASSWORD, "litellm")).await, login);
        assert_eq!(error(url("postgres", PASSWORD, "nowhere")).await, "There is no database of that name.");
        let no_tables = "There are no LiteLLM tables in the schema \"public\" that this user may read.";
        assert_eq!(error(url("postgres", PASSWORD, "postgres")).await, no_tables);

        cluster.sql(
            "litellm",
            "ALTER TABLE \"LiteLLM_TeamTable\" DROP COLUMN soft_budget, DROP COLUMN policies;
             DROP TABLE \"LiteLLM_TagTable\" CASCADE;
             CREATE ROLE reader LOGIN PASSWORD 'reader-password';
             GRANT SELECT ON ALL TABLES IN SCHEMA public TO reader;
             REVOKE SELECT ON \"LiteLLM_CredentialsTable\" FROM reader;
             GRANT INSERT ON \"LiteLLM_CredentialsTable\" TO reader;",
        );
        let read = rows_of(&url("reader", "reader-password", "litellm")).await.expect("the rest is read");
        for missing in [
            "LiteLLM_TeamTable without soft_budget, policies",
            "table LiteLLM_TagTable",
            "table LiteLLM_CredentialsTable",
        ] {
            let named = read.missing.iter().any(|line| line.starts_with(missing));
            assert!(named, "{missing} is not among {:#?}", read.missing);
        }
        assert_eq!(read.tables.get("LiteLLM_TeamTable").map(Vec::len), Some(recorded_rows("LiteLLM_TeamTable")));

        cluster
            .sql("litellm", "CREATE SCHEMA \"my \"\"llm\"; ALTER TABLE \"LiteLLM_Config\" SET SCHEMA \"my \"\"llm\"");
        let elsewhere = format!("{}?schema=my%20%22llm", url("postgres", PASSWORD, "litellm"));
        let read = rows_of(&elsewhere).await.expect("a schema of its own");
        assert_eq!(read.tables.keys().copied().collect::<Vec<_>>(), ["LiteLLM_Config"]);

        let tls = format!("{}?sslmode=require", url("postgres", PASSWORD, "litellm"));
        assert!(error(tls).await.starts_with("The database cannot be reached: "), "this server has no TLS");
        cluster.stop();
        let gone = error(url("postgres", PASSWORD, "litellm")).await;
        assert!(gone.contains("Connection refused"), "{gone}");
    }

    #[tokio::test(flavor = "multi_thread")]
    async fn a_certificate_has_to_be_right() {
        crate::tls::install_provider();
        let Some(cluster) = Cluster::start("tls") else { return };
        let ca = cluster.with_tls();
        cluster.with_litellm("litellm");
        let read = async |mode: &str, ca: Option<Vec<u8>>| {
            let url = format!("{}?sslmode={mode}", cluster.url("postgres", PASSWORD, "litellm"));
            let network = Network { ca, ..Network::default() };
            read(&dsn(&url), &network).await.map(|snapshot| snapshot.tables.len()).map_err(|error| error.to_string())
        };
        let tables = read("disable", None).await.expect("in clear on this machine");
        assert_eq!(read("require", None).await, Ok(tables), "any certificate will do");
        assert_eq!(read("verify-full", Some(ca)).await, Ok(tables));
        let unknown = read("verify-full", None).await.expect_err("an authority nobody knows");
        assert!(unknown.contains("certificate"), "{unknown}");
        let nonsense = read("verify-full", Some(b"no PEM".to_vec())).await.expect_err("no certificates");
        assert!(nonsense.contains("--ca-file"), "{nonsense}");
    }

    #[test]
    fn nothing_travels_in_clear_unless_somebody_said_so() {
        let check = |url, local, flag| way(url, local, flag).ok();
        for url in [Tls::Unsaid, Tls::Required, Tls::Verified] {
            assert_eq!(check(url, false, DatabaseTls::Verify), Some(Way::Verified), "{url:?}");
        }
        assert_eq!(check(Tls::Off, false, DatabaseTls::Verify), None);
        assert_eq!(check(Tls::Required, false, DatabaseTls::Unverified), Some(Way::Encrypted));
        assert_eq!(check(Tls::Verified, false, DatabaseTls::Unverified), Some(Way::Verified));
        assert_eq!(check(Tls::Off, false, DatabaseTls::Off), Some(Way::Clear));
        assert_eq!(check(Tls::Unsaid, true, DatabaseTls::Verify), Some(Way::Clear));
        assert_eq!(check(Tls::Required, true, DatabaseTls::Verify), Some(Way::Encrypted));
        assert_eq!(check(Tls::Verified, true, DatabaseTls::Verify), Some(Way::Verified));
    }

    #[test]
    fn names_cannot_leave_their_quotes() {
        let table = &TABLES[0];
        assert_eq!(
            statement("a\"; DROP SCHEMA public; --", table, &["model_id", "model_name"]),
            "SELECT pg_catalog.row_to_json(t)::text FROM (SELECT \"model_id\", \"model_name\" FROM \
             \"a\"\"; DROP SCHEMA public; --\".\"LiteLLM_ProxyModelTable\" ORDER BY \"model_id\"::text COLLATE \"C\") t"
        );
    }
}
