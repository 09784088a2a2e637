//! Deployments become providers, provider keys and names that the keys serve.
//! Policy: `design` 3.1, 3.2, 3.8. Facts: `reference/litellm.md` 4.3, 5; `reference/bifrost-api.md` 2.2, 2.3, 3.

use std::collections::{BTreeMap, BTreeSet};

use inventory::Entity;
use litellm::Kind as Source;
use litellm::provider::Resolved;
use model::{Code, Finding, OpId, ProviderName, TeamId};
use serde_json::Value;

use crate::draft::Planner;
use crate::types::{Fate, Fidelity};

mod account;
mod credential;
mod dialect;
mod key;
mod place;
mod priced;
mod wildcards;
mod write;

use account::Settings;
use credential::Credential;
use place::Place;
pub(crate) use place::{Wanted, find, standard_name, upstream_model};
use wildcards::Named;

/// A name that a provider key serves.
#[derive(Clone, Debug)]
pub(crate) struct Served {
    /// The entry in `models` and `allowed_models`.
    pub(crate) entry: String,
    /// The upstream model; the alias where it differs from the entry. `None` for a whole provider.
    pub(crate) upstream: Option<String>,
    /// The names a LiteLLM client asks for to get here.
    pub(crate) asks: BTreeSet<String>,
    /// The deployments behind it.
    pub(crate) deployments: BTreeSet<String>,
    /// Azure's API version, where an alias can hold it.
    pub(crate) api_version: Option<String>,
}

/// A provider key under construction.
#[derive(Clone, Debug)]
pub(crate) struct KeyDraft {
    pub(crate) provider: ProviderName,
    pub(crate) credential: Credential,
    pub(crate) name: String,
    pub(crate) op: OpId,
    pub(crate) served: BTreeMap<String, Served>,
    /// The deployments that give the whole provider, each with its name in LiteLLM.
    pub(crate) wildcard: BTreeMap<String, String>,
    /// The entries that are patterns, with the deployments behind each and their names in LiteLLM.
    pub(crate) patterns: BTreeMap<String, BTreeMap<String, String>>,
    pub(crate) deployments: Vec<String>,
}

/// What a deployment answers to.
#[derive(Clone, Copy, Debug)]
enum Answers<'n> {
    /// One name.
    Name(&'n str),
    /// Every name that an entry of a list takes.
    Pattern(&'n str),
    /// Every name of the provider.
    Whole,
}

/// A provider under construction.
#[derive(Clone, Debug)]
pub(crate) struct ProviderDraft {
    pub(crate) place: Place,
    pub(crate) op: OpId,
    pub(crate) deployments: Vec<String>,
}

/// What the gateway will be able to serve.
#[derive(Clone, Debug, Default)]
pub(crate) struct Catalogue {
    pub(crate) providers: BTreeMap<ProviderName, ProviderDraft>,
    pub(crate) keys: Vec<KeyDraft>,
    /// The entries of all keys, in the order of their names.
    pub(crate) entries: Vec<Entry>,
    /// What a client asks for, to the places of the entries it leads to.
    pub(crate) by_ask: BTreeMap<String, Vec<usize>>,
    /// The names that are written out for a pattern, by its deployment.
    pub(crate) names: BTreeMap<String, BTreeSet<String>>,
    /// How names begin that a rule leads to one model, and whose they are; with a name of that model.
    pub(crate) begins: BTreeMap<(Option<TeamId>, String), String>,
    /// Entries of lists that are patterns, by provider, with the pattern in LiteLLM's form.
    pub(crate) parts: BTreeMap<ProviderName, BTreeMap<String, String>>,
    /// The place of each provider's keys.
    by_provider: BTreeMap<ProviderName, Vec<usize>>,
    /// The providers of which a key gives everything.
    pub(crate) whole: BTreeSet<ProviderName>,
    /// The patterns that take a part of such a provider for deployments of their own.
    pub(crate) apart: BTreeMap<ProviderName, BTreeSet<String>>,
}

/// An entry of lists of models, with all who offer it.
#[derive(Clone, Debug)]
pub(crate) struct Entry {
    pub(crate) name: String,
    pub(crate) offers: Vec<Offer>,
    /// What a client asks for to get to any of the offers.
    pub(crate) asks: BTreeSet<String>,
}

/// One key's offer of an entry.
#[derive(Clone, Debug)]
pub(crate) struct Offer {
    /// The place of the provider key.
    pub(crate) key: usize,
    pub(crate) provider: ProviderName,
    pub(crate) asks: BTreeSet<String>,
    pub(crate) deployments: BTreeSet<String>,
}

impl Catalogue {
    /// The keys of a provider.
    pub(crate) fn keys_of<'c>(&'c self, provider: &ProviderName) -> impl Iterator<Item = &'c KeyDraft> + use<'c> {
        self.places_of(provider).map(|(_, key)| key)
    }

    /// The keys of a provider, each with its place.
    pub(crate) fn places_of<'c>(
        &'c self,
        provider: &ProviderName,
    ) -> impl Iterator<Item = (usize, &'c KeyDraft)> + Clone + use<'c> {
        let places = self.by_provider.get(provider).map_or(&[][..], Vec::as_slice);
        places.iter().filter_map(|place| Some((*place, self.keys.get(*place)?)))
    }

    /// The provider and the entry under which a deployment is served by its public name.
    pub(crate) fn placed(&self, deployment: &str, name: &str) -> Option<(&ProviderName, &str)> {
        let serves = |offer: &&Offer| offer.deployments.contains(deployment) && offer.asks.contains(name);
        self.by_ask.get(name)?.iter().find_map(|place| {
            let entry = self.entries.get(*place)?;
            Some((&entry.offers.iter().find(serves)?.provider, entry.name.as_str()))
        })
    }

    /// Lays out what is offered, once all deployments are placed.
    fn lay_out(&mut self) {
        let mut offers: BTreeMap<&String, Vec<Offer>> = BTreeMap::new();
        for (place, key) in self.keys.iter().enumerate() {
            self.by_provider.entry(key.provider.clone()).or_default().push(place);
            self.whole.extend((!key.wildcard.is_empty()).then(|| key.provider.clone()));
            for served in key.served.values() {
                offers.entry(&served.entry).or_default().push(Offer {
                    key: place,
                    provider: key.provider.clone(),
                    asks: served.asks.clone(),
                    deployments: served.deployments.clone(),
                });
            }
        }
        for (place, (name, offers)) in offers.into_iter().enumerate() {
            let asks: BTreeSet<String> = offers.iter().flat_map(|offer| &offer.asks).cloned().collect();
            for ask in &asks {
                self.by_ask.entry(ask.clone()).or_default().push(place);
            }
            self.entries.push(Entry { name: name.clone(), offers, asks });
        }
    }
}

impl Planner<'_> {
    /// Plans providers and their keys from all deployments.
    pub(crate) fn catalogue(&mut self) -> Catalogue {
        let mut catalogue = Catalogue::default();
        let named = self.named_anywhere();
        for entity in self.wanted(Source::Deployment) {
            if let Some(dropped) = &entity.object.dropped {
                self.dropped(entity, &dropped.why());
            } else if let Err(why) = self.deployment(entity, &named, &mut catalogue) {
                self.not_placed(entity, &why);
            }
        }
        self.upstream_spellings(&mut catalogue);
        self.parts(&named, &mut catalogue);
        catalogue.lay_out();
        self.apart(&mut catalogue);
        self.provider_names(&catalogue);
        self.mapped_providers();
        self.write_providers(&catalogue);
        self.account_bases(&catalogue);
        self.write_keys(&mut catalogue);
        catalogue
    }

    fn deployment(&mut self, entity: &Entity, named: &Named, catalogue: &mut Catalogue) -> Result<(), NotPlaced> {
        let settings = self.settings_of(entity)?;
        if entity.name.contains('*') {
            return self.wildcard(entity, &settings, named, catalogue);
        }
        let index = self.place(entity, &settings, Answers::Name(&entity.name), catalogue)?;
        self.account_deployment(entity, catalogue, index, &settings);
        Ok(())
    }

    /// Places what a deployment answers to.
    fn place(
        &mut self,
        entity: &Entity,
        settings: &Settings,
        wanted: Answers<'_>,
        catalogue: &mut Catalogue,
    ) -> Result<usize, NotPlaced> {
        let resolved = self.resolved(entity, settings)?;
        let place = self.place_of(entity, settings, &resolved)?;
        let credential = self.credential(entity, settings, &place)?;
        if matches!(wanted, Answers::Name(_)) && resolved.model.contains('*') {
            return Err(NotPlaced::manual("its model is a pattern and its name is none")
                .hint("write the model it stands for into config.yaml and plan again"));
        }
        let provider = place.name.clone();
        let id = entity.object.id.clone();
        let op = crate::draft::op_id(bifrost::Kind::Provider, provider.as_str());
        let draft = catalogue.providers.entry(provider.clone()).or_insert_with(|| ProviderDraft {
            place: place.clone(),
            op,
            deployments: Vec::new(),
        });
        if !draft.place.is_compatible(&place) {
            return Err(NotPlaced::manual("another deployment gives this provider another base URL"));
        }
        push_once(&mut draft.deployments, &id);
        let served = match wanted {
            Answers::Name(name) => {
                let mut served = place::served(entity, name, &resolved, settings);
                self.without_provider(&mut served, &provider);
                Some(served)
            }
            Answers::Pattern(_) | Answers::Whole => None,
        };
        let index = self.key_for(catalogue, &provider, credential, served.as_ref(), entity);
        let key = &mut catalogue.keys[index];
        push_once(&mut key.deployments, &id);
        match (served, wanted) {
            (Some(served), _) => key.serve(served),
            (None, Answers::Pattern(entry)) => {
                key.patterns.entry(entry.to_owned()).or_default().insert(id, entity.name.clone());
            }
            (None, _) => drop(key.wildcard.insert(id, entity.name.clone())),
        }
        Ok(index)
    }

    fn place_of(&mut self, entity: &Entity, settings: &Settings, resolved: &Resolved) -> Result<Place, NotPlaced> {
        let wanted = place::Wanted::by(entity, settings.base.as_deref(), resolved);
        let found = place::find(&wanted, &self.version);
        if found.as_ref().is_ok_and(|place| place.custom.is_none()) {
            return found;
        }
        let custom = found.as_ref().ok().map(|place| place.name.as_str());
        if let Some((from, to)) = self.mapped(&resolved.provider, custom) {
            let from = from.to_owned();
            self.mapped.insert(from);
            return Ok(Place { name: to, custom: None, base_url: None, path: None, private: false });
        }
        let mut place = found?;
        place.name = self.provider_name(&place.name);
        Ok(place)
    }

    /// A name that is the provider's and the model's, `openai/gpt-4o`, is what the gateway makes of the model's name by
    /// itself, where that is nobody else's.
    fn without_provider(&self, served: &mut Served, provider: &ProviderName) {
        let own = served.entry.strip_prefix(provider.as_str()).and_then(|rest| rest.strip_prefix('/'));
        let Some(model) = own.filter(|model| served.upstream.as_deref() == Some(*model)).map(str::to_owned) else {
            return;
        };
        let named = self.world.is_public(&model)
            || self
                .inventory
                .of(Source::VirtualKey)
                .any(|key| key.object.value("aliases").and_then(|aliases| aliases.get(&model)).is_some());
        if !named {
            served.upstream = None;
            served.entry = model;
        }
    }

    /// The provider LiteLLM sends the deployment to.
    fn resolved(&self, entity: &Entity, settings: &Settings) -> Result<Resolved, NotPlaced> {
        let switch = |value: Option<&Value>| value == Some(&Value::Bool(true));
        let proxied = self.setting("litellm_settings", "use_litellm_proxy").map(|(_, value)| value);
        if switch(proxied.as_ref()) || switch(entity.object.value("litellm_params.use_litellm_proxy")) {
            return Ok(litellm::provider::through_litellm_proxy(&settings.model));
        }
        let found = litellm::provider::resolve(&settings.model, settings.slug.as_deref(), settings.base.as_deref());
        found.map_err(|_| {
            let prefix = settings.model.split_once('/').map(|(prefix, _)| prefix);
            let word = settings.slug.as_deref().or(prefix);
            let handlers = self.setting("litellm_settings", "custom_provider_map").map(|(_, value)| value);
            let handlers = handlers.as_ref().and_then(Value::as_array).into_iter().flatten();
            if handlers.filter_map(|handler| handler.get("provider")?.as_str()).any(|name| Some(name) == word) {
                NotPlaced::unsupported("a handler of your own in Python serves it, which the gateway cannot run")
            } else {
                NotPlaced::unsupported("LiteLLM itself finds no provider for this model and drops it")
            }
        })
    }

    /// What the running proxy does not have is not moved either; reading said so where it stands.
    fn dropped(&mut self, entity: &Entity, why: &str) {
        let source = entity.id.clone();
        self.ledger.ends(&source, Fate::Skipped, why);
        for path in entity.object.fields.keys() {
            self.ledger.left(&source, path, Fidelity::Manual, why);
        }
    }

    /// The key of this credential, unless it serves the name with another upstream already: an alias has one target.
    fn key_for(
        &mut self,
        catalogue: &mut Catalogue,
        provider: &ProviderName,
        credential: Credential,
        served: Option<&Served>,
        entity: &Entity,
    ) -> usize {
        let fits = |key: &KeyDraft| {
            key.provider == *provider
                && key.credential.is_the_same(&credential, self.vault)
                && served
                    .is_none_or(|served| key.takes(served) && (provider.as_str() != "vllm" || key.asks_for(served)))
        };
        if let Some(index) = catalogue.keys.iter().position(fits) {
            return index;
        }
        let base = credential.name(provider, &entity.name);
        let name = self.unique(bifrost::Kind::ProviderKey, &base, &credential.distinction());
        let op = crate::draft::op_id(bifrost::Kind::ProviderKey, &name);
        catalogue.keys.push(KeyDraft {
            provider: provider.clone(),
            credential,
            name,
            op,
            served: BTreeMap::new(),
            wildcard: BTreeMap::new(),
            patterns: BTreeMap::new(),
            deployments: Vec::new(),
        });
        catalogue.keys.len() - 1
    }

    fn not_placed(&mut self, entity: &Entity, why: &NotPlaced) {
        let source = entity.id.clone();
        self.ledger.ends(&source, why.fate, why.why.clone());
        let fidelity = if why.fate == Fate::Unsupported { Fidelity::Unsupported } else { Fidelity::Manual };
        for path in entity.object.fields.keys().filter(|path| place::decides(path)) {
            self.ledger.left(&source, path, fidelity, why.why.clone());
        }
        self.findings.push(
            Finding::warning(
                Code::new("plan.deployment"),
                format!("model {}", entity.name),
                format!("{} is not moved: {}", entity.name, why.why),
            )
            .at(entity.object.origin.clone())
            .hint(why.hint),
        );
    }

    /// LiteLLM also answers to the upstream model string of a deployment; so does its key, where nothing else has
    /// that name and the gateway would split it the same way.
    fn upstream_spellings(&self, catalogue: &mut Catalogue) {
        let taken: BTreeSet<String> = self.world.deployments.iter().map(|deployment| deployment.name.clone()).collect();
        let upstreams: BTreeMap<&str, &str> = self.world.deployments.iter().map(|d| (&*d.id, &*d.upstream)).collect();
        let reserved: BTreeSet<(ProviderName, String)> = catalogue
            .keys
            .iter()
            .flat_map(|key| key.served.keys().map(|entry| (key.provider.clone(), entry.clone())))
            .collect();
        // Where a key stands for the whole provider, LiteLLM asks that one for such a name.
        let whole: BTreeSet<ProviderName> =
            catalogue.keys.iter().filter(|key| key.is_open()).map(|key| key.provider.clone()).collect();
        for key in catalogue.keys.iter_mut().filter(|key| !whole.contains(&key.provider)) {
            let extra: Vec<Served> = key
                .served
                .values()
                .filter_map(|served| {
                    let upstream = served.upstream.clone()?;
                    let asks: BTreeSet<String> = served
                        .deployments
                        .iter()
                        .filter_map(|id| upstreams.get(id.as_str()))
                        .filter(|ask| ask.strip_prefix(&format!("{}/", key.provider)) == Some(upstream.as_str()))
                        .filter(|ask| !taken.contains(**ask))
                        .map(|ask| (*ask).to_owned())
                        .collect();
                    let free = !reserved.contains(&(key.provider.clone(), upstream.clone()));
                    (free && !asks.is_empty()).then(|| Served {
                        entry: upstream,
                        upstream: None,
                        asks,
                        ..served.clone()
                    })
                })
                .collect();
            for served in extra {
                key.served.entry(served.entry.clone()).or_insert(served);
            }
        }
    }
}

fn push_once(list: &mut Vec<String>, id: &str) {
    if !list.iter().any(|known| known == id) {
        list.push(id.to_owned());
    }
}

/// Why a deployment gets no place on the gateway.
#[derive(Clone, Debug)]
pub(crate) struct NotPlaced {
    pub(crate) fate: Fate,
    pub(crate) why: String,
    pub(crate) hint: &'static str,
}

impl NotPlaced {
    pub(crate) fn manual(why: impl Into<String>) -> Self {
        Self {
            fate: Fate::Manual,
            why: why.into(),
            hint: "add the provider and its key on the gateway by hand, then plan again",
        }
    }

    pub(crate) fn unsupported(why: impl Into<String>) -> Self {
        Self { fate: Fate::Unsupported, why: why.into(), hint: "give its users another model" }
    }

    pub(crate) fn hint(mut self, hint: &'static str) -> Self {
        self.hint = hint;
        self
    }
}
