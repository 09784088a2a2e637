//! What earlier applies made, over all their plans and journals, and what of it may be removed once nothing in LiteLLM
//! asks for it any more. Removed as an undo would: only what a journal proves that we made, nobody changed since, and
//! nothing uses that stays.

use std::borrow::Borrow;
use std::collections::{BTreeMap, BTreeSet};

use bifrost::{Kind, Observed};
use model::OpId;
use plan::delta::{Earlier, Gone, MovedBefore};
use plan::{Action, Op, Plan};
use serde_json::Value;

use crate::body;
use crate::journal::{Journal, OpResult, UndoResult};
use crate::undo::{ORDER, Planned, Proof, Shelf, Undo, UndoItem, Undoing, keep_what_stays, proofs, shelves};
use crate::verify::{known_ids, look};

/// What stands before the op of an object that is removed because it is gone from LiteLLM.
pub const GONE: &str = "gone/";

/// What the applies of these plans and journals left on the gateway, the oldest first.
pub fn earlier<P: Borrow<Plan>>(history: &[(P, Journal)]) -> Earlier {
    let mut earlier = Earlier::default();
    for (plan, journal) in history {
        left(&mut earlier, plan.borrow(), journal);
    }
    earlier
}

/// Adds what the next apply left: for who reads one journal after the other and keeps none of them. Of an object that is
/// known already as moved for the same thing, what was said last takes the place of what was said before.
pub fn left(earlier: &mut Earlier, plan: &Plan, journal: &Journal) {
    let (sources, ids, proofs) = (plan.sources(), known_ids(plan, journal), proofs(journal));
    let outcomes = journal.outcomes();
    let created = earlier.objects.iter().filter(|moved| moved.created);
    let created: BTreeSet<(Kind, String)> = created.map(|moved| (moved.kind, moved.id.clone())).collect();
    let mut now = Vec::new();
    for op in plan.ops.iter().filter(|op| op.action != Action::Skip) {
        let failed = outcomes.get(&op.id).is_some_and(|(result, ..)| !result.is_success());
        let Some(id) = ids.get(&op.id).filter(|_| !failed) else { continue };
        let fields = op.after.as_ref().and_then(|body| body.as_object());
        now.push(MovedBefore {
            kind: op.kind,
            id: id.clone(),
            source: sources.get(&op.id).cloned(),
            fields: fields.map(|body| body.keys().cloned().collect()).unwrap_or_default(),
            created: proofs.get(&op.id).is_some_and(is_creation) || created.contains(&(op.kind, id.clone())),
        });
    }
    let of = |moved: &MovedBefore| (moved.kind, moved.id.clone(), moved.source.clone());
    let said: BTreeSet<_> = now.iter().map(of).collect();
    earlier.objects.retain(|moved| !said.contains(&of(moved)));
    earlier.objects.extend(now);
    earlier.read.extend(plan.made.sources.iter().map(|source| source.kind));
}

fn is_creation(proof: &Proof<'_>) -> bool {
    proof.created && matches!(proof.outcome, Some((OpResult::Created, Some(_))))
}

/// What of [`Plan::gone`] may be removed after the plan was carried out, and why the rest may not. It can be worked out
/// before the plan is carried out as well: what it makes of the gateway is taken into account.
pub fn gone<P: Borrow<Plan>>(history: &[(P, Journal)], plan: &Plan, journal: &Journal, observed: &Observed) -> Undo {
    let made = made(history);
    let shelves = shelves(observed);
    let mut items = Vec::new();
    for kind in ORDER {
        let of_kind = plan.gone.iter().filter(|gone| gone.kind == kind);
        items.extend(of_kind.filter_map(|gone| item(gone, made.get(&(kind, gone.target_id.clone())), &shelves)));
    }
    keep_what_stays(&mut items, &shelves, &planned(plan, journal, &shelves));
    Undo { items }
}

/// What this apply removed because it was gone from LiteLLM, for an undo: it cannot be brought back.
pub(crate) fn removed(journal: &Journal) -> impl Iterator<Item = UndoItem> + '_ {
    journal.undone().into_iter().filter(|(_, (result, _))| *result == UndoResult::Removed).filter_map(|(op, _)| {
        let (kind, name) = op.as_str().strip_prefix(GONE)?.split_once('/')?;
        let kind = Kind::ALL.into_iter().find(|known| known.id() == kind)?;
        let mut item = UndoItem::left(op.clone(), kind, name, None, Value::Null);
        item.set(Undoing::Leave, "removed because it was gone from LiteLLM; it cannot be brought back");
        Some(item)
    })
}

/// None where the object is no longer there.
fn item(gone: &Gone, made: Option<&Made<'_>>, shelves: &BTreeMap<Kind, Shelf<'_>>) -> Option<UndoItem> {
    let shelf = shelves.get(&gone.kind)?;
    let object = shelf.iter().find(|(found, ..)| found.id == gone.target_id).map(|(.., object)| *object)?;
    let op = OpId::new(format!("{GONE}{}/{}", gone.kind.id(), gone.name));
    let Some(made) = made else {
        let mut item = UndoItem::left(op, gone.kind, &gone.name, None, Value::Null).of(&gone.target_id);
        item.set(Undoing::Leave, "no journal proves that Gangway made it");
        return Some(item);
    };
    let mut item =
        UndoItem::left(op, gone.kind, &gone.name, made.provider.clone(), made.planned.clone()).of(&gone.target_id);
    if made.touched {
        item.set(Undoing::Leave, "somebody had changed it before the last apply");
    } else {
        item.still_ours(object, made.look);
        if item.what == Undoing::Remove {
            item.set(Undoing::Remove, "made by an earlier apply, and not changed since");
        }
    }
    Some(item)
}

/// An object that we made, as the last apply left it.
struct Made<'a> {
    provider: Option<String>,
    planned: Value,
    look: Option<&'a str>,
    /// It did not look any more as we had left it when it was changed by a later apply.
    touched: bool,
}

fn made<P: Borrow<Plan>>(history: &[(P, Journal)]) -> BTreeMap<(Kind, String), Made<'_>> {
    let mut all: BTreeMap<(Kind, String), Made<'_>> = BTreeMap::new();
    for (plan, journal) in history {
        let plan: &Plan = plan.borrow();
        let (proofs, ids) = (proofs(journal), known_ids(plan, journal));
        let undone = journal.undone();
        let stands = |op: &&Op| undone.get(&op.id).is_none_or(|(result, _)| !result.is_undone());
        for op in plan.ops.iter().filter(stands) {
            let (Some(id), Some(after)) = (ids.get(&op.id), &op.after) else { continue };
            let (place, proof) = ((op.kind, id.clone()), proofs.get(&op.id));
            let before = all.get(&place);
            if before.is_none() && !proof.is_some_and(is_creation) {
                continue;
            }
            let planned = body::with_ids(after, &ids);
            let made = Made {
                provider: body::provider_of(op, &planned, &ids),
                planned,
                look: proof.map_or_else(|| before.and_then(|before| before.look), |proof| proof.look),
                touched: before.is_some_and(|before| before.touched || (proof.is_some() && !is_as_left(op, before))),
            };
            all.insert(place, made);
        }
    }
    all
}

/// Whether the plan that changed it found it as the apply before had left it.
fn is_as_left(op: &Op, left: &Made<'_>) -> bool {
    let then = op.before.as_ref().map(look);
    left.look.is_none_or(|left| then.as_deref() == Some(left))
}

/// The gateway as the plan makes it: what stays may use something.
fn planned(plan: &Plan, journal: &Journal, shelves: &BTreeMap<Kind, Shelf<'_>>) -> Planned {
    let ids = known_ids(plan, journal);
    let mut there: BTreeMap<(Kind, &str), &Value> = BTreeMap::new();
    for (kind, shelf) in shelves {
        there.extend(shelf.iter().map(|(found, _, object)| ((*kind, found.id.as_str()), *object)));
    }
    let mut planned = Planned::default();
    for op in plan.ops.iter().filter(|op| op.action != Action::Skip) {
        let Some(after) = op.after.as_ref().map(|after| body::with_ids(after, &ids)) else { continue };
        let known = ids.get(&op.id).and_then(|id| Some((id, there.get(&(op.kind, id.as_str()))?)));
        if let Some((id, object)) = known {
            planned.changed.insert((op.kind, id.clone()), laid_over(object, &after));
        } else {
            let provider = body::provider_of(op, &after, &ids);
            planned.new.push((op.kind, op.name.clone(), provider, after));
        }
    }
    planned
}

fn laid_over(object: &Value, planned: &Value) -> Value {
    let mut all = object.clone();
    if let (Some(fields), Some(planned)) = (all.as_object_mut(), planned.as_object()) {
        for (key, value) in planned {
            // With the id goes what the gateway shows of the owner beside it.
            key.strip_suffix("_id").and_then(|owner| fields.remove(owner));
            fields.insert(key.clone(), value.clone());
        }
    }
    all
}
