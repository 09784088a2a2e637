//! Taking an apply back: what the journal proves we made and nobody changed since is removed, what we changed is put
//! back as it was, and everything else is left as it is, with the reason.
//!
//! Deletes are never refused and unlink what hangs on the object (`reference/bifrost-api.md` 13.4). So dependants go
//! first, and what an object that stays stands on stays too. The door is put back last of all: as long as something
//! of ours is on the gateway, nobody without a key may reach it.

mod engine;
mod proof;
mod restore;
mod task;
mod uses;

use std::collections::BTreeMap;

use bifrost::compare::{Difference, differences};
use bifrost::{Identity, Kind, Observed};
use model::OpId;
use plan::{Action, Op, Plan};
use serde_json::{Value, json};

use crate::body;
use crate::journal::{Journal, OpResult};
use crate::redact::difference;
use crate::start::{Refused, admit_undo};
use crate::verify::{known_ids, look};

pub use engine::UndoEngine;
pub(crate) use proof::{Proof, proofs};
use uses::Uses;

/// What an undo would do, in the order in which it is done.
#[derive(Clone, Debug, PartialEq)]
#[must_use = "an undo nobody reads is no dry run"]
pub struct Undo {
    /// Every op that left something on the gateway.
    pub items: Vec<UndoItem>,
}

/// What becomes of one op.
#[derive(Clone, Debug, PartialEq)]
pub struct UndoItem {
    /// Which op is undone.
    pub op: OpId,
    /// The kind of its object.
    pub kind: Kind,
    /// The object's name.
    pub name: String,
    /// What is done.
    pub what: Undoing,
    /// Why.
    pub why: String,
    /// What changes where it is put back: as it was and as it is. Without secrets.
    pub fields: Vec<Difference>,
    /// Whether callers without a virtual key are served again afterwards.
    pub opens_the_door: bool,
    id: String,
    provider: Option<String>,
    /// What the object has to look like still.
    expected: Value,
    /// The body that puts it back.
    sent: Value,
}

/// What an undo does about an op.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Undoing {
    /// The object is removed.
    Remove,
    /// The object is put back as it was.
    Restore,
    /// There is nothing left to undo.
    Nothing,
    /// It is left as it is.
    Leave,
}

impl Undoing {
    /// Its symbol, readable without colour.
    pub const fn symbol(self) -> &'static str {
        match self {
            Self::Remove => "-",
            Self::Restore => "~",
            Self::Nothing => "=",
            Self::Leave => "!",
        }
    }

    /// Its word.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Remove => "remove",
            Self::Restore => "restore",
            Self::Nothing => "nothing",
            Self::Leave => "leave",
        }
    }
}

/// What the person decides about an undo.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct UndoOptions {
    /// Callers without a virtual key stay refused.
    pub keep_door: bool,
}

impl Undo {
    /// How many items are of that sort.
    pub fn count(&self, what: Undoing) -> usize {
        self.items.iter().filter(|item| item.what == what).count()
    }

    /// Whether anything is to be done or written down.
    pub fn is_empty(&self) -> bool {
        self.items.iter().all(|item| item.what == Undoing::Leave)
    }
}

/// Dependants first: the provisioning order backwards, except that prices and limits go before the keys they are for.
pub(crate) const ORDER: [Kind; 10] = [
    Kind::RoutingRule,
    Kind::PricingOverride,
    Kind::ModelConfig,
    Kind::VirtualKey,
    Kind::McpClient,
    Kind::Team,
    Kind::Customer,
    Kind::ProviderKey,
    Kind::Provider,
    Kind::ClientConfig,
];

/// Works out what an undo of the journal's apply would do, from the gateway as it is. `target` is its name.
pub fn undo(
    plan: &Plan,
    journal: &Journal,
    target: &str,
    observed: &Observed,
    options: UndoOptions,
) -> Result<Undo, Refused> {
    admit_undo(plan, journal, target)?;
    let proofs = proofs(journal);
    let judge = Judge::new(known_ids(plan, journal), shelves(observed));
    let mut items = Vec::new();
    for kind in ORDER {
        let of_kind = plan.ops.iter().rev().filter(|op| op.kind == kind);
        let mut found: Vec<UndoItem> = of_kind.filter_map(|op| judge.item(op, proofs.get(&op.id)?)).collect();
        // A name or a priority that one of ours took has to be free before another gets it back.
        found.sort_by_key(|item| item.what != Undoing::Remove);
        items.extend(found);
    }
    keep_what_is_used(&mut items, &judge.shelves);
    settle_the_door(&mut items, options);
    items.extend(crate::history::removed(journal));
    Ok(Undo { items })
}

/// The objects of a kind in the gateway's order, with the provider of keys.
pub(crate) type Shelf<'a> = Vec<(Identity, Option<&'a str>, &'a Value)>;

pub(crate) fn shelves(observed: &Observed) -> BTreeMap<Kind, Shelf<'_>> {
    let shelf = |kind: Kind| -> Shelf<'_> {
        if kind != Kind::ProviderKey {
            return observed.objects(kind).into_iter().map(|(found, object)| (found, None, object)).collect();
        }
        let keys = observed.provider_keys.iter();
        let all = keys.flat_map(|(provider, keys)| keys.iter().map(move |key| (provider.as_str(), key)));
        all.filter_map(|(provider, key)| Some((bifrost::identity(kind, key)?, Some(provider), key))).collect()
    };
    ORDER.into_iter().map(|kind| (kind, shelf(kind))).collect()
}

struct Judge<'a> {
    ids: BTreeMap<OpId, String>,
    shelves: BTreeMap<Kind, Shelf<'a>>,
    /// What is there, by id.
    there: BTreeMap<Kind, BTreeMap<String, &'a Value>>,
}

impl<'a> Judge<'a> {
    fn new(ids: BTreeMap<OpId, String>, shelves: BTreeMap<Kind, Shelf<'a>>) -> Self {
        let by_id = |shelf: &Shelf<'a>| shelf.iter().map(|(found, _, object)| (found.id.clone(), *object)).collect();
        let there = shelves.iter().map(|(kind, shelf)| (*kind, by_id(shelf))).collect();
        Self { ids, shelves, there }
    }

    fn item(&self, op: &Op, proof: &Proof<'_>) -> Option<UndoItem> {
        let planned = body::with_ids(op.after.as_ref()?, &self.ids);
        let changes = op.action == Action::Change || op.kind == Kind::ClientConfig;
        let provider = body::provider_of(op, &planned, &self.ids);
        let mut item = UndoItem::left(op.id.clone(), op.kind, &op.name, provider, planned);
        if changes {
            self.changed(&mut item, op, proof)?;
        } else {
            self.made(&mut item, op, proof)?;
        }
        Some(item)
    }

    fn by_id(&self, kind: Kind, id: &str) -> Option<&Value> {
        self.there.get(&kind)?.get(id).copied()
    }

    fn by_name(&self, op: &Op, planned: &Value) -> Option<(String, &Value)> {
        let name = body::name_of(op, planned);
        let scope = |object: &Value| object.get("scope_id").and_then(Value::as_str).map(str::to_owned);
        let named = |(found, _, object): &&(Identity, Option<&str>, &Value)| {
            found.name == name && (op.kind != Kind::RoutingRule || scope(object) == scope(planned))
        };
        self.shelves.get(&op.kind)?.iter().find(named).map(|(found, _, object)| (found.id.clone(), *object))
    }

    /// An op that makes an object. None where it made nothing and nothing of its name is there.
    fn made(&self, item: &mut UndoItem, op: &Op, proof: &Proof<'_>) -> Option<()> {
        if !proof.created {
            return None;
        }
        match proof.outcome {
            Some((OpResult::Created, Some(id))) => {
                id.clone_into(&mut item.id);
                match self.by_id(op.kind, id) {
                    None => item.set(Undoing::Nothing, "it is gone already"),
                    Some(object) => item.still_ours(object, proof.look),
                }
            }
            Some((OpResult::Failed, Some(id))) if op.kind == Kind::VirtualKey => {
                let object = self.by_id(op.kind, id)?;
                id.clone_into(&mut item.id);
                item.expected = json!({ "is_active": false });
                if differences(op.kind, &item.expected, object).is_empty() {
                    item.set(Undoing::Remove, "made by this apply, and made inactive because it came out too wide");
                } else {
                    item.set(Undoing::Leave, "made by this apply, which made it inactive; somebody opened it since");
                }
            }
            None => match self.by_name(op, &item.expected.clone()) {
                None => item.set(Undoing::Nothing, "it was never made"),
                Some((id, object)) => {
                    item.id = id;
                    item.still_ours(object, None);
                }
            },
            Some(_) => {
                let (id, _) = self.by_name(op, &item.expected.clone())?;
                item.id = id;
                item.set(Undoing::Leave, "the apply did not come out as planned here, so nothing proves whose it is");
            }
        }
        Some(())
    }

    /// An op that changes an object. None where it changed nothing.
    fn changed(&self, item: &mut UndoItem, op: &Op, proof: &Proof<'_>) -> Option<()> {
        let before = proof.before?;
        let id = proof.changed_id.or(op.target_id.as_deref()).unwrap_or(op.kind.id());
        id.clone_into(&mut item.id);
        let Some(now) = self.by_id(op.kind, id) else {
            item.set(Undoing::Leave, "it was changed by this apply and is no longer there");
            return Some(());
        };
        let sent = restore::sent(op.kind, &item.expected, before, now);
        let left = sent.as_ref().map(|sent| differences(op.kind, sent, now)).unwrap_or_default();
        let drifted = differences(op.kind, &item.expected, now);
        match sent {
            Ok(sent) if left.is_empty() => {
                item.set(Undoing::Nothing, "it is as it was before");
                item.sent = sent;
            }
            _ if !drifted.is_empty() => {
                item.set(Undoing::Leave, &format!("it was changed since: {}", paths(&drifted)));
            }
            Err(why) => item.set(Undoing::Leave, &why),
            Ok(sent) => {
                item.set(Undoing::Restore, &format!("changed by this apply: {}", paths(&left)));
                item.fields = left.iter().map(difference).collect();
                item.opens_the_door = sent.get("enforce_auth_on_inference").is_some_and(|on| on != &json!(true));
                item.sent = sent;
            }
        }
        Some(())
    }
}

impl UndoItem {
    /// An item of which nothing is decided yet; `expected` is what the object has to look like still.
    pub(crate) fn left(op: OpId, kind: Kind, name: &str, provider: Option<String>, expected: Value) -> Self {
        Self {
            op,
            kind,
            name: name.to_owned(),
            what: Undoing::Leave,
            why: String::new(),
            fields: Vec::new(),
            opens_the_door: false,
            id: String::new(),
            provider,
            expected,
            sent: Value::Null,
        }
    }

    /// The same of an object that is there.
    pub(crate) fn of(mut self, id: &str) -> Self {
        id.clone_into(&mut self.id);
        self
    }

    pub(crate) fn set(&mut self, what: Undoing, why: &str) {
        self.what = what;
        why.clone_into(&mut self.why);
    }

    /// Removed if it looks as it did when it was made.
    pub(crate) fn still_ours(&mut self, object: &Value, look_then: Option<&str>) {
        let drifted = differences(self.kind, &self.expected, object);
        if !drifted.is_empty() {
            self.set(Undoing::Leave, &format!("it was changed since: {}", paths(&drifted)));
        } else if look_then.is_some_and(|then| then != look(object)) {
            self.set(Undoing::Leave, "something was added to it since");
        } else {
            self.set(Undoing::Remove, "made by this apply");
        }
    }

    /// How the object will be once the item is done.
    fn afterwards(&self, object: &Value) -> Value {
        let mut after = object.clone();
        if let (Some(fields), Some(sent)) = (after.as_object_mut(), self.sent.as_object()) {
            for (key, value) in sent {
                fields.insert(key.clone(), value.clone());
            }
        }
        after
    }
}

/// Takes what is used by something that stays off the list. Dependants come first, so each is decided before what it
/// stands on.
fn keep_what_is_used(items: &mut [UndoItem], shelves: &BTreeMap<Kind, Shelf<'_>>) {
    keep_what_stays(items, shelves, &Planned::default());
}

/// What a plan makes of objects, before it is carried out.
#[derive(Debug, Default)]
pub(crate) struct Planned {
    /// Objects that are there, by kind and id, as they will be.
    pub(crate) changed: BTreeMap<(Kind, String), Value>,
    /// Objects that are not there yet, with their kind and name.
    pub(crate) new: Vec<(Kind, String, Option<String>, Value)>,
}

/// Takes what is used by something that stays off the list, where a plan is carried out before.
pub(crate) fn keep_what_stays(items: &mut [UndoItem], shelves: &BTreeMap<Kind, Shelf<'_>>, planned: &Planned) {
    let removed = |item: &&UndoItem| item.what == Undoing::Remove;
    let providers = items.iter().filter(removed).filter(|item| item.kind == Kind::Provider);
    let providers = providers.map(|item| item.id.clone()).collect();
    let wanted = items.iter().filter(removed).map(|item| item.id.clone()).collect();
    let mut uses = Uses::new(wanted, providers);
    for (kind, name, provider, body) in &planned.new {
        uses.keep(*kind, name, provider.as_deref(), body);
    }
    let mut places: BTreeMap<(Kind, String), usize> = BTreeMap::new();
    for (place, item) in items.iter().enumerate() {
        places.insert((item.kind, item.id.clone()), place);
    }
    for kind in ORDER {
        let shelf: &[_] = shelves.get(&kind).map(Vec::as_slice).unwrap_or_default();
        for (found, provider, object) in shelf {
            let place = places.get(&(kind, found.id.clone())).copied();
            let item = place.and_then(|place| items.get_mut(place));
            match item {
                Some(item) if item.what == Undoing::Remove => {
                    if let Some(user) = uses.user(kind, &found.id, *provider) {
                        let why = format!("{}, but {user} uses it", item.why);
                        item.set(Undoing::Leave, &why);
                        uses.keep(kind, &found.name, *provider, object);
                    }
                }
                Some(item) => uses.keep(kind, &found.name, *provider, &item.afterwards(object)),
                None => {
                    let object = planned.changed.get(&(kind, found.id.clone())).unwrap_or(object);
                    uses.keep(kind, &found.name, *provider, object);
                }
            }
        }
    }
}

/// The door stays closed where the person says so, and where something of ours stays that it would open to everybody.
fn settle_the_door(items: &mut [UndoItem], options: UndoOptions) {
    let stays = |item: &&UndoItem| item.what == Undoing::Leave && is_credential(item.kind);
    let why = match items.iter().find(stays) {
        _ if options.keep_door => "calls without a virtual key stay refused, as you asked".to_owned(),
        Some(item) => {
            format!("calls without a virtual key stay refused, for {} is left and they could use it", item.op)
        }
        None => return,
    };
    for item in items.iter_mut().filter(|item| item.opens_the_door) {
        item.set(Undoing::Leave, &why);
        (item.opens_the_door, item.fields) = (false, Vec::new());
    }
}

/// Whether callers without a key could use what such an object holds, once the door is open.
pub(crate) const fn is_credential(kind: Kind) -> bool {
    matches!(kind, Kind::Provider | Kind::ProviderKey)
}

/// The fields that differ, by name.
fn paths(found: &[Difference]) -> String {
    let mut paths: Vec<&str> = found.iter().map(|difference| difference.path.as_str()).collect();
    paths.dedup();
    paths.join(", ")
}
