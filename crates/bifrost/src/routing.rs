//! Where the gateway sends a name, as an executable statement: through which provider keys, with which share, and what
//! is tried when they fail. One of the two sides of the check of routes; the other is `litellm::routing`, and neither
//! knows the other. It reads bodies by itself, not through [`crate::access`], so that a mistake there shows here.
//! Source: `reference/bifrost-api.md` 3.5, 6, 7 and the recordings of topics 21 and 23.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use serde_json::Value;

use crate::Kind;
use crate::body::{Body, Worked};
use crate::pattern;
use crate::standard::is_always_standard;

mod expression;
mod read;

use expression::Condition;

/// All of a share, in parts.
pub const WHOLE: u64 = 1_000_000;

/// Rules that follow each other at most (`client.routing_chain_max_depth`).
const CHAIN_DEPTH: usize = 10;

/// A provider key and the model it asks for.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Way {
    /// The key's name.
    pub key: Arc<str>,
    /// The model that goes upstream.
    pub upstream: Arc<str>,
}

/// What becomes of a call.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Route {
    /// The ways a call may take first, each with its share in parts of [`WHOLE`]. What is missing to the whole is
    /// refused.
    pub first: BTreeMap<Way, u64>,
    /// The ways that are tried afterwards, in their order.
    pub next: Vec<Way>,
    /// Whether a rule took part whose expression this side cannot read: then anything may happen.
    pub unsure: bool,
}

#[derive(Clone, Debug, Default, PartialEq, Eq)]
struct Key {
    name: Arc<str>,
    provider: String,
    models: Vec<String>,
    blacklisted: Vec<String>,
    aliases: BTreeMap<String, Arc<str>>,
    weight: u64,
}

/// The keys of a provider, in their order, and where to look for those that could serve a name; whether one does, it
/// says itself.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
struct Keys {
    all: Vec<Key>,
    /// Their places by each entry of their lists, in lower case.
    named: BTreeMap<String, Vec<usize>>,
    /// The places of those with an entry that is more than one name.
    open: Vec<usize>,
}

#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
struct Config {
    provider: String,
    allowed: Vec<String>,
    blacklisted: Vec<String>,
    keys: BTreeSet<String>,
    weight: Option<u64>,
}

/// A virtual key as far as routes go.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Caller {
    name: String,
    team: Option<String>,
    customer: Option<String>,
    configs: Arc<[Config]>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
struct Target {
    provider: Option<String>,
    model: Option<String>,
    weight: u64,
}

#[derive(Clone, Debug, PartialEq, Eq)]
struct Rule {
    /// 0 virtual key, 1 team, 2 customer, 3 everybody; and whose.
    scope: (u8, String),
    priority: i64,
    condition: Condition,
    targets: Vec<Target>,
    fallbacks: Vec<String>,
    chain: bool,
}

/// A gateway as far as routes go.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Router {
    keys: BTreeMap<String, Keys>,
    providers: BTreeSet<String>,
    /// Rules that wait for one name, by that name.
    waiting: BTreeMap<String, Waiting>,
    /// Rules that wait for something else.
    others: Vec<Rule>,
    /// The virtual keys, teams and customers with rules of their own, as rules name them.
    scoped: BTreeMap<u8, BTreeSet<String>>,
}

/// The rules that wait for a name. Of ten thousand keys each may have one of its own.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
struct Waiting {
    /// Those for single keys, by the name of the key.
    of_keys: BTreeMap<String, Vec<Rule>>,
    others: Vec<Rule>,
}

/// A provider and a model; the provider is not known yet for a bare name.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Aim {
    provider: Option<String>,
    model: String,
    share: u64,
}

impl Router {
    /// Reads the bodies of providers, keys and rules. `name_of` gives the name of an object a body refers to.
    pub fn read<'b>(
        bodies: impl IntoIterator<Item = (Kind, &'b str, &'b Value)>,
        name_of: &dyn Fn(Kind, &Value) -> String,
    ) -> Self {
        let mut router = Self::default();
        for (kind, name, body) in bodies {
            match kind {
                Kind::Provider => drop(router.providers.insert(name.to_owned())),
                Kind::ProviderKey => router.keys_mut(read::key(name, body)),
                Kind::RoutingRule => router.rule(read::rule(body, name_of)),
                _ => {}
            }
        }
        router
    }

    fn keys_mut(&mut self, key: Option<Key>) {
        if let Some(key) = key {
            self.keys.entry(key.provider.clone()).or_default().push(key);
        }
    }

    fn rule(&mut self, rule: Option<Rule>) {
        let Some(rule) = rule else { return };
        self.scoped.entry(rule.scope.0).or_default().insert(rule.scope.1.clone());
        match rule.condition.name() {
            Some(name) => self.waiting.entry(name.to_owned()).or_default().push(rule),
            None => self.others.push(rule),
        }
    }

    /// Where `caller` gets by asking for `name`; nothing where it is refused.
    pub fn route(&self, caller: &Caller, name: &str) -> Route {
        let mut route = Route::default();
        let mut open = vec![(self.split(name), 0)];
        while let Some((aim, depth)) = open.pop() {
            let (rule, unsure) = self.rule_for(caller, &aim);
            route.unsure |= unsure;
            let Some(rule) = rule.filter(|_| depth < CHAIN_DEPTH) else {
                self.arrive(caller, &aim, &mut route);
                continue;
            };
            let total: u64 = rule.targets.iter().map(|target| target.weight).sum();
            for target in &rule.targets {
                let part = part_of(aim.share, target.weight, total);
                let provider = target.provider.clone().or_else(|| aim.provider.clone());
                let to =
                    Aim { provider, model: target.model.clone().unwrap_or_else(|| aim.model.clone()), share: part };
                if rule.chain {
                    open.push((to, depth + 1));
                } else {
                    self.arrive(caller, &to, &mut route);
                }
            }
            self.fall_back(caller, &aim, rule, &mut route);
        }
        let first: BTreeSet<&Way> = route.first.keys().collect();
        let mut seen = BTreeSet::new();
        route.next.retain(|way| !first.contains(way) && seen.insert(way.clone()));
        route
    }

    /// Splits a provider's name off; what is no provider stays part of the model.
    fn split(&self, name: &str) -> Aim {
        let known = name
            .split_once('/')
            .filter(|(provider, _)| is_always_standard(provider) || self.providers.contains(*provider));
        match known {
            Some((provider, model)) => {
                Aim { provider: Some(provider.to_owned()), model: model.to_owned(), share: WHOLE }
            }
            None => Aim { provider: None, model: name.to_owned(), share: WHOLE },
        }
    }

    /// The first rule that holds, and whether one before it may hold as well.
    fn rule_for(&self, caller: &Caller, aim: &Aim) -> (Option<&Rule>, bool) {
        let waiting = self.waiting.get(&aim.model).into_iter().flat_map(|waiting| waiting.of(caller));
        let mut fitting: Vec<&Rule> = waiting
            .chain(&self.others)
            .filter(|rule| rule.is_for(caller))
            .filter(|rule| rule.condition.holds(&aim.model, aim.provider.as_deref()) != Some(false))
            .collect();
        fitting.sort_by_key(|rule| (rule.scope.0, rule.priority));
        let sure = |rule: &&&Rule| rule.condition.holds(&aim.model, aim.provider.as_deref()) == Some(true);
        let found = fitting.iter().find(sure).copied();
        (found, fitting.first().is_some_and(|first| !sure(&first)))
    }

    /// Draws the provider of a bare name among those of the caller that take it, then the key within the provider.
    fn arrive(&self, caller: &Caller, aim: &Aim, route: &mut Route) {
        let taking: Vec<&Config> = caller
            .configs
            .iter()
            .filter(|config| aim.provider.as_ref().is_none_or(|provider| *provider == config.provider))
            .filter(|config| config.allows(&aim.model))
            .collect();
        let drawn: Vec<&Config> = taking.iter().copied().filter(|config| config.weight.is_some()).collect();
        let taking = if drawn.is_empty() || aim.provider.is_some() { taking } else { drawn };
        let total: u64 = taking.iter().map(|config| config.weight.unwrap_or(1)).sum();
        for config in &taking {
            let share = part_of(aim.share, config.weight.unwrap_or(1), total);
            let keys = self.serving(config, &aim.model);
            let weights: u64 = keys.iter().map(|key| key.weight).sum();
            let count = u64::try_from(keys.len()).unwrap_or(1);
            for key in &keys {
                // Keys of no weight are used where no other serves the name.
                let part = if weights == 0 { part_of(share, 1, count) } else { part_of(share, key.weight, weights) };
                if part > 0 {
                    *route.first.entry(key.way(&aim.model)).or_default() += part;
                }
            }
        }
    }

    /// Fallbacks are asked one after the other; those outside the caller's lists are passed over.
    fn fall_back(&self, caller: &Caller, aim: &Aim, rule: &Rule, route: &mut Route) {
        for fallback in &rule.fallbacks {
            let mut to = self.split(fallback);
            if to.model.is_empty() {
                to.model.clone_from(&aim.model);
            }
            let allowing = caller.configs.iter().filter(|config| to.provider.as_ref() == Some(&config.provider));
            for config in allowing.filter(|config| config.allows(&to.model)) {
                route.next.extend(self.serving(config, &to.model).into_iter().map(|key| key.way(&to.model)));
            }
        }
    }

    /// In the order of the keys.
    fn serving(&self, config: &Config, model: &str) -> Vec<&Key> {
        let Some(keys) = self.keys.get(&config.provider) else { return Vec::new() };
        let takes = |key: &&Key| config.keys.contains("*") || config.keys.contains(&*key.name);
        keys.of(model).into_iter().filter(takes).filter(|key| key.serves(model)).collect()
    }
}

impl Caller {
    /// Reads the body of a virtual key; lists that bodies share are read once.
    pub fn read(name: &str, body: &Body, name_of: &dyn Fn(Kind, &Value) -> String, lists: &mut Lists) -> Self {
        read::caller(name, body, name_of, lists)
    }

    /// Everything that decides where its calls go: the rules that are for it alone, for its team or its customer, and
    /// its lists. Callers of equal signatures get to the same places.
    pub fn signature(&self, router: &Router) -> Signature {
        let ruled = |rank: u8, name: &str| {
            let has_own = router.scoped.get(&rank).is_some_and(|names| names.contains(name));
            has_own.then(|| (rank, name.to_owned()))
        };
        let own = ruled(0, &self.name);
        let team = self.team.as_deref().and_then(|team| ruled(1, team));
        let customer = self.customer.as_deref().and_then(|customer| ruled(2, customer));
        Signature { scopes: [own, team, customer], lists: Arc::clone(&self.configs) }
    }
}

/// The lists of virtual keys that were read already.
#[derive(Debug, Default)]
pub struct Lists(Worked<Arc<[Config]>>);

/// What decides where the calls of a virtual key go.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Signature {
    scopes: [Option<(u8, String)>; 3],
    lists: Arc<[Config]>,
}

impl Keys {
    fn push(&mut self, key: Key) {
        let place = self.all.len();
        for entry in &key.models {
            if entry == "*" || entry.starts_with(pattern::PREFIX) {
                self.open.push(place);
            } else {
                self.named.entry(entry.to_ascii_lowercase()).or_default().push(place);
            }
        }
        self.all.push(key);
    }

    /// Those that could serve the name, in their order.
    fn of(&self, model: &str) -> Vec<&Key> {
        let named = self.named.get(&model.to_ascii_lowercase()).map_or(&[][..], Vec::as_slice);
        let mut places: Vec<usize> = named.iter().chain(&self.open).copied().collect();
        places.sort_unstable();
        places.dedup();
        places.into_iter().filter_map(|place| self.all.get(place)).collect()
    }
}

impl Waiting {
    fn push(&mut self, rule: Rule) {
        match &rule.scope {
            (0, key) => self.of_keys.entry(key.clone()).or_default().push(rule),
            _ => self.others.push(rule),
        }
    }

    fn of(&self, caller: &Caller) -> impl Iterator<Item = &Rule> {
        self.of_keys.get(&caller.name).into_iter().flatten().chain(&self.others)
    }
}

impl Rule {
    fn is_for(&self, caller: &Caller) -> bool {
        match self.scope.0 {
            0 => self.scope.1 == caller.name,
            1 => Some(&self.scope.1) == caller.team.as_ref(),
            2 => Some(&self.scope.1) == caller.customer.as_ref(),
            _ => true,
        }
    }
}

impl Config {
    fn allows(&self, model: &str) -> bool {
        !self.blacklisted.iter().any(|name| name == "*" || name == model)
            && self.allowed.iter().any(|name| name == "*" || name == model || pattern::takes(name, model))
    }
}

impl Key {
    fn serves(&self, model: &str) -> bool {
        let is_it = |name: &str| name == "*" || name.eq_ignore_ascii_case(model) || pattern::takes(name, model);
        let named = |names: &[String]| names.iter().any(|name| is_it(name));
        named(&self.models) && !named(&self.blacklisted)
    }

    fn way(&self, model: &str) -> Way {
        let alias = self.aliases.iter().find(|(alias, _)| alias.eq_ignore_ascii_case(model));
        Way {
            key: Arc::clone(&self.name),
            upstream: alias.map_or_else(|| model.into(), |(_, target)| Arc::clone(target)),
        }
    }
}

/// `share * part / total`.
fn part_of(share: u64, part: u64, total: u64) -> u64 {
    u64::try_from(u128::from(share) * u128::from(part) / u128::from(total.max(1))).unwrap_or(share)
}

#[cfg(test)]
mod tests;
