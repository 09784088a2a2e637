//! Reading a running LiteLLM proxy: `litellm::fetch` says what to ask next, this keeps what was answered. No I/O in
//! here; `host::proxy` sends.

use std::collections::BTreeMap;

use litellm::endpoint::ENDPOINTS;
use litellm::fetch::{Ask, Fetch};
use wire::{Relayed, SourceRead};

/// The reads still to be made, and the answers so far.
#[derive(Debug, Default)]
pub(crate) struct Reader {
    fetch: Fetch,
    answers: BTreeMap<(usize, String, usize), (&'static str, Relayed)>,
}

impl Reader {
    /// Begins with the first page of everything.
    pub(crate) fn new() -> Self {
        Self::default()
    }

    /// The next read to make, if there is one at the moment.
    pub(crate) fn next(&mut self) -> Option<SourceRead> {
        self.fetch.take().map(|Ask { endpoint, query }| SourceRead { endpoint: endpoint.to_owned(), query })
    }

    /// Takes an answer.
    pub(crate) fn on(&mut self, read: &SourceRead, answer: Relayed) {
        let Some(at) = ENDPOINTS.iter().position(|endpoint| endpoint.id == read.endpoint) else { return };
        let ask = Ask { endpoint: ENDPOINTS[at].id, query: read.query.clone() };
        self.fetch.on(&ask, answer.status, &answer.body);
        let page = read.query.get("page").and_then(|page| page.parse().ok()).unwrap_or(0);
        let team = read.query.get("team_id").cloned().unwrap_or_default();
        self.answers.insert((at, team, page), (ENDPOINTS[at].path, answer));
    }

    /// How many reads were answered, of how many known so far.
    pub(crate) fn progress(&self) -> (usize, usize) {
        let (asked, open) = self.fetch.progress();
        (self.answers.len(), asked + open)
    }

    /// The answers in a fixed order, whatever order they came in: path and answer.
    pub(crate) fn finish(self) -> Vec<(&'static str, Relayed)> {
        self.answers.into_values().collect()
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
