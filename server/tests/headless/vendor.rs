//! What the vendor's own tool does with its command line (`reference/official-cli.md` 8.3).

use super::Gangway;

/// Help prints help, a word that means nothing is refused, and neither writes to the gateway.
#[test]
fn point_27_claim_16_no_word_starts_a_migration_by_mistake() {
    let gangway = Gangway::new("point-27");
    for words in [&["--help"][..], &["-h"], &["apply", "--help"]] {
        let (code, said) = gangway.run(words);
        assert_eq!(code, 0, "{words:?}: {said}");
        assert!(said.contains("Usage: gangway"), "{words:?}: {said}");
    }
    for words in [&["migrate"][..], &["apply", "--dryrun"], &["apply", "now"], &["--apply"]] {
        let (code, said) = gangway.run(words);
        assert!(code != 0 && said.contains("error:"), "{words:?}: {code} {said}");
    }
    assert!(!gangway.path("state.json").exists(), "something was written to the gateway");
}

/// A failure is told from success by the exit status.
#[test]
fn claim_16_a_failure_is_no_success() {
    let gangway = Gangway::new("claim-16");
    let output = gangway.command(&["apply"]).env("LITELLM_SALT_KEY", "another").output().expect("the command");
    assert_eq!(output.status.code(), Some(4), "{}", String::from_utf8_lossy(&output.stderr));
    assert!(!gangway.path("state.json").exists(), "a wrong salt key wrote to the gateway");
    let output = gangway.command(&["apply"]).env("BIFROST_URL", "http://127.0.0.1:9").output().expect("the command");
    assert_eq!(output.status.code(), Some(1));
    assert_eq!(gangway.run(&["apply"]).0, 0);
}
