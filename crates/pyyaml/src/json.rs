//! A tree as JSON, the way Python's `json.dumps(value, default=str)` shows it.

use serde_json::{Map, Number, Value as Json};

use crate::number::repr;
use crate::{Node, Value};

impl Node {
    /// As JSON the way Python's `json.dumps(value, default=str)` shows it: integers keep their digits, floats are
    /// shortest, dates become texts, pairs become lists of two. Keys that are no texts are shown as Python's `str()`
    /// shows them (`True`, `1`, `None`). Infinities and not-a-number become texts: JSON has no word for them.
    pub fn to_json(&self) -> Json {
        match &self.value {
            Value::Null => Json::Null,
            Value::Bool(value) => Json::Bool(*value),
            Value::Int(digits) => number(digits),
            Value::Float(value) => number(&repr(*value)),
            Value::Text(text) | Value::Date(text) => Json::String(text.clone()),
            Value::Timestamp(iso) => Json::String(spaced(iso)),
            Value::Binary(bytes) => Json::String(bytes_repr(bytes)),
            Value::Sequence(items) | Value::Set(items) => Json::Array(items.iter().map(Self::to_json).collect()),
            Value::Pairs(pairs) => Json::Array(
                pairs.iter().map(|(key, value)| Json::Array(vec![key.to_json(), value.to_json()])).collect(),
            ),
            Value::Mapping(entries) => {
                let shown = entries.iter().map(|entry| (entry.key.key_text(), entry.value.to_json()));
                Json::Object(shown.collect::<Map<_, _>>())
            }
        }
    }

    /// A key as Python's `str()` shows it.
    pub(crate) fn key_text(&self) -> String {
        match &self.value {
            Value::Null => "None".to_owned(),
            Value::Bool(true) => "True".to_owned(),
            Value::Bool(false) => "False".to_owned(),
            Value::Int(text) | Value::Text(text) | Value::Date(text) => text.clone(),
            Value::Float(value) => repr(*value),
            Value::Timestamp(iso) => spaced(iso),
            Value::Binary(bytes) => bytes_repr(bytes),
            Value::Sequence(_) | Value::Mapping(_) | Value::Set(_) | Value::Pairs(_) => self.to_json().to_string(),
        }
    }
}

/// The number with exactly these digits; a text where JSON has no such number (`inf`, `nan`).
fn number(digits: &str) -> Json {
    digits.parse::<Number>().map_or_else(|_| Json::String(digits.to_owned()), Json::Number)
}

/// `str(datetime)` has a space where `isoformat()` has a `T`.
fn spaced(iso: &str) -> String {
    iso.replacen('T', " ", 1)
}

/// `str(bytes)`: `b'...'` with Python's escapes.
fn bytes_repr(bytes: &[u8]) -> String {
    let quote = if bytes.contains(&b'\'') && !bytes.contains(&b'"') { '"' } else { '\'' };
    let body: String = bytes.iter().map(|byte| escaped(*byte, quote)).collect();
    format!("b{quote}{body}{quote}")
}

fn escaped(byte: u8, quote: char) -> String {
    match byte {
        b'\\' => "\\\\".to_owned(),
        b'\t' => "\\t".to_owned(),
        b'\n' => "\\n".to_owned(),
        b'\r' => "\\r".to_owned(),
        b'\'' if quote == '\'' => "\\'".to_owned(),
        b' '..=b'~' => char::from(byte).to_string(),
        _ => format!("\\x{byte:02x}"),
    }
}
