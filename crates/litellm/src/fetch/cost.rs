//! What a whole reading costs, told by the first pages of the lists.

use super::{Fetch, Task};
use crate::endpoint::{ENDPOINTS, Paging};

/// What a whole reading costs.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Cost {
    /// How many objects there are, by what they are: `keys`, `teams`. Lists of which nobody can say are not in here.
    pub objects: Vec<(&'static str, u64)>,
    /// About how many requests it takes.
    pub requests: u64,
}

impl Fetch {
    /// What a whole reading costs, as far as the answers so far tell it. Where the members of teams have to be asked
    /// team by team, they are counted.
    pub fn cost(&self) -> Cost {
        let mut cost = Cost::default();
        for (place, task) in &self.tasks {
            let Task::Done { facts, .. } = task else { continue };
            cost.requests += 1;
            let endpoint = &ENDPOINTS[place.at];
            let Paging::Pages(pages) = endpoint.paging else { continue };
            if place.page > 1 {
                continue;
            }
            let count = facts.total.unwrap_or(facts.ids.len() as u64);
            cost.objects.push((endpoint.what, count));
            cost.requests += count.div_ceil(u64::from(pages.most)).saturating_sub(1);
            if endpoint.id == "teams" && !self.wanted.database {
                cost.requests += count;
            }
        }
        cost
    }
}

#[cfg(test)]
mod tests {
    use crate::fetch::{Event, Fetch, Step, Wanted};

    /// Answers of a proxy with that many keys and teams.
    fn cost(keys: u64, teams: u64, database: bool) -> (Vec<(&'static str, u64)>, u64, u64) {
        let mut fetch = Fetch::new(Wanted { database, first_pages: true, ..Wanted::default() });
        let mut sent = 0;
        while let Step::Ask(ask) = fetch.step() {
            sent += 1;
            let body = match ask.endpoint {
                "readiness" => r#"{"status": "healthy", "litellm_version": "1.101.6"}"#.to_owned(),
                "keys" => format!(r#"{{"keys": [{{"token": "a"}}], "total_count": {keys}}}"#),
                "teams" => format!(r#"{{"teams": [{{"team_id": "a"}}], "total": {teams}}}"#),
                "models" => r#"{"data": [], "total_count": 0}"#.to_owned(),
                "users" => r#"{"users": [], "total": 0}"#.to_owned(),
                _ => "[]".to_owned(),
            };
            fetch.on(&ask, Event::Answer { status: 200, retry_after: None, body });
        }
        let cost = fetch.cost();
        (cost.objects, cost.requests, sent)
    }

    #[test]
    fn first_pages_tell_what_all_of_it_costs() {
        let (objects, requests, sent) = cost(10_000, 250, true);
        assert_eq!(objects, [("models", 0), ("teams", 250), ("users", 0), ("keys", 10_000), ("end users", 0)]);
        assert_eq!(requests, sent + 99 + 2, "no page but the first is asked");
        assert_eq!(cost(10_000, 250, false).1, requests + 250, "the members of 250 teams");
        assert_eq!(cost(1, 1, true).1, sent);
    }
}
