//! Against a real PostgreSQL with LiteLLM's recorded databases.

#[path = "../../tests/postgres_support.rs"]
mod postgres_support;

mod bench;

use litellm::tables::Table;
use postgres_support::{Cluster, NEWER, OLDER, PASSWORD, recorded};
use tokio_postgres::error::SqlState;

use super::connect::{self, way};
use super::error::of_code;
use super::schema::Column;
use super::value::Kind;
use super::*;
use crate::cli::DatabaseTls;
use crate::dsn::Tls;

fn dsn(text: &str) -> Dsn {
    Dsn::parse(text).expect("a database URL")
}

/// The cells themselves.
#[derive(Debug)]
struct Cells;

impl Form for Cells {
    type Row = Vec<Value>;

    fn of(_: &'static Table, _: &[Column]) -> Option<Self> {
        Some(Self)
    }

    fn row(&self, cells: &mut [Value]) -> Vec<Value> {
        making::without_last_nulls(cells).to_vec()
    }
}

/// A connection on its own, for statements beside the reading.
async fn connect(dsn: &Dsn, network: &Network) -> Result<Client, DatabaseError> {
    let Connected { client, connection } = connect::connect(dsn, network).await?;
    tokio::spawn(connection);
    Ok(client)
}

async fn rows_of(url: &str) -> Result<wire::DatabaseRows, DatabaseError> {
    rows_through(url, &Network::default()).await
}

async fn rows_through(url: &str, network: &Network) -> Result<wire::DatabaseRows, DatabaseError> {
    let snapshot = snapshot::<Cells>(&dsn(url), network).await?;
    let tables = snapshot.tables.into_iter().map(|(table, (columns, rows))| {
        (table.to_owned(), model::Rows::new(columns.into_iter().map(Into::into).collect(), rows))
    });
    Ok(wire::DatabaseRows { tables: tables.collect(), findings: snapshot.findings })
}

/// How many rows the recording holds of a table.
fn recorded_rows(version: &str, table: &str) -> usize {
    let insert = format!("INSERT INTO public.\"{table}\" ");
    recorded(version, "db-data.sql").lines().filter(|line| line.starts_with(&insert)).count()
}

fn count(rows: &wire::DatabaseRows, table: &str) -> usize {
    rows.tables.get(table).map_or(0, model::Rows::len)
}

/// The findings of a code, each as its message.
fn messages<'a>(rows: &'a wire::DatabaseRows, code: &str) -> Vec<&'a str> {
    let found = rows.findings.iter().filter(|finding| finding.code.as_str() == code);
    found.map(|finding| finding.message.as_str()).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn reads_all_of_both_recorded_databases() {
    crate::tls::install_provider();
    let Some(cluster) = Cluster::start("unit") else { return };
    for (database, version) in [("older", OLDER), ("newer", NEWER)] {
        cluster.with_version(database, version);
        let url = cluster.url("postgres", PASSWORD, database);
        let rows = rows_of(&url).await.expect("a readable database");
        for table in TABLES {
            assert_eq!(count(&rows, table.name), recorded_rows(version, table.name), "{version}: {}", table.name);
        }
        assert!(rows.tables.values().map(model::Rows::len).sum::<usize>() > 30, "the recording has rows");
        let texts: String = body(&dsn(&url), &Network::default()).await.expect("readable again").concat();
        let body: wire::DatabaseRows = serde_json::from_str(&texts).expect("the body of the route");
        assert_eq!(body, rows, "the page and the headless commands read the same");
        let again = rows_of(&cluster.socket_url(database)).await.expect("readable over the socket");
        assert_eq!(again, rows, "two readings of one state are the same");
        as_in_the_dump(&rows, version);
        let codes: Vec<&str> = rows.findings.iter().map(|finding| finding.code.as_str()).collect();
        assert_eq!(codes, ["database.older_schema"], "{version}: {:#?}", rows.findings);
    }
}

/// The database and a dump of it hold the same objects.
fn as_in_the_dump(rows: &wire::DatabaseRows, version: &str) {
    let dump = format!("{}\n{}", recorded(version, "db-schema.sql"), recorded(version, "db-data.sql"));
    let file = litellm::read(&[litellm::Input::File { name: "dump.sql", bytes: dump.as_bytes() }]);
    let live = litellm::read(&[litellm::Input::Rows { tables: &rows.tables, findings: &[] }]);
    assert!(!live.objects.is_empty(), "objects");
    let by_id = |reading: &litellm::Reading| -> BTreeMap<_, _> {
        reading.objects.iter().map(|object| (object.source_id(), object.clone())).collect()
    };
    let (of_file, of_live) = (by_id(&file), by_id(&live));
    for (id, object) in &of_file {
        assert_eq!(Some(object), of_live.get(id), "{version}");
    }
    assert_eq!(file.objects.len(), live.objects.len(), "{version}");
    assert_eq!(file.sources[0].fingerprint, live.sources[0].fingerprint, "{version}");
}

#[tokio::test(flavor = "multi_thread")]
async fn one_moment_that_can_write_nothing() {
    crate::tls::install_provider();
    let Some(cluster) = Cluster::start("moment") else { return };
    cluster.with_litellm("litellm");
    let url = cluster.url("postgres", PASSWORD, "litellm");
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
async fn says_plainly_why_nothing_can_be_read() {
    crate::tls::install_provider();
    let Some(cluster) = Cluster::start("said") else { return };
    cluster.with_litellm("litellm");
    let url = |user: &str, password: &str, database: &str| cluster.url(user, password, database);
    let error = async |url: String| rows_of(&url).await.expect_err("a refusal");
    let said = async |url: String| error(url).await.to_string();

    let login = "The database does not know that user, or the password is wrong.";
    assert_eq!(said(url("postgres", "wrong", "litellm")).await, login);
    assert_eq!(said(url("nobody", PASSWORD, "litellm")).await, login);
    assert_eq!(said(url("postgres", PASSWORD, "nowhere")).await, "There is no database of that name.");
    let wrong = error(url("postgres", PASSWORD, "postgres")).await;
    assert_eq!(wrong.to_string(), "There are no LiteLLM tables in the schema \"public\".");
    assert_eq!(wrong.hints(), ["Is it the database LiteLLM is started with? No schema of this one has its tables."]);

    cluster.sql("litellm", "CREATE ROLE nothing LOGIN PASSWORD 'nothing-password'");
    let none = error(url("nothing", "nothing-password", "litellm")).await;
    assert_eq!(none.to_string(), "This user may not read any of LiteLLM's tables in the schema \"public\".");
    assert!(none.hints()[0].contains("gangway grants --role nothing"), "{:?}", none.hints());

    cluster.sql("litellm", "ALTER SCHEMA public RENAME TO \"my \"\"llm\"; CREATE SCHEMA public");
    let elsewhere = error(url("postgres", PASSWORD, "litellm")).await.hints();
    assert!(elsewhere[0].contains("They are in the schema \"my \"llm\""), "{elsewhere:?}");
    let there = format!("{}?schema=my%20%22llm", url("postgres", PASSWORD, "litellm"));
    let read = rows_of(&there).await.expect("a schema of its own");
    assert_eq!(count(&read, "LiteLLM_TeamTable"), recorded_rows(OLDER, "LiteLLM_TeamTable"));

    let tls = format!("{}?sslmode=require", url("postgres", PASSWORD, "litellm"));
    assert!(said(tls).await.starts_with("The database cannot be reached: "), "this server has no TLS");
    cluster.stop();
    let gone = said(url("postgres", PASSWORD, "litellm")).await;
    assert!(gone.contains("Connection refused"), "{gone}");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_cannot_be_read_is_named_and_the_rest_is_read() {
    crate::tls::install_provider();
    let Some(cluster) = Cluster::start("rest") else { return };
    cluster.with_litellm("litellm");
    cluster.sql(
        "litellm",
        "ALTER TABLE \"LiteLLM_TeamTable\" DROP COLUMN soft_budget, DROP COLUMN policies;
         DROP TABLE \"LiteLLM_TagTable\" CASCADE;
         CREATE ROLE reader LOGIN PASSWORD 'reader-password';
         GRANT SELECT ON ALL TABLES IN SCHEMA public TO reader;
         REVOKE SELECT ON \"LiteLLM_CredentialsTable\" FROM reader;
         GRANT INSERT ON \"LiteLLM_CredentialsTable\" TO reader;
         REVOKE SELECT ON \"LiteLLM_Config\" FROM reader;
         GRANT SELECT (param_name) ON \"LiteLLM_Config\" TO reader;
         ALTER TABLE \"LiteLLM_UserTable\" ENABLE ROW LEVEL SECURITY;",
    );
    let read = rows_of(&cluster.url("reader", "reader-password", "litellm")).await.expect("the rest is read");
    assert_eq!(count(&read, "LiteLLM_TeamTable"), recorded_rows(OLDER, "LiteLLM_TeamTable"));
    assert!(!read.tables.contains_key("LiteLLM_CredentialsTable"), "no list, not an empty one");
    assert_eq!(
        messages(&read, "database.forbidden"),
        [
            "reader may not read LiteLLM_CredentialsTable; its credentials stay unknown",
            "reader may not read last_run_at, param_value, reload_revision of LiteLLM_Config; its settings stay unknown",
        ]
    );
    let grant =
        "let the owner of the table run: GRANT SELECT ON \"public\".\"LiteLLM_CredentialsTable\" TO \"reader\";";
    assert_eq!(read.findings[0].hints[0], grant);
    assert_eq!(
        messages(&read, "database.row_security"),
        ["row security is on for LiteLLM_UserTable: reader may not see every row of it"]
    );
    assert_eq!(
        messages(&read, "database.missing_table"),
        ["there is no table LiteLLM_TagTable: its tags stay unknown"]
    );
    assert_eq!(
        messages(&read, "database.missing_column"),
        ["LiteLLM_TeamTable has no soft_budget (1.82), policies (1.82), and the rest of the database is of 1.100: \
          what they say is unknown"]
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_table_that_is_locked_or_broken_costs_itself_only() {
    crate::tls::install_provider();
    let Some(cluster) = Cluster::start("locked") else { return };
    cluster.with_litellm("litellm");
    cluster.sql(
        "litellm",
        "ALTER TABLE \"LiteLLM_TagTable\" RENAME TO tags;
         CREATE VIEW \"LiteLLM_TagTable\" AS SELECT tag_name, (1 / (length(tag_name) * 0))::text AS description FROM tags;",
    );
    let url = cluster.url("postgres", PASSWORD, "litellm");
    let other = connect(&dsn(&url), &Network::default()).await.expect("a connection");
    other.batch_execute("BEGIN; LOCK TABLE \"LiteLLM_EndUserTable\"").await.expect("a lock");
    let read = rows_of(&url).await.expect("the rest is read");
    assert_eq!(
        messages(&read, "database.table"),
        [
            "LiteLLM_EndUserTable is left out: the database gave up on reading it, it took too long or was locked; \
             what is in it stays unknown",
            "LiteLLM_TagTable is left out: the database refused to read it (SQLSTATE 22012); what is in it stays unknown",
        ]
    );
    assert!(!read.tables.contains_key("LiteLLM_EndUserTable"), "no list, not an empty one");
    assert_eq!(count(&read, "LiteLLM_MCPServerTable"), recorded_rows(OLDER, "LiteLLM_MCPServerTable"));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_value_of_50_megabytes_stays_where_it_is() {
    crate::tls::install_provider();
    let Some(cluster) = Cluster::start("long") else { return };
    cluster.with_litellm("litellm");
    cluster.sql(
        "litellm",
        "UPDATE \"LiteLLM_TeamTable\" SET metadata = jsonb_build_object('x', repeat('a', 52428800))
           WHERE team_id = 'team-platform';
         UPDATE \"LiteLLM_VerificationToken\" SET metadata = jsonb_build_object('x', repeat('b', 900000))
           WHERE key_alias = 'platform-prod';",
    );
    let read = rows_of(&cluster.url("postgres", PASSWORD, "litellm")).await.expect("the rest is read");
    let long: Vec<_> = read.findings.iter().filter(|finding| finding.code.as_str() == "database.long_value").collect();
    assert_eq!(long.len(), 1, "{long:#?}");
    let origin = long[0].origin.as_ref().map(ToString::to_string).unwrap_or_default();
    assert!(origin.starts_with("LiteLLM_TeamTable[") && origin.ends_with("].metadata"), "{origin}");
    assert_eq!(long[0].message, "metadata of this row is 50.0 MiB long; it is left out, what it says stays unknown");
    let team =
        read.tables["LiteLLM_TeamTable"].objects().find(|row| row["team_id"] == "team-platform").expect("the team");
    assert!(team.get("metadata").is_none() && team["models"].is_array(), "the rest of the row");
    let keys = &read.tables["LiteLLM_VerificationToken"];
    let key = keys.objects().find(|row| row["key_alias"] == "platform-prod").expect("the key");
    assert_eq!(key["metadata"]["x"].as_str().map(str::len), Some(900_000), "long, and not too long");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_server_that_goes_down_is_an_error_and_no_empty_list() {
    crate::tls::install_provider();
    let Some(cluster) = Cluster::start("down") else { return };
    cluster.with_litellm("litellm");
    let url = cluster.url("postgres", PASSWORD, "litellm");
    let other = connect(&dsn(&url), &Network::default()).await.expect("a connection");
    other.batch_execute("BEGIN; LOCK TABLE \"LiteLLM_EndUserTable\"").await.expect("a lock");
    let reading = tokio::spawn(async move { rows_of(&url).await });
    tokio::time::sleep(std::time::Duration::from_millis(1500)).await;
    cluster.stop();
    let said = reading.await.expect("no panic").expect_err("an error").to_string();
    assert_eq!(said, "The connection to the database broke; nothing of it is used.");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_role_made_by_the_script_reads_all_and_nothing_else() {
    crate::tls::install_provider();
    let Some(cluster) = Cluster::start("grants") else { return };
    cluster.sql("postgres", "CREATE ROLE \"o'gang way\" LOGIN PASSWORD 'reader-password'");
    for (database, version) in [("older", OLDER), ("newer", NEWER)] {
        cluster.with_version(database, version);
        let script = litellm::tables::grant_script("o'gang way", "public");
        cluster.sql(database, &script);
        cluster.sql(database, &script);
        let url = cluster.url("o'gang%20way", "reader-password", database);
        let read = rows_of(&url).await.expect("a readable database");
        let all = rows_of(&cluster.url("postgres", PASSWORD, database)).await.expect("a readable database");
        assert_eq!(read, all, "{version}: the role reads what the superuser reads");
        let client = connect(&dsn(&url), &Network::default()).await.expect("a connection");
        for refused in [
            "SELECT 1 FROM \"LiteLLM_SpendLogs\"",
            "SELECT 1 FROM \"LiteLLM_AuditLog\"",
            "SELECT password FROM \"LiteLLM_UserTable\"",
            "UPDATE \"LiteLLM_TeamTable\" SET blocked = true",
            "DELETE FROM \"LiteLLM_VerificationToken\"",
            "INSERT INTO \"LiteLLM_Config\" (param_name) VALUES ('x')",
            "CREATE TABLE public.mine (x int)",
        ] {
            let error = client.batch_execute(refused).await.expect_err(refused);
            assert_eq!(error.code().map(SqlState::code), Some("42501"), "{refused}");
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_pooler_in_transaction_mode_changes_nothing() {
    crate::tls::install_provider();
    let Some(cluster) = Cluster::start("pooler") else { return };
    let Some(pooler) = cluster.with_pgbouncer() else { return };
    cluster.with_litellm("litellm");
    let direct = rows_of(&cluster.url("postgres", PASSWORD, "litellm")).await.expect("a readable database");
    let url = format!("postgresql://postgres:{PASSWORD}@127.0.0.1:{}/litellm?pgbouncer=true", pooler.port);
    // Two at once and one after the other, all by turns on one connection to the server.
    let (one, two) = tokio::join!(rows_of(&url), rows_of(&url));
    assert_eq!(one.expect("readable"), direct);
    assert_eq!(two.expect("readable"), direct);
    assert_eq!(rows_of(&url).await.expect("readable"), direct);
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
        rows_through(&url, &network).await.map(|rows| rows.tables.len()).map_err(|error| error.to_string())
    };
    let tables = read("disable", None).await.expect("in clear on this machine");
    assert_eq!(read("prefer", None).await, Ok(tables), "encrypted, because the server offers it");
    assert_eq!(read("require", None).await, Ok(tables), "any certificate will do");
    assert_eq!(read("verify-full", Some(ca.clone())).await, Ok(tables));
    let by_url = format!("verify-full&sslrootcert={}", cluster.file("ca.pem").display());
    assert_eq!(read(&by_url, None).await, Ok(tables), "the authority the URL names");
    let prisma = format!("require&sslaccept=strict&sslcert={}", cluster.file("ca.pem").display());
    assert_eq!(read(&prisma, None).await, Ok(tables), "Prisma's words for it");
    let nowhere = read("verify-full&sslrootcert=/nowhere", None).await.expect_err("no such file");
    assert!(nowhere.contains("sslrootcert") && nowhere.contains("--ca-file"), "{nowhere}");
    let unknown = read("verify-full", None).await.expect_err("an authority nobody knows");
    assert!(unknown.contains("certificate"), "{unknown}");
    let nonsense = read("verify-full", Some(b"no PEM".to_vec())).await.expect_err("no certificates");
    assert!(nonsense.contains("--ca-file"), "{nonsense}");

    let other = cluster.with_certificate("DNS:another.example");
    let name = read("verify-full", Some(other)).await.expect_err("another host's certificate");
    assert!(name.contains("not valid for name"), "{name}");
    let signed_by_another = read("verify-full", Some(ca)).await.expect_err("another authority");
    assert!(signed_by_another.contains("certificate"), "{signed_by_another}");
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
    assert_eq!(check(Tls::Off, true, DatabaseTls::Verify), Some(Way::Clear));
    assert_eq!(check(Tls::Unsaid, true, DatabaseTls::Verify), Some(Way::IfOffered));
    assert_eq!(check(Tls::Required, true, DatabaseTls::Verify), Some(Way::Encrypted));
    assert_eq!(check(Tls::Verified, true, DatabaseTls::Verify), Some(Way::Verified));
}

#[tokio::test(flavor = "multi_thread")]
async fn another_machine_is_not_spoken_to_in_clear() {
    crate::tls::install_provider();
    // A documentation address: nothing is dialled, the refusal comes first.
    let refused = rows_of("postgresql://u:p@192.0.2.1/d?sslmode=disable").await.expect_err("in clear");
    assert!(matches!(refused, DatabaseError::InClear), "{refused}");
}

#[test]
fn states_of_the_server_have_a_sentence_each() {
    let check = |code: &str, expected: &str| assert_eq!(of_code(&SqlState::from_code(code)).to_string(), expected);
    check("40001", "The database is a replica, and twice it had to drop the rows that were being read.");
    check("57014", "The database gave up on a statement that took too long.");
    check("55P03", "The database gave up on a statement that took too long.");
    check("57P01", "The connection to the database broke; nothing of it is used.");
    check("25P03", "The connection to the database broke; nothing of it is used.");
    check("57P03", "The database is starting, stopping or recovering.");
    check("53300", "The database takes no more connections at the moment.");
    check("XX000", "The database refused to answer (SQLSTATE XX000).");
    assert!(!DatabaseError::Recovery.is_of_one_table(), "the whole of it is read again");
}

#[test]
fn names_cannot_leave_their_quotes() {
    let table: &Table = &TABLES[0];
    let column = |name, kind| Column { name, kind };
    let columns = [column("model_id", Kind::Text), column("model_info", Kind::Other), column("x\"y", Kind::Jsonb)];
    assert_eq!(
        rows::statement("a\"; DROP SCHEMA public; --", table, &columns, |_| false),
        "SELECT \"model_id\", pg_catalog.to_json(\"model_info\")::text, \
         CASE WHEN pg_catalog.pg_column_size(\"x\"\"y\") > 8 THEN \"x\"\"y\" END FROM \
         \"a\"\"; DROP SCHEMA public; --\".\"LiteLLM_ProxyModelTable\""
    );
}
