//! The journal through the relay, and across its death.

use sha2::{Digest, Sha256};
use wire::{
    AppendJournal, AppendLine, GetJournal, GetStatus, Lock, LockJournal, Nothing, RotateJournal, UnlockJournal, code,
};

use crate::running::{Folder, Relay};

fn record(seq: u64, prev: &str) -> String {
    let at = "2026-11-22T00:00:00Z";
    format!(r#"{{"seq":{seq},"at":"{at}","prev":"{prev}","record":"closed","end":"stopped"}}"#)
}

fn chain(line: &str) -> String {
    Sha256::digest(line).iter().take(8).fold(String::new(), |text, byte| format!("{text}{byte:02x}"))
}

fn lock(holder: &str) -> Lock {
    Lock { holder: holder.to_owned() }
}

fn append(holder: &str, line: &str) -> AppendLine {
    AppendLine { holder: holder.to_owned(), line: line.to_owned() }
}

#[test]
fn a_journal_outlives_the_relay() {
    let folder = Folder::new("outlives");
    let path = folder.0.join("journal.jsonl");
    let args = ["--journal".to_owned(), path.display().to_string()];
    let args: Vec<&str> = args.iter().map(String::as_str).collect();
    let (mut prev, mut whole) = (String::new(), String::new());
    for round in 0..5 {
        let mut relay = Relay::with(&args, &[]);
        let records = relay.call::<LockJournal>(&lock("tab")).expect("the lock of a killed relay is free").records;
        assert_eq!(records, round * 3);
        for seq in records..records + 3 {
            let line = record(seq, &prev);
            assert_eq!(relay.call::<AppendJournal>(&append("tab", &line)).expect("a record").records, seq + 1);
            prev = chain(&line);
            whole = format!("{whole}{line}\n");
        }
        relay.process.kill();
        // What a power cut in the middle of a write leaves.
        save(&path, &format!("{whole}{{\"seq\":99,\"at\":"));
    }
    let relay = Relay::with(&args, &[]);
    assert_eq!(relay.call::<GetJournal>(&Nothing {}).expect("a journal").text, whole);
}

#[test]
fn what_does_not_continue_is_a_conflict() {
    let relay = Relay::start("conflict", &[]);
    let refused = |line: &str| relay.call::<AppendJournal>(&append("a", line)).expect_err("a refusal");
    let (status, refusal) = refused(&record(0, ""));
    assert_eq!((status, refusal.code.as_str()), (409, code::LOCKED), "nobody holds the lock");
    relay.call::<LockJournal>(&lock("a")).expect("free");
    let (status, refusal) = relay.call::<LockJournal>(&lock("b")).expect_err("held");
    assert_eq!((status, refusal.code.as_str()), (409, code::LOCKED));
    for line in [record(1, ""), record(0, "0123456789abcdef")] {
        let (status, refusal) = refused(&line);
        assert_eq!((status, refusal.code.as_str()), (409, code::JOURNAL), "{line}");
    }
    let (status, _) = refused("not JSON");
    assert_eq!(status, 400);
    relay.call::<AppendJournal>(&append("a", &record(0, ""))).expect("the first record");
    let (status, _) =
        relay.call::<AppendJournal>(&append("b", &record(1, &chain(&record(0, ""))))).expect_err("not b's");
    assert_eq!(status, 409);
    let state = relay.call::<GetStatus>(&Nothing {}).expect("a status").journal;
    assert_eq!((state.records, state.locked_by.as_deref()), (1, Some("a")));

    let (status, _) = relay.call::<RotateJournal>(&Nothing {}).expect_err("held");
    assert_eq!(status, 409);
    relay.call::<UnlockJournal>(&lock("a")).expect("held by a");
    assert_eq!(relay.call::<RotateJournal>(&Nothing {}).expect("free").records, 0);
    assert_eq!(relay.call::<GetJournal>(&Nothing {}).expect("a journal").text, "");
}

#[test]
fn two_relays_do_not_share_a_journal() {
    let folder = Folder::new("share");
    let path = folder.0.join("journal.jsonl").display().to_string();
    let (mut first, second) = (Relay::with(&["--journal", &path], &[]), Relay::with(&["--journal", &path], &[]));
    first.call::<LockJournal>(&lock("a")).expect("free");
    let (status, refusal) = second.call::<LockJournal>(&lock("b")).expect_err("held by another process");
    assert_eq!((status, refusal.code.as_str()), (409, code::LOCKED));
    assert!(refusal.message.contains("Process "), "{}", refusal.message);
    first.process.kill();
    second.call::<LockJournal>(&lock("b")).expect("a dead process holds nothing");
}

#[test]
fn a_broken_chain_stops() {
    let folder = Folder::new("chain");
    let path = folder.0.join("journal.jsonl");
    let broken = format!("{}\n{}\n", record(0, ""), record(1, "0123456789abcdef"));
    save(&path, &broken);
    let relay = Relay::with(&["--journal", &path.display().to_string()], &[]);
    let (status, refusal) = relay.call::<LockJournal>(&lock("a")).expect_err("a broken chain");
    assert_eq!((status, refusal.code.as_str()), (409, code::JOURNAL));
    assert!(refusal.message.contains("line 2"), "{}", refusal.message);
    assert_eq!(relay.call::<GetJournal>(&Nothing {}).expect("to look at").text, broken);
}

#[expect(clippy::disallowed_methods, reason = "tests write to a folder of their own")]
fn save(path: &std::path::Path, text: &str) {
    std::fs::write(path, text).expect("a writable folder");
}
