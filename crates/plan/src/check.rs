//! The access check: LiteLLM's statement of who may call what against the gateway's, key by key and name by name.
//! A key that would gain anything makes the plan not applyable. Policy: `design` 3.4.

use std::collections::{BTreeMap, BTreeSet};

use bifrost::access as target;
use litellm::access as source;
use model::{Code, Finding, Moment};

use crate::draft::Planner;
use crate::providers::Catalogue;
use crate::types::{AccessVerdict, Op, Verdict};
use crate::virtual_keys::{PROBE, PlannedKey};

mod gateway;

pub(crate) use gateway::planned;
mod routes;
mod upstream;

pub(crate) use gateway::Refers;

/// The caller without a key.
const NO_KEY: &str = "(no key)";

impl Planner<'_> {
    /// Compares every key over every name that either side knows, and probes for names that neither lists.
    pub(crate) fn check_access(
        &mut self,
        ops: &[Op],
        refers: &Refers<'_>,
        catalogue: &Catalogue,
        keys: &[PlannedKey],
    ) -> Vec<AccessVerdict> {
        let gateway = gateway::planned(ops, self.observed, refers);
        let behind = Behind::new(catalogue, self);
        let names = self.names(catalogue, &gateway);
        let asked = gateway.asked();
        let mut verdicts = vec![anonymous(&gateway)];
        let planned: BTreeMap<&str, &target::VirtualKey> =
            gateway.virtual_keys.iter().map(|planned| (planned.name.as_str(), planned)).collect();
        let scopes = has_own_rules(&gateway);
        let mut seen: BTreeMap<Signature<'_>, AccessVerdict> = BTreeMap::new();
        for key in keys {
            let Some(planned) = planned.get(key.name.as_str()) else { continue };
            let verdict = seen
                .entry(signature(key, planned, &scopes))
                .or_insert_with(|| self.compare(key, planned, &asked, &behind, &names))
                .clone();
            verdicts.push(AccessVerdict { virtual_key: key.name.clone(), ..verdict });
        }
        self.report(&verdicts);
        self.upstream_names(&asked);
        verdicts
    }

    fn compare(
        &self,
        key: &PlannedKey,
        planned: &target::VirtualKey,
        gateway: &target::Asked<'_>,
        behind: &Behind,
        names: &Names,
    ) -> AccessVerdict {
        let listed = self.listed(key, planned);
        let names = names_for(key, planned, listed.as_ref(), names);
        let mut reachable = Reachable::new();
        let mut allowed: Vec<bool> = Vec::with_capacity(names.len());
        for name in &names {
            let reach = self.world.call(&key.source, name, self.now);
            allowed.push(reach.is_ok());
            for source::Reach { deployment, upstream } in reach.into_iter().flatten() {
                reachable.entry(deployment).or_default().insert(upstream);
            }
        }
        let mut only_source = Vec::new();
        let mut only_target = Vec::new();
        for (name, allowed) in names.into_iter().zip(allowed) {
            match gateway.call(planned, name, self.now) {
                Ok(reach) if reach.iter().all(|reach| behind.covers(reach, &reachable)) => {}
                Ok(_) => only_target.push(name.to_owned()),
                Err(_) if allowed && !name.contains(PROBE) && !self.is_upstream_only(name) => {
                    only_source.push(name.to_owned());
                }
                Err(_) => {}
            }
        }
        let outlives = match (planned.expires, key.source.expires) {
            (None, Some(_)) => !planned.inactive && self.choices.expiring_keys != Some(crate::ExpiryChoice::Open),
            (Some(ours), Some(theirs)) => ours > theirs,
            _ => false,
        };
        if outlives {
            only_target.push("after its expiry".to_owned());
        }
        let verdict = match (only_target.is_empty(), only_source.is_empty()) {
            (false, _) => Verdict::Wider,
            (true, false) => Verdict::Narrower,
            (true, true) => Verdict::Equal,
        };
        AccessVerdict { virtual_key: key.name.clone(), verdict, only_source, only_target }
    }

    /// The names that LiteLLM's lists could allow the key; `None` where all have to be asked.
    fn listed(&self, key: &PlannedKey, planned: &target::VirtualKey) -> Option<BTreeSet<String>> {
        let whole = planned.configs.iter().any(|config| config.allowed_models.iter().any(|model| model == "*"));
        if whole { None } else { self.world.listed(&key.source) }
    }

    /// Every name that could matter, in every spelling the gateway would take.
    fn names(&self, catalogue: &Catalogue, gateway: &target::Gateway) -> Names {
        let mut all = self.world.known_names();
        let mut probes = BTreeSet::from([PROBE.to_owned(), format!("nobody/{PROBE}")]);
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
            all.insert(format!("{}/{PROBE}", key.provider));
        }
        // A rule may lead from another name to one that is allowed.
        for rule in &gateway.rules {
            let Some(model) = &rule.model else { continue };
            for target in rule.targets.iter().chain(&rule.fallbacks) {
                let to = target.model.as_ref().unwrap_or(model);
                spellings.entry(to.clone()).or_default().insert(model.clone());
            }
            all.insert(model.clone());
        }
        probes.extend(["", "*", "gpt-4o", "all-proxy-models", "no-default-models"].map(str::to_owned));
        all.extend(probes.iter().cloned());
        let entries = gateway.virtual_keys.iter().flat_map(|key| key.configs.iter());
        let providers: BTreeSet<&String> = entries.map(|config| &config.provider).collect();
        let own_probes =
            providers.into_iter().map(|provider| (provider.clone(), format!("{provider}/{PROBE}"))).collect();
        Names { all, probes, own_probes, spellings }
    }

    /// Whether a name is only an upstream model string: LiteLLM answers to those beside the public names.
    fn is_upstream_only(&self, name: &str) -> bool {
        self.world.is_upstream(name) && !self.world.is_public(name)
    }

    /// Says once which upstream strings nobody can ask for any more, instead of once for every key.
    fn upstream_names(&mut self, gateway: &target::Asked<'_>) {
        let lost: Vec<String> = self
            .world
            .known_names()
            .into_iter()
            .filter(|name| {
                self.is_upstream_only(name) && !name.contains('*') && !gateway.serves_somebody(name, self.now)
            })
            .collect();
        if !lost.is_empty() {
            self.findings.push(
                Finding::info(
                    Code::new("access.upstream_names"),
                    "upstream names",
                    format!(
                        "LiteLLM also answers to the upstream names of models; the gateway will not answer to {}",
                        few(&lost)
                    ),
                )
                .hint("clients that ask for these have to ask for the public names"),
            );
        }
    }

    fn report(&mut self, verdicts: &[AccessVerdict]) {
        for verdict in verdicts {
            let subject = format!("virtual key {}", verdict.virtual_key);
            match verdict.verdict {
                Verdict::Equal => {}
                Verdict::Wider => self.findings.push(
                    Finding::error(
                        Code::new("access.wider"),
                        subject,
                        format!("it could call more than in LiteLLM: {}", few(&verdict.only_target)),
                    )
                    .hint("leave the key out, or give it a list of models in LiteLLM, and plan again"),
                ),
                Verdict::Narrower => self.findings.push(Finding::warning(
                    Code::new("access.narrower"),
                    subject,
                    format!("it can no longer call {}", few(&verdict.only_source)),
                )),
            }
        }
    }
}

/// The names to ask for.
struct Names {
    /// Every one.
    all: BTreeSet<String>,
    /// Those that nobody lists.
    probes: BTreeSet<String>,
    /// A name that nobody lists at each provider that some key may use.
    own_probes: BTreeMap<String, String>,
    /// For each entry of a key, the names that lead to it.
    spellings: BTreeMap<String, BTreeSet<String>>,
}

/// The deployments that a key reaches in LiteLLM, each with the models it is asked for.
type Reachable = BTreeMap<String, BTreeSet<String>>;

/// Which deployments are behind each key of the gateway.
struct Behind {
    /// Key name and upstream model, to deployments with the upstream LiteLLM gives them.
    explicit: BTreeMap<String, BTreeMap<String, BTreeSet<String>>>,
    /// Key name to deployments that stand for the whole provider.
    whole: BTreeMap<String, BTreeSet<String>>,
    upstreams: BTreeMap<String, String>,
}

impl Behind {
    fn new(catalogue: &Catalogue, planner: &Planner<'_>) -> Self {
        let mut explicit: BTreeMap<String, BTreeMap<String, BTreeSet<String>>> = BTreeMap::new();
        let mut whole = BTreeMap::new();
        for key in &catalogue.keys {
            for served in key.served.values() {
                let upstream = served.upstream.as_ref().unwrap_or(&served.entry).clone();
                let of_key = explicit.entry(key.name.clone()).or_default();
                of_key.entry(upstream).or_default().extend(served.deployments.iter().cloned());
            }
            if !key.wildcard.is_empty() {
                whole.insert(key.name.clone(), key.wildcard.keys().cloned().collect());
            }
        }
        let upstreams = planner.world.deployments.iter().map(|d| (d.id.clone(), d.upstream.clone())).collect();
        Self { explicit, whole, upstreams }
    }

    /// Whether LiteLLM lets the key reach what the gateway would reach.
    fn covers(&self, reach: &target::Reach, reachable: &Reachable) -> bool {
        let explicit = self.explicit.get(&reach.key).and_then(|of_key| of_key.get(&reach.upstream));
        let by_name = explicit.into_iter().flatten().any(|deployment| {
            let upstream = self.upstreams.get(deployment).map_or("", String::as_str);
            reachable.get(deployment).is_some_and(|upstreams| upstreams.contains(upstream))
        });
        let mut whole = self.whole.get(&reach.key).into_iter().flatten();
        by_name || whole.any(|deployment| reachable.contains_key(deployment))
    }
}

/// The names to ask for a key: all of them, but for those that both sides refuse by their lists alone. LiteLLM
/// refuses what no list names ([`source::World::listed`]), the gateway what no entry of the key is, nor leads to.
fn names_for<'n>(
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
    let own_probes = planned.configs.iter().filter_map(|config| names.own_probes.get(&config.provider));
    let all = names.probes.iter().chain(own_probes).chain(own).chain(known).chain(leading);
    all.map(String::as_str).collect()
}

/// Who a rule is for, where it is not for everybody.
fn has_own_rules(gateway: &target::Gateway) -> BTreeSet<&target::Scope> {
    gateway.rules.iter().map(|rule| &rule.scope).filter(|scope| **scope != target::Scope::Global).collect()
}

/// What decides how a key compares: the number of its layers in LiteLLM; on the gateway whether and when it is shut,
/// its lists, and the rules that are not for everybody.
type Signature<'g> = (usize, bool, Option<Moment>, &'g [target::ProviderConfig], Vec<target::Scope>);

/// Keys with equal signatures have equal access on both sides, so one comparison serves them all.
fn signature<'g>(
    key: &PlannedKey,
    planned: &'g target::VirtualKey,
    scopes: &BTreeSet<&target::Scope>,
) -> Signature<'g> {
    let ruled = [
        Some(target::Scope::VirtualKey(planned.name.clone())),
        planned.team.clone().map(target::Scope::Team),
        planned.customer.clone().map(target::Scope::Customer),
    ];
    let ruled: Vec<target::Scope> = ruled.into_iter().flatten().filter(|scope| scopes.contains(scope)).collect();
    (key.layers, planned.inactive, planned.expires, &planned.configs, ruled)
}

fn anonymous(gateway: &target::Gateway) -> AccessVerdict {
    let (verdict, only_target) =
        if gateway.enforced { (Verdict::Equal, Vec::new()) } else { (Verdict::Wider, vec!["every model".to_owned()]) };
    AccessVerdict { virtual_key: NO_KEY.to_owned(), verdict, only_source: Vec::new(), only_target }
}

/// The first few names, and how many more.
fn few(names: &[String]) -> String {
    const SHOWN: usize = 5;
    let first = names.iter().take(SHOWN).cloned().collect::<Vec<_>>().join(", ");
    match names.len().saturating_sub(SHOWN) {
        0 => first,
        more => format!("{first} and {more} more"),
    }
}
