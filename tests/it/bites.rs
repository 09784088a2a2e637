//! The twenty things that bite whoever reads a LiteLLM deployment (`reference/litellm.md` 0), each with its number.

use std::collections::BTreeMap;

use bifrost::Observed;
use inventory::{Candidate, Inventory, Opened, Vault};
use litellm::access::{Key, World};
use litellm::{Held, Input, Kind, Object, Secret};
use model::Rows;
use plan::{Choices, Fidelity, Plan};
use serde_json::{Value, json};
use support::company;
use support::seal::Sealer;

mod reading;
mod semantics;

/// What a case reads.
#[derive(Default)]
struct Given {
    files: Vec<(&'static str, String)>,
    answers: Vec<(&'static str, u16, String)>,
    rows: BTreeMap<String, Rows>,
}

impl Given {
    fn config(text: &str) -> Self {
        Self { files: vec![("config.yaml", text.to_owned())], ..Self::default() }
    }

    fn answer(mut self, endpoint: &'static str, status: u16, body: &Value) -> Self {
        self.answers.push((endpoint, status, body.to_string()));
        self
    }

    fn row(mut self, table: &str, row: Value) -> Self {
        let Value::Object(row) = row else { panic!("a row is an object") };
        self.rows.entry(format!("LiteLLM_{table}")).or_default().push(row);
        self
    }

    /// Reads all of it and tries the keys, each under its own text as its name.
    fn open(&self, keys: &[&str]) -> (Inventory, Vault<Opened>) {
        let files = self.files.iter().map(|(name, text)| Input::File { name, bytes: text.as_bytes() });
        let answers =
            self.answers.iter().map(|(endpoint, status, body)| Input::Answer { endpoint, status: *status, body });
        let rows = (!self.rows.is_empty()).then_some(Input::Rows { tables: &self.rows, findings: &[] });
        let inputs: Vec<Input<'_>> = files.chain(answers).chain(rows).collect();
        let name = |key: &str| if key.is_empty() { "empty key".to_owned() } else { key.to_owned() };
        let candidates: Vec<Candidate> =
            keys.iter().map(|key| Candidate { name: name(key), secret: Secret::new((*key).to_owned()) }).collect();
        inventory::gather(litellm::read(&inputs)).open(&candidates)
    }

    /// What the newest gateway that was recorded would get.
    fn plan(&self, keys: &[&str]) -> Plan {
        let (inventory, vault) = self.open(keys);
        plan::plan(&inventory, &vault, &Observed::fresh("2.0.0-prerelease3"), &Choices::default(), company::now())
    }

    /// Whether the named key may call a model today, by LiteLLM's rules.
    #[track_caller]
    fn may(&self, key: &str, name: &str) -> bool {
        let (inventory, _) = self.open(&[]);
        let objects: Vec<&Object> = inventory.entities.values().map(|entity| &entity.object).collect();
        let world = World::read(objects.iter().copied()).with_members(&objects.iter().copied());
        let found = inventory.of(Kind::VirtualKey).find(|entity| entity.name == key);
        let found = found.unwrap_or_else(|| panic!("no key {key}"));
        world.call(&Key::read(&found.object), name, company::now()).is_ok()
    }
}

/// The only object of a kind.
#[track_caller]
fn only(inventory: &Inventory, kind: Kind) -> &Object {
    let found: Vec<_> = inventory.of(kind).collect();
    let [entity] = found[..] else { panic!("{} of {kind:?}", found.len()) };
    &entity.object
}

/// What a slot of the only object of a kind holds in clear, once opened.
#[track_caller]
fn secret(given: &Given, keys: &[&str], kind: Kind, field: &str) -> Option<String> {
    let (inventory, vault) = given.open(keys);
    match &only(&inventory, kind).fields.get(field)?.held {
        Held::Secret(id) => vault.expose(id).map(|secret| secret.expose().to_owned()),
        Held::Plain(value) => panic!("{field} is shown: {value}"),
    }
}

/// A row of a key; `token` has to differ from key to key.
fn key(alias: &str, fields: Value) -> Value {
    let mut row = json!({ "token": format!("{:064x}", alias.len()), "key_alias": alias });
    if let (Some(row), Value::Object(fields)) = (row.as_object_mut(), fields) {
        row.extend(fields);
    }
    row
}
