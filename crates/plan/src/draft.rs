//! A plan under construction.

use std::collections::{BTreeMap, BTreeSet};

use bifrost::{Body, Kind, Observed, Version};
use inventory::{Entity, Inventory, Opened, Vault};
use litellm::access::World;
use model::{Finding, Moment, OpId, Origin};
use serde_json::Value;

use crate::choices::Choices;
use crate::ledger::Ledger;

/// What is wanted of one target object, before it is held against what is there.
#[derive(Clone, Debug)]
pub(crate) struct Draft {
    pub(crate) id: OpId,
    pub(crate) kind: Kind,
    pub(crate) name: String,
    /// The body to create it with; `None` where it is left out.
    pub(crate) body: Option<Body>,
    pub(crate) reason: String,
    pub(crate) origins: Vec<Origin>,
    /// Ops to wait for besides those that the body refers to.
    pub(crate) after: Vec<OpId>,
}

/// Everything the rules read, and what they have made so far.
pub(crate) struct Planner<'a> {
    pub(crate) inventory: &'a Inventory,
    pub(crate) vault: &'a Vault<Opened>,
    pub(crate) observed: &'a Observed,
    pub(crate) choices: &'a Choices,
    pub(crate) now: Moment,
    pub(crate) version: Version,
    pub(crate) world: World,
    pub(crate) ledger: Ledger,
    pub(crate) drafts: Vec<Draft>,
    pub(crate) findings: Vec<Finding>,
    /// A decision is missing, so the plan may not be applied yet.
    pub(crate) undecided: bool,
    /// What this version of the gateway cannot hold, and whose it is.
    pub(crate) lost: crate::release::Lost,
    names: BTreeMap<Kind, BTreeSet<String>>,
    /// Providers that were mapped onto others by choice.
    pub(crate) mapped: BTreeSet<String>,
    /// Limits that are not held as tightly, and whose they are.
    pub(crate) loose: crate::limits::Loose,
    /// The MCP clients, for what keys may use of them.
    pub(crate) clients: crate::mcp::Clients,
    /// Keys that are not moved.
    pub(crate) gone: BTreeSet<String>,
    /// What stands on the gateway from earlier applies.
    pub(crate) standing: crate::delta::Standing,
    /// The objects of the inventory by kind and id.
    objects: BTreeMap<litellm::Kind, BTreeMap<&'a str, &'a Entity>>,
    /// Keys by user and team.
    owned: BTreeMap<(String, Option<String>), u64>,
    /// Keys by team.
    in_team: BTreeMap<String, u64>,
    /// Keys by project.
    in_project: BTreeMap<String, u64>,
}

impl<'a> Planner<'a> {
    pub(crate) fn new(
        inventory: &'a Inventory,
        vault: &'a Vault<Opened>,
        observed: &'a Observed,
        choices: &'a Choices,
        now: Moment,
        version: Version,
    ) -> Self {
        let objects = inventory.entities.values().map(|entity| &entity.object);
        let mut owned: BTreeMap<(String, Option<String>), u64> = BTreeMap::new();
        let (mut in_team, mut in_project) = (BTreeMap::<String, u64>::new(), BTreeMap::<String, u64>::new());
        for key in inventory.of(litellm::Kind::VirtualKey) {
            if !choices.leave_out.is_empty() && choices.leave_out.contains(&key.id) {
                continue;
            }
            if let Some(team) = key.object.text("team_id") {
                *in_team.entry(team.to_owned()).or_default() += 1;
            }
            if let Some(project) = key.object.text("project_id") {
                *in_project.entry(project.to_owned()).or_default() += 1;
            }
            if let Some(user) = key.object.text("user_id") {
                let team = key.object.text("team_id").map(str::to_owned);
                *owned.entry((user.to_owned(), team)).or_default() += 1;
            }
        }
        Self {
            inventory,
            vault,
            observed,
            choices,
            now,
            version,
            world: World::read(objects.clone()).with_members(&objects).of_version(inventory.version.as_deref()),
            ledger: Ledger::default(),
            drafts: Vec::new(),
            findings: Vec::new(),
            undecided: false,
            lost: crate::release::Lost::new(),
            names: BTreeMap::new(),
            mapped: BTreeSet::new(),
            loose: crate::limits::Loose::new(),
            clients: crate::mcp::Clients::default(),
            gone: BTreeSet::new(),
            standing: crate::delta::Standing::default(),
            objects: by_kind(inventory),
            owned,
            in_team,
            in_project,
        }
    }

    /// The objects of one kind that are not left out by choice.
    pub(crate) fn wanted(&self, kind: litellm::Kind) -> Vec<&'a Entity> {
        let left_out = &self.choices.leave_out;
        let stays = |entity: &&Entity| left_out.is_empty() || !left_out.contains(&entity.id);
        self.inventory.of(kind).filter(stays).collect()
    }

    /// How many keys of the user there are in the team, or without a team.
    pub(crate) fn keys_of(&self, user: &str, team: Option<&str>) -> u64 {
        self.owned.get(&(user.to_owned(), team.map(str::to_owned))).copied().unwrap_or(0)
    }

    /// How many keys of the team there are.
    pub(crate) fn keys_in_team(&self, team: &str) -> u64 {
        self.in_team.get(team).copied().unwrap_or(0)
    }

    /// How many keys of the project there are.
    pub(crate) fn keys_in_project(&self, project: &str) -> u64 {
        self.in_project.get(project).copied().unwrap_or(0)
    }

    /// The object of that kind and id.
    pub(crate) fn entity(&self, kind: litellm::Kind, id: &str) -> Option<&'a Entity> {
        self.objects.get(&kind)?.get(id).copied()
    }

    /// A name no other draft of the kind has: the base, else with the distinction, else numbered.
    pub(crate) fn unique(&mut self, kind: Kind, base: &str, distinction: &str) -> String {
        let taken = self.names.entry(kind).or_default();
        let mut name = base.to_owned();
        if taken.contains(&name) && !distinction.is_empty() {
            name = format!("{base}-{distinction}");
        }
        let stem = name.clone();
        let mut count = 1;
        while taken.contains(&name) {
            count += 1;
            name = format!("{stem}-{count}");
        }
        taken.insert(name.clone());
        name
    }

    /// Adds a draft; its name has to be unique already.
    pub(crate) fn draft(
        &mut self,
        kind: Kind,
        name: &str,
        body: Option<Value>,
        reason: &str,
        origins: Vec<Origin>,
    ) -> OpId {
        self.draft_of(kind, name, body.map(Body::from), reason, origins)
    }

    /// Adds a draft whose body may share parts with others.
    pub(crate) fn draft_of(
        &mut self,
        kind: Kind,
        name: &str,
        body: Option<Body>,
        reason: &str,
        origins: Vec<Origin>,
    ) -> OpId {
        let id = op_id(kind, name);
        self.drafts.push(Draft {
            id: id.clone(),
            kind,
            name: name.to_owned(),
            body,
            reason: reason.to_owned(),
            origins,
            after: Vec::new(),
        });
        id
    }
}

/// The objects of an inventory by kind and id: rules look up a team, a user and a budget for every key.
fn by_kind(inventory: &Inventory) -> BTreeMap<litellm::Kind, BTreeMap<&str, &Entity>> {
    let mut objects: BTreeMap<litellm::Kind, BTreeMap<&str, &Entity>> = BTreeMap::new();
    for (id, entity) in &inventory.entities {
        let kind = entity.object.kind;
        let own = id.as_str().strip_prefix(kind.word()).and_then(|rest| rest.strip_prefix('/'));
        objects.entry(kind).or_default().extend(own.map(|id| (id, entity)));
    }
    objects
}

/// The id of an op: the same in every run.
pub(crate) fn op_id(kind: Kind, name: &str) -> OpId {
    OpId::new(format!("{}/{name}", kind.id()))
}

/// A name of lower-case letters, digits and hyphens, as the gateway's provider names should be.
pub(crate) fn slug(text: &str) -> String {
    let mut slug = String::new();
    for letter in text.chars() {
        if letter.is_ascii_alphanumeric() {
            slug.push(letter.to_ascii_lowercase());
        } else if !slug.ends_with('-') && !slug.is_empty() {
            slug.push('-');
        }
    }
    slug.trim_end_matches('-').to_owned()
}
