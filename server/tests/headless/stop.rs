//! Ctrl-C: once to come to a good end, twice to end at once.

use std::collections::BTreeSet;
use std::io::{BufRead, BufReader};
use std::process::{Child, Command};

use serde_json::Value;

use super::{Gangway, disk};

const APPLY: [&str; 3] = ["apply", "--expiring-keys", "inactive"];

#[test]
fn asked_once_it_comes_to_a_good_end_and_goes_on_later() {
    let undisturbed = Gangway::new("stop-undisturbed");
    assert_eq!(undisturbed.run(&APPLY).0, 0);
    for lines in [1, 25, 50] {
        let gangway = Gangway::serving(&format!("stop-{lines}"), &["--write-millis", "20"]);
        let mut child = begun(&gangway, &APPLY, lines);
        interrupt(&child);
        let said = told(&mut child);
        assert_eq!(child.wait().expect("its end").code(), Some(3), "{said}");
        assert!(said.contains("stopping when what is under way is done"), "{said}");
        assert!(said.ends_with("stopped; run the same command again to go on\n"), "{said}");
        let journal = gangway.text("journal.jsonl");
        assert!(journal.ends_with("\"end\":\"stopped\"}\n"), "{journal}");
        assert_eq!(open_intents(&journal), BTreeSet::new(), "what is unknown after {lines} lines");
        let (code, said) = gangway.run(&APPLY);
        assert!(code == 0 && said.contains("taking up the apply that was cut off"), "{said}");
        assert_eq!(gangway.state(), undisturbed.state());
        assert_eq!(disk::names(&gangway), disk::names(&undisturbed));

        let applied = gangway.text("journal.jsonl").lines().count();
        let mut child = begun(&gangway, &["undo", "--yes"], applied + lines.min(10));
        interrupt(&child);
        let said = told(&mut child);
        assert_eq!(child.wait().expect("its end").code(), Some(3), "{said}");
        assert!(said.ends_with("stopped; run the same command again to go on\n"), "{said}");
        let (code, said) = gangway.run(&["undo", "--yes"]);
        assert_eq!(code, 0, "{said}");
    }
}

/// A gateway that takes its time must not keep the program.
#[test]
fn asked_twice_it_ends_at_once() {
    let gangway = Gangway::serving("stop-twice", &["--write-millis", "30000"]);
    let mut child = begun(&gangway, &APPLY, 2);
    interrupt(&child);
    let mut said = BufReader::new(child.stderr.take().expect("its words"));
    let mut line = String::new();
    while !line.contains("ask again to end at once") {
        line.clear();
        assert!(said.read_line(&mut line).expect("a line") > 0, "it does not say what it does");
    }
    interrupt(&child);
    assert_eq!(child.wait().expect("its end").code(), Some(130));
}

/// A command under way, when the journal has so many lines.
fn begun(gangway: &Gangway, words: &[&str], lines: usize) -> Child {
    let mut child = gangway.under_way(words, lines);
    assert!(child.try_wait().expect("a child").is_none(), "{}", told(&mut child));
    child
}

fn interrupt(child: &Child) {
    let sent = Command::new("kill").args(["-INT", &child.id().to_string()]).status().expect("kill runs");
    assert!(sent.success());
}

fn told(child: &mut Child) -> String {
    std::io::read_to_string(child.stderr.take().expect("its words")).expect("text")
}

/// The ops of which an intent stands without an outcome.
fn open_intents(journal: &str) -> BTreeSet<String> {
    let mut open = BTreeSet::new();
    for line in journal.lines() {
        let line: Value = serde_json::from_str(line).expect("JSON");
        let op = line["op"].as_str().unwrap_or_default().to_owned();
        match line["record"].as_str() {
            Some("intent") => drop(open.insert(op)),
            Some("outcome") => drop(open.remove(&op)),
            _ => {}
        }
    }
    open
}
