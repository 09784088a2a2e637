//! Canaries in every credential: none comes out in a log, an error, a status or a help text.

use wire::{
    AppendJournal, AppendLine, CallTarget, GetStatus, Nothing, ReadDatabase, ReadSource, SourceRead, TargetCall,
};

use crate::running::{Double, Relay, command, with_status};

const MASTER: &str = "sk-canary-master/+\"key";
const API_KEY: &str = "bfst-canary-api-key";
const PASSWORD: &str = "canary-admin-password";
const SETUP: &str = "canary-setup-token";
const DATABASE: &str = "postgresql://canary-role:canary-db-password@127.0.0.1:1/db?canary_option=canary-value";

/// The texts that must be nowhere, in the spellings an upstream or a log could give them.
fn canaries() -> Vec<String> {
    use base64::Engine;
    let encode = |text: &str| base64::engine::general_purpose::STANDARD.encode(text);
    let mut texts: Vec<String> =
        [MASTER, API_KEY, PASSWORD, SETUP, "canary-db-password", "canary-value", "canary-body"]
            .iter()
            .flat_map(|text| [(*text).to_owned(), encode(text)])
            .collect();
    texts.push(encode(&format!("admin:{PASSWORD}")));
    texts.push("sk-canary-master%2F%2B%22key".to_owned());
    texts.push("sk-canary-master/+\\\"key".to_owned());
    texts
}

#[track_caller]
fn clean(what: &str, text: &str) {
    for canary in canaries() {
        assert!(!text.contains(&canary), "{what} holds {canary}:\n{text}");
    }
}

#[test]
fn no_credential_comes_out() {
    // An upstream that repeats everything it was sent, as a bad error message does.
    let echo = Double::start(|seen| {
        let echoed = serde_json::json!({"error": {"message": seen.head, "again": seen.target}}).to_string();
        with_status("401 Unauthorized", &echoed)
    });
    let env = [
        ("LITELLM_URL", echo.url.as_str()),
        ("LITELLM_MASTER_KEY", MASTER),
        ("LITELLM_DB_URL", DATABASE),
        ("LITELLM_SALT_KEY", "canary-salt"),
        ("BIFROST_URL", echo.url.as_str()),
        ("BIFROST_API_KEY", API_KEY),
        ("BIFROST_USER", "admin"),
        ("BIFROST_PASSWORD", PASSWORD),
        ("BIFROST_SETUP_TOKEN", SETUP),
    ];
    let relay = Relay::start("canaries", &env);
    let read =
        SourceRead { endpoint: "teams".to_owned(), query: [("page".to_owned(), "canary-body".to_owned())].into() };
    let read = relay.call::<ReadSource>(&read).expect("an answer");
    assert_eq!(read.status, 401);
    clean("a read", &read.body.replace("canary-body", ""));
    let create = TargetCall {
        endpoint: "provider_key_create".to_owned(),
        params: [("provider".to_owned(), "openai".to_owned())].into(),
        query: std::collections::BTreeMap::new(),
        body: Some(serde_json::json!({"value": "canary-body"})),
    };
    clean("a call", &relay.call::<CallTarget>(&create).expect("an answer").body);
    let (_, refusal) = relay.call::<ReadDatabase>(&Nothing {}).expect_err("no database there");
    clean("the database", &format!("{refusal:?}"));
    clean("the status", &format!("{:?}", relay.call::<GetStatus>(&Nothing {}).expect("a status")));
    let line = AppendLine { holder: "canary-body".to_owned(), line: "canary-body".to_owned() };
    let (_, refusal) = relay.call::<AppendJournal>(&line).expect_err("no lock");
    clean("the journal", &format!("{refusal:?}"));
    // Bodies that cannot be read, on every route that takes one.
    for (method, path) in wire::ROUTES.iter().filter(|(method, _)| *method == wire::Method::Post) {
        let body = r#"{"canary-body": "canary-body", "endpoint": ["canary-body"]}"#;
        let head =
            format!("POST {path} HTTP/1.1\r\nHost: 127.0.0.1:{}\r\nAuthorization: Bearer {}", relay.port, relay.token);
        let tail = format!(
            "Content-Type: application/json\r\nContent-Length: {}\r\nConnection: close\r\n\r\n{body}",
            body.len()
        );
        let answer = relay.raw(&format!("{head}\r\n{tail}"));
        clean(&format!("{method:?} {path}"), &answer.body);
    }
    let log = relay.process.log();
    clean("the log", &log);
    assert!(log.contains("Database URL, canary_option: unknown here."), "{log}");
    for line in ["POST /api/source:teams 200 ", "POST /api/target:provider_key_create 200 ", "GET /api/database 502 "] {
        assert!(log.contains(line), "{line} is not in:\n{log}");
    }
    assert!(!log.contains(&relay.token), "the token is in the log");
}

/// Arguments and environment.
type Attempt = (&'static [&'static str], &'static [(&'static str, &'static str)]);

#[test]
fn no_credential_comes_out_of_a_start_that_fails() {
    let attempts: &[Attempt] = &[
        (&["serve"], &[("LITELLM_URL", "http://canary-body:canary-value@localhost")]),
        (&["serve"], &[("LITELLM_URL", "canary-value")]),
        (&["serve"], &[("LITELLM_DB_URL", "postgresql://u:canary-value%zz@h/d")]),
        (&["serve"], &[("DATABASE_URL", "mysql://u:canary-value@h/d")]),
        (&["serve"], &[("BIFROST_URL", "http://localhost"), ("BIFROST_API_KEY", "canary-value\n")]),
        (&["serve", "--practice-version", "1.0.0"], &[("BIFROST_API_KEY", API_KEY)]),
        (&["serve", "--help"], &[("BIFROST_API_KEY", API_KEY), ("LITELLM_URL", "http://canary-value@localhost")]),
        (&["serve", "--litellm-master-key", "x"], &[("LITELLM_MASTER_KEY", MASTER)]),
        (&["serve", "--litellm-master-key-file", "/nowhere"], &[("LITELLM_MASTER_KEY", MASTER)]),
    ];
    for (args, env) in attempts {
        let output = command(args, env).output().expect("the binary");
        let helped = args.contains(&"--help");
        assert_eq!(output.status.code(), Some(i32::from(!helped)), "{args:?} {env:?}");
        clean(&format!("{args:?}"), &String::from_utf8_lossy(&output.stdout));
        clean(&format!("{args:?}"), &String::from_utf8_lossy(&output.stderr));
    }
}

#[test]
fn a_secret_in_a_file_is_used_and_one_that_others_can_read_is_told() {
    use std::os::unix::fs::PermissionsExt;
    let folder = crate::running::Folder::new("files");
    let upstream = Double::saying("{}");
    for (mode, warned) in [(0o600, false), (0o644, true)] {
        let path = folder.0.join(format!("key-{mode:o}"));
        save(&path, "sk-canary-file\n");
        std::fs::set_permissions(&path, std::fs::Permissions::from_mode(mode)).expect("a mode");
        let journal = folder.0.join("journal").display().to_string();
        let key = path.display().to_string();
        let relay =
            Relay::with(&["--journal", &journal, "--litellm-master-key-file", &key], &[("LITELLM_URL", &upstream.url)]);
        let read = SourceRead { endpoint: "budgets".to_owned(), query: std::collections::BTreeMap::new() };
        relay.call::<ReadSource>(&read).expect("an answer");
        assert_eq!(
            upstream.seen().last().and_then(|seen| seen.header("authorization").map(str::to_owned)).as_deref(),
            Some("Bearer sk-canary-file")
        );
        assert_eq!(relay.process.log().contains("Other users of this machine can read"), warned, "{mode:o}");
    }
}

#[expect(clippy::disallowed_methods, reason = "tests write to a folder of their own")]
fn save(path: &std::path::Path, text: &str) {
    std::fs::write(path, text).expect("a writable folder");
}
