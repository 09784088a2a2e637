//! The database through the relay.

use wire::{GetStatus, Nothing, ReadDatabase, code};

use crate::postgres_support::{Cluster, NEWER, OLDER, PASSWORD, recorded};
use crate::running::{Folder, Relay};

#[test]
fn the_page_gets_every_row_or_a_plain_sentence() {
    let Some(cluster) = Cluster::start("relay") else { return };
    cluster.with_litellm("litellm");
    let tcp = cluster.url("postgres", PASSWORD, "litellm");
    let url = format!("{tcp}?connection_limit=5&pgbouncer=true");
    let relay = Relay::start("rows", &[("DATABASE_URL", &url)]);
    let rows = relay.call::<ReadDatabase>(&Nothing {}).expect("rows");
    let inserts = recorded(OLDER, "db-data.sql");
    for table in litellm::tables::TABLES {
        let insert = format!("INSERT INTO public.\"{}\" ", table.name);
        let expected = inserts.lines().filter(|line| line.starts_with(&insert)).count();
        let read = rows.tables.get(table.name).map_or(0, model::Rows::len);
        assert_eq!(read, expected, "{}", table.name);
    }
    assert!(rows.tables["LiteLLM_VerificationToken"].objects().all(|row| row["token"].is_string()));
    let codes: Vec<&str> = rows.findings.iter().map(|finding| finding.code.as_str()).collect();
    assert_eq!(codes, ["database.older_schema"], "{:#?}", rows.findings);
    let status = relay.call::<GetStatus>(&Nothing {}).expect("a status");
    assert!(status.database.is_some_and(|database| database.name.starts_with("postgresql://127.0.0.1:")));
    assert_eq!(
        status.notes,
        [
            "Database URL, connection_limit: one connection is used, and no pool.",
            "Database URL, pgbouncer: no statement is given a name, so this works through a pooler as it is."
        ]
    );

    let socket = Relay::start("socket", &[("LITELLM_DB_URL", &cluster.socket_url("litellm"))]);
    assert_eq!(socket.call::<ReadDatabase>(&Nothing {}).expect("rows").tables, rows.tables);

    let Some(pooler) = cluster.with_pgbouncer() else { return };
    let pooled = format!("postgresql://postgres:{PASSWORD}@127.0.0.1:{}/litellm", pooler.port);
    let pooled = Relay::start("pooled", &[("LITELLM_DB_URL", &pooled)]);
    assert_eq!(pooled.call::<ReadDatabase>(&Nothing {}).expect("rows").tables, rows.tables);

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
    cluster.with_version("litellm", NEWER);
    let ca = cluster.with_tls();
    let folder = Folder::new("authority");
    let (path, journal) = (folder.0.join("ca.pem"), folder.0.join("journal").display().to_string());
    save(&path, &ca);
    let url = format!("{}?sslmode=verify-full", cluster.url("postgres", PASSWORD, "litellm"));
    let env = [("LITELLM_DB_URL", url.as_str())];
    let knowing = Relay::with(&["--journal", &journal, "--ca-file", &path.display().to_string()], &env);
    assert!(knowing.call::<ReadDatabase>(&Nothing {}).is_ok());
    let by_url = format!("{url}&sslrootcert={}", cluster.file("ca.pem").display());
    let told = Relay::with(&["--journal", &journal], &[("LITELLM_DB_URL", by_url.as_str())]);
    assert!(told.call::<ReadDatabase>(&Nothing {}).is_ok(), "the authority the URL names");
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
