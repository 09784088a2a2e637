//! Joining the sources field by field, with LiteLLM's own precedence.

use std::collections::BTreeMap;
use std::sync::Arc;

use litellm::tables::Release;
use litellm::{Held, Kept, Kind, Object, SourceKind};
use model::{Origin, SecretId, SourceId};
use serde_json::Value;

use crate::conflict::{Conflict, Side, Why, shown};
use crate::gather::Entity;
use crate::identity::{self, Renamed};

mod same;

use same::Same;

/// What joining gives.
pub(crate) struct Joined {
    pub(crate) entities: Vec<Entity>,
    pub(crate) conflicts: Vec<Conflict>,
}

/// Fields that move between two reads without anybody deciding anything.
const MOVING: &[&str] = &[
    "spend",
    "total_spend",
    "model_spend",
    "updated_at",
    "last_active",
    "budget_reset_at",
    "settings_updated_at",
    "last_health_check",
    // False in the database, true in the API: the proxy sets it while loading (`reference/litellm.md` 1.5).
    "model_info.db_model",
];

/// The setting that the database decides in every release (`reference/litellm.md` 4.1).
const STORED_FIRST: &str = "store_model_in_db";

/// Joins objects of the same kind and id. `slots` are the opened secrets, to tell whether two of them are one.
pub(crate) fn join(mut entities: Vec<Entity>, version: Option<&str>, slots: &BTreeMap<SecretId, Kept>) -> Joined {
    let precedence = Precedence::of(version);
    entities.sort_by(|Entity { object: left, .. }, Entity { object: right, .. }| {
        let rank = |object: &Object| precedence.rank(object.source, object.kind);
        (left.kind, &left.id).cmp(&(right.kind, &right.id)).then_with(|| rank(left).cmp(&rank(right)))
    });
    let mut joined = Joined { entities: Vec::with_capacity(entities.len()), conflicts: Vec::new() };
    let mut entities = entities.into_iter();
    while let Some(first) = entities.next() {
        let alone = entities.as_slice().first().is_none_or(|next| !is_same(&next.object, &first.object));
        if alone {
            joined.entities.push(first);
            continue;
        }
        let mut layers = Layers::new(first, precedence, slots, &mut joined.conflicts);
        while entities.as_slice().first().is_some_and(|next| is_same(&next.object, &layers.object)) {
            entities.next().into_iter().for_each(|next| layers.lay(next.object));
        }
        joined.entities.push(layers.entity());
    }
    joined.conflicts.sort();
    joined
}

/// Whether two sources show one object.
fn is_same(left: &Object, right: &Object) -> bool {
    (left.kind, &left.id) == (right.kind, &right.id)
}

/// Who wins for settings: from 1.103 the file, before it the database (`reference/litellm.md` 4.1).
#[derive(Clone, Copy, PartialEq, Eq)]
enum Precedence {
    File,
    Database,
    /// Nobody said the version: as today's releases do.
    Unknown,
}

impl Precedence {
    fn of(version: Option<&str>) -> Self {
        match version.and_then(Release::parse) {
            Some(release) if release < Release { major: 1, minor: 103 } => Self::Database,
            Some(_) => Self::File,
            None => Self::Unknown,
        }
    }

    /// The place in the order in which sources are laid over each other; the last one wins.
    fn rank(self, source: SourceKind, kind: Kind) -> u8 {
        let stored_wins = match kind {
            Kind::Credential | Kind::Deployment => true,
            Kind::Settings | Kind::PassThrough => self == Self::Database,
            _ => false,
        };
        match source {
            SourceKind::Api => 0,
            SourceKind::Database => 1 + u8::from(stored_wins),
            SourceKind::ConfigFile => 2 - u8::from(stored_wins),
        }
    }

    fn why(self, kind: Kind, won: SourceKind, lost: SourceKind) -> Why {
        match (won, lost, kind) {
            _ if won == lost => Why::ReadTwice,
            (SourceKind::Database, SourceKind::Api, _) => Why::DatabaseOverApi,
            (_, SourceKind::Api, _) => Why::FileOverApi,
            (_, _, Kind::PassThrough) => Why::PassThroughMerged,
            (_, _, Kind::Credential) => Why::CredentialStored,
            (_, _, Kind::Deployment) => Why::DeploymentStored,
            (_, _, Kind::Settings) => match self {
                Self::File => Why::FileSince1103,
                Self::Database => Why::DatabaseBefore1103,
                Self::Unknown => Why::VersionUnknown,
            },
            _ => Why::FileOverDatabase,
        }
    }
}

/// One object while its sources are laid over each other.
struct Layers<'a> {
    id: SourceId,
    object: Object,
    sources: Vec<SourceKind>,
    origins: Vec<Origin>,
    /// The source of its first layer.
    first: SourceKind,
    /// Which source each field of a later layer is from.
    from: BTreeMap<Arc<str>, SourceKind>,
    precedence: Precedence,
    slots: &'a BTreeMap<SecretId, Kept>,
    conflicts: &'a mut Vec<Conflict>,
    /// How many of them are of objects before.
    told: usize,
}

/// One side of a comparison.
struct Found<'f> {
    held: &'f Held,
    origin: &'f Origin,
    source: SourceKind,
}

impl<'a> Layers<'a> {
    fn new(
        first: Entity,
        precedence: Precedence,
        slots: &'a BTreeMap<SecretId, Kept>,
        conflicts: &'a mut Vec<Conflict>,
    ) -> Self {
        let Entity { id, object, sources, origins, .. } = first;
        Self {
            id,
            sources,
            origins,
            first: object.source,
            from: BTreeMap::new(),
            object,
            precedence,
            slots,
            told: conflicts.len(),
            conflicts,
        }
    }

    /// Lays a stronger source over what is there.
    fn lay(&mut self, mut next: Object) {
        for (path, mut field) in std::mem::take(&mut next.fields) {
            if let Some(before) = self.object.fields.get(&path) {
                let source = self.from.get(&path).copied().unwrap_or(self.first);
                let (held, origin) = (before.held.clone(), before.origin.clone());
                let (old, new) = (
                    Found { held: &held, origin: &origin, source },
                    Found { held: &field.held, origin: &field.origin, source: next.source },
                );
                match self.over(&path, &old, &new) {
                    Over::Keep => continue,
                    Over::Take => {}
                    Over::Merged(value) => field.held = Held::Plain(value),
                }
            }
            self.from.insert(path.clone(), next.source);
            self.object.fields.insert(path, field);
        }
        // What an answer of the proxy shows, it has: a mark of the file's does not count then.
        let shown = next.source == SourceKind::Api || self.sources.contains(&SourceKind::Api);
        self.object.dropped = next.dropped.take().or(self.object.dropped.take()).filter(|_| !shown);
        self.object.origin = next.origin.clone();
        self.object.source = next.source;
        if !self.sources.contains(&next.source) {
            self.sources.push(next.source);
        }
        if !self.origins.contains(&next.origin) {
            self.origins.push(next.origin);
        }
    }

    /// What becomes of a field that two sources have.
    fn over(&mut self, path: &str, old: &Found<'_>, new: &Found<'_>) -> Over {
        // A value that stays closed says less than what the API shows.
        if let (Held::Plain(_), Held::Secret(id)) = (old.held, new.held)
            && matches!(self.slots.get(id), Some(Kept::Sealed(_)))
        {
            return Over::Keep;
        }
        // The API calls a team's deployment by the name the team knows, the database by one of its own.
        if let (Kind::Deployment, "model_name", SourceKind::Api, Held::Plain(Value::String(name))) =
            (self.object.kind, path, old.source, new.held)
            && name.starts_with("model_name_")
        {
            return Over::Take;
        }
        if path == STORED_FIRST && old.source == SourceKind::Database && new.source == SourceKind::ConfigFile {
            self.compare(path, new, old, Some(Why::StoredFirst));
            return Over::Keep;
        }
        if let (Held::Plain(Value::Object(left)), Held::Plain(Value::Object(right)), Kind::Settings) =
            (old.held, new.held, self.object.kind)
        {
            // Settings are merged key by key, to any depth; pyyaml and serde_json bound the depth of both.
            let mut merged = left.clone();
            for (key, value) in right {
                self.setting(&format!("{path}.{key}"), &mut merged, key, value, (old, new));
            }
            return Over::Merged(Value::Object(merged));
        }
        self.compare(path, old, new, None);
        Over::Take
    }

    /// One key of a map of settings, laid over the same map of a weaker source.
    fn setting(
        &mut self,
        path: &str,
        merged: &mut serde_json::Map<String, Value>,
        key: &str,
        value: &Value,
        (old, new): (&Found<'_>, &Found<'_>),
    ) {
        if let (Some(Value::Object(left)), Value::Object(right)) = (merged.get_mut(key), value) {
            let mut inner = std::mem::take(left);
            for (key, value) in right {
                self.setting(&format!("{path}.{key}"), &mut inner, key, value, (old, new));
            }
            merged.insert(key.to_owned(), Value::Object(inner));
            return;
        }
        if let Some(before) = merged.get(key) {
            let (left, right) = (Held::Plain(before.clone()), Held::Plain(value.clone()));
            self.compare(path, &Found { held: &left, ..*old }, &Found { held: &right, ..*new }, None);
        }
        merged.insert(key.to_owned(), value.clone());
    }

    /// Notes a conflict where the two mean different things.
    fn compare(&mut self, path: &str, lost: &Found<'_>, won: &Found<'_>, why: Option<Why>) {
        let same = Same { path, slots: self.slots, api: lost.source == SourceKind::Api };
        if MOVING.contains(&path) || same.held(lost.held, won.held) {
            return;
        }
        let side = |found: &Found<'_>| Side {
            origin: found.origin.clone(),
            source: found.source,
            value: shown(path, found.held),
        };
        self.conflicts.push(Conflict {
            object: self.id.clone(),
            field: path.to_owned(),
            won: side(won),
            lost: side(lost),
            why: why.unwrap_or_else(|| self.precedence.why(self.object.kind, won.source, lost.source)),
        });
    }

    /// What loses to a side that loses itself is no news.
    fn settled(&mut self) {
        let fields = &self.object.fields;
        let own = self.conflicts.split_off(self.told);
        self.conflicts
            .extend(own.into_iter().filter(|conflict| {
                fields.get(&conflict.field).is_none_or(|field| field.origin == conflict.won.origin)
            }));
    }

    fn entity(mut self) -> Entity {
        self.settled();
        let name = identity::name(&self.object);
        Entity { id: self.id, object: self.object, name, sources: self.sources, origins: self.origins }
    }
}

/// What becomes of a field that two sources have.
enum Over {
    Keep,
    Take,
    Merged(Value),
}

/// Conflicts under the ids that their objects are known by.
pub(crate) fn renamed(mut conflicts: Vec<Conflict>, renamed: &[Renamed]) -> Vec<Conflict> {
    if conflicts.is_empty() {
        return conflicts;
    }
    let names: BTreeMap<SourceId, &SourceId> =
        renamed.iter().map(|key| (litellm::source_id(key.kind, &key.before), &key.id)).collect();
    for conflict in &mut conflicts {
        if let Some(name) = names.get(&conflict.object) {
            conflict.object.clone_from(name);
        }
    }
    conflicts.sort();
    conflicts
}
