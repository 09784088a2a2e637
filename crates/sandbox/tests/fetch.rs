//! Reading the practice proxy as a running one is read, with everything that gets in the way.

use litellm::fetch::{Event, Fetch, Fetched, LANES, Lost, Step, Wanted};
use sandbox::{Fault, FaultyProxy, Keys, Proxy, Request, Response};

/// A sender that keeps as many requests on their way as it may, and tells the newest first: the worst order there is.
fn drive(fetch: &mut Fetch, proxy: &mut FaultyProxy, key: &str) -> u64 {
    let (mut flying, mut waited) = (Vec::new(), 0);
    loop {
        match fetch.step() {
            Step::Ask(ask) => {
                waited += u64::from(ask.wait_ms);
                let endpoint = litellm::endpoint::endpoint(ask.endpoint).expect("an endpoint");
                let mut request = Request::new("GET", endpoint.path).header("authorization", &format!("Bearer {key}"));
                for name in ask.query.keys() {
                    assert!(endpoint.query.contains(&name.as_str()), "{} takes no {name}", endpoint.id);
                }
                request.query.clone_from(&ask.query);
                let answer = proxy.handle(&request);
                flying.push((ask, event(&answer)));
                assert!(flying.len() <= LANES);
            }
            Step::Wait => {
                let (ask, event) = flying.pop().expect("it waits for something");
                fetch.on(&ask, event);
            }
            Step::Done => {
                assert!(flying.is_empty());
                return waited;
            }
        }
    }
}

/// Status 0 stands for a lost connection, 1 for nobody there.
fn event(answer: &Response) -> Event {
    let lost = |how| Event::Lost { how, words: "it did not answer.".to_owned() };
    match answer.status {
        0 => lost(Lost::Broken),
        1 => lost(Lost::Unreachable),
        status => Event::Answer { status, retry_after: None, body: answer.body.clone() },
    }
}

fn says(status: u16, body: &str) -> Response {
    Response { status, content_type: String::new(), body: body.to_owned() }
}

fn fetch(version: &str, faults: Vec<Fault>) -> Fetched {
    let mut proxy = FaultyProxy::new(Proxy::recorded(version).expect("a recorded release"), faults);
    let mut fetch = Fetch::default();
    drive(&mut fetch, &mut proxy, "sk-1234");
    fetch.fetched()
}

/// What was found, and what is missing: `keys 7, models 15 | api.down …`.
fn told(fetched: &Fetched) -> String {
    let reading = litellm::read(&fetched.inputs().collect::<Vec<_>>());
    let count = |kind| {
        let ids: std::collections::BTreeSet<&str> =
            reading.objects.iter().filter(|object| object.kind == kind).map(|object| object.id.as_str()).collect();
        ids.len()
    };
    let counts = format!(
        "{} keys, {} teams, {} users, {} models, {} members",
        count(litellm::Kind::VirtualKey),
        count(litellm::Kind::Team),
        count(litellm::Kind::User),
        count(litellm::Kind::Deployment),
        count(litellm::Kind::TeamMembership),
    );
    let findings: Vec<String> = reading
        .findings
        .iter()
        .map(|finding| format!("{:?} {} {}: {}", finding.severity, finding.code, finding.subject, finding.message))
        .collect();
    let complete = reading.sources.iter().all(|source| source.complete);
    assert_eq!(complete, !fetched.gaps.iter().any(litellm::fetch::Gap::incomplete), "{findings:?}");
    let version = fetched.version.as_deref().unwrap_or("?");
    std::iter::once(format!("{version}, {} requests: {counts}", fetched.requests))
        .chain(findings)
        .collect::<Vec<_>>()
        .join("\n")
}

const ALL: &str = "7 keys, 3 teams, 5 users, 15 models, 5 members";

#[track_caller]
fn check(what: &str, version: &str, faults: Vec<Fault>, expected: &str) {
    let told = told(&fetch(version, faults));
    assert_eq!(told, expected, "{what}");
}

#[test]
fn x() {
    println!("{}", told(&fetch("1.101.6", vec![])));
    println!("{}", told(&fetch("1.108.7", vec![])));
}
