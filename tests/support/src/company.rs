//! The recorded companies: a real LiteLLM in two versions, read in every combination of its three sources.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use inventory::{Candidate, Inventory, Opened, Vault};
use litellm::{Input, Secret};
use model::Moment;

/// The salt key of both recordings.
pub const SALT_KEY: &str = "sk-salt-litellm-real-0001";

/// A moment after the recording: one key has expired by then, another has not.
pub const NOW: &str = "2026-11-24T12:00:00Z";

/// Secrets that may appear nowhere: not in a plan, a report, a journal, a log or on the page.
pub const CANARIES: &[&str] = &[
    "sk-openai-cred-plain-0001",
    "azure-cred-plain-0002",
    "mistral-plain-0003",
    "azure-plain-0004",
    "mcp-token-plain-0005",
    "pk-lf-plain-0006",
    "sk-lf-plain-0007",
    "sk-salt-litellm-real-0001",
    "sk-key-platform-0001",
    "sk-key-dev-laptop-0002",
    "sk-key-ds-notebook-0003",
    "sk-key-robot-job-0004",
    "sk-key-blocked-0005",
    "sk-key-ci-service-0007",
    "sk-KeDPDSgK1TqJ4twllqGDpQ",
    "sk-keiv9J10yo4lSaXbDNjwWQ",
    "\"sk-1234\"",
];

/// The folder of fixtures.
pub fn fixtures() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures")
}

/// What a user would give: the configuration, saved API answers, a dump.
const FILES: &[&str] = &[
    "config.yaml",
    "db-data.sql",
    "v2_model_info.json",
    "credentials.json",
    "organization_list.json",
    "v2_team_list.json",
    "team_info_platform.json",
    "team_info_data_science.json",
    "team_info_skunkworks.json",
    "user_list.json",
    "key_list.json",
    "budget_list.json",
    "customer_list.json",
    "tag_list.json",
    "v1_access_group.json",
    "v2_guardrails_list.json",
    "v1_mcp_server.json",
    "config_pass_through_endpoint.json",
    "get_config_callbacks.json",
    "health_readiness_details.json",
];

/// The files of one recorded deployment by name.
#[expect(clippy::disallowed_methods, reason = "tests read fixtures")]
pub fn files(version: &str) -> BTreeMap<String, Vec<u8>> {
    let folder = fixtures().join("litellm").join(version);
    FILES
        .iter()
        .map(|name| ((*name).to_owned(), std::fs::read(folder.join(name)).unwrap_or_else(|_| panic!("fixture {name}"))))
        .collect()
}

/// Reads and opens files.
pub fn read(files: &BTreeMap<String, Vec<u8>>, salt_key: Option<&str>) -> (Inventory, Vault<Opened>) {
    let inputs: Vec<Input<'_>> = files.iter().map(|(name, bytes)| Input::File { name, bytes }).collect();
    let candidates: Vec<Candidate> = salt_key
        .into_iter()
        .map(|key| Candidate { name: "salt key".to_owned(), secret: Secret::new(key.to_owned()) })
        .collect();
    inventory::gather(litellm::read(&inputs)).open(&candidates)
}

/// The recorded deployment with everything, opened.
pub fn recorded(version: &str) -> (Inventory, Vault<Opened>) {
    read(&files(version), Some(SALT_KEY))
}

/// The moment of the tests.
pub fn now() -> Moment {
    NOW.parse().expect("a moment")
}
