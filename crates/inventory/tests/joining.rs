//! Which source wins, what the other said, and what is missing.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use inventory::{Candidate, Inventory};
use litellm::{Input, Secret, SourceKind};
use model::Rows;
use serde_json::{Map, Value};

/// What was given, each part as text; an empty one was not given.
#[derive(Default)]
struct Given<'a> {
    version: &'a str,
    file: &'a str,
    /// Tables and their rows, as JSON.
    rows: &'a str,
    /// Answers of the API, each with its path.
    answers: &'a [(&'a str, &'a str)],
    key: Option<&'a str>,
}

fn join(given: &Given<'_>) -> Inventory {
    let version = format!(r#"{{"status": "healthy", "litellm_version": "{}"}}"#, given.version);
    let tables: BTreeMap<String, Vec<Map<String, Value>>> = match given.rows {
        "" => BTreeMap::new(),
        rows => serde_json::from_str(rows).expect("rows"),
    };
    let tables = tables.into_iter().map(|(table, rows)| (table, rows.into_iter().collect::<Rows>())).collect();
    let mut inputs = Vec::new();
    if !given.version.is_empty() {
        inputs.push(Input::Answer { endpoint: "/health/readiness/details", status: 200, body: &version });
    }
    if !given.file.is_empty() {
        inputs.push(Input::File { name: "config.yaml", bytes: given.file.as_bytes() });
    }
    if !given.rows.is_empty() {
        inputs.push(Input::Rows { tables: &tables, findings: &[] });
    }
    inputs.extend(given.answers.iter().map(|(endpoint, body)| Input::Answer { endpoint, status: 200, body }));
    let keys: Vec<Candidate> = given
        .key
        .map(|key| Candidate { name: "salt key".to_owned(), secret: Secret::new(key.to_owned()) })
        .into_iter()
        .collect();
    inventory::gather(litellm::read(&inputs)).open(&keys).0
}

fn told(inventory: &Inventory) -> String {
    let mut told = String::new();
    let word = |source: SourceKind| source.word();
    for conflict in &inventory.conflicts {
        let (won, lost) = (&conflict.won, &conflict.lost);
        writeln!(
            told,
            "{} {}: {} ({}) over {} ({}): {:?}",
            conflict.object,
            conflict.field,
            won.value,
            word(won.source),
            lost.value,
            word(lost.source),
            conflict.why
        )
        .expect("text");
    }
    told
}

fn gaps(inventory: &Inventory) -> String {
    let lines = inventory.gaps.iter().map(|gap| format!("{} {}/{}: {}\n", gap.code, gap.count, gap.of, gap.means));
    lines.collect()
}

const SETTINGS: &str = r"
router_settings: {num_retries: 3, timeout: 60, model_group_alias: {a: one, b: two}, retry_policy: {TimeoutErrorRetries: 1}}
general_settings: {store_model_in_db: false, alerting_threshold: 100}
";
const STORED: &str = r#"{"LiteLLM_Config": [
    {"param_name": "router_settings", "param_value":
        {"num_retries": 5, "timeout": null, "model_group_alias": {"b": "three", "c": "four"}, "retry_policy": {"TimeoutErrorRetries": 1.0}}},
    {"param_name": "general_settings", "param_value": {"store_model_in_db": true, "alerting_threshold": 300}}
]}"#;

#[track_caller]
fn check_settings(version: &str, merged: &str, expected: &str) {
    let inventory = join(&Given { version, file: SETTINGS, rows: STORED, ..Given::default() });
    let object = |id: &str| &inventory.entities[&model::SourceId::new(id)].object;
    let router = object("settings/router_settings");
    let shown = ["num_retries", "timeout", "model_group_alias"].map(|path| router.value(path).expect(path).to_string());
    assert_eq!(shown.join(" "), merged);
    assert_eq!(told(&inventory), expected);
    assert_eq!(object("settings/general_settings").value("store_model_in_db"), Some(&Value::Bool(true)));
}

#[test]
fn settings_are_merged_key_by_key_and_the_version_decides() {
    check_settings(
        "1.102.9",
        r#"5 60 {"a":"one","b":"three","c":"four"}"#,
        "settings/general_settings alerting_threshold: 300 (database) over 100 (config_file): DatabaseBefore1103\n\
         settings/general_settings store_model_in_db: true (database) over false (config_file): DatabaseBefore1103\n\
         settings/router_settings model_group_alias.b: three (database) over two (config_file): DatabaseBefore1103\n\
         settings/router_settings num_retries: 5 (database) over 3 (config_file): DatabaseBefore1103\n",
    );
    for (version, why) in [("1.103.0", "FileSince1103"), ("v1.109.1", "FileSince1103"), ("", "VersionUnknown")] {
        check_settings(
            version,
            r#"3 60 {"a":"one","b":"two","c":"four"}"#,
            &format!(
                "settings/general_settings alerting_threshold: 100 (config_file) over 300 (database): {why}\n\
                 settings/general_settings store_model_in_db: true (database) over false (config_file): StoredFirst\n\
                 settings/router_settings model_group_alias.b: two (config_file) over three (database): {why}\n\
                 settings/router_settings num_retries: 3 (config_file) over 5 (database): {why}\n"
            ),
        );
    }
}

#[test]
fn masks_references_and_padding_are_no_conflicts() {
    let file = r"
model_list:
  - model_name: a
    litellm_params: {model: azure/x, api_base: os.environ/BASE, api_key: os.environ/KEY, oci_tenancy: ocid1.tenancy.real}
    model_info: {id: d1}
router_settings: {fallbacks: [{a: [b]}], num_retries: 2}
";
    let answers = [
        (
            "/v2/model/info",
            r#"{"data": [{"model_name": "a", "litellm_params": {"model": "azure/x", "api_base": "https://real.example",
                "api_key": "sk-1************9999", "oci_tenancy": "ocid****real"}, "model_info": {"id": "d1", "db_model": false}}],
                "total_pages": 1}"#,
        ),
        (
            "/get/config/callbacks",
            r#"{"status": "success", "callbacks": [], "router_settings": {"fallbacks": [{"a": ["b"]}, {"*": ["c"]}], "num_retries": 4}}"#,
        ),
    ];
    let inventory = join(&Given { file, answers: &answers, ..Given::default() });
    assert_eq!(told(&inventory), "settings/router_settings num_retries: 2 (config_file) over 4 (api): FileOverApi\n");
    let deployment = &inventory.entities[&model::SourceId::new("deployment/d1")].object;
    assert_eq!(deployment.text("litellm_params.oci_tenancy"), Some("ocid1.tenancy.real"));
}

/// A conflict goes by the name of the key, never by its hash, and shows no secret.
#[test]
fn conflicts_name_no_hash_and_no_secret() {
    let rows = r#"{
      "LiteLLM_VerificationToken": [{"token": "hash-of-the-key", "key_alias": "prod", "max_budget": 5.0}],
      "LiteLLM_CredentialsTable": [{"credential_name": "c", "credential_values": {"api_key": "plain-of-the-database"}}]}"#;
    let file = "credential_list: [{credential_name: c, credential_values: {api_key: plain-of-the-file}}]\n";
    let keys = r#"{"keys": [{"token": "hash-of-the-key", "key_alias": "prod", "max_budget": 7}], "total_count": 1}"#;
    let inventory = join(&Given { rows, file, answers: &[("/key/list", keys)], key: Some("x"), ..Given::default() });
    assert_eq!(
        told(&inventory),
        "credential/c credential_values.api_key: •••••••• (database) over •••••••• (config_file): CredentialStored\n\
         virtual_key/prod max_budget: 5.0 (database) over 7 (api): DatabaseOverApi\n"
    );
    let shown = format!("{:?} {:?}", inventory.conflicts, inventory.findings);
    assert!(!shown.contains("hash-of-the-key") && !shown.contains("plain-of"), "{shown}");
    assert!(inventory.conflicts.iter().all(|conflict| inventory.entities.contains_key(&conflict.object)));
}

#[test]
fn what_is_missing_is_counted() {
    let models = r#"{"data": [
        {"model_name": "a", "litellm_params": {"model": "openai/a"}, "model_info": {"id": "1", "db_model": true}},
        {"model_name": "b", "litellm_params": {"model": "openai/b"}, "model_info": {"id": "2", "db_model": false}}],
        "total_pages": 1}"#;
    let teams = r#"{"teams": [
        {"team_id": "t", "organization_id": "o1", "members_with_roles": [{"user_id": "u", "role": "user"}]},
        {"team_id": "s", "organization_id": "o2", "members_with_roles": []}], "total": 2}"#;
    let answers = [("/v2/model/info", models), ("/v2/team/list", teams)];
    assert_eq!(
        gaps(&join(&Given { answers: &answers, ..Given::default() })),
        "gap.provider_keys 2/2: Without the database the provider keys stay unknown: 2 of 2 deployments.\n\
         gap.organizations 2/2: 2 organizations are known only by id: the API did not show them, which since 1.102 takes \
         an Enterprise licence. Names, budgets and members stay unknown.\n\
         gap.team_members 1/1: The budgets of team members stay unknown: /team/info was not asked for 1 of 1 teams.\n\
         gap.config_file 1/2: No config.yaml: 1 of 2 deployments come from it, and what it says beside them (settings, \
         references to the environment) stays unknown.\n"
    );
    assert_eq!(
        gaps(&join(&Given { file: SETTINGS, rows: STORED, ..Given::default() })),
        "gap.api 1/0: The API was not read: what runs but is not stored, and what the proxy drops, stays unknown.\n\
         gap.version 2/2: The version of the proxy is not known: where file and database disagree on a setting the file \
         is taken, as releases from 1.103 on do.\n"
    );
    let file = Given { file: SETTINGS, ..Given::default() };
    assert_eq!(
        gaps(&join(&file)),
        "gap.api 1/0: Neither API nor database was read: teams, users, keys and budgets stay unknown.\n"
    );
    let sealed = r#"{"LiteLLM_CredentialsTable": [{"credential_name": "c", "credential_values": {"api_key": "QUJDREVGR0hJSktMTU5PUFFSU1RVVldYWVphYmNkZWZnaGlqa2xtbm9wcXJzdHV2d3h5eg=="}}]}"#;
    for (key, means) in [
        (None, "Without the salt key 1 encrypted values stay closed."),
        (Some("no"), "1 of 1 encrypted values do not open with the keys given."),
    ] {
        let told = gaps(&join(&Given { version: "1.108.7", file: SETTINGS, rows: sealed, key, ..Given::default() }));
        assert!(told.starts_with(&format!("gap.closed 1/1: {means}")), "{told}");
    }
    assert_eq!(gaps(&join(&Given::default())), "", "nothing was given, nothing is missing");
}

/// Entries of one group that differ only in what the API shows of them: each finds its own, whatever the order.
#[test]
fn deployments_of_the_api_find_their_entries() {
    let file = r"
model_list:
  - {model_name: a, litellm_params: {model: azure/x, api_base: os.environ/EU, weight: 1}}
  - {model_name: a, litellm_params: {model: azure/x, api_base: os.environ/US, weight: 2}}
  - {model_name: a, litellm_params: {model: azure/x, api_base: os.environ/US}, model_info: {id: mine}}
  - {model_name: b, litellm_params: {model: openai/y, api_base: https://y.example/}}
";
    let row = |id: &str, name: &str, model: &str, base: &str, weight: u8| {
        format!(
            r#"{{"model_name": "{name}", "litellm_params": {{"model": "{model}", "api_base": "{base}", "weight": {weight}}},
                "model_info": {{"id": "{id}", "db_model": false}}}}"#
        )
    };
    let rows = [
        row("hash-2", "a", "azure/x", "https://us.example", 2),
        row("mine", "a", "azure/x", "https://us.example", 1),
        row("hash-1", "a", "azure/x", "https://eu.example", 1),
        row("hash-3", "b", "openai/y", "https://y.example", 1),
        row("hash-4", "b", "openai/y", "https://elsewhere.example", 1),
    ];
    let models = format!(r#"{{"data": [{}], "total_pages": 1}}"#, rows.join(","));
    let inventory = join(&Given { file, answers: &[("/v2/model/info", &models)], ..Given::default() });
    let told: Vec<String> = inventory
        .of(litellm::Kind::Deployment)
        .map(|entity| {
            let weight = entity.object.value("litellm_params.weight").map(ToString::to_string).unwrap_or_default();
            format!("{} {} {weight}", entity.object.id, entity.sources.len())
        })
        .collect();
    assert_eq!(told, ["a 2 1", "a#2 2 2", "b 2 1", "hash-4 1 1", "mine 2 1"]);
}

/// References that lead nowhere are told once for each field, and only where such objects were read at all.
#[test]
fn references_that_lead_nowhere() {
    let rows = r#"{
      "LiteLLM_TeamTable": [{"team_id": "t", "organization_id": "o"}],
      "LiteLLM_VerificationToken": [
        {"token": "h1", "key_alias": "one", "team_id": "t", "user_id": "u"},
        {"token": "h2", "key_alias": "two", "team_id": "gone"}, {"token": "h3", "key_alias": "three", "team_id": "away"}],
      "LiteLLM_AccessGroupTable": [{"access_group_id": "g", "access_group_name": "g", "assigned_key_ids": ["h1", "h9"]}]}"#;
    let inventory = join(&Given { rows, ..Given::default() });
    let told: Vec<String> = inventory
        .findings
        .iter()
        .filter(|finding| finding.code.as_str() == "inventory.dangling")
        .map(|finding| format!("{}: {}", finding.subject, finding.message))
        .collect();
    assert_eq!(
        told,
        [
            "access group assigned_key_ids: 1 reference leads to a virtual key that was not read: h9",
            "virtual key team_id: 2 references lead to a team that was not read: away, gone",
        ]
    );
    let links = inventory.links(&model::SourceId::new("access_group/g"));
    assert!(links.iter().any(|link| link.to.as_str() == "virtual_key/one"), "a hash becomes the key's name: {links:?}");
}

/// Three sources of one field: who loses to a side that loses itself is no news; and a team's deployment has two names.
#[test]
fn only_the_winner_is_told() {
    let rows = r#"{
      "LiteLLM_CredentialsTable": [{"credential_name": "c", "credential_values": {"api_base": "https://database.example"}}],
      "LiteLLM_ProxyModelTable": [{"model_id": "d", "model_name": "model_name_t_d", "litellm_params": {"model": "openai/x"},
        "model_info": {"id": "d", "team_id": "t", "team_public_model_name": "x"}}]}"#;
    let file = "credential_list: [{credential_name: c, credential_values: {api_base: https://file.example}}]\n";
    let answers = [
        (
            "/credentials",
            r#"{"success": true, "credentials": [{"credential_name": "c", "credential_values": {"api_base": "https://database.example"}}]}"#,
        ),
        (
            "/v2/model/info",
            r#"{"data": [{"model_name": "x", "litellm_params": {"model": "openai/x"},
                "model_info": {"id": "d", "db_model": true, "team_id": "t", "team_public_model_name": "x"}}], "total_pages": 1}"#,
        ),
    ];
    let inventory = join(&Given { rows, file, answers: &answers, key: Some("x"), ..Given::default() });
    assert_eq!(
        told(&inventory),
        "credential/c credential_values.api_base: https://database.example (database) over https://file.example \
         (config_file): CredentialStored\n"
    );
}
