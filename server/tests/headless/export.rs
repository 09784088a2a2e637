//! `gangway export`: what it writes where, and for whose eyes.

use std::collections::BTreeMap;
use std::os::unix::fs::PermissionsExt;

use sandbox::{Gateway, Release};
use support::company;

use super::Gangway;

impl Gangway {
    fn mode(&self, name: &str) -> u32 {
        std::fs::metadata(self.path(name)).expect("a file").permissions().mode() & 0o777
    }
}

#[test]
fn a_gateway_starts_from_what_is_exported() {
    let gangway = Gangway::new("export");
    let path = |name: &str| gangway.path(name).display().to_string();
    let (out, values, keys) = (path("out"), path("values.env"), path("keys.csv"));
    let words = ["export", "--target-version", "2.0.0-prerelease3", "--out", &out];
    let whole: Vec<&str> = words.iter().copied().chain(["--values", &values, "--new-keys", &keys]).collect();
    let (code, said) = gangway.run(&whole);
    assert_eq!(code, 0, "{said}");
    assert!(said.contains("LiteLLM's tokens cannot be kept") && said.contains("17 variables to set"), "{said}");
    assert_eq!((gangway.mode("values.env"), gangway.mode("keys.csv")), (0o600, 0o600), "others could read them");
    let config = gangway.text("out/config.json");
    for text in [&config, &gangway.text("out/env.template"), &said] {
        for canary in company::CANARIES {
            assert!(!text.contains(canary), "{canary}");
        }
    }
    let values: BTreeMap<String, String> = gangway
        .text("values.env")
        .lines()
        .filter(|line| !line.starts_with('#'))
        .filter_map(|line| line.split_once('='))
        .map(|(name, value)| (name.to_owned(), value.to_owned()))
        .collect();
    let environment = values.iter().map(|(name, value)| format!("{name}={value}"));
    let mut gateway = Gateway::new(Release::V2_0_0_PRERELEASE3, 7).with_environment(environment);
    gateway.start(&config, company::now()).expect("it starts");
    let handed_out = gangway.text("keys.csv");
    let stored = gateway.to_json()["virtual_keys"].to_string();
    let new: Vec<&str> = handed_out.lines().skip(1).filter_map(|line| line.rsplit(',').next()).collect();
    assert_eq!(new.len(), 6, "{handed_out}");
    assert!(new.iter().all(|value| stored.contains(value)), "the gateway took the values that were handed out");

    // Not over files that are there, unless told to; and nothing of a plan that waits for a decision.
    assert_eq!(gangway.run(&words).0, 1);
    assert_eq!(gangway.run(&[&words[..], &["--force"]].concat()).0, 0);
    let (code, said) = gangway.run(&["export", "--target-version", "1.5.16", "--out", &path("other")]);
    assert_eq!(code, 4, "{said}");
    assert!(!gangway.path("other").exists() && said.contains("may not be applied as it is"), "{said}");
    // Keys without a place to say them in would be lost.
    assert_ne!(gangway.run(&[&words[..], &["--force", "--new-keys", &keys]].concat()).0, 0);
}

/// A start takes keys of providers away that the file does not name, so a gateway in use gets none.
#[test]
fn a_gateway_in_use_is_not_started_from_a_file() {
    let gangway = Gangway::new("export-in-use");
    assert_eq!(gangway.run(&["apply"]).0, 0);
    let out = gangway.path("out").display().to_string();
    let (code, said) = gangway.run(&["export", "--out", &out]);
    assert_eq!(code, 4, "{said}");
    assert!(said.contains("holds") && said.contains("of these objects already"), "{said}");
}
