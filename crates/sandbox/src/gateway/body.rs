//! JSON bodies read as the gateway's Go structs read them: keys match in any case, unknown keys are dropped,
//! null is the zero value, a value of the wrong type refuses the whole body (topic 15).

use serde_json::{Map, Number, Value};

/// What a field of a request may hold.
pub(super) enum Shape {
    /// A string.
    Text,
    /// A boolean.
    Flag,
    /// A number.
    Float,
    /// A whole number.
    Int,
    /// Anything; whoever uses it looks closer.
    Any,
    /// An array.
    List(&'static Shape),
    /// An object with free keys.
    Map(&'static Shape),
    /// An object with these keys.
    Fields(&'static [(&'static str, Shape)]),
}

/// The body is no JSON, or not of the shape.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Unreadable;

/// The known fields of a request.
#[derive(Clone, Debug, Default)]
pub(super) struct Body(pub(super) Map<String, Value>);

impl Body {
    /// Reads a body.
    pub(super) fn read(text: &str, shape: &'static [(&'static str, Shape)]) -> Result<Self, Unreadable> {
        let value: Value = serde_json::from_str(text).map_err(|_| Unreadable)?;
        match fit(&value, &Shape::Fields(shape))? {
            Value::Object(fields) => Ok(Self(fields)),
            _ => Ok(Self::default()),
        }
    }

    /// A nested object of this body.
    pub(super) fn object(&self, name: &str) -> Option<Self> {
        self.0.get(name)?.as_object().cloned().map(Self)
    }

    /// The nested objects of a list; `None` where the list is absent or null.
    pub(super) fn objects(&self, name: &str) -> Option<Vec<Self>> {
        let items = self.0.get(name)?.as_array()?;
        Some(items.iter().map(|item| Self(item.as_object().cloned().unwrap_or_default())).collect())
    }

    /// Whether the key is there, null included.
    pub(super) fn has(&self, name: &str) -> bool {
        self.0.contains_key(name)
    }

    /// A value that is there and not null.
    pub(super) fn get(&self, name: &str) -> Option<&Value> {
        self.0.get(name).filter(|value| !value.is_null())
    }

    /// A string.
    pub(super) fn text(&self, name: &str) -> Option<&str> {
        self.get(name)?.as_str()
    }

    /// A string, empty where it is absent.
    pub(super) fn text_or_empty(&self, name: &str) -> String {
        self.text(name).unwrap_or_default().to_owned()
    }

    /// A boolean.
    pub(super) fn flag(&self, name: &str) -> Option<bool> {
        self.get(name)?.as_bool()
    }

    /// A number.
    pub(super) fn float(&self, name: &str) -> Option<f64> {
        self.get(name)?.as_f64()
    }

    /// A whole number.
    pub(super) fn int(&self, name: &str) -> Option<i64> {
        self.get(name)?.as_i64()
    }

    /// A list of strings; `None` where it is absent or null.
    pub(super) fn texts(&self, name: &str) -> Option<Vec<String>> {
        let items = self.get(name)?.as_array()?;
        Some(items.iter().map(|item| item.as_str().unwrap_or_default().to_owned()).collect())
    }
}

/// The value with the known keys only, in their canonical spelling.
fn fit(value: &Value, shape: &Shape) -> Result<Value, Unreadable> {
    match (shape, value) {
        (_, Value::Null)
        | (Shape::Any, _)
        | (Shape::Text, Value::String(_))
        | (Shape::Flag, Value::Bool(_))
        | (Shape::Float, Value::Number(_)) => Ok(value.clone()),
        (Shape::Int, Value::Number(number)) if number.as_i64().is_some() => Ok(value.clone()),
        (Shape::List(inner), Value::Array(items)) => {
            items.iter().map(|item| fit(item, inner)).collect::<Result<_, _>>().map(Value::Array)
        }
        (Shape::Map(inner), Value::Object(entries)) => entries
            .iter()
            .map(|(key, entry)| Ok((key.clone(), fit(entry, inner)?)))
            .collect::<Result<Map<_, _>, _>>()
            .map(Value::Object),
        (Shape::Fields(fields), Value::Object(entries)) => {
            let mut known = Map::new();
            for (key, entry) in entries {
                if let Some((name, inner)) = fields.iter().find(|(name, _)| name.eq_ignore_ascii_case(key)) {
                    known.insert((*name).to_owned(), fit(entry, inner)?);
                }
            }
            Ok(Value::Object(known))
        }
        _ => Err(Unreadable),
    }
}

/// A float as Go's encoder writes it: whole numbers without a fraction, an exponent only below 1e-6 and from 1e21.
pub(super) fn number(value: f64) -> Value {
    let size = value.abs();
    let text = if size != 0.0 && !(1e-6..1e21).contains(&size) { format!("{value:e}") } else { format!("{value}") };
    text.parse::<Number>().map_or(Value::Null, Value::Number)
}

#[cfg(test)]
mod tests {
    use super::*;

    const SHAPE: &[(&str, Shape)] = &[
        ("name", Shape::Text),
        ("count", Shape::Int),
        ("weight", Shape::Float),
        ("on", Shape::Flag),
        ("models", Shape::List(&Shape::Text)),
        ("nested", Shape::Fields(&[("a", Shape::Int)])),
    ];

    #[track_caller]
    fn check(text: &str, expected: Option<&str>) {
        let read = Body::read(text, SHAPE).ok().map(|body| Value::Object(body.0).to_string());
        assert_eq!(read.as_deref(), expected, "for {text}");
    }

    #[test]
    fn bodies_are_read_as_go_reads_them() {
        check(r#"{"NAME":"x","other":1}"#, Some(r#"{"name":"x"}"#));
        check(r#"{"name":"a","name":"b"}"#, Some(r#"{"name":"b"}"#));
        check(r#"{"name":null,"nested":{"A":1,"b":2}}"#, Some(r#"{"name":null,"nested":{"a":1}}"#));
        check("null", Some("{}"));
        check("[]", None);
        check("", None);
        check(r#"{"name":5}"#, None);
        check(r#"{"count":5.5}"#, None);
        check(r#"{"on":"yes"}"#, None);
        check(r#"{"models":"gpt-4o"}"#, None);
        check(r#"{"models":["a",1]}"#, None);
    }

    #[test]
    fn floats_are_written_as_go_writes_them() {
        let written: Vec<String> =
            [1.0, 0.5, 1e12, 1e-7, 0.000_001, 0.0, -1.0, 1e21].iter().map(|value| number(*value).to_string()).collect();
        assert_eq!(written, ["1", "0.5", "1000000000000", "1e-7", "0.000001", "0", "-1", "1e+21"]);
    }
}
