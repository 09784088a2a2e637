//! An apply beside a bare writer, which sends the very same writes and does nothing else: both make virtual keys on a
//! practice gateway of their own, over one connection, in turns; once on one that takes as long for a write as a real
//! one did, and once on one that answers at once. Then the same apply
//! again, which has nothing to do, and one that was cut off when everything was written and nothing read back.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Child, Stdio};
use std::time::{Duration, Instant};

use super::Row;
use super::relay::{Message, Served, memory};
use super::replay::{Recorder, replay};
use crate::home::Home;
use crate::sh::{self, Done, Failure};

/// What a write took on a recorded gateway: 250 to 260 a second.
const RECORDED: u32 = 4;

/// The salt key of made-up fleets.
const SALT_KEY: &str = "sk-salt-of-the-fleet";

/// One comparison: how many keys, and how long the gateway takes for a write.
#[derive(Clone, Copy)]
struct Case {
    keys: u32,
    write_millis: u32,
    /// How often both are timed, in turns: a short one may meet the system at other work. The median counts.
    rounds: usize,
    /// The most an apply from files to report may take, beside the bare writer's time for as many writes.
    whole: &'static str,
    /// The most a second apply may take.
    again: &'static str,
}

const CASES: [Case; 4] = [
    Case { keys: 1_000, write_millis: RECORDED, rounds: 1, whole: "-", again: "<= 5 s" },
    Case { keys: 1_000, write_millis: 0, rounds: 9, whole: "-", again: "-" },
    Case { keys: 10_000, write_millis: RECORDED, rounds: 1, whole: "<= 1.3 x", again: "-" },
    Case { keys: 10_000, write_millis: 0, rounds: 3, whole: "-", again: "-" },
];

/// What the whole may take beyond its share of the bare writer's time.
const ALLOWED: Duration = Duration::from_secs(20);

/// Measures all cases and gives the rows.
pub(super) fn measure(home: &Home) -> Done<Vec<Row>> {
    let mut rows = Vec::new();
    for case in CASES {
        rows.extend(case.measure(home)?);
    }
    Ok(rows)
}

impl Case {
    fn measure(&self, home: &Home) -> Done<Vec<Row>> {
        let folder = folder(home, self.keys)?;
        let Compared { bare, each, gateway, first } = self.compare(home, &folder)?;
        let writes = intents(&first.journal);
        let again = apply(home, &folder, &gateway.said)?;
        cut_off(&folder, &first.journal)?;
        let resumed = apply(home, &folder, &gateway.said)?;
        let (ratio, more) = (each / bare, each - bare);
        let whole = first.took.saturating_sub(ALLOWED).as_secs_f64() / bare / f64::from(writes);
        let what = |what: &str| format!("apply, {} keys, {} ms a write: {what}", self.keys, self.write_millis);
        let seconds = |took: Duration| format!("{:.1} s", took.as_secs_f64());
        Ok(vec![
            Row::new(&what("bare writer"), format!("{:.0} keys/s", 1.0 / bare), ""),
            Row::new(&what("keys, beside it"), format!("{ratio:.2} x"), "<= 1.11 x"),
            Row::new(&what("more than it, each key"), format!("{:.0} us", more * 1e6), ""),
            Row::new(&what("files to report"), seconds(first.took), ""),
            Row::new(&what("that less 20 s, beside it"), format!("{whole:.2} x"), self.whole),
            Row::new(&what("memory at most"), &first.memory, ""),
            Row::new(&what("again"), seconds(again.took), self.again),
            Row::new(&what("again, writes"), format!("{} writes", intents(&again.journal)), "<= 0 writes"),
            Row::new(
                &what("gone on with, all done"),
                seconds(resumed.took),
                if self.keys > 1_000 { "" } else { "<= 2 s" },
            ),
            Row::new(
                &what("gone on with, writes"),
                format!("{} writes", intents(&resumed.journal) - writes),
                "<= 0 writes",
            ),
        ])
    }

    /// Times the bare writer and an apply in turns, each on a gateway of its own.
    fn compare(&self, home: &Home, folder: &Path) -> Done<Compared> {
        let writes = recorded(home, folder)?;
        let (mut bare, mut each, mut last) = (Vec::new(), Vec::new(), None);
        for _ in 0..self.rounds {
            let other = practice(home, self.write_millis)?;
            let (made, took) = replay(&writes, address(&other.said))?;
            bare.push(took.as_secs_f64() / f64::from(made));
            drop(other);
            forget(folder);
            let gateway = practice(home, self.write_millis)?;
            let first = apply(home, folder, &gateway.said)?;
            let (made, took) = pace(&first.journal)?;
            each.push(took.as_secs_f64() / f64::from(made));
            last = Some((gateway, first));
        }
        let (gateway, first) = last.ok_or_else(|| Failure::new("no round was asked for"))?;
        Ok(Compared { bare: median(bare), each: median(each), gateway, first })
    }
}

/// An apply beside the bare writer.
struct Compared {
    /// The bare writer's seconds for a key.
    bare: f64,
    /// The apply's.
    each: f64,
    /// What the last apply wrote to.
    gateway: Served<String>,
    /// The last apply.
    first: Applied,
}

fn median(mut values: Vec<f64>) -> f64 {
    values.sort_by(f64::total_cmp);
    values.get(values.len() / 2).copied().unwrap_or_default()
}

/// What an apply left.
struct Applied {
    took: Duration,
    journal: String,
    memory: String,
}

/// The fleet as a dump, and its salt key.
fn folder(home: &Home, keys: u32) -> Done<PathBuf> {
    let folder = home.notes().join("bench-apply");
    drop(fs::remove_dir_all(&folder));
    fs::create_dir_all(&folder).map_err(|error| failed(&folder, &error))?;
    let salt = folder.join("salt");
    fs::write(&salt, SALT_KEY).map_err(|error| failed(&salt, &error))?;
    let mut write = home.cargo("run");
    write.args(["--release", "-q", "-p", "support", "--bin", "bench", "--", "--fleet"]);
    sh::stream(write.arg(keys.to_string()).arg(folder.join("fleet.sql")))?;
    Ok(folder)
}

fn apply(home: &Home, folder: &Path, gateway: &str) -> Done<Applied> {
    let mut apply = home.command(&home.gangway().to_string_lossy());
    apply.current_dir(folder).args(["apply", "--dump", "fleet.sql", "--salt-key-file", "salt"]);
    apply.args(["--bifrost-url", gateway, "--journal", JOURNAL]).stdout(Stdio::null()).stderr(Stdio::null());
    for variable in ["LITELLM_URL", "LITELLM_DB_URL", "DATABASE_URL", "LITELLM_CONFIG", "LITELLM_SALT_KEY"] {
        apply.env_remove(variable);
    }
    let start = Instant::now();
    let mut running = apply.spawn().map_err(|error| Failure::new(format!("gangway apply: {error}")))?;
    let (code, memory) = watched(&mut running)?;
    let took = start.elapsed();
    // Users are left to a person on this gateway, so 3 is no failure here; 4 and 1 are.
    if !matches!(code, Some(0 | 3)) {
        return Err(Failure::new(format!("gangway apply ended with {code:?}")));
    }
    let path = folder.join(JOURNAL);
    let journal = fs::read_to_string(&path).map_err(|error| failed(&path, &error))?;
    Ok(Applied { took, journal, memory })
}

const JOURNAL: &str = "journal.jsonl";

/// Waits for a program: how it ended, and the most memory it held.
fn watched(running: &mut Child) -> Done<(Option<i32>, String)> {
    let mut most = String::new();
    loop {
        let ended = running.try_wait().map_err(|error| Failure::new(format!("gangway apply: {error}")))?;
        if let Some(status) = ended {
            return Ok((status.code(), most));
        }
        most = memory(running.id(), "VmHWM:").unwrap_or(most);
        std::thread::sleep(Duration::from_millis(20));
    }
}

/// Writes an apply's journal back as it was when the last op had its outcome, and its plan beside it.
fn cut_off(folder: &Path, journal: &str) -> Done {
    let verified = |line: &&str| !line.contains(r#""record":"verified""#);
    let kept: String = journal.lines().take_while(verified).flat_map(|line| [line, "\n"]).collect();
    let path = folder.join(JOURNAL);
    fs::write(&path, kept).map_err(|error| failed(&path, &error))?;
    let (aside, plan) = (folder.join("journal.jsonl.1.plan.json"), folder.join("journal.jsonl.plan.json"));
    fs::copy(&aside, plan).map(drop).map_err(|error| failed(&aside, &error))
}

fn intents(journal: &str) -> u32 {
    let intents = journal.lines().filter(|line| line.contains(r#""record":"intent""#)).count();
    u32::try_from(intents).unwrap_or(u32::MAX)
}

/// How many virtual keys a journal says were made, and from the first intent to the last outcome.
fn pace(journal: &str) -> Done<(u32, Duration)> {
    let of_keys = || journal.lines().filter(|line| line.contains(r#""op":"virtual_key/"#));
    let made = of_keys().filter(|line| line.contains(r#""result":"created""#)).count();
    let moment = |line: &str| -> Option<u64> {
        let (_, rest) = line.split_once(r#""at":""#)?;
        let (date, clock) = rest.split_once('"')?.0.trim_end_matches('Z').split_once('T')?;
        let mut parts = clock.split(':');
        let (hours, minutes) = (parts.next()?.parse::<u64>().ok()?, parts.next()?.parse::<u64>().ok()?);
        let (seconds, fraction) = parts.next().map(|part| part.split_once('.').unwrap_or((part, "0")))?;
        let millis: u64 = format!("{fraction:0<3}").parse().ok()?;
        let day: u64 = date.rsplit('-').next()?.parse().ok()?;
        Some((((day * 24 + hours) * 60 + minutes) * 60 + seconds.parse::<u64>().ok()?) * 1000 + millis)
    };
    let first = of_keys().find(|line| line.contains(r#""record":"intent""#)).and_then(moment);
    let last = of_keys().filter(|line| line.contains(r#""record":"outcome""#)).filter_map(moment).next_back();
    let span = first.zip(last).and_then(|(first, last)| last.checked_sub(first)).filter(|span| *span > 0);
    let made = u32::try_from(made).unwrap_or(u32::MAX);
    match span {
        Some(millis) if made > 0 => Ok((made, Duration::from_millis(millis))),
        _ => Err(Failure::new("the journal of the apply tells of no virtual key that was made")),
    }
}

/// The writes of an apply, kept on their way.
fn recorded(home: &Home, folder: &Path) -> Done<Vec<Message>> {
    let gateway = practice(home, 0)?;
    let recorder = Recorder::before(address(&gateway.said))?;
    drop(apply(home, folder, &format!("http://{}", recorder.address))?);
    forget(folder);
    Ok(recorder.writes())
}

fn address(url: &str) -> &str {
    url.trim_start_matches("http://")
}

/// Takes the journal of an apply away, so that the next one knows nothing of it.
fn forget(folder: &Path) {
    let files = fs::read_dir(folder).into_iter().flatten().flatten().map(|file| file.path());
    let of_journal = |path: &PathBuf| path.file_name().is_some_and(|name| name.to_string_lossy().starts_with(JOURNAL));
    for path in files.filter(of_journal) {
        drop(fs::remove_file(path));
    }
}

/// A practice gateway of our own that takes so long for a write; its address.
fn practice(home: &Home, write_millis: u32) -> Done<Served<String>> {
    let mut practice = home.command(&home.gangway().to_string_lossy());
    practice.args(["practice", "--write-millis", &write_millis.to_string()]);
    Served::start(&mut practice, |line| line.trim().strip_prefix("BIFROST_URL=").map(str::to_owned))
}

fn failed(path: &Path, error: &std::io::Error) -> Failure {
    Failure::new(format!("{}: {error}", path.display()))
}

#[cfg(test)]
mod tests {
    use super::pace;

    #[test]
    fn a_pace_is_read_from_a_journal() {
        let line = |record: &str, op: &str, at: &str, more: &str| {
            format!(r#"{{"seq":1,"at":"2026-11-22T23:59:{at}Z","prev":"","record":"{record}","op":"{op}"{more}}}"#)
        };
        let made = r#","result":"created""#;
        let journal = [
            line("intent", "team/a", "01", ""),
            line("intent", "virtual_key/a", "02.5", ""),
            line("outcome", "virtual_key/a", "03", made),
            line("intent", "virtual_key/b", "03.1", ""),
            line("outcome", "virtual_key/b", "04.500", made),
            line("outcome", "routing_rule/x", "09", made),
        ];
        let (keys, took) = pace(&journal.join("\n")).expect("two keys");
        assert_eq!((keys, took.as_millis()), (2, 2_000));
        assert!(pace("").is_err());
        assert!(pace(&line("outcome", "virtual_key/a", "03", r#","result":"failed""#)).is_err());
    }
}
