//! Joining the sources field by field, with LiteLLM's own precedence.

use std::collections::BTreeMap;

use litellm::{Held, Kind, Object, SourceKind};
use model::{Code, Finding, Moment};
use serde_json::Value;

use crate::gather::{Conflict, Entity};
use crate::identity;

/// What joining gives.
pub(crate) struct Joined {
    pub(crate) entities: Vec<Entity>,
    pub(crate) conflicts: Vec<Conflict>,
}

/// Fields that move between two reads without anybody deciding anything.
const MOVING: &[&str] = &[
    "spend",
    "total_spend",
    "model_spend",
    "updated_at",
    "last_active",
    "budget_reset_at",
    "settings_updated_at",
    // False in the database, true in the API: the proxy sets it while loading (`reference/litellm.md` 1.5).
    "model_info.db_model",
];

/// Joins objects of the same kind and id.
pub(crate) fn join(objects: Vec<Object>, version: Option<&str>) -> Joined {
    let mut groups: BTreeMap<(Kind, String), Vec<Object>> = BTreeMap::new();
    for object in objects {
        groups.entry((object.kind, object.id.clone())).or_default().push(object);
    }
    let mut joined = Joined { entities: Vec::new(), conflicts: Vec::new() };
    for ((kind, _), mut group) in groups {
        group.sort_by_key(|object| rank(object.source, kind, version));
        let mut group = group.into_iter();
        if let Some(first) = group.next() {
            let entity = merge(first, group, &mut joined.conflicts);
            joined.entities.push(entity);
        }
    }
    joined.conflicts.sort();
    joined
}

/// The place in the order in which sources are laid over each other; the last one wins. From 1.103 settings of the
/// file win over the database, before it was the other way round (`reference/litellm.md` 4.1).
fn rank(source: SourceKind, kind: Kind, version: Option<&str>) -> u8 {
    match source {
        SourceKind::Api => 0,
        SourceKind::Database => 1,
        SourceKind::ConfigFile if kind == Kind::Settings && version.is_some_and(database_wins) => 1,
        SourceKind::ConfigFile => 2,
    }
}

fn database_wins(version: &str) -> bool {
    let mut numbers = version.split(['.', '-']).map(|part| part.parse::<u32>().unwrap_or(0));
    (numbers.next().unwrap_or(0), numbers.next().unwrap_or(0)) < (1, 103)
}

fn merge(mut object: Object, stronger: impl Iterator<Item = Object>, conflicts: &mut Vec<Conflict>) -> Entity {
    let mut sources = vec![object.source];
    let mut origins = vec![object.origin.clone()];
    for next in stronger {
        for (path, field) in next.fields {
            if let Some(before) = object.fields.get(&path)
                && !MOVING.contains(&path.as_str())
                && differ(&before.held, &field.held)
            {
                conflicts.push(Conflict {
                    object: object.source_id(),
                    field: path.clone(),
                    won: field.origin.clone(),
                    lost: before.origin.clone(),
                });
            }
            object.fields.insert(path, field);
        }
        object.origin = next.origin.clone();
        object.source = next.source;
        if !sources.contains(&next.source) {
            sources.push(next.source);
        }
        if !origins.contains(&next.origin) {
            origins.push(next.origin);
        }
    }
    Entity { name: identity::name(&object), object, sources, origins }
}

/// Whether two plain values mean different things: `5` and `5.0` are equal, so are two spellings of a moment.
fn differ(left: &Held, right: &Held) -> bool {
    match (left, right) {
        (Held::Plain(left), Held::Plain(right)) => !means_the_same(left, right),
        _ => false,
    }
}

fn means_the_same(left: &Value, right: &Value) -> bool {
    match (left, right) {
        _ if is_secret(left) || is_secret(right) => true,
        (Value::Number(left), Value::Number(right)) => left.as_f64() == right.as_f64(),
        (Value::String(left), Value::String(right)) => {
            left == right || matches!((moment(left), moment(right)), (Some(left), Some(right)) if left == right)
        }
        (Value::Array(left), Value::Array(right)) => {
            left.len() == right.len() && left.iter().zip(right).all(|(left, right)| means_the_same(left, right))
        }
        // The API pads maps with nulls.
        (Value::Object(left), Value::Object(right)) => left
            .keys()
            .chain(right.keys())
            .all(|key| means_the_same(left.get(key).unwrap_or(&Value::Null), right.get(key).unwrap_or(&Value::Null))),
        // The API masks what the database holds.
        _ => left == right,
    }
}

/// A secret inside a nested value: two slots cannot be compared without showing what is in them.
fn is_secret(value: &Value) -> bool {
    value.as_object().is_some_and(|map| map.len() == 1 && map.contains_key("$secret"))
}

fn moment(text: &str) -> Option<Moment> {
    text.parse().ok()
}

/// What a person has to know of a conflict.
pub(crate) fn finding(conflict: &Conflict) -> Finding {
    Finding::warning(
        Code::new("inventory.conflict"),
        conflict.object.as_str(),
        format!("{} has another value at {}; the value here is used", conflict.field, conflict.lost),
    )
    .at(conflict.won.clone())
}
