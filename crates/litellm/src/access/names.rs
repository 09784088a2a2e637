//! How a list of models is read (`reference/litellm.md` 6.2, as 1.101.6 answered): one reading for every layer, which
//! differ only in whose aliases and whose deployments count.

use std::borrow::Cow;

use model::TeamId;

use super::{AliasRule, Key, Team, World, pattern};
use crate::provider;

/// The word that stands for the team's own list on a key, and for every name of the proxy on a team.
pub(crate) const TEAM_WORD: &str = "all-team-models";

/// The word that stands for every name of the proxy, in every list.
pub(crate) const ALL: &str = "all-proxy-models";

/// Whose list it is.
#[derive(Clone, Copy, Default)]
pub(crate) struct Layer<'a> {
    /// The team whose deployments are seen, and for which [`TEAM_WORD`] is every name of the proxy.
    pub(crate) team: Option<&'a TeamId>,
    /// The team whose aliases pass whatever the list says.
    pub(crate) aliases: Option<&'a Team>,
    /// The key that asks, for its aliases.
    pub(crate) key: Option<&'a Key>,
}

impl Layer<'_> {
    /// What the aliases of team and key make of a name, where one of the key's applies: releases that look at it look
    /// at nothing else then. They apply the key's twice.
    fn dispatched<'n>(&'n self, name: &'n str) -> Option<&'n str> {
        let after_team = self.aliases.and_then(|team| team.aliases.get(name)).map_or(name, String::as_str);
        let by_key = |name: &'n str| self.key.and_then(|key| key.aliases.get(name)).map_or(name, String::as_str);
        let (once, twice) = (by_key(after_team), by_key(by_key(after_team)));
        (once != after_team || twice != once).then_some(twice)
    }
}

impl World {
    /// Whether a list lets the name pass, or what the router's alias of that name leads to. Empty means all.
    pub(crate) fn passes<S: AsRef<str>>(&self, list: &[S], name: &str, layer: Layer<'_>) -> bool {
        let as_sent = || {
            let target = self.aliases.get(name).map(String::as_str);
            [Some(name), target].into_iter().flatten().any(|name| self.listed_by(list, name, layer))
        };
        let resolved = || layer.dispatched(name).map_or_else(as_sent, |target| self.listed_by(list, target, layer));
        match self.alias_rule {
            AliasRule::AsSent => as_sent(),
            AliasRule::Resolved => resolved(),
            AliasRule::Unknown => as_sent() && resolved(),
        }
    }

    fn listed_by<S: AsRef<str>>(&self, list: &[S], name: &str, layer: Layer<'_>) -> bool {
        if list.is_empty() || layer.aliases.is_some_and(|team| team.aliases.contains_key(name)) {
            return true;
        }
        let entries = || list.iter().map(AsRef::as_ref);
        let every = || layer.team.is_some() && entries().any(|entry| entry == TEAM_WORD) && self.is_name_of_proxy(name);
        let written = |entry: &str| {
            entry == name || entry == "*" || entry == ALL || (entry.contains('*') && matches(entry, name))
        };
        let labelled = || {
            let labels = self.labels_of(name, layer.team);
            !labels.is_empty() && entries().any(|entry| labels.contains(&entry))
        };
        entries().any(written) || every() || labelled()
    }

    /// Whether the name is among those of the proxy: deployments that are nobody's own, and aliases that lead to one.
    fn is_name_of_proxy(&self, name: &str) -> bool {
        let shared = |name: &str| {
            let places = self.index.by_name.get(name).into_iter().flatten();
            places.filter_map(|place| self.deployments.get(*place)).any(|deployment| deployment.team.is_none())
        };
        shared(name)
            || self.aliases.get(name).is_some_and(|target| !self.hidden.contains(name) && shared(target))
            || self.index.wildcards.iter().any(|pattern| shared(pattern) && matches(pattern, name))
    }

    /// The labels that the deployments behind a name carry. A wildcard's count only where nothing has the name itself.
    pub(crate) fn labels_of(&self, name: &str, team: Option<&TeamId>) -> Vec<&str> {
        if !self.index.labelled {
            return Vec::new();
        }
        let mut places = self.places_of(name, team);
        if let Some(target) = self.aliases.get(name) {
            places.to_mut().extend_from_slice(&self.places_of(target, None));
        }
        if places.is_empty() {
            places = self.places_by_wildcard(name, team).1.into();
        }
        let found = places.iter().filter_map(|place| self.deployments.get(*place));
        found.flat_map(|deployment| &deployment.labels).map(String::as_str).collect()
    }

    /// The deployments of that very name: the team's own, and only where it has none, those that are everybody's.
    pub(crate) fn places_of(&self, name: &str, team: Option<&TeamId>) -> Cow<'_, [usize]> {
        let all = self.index.by_name.get(name).map_or(&[][..], Vec::as_slice);
        let is_of = |place: usize, owner: Option<&TeamId>| {
            self.deployments.get(place).is_some_and(|d| d.team.as_ref() == owner)
        };
        if all.iter().all(|place| is_of(*place, None)) {
            return Cow::Borrowed(all);
        }
        let of = |owner: Option<&TeamId>| -> Vec<usize> {
            all.iter().copied().filter(|place| is_of(*place, owner)).collect()
        };
        let own = if team.is_some() { of(team) } else { Vec::new() };
        Cow::Owned(if own.is_empty() { of(None) } else { own })
    }
}

/// Whether a pattern of a list lets the name pass. It is also held against the inferred `provider/model`: `openai/*`
/// lets a bare `gpt-4o-mini` pass.
fn matches(pattern: &str, name: &str) -> bool {
    pattern::allows(pattern, name) || inferred(name).is_some_and(|full| pattern::allows(pattern, &full))
}

/// `provider/model` where LiteLLM infers the provider; a name whose prefix says nothing to LiteLLM infers nothing.
pub(crate) fn inferred(name: &str) -> Option<String> {
    if name == "*" {
        return Some("openai/*".to_owned());
    }
    let resolved = provider::resolve(name, None, None).ok()?;
    if resolved.rule == provider::Rule::RetiredName || (resolved.model == name && name.contains('/')) {
        return None;
    }
    Some(format!("{}/{}", resolved.provider, resolved.model))
}
