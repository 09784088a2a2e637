//! A body as a plan holds it. Ten thousand virtual keys of a plan say the same in most of their fields, so a field may
//! be shared: it is held once, and what was found out about it once holds for every body that shares it.

use std::collections::BTreeMap;
use std::fmt;
use std::ops::{Deref, DerefMut};
use std::sync::{Arc, OnceLock};

use serde::ser::SerializeMap;
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use serde_json::{Map, Value};

/// One field of a body.
#[derive(Clone, Debug, PartialEq)]
pub enum Part {
    /// Of this body alone.
    Own(Value),
    /// Of other bodies as well.
    Shared(Arc<Value>),
}

impl Part {
    /// Its value.
    pub fn value(&self) -> &Value {
        match self {
            Self::Own(value) => value,
            Self::Shared(value) => value,
        }
    }
}

/// A body to be sent, with holes ([`crate::hole`]). It reads like the JSON value that it is; reading it as a whole puts
/// that value together, so whoever looks at many bodies asks for single fields.
#[derive(Clone)]
pub struct Body {
    /// The value where it is not held in parts.
    plain: Value,
    /// The fields in the order of their names; empty where it is not held in parts.
    parts: Vec<(&'static str, Part)>,
    /// The parts put together.
    whole: OnceLock<Box<Value>>,
}

impl Body {
    /// Of fields, in any order, each of its own name.
    pub fn of_parts(mut parts: Vec<(&'static str, Part)>) -> Self {
        parts.sort_by_key(|(name, _)| *name);
        parts.shrink_to_fit();
        let plain = if parts.is_empty() { Value::Object(Map::new()) } else { Value::Null };
        Self { plain, parts, whole: OnceLock::new() }
    }

    /// A field.
    pub fn get(&self, field: &str) -> Option<&Value> {
        if self.parts.is_empty() {
            return self.plain.get(field);
        }
        self.part(field).map(Part::value)
    }

    /// A field that other bodies share, as the thing they share: equal pointers, equal values.
    pub fn shared(&self, field: &str) -> Option<&Arc<Value>> {
        match self.part(field)? {
            Part::Own(_) => None,
            Part::Shared(value) => Some(value),
        }
    }

    /// The fields by name, where it is held in parts.
    pub fn parts(&self) -> &[(&'static str, Part)] {
        &self.parts
    }

    fn part(&self, field: &str) -> Option<&Part> {
        self.parts.iter().find(|(name, _)| *name == field).map(|(_, part)| part)
    }

    /// The body as one value.
    pub fn value(&self) -> &Value {
        if self.parts.is_empty() {
            return &self.plain;
        }
        self.whole.get_or_init(|| {
            let fields = self.parts.iter().map(|(name, part)| ((*name).to_owned(), part.value().clone()));
            Box::new(Value::Object(fields.collect()))
        })
    }
}

/// What was worked out of values that bodies share: once for each value, whoever asks.
#[derive(Debug)]
pub struct Worked<T>(BTreeMap<usize, (Arc<Value>, T)>);

impl<T> Default for Worked<T> {
    fn default() -> Self {
        Self(BTreeMap::new())
    }
}

impl<T> Worked<T> {
    /// What `work` makes of the value. The value is kept as well, so that no other one can take its place in memory.
    pub fn of(&mut self, value: &Arc<Value>, work: impl FnOnce(&Value) -> T) -> &T {
        let place = Arc::as_ptr(value).addr();
        &self.0.entry(place).or_insert_with(|| (Arc::clone(value), work(value))).1
    }
}

impl Deref for Body {
    type Target = Value;

    fn deref(&self) -> &Value {
        self.value()
    }
}

impl DerefMut for Body {
    /// What is changed is held in parts no more, so nothing that shares a part changes with it.
    fn deref_mut(&mut self) -> &mut Value {
        if !self.parts.is_empty() {
            *self = Self::from(self.value().clone());
        }
        &mut self.plain
    }
}

impl From<Value> for Body {
    fn from(plain: Value) -> Self {
        Self { plain, parts: Vec::new(), whole: OnceLock::new() }
    }
}

impl PartialEq for Body {
    fn eq(&self, other: &Self) -> bool {
        if self.parts.is_empty() || other.parts.is_empty() {
            return self.value() == other.value();
        }
        self.parts.len() == other.parts.len()
            && self
                .parts
                .iter()
                .zip(&other.parts)
                .all(|((name, part), (other, their))| name == other && part.value() == their.value())
    }
}

impl fmt::Debug for Body {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.value().fmt(f)
    }
}

impl Serialize for Body {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        if self.parts.is_empty() {
            return self.plain.serialize(serializer);
        }
        let mut map = serializer.serialize_map(Some(self.parts.len()))?;
        for (name, part) in &self.parts {
            map.serialize_entry(name, part.value())?;
        }
        map.end()
    }
}

impl<'de> Deserialize<'de> for Body {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Value::deserialize(deserializer).map(Self::from)
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn in_parts() -> Body {
        let shared = Arc::new(json!([{ "provider": "openai", "weight": 1 }]));
        Body::of_parts(vec![
            ("provider_configs", Part::Shared(shared)),
            ("is_active", Part::Own(json!(true))),
            ("name", Part::Own(json!("a key"))),
        ])
    }

    #[test]
    fn a_body_in_parts_is_the_value_of_its_parts() {
        let value =
            json!({ "is_active": true, "name": "a key", "provider_configs": [{ "provider": "openai", "weight": 1 }] });
        let body = in_parts();
        assert_eq!(*body.value(), value);
        assert_eq!(serde_json::to_string(&body).ok(), serde_json::to_string(&value).ok());
        assert_eq!(body, Body::from(value.clone()));
        assert_eq!(Body::from(value), body);
        assert_ne!(Body::of_parts(body.parts()[..2].to_vec()), body);
        assert_eq!(body.get("name"), Some(&json!("a key")));
        assert_eq!(body.pointer("/provider_configs/0/weight"), Some(&json!(1)));
        assert_eq!(Body::of_parts(Vec::new()), Body::from(json!({})));
    }

    #[test]
    fn a_change_reaches_nobody_who_shares() {
        let body = in_parts();
        let mut changed = body.clone();
        changed["provider_configs"][0]["weight"] = json!(2);
        assert_eq!(body.get("provider_configs").and_then(|configs| configs[0].get("weight")), Some(&json!(1)));
        assert_eq!(changed.get("provider_configs").and_then(|configs| configs[0].get("weight")), Some(&json!(2)));
        assert!(changed.shared("provider_configs").is_none() && body.shared("provider_configs").is_some());
    }
}
