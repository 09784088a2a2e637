//! What a deployment states, with its named credential laid below it, and the accounting of its fields.

use bifrost::Capability;
use inventory::Entity;
use litellm::Kind as Source;
use model::{Code, Finding, SourceId};
use serde_json::Value;

use super::{Catalogue, KeyDraft, NotPlaced, credential};
use crate::draft::Planner;
use crate::types::{Fate, Fidelity};

/// The plain settings of a deployment that decide where it goes.
#[derive(Clone, Debug)]
pub(crate) struct Settings {
    pub(crate) model: String,
    pub(crate) slug: Option<String>,
    pub(crate) base: Option<String>,
    pub(crate) api_version: Option<String>,
    /// The name of its credential.
    pub(crate) named: Option<String>,
}

/// A reference to the environment can stand for anything.
fn settled(field: &str, text: &str) -> Result<(), NotPlaced> {
    if text.starts_with(litellm::REFERENCE) {
        let why = format!("its {field} is {text}, whose value only the proxy's host knows");
        return Err(NotPlaced::manual(why).hint("write the value itself into config.yaml and plan again"));
    }
    filled_in(field, text)
}

/// LiteLLM fills in no templates, so what is left of one means nothing.
fn filled_in(field: &str, text: &str) -> Result<(), NotPlaced> {
    let Some(found) = litellm::placeholder(text) else { return Ok(()) };
    let why = format!("its {field} still holds {found}, a placeholder of a template that was never filled in");
    Err(NotPlaced::manual(why).hint("give the file as the proxy reads it, after the template was filled in"))
}

impl Planner<'_> {
    pub(super) fn settings_of(&self, entity: &Entity) -> Result<Settings, NotPlaced> {
        let own = |field: &str| entity.object.text(&format!("litellm_params.{field}")).map(str::to_owned);
        let named = own("litellm_credential_name");
        let credential = named.as_ref().and_then(|name| self.entity(Source::Credential, name));
        if let (Some(name), None) = (&named, credential) {
            return Err(NotPlaced::manual(format!("its credential {name} is not in what was read")));
        }
        let value = |field: &str| {
            let from_named = credential.and_then(|c| c.object.text(&format!("credential_values.{field}")));
            own(field).or_else(|| from_named.map(str::to_owned))
        };
        let Some(model) = own("model") else {
            return Err(NotPlaced::manual("its model is encrypted and could not be opened")
                .hint("give the key it was encrypted with"));
        };
        let base = value("api_base").or_else(|| value("base_url"));
        settled("model", &model)?;
        base.as_deref().map_or(Ok(()), |base| filled_in("api_base", base))?;
        Ok(Settings { model, slug: value("custom_llm_provider"), base, api_version: value("api_version"), named })
    }

    /// Accounts what a placed deployment carries where.
    pub(super) fn account_deployment(
        &mut self,
        entity: &Entity,
        catalogue: &Catalogue,
        index: usize,
        settings: &Settings,
    ) {
        let source = entity.id.clone();
        let key = &catalogue.keys[index];
        let Some(provider) = catalogue.providers.get(&key.provider) else { return };
        let main = &key.op;
        self.ledger.exact(&source, "model_name", main, "models");
        self.ledger.exact(&source, "litellm_params.model", main, "aliases");
        for path in entity.object.fields.keys() {
            let Some(name) = path.strip_prefix("litellm_params.") else { continue };
            match name {
                "api_base" | "base_url" if provider.place.base_url.is_some() => {
                    self.ledger.exact(&source, path, &provider.op, "network_config.base_url");
                }
                "api_base" | "base_url" => self.ledger.exact(&source, path, main, "endpoint"),
                "custom_llm_provider" => self.ledger.exact(&source, path, &provider.op, "provider"),
                "api_key" | "litellm_credential_name" => self.ledger.exact(&source, path, main, "value"),
                "api_version" => self.account_api_version(&source, path, main),
                _ => {
                    if let Some(target) = credential::target(key.provider.as_str(), name) {
                        self.ledger.exact(&source, path, main, target);
                    }
                }
            }
        }
        self.account_vertex(entity, main);
        self.account_named(settings, main);
    }

    /// A whole provider is asked for by the gateway's name of it, which need not be LiteLLM's.
    pub(super) fn account_whole(&mut self, entity: &Entity, key: &KeyDraft) {
        let name = entity.name.as_str();
        if name.strip_suffix("/*") == Some(key.provider.as_str()) {
            return;
        }
        let note = match name.strip_suffix("/*") {
            Some(prefix) => format!("clients that ask for {prefix}/… have to ask for {}/…", key.provider),
            None => format!(
                "names that nothing else has go to the provider the gateway's own catalogue names; ask for {}/… to be sure",
                key.provider
            ),
        };
        let source = entity.id.clone();
        self.ledger.carried(&source, "model_name", &key.op, "models", Fidelity::Approximate, note.clone());
        self.findings.push(
            Finding::warning(Code::new("plan.wildcard"), format!("model {name}"), note)
                .at(entity.object.origin.clone()),
        );
    }

    fn account_api_version(&mut self, source: &SourceId, path: &str, op: &model::OpId) {
        if self.holds(Capability::AliasObjects, source) {
            self.ledger.exact(source, path, op, "aliases[].api_version");
        } else {
            let note = "this gateway chooses its own API version";
            self.ledger.left(source, path, Fidelity::Approximate, note);
        }
    }

    /// LiteLLM takes a path or the JSON text; the gateway takes the text only.
    fn account_vertex(&mut self, entity: &Entity, op: &model::OpId) {
        let path = "litellm_params.vertex_credentials";
        let Some(field) = entity.object.fields.get(path) else { return };
        let litellm::Held::Secret(id) = &field.held else { return };
        if self.vault.environment(id).is_some() {
            let note =
                "the variable has to hold the JSON text of the service account on the gateway's host, not a path";
            self.ledger.carried(&entity.id, path, op, "vertex_key_config.auth_credentials", Fidelity::Manual, note);
        }
    }

    /// A named credential is part of every key made from it.
    fn account_named(&mut self, settings: &Settings, op: &model::OpId) {
        let Some(named) = settings.named.as_ref().and_then(|name| self.entity(Source::Credential, name)) else {
            return;
        };
        let source = named.id.clone();
        for path in named.object.fields.keys().filter(|path| path.starts_with("credential_values.")) {
            self.ledger.exact(&source, path, op, "value");
        }
        self.ledger.goes_into(&source, op);
        self.ledger.ends(&source, Fate::Moved, "");
    }

    /// A setting of the router, else of `litellm_settings`; and where it stands.
    pub(crate) fn setting(&self, section: &str, name: &str) -> Option<(SourceId, Value)> {
        let entity = self.entity(Source::Settings, section)?;
        Some((entity.id.clone(), entity.object.value(name)?.clone()))
    }
}
