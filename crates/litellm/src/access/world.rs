//! The part of a deployment that decides who may call what, taken from its objects.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use model::{Moment, TeamId, UserId};
use serde_json::Value;

use super::pattern;
use crate::tables::Release;
use crate::{Kind, Object};

/// A deployment as far as access goes.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Deployment {
    /// Its id.
    pub id: Arc<str>,
    /// The name clients ask for; the team's public name for a deployment of one team.
    pub name: String,
    /// The upstream model string.
    pub upstream: Arc<str>,
    /// The only team that sees it.
    pub team: Option<TeamId>,
    /// Nobody may call it.
    pub blocked: bool,
    /// The labels it carries (`model_info.access_groups`).
    pub labels: BTreeSet<String>,
    /// Its id is one that reading made up, for a deployment of a file that states none: nobody can ask for it.
    pub unnamed: bool,
}

/// A team as far as access goes.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Team {
    /// What it may call; empty means all.
    pub models: Vec<String>,
    /// Its own aliases.
    pub aliases: BTreeMap<String, String>,
    /// Unified access groups, by id.
    pub access_groups: BTreeSet<String>,
    /// All its keys are shut.
    pub blocked: bool,
}

/// A user as far as access goes.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct User {
    /// What personal keys may call; empty means all.
    pub models: Vec<String>,
    /// Switched off by SCIM: every key of theirs is refused.
    pub inactive: bool,
}

/// A member within a team.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Member {
    /// What keys of this user in this team may call; empty means all.
    pub models: Vec<String>,
}

/// A unified access group.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Group {
    /// What it grants, read like any list, but that an empty one grants nothing.
    pub models: Vec<String>,
    /// The teams it was assigned to: their keys may use it whatever the team's list says.
    pub teams: BTreeSet<TeamId>,
    /// The keys it was assigned to, by id.
    pub keys: BTreeSet<String>,
}

/// A project as far as access goes.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Project {
    /// What its keys may call; empty means all.
    pub models: Vec<String>,
    /// All its keys are shut.
    pub blocked: bool,
}

/// A virtual key as far as access goes.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Key {
    /// Its id, by which groups are assigned to it.
    pub id: String,
    /// What it may call; empty means all.
    pub models: Vec<String>,
    /// Its own aliases.
    pub aliases: BTreeMap<String, String>,
    /// Its team.
    pub team: Option<TeamId>,
    /// Its user.
    pub user: Option<UserId>,
    /// Its project.
    pub project: Option<String>,
    /// Unified access groups, by id.
    pub access_groups: BTreeSet<String>,
    /// Refused always.
    pub blocked: bool,
    /// Refused from then on.
    pub expires: Option<Moment>,
    /// Routes it may use; empty means its role's.
    pub routes: Vec<String>,
    /// `default`, `llm_api`, `management`, `read_only`.
    pub key_type: Option<String>,
}

/// Which name the lists are asked for where one of the key's own aliases applies. It changed between 1.101.6 and
/// 1.108.7, as both answered.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum AliasRule {
    /// The one that was sent, up to 1.101.
    AsSent,
    /// The one that the aliases lead to, from 1.108 on.
    Resolved,
    /// Nobody knows, so both have to pass.
    #[default]
    Unknown,
}

impl AliasRule {
    /// The rule of a release.
    pub fn of(version: Option<&str>) -> Self {
        match version.and_then(Release::parse) {
            Some(release) if release <= Release { major: 1, minor: 101 } => Self::AsSent,
            Some(release) if release >= Release { major: 1, minor: 108 } => Self::Resolved,
            Some(_) | None => Self::Unknown,
        }
    }
}

/// Everything that decides who may call what.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct World {
    /// The deployments.
    pub deployments: Vec<Deployment>,
    /// The router's aliases.
    pub aliases: BTreeMap<String, String>,
    /// Those of them that are no names of the proxy.
    pub hidden: BTreeSet<String>,
    /// The teams.
    pub teams: BTreeMap<TeamId, Team>,
    /// The users.
    pub users: BTreeMap<UserId, User>,
    /// Members with a list of their own.
    pub members: BTreeMap<(UserId, TeamId), Member>,
    /// The unified access groups by id.
    pub groups: BTreeMap<String, Group>,
    /// How aliases of keys and lists go together.
    pub alias_rule: AliasRule,
    /// The projects by id.
    pub projects: BTreeMap<String, Project>,
    /// Where deployments are found by what is asked for.
    pub(crate) index: Index,
}

/// Places in [`World::deployments`].
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct Index {
    pub(crate) by_name: BTreeMap<String, Vec<usize>>,
    pub(crate) by_upstream: BTreeMap<Arc<str>, Vec<usize>>,
    pub(crate) by_id: BTreeMap<Arc<str>, usize>,
    /// Names with a `*`, in the order in which they are tried.
    pub(crate) wildcards: Vec<String>,
    /// Labels of deployments, each with the names that carry it.
    pub(crate) labels: BTreeMap<String, BTreeSet<String>>,
    pub(crate) labelled: bool,
    /// Teams with deployments of their own.
    pub(crate) teams: BTreeSet<TeamId>,
}

impl Key {
    /// Reads a virtual key.
    pub fn read(object: &Object) -> Self {
        Self {
            id: object.id.clone(),
            models: texts(object, "models"),
            aliases: map_of_text(object.value("aliases")),
            team: object.text("team_id").map(TeamId::from),
            user: object.text("user_id").map(UserId::from),
            project: object.text("project_id").map(str::to_owned),
            access_groups: texts(object, "access_group_ids").into_iter().collect(),
            blocked: flag(object, "blocked"),
            expires: object.text("expires").and_then(|text| text.parse().ok()),
            routes: texts(object, "allowed_routes"),
            key_type: object.text("key_type").map(str::to_owned),
        }
    }

    /// Whether the key may ask for chat completions, in either spelling of the route (`reference/litellm.md` 6.1). A
    /// key held to other routes, embeddings alone, is taken for shut: the gateway could not hold it to them.
    pub(crate) fn may_call_models(&self) -> bool {
        if self.key_type.as_deref().is_some_and(|kind| kind == "management" || kind == "read_only") {
            return false;
        }
        let reaches = |allowed: &String| {
            ["llm_api_routes", "openai_routes"].contains(&allowed.as_str())
                || CHAT.iter().any(|route| match allowed.strip_suffix('*') {
                    Some(start) => route.starts_with(start),
                    None => route
                        .strip_prefix(allowed.as_str())
                        .is_some_and(|rest| rest.is_empty() || rest.starts_with('/')),
                })
        };
        self.routes.is_empty() || self.routes.iter().any(reaches)
    }
}

/// The two spellings of the route that every client uses.
const CHAT: [&str; 2] = ["/v1/chat/completions", "/chat/completions"];

impl World {
    /// Takes from the objects of a deployment what decides who may call what.
    pub fn read<'o>(objects: impl IntoIterator<Item = &'o Object> + Clone) -> Self {
        let mut world = Self::default();
        let aliases = alias_tables(objects.clone());
        for object in objects {
            match object.kind {
                Kind::Deployment => world.deployment(object),
                Kind::Team => world.team_of(object, &aliases),
                Kind::User => {
                    let user = User {
                        models: texts(object, "models"),
                        inactive: object.value("metadata.scim_active") == Some(&Value::Bool(false)),
                    };
                    world.users.insert(UserId::new(object.id.clone()), user);
                }
                Kind::AccessGroup => {
                    let group = Group {
                        models: texts(object, "access_model_names"),
                        teams: texts(object, "assigned_team_ids").into_iter().map(TeamId::new).collect(),
                        keys: texts(object, "assigned_key_ids").into_iter().collect(),
                    };
                    world.groups.insert(object.id.clone(), group);
                }
                Kind::Project => {
                    let project = Project { models: texts(object, "models"), blocked: flag(object, "blocked") };
                    world.projects.insert(object.id.clone(), project);
                }
                Kind::Settings if object.id == "router_settings" => {
                    let value = object.value("model_group_alias");
                    world.hidden.extend(hidden_aliases(value));
                    world.aliases.extend(router_aliases(value));
                }
                _ => {}
            }
        }
        world.indexed()
    }

    /// With its index made again, after deployments were changed.
    #[must_use]
    pub fn indexed(mut self) -> Self {
        let mut index = Index::default();
        for (place, deployment) in self.deployments.iter().enumerate() {
            index.by_name.entry(deployment.name.clone()).or_default().push(place);
            index.by_upstream.entry(deployment.upstream.clone()).or_default().push(place);
            if !deployment.unnamed {
                index.by_id.insert(deployment.id.clone(), place);
            }
            for label in &deployment.labels {
                index.labels.entry(label.clone()).or_default().insert(deployment.name.clone());
            }
        }
        index.labelled = !index.labels.is_empty();
        index.teams = self.deployments.iter().filter_map(|deployment| deployment.team.clone()).collect();
        index.wildcards = index.by_name.keys().filter(|name| name.contains('*')).cloned().collect();
        index.wildcards.sort_by_key(|name| pattern::specificity(name));
        self.index = index;
        self
    }

    /// With the rules of the release that answers.
    #[must_use]
    pub fn of_version(mut self, version: Option<&str>) -> Self {
        self.alias_rule = AliasRule::of(version);
        self
    }

    /// Limits of members within teams, which stand in the budget of their membership: what a team hands to new members
    /// is copied there when they join, and is not asked later (`reference/litellm.md` 6.2, as 1.101.6 answered).
    #[must_use]
    pub fn with_members<'o, I>(mut self, objects: &I) -> Self
    where
        I: IntoIterator<Item = &'o Object> + Clone,
    {
        let budgets: BTreeMap<&str, &Object> = objects
            .clone()
            .into_iter()
            .filter(|object| object.kind == Kind::Budget)
            .map(|object| (object.id.as_str(), object))
            .collect();
        for object in objects.clone().into_iter().filter(|object| object.kind == Kind::TeamMembership) {
            let (Some(user), Some(team)) = (object.text("user_id"), object.text("team_id")) else { continue };
            let budget = object.text("budget_id").and_then(|id| budgets.get(id));
            let models = budget.map(|budget| texts(budget, "allowed_models")).unwrap_or_default();
            if !models.is_empty() {
                self.members.insert((UserId::from(user), TeamId::from(team)), Member { models });
            }
        }
        self
    }

    fn deployment(&mut self, object: &Object) {
        // What the running proxy dropped answers nobody.
        if object.dropped.is_some() {
            return;
        }
        let (Some(name), Some(upstream)) = (object.text("model_name"), object.text("litellm_params.model")) else {
            return;
        };
        let team = object.text("model_info.team_id").map(TeamId::from);
        let public = object.text("model_info.team_public_model_name").filter(|_| team.is_some());
        let name = public.unwrap_or(name);
        self.deployments.push(Deployment {
            id: object.id.as_str().into(),
            name: name.to_owned(),
            upstream: upstream.into(),
            team,
            blocked: flag(object, "blocked") || flag(object, "model_info.blocked"),
            labels: texts(object, "model_info.access_groups").into_iter().collect(),
            unnamed: !["model_info.id", "model_id"].iter().any(|field| object.value(field).is_some()),
        });
    }

    fn team_of(&mut self, object: &Object, aliases: &BTreeMap<String, BTreeMap<String, String>>) {
        let table = object.value("model_id").map(|id| id.as_str().map_or_else(|| id.to_string(), str::to_owned));
        let team = Team {
            models: texts(object, "models"),
            aliases: table.and_then(|id| aliases.get(&id).cloned()).unwrap_or_default(),
            access_groups: texts(object, "access_group_ids").into_iter().collect(),
            blocked: flag(object, "blocked"),
        };
        self.teams.insert(TeamId::new(object.id.clone()), team);
    }
}

fn alias_tables<'o>(objects: impl IntoIterator<Item = &'o Object>) -> BTreeMap<String, BTreeMap<String, String>> {
    objects
        .into_iter()
        .filter(|object| object.kind == Kind::ModelAliases)
        .map(|object| (object.id.clone(), map_of_text(object.value("aliases"))))
        .collect()
}

/// `{alias: "group"}` or `{alias: {model: group, hidden: bool}}`; a list does not work (`reference/litellm.md` 4.6).
fn router_aliases(value: Option<&Value>) -> BTreeMap<String, String> {
    let Some(Value::Object(map)) = value else { return BTreeMap::new() };
    map.iter()
        .filter_map(|(alias, target)| {
            let target = target.as_str().or_else(|| target.get("model").and_then(Value::as_str))?;
            Some((alias.clone(), target.to_owned()))
        })
        .collect()
}

fn hidden_aliases(value: Option<&Value>) -> BTreeSet<String> {
    let Some(Value::Object(map)) = value else { return BTreeSet::new() };
    map.iter().filter(|(_, to)| to.get("hidden") == Some(&Value::Bool(true))).map(|(alias, _)| alias.clone()).collect()
}

fn map_of_text(value: Option<&Value>) -> BTreeMap<String, String> {
    let Some(Value::Object(map)) = value else { return BTreeMap::new() };
    map.iter().filter_map(|(key, value)| Some((key.clone(), value.as_str()?.to_owned()))).collect()
}

fn texts(object: &Object, field: &str) -> Vec<String> {
    match object.value(field) {
        Some(Value::Array(items)) => items.iter().filter_map(Value::as_str).map(str::to_owned).collect(),
        Some(Value::String(one)) => vec![one.clone()],
        _ => Vec::new(),
    }
}

fn flag(object: &Object, field: &str) -> bool {
    object.value(field) == Some(&Value::Bool(true))
}
