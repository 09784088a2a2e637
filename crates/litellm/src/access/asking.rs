//! A key that asks. Its layers are looked up once, for a key is asked for a hundred names.

use std::collections::{BTreeMap, BTreeSet};

use model::{Moment, TeamId, UserId};

use super::names::{Layer, TEAM_WORD};
use super::{Group, Key, Member, Project, Reach, Refusal, Team, User, World};

/// A key with the rows that stand above it.
#[derive(Clone, Copy, Debug)]
pub struct Asking<'w> {
    pub(crate) world: &'w World,
    pub(super) key: &'w Key,
    pub(super) team: Option<&'w Team>,
    user: Option<&'w User>,
    member: Option<&'w Member>,
    project: Option<&'w Project>,
}

impl World {
    /// The key, ready to ask.
    pub fn asking<'w>(&'w self, key: &'w Key) -> Asking<'w> {
        let member = |user: &UserId, team: &TeamId| self.members.get(&(user.clone(), team.clone()));
        Asking {
            world: self,
            key,
            team: key.team.as_ref().and_then(|team| self.teams.get(team)),
            user: key.user.as_ref().and_then(|user| self.users.get(user)),
            member: match (&key.user, &key.team) {
                (Some(user), Some(team)) if !self.members.is_empty() => member(user, team),
                _ => None,
            },
            project: key.project.as_ref().and_then(|project| self.projects.get(project)),
        }
    }
}

impl<'w> Asking<'w> {
    /// What the key reaches by asking for `name` at `now`; never empty when `Ok`.
    pub fn call(&self, name: &str, now: Moment) -> Result<BTreeSet<Reach>, Refusal> {
        self.open(now)?;
        self.reach(name)
    }

    /// What the key reaches by asking for `name`, as if it were open; never empty when `Ok`.
    pub fn reach(&self, name: &str) -> Result<BTreeSet<Reach>, Refusal> {
        self.authorise(name)?;
        self.answer(name)
    }

    /// Whether the key opens anything at all at `now`.
    pub fn open(&self, now: Moment) -> Result<(), Refusal> {
        match self.key.expires {
            Some(expires) if expires <= now && !self.key.blocked => Err(Refusal::KeyExpired),
            Some(_) | None => self.open_whenever(),
        }
    }

    /// Whether the key opens anything at all, as if it never expired.
    pub fn open_whenever(&self) -> Result<(), Refusal> {
        if self.key.blocked {
            return Err(Refusal::KeyBlocked);
        }
        if !self.key.may_call_models() {
            return Err(Refusal::NoModelRoutes);
        }
        if self.team.is_some_and(|team| team.blocked) {
            return Err(Refusal::TeamBlocked);
        }
        if self.user.is_some_and(|user| user.inactive) {
            return Err(Refusal::UserInactive);
        }
        Ok(())
    }

    /// Whether every layer's list lets the name pass. The layers intersect; an empty intersection is nobody.
    pub fn authorise(&self, name: &str) -> Result<(), Refusal> {
        let layer = Layer { team: self.key.team.as_ref(), aliases: self.team, key: Some(self.key) };
        let plain = Layer { key: Some(self.key), ..Layer::default() };
        if !self.on_key(name, layer) {
            return Err(Refusal::KeyList);
        }
        match (&self.key.team, self.team) {
            (Some(_), None) => return Err(Refusal::TeamGone),
            (Some(id), Some(team)) => {
                if !self.on_team(team, name, layer) {
                    return Err(Refusal::TeamList);
                }
                let within = Layer { team: Some(id), ..plain };
                if self.member.is_some_and(|member| !self.world.passes(&member.models, name, within)) {
                    return Err(Refusal::MemberList);
                }
            }
            (None, _) => self.authorise_user(name, plain)?,
        }
        match self.project {
            Some(project) if project.blocked => Err(Refusal::ProjectBlocked),
            Some(project) if !self.world.passes(&project.models, name, plain) => Err(Refusal::ProjectList),
            _ => Ok(()),
        }
    }

    /// The key's list, else its access groups. With `all-team-models` in it the list says nothing.
    fn on_key(&self, name: &str, layer: Layer<'_>) -> bool {
        self.key.models.iter().any(|entry| entry == TEAM_WORD)
            || self.world.passes(&self.key.models, name, layer)
            || self.granted(self.key.access_groups.iter(), name, layer)
    }

    /// The team's list, else its access groups, else those of the key that were assigned to this team or this key.
    fn on_team(&self, team: &Team, name: &str, layer: Layer<'_>) -> bool {
        let key = self.key;
        let assigned = |id: &&String| {
            let group = self.world.groups.get(*id);
            group.is_some_and(|g| key.team.as_ref().is_some_and(|t| g.teams.contains(t)) || g.keys.contains(&key.id))
        };
        self.world.passes(&team.models, name, layer)
            || self.granted(team.access_groups.iter(), name, layer)
            || self.granted(key.access_groups.iter().filter(assigned), name, layer)
    }

    /// A user's list counts for personal keys only.
    fn authorise_user(&self, name: &str, layer: Layer<'_>) -> Result<(), Refusal> {
        let Some(user) = self.user else { return Ok(()) };
        let shut = user.models.iter().any(|entry| entry == "no-default-models");
        if !shut && self.world.passes(&user.models, name, layer) { Ok(()) } else { Err(Refusal::UserList) }
    }

    /// Whether the lists of these groups, put together, let the name pass. Groups that name nothing grant nothing.
    fn granted<'a>(&self, groups: impl Iterator<Item = &'a String>, name: &str, layer: Layer<'_>) -> bool {
        let list: Vec<&String> =
            groups.filter_map(|id| self.world.groups.get(id)).flat_map(|group| &group.models).collect();
        !list.is_empty() && self.world.passes(&list, name, layer)
    }

    /// Everything that decides what the key may call: keys of equal layers may call the same.
    pub fn layers(&self) -> Layers<'w> {
        let Self { world, key, team, user, member, project } = *self;
        Layers {
            own: (&key.models, &key.aliases, &key.access_groups),
            open: (key.blocked, key.expires, key.may_call_models()),
            team,
            gone: key.team.is_some() && team.is_none(),
            // A user's list counts for personal keys only; being switched off counts always.
            user: user.map(|user| (team.is_none().then_some(&user.models[..]), user.inactive)),
            member,
            project,
            visible: key.team.as_ref().filter(|team| world.index.teams.contains(*team)),
            // Groups may be assigned to a team or to one key, and a team without a row shuts its keys.
            assigned: (!key.access_groups.is_empty()).then_some((&key.id[..], key.team.as_ref())),
        }
    }

    /// Every name the key could be allowed, where a list names them one by one, in order; `None` where no layer does. A
    /// name that is not in here is refused, so whoever looks for allowed names need not ask for the others.
    pub fn listed(&self) -> Option<Vec<&'w str>> {
        let Self { world, key, team, user, .. } = *self;
        let grouped = |groups: &'w BTreeSet<String>| -> Vec<&'w str> {
            let models = groups.iter().filter_map(|id| world.groups.get(id)).flat_map(|group: &Group| &group.models);
            models.map(String::as_str).collect()
        };
        let both = || [grouped(&key.access_groups), team.map(|team| grouped(&team.access_groups)).unwrap_or_default()];
        let mut named = world
            .named(&key.models, &grouped(&key.access_groups))
            .or_else(|| team.and_then(|team| world.named(&team.models, &both().concat())))
            .or_else(|| user.filter(|_| team.is_none()).and_then(|user| world.named(&user.models, &[])))?;
        // Aliases stand beside the names they lead to, and those of a team pass whatever its list says.
        let of_team = team.into_iter().flat_map(|team| team.aliases.keys());
        named.extend(world.aliases.keys().chain(of_team).chain(key.aliases.keys()).map(String::as_str));
        named.sort_unstable();
        named.dedup();
        Some(named)
    }
}

/// Everything that decides what a key may call. It is compared by what it says, not by whose it is: two teams of equal
/// lists give their keys equal layers.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Layers<'w> {
    own: (&'w [String], &'w BTreeMap<String, String>, &'w BTreeSet<String>),
    open: (bool, Option<Moment>, bool),
    team: Option<&'w Team>,
    gone: bool,
    user: Option<(Option<&'w [String]>, bool)>,
    member: Option<&'w Member>,
    project: Option<&'w Project>,
    visible: Option<&'w TeamId>,
    assigned: Option<(&'w str, Option<&'w TeamId>)>,
}
