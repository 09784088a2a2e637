//! A plan as `config.json`: right by the table of the file, without a secret, the same in every run.

use std::collections::BTreeMap;

use bifrost::{Observed, Version};
use inventory::{Inventory, Opened, Vault};
use plan::export::{Export, Files, TokenSeed};
use plan::{Choices, ExpiryChoice, Plan};
use serde_json::Value;
use support::company;

fn planned((inventory, vault): &(Inventory, Vault<Opened>), target: &str) -> Plan {
    let choices = Choices { expiring_keys: Some(ExpiryChoice::Inactive), ..Choices::default() };
    plan::plan(inventory, vault, &Observed::fresh(target), &choices, company::now())
}

fn files(export: Export) -> Files {
    let Export { files, findings } = export;
    files.unwrap_or_else(|| panic!("no file: {findings:#?}"))
}

fn json(files: &Files) -> Value {
    serde_json::from_str(&files.config).expect("JSON")
}

#[test]
fn the_recorded_companies_are_files_that_are_right() {
    for version in ["1.101.6", "1.108.7"] {
        let company = company::recorded(version);
        for target in bifrost::version::CHOICES {
            let plan = planned(&company, target);
            let export = plan::export::export(&plan, &company.1, None);
            let parsed: Version = target.parse().expect("version");
            let files = files(export);
            let file = json(&files);
            assert_eq!(bifrost::file::lint(&file, &parsed), [], "{version} to {target}");
            let again = plan::export::export(&plan, &company.1, None);
            assert_eq!(super::export::files(again).config, files.config, "the same bytes in every run");
        }
    }
}

/// The values stand in one text only, and it has all of them.
#[test]
fn secrets_are_in_the_values_and_nowhere_else() {
    let company = company::recorded("1.101.6");
    let plan = planned(&company, "2.0.0-prerelease3");
    let export = plan::export::export(&plan, &company.1, Some(&TokenSeed::new([7; 32])));
    let shown = format!("{export:?}");
    let files = files(export);
    for text in [&files.config, &files.template(), &shown] {
        for canary in company::CANARIES {
            assert!(!text.contains(canary), "{canary}");
        }
        assert!(files.tokens().all(|(_, value)| !text.contains(value.expose())));
    }
    let values = files.values(&company.1);
    for canary in ["sk-openai-cred-plain-0001", "mistral-plain-0003", "azure-plain-0004"] {
        assert!(values.expose().contains(canary), "{canary} is missing");
    }
    let tokens: BTreeMap<&str, &str> = files.tokens().map(|(name, value)| (name, value.expose())).collect();
    let keys = json(&files)["governance"]["virtual_keys"].as_array().map_or(0, Vec::len);
    assert_eq!(tokens.len(), keys);
    // A random UUID behind the gateway's prefix, as its own values are.
    for token in tokens.values() {
        let uuid = token.strip_prefix("sk-bf-").expect("the prefix");
        let form: String = uuid.chars().map(|letter| if letter.is_ascii_hexdigit() { 'x' } else { letter }).collect();
        assert_eq!(form, "xxxxxxxx-xxxx-xxxx-xxxx-xxxxxxxxxxxx");
        assert!(uuid[14..15] == *"4" && "89ab".contains(&uuid[19..20]), "{uuid}");
    }
    assert!(keys > 0 && tokens.values().all(|value| values.expose().contains(*value)));
    // Every variable of the file has a line in both texts.
    for name in bifrost::file::variables(&json(&files)) {
        assert!(files.template().contains(&format!("\n{name}=")), "{name}");
        assert!(values.expose().contains(&format!("{name}=")), "{name}");
    }
}

/// The new keys are handed out beside the old ones as LiteLLM shows them.
#[test]
fn new_keys_stand_beside_the_old_ones() {
    let company = company::recorded("1.101.6");
    let plan = planned(&company, "2.0.0-prerelease3");
    let files = files(plan::export::export(&plan, &company.1, Some(&TokenSeed::new([7; 32]))));
    let old = |name: &str| {
        let op = plan.op(&model::OpId::new(format!("virtual_key/{name}")))?;
        op.after.as_ref()?.get("description")?.as_str().map(str::to_owned)
    };
    let expected: Vec<(String, String, String)> = files
        .tokens()
        .map(|(name, value)| (name.to_owned(), old(name).unwrap_or_default(), value.expose().to_owned()))
        .collect();
    assert!(expected.iter().any(|(_, old, _)| old.contains("sk-...")), "{expected:?}");
    assert_eq!(files.hand_over(&plan), expected);
}

#[test]
fn the_file_of_the_recorded_company() {
    let company = company::recorded("1.101.6");
    let plan = planned(&company, "2.0.0-prerelease3");
    let export = plan::export::export(&plan, &company.1, None);
    let told: Vec<String> = export.findings.iter().map(ToString::to_string).collect();
    insta::assert_snapshot!("export-findings-1.101.6", told.join("\n"));
    let files = files(export);
    insta::assert_snapshot!("export-config-1.101.6", files.config);
    insta::assert_snapshot!("export-template-1.101.6", files.template());
}

/// A plan that may not be applied, or is for a gateway that has things already, is no file.
#[test]
fn what_may_not_be_applied_is_not_exported() {
    let company = company::recorded("1.101.6");
    let refused = |plan: &Plan| {
        let export = plan::export::export(plan, &company.1, None);
        assert!(export.files.is_none());
        export.findings.iter().map(|finding| finding.message.clone()).collect::<Vec<_>>().join("; ")
    };
    let undecided = plan::plan(&company.0, &company.1, &Observed::fresh("1.5.16"), &Choices::default(), company::now());
    assert!(refused(&undecided).contains("may not be applied"));
    let mut there = Observed::fresh("2.2.6");
    there.teams.push(serde_json::json!({"id": "t", "name": "platform"}));
    let plan = plan::plan(&company.0, &company.1, &there, &Choices::default(), company::now());
    assert!(refused(&plan).contains("take away the provider keys"), "{}", refused(&plan));
}

/// Limits of models and of keys at one provider stand in the file as the release reads them.
#[test]
fn limits_of_models_are_in_the_form_of_the_release() {
    let config = "model_list:
- {model_name: fast, litellm_params: {model: openai/gpt-4o, api_key: os.environ/K, max_budget: 20, budget_duration: 1d, rpm: 10}}
- {model_name: best, litellm_params: {model: anthropic/claude-opus-4-1, api_key: os.environ/A, max_budget: 5, budget_duration: 7d}}
- {model_name: best, litellm_params: {model: anthropic/claude-opus-4-1, api_key: os.environ/A, max_budget: 5, budget_duration: 1d}}
";
    let rows = [
        (
            "BudgetTable",
            serde_json::json!({"budget_id": "b", "max_budget": 50, "budget_duration": "30d", "rpm_limit": 4}),
        ),
        (
            "OrganizationTable",
            serde_json::json!({"organization_id": "o", "organization_alias": "Org", "budget_id": "b"}),
        ),
        ("TeamTable", serde_json::json!({"team_id": "t", "team_alias": "T", "organization_id": "o", "max_budget": 9})),
        (
            "VerificationToken",
            serde_json::json!({"token": "k", "key_alias": "k", "team_id": "t", "models": ["fast"], "rpm_limit": 3,
                "model_max_budget": {"fast": {"budget_limit": 3, "time_period": "1d"}}}),
        ),
    ];
    let made = support::fleet::made_up(config, &rows);
    let told = ["1.5.2", "1.5.16", "2.2.6"].map(|version| {
        let plan = planned(&made, version);
        let export = plan::export::export(&plan, &made.1, None);
        let findings: Vec<String> = export.findings.iter().map(ToString::to_string).collect();
        let governance = json(&files(export))["governance"].clone();
        let lists = governance.as_object().expect("lists").iter().flat_map(|(name, list)| {
            let items = list.as_array().into_iter().flatten();
            items.map(move |item| format!("{name} {}", bifrost::canonical(item))).collect::<Vec<_>>()
        });
        format!("{version}\n{}\n{}", lists.collect::<Vec<_>>().join("\n"), findings.join("\n"))
    });
    insta::assert_snapshot!("export-limits", told.join("\n\n"));
}

/// Without virtual keys nothing is said of their values; providers without settings get those a call would give them.
#[test]
fn a_file_without_virtual_keys() {
    let config = "model_list: [{model_name: fast, litellm_params: {model: openai/gpt-4o, api_key: os.environ/K}}]\n";
    let made = support::fleet::made_up(config, &[]);
    let exported = |version: &str| plan::export::export(&planned(&made, version), &made.1, None);
    let codes: Vec<String> = exported("2.2.6").findings.iter().map(|finding| finding.code.to_string()).collect();
    assert!(!codes.iter().any(|code| ["export.tokens", "export.spend"].contains(&code.as_str())), "{codes:?}");
    let network = |version: &str| {
        let network = json(&files(exported(version)))["providers"]["openai"]["network_config"].clone();
        ["default_request_timeout_in_seconds", "stream_idle_timeout_in_seconds", "keep_alive_timeout_in_seconds"]
            .map(|field| network[field].as_u64())
    };
    assert_eq!(network("1.5.2"), [Some(30), Some(60), None]);
    assert_eq!(network("2.2.6"), [Some(300), Some(120), Some(30)]);
    let variables: Vec<String> = files(exported("2.2.6")).variables.iter().map(|found| found.name.clone()).collect();
    assert_eq!(variables, ["K"]);
}

/// MCP clients stand in the file with the names that keys use them by; a secret is a variable.
#[test]
fn mcp_clients_are_in_the_file() {
    let rows = [
        (
            "MCPServerTable",
            serde_json::json!({"server_id": "s", "server_name": "docs-search", "url": "https://s.example", "transport": "http",
                "auth_type": "none", "static_headers": {"X-Team": "platform"}, "approval_status": "active", "allow_all_keys": true,
                "allowed_tools": ["search"]}),
        ),
        ("VerificationToken", serde_json::json!({"token": "k", "key_alias": "k", "models": []})),
    ];
    let made = support::fleet::made_up("model_list: []\n", &rows);
    let file = json(&files(plan::export::export(&planned(&made, "2.2.6"), &made.1, None)));
    let client = &file["mcp"]["client_configs"][0];
    assert!(client["client_id"].as_str().is_some_and(|id| id.starts_with("docs-search-")), "{client}");
    assert_eq!(
        (&client["name"], &client["connection_string"], &client["headers"], &client["tools_to_execute"]),
        (
            &serde_json::json!("docs_search"),
            &serde_json::json!("https://s.example"),
            &serde_json::json!({"X-Team": "env.MCP_CLIENT_DOCS_SEARCH_X_TEAM"}),
            &serde_json::json!(["search"])
        )
    );
    assert_eq!(
        file["governance"]["virtual_keys"][0]["mcp_configs"],
        serde_json::json!([{"mcp_client_name": "docs_search", "tools_to_execute": ["search"]}])
    );
}

/// What the file has no place for is an error, and no file is made without it.
#[test]
fn what_has_no_place_in_the_file_is_said() {
    let company = company::recorded("1.101.6");
    let plan = planned(&company, "2.2.6");
    let with = |kind: bifrost::Kind, body: Value| {
        let mut plan = plan.clone();
        let op = plan.ops[0].clone();
        plan.ops.push(plan::Op { kind, name: "odd".to_owned(), after: Some(body.into()), ..op });
        let export = plan::export::export(&plan, &company.1, None);
        assert!(export.files.is_none(), "{kind:?}");
        let found = export.findings.iter().find(|finding| finding.code.as_str() == "export.no_place");
        found.unwrap_or_else(|| panic!("{kind:?}: {:?}", export.findings)).message.clone()
    };
    assert_eq!(with(bifrost::Kind::User, serde_json::json!({})), "the file has no place for User odd");
    assert_eq!(with(bifrost::Kind::ProviderKey, serde_json::json!({})), "the file has no place for Provider key odd");
    let seed = TokenSeed::new([7; 32]);
    assert_eq!(format!("{seed:?}"), "TokenSeed(••••••••)");
}

/// A variable that is made for a secret has a name that LiteLLM's host gave to nothing else.
#[test]
fn a_variable_of_the_host_keeps_its_name() {
    let config = "model_list:
- {model_name: a, model_info: {id: a}, litellm_params: {model: openai/gpt-4o, api_key: sk-0123456789abcdefghij}}
- {model_name: b, litellm_params: {model: groq/llama, api_key: os.environ/PROVIDER_KEY_OPENAI_A}}
";
    let made = support::fleet::made_up(config, &[]);
    let files = files(plan::export::export(&planned(&made, "2.2.6"), &made.1, None));
    let value = |provider: &str| json(&files)["providers"][provider]["keys"][0]["value"].clone();
    assert_eq!(value("groq"), "env.PROVIDER_KEY_OPENAI_A");
    assert_eq!(value("openai"), "env.PROVIDER_KEY_OPENAI_A_2");
    let told: Vec<String> = files.variables.iter().map(|found| format!("{}: {}", found.name, found.what)).collect();
    assert_eq!(
        told,
        [
            "PROVIDER_KEY_OPENAI_A: Provider key groq-provider-key-openai-a",
            "PROVIDER_KEY_OPENAI_A_2: Provider key openai-a"
        ]
    );
}
