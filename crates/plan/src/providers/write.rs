//! Bodies of providers and their keys.

use std::collections::{BTreeMap, BTreeSet};

use bifrost::hole::Hole;
use bifrost::{Capability, Kind};
use inventory::Entity;
use litellm::Kind as Source;
use model::{Code, Finding, Origin, SourceId};
use serde_json::{Map, Value, json};

use super::{Catalogue, KeyDraft, ProviderDraft, Served};
use crate::draft::Planner;
use crate::limits::whole_value;
use crate::types::Fidelity;

/// Paths of a server whose API does not start at `/v1` (`reference/bifrost-api.md` 3.2).
const PATHS: &[(&str, &str)] = &[
    ("chat_completion", "/chat/completions"),
    ("chat_completion_stream", "/chat/completions"),
    ("text_completion", "/completions"),
    ("text_completion_stream", "/completions"),
    ("responses", "/responses"),
    ("responses_stream", "/responses"),
    ("embedding", "/embeddings"),
    ("image_generation", "/images/generations"),
    ("speech", "/audio/speech"),
    ("transcription", "/audio/transcriptions"),
    ("list_models", "/models"),
];

/// Where LiteLLM is told whom `OpenAI` bills.
const ORGANIZATION: &str = "litellm_params.organization";

impl Planner<'_> {
    pub(super) fn write_providers(&mut self, catalogue: &Catalogue) {
        for (name, provider) in &catalogue.providers {
            let origins = self.origins(&provider.deployments);
            let mut body = Map::from_iter([("provider".to_owned(), Value::from(name.as_str()))]);
            let network = self.network(provider);
            if !network.is_empty() {
                body.insert("network_config".to_owned(), Value::Object(network));
            }
            if let Some(base_type) = provider.place.custom {
                body.insert("custom_provider_config".to_owned(), custom(base_type, provider.place.path.as_deref()));
            }
            let reason = match provider.place.custom {
                Some(base) => format!("a custom provider that speaks {base}'s API"),
                None => "a provider the gateway knows".to_owned(),
            };
            self.draft(Kind::Provider, name.as_str(), Some(Value::Object(body)), &reason, origins);
        }
    }

    pub(super) fn write_keys(&mut self, catalogue: &mut Catalogue) {
        let entries: BTreeMap<String, BTreeSet<String>> =
            catalogue.keys.iter().map(|key| (key.name.clone(), key.served.keys().cloned().collect())).collect();
        for key in &catalogue.keys {
            let others = catalogue.keys_of(&key.provider).filter(|other| other.name != key.name);
            let elsewhere: BTreeSet<&String> = others.filter_map(|other| entries.get(&other.name)).flatten().collect();
            let body = self.key_body(key, &elsewhere, catalogue.is_standard(&key.provider));
            let origins = self.origins(&key.deployments);
            let reason = match key.deployments.len() {
                1 => "the credential of one deployment".to_owned(),
                count => format!("the credential that {count} deployments share"),
            };
            let op = self.draft(Kind::ProviderKey, &key.name, Some(body), &reason, origins);
            debug_assert_eq!(op, key.op);
            if let (Some(provider), Some(draft)) = (catalogue.providers.get(&key.provider), self.drafts.last_mut()) {
                draft.after.push(provider.op.clone());
            }
        }
    }

    fn key_body(&self, key: &KeyDraft, elsewhere: &BTreeSet<&String>, is_priced: bool) -> Value {
        let mut body = Map::from_iter([
            ("name".to_owned(), Value::from(key.name.as_str())),
            ("provider".to_owned(), Value::from(key.provider.as_str())),
            ("weight".to_owned(), self.weight(key)),
        ]);
        key.credential.put_into(&mut body, key.served.values().cloned());
        let models = if key.wildcard.is_empty() {
            key.served.keys().chain(key.patterns.keys()).cloned().collect()
        } else {
            json!(["*"])
        };
        body.insert("models".to_owned(), models);
        // A key for everything must not take the names that other keys of the provider stand for.
        let by_pattern = |name: &str| key.patterns.keys().any(|entry| bifrost::pattern::takes(entry, name));
        let elsewhere = elsewhere
            .iter()
            .filter(|name| !key.served.contains_key(**name))
            .filter(|name| !key.wildcard.is_empty() || by_pattern(name))
            .map(|name| (*name).clone());
        let foreign: BTreeSet<String> = elsewhere.chain(self.shadowed(key)).collect();
        if !foreign.is_empty() {
            body.insert("blacklisted_models".to_owned(), json!(foreign));
        }
        let aliases: Map<String, Value> = key
            .served
            .values()
            .filter_map(|served| Some((served.entry.clone(), self.alias(served, is_priced)?)))
            .collect();
        if !aliases.is_empty() {
            body.insert("aliases".to_owned(), Value::Object(aliases));
        }
        Value::Object(body)
    }

    fn alias(&self, served: &Served, is_priced: bool) -> Option<Value> {
        let plain = || served.upstream.as_deref().map(Value::from);
        if !self.version.has(Capability::AliasObjects) {
            return plain();
        }
        let model = served.upstream.as_ref().unwrap_or(&served.entry);
        let priced_as = self.priced_as(served).filter(|name| is_priced && name != model);
        if served.api_version.is_none() && priced_as.is_none() {
            return plain();
        }
        let mut alias = Map::from_iter([("model_id".to_owned(), Value::from(model.as_str()))]);
        let more = [("api_version", served.api_version.clone()), ("model_name", priced_as)];
        alias.extend(more.into_iter().filter_map(|(field, value)| Some((field.to_owned(), Value::from(value?)))));
        Some(Value::Object(alias))
    }

    /// The weight of the one deployment of a key; a key of several has no weight of its own.
    fn weight(&self, key: &KeyDraft) -> Value {
        let only = match &key.deployments[..] {
            [one] => self.entity(Source::Deployment, one),
            _ => None,
        };
        let weight =
            only.and_then(|entity| entity.object.value("litellm_params.weight")).and_then(crate::routing::micros);
        let weight = weight.filter(|weight| *weight > 0).map(model::Money::from_micros);
        weight.map_or(Value::from(1), crate::limits::dollars)
    }

    fn network(&mut self, provider: &ProviderDraft) -> Map<String, Value> {
        let mut network = Map::new();
        if let Some(base) = &provider.place.base_url {
            network.insert("base_url".to_owned(), Value::from(base.as_str()));
        }
        if provider.place.private {
            network.insert("allow_private_network".to_owned(), Value::from(true));
        }
        let deployments: Vec<&Entity> =
            provider.deployments.iter().filter_map(|id| self.entity(Source::Deployment, id)).collect();
        let timeout = self.per_provider(
            provider,
            &deployments,
            &["timeout"],
            &[("router_settings", "timeout"), ("litellm_settings", "request_timeout")],
            "default_request_timeout_in_seconds",
        );
        if let Some(timeout) = timeout {
            network.insert("default_request_timeout_in_seconds".to_owned(), timeout);
        }
        let retries = self.per_provider(
            provider,
            &deployments,
            &["max_retries", "num_retries"],
            &[("router_settings", "num_retries"), ("litellm_settings", "num_retries")],
            "max_retries",
        );
        if let Some(retries) = retries {
            network.insert("max_retries".to_owned(), retries);
        }
        let idle = self.per_provider(
            provider,
            &deployments,
            &["stream_timeout"],
            &[("router_settings", "stream_timeout")],
            "stream_idle_timeout_in_seconds",
        );
        if let Some(idle) = idle.as_ref().and_then(Value::as_u64) {
            // The gateway refuses shorter and longer ones (`reference/bifrost-api.md` 3.3).
            network.insert("stream_idle_timeout_in_seconds".to_owned(), Value::from(idle.clamp(5, 3600)));
        }
        let mut headers = self.headers(provider, &deployments);
        if let Some(organization) = self.billed_to(provider, &deployments) {
            headers.entry("OpenAI-Organization").or_insert(Value::from(organization));
        }
        if !headers.is_empty() {
            network.insert("extra_headers".to_owned(), Value::Object(headers));
        }
        network
    }

    /// A value LiteLLM has per deployment or for all, and the gateway per provider: the deployment's where there is
    /// only one, else the one for all.
    fn per_provider(
        &mut self,
        provider: &ProviderDraft,
        deployments: &[&Entity],
        own: &[&str],
        shared: &[(&str, &str)],
        target: &str,
    ) -> Option<Value> {
        let target = format!("network_config.{target}");
        let note = "per provider, not per model";
        let mut found = None;
        for entity in deployments {
            for field in own.iter().map(|name| format!("litellm_params.{name}")) {
                let Some(value) = entity.object.value(&field).and_then(whole_value) else { continue };
                let source = entity.id.clone();
                if deployments.len() == 1 {
                    found = found.or(Some(Value::from(value)));
                    self.ledger.carried(&source, &field, &provider.op, &target, Fidelity::Approximate, note);
                } else {
                    let note =
                        "the gateway has one value for the whole provider; set it there if all models may have it";
                    self.ledger.left(&source, &field, Fidelity::Manual, note);
                }
            }
        }
        let mut spoken: Option<&str> = None;
        for (section, name) in shared {
            let Some((source, value)) = self.setting(section, name) else { continue };
            let Some(value) = whole_value(&value) else { continue };
            if let Some(earlier) = spoken {
                let note = format!("counts for nothing in LiteLLM: {earlier} goes before it");
                self.ledger.left(&source, name, Fidelity::Exact, note);
                continue;
            }
            spoken = Some(*section);
            self.ledger.carried(&source, name, &provider.op, &target, Fidelity::Approximate, note);
            found = found.or(Some(Value::from(value)));
        }
        found
    }

    fn headers(&mut self, provider: &ProviderDraft, deployments: &[&Entity]) -> Map<String, Value> {
        let field = "litellm_params.extra_headers";
        let mut headers = Map::new();
        let stating: Vec<&&Entity> =
            deployments.iter().filter(|entity| entity.object.fields.contains_key(field)).collect();
        let agree = stating.len() == deployments.len()
            && stating.windows(2).all(|pair| self.alike(pair[0].object.value(field), pair[1].object.value(field)));
        for entity in stating {
            let source: SourceId = entity.id.clone();
            if !agree {
                let note =
                    "other deployments of this provider do not send these headers; the gateway has them per provider";
                self.ledger.left(&source, field, Fidelity::Manual, note);
                continue;
            }
            if let Some(Value::Object(map)) = entity.object.value(field) {
                let (known, left_out): (Vec<_>, Vec<_>) = map.iter().partition(|(_, value)| !self.is_left_out(value));
                // The first one's values: others that say the same only name other slots.
                for (name, value) in known {
                    headers.entry(name.clone()).or_insert_with(|| value.clone());
                }
                if left_out.is_empty() {
                    self.ledger.exact(&source, field, &provider.op, "network_config.extra_headers");
                } else {
                    let note = "the snapshot leaves out headers that stand in clear; give their source beside it";
                    self.ledger.left(&source, field, Fidelity::Manual, note);
                }
            }
        }
        headers
    }

    /// The organization that all deployments of a provider are billed to: a header of `OpenAI`'s API.
    fn billed_to(&mut self, provider: &ProviderDraft, deployments: &[&Entity]) -> Option<String> {
        let speaks = provider.place.custom.unwrap_or(provider.place.name.as_str()) == "openai";
        let first = organization(deployments.first()?)?.to_owned();
        if !speaks || deployments.iter().any(|entity| organization(entity) != Some(first.as_str())) {
            return None;
        }
        for entity in deployments {
            let (source, target) = (entity.id.clone(), "network_config.extra_headers");
            self.ledger.exact(&source, ORGANIZATION, &provider.op, target);
        }
        Some(first)
    }

    /// Whether two maps of headers say the same. Secrets are compared in the vault, never shown.
    fn alike(&self, left: Option<&Value>, right: Option<&Value>) -> bool {
        let same = |left: &Value, right: &Value| match (bifrost::hole::read(left), bifrost::hole::read(right)) {
            (Some(Hole::Secret(left)), Some(Hole::Secret(right))) => left == right || self.vault.same(&left, &right),
            _ => left == right,
        };
        match (left, right) {
            (Some(Value::Object(left)), Some(Value::Object(right))) => {
                left.len() == right.len()
                    && left.iter().all(|(name, value)| right.get(name).is_some_and(|other| same(value, other)))
            }
            _ => left == right,
        }
    }

    fn is_left_out(&self, value: &Value) -> bool {
        matches!(bifrost::hole::read(value), Some(Hole::Secret(id)) if self.vault.is_left_out(&id))
    }

    /// Where deployments were read.
    pub(crate) fn origins(&self, deployments: &[String]) -> Vec<Origin> {
        let mut origins: Vec<Origin> = deployments
            .iter()
            .filter_map(|id| self.entity(Source::Deployment, id))
            .map(|entity| entity.object.origin.clone())
            .collect();
        origins.sort();
        origins.dedup();
        origins
    }

    /// Keys whose value the gateway has to find in its environment, for the person who starts it.
    pub(crate) fn environment_needed(&mut self, catalogue: &Catalogue) {
        let mut names: BTreeSet<&str> = BTreeSet::new();
        for part in catalogue.keys.iter().flat_map(|key| key.credential.parts.values()) {
            if let super::credential::Part::Environment(name) = part {
                names.insert(name);
            }
        }
        if names.is_empty() {
            return;
        }
        let list = names.into_iter().collect::<Vec<_>>().join(", ");
        self.findings.push(
            Finding::warning(
                Code::new("plan.environment"),
                "environment of the gateway",
                format!("these variables have to be set where the gateway runs, before the plan is applied: {list}"),
            )
            .hint("without its variable the gateway refuses a provider key, or takes it and cannot sign in with it"),
        );
    }
}

/// The organization a deployment states, unless only the environment knows it.
fn organization(entity: &Entity) -> Option<&str> {
    entity.object.text(ORGANIZATION).filter(|text| !text.starts_with(litellm::REFERENCE))
}

fn custom(base_type: &str, path: Option<&str>) -> Value {
    let Some(path) = path else { return json!({ "base_provider_type": base_type }) };
    let ranks: &[(&str, &str)] = &[("rerank", "/rerank")];
    let paths = if base_type == "cohere" { ranks } else { PATHS };
    let overrides: Map<String, Value> =
        paths.iter().map(|(request, end)| ((*request).to_owned(), Value::from(format!("{path}{end}")))).collect();
    json!({ "base_provider_type": base_type, "request_path_overrides": overrides })
}
