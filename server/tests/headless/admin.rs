//! The first administrator of a gateway: offered, and made only when told to.

use super::Gangway;

const TOKEN: &str = "practice-setup-token";
const PASSWORD: &str = "Canary-Passw0rd!";

/// The command with a login and, where one is given, a setup token.
fn with(gangway: &Gangway, words: &[&str], password: &str, token: Option<&str>) -> (i32, String) {
    let mut command = gangway.command(words);
    command.env("BIFROST_USER", "root").env("BIFROST_PASSWORD", password);
    if let Some(token) = token {
        command.env("BIFROST_SETUP_TOKEN", token);
    }
    let output = command.output().expect("the command");
    let said = String::from_utf8_lossy(&output.stdout).into_owned() + &String::from_utf8_lossy(&output.stderr);
    assert!(!said.contains(password) && !said.contains(TOKEN), "{said}");
    (output.status.code().unwrap_or(-1), said)
}

#[track_caller]
fn check(version: &str, wants_token: bool) {
    let gangway = Gangway::on(&format!("admin-{version}"), version);
    let before = gangway.path("state.json");
    let admin = |words: &[&str], token| with(&gangway, words, PASSWORD, token);

    let (code, said) = gangway.run(&["admin"]);
    assert!(code == 1 && said.contains("the administrator to be made is not given"), "{said}");
    let (code, said) = admin(&["admin"], Some(TOKEN));
    assert!(
        code == 0 && said.contains("root would be the administrator of http://") && said.contains("--yes"),
        "{said}"
    );
    assert!(!before.exists(), "a dry run wrote to the gateway");
    if wants_token {
        for token in [None, Some("wrong")] {
            let (code, said) = admin(&["admin", "--yes"], token);
            assert!(code == 1 && said.to_lowercase().contains("setup token"), "{said}");
        }
        let (code, said) = with(&gangway, &["admin", "--yes"], "short-canary", Some(TOKEN));
        assert!(code == 1 && said.contains("auth password must include"), "{said}");
    }
    let (code, said) = admin(&["admin", "--yes"], Some(TOKEN).filter(|_| wants_token));
    assert!(code == 0 && said.contains("root is the administrator now"), "{said}");
    assert!(!said.contains("changed as well"), "{said}");
    let (code, said) = admin(&["admin", "--yes"], None);
    assert!(code == 4 && said.contains("has an administrator already"), "{said}");

    let (code, said) = gangway.run(&["plan"]);
    assert!(code == 1 && said.contains("Give the administrator's user and password"), "{said}");
    let (code, said) = admin(&["apply", "--expiring-keys", "inactive"], None);
    assert_eq!(code, 0, "{said}");
}

#[test]
fn a_gateway_gets_its_first_administrator_when_told_to() {
    check("1.5.2", false);
    check("1.5.16", false);
    check("2.0.0-prerelease3", true);
    check("2.2.6", true);
}
