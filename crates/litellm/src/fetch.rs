//! Reading a running proxy, without doing it: which reads are wanted, given what has come so far. The page and the
//! command line send them, each in its own way. Source: `reference/litellm.md` 1.4.

use std::collections::{BTreeMap, BTreeSet, VecDeque};

use serde_json::Value;

use crate::endpoint::{ENDPOINTS, Endpoint, Paging, endpoint};

/// The most entries a page may have.
const PAGE: u32 = 100;

/// More pages than any deployment has; a proxy that announces more is not believed.
const MOST_PAGES: u64 = 100_000;

/// One read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Ask {
    /// The endpoint's id.
    pub endpoint: &'static str,
    /// Its query.
    pub query: BTreeMap<String, String>,
}

/// The reads of one deployment.
#[derive(Clone, Debug)]
pub struct Fetch {
    open: VecDeque<Ask>,
    teams: BTreeSet<String>,
    asked: usize,
}

impl Default for Fetch {
    fn default() -> Self {
        // Those with pages first: what they bring then keeps every lane of the sender busy.
        let mut first: Vec<&'static Endpoint> = ENDPOINTS.iter().filter(|endpoint| endpoint.id != "team").collect();
        first.sort_by_key(|endpoint| endpoint.paging == Paging::None);
        Self { open: first.into_iter().map(|endpoint| page(endpoint, 1)).collect(), teams: BTreeSet::new(), asked: 0 }
    }
}

impl Fetch {
    /// The next read, if there is one that need not wait for an answer.
    pub fn take(&mut self) -> Option<Ask> {
        let ask = self.open.pop_front()?;
        self.asked += 1;
        Some(ask)
    }

    /// Tells what came: further pages, and a read for each team, whose members no list shows.
    pub fn on(&mut self, ask: &Ask, status: u16, body: &str) {
        if !(200..300).contains(&status) {
            return;
        }
        let (Some(endpoint), Ok(body)) = (endpoint(ask.endpoint), serde_json::from_str::<Value>(body)) else { return };
        if let Paging::Pages { total, .. } = endpoint.paging
            && ask.query.get("page").map(String::as_str) == Some("1")
        {
            let pages = body.get(total).and_then(Value::as_u64).unwrap_or(1).min(MOST_PAGES);
            let further = (2..=pages).filter_map(|number| u32::try_from(number).ok());
            self.open.extend(further.map(|number| page(endpoint, number)));
        }
        if endpoint.id == "teams" {
            let teams = body.get("teams").and_then(Value::as_array).into_iter().flatten();
            for id in teams.filter_map(|team| team.get("team_id").and_then(Value::as_str)) {
                if self.teams.insert(id.to_owned()) {
                    let query = BTreeMap::from([("team_id".to_owned(), id.to_owned())]);
                    self.open.push_back(Ask { endpoint: "team", query });
                }
            }
        }
    }

    /// How many reads were taken, and how many are known to be left.
    pub fn progress(&self) -> (usize, usize) {
        (self.asked, self.open.len())
    }
}

fn page(endpoint: &'static Endpoint, number: u32) -> Ask {
    let mut query = BTreeMap::new();
    if let Paging::Pages { size, .. } = endpoint.paging {
        query.insert("page".to_owned(), number.to_string());
        query.insert(size.to_owned(), PAGE.to_string());
    }
    if endpoint.id == "keys" {
        query.insert("return_full_object".to_owned(), "true".to_owned());
        // The default order shifts while keys are made (`reference/litellm.md` 1.9).
        query.insert("sort_by".to_owned(), "created_at".to_owned());
        query.insert("sort_order".to_owned(), "asc".to_owned());
    }
    Ask { endpoint: endpoint.id, query }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pages_and_teams_follow_from_the_answers() {
        let mut fetch = Fetch::default();
        let mut asked = Vec::new();
        while let Some(ask) = fetch.take() {
            let body = match ask.endpoint {
                "keys" => r#"{"keys": [], "total_pages": 3}"#,
                "teams" => r#"{"teams": [{"team_id": "a"}, {"team_id": "a"}, {"team_id": "b"}], "total_pages": 1}"#,
                _ => "[]",
            };
            fetch.on(&ask, 200, body);
            asked.push(ask);
        }
        let of = |id: &str| asked.iter().filter(|ask| ask.endpoint == id).count();
        assert_eq!((of("keys"), of("teams"), of("team"), of("users")), (3, 1, 2, 1));
        let pages: Vec<&str> =
            asked.iter().filter(|a| a.endpoint == "keys").map(|a| a.query["page"].as_str()).collect();
        assert_eq!(pages, ["1", "2", "3"]);
    }
}
