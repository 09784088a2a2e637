//! Whether the gateway is as planned, from what it shows.

use std::collections::BTreeMap;

use bifrost::compare::{Difference, differences};
use bifrost::{Identity, Kind, Observed, canonical};
use model::OpId;
use plan::{Action, Op, Plan};
use serde_json::{Value, json};

use crate::body;
use crate::fingerprint::hash;
use crate::journal::Journal;

/// Compares every op that was carried out with what the gateway shows now; an empty list means as planned.
/// Ops that failed or were left alone are not compared: their outcome says what is the matter.
pub fn verify(plan: &Plan, journal: &Journal, observed: &Observed) -> Vec<(OpId, Vec<Difference>)> {
    compare(plan, journal, observed).into_iter().map(|found| (found.op, found.differences)).collect()
}

/// An op held against what the gateway shows.
#[derive(Clone, Debug)]
pub(crate) struct Compared {
    pub(crate) op: OpId,
    pub(crate) differences: Vec<Difference>,
    /// The object's [`look`]; none where it is not there.
    pub(crate) shown: Option<String>,
}

/// What [`verify`] finds, with how each object looks.
pub(crate) fn compare(plan: &Plan, journal: &Journal, observed: &Observed) -> Vec<Compared> {
    let outcomes = journal.outcomes();
    let ids = known_ids(plan, journal);
    let shelves: BTreeMap<Kind, Shelf<'_>> =
        Kind::ALL.iter().map(|kind| (*kind, Shelf::new(*kind, observed))).collect();
    let done = |op: &&Op| {
        let carried_out = outcomes.get(&op.id).is_some_and(|(result, _, _)| result.is_success());
        op.action != Action::Skip && (carried_out || (op.action == Action::Same && !outcomes.contains_key(&op.id)))
    };
    let compare = |op: &Op| shelves.get(&op.kind).map(|shelf| shelf.compare(op, &ids));
    plan.ops.iter().filter(done).filter(|op| can_be_read(op)).filter_map(compare).collect()
}

/// The gateway's ids of the plan's objects: those that were there and those that were made.
pub(crate) fn known_ids(plan: &Plan, journal: &Journal) -> BTreeMap<OpId, String> {
    let there = plan.ops.iter().filter_map(|op| Some((op.id.clone(), op.target_id.clone()?)));
    let made = journal.outcomes().into_iter().filter_map(|(op, (result, id, _))| {
        let id = id.filter(|_| result.is_success())?;
        Some((op.clone(), id.to_owned()))
    });
    there.chain(made).collect()
}

/// Users are not read.
fn can_be_read(op: &Op) -> bool {
    !matches!(op.kind, Kind::User | Kind::TeamMember)
}

/// The objects of one kind, by id and by name.
struct Shelf<'a> {
    by_id: BTreeMap<String, &'a Value>,
    by_name: BTreeMap<String, (String, &'a Value)>,
}

impl<'a> Shelf<'a> {
    fn new(kind: Kind, observed: &'a Observed) -> Self {
        let mut shelf = Self { by_id: BTreeMap::new(), by_name: BTreeMap::new() };
        for (Identity { id, name }, object) in observed.objects(kind) {
            shelf.by_id.insert(id.clone(), object);
            shelf.by_name.entry(name).or_insert((id, object));
        }
        shelf
    }

    fn compare(&self, op: &Op, ids: &BTreeMap<OpId, String>) -> Compared {
        let planned = op.after.as_ref().map(|after| body::with_ids(after, ids));
        let name = body::name_of(op, planned.as_ref().unwrap_or(&Value::Null));
        let wanted = ids.get(&op.id);
        let by_id = wanted.and_then(|id| self.by_id.get(id).copied());
        let shown = by_id.or_else(|| self.by_name.get(&name).map(|(_, object)| *object));
        let Some(shown) = shown else {
            let gone = Difference { path: "name".to_owned(), intended: json!(name), observed: Value::Null };
            return Compared { op: op.id.clone(), differences: vec![gone], shown: None };
        };
        let mut found = planned.map(|planned| differences(op.kind, &planned, shown)).unwrap_or_default();
        if let (Some(id), None) = (wanted, by_id) {
            let other = self.by_name.get(&name).map(|(id, _)| json!(id)).unwrap_or_default();
            found.insert(0, Difference { path: "id".to_owned(), intended: json!(id), observed: other });
        }
        Compared { op: op.id.clone(), differences: found, shown: Some(look(shown)) }
    }
}

/// How an object looks: 16 hex digits over what the gateway shows, without the ids of its parts and without what
/// moves by itself. Two looks of one object are equal as long as nobody changes it.
pub(crate) fn look(object: &Value) -> String {
    hash(canonical(&still(object)))
}

fn still(value: &Value) -> Value {
    match value {
        Value::Array(items) => Value::Array(items.iter().map(still).collect()),
        Value::Object(fields) => {
            let kept = fields.iter().filter(|(key, value)| !moves(key) && !is_empty(value));
            Value::Object(kept.map(|(key, value)| (key.clone(), still(value))).collect())
        }
        other => other.clone(),
    }
}

/// Counters, times, states and row numbers, whatever a version calls them. A provider's `description` is the last
/// error of model discovery, and its `keys` are objects of their own; a virtual key's description is compared with
/// the plan.
fn moves(key: &str) -> bool {
    let stays = matches!(key, "expires_at" | "team_id" | "customer_id" | "scope_id" | "key_id" | "client_id");
    let named = matches!(key, "id" | "config_hash" | "description" | "keys_status" | "state" | "status" | "tools");
    let ends = ["_at", "_count", "_id", "_reset", "_status", "_usage", "vk_configs"];
    !stays && (named || key.starts_with("last_") || ends.iter().any(|end| key.ends_with(end)))
}

/// What a list and a single read show differently.
fn is_empty(value: &Value) -> bool {
    value.is_null() || value.as_array().is_some_and(Vec::is_empty)
}
