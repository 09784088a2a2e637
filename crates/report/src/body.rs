//! Bodies for people: a tree of JSON as lines of path and text, and what differs between two of them.

use std::collections::BTreeMap;

use bifrost::compare::differences;
use bifrost::hole::{self, Hole};
use model::Masked;
use plan::{Action, Op};
use serde_json::Value;

/// One field of a body that changes.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Change {
    /// The field, as a path: `provider_configs[openai].allowed_models`.
    pub path: String,
    /// What is there now; none where nothing is.
    pub before: Option<String>,
    /// What will be there; none where it goes.
    pub after: Option<String>,
}

/// What an op of action `change` changes, and how many of the fields it sends stay as they are. Judged as the
/// verification judges it (`bifrost::compare`), so both tell the same differences.
pub fn changes(op: &Op) -> (Vec<Change>, usize) {
    let (Action::Change, Some(after)) = (op.action, &op.after) else { return (Vec::new(), 0) };
    let before = op.before.as_ref().unwrap_or(&Value::Null);
    let shown = |value: &Value| (!value.is_null()).then(|| text(value));
    let changes: Vec<Change> = differences(op.kind, after, before)
        .into_iter()
        .map(|found| Change { before: shown(&found.observed), after: shown(&found.intended), path: found.path })
        .collect();
    let sent = lines(after);
    let changed = |path: &str| changes.iter().any(|change| path.starts_with(&change.path));
    let unchanged = sent.iter().filter(|(path, _)| !changed(path)).count();
    (changes, unchanged)
}

/// Every field of a body with its text, in order.
pub fn lines(body: &Value) -> Vec<(String, String)> {
    let mut all = Vec::new();
    flatten(String::new(), body, &mut |path, text| all.push((path, text)));
    all
}

/// One value as text: a hole as what it stands for, a number with every digit it was written with.
pub fn text(value: &Value) -> String {
    match hole::read(value) {
        Some(Hole::Secret(slot)) => return format!("{Masked} ({slot})"),
        Some(Hole::Ref(op)) => return format!("id of {op} (known after apply)"),
        None => {}
    }
    match value {
        Value::Null => "null".to_owned(),
        Value::String(text) if text.is_empty() => "\"\"".to_owned(),
        Value::String(text) => text.clone(),
        Value::Array(items) if items.is_empty() => "[]".to_owned(),
        Value::Array(items) => items.iter().map(text).collect::<Vec<_>>().join(", "),
        Value::Object(fields) if fields.is_empty() => "{}".to_owned(),
        Value::Object(fields) => {
            let inner = fields.iter().map(|(key, value)| format!("{key}: {}", text(value)));
            format!("{{{}}}", inner.collect::<Vec<_>>().join(", "))
        }
        Value::Bool(_) | Value::Number(_) => value.to_string(),
    }
}

/// Whether a value is shown in one line: no object in it, or a hole.
fn is_plain(value: &Value) -> bool {
    match value {
        Value::Object(fields) => fields.is_empty() || hole::read(value).is_some(),
        Value::Array(items) => items.iter().all(|item| !item.is_array() && is_plain(item)),
        _ => true,
    }
}

fn flatten(path: String, value: &Value, line: &mut impl FnMut(String, String)) {
    match value {
        value if is_plain(value) => line(path, text(value)),
        Value::Object(fields) => fields.iter().for_each(|(key, item)| flatten(below(&path, key), item, line)),
        Value::Array(items) => named(items).into_iter().for_each(|(name, item)| {
            flatten(format!("{path}[{name}]"), item, line);
        }),
        _ => {}
    }
}

fn below(path: &str, key: &str) -> String {
    if path.is_empty() { key.to_owned() } else { format!("{path}.{key}") }
}

/// The items of an array by what they are known by, or by their place.
fn named(items: &[Value]) -> Vec<(String, &Value)> {
    let mut taken = BTreeMap::new();
    let own_name = |item: &Value| {
        let known = ["provider", "reset_duration", "name", "model_name", "mcp_client_name", "id"]
            .iter()
            .find_map(|key| item.get(key)?.as_str());
        known.map(str::to_owned)
    };
    let mut list = Vec::with_capacity(items.len());
    for (at, item) in items.iter().enumerate() {
        let name = own_name(item).filter(|name| !taken.contains_key(name)).unwrap_or_else(|| at.to_string());
        taken.insert(name.clone(), at);
        list.push((name, item));
    }
    list
}
