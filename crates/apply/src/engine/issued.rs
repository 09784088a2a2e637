//! The values of the virtual keys that a plan makes: taken out of the gateway's answers, kept in memory, handed out once.

use bifrost::{Answer, Endpoint};
use litellm::Secret;
use model::OpId;
use serde::Deserialize;
use serde_json::Value;

use super::Engine;
use crate::journal::OpResult;
use crate::step::{OpState, Step};

/// The virtual keys of an answer, with their values.
#[derive(Deserialize)]
struct Shown {
    virtual_key: Option<Key>,
    virtual_keys: Option<Vec<Key>>,
}

#[derive(Deserialize)]
struct Key {
    #[serde(default)]
    name: Value,
    #[serde(default)]
    value: Value,
}

impl Engine {
    /// The values of virtual keys that this plan made and that were not handed out yet, with their ops and names.
    /// They are in no journal; after a crash they are read from the gateway again while verifying.
    pub fn issued(&mut self) -> Vec<(OpId, String, Secret)> {
        let made = |state: Option<&OpState>| {
            matches!(state, Some(OpState::Done(OpResult::Created) | OpState::Verified(OpResult::Created, _)))
        };
        let ready: Vec<OpId> = self.values.keys().filter(|op| made(self.states.get(op))).cloned().collect();
        let mut issued = Vec::new();
        for op in ready {
            if let Some((name, value)) = self.values.remove(&op) {
                self.issued.insert(op.clone());
                issued.push((op, name, value));
            }
        }
        issued
    }

    /// Takes the value of a virtual key that this plan makes out of the answer to a write.
    pub(super) fn harvest_one(&mut self, shown: &Value) {
        let field = |name: &str| shown.get("virtual_key")?.get(name)?.as_str();
        if let (Some(name), Some(value)) = (field("name"), field("value"))
            && let Some(op) = self.keys.get(name).filter(|op| !self.issued.contains(op))
        {
            self.values.insert(op.clone(), (name.to_owned(), Secret::new(value.to_owned())));
        }
    }

    /// Takes the values of the virtual keys that this plan makes out of the answer to a read; nothing else of it is
    /// built, for a page of keys is long.
    pub(super) fn harvest(&mut self, answer: &Answer) {
        let Some(Step::Call(_, call)) = &self.pending else { return };
        let shows_values = matches!(call.endpoint, Endpoint::VirtualKeyGet | Endpoint::VirtualKeyList);
        if !shows_values || !answer.is_success() || self.keys.len() == self.issued.len() {
            return;
        }
        let shown: Option<Shown> = answer.read();
        let Some(Shown { virtual_key, virtual_keys }) = shown else { return };
        for Key { name, value } in virtual_keys.into_iter().flatten().chain(virtual_key) {
            let (Some(name), Value::String(value)) = (name.as_str(), value) else { continue };
            if let Some(op) = self.keys.get(name).filter(|op| !self.issued.contains(op)) {
                self.values.insert(op.clone(), (name.to_owned(), Secret::new(value)));
            }
        }
    }
}
