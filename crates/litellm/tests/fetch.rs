//! Reading a proxy, stopped: what was not read is missing, never empty.

use litellm::fetch::{Event, Fetch, Step, Why};

fn answer(body: &str) -> Event {
    Event::Answer { status: 200, retry_after: None, body: body.to_owned() }
}

#[test]
fn stopped_before_the_first_list_everything_is_missing() {
    let mut fetch = Fetch::default();
    let Step::Ask(ask) = fetch.step() else { panic!("the first read asks for the version") };
    fetch.stop();
    fetch.on(&ask, answer(r#"{"status": "healthy", "db": "connected", "litellm_version": "1.101.6"}"#));
    assert_eq!(fetch.step(), Step::Done);
    let gaps = fetch.fetched().gaps;
    assert_eq!(gaps.iter().map(|gap| (&gap.why, gap.again())).collect::<Vec<_>>(), [(&Why::Stopped, true)]);
    assert!(fetch.again(), "it can be gone on with");
    assert!(matches!(fetch.step(), Step::Ask(_)));
}
