//! The page and the headers everything is served under.

use crate::running::Relay;

fn get(relay: &Relay, path: &str) -> crate::running::Answer {
    relay.raw(&format!("GET {path} HTTP/1.1\r\nHost: localhost:{}\r\nConnection: close\r\n\r\n", relay.port))
}

#[test]
fn a_station_is_the_page_itself_and_any_other_path_is_nothing() {
    let relay = Relay::start("stations", &[]);
    let page = get(&relay, "/");
    // 503 where the console has not been built.
    assert!([200, 503].contains(&page.status), "{}", page.head);
    assert_eq!(page.header("content-type"), Some("text/html; charset=utf-8"));
    for station in wire::STATIONS {
        let answer = get(&relay, station);
        assert_eq!((answer.status, &answer.body), (page.status, &page.body), "{station}");
    }
    for path in ["/plan/", "/Plan", "/plan/x", "/favicon", "/web/dist/index.html", "/.env"] {
        assert_eq!(get(&relay, path).status, 404, "{path}");
    }
}

#[test]
fn every_answer_carries_the_policy() {
    let relay = Relay::start("policy", &[]);
    let refused = get(&relay, "/api/status");
    for answer in [get(&relay, "/"), get(&relay, "/nowhere"), get(&relay, "/report")] {
        assert_eq!(answer.header("x-content-type-options"), Some("nosniff"));
        assert_eq!(answer.header("referrer-policy"), Some("no-referrer"));
        assert_eq!(answer.header("cross-origin-opener-policy"), Some("same-origin"));
        assert_eq!(answer.header("cross-origin-resource-policy"), Some("same-origin"));
        let policy = answer.header("content-security-policy").expect("a policy");
        assert!(policy.starts_with("default-src 'none'; script-src 'self' 'wasm-unsafe-eval'"), "{policy}");
        assert!(!policy.contains("unsafe-inline") && !policy.contains("'unsafe-eval'"), "{policy}");
    }
    assert_eq!(refused.header("cache-control"), Some("no-store"));
    assert_eq!(refused.header("x-content-type-options"), Some("nosniff"));
}

#[test]
fn ctrl_c_ends_it_in_order() {
    let mut relay = Relay::start("ctrl-c", &[]);
    assert_eq!(get(&relay, "/nowhere").status, 404);
    assert!(relay.process.interrupt());
    assert!(relay.process.log().contains("stopping"));
}

/// Whoever is quick enough to press it while the link is still warm.
#[test]
fn ctrl_c_right_after_the_link_ends_it_in_order() {
    for round in 0..20 {
        let mut relay = Relay::start("ctrl-c-at-once", &[]);
        assert!(relay.process.interrupt(), "round {round}");
        assert!(relay.process.log().contains("stopping"), "round {round}");
    }
}
