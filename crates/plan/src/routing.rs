//! Names that need more than a provider key: groups across providers, order, fallbacks, aliases.
//! Policy: `design` 3.1. Facts: `reference/bifrost-api.md` 6; `reference/litellm.md` 4.6, 6.1.

use std::collections::{BTreeMap, BTreeSet};

use bifrost::{Kind, hole};
use inventory::Entity;
use litellm::Kind as Source;
use model::{Code, Finding, OpId, ProviderName};
use serde_json::{Map, Value, json};

use crate::draft::Planner;
use crate::limits::whole_value;
use crate::owners::Owners;
use crate::providers::Catalogue;
use crate::types::Fidelity;
use crate::virtual_keys::PlannedKey;

/// The first priority given out to aliases, and to groups: an alias has to be followed before its group.
const ALIASES: i64 = 1_000;
const GROUPS: i64 = 5_000;

/// A deployment's provider, and what LiteLLM weighs it by.
type Weighed = (ProviderName, [u64; 3]);

/// The deployments of a group that are tried together, by provider with their weight.
type Tier = BTreeMap<ProviderName, u64>;

impl Planner<'_> {
    /// Plans every routing rule.
    pub(crate) fn routing(&mut self, catalogue: &Catalogue, owners: &Owners, keys: &[PlannedKey]) {
        let mut priorities = Priorities::new(self.observed);
        let groups = self.groups(catalogue);
        let fallbacks = self.fallbacks();
        // A key that may use a whole provider might have a bare name drawn there.
        let pinned = catalogue.keys.iter().any(|key| !key.wildcard.is_empty());
        for (group, tiers) in &groups {
            self.group_rule(group, tiers, &groups, &fallbacks, pinned, &mut priorities);
        }
        self.router_aliases(&groups, &mut priorities);
        self.team_aliases(owners, &mut priorities);
        self.key_aliases(keys, &mut priorities);
    }

    /// The public names, each with its tiers: the lowest `order` first. LiteLLM asks those without an `order` last
    /// (`captures/litellm/1.101.6/post-log.json`: the deployment with `order` answers).
    fn groups(&self, catalogue: &Catalogue) -> BTreeMap<String, Vec<Tier>> {
        let mut groups: BTreeMap<String, BTreeMap<u64, Vec<Weighed>>> = BTreeMap::new();
        for entity in self.inventory.of(Source::Deployment) {
            let Some(provider) = catalogue.placed(&entity.object.id, &entity.name) else { continue };
            let order = entity.object.value("litellm_params.order").and_then(whole_value).unwrap_or(u64::MAX);
            let tier = groups.entry(entity.name.clone()).or_default().entry(order).or_default();
            tier.push((provider.clone(), measures(entity)));
        }
        let tiers = |tiers: BTreeMap<u64, Vec<Weighed>>| tiers.into_values().map(|tier| weigh(&tier));
        groups.into_iter().map(|(name, found)| (name, tiers(found).collect())).collect()
    }

    /// `fallbacks` of the router, else of `litellm_settings`: group to groups.
    fn fallbacks(&self) -> BTreeMap<String, Vec<String>> {
        let found =
            self.setting("router_settings", "fallbacks").or_else(|| self.setting("litellm_settings", "fallbacks"));
        let Some((_, Value::Array(items))) = found else { return BTreeMap::new() };
        items
            .iter()
            .filter_map(Value::as_object)
            .flatten()
            .map(|(group, targets)| {
                let names = targets.as_array().into_iter().flatten().filter_map(Value::as_str).map(str::to_owned);
                (group.clone(), names.collect())
            })
            .collect()
    }

    fn group_rule(
        &mut self,
        group: &str,
        tiers: &[Tier],
        groups: &BTreeMap<String, Vec<Tier>>,
        fallbacks: &BTreeMap<String, Vec<String>>,
        pinned: bool,
        priorities: &mut Priorities,
    ) {
        let Some((first, rest)) = tiers.split_first() else { return };
        let mut ways: Vec<String> = Vec::new();
        let mut later = |provider: &ProviderName, model: &str| {
            let way = format!("{provider}/{model}");
            let is_target = model == group && first.contains_key(provider);
            if !is_target && !ways.contains(&way) {
                ways.push(way);
            }
        };
        rest.iter().flat_map(|tier| tier.keys()).for_each(|provider| later(provider, group));
        for name in fallbacks.get(group).into_iter().flatten() {
            groups
                .get(name)
                .into_iter()
                .flatten()
                .flat_map(|tier| tier.keys())
                .for_each(|provider| later(provider, name));
        }
        if first.len() < 2 && ways.is_empty() && !pinned {
            return;
        }
        let mut body = Map::from_iter([
            ("cel_expression".to_owned(), Value::from(bifrost::access::expression_of_model(group))),
            ("targets".to_owned(), targets(first, group)),
        ]);
        if !ways.is_empty() {
            body.insert("fallbacks".to_owned(), json!(ways));
        }
        let providers: Vec<OpId> = std::iter::once(first)
            .chain(rest)
            .flat_map(|tier| tier.keys())
            .map(|provider| crate::draft::op_id(Kind::Provider, provider.as_str()))
            .chain(
                ways.iter().filter_map(|way| way.split_once('/')).map(|(p, _)| crate::draft::op_id(Kind::Provider, p)),
            )
            .collect();
        let reason = match (first.len() > 1, ways.is_empty()) {
            (true, _) => "one name over several providers",
            (false, false) => "where this name goes when it fails",
            (false, true) => "keeps this name from providers that take every name",
        };
        let op = self.rule(&format!("group {group}"), body, priorities.next(GROUPS), reason, providers);
        self.account_group(group, &op, !rest.is_empty(), fallbacks.contains_key(group));
    }

    fn account_group(&mut self, group: &str, op: &OpId, ordered: bool, falls_back: bool) {
        for entity in self.wanted(Source::Deployment) {
            if entity.name != group {
                continue;
            }
            let source = entity.object.source_id();
            if entity.object.fields.contains_key("litellm_params.order") && ordered {
                self.ledger.exact(&source, "litellm_params.order", op, "fallbacks");
            }
            if entity.object.fields.contains_key("litellm_params.weight") {
                let note = "a share of the calls; inside one provider the keys are picked by their own weight";
                self.ledger.carried(
                    &source,
                    "litellm_params.weight",
                    op,
                    "targets[].weight",
                    Fidelity::Approximate,
                    note,
                );
            }
        }
        if !falls_back {
            return;
        }
        for section in ["router_settings", "litellm_settings"] {
            if let Some((source, _)) = self.setting(section, "fallbacks") {
                let note = "a key that may not call the fallback itself does not get it; LiteLLM does not ask";
                self.ledger.carried(&source, "fallbacks", op, "fallbacks", Fidelity::Approximate, note);
            }
        }
    }

    /// A rule of the whole gateway.
    fn rule(
        &mut self,
        name: &str,
        mut body: Map<String, Value>,
        priority: i64,
        reason: &str,
        after: Vec<OpId>,
    ) -> OpId {
        let name = self.unique(Kind::RoutingRule, name, "");
        body.insert("name".to_owned(), Value::from(name.as_str()));
        body.insert("priority".to_owned(), Value::from(priority));
        body.insert("enabled".to_owned(), Value::from(true));
        let op = self.draft(Kind::RoutingRule, &name, Some(Value::Object(body)), reason, Vec::new());
        if let Some(draft) = self.drafts.last_mut() {
            draft.after = after;
        }
        op
    }

    /// An alias is followed to another name, and the rules are asked again with that.
    fn alias_rule(
        &mut self,
        name: &str,
        alias: &str,
        target: &str,
        scope: Option<(&str, &OpId)>,
        priority: i64,
    ) -> OpId {
        let mut body = Map::from_iter([
            ("cel_expression".to_owned(), Value::from(bifrost::access::expression_of_model(alias))),
            ("targets".to_owned(), json!([{ "model": target, "weight": 1 }])),
            ("chain_rule".to_owned(), Value::from(true)),
        ]);
        if let Some((scope, op)) = scope {
            body.insert("scope".to_owned(), Value::from(scope));
            body.insert("scope_id".to_owned(), hole::reference(op));
        }
        self.rule(name, body, priority, &format!("{alias} is another name for {target}"), Vec::new())
    }

    fn router_aliases(&mut self, groups: &BTreeMap<String, Vec<Tier>>, priorities: &mut Priorities) {
        let aliases = self.world.aliases.clone();
        let Some(settings) = self.entity(Source::Settings, "router_settings") else { return };
        let source = settings.object.source_id();
        for (alias, target) in aliases {
            if !groups.contains_key(&target) {
                self.findings.push(
                    Finding::warning(
                        Code::new("plan.alias"),
                        format!("alias {alias}"),
                        format!(
                            "the alias {alias} leads to {target}, which no moved model answers to; no rule is made"
                        ),
                    )
                    .at(settings.object.origin.clone()),
                );
                continue;
            }
            let priority = priorities.next(ALIASES);
            let op = self.alias_rule(&format!("alias {alias}"), &alias, &target, None, priority);
            self.ledger.exact(&source, "model_group_alias", &op, "cel_expression");
        }
    }

    fn team_aliases(&mut self, owners: &Owners, priorities: &mut Priorities) {
        for (id, (team, team_name)) in &owners.teams {
            let aliases = self.world.teams.get(id).map(|team| team.aliases.clone()).unwrap_or_default();
            let entity = self.entity(Source::Team, id.as_str());
            let table = entity.and_then(|entity| entity.object.value("model_id")).map(crate::limits::number_text);
            for (alias, target) in aliases {
                let name = format!("team {team_name} alias {alias}");
                let op = self.alias_rule(&name, &alias, &target, Some(("team", team)), priorities.next(ALIASES));
                if let Some(entity) = entity {
                    self.ledger.exact(&entity.object.source_id(), "model_id", &op, "scope_id");
                }
                if let Some(table) = table.as_ref().and_then(|id| self.entity(Source::ModelAliases, id)) {
                    self.ledger.exact(&table.object.source_id(), "aliases", &op, "cel_expression");
                }
            }
        }
    }

    /// An alias of a key becomes a rule of that key, but only where LiteLLM lets the key use it.
    fn key_aliases(&mut self, keys: &[PlannedKey], priorities: &mut Priorities) {
        for key in keys.iter().filter(|key| key.active && !key.source.aliases.is_empty()) {
            let Some(entity) = self.entity(Source::VirtualKey, &key.id) else { continue };
            let source = entity.object.source_id();
            let mut refused = Vec::new();
            for (alias, target) in &key.source.aliases {
                if self.world.call(&key.source, alias, self.now).is_err() {
                    refused.push(alias.as_str());
                    continue;
                }
                let name = format!("key {} alias {alias}", key.name);
                let op =
                    self.alias_rule(&name, alias, target, Some(("virtual_key", &key.op)), priorities.next(ALIASES));
                self.ledger.exact(&source, "aliases", &op, "cel_expression");
            }
            if !refused.is_empty() {
                let note = format!("LiteLLM itself refuses {} to this key, so no rule is made", refused.join(", "));
                self.ledger.carried(&source, "aliases", &key.op, "provider_configs", Fidelity::Exact, note);
            }
        }
    }
}

/// Priorities are unique in a scope on every version (`reference/bifrost-api.md` 6.1), and those in use stay.
struct Priorities {
    taken: BTreeSet<i64>,
}

impl Priorities {
    fn new(observed: &bifrost::Observed) -> Self {
        let ours = |rule: &&Value| {
            let name = rule.get("name").and_then(Value::as_str).unwrap_or_default();
            ["group ", "alias ", "team ", "key "].iter().any(|prefix| name.starts_with(prefix))
        };
        let foreign = observed.routing_rules.iter().filter(|rule| !ours(rule));
        Self { taken: foreign.filter_map(|rule| rule.get("priority").and_then(Value::as_i64)).collect() }
    }

    fn next(&mut self, from: i64) -> i64 {
        let mut priority = from;
        while !self.taken.insert(priority) {
            priority += 1;
        }
        priority
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
    crate::limits::number_text(value).parse::<model::Money>().ok().map(model::Money::micros)
}

/// The first measure that any deployment has decides for all of them; one without it is never picked. Without any
/// they are equal.
fn weigh(deployments: &[Weighed]) -> Tier {
    let measure = (0..3).find(|measure| deployments.iter().any(|(_, by)| by[*measure] > 0));
    let mut tier = Tier::new();
    for (provider, by) in deployments {
        let weight = tier.entry(provider.clone()).or_default();
        *weight = weight.saturating_add(measure.map_or(1, |measure| by[measure]));
    }
    tier
}

/// Weighted targets; the weights add up to exactly one, in millionths, and none is zero: the gateway stores a zero
/// as one (`reference/bifrost-api.md` 6.1).
fn targets(tier: &Tier, group: &str) -> Value {
    const WHOLE: u64 = 1_000_000;
    let used: Vec<(&ProviderName, u64)> =
        tier.iter().filter(|(_, weight)| **weight > 0).map(|(provider, weight)| (provider, *weight)).collect();
    let used = if used.is_empty() { tier.keys().map(|provider| (provider, 1)).collect() } else { used };
    let total: u128 = used.iter().map(|(_, weight)| u128::from(*weight)).sum();
    let mut left = WHOLE;
    let last = used.len().saturating_sub(1);
    used.iter()
        .enumerate()
        .map(|(index, (provider, weight))| {
            let share = u128::from(WHOLE) * u128::from(*weight) / total.max(1);
            let part = if index == last { left } else { u64::try_from(share).unwrap_or(left).max(1) };
            left = left.saturating_sub(part);
            let weight = crate::limits::dollars(model::Money::from_micros(part));
            json!({ "provider": provider.as_str(), "model": group, "weight": weight })
        })
        .collect()
}
