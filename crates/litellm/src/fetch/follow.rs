//! What the lists do not show, object by object: members with budgets of their own, keys of old releases, and whose
//! key it was all read with. Source: `reference/litellm.md` 1.7, 1.9.

use std::collections::BTreeSet;

use serde_json::Value;

use super::gap::{Gap, Why};
use super::{Fetch, Own, Place, Task, position};

/// So many teams are asked one by one without further thought.
const FEW_TEAMS: usize = 20;

/// The most requests made per object of a kind, unless every object is wanted.
const MOST_SINGLE: usize = 200;

impl Fetch {
    /// Once the lists are there.
    pub(super) fn follow(&mut self) {
        self.found.clear();
        self.whose_key();
        if !self.wanted.first_pages {
            self.keys_by_hash();
            self.members();
        }
    }

    /// A key of another user than a full administrator sees less, without being told so.
    fn whose_key(&mut self) {
        let role = match &self.own_user {
            Own::Master => return,
            Own::Nobody => "none".to_owned(),
            Own::User(user) => self.role_of(user).unwrap_or_else(|| "unknown".to_owned()),
        };
        if role != "proxy_admin" {
            let what = "what it may not see".to_owned();
            self.found.push(Gap { name: "LiteLLM proxy".to_owned(), what, why: Why::Role(role) });
        }
    }

    fn role_of(&self, user: &str) -> Option<String> {
        ["users", "users_older"].iter().filter_map(|id| position(id)).find_map(|at| {
            self.tasks_of(at).find_map(|(_, task)| {
                let Task::Done { answer: Some(answer), facts } = task else { return None };
                let index = facts.ids.iter().position(|id| id == user)?;
                let body: Value = serde_json::from_str(&answer.body).ok()?;
                body.get("users")?.get(index)?.get("user_role")?.as_str().map(str::to_owned)
            })
        })
    }

    /// Releases before 1.60 list only hashes.
    fn keys_by_hash(&mut self) {
        let Some(at) = position("keys") else { return };
        let short = self.read_pages(at).filter(|(_, facts)| facts.short_keys);
        let hashes: Vec<String> = short.flat_map(|(_, facts)| facts.ids.iter().cloned()).collect();
        self.each("key", hashes, 0);
    }

    /// What only a membership says is its budget; who is in a team is in the team. Where every budget is used by
    /// something else, no membership has one, and a request per team brings nothing.
    fn members(&mut self) {
        let unpaged = matches!(self.task("teams_unpaged"), Some(Task::Done { .. }));
        if self.wanted.database || unpaged {
            return;
        }
        let Some(at) = position("teams") else { return };
        let teams: BTreeSet<String> = self.read_pages(at).flat_map(|(_, facts)| facts.ids.iter().cloned()).collect();
        let unused = self.unused_budgets();
        if teams.len() > FEW_TEAMS && unused == Some(0) && !self.wanted.every_object {
            return;
        }
        self.each("team", teams, unused.unwrap_or(0));
    }

    /// How many budgets nothing that was read uses; `None` where the budgets are not known.
    fn unused_budgets(&self) -> Option<u64> {
        let at = position("budgets")?;
        let (_, facts) = self.read_pages(at).next()?;
        Some(facts.ids.iter().filter(|id| !self.used_budgets.contains(*id)).count() as u64)
    }

    fn each(&mut self, id: &str, objects: impl IntoIterator<Item = String>, budgets: u64) {
        let Some(at) = position(id) else { return };
        let places: Vec<Place> = objects.into_iter().map(|of| Place { at, of, page: 0 }).collect();
        let new: Vec<Place> = places.into_iter().filter(|place| !self.tasks.contains_key(place)).collect();
        if new.len() > MOST_SINGLE && !self.wanted.every_object {
            let endpoint = new[0].endpoint();
            let what = if id == "team" { "members of teams" } else { "keys" }.to_owned();
            let why = Why::NotAsked { requests: new.len() as u64, budgets };
            self.found.push(Gap { name: endpoint.path.to_owned(), what, why });
            return;
        }
        for place in new {
            self.open(place, 0);
        }
    }
}
