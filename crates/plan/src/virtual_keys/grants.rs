//! What a key may use of each provider: only what LiteLLM lets it reach. Policy: `design` 3.3.

use std::collections::{BTreeMap, BTreeSet};

use bifrost::pattern;
use litellm::access::Key;
use model::ProviderName;

use super::Grant;
use super::common::Grants;
use crate::draft::Planner;
use crate::providers::{Catalogue, KeyDraft, Served};

/// A name no client would use, to ask whether a whole provider is granted.
pub(crate) const PROBE: &str = "gangway-probe";

/// What stands for any text where a pattern is asked. The signs of the second one are in nobody's patterns, so that
/// `openai/g*` is not taken for `openai/*` because the first one begins with its letter.
pub(crate) fn whole_probes() -> impl Iterator<Item = &'static str> {
    [PROBE, ODD_PROBE].into_iter()
}

/// A text no pattern has a part of.
pub(crate) const ODD_PROBE: &str = "\u{2021}gangway-probe\u{2021}";

impl Planner<'_> {
    /// What the key may use: entry by entry, only where everything behind the entry may be reached in LiteLLM.
    pub(crate) fn grants(&self, key: &Key, catalogue: &Catalogue) -> Grants {
        // Asked as if it were open: when it is shut is said elsewhere.
        let open = Key { expires: None, blocked: false, ..key.clone() };
        let offered = self.offered(&open, catalogue);
        let granted = |provider: &ProviderName| {
            let grant = self.grant(&open, provider, catalogue, offered.get(provider).unwrap_or(&Offered::default()));
            (!grant.models.is_empty()).then(|| (provider.clone(), grant))
        };
        catalogue.providers.keys().filter_map(granted).collect()
    }

    /// What the provider keys offer of the names the key may ask for, by provider: which serve an entry with what the
    /// key reaches, and which with something else.
    fn offered<'c>(&self, key: &Key, catalogue: &'c Catalogue) -> BTreeMap<&'c ProviderName, Offered<'c>> {
        let asked: BTreeSet<&String> = match self.world.listed(key) {
            Some(listed) => listed.iter().filter_map(|name| catalogue.by_ask.get(name)).flatten().collect(),
            None => catalogue.entries.keys().collect(),
        };
        let mut offered: BTreeMap<&'c ProviderName, Offered<'c>> = BTreeMap::new();
        for (entry, offers) in asked.into_iter().filter_map(|entry| catalogue.entries.get_key_value(entry)) {
            let asks: BTreeSet<&String> = offers.iter().flat_map(|offer| &offer.asks).collect();
            let calls = asks.into_iter().filter_map(|ask| self.world.call(key, ask, self.now).ok());
            let reached: BTreeSet<String> = calls.flatten().map(|reach| reach.deployment).collect();
            for offer in offers {
                let here = offered.entry(&offer.provider).or_default();
                // The deployments of one offer have one upstream and one credential: any of them stands for all.
                let side = if offer.deployments.is_disjoint(&reached) { &mut here.foreign } else { &mut here.own };
                side.entry(entry.as_str()).or_default().insert(offer.key);
            }
        }
        offered
    }

    fn grant(&self, key: &Key, provider: &ProviderName, catalogue: &Catalogue, offered: &Offered<'_>) -> Grant {
        let has_wildcard = catalogue.keys_of(provider).any(|draft| !draft.wildcard.is_empty());
        if !has_wildcard && offered.own.is_empty() && !catalogue.parts.contains_key(provider) {
            return Grant::default();
        }
        let whole = if has_wildcard { self.whole(key, provider, catalogue) } else { BTreeSet::new() };
        // All that give the provider through one key have its account.
        let is_whole = |draft: &KeyDraft| draft.wildcard.keys().any(|deployment| whole.contains(deployment));
        let used: BTreeSet<usize> = catalogue
            .places_of(provider)
            .filter(|(place, draft)| is_whole(draft) || offered.own.values().any(|keys| keys.contains(place)))
            .map(|(place, _)| place)
            .collect();
        // An entry that a key in use serves with something else would lead there as well.
        let clean = |entry: &str| offered.foreign.get(entry).is_none_or(|keys| keys.is_disjoint(&used));
        let allowed: BTreeSet<&str> = offered.own.keys().copied().filter(|entry| clean(entry)).collect();
        let useful = |(place, draft): &(usize, &KeyDraft)| {
            let serves = draft.served.keys().any(|entry| allowed.contains(entry.as_str()));
            used.contains(place) && (is_whole(draft) || serves)
        };
        let keys: Vec<&KeyDraft> = catalogue.places_of(provider).filter(useful).map(|(_, draft)| draft).collect();
        let is_allowed = |draft: &KeyDraft, served: &Served| {
            allowed.contains(served.entry.as_str()) || (is_whole(draft) && draft.is_plain(served))
        };
        let all_allowed = keys.iter().all(|draft| draft.served.values().all(|served| is_allowed(draft, served)));
        let models = if all_allowed && keys.iter().any(|draft| is_whole(draft)) {
            vec!["*".to_owned()]
        } else {
            allowed.iter().map(|entry| (*entry).to_owned()).collect()
        };
        // Without the whole provider, a key for everything serves only the written names.
        let keys = keys.iter().map(|draft| (draft.op.clone(), draft.name.clone())).collect();
        self.with_patterns(key, provider, catalogue, Grant { models, keys, barred: Vec::new() })
    }

    /// Adds the patterns of which the key may call every name, the widest first.
    fn with_patterns(&self, key: &Key, provider: &ProviderName, catalogue: &Catalogue, mut grant: Grant) -> Grant {
        let parts = catalogue.parts.get(provider).filter(|_| grant.models != ["*"]);
        let mut parts: Vec<(&String, &String)> = parts.into_iter().flatten().collect();
        parts.sort_by_key(|(entry, ask)| (ask.len(), *entry));
        let mut given: Vec<&String> = Vec::new();
        for (entry, ask) in parts {
            let odd = ask.replace('*', ODD_PROBE);
            let model = odd.split_once('/').map_or(odd.as_str(), |(_, model)| model);
            if given.iter().any(|wider| pattern::takes(wider, model)) {
                continue;
            }
            let reached = self.reached_by_all(key, ask, &["", "\u{2021}", PROBE, ODD_PROBE]);
            let gives = |draft: &KeyDraft| reached.iter().any(|deployment| draft.is_open_by(deployment));
            let through: Vec<&KeyDraft> = catalogue.keys_of(provider).filter(|draft| gives(draft)).collect();
            // Another key in use that serves such names with something else would lead there as well.
            let is_stray = |draft: &KeyDraft| {
                let is_meant = gives(draft);
                let leads_off = |served: &Served| {
                    let is_listed = grant.models.contains(&served.entry) || (is_meant && draft.is_plain(served));
                    pattern::takes(entry, &served.entry) && !is_listed
                };
                (draft.is_open() && !is_meant) || draft.served.values().any(leads_off)
            };
            let is_used = |draft: &KeyDraft| gives(draft) || grant.keys.iter().any(|(op, _)| *op == draft.op);
            if through.is_empty() || catalogue.keys_of(provider).any(|draft| is_used(draft) && is_stray(draft)) {
                continue;
            }
            for draft in through {
                if !grant.keys.iter().any(|(op, _)| *op == draft.op) {
                    grant.keys.push((draft.op.clone(), draft.name.clone()));
                }
            }
            grant.models.push(entry.clone());
            given.push(entry);
        }
        grant
    }

    /// The deployments that the key reaches by a pattern, whatever its gap holds.
    fn reached_by_all(&self, key: &Key, pattern: &str, probes: &[&str]) -> BTreeSet<String> {
        let reached = |probe: &&str| -> BTreeSet<String> {
            let reach = self.world.call(key, &pattern.replace('*', probe), self.now).unwrap_or_default();
            reach.into_iter().map(|reach| reach.deployment).collect()
        };
        let all = probes.iter().filter(|probe| !probe.is_empty() || !pattern.ends_with("/*")).map(reached);
        all.reduce(|all, one| all.intersection(&one).cloned().collect()).unwrap_or_default()
    }

    /// The deployments that give the whole provider to the key, asked as each pattern says, which need not begin with
    /// the gateway's name of the provider.
    fn whole(&self, key: &Key, provider: &ProviderName, catalogue: &Catalogue) -> BTreeSet<String> {
        let patterns: BTreeSet<&String> =
            catalogue.keys_of(provider).flat_map(|draft| draft.wildcard.values()).collect();
        let probes: Vec<&str> = whole_probes().collect();
        patterns.into_iter().flat_map(|pattern| self.reached_by_all(key, pattern, &probes)).collect()
    }
}

/// The provider keys, by their place, that serve each entry.
#[derive(Debug, Default)]
struct Offered<'c> {
    /// With what the virtual key reaches in LiteLLM.
    own: BTreeMap<&'c str, BTreeSet<usize>>,
    /// With something else: another team's deployment of the same name.
    foreign: BTreeMap<&'c str, BTreeSet<usize>>,
}
