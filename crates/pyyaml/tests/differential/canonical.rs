//! A value with every type marked, in the form `oracle.py` answers.

use pyyaml::{Node, Value};
use serde_json::{Value as Json, json};

pub(crate) fn mark(node: &Node) -> Json {
    match &node.value {
        Value::Null => json!(["null"]),
        Value::Bool(value) => json!(["bool", value]),
        Value::Int(digits) => json!(["int", digits]),
        Value::Float(value) => json!(["float", float(*value)]),
        Value::Text(text) => json!(["str", text]),
        Value::Binary(bytes) => json!(["bytes", hex(bytes)]),
        Value::Date(iso) => json!(["date", iso]),
        Value::Timestamp(iso) => json!(["datetime", iso]),
        Value::Sequence(items) => tagged("list", items.iter().map(mark)),
        Value::Set(items) => {
            let mut marked: Vec<Json> = items.iter().map(mark).collect();
            marked.sort_by_key(python_dump);
            tagged("set", marked)
        }
        Value::Pairs(pairs) => tagged("list", pairs.iter().map(|(key, value)| json!(["pair", mark(key), mark(value)]))),
        Value::Mapping(entries) => {
            tagged("dict", entries.iter().map(|entry| json!([mark(&entry.key), mark(&entry.value)])))
        }
    }
}

fn tagged(name: &str, items: impl IntoIterator<Item = Json>) -> Json {
    Json::Array(std::iter::once(json!(name)).chain(items).collect())
}

/// `json.dumps` separates with `", "`; only the order it gives matters, and only for short ASCII lists.
fn python_dump(value: &Json) -> String {
    value.to_string().replace("\",", "\", ")
}

/// Python's `repr(float)`; the crate's own writer is what is under test elsewhere, so this goes through JSON.
fn float(value: f64) -> String {
    let node = Node { value: Value::Float(value), at: pyyaml::Position { line: 1, column: 1 } };
    match node.to_json() {
        Json::String(text) => text,
        other => other.to_string(),
    }
}

/// Where a value and all in it stand, in the order of the text.
pub(crate) fn places(node: &Node) -> Vec<Json> {
    let mut found = vec![json!([node.at.line, node.at.column])];
    match &node.value {
        Value::Sequence(items) | Value::Set(items) => found.extend(items.iter().flat_map(places)),
        Value::Pairs(pairs) => {
            found.extend(pairs.iter().flat_map(|(key, value)| [places(key), places(value)]).flatten());
        }
        Value::Mapping(entries) => {
            found.extend(entries.iter().flat_map(|entry| [places(&entry.key), places(&entry.value)]).flatten());
        }
        _ => {}
    }
    found
}

/// Where a finding points to.
pub(crate) fn origin(finding: &model::Finding) -> Json {
    let shown = finding.origin.as_ref().map(ToString::to_string).unwrap_or_default();
    let mut numbers = shown.rsplit(':').map(|number| number.parse::<u32>().ok());
    let (column, line) = (numbers.next().flatten(), numbers.next().flatten());
    json!([line, column])
}

/// Two hexadecimal digits a byte.
pub(crate) fn hex(bytes: &[u8]) -> String {
    let digit = |four: u8| char::from_digit(u32::from(four), 16).unwrap_or_default();
    bytes.iter().flat_map(|byte| [digit(byte >> 4), digit(byte & 15)]).collect()
}
