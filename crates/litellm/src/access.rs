//! Who may call what in LiteLLM, as an executable statement: one of the two sides of the access check. The other
//! is `bifrost::access`; neither knows the other.
//! Source: `reference/litellm.md` 6.1, 6.2, 6.7 and what real proxies answered to every key and name: the recorded
//! company's and those of `tests/live`, which ask each rule at least once. Where LiteLLM's behaviour is not settled,
//! this side allows less: what it does not allow, the plan must not grant. Budgets and limits are not asked here.

use std::collections::BTreeSet;

use model::{Moment, TeamId, UserId};

mod names;
mod pattern;
mod resolve;
mod world;

use names::{Layer, TEAM_WORD};
pub use pattern::allows as list_allows;
pub(crate) use pattern::captured;
pub use world::{AliasRule, Deployment, Group, Key, Member, Project, Team, User, World};

/// Why a call is refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Refusal {
    /// The key is blocked.
    KeyBlocked,
    /// The key is past its expiry.
    KeyExpired,
    /// The key may not call models at all (`allowed_routes`, `key_type`).
    NoModelRoutes,
    /// The team is blocked.
    TeamBlocked,
    /// The user was switched off by SCIM.
    UserInactive,
    /// The key's own list does not hold the name.
    KeyList,
    /// The team's list does not.
    TeamList,
    /// The list of the member within the team does not.
    MemberList,
    /// The user's list does not; asked only for keys without a team.
    UserList,
    /// The key's team has no row.
    TeamGone,
    /// The project is blocked.
    ProjectBlocked,
    /// The project's list does not.
    ProjectList,
    /// Every deployment that answers to the name is blocked.
    DeploymentBlocked,
    /// Everything lets the name pass, but no deployment answers to it.
    NoDeployment,
}

/// A deployment a call may reach, and the model it asks of its provider.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Reach {
    /// The deployment's id.
    pub deployment: String,
    /// The model string that goes upstream, with wildcards filled in: `openai/gpt-4o`.
    pub upstream: String,
}

impl World {
    /// What `key` reaches by asking for `name` at `now`; never empty when `Ok`.
    pub fn call(&self, key: &Key, name: &str, now: Moment) -> Result<BTreeSet<Reach>, Refusal> {
        self.open(key, now)?;
        self.authorise(key, name)?;
        self.answer(key, name)
    }

    /// Whether the key opens anything at all at `now`.
    pub fn open(&self, key: &Key, now: Moment) -> Result<(), Refusal> {
        match key.expires {
            Some(expires) if expires <= now && !key.blocked => Err(Refusal::KeyExpired),
            Some(_) | None => self.open_whenever(key),
        }
    }

    /// Whether the key opens anything at all, as if it never expired.
    pub fn open_whenever(&self, key: &Key) -> Result<(), Refusal> {
        if key.blocked {
            return Err(Refusal::KeyBlocked);
        }
        if !key.may_call_models() {
            return Err(Refusal::NoModelRoutes);
        }
        if self.team(key).is_some_and(|team| team.blocked) {
            return Err(Refusal::TeamBlocked);
        }
        if self.user(key).is_some_and(|user| user.inactive) {
            return Err(Refusal::UserInactive);
        }
        Ok(())
    }

    /// Whether every layer's list lets the name pass. The layers intersect; an empty intersection is nobody.
    pub fn authorise(&self, key: &Key, name: &str) -> Result<(), Refusal> {
        let team = self.team(key);
        let layer = Layer { team: key.team.as_ref(), aliases: team, key: Some(key) };
        let plain = Layer { key: Some(key), ..Layer::default() };
        if !self.on_key(key, name, layer) {
            return Err(Refusal::KeyList);
        }
        match (&key.team, team) {
            (Some(_), None) => return Err(Refusal::TeamGone),
            (Some(id), Some(team)) => {
                if !self.on_team(key, team, name, layer) {
                    return Err(Refusal::TeamList);
                }
                let member = self.member(key);
                if member.is_some_and(|member| !self.passes(&member.models, name, Layer { team: Some(id), ..plain })) {
                    return Err(Refusal::MemberList);
                }
            }
            (None, _) => self.authorise_user(key, name, plain)?,
        }
        match key.project.as_ref().and_then(|project| self.projects.get(project)) {
            Some(project) if project.blocked => Err(Refusal::ProjectBlocked),
            Some(project) if !self.passes(&project.models, name, plain) => Err(Refusal::ProjectList),
            _ => Ok(()),
        }
    }

    /// The key's list, else its access groups. With `all-team-models` in it the list says nothing.
    fn on_key(&self, key: &Key, name: &str, layer: Layer<'_>) -> bool {
        key.models.iter().any(|entry| entry == TEAM_WORD)
            || self.passes(&key.models, name, layer)
            || self.granted(key.access_groups.iter(), name, layer)
    }

    /// The team's list, else its access groups, else those of the key that were assigned to this team or this key.
    fn on_team(&self, key: &Key, team: &Team, name: &str, layer: Layer<'_>) -> bool {
        let assigned = |id: &&String| {
            let group = self.groups.get(*id);
            group.is_some_and(|g| key.team.as_ref().is_some_and(|t| g.teams.contains(t)) || g.keys.contains(&key.id))
        };
        self.passes(&team.models, name, layer)
            || self.granted(team.access_groups.iter(), name, layer)
            || self.granted(key.access_groups.iter().filter(assigned), name, layer)
    }

    /// A user's list counts for personal keys only.
    fn authorise_user(&self, key: &Key, name: &str, layer: Layer<'_>) -> Result<(), Refusal> {
        let Some(user) = self.user(key) else { return Ok(()) };
        let shut = user.models.iter().any(|entry| entry == "no-default-models");
        if !shut && self.passes(&user.models, name, layer) { Ok(()) } else { Err(Refusal::UserList) }
    }

    /// Whether the lists of these groups, put together, let the name pass. Groups that name nothing grant nothing.
    fn granted<'a>(&self, groups: impl Iterator<Item = &'a String>, name: &str, layer: Layer<'_>) -> bool {
        let list: Vec<String> = groups.filter_map(|id| self.groups.get(id)).flat_map(|g| g.models.clone()).collect();
        !list.is_empty() && self.passes(&list, name, layer)
    }

    fn team(&self, key: &Key) -> Option<&Team> {
        self.teams.get(key.team.as_ref()?)
    }

    fn user(&self, key: &Key) -> Option<&User> {
        self.users.get(key.user.as_ref()?)
    }

    fn member(&self, key: &Key) -> Option<&Member> {
        let (team, user): (&TeamId, &UserId) = (key.team.as_ref()?, key.user.as_ref()?);
        self.members.get(&(user.clone(), team.clone()))
    }

    /// Everything that decides what the key may call, as text: keys of equal layers may call the same.
    pub fn layers(&self, key: &Key) -> String {
        let team = self.team(key);
        // A user's list counts for personal keys only; being switched off counts always.
        let user = self.user(key).map(|user| (team.is_none().then_some(&user.models), user.inactive));
        let project = key.project.as_ref().and_then(|project| self.projects.get(project));
        let visible = key.team.as_ref().filter(|team| self.index.teams.contains(*team));
        let own = (&key.models, &key.aliases, &key.access_groups, key.blocked, key.expires, key.may_call_models());
        // Groups may be assigned to a team or to one key, and a team without a row shuts its keys.
        let assigned = (!key.access_groups.is_empty()).then_some((&key.id, &key.team));
        let gone = key.team.is_some() && team.is_none();
        format!("{own:?}{team:?}{user:?}{:?}{project:?}{visible:?}{assigned:?}{gone}", self.member(key))
    }

    /// Every name the key could be allowed, where a list names them one by one; `None` where no layer does. A name
    /// that is not in here is refused, so whoever looks for allowed names need not ask for the others.
    pub fn listed(&self, key: &Key) -> Option<BTreeSet<String>> {
        let grouped = |groups: &BTreeSet<String>| -> Vec<String> {
            groups.iter().filter_map(|id| self.groups.get(id)).flat_map(|group| group.models.iter().cloned()).collect()
        };
        let team = self.team(key);
        let both = || [grouped(&key.access_groups), team.map(|team| grouped(&team.access_groups)).unwrap_or_default()];
        let layers = [
            Some((&key.models, grouped(&key.access_groups))),
            team.map(|team| (&team.models, both().concat())),
            self.user(key).filter(|_| team.is_none()).map(|user| (&user.models, Vec::new())),
        ];
        let mut named = layers.into_iter().flatten().find_map(|(list, granted)| self.named(list, &granted))?;
        // Aliases stand beside the names they lead to, and those of a team pass whatever its list says.
        named.extend(self.aliases.keys().cloned());
        named.extend(team.into_iter().flat_map(|team| team.aliases.keys().cloned()));
        named.extend(key.aliases.keys().cloned());
        Some(named)
    }

    /// The names of a list, what groups grant beside it, and what labels in either stand for; `None` where they hold a
    /// pattern, a label of a wildcard, or a word for everything.
    fn named(&self, list: &[String], granted: &[String]) -> Option<BTreeSet<String>> {
        let labelled = |entry: &String| self.index.labels.get(entry);
        let open = |entry: &String| {
            entry.contains('*')
                || entry == "all-proxy-models"
                || entry == TEAM_WORD
                || labelled(entry).is_some_and(|names| names.iter().any(|name| name.contains('*')))
        };
        if list.is_empty() || list.iter().chain(granted).any(open) {
            return None;
        }
        let behind = list.iter().chain(granted).filter_map(labelled).flatten();
        Some(list.iter().chain(granted).chain(behind).cloned().collect())
    }

    /// Whether a deployment has this upstream model string.
    pub fn is_upstream(&self, name: &str) -> bool {
        self.index.by_upstream.contains_key(name)
    }

    /// Whether the name is a group's or an alias of the router or of a team.
    pub fn is_public(&self, name: &str) -> bool {
        self.index.by_name.contains_key(name)
            || self.aliases.contains_key(name)
            || self.teams.values().any(|team| team.aliases.contains_key(name))
    }

    /// Everything that lists of any layer but the keys' own say: names, patterns, labels and words.
    pub fn listed_entries(&self) -> BTreeSet<&str> {
        let teams = self.teams.values().flat_map(|team| &team.models);
        let users = self.users.values().flat_map(|user| &user.models);
        let members = self.members.values().flat_map(|member| &member.models);
        let projects = self.projects.values().flat_map(|project| &project.models);
        let groups = self.groups.values().flat_map(|group| &group.models);
        teams.chain(users).chain(members).chain(projects).chain(groups).map(String::as_str).collect()
    }

    /// Whether deployments carry the label.
    pub fn is_label(&self, name: &str) -> bool {
        self.index.labels.contains_key(name)
    }

    /// Every name that could matter: groups, aliases of every kind, and what lists name.
    pub fn known_names(&self) -> BTreeSet<String> {
        let deployments = self.deployments.iter().flat_map(|deployment| [&deployment.name, &deployment.upstream]);
        let aliases = self.aliases.iter().flat_map(|(alias, target)| [alias, target]);
        let team_aliases =
            self.teams.values().flat_map(|team| &team.aliases).flat_map(|(alias, target)| [alias, target]);
        let lists = self.teams.values().flat_map(|team| &team.models);
        let users = self.users.values().flat_map(|user| &user.models);
        deployments.chain(aliases).chain(team_aliases).chain(lists).chain(users).cloned().collect()
    }
}

#[cfg(test)]
mod tests;
