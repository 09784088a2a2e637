//! Rows of the database as objects: every recorded table has a fate, and odd rows cost themselves only.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;

use litellm::tables::{COLUMNS_NOT_READ, NOT_READ, TABLES, table};
use litellm::{Held, Input, Kept, Reading, read};
use model::Rows;
use serde_json::{Value, json};

const SCHEMAS: [(&str, &str); 2] = [
    ("1.101.6", include_str!("../../../tests/fixtures/litellm/1.101.6/db-schema.sql")),
    ("1.108.7", include_str!("../../../tests/fixtures/litellm/1.108.7/db-schema.sql")),
];

/// The tables of a schema with their columns.
fn created(schema: &str) -> BTreeMap<&str, Vec<&str>> {
    let mut tables: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
    let mut current = None;
    for line in schema.lines() {
        if let Some(rest) = line.strip_prefix("CREATE TABLE public.") {
            current = Some(rest.trim_end_matches(" (").trim_matches('"'));
        } else if line.starts_with(')') {
            current = None;
        } else if let (Some(table), Some(column)) = (current, line.split_whitespace().next()) {
            tables.entry(table).or_default().push(column.trim_matches('"'));
        }
    }
    tables
}

#[test]
fn every_recorded_table_and_column_is_read_or_named_with_a_reason() {
    let mut all = BTreeSet::new();
    for (version, schema) in SCHEMAS {
        let tables = created(schema);
        assert!(tables.len() > 70, "{version}");
        for (name, columns) in tables {
            all.insert(name);
            let not_read = litellm::tables::reason(name);
            let Some(read) = table(name) else {
                assert!(not_read.is_some(), "{version}: {name} is neither read nor named");
                continue;
            };
            assert!(not_read.is_none(), "{name} is read and named as not read");
            for column in columns.into_iter().filter(|column| *column != "CONSTRAINT") {
                let is_read = read.columns().any(|known| known == column);
                let named = COLUMNS_NOT_READ.iter().any(|(table, known, _)| (*table, *known) == (name, column));
                assert!(is_read != named, "{version}: {name}.{column} is neither read nor named, or both");
            }
        }
    }
    for (name, _) in NOT_READ {
        assert!(all.contains(name), "{name} is in no recorded schema");
    }
}

#[test]
fn every_table_that_is_read_is_known_to_the_reader_of_rows() {
    for table in TABLES {
        assert!(litellm::rows_kind(table.name).is_some(), "{}", table.name);
        assert!(table.since().is_some(), "{}", table.name);
        assert!(table.key.iter().all(|key| table.columns().any(|column| column == *key)), "{}", table.name);
    }
}

fn read_row(table: &str, rows: Value) -> Reading {
    let Value::Array(rows) = rows else { panic!("a list of rows") };
    let rows: Rows = rows.iter().filter_map(Value::as_object).cloned().collect();
    read(&[Input::Rows { tables: &BTreeMap::from([(table.to_owned(), rows)]), findings: &[] }])
}

/// Objects with their fields, then findings. A secret shows how it is kept, not what it is.
fn show(table: &str, rows: Value) -> String {
    let reading = read_row(table, rows);
    let mut shown = String::new();
    for object in &reading.objects {
        let _ = writeln!(shown, "{}", object.source_id());
        for (path, field) in &object.fields {
            let _ = match &field.held {
                Held::Plain(value) => writeln!(shown, "  {path} = {value}"),
                Held::Secret(id) => match &reading.kept[id] {
                    Kept::Sealed(_) => writeln!(shown, "  {path}: sealed"),
                    Kept::Clear(_) => writeln!(shown, "  {path}: in clear"),
                    Kept::LeftOut | Kept::NoSecret(_) => writeln!(shown, "  {path}: left out"),
                    Kept::Environment(name) => writeln!(shown, "  {path}: the proxy's {name}"),
                },
            };
        }
    }
    for finding in &reading.findings {
        let _ = writeln!(shown, "{finding}");
    }
    shown
}

#[test]
fn odd_json_is_read_as_it_is_meant() {
    insta::assert_snapshot!(show("LiteLLM_TeamTable", json!([
        {"team_id": "twice", "metadata": "{\"cost_center\":\"CC-1\"}", "models": "{a,\"b c\"}", "members_with_roles": {}},
        {"team_id": "null", "models": null, "admins": [], "metadata": null},
        {"team_id": "text", "metadata": "{\"cut\": ", "team_alias": "{not json}", "max_budget": 3},
        {"team_id": "nul", "team_alias": "a\u{0}b"},
        {"team_alias": "nobody"},
    ])), @r#"
    team/twice
      metadata.cost_center = "CC-1"
      models = ["a","b c"]
      team_id = "twice"
    team/null
      team_id = "null"
    team/text
      max_budget = 3
      team_alias = "{not json}"
      team_id = "text"
    team/nul
      team_alias = "a\u0000b"
      team_id = "nul"
    error[rows.no_json]: LiteLLM_TeamTable[text].metadata: metadata is a text that is no JSON; what it was meant to say is unknown
      hint: LiteLLM cannot read it either: correct the row, or set these fields on the gateway
    error[rows.no_key]: LiteLLM_TeamTable: a row of LiteLLM_TeamTable has no team_id; it is not used
    warning[rows.nul]: LiteLLM_TeamTable[nul].team_alias: there is a NUL in this text; it is kept, and the gateway may refuse it
    "#);
}

#[test]
fn each_column_keeps_its_secrets_its_own_way() {
    insta::assert_snapshot!(show("LiteLLM_MCPServerTable", json!([
        {"server_id": "new", "credentials": {"auth_value": "x", "scopes": ["a"]}, "static_headers": "ciphertext",
         "env_vars": [{"name": "A", "value": "x", "scope": "global"}], "spec_version": "2025-03-26"},
        {"server_id": "old", "static_headers": {"X-Team": "t"}, "env": {"HOME": "/x", "KEY": "os.environ/KEY"}},
    ])), @r#"
    mcp_server/new
      credentials.auth_value: sealed
      credentials.scopes = ["a"]
      env_vars = [{"name":"A","scope":"global","value":{"$secret":"mcp_server/new/database/env_vars.0.value"}}]
      server_id = "new"
      spec_version = "2025-03-26"
      static_headers: sealed
    mcp_server/old
      env = {"HOME":{"$secret":"mcp_server/old/database/env.HOME"},"KEY":{"$secret":"mcp_server/old/database/env.KEY"}}
      server_id = "old"
      static_headers = {"X-Team":{"$secret":"mcp_server/old/database/static_headers.X-Team"}}
    "#);
    insta::assert_snapshot!(show("LiteLLM_SearchToolsTable", json!([
        {"search_tool_id": "s", "litellm_params": {"search_provider": "tavily", "api_key": "x", "max": 3}},
    ])), @r#"
    search_tool/s
      litellm_params.api_key: sealed
      litellm_params.max = 3
      litellm_params.search_provider: sealed
      search_tool_id = "s"
    "#);
    insta::assert_snapshot!(show("LiteLLM_GuardrailsTable", json!([
        {"guardrail_id": "g", "litellm_params": {"guardrail": "aporia", "api_base": "litellm_enc::abc", "mode": "pre_call"}},
    ])), @r#"
    guardrail/g
      guardrail_id = "g"
      litellm_params.api_base: sealed
      litellm_params.guardrail = "aporia"
      litellm_params.mode = "pre_call"
    "#);
}

#[test]
fn settings_of_every_table_are_sections() {
    insta::assert_snapshot!(show("LiteLLM_Config", json!([
        {"param_name": "router_settings", "param_value": "num_retries: 3\n"},
        {"param_name": "litellm_settings", "param_value": "{\"drop_params\": true}"},
        {"param_name": "environment_variables", "param_value": {"A": "x"}},
        {"param_name": "vantage_settings", "param_value": {"api_key": "x", "base_url": "https://v.example"}},
        {"param_name": "broken", "param_value": "{a: [}"},
        {"param_name": "nothing", "param_value": null},
    ])), @r#"
    settings/router_settings
      num_retries = 3
    settings/litellm_settings
      drop_params = true
    settings/environment_variables
      A: sealed
    settings/vantage_settings
      api_key: sealed
      base_url = "https://v.example"
    error[rows.no_settings]: LiteLLM_Config[broken].param_value: this text is neither JSON nor YAML with settings; what it was meant to set is unknown
      hint: LiteLLM cannot read it either: set these settings again in LiteLLM, or on the gateway
    "#);
    insta::assert_snapshot!(show("LiteLLM_SSOConfig", json!([
        {"id": "sso_config", "sso_settings": {"google_client_id": "x", "google_client_secret": "y"}},
    ])), @"
    settings/sso_settings
      google_client_id: sealed
      google_client_secret: sealed
    ");
    insta::assert_snapshot!(show("LiteLLM_ConfigOverrides", json!([
        {"config_type": "hashicorp_vault", "config_value": {"vault_addr": "x"}},
    ])), @"
    settings/hashicorp_vault
      vault_addr: sealed
    ");
}

#[test]
fn a_hash_opens_nothing_here() {
    let hash = "a".repeat(64);
    insta::assert_snapshot!(show("LiteLLM_BudgetWindowSpend", json!([
        {"entity_type": "key", "entity_id": hash, "window_duration": "7d", "spend": 1.5},
        {"entity_type": "team", "entity_id": "t", "window_duration": "30d", "spend": 2},
    ])), @r#"
    budget_window/key/aaaaaaaaaaaa/7d
      entity_id: in clear
      entity_type = "key"
      spend = 1.5
      window_duration = "7d"
    budget_window/team/t/30d
      entity_id = "t"
      entity_type = "team"
      spend = 2
      window_duration = "30d"
    "#);
    insta::assert_snapshot!(show("LiteLLM_JWTKeyMapping", json!([
        {"id": "m", "jwt_claim_name": "sub", "jwt_claim_value": "u", "token": hash, "is_active": true},
    ])), @r#"
    jwt_key_mapping/m
      id = "m"
      is_active = true
      jwt_claim_name = "sub"
      jwt_claim_value = "u"
      token: in clear
    "#);
    insta::assert_snapshot!(show("LiteLLM_VerificationToken", json!([
        {"token": hash, "key_alias": "prod", "team_id": "t"},
        {"token": "b", "team_id": "litellm-dashboard"},
        {"token": "c", "team_id": "litellm-dashboard"},
    ])).replace(&hash, "HASH"), @r#"
    virtual_key/HASH
      key_alias = "prod"
      team_id = "t"
    info[rows.sessions]: LiteLLM_VerificationToken: 2 sessions of LiteLLM's own dashboard are among its keys; they are left out, they end with it
    "#);
}

#[test]
fn the_older_name_of_a_column_is_read() {
    let rows = json!([{"access_group_id": "g", "access_model_ids": ["a"]},
        {"access_group_id": "h", "access_model_ids": ["old"], "access_model_names": ["new"]}]);
    let reading = read_row("LiteLLM_AccessGroupTable", rows);
    let names: Vec<_> = reading.objects.iter().map(|group| group.value("access_model_names").cloned()).collect();
    assert_eq!(names, [Some(json!(["a"])), Some(json!(["new"]))]);
}

#[test]
fn what_repeats_is_counted() {
    let rows: Vec<Value> = (0..100).map(|n| json!({"team_id": n.to_string(), "metadata": "oops"})).collect();
    let reading = read_row("LiteLLM_TeamTable", Value::Array(rows));
    assert_eq!((reading.objects.len(), reading.findings.len()), (100, 21));
}
