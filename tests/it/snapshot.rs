//! A snapshot says what its sources say, but for what they hold in clear; and it is read back without a slip.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use bifrost::Observed;
use inventory::Candidate;
use litellm::{Input, Kept, Reading, Secret, snapshot};
use model::{Finding, Severity};
use plan::{Choices, Plan};
use proptest::prelude::*;
use support::{company, fleet};

fn read(files: &BTreeMap<String, Vec<u8>>) -> Reading {
    let inputs: Vec<Input<'_>> = files.iter().map(|(name, bytes)| Input::File { name, bytes }).collect();
    litellm::read(&inputs)
}

/// Reads a snapshot with files beside it.
fn back(text: &str, beside: &[(&str, &[u8])]) -> Reading {
    let mut inputs = vec![Input::File { name: "s.json", bytes: text.as_bytes() }];
    inputs.extend(beside.iter().map(|(name, bytes)| Input::File { name, bytes }));
    litellm::read(&inputs)
}

fn plan_of(reading: Reading, salt_key: &str) -> Plan {
    let key = Candidate { name: "salt key".to_owned(), secret: Secret::new(salt_key.to_owned()) };
    let (inventory, vault) = inventory::gather(reading).open(&[key]);
    let observed = Observed::fresh("2.0.0-prerelease3");
    plan::plan(&inventory, &vault, &observed, &Choices::default(), company::now())
}

/// How a slot is kept, without its value where that is a secret.
fn kept(kept: &Kept) -> String {
    match kept {
        Kept::Sealed(text) => format!("sealed {text}"),
        Kept::Environment(name) => format!("environment {name}"),
        Kept::NoSecret(what) => format!("{what:?}"),
        Kept::Clear(_) | Kept::LeftOut => "clear or left out".to_owned(),
    }
}

fn is_about_snapshots(finding: &Finding) -> bool {
    finding.code.as_str().starts_with("snapshot.")
}

/// What was read, as text: every object, slot, source and finding, values in clear aside.
fn told(reading: &Reading) -> String {
    let mut text = format!("{:#?}\n{:?}\n", reading.objects, reading.version);
    for source in &reading.sources {
        let _ = writeln!(text, "{:?} {} {} {}", source.kind, source.name, source.what, source.fingerprint);
    }
    for (slot, value) in &reading.kept {
        let _ = writeln!(text, "{slot}: {}", kept(value));
    }
    for finding in reading.findings.iter().filter(|finding| !is_about_snapshots(finding)) {
        let _ = writeln!(text, "{finding}");
    }
    text
}

/// The lines that one text has and the other has not.
fn differences(left: &str, right: &str) -> Vec<String> {
    let lines = |text: &str| -> std::collections::BTreeSet<String> { text.lines().map(str::to_owned).collect() };
    lines(left).symmetric_difference(&lines(right)).cloned().collect()
}

#[test]
fn the_recorded_companies_come_back_as_they_were() {
    for version in ["1.101.6", "1.108.7"] {
        let files = company::files(version);
        let reading = read(&files);
        let written = snapshot::write(&reading, &[]);
        assert!(written.text.starts_with("{\"format\":\"gangway.snapshot.v1\",\n"), "the format comes first");
        assert_eq!(snapshot::write(&reading, &[]).text, written.text, "the same bytes");
        let back = back(&written.text, &[]);
        assert_eq!(told(&back), told(&reading), "{version}");
        for canary in company::CANARIES {
            assert!(!written.text.contains(canary), "{version}: the snapshot holds {canary}");
        }
        assert!(written.left_out.values().sum::<usize>() > 0, "the recorded answers hold callback variables in clear");
    }
}

/// What a snapshot leaves out and no plan has a use for (callback variables, the master key) makes no difference: a
/// plan made from it can be applied with the originals.
#[test]
fn the_plan_is_the_one_of_the_originals() {
    for version in ["1.101.6", "1.108.7"] {
        let mut files = company::files(version);
        // The one key in clear of the recording, which is "none", and its one header.
        for bytes in files.values_mut() {
            let text = String::from_utf8(std::mem::take(bytes)).expect("text");
            *bytes = text.replace("      api_key: none\n", "").replace("extra_headers", "more_tags").into();
        }
        let reading = read(&files);
        let back = back(&snapshot::write(&reading, &[]).text, &[]);
        let (mut from_snapshot, from_originals) =
            (plan_of(back, company::SALT_KEY), plan_of(reading, company::SALT_KEY));
        assert!(from_snapshot.findings.iter().any(is_about_snapshots), "it says what it leaves out");
        from_snapshot.findings.retain(|finding| !is_about_snapshots(finding));
        let (left, right) = (report::plan_json(&from_snapshot), report::plan_json(&from_originals));
        assert_eq!(differences(&left, &right), [""; 0], "{version}");
        assert_eq!(from_snapshot, from_originals, "{version}");
    }
}

/// A value in clear in every place of a file that can hold one. Each is `canary` and a number.
fn config_in_clear() -> (String, usize) {
    let text = r#"
model_list:
  - model_name: one
    litellm_params:
      model: openai/gpt-4o
      api_key: CANARY
      extra_headers: {Authorization: CANARY, X-Tenant: CANARY}
  - model_name: two
    litellm_params:
      model: azure/deployment
      api_base: https://two.openai.azure.com
      api_version: "2024-10-21"
      azure_ad_token: CANARY
      client_id: plain
      client_secret: CANARY
      tenant_id: plain
  - model_name: three
    litellm_params:
      model: bedrock/anthropic.claude-3
      aws_access_key_id: CANARY
      aws_secret_access_key: CANARY
      aws_session_token: CANARY
      aws_region_name: eu-central-1
  - model_name: four
    litellm_params:
      model: vertex_ai/gemini-2.5-pro
      vertex_credentials: '{"type": "service_account", "private_key": "CANARY"}'
  - model_name: five
    litellm_params:
      model: vertex_ai/gemini-2.5-pro
      vertex_credentials: {type: service_account, private_key: CANARY, private_key_id: CANARY}
  - model_name: six
    litellm_params: {model: openai/x, api_key: os.environ/sk-CANARY}
  - model_name: seven
    litellm_params: {model: openai/y, api_key: os.environ/GOOD_NAME, description: "Bearer CANARY"}
credential_list:
  - credential_name: shared
    credential_values: {api_key: CANARY, api_base: https://shared.example}
general_settings:
  master_key: sk-CANARY
  database_url: postgresql://user:CANARY@host/db
  alert_to_webhook_url: {budget_alerts: https://hooks.example/CANARY}
  pass_through_endpoints:
    - path: /v1/rerank
      target: https://rerank.example/v1
      headers: {Authorization: "Bearer CANARY", X-Key: CANARY, content-type: CANARY}
litellm_settings:
  cache_params: {type: redis, host: plain, password: CANARY, redis_url: redis://:CANARY@host}
  callback_settings: {otel: {headers: {x-team: CANARY}}}
router_settings:
  redis_password: CANARY
environment_variables:
  OPENAI_API_KEY: CANARY
  SOME_FLAG: CANARY
mcp_servers:
  files:
    url: https://mcp.example
    auth_type: bearer_token
    auth_value: CANARY
    authentication_token: CANARY
    static_headers: {X-Custom: CANARY}
    env: {REGION: CANARY}
    extra_headers: ["x-forwarded-user"]
guardrails:
  - guardrail_name: pii
    litellm_params: {guardrail: presidio, mode: pre_call, api_key: CANARY}
search_tools:
  - search_tool_name: web
    litellm_params: {search_provider: tavily, api_key: CANARY}
vector_store_registry:
  - vector_store_name: docs
    litellm_params: {vector_store_id: x, api_key: CANARY}
callback_settings:
  langfuse: {langfuse_secret_key: CANARY}
"#;
    let mut count = 0;
    let mut parts = text.split("CANARY");
    let mut filled = parts.next().unwrap_or_default().to_owned();
    for part in parts {
        count += 1;
        let _ = write!(filled, "canary-{count:02}-0123456789{part}");
    }
    (filled, count)
}

#[test]
fn nothing_in_clear_is_written() {
    let (config, count) = config_in_clear();
    let files = BTreeMap::from([("config.yaml".to_owned(), config.clone().into_bytes())]);
    let reading = read(&files);
    assert!(reading.findings.iter().all(|f| f.severity != Severity::Error), "{:#?}", reading.findings);
    let written = snapshot::write(&reading, &[]);
    let leaks: Vec<&str> = written.text.lines().filter(|line| line.contains("canary-")).collect();
    assert!(leaks.is_empty(), "in clear: {leaks:#?}");
    // One of the values is the whole text of a service account, with a name of its own.
    assert_eq!(written.left_out.values().sum::<usize>(), count, "{:#?}", back(&written.text, &[]).kept.keys());
    assert!(written.text.contains("GOOD_NAME") && written.text.contains("x-forwarded-user"), "references stay");
    let findings = written.findings.iter().map(ToString::to_string).collect::<String>();
    assert!(findings.contains(&format!("leaves out {count} values that config.yaml holds in clear")), "{findings}");
    assert!(findings.contains("give config.yaml beside the snapshot"), "{findings}");

    // Alone it says what is missing; with the file it is as if there were no snapshot.
    let alone = plan_of(back(&written.text, &[]), "none");
    assert!(!alone.complete, "a plan without provider keys is not complete");
    let original = plan_of(read(&files), "none");
    let named = |plan: &Plan| plan.findings.iter().filter(|f| f.message.contains("the snapshot leaves")).count();
    assert!(named(&alone) >= 6, "every deployment without its key is named: {:#?}", alone.findings);
    assert!(
        alone.ops.iter().all(|op| op.after.as_ref().is_none_or(|body| body.get("value") != Some(&"".into())
            || op.kind != bifrost::Kind::ProviderKey
            || original.ops.contains(op))),
        "no key with an empty value"
    );
    let both = back(&written.text, &[("config.yaml", config.as_bytes())]);
    assert_eq!(plan_of(both, "none"), original);
    let reversed = litellm::read(&[
        Input::File { name: "config.yaml", bytes: config.as_bytes() },
        Input::File { name: "s.json", bytes: written.text.as_bytes() },
    ]);
    assert_eq!(plan_of(reversed, "none"), original, "whatever comes first");
}

#[test]
fn an_encrypted_column_may_hold_plain_text() {
    let key = Secret::new(company::SALT_KEY.to_owned());
    let sealed = support::seal::Sealer::new(company::SALT_KEY).seal("sk-real-0123456789");
    // 84 characters of one alphabet, as Azure gives them: nothing tells them from a ciphertext but the key.
    let azure = "Canary1".repeat(12);
    let dump = format!(
        "--\n-- PostgreSQL database dump\n--\n\n\
         INSERT INTO public.\"LiteLLM_ProxyModelTable\" (model_id, model_name, litellm_params) VALUES\n\
         ('1', 'a', '{{\"model\": \"openai/gpt-4o\", \"api_key\": \"{sealed}\"}}'),\n\
         ('2', 'b', '{{\"model\": \"openai/gpt-4o\", \"api_key\": \"sk-plain-canary\"}}'),\n\
         ('3', 'c', '{{\"model\": \"azure/gpt-4o\", \"api_key\": \"{azure}\"}}'),\n\
         ('4', 'd', '{{\"model\": \"openai/gpt-4o\", \"api_key\": \"os.environ/NAME\"}}');\n\n\
         --\n-- PostgreSQL database dump complete\n--\n"
    );
    let check = |keys: &[&Secret], expected: [bool; 4]| {
        let written = snapshot::write(&litellm::read(&[Input::File { name: "d.sql", bytes: dump.as_bytes() }]), keys);
        let holds =
            [&sealed, "sk-plain-canary", &azure, "{\"environment\":\"NAME\"}"].map(|text| written.text.contains(text));
        assert_eq!(holds, expected, "{}", written.text);
        assert!(written.text.contains("openai/gpt-4o"), "a model's name is no secret");
    };
    check(&[&key], [true, false, false, true]);
    check(&[], [true, false, true, true]);
    check(&[&Secret::new("another".to_owned())], [true, false, true, true]);
}

#[test]
fn a_source_that_changed_takes_the_place_of_the_old_one() {
    let (old, new) = (
        "model_list:\n  - model_name: a\n    litellm_params: {model: openai/gpt-4o, api_key: k1}\n",
        "model_list:\n  - model_name: b\n    litellm_params: {model: openai/gpt-4o, api_key: k2}\n",
    );
    let file = |text: &str| BTreeMap::from([("config.yaml".to_owned(), text.as_bytes().to_vec())]);
    let written = snapshot::write(&read(&file(old)), &[]);
    let both = back(&written.text, &[("config.yaml", new.as_bytes())]);
    assert_eq!(both.objects, read(&file(new)).objects);
    assert_eq!(both.sources, read(&file(new)).sources);
    let codes: Vec<&str> = both.findings.iter().map(|finding| finding.code.as_str()).collect();
    assert_eq!(codes, ["snapshot.older"]);
    // A file that cannot be used says nothing about the one in the snapshot.
    let broken = back(&written.text, &[("config.yaml", b"model_list: [")]);
    assert_eq!(broken.objects, read(&file(old)).objects);
    assert!(broken.sources.iter().any(|source| !source.complete));

    // Some answers of the proxy given again fill slots, and take nothing away.
    let files = company::files("1.101.6");
    let written = snapshot::write(&read(&files), &[]);
    let name = "get_config_callbacks.json";
    let filled = back(&written.text, &[(name, &files[name])]);
    assert_eq!(filled.objects.len(), read(&files).objects.len());
    assert_eq!(filled.sources.len(), read(&files).sources.len());
    let left = |reading: &Reading| reading.kept.values().filter(|kept| matches!(kept, Kept::LeftOut)).count();
    assert!(left(&filled) < left(&back(&written.text, &[])), "the variables are there again");
    // All of them given again: as if there were no snapshot.
    let all: Vec<(&str, &[u8])> = files.iter().map(|(name, bytes)| (name.as_str(), bytes.as_slice())).collect();
    assert_eq!(plan_of(back(&written.text, &all), company::SALT_KEY), plan_of(read(&files), company::SALT_KEY));
}

/// Files that a configuration includes are sources of their own: each fills its own slots.
#[test]
fn included_files_fill_their_own_slots() {
    let main = "include: [models.yaml]\ngeneral_settings: {master_key: canary-master-0123456789}\n";
    let part = "model_list:\n  - model_name: a\n    litellm_params: {model: openai/gpt-4o, api_key: canary-key}\n";
    let all = [("config.yaml", main.as_bytes()), ("models.yaml", part.as_bytes())];
    let files = BTreeMap::from(all.map(|(name, bytes)| (name.to_owned(), bytes.to_vec())));
    let written = snapshot::write(&read(&files), &[]);
    assert!(!written.text.contains("canary"), "{}", written.text);
    let counts: Vec<(&str, usize)> = written.left_out.iter().map(|(name, count)| (name.as_str(), *count)).collect();
    assert_eq!(counts, [("config.yaml", 1), ("models.yaml", 1)]);
    assert_eq!(plan_of(back(&written.text, &all), "none"), plan_of(read(&files), "none"));
    assert_eq!(told(&back(&written.text, &all)), told(&read(&files)));
}

#[track_caller]
fn refused(text: &str, code: &str, place: &str) {
    let reading = back(text, &[]);
    assert!(reading.objects.is_empty() && reading.kept.is_empty(), "{code}: something of it is used");
    let [finding] = reading.findings.as_slice() else { panic!("{code}: {:#?}", reading.findings) };
    let at = finding.origin.as_ref().map(ToString::to_string).unwrap_or_default();
    assert_eq!((finding.code.as_str(), at.as_str()), (code, place));
    assert!(!finding.hints.is_empty() && finding.severity == Severity::Error, "{code}");
    assert!(!finding.to_string().contains("canary"), "{finding}");
    assert!(reading.sources.iter().all(|source| !source.complete));
}

/// A snapshot written by hand, with the right digest.
fn by_hand(middle: &str) -> String {
    let body = format!("{{\"format\":\"gangway.snapshot.v1\",\n\"gangway\":\"9\",\n{middle}");
    let digest = litellm::seal::sha256_hex(&body);
    format!("{body}\"digest\":\"{digest}\"}}\n")
}

#[test]
fn a_damaged_or_strange_snapshot_is_refused_whole() {
    let good = "\"version\":null,\n\"sources\":[],\n\"objects\":[],\n\"kept\":{},\n\"findings\":[],\n";
    assert!(back(&by_hand(good), &[]).findings.is_empty(), "an empty one is one");
    let whole = snapshot::write(&read(&company::files("1.101.6")), &[]).text;
    for cut in [40, 200, whole.len() / 2, whole.len() - 3] {
        let text = &whole[..cut];
        let reading = back(text, &[]);
        assert_eq!(reading.findings[0].code.as_str(), "snapshot.cut_short", "cut at {cut}");
        assert!(reading.objects.is_empty(), "cut at {cut}");
    }
    refused(
        &whole.replacen("\"blocked\":{\"is\":true}", "\"blocked\":{\"is\":false}", 1),
        "snapshot.changed",
        "s.json",
    );
    refused(&whole.replace('\n', "\r\n"), "snapshot.changed", "s.json");
    refused(&whole.replacen("\"objects\":[", "\"objects\":[}", 1), "snapshot.damaged", "s.json:8:12");
    let newer = "{\"format\": \"gangway.snapshot.v2\", \"chapters\": 7}";
    refused(newer, "snapshot.newer", "s.json");
    refused("{\"format\": \"gangway.plan.v1\"}", "input.own_file", "s.json");
    refused("{\"format\":\"gangway.snapshot.v1\"}", "snapshot.shape", "s.json:1:32");
    let object = |object: &str| by_hand(&good.replace("\"objects\":[]", &format!("\"objects\":[{object}]")));
    let strange = r#"{"kind":"canary","id":"a","source":"api","at":{"whole":"x"},"fields":{}}"#;
    refused(&object(strange), "snapshot.shape", "s.json:5:27");
    let both = r#"{"kind":"team","id":"a","source":"api","at":{"whole":"x"},"fields":{"f":{"is":1,"slot":"canary"}}}"#;
    refused(&object(both), "snapshot.impossible", "s.json");
    let nowhere = r#"{"kind":"team","id":"a","source":"api","at":{},"fields":{}}"#;
    refused(&object(nowhere), "snapshot.impossible", "s.json");
    let print = r#"{"kind":"api","name":"a","what":"b","fingerprint":"canary","complete":true}"#;
    refused(
        &by_hand(&good.replace("\"sources\":[]", &format!("\"sources\":[{print}]"))),
        "snapshot.impossible",
        "s.json",
    );
    let clear = by_hand(&good.replace("\"kept\":{}", "\"kept\":{\"a\":{\"clear\":\"canary\"}}"));
    refused(&clear, "snapshot.shape", "s.json:6:20");
    let deep = format!("{{\"is\":{}1{}}}", "[".repeat(200), "]".repeat(200));
    let deep =
        object(&format!(r#"{{"kind":"team","id":"a","source":"api","at":{{"whole":"x"}},"fields":{{"f":{deep}}}}}"#));
    assert!(!back(&deep, &[]).findings.is_empty(), "200 deep");
    // A slot that a field names and nobody wrote is not an empty value.
    let slot =
        r#"{"kind":"team","id":"a","source":"api","at":{"table":"t","row":"r","cell":""},"fields":{"f":{"slot":"x"}}}"#;
    let dangling = back(&object(slot), &[]);
    assert!(matches!(dangling.kept.values().next(), Some(Kept::LeftOut)));
    // Two moments are not mixed.
    let two = back(&by_hand(good), &[("t.json", by_hand(good).as_bytes())]);
    assert_eq!(two.findings[0].code.as_str(), "snapshot.second");
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 24, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn a_fleet_comes_back_as_it_was(seed: u64, keys in 0_u32..60, deployments in 1_u32..30, teams in 1_u32..12) {
        let dump = fleet::dump(fleet::Size { keys, deployments, teams }, seed);
        let reading = litellm::read(&[Input::File { name: "fleet.sql", bytes: dump.as_bytes() }]);
        let written = snapshot::write(&reading, &[]);
        let back = back(&written.text, &[]);
        prop_assert_eq!(told(&back), told(&reading));
        prop_assert_eq!(snapshot::write(&back, &[]).text, written.text);
        prop_assert_eq!(plan_of(back, fleet::SALT_KEY), plan_of(reading, fleet::SALT_KEY));
    }

    #[test]
    fn no_change_of_a_byte_goes_unnoticed_and_none_panics(at: prop::sample::Index, byte: u8) {
        let dump = fleet::dump(fleet::Size { keys: 3, deployments: 2, teams: 1 }, 7);
        let text = snapshot::write(&litellm::read(&[Input::File { name: "f.sql", bytes: dump.as_bytes() }]), &[]).text;
        let mut bytes = text.clone().into_bytes();
        let at = at.index(bytes.len() - 1);
        prop_assume!(bytes[at] != byte);
        bytes[at] = byte;
        let reading = litellm::read(&[Input::File { name: "s.json", bytes: &bytes }]);
        prop_assert!(reading.objects.is_empty(), "the byte at {} became {}", at, byte);
        prop_assert!(!reading.findings.is_empty());
    }
}
