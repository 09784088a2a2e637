//! The names that the access check asks for: all that either side knows, and some that nobody lists.

use std::collections::{BTreeMap, BTreeSet};

use bifrost::access as target;
use bifrost::pattern::PREFIX;
use litellm::access::list_allows;

use crate::draft::Planner;
use crate::providers::Catalogue;
use crate::virtual_keys::{ODD_PROBE, PROBE, PlannedKey, whole_probes};

/// Words of lists, which nobody asks for as names.
const WORDS: [&str; 3] = ["", "all-proxy-models", "no-default-models"];

/// Providers that LiteLLM knows by name: one deployment `*` serves the models of all of them, and no provider of the
/// gateway does.
const FAR: [&str; 4] = ["anthropic", "azure", "gemini", "mistral"];

/// The names to ask for, each with a number: its place among all of them in order.
pub(super) struct Names {
    /// Every one, in order, and whether it is asked of keys that no list holds to some names.
    all: Vec<(String, bool)>,
    /// Those that nobody lists.
    probes: Vec<usize>,
    /// Names that nobody lists at each provider that some key may use.
    own_probes: BTreeMap<String, Vec<usize>>,
    /// For each entry of a key, the names that lead to it, itself among them.
    spellings: BTreeMap<String, Vec<usize>>,
    /// The public names and the entries of lists that are patterns.
    patterns: BTreeSet<String>,
}

impl Names {
    /// The pattern that a made-up name is let in by: the longest, as LiteLLM takes the most particular one. A key may
    /// reach the pattern's own name through another key of the gateway and still lose what it stands for.
    pub(super) fn pattern_of(&self, name: &str) -> Option<String> {
        let takes = |pattern: &&String| list_allows(pattern, name);
        self.patterns.iter().filter(takes).max_by_key(|pattern| pattern.len()).cloned()
    }

    /// The number of a name, if it has one.
    fn number(&self, name: &str) -> Option<usize> {
        number(&self.all, name)
    }
}

fn number(all: &[(String, bool)], name: &str) -> Option<usize> {
    all.binary_search_by(|(known, _)| known.as_str().cmp(name)).ok()
}

impl Planner<'_> {
    /// Every name that could matter, in every spelling the gateway would take.
    pub(super) fn names(&self, catalogue: &Catalogue, gateway: &target::Gateway) -> Names {
        let known = self.world.known_names();
        let mut listed = self.listed_by_keys();
        listed.extend(self.world.listed_entries());
        let written: BTreeSet<&str> = known.union(&listed).copied().collect();
        let written: BTreeSet<&str> = written.into_iter().filter(|name| name.contains('*')).collect();
        let is_told = |name: &&&str| listed.contains(**name) || self.world.is_public(name);
        let patterns: BTreeSet<String> = written.iter().filter(is_told).map(|name| (*name).to_owned()).collect();
        let mut all: BTreeSet<String> = known.into_iter().map(str::to_owned).collect();
        let mut probes: BTreeSet<String> =
            whole_probes().flat_map(|probe| [probe.to_owned(), format!("nobody/{probe}")]).collect();
        let mut spellings: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
        for key in &catalogue.keys {
            for served in key.served.values() {
                let upstream = served.upstream.iter().flat_map(|up| [format!("{}/{up}", key.provider), up.clone()]);
                let ways: BTreeSet<String> = served
                    .asks
                    .iter()
                    .cloned()
                    .chain([format!("{}/{}", key.provider, served.entry), served.entry.clone()])
                    .chain(upstream)
                    .collect();
                all.extend(ways.iter().cloned());
                spellings.entry(served.entry.clone()).or_default().extend(ways);
            }
            all.extend(whole_probes().map(|probe| format!("{}/{probe}", key.provider)));
        }
        all.extend(beside_patterns(&written, gateway));
        // A rule may lead from another name to one that is allowed.
        for rule in &gateway.rules {
            let Some(model) = &rule.model else { continue };
            for target in rule.targets.iter().chain(&rule.fallbacks) {
                let to = target.model.as_ref().unwrap_or(model);
                spellings.entry(to.clone()).or_default().insert(model.clone());
            }
            all.insert(model.clone());
        }
        if patterns.contains("*") {
            probes.extend(FAR.map(|provider| format!("{provider}/{PROBE}")));
        }
        probes.extend(["", "*", "gpt-4o", "all-proxy-models", "no-default-models"].map(str::to_owned));
        all.extend(probes.iter().cloned());
        let entries = gateway.virtual_keys.iter().flat_map(|key| key.configs.iter());
        let providers: BTreeSet<&String> = entries.map(|config| &config.provider).collect();
        let own = |provider: &String| whole_probes().map(|probe| format!("{provider}/{probe}")).collect();
        let own_probes = providers.into_iter().map(|provider| (provider.clone(), own(provider))).collect();
        numbered(&all, &probes, &own_probes, &spellings, patterns)
    }
}

/// Names by what they belong to.
type Sets = BTreeMap<String, BTreeSet<String>>;

fn numbered(
    all: &BTreeSet<String>,
    probes: &BTreeSet<String>,
    own_probes: &Sets,
    spellings: &Sets,
    patterns: BTreeSet<String>,
) -> Names {
    let beside = own_probes.values().flatten().chain(spellings.keys());
    let every: BTreeSet<&String> = all.iter().chain(beside).collect();
    let every: Vec<(String, bool)> = every.into_iter().map(|name| (name.clone(), all.contains(name))).collect();
    let numbers = |names: &BTreeSet<String>, more: Option<&String>| -> Vec<usize> {
        names.iter().chain(more).filter_map(|name| number(&every, name)).collect()
    };
    let probes = numbers(probes, None);
    let own_probes = own_probes.iter().map(|(provider, own)| (provider.clone(), numbers(own, None))).collect();
    let spellings = spellings.iter().map(|(entry, ways)| (entry.clone(), numbers(ways, Some(entry)))).collect();
    Names { all: every, probes, own_probes, spellings, patterns }
}

/// Names that patterns of either side take, and names that differ from those by a sign.
fn beside_patterns(patterns: &BTreeSet<&str>, gateway: &target::Gateway) -> BTreeSet<String> {
    let is_open = |key: &target::ProviderKey| key.models.iter().any(|model| model == "*" || model.starts_with(PREFIX));
    if !gateway.keys.iter().any(is_open) {
        return BTreeSet::new();
    }
    let providers: BTreeSet<&String> = gateway.providers.iter().collect();
    let mut names = BTreeSet::new();
    for pattern in patterns {
        let filled = pattern.replace('*', ODD_PROBE);
        names.extend(whole_probes().map(|probe| pattern.replace('*', probe)));
        // One sign less before the pattern's gap, one more around it.
        let shorter = pattern.split_once('*').map(|(before, after)| {
            let mut before = before.to_owned();
            before.pop();
            format!("{before}{ODD_PROBE}{after}")
        });
        let model = filled.split_once('/').map_or(filled.as_str(), |(_, model)| model).to_owned();
        names.extend(shorter);
        names.extend([format!("{filled}~"), format!("~{filled}"), filled.to_uppercase(), model.clone()]);
        let spelled = [model.to_uppercase(), model];
        let at = |provider: &&String| spelled.clone().map(|model| format!("{provider}/{model}"));
        names.extend(providers.iter().flat_map(at));
    }
    names
}

/// The names to ask for a key: all of them, but for those that both sides refuse by their lists alone. LiteLLM
/// refuses what no list names ([`litellm::access::Asking::listed`]), the gateway what no entry of the key is, nor leads
/// to.
pub(super) fn names_for<'n>(
    key: &'n PlannedKey,
    planned: &'n target::VirtualKey,
    listed: Option<&[&'n str]>,
    names: &'n Names,
) -> Vec<&'n str> {
    let own = key.source.models.iter().chain(key.source.aliases.keys()).chain(key.source.aliases.values());
    let mut picked = Picked { names, numbers: Vec::new(), others: Vec::new() };
    own.for_each(|name| picked.put(name));
    let is_known = |number: &usize| names.all.get(*number).is_some_and(|(_, known)| *known);
    let Some(listed) = listed else {
        picked.numbers.extend((0..names.all.len()).filter(is_known));
        return picked.in_order();
    };
    for entry in planned.configs.iter().flat_map(|config| &config.allowed_models) {
        match names.spellings.get(entry) {
            Some(ways) => picked.numbers.extend(ways),
            None => picked.put(entry),
        }
    }
    // A provider the key has no part in refuses every name, so only the probes for its own are asked.
    let own_probes = planned.configs.iter().filter_map(|config| names.own_probes.get(&config.provider));
    picked.numbers.extend(names.probes.iter().chain(own_probes.flatten()));
    picked.numbers.extend(listed.iter().filter_map(|name| names.number(name)).filter(is_known));
    picked.in_order()
}

/// The names that are asked for a key.
struct Picked<'n> {
    names: &'n Names,
    numbers: Vec<usize>,
    /// Those without a number: nobody knows them but this key.
    others: Vec<&'n str>,
}

impl<'n> Picked<'n> {
    fn put(&mut self, name: &'n str) {
        match self.names.number(name) {
            Some(number) => self.numbers.push(number),
            None => self.others.push(name),
        }
    }

    /// Each once, in order.
    fn in_order(mut self) -> Vec<&'n str> {
        self.numbers.sort_unstable();
        self.numbers.dedup();
        let all = &self.names.all;
        let mut names: Vec<&str> =
            self.numbers.into_iter().filter_map(|number| Some(all.get(number)?.0.as_str())).collect();
        if !self.others.is_empty() {
            names.append(&mut self.others);
            names.sort_unstable();
            names.dedup();
        }
        names
    }
}

/// Whether a name was made up to ask with.
pub(super) fn is_probe(name: &str) -> bool {
    name.to_lowercase().contains(PROBE) || WORDS.contains(&name)
}
