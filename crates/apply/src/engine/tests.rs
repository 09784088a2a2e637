//! Scripted answers in, the steps out.

use std::collections::VecDeque;

use bifrost::{Endpoint, hole};
use model::SecretId;
use plan::{Choices, Made, Routes, Summary};
use serde_json::{Value, json};

use super::*;

mod ahead;
mod going_on;

const NOW: Moment = Moment::from_millis(1_800_000_000_000);

/// What comes of a call.
#[derive(Clone)]
enum Said {
    Json(u16, Value),
    Page(u16),
    Lost(Loss),
}

fn ok(body: Value) -> Said {
    Said::Json(200, body)
}

fn no(status: u16, message: &str) -> Said {
    Said::Json(status, json!({"error": {"message": message}}))
}

fn op(id: &str, action: Action, after: Value) -> Op {
    let (kind, name) = id.split_once('/').unwrap();
    let kind = *Kind::ALL.iter().find(|other| other.id() == kind).unwrap();
    Op {
        id: OpId::new(id),
        kind,
        name: name.to_owned(),
        action,
        reason: String::new(),
        after_ops: Vec::new(),
        target_id: None,
        before: None,
        after: Some(after.into()),
        origins: Vec::new(),
        fields: Vec::new(),
    }
}

fn changed(id: &str, target: &str, before: Value, after: Value) -> Op {
    Op { target_id: Some(target.to_owned()), before: Some(before), ..op(id, Action::Change, after) }
}

fn plan(ops: Vec<Op>) -> Plan {
    Plan {
        format: plan::FORMAT.to_owned(),
        made: Made { gangway: String::new(), target_version: String::new(), sources: Vec::new() },
        complete: true,
        applyable: true,
        summary: Summary::default(),
        ops,
        objects: Vec::new(),
        gone: Vec::new(),
        findings: Vec::new(),
        access: Vec::new(),
        routes: Routes::default(),
        choices: Choices::default(),
        roads: None,
    }
}

/// A gateway with nothing in it, for the reading back.
fn empty(endpoint: Endpoint) -> Said {
    ok(match endpoint {
        Endpoint::Version => json!("v1.5.16"),
        Endpoint::ConfigGet => json!({"client_config": {"enforce_auth_on_inference": true}, "is_db_connected": true}),
        Endpoint::SessionState => json!({}),
        _ => {
            let lists = Kind::ALL.iter().filter_map(|kind| bifrost::observer::listing(*kind));
            let key = lists.filter(|(listed, ..)| *listed == endpoint).map(|(_, key, _)| key).next();
            return key.map_or(Said::Page(200), |key| ok(json!({ key: [], "total_count": 0 })));
        }
    })
}

fn event(id: CallId, said: Said) -> Event {
    let answer =
        |status, content_type: &str, body: String| Answer { status, content_type: content_type.to_owned(), body };
    match said {
        Said::Json(status, body) => Event::Answer(id, answer(status, "application/json", body.to_string())),
        Said::Page(status) => Event::Answer(id, answer(status, "text/html", "<html>".to_owned())),
        Said::Lost(loss) => Event::Lost(id, loss),
    }
}

/// Runs with these answers in turn, then with an empty gateway; cancels at the step of that number. One line a
/// step, without the reading back and the waits' lengths.
fn run(engine: &mut Engine, answers: Vec<Said>, cancel: Option<usize>) -> Vec<String> {
    let mut answers = VecDeque::from(answers);
    let mut lines = Vec::new();
    for number in 0..400 {
        if cancel == Some(number) {
            engine.on(Event::Cancel, NOW);
        }
        match engine.step(NOW) {
            Step::Record(written) => {
                lines.extend(written.lines().map(|line| in_words(&serde_json::from_str(line).unwrap())));
                engine.on(Event::Recorded, NOW);
            }
            Step::Call(id, call) => {
                let reading = engine.progress().phase == Phase::Verifying && call.endpoint != Endpoint::ModelList;
                let said = if reading { None } else { answers.pop_front() };
                if !reading {
                    lines.push(call.endpoint.id().to_owned());
                }
                engine.on(event(id, said.unwrap_or_else(|| empty(call.endpoint))), NOW);
            }
            Step::Sleep(_) => {
                lines.push("wait".to_owned());
                engine.on(Event::Slept, NOW);
            }
            Step::Done(outcome) => {
                lines.extend((!outcome.note.is_empty()).then_some(outcome.note));
                return lines;
            }
        }
    }
    panic!("it does not end: {lines:?}");
}

fn in_words(line: &Value) -> String {
    let text = |key: &str| line[key].as_str().unwrap_or_default();
    match text("record") {
        "intent" => format!("intent {}", text("op")),
        "outcome" => {
            format!("{} {} {} {}", text("op"), text("result"), text("target_id"), text("note")).trim().to_owned()
        }
        "verified" => format!("verified {}", line["differences"].as_array().unwrap().len()),
        "closed" => text("end").to_owned(),
        other => other.to_owned(),
    }
}

#[track_caller]
fn check(ops: Vec<Op>, answers: Vec<Said>, expected: &str) {
    let mut engine = Engine::new(&plan(ops), Journal::default(), "gateway", 1).unwrap();
    let lines = run(&mut engine, answers, None);
    let shown = lines.iter().map(String::as_str).filter(|line| *line != "opened").collect::<Vec<_>>().join(" | ");
    let kept = shown.replace(" | verified 1 | partial", "").replace(" | wait", "");
    assert_eq!(kept, expected);
}

/// A team that is created; `then` are the answers.
#[track_caller]
fn check_create(then: Vec<Said>, expected: &str) {
    let body = json!({"name": "a", "budgets": [{"max_limit": 5, "reset_duration": "1M"}]});
    check(vec![op("team/a", Action::Create, body)], then, &format!("intent team/a | team_create | {expected}"));
}

fn team(limit: u32) -> Value {
    json!({"id": "t1", "name": "a", "budgets": [{"id": "b", "max_limit": limit, "reset_duration": "1M"}]})
}

fn teams(limits: &[u32]) -> Said {
    let list: Vec<Value> = limits.iter().map(|limit| team(*limit)).collect();
    ok(json!({"teams": list, "total_count": list.len()}))
}

#[test]
fn a_create_ends_in_one_of_few_ways() {
    let made = || ok(json!({"message": "", "team": team(5)}));
    let lost = || Said::Lost(Loss::Unknown);
    let taken = || no(409, "A team with this name already exists");
    check_create(vec![made()], "team/a created t1");
    check_create(vec![Said::Json(201, team(5))], "team/a created t1");
    // 409 is not success: read, compare.
    check_create(vec![taken(), teams(&[5])], "team_list | team/a same t1 It was there already, as planned.");
    check_create(
        vec![taken(), teams(&[6])],
        "team_list | team/a conflict t1 One of this name is there with another budgets[1M].max_limit; it was left alone. | partial",
    );
    check_create(
        vec![no(500, "a record with this name already exists"), teams(&[5])],
        "team_list | team/a same t1 It was there already, as planned.",
    );
    check_create(
        vec![taken(), teams(&[]), teams(&[]), taken(), teams(&[]), teams(&[])],
        "team_list | team_list | team_create | team_list | team_list | \
         team/a failed  409: A team with this name already exists | partial",
    );
    // What nobody knows is looked up before anything else.
    let ours = "team/a created t1 Made by us; found by its name after an answer was lost.";
    check_create(vec![lost(), teams(&[5])], &format!("team_list | {ours}"));
    check_create(vec![no(500, "please restart bifrost to sync"), teams(&[5])], &format!("team_list | {ours}"));
    check_create(vec![Said::Page(200), teams(&[5])], &format!("team_list | {ours}"));
    check_create(vec![ok(json!({"team": {"id": "x", "name": "other"}})), teams(&[5])], &format!("team_list | {ours}"));
    check_create(
        vec![lost(), teams(&[]), teams(&[]), made()],
        "team_list | team_list | team_create | team/a created t1",
    );
    // Ours and not as it should be: repaired once.
    let got = |limit| ok(json!({"team": team(limit)}));
    check_create(
        vec![lost(), teams(&[6]), got(5), got(5)],
        &format!("team_list | intent team/a | team_update | team_get | {ours}"),
    );
    check_create(
        vec![lost(), teams(&[6]), got(6), got(6)],
        "team_list | intent team/a | team_update | team_get | team/a conflict t1 One of this name is there with another \
         budgets[1M].max_limit; it was left alone. | partial",
    );
}

#[test]
fn trying_again_has_an_end() {
    let slow = || no(429, "slow down");
    let unsent = || Said::Lost(Loss::NotSent);
    let locked = || no(500, "database is locked");
    let made = || ok(json!({"team": team(5)}));
    let gone = || vec![teams(&[]), teams(&[])];
    check_create(vec![slow(), slow(), made()], "team_create | team_create | team/a created t1");
    check_create(
        vec![slow(); 5],
        "team_create | team_create | team_create | team_create | team/a failed  429: slow down | partial",
    );
    check_create(vec![unsent(), made()], "team_create | team/a created t1");
    // No outcome is written down: the intent stays open, and the next run looks.
    check_create(
        vec![unsent(); 5],
        "team_create | team_create | team_create | team_create | failed | The gateway cannot be reached.",
    );
    check_create(vec![no(401, "Unauthorized")], "failed | The gateway no longer accepts the credentials.");
    check_create(
        [vec![Said::Lost(Loss::Unknown)], vec![Said::Page(502); 5]].concat(),
        "team_list | team_list | team_list | team_list | team_list | failed | The gateway cannot be read: answered 502 (text/html).",
    );
    // Wrong input may be a 500 too.
    let foreign = || no(500, "FOREIGN KEY constraint failed");
    let round = "team_list | team_list | team_create | ";
    check_create(
        [vec![foreign()], gone(), vec![foreign()], gone(), vec![foreign()], gone()].concat(),
        &format!("{round}{round}team_list | team_list | team/a failed  500: FOREIGN KEY constraint failed | partial"),
    );
    check_create(
        [vec![locked()], gone(), vec![locked()], gone(), vec![locked()], gone(), vec![made()]].concat(),
        &format!("{round}{round}{round}team/a created t1"),
    );
    check_create(vec![no(400, "invalid")], "team/a failed  400: invalid | partial");
    let id = SecretId::new("openai");
    check_create(
        vec![Said::Lost(Loss::NoSecret(id))],
        "team/a failed  The secret openai is not there. Load the source again and go on. | partial",
    );
}

#[test]
fn a_change_is_made_only_to_what_the_plan_saw() {
    let after = || json!({"name": "a", "budgets": [{"max_limit": 7, "reset_duration": "1M"}]});
    let change = || vec![changed("team/a", "t1", team(5), after())];
    let got = |limit| ok(json!({"team": team(limit)}));
    let first = "team_get | intent team/a | team_update | team_get | ";
    check(change(), vec![got(5), got(7), got(7)], &format!("{first}team/a changed t1"));
    check(change(), vec![got(7)], "team_get | team/a same t1 It was already as planned.");
    check(
        change(),
        vec![got(6)],
        "team_get | team/a conflict t1 It was changed since the plan was made: budgets[1M].max_limit. | partial",
    );
    check(
        change(),
        vec![no(404, "Team not found")],
        "team_get | team/a conflict  It is no longer on the gateway. | partial",
    );
    let mut moved = team(5);
    moved["budgets"][0]["current_usage"] = json!(4.2);
    check(change(), vec![ok(json!({"team": moved})), got(7), got(7)], &format!("{first}team/a changed t1"));
    check(
        change(),
        vec![got(5), Said::Lost(Loss::Unknown), got(7)],
        &format!("{first}team/a changed t1 Found changed after an answer was lost."),
    );
    check(
        change(),
        vec![got(5), no(500, "database is locked"), got(5), got(7), got(7)],
        &format!("{first}team_update | team_get | team/a changed t1"),
    );
    check(
        change(),
        vec![got(5), Said::Lost(Loss::Unknown), got(9)],
        &format!(
            "{first}team/a conflict t1 Someone else changed it at the same time: budgets[1M].max_limit. | partial"
        ),
    );
    check(
        change(),
        vec![got(5), got(7), got(6)],
        &format!("{first}team/a failed t1 Written, but it reads back with another budgets[1M].max_limit. | partial"),
    );
    // Only the secret changes: the gateway cannot show it.
    let key = json!({"id": "k1", "name": "k", "value": {"value": "sk-u************************DDDD"}, "weight": 1});
    let body = json!({"provider": "openai", "name": "k", "value": hole::secret(&SecretId::new("s"))});
    check(
        vec![changed("provider_key/k", "k1", key.clone(), body)],
        vec![ok(key.clone()), ok(key.clone()), ok(key)],
        "provider_key_get | intent provider_key/k | provider_key_update | provider_key_get | provider_key/k changed k1",
    );
}

#[test]
fn a_key_that_may_do_more_than_planned_is_closed_at_once() {
    let body = json!({"name": "a", "expires_at": "2030-01-01T00:00:00Z"});
    let create = || vec![op("virtual_key/a", Action::Create, body.clone())];
    let key =
        |active: bool| ok(json!({"virtual_key": {"id": "v1", "name": "a", "is_active": active, "value": "sk-bf-1"}}));
    let begin = "intent virtual_key/a | virtual_key_create | intent virtual_key/a | virtual_key_update";
    let closed = "virtual_key/a failed v1 The gateway gave it more than planned (expires_at), so it was made inactive. | partial";
    check(create(), vec![key(true), key(false)], &format!("{begin} | {closed}"));
    // Whatever happens to that call, it is tried again, and never taken for done.
    check(
        create(),
        vec![key(true), Said::Lost(Loss::Unknown), no(500, "locked"), key(true), key(false)],
        &format!("{begin} | virtual_key_update | virtual_key_update | virtual_key_update | {closed}"),
    );
    check(
        create(),
        [vec![key(true)], vec![no(403, "no"); 5]].concat(),
        &format!(
            "{begin} | virtual_key_update | virtual_key_update | virtual_key_update | virtual_key_update | \
        virtual_key/a failed v1 It may do more than planned (expires_at) and could not be made inactive: do that in the \
        gateway's dashboard now. | partial"
        ),
    );
    // Found after a lost answer, it is not written again: that could open it.
    let list = ok(json!({"virtual_keys": [{"id": "v1", "name": "a", "is_active": false}], "total_count": 1}));
    check(
        create(),
        vec![Said::Lost(Loss::Unknown), list, key(false)],
        &format!(
            "intent virtual_key/a | virtual_key_create | virtual_key_list | intent virtual_key/a | virtual_key_update | {closed}"
        ),
    );
    let fewer =
        json!({"name": "a", "provider_configs": [{"provider": "p", "allowed_models": ["x"], "key_ids": ["*"]}]});
    check(
        vec![op("virtual_key/a", Action::Create, fewer)],
        vec![key(true)],
        "intent virtual_key/a | virtual_key_create | virtual_key/a created v1",
    );
}

#[test]
fn what_waits_for_a_failed_op_is_blocked_and_the_door_is_closed_all_the_same() {
    let door = || {
        changed(
            "client_config/client_config",
            "client_config",
            json!({"enforce_auth_on_inference": false}),
            json!({"enforce_auth_on_inference": true}),
        )
    };
    let reference = hole::reference(&OpId::new("team/a"));
    let mut waiting = op("virtual_key/b", Action::Create, json!({"name": "b"}));
    waiting.after_ops = vec![OpId::new("team/a")];
    let mut last = door();
    last.after_ops = vec![OpId::new("virtual_key/b")];
    let ops = vec![
        last,
        op("team/a", Action::Create, json!({"name": "a"})),
        waiting,
        op("virtual_key/c", Action::Create, json!({"name": "c", "team_id": reference})),
    ];
    let config = |on: bool| ok(json!({"client_config": {"log_retention_days": 0, "enforce_auth_on_inference": on}}));
    check(
        ops,
        vec![no(400, "no"), config(false), ok(json!({"status": "success"})), config(true), no(401, "vk required")],
        "intent team/a | team_create | config_get | team/a failed  400: no | \
         virtual_key/b blocked  It needs team/a, which is not there. | \
         virtual_key/c blocked  It needs team/a, which is not there. | \
         intent client_config/client_config | config_put | config_get | model_list | \
         client_config/client_config changed client_config | verified 0 | partial",
    );
    // A door that does not close is a difference.
    let open = vec![config(false), ok(json!({})), config(true), ok(json!({"data": []}))];
    check(
        vec![door()],
        open,
        "config_get | intent client_config/client_config | config_put | config_get | \
         model_list | client_config/client_config changed client_config",
    );
}
