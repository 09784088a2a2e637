//! One value of a row: as it stands in the text, and as `row_to_json` would show it.

use std::borrow::Cow;

use serde_json::Value;

use super::columns::Type;
use super::scan::Quoting;
use super::text;

/// A value as it stands in the dump; its meaning depends on the column's type.
#[derive(Clone, Debug)]
pub(super) enum Cell<'t> {
    /// `NULL`, or `\N` in a `COPY`.
    Null,
    /// A number, `true`, `false`: written without quotes.
    Bare(&'t str),
    /// The body of a string.
    Quoted(Quoting, &'t str),
    /// The body of a `$tag$` string.
    Verbatim(&'t str),
    /// A field of a `COPY`, escapes and all.
    Copied(&'t str),
    /// `ARRAY[...]`
    Array(Vec<Cell<'t>>),
    /// An expression that would have to be computed.
    Expression,
}

impl Cell<'_> {
    /// The text of the value, escapes resolved; nothing for null, arrays and expressions.
    pub(super) fn text(&self) -> Option<Cow<'_, str>> {
        match self {
            Self::Null | Self::Array(_) | Self::Expression => None,
            Self::Bare(text) | Self::Verbatim(text) => Some(Cow::Borrowed(text)),
            Self::Quoted(Quoting::Plain, body) => Some(text::undouble(body)),
            Self::Quoted(Quoting::Escapes, body) => Some(text::unescape(text::undouble(body), text::Escapes::String)),
            Self::Quoted(Quoting::Unicode, body) => Some(Cow::Owned(text::unicode(&text::undouble(body)))),
            Self::Copied(field) => Some(text::unescape(Cow::Borrowed(field), text::Escapes::Copy)),
        }
    }

    /// Whether `pg_dump --inserts` would write a value of that type like this: numbers and booleans bare,
    /// everything else in quotes.
    pub(super) fn written_as(&self, kind: Type) -> bool {
        match self {
            Self::Null => true,
            Self::Bare(_) => matches!(kind, Type::Number | Type::Bool),
            Self::Quoted(..) if kind == Type::Number => {
                self.text().is_some_and(|text| !text.contains(char::is_numeric))
            }
            Self::Quoted(..) => kind != Type::Bool,
            Self::Verbatim(_) | Self::Copied(_) | Self::Array(_) | Self::Expression => false,
        }
    }

    /// The value in its column's type, or nothing if it does not fit the type.
    pub(super) fn typed(&self, kind: Type) -> Option<Value> {
        match self {
            Self::Null => return Some(Value::Null),
            Self::Expression => return None,
            Self::Array(cells) => {
                let element = kind.element()?;
                return cells.iter().map(|cell| cell.typed(element)).collect::<Option<Vec<_>>>().map(Value::Array);
            }
            Self::Bare(_) if !matches!(kind, Type::Number | Type::Bool | Type::Unknown) => {
                // `pg_dump` quotes everything but numbers and booleans, so this is another column's value.
                return None;
            }
            _ => {}
        }
        let text = self.text()?;
        match kind {
            Type::Unknown if matches!(self, Self::Bare(_)) => number(&text).or_else(|| boolean(&text)),
            Type::Text | Type::Unknown => Some(Value::String(text.into_owned())),
            Type::Number => number(&text),
            Type::Bool => boolean(&text),
            Type::Timestamp => timestamp(&text).map(Value::String),
            Type::Json => json(&text),
            Type::Texts | Type::Numbers => text::array(&text, kind.element()?),
        }
    }
}

/// A number keeps its decimal text. What JSON has no word for is a string, as in PostgreSQL's JSON.
pub(super) fn number(text: &str) -> Option<Value> {
    if matches!(text, "NaN" | "Infinity" | "-Infinity") {
        return Some(Value::String(text.to_owned()));
    }
    text.parse::<serde_json::Number>().ok().map(Value::Number)
}

fn boolean(text: &str) -> Option<Value> {
    match text {
        "t" | "true" | "TRUE" => Some(Value::Bool(true)),
        "f" | "false" | "FALSE" => Some(Value::Bool(false)),
        _ => None,
    }
}

/// `2026-11-22 07:27:45.951` as `2026-11-22T07:27:45.951`, and `+00` as `+00:00`.
fn timestamp(text: &str) -> Option<String> {
    if matches!(text, "infinity" | "-infinity") {
        return Some(text.to_owned());
    }
    let (date, clock) = text.split_once([' ', 'T'])?;
    let numeric = |text: &str| text.bytes().all(|byte| byte.is_ascii_digit() || b"-:.+Z".contains(&byte));
    if date.len() < 10 || clock.len() < 8 || !numeric(date) || !numeric(clock) {
        return None;
    }
    let short_offset = clock.rfind(['+', '-']).is_some_and(|at| clock.len() - at == 3);
    Some(format!("{date}T{clock}{}", if short_offset { ":00" } else { "" }))
}

/// JSON, unwrapped where it was encoded twice.
fn json(text: &str) -> Option<Value> {
    serde_json::from_str(text).ok().map(unwrap_json)
}

/// Early releases stored serialized strings in JSON columns, so a JSON column may hold a string that holds the
/// JSON (`reference/litellm.md` 2.1). Plain strings, and texts that only look like a number, stay as they are.
pub(crate) fn unwrap_json(value: Value) -> Value {
    let Value::String(text) = &value else { return value };
    if !text.trim_start().starts_with(['{', '[', '"']) {
        return value;
    }
    match serde_json::from_str(text) {
        Ok(inner @ Value::String(_)) => unwrap_json(inner),
        Ok(inner) => inner,
        Err(_) => value,
    }
}
