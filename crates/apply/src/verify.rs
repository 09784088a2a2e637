//! Whether the gateway is as planned, from what it shows.

use std::collections::BTreeMap;

use bifrost::compare::{Difference, differences};
use bifrost::{Identity, Kind, Observed};
use model::OpId;
use plan::{Action, Op, Plan};
use serde_json::{Value, json};

use crate::body;
use crate::journal::{Journal, OpResult};

/// Compares every op that was carried out with what the gateway shows now; an empty list means as planned.
/// Ops that failed or were left alone are not compared: their outcome says what is the matter.
pub fn verify(plan: &Plan, journal: &Journal, observed: &Observed) -> Vec<(OpId, Vec<Difference>)> {
    let outcomes = journal.outcomes();
    let ids = known_ids(plan, journal);
    let shelves: BTreeMap<Kind, Shelf<'_>> =
        Kind::ALL.iter().map(|kind| (*kind, Shelf::new(*kind, observed))).collect();
    let done = |op: &&Op| {
        let carried_out = outcomes.get(&op.id).is_some_and(|(result, _, _)| is_success(*result));
        op.action != Action::Skip && (carried_out || (op.action == Action::Same && !outcomes.contains_key(&op.id)))
    };
    let compare = |op: &Op| shelves.get(&op.kind).map(|shelf| (op.id.clone(), shelf.compare(op, &ids)));
    plan.ops.iter().filter(done).filter(|op| can_be_read(op)).filter_map(compare).collect()
}

/// Whether the op's object is there as planned or will be used as it is.
pub(crate) fn is_success(result: OpResult) -> bool {
    matches!(result, OpResult::Created | OpResult::Changed | OpResult::Same)
}

/// The gateway's ids of the plan's objects: those that were there and those that were made.
pub(crate) fn known_ids(plan: &Plan, journal: &Journal) -> BTreeMap<OpId, String> {
    let there = plan.ops.iter().filter_map(|op| Some((op.id.clone(), op.target_id.clone()?)));
    let made = journal.outcomes().into_iter().filter_map(|(op, (result, id, _))| {
        let id = id.filter(|_| is_success(result))?;
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

    fn compare(&self, op: &Op, ids: &BTreeMap<OpId, String>) -> Vec<Difference> {
        let planned = op.after.as_ref().map(|after| body::with_ids(after, ids));
        let name = body::name_of(op, planned.as_ref().unwrap_or(&Value::Null));
        let wanted = ids.get(&op.id);
        let by_id = wanted.and_then(|id| self.by_id.get(id).copied());
        let shown = by_id.or_else(|| self.by_name.get(&name).map(|(_, object)| *object));
        let Some(shown) = shown else {
            return vec![Difference { path: "name".to_owned(), intended: json!(name), observed: Value::Null }];
        };
        let mut found = planned.map(|planned| differences(op.kind, &planned, shown)).unwrap_or_default();
        if let (Some(id), None) = (wanted, by_id) {
            let other = self.by_name.get(&name).map(|(id, _)| json!(id)).unwrap_or_default();
            found.insert(0, Difference { path: "id".to_owned(), intended: json!(id), observed: other });
        }
        found
    }
}
