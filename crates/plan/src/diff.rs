//! Holding what is wanted against what is there.

use std::collections::{BTreeMap, BTreeSet};
use std::rc::Rc;

use bifrost::body::{Part, Worked};
use bifrost::compare::differences;
use bifrost::hole::{self, Hole};
use bifrost::{Body, Kind, Observed};
use inventory::{Opened, Vault};
use model::OpId;
use serde_json::{Value, json};

use crate::choices::Choices;
use crate::delta::Recognised;
use crate::draft::Draft;
use crate::secrets;
use crate::together;
use crate::types::{Action, Op};

/// Turns drafts into ops, in the order in which they have to be done.
pub(crate) fn ops(
    drafts: Vec<Draft>,
    observed: &Observed,
    choices: &Choices,
    vault: &Vault<Opened>,
    recognised: &Recognised<'_>,
) -> Vec<Op> {
    let mut drafts = drafts;
    // The kinds in the order of provisioning; within a kind as the rules made them, but who waits for a name comes after
    // whoever gives it up.
    drafts.sort_by_key(|draft| (draft.kind, recognised.depth(&draft.id)));
    let mut there: There<'_> = BTreeMap::new();
    for kind in Kind::ALL {
        for (found, object) in observed.objects(kind) {
            there.entry(kind).or_default().entry(found.name).or_insert((found.id, object));
        }
    }
    let referred = together::parts(&drafts, &|part: &[Draft]| {
        let mut references = References::default();
        let of = |draft: &Draft| draft.body.as_ref().map(|body| references.of(body)).unwrap_or_default();
        part.iter().map(of).collect::<Vec<_>>()
    });
    let mut ids: BTreeMap<OpId, String> = BTreeMap::new();
    let mut skipped: BTreeSet<OpId> = BTreeSet::new();
    let mut left: BTreeMap<OpId, String> = BTreeMap::new();
    let mut ops = Vec::with_capacity(drafts.len());
    for (draft, mut referred) in drafts.into_iter().zip(referred.into_iter().flatten()) {
        let draft = without_left(draft, &left);
        referred.retain(|other| !left.contains_key(other));
        let new = referred.iter().find(|other| !ids.contains_key(*other) && !skipped.contains(*other));
        let mut op = op(draft, &referred, &there, &ids, recognised);
        if let (Some(new), Action::Same) = (new, op.action) {
            op.action = Action::Change;
            op.reason = format!("it is to refer to {new}, which is made new");
        }
        if secrets::differ(&op, &ids, vault) {
            op.action = Action::Change;
            secrets::ROTATED.clone_into(&mut op.reason);
        }
        let needed = referred.into_iter().find(|other| op.after.is_some() && skipped.contains(other));
        leave_out(&mut op, needed, choices, recognised);
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
                Part::Own(Value::Object(_) | Value::Array(_)) => add(&mut found, &read(part.value())),
                Part::Own(_) => {}
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

fn op(
    draft: Draft,
    referred: &[OpId],
    there: &There<'_>,
    ids: &BTreeMap<OpId, String>,
    recognised: &Recognised<'_>,
) -> Op {
    let Draft { id, kind, name, body, reason, origins, after } = draft;
    let mut after_ops = after;
    add(&mut after_ops, referred);
    after_ops.extend(recognised.waits(&id).filter(|_| recognised.keeps(&id).is_none()).cloned());
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
    let known = || with_ids(&body, ids);
    let by_name = || match kind {
        Kind::ModelConfig => there.get(&kind)?.get(&identity(&op.name, &known())),
        _ => there.get(&kind)?.get(&op.name),
    };
    let own = recognised.own(&op.id);
    let found = match own {
        Some((target, _, object)) => Some((target, *object)),
        None if recognised.is_new(&op.id) => None,
        None => by_name().map(|(target, object)| (target, *object)),
    };
    match found {
        None => {
            op.action = Action::Create;
            op.after = Some(body);
        }
        Some((target, there)) => {
            let taken = taken_away(kind, target, &body, there, recognised);
            let body = if taken.is_empty() { body } else { with_fields(&body, &taken) };
            let known = with_ids(&body, ids);
            let there = if kind == Kind::ClientConfig { json!({ "client_config": there }) } else { there.clone() };
            let changed = differences(kind, &known, &there);
            op.target_id = Some(target.clone());
            op.before = Some(shown(there));
            if changed.is_empty() && taken.is_empty() {
                op.action = Action::Same;
                op.reason = String::from("is there as it should be");
                op.reason.push_str(recognised.keeps(&op.id).map_or("", |_| ", but for its name"));
            } else {
                op.action = Action::Change;
                let mut paths: Vec<&str> = changed.iter().map(|difference| difference.path.as_str()).collect();
                for (field, _) in &taken {
                    if !paths.iter().any(|path| path.starts_with(field)) {
                        paths.push(field);
                    }
                }
                op.reason = changing(&op, own.map(|(_, name, _)| name.as_str()), &paths);
            }
            op.after = Some(body);
        }
    }
    op
}

/// Why an object that is there is changed; `called` is its name now, where it was made for this one.
fn changing(op: &Op, called: Option<&str>, fields: &[&str]) -> String {
    let reason = match op.reason.strip_prefix("created inactive") {
        Some(rest) => format!("made inactive{rest}"),
        None => op.reason.clone(),
    };
    match called.filter(|called| *called != op.name) {
        Some(called) => format!("{reason}; it was called {called}; differs in {}", fields.join(", ")),
        None => format!("{reason}; differs in {}", fields.join(", ")),
    }
}

/// What takes a field away that the last apply set and LiteLLM no longer asks for (`reference/bifrost-api.md` 4.6, 2.7).
/// What somebody else set stays.
fn taken_away(
    kind: Kind,
    id: &str,
    body: &Body,
    shown: &Value,
    recognised: &Recognised<'_>,
) -> Vec<(&'static str, Value)> {
    let fields = [
        ("budgets", json!([])),
        ("customer_id", json!("")),
        ("mcp_configs", json!([])),
        ("rate_limit", json!({})),
        ("team_id", json!("")),
    ];
    let is_there = |field: &str| match shown.get(field) {
        None | Some(Value::Null) => false,
        Some(Value::String(text)) => !text.is_empty(),
        Some(Value::Array(items)) => !items.is_empty(),
        Some(_) => true,
    };
    let taken = |(field, _): &(&'static str, Value)| {
        body.get(field).is_none() && is_there(field) && recognised.had_set(kind, id, field)
    };
    fields.into_iter().filter(taken).collect()
}

/// The body with these fields set.
pub(crate) fn with_fields(body: &Body, more: &[(&'static str, Value)]) -> Body {
    let mut whole = body.value().clone();
    if let Some(fields) = whole.as_object_mut() {
        fields.extend(more.iter().map(|(field, value)| ((*field).to_owned(), value.clone())));
    }
    whole.into()
}

/// The body with the ids that are known.
pub(crate) fn with_ids(body: &Value, ids: &BTreeMap<OpId, String>) -> Value {
    hole::fill(body, &mut |hole| match hole {
        Hole::Ref(other) => ids.get(other).cloned().map(Value::String),
        Hole::Secret(_) => None,
    })
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
fn leave_out(op: &mut Op, needed: Option<OpId>, choices: &Choices, recognised: &Recognised<'_>) {
    let foreign = op.kind == Kind::VirtualKey
        && recognised.own(&op.id).is_none()
        && op.before.as_ref().is_some_and(|there| !is_ours(there))
        && !choices.take_over.contains(&op.id);
    let barred = recognised.barred(&op.id).filter(|_| recognised.keeps(&op.id).is_none());
    op.reason = match (needed, barred, foreign) {
        (Some(other), ..) => format!("left out with {other}"),
        (None, Some(why), _) => why.to_owned(),
        (None, None, true) => FOREIGN.to_owned(),
        (None, None, false) => return,
    };
    op.action = Action::Skip;
    op.after = None;
    op.target_id = None;
}

/// Why a virtual key of a taken name is left alone.
pub(crate) const FOREIGN: &str = "a key of this name is there already and was not made by Gangway; it is left alone";

pub(crate) fn is_ours(there: &Value) -> bool {
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

#[cfg(test)]
mod tests {
    use super::*;

    /// What the gateway shows of a provider's headers in clear stands in no plan.
    #[test]
    fn headers_that_may_be_secret_are_shortened() {
        let check = |name: &str, text: &str, expected: &str| {
            let there = json!({"network_config": {"extra_headers": {name: text}, "base_url": "https://h.example"}});
            let shown = shown(there.clone());
            assert_eq!(shown["network_config"]["extra_headers"][name], json!(expected), "{name}: {text}");
            assert_eq!(shown["network_config"]["base_url"], there["network_config"]["base_url"]);
        };
        check("Authorization", "", "");
        check("Authorization", "12345678", "********");
        check("Authorization", "123456789", "1234************************6789");
        check("X-Api-Key", "äbcdefghijklmnö", "äbcd************************lmnö");
        check("X-Team", "sk-0123456789abcdefghijklmnop", "sk-0************************mnop");
        check("X-Team", "platform", "platform");
    }
}
