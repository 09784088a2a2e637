//! A disk that takes no more, and folders that take nothing.

use std::ffi::OsStr;
use std::process::Command;

use super::Gangway;
use super::running::Dice;

const APPLY: [&str; 3] = ["apply", "--expiring-keys", "inactive"];

/// The journal can grow no further: nothing more is done, and with room again it goes on.
#[test]
fn a_full_disk_stops_an_apply_and_room_lets_it_go_on() {
    let undisturbed = Gangway::new("disk-undisturbed");
    assert_eq!(undisturbed.run(&APPLY).0, 0);
    let (wanted, keys) = (undisturbed.state(), names(&undisturbed));
    let whole = undisturbed.text("journal.jsonl");
    let mut dice = Dice(7);
    for round in 0..6 {
        let gangway = begun(&format!("disk-{round}"), 20);
        let begun = gangway.text("journal.jsonl").len();
        let room = begun + dice.below(whole.len() - begun);
        let (code, said) = limited(&gangway, room);
        assert_eq!(code, Some(1), "room for {room} bytes: {said}");
        assert!(said.contains("error: The journal file cannot be used: File too large"), "{said}");
        assert!(said.contains("run the same command again"), "{said}");
        let journal = gangway.text("journal.jsonl");
        assert!(!journal.contains("\"record\":\"closed\""), "room for {room} bytes: {said}");
        let (code, said) = gangway.run(&APPLY);
        assert_eq!(code, 0, "room for {room} bytes: {said}");
        assert_eq!(gangway.state(), wanted, "room for {room} bytes");
        assert_eq!(names(&gangway), keys, "room for {room} bytes");
    }
}

/// An apply that was killed when its journal had so many lines, or a few more, and not at its end.
fn begun(name: &str, lines: usize) -> Gangway {
    loop {
        let gangway = Gangway::new(name);
        gangway.killed_at(&APPLY, lines);
        if !gangway.text("journal.jsonl").contains("\"record\":\"verified\"") {
            return gangway;
        }
    }
}

/// The same command where no file may grow beyond so many bytes, in blocks of 512.
fn limited(gangway: &Gangway, room: usize) -> (Option<i32>, String) {
    let apply = gangway.command(&APPLY);
    let mut shell = Command::new("sh");
    shell.args(["-c", "trap '' XFSZ; ulimit -f \"$0\"; exec \"$@\""]).arg((room / 512).to_string());
    shell.arg(apply.get_program()).args(apply.get_args()).env_clear().envs(variables(&apply));
    let output = shell.output().expect("a shell");
    (output.status.code(), String::from_utf8_lossy(&output.stderr).into_owned())
}

fn variables(command: &Command) -> impl Iterator<Item = (&OsStr, &OsStr)> {
    command.get_envs().filter_map(|(name, value)| Some((name, value?)))
}

/// Where nothing can be kept, nothing is done.
#[test]
fn without_a_place_for_the_journal_nothing_is_written_to_the_gateway() {
    let gangway = Gangway::new("disk-no-place");
    gangway.write("file", "");
    let usual = gangway.path("journal.jsonl");
    for place in ["/sys/journal.jsonl", "missing/journal.jsonl", "file/journal.jsonl", "."] {
        let place = gangway.path(place);
        let apply = gangway.command(&APPLY);
        let mut elsewhere = Command::new(apply.get_program());
        elsewhere.args(apply.get_args().map(|word| if word == usual { place.as_os_str() } else { word }));
        elsewhere.env_clear().envs(variables(&apply));
        let output = elsewhere.output().expect("the command");
        let said = String::from_utf8_lossy(&output.stderr);
        assert_eq!(output.status.code(), Some(1), "{}: {said}", place.display());
        assert!(said.contains("journal") && said.contains("cannot be "), "{said}");
        assert!(!gangway.path("state.json").exists(), "{}: something was written to the gateway", place.display());
    }
}

/// Other files that cannot be written cost nobody the new keys, and are named.
#[test]
fn the_new_keys_are_handed_out_whatever_else_fails() {
    let gangway = Gangway::new("disk-reports");
    let (code, said) = gangway.run(&["apply", "--expiring-keys", "inactive", "--out", "/sys/report.json"]);
    assert!(code == 1 && said.contains("/sys/report.json cannot be written"), "{said}");
    assert_eq!(names(&gangway).len(), 7, "{said}");

    let gangway = Gangway::new("disk-keys");
    let keys = gangway.path("journal.jsonl.keys.csv");
    std::fs::create_dir(&keys).expect("a folder");
    let (code, said) = gangway.run(&APPLY);
    assert!(code == 1 && said.contains("the new keys were made, but ") && said.contains("gangway tokens"), "{said}");
    let out = gangway.path("again.csv").display().to_string();
    let (code, said) = gangway.run(&["tokens", "--out", &out]);
    assert!(code == 0 && said.contains("6 new keys, 0 of them no longer on the gateway"), "{said}");
}

/// What names each key that was handed out; their values are the gateway's to make up.
pub(super) fn names(gangway: &Gangway) -> Vec<String> {
    let text = gangway.text("journal.jsonl.keys.csv");
    let mut names: Vec<String> =
        text.lines().filter_map(|line| line.rsplit_once(',').map(|(name, _)| name.to_owned())).collect();
    names.sort_unstable();
    names
}
