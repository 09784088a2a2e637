//! What a journal keeps, and what it refuses.

use serde_json::json;

use super::*;

fn journal() -> Journal {
    let mut journal = Journal::default();
    let at = Moment::from_millis(1_800_000_000_123);
    let op = OpId::new("team/a");
    let before = Some(json!({"max_limit": 10.50, "text": "ä\n", "none": null, "price": 1e-6}));
    for entry in [
        Entry::Opened {
            format: FORMAT.to_owned(),
            plan: "aa".to_owned(),
            target: "gateway".to_owned(),
            gangway: "0.1.0".to_owned(),
        },
        Entry::Intent { op: op.clone(), call: "team_update".to_owned(), target_id: Some("t1".to_owned()), before },
        Entry::Outcome { op: op.clone(), result: OpResult::Changed, target_id: None, note: String::new() },
        Entry::Verified {
            op,
            differences: vec![Difference { path: "name".to_owned(), intended: json!(1.0), observed: Value::Null }],
            shown: None,
        },
        Entry::Closed { end: End::Partial },
    ] {
        journal.append(entry, at);
    }
    journal
}

/// The text with a change, and what reading it says.
#[track_caller]
fn check(change: impl Fn(&mut Vec<String>) -> bool, expected: &str) {
    let mut lines: Vec<String> = journal().text().lines().map(str::to_owned).collect();
    let ended = change(&mut lines);
    let text = lines.join("\n") + if ended { "\n" } else { "" };
    let said = match Journal::read(&text) {
        Ok((read, findings)) => format!("{} lines, {} findings", read.lines.len(), findings.len()),
        Err(error) => error.to_string(),
    };
    assert_eq!(said, expected);
}

#[test]
fn reads_back_what_it_wrote() {
    let (read, findings) = Journal::read(&journal().text()).unwrap();
    assert_eq!((read, findings.len()), (journal(), 0));
    assert_eq!(Journal::read("").unwrap().0, Journal::default());
    let mut read = Journal::read(&journal().text()).unwrap().0;
    let (mut direct, at) = (journal(), Moment::from_millis(5));
    assert_eq!(
        read.append(Entry::Closed { end: End::Stopped }, at),
        direct.append(Entry::Closed { end: End::Stopped }, at)
    );
}

#[test]
fn only_a_torn_last_line_is_forgiven() {
    check(|_| true, "5 lines, 0 findings");
    check(|_| false, "5 lines, 0 findings");
    for kept in 1..20 {
        check(
            |lines| {
                lines[4].truncate(kept);
                false
            },
            "4 lines, 1 findings",
        );
    }
    check(
        |lines| {
            lines[0].truncate(9);
            lines.truncate(1);
            false
        },
        "0 lines, 1 findings",
    );
    check(
        |lines| {
            lines[4].truncate(9);
            true
        },
        "line 5 of the journal is not a record of Gangway",
    );
    check(
        |lines| {
            lines[2].truncate(9);
            true
        },
        "line 3 of the journal is not a record of Gangway",
    );
    check(
        |lines| {
            lines[1].push(' ');
            true
        },
        "line 2 of the journal is not a record of Gangway",
    );
    check(
        |lines| {
            lines[1] = lines[1].replace("t1", "t2");
            true
        },
        "line 3 of the journal does not follow the line before it: the file was changed or mixed up",
    );
    check(
        |lines| {
            lines.remove(2);
            true
        },
        "line 3 of the journal has the number 3 and not 2: lines are missing or doubled",
    );
    check(
        |lines| {
            lines[0] = lines[0].replace("journal.v1", "journal.v2");
            lines.truncate(1);
            true
        },
        "the file is not a journal of the format gangway.journal.v1",
    );
}

#[test]
fn what_came_to_its_end_is_over() {
    let ended = |end: Option<End>| {
        let mut journal = journal();
        journal.lines.pop();
        let at = Moment::from_millis(0);
        end.map(|end| journal.append(Entry::Closed { end }, at));
        (journal.is_unfinished(), journal.is_of("aa"), journal.is_of("bb"))
    };
    for end in [None, Some(End::Stopped), Some(End::Failed)] {
        assert_eq!(ended(end), (true, true, false), "{end:?}");
    }
    for end in [End::Finished, End::Partial] {
        assert_eq!(ended(Some(end)), (false, true, false), "{end:?}");
    }
    let empty = Journal::default();
    assert_eq!((empty.is_unfinished(), empty.is_of("aa")), (false, false), "nothing was begun");
}

#[test]
fn the_format_is_frozen() {
    insta::assert_snapshot!(journal().text(), @r#"
    {"seq":0,"at":"2027-01-15T08:00:00.123Z","prev":"","record":"opened","format":"gangway.journal.v1","plan":"aa","target":"gateway","gangway":"0.1.0"}
    {"seq":1,"at":"2027-01-15T08:00:00.123Z","prev":"96683ead66005104","record":"intent","op":"team/a","call":"team_update","target_id":"t1","before":{"max_limit":10.5,"none":null,"price":1e-6,"text":"ä\n"}}
    {"seq":2,"at":"2027-01-15T08:00:00.123Z","prev":"d5b3449ee3dd1886","record":"outcome","op":"team/a","result":"changed","target_id":null,"note":""}
    {"seq":3,"at":"2027-01-15T08:00:00.123Z","prev":"5feed4049afc4a85","record":"verified","op":"team/a","differences":[{"path":"name","intended":1.0,"observed":null}]}
    {"seq":4,"at":"2027-01-15T08:00:00.123Z","prev":"22da836ec0e2cb5c","record":"closed","end":"partial"}
    "#);
}
