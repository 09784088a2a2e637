//! Which deployments answer to a name (`reference/litellm.md` 4.4, as 1.101.6 answered).

use std::collections::BTreeSet;
use std::sync::Arc;

use model::TeamId;

use super::names::ALL;
use super::{Asking, Deployment, Key, Reach, Refusal, World, pattern};
use crate::provider;

impl<'w> Asking<'w> {
    /// The deployments that answer to `name`; empty where none does.
    pub fn resolve(&self, name: &str) -> BTreeSet<Reach> {
        self.answer(name).unwrap_or_default()
    }

    pub(super) fn answer(&self, name: &str) -> Result<BTreeSet<Reach>, Refusal> {
        let name = self.team.and_then(|team| team.aliases.get(name)).map_or(name, String::as_str);
        let name = self.key.aliases.get(name).map_or(name, String::as_str);
        let found = self.found(name);
        if found.is_empty() {
            return Err(Refusal::NoDeployment);
        }
        let open: BTreeSet<Reach> = found
            .into_iter()
            .filter(|(deployment, _)| !deployment.blocked)
            .map(|(deployment, upstream)| Reach { deployment: Arc::clone(&deployment.id), upstream })
            .collect();
        if open.is_empty() { Err(Refusal::DeploymentBlocked) } else { Ok(open) }
    }

    /// The deployments behind a name after the aliases of team and key, each with the model it asks of its provider.
    fn found(&self, name: &str) -> Vec<(&'w Deployment, Arc<str>)> {
        let world = self.world;
        let team = self.key.team.as_ref().filter(|_| self.team.is_some());
        // An id names one deployment, whoever it belongs to.
        if let Some(deployment) = world.index.by_id.get(name).and_then(|place| world.deployments.get(*place)) {
            return vec![(deployment, Arc::clone(&deployment.upstream))];
        }
        let group = world.aliases.get(name).map_or(name, String::as_str);
        let exact = world.deployments_at(&world.places_of(group, team));
        if !exact.is_empty() {
            let exact = self.within_labels(group, exact);
            return exact.into_iter().map(|deployment| (deployment, Arc::clone(&deployment.upstream))).collect();
        }
        let (asked, places) = world.places_by_wildcard(group, team);
        let by_pattern = world.deployments_at(&places);
        if !by_pattern.is_empty() {
            let fill = |d: &Deployment| pattern::substitute(&d.name, &asked, &d.upstream).into();
            return by_pattern.into_iter().map(|deployment| (deployment, fill(deployment))).collect();
        }
        // A deployment also answers to the upstream model it was given.
        let places = world.index.by_upstream.get(group).map_or(&[][..], Vec::as_slice);
        let visible = |d: &&Deployment| d.team.as_ref().is_none_or(|own| Some(own) == team);
        let visible = world.deployments_at(places).into_iter().filter(visible);
        visible.map(|deployment| (deployment, Arc::clone(&deployment.upstream))).collect()
    }

    /// A key that may call a name only because of a label reaches only the deployments that carry such a label.
    fn within_labels(&self, name: &str, all: Vec<&'w Deployment>) -> Vec<&'w Deployment> {
        let lists = || self.key.models.iter().chain(self.team.into_iter().flat_map(|team| &team.models));
        if lists().any(|entry| entry == name || entry == "*" || entry == ALL) {
            return all;
        }
        let labels = self.world.labels_of(name, self.key.team.as_ref());
        if labels.is_empty() {
            return all;
        }
        let granting: BTreeSet<&str> = lists().map(String::as_str).filter(|entry| labels.contains(entry)).collect();
        if granting.is_empty() {
            return all;
        }
        all.into_iter().filter(|d| d.labels.iter().any(|label| granting.contains(label.as_str()))).collect()
    }
}

impl World {
    /// The deployments that answer to `name` when this key asks; empty where none does.
    pub fn resolve(&self, key: &Key, name: &str) -> BTreeSet<Reach> {
        self.asking(key).resolve(name)
    }

    fn deployments_at(&self, places: &[usize]) -> Vec<&Deployment> {
        places.iter().filter_map(|place| self.deployments.get(*place)).collect()
    }

    /// The deployments whose pattern fits first, everybody's before the team's own, with the spelling that fitted: the
    /// name, or the name behind its provider.
    pub(crate) fn places_by_wildcard(&self, name: &str, team: Option<&TeamId>) -> (String, Vec<usize>) {
        if self.index.wildcards.is_empty() {
            return (name.to_owned(), Vec::new());
        }
        let provider = if name == "*" { Some("openai".to_owned()) } else { resolved(name) };
        let spellings = [Some(name.to_owned()), provider.map(|provider| format!("{provider}/{name}"))];
        for owner in [None, team] {
            for spelling in spellings.iter().flatten() {
                let fitting = self.index.wildcards.iter().filter(|p| pattern::captured(p, spelling).is_some());
                for pattern in fitting {
                    let places = self.index.by_name.get(pattern).into_iter().flatten().copied();
                    let owned = |place: &usize| self.deployments.get(*place).is_some_and(|d| d.team.as_ref() == owner);
                    let places: Vec<usize> = places.filter(owned).collect();
                    if !places.is_empty() {
                        return (spelling.clone(), places);
                    }
                }
            }
        }
        (name.to_owned(), Vec::new())
    }
}

fn resolved(name: &str) -> Option<String> {
    let resolved = provider::resolve(name, None, None).ok()?;
    (resolved.rule != provider::Rule::RetiredName).then_some(resolved.provider)
}
