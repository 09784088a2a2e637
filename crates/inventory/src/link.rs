//! What an object refers to: its team, its user, its budget, a named credential. LiteLLM keeps most references without
//! a foreign key, so one that leads nowhere is normal (`reference/litellm.md` 2.1).

use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet};

use litellm::{Field, Kind, Object};
use model::{Code, Finding, Origin, SourceId};
use serde_json::Value;

use crate::gather::Entity;

/// A reference from one object to another.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Link {
    /// The field that holds it.
    pub field: &'static str,
    /// What it names.
    pub to: SourceId,
}

/// Which fields refer to what; lists refer once an entry.
const FIELDS: &[(&str, Kind)] = &[
    ("team_id", Kind::Team),
    ("user_id", Kind::User),
    ("organization_id", Kind::Organization),
    ("project_id", Kind::Project),
    ("budget_id", Kind::Budget),
    ("object_permission_id", Kind::ObjectPermission),
    ("access_group_ids", Kind::AccessGroup),
    ("metadata.team_member_budget_id", Kind::Budget),
    ("teams", Kind::Team),
    ("model_id", Kind::ModelAliases),
    ("litellm_params.litellm_credential_name", Kind::Credential),
    ("litellm_credential_name", Kind::Credential),
    ("model_info.team_id", Kind::Team),
    ("assigned_team_ids", Kind::Team),
    ("assigned_key_ids", Kind::VirtualKey),
    ("active_token_id", Kind::VirtualKey),
];

/// The references of an object, in the order of the fields above.
pub(crate) fn links(object: &Object) -> Vec<Link> {
    let mut found = Vec::new();
    for (field, kind) in FIELDS {
        let Some(value) = object.value(field).filter(|_| refers(object.kind, field)) else { continue };
        found.extend(ids(value).map(|id| Link { field, to: SourceId::new(format!("{}/{id}", kind.word())) }));
    }
    found
}

/// The ids in a field that refers.
fn ids(value: &Value) -> impl Iterator<Item = Cow<'_, str>> {
    let items = match value {
        Value::Array(items) => items.as_slice(),
        one => std::slice::from_ref(one),
    };
    items.iter().filter_map(|item| match item {
        Value::String(text) if !text.is_empty() => Some(Cow::Borrowed(text.as_str())),
        Value::Number(number) => Some(Cow::Owned(number.to_string())),
        _ => None,
    })
}

/// The column that is an object's own id, and no reference.
fn own_id(kind: Kind) -> &'static str {
    match kind {
        Kind::Team => "team_id",
        Kind::User | Kind::EndUser => "user_id",
        Kind::Organization => "organization_id",
        Kind::Project => "project_id",
        Kind::Budget => "budget_id",
        Kind::ObjectPermission => "object_permission_id",
        _ => "",
    }
}

/// Whether a field of that kind of object refers. `teams` and `model_id` mean something else on other objects.
fn refers(kind: Kind, field: &str) -> bool {
    match field {
        "teams" => kind == Kind::User,
        "model_id" => kind == Kind::Team,
        _ => field != own_id(kind),
    }
}

/// References from one field of one kind that lead nowhere.
struct Astray {
    ids: BTreeSet<String>,
    times: usize,
    /// Where the first of them stands.
    origin: Origin,
}

/// Where the references of all objects lead.
pub(crate) struct Followed<'a> {
    /// Those that lead nowhere although objects of that kind were read: one finding for each kind and field.
    pub(crate) dangling: Vec<Finding>,
    /// The organizations that any object names.
    pub(crate) organizations: BTreeSet<&'a str>,
}

/// Follows the references of all objects, in one go: ten thousand objects do not stay at hand.
pub(crate) fn follow(entities: &BTreeMap<SourceId, Entity>) -> Followed<'_> {
    let here = Here::of(entities);
    let mut known = FIELDS.to_vec();
    known.sort_unstable();
    let mut astray: BTreeMap<(Kind, &str, Kind), Astray> = BTreeMap::new();
    let mut organizations = BTreeSet::new();
    for Entity { object, .. } in entities.values() {
        for (name, to, field) in referring(object, &known) {
            let Some(value) = field.plain() else { continue };
            if let (Kind::Organization, Value::String(id)) = (to, value) {
                organizations.insert(id.as_str());
            }
            for id in ids(value).filter(|id| refers(object.kind, name) && here.lacks(to, id)) {
                let astray = astray.entry((object.kind, name, to)).or_insert_with(|| Astray {
                    ids: BTreeSet::new(),
                    times: 0,
                    origin: field.origin.clone(),
                });
                astray.ids.insert(id.into_owned());
                astray.times += 1;
            }
        }
    }
    let dangling = astray.into_iter().map(|((kind, field, to), astray)| finding(kind, field, to.word(), astray));
    Followed { dangling: dangling.collect(), organizations }
}

/// The fields of an object that are among the known ones. Both are in the order of their names.
fn referring<'a>(
    object: &'a Object,
    known: &[(&'static str, Kind)],
) -> impl Iterator<Item = (&'static str, Kind, &'a Field)> {
    let mut known = known.iter().peekable();
    object.fields.iter().filter_map(move |(path, field)| {
        while known.next_if(|(name, _)| **name < **path).is_some() {}
        known.next_if(|(name, _)| **name == **path).map(|(name, to)| (*name, *to, field))
    })
}

/// The ids that were read, by kind and in order.
struct Here<'a>(BTreeMap<Kind, Vec<&'a str>>);

impl<'a> Here<'a> {
    fn of(entities: &'a BTreeMap<SourceId, Entity>) -> Self {
        let mut ids: BTreeMap<Kind, Vec<&str>> = BTreeMap::new();
        for entity in entities.values() {
            ids.entry(entity.object.kind).or_default().push(&entity.object.id);
        }
        Self(ids)
    }

    /// Whether objects of that kind were read, but not that one.
    fn lacks(&self, kind: Kind, id: &str) -> bool {
        self.0.get(&kind).is_some_and(|ids| ids.binary_search(&id).is_err())
    }
}

/// How many ids a finding names.
const NAMED: usize = 5;

fn finding(kind: Kind, field: &str, to: &str, astray: Astray) -> Finding {
    let mut named: Vec<&str> = astray.ids.iter().take(NAMED).map(String::as_str).collect();
    if astray.ids.len() > NAMED {
        named.push("…");
    }
    let (from, to) = (kind.word().replace('_', " "), to.replace('_', " "));
    let lead =
        if astray.times == 1 { "1 reference leads".to_owned() } else { format!("{} references lead", astray.times) };
    Finding::info(
        Code::new("inventory.dangling"),
        format!("{from} {field}"),
        format!("{lead} to {} that was not read: {}", with_article(&to), named.join(", ")),
    )
    .at(astray.origin)
    .hint("LiteLLM lets rows go without what refers to them; nothing is to be done if they were deleted on purpose")
}

fn with_article(noun: &str) -> String {
    let article = if noun.starts_with(['a', 'e', 'i', 'o']) { "an" } else { "a" };
    format!("{article} {noun}")
}
