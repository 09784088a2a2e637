//! Holding what is wanted against what is there.

use std::collections::{BTreeMap, BTreeSet};

use bifrost::compare::differences;
use bifrost::hole::{self, Hole};
use bifrost::{Kind, Observed};
use model::OpId;
use serde_json::{Value, json};

use crate::choices::Choices;
use crate::draft::Draft;
use crate::types::{Action, Op};

/// Turns drafts into ops, in the order in which they have to be done.
pub(crate) fn ops(drafts: Vec<Draft>, observed: &Observed, choices: &Choices) -> Vec<Op> {
    let mut drafts = drafts;
    // The kinds in the order of provisioning; within a kind as the rules made them.
    drafts.sort_by_key(|draft| draft.kind);
    let mut there: BTreeMap<(Kind, String), (String, &Value)> = BTreeMap::new();
    for kind in Kind::ALL {
        for (found, object) in observed.objects(kind) {
            there.entry((kind, found.name)).or_insert((found.id, object));
        }
    }
    let mut ids: BTreeMap<OpId, String> = BTreeMap::new();
    let mut skipped: BTreeSet<OpId> = BTreeSet::new();
    let mut left: BTreeMap<OpId, String> = BTreeMap::new();
    let mut ops = Vec::new();
    for draft in drafts {
        let mut op = op(without_left(draft, &left), &there, &ids);
        leave_out(&mut op, &skipped, &choices.take_over);
        if leave_alone(&mut op, choices) {
            left.extend(op.target_id.clone().map(|id| (op.id.clone(), id)));
        } else if op.action == Action::Skip {
            skipped.insert(op.id.clone());
        } else if let Some(id) = &op.target_id {
            ids.insert(op.id.clone(), id.clone());
        }
        ops.push(op);
    }
    ops
}

fn op(draft: Draft, there: &BTreeMap<(Kind, String), (String, &Value)>, ids: &BTreeMap<OpId, String>) -> Op {
    let Draft { id, kind, name, body, reason, origins, after } = draft;
    let mut after_ops = after;
    for hole in body.iter().flat_map(hole::holes) {
        if let Hole::Ref(other) = hole
            && !after_ops.contains(&other)
        {
            after_ops.push(other);
        }
    }
    let mut op = Op {
        id,
        kind,
        name,
        action: Action::Skip,
        reason,
        after_ops,
        target_id: None,
        before: None,
        after: None,
        origins,
        fields: Vec::new(),
    };
    let Some(body) = body else { return op };
    let known = hole::fill(&body, &mut |hole| match hole {
        Hole::Ref(other) => ids.get(other).cloned().map(Value::String),
        Hole::Secret(_) => None,
    });
    match there.get(&(kind, identity(kind, &op.name, &known))) {
        None => {
            op.action = Action::Create;
            op.after = Some(body);
        }
        Some((target, there)) => {
            let there = if kind == Kind::ClientConfig { json!({ "client_config": there }) } else { (*there).clone() };
            let changed = differences(kind, &known, &there);
            op.target_id = Some(target.clone());
            op.before = Some(shown(there));
            if changed.is_empty() {
                op.action = Action::Same;
                op.reason = String::from("is there as it should be");
            } else {
                op.action = Action::Change;
                let fields: Vec<&str> = changed.iter().map(|difference| difference.path.as_str()).collect();
                op.reason = format!("{}; differs in {}", op.reason, fields.join(", "));
            }
            op.after = Some(body);
        }
    }
    op
}

/// What may stay as it is: who may call what does not hang on it.
const MAY_STAY: [Kind; 3] = [Kind::Provider, Kind::Customer, Kind::Team];

/// Leaves what is there and differs as it is, where that was chosen.
fn leave_alone(op: &mut Op, choices: &Choices) -> bool {
    if op.action != Action::Change || !MAY_STAY.contains(&op.kind) || !choices.leave_alone.contains(&op.id) {
        return false;
    }
    op.action = Action::Skip;
    op.reason = format!("left as it is by choice; {}", op.reason);
    op.after = None;
    true
}

/// The draft with the ids of what is left as it is: no op will tell them.
fn without_left(mut draft: Draft, left: &BTreeMap<OpId, String>) -> Draft {
    let known = |hole: &Hole| match hole {
        Hole::Ref(other) => left.get(other).cloned().map(Value::String),
        Hole::Secret(_) => None,
    };
    if !left.is_empty() {
        draft.body = draft.body.map(|body| hole::fill(&body, &mut |hole| known(hole)));
        draft.after.retain(|other| !left.contains_key(other));
    }
    draft
}

/// Leaves out what belongs to something left out, and a virtual key whose name is taken by one that Gangway did not
/// make: whoever holds that one's value would gain what the key may call.
fn leave_out(op: &mut Op, skipped: &BTreeSet<OpId>, take_over: &BTreeSet<OpId>) {
    let needed = op.after.iter().flat_map(hole::holes).find_map(|hole| match hole {
        Hole::Ref(other) if skipped.contains(&other) => Some(other),
        Hole::Ref(_) | Hole::Secret(_) => None,
    });
    let foreign = op.kind == Kind::VirtualKey
        && op.before.as_ref().is_some_and(|there| !is_ours(there))
        && !take_over.contains(&op.id);
    op.reason = match (needed, foreign) {
        (Some(other), _) => format!("left out with {other}"),
        (None, true) => FOREIGN.to_owned(),
        (None, false) => return,
    };
    op.action = Action::Skip;
    op.after = None;
    op.target_id = None;
}

/// Why a virtual key of a taken name is left alone.
pub(crate) const FOREIGN: &str = "a key of this name is there already and was not made by Gangway; it is left alone";

fn is_ours(there: &Value) -> bool {
    there.get("description").and_then(Value::as_str).is_some_and(|text| text.starts_with(crate::virtual_keys::MARK))
}

/// The state before, as it may stand in a plan: the gateway shows the headers of a provider in clear, so those that
/// may hold a secret are shortened the way it shortens keys (`reference/bifrost-api.md` 3.5).
fn shown(mut there: Value) -> Value {
    let headers = there.pointer_mut("/network_config/extra_headers").and_then(Value::as_object_mut);
    for (name, value) in headers.into_iter().flatten() {
        let Some(text) = value.as_str() else { continue };
        if litellm::sensitive::is_sensitive(name) || litellm::sensitive::looks_like_a_secret(text) {
            *value = Value::from(redacted(text));
        }
    }
    there
}

/// The first four characters, 24 stars, the last four; short values are stars alone.
fn redacted(text: &str) -> String {
    let letters: Vec<char> = text.chars().collect();
    match letters.len() {
        0..=8 => "*".repeat(letters.len()),
        count => {
            let first: String = letters[..4].iter().collect();
            let last: String = letters[count - 4..].iter().collect();
            format!("{first}{}{last}", "*".repeat(24))
        }
    }
}

/// What the gateway knows the object by.
fn identity(kind: Kind, name: &str, body: &Value) -> String {
    if kind != Kind::ModelConfig {
        return name.to_owned();
    }
    let mut shown = body.clone();
    if let Some(fields) = shown.as_object_mut() {
        fields.insert("id".to_owned(), Value::from("-"));
    }
    bifrost::identity(kind, &shown).map_or_else(|| name.to_owned(), |found| found.name)
}
