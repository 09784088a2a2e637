//! The commands without a page, as processes of their own, against a gateway that survives them.

mod admin;
mod afterwards;
mod delta;
mod disk;
mod doctor;
mod events;
mod export;
#[path = "../postgres_support.rs"]
#[expect(dead_code, reason = "the relay's tests use the rest of it")]
mod postgres_support;
mod processors;
mod proxy;
#[path = "../relay/running.rs"]
#[expect(dead_code, reason = "the relay's tests use the rest of it")]
mod running;
mod snapshot;
mod stop;
mod undo;
mod vendor;

use std::path::{Path, PathBuf};
use std::process::{Child, Stdio};
use std::time::Duration;

use running::{Dice, Folder, Process, command, gateway_state};
use serde_json::Value;
use support::company;

/// The names of the vendor's tool, so that its scripts work as they are.
struct Gangway {
    folder: Folder,
    gateway: Process,
    url: String,
}

impl Gangway {
    /// A practice gateway that keeps its state in a file.
    fn new(name: &str) -> Self {
        Self::on(name, "2.0.0-prerelease3")
    }

    /// The same of another release.
    fn on(name: &str, version: &str) -> Self {
        Self::serving(name, &["--practice-version", version])
    }

    /// The same, started with these words.
    fn serving(name: &str, words: &[&str]) -> Self {
        let folder = Folder::new(name);
        let state = folder.0.join("state.json").display().to_string();
        let gateway = Process::start(&[&["practice", "--state", &state], words].concat(), &[], 4);
        let url =
            gateway.said.iter().find_map(|line| line.strip_prefix("BIFROST_URL=")).expect("its address").to_owned();
        Self { folder, gateway, url }
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.0.join(name)
    }

    /// A command over the recorded company.
    fn command(&self, words: &[&str]) -> std::process::Command {
        let recorded = company::fixtures().join("litellm/1.101.6");
        let config = recorded.join("config.yaml").display().to_string();
        let dump = recorded.join("db-data.sql").display().to_string();
        let api = self.api(&recorded).display().to_string();
        let journal = self.path("journal.jsonl").display().to_string();
        let mut args: Vec<&str> = words.to_vec();
        if !["admin", "report", "undo", "tokens"].iter().any(|word| words.contains(word)) {
            args.extend(["--dump", &dump, "--api", &api]);
        }
        if !["admin", "plan", "snapshot", "export"].iter().any(|word| words.contains(word)) {
            args.extend(["--journal", &journal]);
        }
        let env =
            [("BIFROST_URL", self.url.as_str()), ("LITELLM_CONFIG", &config), ("LITELLM_SALT_KEY", company::SALT_KEY)];
        command(&args, &env)
    }

    /// The saved API answers in a folder of their own.
    #[expect(clippy::disallowed_methods, reason = "tests read and write files")]
    fn api(&self, recorded: &Path) -> PathBuf {
        let folder = self.path("api");
        std::fs::create_dir_all(&folder).expect("a folder");
        for (name, bytes) in company::files("1.101.6") {
            if Path::new(&name).extension().is_some_and(|extension| extension == "json") {
                std::fs::write(folder.join(&name), bytes).expect("a file");
            }
        }
        assert!(recorded.exists());
        folder
    }

    /// The path of a file that holds this.
    #[expect(clippy::disallowed_methods, reason = "tests write files")]
    fn write(&self, name: &str, text: &str) -> String {
        std::fs::write(self.path(name), text).expect("a file");
        self.path(name).display().to_string()
    }

    fn run(&self, words: &[&str]) -> (i32, String) {
        let output = self.command(words).output().expect("the command");
        let said = String::from_utf8_lossy(&output.stdout).into_owned() + &String::from_utf8_lossy(&output.stderr);
        (output.status.code().unwrap_or(-1), said)
    }

    /// A command under way when the journal has so many lines, or over by then.
    fn under_way(&self, words: &[&str], lines: usize) -> Child {
        let mut command = self.command(words);
        let mut child = command.stdout(Stdio::null()).stderr(Stdio::piped()).spawn().expect("the command");
        while child.try_wait().expect("a child").is_none() && self.text("journal.jsonl").lines().count() < lines {
            std::thread::sleep(Duration::from_micros(200));
        }
        child
    }

    /// Kills a command when the journal has so many lines: SIGKILL on Unix.
    fn killed_at(&self, words: &[&str], lines: usize) {
        let mut child = self.under_way(words, lines);
        drop(child.kill());
        child.wait().expect("its end");
    }

    /// Everything the gateway holds, without ids, times and values.
    fn state(&self) -> Value {
        gateway_state(&self.path("state.json"))
    }

    #[expect(clippy::disallowed_methods, reason = "tests read files")]
    fn text(&self, name: &str) -> String {
        std::fs::read_to_string(self.path(name)).unwrap_or_default()
    }
}

#[test]
fn the_whole_line_and_its_exit_codes() {
    let gangway = Gangway::new("whole-line");
    let (code, said) = gangway.run(&["plan", "--detailed-exitcode"]);
    assert_eq!(code, 2, "{said}");
    let before = gangway.path("state.json").exists();
    assert!(!before, "planning wrote to the gateway");
    let (code, said) = gangway.run(&["apply", "--dry-run"]);
    assert_eq!(code, 0, "{said}");
    assert!(!gangway.path("state.json").exists(), "a dry run wrote to the gateway");
    let out = gangway.path("report.json").display().to_string();
    let html = gangway.path("report.html").display().to_string();
    let (code, said) = gangway.run(&["apply", "--out", &out, "--html", &html]);
    assert_eq!(code, 0, "{said}");
    let (code, said) = gangway.run(&["plan", "--detailed-exitcode"]);
    assert_eq!(code, 0, "the second plan is not empty: {said}");
    let (code, said) = gangway.run(&["verify"]);
    assert_eq!(code, 0, "{said}");
    let keys = gangway.text("journal.jsonl.keys.csv");
    assert_eq!(keys.lines().count(), 7, "six keys are handed out below one heading");
    for name in ["journal.jsonl", "journal.jsonl.plan.json", "report.json", "report.html"] {
        let text = gangway.text(name);
        assert!(!text.is_empty(), "{name}");
        for canary in company::CANARIES.iter().chain(&["sk-bf-"]) {
            assert!(!text.contains(canary), "{name} holds {canary}");
        }
    }
    let (_, planned) = gangway.run(&["plan"]);
    for canary in company::CANARIES.iter().chain(&["sk-bf-"]) {
        assert!(!said.contains(canary) && !planned.contains(canary), "the terminal shows {canary}");
    }
}

/// What could not be read is said last, whatever else is said, and nothing is written until it is accepted.
#[test]
fn a_part_is_not_taken_for_the_whole() {
    let gangway = Gangway::new("part");
    let plan = gangway.path("plan.json").display().to_string();
    let dead = ["--litellm-url", "http://127.0.0.1:9"];
    let (code, said) = gangway.run(&[&["apply"], &dead[..]].concat());
    assert_eq!(code, 4, "{said}");
    assert!(said.contains("refused: ") && said.contains("cannot be reached"), "{said}");
    assert!(!gangway.path("state.json").exists(), "a proxy that does not answer wrote to the gateway");
    let (code, said) = gangway.run(&[&["plan", "--out", &plan], &dead[..]].concat());
    assert_eq!(code, 4, "{said}");
    assert!(said.contains("--accept-partial api"), "{said}");
    let last: Vec<&str> = said.lines().rev().take(2).collect();
    assert!(last[1].starts_with("not complete: only a part was read of LiteLLM API: "), "{said}");
    assert!(last[0].contains("gangway doctor"), "{said}");
    assert!(gangway.text("plan.json").contains("\n  \"complete\": false,\n"), "the plan says it too");
    let (code, said) = gangway.run(&[&["plan", "--accept-partial", "api"], &dead[..]].concat());
    assert_eq!(code, 0, "{said}");
    let output = gangway.command(&["plan"]).env("LITELLM_SALT_KEY", "another").output().expect("the command");
    let said = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(said.contains("not complete: 20 encrypted values not opened"), "{said}");
    let (_, said) = gangway.run(&["plan"]);
    assert!(!said.contains("not complete"), "{said}");
}

/// Any truthy `DRY_RUN` is a dry run, and no arguments print help.
#[test]
fn nothing_is_written_by_mistake() {
    let gangway = Gangway::new("dry-run");
    for value in ["1", "true", "yes", "on"] {
        let output = gangway.command(&["apply"]).env("DRY_RUN", value).output().expect("the command");
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        assert!(!gangway.path("state.json").exists(), "DRY_RUN={value} wrote to the gateway");
    }
    let help = command(&[], &[]).output().expect("help");
    assert!(
        String::from_utf8_lossy(&help.stderr).contains("Usage")
            || String::from_utf8_lossy(&help.stdout).contains("Usage")
    );
}

#[test]
fn a_stale_plan_is_refused() {
    let gangway = Gangway::new("stale");
    let plan = gangway.path("plan.json").display().to_string();
    assert_eq!(gangway.run(&["plan", "--out", &plan]).0, 0);
    // Somebody makes a customer meanwhile.
    let body = "{\"name\": \"Acme Corp\"}";
    let address = gangway.url.strip_prefix("http://").expect("http");
    post(address, "/api/governance/customers", body);
    let (code, said) = gangway.run(&["apply", "--plan", &plan]);
    assert_eq!(code, 4, "{said}");
    assert!(said.contains("changed since"), "{said}");
}

fn post(address: &str, path: &str, body: &str) {
    use std::io::{Read, Write};
    let mut stream = std::net::TcpStream::connect(address).expect("the gateway");
    let length = body.len();
    write!(stream, "POST {path} HTTP/1.1\r\nHost: {address}\r\nContent-Type: application/json\r\nContent-Length: {length}\r\nConnection: close\r\n\r\n{body}").expect("a request");
    let mut answer = String::new();
    stream.read_to_string(&mut answer).expect("an answer");
    assert!(answer.starts_with("HTTP/1.1 200"), "{answer}");
}

fn put(address: &str, path: &str, body: &Value) {
    use std::io::{Read, Write};
    let mut stream = std::net::TcpStream::connect(address).expect("the gateway");
    let (body, mut answer) = (body.to_string(), String::new());
    let length = body.len();
    write!(stream, "PUT {path} HTTP/1.1\r\nHost: {address}\r\nContent-Type: application/json\r\nContent-Length: {length}\r\nConnection: close\r\n\r\n{body}").expect("a request");
    stream.read_to_string(&mut answer).expect("an answer");
    assert!(answer.starts_with("HTTP/1.1 200"), "{answer}");
}

/// The gateway goes away in the middle, for longer than it is waited for.
fn broken_off(name: &str) -> Gangway {
    let mut gangway = Gangway::new(name);
    let mut child = gangway.under_way(&["apply", "--expiring-keys", "inactive"], 20);
    gangway.gateway.kill();
    assert_eq!(child.wait().expect("its end").code(), Some(1));
    assert!(gangway.text("journal.jsonl").ends_with("\"end\":\"failed\"}\n"), "it did not break off");
    let (port, state) = (gangway.url.rsplit(':').next().expect("a port"), gangway.path("state.json"));
    let state = state.display().to_string();
    gangway.gateway = Process::start(&["practice", "--port", port, "--state", &state], &[], 4);
    gangway
}

#[test]
fn an_apply_that_broke_off_is_gone_on_with() {
    let gangway = broken_off("broken-off");
    let (code, said) = gangway.run(&["apply", "--expiring-keys", "inactive"]);
    assert!(code == 0 && said.contains("taking up the apply that was cut off"), "{said}");
    assert!(!gangway.path("journal.jsonl.1").exists());
    let (code, said) = gangway.run(&["plan", "--detailed-exitcode", "--expiring-keys", "inactive"]);
    assert_eq!(code, 0, "the second plan is not empty: {said}");

    // Where LiteLLM has changed since, it is in nobody's way.
    let gangway = broken_off("broken-off-changed");
    let config = gangway.write("other.yaml", "model_list: [{model_name: a, litellm_params: {model: openai/gpt-4o}}]");
    let mut other = gangway.command(&["apply", "--expiring-keys", "inactive"]);
    let output = other.env("LITELLM_CONFIG", config).output().expect("the command");
    assert!(gangway.path("journal.jsonl.1").exists(), "{}", String::from_utf8_lossy(&output.stderr));
}

/// LiteLLM changed while an apply was cut off: the plan of now is read and applied, and goes on from what was made.
#[test]
fn an_apply_that_was_cut_off_makes_room_for_a_plan_that_was_read_since() {
    let gangway = Gangway::new("cut-off-changed");
    gangway.killed_at(&["apply", "--expiring-keys", "inactive"], 50);
    assert!(!gangway.text("journal.jsonl").contains("\"record\":\"closed\""), "it was not cut off");
    let config = gangway.write("other.yaml", "model_list: [{model_name: a, litellm_params: {model: openai/gpt-4o}}]");
    let changed = |words: &[&str]| {
        let mut words = words.to_vec();
        words.extend(["--expiring-keys", "inactive"]);
        let output = gangway.command(&words).env("LITELLM_CONFIG", &config).output().expect("the command");
        (output.status.code(), String::from_utf8_lossy(&output.stderr).into_owned())
    };
    // Nobody has read what would be done now.
    let (code, said) = changed(&["apply"]);
    assert!(code == Some(4) && said.contains("LiteLLM has changed since this apply began"), "{said}");
    let [plan, journal] = ["plan.json", "journal.jsonl"].map(|name| gangway.path(name).display().to_string());
    assert_eq!(changed(&["plan", "--out", &plan, "--journal", &journal]).0, Some(0));
    let (code, said) = changed(&["apply", "--plan", &plan]);
    assert!(code == Some(0) && said.contains("put aside"), "{said}");
    assert!(gangway.path("journal.jsonl.1").exists(), "the journal that was cut off is kept");
    let (code, said) = changed(&["plan", "--detailed-exitcode", "--journal", &journal]);
    assert_eq!(code, Some(0), "the second plan is not empty: {said}");
}

/// Killed at 50 places, taken up again each time: the end is the one of a run that was never disturbed.
#[test]
fn killed_anywhere_and_taken_up_again() {
    killed("2.0.0-prerelease3", 50);
}

/// The same on the oldest release that is no longer refused.
#[test]
fn killed_anywhere_on_the_oldest_target() {
    killed("1.5.2", 10);
}

#[track_caller]
fn killed(version: &str, rounds: usize) {
    // Before 1.6.3 a person has to say what becomes of keys that expire.
    let apply = ["apply", "--expiring-keys", "inactive"];
    let undisturbed = Gangway::on(&format!("undisturbed-{version}"), version);
    let (code, said) = undisturbed.run(&apply);
    assert_eq!(code, 0, "{said}");
    let wanted = undisturbed.state();
    let handed_out = disk::names(&undisturbed);
    let records = undisturbed.text("journal.jsonl").lines().count();
    let mut dice = Dice(2026);
    for round in 0..rounds {
        let at = 1 + dice.below(records - 1);
        let gangway = Gangway::on(&format!("killed-{version}-{round}"), version);
        gangway.killed_at(&apply, at);
        let (code, said) = gangway.run(&apply);
        assert_eq!(code, 0, "killed at record {at}: {said}");
        assert_eq!(gangway.state(), wanted, "killed at record {at}");
        assert_eq!(disk::names(&gangway), handed_out, "killed at record {at}, new keys are missing from the file");
        let (code, said) = gangway.run(&["plan", "--detailed-exitcode", "--expiring-keys", "inactive"]);
        assert_eq!(code, 0, "killed at record {at}, the second plan is not empty: {said}");
        drop(gangway.gateway);
    }
}
