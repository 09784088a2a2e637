//! The population of `tests/live`: what real proxies answered to every key for every name, and what we say.

use std::collections::BTreeSet;

use inventory::{Candidate, Inventory};
use litellm::access::{Key, Reach, Refusal, World};
use litellm::{Input, Kind, Object, Secret};
use model::Moment;
use serde_json::Value;

use crate::company;

/// What a proxy answered: a letter for each name, in a row for each key (`tests/live/drive.py`).
#[derive(Clone, Debug)]
pub struct Table {
    /// The names, in the order of the letters.
    pub names: Vec<String>,
    /// The keys, each with its letters.
    pub answers: Vec<(String, String)>,
}

impl Table {
    /// Reads what the driver wrote.
    pub fn read(text: &str) -> Self {
        let table: Value = serde_json::from_str(text).expect("the driver writes JSON");
        let list = |of: &Value| of.as_array().cloned().unwrap_or_default();
        let text = |of: &Value| of.as_str().unwrap_or_default().to_owned();
        Self {
            names: list(&table["names"]).iter().map(text).collect(),
            answers: list(&table["answers"]).iter().map(|row| (text(&row["key"]), text(&row["answers"]))).collect(),
        }
    }
}

/// A comparison of a table with [`World::call`].
#[derive(Clone, Debug, Default)]
pub struct Compared {
    /// How many answers were compared.
    pub asked: usize,
    /// How many of them were calls that a deployment answered.
    pub answered: usize,
    /// Those on which the verdicts differ.
    pub differing: Vec<String>,
}

/// Compares each answer of a release with our verdict at `now`: the same, and for the same reason, as far as the release
/// tells it. Lists of customers are not asked: which customer calls is not a matter of the key.
pub fn compare(inventory: &Inventory, table: &Table, version: Option<&str>, now: Moment) -> Compared {
    let objects: Vec<&Object> = inventory.entities.values().map(|entity| &entity.object).collect();
    let world = World::read(objects.iter().copied()).with_members(&objects.iter().copied()).of_version(version);
    let mut compared = Compared::default();
    for (name, letters) in &table.answers {
        let Some(entity) = inventory.of(Kind::VirtualKey).find(|entity| entity.name == *name) else {
            compared.differing.push(format!("{name}: no such key in the inventory"));
            continue;
        };
        let key = Key::read(&entity.object);
        for (asked, theirs) in table.names.iter().zip(letters.chars()) {
            if theirs == 'C' {
                continue;
            }
            let verdict = world.call(&key, asked, now);
            compared.asked += 1;
            compared.answered += usize::from(theirs == 'Y');
            let ours = letter(&verdict);
            if ours != theirs && !(theirs == 'L' && "KTMUP".contains(ours)) {
                compared.differing.push(format!("{name} asks {asked}: the proxy says {theirs}, we say {verdict:?}"));
            }
        }
    }
    compared
}

/// The letter a verdict has in the table.
fn letter(verdict: &Result<BTreeSet<Reach>, Refusal>) -> char {
    match verdict {
        Ok(_) => 'Y',
        Err(Refusal::KeyBlocked) => 'B',
        Err(Refusal::KeyExpired) => 'E',
        Err(Refusal::NoModelRoutes) => 'R',
        Err(Refusal::TeamBlocked) => 't',
        Err(Refusal::TeamGone) => 'G',
        Err(Refusal::UserInactive) => 'I',
        Err(Refusal::KeyList) => 'K',
        Err(Refusal::TeamList) => 'T',
        Err(Refusal::MemberList) => 'M',
        Err(Refusal::UserList) => 'U',
        Err(Refusal::ProjectBlocked) => 'p',
        Err(Refusal::ProjectList) => 'P',
        Err(Refusal::DeploymentBlocked) => 'D',
        Err(Refusal::NoDeployment) => 'N',
    }
}

/// The recorded population of a version: its inventory, from the file and the dump, and what the proxy answered.
#[expect(clippy::disallowed_methods, reason = "tests read fixtures")]
pub fn recorded(version: &str) -> (Inventory, Table) {
    let folder = company::fixtures().join(format!("litellm/live-{version}"));
    let read = |path: std::path::PathBuf| std::fs::read(&path).unwrap_or_else(|_| panic!("{}", path.display()));
    let (config, dump) = (read(folder.join("../../../live/config.yaml")), read(folder.join("db-data.sql")));
    let inputs =
        [Input::File { name: "config.yaml", bytes: &config }, Input::File { name: "db-data.sql", bytes: &dump }];
    let salt = Candidate { name: "salt key".to_owned(), secret: Secret::new(company::SALT_KEY.to_owned()) };
    let (inventory, _) = inventory::gather(litellm::read(&inputs)).open(&[salt]);
    let table = String::from_utf8(read(folder.join("access.json"))).expect("text");
    (inventory, Table::read(&table))
}
