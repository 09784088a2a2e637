//! What makes one provider key differ from another: the secret, the address, the account.

use std::collections::BTreeMap;

use inventory::{Entity, Opened, Vault};
use litellm::Held;
use model::{ProviderName, SecretId};
use serde_json::{Map, Value, json};

use super::account::Settings;
use super::place::Place;
use super::{NotPlaced, Served};
use crate::draft::{Planner, slug};

/// Where a value of a credential comes from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Part {
    /// A slot of the vault that holds a secret.
    Secret(SecretId),
    /// An environment variable on the gateway's host.
    Environment(String),
    /// A plain value.
    Plain(String),
    /// A switch that is on.
    On,
}

/// Everything that tells one account from another.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Credential {
    /// The values by the gateway's name for them: `value`, `azure_key_config.endpoint`.
    pub(crate) parts: BTreeMap<&'static str, Part>,
    /// The named credential it comes from.
    pub(crate) named: Option<String>,
}

/// The fields of a deployment and their place in a key, by provider (`reference/bifrost-api.md` 3.5).
const PARTS: &[(&str, &str, &str)] = &[
    ("azure", "api_base", "azure_key_config.endpoint"),
    ("azure", "client_id", "azure_key_config.client_id"),
    ("azure", "client_secret", "azure_key_config.client_secret"),
    ("azure", "tenant_id", "azure_key_config.tenant_id"),
    ("bedrock", "aws_access_key_id", "bedrock_key_config.access_key"),
    ("bedrock", "aws_secret_access_key", "bedrock_key_config.secret_key"),
    ("bedrock", "aws_session_token", "bedrock_key_config.session_token"),
    ("bedrock", "aws_region_name", "bedrock_key_config.region"),
    ("bedrock", "aws_role_name", "bedrock_key_config.role_arn"),
    ("bedrock", "aws_external_id", "bedrock_key_config.external_id"),
    ("bedrock", "aws_session_name", "bedrock_key_config.session_name"),
    ("vertex", "vertex_project", "vertex_key_config.project_id"),
    ("vertex", "vertex_location", "vertex_key_config.region"),
    ("vertex", "vertex_credentials", "vertex_key_config.auth_credentials"),
    ("vllm", "api_base", "vllm_key_config.url"),
    ("ollama", "api_base", "ollama_key_config.url"),
    ("databricks", "api_base", "databricks_key_config.workspace_url"),
    ("databricks", "client_id", "databricks_key_config.client_id"),
    ("databricks", "client_secret", "databricks_key_config.client_secret"),
];

/// Providers whose keys hold an address and need a value or an application beside it; without either, LiteLLM takes the
/// key of its environment.
const SIGNED: &[&str] = &["azure", "databricks"];

/// What opens such an address.
const ACCOUNT: &[&str] = &["value", "azure_key_config.client_id", "databricks_key_config.client_id"];

/// Ways to sign in that the gateway does not have, by provider: a key without them would be somebody else's account
/// (LiteLLM: `llms/azure/common_utils.py`, `llms/bedrock/base_aws_llm.py`).
const OTHER_WAYS: &[(&str, &str)] = &[
    ("azure", "azure_ad_token"),
    ("azure", "azure_username"),
    ("bedrock", "aws_profile_name"),
    ("bedrock", "aws_web_identity_token"),
];

/// Where a field of a deployment stands in a key of that provider.
pub(crate) fn target(provider: &str, field: &str) -> Option<&'static str> {
    PARTS.iter().find(|(of, name, _)| *of == provider && *name == field).map(|(.., target)| *target)
}

/// Providers that take their account from the host when nothing is given.
const AMBIENT: &[&str] = &["bedrock", "vertex"];

impl Credential {
    /// Whether both are the same account. Secrets are compared in the vault, never shown.
    pub(crate) fn is_the_same(&self, other: &Self, vault: &Vault<Opened>) -> bool {
        self.parts.len() == other.parts.len()
            && self.parts.iter().all(|(name, part)| match (part, other.parts.get(name)) {
                (Part::Secret(left), Some(Part::Secret(right))) => left == right || vault.same(left, right),
                (left, Some(right)) => left == right,
                (_, None) => false,
            })
    }

    /// A readable name that stays the same from run to run: the named credential, else the environment variable,
    /// else the deployment that brought it.
    pub(crate) fn name(&self, provider: &ProviderName, deployment: &str) -> String {
        if let Some(named) = &self.named {
            return named.clone();
        }
        let from = match self.parts.get("value").or_else(|| self.parts.get("bedrock_key_config.access_key")) {
            Some(Part::Environment(name)) => slug(name),
            _ => slug(deployment),
        };
        if from.starts_with(provider.as_str()) { from } else { format!("{provider}-{from}") }
    }

    /// What tells it apart from another key of the same name: the first label of its address, or its region.
    pub(crate) fn distinction(&self) -> String {
        let plain = |name: &str| match self.parts.get(name) {
            Some(Part::Plain(text)) => Some(text.as_str()),
            _ => None,
        };
        let addresses = ["azure_key_config.endpoint", "vllm_key_config.url", "databricks_key_config.workspace_url"];
        let address = addresses.into_iter().find_map(plain);
        let host = address.map(|url| url.split("://").last().unwrap_or(url).split(['/', '.']).next().unwrap_or(url));
        let place =
            host.or_else(|| plain("bedrock_key_config.region")).or_else(|| plain("vertex_key_config.project_id"));
        slug(place.unwrap_or_default())
    }

    /// The body's `value` and credential block.
    pub(crate) fn put_into(&self, body: &mut Map<String, Value>, served: impl Iterator<Item = Served>) {
        body.insert("value".to_owned(), Value::from(""));
        for (path, part) in &self.parts {
            let value = part.json();
            match path.split_once('.') {
                None => {
                    body.insert((*path).to_owned(), value);
                }
                Some((block, name)) => {
                    let block = body.entry(block).or_insert_with(|| json!({}));
                    if let Value::Object(block) = block {
                        block.insert(name.to_owned(), value);
                    }
                }
            }
        }
        // A vLLM key serves one model, by its upstream name.
        if let (Some(Value::Object(block)), Some(served)) = (body.get_mut("vllm_key_config"), served.into_iter().next())
        {
            block.insert("model_name".to_owned(), Value::from(served.upstream.unwrap_or(served.entry)));
        }
    }
}

impl Part {
    fn json(&self) -> Value {
        match self {
            Self::Secret(id) => bifrost::hole::secret(id),
            Self::Environment(name) => Value::from(format!("env.{name}")),
            Self::Plain(text) => Value::from(text.as_str()),
            Self::On => Value::from(true),
        }
    }
}

impl Planner<'_> {
    /// The account a deployment uses: its own values, else those of its named credential, else what LiteLLM would
    /// take from the environment.
    pub(super) fn credential(
        &mut self,
        entity: &Entity,
        settings: &Settings,
        place: &Place,
    ) -> Result<Credential, NotPlaced> {
        let mut credential = Credential { named: settings.named.clone(), ..Credential::default() };
        let provider = place.name.as_str();
        self.state_account(entity, settings, provider, &mut credential)?;
        credential.parts.extend(ways_to_ask(provider, &settings.model));
        self.other_way(entity, settings, provider, &credential)?;
        if SIGNED.contains(&provider) && !ACCOUNT.iter().any(|name| credential.parts.contains_key(name)) {
            environment(entity, settings, &mut credential)?;
        }
        let only_route = credential.parts.keys().all(|name| *name == "replicate_key_config.use_deployments_endpoint");
        if !only_route {
            return Ok(credential);
        }
        if place.custom.is_some() {
            // The gateway wants some value before it takes aliases; such a server does not look at it.
            credential.parts.insert("value", Part::Plain("none".to_owned()));
        } else if provider == "ollama" {
            credential.parts.insert("ollama_key_config.url", Part::Plain("http://localhost:11434".to_owned()));
        } else if !AMBIENT.contains(&provider) {
            environment(entity, settings, &mut credential)?;
        }
        Ok(credential)
    }

    /// What the deployment states of its account.
    fn state_account(
        &self,
        entity: &Entity,
        settings: &Settings,
        provider: &str,
        credential: &mut Credential,
    ) -> Result<(), NotPlaced> {
        if let Some(part) = self.part(entity, settings, "api_key")? {
            credential.parts.insert("value", part);
        }
        for (_, field, target) in PARTS.iter().filter(|(for_provider, ..)| *for_provider == provider) {
            if let Some(part) = self.part(entity, settings, field)? {
                let part = match *target {
                    "azure_key_config.endpoint" => without(part, ""),
                    // The gateway adds `/v1/…` itself.
                    "vllm_key_config.url" => without(part, "/v1"),
                    // LiteLLM asks below this path of the workspace, and so does the gateway.
                    "databricks_key_config.workspace_url" => without(part, "/serving-endpoints"),
                    _ => part,
                };
                credential.parts.insert(target, part);
            }
        }
        Ok(())
    }

    /// Refuses a deployment that signs in as the gateway cannot.
    fn other_way(
        &self,
        entity: &Entity,
        settings: &Settings,
        provider: &str,
        credential: &Credential,
    ) -> Result<(), NotPlaced> {
        if credential.parts.contains_key("value") {
            return Ok(());
        }
        let named = settings.named.as_ref().and_then(|name| self.entity(litellm::Kind::Credential, name));
        let states = |field: &str| {
            entity.object.fields.contains_key(format!("litellm_params.{field}").as_str())
                || named.is_some_and(|named| {
                    named.object.fields.contains_key(format!("credential_values.{field}").as_str())
                })
        };
        match OTHER_WAYS.iter().find(|(of, field)| *of == provider && states(field)) {
            Some((_, field)) => {
                Err(NotPlaced::manual(format!("it signs in with {field}, which the gateway cannot take"))
                    .hint("make a provider key with an account of its own on the gateway by hand, and plan again"))
            }
            None => Ok(()),
        }
    }

    /// A value of the deployment, or of its named credential.
    fn part(&self, entity: &Entity, settings: &Settings, field: &str) -> Result<Option<Part>, NotPlaced> {
        let own = entity.object.fields.get(&format!("litellm_params.{field}"));
        let named = settings.named.as_ref().and_then(|name| self.entity(litellm::Kind::Credential, name));
        let from_named = named.and_then(|named| named.object.fields.get(&format!("credential_values.{field}")));
        let Some(found) = own.or(from_named) else { return Ok(None) };
        match &found.held {
            Held::Plain(Value::String(text)) => Ok(Some(match litellm::referred(text) {
                Some(name) => Part::Environment(name),
                None => Part::Plain(text.clone()),
            })),
            Held::Plain(Value::Object(_)) => Err(NotPlaced::manual(format!(
                "{field} is written as a map, whose text the gateway wants as one value"
            ))
            .hint("put the JSON text of the service account into one value")),
            Held::Plain(other) => Ok(Some(Part::Plain(other.to_string()))),
            Held::Secret(id) => match (self.vault.environment(id), self.vault.expose(id)) {
                (Some(name), _) => Ok(Some(Part::Environment(name.to_owned()))),
                (None, Some(_)) => Ok(Some(Part::Secret(id.clone()))),
                (None, None) if self.vault.is_left_out(id) => Err(NotPlaced::manual(format!(
                    "its {field} stands in clear in its source, and the snapshot leaves such values out"
                ))
                .hint("give the file or answer it stands in beside the snapshot")),
                (None, None) if let Some(what) = self.vault.no_secret(id) => {
                    Err(NotPlaced::manual(format!("its {field} is {}", what.words()))
                        .hint("give the provider a key on the gateway by hand"))
                }
                (None, None) => Err(NotPlaced::manual(format!("its {field} is encrypted and could not be opened"))
                    .hint("give the key it was encrypted with")),
            },
        }
    }
}

/// What a key says of the route its models are asked on, where LiteLLM says it in the model's name or its base
/// (`llms/replicate/chat/transformation.py`, `llms/databricks/common_utils.py`; `reference/bifrost-api.md` 3.5).
fn ways_to_ask(provider: &str, model: &str) -> Option<(&'static str, Part)> {
    match provider {
        "replicate" if model.contains("deployments/") => {
            Some(("replicate_key_config.use_deployments_endpoint", Part::On))
        }
        "databricks" => Some(("databricks_key_config.api_format", Part::Plain("model_serving".to_owned()))),
        _ => None,
    }
}

/// LiteLLM falls back to the provider's usual environment variable.
fn environment(entity: &Entity, settings: &Settings, credential: &mut Credential) -> Result<(), NotPlaced> {
    let only_api = entity.sources.iter().all(|source| *source == litellm::SourceKind::Api);
    if only_api {
        return Err(NotPlaced::manual("only the API shows it, and the API never shows provider keys")
            .hint("read config.yaml or the database as well"));
    }
    let word = litellm::provider::resolve(&settings.model, settings.slug.as_deref(), settings.base.as_deref());
    let facts = word.ok().and_then(|resolved| litellm::provider::facts(&resolved.provider));
    match facts.and_then(|facts| facts.api_key_env.first().map(|name| String::from(*name))) {
        Some(name) => {
            credential.parts.insert("value", Part::Environment(name));
            Ok(())
        }
        None => Err(NotPlaced::manual("it has no key, and none is known that LiteLLM would take from its environment")),
    }
}

/// An address without slashes and that path at its end.
fn without(part: Part, path: &str) -> Part {
    match part {
        Part::Plain(text) => {
            let bare = text.trim_end_matches('/');
            Part::Plain(bare.strip_suffix(path).unwrap_or(bare).trim_end_matches('/').to_owned())
        }
        other => other,
    }
}
