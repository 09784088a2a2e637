//! Holding what is wanted against what is there.

use std::collections::{BTreeMap, BTreeSet};
use std::rc::Rc;

use bifrost::body::{Part, Worked};
use bifrost::compare::differences;
use bifrost::hole::{self, Hole};
use bifrost::{Body, Kind, Observed};
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
    let mut there: There<'_> = BTreeMap::new();
    for kind in Kind::ALL {
        for (found, object) in observed.objects(kind) {
            there.entry(kind).or_default().entry(found.name).or_insert((found.id, object));
        }
    }
    let mut references = References::default();
    let mut ids: BTreeMap<OpId, String> = BTreeMap::new();
    let mut skipped: BTreeSet<OpId> = BTreeSet::new();
    let mut left: BTreeMap<OpId, String> = BTreeMap::new();
    let mut ops = Vec::with_capacity(drafts.len());
    for draft in drafts {
        let draft = without_left(draft, &left);
        let referred = draft.body.as_ref().map(|body| references.of(body)).unwrap_or_default();
        let mut op = op(draft, &referred, &there, &ids);
        let needed = referred.into_iter().find(|other| op.after.is_some() && skipped.contains(other));
        leave_out(&mut op, needed, &choices.take_over);
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

/// What is on the gateway, by kind and by what the gateway knows it by: its id and its body.
type There<'a> = BTreeMap<Kind, BTreeMap<String, (String, &'a Value)>>;

/// The ops that bodies refer to; of parts that several bodies share they are looked up once.
#[derive(Default)]
struct References(Worked<Rc<[OpId]>>);

impl References {
    /// Each op once, in the order of the body.
    fn of(&mut self, body: &Body) -> Vec<OpId> {
        let mut found: Vec<OpId> = Vec::new();
        if body.parts().is_empty() {
            add(&mut found, &read(body));
        }
        for (_, part) in body.parts() {
            match part {
                Part::Own(value) => add(&mut found, &read(value)),
                Part::Shared(value) => add(&mut found, self.0.of(value, read)),
            }
        }
        found
    }
}

fn read(value: &Value) -> Rc<[OpId]> {
    let mut seen = BTreeSet::new();
    hole::references(value).into_iter().filter(|op| seen.insert(*op)).map(OpId::from).collect()
}

fn add(found: &mut Vec<OpId>, more: &[OpId]) {
    let before = found.len();
    for op in more {
        if !found[..before].contains(op) {
            found.push(op.clone());
        }
    }
}

fn op(draft: Draft, referred: &[OpId], there: &There<'_>, ids: &BTreeMap<OpId, String>) -> Op {
    let Draft { id, kind, name, body, reason, origins, after } = draft;
    let mut after_ops = after;
    add(&mut after_ops, referred);
    after_ops.shrink_to_fit();
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
    let known = || {
        hole::fill(&body, &mut |hole| match hole {
            Hole::Ref(other) => ids.get(other).cloned().map(Value::String),
            Hole::Secret(_) => None,
        })
    };
    let found = there.get(&kind).and_then(|there| match kind {
        Kind::ModelConfig => there.get(&identity(&op.name, &known())),
        _ => there.get(&op.name),
    });
    match found {
        None => {
            op.action = Action::Create;
            op.after = Some(body);
        }
        Some((target, there)) => {
            let known = known();
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
        draft.body = draft.body.map(|body| hole::fill(&body, &mut |hole| known(hole)).into());
        draft.after.retain(|other| !left.contains_key(other));
    }
    draft
}

/// Leaves out what `needed`, which is left out, would have to be there for, and a virtual key whose name is taken by one that Gangway did not
/// make: whoever holds that one's value would gain what the key may call.
fn leave_out(op: &mut Op, needed: Option<OpId>, take_over: &BTreeSet<OpId>) {
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

/// What the gateway knows a model's limits by; it knows every other object by its name.
fn identity(name: &str, body: &Value) -> String {
    let mut shown = body.clone();
    if let Some(fields) = shown.as_object_mut() {
        fields.insert("id".to_owned(), Value::from("-"));
    }
    bifrost::identity(Kind::ModelConfig, &shown).map_or_else(|| name.to_owned(), |found| found.name)
}
