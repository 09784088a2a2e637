//! Stopping, taking up again, and not beginning at all.

use super::*;

#[test]
fn stopping_is_honest_wherever_it_happens() {
    let ops =
        vec![op("team/a", Action::Create, json!({"name": "a"})), op("team/b", Action::Create, json!({"name": "b"}))];
    let (plan, made) = (plan(ops), |name: &str| ok(json!({"team": {"id": name, "name": name}})));
    let whole =
        run(&mut Engine::new(&plan, Journal::default(), "gateway", 1).unwrap(), vec![made("a"), made("b")], None);
    for at in 0..whole.len() {
        let mut engine = Engine::new(&plan, Journal::default(), "gateway", 1).unwrap();
        let lines = run(&mut engine, vec![made("a"), made("b")], Some(at));
        assert_eq!(lines[lines.len() - 2..], ["stopped", "Stopped. Applying again goes on from here."], "at {at}");
        let calls = lines.iter().filter(|line| *line == "team_create").count();
        let known = lines.iter().filter(|line| line.contains(" created ")).count();
        assert_eq!(calls, known, "what was sent is finished and written down: {lines:?}");
        assert_eq!(engine.journal().unknown(), BTreeSet::new(), "what was not sent is withdrawn: {lines:?}");
        // And it goes on from there.
        let journal = engine.journal().clone();
        assert_eq!(journal.end(), Some(End::Stopped));
        let mut again = Engine::new(&plan, journal, "gateway", 1).unwrap();
        let left: Vec<Said> = ["a", "b"].iter().skip(known).map(|name| made(name)).collect();
        let looked = run(&mut again, Vec::new(), None).iter().any(|line| line == "team_create");
        assert_eq!(looked, !left.is_empty(), "at {at}");
    }
}

/// A disk takes as long for one line as for many: sixty creates are two batches of intents, and each outcome goes with
/// what comes next. Where the process dies in between, the next one looks up what was announced and doubles nothing.
#[test]
fn creates_of_one_kind_are_announced_together() {
    let names: Vec<String> = (0..60).map(|number| format!("t{number:02}")).collect();
    let plan =
        plan(names.iter().map(|name| op(&format!("team/{name}"), Action::Create, json!({ "name": name }))).collect());
    let mut engine = Engine::new(&plan, Journal::default(), "gateway", 1).unwrap();
    let (mut records, mut disk, mut sent) = (Vec::new(), String::new(), 0);
    loop {
        match engine.step(NOW) {
            Step::Record(lines) => {
                records.push(lines.lines().count());
                disk.push_str(&lines);
                disk.push('\n');
                engine.on(Event::Recorded, NOW);
            }
            Step::Call(id, call) => {
                let Some(body) = &call.body else { break };
                let name = &body["name"];
                assert!(disk.contains(&format!(r#""op":"team/{}""#, name.as_str().unwrap())), "{name}: no intent");
                sent += 1;
                engine.on(event(id, ok(json!({"team": {"id": name, "name": name}}))), NOW);
            }
            step => panic!("{step:?}"),
        }
    }
    assert_eq!((records.as_slice(), sent), (&[1, 32, 32 + 28][..], 60), "opened, and two batches; outcomes wait");
    // The outcomes that were not on disk yet are gone with the process; the objects are there.
    let (journal, _) = Journal::read(&disk).unwrap();
    let unknown = journal.unknown().len();
    assert!(unknown > 0);
    let mut again = Engine::new(&plan, journal, "gateway", 1).unwrap();
    let there: Vec<Value> = names.iter().map(|name| json!({"id": name, "name": name})).collect();
    let listed = ok(json!({"teams": there, "total_count": 60}));
    let lines = run(&mut again, vec![listed; unknown], None);
    assert!(!lines.iter().any(|line| line == "team_create"), "{lines:?}");
    assert_eq!(again.progress().failed, 0, "{lines:?}");
}

#[test]
fn what_did_not_come_out_well_is_done_again() {
    let mut waiting = op("virtual_key/b", Action::Create, json!({"name": "b"}));
    waiting.after_ops = vec![OpId::new("team/a")];
    let plan = plan(vec![
        op("customer/c", Action::Create, json!({"name": "c"})),
        op("team/a", Action::Create, json!({"name": "a"})),
        waiting,
    ]);
    let customer = ok(json!({"customer": {"id": "c1", "name": "c"}}));
    let mut engine = Engine::new(&plan, Journal::default(), "gateway", 1).unwrap();
    run(&mut engine, vec![customer, no(400, "no")], None);
    assert_eq!((engine.progress().done, engine.progress().failed), (3, 2));
    let mut again = Engine::new(&plan, engine.journal().clone(), "gateway", 1).unwrap();
    assert_eq!(again.progress().done, 1);
    let key = json!({"virtual_key": {"id": "v1", "name": "b", "value": "sk-bf-1"}});
    let lines = run(&mut again, vec![ok(json!({"team": {"id": "t1", "name": "a"}})), ok(key)], None);
    assert_eq!(
        lines[1..7],
        [
            "intent team/a",
            "team_create",
            "team/a created t1",
            "intent virtual_key/b",
            "virtual_key_create",
            "virtual_key/b created v1"
        ]
    );
    let issued: Vec<String> =
        again.issued().iter().map(|(op, name, value)| format!("{op} {name} {}", value.expose())).collect();
    assert_eq!(issued, ["virtual_key/b b sk-bf-1"]);
    assert!(again.issued().is_empty() && !again.journal().text().contains("sk-bf-"));
}

#[test]
fn without_a_journal_nothing_happens() {
    let plan = plan(vec![op("team/a", Action::Create, json!({"name": "a"}))]);
    for fails_at in 0..3 {
        let mut engine = Engine::new(&plan, Journal::default(), "gateway", 1).unwrap();
        let (mut records, mut failed) = (0, false);
        loop {
            match engine.step(NOW) {
                Step::Record(_) if records == fails_at => {
                    failed = true;
                    engine.on(Event::RecordFailed, NOW);
                }
                Step::Record(_) => {
                    records += 1;
                    engine.on(Event::Recorded, NOW);
                }
                Step::Call(id, _) => {
                    assert!(!failed, "a call after the journal failed");
                    engine.on(event(id, ok(json!({"team": {"id": "t", "name": "a"}}))), NOW);
                }
                Step::Sleep(_) => engine.on(Event::Slept, NOW),
                Step::Done(outcome) => {
                    assert_eq!(outcome.end, End::Failed);
                    break;
                }
            }
        }
    }
}

#[test]
fn events_of_other_steps_are_ignored() {
    let plan = plan(vec![op("team/a", Action::Create, json!({"name": "a"}))]);
    let mut engine = Engine::new(&plan, Journal::default(), "gateway", 1).unwrap();
    let first = engine.step(NOW);
    for stray in [Event::Slept, event(CallId(1), ok(json!({}))), Event::Lost(CallId(9), Loss::Unknown)] {
        engine.on(stray, NOW);
        assert_eq!(engine.step(NOW), first);
    }
    engine.on(Event::Recorded, NOW);
    engine.on(Event::Recorded, NOW);
    assert!(matches!(engine.step(NOW), Step::Record(_)), "one event moves one step");
}

#[test]
fn a_plan_that_must_not_be_applied_is_refused() {
    let this = || plan(vec![op("team/a", Action::Create, json!({"name": "a"}))]);
    let other = plan(Vec::new());
    let opened = |plan: &Plan, end: Option<End>| {
        let mut journal = Journal::default();
        let entry = Entry::Opened {
            format: FORMAT.to_owned(),
            plan: crate::fingerprint(plan),
            target: "gateway".to_owned(),
            gangway: String::new(),
        };
        journal.append(entry, NOW);
        if let Some(end) = end {
            journal.append(Entry::Closed { end }, NOW);
        }
        journal
    };
    let refused = |plan: &Plan, journal: Journal, target: &str| {
        let refused = Engine::new(plan, journal, target, 1).err()?;
        assert!(!refused.hints().is_empty());
        Some(
            refused
                .to_string()
                .replace(&crate::fingerprint(plan), "THIS")
                .replace(&crate::fingerprint(&other), "OTHER"),
        )
    };
    let not = Plan { applyable: false, ..this() };
    assert_eq!(
        refused(&not, Journal::default(), "gateway").unwrap(),
        "This plan may not be applied: it is not complete."
    );
    assert_eq!(refused(&this(), opened(&this(), None), "gateway"), None);
    assert_eq!(refused(&this(), opened(&this(), Some(End::Finished)), "gateway"), None);
    for end in [None, Some(End::Stopped), Some(End::Failed)] {
        assert_eq!(
            refused(&this(), opened(&other, end), "gateway").unwrap(),
            "The journal belongs to another plan (OTHER, this one is THIS) that was not applied to its end."
        );
    }
    for end in [End::Finished, End::Partial] {
        assert_eq!(
            refused(&this(), opened(&other, Some(end)), "gateway").unwrap(),
            "The journal belongs to another plan (OTHER) that was applied to its end."
        );
    }
    assert_eq!(
        refused(&this(), opened(&this(), None), "elsewhere").unwrap(),
        "The journal was written for the gateway gateway, and this is elsewhere."
    );
}
