//! The credential blocks of provider keys, and what listing models with them came to on a host without internet
//! (topic 03).

use std::collections::BTreeMap;

use serde_json::{Map, Value, json};

use super::body::Body;
use super::providers::NETWORK_ERROR;
use super::reply::Refusal;
use super::secret::Secret;
use super::state::{Key, Part};
use super::url;
use crate::Release;

/// A block and its fields.
struct Block {
    name: &'static str,
    /// Shown as they are, although they may come from the environment.
    open: &'static [&'static str],
    /// Shown redacted, even when they were not given.
    always: &'static [&'static str],
    /// Shown redacted, where they were given.
    secret: &'static [&'static str],
    /// Plain fields, with what is shown when they were not given (nothing for null).
    plain: &'static [(&'static str, Blank)],
}

/// What an absent plain field is shown as.
#[derive(Clone, Copy)]
enum Blank {
    Nothing,
    Text,
    False,
}

const BEDROCK: &[&str] =
    &["session_token", "region", "arn", "role_arn", "external_id", "session_name", "batch_role_arn"];

const BLOCKS: &[Block] = &[
    Block {
        name: "azure_key_config",
        open: &["endpoint"],
        always: &[],
        secret: &["client_id", "client_secret", "tenant_id"],
        plain: &[("scopes", Blank::Nothing)],
    },
    Block {
        name: "vertex_key_config",
        open: &[],
        always: &["project_id", "project_number", "region", "auth_credentials"],
        secret: &[],
        plain: &[("force_single_region", Blank::Nothing)],
    },
    Block {
        name: "bedrock_key_config",
        open: &[],
        always: &["access_key", "secret_key"],
        secret: BEDROCK,
        plain: &[("batch_s3_config", Blank::Nothing)],
    },
    Block {
        name: "bedrock_mantle_key_config",
        open: &[],
        always: &["access_key", "secret_key"],
        secret: BEDROCK,
        plain: &[],
    },
    Block { name: "vllm_key_config", open: &[], always: &["url"], secret: &[], plain: &[("model_name", Blank::Text)] },
    Block { name: "ollama_key_config", open: &[], always: &["url"], secret: &[], plain: &[] },
    Block { name: "sgl_key_config", open: &[], always: &["url"], secret: &[], plain: &[] },
    Block {
        name: "replicate_key_config",
        open: &[],
        always: &[],
        secret: &[],
        plain: &[("use_deployments_endpoint", Blank::False)],
    },
];

/// Reads the blocks of a request.
pub(super) fn read(
    body: &Body,
    environment: &BTreeMap<String, String>,
    release: Release,
) -> BTreeMap<String, BTreeMap<String, Part>> {
    let known = BLOCKS.iter().filter(|block| release.is_second() || block.name != "bedrock_mantle_key_config");
    known
        .filter_map(|block| {
            let sent = body.object(block.name)?;
            let secret = |name: &str| Secret::read(sent.get(name), environment, release);
            let mut parts = BTreeMap::new();
            for name in block.open {
                let secret = secret(name);
                let part = if release.checks_addresses() { Part::Open(secret) } else { Part::Secret(secret) };
                parts.insert((*name).to_owned(), part);
            }
            if !release.checks_addresses() && block.name == "azure_key_config" && sent.get("api_version").is_some() {
                parts.insert("api_version".to_owned(), Part::Open(secret("api_version")));
            }
            for name in block.always {
                parts.insert((*name).to_owned(), Part::Secret(secret(name)));
            }
            for name in block.secret.iter().filter(|name| sent.get(name).is_some()) {
                parts.insert((*name).to_owned(), Part::Secret(secret(name)));
            }
            for (name, blank) in block.plain {
                match (sent.get(name), blank) {
                    (Some(value), _) => parts.insert((*name).to_owned(), Part::Plain(value.clone())),
                    (None, Blank::Text) => parts.insert((*name).to_owned(), Part::Plain(json!(""))),
                    (None, Blank::False) => parts.insert((*name).to_owned(), Part::Plain(json!(false))),
                    (None, Blank::Nothing) => None,
                };
            }
            Some((block.name.to_owned(), parts))
        })
        .collect()
}

/// A block as the API shows it. What is empty shows no type in the second generation.
pub(super) fn show(block: &BTreeMap<String, Part>, release: Release) -> Value {
    let show_one = |part: &Part| match part {
        Part::Plain(value) => value.clone(),
        Part::Open(secret) => secret.show_open(release),
        Part::Secret(secret) if release.is_second() && secret.is_empty() && secret.reference.is_none() => {
            json!({ "value": "" })
        }
        Part::Secret(secret) => secret.show(release),
    };
    Value::Object(block.iter().map(|(name, part)| (name.clone(), show_one(part))).collect::<Map<_, _>>())
}

impl Part {
    /// The value, for comparing end states.
    pub(super) fn canonical(&self) -> Value {
        match self {
            Self::Secret(secret) | Self::Open(secret) => secret.canonical(),
            Self::Plain(value) => value.clone(),
        }
    }
}

/// Takes the stored secret wherever its redacted form was sent back.
pub(super) fn keep_redacted(
    blocks: &mut BTreeMap<String, BTreeMap<String, Part>>,
    stored: &BTreeMap<String, BTreeMap<String, Part>>,
) {
    for (name, block) in blocks {
        for (field, part) in block {
            let before = stored.get(name).and_then(|block| block.get(field));
            if let (Part::Secret(sent), Some(Part::Secret(before))) = (part, before) {
                *sent = sent.clone().or_kept(before);
            }
        }
    }
}

/// Whether the provider takes keys without a value.
pub(super) fn may_be_empty(provider: &str) -> bool {
    matches!(provider, "azure" | "bedrock" | "bedrock_mantle" | "ollama" | "sgl" | "vertex" | "vllm")
}

/// The fields without which a key is refused: more of them in the second generation, for vertex none at all.
pub(super) fn check(provider: &str, key: &Key, release: Release) -> Result<(), Refusal> {
    let required: &[(&str, &str, &str)] = match provider {
        "ollama" => &[("ollama_key_config", "url", "Ollama")],
        _ if !release.is_second() => &[],
        "azure" => &[("azure_key_config", "endpoint", "Azure")],
        "bedrock" => &[("bedrock_key_config", "region", "Bedrock")],
        "vllm" => &[("vllm_key_config", "url", "VLLM"), ("vllm_key_config", "model_name", "VLLM")],
        "sgl" => &[("sgl_key_config", "url", "SGL")],
        _ => &[],
    };
    for (block, field, title) in required {
        let given = key.blocks.get(*block).and_then(|block| block.get(*field)).is_some_and(Part::is_given);
        if !given {
            return Err(Refusal::bad(format!("{block}.{field} is required for {title} keys")));
        }
    }
    Ok(())
}

impl Part {
    fn is_given(&self) -> bool {
        match self {
            Self::Secret(secret) | Self::Open(secret) => !secret.is_empty() || secret.reference.is_some(),
            Self::Plain(value) => value.as_str().is_none_or(|text| !text.is_empty()),
        }
    }
}

/// The status and description that listing the models leaves on a key. Only the gateway's own host is reachable.
pub(super) fn listing(
    provider: &str,
    base_url: &str,
    key: &Key,
    release: Release,
) -> (Option<&'static str>, Option<&'static str>) {
    let untried = (release.is_second().then_some("unknown"), None);
    if !key.is_enabled() {
        return untried;
    }
    let given = |block: &str, field: &str| value(key, block, field).is_some_and(|value| !value.is_empty());
    let azure_endpoint = value(key, "azure_key_config", "endpoint").unwrap_or_default();
    let failure = match provider {
        "azure" if !given("azure_key_config", "endpoint") || given("azure_key_config", "client_id") => return untried,
        // 1.5.2 does not wait for an answer that does not come.
        "azure" if !release.checks_addresses() && (key.value.is_empty() || !named(azure_endpoint)) => return untried,
        "azure" if key.value.is_empty() => "no credentials provided and DefaultAzureCredential failed to get token",
        "azure" => return reach(azure_endpoint, release),
        "vertex" if !key.blocks.contains_key("vertex_key_config") => return untried,
        "vertex" if !given("vertex_key_config", "region") => "region is not set in key config",
        "vertex" if !given("vertex_key_config", "auth_credentials") => {
            "error creating auth token source (api key auth not supported for list models)"
        }
        "vertex" => "error getting token (api key auth not supported for list models)",
        "bedrock" if key.value.is_empty() && !given("bedrock_key_config", "access_key") => {
            "failed to retrieve aws credentials"
        }
        "ollama" | "sgl" | "vllm" => match value(key, &format!("{provider}_key_config"), "url") {
            None | Some("") => return untried,
            Some(address) => return reach(address, release),
        },
        _ if url::is_loopback(base_url) => return (Some("success"), None),
        _ => NETWORK_ERROR,
    };
    (Some("list_models_failed"), Some(failure))
}

/// Dialling an address: names cannot be looked up, other hosts and what is no address fail while sending.
fn reach(address: &str, release: Release) -> (Option<&'static str>, Option<&'static str>) {
    if url::is_loopback(address) {
        return (Some("success"), None);
    }
    let failure = if named(address) || !release.checks_addresses() {
        NETWORK_ERROR
    } else {
        "failed to execute HTTP request to provider API"
    };
    (Some("list_models_failed"), Some(failure))
}

fn named(address: &str) -> bool {
    address.contains("://") && !url::is_address(address)
}

fn value<'a>(key: &'a Key, block: &str, field: &str) -> Option<&'a str> {
    match key.blocks.get(block)?.get(field)? {
        Part::Secret(secret) | Part::Open(secret) => Some(&secret.value),
        Part::Plain(value) => value.as_str(),
    }
}
