//! `gangway snapshot`, and what is done with one.

use std::os::unix::fs::PermissionsExt;

use support::company;

use super::{Gangway, command};

impl Gangway {
    /// A command that knows nothing but a snapshot, the salt key and the gateway.
    fn away(&self, words: &[&str], snapshot: &str) -> (i32, String) {
        let journal = self.path("journal.jsonl").display().to_string();
        let mut args: Vec<&str> = words.to_vec();
        args.extend(["--snapshot", snapshot]);
        if words[0] != "plan" {
            args.extend(["--journal", &journal]);
        }
        let env = [("BIFROST_URL", self.url.as_str()), ("LITELLM_SALT_KEY", company::SALT_KEY)];
        let output = command(&args, &env).output().expect("the command");
        let said = String::from_utf8_lossy(&output.stdout).into_owned() + &String::from_utf8_lossy(&output.stderr);
        (output.status.code().unwrap_or(-1), said)
    }
}

#[test]
fn a_plan_is_made_away_from_the_proxy_and_applied() {
    let gangway = Gangway::new("away");
    let out = gangway.path("s.json").display().to_string();
    let (code, said) = gangway.run(&["snapshot", "--out", &out]);
    assert_eq!(code, 0, "{said}");
    assert!(said.contains("LITELLM API") || said.contains("LiteLLM API: "), "{said}");
    assert!(said.contains("objects in the snapshot; "), "{said}");
    assert!(said.contains("give config.yaml beside the snapshot to have them"), "{said}");
    let text = gangway.text("s.json");
    for canary in company::CANARIES {
        assert!(!text.contains(canary), "the snapshot holds {canary}");
        assert!(!said.contains(canary), "the terminal shows {canary}");
    }
    let mode = std::fs::metadata(&out).expect("the snapshot").permissions().mode();
    assert_eq!(mode & 0o777, 0o600, "others could read it");

    // Not over a file that is there, unless told to.
    let (code, said) = gangway.run(&["snapshot", "--out", &out]);
    assert_eq!(code, 1, "{said}");
    assert!(said.contains("is there already") && said.contains("--force"), "{said}");
    assert_eq!(gangway.run(&["snapshot", "--force", "--out", &out]).0, 0);
    assert_eq!(gangway.text("s.json"), text, "the same bytes");

    // The key in clear of config.yaml is missing, and said to be.
    let (code, said) = gangway.away(&["plan"], &out);
    assert_eq!(code, 0, "{said}");
    assert!(said.contains("my-custom-llm is not moved: its api_key stands in clear"), "{said}");
    let config = company::fixtures().join("litellm/1.101.6/config.yaml").display().to_string();
    let (code, said) = gangway.away(&["plan", "--config", &config], &out);
    assert_eq!(code, 0, "{said}");
    assert!(!said.contains("my-custom-llm is not moved"), "{said}");

    // Applied from the snapshot, with the originals there is one model more to do.
    let (code, said) = gangway.away(&["apply"], &out);
    assert_eq!(code, 0, "{said}");
    let (code, said) = gangway.run(&["plan", "--detailed-exitcode"]);
    assert_eq!(code, 2, "{said}");
    assert!(said.contains("my-custom-llm"), "{said}");
    assert_eq!(gangway.away(&["plan", "--detailed-exitcode"], &out).0, 0, "the second plan is empty");
}

/// What a snapshot leaves out and no plan needs does not make its plan stale.
#[test]
#[expect(clippy::disallowed_methods, reason = "tests read and write files")]
fn a_plan_of_a_snapshot_is_applied_with_the_originals() {
    let gangway = Gangway::new("originals");
    let config = gangway.path("config.yaml");
    let text = "general_settings: {master_key: canary-master-0123456789}\nmodel_list:\n  - model_name: gpt-4o\n    \
                litellm_params: {model: openai/gpt-4o, api_key: os.environ/OPENAI_API_KEY}\n";
    std::fs::write(&config, text).expect("a file");
    let path = |name: &str| gangway.path(name).display().to_string();
    let (config, snapshot, plan) = (config.display().to_string(), path("s.json"), path("plan.json"));
    let run = |args: &[&str]| {
        let output = command(args, &[("BIFROST_URL", &gangway.url)]).output().expect("the command");
        let said = String::from_utf8_lossy(&output.stderr).into_owned();
        (output.status.code().unwrap_or(-1), said)
    };
    assert_eq!(run(&["snapshot", "--config", &config, "--out", &snapshot]).0, 0);
    assert!(!gangway.text("s.json").contains("canary"), "the master key is in the snapshot");
    let (code, said) = run(&["plan", "--snapshot", &snapshot, "--out", &plan]);
    assert_eq!(code, 0, "{said}");
    assert!(gangway.text("plan.json").contains("snapshot.left_out"), "the plan says what was left out");
    let journal = path("journal.jsonl");
    let (code, said) = run(&["apply", "--config", &config, "--plan", &plan, "--journal", &journal]);
    assert_eq!(code, 0, "{said}");
}

#[test]
fn nothing_to_read_is_no_snapshot() {
    let gangway = Gangway::new("nothing");
    let out = gangway.path("s.json").display().to_string();
    let run = |args: &[&str]| {
        let output = command(args, &[]).output().expect("the command");
        (output.status.code().unwrap_or(-1), String::from_utf8_lossy(&output.stderr).into_owned())
    };
    let (code, said) = run(&["snapshot", "--out", &out]);
    assert_eq!(code, 1);
    assert!(said.contains("there is nothing to read"), "{said}");
    let (code, said) = run(&["snapshot", "--out", &out, "--litellm-url", "http://127.0.0.1:9"]);
    assert_eq!(code, 1);
    assert!(said.contains("no snapshot is written"), "{said}");
    let (code, said) = run(&["snapshot", "--out", "/nowhere/s.json", "--litellm-url", "http://127.0.0.1:9"]);
    assert_eq!(code, 1, "{said}");
    assert!(!gangway.path("s.json").exists());
}
