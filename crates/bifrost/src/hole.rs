//! Holes in bodies: places where a secret or an id goes that is not known, or not to be seen, while planning.

use model::{OpId, SecretId};
use serde_json::{Map, Value, json};

/// A place in a body to be filled in later.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Hole {
    /// A secret, filled in by the driver from the vault.
    Secret(SecretId),
    /// The id the gateway gave to the object another op made ("known after apply").
    Ref(OpId),
}

/// The JSON that stands for a secret in a body.
pub fn secret(id: &SecretId) -> Value {
    json!({ "$secret": id.as_str() })
}

/// The JSON that stands for the id of an object that another op makes.
pub fn reference(op: &OpId) -> Value {
    Value::Object(Map::from_iter([("$ref".to_owned(), Value::from(op.as_str()))]))
}

/// Reads a hole, if `value` is one.
pub fn read(value: &Value) -> Option<Hole> {
    let object = value.as_object().filter(|object| object.len() == 1)?;
    let text = |key: &str| object.get(key).and_then(Value::as_str);
    if let Some(id) = text("$secret") {
        return Some(Hole::Secret(SecretId::new(id)));
    }
    text("$ref").map(|op| Hole::Ref(OpId::new(op)))
}

/// The op that a reference waits for, if `value` is one.
pub fn referred(value: &Value) -> Option<&str> {
    let object = value.as_object().filter(|object| object.len() == 1)?;
    object.get("$ref")?.as_str()
}

/// The ops that the references of a body wait for, in order.
pub fn references(body: &Value) -> Vec<&str> {
    let mut found = Vec::new();
    let mut open = vec![body];
    while let Some(value) = open.pop() {
        match value {
            Value::Object(fields) => match referred(value) {
                Some(op) => found.push(op),
                None => open.extend(fields.values().rev()),
            },
            Value::Array(items) => open.extend(items.iter().rev()),
            _ => {}
        }
    }
    found
}

/// Whether a secret is missing in a body.
pub fn has_secret(body: &Value) -> bool {
    match body {
        Value::Object(fields) => {
            let slot = fields.get("$secret").filter(|_| fields.len() == 1);
            slot.is_some_and(Value::is_string) || fields.values().any(has_secret)
        }
        Value::Array(items) => items.iter().any(has_secret),
        _ => false,
    }
}

/// Replaces every hole for which `fill` has a value; the others stay.
pub fn fill(body: &Value, fill_one: &mut impl FnMut(&Hole) -> Option<Value>) -> Value {
    let mut filled = body.clone();
    fill_in(&mut filled, fill_one);
    filled
}

fn fill_in(body: &mut Value, fill_one: &mut impl FnMut(&Hole) -> Option<Value>) {
    if let Some(hole) = read(body) {
        if let Some(value) = fill_one(&hole) {
            *body = value;
        }
        return;
    }
    match body {
        Value::Array(items) => items.iter_mut().for_each(|item| fill_in(item, fill_one)),
        Value::Object(fields) => fields.values_mut().for_each(|value| fill_in(value, fill_one)),
        _ => {}
    }
}

/// Every hole of a body, in order.
pub fn holes(body: &Value) -> Vec<Hole> {
    let mut found = Vec::new();
    fill(body, &mut |hole| {
        found.push(hole.clone());
        None
    });
    found
}
