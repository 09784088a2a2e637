//! Weeks later LiteLLM has changed: the journals say what was made for whom, and what is gone goes when that is asked for.

use std::fmt::Write as _;

use super::Gangway;
use super::running::command;

const CONFIG: &str = "model_list:
- model_name: gpt-4o
  litellm_params: {model: openai/gpt-4o, api_key: sk-canary-0123456789abcdef}
";

/// A command over a LiteLLM with these keys: when they were made, and what they are called.
#[track_caller]
fn run(gangway: &Gangway, keys: &[(u8, &str)], words: &[&str]) -> (i32, String) {
    let mut dump = String::from("--\n-- PostgreSQL database dump\n--\n\n");
    for (made, alias) in keys {
        let _ = writeln!(
            dump,
            "INSERT INTO public.\"LiteLLM_VerificationToken\" (\"token\", \"created_at\", \"key_alias\", \"models\") \
             VALUES ('{}', '2026-0{made}-01 08:00:00.1', '{alias}', '{{gpt-4o}}');",
            made.to_string().repeat(64)
        );
    }
    dump += "\n--\n-- PostgreSQL database dump complete\n--\n";
    let (config, dump) = (gangway.write("small.yaml", CONFIG), gangway.write("small.sql", &dump));
    let journal = gangway.path("journal.jsonl").display().to_string();
    let args = [words, &["--config", &config, "--dump", &dump, "--journal", &journal]].concat();
    let output = command(&args, &[("BIFROST_URL", gangway.url.as_str())]).output().expect("the command");
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
        assert!(!text.is_empty() && !text.contains("sk-canary") && !text.contains(&"1".repeat(64)), "{name}");
    }
}
