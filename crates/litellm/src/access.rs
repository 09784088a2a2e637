//! Who may call what in LiteLLM, as an executable statement: one of the two sides of the access check. The other
//! is `bifrost::access`; neither knows the other.
//! Source: `reference/litellm.md` 6.1, 6.2, 6.7 and the recorded answers to every key and name
//! (`captures/litellm/1.101.6/access.json`). Where LiteLLM's behaviour is not settled, this side allows less: what
//! it does not allow, the plan must not grant.

use std::cmp::Reverse;
use std::collections::{BTreeMap, BTreeSet};

use model::{Moment, TeamId, UserId};

mod names;
mod world;

use names::Names;
pub(crate) use names::captured;
pub use world::{Deployment, Group, Key, Member, Team, User, World};

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
    /// The project's list does not.
    ProjectList,
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
        let reach = self.resolve(key, name);
        if reach.is_empty() { Err(Refusal::NoDeployment) } else { Ok(reach) }
    }

    /// Whether the key opens anything at all at `now`.
    pub fn open(&self, key: &Key, now: Moment) -> Result<(), Refusal> {
        if key.blocked {
            return Err(Refusal::KeyBlocked);
        }
        if key.expires.is_some_and(|expires| expires <= now) {
            return Err(Refusal::KeyExpired);
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
        let spellings = self.spellings(key, name);
        let names = self.names(&spellings);
        let granted = |groups: &BTreeSet<String>| self.granted(groups, &spellings);
        if !names.on_key(&key.models) && !granted(&key.access_groups) {
            return Err(Refusal::KeyList);
        }
        match self.team(key) {
            Some(team) => {
                if !names.on_team(&team.models) && !granted(&team.access_groups) {
                    return Err(Refusal::TeamList);
                }
                if let Some(member) = self.member(key)
                    && !names.plain(&member.models)
                {
                    return Err(Refusal::MemberList);
                }
            }
            None => self.authorise_user(key, name)?,
        }
        match key.project.as_ref().and_then(|project| self.projects.get(project)) {
            Some(models) if !names.plain(models) => Err(Refusal::ProjectList),
            _ => Ok(()),
        }
    }

    /// A user's list counts for personal keys only, and sees the name as it was sent, before the key's own
    /// aliases: `captures/litellm/1.101.6/access.json`, dan-laptop and `mini`.
    fn authorise_user(&self, key: &Key, name: &str) -> Result<(), Refusal> {
        let Some(user) = self.user(key) else { return Ok(()) };
        let spellings = self.routed(vec![name]);
        if self.names(&spellings).on_user(&user.models) { Ok(()) } else { Err(Refusal::UserList) }
    }

    /// The deployments that answer to `name` when this key asks.
    pub fn resolve(&self, key: &Key, name: &str) -> BTreeSet<Reach> {
        let team_alias = self.team(key).and_then(|team| team.aliases.get(name)).map_or(name, String::as_str);
        let key_alias = key.aliases.get(team_alias).map_or(team_alias, String::as_str);
        let group = self.aliases.get(key_alias).map_or(key_alias, String::as_str);
        let team = key.team.as_ref();
        let exact = self.reach(team, self.index.by_name.get(group), |deployment| deployment.upstream.clone());
        if !exact.is_empty() {
            return exact;
        }
        let wildcard = self.by_wildcard(team, group);
        if !wildcard.is_empty() || group.contains('*') {
            return wildcard;
        }
        // A deployment also answers to the upstream model it was given.
        self.reach(team, self.index.by_upstream.get(group), |deployment| deployment.upstream.clone())
    }

    fn reach(
        &self,
        team: Option<&TeamId>,
        places: Option<&Vec<usize>>,
        upstream: impl Fn(&Deployment) -> String,
    ) -> BTreeSet<Reach> {
        places
            .into_iter()
            .flatten()
            .filter_map(|place| self.deployments.get(*place))
            .filter(|deployment| !deployment.blocked && deployment.team.as_ref().is_none_or(|own| Some(own) == team))
            .map(|deployment| Reach { deployment: deployment.id.clone(), upstream: upstream(deployment) })
            .collect()
    }

    /// The longest pattern wins (`reference/litellm.md` 4.4).
    fn by_wildcard(&self, team: Option<&TeamId>, name: &str) -> BTreeSet<Reach> {
        let fits = |pattern: &&String| names::captured(pattern, name).is_some();
        let longest = self.index.wildcards.iter().filter(fits).max_by_key(|pattern| (pattern.len(), Reverse(*pattern)));
        let Some(pattern) = longest else { return BTreeSet::new() };
        let places = self.index.by_name.get(pattern);
        self.reach(team, places, |deployment| names::substitute(pattern, name, &deployment.upstream))
    }

    /// The name and what its aliases lead to: on keys and teams either of them suffices.
    fn spellings<'a>(&'a self, key: &'a Key, name: &'a str) -> Vec<&'a str> {
        let mut spellings = vec![name];
        let mut last = name;
        if let Some(target) = self.team(key).and_then(|team| team.aliases.get(last)) {
            spellings.push(target);
            last = target;
        }
        spellings.extend(key.aliases.get(last).map(String::as_str));
        self.routed(spellings)
    }

    /// With what the router's aliases lead to.
    fn routed<'a>(&'a self, mut spellings: Vec<&'a str>) -> Vec<&'a str> {
        for at in 0..spellings.len() {
            spellings.extend(self.aliases.get(spellings[at]).map(String::as_str));
        }
        spellings
    }

    /// Unified access groups are an additional grant (`reference/litellm.md` 6.2).
    fn granted(&self, groups: &BTreeSet<String>, spellings: &[&str]) -> bool {
        groups
            .iter()
            .filter_map(|id| self.groups.get(id))
            .any(|group| spellings.iter().any(|name| group.models.contains(*name)))
    }

    fn names<'a>(&'a self, spellings: &'a [&'a str]) -> Names<'a> {
        Names { spellings, labels: &self.labels }
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
        format!("{own:?}{team:?}{user:?}{:?}{project:?}{visible:?}", self.member(key))
    }

    /// Every name the key could be allowed, where a list names them one by one; `None` where no layer does. A name
    /// that is not in here is refused, so whoever looks for allowed names need not ask for the others.
    pub fn listed(&self, key: &Key) -> Option<BTreeSet<String>> {
        let grouped = |groups: &BTreeSet<String>| -> Vec<String> {
            groups.iter().filter_map(|id| self.groups.get(id)).flat_map(|group| group.models.iter().cloned()).collect()
        };
        let team = self.team(key);
        let layers = [
            Some((&key.models, grouped(&key.access_groups))),
            team.map(|team| (&team.models, grouped(&team.access_groups))),
            self.user(key).filter(|_| team.is_none()).map(|user| (&user.models, Vec::new())),
        ];
        let mut named = layers.into_iter().flatten().find_map(|(list, granted)| self.named(list, granted))?;
        // Aliases stand beside the names they lead to.
        named.extend(self.aliases.keys().cloned());
        named.extend(team.into_iter().flat_map(|team| team.aliases.keys().cloned()));
        named.extend(key.aliases.keys().cloned());
        Some(named)
    }

    /// The names of a list and what its labels stand for; `None` where it holds a pattern or a word for everything.
    fn named(&self, list: &[String], granted: Vec<String>) -> Option<BTreeSet<String>> {
        let open = |entry: &String| entry.contains('*') || entry == "all-proxy-models" || entry == "all-team-models";
        if list.is_empty() || list.iter().any(open) {
            return None;
        }
        let labelled = list.iter().filter_map(|entry| self.labels.get(entry)).flatten();
        Some(list.iter().chain(labelled).cloned().chain(granted).collect())
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

/// The labels of `model_info.access_groups`, each with the names that carry it.
pub(crate) type Labels = BTreeMap<String, BTreeSet<String>>;

#[cfg(test)]
mod tests;
