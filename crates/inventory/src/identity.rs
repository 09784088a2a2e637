//! Which objects of different sources are the same, and what people call them.

use std::cmp::Reverse;
use std::collections::{BTreeMap, BTreeSet};

use litellm::{Held, Kind, Object, REFERENCE, SourceKind};
use model::SourceId;
use serde_json::Value;

use crate::gather::Entity;

/// Gives deployments that the API shows the id of their entry in the file. The API numbers them by a hash over
/// resolved values, which cannot be made again from the file (`reference/litellm.md` 1.5).
pub(crate) fn reconcile(mut entities: Vec<Entity>) -> Vec<Entity> {
    let is = |object: &Object, source| object.kind == Kind::Deployment && object.source == source;
    let of_file = || entities.iter().map(|entity| &entity.object).filter(|object| is(object, SourceKind::ConfigFile));
    let in_file: BTreeSet<String> = of_file().map(|object| object.id.clone()).collect();
    // An entry with an id of its own is known by it, and by nothing else.
    let mut unmatched: Vec<Object> =
        of_file().filter(|object| !object.fields.contains_key("model_info.id")).cloned().collect();
    // One deployment may be shown by several answers: a page, and the whole list.
    let mut known: BTreeMap<String, String> = BTreeMap::new();
    for entity in &mut entities {
        let object = &entity.object;
        if !is(object, SourceKind::Api) || is_stored(object) || in_file.contains(&object.id) {
            continue;
        }
        if let Some(id) = known.get(&object.id) {
            entity.call(id.clone());
            entity.name = name(&entity.object);
            continue;
        }
        let alike =
            unmatched.iter().enumerate().filter_map(|(at, entry)| Some((likeness(entry, object)?, Reverse(at))));
        if let Some((_, Reverse(at))) = alike.max() {
            let id = unmatched.remove(at).id;
            known.insert(entity.call(id.clone()), id);
            entity.name = name(&entity.object);
        }
    }
    entities
}

fn is_stored(object: &Object) -> bool {
    object.value("model_info.db_model").and_then(Value::as_bool) == Some(true)
}

/// How many settings of an entry of the file the API shows as they stand there, if it can be that deployment at all:
/// what it is called, what it asks for and where have to be the same. The API shows references resolved.
fn likeness(entry: &Object, shown: &Object) -> Option<usize> {
    let same = |path: &str| match (entry.text(path), shown.text(path)) {
        (Some(ours), _) if ours.starts_with(REFERENCE) => true,
        (ours, theirs) => {
            let trimmed = |text: Option<&str>| text.unwrap_or_default().trim_end_matches('/').to_owned();
            trimmed(ours) == trimmed(theirs)
        }
    };
    if !["model_name", "litellm_params.model", "litellm_params.api_base"].into_iter().all(same) {
        return None;
    }
    let equal =
        entry.fields.iter().filter(|(path, field)| field.plain().is_some() && field.plain() == shown.value(path));
    Some(equal.count())
}

/// The objects under the ids they are known by.
pub(crate) struct Named {
    pub(crate) entities: BTreeMap<SourceId, Entity>,
    pub(crate) renamed: Vec<Renamed>,
}

/// A key under another id than the hash its sources know it by.
pub(crate) struct Renamed {
    pub(crate) kind: Kind,
    pub(crate) before: String,
    pub(crate) id: SourceId,
}

/// Gives keys ids that are not hashes: a hash is a handle to look a key up by, and the id goes into reports.
pub(crate) fn named(mut entities: Vec<Entity>) -> Named {
    let hashes = called_by_name(&mut entities);
    let mut order = ordered(&entities);
    if order.windows(2).any(|pair| matches!(pair, [one, next] if one.id == next.id)) {
        number(&mut entities);
        order = ordered(&entities);
    }
    let mut ids: Vec<Option<SourceId>> = vec![None; entities.len()];
    for Place { id, at, .. } in &order {
        ids.get_mut(*at).into_iter().for_each(|place| *place = Some(id.clone()));
    }
    let renamed = hashes.into_iter().filter_map(|(at, before)| {
        let Object { kind, id, .. } = &entities.get(at)?.object;
        (before != *id).then_some((*kind, before, ids.get_mut(at)?.take()?))
    });
    let renamed = renamed.map(|(kind, before, id)| Renamed { kind, before, id }).collect();
    let mut entities: Vec<Option<Entity>> = entities.into_iter().map(Some).collect();
    let entities = order.into_iter().filter_map(|place| Some((place.id, entities.get_mut(place.at)?.take()?)));
    let mut named = Named { entities: entities.collect(), renamed };
    named.hashes();
    named
}

fn is_key(entity: &Entity) -> bool {
    matches!(entity.object.kind, Kind::VirtualKey | Kind::DeprecatedKey)
}

/// Keys take their names for ids; what they were known by before, each with its place.
fn called_by_name(entities: &mut [Entity]) -> Vec<(usize, String)> {
    let keys = entities.iter_mut().enumerate().filter(|(_, entity)| is_key(entity));
    keys.map(|(at, entity)| (at, entity.call(entity.name.clone()))).collect()
}

/// The place of an entity in the order of ids.
#[derive(PartialEq, Eq, PartialOrd, Ord)]
struct Place {
    /// The place of its kind's word, with the slash behind it, among those of all kinds.
    kind: usize,
    /// How its id begins: enough to tell most apart, where to look at each of ten thousand texts takes time.
    start: u128,
    id: SourceId,
    /// Where the entity is.
    at: usize,
}

/// The places of all entities, in the order of ids.
fn ordered(entities: &[Entity]) -> Vec<Place> {
    let kinds: BTreeSet<Kind> = entities.iter().map(|entity| entity.object.kind).collect();
    let mut words: Vec<(String, Kind)> = kinds.into_iter().map(|kind| ([kind.word(), "/"].concat(), kind)).collect();
    words.sort_unstable();
    let kinds: BTreeMap<Kind, usize> = words.into_iter().enumerate().map(|(at, (_, kind))| (kind, at)).collect();
    let place = |(at, Entity { id, object, .. }): (usize, &Entity)| {
        let mut start = [0; 16];
        start.iter_mut().zip(object.id.bytes()).for_each(|(place, byte)| *place = byte);
        let kind = kinds.get(&object.kind).copied().unwrap_or_default();
        Place { kind, start: u128::from_be_bytes(start), id: id.clone(), at }
    };
    let mut order: Vec<Place> = entities.iter().enumerate().map(place).collect();
    order.sort_unstable();
    order
}

/// Keys of one name are told apart by numbers, in the order of their hashes.
fn number(entities: &mut [Entity]) {
    let mut taken: BTreeSet<SourceId> = BTreeSet::new();
    for entity in entities.iter_mut().filter(|entity| is_key(entity)) {
        let mut count = 1;
        while taken.contains(&entity.id) {
            count += 1;
            entity.call(format!("{} ({count})", entity.name));
        }
        taken.insert(entity.id.clone());
    }
}

impl Named {
    /// Fields that name keys by their hashes name them by their ids, where the key is here.
    fn hashes(&mut self) {
        let names_keys = |entity: &Entity| matches!(entity.object.kind, Kind::AccessGroup | Kind::DeprecatedKey);
        if !self.entities.values().any(names_keys) {
            return;
        }
        let keys = self.renamed.iter().filter(|renamed| renamed.kind == Kind::VirtualKey);
        let ids: BTreeMap<&str, &str> =
            keys.filter_map(|key| Some((key.before.as_str(), key.id.as_str().strip_prefix("virtual_key/")?))).collect();
        for entity in self.entities.values_mut() {
            let field = match entity.object.kind {
                Kind::AccessGroup => "assigned_key_ids",
                Kind::DeprecatedKey => "active_token_id",
                _ => continue,
            };
            let Some(Held::Plain(value)) = entity.object.fields.get_mut(field).map(|field| &mut field.held) else {
                continue;
            };
            let name = |value: &mut Value| {
                if let Some(id) = value.as_str().and_then(|hash| ids.get(hash)) {
                    *value = Value::from(*id);
                }
            };
            match value {
                Value::Array(hashes) => hashes.iter_mut().for_each(name),
                one => name(one),
            }
        }
    }
}

/// The name people know an object by.
pub(crate) fn name(object: &Object) -> String {
    let fields: &[&str] = match object.kind {
        Kind::Deployment => &["model_info.team_public_model_name", "model_name"],
        Kind::Organization => &["organization_alias"],
        Kind::Team => &["team_alias"],
        Kind::User => &["user_alias", "user_email"],
        Kind::VirtualKey => &["key_alias", "key_name"],
        Kind::EndUser => &["alias"],
        Kind::AccessGroup => &["access_group_name"],
        Kind::McpServer => &["server_name", "alias"],
        Kind::Guardrail => &["guardrail_name"],
        Kind::Project => &["project_alias"],
        Kind::VectorStore => &["vector_store_name"],
        Kind::SearchTool => &["search_tool_name"],
        Kind::Agent => &["agent_name"],
        Kind::Policy => &["policy_name"],
        _ => &[],
    };
    let found = fields.iter().find_map(|field| object.text(field).filter(|text| !text.trim().is_empty()));
    match (found, object.kind) {
        (Some(name), _) => name.to_owned(),
        (None, Kind::VirtualKey) => "key without a name".to_owned(),
        (None, Kind::DeprecatedKey) => "deprecated key".to_owned(),
        (None, _) => object.id.clone(),
    }
}
