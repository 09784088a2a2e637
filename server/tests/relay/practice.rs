//! Practice mode, in the relay and over HTTP.

use wire::{CallTarget, GetStatus, Nothing, TargetCall};

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
}

#[test]
fn the_practice_gateway_survives_being_killed() {
    let folder = Folder::new("survives");
    let state = folder.0.join("state.json").display().to_string();
    let start = || {
        let process = Process::start(&["practice", "--state", &state], &[], 3);
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
