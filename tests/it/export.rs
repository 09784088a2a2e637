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
