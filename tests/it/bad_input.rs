//! Bad input: each gives a finding that says where and what to do, the rest is still used, nothing panics.

use std::fmt::Write as _;

use litellm::{Input, Kind};
use model::Severity;
use support::company;

/// Reads the recorded company with one file more, or another in its place; checks the finding and that the rest of
/// the company is still there.
#[track_caller]
fn check(name: &str, bytes: &[u8], code: &str, place: &str) {
    let mut files = company::files("1.101.6");
    files.insert(name.to_owned(), bytes.to_vec());
    let (inventory, _) = company::read(&files, Some(company::SALT_KEY));
    let found = inventory.findings.iter().find(|finding| finding.code.as_str() == code);
    let found = found.unwrap_or_else(|| panic!("{name}: no {code} in {:#?}", inventory.findings));
    let at = found.origin.as_ref().map(ToString::to_string).unwrap_or_default();
    assert!(at.starts_with(place), "{name}: {code} stands at {at:?}, not at {place:?}");
    assert!(!found.hints.is_empty() || found.severity == Severity::Info, "{name}: {code} says nothing of what to do");
    assert_eq!(inventory.of(Kind::VirtualKey).count(), 7, "{name}: the rest of the input is not used");
    assert_eq!(inventory.of(Kind::Team).count(), 3, "{name}: the rest of the input is not used");
}

#[test]
fn files_that_are_not_what_they_should_be() {
    check("more.yaml", b"model_list: [\n  - a: }", "pyyaml.syntax", "more.yaml:");
    check("empty.yaml", b"", "input.empty", "empty.yaml");
    check("blank.yaml", b"  \n\n", "input.empty", "blank.yaml");
    check("program", b"\x7fELF\x02\x01\x01\x00\x00\x00", "input.binary", "program:1:");
    check("archive.dump", b"PGDMP\x01\x0e\x00", "input.binary", "archive.dump");
    check("huge.yaml", "a: b\n".repeat(1_900_000).as_bytes(), "pyyaml.too_large", "huge.yaml");
    check("tabs.yaml", b"model_list:\n\t- model_name: a", "pyyaml.syntax", "tabs.yaml:2:");
    check(
        "double.yaml",
        b"general_settings:\n  master_key: a\n  master_key: b\n",
        "pyyaml.duplicate_key",
        "double.yaml:3:",
    );
    check("tag.yaml", b"model_list: !!python/object:os.system []\n", "pyyaml.tag", "tag.yaml:1:");
    check("bomb.yaml", bomb().as_bytes(), "pyyaml.alias_budget", "bomb.yaml:");
    check("prose.yaml", b"Dear colleagues, the gateway moves on Friday.", "input.not_a_config", "prose.yaml");
    check("login.json", b"<!doctype html><title>Sign in</title>", "input.html", "login.json");
    check("cut.json", br#"{"keys": [{"token": "abc", "#, "input.json", "cut.json:1:");
    check("weather.json", br#"{"temperature": 21}"#, "api.unknown_shape", "weather.json");
    check("other.sql", OTHER_DATABASE.as_bytes(), "dump.not_litellm", "other.sql");
}

#[test]
fn an_empty_answer_is_a_source_all_the_same() {
    for body in [&b"[]"[..], b"{\"keys\": [], \"total_count\": 0}", b"{\"litellm_version\": \"1.101.6\"}"] {
        let reading = litellm::read(&[Input::File { name: "saved.json", bytes: body }]);
        assert_eq!(reading.sources.len(), 1, "{}: {reading:?}", String::from_utf8_lossy(body));
    }
}

/// A dump of some other program's database.
const OTHER_DATABASE: &str =
    "--\n-- PostgreSQL database dump\n--\n\nCOPY public.invoices (id, total) FROM stdin;\n1\t20\n\\.\n";

/// Aliases of aliases: nine lines that stand for a billion values.
fn bomb() -> String {
    let mut text = String::from("a0: &a0 [x,x,x,x,x,x,x,x,x,x]\n");
    for level in 1..9 {
        let before = vec![format!("*a{}", level - 1); 10].join(",");
        let _ = writeln!(text, "a{level}: &a{level} [{before}]");
    }
    text + "model_list: *a8\n"
}

#[test]
fn a_wrong_salt_key_is_said_once() {
    let (inventory, _) = company::read(&company::files("1.101.6"), Some("sk-wrong"));
    let wrong: Vec<_> = inventory.findings.iter().filter(|f| f.code.as_str() == "open.wrong_key").collect();
    // The master key of config.yaml is no candidate here, so nothing opens.
    assert_eq!(wrong.len(), 1, "{:#?}", inventory.findings);
    assert!(inventory.opening.opened_by.is_empty());
    assert_eq!(inventory.of(Kind::VirtualKey).count(), 7);
}

#[test]
fn one_corrupt_ciphertext_costs_one_value() {
    let mut files = company::files("1.101.6");
    let dump = String::from_utf8(files["db-data.sql"].clone()).expect("text");
    // The key of db-mistral-large, one character changed.
    let good = "HFLT8UOmgRdvQeouTMmobPGEKrN_VrzzFwKt70el-XOOM_GFvY8kskqD7DaYjRM5mIrHJVrCuiOaWw==";
    assert!(dump.contains(good));
    files.insert("db-data.sql".to_owned(), dump.replace(good, &good.replacen('H', "G", 1)).into_bytes());
    let (inventory, _) = company::read(&files, Some(company::SALT_KEY));
    assert_eq!(inventory.opening.failed.len(), 1);
    let shut: Vec<_> = inventory.findings.iter().filter(|f| f.code.as_str() == "open.value").collect();
    assert_eq!(shut.len(), 1, "{shut:#?}");
    let place = shut[0].origin.as_ref().map(ToString::to_string).unwrap_or_default();
    assert_eq!(place, "LiteLLM_ProxyModelTable[e145fbf2-bf81-4056-800d-c1e1402f9f12].litellm_params.api_key");
    let (whole, _) = company::recorded("1.101.6");
    let opened = |inventory: &inventory::Inventory| inventory.opening.opened_by.values().sum::<usize>();
    assert_eq!(opened(&inventory) + 1, opened(&whole));
}

#[test]
fn nothing_at_all_is_an_empty_inventory() {
    let (inventory, _) = inventory::gather(litellm::read(&[])).open(&[]);
    assert!(inventory.entities.is_empty());
    let answer = Input::Answer { endpoint: "/key/list", status: 502, body: "<html>Bad gateway</html>" };
    let reading = litellm::read(&[answer]);
    assert!(reading.findings.iter().any(|finding| finding.code.as_str() == "input.html"), "{:#?}", reading.findings);
}
