//! Values as PostgreSQL sends them: in binary, so that neither side has to write and read text.

use std::error::Error;
use std::fmt::Write as _;

use model::Moment;
use serde_json::{Number, Value};
use tokio_postgres::types::{FromSql, Type};

/// How a column is asked for and read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    Text,
    Json,
    Jsonb,
    Texts,
    Bool,
    Int2,
    Int4,
    Int8,
    Float4,
    Float8,
    Timestamp,
    /// Whatever else: as PostgreSQL's own JSON of it.
    Other,
}

impl Kind {
    /// By the name of its type in the catalogue.
    pub(super) fn of(name: &str) -> Self {
        match name {
            "text" | "varchar" => Self::Text,
            "json" => Self::Json,
            "jsonb" => Self::Jsonb,
            "_text" | "_varchar" => Self::Texts,
            "bool" => Self::Bool,
            "int2" => Self::Int2,
            "int4" => Self::Int4,
            "int8" => Self::Int8,
            "float4" => Self::Float4,
            "float8" => Self::Float8,
            "timestamp" => Self::Timestamp,
            _ => Self::Other,
        }
    }

    /// The expression that gives it, its name quoted. Empty maps and lists are nothing, most are empty, and to leave
    /// them out costs the server half of what writing them does: by their sizes, a header and nothing in it.
    pub(super) fn select(self, name: &str) -> String {
        let unless_empty = |size: u8| format!("CASE WHEN pg_catalog.pg_column_size({name}) > {size} THEN {name} END");
        match self {
            Self::Other => format!("pg_catalog.to_json({name})::text"),
            Self::Jsonb => unless_empty(8),
            Self::Texts => unless_empty(16),
            _ => name.to_owned(),
        }
    }

    /// Whether a value may take more room than a number.
    pub(super) fn may_be_long(self) -> bool {
        matches!(self, Self::Text | Self::Json | Self::Jsonb | Self::Texts | Self::Other)
    }

    /// The value. Empty lists and maps are nothing: that is how LiteLLM reads them, and most are.
    pub(super) fn read(self, raw: &[u8]) -> Option<Value> {
        match self {
            Self::Text => Some(text(raw)),
            Self::Json | Self::Other => json(raw),
            Self::Jsonb => json(raw.split_first()?.1),
            Self::Texts => texts(raw),
            Self::Bool => raw.first().map(|byte| Value::Bool(*byte != 0)),
            Self::Int2 => Some(i16::from_be_bytes(raw.try_into().ok()?).into()),
            Self::Int4 => Some(i32::from_be_bytes(raw.try_into().ok()?).into()),
            Self::Int8 => Some(i64::from_be_bytes(raw.try_into().ok()?).into()),
            Self::Float4 => Some(float(f32::from_be_bytes(raw.try_into().ok()?))),
            Self::Float8 => Some(float(f64::from_be_bytes(raw.try_into().ok()?))),
            Self::Timestamp => Some(timestamp(i64::from_be_bytes(raw.try_into().ok()?))),
        }
    }
}

/// The bytes of a value.
#[derive(Clone, Copy, Debug)]
pub(super) struct Raw<'a>(pub(super) &'a [u8]);

impl<'a> FromSql<'a> for Raw<'a> {
    fn from_sql(_: &Type, raw: &'a [u8]) -> Result<Self, Box<dyn Error + Sync + Send>> {
        Ok(Self(raw))
    }

    fn accepts(_: &Type) -> bool {
        true
    }
}

fn text(raw: &[u8]) -> Value {
    Value::String(String::from_utf8_lossy(raw).into_owned())
}

/// JSON too deep for us stays the text it is, which the reader of rows then names.
fn json(raw: &[u8]) -> Option<Value> {
    match raw {
        b"{}" | b"[]" | b"null" => None,
        _ => Some(serde_json::from_slice(raw).unwrap_or_else(|_| text(raw))),
    }
}

/// An array: its dimensions, whether it has nulls, the type of its elements; for each dimension its length and its
/// lower bound; for each element its length and its bytes.
fn texts(raw: &[u8]) -> Option<Value> {
    let mut rest = raw;
    let dimensions = int(&mut rest)?;
    let (_nulls, _element) = (int(&mut rest)?, int(&mut rest)?);
    let mut count: i64 = i64::from(dimensions > 0);
    for _ in 0..dimensions {
        count = count.checked_mul(i64::from(int(&mut rest)?))?;
        int(&mut rest)?;
    }
    let mut items = Vec::new();
    for _ in 0..count {
        let length = int(&mut rest)?;
        let Ok(length) = usize::try_from(length) else {
            items.push(Value::Null);
            continue;
        };
        let (item, after) = rest.split_at_checked(length)?;
        items.push(text(item));
        rest = after;
    }
    (!items.is_empty()).then_some(Value::Array(items))
}

fn int(rest: &mut &[u8]) -> Option<i32> {
    let (bytes, after) = rest.split_first_chunk::<4>()?;
    *rest = after;
    Some(i32::from_be_bytes(*bytes))
}

/// A number as short as PostgreSQL writes it; what JSON has no word for is a string, as in PostgreSQL's JSON.
fn float<F: Into<f64> + std::fmt::Display + std::fmt::LowerExp + Copy>(value: F) -> Value {
    let size: f64 = value.into();
    if size.is_nan() {
        return Value::from("NaN");
    }
    if size.is_infinite() {
        return Value::from(if size > 0.0 { "Infinity" } else { "-Infinity" });
    }
    // Most amounts are whole, and a whole one that is not too large is written like an integer. Minus zero is not.
    if size.fract() == 0.0 && size.abs() < 1e15 && (size != 0.0 || size.is_sign_positive()) {
        #[expect(clippy::cast_possible_truncation, reason = "it is whole, and smaller than what an i64 holds")]
        return Value::from(size as i64);
    }
    let plain = size == 0.0 || (1e-4..1e15).contains(&size.abs());
    let text = if plain { value.to_string() } else { format!("{value:e}") };
    text.parse::<Number>().map_or(Value::Null, Value::Number)
}

/// Microseconds from the start of 2000 to that moment; the two ends of time are words.
fn timestamp(micros: i64) -> Value {
    const START: i64 = 946_684_800_000;
    match micros {
        i64::MAX => Value::from("infinity"),
        i64::MIN => Value::from("-infinity"),
        _ => {
            let mut text = String::with_capacity("2026-01-01T00:00:00.000000".len());
            let second = Moment::from_millis(START + micros.div_euclid(1_000_000) * 1000);
            // Written in place: a key has six of them, and a text cannot refuse.
            let _ = write!(text, "{second}");
            text.truncate(text.trim_end_matches('Z').len());
            let fraction = micros.rem_euclid(1_000_000);
            if fraction > 0 {
                let _ = write!(text, ".{fraction:06}");
                text.truncate(text.trim_end_matches('0').len());
            }
            Value::String(text)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_and_moments_are_written_as_postgresql_does() {
        let check = |value: f64, expected: &str| assert_eq!(float(value).to_string(), expected, "{value:?}");
        check(25.0, "25");
        check(0.1 + 0.2, "0.30000000000000004");
        check(1.5e-7, "1.5e-7");
        check(0.0001, "0.0001");
        check(-3.0, "-3");
        check(0.0, "0");
        check(-0.0, "-0");
        check(999_999_999_999_999.0, "999999999999999");
        check(1e15, "1e+15");
        check(1e300, "1e+300");
        check(f64::NAN, "\"NaN\"");
        check(f64::NEG_INFINITY, "\"-Infinity\"");
        assert_eq!(timestamp(0), "2000-01-01T00:00:00");
        assert_eq!(timestamp(-1), "1999-12-31T23:59:59.999999");
        assert_eq!(timestamp(10_150_000), "2000-01-01T00:00:10.15");
        assert_eq!(timestamp(60_000_000), "2000-01-01T00:01:00");
        assert_eq!(timestamp(i64::MAX), "infinity");
    }

    #[test]
    fn bytes_that_are_no_value_are_nothing() {
        for kind in [Kind::Jsonb, Kind::Texts, Kind::Bool, Kind::Int4, Kind::Float8, Kind::Timestamp] {
            assert_eq!(kind.read(&[]), None, "{kind:?}");
        }
        let huge = [0, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0, 25, 0x7f, 0xff, 0xff, 0xff, 0, 0, 0, 1];
        assert_eq!(Kind::Texts.read(&huge), None, "a count that is not true");
        assert_eq!(Kind::Jsonb.read(b"\x01{}"), None);
        let deep = [b"\x01".as_slice(), "[".repeat(200).as_bytes(), "]".repeat(200).as_bytes()].concat();
        assert!(Kind::Jsonb.read(&deep).is_some_and(|value| value.is_string()));
    }
}
