//! The database through the relay.

use wire::{GetStatus, Nothing, ReadDatabase, code};

use crate::postgres_support::{Cluster, PASSWORD, recorded};
use crate::running::{Folder, Relay};

#[test]
fn the_page_gets_every_row_or_a_plain_sentence() {
    let Some(cluster) = Cluster::start("relay") else { return };
    cluster.with_litellm("litellm");
    let tcp = cluster.url("postgres", PASSWORD, "litellm");
    let url = format!("{tcp}?connection_limit=5&pgbouncer=true");
    let relay = Relay::start("rows", &[("DATABASE_URL", &url)]);
    let rows = relay.call::<ReadDatabase>(&Nothing {}).expect("rows");
    let inserts = recorded("db-data.sql");
    for table in litellm::tables::TABLES {
        let insert = format!("INSERT INTO public.\"{}\" ", table.name);
        let expected = inserts.lines().filter(|line| line.starts_with(&insert)).count();
        let read = rows.tables.get(table.name).map_or(0, Vec::len);
        assert_eq!(read, expected, "{}", table.name);
    }
    assert!(rows.tables["LiteLLM_VerificationToken"].iter().all(|row| row["token"].is_string()));
    assert!(rows.missing.iter().all(|line| line.contains("LiteLLM_")), "{:?}", rows.missing);
    let status = relay.call::<GetStatus>(&Nothing {}).expect("a status");
    assert!(status.database.is_some_and(|database| database.name.starts_with("postgresql://127.0.0.1:")));
    assert_eq!(status.notes, ["Options of the database URL that mean nothing here: connection_limit, pgbouncer."]);

    let socket = Relay::start("socket", &[("LITELLM_DB_URL", &cluster.socket_url("litellm"))]);
    assert_eq!(socket.call::<ReadDatabase>(&Nothing {}).expect("rows").tables, rows.tables);

    let wrong = Relay::start("wrong", &[("LITELLM_DB_URL", &cluster.url("postgres", "wrong", "litellm"))]);
    let (status, refusal) = wrong.call::<ReadDatabase>(&Nothing {}).expect_err("a wrong password");
    assert_eq!((status, refusal.code.as_str()), (502, code::DATABASE));
    assert_eq!(refusal.message, "The database does not know that user, or the password is wrong.");

    cluster.stop();
    let (status, refusal) = relay.call::<ReadDatabase>(&Nothing {}).expect_err("a stopped server");
    assert_eq!((status, refusal.code.as_str()), (502, code::DATABASE));
    assert!(!format!("{refusal:?}").contains(PASSWORD));
}

#[test]
fn a_private_authority_is_named_with_a_flag() {
    let Some(cluster) = Cluster::start("authority") else { return };
    let ca = cluster.with_tls();
    cluster.with_litellm("litellm");
    let folder = Folder::new("authority");
    let (path, journal) = (folder.0.join("ca.pem"), folder.0.join("journal").display().to_string());
    save(&path, &ca);
    let url = format!("{}?sslmode=verify-full", cluster.url("postgres", PASSWORD, "litellm"));
    let env = [("LITELLM_DB_URL", url.as_str())];
    let knowing = Relay::with(&["--journal", &journal, "--ca-file", &path.display().to_string()], &env);
    assert!(knowing.call::<ReadDatabase>(&Nothing {}).is_ok());
    let (status, refusal) = Relay::with(&["--journal", &journal], &env)
        .call::<ReadDatabase>(&Nothing {})
        .expect_err("an authority nobody knows");
    assert_eq!((status, refusal.code.as_str()), (502, code::DATABASE));
    assert!(refusal.hints.iter().any(|hint| hint.contains("--ca-file")), "{refusal:?}");
}

#[expect(clippy::disallowed_methods, reason = "tests write to a folder of their own")]
fn save(path: &std::path::Path, bytes: &[u8]) {
    std::fs::write(path, bytes).expect("a writable folder");
}
