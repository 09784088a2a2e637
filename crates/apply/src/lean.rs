//! The answer to a write, without what a virtual key shows of other objects: of providers' keys and of its owner only what
//! tells them apart is kept ([`bifrost::taken`] keeps no more of them). An owner nests all its keys, and a key of one
//! provider lists all its models, so most of an answer need not be built.

use std::borrow::Cow;
use std::fmt;

use serde::Deserialize;
use serde::de::{DeserializeSeed, Deserializer, IgnoredAny, MapAccess, SeqAccess, Visitor};
use serde_json::{Map, Value};

/// What is kept of an answer.
pub(crate) struct Lean(pub(crate) Value);

impl<'de> Deserialize<'de> for Lean {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Place::Answer.deserialize(deserializer).map(Self)
    }
}

/// Where in an answer a value stands; a list stands where its items do.
#[derive(Clone, Copy)]
enum Place {
    Answer,
    Key,
    Config,
    /// An object of which only these fields are kept.
    Other(&'static [&'static str]),
}

impl Place {
    /// Where the field of an object stands, unless it is kept as it is.
    fn field(self, name: &str) -> Option<Self> {
        match (self, name) {
            (Self::Answer, "virtual_key") => Some(Self::Key),
            (Self::Key, "provider_configs") => Some(Self::Config),
            (Self::Key, "team" | "customer") => Some(Self::Other(&["id", "name"])),
            (Self::Config, "keys") => Some(Self::Other(&["key_id", "name", "provider"])),
            _ => None,
        }
    }

    fn keeps(self, name: &str) -> bool {
        if let Self::Other(kept) = self { kept.contains(&name) } else { true }
    }
}

/// The name of a field, which is only kept where the field is.
#[derive(Deserialize)]
struct Name<'a>(#[serde(borrow)] Cow<'a, str>);

impl<'de> DeserializeSeed<'de> for Place {
    type Value = Value;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Value, D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Place {
    type Value = Value;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("JSON")
    }

    fn visit_unit<E>(self) -> Result<Value, E> {
        Ok(Value::Null)
    }

    fn visit_bool<E>(self, value: bool) -> Result<Value, E> {
        Ok(Value::Bool(value))
    }

    fn visit_u64<E>(self, value: u64) -> Result<Value, E> {
        Ok(Value::from(value))
    }

    fn visit_i64<E>(self, value: i64) -> Result<Value, E> {
        Ok(Value::from(value))
    }

    fn visit_f64<E>(self, value: f64) -> Result<Value, E> {
        Ok(Value::from(value))
    }

    fn visit_str<E>(self, value: &str) -> Result<Value, E> {
        Ok(Value::String(value.to_owned()))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<Value, A::Error> {
        let mut list = Vec::new();
        while let Some(item) = items.next_element_seed(self)? {
            list.push(item);
        }
        Ok(Value::Array(list))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut fields: A) -> Result<Value, A::Error> {
        let mut object = Map::new();
        while let Some(Name(name)) = fields.next_key()? {
            if !self.keeps(&name) {
                fields.next_value::<IgnoredAny>()?;
                continue;
            }
            let value = match self.field(&name) {
                Some(place) => fields.next_value_seed(place)?,
                None => fields.next_value()?,
            };
            object.insert(name.into_owned(), value);
        }
        Ok(Value::Object(object))
    }
}

#[cfg(test)]
mod tests {
    use bifrost::{Kind, taken};
    use serde_json::json;

    use super::*;
    use crate::body::object_of;

    #[track_caller]
    fn check(answer: &Value) {
        let lean: Lean = serde_json::from_str(&answer.to_string()).unwrap();
        for kind in Kind::ALL {
            let object = |answer: Value| taken(kind, object_of(kind, answer));
            if kind == Kind::VirtualKey || answer.get("virtual_key").is_none() {
                assert_eq!(object(lean.0.clone()), object(answer.clone()), "{kind:?}");
            }
        }
        assert_eq!(lean.0.pointer("/virtual_key/value"), answer.pointer("/virtual_key/value"));
    }

    #[test]
    fn what_is_compared_is_kept() {
        check(&json!({"virtual_key": {"id": "v", "name": "a", "value": "sk-bf-1", "weight": 1.50, "expires_at": null,
            "team": {"id": "t", "name": "T", "virtual_keys": [{"id": "w", "value": "sk-bf-2"}]}, "customer": null,
            "provider_configs": [{"id": 1, "provider": "p", "weight": 0.5, "allowed_models": ["*"],
                "keys": [{"id": 7, "key_id": "k", "name": "n", "provider": "p", "models": ["a", "b"]}]},
                {"provider": "q", "keys": null}], "mcp_configs": [{"mcp_client": {"client_id": "c", "x": [1, 2]}}]}}));
        check(&json!({"virtual_key": {"provider_configs": null, "team": "t", "is_active": true}}));
        check(&json!({"virtual_key": null}));
        check(&json!({"team": {"id": "t", "name": "T", "budgets": [{"max_limit": 5}], "virtual_keys": [{"id": "v"}]}}));
        check(&json!({"keys": [{"id": "k", "models": ["a"]}], "team": {"x": 1}, "id": "v", "name": "a"}));
        check(&json!([{"id": "v"}, 1, null]));
        assert!(serde_json::from_str::<Lean>("{\"virtual_key\": {\"id").is_err());
    }
}
