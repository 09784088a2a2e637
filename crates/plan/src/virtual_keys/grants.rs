//! What a key may use of each provider: only what LiteLLM lets it reach. Policy: `design` 3.3.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use bifrost::pattern;
use litellm::access::{Asking, Key};
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
    /// What a key that is not shut may use: entry by entry, only where everything behind the entry may be reached in
    /// LiteLLM. It is asked as if it never expired: when it is shut is said elsewhere.
    pub(crate) fn grants(&self, key: &Key, catalogue: &Catalogue) -> Grants {
        let key = self.world.asking(key);
        let offered = offered(&key, catalogue);
        let nothing = Offered::default();
        let granted = |provider: &ProviderName| {
            let grant = grant(&key, provider, catalogue, offered.get(provider).unwrap_or(&nothing));
            (!grant.models.is_empty()).then(|| (provider.clone(), grant))
        };
        catalogue.providers.keys().filter_map(granted).collect()
    }
}

/// What the key may use of one provider.
fn grant(key: &Asking<'_>, provider: &ProviderName, catalogue: &Catalogue, offered: &Offered<'_>) -> Grant {
    let has_wildcard = catalogue.whole.contains(provider);
    if !has_wildcard && offered.own.is_empty() && !catalogue.parts.contains_key(provider) {
        return Grant::default();
    }
    let given = if has_wildcard { whole(key, provider, catalogue) } else { BTreeSet::new() };
    // Who is given nothing whole is not asked for the parts of it.
    let apart = if given.is_empty() { Vec::new() } else { apart(key, provider, catalogue) };
    // All that give the provider through one key have its account.
    let is_whole = |draft: &KeyDraft| {
        draft.wildcard.keys().any(|deployment| given.contains(deployment.as_str()))
            && apart.iter().all(|reached| draft.deployments.iter().any(|id| reached.contains(id.as_str())))
    };
    let places = catalogue.places_of(provider);
    let used: Vec<(usize, &KeyDraft)> =
        places.filter(|(place, draft)| is_whole(draft) || offered.own.iter().any(|(_, key)| key == place)).collect();
    // An entry that a key in use serves with something else would lead there as well.
    let leads_off = |foreign: &&(&str, usize)| used.iter().any(|(place, _)| *place == foreign.1);
    let unclean: BTreeSet<&str> = offered.foreign.iter().filter(leads_off).map(|(entry, _)| *entry).collect();
    // In order, as the offers are.
    let mut allowed: Vec<&str> = offered.own.iter().map(|(entry, _)| *entry).collect();
    allowed.retain(|entry| !unclean.contains(entry));
    allowed.dedup();
    let useful = |draft: &KeyDraft| is_whole(draft) || allowed.iter().any(|entry| draft.served.contains_key(*entry));
    let keys: Vec<&KeyDraft> = used.iter().map(|(_, draft)| *draft).filter(|draft| useful(draft)).collect();
    let is_allowed = |draft: &KeyDraft, served: &Served| {
        allowed.binary_search(&served.entry.as_str()).is_ok() || (is_whole(draft) && draft.is_plain(served))
    };
    let all_allowed = || keys.iter().all(|draft| draft.served.values().all(|served| is_allowed(draft, served)));
    let models = if keys.iter().any(|draft| is_whole(draft)) && all_allowed() {
        vec!["*".to_owned()]
    } else {
        allowed.iter().map(|entry| (*entry).to_owned()).collect()
    };
    // Without the whole provider, a key for everything serves only the written names.
    let keys = keys.iter().map(|draft| draft.op.clone()).collect();
    with_patterns(key, provider, catalogue, Grant { models, keys, barred: Vec::new() })
}

/// Adds the patterns of which the key may call every name, the widest first.
fn with_patterns(key: &Asking<'_>, provider: &ProviderName, catalogue: &Catalogue, mut grant: Grant) -> Grant {
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
        let reached = reached_by_all(key, ask, &["", "\u{2021}", PROBE, ODD_PROBE]);
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
        let is_used = |draft: &KeyDraft| gives(draft) || grant.keys.contains(&draft.op);
        if through.is_empty() || catalogue.keys_of(provider).any(|draft| is_used(draft) && is_stray(draft)) {
            continue;
        }
        for draft in through {
            if !grant.keys.contains(&draft.op) {
                grant.keys.push(draft.op.clone());
            }
        }
        grant.models.push(entry.clone());
        given.push(entry);
    }
    grant
}

/// The deployments that the key reaches by a pattern, whatever its gap holds.
fn reached_by_all(key: &Asking<'_>, pattern: &str, probes: &[&str]) -> BTreeSet<Arc<str>> {
    let reached = |probe: &&str| -> BTreeSet<Arc<str>> {
        let reach = key.reach(&pattern.replace('*', probe)).unwrap_or_default();
        reach.into_iter().map(|reach| reach.deployment).collect()
    };
    let all = probes.iter().filter(|probe| !probe.is_empty() || !pattern.ends_with("/*")).map(reached);
    all.reduce(|all, one| all.intersection(&one).cloned().collect()).unwrap_or_default()
}

/// The deployments that give the whole provider to the key, asked as each pattern says, which need not begin with
/// the gateway's name of the provider.
fn whole(key: &Asking<'_>, provider: &ProviderName, catalogue: &Catalogue) -> BTreeSet<Arc<str>> {
    let patterns: BTreeSet<&String> = catalogue.keys_of(provider).flat_map(|draft| draft.wildcard.values()).collect();
    let probes: Vec<&str> = whole_probes().collect();
    patterns.into_iter().flat_map(|pattern| reached_by_all(key, pattern, &probes)).collect()
}

/// What the key reaches by each more particular pattern of a whole provider: that is not to be asked of another account.
fn apart(key: &Asking<'_>, provider: &ProviderName, catalogue: &Catalogue) -> Vec<BTreeSet<Arc<str>>> {
    let patterns = catalogue.apart.get(provider).into_iter().flatten();
    patterns.map(|pattern| reached_by_all(key, pattern, &[ODD_PROBE])).collect()
}

/// The entries that provider keys serve, each with the place of the key, in the order of the entries.
#[derive(Debug, Default)]
struct Offered<'c> {
    /// With what the virtual key reaches in LiteLLM.
    own: Vec<(&'c str, usize)>,
    /// With something else: another team's deployment of the same name.
    foreign: Vec<(&'c str, usize)>,
}

/// What the provider keys offer of the names the key may ask for, by provider: which serve an entry with what the key
/// reaches, and which with something else.
fn offered<'c>(key: &Asking<'_>, catalogue: &'c Catalogue) -> BTreeMap<&'c ProviderName, Offered<'c>> {
    let mut asked: Vec<usize> = match key.listed() {
        Some(listed) => listed.into_iter().filter_map(|name| catalogue.by_ask.get(name)).flatten().copied().collect(),
        None => (0..catalogue.entries.len()).collect(),
    };
    asked.sort_unstable();
    asked.dedup();
    let mut offered: BTreeMap<&'c ProviderName, Offered<'c>> = BTreeMap::new();
    for entry in asked.into_iter().filter_map(|place| catalogue.entries.get(place)) {
        let calls = entry.asks.iter().filter_map(|ask| key.reach(ask).ok());
        let reached: BTreeSet<Arc<str>> = calls.flatten().map(|reach| reach.deployment).collect();
        for offer in &entry.offers {
            let here = offered.entry(&offer.provider).or_default();
            // The deployments of one offer have one upstream and one credential: any of them stands for all.
            let is_own = offer.deployments.iter().any(|id| reached.contains(id.as_str()));
            let side = if is_own { &mut here.own } else { &mut here.foreign };
            side.push((entry.name.as_str(), offer.key));
        }
    }
    offered
}
