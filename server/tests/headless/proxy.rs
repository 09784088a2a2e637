//! A running proxy read by a command, with something in the way: the command's own sender, its waiting and its words.

use std::sync::{Arc, Mutex};

use sandbox::{Fault, FaultyProxy, Proxy, Request, Response};
use serde_json::Value;

use crate::running::{Double, Folder, command, with_status};

/// Plans for a version, from a proxy alone: the exit code, and the codes of what is said of the API.
#[track_caller]
#[expect(clippy::disallowed_methods, reason = "tests read files")]
fn check(name: &str, faults: Vec<Fault>, expected: &[&str]) {
    let proxy = Arc::new(Mutex::new(FaultyProxy::new(Proxy::practice(), faults)));
    let litellm = Double::start(move |seen| {
        let request = Request::new(&seen.method, &seen.target)
            .header("authorization", seen.header("authorization").unwrap_or_default());
        let answer = proxy.lock().expect("the proxy").handle(&request);
        with_status(&format!("{} X", answer.status), &answer.body)
    });
    let folder = Folder::new(name);
    let out = folder.0.join("plan.json").display().to_string();
    let words = ["plan", "--target-version", "2.0.0-prerelease3", "--out", &out];
    let output = command(&words, &[("LITELLM_URL", &litellm.url), ("LITELLM_MASTER_KEY", "sk-1234")]).output();
    let output = output.expect("the command");
    let said = String::from_utf8_lossy(&output.stdout).into_owned() + &String::from_utf8_lossy(&output.stderr);
    let text = std::fs::read_to_string(&out).unwrap_or_else(|_| panic!("{name} made no plan: {said}"));
    let plan: Value = serde_json::from_str(&text).expect("a plan");
    let findings = plan["findings"].as_array().cloned().unwrap_or_default();
    let codes: Vec<&str> = findings.iter().filter_map(|finding| finding["code"].as_str()).collect();
    let mut of_the_api: Vec<&str> = codes.into_iter().filter(|code| code.starts_with("api.")).collect();
    of_the_api.dedup();
    assert_eq!(of_the_api, expected, "{name}: {said}");
    assert!(litellm.seen().iter().all(|seen| seen.method == "GET" && seen.body.is_empty()), "{name}");
}

#[test]
fn a_running_proxy_is_read_by_the_command_line() {
    let says =
        |status, body: &str| Response { status, content_type: String::new(), body: body.to_owned(), cookie: None };
    check("proxy-well", vec![], &[]);
    check("proxy-503", vec![Fault::FirstAt("/key/list", 2, says(503, ""))], &[]);
    check("proxy-no-users", vec![Fault::Answers(vec!["/user/list"], says(500, "{}"))], &["api.failed"]);
    check("proxy-wrong-path", vec![Fault::RootPath("/litellm")], &["api.not_litellm"]);
}
