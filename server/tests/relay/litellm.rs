//! What leaves towards LiteLLM, whatever the page sends; and a whole reading through the relay.

use std::sync::{Arc, Mutex};

use ::litellm::endpoint::ENDPOINTS;
use ::litellm::fetch::{Event, Fetch, Fetched, Lost, Step};
use sandbox::{Fault, FaultyProxy, Proxy, Request, Response};
use wire::{ROUTES, ReadSource, SourceRead};

use crate::running::{Double, Relay, with_status};

const VERBS: &[&str] = &["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "TRACE", "PROPFIND"];

/// Bodies that ask for more than a read, in every way a caller might hope for.
const BODIES: &[&str] = &[
    r#"{"endpoint":"keys","query":{}}"#,
    r#"{"endpoint":"keys","query":{},"method":"DELETE","verb":"POST","body":{"keys":["x"]}}"#,
    r#"{"endpoint":"/key/delete","query":{},"method":"POST"}"#,
    r#"{"endpoint":"key","query":{"key":"x&y=z#../../key/delete"}}"#,
    r#"{"endpoint":"virtual_key_create","params":{},"query":{},"body":{"name":"x"}}"#,
];

/// Every path of the relay and some that are not, with every verb: only reads of the table come out at the other
/// end. There is no way to say more: `litellm::endpoint::Endpoint` has no verb, and `source::Source` no other call.
#[test]
fn no_verb_but_get_reaches_litellm() {
    let litellm = Double::saying("{}");
    let relay = Relay::start("verbs", &[("LITELLM_URL", &litellm.url), ("LITELLM_MASTER_KEY", "sk-canary-master")]);
    let paths = ROUTES.iter().map(|(_, path)| *path).chain(["/", "/key/delete", "/api/source/../key/delete"]);
    for path in paths {
        for verb in VERBS {
            for body in BODIES {
                let head = format!(
                    "{verb} {path} HTTP/1.1\r\nHost: 127.0.0.1:{}\r\nAuthorization: Bearer {}\r\n\
                     X-HTTP-Method-Override: DELETE\r\nContent-Type: application/json\r\nContent-Length: {}\r\n\
                     Connection: close\r\n\r\n{body}",
                    relay.port,
                    relay.token,
                    body.len()
                );
                relay.raw(&head);
            }
        }
    }
    let seen = litellm.seen();
    assert!(!seen.is_empty(), "the reads among them go out");
    for seen in seen {
        assert_eq!((seen.method.as_str(), seen.body.as_str()), ("GET", ""), "{}", seen.target);
        assert_eq!(seen.header("x-http-method-override"), None);
        let path = seen.target.split('?').next().unwrap_or_default();
        assert!(ENDPOINTS.iter().any(|endpoint| endpoint.path == path), "{}", seen.target);
    }
}

/// The practice proxy over HTTP, with something in the way.
fn faulty(faults: Vec<Fault>) -> Double {
    let proxy = Arc::new(Mutex::new(FaultyProxy::new(Proxy::practice(), faults)));
    Double::start(move |seen| {
        let request = Request::new(&seen.method, &seen.target)
            .header("authorization", seen.header("authorization").unwrap_or_default());
        let answer = proxy.lock().expect("the proxy").handle(&request);
        // A status of 0 stands for a connection that breaks.
        if answer.status == 0 { String::new() } else { with_status(&format!("{} X", answer.status), &answer.body) }
    })
}

/// Reads as the page does, without its patience.
fn read(relay: &Relay) -> Fetched {
    let mut fetch = Fetch::default();
    let mut flying = Vec::new();
    loop {
        match fetch.step() {
            Step::Ask(ask) => flying.push(ask),
            Step::Wait => {
                let ask = flying.remove(0);
                let read = SourceRead { endpoint: ask.endpoint.to_owned(), query: ask.query.clone() };
                let event = match relay.call::<ReadSource>(&read) {
                    Ok(answer) => {
                        Event::Answer { status: answer.status, retry_after: answer.retry_after, body: answer.body }
                    }
                    Err((504, refusal)) => Event::Lost { how: Lost::Broken, words: refusal.message },
                    Err((_, refusal)) => Event::Lost { how: Lost::Unreachable, words: refusal.message },
                };
                fetch.on(&ask, event);
            }
            Step::Done => return fetch.fetched(),
        }
    }
}

/// The codes of what is missing, after a reading below `path`.
#[track_caller]
fn check(name: &str, key: &str, path: &str, faults: Vec<Fault>, answers: usize, codes: &[&str]) {
    let litellm = faulty(faults);
    let url = format!("{}{path}", litellm.url);
    let relay = Relay::start(name, &[("LITELLM_URL", &url), ("LITELLM_MASTER_KEY", key)]);
    let fetched = read(&relay);
    let findings: Vec<_> = fetched.gaps.iter().map(::litellm::fetch::Gap::finding).collect();
    let told: Vec<&str> = findings.iter().map(|finding| finding.code.as_str()).collect();
    assert_eq!((fetched.answers.len(), told.as_slice()), (answers, codes), "{name}: {findings:?}");
    assert!(findings.iter().all(|finding| !finding.message.contains(key)), "{name}");
    assert!(litellm.seen().iter().all(|seen| seen.method == "GET"), "{name}");
}

fn says(status: u16, body: &str) -> Response {
    Response { status, content_type: String::new(), body: body.to_owned(), cookie: None }
}

#[test]
fn a_proxy_is_read_through_the_relay_with_all_that_gets_in_the_way() {
    let all = 33;
    check("well", "sk-1234", "", vec![], all, &[]);
    check("below-a-path", "sk-1234", "/litellm/", vec![Fault::RootPath("/litellm")], all, &[]);
    check("the-wrong-path", "sk-1234", "", vec![Fault::RootPath("/litellm")], 0, &["api.not_litellm"]);
    check("503-twice", "sk-1234", "", vec![Fault::FirstAt("/key/list", 2, says(503, ""))], all, &[]);
    check("reset-once", "sk-1234", "", vec![Fault::First(1, says(0, ""))], all, &[]);
    check("a-wrong-key", "sk-canary-wrong", "", vec![], 1, &["api.wrong_key"]);
    let page = says(200, "<html>Sign in</html>");
    let paths: Vec<&'static str> = ENDPOINTS.iter().map(|endpoint| endpoint.path).collect();
    check("a-login-page", "sk-1234", "", vec![Fault::Answers(paths, page)], 0, &["api.not_json"]);
    let lost = vec![Fault::Answers(vec!["/user/list"], says(0, ""))];
    check("users-lost", "sk-1234", "", lost, all - 1, &["api.down"]);
}

#[test]
fn a_proxy_that_is_not_there_is_one_finding() {
    let relay = Relay::start("nobody", &[("LITELLM_URL", "http://127.0.0.1:1"), ("LITELLM_MASTER_KEY", "sk-x")]);
    let fetched = read(&relay);
    let told: Vec<String> = fetched.gaps.iter().map(|gap| gap.finding().message).collect();
    assert_eq!(told.len(), 1, "{told:?}");
    assert!(told[0].contains("cannot be reached"), "{told:?}");
    assert_eq!(fetched.answers.len(), 0);
}
