//! Reading a running LiteLLM proxy: what to ask next, given what was answered. No I/O in here; `host::proxy` sends.

use std::collections::{BTreeMap, VecDeque};

use litellm::endpoint::{self, ENDPOINTS, Paging};
use serde::Deserialize;
use wire::{Relayed, SourceRead};

/// Rows a page; the most LiteLLM gives.
const SIZE: &str = "100";

/// The reads still to be made, and the answers so far.
#[derive(Debug, Default)]
pub(crate) struct Reader {
    waiting: VecDeque<SourceRead>,
    asked: usize,
    answers: BTreeMap<(usize, String, usize), (&'static str, Relayed)>,
}

/// What tells us to ask more.
#[derive(Deserialize)]
struct Head {
    total_pages: Option<usize>,
    #[serde(default)]
    teams: Vec<Team>,
}

#[derive(Deserialize)]
struct Team {
    team_id: Option<String>,
}

impl Reader {
    /// Begins with the first page of everything.
    pub(crate) fn new() -> Self {
        let mut reader = Self::default();
        // Those with pages first: what they bring then keeps every lane busy.
        let mut first: Vec<_> = ENDPOINTS.iter().filter(|endpoint| endpoint.id != "team").collect();
        first.sort_by_key(|endpoint| endpoint.paging == Paging::None);
        for endpoint in first {
            let mut query = BTreeMap::new();
            if let Paging::Pages { size, .. } = endpoint.paging {
                query.insert("page".to_owned(), "1".to_owned());
                query.insert(size.to_owned(), SIZE.to_owned());
            }
            if endpoint.id == "keys" {
                let wanted = [("return_full_object", "true"), ("sort_by", "created_at"), ("sort_order", "asc")];
                query.extend(wanted.map(|(name, value)| (name.to_owned(), value.to_owned())));
            }
            reader.ask(SourceRead { endpoint: endpoint.id.to_owned(), query });
        }
        reader
    }

    /// The next read to make, if there is one at the moment.
    pub(crate) fn next(&mut self) -> Option<SourceRead> {
        self.waiting.pop_front()
    }

    /// Takes an answer.
    pub(crate) fn on(&mut self, read: &SourceRead, answer: Relayed) {
        let Some(at) = ENDPOINTS.iter().position(|endpoint| endpoint.id == read.endpoint) else { return };
        let page = read.query.get("page").and_then(|page| page.parse().ok()).unwrap_or(0);
        if (200..300).contains(&answer.status)
            && let Ok(head) = serde_json::from_str::<Head>(&answer.body)
        {
            self.more(read, page, head);
        }
        let team = read.query.get("team_id").cloned().unwrap_or_default();
        self.answers.insert((at, team, page), (ENDPOINTS[at].path, answer));
    }

    /// How many reads were answered, of how many known so far.
    pub(crate) fn progress(&self) -> (usize, usize) {
        (self.answers.len(), self.asked)
    }

    /// The answers in a fixed order, whatever order they came in: path and answer.
    pub(crate) fn finish(self) -> Vec<(&'static str, Relayed)> {
        self.answers.into_values().collect()
    }

    fn ask(&mut self, read: SourceRead) {
        self.asked += 1;
        self.waiting.push_back(read);
    }

    fn more(&mut self, read: &SourceRead, page: usize, head: Head) {
        let paged = endpoint::endpoint(&read.endpoint).is_some_and(|endpoint| endpoint.paging != Paging::None);
        if paged && page == 1 {
            for next in 2..=head.total_pages.unwrap_or(1) {
                let mut query = read.query.clone();
                query.insert("page".to_owned(), next.to_string());
                self.ask(SourceRead { endpoint: read.endpoint.clone(), query });
            }
        }
        if read.endpoint == "teams" {
            for id in head.teams.into_iter().filter_map(|team| team.team_id) {
                let query = BTreeMap::from([("team_id".to_owned(), id)]);
                self.ask(SourceRead { endpoint: "team".to_owned(), query });
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn answer(status: u16, body: &str) -> Relayed {
        Relayed { status, content_type: "application/json".to_owned(), body: body.to_owned() }
    }

    #[test]
    fn asks_every_page_and_every_team_once() {
        let mut reader = Reader::new();
        let mut asked = Vec::new();
        while let Some(read) = reader.next() {
            let body = match (read.endpoint.as_str(), read.query.get("page").map(String::as_str)) {
                ("keys", _) => r#"{"keys": [], "total_pages": 3}"#,
                ("teams", Some("1")) => r#"{"teams": [{"team_id": "a"}], "total_pages": 2}"#,
                ("teams", _) => r#"{"teams": [{"team_id": "b/c"}], "total_pages": 2}"#,
                ("organizations", _) => "<html>",
                _ => "[]",
            };
            asked.push(format!("{} {}", read.endpoint, read.query.values().cloned().collect::<Vec<_>>().join(" ")));
            reader.on(&read, answer(200, body));
        }
        assert_eq!(reader.progress(), (ENDPOINTS.len() - 1 + 2 + 1 + 2, asked.len()));
        let of = |endpoint: &str| asked.iter().filter(|line| line.starts_with(endpoint)).cloned().collect::<Vec<_>>();
        assert_eq!(
            of("keys"),
            ["keys 1 true 100 created_at asc", "keys 2 true 100 created_at asc", "keys 3 true 100 created_at asc"]
        );
        assert_eq!(of("team "), ["team a", "team b/c"]);
        let paths: Vec<&str> = reader.finish().into_iter().map(|(path, _)| path).collect();
        let mut sorted = paths.clone();
        sorted.sort_by_key(|path| ENDPOINTS.iter().position(|endpoint| endpoint.path == *path));
        assert_eq!(paths, sorted);
    }

    #[test]
    fn a_refusal_is_an_answer_and_asks_for_nothing_more() {
        let mut reader = Reader::new();
        let mut count = 0;
        while let Some(read) = reader.next() {
            count += 1;
            reader.on(&read, answer(403, r#"{"total_pages": 9, "teams": [{"team_id": "a"}]}"#));
        }
        assert_eq!(count, ENDPOINTS.len() - 1);
    }
}
