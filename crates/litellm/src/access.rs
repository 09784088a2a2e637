//! Who may call what in LiteLLM, as an executable statement: one of the two sides of the access check. The other
//! is `bifrost::access`; neither knows the other.
//! Source: `reference/litellm.md` 6.1, 6.2, 6.7 and what real proxies answered to every key and name: the recorded
//! company's and those of `tests/live`, which ask each rule at least once. Where LiteLLM's behaviour is not settled,
//! this side allows less: what it does not allow, the plan must not grant. Budgets and limits are not asked here.

use std::collections::BTreeSet;
use std::sync::Arc;

use model::Moment;

mod asking;
mod names;
mod pattern;
mod resolve;
mod world;

pub use asking::{Asking, Layers};
use names::{ALL, TEAM_WORD};
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
    pub deployment: Arc<str>,
    /// The model string that goes upstream, with wildcards filled in: `openai/gpt-4o`.
    pub upstream: Arc<str>,
}

impl World {
    /// What `key` reaches by asking for `name` at `now`; never empty when `Ok`. Whoever asks for many names asks with
    /// [`World::asking`].
    pub fn call(&self, key: &Key, name: &str, now: Moment) -> Result<BTreeSet<Reach>, Refusal> {
        self.asking(key).call(name, now)
    }

    /// The names of a list, what groups grant beside it, and what labels in either stand for; `None` where they hold a
    /// pattern, a label of a wildcard, or a word for everything.
    fn named<'w>(&'w self, list: &'w [String], granted: &[&'w str]) -> Option<Vec<&'w str>> {
        if list.is_empty() {
            return None;
        }
        let mut named: Vec<&'w str> = list.iter().map(String::as_str).chain(granted.iter().copied()).collect();
        if named.iter().any(|entry| entry.contains('*') || [ALL, TEAM_WORD].contains(entry)) {
            return None;
        }
        for place in 0..named.len() {
            let Some(names) = named.get(place).and_then(|entry| self.index.labels.get(*entry)) else { continue };
            if names.iter().any(|name| name.contains('*')) {
                return None;
            }
            named.extend(names.iter().map(String::as_str));
        }
        Some(named)
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
        let mut entries = BTreeSet::new();
        entries.extend(teams.chain(users).chain(members).chain(projects).chain(groups).map(String::as_str));
        entries
    }

    /// Whether deployments carry the label.
    pub fn is_label(&self, name: &str) -> bool {
        self.index.labels.contains_key(name)
    }

    /// Every name that could matter: groups, aliases of every kind, and what lists name.
    pub fn known_names(&self) -> BTreeSet<&str> {
        let deployments = self.deployments.iter().flat_map(|deployment| [&*deployment.name, &*deployment.upstream]);
        let team_aliases = self.teams.values().flat_map(|team| &team.aliases);
        let aliases = self.aliases.iter().chain(team_aliases).flat_map(|(alias, target)| [alias, target]);
        let lists = self.teams.values().flat_map(|team| &team.models);
        let users = self.users.values().flat_map(|user| &user.models);
        // A few names, each in many lists: putting them in one by one is less work than sorting all.
        let mut names: BTreeSet<&str> = deployments.collect();
        names.extend(aliases.chain(lists).chain(users).map(String::as_str));
        names
    }
}

#[cfg(test)]
mod tests;
