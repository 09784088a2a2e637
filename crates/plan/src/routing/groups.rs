//! Public names and the deployments behind them: for everybody, or for one team.

use std::collections::{BTreeMap, BTreeSet};

use inventory::Entity;
use litellm::Kind as Source;
use model::{Money, ProviderName, TeamId};
use serde_json::{Value, json};

use crate::draft::Planner;
use crate::limits::whole_value;
use crate::providers::Catalogue;

/// A name at a provider: what a rule sends a call to.
pub(super) type Aim = (ProviderName, String);

/// The aims of a group that are tried together, each with its weight.
pub(super) type Tier = BTreeMap<Aim, u64>;

/// Whose name it is, and the name.
pub(super) type GroupId = (Option<TeamId>, String);

/// A deployment's place, and what LiteLLM weighs it by.
type Weighed = (Aim, [u64; 3]);

/// Every public name with its tiers, the first to be tried first.
#[derive(Debug, Default)]
pub(super) struct Groups {
    pub(super) all: BTreeMap<GroupId, Vec<Tier>>,
    /// The groups, by entry, that are spread over several providers.
    pub(super) spread: BTreeMap<String, BTreeSet<GroupId>>,
}

impl Groups {
    /// What a name leads to for a team: its own deployments, else everybody's.
    pub(super) fn of(&self, team: Option<&TeamId>, name: &str) -> Option<&Vec<Tier>> {
        let own = team.and_then(|team| self.all.get(&(Some(team.clone()), name.to_owned())));
        own.or_else(|| self.all.get(&(None, name.to_owned())))
    }
}

impl Planner<'_> {
    /// The public names, each with its tiers: the lowest `order` first. LiteLLM asks those without an `order` last
    /// (`captures/litellm/1.101.6/post-log.json`: the deployment with `order` answers).
    pub(super) fn groups(&self, catalogue: &Catalogue) -> Groups {
        let mut found: BTreeMap<GroupId, BTreeMap<u64, Vec<Weighed>>> = BTreeMap::new();
        for entity in self.inventory.of(Source::Deployment) {
            let order = entity.object.value("litellm_params.order").and_then(whole_value).unwrap_or(u64::MAX);
            let team = entity.object.text("model_info.team_id").map(TeamId::from);
            let written = catalogue.names.get(&entity.object.id);
            for name in written.into_iter().flatten().chain([&entity.name]) {
                let Some((provider, entry)) = catalogue.placed(&entity.object.id, name) else { continue };
                let tier = found.entry((team.clone(), name.clone())).or_default().entry(order).or_default();
                tier.push(((provider.clone(), entry.to_owned()), measures(entity)));
            }
        }
        let mut groups = Groups::default();
        for (id, tiers) in found {
            let tiers: Vec<Tier> = tiers.into_values().map(|tier| weigh(&tier)).collect();
            let providers: BTreeSet<&ProviderName> = tiers.iter().flat_map(BTreeMap::keys).map(|(p, _)| p).collect();
            if providers.len() > 1 {
                for (_, entry) in tiers.iter().flat_map(BTreeMap::keys) {
                    groups.spread.entry(entry.clone()).or_default().insert(id.clone());
                }
            }
            groups.all.insert(id, tiers);
        }
        groups
    }
}

/// What LiteLLM weighs a deployment by: `weight`, else rpm, else tpm (`reference/litellm.md` 4.6), in millionths.
fn measures(entity: &Entity) -> [u64; 3] {
    let number = |field: &str| entity.object.value(field).and_then(micros);
    ["weight", "rpm", "tpm"].map(|measure| {
        // A weight beside `litellm_params` is not read, the limits are.
        let beside = || number(measure).filter(|_| measure != "weight");
        number(&format!("litellm_params.{measure}")).or_else(beside).unwrap_or(0)
    })
}

/// A number in millionths.
pub(crate) fn micros(value: &Value) -> Option<u64> {
    crate::limits::number_text(value).parse::<Money>().ok().map(Money::micros)
}

/// The first measure that any deployment has decides for all of them; one without it is never picked. Without any
/// they are equal.
fn weigh(deployments: &[Weighed]) -> Tier {
    let measure = (0..3).find(|measure| deployments.iter().any(|(_, by)| by[*measure] > 0));
    let mut tier = Tier::new();
    for (aim, by) in deployments {
        let weight = tier.entry(aim.clone()).or_default();
        *weight = weight.saturating_add(measure.map_or(1, |measure| by[measure]));
    }
    tier
}

/// Weighted targets; the weights add up to exactly one, in millionths, and none is zero: the gateway stores a zero
/// as one (`reference/bifrost-api.md` 6.1).
pub(super) fn targets(tier: &Tier) -> Value {
    const WHOLE: u64 = 1_000_000;
    let used: Vec<(&Aim, u64)> =
        tier.iter().filter(|(_, weight)| **weight > 0).map(|(aim, weight)| (aim, *weight)).collect();
    let used = if used.is_empty() { tier.keys().map(|aim| (aim, 1)).collect() } else { used };
    let total: u128 = used.iter().map(|(_, weight)| u128::from(*weight)).sum();
    let mut left = WHOLE;
    let last = used.len().saturating_sub(1);
    used.iter()
        .enumerate()
        .map(|(index, ((provider, model), weight))| {
            let share = u128::from(WHOLE) * u128::from(*weight) / total.max(1);
            let part = if index == last { left } else { u64::try_from(share).unwrap_or(left).max(1) };
            left = left.saturating_sub(part);
            let weight = crate::limits::dollars(Money::from_micros(part));
            json!({ "provider": provider.as_str(), "model": model, "weight": weight })
        })
        .collect()
}
