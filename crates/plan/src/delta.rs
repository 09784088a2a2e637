//! Planning again after earlier applies: what they made is found again under another name, and what LiteLLM no longer
//! has is named. A plan removes nothing: its ops know no delete.

use std::collections::{BTreeMap, BTreeSet};

use bifrost::{Identity, Kind, Observed};
use inventory::{Entity, Inventory};
use litellm::SourceKind as ReadFrom;
use model::{Code, Finding, Moment, OpId, SourceId};
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::draft::Planner;
use crate::types::{Action, Op, Plan, SourceKind};

mod recognise;

use recognise::ANOTHERS;
pub(crate) use recognise::Recognised;

/// What earlier applies left on the gateway, by their plans and journals. Empty where none are known. The relay hands it
/// to the page as JSON: names of fields, and no value of any.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Earlier {
    /// Every object, the oldest apply first.
    pub objects: Vec<MovedBefore>,
    /// What the plans were made from.
    pub read: BTreeSet<SourceKind>,
}

/// An object of the gateway that an earlier apply made, changed or found as it should be.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct MovedBefore {
    /// Its kind.
    pub kind: Kind,
    /// The gateway's id of it.
    pub id: String,
    /// What the LiteLLM object it was moved for is known by ([`Plan::sources`]), of owners and virtual keys.
    pub source: Option<SourceId>,
    /// The fields that were set.
    pub fields: BTreeSet<String>,
    /// Whether a journal proves that Gangway made it.
    pub created: bool,
}

/// An object that Gangway made and that the plan does not ask for any more. It stays, unless its removal is asked for
/// beside the plan.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Gone {
    /// Its kind.
    pub kind: Kind,
    /// Its name on the gateway.
    pub name: String,
    /// The gateway's id of it.
    pub target_id: String,
    /// A virtual key that callers can still use, though LiteLLM no longer lets anybody in with it.
    pub open: bool,
    /// Whether a journal proves that Gangway made it. Nothing else is ever removed.
    pub proven: bool,
}

/// The code of findings about what LiteLLM no longer has.
pub const GONE: Code = Code::new("plan.gone");

/// When a key was made in LiteLLM.
pub(crate) fn made_at(entity: &Entity) -> Option<Moment> {
    let made = entity.object.text("created_at").filter(|_| entity.object.kind == litellm::Kind::VirtualKey);
    made.and_then(|text| text.parse().ok())
}

/// What a source object is known by for good. A key by the moment in which it was made: its hash is a handle that is in
/// no plan, its alias changes, and a key made anew has a moment of its own.
fn known_by(id: &SourceId, made_at: Option<Moment>) -> Option<SourceId> {
    if id.as_str().starts_with("virtual_key/") {
        return made_at.map(|moment| SourceId::new(format!("virtual_key made {}", moment.millis())));
    }
    Some(id.clone())
}

/// What the objects of an inventory are known by; keys that were made in one moment are not known.
pub(crate) fn identities(inventory: &Inventory) -> BTreeMap<SourceId, SourceId> {
    let known = inventory.entities.iter().filter_map(|(id, entity)| Some((id, known_by(id, made_at(entity))?)));
    alone(known).into_iter().map(|(id, known)| (id.clone(), known)).collect()
}

/// Those of which there is no other.
fn alone<'a>(known: impl Iterator<Item = (&'a SourceId, SourceId)>) -> Vec<(&'a SourceId, SourceId)> {
    let all: Vec<(&SourceId, SourceId)> = known.collect();
    let mut counts: BTreeMap<SourceId, usize> = BTreeMap::new();
    for (_, known) in &all {
        *counts.entry(known.clone()).or_default() += 1;
    }
    all.into_iter().filter(|(_, known)| counts.get(known) == Some(&1)).collect()
}

/// Whose object an op is: the kinds of source object that have one object of their own on the gateway.
const fn owns(kind: Kind) -> &'static [&'static str] {
    match kind {
        Kind::VirtualKey => &["virtual_key/"],
        Kind::Team => &["team/"],
        Kind::Customer => &["organization/", "user/"],
        _ => &[],
    }
}

impl Plan {
    /// What the LiteLLM object that each op moves is known by for good, where it is one alone: of virtual keys, teams
    /// and customers.
    pub fn sources(&self) -> BTreeMap<&OpId, SourceId> {
        let kinds: BTreeMap<&OpId, Kind> = self.ops.iter().map(|op| (&op.id, op.kind)).collect();
        let known = self.objects.iter().filter_map(|object| Some((&object.id, known_by(&object.id, object.made_at)?)));
        let known: BTreeMap<&SourceId, SourceId> = alone(known).into_iter().collect();
        let mut claims: BTreeMap<&OpId, BTreeSet<&SourceId>> = BTreeMap::new();
        for object in &self.objects {
            for op in &object.ops {
                let owned = kinds.get(op).map(|kind| owns(*kind)).unwrap_or_default();
                if owned.iter().any(|word| object.id.as_str().starts_with(word)) {
                    claims.entry(op).or_default().insert(&object.id);
                }
            }
        }
        let single = |(op, sources): (_, BTreeSet<&SourceId>)| {
            let only = sources.first().filter(|_| sources.len() == 1)?;
            Some((op, known.get(*only)?.clone()))
        };
        claims.into_iter().filter_map(single).collect()
    }
}

/// What stands on the gateway from before, for the rules of single objects.
#[derive(Clone, Debug, Default)]
pub(crate) struct Standing {
    /// Names of virtual keys that Gangway made, by their description.
    names: BTreeSet<String>,
    /// Keys of LiteLLM, by their ids in the inventory, that an earlier apply moved.
    sources: BTreeSet<SourceId>,
}

impl Standing {
    pub(crate) fn of(inventory: &Inventory, observed: &Observed, earlier: &Earlier) -> Self {
        let keys = observed.objects(Kind::VirtualKey);
        let there: BTreeSet<&str> = keys.iter().map(|(found, _)| found.id.as_str()).collect();
        let moved =
            earlier.objects.iter().filter(|moved| moved.kind == Kind::VirtualKey && there.contains(moved.id.as_str()));
        let moved: BTreeSet<&SourceId> = moved.filter_map(|moved| moved.source.as_ref()).collect();
        let known = if moved.is_empty() { BTreeMap::new() } else { identities(inventory) };
        let sources = known.into_iter().filter(|(_, known)| moved.contains(known)).map(|(id, _)| id).collect();
        let names = keys.iter().filter(|(_, object)| crate::diff::is_ours(object)).map(|(found, _)| found.name.clone());
        Self { names: names.collect(), sources }
    }

    /// Whether the key has a virtual key on the gateway already.
    pub(crate) fn has(&self, source: &SourceId, name: &str) -> bool {
        self.sources.contains(source) || self.names.contains(name)
    }
}

impl Planner<'_> {
    /// Says of every key that cannot get the virtual key of its name what to do about it.
    pub(crate) fn names_in_the_way(&mut self, ops: &[Op], recognised: &Recognised<'_>) {
        for op in ops {
            let Some(why) = recognised.barred(&op.id) else { continue };
            let finding = Finding::warning(Code::new("plan.taken"), format!("virtual key {}", op.name), why);
            let take_over =
                format!("if the same person holds both (the key was made anew in LiteLLM): --take-over {}", op.id);
            let finding = if why == ANOTHERS { finding.hint(take_over) } else { finding };
            self.findings.push(finding.hint("--rename KEY=NAME gives the moved key another name"));
        }
    }
}

/// What Gangway made and the ops do not ask for, with what to tell people about it.
pub(crate) fn gone(
    ops: &[Op],
    inventory: &Inventory,
    complete: bool,
    observed: &Observed,
    earlier: &Earlier,
    now: Moment,
) -> (Vec<Gone>, Vec<Finding>) {
    let asked: BTreeSet<(Kind, &str)> = ops.iter().filter_map(|op| Some((op.kind, op.target_id.as_deref()?))).collect();
    let made: BTreeSet<(Kind, &str)> =
        earlier.objects.iter().filter(|moved| moved.created).map(|moved| (moved.kind, moved.id.as_str())).collect();
    let sources: BTreeMap<(Kind, &str), &SourceId> = earlier
        .objects
        .iter()
        .filter_map(|moved| Some(((moved.kind, moved.id.as_str()), moved.source.as_ref()?)))
        .collect();
    let here: BTreeSet<SourceId> =
        inventory.entities.iter().filter_map(|(id, entity)| known_by(id, made_at(entity))).collect();
    let (mut gone, mut findings) = (Vec::new(), Vec::new());
    for kind in Kind::ALL.into_iter().filter(|kind| *kind != Kind::ClientConfig) {
        for (Identity { id, name }, object) in observed.objects(kind) {
            let place = (kind, id.as_str());
            let proven = made.contains(&place);
            let marked = kind == Kind::VirtualKey && crate::diff::is_ours(object);
            if !(proven || marked) || asked.contains(&place) {
                continue;
            }
            if sources.get(&place).is_some_and(|source| here.contains(*source)) {
                findings.push(left_standing(kind, &name));
            } else {
                let open = kind == Kind::VirtualKey && is_open(object, now);
                gone.push(Gone { kind, name, target_id: id, open, proven });
            }
        }
    }
    match (gone.is_empty(), less(inventory, complete, earlier)) {
        (false, Some(why)) => {
            findings.push(not_told(gone.len(), &why));
            gone.clear();
        }
        _ => findings.extend(gone.iter().map(|gone| finding(gone, ops))),
    }
    (gone, findings)
}

fn is_open(object: &Value, now: Moment) -> bool {
    let expires = object.get("expires_at").and_then(Value::as_str).and_then(|text| text.parse::<Moment>().ok());
    object.get("is_active") != Some(&Value::Bool(false)) && expires.is_none_or(|at| at > now)
}

/// Why what was not read cannot be told from what is gone.
fn less(inventory: &Inventory, complete: bool, earlier: &Earlier) -> Option<String> {
    let read: BTreeSet<SourceKind> = inventory.sources.iter().map(|source| read_from(source.kind)).collect();
    if !complete {
        return Some("LiteLLM was not read completely".to_owned());
    }
    if let Some(missing) = earlier.read.difference(&read).find(|kind| **kind != SourceKind::Target) {
        return Some(format!("the plan before was made with {} as well", missing.words()));
    }
    let live = [SourceKind::Api, SourceKind::Database];
    live.iter().all(|kind| !read.contains(kind)).then(|| "neither LiteLLM's API nor its database was read".to_owned())
}

pub(crate) fn read_from(kind: ReadFrom) -> SourceKind {
    match kind {
        ReadFrom::Api => SourceKind::Api,
        ReadFrom::Database => SourceKind::Database,
        ReadFrom::ConfigFile => SourceKind::ConfigFile,
    }
}

fn not_told(count: usize, why: &str) -> Finding {
    let objects = if count == 1 { "1 object".to_owned() } else { format!("{count} objects") };
    let message = format!(
        "this plan does not ask for {objects} that Gangway made; whether LiteLLM still has them cannot be told, for {why}"
    );
    Finding::warning(Code::new("plan.gone_unknown"), "gateway", message)
        .hint("plan again with everything the first plan was made from")
}

fn left_standing(kind: Kind, name: &str) -> Finding {
    let title = kind.title().to_lowercase();
    let message = format!(
        "it was made by Gangway for an object that LiteLLM still has and this plan leaves out; the {title} stays as it is"
    );
    Finding::warning(Code::new("plan.left_standing"), format!("{title} {name}"), message)
        .hint("if nobody needs it any more, remove it in the gateway's dashboard")
}

/// A virtual key that still lets callers in is an error to be seen to: it is access that LiteLLM no longer gives.
fn finding(gone: &Gone, ops: &[Op]) -> Finding {
    let (title, name) = (gone.kind.title().to_lowercase(), &gone.name);
    let subject = format!("{title} {name}");
    let removes = if gone.proven {
        "gangway apply --delete-gone removes it, if nobody changed it since and nothing uses it"
    } else {
        "no journal at hand proves that Gangway made it, so only you can remove it: in the gateway's dashboard"
    };
    let finding = if gone.open {
        let message = "its key is no longer in LiteLLM, and this virtual key still lets its holder in; it stays until its removal is asked for";
        Finding::error(GONE, subject, message)
    } else {
        let message = format!(
            "this {title} was made by Gangway, and nothing in LiteLLM asks for it any more; it stays until its removal is asked for"
        );
        Finding::warning(GONE, subject, message)
    };
    let finding = finding.hint(removes);
    let blocked = ops.iter().any(|op| op.kind == gone.kind && op.name == *name && op.action == Action::Skip);
    match (blocked, gone.proven, gone.kind) {
        (true, ..) => finding.hint("once it is gone, the next plan makes the new key of this name"),
        (false, false, Kind::VirtualKey) => finding
            .hint("if it was renamed in LiteLLM: plan again with the journal of the earlier apply (--after FILE)"),
        _ => finding,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What LiteLLM no longer has is open on the gateway unless it is shut there or its time is over.
    #[test]
    fn a_key_is_open_until_its_time_is_over() {
        let now: Moment = "2026-06-01T00:00:00Z".parse().unwrap();
        let check = |shown: Value, expected: bool| assert_eq!(is_open(&shown, now), expected, "{shown}");
        check(serde_json::json!({}), true);
        check(serde_json::json!({"is_active": true, "expires_at": null}), true);
        check(serde_json::json!({"is_active": false}), false);
        check(serde_json::json!({"expires_at": "2026-06-01T00:00:01Z"}), true);
        check(serde_json::json!({"expires_at": "2026-06-01T00:00:00Z"}), false);
        check(serde_json::json!({"is_active": true, "expires_at": "2026-05-31T00:00:00Z"}), false);
        check(serde_json::json!({"is_active": false, "expires_at": "2027-01-01T00:00:00Z"}), false);
    }
}
