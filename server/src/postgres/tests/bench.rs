//! How long a database of ten thousand keys takes to become an inventory, beside `psql` copying the same columns out
//! of the same tables, in turns. For people: `cargo xtask bench` runs it, and it asserts no time.
#![expect(clippy::print_stdout, reason = "rows of a table for people")]
#![expect(clippy::disallowed_methods, reason = "a benchmark looks at the clock")]

use std::time::{Duration, Instant};

use inventory::Candidate;
use litellm::Secret;
use support::fleet;

use super::*;

const ROUNDS: usize = 5;

/// The rows made up here have no authors and no dates of change.
const NULL_IS_WELCOME: &str = "DO $$ DECLARE c record; BEGIN \
    FOR c IN SELECT a.attrelid::regclass AS place, a.attname AS name FROM pg_attribute a \
        JOIN pg_class t ON t.oid = a.attrelid AND t.relkind = 'r' AND t.relnamespace = 'public'::regnamespace \
        WHERE a.attnum > 0 AND a.attnotnull AND NOT a.atthasdef AND NOT EXISTS (SELECT FROM pg_index i \
            WHERE i.indrelid = a.attrelid AND i.indisprimary AND a.attnum = ANY (i.indkey)) \
    LOOP EXECUTE format('ALTER TABLE %s ALTER COLUMN %I DROP NOT NULL', c.place, c.name); END LOOP; END $$;";

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "a benchmark: takes its time, and means something in a release build only"]
async fn from_postgres_to_inventory() {
    crate::tls::install_provider();
    let Some(cluster) = Cluster::start("bench") else { return };
    load(&cluster, fleet::Size { keys: 10_000, ..fleet::THOUSAND });
    let url = cluster.url("postgres", PASSWORD, "fleet");
    let copies = copies(&url).await;
    let (mut beside, mut steps) = (Vec::new(), Vec::new());
    for _ in 0..ROUNDS {
        let start = Instant::now();
        cluster.psql("fleet", &copies);
        beside.push(start.elapsed());
        steps.push(to_inventory(&url).await);
    }
    let psql = median(beside);
    let step = |at: usize| median(steps.iter().map(|step| step[at]).collect());
    let ours = median(steps.iter().map(|step| step.iter().sum()).collect());
    println!();
    println!("10,000 keys, psql copying the same columns\t{:.1} ms\t-", millis(psql));
    println!("10,000 keys, Postgres to inventory\t{:.1} ms\t-", millis(ours));
    for (at, name) in
        ["rows from the database, each made an object", "objects put together", "secrets opened, objects joined"]
            .iter()
            .enumerate()
    {
        println!("10,000 keys, of that: {name}\t{:.1} ms\t-", millis(step(at)));
    }
    let ratio = ours.as_secs_f64() / psql.as_secs_f64();
    println!("10,000 keys, Postgres to inventory, beside psql\t{ratio:.2} x\t<= 2 x");
}

/// A database with the recorded schema and the rows of a made-up fleet.
fn load(cluster: &Cluster, size: fleet::Size) {
    cluster.sql("postgres", "CREATE DATABASE fleet");
    cluster.sql("fleet", &recorded(OLDER, "db-schema.sql"));
    cluster.sql("fleet", NULL_IS_WELCOME);
    let rows = fleet::dump(size, 1);
    cluster.sql("fleet", &format!("SET session_replication_role = replica;\nBEGIN;\n{rows}\nCOMMIT;\n"));
    cluster.sql("fleet", "VACUUM ANALYZE");
}

/// The arguments of `psql`: for each table with rows, the columns Gangway reads.
async fn copies(url: &str) -> Vec<String> {
    let rows = rows_of(url).await.expect("a readable database");
    assert_eq!(count(&rows, "LiteLLM_VerificationToken"), 10_000, "the fleet is there");
    let client = connect(&dsn(url), &Network::default()).await.expect("a connection");
    let schema = schema::read(&client, "public").await.expect("a schema");
    let full = TABLES.iter().filter(|table| count(&rows, table.name) > 0);
    full.flat_map(|table| {
        let columns = schema.readable(table);
        let list = columns.iter().map(|column| schema::quote(column.name)).collect::<Vec<_>>().join(", ");
        let place = schema::quote(table.name);
        ["-c".to_owned(), format!("\\copy (SELECT {list} FROM public.{place}) to '/dev/null'")]
    })
    .collect()
}

/// The steps from the connection to the inventory, each with its time.
async fn to_inventory(url: &str) -> [Duration; 3] {
    let mut last = Instant::now();
    let mut lap = || {
        let before = std::mem::replace(&mut last, Instant::now());
        last.duration_since(before)
    };
    let stored = read(&dsn(url), &Network::default()).await.expect("a readable database");
    let read = lap();
    let reading = litellm::read_stored(&[], Some(stored));
    let understood = lap();
    let candidate = Candidate { name: "salt key".to_owned(), secret: Secret::new(fleet::SALT_KEY.to_owned()) };
    let (inventory, _vault) = inventory::gather(reading).into_opened(&[candidate]);
    let opened = lap();
    assert!(inventory.opening.sealed > 300 && inventory.opening.failed.is_empty(), "the secrets of the fleet open");
    [read, understood, opened]
}

fn median(mut times: Vec<Duration>) -> Duration {
    times.sort_unstable();
    times[times.len() / 2]
}

fn millis(time: Duration) -> f64 {
    time.as_secs_f64() * 1000.0
}
