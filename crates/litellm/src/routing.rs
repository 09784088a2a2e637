//! Where LiteLLM sends a name, as an executable statement: which deployments answer, with which share, and what is
//! tried when they fail. One of the two sides of the check of routes; the other is `bifrost::routing`, and neither
//! knows the other.
//! Source: `reference/litellm.md` 4.4, 4.6, 6.1; `captures/litellm/1.101.6/post-log.json` for `order`.

use std::collections::{BTreeMap, BTreeSet};

use model::{Moment, Money};
use serde_json::Value;

use crate::access::{Asking, Reach, Refusal};
use crate::{Kind, Object};

/// All of a share, in parts.
pub const WHOLE: u64 = 1_000_000;

/// A deployment that answers, and how often.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Part {
    /// The deployment and the model it asks for.
    pub reach: Reach,
    /// Its share, in parts of [`WHOLE`].
    pub share: u64,
}

/// What becomes of a call.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Route {
    /// The deployments that may answer first.
    pub first: Vec<Part>,
    /// Those that are tried afterwards: higher `order`s, then fallbacks, in their order. Of a fallback group the
    /// deployments of the lowest `order` are listed.
    pub next: Vec<Reach>,
}

/// What the router weighs deployments by.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
struct Measures {
    /// `weight`, `rpm`, `tpm`, in this order; the first that any deployment of a group has decides.
    by: [u64; 3],
    order: Option<u64>,
}

/// The part of a proxy's settings that decides about routes.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Router {
    measures: BTreeMap<String, Measures>,
    fallbacks: BTreeMap<String, Vec<String>>,
    /// What every other name falls back to.
    defaults: Vec<String>,
    /// The strategy, where it is not the one that shares by weight.
    pub strategy: Option<String>,
}

impl Router {
    /// Takes from the objects of an installation what decides about routes.
    pub fn read<'o>(objects: impl IntoIterator<Item = &'o Object>) -> Self {
        let mut router = Self::default();
        for object in objects {
            match object.kind {
                Kind::Deployment => {
                    router.measures.insert(object.id.clone(), Measures::read(object));
                }
                Kind::Settings if object.id == "router_settings" || object.id == "litellm_settings" => {
                    router.settings(object);
                }
                _ => {}
            }
        }
        router
    }

    fn settings(&mut self, object: &Object) {
        // The router's own come before those of `litellm_settings`.
        let own = object.id == "router_settings";
        let found = single_maps(object.value("fallbacks"));
        if !found.is_empty() && (own || self.fallbacks.is_empty()) {
            self.fallbacks = found;
        }
        let defaults = names(object.value("default_fallbacks"));
        if !defaults.is_empty() && (own || self.defaults.is_empty()) {
            self.defaults = defaults;
        }
        if own {
            self.strategy =
                object.text("routing_strategy").filter(|strategy| *strategy != "simple-shuffle").map(str::to_owned);
        }
    }

    /// The groups a name falls back to, in their order: those given for it, else those for every name.
    pub fn fallbacks_of(&self, name: &str) -> &[String] {
        let found = self.fallbacks.get(name).or_else(|| self.fallbacks.get("*"));
        found.map_or(&self.defaults[..], Vec::as_slice)
    }

    /// Whether this name has fallbacks of its own, not only those of every name.
    pub fn has_own_fallbacks(&self, name: &str) -> bool {
        self.fallbacks.contains_key(name)
    }

    /// Every name that has fallbacks, and every name that is one.
    pub fn fallback_names(&self) -> impl Iterator<Item = &str> {
        let own = self.fallbacks.iter().flat_map(|(name, targets)| std::iter::once(name).chain(targets));
        own.chain(&self.defaults).map(String::as_str)
    }

    /// Where a key gets by asking for `name` at `now`.
    pub fn route(&self, key: &Asking<'_>, name: &str, now: Moment) -> Result<Route, Refusal> {
        let reach = key.call(name, now)?;
        let mut tiers = self.tiers(reach).into_iter();
        let first = tiers.next().map(|tier| self.shares(tier)).unwrap_or_default();
        let mut next: Vec<Reach> = tiers.flatten().collect();
        // Fallbacks are looked up by the name that was asked for; what an alias leads to may have its own.
        let target = key.world.aliases.get(name).filter(|_| !self.has_own_fallbacks(name));
        for group in self.fallbacks_of(target.map_or(name, String::as_str)) {
            // The proxy does not ask whether the key may call a fallback (`fallback_access_check` is off).
            next.extend(self.tiers(key.resolve(group)).into_iter().next().into_iter().flatten());
        }
        if !next.is_empty() {
            let mut seen: BTreeSet<Reach> = first.iter().map(|part| part.reach.clone()).collect();
            next.retain(|reach| seen.insert(reach.clone()));
        }
        Ok(Route { first, next })
    }

    /// The deployments by `order`, the lowest first, those without one last.
    fn tiers(&self, reach: BTreeSet<Reach>) -> Vec<BTreeSet<Reach>> {
        let mut tiers: BTreeMap<u64, BTreeSet<Reach>> = BTreeMap::new();
        for reach in reach {
            let order = self.measures.get(&*reach.deployment).and_then(|measures| measures.order).unwrap_or(u64::MAX);
            tiers.entry(order).or_default().insert(reach);
        }
        tiers.into_values().collect()
    }

    /// Shares by the first measure that any of them has; without one all are equal.
    fn shares(&self, tier: BTreeSet<Reach>) -> Vec<Part> {
        let none = Measures::default();
        let all: Vec<&Measures> =
            tier.iter().map(|reach| self.measures.get(&*reach.deployment).unwrap_or(&none)).collect();
        let measure = (0..3).find(|measure| all.iter().any(|measures| measures.by[*measure] > 0));
        let sizes: Vec<u64> = all.iter().map(|measures| measure.map_or(1, |measure| measures.by[measure])).collect();
        let total: u128 = sizes.iter().map(|size| u128::from(*size)).sum();
        tier.into_iter()
            .zip(sizes)
            .filter(|(_, size)| *size > 0)
            .map(|(reach, size)| {
                let share = u128::from(size) * u128::from(WHOLE) / total.max(1);
                Part { reach, share: u64::try_from(share).unwrap_or(WHOLE) }
            })
            .collect()
    }
}

impl Measures {
    fn read(object: &Object) -> Self {
        let number = |names: [&str; 2]| {
            let found = names.into_iter().find_map(|name| object.value(name))?;
            let text = found.as_str().map_or_else(|| found.to_string(), str::to_owned);
            text.parse::<Money>().ok().map(Money::micros)
        };
        let by = ["weight", "rpm", "tpm"].map(|measure| {
            // A weight beside `litellm_params` is not read, the limits are.
            let beside = if measure == "weight" { "litellm_params.weight" } else { measure };
            number([&format!("litellm_params.{measure}"), beside]).unwrap_or(0)
        });
        Self { by, order: number(["litellm_params.order", "litellm_params.order"]) }
    }
}

/// `[{group: [targets]}]`.
fn single_maps(value: Option<&Value>) -> BTreeMap<String, Vec<String>> {
    let items = value.and_then(Value::as_array).into_iter().flatten().filter_map(Value::as_object).flatten();
    items.map(|(group, targets)| (group.clone(), names(Some(targets)))).collect()
}

/// Names, each as text or as the model of a map.
fn names(value: Option<&Value>) -> Vec<String> {
    let items = value.and_then(Value::as_array).into_iter().flatten();
    items
        .filter_map(|item| item.as_str().or_else(|| item.get("model").and_then(Value::as_str)).map(str::to_owned))
        .collect()
}

#[cfg(test)]
mod tests;
