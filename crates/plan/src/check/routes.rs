//! The check of routes: a client that asked LiteLLM for a name gets the same upstream, as often, by asking the gateway
//! for it. It compares two executable models, name by name. Policy: `design` 3.1.

use std::cell::RefCell;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use bifrost::routing as target;
use bifrost::{Body, Kind, Observed};
use litellm::access::Asking;
use litellm::routing as source;
use model::{Code, Finding};
use serde_json::Value;

use super::gateway::Refers;
use super::upstream::{self, Bodies};
use super::{Checked, few};
use crate::draft::Planner;
use crate::in_step::InStep;
use crate::together;
use crate::types::{Action, Op, RouteRow, RouteVerdict, Routes};
use crate::virtual_keys::PlannedKey;

/// Shares may differ by this much, in parts of the whole, before it is said: weights are rounded on their way.
const ROUNDING: u64 = 10_000;

/// What a deployment and a way have to do with each other: nothing in the way, or what is. By the deployment and the key;
/// few of them meet for more than one model.
type Met = BTreeMap<Arc<str>, BTreeMap<Arc<str>, Vec<Meeting>>>;

/// A deployment asked for one model, and a key asked for another.
struct Meeting {
    ours: Arc<str>,
    theirs: Arc<str>,
    found: Result<(), &'static str>,
}

/// Both sides.
struct Models<'a> {
    source: source::Router,
    target: target::Router,
    bodies: BTreeMap<&'a str, Bodies<'a>>,
}

/// Both sides, ready to be asked.
struct Sides<'a> {
    source: &'a source::Router,
    target: &'a target::Router,
    bodies: &'a BTreeMap<&'a str, Bodies<'a>>,
    /// Which deployments are which ways, as far as that was asked: it is the same for every key.
    met: RefCell<Met>,
}

/// Keys that get to the same places on both sides: the first one, and how many there are.
struct Alike<'a> {
    key: &'a PlannedKey,
    caller: target::Caller,
    count: usize,
}

/// What was found for one key: the names it may ask for, and those that differ.
struct Compared<'a> {
    asked: Vec<&'a str>,
    differing: Vec<(&'a str, Found)>,
}

/// What was found for one name of one key.
struct Found {
    verdict: RouteVerdict,
    note: String,
}

impl Planner<'_> {
    /// Compares the routes of every name that some key may ask for.
    pub(crate) fn check_routes(&self, ops: &[Op], refers: &Refers<'_>, keys: &[PlannedKey]) -> Checked<Routes> {
        let (models, callers) = self.models(ops, refers);
        let everybody = self.public_names();
        let alike = alike(keys, callers, &models.target);
        let found = together::parts(&alike, &|part: &[Alike<'_>]| {
            let sides = models.sides();
            let mut asked = BTreeSet::new();
            let mut differing = Vec::new();
            for alike in part {
                let compared = self.compare_routes(alike, &sides, &everybody);
                asked.extend(compared.asked);
                differing.push(compared.differing);
            }
            (asked, differing)
        });
        let mut asked: BTreeSet<&str> = BTreeSet::new();
        let mut rows: BTreeMap<&str, RouteRow> = BTreeMap::new();
        let mut alike = alike.iter();
        for (more, differing) in found {
            asked.extend(more);
            for (differing, alike) in differing.into_iter().zip(&mut alike) {
                for (name, found) in differing {
                    found.put_into(&mut rows, name, alike.count);
                }
            }
        }
        let differing: Vec<RouteRow> = rows.into_values().collect();
        let findings = differing.iter().map(told_of).collect();
        (Routes { asked: asked.len(), equal: asked.len().saturating_sub(differing.len()), differing }, findings)
    }

    /// The names that keys may ask for, and which of them differ.
    fn compare_routes<'n>(
        &'n self,
        alike: &Alike<'n>,
        sides: &Sides<'_>,
        everybody: &BTreeSet<&'n str>,
    ) -> Compared<'n> {
        let asking = self.world.asking(&alike.key.source);
        let asked = names_of(&asking, alike.key, everybody);
        let compare = |name: &&'n str| Some((*name, self.compare_route(&asking, &alike.caller, sides, name)?));
        let differing = asked.iter().filter_map(compare).collect();
        Compared { asked, differing }
    }

    /// Both sides, and the virtual keys as they ask the gateway.
    fn models<'a>(&self, ops: &'a [Op], refers: &Refers<'_>) -> (Models<'a>, InStep<'a, target::Caller>)
    where
        Self: 'a,
    {
        let observed: &'a Observed = self.observed;
        let name_of = |kind: Kind, id: &Value| refers.name(kind, id);
        let there = there(ops, observed);
        let sent = |op: &'a Op| Some((op.kind, op.name.as_str(), op.after.as_ref()?));
        let sent = ops.iter().filter(|op| op.action != Action::Skip).filter_map(sent);
        let (keys, others): (Vec<_>, Vec<_>) = sent.partition(|(kind, ..)| *kind == Kind::VirtualKey);
        let there = there.iter().map(|(kind, name, body)| (*kind, name.as_str(), body));
        let others = others.into_iter().map(|(kind, name, body)| (kind, name, body.value()));
        let target = target::Router::read(there.chain(others), &name_of);
        let callers = together::parts(&keys, &|part: &[(Kind, &'a str, &Body)]| {
            let name_of = |kind: Kind, id: &Value| refers.name(kind, id);
            let mut lists = target::Lists::default();
            let read = |(_, name, body): &(Kind, &'a str, &Body)| {
                (*name, target::Caller::read(name, body, &name_of, &mut lists))
            };
            part.iter().map(read).collect::<Vec<_>>()
        });
        let callers = InStep::of(callers.into_iter().flatten());
        let source = source::Router::read(self.inventory.entities.values().map(|entity| &entity.object));
        (Models { source, target, bodies: upstream::bodies(ops, observed) }, callers)
    }

    /// The names that clients know: groups and aliases, without patterns and upstream strings.
    fn public_names(&self) -> BTreeSet<&str> {
        let names = self.world.known_names().into_iter();
        names.filter(|name| !name.contains('*') && self.world.is_public(name)).collect()
    }

    /// `None` where both sides agree, or one of them refuses: who may call what is the access check's to say.
    fn compare_route(&self, key: &Asking<'_>, caller: &target::Caller, sides: &Sides<'_>, name: &str) -> Option<Found> {
        let ours = sides.source.route(key, name, self.now).ok()?;
        let theirs = sides.target.route(caller, name);
        if theirs.unsure {
            let note = "a rule that is on the gateway already may send it elsewhere".to_owned();
            return Some(Found { verdict: RouteVerdict::Elsewhere, note });
        }
        let total: u64 = theirs.first.values().sum();
        if total == 0 {
            return None;
        }
        let is = |reach: &litellm::access::Reach, way: &target::Way| self.meets(sides, reach, way).is_ok();
        // The share LiteLLM gives to what is behind each way.
        let mut expected: BTreeMap<&target::Way, u64> = BTreeMap::new();
        let mut missing = Vec::new();
        for part in &ours.first {
            match theirs.first.keys().find(|way| is(&part.reach, way)) {
                Some(way) => *expected.entry(way).or_default() += part.share,
                None => missing.push(part),
            }
        }
        // One of the same name that LiteLLM never picks, or only later, is no other upstream.
        let is_behind = |way: &target::Way| {
            let behind = key.call(name, self.now).unwrap_or_default();
            behind.iter().any(|reach| is(reach, way))
        };
        let stray = theirs.first.keys().find(|way| !expected.contains_key(way) && !is_behind(way));
        if let Some(way) = stray {
            return Some(self.elsewhere(sides, way, &ours));
        }
        if !missing.is_empty() || total + ROUNDING < target::WHOLE {
            return Some(narrower(&missing, total));
        }
        let differs =
            |(way, share): (&target::Way, &u64)| expected.get(way).copied().unwrap_or(0).abs_diff(*share) > ROUNDING;
        if sides.source.strategy.is_none() && theirs.first.iter().any(differs) {
            let told = theirs.first.iter().map(|(way, share)| {
                let before = expected.get(way).copied().unwrap_or(0);
                format!("{} {} % instead of {} %", way.key, percent(*share), percent(before))
            });
            return Some(Found { verdict: RouteVerdict::Share, note: told.collect::<Vec<_>>().join(", ") });
        }
        self.compare_next(sides, &ours, &theirs)
    }

    /// What is tried afterwards: nothing that LiteLLM would not try, and all of it.
    fn compare_next(&self, sides: &Sides<'_>, ours: &source::Route, theirs: &target::Route) -> Option<Found> {
        let is = |reach: &litellm::access::Reach, way: &target::Way| self.meets(sides, reach, way).is_ok();
        let first = ours.first.iter().map(|part| &part.reach);
        let all: Vec<&litellm::access::Reach> = first.chain(&ours.next).collect();
        if let Some(way) = theirs.next.iter().find(|way| !all.iter().any(|reach| is(reach, way))) {
            let note = format!("when it fails it goes on to {}, which LiteLLM would not try", told(way));
            return Some(Found { verdict: RouteVerdict::Elsewhere, note });
        }
        let tried: Vec<&target::Way> = theirs.first.keys().chain(&theirs.next).collect();
        let lost: BTreeSet<String> = ours
            .next
            .iter()
            .filter(|reach| !tried.iter().any(|way| is(reach, way)))
            .map(|reach| reach.upstream.to_string())
            .collect();
        (!lost.is_empty()).then(|| {
            let note = format!("when it fails it does not go on to {}", few(&lost.into_iter().collect::<Vec<_>>()));
            Found { verdict: RouteVerdict::Fallback, note }
        })
    }

    /// Whether a way of the gateway is the deployment; what differs where it is not.
    fn meets(&self, sides: &Sides<'_>, reach: &litellm::access::Reach, way: &target::Way) -> Result<(), &'static str> {
        let is_it = |meeting: &&Meeting| meeting.ours == reach.upstream && meeting.theirs == way.upstream;
        let known = |met: &Met| met.get(&reach.deployment)?.get(&way.key)?.iter().find(is_it).map(|known| known.found);
        if let Some(known) = known(&sides.met.borrow()) {
            return known;
        }
        let found = self.is_met(sides, reach, way);
        let mut met = sides.met.borrow_mut();
        let of_key = met.entry(Arc::clone(&reach.deployment)).or_default().entry(Arc::clone(&way.key)).or_default();
        of_key.push(Meeting { ours: Arc::clone(&reach.upstream), theirs: Arc::clone(&way.upstream), found });
        found
    }

    fn is_met(&self, sides: &Sides<'_>, reach: &litellm::access::Reach, way: &target::Way) -> Result<(), &'static str> {
        let entity = self.entity(litellm::Kind::Deployment, &reach.deployment).ok_or("deployment")?;
        let key = sides.bodies.get(&*way.key).ok_or("key")?;
        self.same_upstream(entity, &reach.upstream, key, &way.upstream)
    }

    fn elsewhere(&self, sides: &Sides<'_>, way: &target::Way, ours: &source::Route) -> Found {
        let differing: BTreeSet<&str> =
            ours.first.iter().filter_map(|part| self.meets(sides, &part.reach, way).err()).collect();
        let what = differing.into_iter().collect::<Vec<_>>().join(", ");
        let before: Vec<String> = ours.first.iter().map(|part| part.reach.upstream.to_string()).collect();
        let note = format!("it would go to {} instead of {} (differs in {what})", told(way), few(&before));
        Found { verdict: RouteVerdict::Elsewhere, note }
    }
}

impl Models<'_> {
    /// Ready to be asked.
    fn sides(&self) -> Sides<'_> {
        Sides { source: &self.source, target: &self.target, bodies: &self.bodies, met: RefCell::default() }
    }
}

impl Found {
    /// Of a name that differs for several keys the worst counts, and of equal ones the first.
    fn put_into<'n>(self, rows: &mut BTreeMap<&'n str, RouteRow>, name: &'n str, keys: usize) {
        let Self { verdict, note } = self;
        let row = rows.entry(name).or_insert_with(|| RouteRow {
            name: name.to_owned(),
            verdict,
            keys: 0,
            note: note.clone(),
        });
        row.keys += keys;
        if verdict > row.verdict {
            row.verdict = verdict;
            row.note = note;
        }
    }
}

/// The keys that are open, those together that get to the same places on both sides, in the order of the first of each.
fn alike<'k>(
    keys: &'k [PlannedKey],
    mut callers: InStep<'_, target::Caller>,
    router: &target::Router,
) -> Vec<Alike<'k>> {
    let mut places: BTreeMap<(usize, target::Signature), usize> = BTreeMap::new();
    let mut alike: Vec<Alike<'_>> = Vec::new();
    for key in keys.iter().filter(|key| key.active) {
        let Some(caller) = callers.find(&key.name) else { continue };
        let place = *places.entry((key.layers, caller.signature(router))).or_insert(alike.len());
        match alike.get_mut(place) {
            Some(alike) => alike.count += 1,
            None => alike.push(Alike { key, caller: caller.clone(), count: 1 }),
        }
    }
    alike
}

fn told_of(row: &RouteRow) -> Finding {
    let subject = format!("model {}", row.name);
    let code = Code::new("routes.differ");
    let keys = if row.keys == 1 { "one key".to_owned() } else { format!("{} keys", row.keys) };
    let message = |what: &str| format!("{what} for {keys}: {}", row.note);
    match row.verdict {
        RouteVerdict::Elsewhere => Finding::error(code, subject, message("another upstream answers"))
            .hint("rename the model in LiteLLM, or leave it out, and plan again"),
        RouteVerdict::Narrower => Finding::warning(code, subject, message("fewer upstreams answer")),
        RouteVerdict::Share => Finding::warning(code, subject, message("the shares differ")),
        RouteVerdict::Fallback => Finding::info(code, subject, message("what comes after a failure differs")),
    }
}

/// The names one key may ask for, in order.
fn names_of<'n>(asking: &Asking<'n>, key: &'n PlannedKey, everybody: &BTreeSet<&'n str>) -> Vec<&'n str> {
    let own = key.source.aliases.keys().map(String::as_str);
    let is_name = |name: &&str| !name.contains('*');
    let mut names: Vec<&str> = if let Some(listed) = asking.listed() {
        listed.into_iter().filter(is_name).chain(own).collect()
    } else {
        // A written name may be one that only a pattern answers to.
        let written = key.source.models.iter().map(String::as_str).filter(is_name);
        everybody.iter().copied().chain(own).chain(written).collect()
    };
    names.sort_unstable();
    names.dedup();
    names
}

/// Objects that are on the gateway and no op writes, with the provider in the body of each key.
fn there(ops: &[Op], observed: &Observed) -> Vec<(Kind, String, Value)> {
    let name = |body: &Value| body.get("name").and_then(Value::as_str).unwrap_or_default().to_owned();
    let plain = |kind: Kind, bodies: &[Value]| -> Vec<(Kind, String, Value)> {
        bodies.iter().map(|body| (kind, name(body), body.clone())).collect()
    };
    let keys = observed.provider_keys.iter().flat_map(|(provider, keys)| {
        keys.iter().map(|key| {
            let mut body = key.clone();
            if let Some(fields) = body.as_object_mut() {
                fields.insert("provider".to_owned(), Value::from(provider.as_str()));
            }
            (Kind::ProviderKey, name(key), body)
        })
    });
    let mut all = plain(Kind::Provider, &observed.providers);
    all.extend(keys);
    all.extend(plain(Kind::RoutingRule, &observed.routing_rules));
    let written = |op: &&Op| op.action != Action::Skip && matches!(op.kind, Kind::ProviderKey | Kind::RoutingRule);
    let written: BTreeSet<(Kind, &str)> = ops.iter().filter(written).map(|op| (op.kind, op.name.as_str())).collect();
    all.retain(|(kind, name, _)| *kind == Kind::Provider || !written.contains(&(*kind, name.as_str())));
    all
}

fn narrower(missing: &[&source::Part], total: u64) -> Found {
    let note = if missing.is_empty() {
        format!("{} % of the calls would be refused", percent(target::WHOLE.saturating_sub(total)))
    } else {
        let names: Vec<String> = missing.iter().map(|part| part.reach.upstream.to_string()).collect();
        format!("{} does not answer", few(&names))
    };
    Found { verdict: RouteVerdict::Narrower, note }
}

fn told(way: &target::Way) -> String {
    format!("{} through {}", way.upstream, way.key)
}

fn percent(share: u64) -> u64 {
    (share + 5_000) / 10_000
}
