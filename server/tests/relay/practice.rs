//! Practice mode, in the relay and over HTTP.

use wire::{CallTarget, GetConfigFile, GetStatus, Nothing, ReadDatabase, ReadSource, SourceRead, TargetCall};

use crate::running::{Folder, Process, Relay, raw};

#[test]
fn a_relay_with_nothing_to_connect_to_practises() {
    let relay = Relay::start("practises", &[]);
    let status = relay.call::<GetStatus>(&Nothing {}).expect("a status");
    assert!(status.practice.is_some());
    assert!(status.source.is_some() && status.database.is_some() && status.target.is_some());
    let version = TargetCall {
        endpoint: "version".to_owned(),
        params: std::collections::BTreeMap::new(),
        query: std::collections::BTreeMap::new(),
        body: None,
    };
    assert!(relay.call::<CallTarget>(&version).expect("an answer").body.contains("2.0.0-prerelease3"));
    let keys = SourceRead { endpoint: "keys".to_owned(), query: [("page".to_owned(), "1".to_owned())].into() };
    let keys = relay.call::<ReadSource>(&keys).expect("an answer");
    assert_eq!(keys.status, 200, "{}", keys.body);
    let rows = relay.call::<ReadDatabase>(&Nothing {}).expect("rows");
    assert_eq!(rows.tables["LiteLLM_VerificationToken"].len(), 7);
    assert!(relay.call::<GetConfigFile>(&Nothing {}).expect("a file").text.contains("model_list:"));
}

#[test]
fn what_is_printed_is_what_a_shell_needs() {
    let process = Process::start(&["practice"], &[], 4);
    let value = |name: &str| {
        let line = process.said.iter().find_map(|line| line.strip_prefix(name));
        line.unwrap_or_else(|| panic!("{name} is not printed")).to_owned()
    };
    let port: u16 = value("LITELLM_URL=http://127.0.0.1:").parse().expect("a port");
    let master = value("LITELLM_MASTER_KEY=");
    assert!(!value("LITELLM_SALT_KEY=").is_empty() && !value("BIFROST_URL=http://").is_empty());
    let ask = |login: &str| {
        let head = format!("GET /budget/list HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\n{login}Connection: close\r\n\r\n");
        raw(port, &head).status
    };
    assert_eq!(ask(&format!("Authorization: Bearer {master}\r\n")), 200);
    assert_eq!(ask(""), 401);
}

#[test]
fn the_practice_gateway_survives_being_killed() {
    let folder = Folder::new("survives");
    let state = folder.0.join("state.json").display().to_string();
    let start = || {
        let process = Process::start(&["practice", "--state", &state], &[], 4);
        let url = process.said[0].strip_prefix("BIFROST_URL=http://127.0.0.1:").expect("its URL").to_owned();
        (process, url.parse::<u16>().expect("a port"))
    };
    let ask = |port: u16, request: &str, body: &str| {
        let head = format!("{request} HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\nContent-Type: application/json");
        raw(port, &format!("{head}\r\nContent-Length: {}\r\nConnection: close\r\n\r\n{body}", body.len()))
    };
    for round in 1..=3 {
        let (mut process, port) = start();
        let name = format!("{{\"name\":\"customer {round}\"}}");
        let made = ask(port, "POST /api/governance/customers", &name);
        assert!([200, 201].contains(&made.status), "{}", made.body);
        process.kill();
        let (_process, port) = start();
        let listed = ask(port, "GET /api/governance/customers", "").json();
        assert_eq!(listed["customers"].as_array().map(Vec::len), Some(round), "{listed}");
    }
}
