//! Which objects of the gateway are whose, by what earlier applies moved: LiteLLM's id of a key, a team or an
//! organization stays when it is renamed, and no two have the same.

use std::collections::{BTreeMap, BTreeSet};

use bifrost::{Kind, Observed};
use inventory::Inventory;
use model::{OpId, SourceId};
use serde_json::Value;

use super::Earlier;
use crate::diff::with_fields;
use crate::draft::Draft;
use crate::owners::Owners;
use crate::virtual_keys::PlannedKey;

/// An object that the plan asks for.
#[derive(Clone, Debug)]
struct Wanted<'a> {
    op: &'a OpId,
    kind: Kind,
    name: &'a str,
    source: &'a SourceId,
}

/// What the journals say about the objects that a plan asks for.
#[derive(Clone, Debug, Default)]
pub(crate) struct Recognised<'a> {
    /// The object that was made for it, by whatever name: its id, its name and how the gateway shows it.
    own: BTreeMap<OpId, (String, String, &'a Value)>,
    /// The op whose object has to give up its name first.
    waits: BTreeMap<OpId, OpId>,
    /// Why it cannot be made, or where it is there already, why it cannot get its name.
    barred: BTreeMap<OpId, String>,
    /// The fields that the last apply set on an object, by kind and id.
    set: BTreeMap<(Kind, String), BTreeSet<String>>,
}

/// Kinds of which two objects could go by one name over time.
const KINDS: [Kind; 3] = [Kind::Customer, Kind::Team, Kind::VirtualKey];

/// Why a virtual key of that name is left alone.
pub(crate) const ANOTHERS: &str = "a virtual key of this name was made for another key of LiteLLM, whose holder would get what this one may call; it is left alone";

impl<'a> Recognised<'a> {
    /// Finds out. `taken_over` are ops for which a person said that the object of their name is the one.
    pub(crate) fn of(
        drafts: &[Draft],
        (keys, owners): (&[PlannedKey], &Owners),
        inventory: &Inventory,
        observed: &'a Observed,
        earlier: &Earlier,
        taken_over: &BTreeSet<OpId>,
    ) -> Self {
        let mut recognised = Self::default();
        for moved in earlier.objects.iter().filter(|moved| KINDS.contains(&moved.kind)) {
            recognised.set.insert((moved.kind, moved.id.clone()), moved.fields.clone());
        }
        if earlier.objects.iter().all(|moved| moved.source.is_none()) {
            return recognised;
        }
        let known = super::identities(inventory);
        let sources: BTreeMap<OpId, SourceId> = sources(keys, owners)
            .into_iter()
            .filter_map(|(op, source)| Some((op, known.get(&source)?.clone())))
            .collect();
        let asked = drafts.iter().filter(|draft| draft.body.is_some() && !taken_over.contains(&draft.id));
        let wanted: Vec<Wanted<'_>> = asked
            .filter_map(|draft| {
                let source = sources.get(&draft.id)?;
                Some(Wanted { op: &draft.id, kind: draft.kind, name: &draft.name, source })
            })
            .collect();
        for kind in KINDS {
            let wanted: Vec<&Wanted<'_>> = wanted.iter().filter(|one| one.kind == kind).collect();
            recognised.of_kind(kind, &wanted, observed, earlier);
        }
        recognised.settle();
        recognised
    }

    /// The object that was made for the op.
    pub(crate) fn own(&self, op: &OpId) -> Option<&(String, String, &'a Value)> {
        self.own.get(op)
    }

    /// Whether the last apply set that field of the object.
    pub(crate) fn had_set(&self, kind: Kind, id: &str, field: &str) -> bool {
        self.set.get(&(kind, id.to_owned())).is_some_and(|fields| fields.contains(field))
    }

    /// Whether the object of that name is another's, who gives the name up.
    pub(crate) fn is_new(&self, op: &OpId) -> bool {
        self.waits.contains_key(op) && !self.own.contains_key(op)
    }

    /// The op to wait for.
    pub(crate) fn waits(&self, op: &OpId) -> Option<&OpId> {
        self.waits.get(op)
    }

    /// Why the op cannot be done: of an object of its own, why it keeps the name it has.
    pub(crate) fn barred(&self, op: &OpId) -> Option<&str> {
        self.barred.get(op).map(String::as_str)
    }

    /// The name that the object of an op has and keeps, though it is to have another.
    pub(crate) fn keeps(&self, op: &OpId) -> Option<&str> {
        self.own.get(op).filter(|_| self.barred.contains_key(op)).map(|(_, name, _)| name.as_str())
    }

    /// Gives what cannot get its new name the one it has. What a key may do does not wait for its name: one that is
    /// blocked has to be shut under the name by which it is there.
    pub(crate) fn keep_names(&self, drafts: &mut [Draft], keys: &mut [PlannedKey]) {
        if self.barred.is_empty() {
            return;
        }
        for draft in drafts {
            let Some(name) = self.keeps(&draft.id) else { continue };
            name.clone_into(&mut draft.name);
            draft.body = draft.body.as_ref().map(|body| with_fields(body, &[("name", Value::from(name))]));
        }
        for key in keys {
            if let Some(name) = self.keeps(&key.op) {
                name.clone_into(&mut key.name);
            }
        }
    }

    /// How many ops have to be done before, one after the other.
    pub(crate) fn depth(&self, op: &OpId) -> usize {
        let (mut depth, mut at) = (0, op);
        while let Some(next) = self.waits.get(at).filter(|_| depth <= self.waits.len()) {
            (depth, at) = (depth + 1, next);
        }
        depth
    }

    fn of_kind(&mut self, kind: Kind, wanted: &[&Wanted<'_>], observed: &'a Observed, earlier: &Earlier) {
        let there = observed.objects(kind);
        let by_id: BTreeMap<&str, (&str, &'a Value)> =
            there.iter().map(|(found, object)| (found.id.as_str(), (found.name.as_str(), *object))).collect();
        let mut holder: BTreeMap<&str, &str> = BTreeMap::new();
        for (found, _) in &there {
            holder.entry(found.name.as_str()).or_insert(found.id.as_str());
        }
        let moved = earlier.objects.iter().filter(|moved| moved.kind == kind && by_id.contains_key(moved.id.as_str()));
        // What was said last of an object counts.
        let whose: BTreeMap<&str, &SourceId> =
            moved.filter_map(|moved| Some((moved.id.as_str(), moved.source.as_ref()?))).collect();
        let made: BTreeMap<&SourceId, &str> = whose.iter().map(|(id, source)| (*source, *id)).collect();
        let claims: BTreeMap<&str, &Wanted<'_>> =
            wanted.iter().filter_map(|one| Some((*made.get(one.source)?, *one))).collect();
        for one in wanted {
            let own = made.get(one.source).copied();
            let holder = holder.get(one.name).copied().filter(|id| own != Some(*id));
            // Whoever has the name and is to have another one gives it up.
            let gives_up = holder.and_then(|id| claims.get(id)).filter(|other| other.name != one.name);
            match (own, holder, gives_up) {
                (_, Some(_), Some(other)) => drop(self.waits.insert(one.op.clone(), other.op.clone())),
                (Some(id), Some(_), None) if kind == Kind::VirtualKey => {
                    let name = by_id.get(id).map_or("", |(name, _)| name);
                    let why = format!(
                        "LiteLLM calls it {} now, which is another virtual key's name on the gateway; it stays called {name} there, and all else is done",
                        one.name
                    );
                    self.barred.insert(one.op.clone(), why);
                }
                (Some(_), Some(_), None) => continue,
                (None, Some(id), None) if kind == Kind::VirtualKey && whose.contains_key(id) => {
                    self.barred.insert(one.op.clone(), ANOTHERS.to_owned());
                }
                _ => {}
            }
            if let Some((id, (name, object))) = own.and_then(|id| by_id.get_key_value(id)) {
                self.own.insert(one.op.clone(), ((*id).to_owned(), (*name).to_owned(), object));
            }
        }
    }

    /// Names that go round in a circle cannot be given, nor those that wait for what cannot be done.
    fn settle(&mut self) {
        let circle: Vec<OpId> = self.waits.keys().filter(|op| self.depth(op) > self.waits.len()).cloned().collect();
        for op in circle {
            // Nobody gets in with a team or a customer: those are what their names say, as without a journal.
            if !op.as_str().starts_with(Kind::VirtualKey.id()) {
                self.own.remove(&op);
                self.waits.remove(&op);
                continue;
            }
            let name = self.own.get(&op).map_or("", |(_, name, _)| name);
            let why = format!(
                "LiteLLM calls it {} now, and its name is another key's: they changed names with one another. The gateway has no name twice, so it stays called {name} there and all else is done; to change the names, give one of them another name first, and apply that",
                op.as_str().trim_start_matches("virtual_key/")
            );
            self.barred.insert(op, why);
        }
        loop {
            let stuck = self
                .waits
                .iter()
                .find(|(op, other)| self.barred.contains_key(*other) && !self.barred.contains_key(*op));
            let Some((op, other)) = stuck.map(|(op, other)| (op.clone(), other.clone())) else { return };
            let stays = self.own.get(&op).map(|(_, name, _)| format!(", and stays called {name} until then"));
            self.barred.insert(op, format!("it waits for {other} to get its new name{}", stays.unwrap_or_default()));
        }
    }
}

/// The source object of each op that has one of its own.
fn sources(keys: &[PlannedKey], owners: &Owners) -> BTreeMap<OpId, SourceId> {
    let source = |kind: litellm::Kind, id: &str| SourceId::new(format!("{}/{id}", kind.word()));
    let keys = keys.iter().map(|key| (key.op.clone(), source(litellm::Kind::VirtualKey, &key.id)));
    let teams = owners.teams.iter().map(|(id, (op, _))| (op.clone(), source(litellm::Kind::Team, id.as_str())));
    let organizations =
        owners.organizations.iter().map(|(id, op)| (op.clone(), source(litellm::Kind::Organization, id.as_str())));
    let users = owners.users.iter().map(|(id, (op, _))| (op.clone(), source(litellm::Kind::User, id.as_str())));
    keys.chain(teams).chain(organizations).chain(users).collect()
}
