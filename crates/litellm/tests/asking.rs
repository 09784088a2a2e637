//! Rules of asking that no recorded company is large enough for.

use std::collections::BTreeMap;

use litellm::endpoint::endpoint;
use litellm::fetch::{Event, Fetch, Fetched, Lost, Step};

/// Reads from `answer`: path and query to status and body.
fn read(mut answer: impl FnMut(&str, &BTreeMap<String, String>) -> (u16, String)) -> (Fetched, Vec<u32>) {
    let (mut fetch, mut waits, mut flying) = (Fetch::default(), Vec::new(), Vec::new());
    loop {
        match fetch.step() {
            Step::Ask(ask) => {
                waits.extend((ask.wait_ms > 0).then_some(ask.wait_ms));
                flying.push(ask);
            }
            Step::Wait => {
                let ask = flying.remove(0);
                let path = endpoint(ask.endpoint).expect("an endpoint").path;
                let (status, body) = answer(path, &ask.query);
                let retry_after = (status == 429).then_some(7);
                fetch.on(&ask, Event::Answer { status, retry_after, body });
            }
            Step::Done => return (fetch.fetched(), waits),
        }
    }
}

/// How a proxy of that release, with so many customers, is asked for them: the requests, and the customers kept.
#[track_caller]
fn check(version: Option<&str>, paged: bool, customers: usize, expected: (usize, usize)) {
    let mut asked = 0;
    let (fetched, _) = read(|path, query| match (path, version) {
        ("/health/readiness", Some(version)) => {
            (200, format!(r#"{{"status":"healthy","litellm_version":"{version}"}}"#))
        }
        ("/customer/list", _) => {
            asked += 1;
            let number = |name: &str| query.get(name).and_then(|text| text.parse::<usize>().ok());
            let (page, size) = (number("page").unwrap_or(1), number("page_size").unwrap_or(50));
            let (skip, take) = if paged { ((page - 1) * size, size) } else { (0, customers) };
            let rows: Vec<String> = (0..customers)
                .skip(skip)
                .take(take)
                .map(|n| format!(r#"{{"user_id":"c{n}","blocked":false,"allowed_model_region":null}}"#))
                .collect();
            (200, format!("[{}]", rows.join(",")))
        }
        _ => (200, "[]".to_owned()),
    });
    let reading = litellm::read(&fetched.inputs().collect::<Vec<_>>());
    let kept = reading.objects.iter().filter(|object| object.kind == litellm::Kind::EndUser).count();
    assert_eq!((asked, kept, fetched.gaps.len()), (expected.0, expected.1, 0), "{version:?} {paged} {customers}");
}

#[test]
fn customers_come_in_pages_or_at_once() {
    for (customers, pages) in [(0, 1), (1, 1), (99, 1), (100, 2), (101, 2), (250, 3), (300, 4)] {
        check(Some("1.109.1"), true, customers, (pages, customers));
        check(None, true, customers, (pages, customers));
        check(Some("1.101.6"), false, customers, (1, customers));
    }
    // A release that is not known may ignore the pages: the same hundred twice are a hundred.
    for (customers, asked) in [(99, 1), (100, 2), (101, 1), (5_000, 1)] {
        check(None, false, customers, (asked, customers));
    }
}

#[test]
fn a_proxy_that_asks_for_time_gets_it() {
    let mut times = 0;
    let (fetched, waits) = read(|path, _| {
        times += usize::from(path == "/tag/list");
        if path == "/tag/list" && times <= 2 { (429, "{}".to_owned()) } else { (200, "[]".to_owned()) }
    });
    assert_eq!((waits.as_slice(), fetched.gaps.len()), (&[7_000, 7_000][..], 0));
}

#[test]
fn what_nobody_asked_for_changes_nothing() {
    let mut fetch = Fetch::default();
    let Step::Ask(first) = fetch.step() else { panic!("it begins with a request") };
    assert_eq!(fetch.step(), Step::Wait);
    let lost = || Event::Lost { how: Lost::TooLarge, words: "too large.".to_owned() };
    fetch.on(&first, lost());
    let before = fetch.fetched();
    fetch.on(&first, lost());
    assert_eq!(fetch.fetched(), before);
}
