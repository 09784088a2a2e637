use serde_json::{Value, json};

use super::*;

fn answer(status: u16, body: &Value) -> Answer {
    Answer { status, content_type: "application/json".to_owned(), body: body.to_string() }
}

/// What an unknown GET answers (recorded).
fn page_of_the_ui() -> Answer {
    Answer {
        status: 200,
        content_type: "text/html".to_owned(),
        body: "<!doctype html><title>placeholder</title>".to_owned(),
    }
}

fn refused(status: u16, message: &str) -> Answer {
    answer(status, &json!({"is_bifrost_error": false, "status_code": status, "error": {"message": message}}))
}

/// A small gateway: 230 virtual keys in pages, the others as recorded.
fn small_gateway(call: &Call) -> Answer {
    let number = |key: &str| call.query.get(key).and_then(|text| text.parse::<usize>().ok()).unwrap_or(0);
    match call.endpoint {
        Endpoint::Version => answer(200, &json!("v1.5.16")),
        Endpoint::SessionState => answer(200, &json!({"is_auth_enabled": false})),
        Endpoint::ConfigGet => {
            answer(200, &json!({"client_config": {"log_retention_days": 0}, "is_db_connected": true}))
        }
        Endpoint::ProviderList => {
            answer(200, &json!({"providers": [{"name": "openai"}, {"name": "a b/c"}], "total": 2}))
        }
        Endpoint::ProviderKeyList if call.params["provider"] == "openai" => {
            answer(200, &json!({"keys": [{"id": "k1", "name": "main"}], "total": 1}))
        }
        Endpoint::ProviderKeyList => answer(200, &json!({"keys": null, "total": 0})),
        Endpoint::CustomerList => {
            answer(200, &json!({"customers": [{"id": "c", "name": "acme", "teams": []}], "total_count": 1}))
        }
        Endpoint::TeamList => answer(200, &json!({"teams": [], "total_count": 0})),
        Endpoint::VirtualKeyList => {
            let keys: Vec<Value> = (number("offset")..230)
                .take(number("limit"))
                .map(|n| json!({"id": format!("v{n}"), "name": format!("app-{n}"), "value": "sk-bf-canary"}))
                .collect();
            answer(200, &json!({"virtual_keys": keys, "count": keys.len(), "total_count": 230}))
        }
        Endpoint::ModelConfigList => answer(
            200,
            &json!({"model_configs": [
            {"id": "m1", "model_name": "gpt-4o", "scope": "global"},
            {"id": "m2", "model_name": "*", "scope": "virtual_key", "scope_id": "v1"}], "total_count": 2}),
        ),
        Endpoint::RoutingRuleList => answer(200, &json!({"rules": [], "total_count": 0})),
        Endpoint::McpClientList => refused(503, "config store is not available"),
        _ => page_of_the_ui(),
    }
}

/// Reads `small_gateway` with other answers for some endpoints; the result in one line.
fn read(other: &dyn Fn(&Call) -> Option<Answer>) -> (String, usize) {
    let mut observer = Observer::new();
    let mut calls = 0;
    while let Some(call) = observer.next() {
        calls += 1;
        assert!(calls < 100 && call.endpoint.method() == crate::Method::Get);
        observer.on(&other(&call).unwrap_or_else(|| small_gateway(&call)));
    }
    let line = match observer.finish() {
        Ok(seen) => format!(
            "{} {:?} keys={} users={} limits={} values={}",
            seen.version,
            seen.providers.iter().filter_map(|provider| provider["name"].as_str()).collect::<Vec<_>>(),
            seen.virtual_keys.len(),
            seen.has_users,
            seen.model_configs.len(),
            format!("{seen:?}").contains("canary"),
        ),
        Err(error) => {
            assert!(!error.hints().is_empty());
            error.to_string()
        }
    };
    (line, calls)
}

#[track_caller]
fn check(endpoint: Endpoint, instead: &Answer, expected: &str) {
    let (line, _) = read(&|call| (call.endpoint == endpoint).then(|| instead.clone()));
    assert_eq!(line, expected, "{} answers {instead:?}", endpoint.id());
}

#[test]
fn reads_page_by_page_and_keeps_no_value() {
    let (line, calls) = read(&|_| None);
    assert_eq!(line, "1.5.16 [\"openai\", \"a b/c\"] keys=230 users=false limits=1 values=false");
    assert_eq!(calls, 18);
}

#[test]
fn says_why_a_gateway_cannot_be_read() {
    let setup = "dashboard auth is not configured; send the setup token in the X-Bifrost-Setup-Token header";
    let none = "dashboard auth is not configured and no setup token is set; set setup_token in config.json";
    check(
        Endpoint::Version,
        &page_of_the_ui(),
        "What answers at this address is no Bifrost gateway: it answered 200 text/html.",
    );
    check(Endpoint::Version, &refused(401, "Unauthorized"), &ObserveError::Locked.to_string());
    check(Endpoint::ConfigGet, &refused(401, "Unauthorized"), &ObserveError::Locked.to_string());
    check(Endpoint::ConfigGet, &refused(401, setup), &ObserveError::SetupLocked.to_string());
    check(Endpoint::ConfigGet, &refused(403, "invalid setup token"), &ObserveError::WrongSetupToken.to_string());
    check(Endpoint::ConfigGet, &refused(403, none), &ObserveError::SetupImpossible.to_string());
    check(
        Endpoint::ConfigGet,
        &answer(200, &json!({"client_config": {}, "is_db_connected": false})),
        &ObserveError::FileOnly.to_string(),
    );
    check(Endpoint::TeamList, &refused(403, "no"), "The gateway does not allow reading team_list: no.");
    check(
        Endpoint::TeamList,
        &page_of_the_ui(),
        "The gateway's answer to team_list cannot be used: it answered 200 text/html.",
    );
    check(
        Endpoint::TeamList,
        &answer(200, &json!({"team": []})),
        "The gateway's answer to team_list cannot be used: there is no teams in it.",
    );
    check(Endpoint::TeamList, &refused(500, "boom"), "The gateway's answer to team_list cannot be used: 500, boom.");
    check(
        Endpoint::CustomerList,
        &answer(200, &json!({"customers": [{"id": "c", "name": "a"}], "total_count": 3})),
        "The gateway has 3 objects in customer_list, but 1 could be read; someone is changing it.",
    );
}

#[test]
fn what_an_edition_or_version_lacks_is_not_there() {
    let whole = "1.5.16 [\"openai\", \"a b/c\"] keys=230 users=false limits=1 values=false";
    check(Endpoint::ProviderKeyList, &page_of_the_ui(), whole);
    check(Endpoint::SessionState, &page_of_the_ui(), whole);
    check(Endpoint::UserList, &refused(403, "forbidden"), whole);
    check(Endpoint::UserList, &answer(200, &json!({"users": []})), &whole.replace("users=false", "users=true"));
    check(
        Endpoint::VirtualKeyList,
        &answer(200, &json!({"virtual_keys": null, "total_count": 0})),
        &whole.replace("keys=230", "keys=0"),
    );
}

#[test]
fn a_lost_answer_ends_the_reading() {
    let mut observer = Observer::new();
    observer.on(&answer(200, &json!("v2.0.0-prerelease3")));
    observer.lost("timed out after 30 s");
    assert_eq!(observer.next(), None);
    assert_eq!(
        observer.finish().unwrap_err().to_string(),
        "The gateway did not answer session_state: timed out after 30 s."
    );
    assert_eq!(Observer::new().finish().unwrap_err(), ObserveError::Unfinished);
}

#[test]
fn knows_which_answers_are_worth_a_second_try() {
    let truncated = Answer { body: "{\"teams\": [".to_owned(), ..answer(200, &json!(null)) };
    let mut observer = Observer::new();
    assert!(!observer.again(&page_of_the_ui()) && observer.again(&truncated) && observer.again(&refused(502, "x")));
    observer.on(&answer(200, &json!("v1.5.16")));
    assert!(!observer.again(&page_of_the_ui()), "the session state is optional");
    observer.on(&page_of_the_ui());
    assert!(observer.again(&page_of_the_ui()) && !observer.again(&refused(401, "Unauthorized")));
}

/// Recorded on 1.5.16 (24b): what a key has from a file is in the lists of all budgets and rate limits alone.
#[test]
fn limits_from_a_file_are_found_where_the_gateway_shows_them() {
    let shown = |version: &'static str| {
        let from_file = move |call: &Call| match call.endpoint {
            Endpoint::Version => Some(answer(200, &json!(version))),
            Endpoint::BudgetList => Some(answer(
                200,
                &json!({"budgets": [{"id": "b", "virtual_key_id": "v7"}, {"id": "c", "team_id": "v8"}], "count": 2}),
            )),
            Endpoint::RateLimitList => Some(answer(200, &json!({"rate_limits": [{"id": "v7-rate"}, {"id": "x"}]}))),
            _ => None,
        };
        let mut observer = Observer::new();
        while let Some(call) = observer.next() {
            observer.on(&from_file(&call).unwrap_or_else(|| small_gateway(&call)));
        }
        let seen = observer.finish().unwrap();
        seen.virtual_keys.into_iter().find(|key| key["id"] == json!("v7")).unwrap().to_string()
    };
    assert_eq!(
        shown("v1.5.16"),
        r#"{"budgets":[{"id":"b","virtual_key_id":"v7"}],"id":"v7","name":"app-7","rate_limit":{"id":"v7-rate"},"rate_limit_id":"v7-rate"}"#
    );
    assert_eq!(shown("v2.0.0-prerelease3"), r#"{"id":"v7","name":"app-7"}"#);
}
