//! What a command tells machines.

use serde_json::Value;
use support::company;

use super::Gangway;

/// A command's exit code, and its lines on standard output, all of them JSON.
fn lines(gangway: &Gangway, words: &[&str]) -> (i32, Vec<Value>) {
    let output = gangway.command(words).output().expect("the command");
    let said = String::from_utf8(output.stdout).expect("text");
    for canary in company::CANARIES.iter().chain(&["sk-bf-"]) {
        assert!(!said.contains(canary), "{words:?} told {canary}");
    }
    let line = |line: &str| serde_json::from_str(line).unwrap_or_else(|error| panic!("{error}: {line}"));
    (output.status.code().unwrap_or(-1), said.lines().map(line).collect())
}

fn of<'a>(lines: &'a [Value], kind: &str) -> Vec<&'a Value> {
    lines.iter().filter(|line| line["type"] == kind).collect()
}

/// The first line says what it is, the last one how it ended.
#[track_caller]
fn framed(code: i32, lines: &[Value], command: &str) {
    let (first, last) = (lines.first().expect("a line"), lines.last().expect("a line"));
    assert_eq!((first["type"].as_str(), first["format"].as_str()), (Some("opened"), Some("gangway.events.v1")));
    assert_eq!(first["command"], command);
    assert_eq!((last["type"].as_str(), last["exit"].as_i64()), (Some("ended"), Some(i64::from(code))), "{last}");
}

#[test]
fn every_command_that_acts_tells_machines_what_it_does() {
    let gangway = Gangway::new("events");
    let (code, planned) = lines(&gangway, &["plan", "--json", "--detailed-exitcode"]);
    framed(2, &planned, "plan");
    assert_eq!(code, 2);
    let writes = of(&planned, "op").iter().filter(|op| op["action"] == "create" || op["action"] == "change").count();
    let summary = &of(&planned, "planned")[0]["summary"];
    let count = |name: &str| summary[name].as_u64().and_then(|count| usize::try_from(count).ok()).unwrap_or_default();
    assert_eq!(writes, count("create") + count("change"));
    assert!(!of(&planned, "finding").is_empty() && of(&planned, "access").is_empty());

    let (code, applied) = lines(&gangway, &["apply", "--json"]);
    framed(code, &applied, "apply");
    assert_eq!(code, 0);
    let outcomes = of(&applied, "outcome");
    assert_eq!(outcomes.len(), writes);
    assert!(outcomes.iter().all(|line| line["result"] == "created" || line["result"] == "changed"), "{outcomes:?}");
    assert!(of(&applied, "verified").iter().all(|line| line["differences"] == Value::Array(Vec::new())));
    let done = of(&applied, "progress");
    assert!(done.len() == 10 && done[9]["done"] == done[9]["total"], "{done:?}");

    let (code, compared) = lines(&gangway, &["verify", "--json", "--ask-keys"]);
    framed(code, &compared, "verify");
    assert_eq!((code, &of(&compared, "tried")[0]["asked"]), (0, &Value::from(6)));

    let (code, dry) = lines(&gangway, &["undo", "--json"]);
    framed(code, &dry, "undo");
    let removed = of(&dry, "undo").iter().filter(|line| line["what"] == "remove").count();
    assert!(code == 0 && removed > 40, "{removed}");
    let (code, undone) = lines(&gangway, &["undo", "--yes", "--json"]);
    framed(code, &undone, "undo");
    let results = of(&undone, "undone");
    assert_eq!(results.iter().filter(|line| line["result"] == "removed").count(), removed, "{results:?}");
}

#[test]
fn what_cannot_be_done_is_told_as_well() {
    let gangway = Gangway::new("events-refused");
    let plan = gangway.path("plan.json").display().to_string();
    assert_eq!(gangway.run(&["plan", "--out", &plan]).0, 0);
    assert_eq!(gangway.run(&["apply"]).0, 0);
    let (code, refused) = lines(&gangway, &["apply", "--json", "--plan", &plan]);
    framed(code, &refused, "apply");
    assert_eq!(code, 4);
    assert!(of(&refused, "refused")[0]["why"].as_str().is_some_and(|why| why.contains("has changed since")));
    let (code, failed) = lines(&gangway, &["verify", "--json", "--plan", "nowhere.json"]);
    framed(code, &failed, "verify");
    let last = failed.last().expect("a line");
    assert!(code == 1 && last["why"].as_str().is_some_and(|why| why.contains("nowhere.json")), "{last}");
}
