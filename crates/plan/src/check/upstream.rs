//! Whether a provider key, by the bodies that will be sent, is the upstream of a deployment, by what LiteLLM reads:
//! the same provider, address, account and model. It does not ask how the rules came to the key.

use std::collections::BTreeMap;

use bifrost::hole::{self, Hole};
use bifrost::{Kind, Observed};
use inventory::Entity;
use litellm::Held;
use litellm::provider::Resolved;
use model::{ProviderName, SecretId};
use serde_json::Value;

use crate::draft::Planner;
use crate::providers::{Wanted, find, standard_name, upstream_model};
use crate::types::{Action, Op};

/// The values that make an account: LiteLLM's name, the place in a key's body.
const ACCOUNT: &[(&str, &str)] = &[
    ("api_key", "/value"),
    ("aws_access_key_id", "/bedrock_key_config/access_key"),
    ("aws_secret_access_key", "/bedrock_key_config/secret_key"),
    ("aws_session_token", "/bedrock_key_config/session_token"),
    ("aws_role_name", "/bedrock_key_config/role_arn"),
    ("aws_region_name", "/bedrock_key_config/region"),
    ("vertex_project", "/vertex_key_config/project_id"),
    ("vertex_location", "/vertex_key_config/region"),
    ("vertex_credentials", "/vertex_key_config/auth_credentials"),
    ("client_id", "/azure_key_config/client_id"),
    ("client_secret", "/azure_key_config/client_secret"),
    ("tenant_id", "/azure_key_config/tenant_id"),
];

/// Addresses that a key's body holds.
const IN_KEY: &[&str] = &["/azure_key_config/endpoint", "/vllm_key_config/url", "/ollama_key_config/url"];

/// The bodies of a provider key and its provider.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Bodies<'a> {
    provider: &'a str,
    key: &'a Value,
    /// What will be sent for the provider, else what is there.
    place: Option<&'a Value>,
    /// Whether the key's body is one that will be sent, so that its account can be compared.
    sent: bool,
}

/// Every provider key, by name.
pub(crate) fn bodies<'a>(ops: &'a [Op], observed: &'a Observed) -> BTreeMap<&'a str, Bodies<'a>> {
    let name = |body: &'a Value| body.get("name").and_then(Value::as_str);
    let mut places: BTreeMap<&str, &Value> =
        observed.providers.iter().filter_map(|body| Some((name(body)?, body))).collect();
    let sent = |kind: Kind| {
        ops.iter()
            .filter(move |op| op.kind == kind && op.action != Action::Skip)
            .filter_map(|op| Some((op.name.as_str(), op.after.as_ref()?.value())))
    };
    places.extend(sent(Kind::Provider));
    let mut found = BTreeMap::new();
    for (provider, keys) in &observed.provider_keys {
        for key in keys {
            let Some(name) = name(key) else { continue };
            found.insert(name, Bodies { provider, key, place: places.get(provider.as_str()).copied(), sent: false });
        }
    }
    for (name, key) in sent(Kind::ProviderKey) {
        let provider = key.get("provider").and_then(Value::as_str).unwrap_or_default();
        found.insert(name, Bodies { provider, key, place: places.get(provider).copied(), sent: true });
    }
    found
}

impl Planner<'_> {
    /// Whether the deployment, asked for `upstream`, and the key, asked for `model`, end at the same place; what
    /// differs where they do not.
    pub(crate) fn same_upstream(
        &self,
        entity: &Entity,
        upstream: &str,
        key: &Bodies<'_>,
        model: &str,
    ) -> Result<(), &'static str> {
        let value = |field: &str| self.account_value(entity, field);
        let text = |field: &str| match value(field) {
            Some(Held::Plain(Value::String(text))) => Some(text.as_str()),
            _ => None,
        };
        let base = text("api_base").or_else(|| text("base_url"));
        let slug = text("custom_llm_provider");
        let proxied = entity.object.value("litellm_params.use_litellm_proxy") == Some(&Value::Bool(true));
        let resolved = match litellm::provider::resolve(upstream, slug, base) {
            _ if proxied => litellm::provider::through_litellm_proxy(upstream),
            Ok(resolved) => resolved,
            Err(_) => return Err("LiteLLM knows no provider for it"),
        };
        if upstream_model(&resolved) != model {
            return Err("model");
        }
        if !is_at(key, &resolved.provider, base) && !self.is_mapped(entity, key, &resolved, base) {
            return Err("address");
        }
        let differs = |(field, place): &&(&str, &str)| {
            let Some(held) = value(field) else { return false };
            !self.is_value(held, key.key.pointer(place).unwrap_or(&Value::Null))
        };
        let ours = if key.sent { ACCOUNT } else { &[] };
        match ours.iter().filter(|(_, place)| belongs(key.provider, place)).find(differs) {
            Some(_) => Err("account"),
            None => Ok(()),
        }
    }

    /// Whether the person said that this provider stands for the deployment's.
    fn is_mapped(&self, entity: &Entity, key: &Bodies<'_>, resolved: &Resolved, base: Option<&str>) -> bool {
        let custom = find(&Wanted::by(entity, base, resolved), &self.version).ok().map(|place| place.name);
        let mapped = self.mapped(&resolved.provider, custom.as_ref().map(ProviderName::as_str));
        let is_own = key.place.is_none_or(|body| body.get("custom_provider_config").is_none());
        is_own && mapped.is_some_and(|(_, to)| to.as_str() == key.provider)
    }

    /// A value of the deployment, else of its named credential.
    fn account_value<'e>(&'e self, entity: &'e Entity, field: &str) -> Option<&'e Held> {
        let own = entity.object.fields.get(&format!("litellm_params.{field}"));
        let named = || {
            let name = entity.object.text("litellm_params.litellm_credential_name")?;
            let credential = self.entity(litellm::Kind::Credential, name)?;
            credential.object.fields.get(&format!("credential_values.{field}"))
        };
        own.or_else(named).map(|field| &field.held)
    }

    fn is_value(&self, held: &Held, sent: &Value) -> bool {
        let environment = |name: &str| sent.as_str().and_then(|text| text.strip_prefix("env.")) == Some(name);
        match held {
            Held::Secret(id) => match (self.vault.environment(id), hole::read(sent)) {
                (Some(name), _) => environment(name),
                (None, Some(Hole::Secret(other))) => self.is_slot(id, &other),
                (None, _) => false,
            },
            Held::Plain(Value::String(text)) => match litellm::referred(text) {
                Some(name) => environment(&name),
                None => sent.as_str() == Some(text),
            },
            Held::Plain(_) => true,
        }
    }

    fn is_slot(&self, left: &SecretId, right: &SecretId) -> bool {
        left == right || self.vault.same(left, right)
    }
}

/// Whether a place in a key's body is one that its provider reads.
fn belongs(provider: &str, place: &str) -> bool {
    match place.trim_start_matches('/').split_once('_') {
        Some((block, rest)) if rest.contains("key_config") => block == provider,
        _ => true,
    }
}

/// Whether the provider is where LiteLLM would go.
fn is_at(key: &Bodies<'_>, word: &str, base: Option<&str>) -> bool {
    let known = litellm::provider::facts(word).and_then(|facts| facts.base_url);
    let own = IN_KEY.iter().find_map(|place| key.key.pointer(place)).and_then(Value::as_str);
    let there = key.place.and_then(|body| body.pointer("/network_config/base_url")).and_then(Value::as_str);
    match (own, there.filter(|url| !url.is_empty())) {
        (Some(own), _) if standard_name(word) == Some(key.provider) => match base {
            Some(base) => match litellm::referred(base) {
                Some(name) => own.strip_prefix("env.") == Some(name.as_str()),
                None => bare(own) == bare(base),
            },
            None => true,
        },
        (_, Some(url)) => {
            let full = format!("{}{}", url.trim_end_matches('/'), path(key));
            match (base, known.filter(|base| !base.contains('{'))) {
                // Another path of a host can be another server.
                (Some(base), _) => bare(&full) == bare(base),
                // Another interface of the same company, under the same host.
                (None, Some(known)) => bare(&full) == bare(known) || bare(known).starts_with(host(url)),
                (None, None) => true,
            }
        }
        (_, None) => {
            standard_name(word) == Some(key.provider)
                && base.is_none_or(|base| known.is_none_or(|known| host(known) == host(base)))
        }
    }
}

/// The path in front of `/chat/completions`, or of `/rerank`.
fn path<'a>(key: &Bodies<'a>) -> &'a str {
    let overrides = key.place.and_then(|body| body.pointer("/custom_provider_config/request_path_overrides"));
    let at = |request: &str, end: &str| overrides?.get(request)?.as_str()?.strip_suffix(end);
    at("chat_completion", "/chat/completions").or_else(|| at("rerank", "/rerank")).unwrap_or_default()
}

fn bare(url: &str) -> String {
    url.trim_end_matches('/').trim_end_matches("/v1").trim_end_matches('/').to_ascii_lowercase()
}

fn host(url: &str) -> &str {
    let start = url.find("://").map_or(0, |at| at + 3);
    let end = url[start..].find('/').map_or(url.len(), |at| start + at);
    &url[..end]
}
