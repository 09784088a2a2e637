//! `gangway doctor`: its lines, its exit codes, and no secret in any of them.

use support::company;

use super::command;
use super::postgres_support::{Cluster, PASSWORD};
use super::running::{Double, Process, with_status};

/// A made-up proxy and gateway.
struct Practice {
    _process: Process,
    gateway: String,
    proxy: String,
}

impl Practice {
    fn start() -> Self {
        let process = Process::start(&["practice"], &[], 4);
        let said = |name: &str| {
            let line = process.said.iter().find_map(|line| line.strip_prefix(name)).expect("its address");
            line.to_owned()
        };
        let (gateway, proxy) = (said("BIFROST_URL="), said("LITELLM_URL="));
        Self { _process: process, gateway, proxy }
    }
}

/// Runs the doctor; exit code and what it says, addresses replaced. Fails on any secret.
fn doctor(args: &[&str], env: &[(&str, &str)]) -> (i32, String) {
    let args: Vec<&str> = ["doctor"].iter().chain(args).copied().collect();
    let output = command(&args, env).output().expect("the command");
    let mut said = String::from_utf8_lossy(&output.stdout).into_owned() + &String::from_utf8_lossy(&output.stderr);
    for canary in company::CANARIES.iter().chain(&["canary-", PASSWORD, "sk-1234"]) {
        assert!(!said.contains(canary), "the doctor shows {canary}: {said}");
    }
    for (name, value) in env.iter().filter(|(name, _)| name.ends_with("_URL") && *name != "LITELLM_DB_URL") {
        said = said.replace(value, &format!("<{name}>"));
    }
    (output.status.code().unwrap_or(-1), said)
}

fn fixture(name: &str) -> String {
    company::fixtures().join("litellm/1.101.6").join(name).display().to_string()
}

/// The lines that begin with a mark, without what is to do next.
fn marks(said: &str) -> Vec<&str> {
    said.lines().filter(|line| !line.starts_with(' ') && line.contains(": ")).collect()
}

#[track_caller]
fn line<'s>(said: &'s str, mark: &str, about: &str) -> &'s str {
    let found = marks(said).into_iter().find(|line| line.starts_with(mark) && line[8..].starts_with(about));
    found.unwrap_or_else(|| panic!("no line {mark} {about} in:\n{said}"))
}

#[test]
fn says_that_everything_is_there_or_what_is_missing() {
    let practice = Practice::start();
    let (config, dump) = (fixture("config.yaml"), fixture("db-data.sql"));
    let proxy = [("LITELLM_URL", practice.proxy.as_str()), ("LITELLM_MASTER_KEY", "sk-1234")];
    let gateway = ("BIFROST_URL", practice.gateway.as_str());
    let salt = ("LITELLM_SALT_KEY", company::SALT_KEY);
    let env = [&proxy[..], &[gateway, salt]].concat();
    let (code, said) = doctor(&["--config", &config, "--dump", &dump], &env);
    assert_eq!(code, 0, "{said}");
    assert_eq!(
        line(&said, "ok", "LiteLLM proxy"),
        "ok      LiteLLM proxy <LITELLM_URL>: LiteLLM 1.101.6; it holds 15 models, 3 teams, 5 users, 7 keys, 2 end \
         users; reading all of it takes about 33 requests"
    );
    assert!(line(&said, "note", "LiteLLM proxy").contains("creates the user default_user_id"), "{said}");
    assert!(line(&said, "ok", "config.yaml").starts_with("ok      config.yaml: 12 deployments"), "{said}");
    assert_eq!(line(&said, "ok", "salt key"), "ok      salt key: 20 of 20 encrypted values opened (salt key 20)");
    assert!(line(&said, "ok", "gateway <BIFROST_URL>").contains("Bifrost 2.0.0-prerelease3, no users"), "{said}");
    line(&said, "note", "gateway administrator: there is none");
    assert!(line(&said, "note", "calls without").contains("enforce_auth_on_inference"), "{said}");
    assert!(said.ends_with("\neverything is there for a whole plan\n"), "{said}");

    // The proxy alone: how many provider keys stay unknown, and what would bring them.
    let (code, said) = doctor(&[], &proxy);
    assert_eq!(code, 3, "{said}");
    line(&said, "missing", "LiteLLM database: not given");
    line(&said, "missing", "provider keys: Without the database the provider keys stay unknown: ");
    line(&said, "missing", "config.yaml: ");
    line(&said, "missing", "gateway: none is given");
    assert!(said.contains("next: set LITELLM_DB_URL") && said.contains("next: set BIFROST_URL"), "{said}");

    // Nothing at all.
    let (code, said) = doctor(&[], &[]);
    assert_eq!(code, 1, "{said}");
    assert_eq!(marks(&said).len(), 5, "{said}");

    // For machines, the same.
    let (code, said) = doctor(&["--config", &config, "--json"], &env);
    assert_eq!(code, 3, "{said}");
    let json: serde_json::Value = serde_json::from_str(&said).expect("JSON");
    assert!(said.starts_with("{\n  \"format\": \"gangway.doctor.v1\""), "{said}");
    assert_eq!(json["usable"], true);
    let parts: Vec<&str> =
        json["checks"].as_array().expect("checks").iter().filter_map(|c| c["part"].as_str()).collect();
    for part in ["proxy", "database", "files", "salt_key", "unknown", "gateway"] {
        assert!(parts.contains(&part), "{part} in {parts:?}");
    }
}

#[test]
fn says_why_a_proxy_a_gateway_or_a_file_cannot_be_used() {
    let check = |env: &[(&str, &str)], mark: &str, about: &str, next: &str| {
        let (code, said) = doctor(&[], env);
        assert_eq!(code, 1, "{said}");
        line(&said, mark, about);
        assert!(said.contains(next), "no {next:?} in {said}");
    };
    let practice = Practice::start();
    let proxy = "LITELLM_URL";
    let wrong = [(proxy, practice.proxy.as_str()), ("LITELLM_MASTER_KEY", "canary-wrong-key")];
    check(&wrong, "failed", "LiteLLM proxy <LITELLM_URL>: the proxy does not know this key", "give the master key");
    let html = Double::start(|_| with_status("200 OK", "<!doctype html><title>Sign in</title>"));
    let at = [(proxy, html.url.as_str())];
    check(&at, "failed", "LiteLLM proxy <LITELLM_URL>: a web page", "the address of LiteLLM itself");
    check(
        &[(proxy, "http://127.0.0.1:9")],
        "failed",
        "LiteLLM proxy <LITELLM_URL>: its objects are not read",
        "read again",
    );
    assert!(html.seen().iter().all(|seen| seen.method == "GET"), "something else than GET left");

    let locked = Double::start(|seen| match seen.target.as_str() {
        "/api/version" => with_status("200 OK", "\"v1.5.16\""),
        _ => with_status("401 Unauthorized", "{\"error\": {\"message\": \"Unauthorized\"}}"),
    });
    let at = [("BIFROST_URL", locked.url.as_str()), ("BIFROST_API_KEY", "canary-bearer")];
    check(
        &at,
        "failed",
        "gateway <BIFROST_URL>: The gateway's management API is locked",
        "Give the administrator's user",
    );
    check(&[("BIFROST_URL", &html.url)], "failed", "gateway <BIFROST_URL>: What answers", "Check BIFROST_URL");

    let (code, said) = doctor(&["--config", "/nowhere/config.yaml"], &[]);
    assert_eq!(code, 1, "{said}");
    line(&said, "failed", "file: /nowhere/config.yaml cannot be read");
    let (code, said) = doctor(&["--config", &fixture("db-schema.sql")], &[]);
    assert_eq!(code, 1, "{said}");
    let folder = super::running::Folder::new("doctor-include");
    let (config, included) = (folder.0.join("config.yaml"), folder.0.join("more.yaml"));
    write(&config, "include: [more.yaml]\ngeneral_settings: {master_key: canary-master-key}\n");
    let config = config.display().to_string();
    let (code, said) = doctor(&["--config", &config], &[]);
    assert_eq!(code, 3, "{said}");
    line(&said, "missing", "config.yaml:1:");
    assert!(said.contains("next: give more.yaml as well"), "{said}");
    write(&included, "model_list:\n  - model_name: a\n    litellm_params: {model: gpt-4o, api_key: canary-api-key}\n");
    let (_, said) = doctor(&["--config", &config], &[]);
    line(&said, "ok", "config.yaml: ");
    line(&said, "ok", "more.yaml, included by config.yaml: 1 deployment");
}

#[expect(clippy::disallowed_methods, reason = "tests write to a folder of their own")]
fn write(path: &std::path::Path, text: &str) {
    std::fs::write(path, text).expect("a writable folder");
}

#[test]
fn says_which_key_and_which_rights_are_missing() {
    let dump = fixture("db-data.sql");
    let (code, said) = doctor(&["--dump", &dump], &[("LITELLM_SALT_KEY", "canary-wrong-salt")]);
    assert_eq!(code, 3, "{said}");
    line(&said, "failed", "salt key: it opens none of 20 encrypted values");
    let (code, said) = doctor(&["--dump", &dump], &[]);
    assert_eq!(code, 3, "{said}");
    line(&said, "missing", "salt key: none is given, so 20 encrypted values stay closed");

    let Some(cluster) = Cluster::start("doctor") else { return };
    cluster.with_litellm("litellm");
    let at = |url: &str| doctor(&[], &[("LITELLM_DB_URL", url), ("LITELLM_SALT_KEY", company::SALT_KEY)]);
    let (code, said) = at(&cluster.url("postgres", PASSWORD, "litellm"));
    assert_eq!(code, 3, "{said}");
    assert!(line(&said, "ok", "LiteLLM database: ").contains("in one read-only transaction: 3 deployments"), "{said}");
    line(&said, "ok", "salt key: 20 of 20 encrypted values opened");

    cluster.sql(
        "litellm",
        "CREATE ROLE reader LOGIN PASSWORD 'canary-reader'; GRANT SELECT ON ALL TABLES IN SCHEMA public TO reader;
         REVOKE SELECT ON \"LiteLLM_CredentialsTable\" FROM reader; CREATE ROLE nobody LOGIN PASSWORD 'canary-nobody';",
    );
    let (code, said) = at(&cluster.url("reader", "canary-reader", "litellm"));
    assert_eq!(code, 3, "{said}");
    let forbidden = line(&said, "missing", "LiteLLM_CredentialsTable: ");
    assert!(
        forbidden.ends_with("reader may not read LiteLLM_CredentialsTable; its credentials stay unknown"),
        "{said}"
    );
    assert!(said.contains("next: let the owner of the table run: GRANT SELECT ON "), "{said}");
    assert!(said.contains("\nFor the owner of the tables:\n\n-- Lets reader read"), "{said}");
    // With what it prints, the role can read: nothing is missing any more.
    let script = command(&["grants", "--role", "reader"], &[]).output().expect("the command");
    cluster.sql("litellm", &String::from_utf8_lossy(&script.stdout));
    let (_, said) = at(&cluster.url("reader", "canary-reader", "litellm"));
    assert!(!said.contains("LiteLLM_CredentialsTable") && !said.contains("GRANT"), "{said}");
    line(&said, "ok", "salt key: ");
    let (code, said) = at(&cluster.url("nobody", "canary-nobody", "litellm"));
    assert_eq!(code, 1, "{said}");
    line(&said, "failed", "LiteLLM database: ");
    assert!(said.contains("\nFor the owner of the tables:\n\n-- Lets nobody read"), "{said}");
    let (code, said) = at(&cluster.url("postgres", "canary-wrong", "litellm"));
    assert_eq!(code, 1, "{said}");
    line(&said, "failed", "LiteLLM database: The database does not know that user, or the password is wrong");
    cluster.stop();
    let (code, said) = at(&cluster.url("postgres", PASSWORD, "litellm"));
    assert_eq!(code, 1, "{said}");
    line(&said, "failed", "LiteLLM database: The database cannot be reached");
}
