//! Reading the practice proxy as a running one is read, with everything that gets in the way.

use litellm::fetch::{Ask, Event, Fetch, Fetched, LANES, Lost, Step, Wanted};
use sandbox::{Fault, FaultyProxy, Keys, Proxy, Request, Response};

/// A sender that keeps as many requests on their way as it may, and tells the newest first: the worst order there is.
fn drive(fetch: &mut Fetch, proxy: &mut FaultyProxy, key: &str) -> u64 {
    let (mut flying, mut waited) = (Vec::new(), 0);
    loop {
        match fetch.step() {
            Step::Ask(ask) => {
                waited += u64::from(ask.wait_ms);
                let answer = send(proxy, &ask, key);
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

fn send(proxy: &mut FaultyProxy, ask: &Ask, key: &str) -> Response {
    let endpoint = litellm::endpoint::endpoint(ask.endpoint).expect("an endpoint");
    let mut request = Request::new("GET", endpoint.path).header("authorization", &format!("Bearer {key}"));
    for name in ask.query.keys() {
        assert!(endpoint.query.contains(&name.as_str()), "{} takes no {name}", endpoint.id);
    }
    request.query.clone_from(&ask.query);
    proxy.handle(&request)
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
    Response { status, content_type: String::new(), body: body.to_owned(), cookie: None }
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

/// Reads, and compares what is said of it, a line each.
#[track_caller]
fn check(what: &str, version: &str, faults: Vec<Fault>, expected: &[&str]) {
    let told = told(&fetch(version, faults));
    assert_eq!(told.lines().collect::<Vec<_>>(), expected, "{what}");
}

fn not_there(paths: &[&'static str]) -> Fault {
    Fault::NotThere(paths.to_vec())
}

fn answers(paths: &[&'static str], answer: Response) -> Fault {
    Fault::Answers(paths.to_vec(), answer)
}

#[test]
fn all_of_it_comes() {
    check(
        "the older release",
        "1.101.6",
        vec![],
        &["1.101.6, 34 requests: 7 keys, 3 teams, 5 users, 15 models, 4 members"],
    );
    check(
        "the newer release",
        "1.108.7",
        vec![],
        &[
            "1.108.7, 34 requests: 7 keys, 3 teams, 5 users, 15 models, 8 members",
            "Warning api.licence /organization/list: since 1.102 LiteLLM shows organizations only with an Enterprise licence: those of teams, keys and budgets are known by their id alone, without name, models and budget",
        ],
    );
    check(
        "customers in pages",
        "1.101.6",
        vec![Fault::PagedCustomers],
        &["1.101.6, 34 requests: 7 keys, 3 teams, 5 users, 15 models, 4 members"],
    );
}

#[test]
fn older_releases_are_asked_what_they_have() {
    let readiness =
        |version: &str| says(200, &format!(r#"{{"status":"healthy","db":"connected","litellm_version":"{version}"}}"#));
    check(
        "1.60",
        "1.101.6",
        vec![answers(&["/health/readiness"], readiness("1.60.8"))],
        &[
            "1.60.8, 13 requests: 7 keys, 3 teams, 5 users, 15 models, 4 members",
            "Info api.not_in_release LiteLLM proxy: LiteLLM 1.60.8 does not have credentials, tags, access groups, MCP servers, router settings, prompts, search tools, vector stores, projects, agents, policies, policy attachments, cache settings, SSO settings, UI settings, defaults for new users, defaults for new teams yet",
        ],
    );
    let hashes = vec![answers(&["/health/readiness"], readiness("1.59.0")), Fault::ShortKeys];
    check(
        "1.59, hashes of keys",
        "1.101.6",
        hashes,
        &[
            "1.59.0, 20 requests: 7 keys, 3 teams, 5 users, 15 models, 4 members",
            "Info api.not_in_release LiteLLM proxy: LiteLLM 1.59.0 does not have credentials, tags, access groups, MCP servers, router settings, prompts, search tools, vector stores, projects, agents, policies, policy attachments, cache settings, SSO settings, UI settings, defaults for new users, defaults for new teams yet",
        ],
    );
    let blind =
        vec![not_there(&["/health/readiness/details", "/openapi.json", "/v2/team/list", "/tag/list", "/budget/list"])];
    check(
        "an unknown release",
        "1.101.6",
        blind,
        &[
            "?, 33 requests: 7 keys, 3 teams, 5 users, 15 models, 4 members",
            "Warning api.not_found /budget/list: the proxy has no such path, though its release should: budgets are not read",
            "Info api.not_in_release /tag/list: this release of LiteLLM does not seem to have tags yet",
        ],
    );
    let hidden = vec![not_there(&["/tag/list"])];
    check(
        "a path that is hidden",
        "1.101.6",
        hidden,
        &[
            "1.101.6, 34 requests: 7 keys, 3 teams, 5 users, 15 models, 4 members",
            "Warning api.not_found /tag/list: the proxy has no such path, though its release should: tags are not read",
        ],
    );
    check(
        "the version from openapi",
        "1.101.6",
        vec![not_there(&["/health/readiness/details"])],
        &["1.101.6, 35 requests: 7 keys, 3 teams, 5 users, 15 models, 4 members"],
    );
}

#[test]
fn refusals_are_understood() {
    let key = says(
        401,
        r#"{"error":{"message":"Authentication Error, Invalid proxy server token passed. Received API Key = sk-..., Key Hash (Token) =abc","type":"token_not_found_in_db","param":"key","code":"401"}}"#,
    );
    let everything: Vec<&'static str> = litellm::endpoint::ENDPOINTS
        .iter()
        .map(|e| e.path)
        .filter(|p| !matches!(*p, "/health/readiness" | "/openapi.json"))
        .collect();
    check(
        "a wrong key",
        "1.101.6",
        vec![answers(&everything, key)],
        &[
            "?, 2 requests: 0 keys, 0 teams, 0 users, 0 models, 0 members",
            "Error api.wrong_key LiteLLM proxy: the proxy does not know this key: Authentication Error, Invalid proxy server token passed",
        ],
    );
    let admin = says(
        401,
        r#"{"error":{"message":"Authentication Error, Only proxy admin can be used to generate, delete, update info for new keys/users/teams. Route=/key/list. Your role=internal_user. Your user_id=u","type":"auth_error","param":"None","code":"401"}}"#,
    );
    check(
        "no rights",
        "1.101.6",
        vec![answers(&["/user/list", "/key/list", "/budget/list"], admin)],
        &[
            "1.101.6, 34 requests: 0 keys, 3 teams, 0 users, 15 models, 4 members",
            "Warning api.forbidden LiteLLM proxy: this key may not see users, keys, budgets: Authentication Error, Only proxy admin can be used to generate, delete, update info for new keys/users/teams",
        ],
    );
    let own = |user: &str| says(200, &format!(r#"{{"key":"abc","info":{{"user_id":"{user}"}}}}"#));
    check(
        "a read-only administrator",
        "1.101.6",
        vec![answers(&["/key/info"], own("u-viewer"))],
        &[
            "1.101.6, 34 requests: 7 keys, 3 teams, 5 users, 15 models, 4 members",
            "Error api.not_admin LiteLLM proxy: this key belongs to a user with the role internal_user_viewer: LiteLLM shows such a user only what is their own, so keys, teams and users are missing here without a trace",
        ],
    );
    check(
        "a full administrator",
        "1.101.6",
        vec![answers(&["/key/info"], own("u-admin"))],
        &["1.101.6, 34 requests: 7 keys, 3 teams, 5 users, 15 models, 4 members"],
    );
    check(
        "a developer",
        "1.101.6",
        vec![answers(&["/key/info"], own("u-dev"))],
        &[
            "1.101.6, 34 requests: 7 keys, 3 teams, 5 users, 15 models, 4 members",
            "Error api.not_admin LiteLLM proxy: this key belongs to a user with the role internal_user: LiteLLM shows such a user only what is their own, so keys, teams and users are missing here without a trace",
        ],
    );
    let page = says(200, "<!doctype html><title>Sign in</title>");
    let all: Vec<&'static str> = litellm::endpoint::ENDPOINTS.iter().map(|e| e.path).collect();
    check(
        "a login page",
        "1.101.6",
        vec![answers(&all, page.clone())],
        &[
            "?, 4 requests: 0 keys, 0 teams, 0 users, 0 models, 0 members",
            "Error api.not_json LiteLLM proxy: a web page (status 200) came in place of its objects: it is not LiteLLM that answers",
        ],
    );
    check(
        "a redirect",
        "1.101.6",
        vec![answers(&all, says(302, ""))],
        &[
            "?, 4 requests: 0 keys, 0 teams, 0 users, 0 models, 0 members",
            "Error api.not_json LiteLLM proxy: a redirect (302) came in place of its objects: it is not LiteLLM that answers",
        ],
    );
    check(
        "a login page in one place",
        "1.101.6",
        vec![answers(&["/tag/list"], page)],
        &[
            "1.101.6, 34 requests: 7 keys, 3 teams, 5 users, 15 models, 4 members",
            "Error api.not_json /tag/list: a web page (status 200) came in place of tags: it is not LiteLLM that answers",
        ],
    );
    check(
        "the wrong path",
        "1.101.6",
        vec![Fault::RootPath("/litellm")],
        &[
            "?, 4 requests: 0 keys, 0 teams, 0 users, 0 models, 0 members",
            "Error api.not_litellm LiteLLM proxy: no path of LiteLLM is at this address",
        ],
    );
    let no_db = says(
        500,
        r#"{"error":{"message":"DB not connected. See https://docs","type":"x","param":"None","code":"500"}}"#,
    );
    check(
        "no database",
        "1.101.6",
        vec![answers(&["/v2/model/info", "/key/list", "/user/list", "/v2/team/list", "/budget/list"], no_db)],
        &[
            "1.101.6, 32 requests: 0 keys, 0 teams, 0 users, 13 models, 0 members",
            "Warning api.expanded_models /model/info: this answer lists the models that match instead of 2 wildcards; those rows are left out",
            "Info api.no_database LiteLLM proxy: the proxy runs without a database: keys, teams, users and budgets do not exist there",
        ],
    );
    check(
        "an error",
        "1.101.6",
        vec![answers(&["/user/list"], says(500, r#"{"detail":"Internal server error"}"#))],
        &[
            "1.101.6, 34 requests: 7 keys, 3 teams, 0 users, 15 models, 4 members",
            "Error api.failed /user/list: users are not read: the proxy answered 500: Internal server error",
        ],
    );
}

#[test]
fn what_is_lost_is_asked_again() {
    check(
        "three 503",
        "1.101.6",
        vec![Fault::FirstAt("/user/list", 3, says(503, "upstream"))],
        &["1.101.6, 37 requests: 7 keys, 3 teams, 5 users, 15 models, 4 members"],
    );
    check(
        "four 503",
        "1.101.6",
        vec![Fault::FirstAt("/user/list", 4, says(503, "upstream"))],
        &[
            "1.101.6, 37 requests: 7 keys, 3 teams, 0 users, 15 models, 4 members",
            "Error api.failed /user/list: users are not read: the proxy answered 503",
        ],
    );
    check(
        "a reset",
        "1.101.6",
        vec![Fault::First(3, says(0, ""))],
        &["1.101.6, 37 requests: 7 keys, 3 teams, 5 users, 15 models, 4 members"],
    );
    check(
        "nobody there",
        "1.101.6",
        vec![Fault::First(99, says(1, ""))],
        &[
            "?, 4 requests: 0 keys, 0 teams, 0 users, 0 models, 0 members",
            "Error api.down LiteLLM proxy: its objects are not read: it did not answer.",
        ],
    );
    check(
        "a proxy that goes down",
        "1.101.6",
        vec![answers(
            &["/key/list", "/user/list", "/v2/team/list", "/tag/list", "/budget/list", "/credentials"],
            says(0, ""),
        )],
        &[
            "1.101.6, 49 requests: 0 keys, 0 teams, 0 users, 15 models, 0 members",
            "Error api.down LiteLLM proxy: credentials, teams, users, keys, budgets, tags are not read: it did not answer.",
        ],
    );
}

#[test]
fn a_list_that_changes_is_noticed() {
    let many = Keys { count: 950, ..Keys::default() };
    check(
        "calm",
        "1.101.6",
        vec![Fault::Keys(many)],
        &["1.101.6, 43 requests: 950 keys, 3 teams, 5 users, 15 models, 4 members"],
    );
    check(
        "one made at the end",
        "1.101.6",
        vec![Fault::Keys(Keys { made_every: 4, calm_after: 5, ..many })],
        &["1.101.6, 43 requests: 951 keys, 3 teams, 5 users, 15 models, 4 members"],
    );
    check(
        "made all the time",
        "1.101.6",
        vec![Fault::Keys(Keys { made_every: 2, ..many })],
        &["1.101.6, 43 requests: 955 keys, 3 teams, 5 users, 15 models, 4 members"],
    );
    check(
        "one deleted",
        "1.101.6",
        vec![Fault::Keys(Keys { gone_every: 4, calm_after: 4, ..many })],
        &["1.101.6, 53 requests: 949 keys, 3 teams, 5 users, 15 models, 4 members"],
    );
    check(
        "deleted all the time",
        "1.101.6",
        vec![Fault::Keys(Keys { gone_every: 3, ..many })],
        &[
            "1.101.6, 53 requests: 944 keys, 3 teams, 5 users, 15 models, 4 members",
            "Error api.changed /key/list: keys changed while they were read, twice, so some may be missing: 944 were read; the proxy counted 947 at first and 944 at the end",
        ],
    );
    check(
        "pages lost",
        "1.101.6",
        vec![Fault::Keys(many), Fault::Page("/key/list", "7", says(502, ""))],
        &[
            "1.101.6, 46 requests: 850 keys, 3 teams, 5 users, 15 models, 4 members",
            "Error api.pages_missing /key/list: 1 of 10 pages of keys are not read, up to 100 keys: the proxy answered 502",
        ],
    );
}

/// Reads with something in the way, then once more without.
#[track_caller]
fn check_again(what: &str, faults: Vec<Fault>, first: &[&str], requests: usize) {
    let practice = Proxy::practice;
    let mut fetch = Fetch::default();
    drive(&mut fetch, &mut FaultyProxy::new(practice(), faults), "sk-1234");
    let before = fetch.fetched();
    assert_eq!(before.gaps.iter().map(|gap| gap.what.as_str()).collect::<Vec<_>>(), first, "{what}");
    assert!(fetch.again(), "{what}");
    let mut whole = FaultyProxy::new(practice(), vec![]);
    drive(&mut fetch, &mut whole, "sk-1234");
    let (after, all) = (fetch.fetched(), self::fetch("1.101.6", vec![]));
    assert_eq!(after.gaps, [], "{what}");
    assert_eq!(after.answers, all.answers, "{what}");
    assert_eq!(whole.asked(), requests, "{what}");
    assert!(!fetch.again(), "{what}: nothing is left to ask");
}

/// Every open build since 1.102 hides organizations: beside the database that is no gap, or no plan were complete.
#[test]
fn the_database_stands_in_for_the_licence() {
    let newer = Proxy::recorded("1.108.7").expect("recorded");
    let mut fetch = Fetch::new(Wanted { database: true, ..Wanted::default() });
    drive(&mut fetch, &mut FaultyProxy::new(newer, vec![]), "sk-1234");
    assert_eq!(fetch.fetched().gaps, []);
}

#[test]
fn only_what_is_missing_is_asked_again() {
    check_again("users", vec![answers(&["/user/list"], says(503, ""))], &["users"], 1);
    check_again("teams", vec![answers(&["/v2/team/list"], says(0, ""))], &["teams"], 4);
    let down: Vec<&'static str> = litellm::endpoint::ENDPOINTS.iter().map(|endpoint| endpoint.path).collect();
    check_again("everything", vec![answers(&down, says(1, ""))], &["its objects"], 34);
}

#[test]
fn what_was_stopped_goes_on() {
    let mut proxy = FaultyProxy::new(Proxy::practice(), vec![]);
    let all = fetch("1.101.6", vec![]);
    for stop_after in [3, 4, 8, 20, 33] {
        let mut fetch = Fetch::default();
        let mut flying = Vec::new();
        let mut sent = 0;
        loop {
            match fetch.step() {
                Step::Ask(ask) => {
                    sent += 1;
                    flying.push(ask);
                    if sent == stop_after {
                        fetch.stop();
                    }
                }
                Step::Wait => {
                    let ask = flying.remove(0);
                    let answer = send(&mut proxy, &ask, "sk-1234");
                    fetch.on(&ask, event(&answer));
                }
                Step::Done => break,
            }
        }
        let told = fetch.fetched();
        assert!(told.gaps.iter().any(litellm::fetch::Gap::again), "stopped after {stop_after}");
        assert!(fetch.again());
        drive(&mut fetch, &mut proxy, "sk-1234");
        assert_eq!((fetch.fetched().gaps, fetch.fetched().answers), (vec![], all.answers.clone()), "{stop_after}");
    }
}
