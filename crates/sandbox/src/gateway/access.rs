//! Who may call what: the rules behind the recorded answers (`reference/bifrost-api.md` 13.1, topics 21 to 23).

use std::collections::BTreeSet;

use model::Moment;

use super::State;
use super::lists;
use super::state::{Key, ProviderConfig, VirtualKey};
use crate::Request;

/// The headers in which a value counts as a virtual key only with its prefix.
const PREFIXED_HEADERS: &[&str] = &["x-api-key", "x-goog-api-key"];

impl State {
    /// The value of the virtual key that a request carries, if it carries one. `x-bf-vk` counts whatever it holds.
    pub(super) fn virtual_key_value(&self, request: &Request) -> Option<String> {
        if let Some(value) = request.header_value("x-bf-vk").filter(|value| !value.is_empty()) {
            return Some(value.to_owned());
        }
        let bearer = request.header_value("authorization").and_then(|value| value.strip_prefix("Bearer "));
        let newer: &[&str] = if self.release.is_second() { &["api-key"] } else { &[] };
        let others = PREFIXED_HEADERS.iter().chain(newer).filter_map(|name| request.header_value(name));
        // In any case here, in small letters only where values are made (topic 24, `SK-BF-upper`).
        let is_value = |value: &&str| value.get(..6).is_some_and(|prefix| prefix.eq_ignore_ascii_case("sk-bf-"));
        bearer.into_iter().chain(others).find(is_value).map(str::to_owned)
    }

    /// Why a virtual key is shut, if it is.
    pub(super) fn shut(key: &VirtualKey, now: Moment) -> Option<&'static str> {
        if !key.is_active {
            return Some("Virtual key is inactive");
        }
        let expires = key.expires_at.as_ref().and_then(|text| text.parse::<Moment>().ok());
        expires.is_some_and(|expires| expires <= now).then_some("Virtual key has expired")
    }

    /// Whether an entry of a virtual key allows a model. Names compare as they are written; `*` is what is listed.
    pub(super) fn allows(&self, config: &ProviderConfig, model: &str) -> bool {
        let full = format!("{}/{model}", config.provider);
        let by_pattern = |entry: &String| {
            self.release.knows_patterns() && (lists::takes(entry, model) || lists::takes(entry, &full))
        };
        let named = |list: &[String]| list.iter().any(|entry| entry == model || by_pattern(entry));
        if lists::is_all(&config.blacklisted) || named(&config.blacklisted) {
            return false;
        }
        if lists::is_all(&config.allowed_models) {
            return self.is_listed(&config.provider, model);
        }
        named(&config.allowed_models)
    }

    /// Whether `*` covers the model at the provider: where nothing is listed, it covers everything, in 1.5.2 nothing.
    pub(super) fn is_listed(&self, provider: &str, model: &str) -> bool {
        let wanted = model.to_lowercase();
        match self.listed(provider) {
            None => self.release.opens_unlisted(),
            Some(listed) if self.release.opens_unlisted() => listed.iter().any(|name| name.to_lowercase() == wanted),
            Some(listed) => listed.contains(model),
        }
    }

    /// The models that a provider lists through its keys; `None` where neither its upstream nor the catalogue lists
    /// any.
    pub(super) fn listed(&self, provider: &str) -> Option<BTreeSet<String>> {
        let stored = self.providers.get(provider)?;
        let upstream = self.catalogue.upstreams.get(stored.base_url());
        let catalogue = self.catalogue.models.get(provider);
        let known: BTreeSet<&String> = upstream.into_iter().chain(catalogue).flatten().collect();
        if known.is_empty() {
            return None;
        }
        if stored.is_keyless() {
            return Some(known.into_iter().cloned().collect());
        }
        let mut listed = BTreeSet::new();
        for key in stored.keys.iter().filter(|key| key.is_enabled()) {
            if lists::is_all(&key.models) {
                listed.extend(known.iter().map(|name| (*name).clone()).chain(key.aliases.keys().cloned()));
            } else {
                let takes = |name: &String| key.models.iter().any(|entry| lists::takes(entry, name));
                if self.release.knows_patterns() {
                    listed.extend(known.iter().filter(|name| takes(name)).map(|name| (*name).clone()));
                }
                listed.extend(key.models.iter().filter(|entry| !self.is_pattern(entry)).cloned());
            }
            listed.retain(|name| !key.is_blacklisted(name) || key.is_named(name));
        }
        Some(listed)
    }

    fn is_pattern(&self, entry: &str) -> bool {
        self.release.knows_patterns() && entry.starts_with("regex:")
    }

    /// The key of a provider that serves a model, among those that an entry of a virtual key allows. The heaviest
    /// wins, the first of equals.
    pub(super) fn choose_key(
        &self,
        provider: &str,
        model: &str,
        config: Option<&ProviderConfig>,
        pinned: Option<&str>,
    ) -> Result<&Key, String> {
        let keys = self.providers.get(provider).map(|stored| stored.keys.as_slice()).unwrap_or_default();
        let permitted = |key: &&Key| {
            key.is_enabled() && config.is_none_or(|config| config.all_keys || config.key_ids.contains(&key.id))
        };
        let usable: Vec<&Key> =
            keys.iter().filter(permitted).filter(|key| pinned.is_none_or(|id| key.id == id)).collect();
        if usable.is_empty() {
            return Err(format!("no keys found for provider: {provider} and model: {model}"));
        }
        let mut best: Option<&Key> = None;
        for key in usable.into_iter().filter(|key| key.serves(model, self.release.knows_patterns())) {
            if best.is_none_or(|best| key.weight > best.weight) {
                best = Some(key);
            }
        }
        best.ok_or_else(|| format!("no keys found that support model: {model}"))
    }
}

impl Key {
    /// Whether the key serves a model. An alias has to be in `models` like any other name.
    fn serves(&self, model: &str, by_patterns: bool) -> bool {
        let by_pattern = || by_patterns && self.models.iter().any(|entry| lists::takes(entry, model));
        !self.is_blacklisted(model) && (lists::is_all(&self.models) || self.is_named(model) || by_pattern())
    }

    fn is_named(&self, model: &str) -> bool {
        self.models.iter().any(|name| name.eq_ignore_ascii_case(model))
    }

    fn is_blacklisted(&self, model: &str) -> bool {
        lists::is_all(&self.blacklisted) || self.blacklisted.iter().any(|name| name.eq_ignore_ascii_case(model))
    }

    /// The model that the upstream is asked for.
    pub(super) fn upstream_model<'a>(&'a self, model: &'a str) -> Option<&'a str> {
        let target = self.aliases.iter().find(|(source, _)| source.eq_ignore_ascii_case(model))?.1;
        target.as_str().or_else(|| target.get("model_id")?.as_str())
    }
}
