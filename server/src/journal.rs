//! The journal on disk: append-only JSON lines, each carrying the hash of the one before, each synced before it
//! counts. Whatever is in the file stays in it; what does not continue it is refused.

use std::fs::{File, OpenOptions, TryLockError};
use std::io::{Read, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};
use std::time::Duration;

use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use tokio::time::Instant;

use crate::hex::hex;

mod kept;

pub(crate) use kept::{MAX_PLAN, plan_path, write_whole};

/// A holder that has not been heard of for this long may be replaced: its tab is gone. Should it come back, its
/// records are refused, and without a record it sends nothing.
const LEASE: Duration = Duration::from_mins(2);

/// Why the journal says no.
#[derive(Debug, thiserror::Error)]
pub(crate) enum JournalError {
    #[error("{holder} is applying already.")]
    Locked { holder: String },
    #[error("Another tab is applying; it was heard of {heard} s ago.")]
    OtherTab {
        heard: u64,
        /// When it counts as gone, in seconds from now.
        gone_in: u64,
    },
    #[error("The journal is not locked by you; another tab or command may have taken over.")]
    NotHeld,
    #[error("A record is not a line of JSON.")]
    NotARecord,
    #[error("The record does not continue the journal: number {expected} is next.")]
    DoesNotContinue { expected: u64 },
    #[error("The journal is damaged at line {line}: it does not continue the line before. Nothing is added to it.")]
    Broken { line: u64 },
    #[error("That is not a whole plan.")]
    NotAPlan,
    #[error("The journal was begun with another plan.")]
    ForeignPlan,
    #[error("The plan beside the journal is larger than {} MiB.", MAX_PLAN >> 20)]
    PlanTooLarge,
    #[error("The journal file cannot be used: {0}.")]
    Io(#[from] std::io::Error),
}

/// A journal file.
#[derive(Debug)]
pub(crate) struct JournalFile {
    path: PathBuf,
    held: Option<Held>,
    tail: Option<Tail>,
}

/// The lock, while we have it.
#[derive(Debug)]
struct Held {
    holder: String,
    used: Instant,
    /// Locked by the operating system for as long as it is open, so a killed process holds nothing.
    _lock: File,
}

/// What the next record has to continue.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Tail {
    records: u64,
    hash: String,
    bytes: u64,
}

/// What stands in the lock file, for people and for the refusal.
#[derive(Serialize, Deserialize)]
struct Holding {
    holder: String,
    pid: u32,
}

impl JournalFile {
    /// The journal at that path; the file appears with its first record.
    pub(crate) fn at(path: PathBuf) -> Self {
        Self { path, held: None, tail: None }
    }

    /// Where it is.
    pub(crate) fn path(&self) -> &Path {
        &self.path
    }

    /// Its whole lines. A torn last line was never acknowledged and is left out.
    pub(crate) fn text(&self) -> Result<String, JournalError> {
        let mut bytes = read(&self.path)?;
        bytes.truncate(bytes.iter().rposition(|byte| *byte == b'\n').map_or(0, |at| at + 1));
        String::from_utf8(bytes).map_err(|error| {
            let good = &error.as_bytes()[..error.utf8_error().valid_up_to()];
            let lines = good.split(|byte| *byte == b'\n').count();
            JournalError::Broken { line: u64::try_from(lines).unwrap_or(u64::MAX) }
        })
    }

    /// How many records it has.
    pub(crate) fn records(&self) -> Result<u64, JournalError> {
        Ok(u64::try_from(self.text()?.lines().count()).unwrap_or(u64::MAX))
    }

    /// Who is applying, here or in another process.
    pub(crate) fn locked_by(&self) -> Option<String> {
        if let Some(held) = &self.held {
            return (held.used.elapsed() < LEASE).then(|| held.holder.clone());
        }
        let file = OpenOptions::new().read(true).write(true).open(self.lock_path()).ok()?;
        match file.try_lock() {
            Err(TryLockError::WouldBlock) => Some(holder_in(&self.lock_path())),
            Ok(()) | Err(TryLockError::Error(_)) => None,
        }
    }

    /// Takes the lock, or keeps it; the number of records.
    pub(crate) fn lock(&mut self, holder: &str) -> Result<u64, JournalError> {
        if let Some(held) = &mut self.held {
            let silent = held.used.elapsed();
            if held.holder != holder && silent < LEASE {
                let gone_in = LEASE.saturating_sub(silent).as_secs() + 1;
                return Err(JournalError::OtherTab { heard: silent.as_secs(), gone_in });
            }
            holder.clone_into(&mut held.holder);
            held.used = Instant::now();
        } else {
            let lock = self.take(holder)?;
            self.held = Some(Held { holder: holder.to_owned(), used: Instant::now(), _lock: lock });
        }
        let tail = tail_of(&self.text()?)?;
        let records = tail.records;
        self.tail = Some(tail);
        Ok(records)
    }

    fn take(&self, holder: &str) -> Result<File, JournalError> {
        let path = self.lock_path();
        let mut file = private().read(true).write(true).create(true).truncate(false).open(&path)?;
        match file.try_lock() {
            Ok(()) => {}
            Err(TryLockError::WouldBlock) => return Err(JournalError::Locked { holder: holder_in(&path) }),
            Err(TryLockError::Error(error)) => return Err(error.into()),
        }
        let holding = Holding { holder: holder.to_owned(), pid: std::process::id() };
        file.set_len(0)?;
        file.write_all(serde_json::to_string(&holding).unwrap_or_default().as_bytes())?;
        Ok(file)
    }

    /// Gives the lock back.
    pub(crate) fn unlock(&mut self, holder: &str) -> Result<u64, JournalError> {
        self.holding(holder)?;
        // The file stays: removing it would let a second process lock a file that nobody sees any more.
        self.held = None;
        self.tail = None;
        self.records()
    }

    /// Adds records, one a line, and syncs them to disk; the number of records.
    pub(crate) fn append(&mut self, holder: &str, lines: &str) -> Result<u64, JournalError> {
        self.holding(holder)?;
        let tail = self.tail.clone().ok_or(JournalError::NotHeld)?;
        let mut next = tail.clone();
        for line in lines.split('\n') {
            let (seq, prev) = place(line).ok_or(JournalError::NotARecord)?;
            if seq != next.records || prev != next.hash {
                return Err(JournalError::DoesNotContinue { expected: next.records });
            }
            let bytes = next.bytes + u64::try_from(line.len()).unwrap_or(u64::MAX) + 1;
            next = Tail { records: seq + 1, hash: chain_hash(line), bytes };
        }
        // A failed write may have left half a line: the next record is then measured against the file again.
        self.tail = None;
        self.write(&tail, lines)?;
        let records = next.records;
        self.tail = Some(next);
        self.heard_of();
        Ok(records)
    }

    /// Its holder is at work.
    fn heard_of(&mut self) {
        if let Some(held) = &mut self.held {
            held.used = Instant::now();
        }
    }

    fn write(&self, tail: &Tail, lines: &str) -> Result<(), JournalError> {
        let new = !self.path.exists();
        let mut file = private().write(true).create(true).truncate(false).open(&self.path)?;
        if file.metadata()?.len() != tail.bytes {
            // A torn line is cut off. Anything more was written by somebody without the lock.
            if tail_of(&self.text()?)? != *tail {
                return Err(JournalError::DoesNotContinue { expected: self.records()? });
            }
            file.set_len(tail.bytes)?;
        }
        file.seek(SeekFrom::End(0))?;
        file.write_all(format!("{lines}\n").as_bytes())?;
        file.sync_data()?;
        if new {
            sync_folder(&self.path)?;
        }
        Ok(())
    }

    /// Puts the journal aside under the first free number.
    pub(crate) fn rotate(&mut self) -> Result<u64, JournalError> {
        if let Some(holder) = self.locked_by() {
            return Err(JournalError::Locked { holder });
        }
        self.held = None;
        if self.path.exists() {
            let number = put_aside(&self.path).len() + 1;
            let aside = beside(&self.path, &number.to_string());
            // Its plan goes with it: without it, nothing could be undone. It is there before the journal is, so that one
            // that is killed in between leaves no journal without its plan.
            let plan = Some(plan_path(&self.path)).filter(|plan| plan.exists());
            if let Some(plan) = &plan {
                let copy = plan_path(&aside);
                std::fs::copy(plan, &copy)?;
                sync(&copy)?;
            }
            std::fs::rename(&self.path, &aside)?;
            plan.map_or(Ok(()), std::fs::remove_file)?;
            sync_folder(&self.path)?;
        }
        self.records()
    }

    fn holding(&mut self, holder: &str) -> Result<(), JournalError> {
        match &self.held {
            Some(held) if held.holder == holder => {}
            Some(_) | None => return Err(JournalError::NotHeld),
        }
        if self.tail.is_none() {
            self.tail = Some(tail_of(&self.text()?)?);
        }
        Ok(())
    }

    fn lock_path(&self) -> PathBuf {
        lock_path(&self.path)
    }
}

/// The journals that were put aside beside this one under numbers, the oldest first.
pub(crate) fn put_aside(journal: &Path) -> Vec<PathBuf> {
    let numbered = (1..).map(|number: u32| beside(journal, &number.to_string()));
    numbered.take_while(|path| path.exists()).collect()
}

/// Those and the journal itself, the oldest first.
pub(crate) fn all(journal: &Path) -> impl Iterator<Item = PathBuf> {
    put_aside(journal).into_iter().chain([journal.to_path_buf()])
}

/// The file that is locked while a journal is written.
pub(crate) fn lock_path(journal: &Path) -> PathBuf {
    beside(journal, "lock")
}

/// The hash by which a line names the line before it: the first 16 hexadecimal digits of its SHA-256.
fn chain_hash(line: &str) -> String {
    hex(&Sha256::digest(line.as_bytes())[..8])
}

/// Where a record says it belongs.
fn place(line: &str) -> Option<(u64, String)> {
    if line.contains(['\n', '\r']) {
        return None;
    }
    let Record { seq, prev, .. } = serde_json::from_str(line).ok()?;
    Some((seq, prev))
}

/// What of a record says where it belongs; the rest is not built.
#[derive(Deserialize)]
struct Record {
    seq: u64,
    prev: String,
    #[serde(rename = "record")]
    _what: String,
}

/// Walks the whole chain.
fn tail_of(text: &str) -> Result<Tail, JournalError> {
    let bytes = u64::try_from(text.len()).unwrap_or(u64::MAX);
    let mut tail = Tail { records: 0, hash: String::new(), bytes };
    for line in text.lines() {
        let continues = place(line).is_some_and(|(seq, prev)| seq == tail.records && prev == tail.hash);
        if !continues {
            return Err(JournalError::Broken { line: tail.records + 1 });
        }
        tail.records += 1;
        tail.hash = chain_hash(line);
    }
    Ok(tail)
}

#[expect(clippy::disallowed_methods, reason = "the journal is the one file the relay keeps")]
fn read(path: &Path) -> Result<Vec<u8>, JournalError> {
    let mut bytes = Vec::new();
    match File::open(path) {
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(bytes),
        Err(error) => return Err(error.into()),
        Ok(mut file) => file.read_to_end(&mut bytes)?,
    };
    Ok(bytes)
}

/// For a file that its owner alone can read: ids, before-values and keys are nobody else's business.
pub(crate) fn private() -> OpenOptions {
    let mut options = OpenOptions::new();
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    options
}

/// Makes a new name in a folder last over a power cut.
fn sync_folder(path: &Path) -> std::io::Result<()> {
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    sync(folder)
}

/// Other systems sync only what is open for writing, and no folders.
#[expect(clippy::disallowed_methods, reason = "what is synced has to be opened")]
fn sync(path: &Path) -> std::io::Result<()> {
    if cfg!(unix) { File::open(path)?.sync_all() } else { Ok(()) }
}

fn beside(path: &Path, ending: &str) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(".");
    name.push(ending);
    PathBuf::from(name)
}

#[expect(clippy::disallowed_methods, reason = "the lock file says who holds it")]
fn holder_in(path: &Path) -> String {
    let text = std::fs::read_to_string(path).unwrap_or_default();
    let named = serde_json::from_str::<Holding>(&text).ok();
    named.map_or_else(|| "Another process".to_owned(), |held| format!("Process {} ({})", held.pid, held.holder))
}

#[cfg(test)]
#[expect(clippy::disallowed_methods, reason = "the tests tear and read files of their own")]
mod tests {
    use super::*;

    /// A folder of its own for a test, removed at the end.
    struct Folder(PathBuf);

    impl Folder {
        fn new(name: &str) -> Self {
            let path = std::env::temp_dir().join(format!("gangway-journal-{}-{name}", std::process::id()));
            std::fs::create_dir_all(&path).expect("a temporary folder");
            Self(path)
        }

        fn path(&self) -> PathBuf {
            self.0.join("journal.jsonl")
        }

        fn journal(&self) -> JournalFile {
            JournalFile::at(self.path())
        }
    }

    impl Drop for Folder {
        fn drop(&mut self) {
            let _ = std::fs::remove_dir_all(&self.0);
        }
    }

    fn record(seq: u64, prev: &str) -> String {
        format!(r#"{{"seq":{seq},"at":"2026-11-22T00:00:00Z","prev":"{prev}","record":"closed","end":"finished"}}"#)
    }

    /// A journal of `count` records, written through `journal`.
    fn write(journal: &mut JournalFile, count: u64) -> String {
        journal.lock("tab").expect("a free journal");
        let mut prev = String::new();
        for seq in 0..count {
            let line = record(seq, &prev);
            assert_eq!(journal.append("tab", &line).expect("a continuing record"), seq + 1);
            prev = chain_hash(&line);
        }
        prev
    }

    #[test]
    fn only_what_continues_is_added() {
        let folder = Folder::new("continues");
        let mut journal = folder.journal();
        let prev = write(&mut journal, 2);
        let before = journal.text().expect("readable");
        for line in [
            record(1, &prev),
            record(3, &prev),
            record(2, ""),
            record(2, "0123456789abcdef"),
            format!("{}\n{}", record(2, &prev), record(3, &prev)),
            format!("{} {{}}", record(2, &prev)),
            "{}".to_owned(),
            String::new(),
            r#"{"seq":2.0,"prev":""}"#.to_owned(),
        ] {
            assert!(journal.append("tab", &line).is_err(), "{line}");
        }
        assert_eq!(journal.text().expect("readable"), before);
        assert_eq!(journal.append("tab", &record(2, &prev)).expect("the next record"), 3);
    }

    #[test]
    fn the_engine_s_own_lines_fit_and_read_back() {
        let folder = Folder::new("engine");
        let (mut file, mut journal) = (folder.journal(), apply::Journal::default());
        file.lock("engine").expect("free");
        let opened = apply::Entry::Opened {
            format: apply::journal::FORMAT.to_owned(),
            plan: "0123456789abcdef".to_owned(),
            target: "http://localhost:8080".to_owned(),
            gangway: "0.1.0".to_owned(),
        };
        for entry in [opened, apply::Entry::Closed { end: apply::End::Stopped }] {
            let line = journal.append(entry, model::Moment::from_millis(1));
            file.append("engine", &line).expect("a continuing record");
        }
        // Several at once, as the engine hands them over; the next one continues the last of them.
        let closed = || apply::Entry::Closed { end: apply::End::Stopped };
        for count in [3, 1] {
            let lines = (0..count).map(|_| journal.append(closed(), model::Moment::from_millis(2)));
            file.append("engine", &lines.collect::<Vec<_>>().join("\n")).expect("continuing records");
        }
        let (read, findings) = apply::Journal::read(&file.text().expect("readable")).expect("an unbroken chain");
        assert_eq!((read, findings), (journal, Vec::new()));
    }

    #[test]
    fn a_torn_line_is_cut_off_and_a_broken_chain_stops() {
        let folder = Folder::new("torn");
        let prev = write(&mut folder.journal(), 2);
        let whole = std::fs::read_to_string(folder.path()).expect("written");
        for torn in ["{\"seq\":2,\"at", "x", "\u{0}\u{0}"] {
            std::fs::write(folder.path(), format!("{whole}{torn}")).expect("torn");
            let mut journal = folder.journal();
            assert_eq!(journal.text().expect("readable"), whole);
            assert_eq!(journal.lock("tab").expect("a torn line is no harm"), 2);
            journal.append("tab", &record(2, &prev)).expect("goes on after the last whole line");
            let now = std::fs::read_to_string(folder.path()).expect("written");
            assert_eq!(now, format!("{whole}{}\n", record(2, &prev)));
        }
        std::fs::write(folder.path(), [whole.as_bytes(), b"\xff\n"].concat()).expect("not a text");
        assert!(matches!(folder.journal().lock("tab"), Err(JournalError::Broken { line: 3 })));
        for broken in
            [whole.replacen("finished", "partial", 1), whole.lines().next_back().unwrap_or("").to_owned() + "\n"]
        {
            std::fs::write(folder.path(), &broken).expect("broken");
            let refused = folder.journal().lock("tab");
            assert!(matches!(refused, Err(JournalError::Broken { .. })), "{refused:?}");
            assert_eq!(std::fs::read_to_string(folder.path()).expect("left alone"), broken);
        }
    }

    #[tokio::test(start_paused = true)]
    async fn one_at_a_time() {
        let folder = Folder::new("lock");
        let (mut ours, mut theirs) = (folder.journal(), folder.journal());
        ours.lock("a").expect("free");
        assert_eq!(ours.locked_by().as_deref(), Some("a"));
        assert!(theirs.locked_by().is_some_and(|who| who.contains("(a)")));
        assert!(matches!(ours.lock("b"), Err(JournalError::OtherTab { heard: 0, gone_in: 121 })));
        assert!(matches!(theirs.lock("b"), Err(JournalError::Locked { .. })));
        assert!(matches!(ours.append("b", &record(0, "")), Err(JournalError::NotHeld)));
        assert!(matches!(ours.unlock("b"), Err(JournalError::NotHeld)));
        assert!(matches!(ours.rotate(), Err(JournalError::Locked { .. })));
        assert!(matches!(theirs.rotate(), Err(JournalError::Locked { .. })));

        tokio::time::advance(LEASE).await;
        ours.lock("b").expect("the tab of a is gone");
        assert!(matches!(ours.append("a", &record(0, "")), Err(JournalError::NotHeld)));
        ours.append("b", &record(0, "")).expect("the new holder");
        ours.unlock("b").expect("held");
        assert_eq!(theirs.lock("c").expect("free again"), 1);
    }

    #[test]
    fn rotating_puts_aside_and_overwrites_nothing() {
        let folder = Folder::new("rotate");
        let mut journal = folder.journal();
        assert_eq!(journal.rotate().expect("nothing to put aside"), 0);
        for n in 1..=2 {
            write(&mut journal, n);
            journal.unlock("tab").expect("held");
            assert_eq!(journal.rotate().expect("free"), 0);
            let aside = JournalFile::at(beside(&folder.path(), &n.to_string()));
            assert_eq!(aside.records().expect("readable"), n);
        }
    }

    #[cfg(unix)]
    #[test]
    fn nobody_else_can_read_it() {
        use std::os::unix::fs::PermissionsExt;
        let folder = Folder::new("mode");
        write(&mut folder.journal(), 1);
        for path in [folder.path(), beside(&folder.path(), "lock")] {
            let mode = std::fs::metadata(&path).expect("written").permissions().mode();
            assert_eq!(mode & 0o077, 0, "{}", path.display());
        }
    }
}
