//! Weeks later LiteLLM has changed: the journals say what was made for whom, and what is gone goes when that is asked for.

use std::fmt::Write as _;
use std::process::{Command, Stdio};
use std::time::Duration;

use bifrost::{Answer, Call, Observer};
use plan::Choices;
use wire::{CallTarget, GetEarlier, Nothing, Relayed, TargetCall};

use super::Gangway;
use super::running::{Dice, Relay, command};

const CONFIG: &str = "model_list:
- model_name: gpt-4o
  litellm_params: {model: openai/gpt-4o, api_key: sk-canary-0123456789abcdef}
";

/// The hash of a key, by when it was made.
fn hash(made: u8) -> String {
    format!("{:02x}", 0x11 * made).repeat(32)
}

/// A command over a LiteLLM with these keys: on which day they were made, and what they are called.
fn over(gangway: &Gangway, keys: &[(u8, &str)], words: &[&str]) -> Command {
    let mut dump = String::from("--\n-- PostgreSQL database dump\n--\n\n");
    for (made, alias) in keys {
        let _ = writeln!(
            dump,
            "INSERT INTO public.\"LiteLLM_VerificationToken\" (\"token\", \"created_at\", \"key_alias\", \"models\") \
             VALUES ('{}', '2026-03-{made:02} 08:00:00.1', '{alias}', '{{gpt-4o}}');",
            hash(*made)
        );
    }
    dump += "\n--\n-- PostgreSQL database dump complete\n--\n";
    let (config, dump) = (gangway.write("small.yaml", CONFIG), gangway.write("small.sql", &dump));
    let journal = gangway.path("journal.jsonl").display().to_string();
    let args = [words, &["--config", &config, "--dump", &dump, "--journal", &journal]].concat();
    command(&args, &[("BIFROST_URL", gangway.url.as_str())])
}

#[track_caller]
fn run(gangway: &Gangway, keys: &[(u8, &str)], words: &[&str]) -> (i32, String) {
    let output = over(gangway, keys, words).output().expect("the command");
    let said = String::from_utf8_lossy(&output.stdout).into_owned() + &String::from_utf8_lossy(&output.stderr);
    assert!(!said.contains("sk-canary") && !said.contains("sk-bf-"), "{said}");
    (output.status.code().unwrap_or(-1), said)
}

#[test]
fn only_the_difference_is_done_and_what_is_gone_goes_when_asked() {
    let gangway = Gangway::new("delta");
    let (code, said) = run(&gangway, &[(1, "app"), (2, "batch")], &["apply"]);
    assert_eq!(code, 0, "{said}");
    let later = [(1, "app-new")];
    let (code, said) = run(&gangway, &later, &["plan"]);
    assert!(code == 0 && said.contains("it was called app; differs in name"), "{said}");
    assert!(said.contains("1 virtual key still let in, that LiteLLM no longer has"), "{said}");
    let before = gangway.state();
    let (code, said) = run(&gangway, &later, &["apply", "--dry-run", "--delete-gone"]);
    assert!(code == 0 && said.contains("1 object no longer in LiteLLM, 1 to be removed after the plan"), "{said}");
    assert_eq!(gangway.state(), before, "a dry run wrote to the gateway");
    let (code, said) = run(&gangway, &later, &["apply"]);
    assert_eq!(code, 0, "{said}");
    let state = gangway.state().to_string();
    assert!(state.contains("app-new") && state.contains("\"batch\""), "it stays until it is asked for: {state}");
    let (code, said) = run(&gangway, &later, &["apply", "--delete-gone"]);
    assert!(code == 0 && said.contains("1 of 1 object removed that LiteLLM no longer has"), "{said}");
    assert!(!gangway.state().to_string().contains("\"batch\""));
    let (code, said) = run(&gangway, &later, &["plan", "--detailed-exitcode"]);
    assert!(code == 0 && !said.contains("no longer in LiteLLM"), "{said}");
    for name in ["journal.jsonl", "journal.jsonl.1", "journal.jsonl.1.plan.json", "journal.jsonl.2.plan.json"] {
        let text = gangway.text(name);
        assert!(!text.is_empty() && !text.contains("sk-canary") && !text.contains(&hash(1)), "{name}");
    }
}

/// What the page plans with what the relay tells it: with the same inputs as the command.
fn on_the_page(gangway: &Gangway) -> String {
    let journal = gangway.path("journal.jsonl").display().to_string();
    let relay = Relay::with(&["--journal", &journal], &[("BIFROST_URL", &gangway.url)]);
    let told = relay.call::<GetEarlier>(&Nothing {}).expect("what was before");
    assert_eq!(told.notes, Vec::<String>::new());
    assert!(!told.text.contains("sk-") && !told.text.contains(&hash(1)), "{}", told.text);
    let mut observer = Observer::new();
    while let Some(Call { endpoint, params, query, body }) = observer.next() {
        let call = TargetCall { endpoint: endpoint.id().to_owned(), params, query, body };
        let Relayed { status, content_type, body, .. } = relay.call::<CallTarget>(&call).expect("an answer");
        observer.on(&Answer { status, content_type, body });
    }
    let files = ["small.yaml", "small.sql"].map(|name| (name, gangway.text(name)));
    let inputs = files.each_ref().map(|(name, text)| litellm::Input::File { name, bytes: text.as_bytes() });
    let (inventory, vault) = inventory::gather(litellm::read(&inputs)).open(&[]);
    let (observed, choices) = (observer.finish().expect("a gateway"), Choices::default());
    let earlier = serde_json::from_str(&told.text).expect("what was before");
    let plan = plan::plan_after(&inventory, &vault, &observed, &choices, support::company::now(), &earlier);
    report::plan_json(&plan)
}

#[test]
fn the_page_plans_what_the_command_plans() {
    let gangway = Gangway::new("delta-page");
    let out = gangway.path("plan.json").display().to_string();
    let steps: [&[(u8, &str)]; 4] = [
        &[(1, "app"), (2, "batch"), (3, "nightly")],
        &[(1, "app-new"), (3, "nightly")],
        &[(1, "nightly"), (3, "app"), (4, "batch")],
        &[(3, "other")],
    ];
    for (at, keys) in steps.into_iter().enumerate() {
        let (code, said) = run(&gangway, keys, &["plan", "--out", &out]);
        assert_eq!(code, 0, "{said}");
        let (page, command) = (on_the_page(&gangway), gangway.text("plan.json"));
        assert!(page == command, "step {at}: they differ\n{page}\n{command}");
        let told = (command.contains("it was called "), command.contains("\"plan.gone\""));
        assert_eq!(told, (at > 0, at > 0), "step {at}");
        let (code, said) = run(&gangway, keys, &["apply"]);
        assert_eq!(code, 0, "{said}");
    }
}

/// Killed at many places while it removes what is gone, it comes to the end of a run that was never disturbed.
#[test]
fn killed_anywhere_what_is_gone_goes_all_the_same() {
    let names: Vec<String> = (1..=14).map(|made| format!("app-{made:02}")).collect();
    let before: Vec<(u8, &str)> = (1..).zip(names.iter().map(String::as_str)).collect();
    let later: Vec<(u8, &str)> =
        [(2, "renamed"), (15, "new")].into_iter().chain(before[10..].iter().copied()).collect();
    let removal = ["apply", "--delete-gone"];
    let undisturbed = Gangway::new("gone-undisturbed");
    assert_eq!(run(&undisturbed, &before, &["apply"]).0, 0);
    let (code, said) = run(&undisturbed, &later, &removal);
    assert!(code == 0 && said.contains("9 of 9 objects removed that LiteLLM no longer has"), "{said}");
    let wanted = undisturbed.state();
    let records = undisturbed.text("journal.jsonl").lines().count();
    let mut dice = Dice(1871);
    let mut cut_off = 0;
    for round in 0..24 {
        let at = dice.below(records + 1);
        let gangway = Gangway::new(&format!("gone-killed-{round}"));
        assert_eq!(run(&gangway, &before, &["apply"]).0, 0);
        let mut removing = over(&gangway, &later, &removal);
        let mut child = removing.stdout(Stdio::null()).stderr(Stdio::null()).spawn().expect("the command");
        let is_there =
            || gangway.path("journal.jsonl.1").exists() && gangway.text("journal.jsonl").lines().count() >= at;
        while child.try_wait().expect("a child").is_none() && !is_there() {
            std::thread::sleep(Duration::from_micros(200));
        }
        drop(child.kill());
        child.wait().expect("its end");
        cut_off += usize::from(!gangway.text("journal.jsonl").ends_with("\"end\":\"finished\"}\n"));
        let (code, said) = run(&gangway, &later, &removal);
        assert_eq!(code, 0, "killed at record {at}: {said}");
        assert_eq!(gangway.state(), wanted, "killed at record {at}");
        let (code, said) = run(&gangway, &later, &["plan", "--detailed-exitcode"]);
        assert!(code == 0 && !said.contains("no longer in LiteLLM"), "killed at record {at}: {said}");
    }
    assert!(cut_off > 4, "hardly any run was cut off: {cut_off} of 24");
}
