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

/// The names to ask for.
pub(super) struct Names {
    /// Every one.
    all: BTreeSet<String>,
    /// Those that nobody lists.
    probes: BTreeSet<String>,
    /// Names that nobody lists at each provider that some key may use.
    own_probes: BTreeMap<String, BTreeSet<String>>,
    /// For each entry of a key, the names that lead to it.
    spellings: BTreeMap<String, BTreeSet<String>>,
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
}

impl Planner<'_> {
    /// Every name that could matter, in every spelling the gateway would take.
    pub(super) fn names(&self, catalogue: &Catalogue, gateway: &target::Gateway) -> Names {
        let known = self.world.known_names();
        let listed: BTreeSet<&str> = self.world.listed_entries().into_iter().chain(self.listed_by_keys()).collect();
        let written: BTreeSet<&str> = known.iter().map(String::as_str).chain(listed.iter().copied()).collect();
        let written: BTreeSet<&str> = written.into_iter().filter(|name| name.contains('*')).collect();
        let is_told = |name: &&&str| listed.contains(**name) || self.world.is_public(name);
        let patterns: BTreeSet<String> = written.iter().filter(is_told).map(|name| (*name).to_owned()).collect();
        let mut all = known.clone();
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
        Names { all, probes, own_probes, spellings, patterns }
    }
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
        names.extend(providers.iter().map(|provider| format!("{provider}/{model}")));
    }
    names
}

/// The names to ask for a key: all of them, but for those that both sides refuse by their lists alone. LiteLLM
/// refuses what no list names ([`litellm::access::World::listed`]), the gateway what no entry of the key is, nor leads
/// to.
pub(super) fn names_for<'n>(
    key: &'n PlannedKey,
    planned: &'n target::VirtualKey,
    listed: Option<&'n BTreeSet<String>>,
    names: &'n Names,
) -> BTreeSet<&'n str> {
    let own = key.source.models.iter().chain(key.source.aliases.keys()).chain(key.source.aliases.values());
    let Some(listed) = listed else { return names.all.iter().chain(own).map(String::as_str).collect() };
    let entries = planned.configs.iter().flat_map(|config| &config.allowed_models);
    let leading = entries.flat_map(|entry| names.spellings.get(entry).into_iter().flatten().chain([entry]));
    let known = listed.iter().filter(|name| names.all.contains(*name));
    // A provider the key has no part in refuses every name, so only the probes for its own are asked.
    let own_probes = planned.configs.iter().filter_map(|config| names.own_probes.get(&config.provider)).flatten();
    let all = names.probes.iter().chain(own_probes).chain(own).chain(known).chain(leading);
    all.map(String::as_str).collect()
}

/// Whether a name was made up to ask with.
pub(super) fn is_probe(name: &str) -> bool {
    name.to_lowercase().contains(PROBE) || WORDS.contains(&name)
}
