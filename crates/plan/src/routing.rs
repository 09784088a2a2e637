//! Names that need more than a provider key: groups across providers, order, fallbacks, aliases.
//! Policy: `design` 3.1. Facts: `reference/bifrost-api.md` 6; `reference/litellm.md` 4.6, 6.1.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use bifrost::access::Begins;
use bifrost::body::Worked;
use bifrost::{Kind, hole};
use litellm::Kind as Source;
use litellm::routing::Router;
use model::{OpId, ProviderName, TeamId};
use serde_json::{Map, Value, json};

use crate::draft::Planner;
use crate::in_step::InStep;
use crate::owners::Owners;
use crate::providers::{Catalogue, KeyDraft};
use crate::together;
use crate::types::Fidelity;
use crate::virtual_keys::PlannedKey;

mod aliases;
mod groups;

use aliases::Names;
pub(crate) use groups::micros;
use groups::{Aim, GroupId, Groups, Tier, targets};

/// The first priorities given out: to names that begin with a provider's, which a rule for the rest of the name would
/// catch as well; to aliases, which have to be followed before their group; and to groups.
const PREFIXED: i64 = 500;
const ALIASES: i64 = 1_000;
const GROUPS: i64 = 5_000;

/// The first priority of rules for names that begin in one way: behind all that wait for one name.
const BEGINS: i64 = 8_000;

/// Everything that rules of groups are made from.
struct Ruling<'a> {
    catalogue: &'a Catalogue,
    groups: &'a Groups,
    router: &'a Router,
    owners: &'a Owners,
    /// A key may use a whole provider, where a bare name might be drawn.
    pinned: bool,
}

impl Planner<'_> {
    /// Plans every routing rule.
    pub(crate) fn routing(&mut self, catalogue: &Catalogue, owners: &Owners, keys: &[PlannedKey]) {
        let mut priorities = Priorities::new(self.observed);
        let groups = self.groups(catalogue);
        let router = Router::read(self.inventory.entities.values().map(|entity| &entity.object));
        let pinned = catalogue.keys.iter().any(KeyDraft::is_open);
        let ruling = Ruling { catalogue, groups: &groups, router: &router, owners, pinned };
        for (id, tiers) in &groups.all {
            self.group_rule(id, tiers, &ruling, &mut priorities);
        }
        self.narrowed(&ruling, keys, &mut priorities);
        for ((team, begin), sample) in &catalogue.begins {
            self.begin_rule(team.as_ref(), begin, sample, &ruling, &mut priorities);
        }
        let names = Names { catalogue, groups: &groups };
        self.router_aliases(&names, &mut priorities);
        self.team_aliases(&names, owners, &mut priorities);
        self.key_aliases(&names, keys, &mut priorities);
    }

    fn group_rule(&mut self, id: &GroupId, tiers: &[Tier], ruling: &Ruling<'_>, priorities: &mut Priorities) {
        let (team, group) = id;
        let Some((first, rest)) = tiers.split_first() else { return };
        let ways = ways(id, first, rest, ruling);
        // A name of everybody's that a rule rules has to be ruled for a team that has its own behind it.
        let shadows = team.is_some() && ruling.groups.all.contains_key(&(None, group.clone()));
        if first.len() < 2 && ways.is_empty() && !ruling.pinned && !shadows && !is_torn(group, first, ruling.catalogue)
        {
            return;
        }
        if first.len() < 2 && ways.is_empty() && !shadows && is_own(group, first, ruling) {
            return;
        }
        let Some(scope) = scope(team.as_ref(), ruling.owners) else { return };
        let reason = match (first.len() > 1, ways.is_empty(), team) {
            (.., Some(_)) => "what this name is for one team",
            (true, ..) => "one name over several providers",
            (false, false, _) => "where this name goes when it fails",
            (false, true, _) => "keeps this name from providers that take every name",
        };
        let name = match (team, scope) {
            (Some(_), Some((_, name))) => format!("team {name} group {group}"),
            _ => format!("group {group}"),
        };
        let mut body = group_body(group, first, &ways, ruling);
        if let Some((op, _)) = scope {
            body.insert("scope".to_owned(), Value::from("team"));
            body.insert("scope_id".to_owned(), hole::reference(op));
        }
        let first_priority = if split(group, ruling.catalogue).0.is_some() { PREFIXED } else { GROUPS };
        let op = self.rule(&name, body, priorities.next(first_priority), reason, providers(tiers, &ways));
        self.account_group(id, &op, !rest.is_empty(), ruling.router);
    }

    /// A rule for every name that begins in one way, but for those that are names of their own.
    fn begin_rule(
        &mut self,
        team: Option<&TeamId>,
        begin: &str,
        sample: &str,
        ruling: &Ruling<'_>,
        priorities: &mut Priorities,
    ) {
        let id = (team.cloned(), sample.to_owned());
        let tiers = ruling.groups.all.get(&id).and_then(|tiers| tiers.split_first());
        let (Some((first, rest)), Some(scope)) = (tiers, scope(team, ruling.owners)) else { return };
        let keys = self.inventory.of(Source::VirtualKey).filter_map(|key| key.object.value("aliases")?.as_object());
        let aliases: BTreeSet<&String> = keys.flat_map(Map::keys).collect();
        let groups = ruling.groups.all.keys().map(|(_, name)| name);
        let teams = self.world.teams.values().flat_map(|team| team.aliases.keys());
        let names = groups.chain(self.world.aliases.keys()).chain(teams).chain(aliases);
        let but: BTreeSet<&String> = names.filter(|name| name.starts_with(begin) && *name != sample).collect();
        let begins = Begins { with: begin.to_owned(), but: but.into_iter().cloned().collect() };
        let ways = ways(&id, first, rest, ruling);
        let mut body = group_body(sample, first, &ways, ruling);
        body.insert("cel_expression".to_owned(), Value::from(begins.expression()));
        if let Some((op, _)) = scope {
            body.insert("scope".to_owned(), Value::from("team"));
            body.insert("scope_id".to_owned(), hole::reference(op));
        }
        let name = match scope {
            Some((_, team)) => format!("team {team} pattern {begin}*"),
            None => format!("pattern {begin}*"),
        };
        let tiers: Vec<Tier> = std::iter::once(first).chain(rest).cloned().collect();
        let reason = "every name that begins so stands for one model";
        let op = self.rule(&name, body, priorities.next(BEGINS), reason, providers(&tiers, &ways));
        let pattern = format!("{begin}*");
        for entity in self.wanted(Source::Deployment).into_iter().filter(|entity| entity.name == pattern) {
            self.ledger.exact(&entity.id, "model_name", &op, "cel_expression");
        }
    }

    /// A key that may use only some of what a rule sends a name to would be refused the rest of its calls: it gets a
    /// rule of its own.
    fn narrowed(&mut self, ruling: &Ruling<'_>, keys: &[PlannedKey], priorities: &mut Priorities) {
        if ruling.groups.spread.is_empty() {
            return;
        }
        for (key, narrowed) in self.narrowed_keys(ruling, keys) {
            for (id, own) in narrowed.iter().filter(|(id, _)| is_theirs(id, key, ruling)) {
                self.narrowed_rule(id, own, key, ruling, priorities);
            }
        }
    }

    /// The keys that may use only some of what rules send a name to, with that.
    fn narrowed_keys<'k>(&self, ruling: &Ruling<'_>, keys: &'k [PlannedKey]) -> Vec<(&'k PlannedKey, Narrowed)> {
        let drafts = self.drafts.iter().filter(|draft| draft.kind == Kind::VirtualKey);
        let bodies = drafts.filter_map(|draft| Some((draft.id.as_str(), draft.body.as_ref()?)));
        let mut bodies = InStep::of(bodies);
        let lists = |key: &'k PlannedKey| Some((key, bodies.find(key.op.as_str())?.shared("provider_configs")?));
        let lists: Vec<(&PlannedKey, &Arc<Value>)> = keys.iter().filter_map(lists).collect();
        let narrowed = together::parts(&lists, &|part: &[(&'k PlannedKey, &Arc<Value>)]| {
            let mut known = Worked::default();
            let narrow = |(key, list): &(&'k PlannedKey, &Arc<Value>)| {
                let found: &Narrowed = known.of(list, |list| narrowed(list, ruling.groups));
                (!found.is_empty()).then(|| (*key, Arc::clone(found)))
            };
            part.iter().filter_map(narrow).collect::<Vec<_>>()
        });
        narrowed.into_iter().flatten().collect()
    }

    fn narrowed_rule(
        &mut self,
        id: &GroupId,
        own: &[Tier],
        key: &PlannedKey,
        ruling: &Ruling<'_>,
        priorities: &mut Priorities,
    ) {
        let Some((first, rest)) = own.split_first() else { return };
        let ways = ways(id, first, rest, ruling);
        let mut body = group_body(&id.1, first, &ways, ruling);
        body.insert("scope".to_owned(), Value::from("virtual_key"));
        body.insert("scope_id".to_owned(), hole::reference(&key.op));
        let name = format!("key {} group {}", key.name, id.1);
        let reason = "what this name is for one key, which may use only some of it";
        self.rule(&name, body, priorities.next(GROUPS), reason, providers(own, &ways));
    }

    fn account_group(&mut self, (team, group): &GroupId, op: &OpId, ordered: bool, router: &Router) {
        for entity in self.wanted(Source::Deployment) {
            let theirs = entity.object.text("model_info.team_id") == team.as_ref().map(TeamId::as_str);
            if entity.name != *group || !theirs {
                continue;
            }
            let source = entity.id.clone();
            if entity.object.fields.contains_key("litellm_params.order") && ordered {
                self.ledger.exact(&source, "litellm_params.order", op, "fallbacks");
            }
            if entity.object.fields.contains_key("litellm_params.weight") {
                let note = "a share of the calls; inside one provider the keys are picked by their own weight";
                let target = "targets[].weight";
                self.ledger.carried(&source, "litellm_params.weight", op, target, Fidelity::Approximate, note);
            }
        }
        let note = "a key that may not call the fallback itself does not get it; LiteLLM does not ask";
        for section in ["router_settings", "litellm_settings"] {
            for field in ["fallbacks", "default_fallbacks"] {
                let speaks = (field == "fallbacks") == router.has_own_fallbacks(group);
                if let Some((source, _)) = self.setting(section, field).filter(|_| speaks) {
                    self.ledger.carried(&source, field, op, "fallbacks", Fidelity::Approximate, note);
                }
            }
        }
    }

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
}

fn group_body(group: &str, first: &Tier, ways: &[String], ruling: &Ruling<'_>) -> Map<String, Value> {
    let mut body = Map::from_iter([
        ("cel_expression".to_owned(), Value::from(condition(group, ruling.catalogue))),
        ("targets".to_owned(), targets(first)),
    ]);
    if !ways.is_empty() {
        body.insert("fallbacks".to_owned(), json!(ways));
    }
    body
}

/// What is tried afterwards: higher orders, then the groups it falls back to, each as `provider/model`.
fn ways((team, group): &GroupId, first: &Tier, rest: &[Tier], ruling: &Ruling<'_>) -> Vec<String> {
    let mut ways: Vec<String> = Vec::new();
    let mut later = |aim: &Aim| {
        let way = format!("{}/{}", aim.0, aim.1);
        if !first.contains_key(aim) && !ways.contains(&way) {
            ways.push(way);
        }
    };
    rest.iter().flat_map(BTreeMap::keys).for_each(&mut later);
    for name in ruling.router.fallbacks_of(group) {
        let tiers = ruling.groups.of(team.as_ref(), name).into_iter().flatten();
        tiers.flat_map(BTreeMap::keys).for_each(&mut later);
    }
    ways
}

/// The op and the name of the team a rule is for; the outer `None` where the team is not on the gateway.
#[expect(clippy::option_option, reason = "for everybody, for a team, and for a team that is not there")]
fn scope<'o>(team: Option<&TeamId>, owners: &'o Owners) -> Option<Option<(&'o OpId, &'o str)>> {
    let Some(team) = team else { return Some(None) };
    owners.teams.get(team).map(|(op, name)| Some((op, name.as_str())))
}

/// Whether the name means this group to the key: a team's own comes before everybody's.
fn is_theirs((team, name): &GroupId, key: &PlannedKey, ruling: &Ruling<'_>) -> bool {
    if team.is_some() {
        return *team == key.source.team;
    }
    let own = key.source.team.clone().map(|team| (Some(team), name.clone()));
    own.is_none_or(|own| !ruling.groups.all.contains_key(&own))
}

/// The groups of which a virtual key may use only some of what is tried first, with what it may use.
type Narrowed = Arc<[(GroupId, Vec<Tier>)]>;

/// What the lists of a virtual key leave of the groups that are spread over several providers. It hangs on the lists
/// alone, so it is worked out once for all keys that share them.
fn narrowed(configs: &Value, groups: &Groups) -> Narrowed {
    let allowed = allowed(configs);
    let ids: BTreeSet<&GroupId> = if allowed.iter().any(|(_, entry)| *entry == "*") {
        groups.spread.values().flatten().collect()
    } else {
        allowed.iter().filter_map(|(_, entry)| groups.spread.get(*entry)).flatten().collect()
    };
    let may = |(provider, entry): &Aim| {
        let at = |entry| allowed.contains(&(provider.as_str(), entry));
        at(entry) || at("*")
    };
    let narrow = |id: &GroupId| {
        let tiers = groups.all.get(id)?;
        // All that is tried first: nothing is refused.
        if tiers.first()?.keys().all(may) {
            return None;
        }
        let own =
            tiers.iter().map(|tier| tier.iter().filter(|(aim, _)| may(aim)).map(|(a, w)| (a.clone(), *w)).collect());
        let own: Vec<Tier> = own.filter(|tier: &Tier| !tier.is_empty()).collect();
        (!own.is_empty()).then(|| (id.clone(), own))
    };
    ids.into_iter().filter_map(narrow).collect()
}

/// The names at providers that the lists of a virtual key allow.
fn allowed(configs: &Value) -> BTreeSet<(&str, &str)> {
    let configs = configs.as_array().into_iter().flatten();
    configs
        .flat_map(|config| {
            let provider = config.get("provider").and_then(Value::as_str).unwrap_or_default();
            let models = config.get("allowed_models").and_then(Value::as_array).into_iter().flatten();
            models.filter_map(Value::as_str).map(move |model| (provider, model))
        })
        .collect()
}

fn providers(tiers: &[Tier], ways: &[String]) -> Vec<OpId> {
    let of_tiers = tiers.iter().flat_map(BTreeMap::keys).map(|(provider, _)| provider.as_str());
    let of_ways = ways.iter().filter_map(|way| way.split_once('/')).map(|(provider, _)| provider);
    let names: BTreeSet<&str> = of_tiers.chain(of_ways).collect();
    names.into_iter().map(|name| crate::draft::op_id(Kind::Provider, name)).collect()
}

/// A provider's name that the gateway splits off, and the rest (`reference/bifrost-api.md` 6.2).
fn split<'n>(name: &'n str, catalogue: &Catalogue) -> (Option<&'n str>, &'n str) {
    let known = |provider: &str| {
        bifrost::standard::is_always_standard(provider)
            || catalogue.providers.contains_key(&ProviderName::from(provider))
    };
    match name.split_once('/') {
        Some((provider, rest)) if known(provider) => (Some(provider), rest),
        _ => (None, name),
    }
}

/// Whether the gateway would split a provider off the name and not find what it stands for.
fn is_torn(group: &str, first: &Tier, catalogue: &Catalogue) -> bool {
    let (Some(provider), rest) = split(group, catalogue) else { return false };
    first.keys().any(|(target, entry)| target.as_str() != provider || entry != rest)
}

/// Whether the gateway finds by itself what a name stands for that was written out for a pattern: its provider is in
/// the name, and no rule waits for the rest of it.
fn is_own(group: &str, first: &Tier, ruling: &Ruling<'_>) -> bool {
    let (Some(_), rest) = split(group, ruling.catalogue) else { return false };
    let is_written = ruling.catalogue.names.values().any(|names| names.contains(group));
    let waits = ruling.groups.all.keys().any(|(_, name)| name == rest);
    is_written && !waits && !is_torn(group, first, ruling.catalogue)
}

/// What a rule for the name waits for.
fn condition(name: &str, catalogue: &Catalogue) -> String {
    match split(name, catalogue) {
        (Some(provider), rest) => bifrost::access::expression_of_name(Some(provider), rest),
        (None, _) => bifrost::access::expression_of_name(None, name),
    }
}

/// Priorities are unique in a scope on every version (`reference/bifrost-api.md` 6.1), and those in use stay.
struct Priorities {
    taken: BTreeSet<i64>,
    /// The last one given out from each start.
    last: BTreeMap<i64, i64>,
}

impl Priorities {
    fn new(observed: &bifrost::Observed) -> Self {
        let ours = |rule: &&Value| {
            let name = rule.get("name").and_then(Value::as_str).unwrap_or_default();
            ["group ", "alias ", "team ", "key ", "pattern "].iter().any(|prefix| name.starts_with(prefix))
        };
        let foreign = observed.routing_rules.iter().filter(|rule| !ours(rule));
        let taken = foreign.filter_map(|rule| rule.get("priority").and_then(Value::as_i64)).collect();
        Self { taken, last: BTreeMap::new() }
    }

    fn next(&mut self, from: i64) -> i64 {
        let mut priority = self.last.get(&from).map_or(from, |last| last + 1);
        while !self.taken.insert(priority) {
            priority += 1;
        }
        self.last.insert(from, priority);
        priority
    }
}
