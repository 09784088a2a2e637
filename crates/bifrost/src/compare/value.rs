//! When two single values are the same although they are written differently.

use std::collections::BTreeSet;

use model::Moment;
use serde_json::Value;

/// Absent, null, false, zero or empty: what the gateway leaves out or fills in.
pub(super) fn is_nothing(value: &Value) -> bool {
    match value {
        Value::Null => true,
        Value::Bool(flag) => !flag,
        Value::Number(number) => number.as_f64() == Some(0.0),
        Value::String(text) => text.is_empty(),
        Value::Array(items) => items.is_empty(),
        Value::Object(fields) => fields.is_empty(),
    }
}

/// Whether two single values are the same under that key.
pub(super) fn same(key: &str, wanted: &Value, shown: &Value) -> bool {
    match (wanted, shown) {
        (Value::Number(a), Value::Number(b)) if key == "tool_sync_interval" => same_interval(a.as_f64(), b.as_f64()),
        (Value::Number(a), Value::Number(b)) => same_number(a, b),
        (Value::String(a), Value::Number(b)) if key.starts_with("retry_backoff_") => millis(a) == b.as_f64(),
        (Value::String(a), Value::String(b)) if key.ends_with("_at") => same_instant(a, b),
        (Value::String(a), Value::String(b)) => same_text(a, b),
        _ => wanted == shown,
    }
}

/// Numbers compare by value, not by the way they are written: 50 is 50.0.
pub(super) fn same_number(a: &serde_json::Number, b: &serde_json::Number) -> bool {
    match (a.as_i64(), b.as_i64()) {
        (Some(a), Some(b)) => a == b,
        _ => a.to_string() == b.to_string() || (a.as_f64().is_some() && a.as_f64() == b.as_f64()),
    }
}

/// Minutes are sent; nanoseconds are listed, seconds are nested in virtual keys (recorded).
fn same_interval(sent: Option<f64>, shown: Option<f64>) -> bool {
    let (Some(sent), Some(shown)) = (sent, shown) else { return false };
    [1.0, 60.0, 6.0e10].iter().any(|unit| (sent * unit - shown).abs() < 0.5)
}

/// `750ms`, `3s`: shown as milliseconds (recorded).
fn millis(text: &str) -> Option<f64> {
    let (number, unit) = match text.strip_suffix("ms") {
        Some(number) => (number, 1.0),
        None => (text.strip_suffix('s')?, 1000.0),
    };
    number.parse::<f64>().ok().map(|number| number * unit)
}

/// Times compare by instant: the gateway keeps the offset it was sent.
fn same_instant(a: &str, b: &str) -> bool {
    match (a.parse::<Moment>(), b.parse::<Moment>()) {
        (Ok(a), Ok(b)) => a == b,
        _ => a == b,
    }
}

/// Texts compare whole, or by what a redaction shows: four characters, 24 stars, four characters; only stars
/// for short ones; `<redacted>` for a password.
pub(super) fn same_text(wanted: &str, shown: &str) -> bool {
    if wanted == shown || shown == "<redacted>" {
        return true;
    }
    let stars = shown.bytes().filter(|byte| *byte == b'*').count();
    if stars > 0 && stars == shown.len() {
        return !wanted.is_empty() && (wanted.len() == stars || stars > 8);
    }
    if stars < 24 {
        return false;
    }
    let (head, tail) = (shown.split('*').next().unwrap_or_default(), shown.rsplit('*').next().unwrap_or_default());
    // A redaction cuts bytes; where it cut a character in two, there is nothing to compare at that end.
    let fits = |end: &str, matches: bool| matches || end.contains('\u{fffd}');
    fits(head, wanted.starts_with(head)) && fits(tail, wanted.ends_with(tail))
}

/// `{value, env_var, from_env}` up to 1.5, `{value, ref?, type?}` from 2.0.0-prerelease3 (3.5).
pub(super) fn is_secret_var(value: &Value) -> bool {
    value.as_object().is_some_and(|fields| {
        fields.get("value").is_some_and(Value::is_string)
            && fields.keys().all(|key| ["value", "env_var", "from_env", "ref", "type"].contains(&key.as_str()))
    })
}

/// Whether a secret-capable field is as it was sent: references by name, texts by what can be compared.
pub(super) fn same_secret_var(wanted: &Value, shown: &Value) -> bool {
    let (sent_ref, sent_value) = parts(wanted);
    let (shown_ref, shown_value) = parts(shown);
    match (sent_ref, shown_ref) {
        (Some(sent), Some(shown)) => sent == shown,
        (Some(_), None) | (None, Some(_)) => false,
        (None, None) => same_text(sent_value, shown_value),
    }
}

/// The reference and the text of a secret-capable field in any of its forms.
fn parts(value: &Value) -> (Option<&str>, &str) {
    let reference = |text: &&str| text.starts_with("env.") || text.starts_with("vault.");
    if let Some(text) = value.as_str() {
        return if reference(&text) { (Some(text), "") } else { (None, text) };
    }
    let field = |key: &str| value.get(key).and_then(Value::as_str).filter(|text| !text.is_empty());
    let text = field("value").unwrap_or_default();
    match field("env_var").or_else(|| field("ref")) {
        Some(name) => (Some(name), text),
        None if reference(&text) => (Some(text), text),
        None => (None, text),
    }
}

/// The model an alias leads to.
pub(super) fn model_id(alias: &Value) -> Option<&str> {
    alias.as_str().or_else(|| alias.get("model_id")?.as_str())
}

/// A list as a set of texts.
pub(super) fn set(items: &[Value]) -> BTreeSet<String> {
    items.iter().map(|item| item.as_str().map_or_else(|| item.to_string(), str::to_owned)).collect()
}
