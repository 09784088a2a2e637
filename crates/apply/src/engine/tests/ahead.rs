//! What is handed out while a create is under way.

use super::*;
use crate::step::Ahead;

/// Teams of these names.
fn teams_of(names: &[String]) -> Plan {
    plan(names.iter().map(|name| op(&format!("team/{name}"), Action::Create, json!({ "name": name }))).collect())
}

fn begun(plan: &Plan) -> (Engine, CallId) {
    let mut engine = Engine::new(plan, Journal::default(), "gateway", 1).unwrap();
    loop {
        match engine.step(NOW) {
            Step::Record(_) => engine.on(Event::Recorded, NOW),
            Step::Call(id, _) => return (engine, id),
            step => panic!("{step:?}"),
        }
    }
}

fn made(name: &str) -> Said {
    ok(json!({"team": {"id": name, "name": name}}))
}

/// What is given ahead, in short.
fn ahead(engine: &mut Engine) -> Vec<String> {
    let short = |ahead| match ahead {
        Ahead::Call(id, call) => format!("{} {}", id.0, call.body.as_ref().unwrap()["name"].as_str().unwrap()),
        Ahead::Record(lines) => format!("{} lines", lines.lines().count()),
    };
    std::iter::from_fn(|| engine.ahead(NOW)).map(short).collect()
}

fn names(count: usize) -> Vec<String> {
    (0..count).map(|number| format!("t{number:02}")).collect()
}

#[test]
fn the_next_creates_are_asked_for_again_as_they_were_handed_out() {
    let (mut engine, first) = begun(&teams_of(&names(4)));
    assert_eq!((first, ahead(&mut engine)), (CallId(1), vec!["2 t01".to_owned(), "3 t02".to_owned()]));
    assert!(ahead(&mut engine).is_empty(), "each once");
    engine.on(event(first, made("t00")), NOW);
    let Step::Call(second, call) = engine.step(NOW) else { panic!("the second") };
    assert_eq!((second, &call.body.as_ref().unwrap()["name"]), (CallId(2), &json!("t01")));
    assert_eq!(ahead(&mut engine), ["4 t03"]);
}

#[test]
fn nothing_is_handed_out_that_waits_for_something() {
    let mut plan = teams_of(&names(3));
    plan.ops[1].after_ops = vec![OpId::new("team/t00")];
    let (mut engine, _) = begun(&plan);
    assert!(ahead(&mut engine).is_empty(), "it waits for the one under way");
    let mut plan = teams_of(&names(2));
    plan.ops[1].after = Some(json!({"name": "t01", "parent": hole::reference(&OpId::new("team/t00"))}).into());
    let (mut engine, first) = begun(&plan);
    assert!(ahead(&mut engine).is_empty(), "it needs the id of the one under way");
    engine.on(event(first, made("t00")), NOW);
    assert!(matches!(engine.step(NOW), Step::Call(..)));
    assert!(ahead(&mut engine).is_empty(), "it is the last");
}

#[test]
fn intents_are_written_ahead_in_time() {
    let (mut engine, mut id) = begun(&teams_of(&names(60)));
    let mut given = Vec::new();
    for name in names(30) {
        given.extend(ahead(&mut engine).into_iter().filter(|what| what.contains("lines")));
        engine.on(event(id, made(&name)), NOW);
        if name == "t29" {
            break;
        }
        let Step::Call(next, _) = engine.step(NOW) else { panic!("{name}: no record is due") };
        id = next;
    }
    // By then 23 outcomes wait, and 23 more may be announced beside the 8 that are.
    assert_eq!(given, ["46 lines"]);
    // Whoever is not done with them in time has to be before the next record.
    let mut lines = Vec::new();
    while let Step::Call(id, call) = engine.step(NOW) {
        let name = call.body.as_ref().unwrap()["name"].as_str().unwrap().to_owned();
        lines.push(name.clone());
        engine.on(event(id, made(&name)), NOW);
    }
    assert_eq!(lines, ["t30", "t31"]);
    assert!(matches!(engine.step(NOW), Step::Record(_)));
    engine.on(Event::Announced, NOW);
    engine.on(Event::Recorded, NOW);
    assert!(matches!(engine.step(NOW), Step::Call(..)));
}

#[test]
fn without_a_journal_nothing_more_is_done() {
    let (mut engine, mut id) = begun(&teams_of(&names(60)));
    for name in names(60) {
        if ahead(&mut engine).iter().any(|what| what.contains("lines")) {
            break;
        }
        engine.on(event(id, made(&name)), NOW);
        let Step::Call(next, _) = engine.step(NOW) else { panic!("{name}") };
        id = next;
    }
    engine.on(Event::NotAnnounced, NOW);
    assert!(matches!(engine.step(NOW), Step::Call(now, _) if now == id), "the answer is taken in");
    engine.on(event(id, made("t23")), NOW);
    assert!(matches!(engine.step(NOW), Step::Done(Outcome { end: End::Failed, .. })));
}

/// Two are handed out, and the credentials are refused: nobody knows whether these were made.
#[test]
fn what_was_handed_out_stays_open_at_a_halt_and_is_taken_in_at_a_stop() {
    let (mut engine, first) = begun(&teams_of(&names(5)));
    assert_eq!(ahead(&mut engine).len(), 2);
    engine.on(event(first, no(401, "Unauthorized")), NOW);
    let lines = run(&mut engine, Vec::new(), None);
    assert_eq!(lines.last().unwrap(), "The gateway no longer accepts the credentials.");
    let open: Vec<&str> = engine.journal().unknown().into_iter().map(OpId::as_str).collect();
    assert_eq!(open, ["team/t00", "team/t01", "team/t02"]);

    let (mut engine, first) = begun(&teams_of(&names(5)));
    assert_eq!(ahead(&mut engine).len(), 2);
    engine.on(Event::Cancel, NOW);
    assert!(ahead(&mut engine).is_empty(), "nothing more");
    engine.on(event(first, made("t00")), NOW);
    let lines = run(&mut engine, vec![made("t01"), made("t02")], None);
    assert_eq!(lines.iter().filter(|line| *line == "team_create").count(), 2, "{lines:?}");
    assert_eq!(engine.journal().end(), Some(End::Stopped));
    assert!(engine.journal().unknown().is_empty());
}
