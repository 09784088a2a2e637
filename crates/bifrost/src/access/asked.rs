//! A gateway that is asked: by many keys, each for a hundred names.

use std::collections::{BTreeMap, BTreeSet};

use model::Moment;

use super::{Gateway, ProviderConfig, ProviderKey, Reach, Refusal, Rule, Scope, Target, VirtualKey};
use crate::pattern;
use crate::standard::is_always_standard;

/// Where a call goes while it is followed: what a [`Target`] says, in texts that stand elsewhere.
#[derive(Clone, Copy, Debug)]
struct Way<'a> {
    provider: Option<&'a str>,
    model: Option<&'a str>,
}

/// Rules that follow each other at most (`client.routing_chain_max_depth`).
const CHAIN_DEPTH: usize = 10;

/// A gateway with its rules and keys laid out to be asked many times.
#[derive(Debug)]
pub struct Asked<'g> {
    gateway: &'g Gateway,
    /// By the name they wait for, then by whose they are: of ten thousand keys each may have rules of its own.
    rules: BTreeMap<Option<&'g str>, BTreeMap<Scoped<'g>, Vec<&'g Rule>>>,
    keys: BTreeMap<&'g str, Serving<'g>>,
}

/// The keys of a provider, laid out by what could make them serve a name; whether one does, it says itself.
#[derive(Debug, Default)]
struct Serving<'g> {
    /// By each entry of their lists, in lower case.
    named: BTreeMap<String, Vec<&'g ProviderKey>>,
    /// Those with an entry that is more than one name.
    open: Vec<&'g ProviderKey>,
}

impl Gateway {
    /// The gateway, ready to be asked.
    pub fn asked(&self) -> Asked<'_> {
        let mut rules: BTreeMap<Option<&str>, BTreeMap<Scoped<'_>, Vec<&Rule>>> = BTreeMap::new();
        for rule in &self.rules {
            rules.entry(rule.model.as_deref()).or_default().entry(rule.scope.ranked()).or_default().push(rule);
        }
        let mut keys: BTreeMap<&str, Serving<'_>> = BTreeMap::new();
        for key in &self.keys {
            let serving = keys.entry(&key.provider).or_default();
            for entry in &key.models {
                if entry == "*" || entry.starts_with(pattern::PREFIX) {
                    serving.open.push(key);
                } else {
                    serving.named.entry(entry.to_ascii_lowercase()).or_default().push(key);
                }
            }
        }
        Asked { gateway: self, rules, keys }
    }
}

impl<'g> Asked<'g> {
    /// Everything `virtual_key` may reach by asking for `name` at `now`, fallbacks included; never empty when `Ok`.
    pub fn call<'n>(&self, virtual_key: &VirtualKey, name: &'n str, now: Moment) -> Result<BTreeSet<Reach<'n>>, Refusal>
    where
        'g: 'n,
    {
        if virtual_key.inactive || virtual_key.expires.is_some_and(|expires| expires <= now) {
            return Err(Refusal::Blocked);
        }
        let asked = self.split(name);
        let mut refusal = Refusal::ProviderBlocked;
        let mut reach = BTreeSet::new();
        let mut serve = |target| {
            if let Err(why) = self.serve(virtual_key, target, &mut reach) {
                refusal = why;
            }
        };
        // Most names have no rule.
        if self.waiting(asked).iter().all(Option::is_none) {
            serve(asked);
        } else {
            self.route(virtual_key, asked).into_iter().for_each(serve);
        }
        if reach.is_empty() { Err(refusal) } else { Ok(reach) }
    }

    /// Whether any virtual key gets an answer for the name.
    pub fn serves_somebody(&self, name: &str, now: Moment) -> bool {
        self.gateway.virtual_keys.iter().any(|key| self.call(key, name, now).is_ok())
    }

    /// Splits a known provider off the name, set up or not; an unknown prefix stays part of the model.
    fn split<'n>(&self, name: &'n str) -> Way<'n> {
        match name.split_once('/') {
            Some((provider, model)) if self.gateway.providers.contains(provider) || is_always_standard(provider) => {
                Way { provider: Some(provider), model: Some(model) }
            }
            _ => Way { provider: None, model: Some(name) },
        }
    }

    /// Where the rules send a call: all targets and fallbacks, since any of them may be picked. Where it is not known
    /// whether a rule holds, both ways are gone.
    fn route<'n>(&self, virtual_key: &VirtualKey, asked: Way<'n>) -> Vec<Way<'n>>
    where
        'g: 'n,
    {
        let mut open = vec![(asked, 0)];
        let mut ends = Vec::new();
        while let Some((target, depth)) = open.pop() {
            let rules = if depth < CHAIN_DEPTH { self.rules(virtual_key, target) } else { Vec::new() };
            for rule in &rules {
                let follow = |to: &'g Target| Way {
                    provider: to.provider.as_deref().or(target.provider.filter(|_| to.model.is_none())),
                    model: to.model.as_deref().or(target.model),
                };
                for to in &rule.targets {
                    if rule.chain {
                        open.push((follow(to), depth + 1));
                    } else {
                        ends.push(follow(to));
                    }
                }
                ends.extend(rule.fallbacks.iter().map(follow));
            }
            if !rules.last().is_some_and(|rule| rule.is_read()) {
                ends.push(target);
            }
        }
        ends
    }

    /// The rules that wait for the name, and those that wait for something else.
    fn waiting<'n>(&'n self, target: Way<'n>) -> [Option<&'n BTreeMap<Scoped<'n>, Vec<&'g Rule>>>; 2] {
        [target.model, None].map(|model| self.rules.get(&model))
    }

    /// The rules that may be the first to hold: virtual key, team, customer, global; then by priority. All but the last
    /// are of a form that is not read.
    fn rules(&self, virtual_key: &VirtualKey, target: Way<'_>) -> Vec<&'g Rule> {
        let mut found = Vec::new();
        let Some(name) = target.model else { return found };
        let waiting = self.waiting(target);
        let fits = |rule: &&&Rule| {
            rule.provider.as_deref().is_none_or(|provider| Some(provider) == target.provider)
                && rule.begins.as_ref().is_none_or(|begins| begins.takes(name))
        };
        for scope in virtual_key.scopes().into_iter().flatten() {
            let scoped = waiting.iter().flatten().filter_map(|rules| rules.get(&scope)).flatten();
            let mut scoped: Vec<&'g Rule> = scoped.filter(fits).copied().collect();
            scoped.sort_by_key(|rule| rule.priority);
            for rule in scoped {
                found.push(rule);
                if rule.is_read() {
                    return found;
                }
            }
        }
        found
    }

    /// Adds what the key reaches by this way; why it does not where it is nothing.
    fn serve<'n>(
        &self,
        virtual_key: &VirtualKey,
        target: Way<'n>,
        reach: &mut BTreeSet<Reach<'n>>,
    ) -> Result<(), Refusal>
    where
        'g: 'n,
    {
        let model = target.model.unwrap_or_default();
        let mut refusal = Refusal::ProviderBlocked;
        let mut served = false;
        for config in virtual_key.configs.iter() {
            if target.provider.is_some_and(|provider| provider != config.provider) {
                continue;
            }
            if !config.allows(model) {
                refusal = refusal.max(Refusal::ModelBlocked);
            } else if self.through(config, model, reach) {
                served = true;
            } else {
                refusal = refusal.max(Refusal::NoKeys);
            }
        }
        if served { Ok(()) } else { Err(refusal) }
    }

    /// Adds the provider keys that serve the name for this config; whether there are any.
    fn through<'n>(&self, config: &ProviderConfig, model: &'n str, reach: &mut BTreeSet<Reach<'n>>) -> bool
    where
        'g: 'n,
    {
        let Some(serving) = self.keys.get(config.provider.as_str()) else { return false };
        let named = serving.named.get(&model.to_ascii_lowercase()).into_iter().flatten();
        let mut any = false;
        for key in named.chain(&serving.open).filter(|key| config.takes(key) && key.serves(model)) {
            any = true;
            reach.insert(Reach { provider: &key.provider, key: &key.name, upstream: key.upstream(model) });
        }
        any
    }
}

/// Whose rules they are, and which go first: the lower number.
pub type Scoped<'a> = (u8, &'a str);

impl Scope {
    /// Its rank, and whose it is.
    pub fn ranked(&self) -> Scoped<'_> {
        match self {
            Self::VirtualKey(name) => (0, name),
            Self::Team(name) => (1, name),
            Self::Customer(name) => (2, name),
            Self::Global => (3, ""),
        }
    }
}

impl VirtualKey {
    /// The scopes whose rules are for the key, in their order.
    pub fn scopes(&self) -> [Option<Scoped<'_>>; 4] {
        let (team, customer) = (self.team.as_deref(), self.customer.as_deref());
        [
            Some((0, self.name.as_str())),
            team.map(|team| (1, team)),
            customer.map(|customer| (2, customer)),
            Some((3, "")),
        ]
    }
}
