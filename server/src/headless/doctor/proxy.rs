//! The running proxy: whether it answers, what it lets us see, and what a whole reading costs.

use litellm::Input;
use litellm::endpoint::SIDE_EFFECT;
use litellm::fetch::{Fetch, Fetched, Gap, Wanted};
use report::words;

use super::check::{Check, Mark, Part};
use crate::fetch;
use crate::settings::Connections;
use crate::source::Source;

const SUBJECT: &str = "LiteLLM proxy";

/// What the proxy said to the first page of each list.
pub(super) struct Proxy {
    name: String,
    /// Nothing where no proxy was given.
    asked: Option<(Fetch, Fetched)>,
}

/// Asks the first page of every list: enough to know what may be seen and how much there is.
pub(super) async fn ask(connections: &Connections) -> Proxy {
    let Some(settings) = &connections.source else { return Proxy { name: String::new(), asked: None } };
    let source = Source::proxy(settings.clone(), connections.network.clone());
    let wanted = Wanted { database: connections.database.is_some(), first_pages: true, ..Wanted::default() };
    let mut fetch = Fetch::new(wanted);
    fetch::drive(&source, &mut fetch, |_| ()).await;
    let fetched = fetch.fetched();
    Proxy { name: source.name(), asked: Some((fetch, fetched)) }
}

impl Proxy {
    /// The answers, for what they say beside everything else.
    pub(super) fn inputs(&self) -> impl Iterator<Item = Input<'_>> {
        // Without a list there is nothing that could stand for the API.
        let asked = self.asked.iter().filter(|_| self.answers());
        asked.flat_map(|(_, fetched)| fetched.answers.iter().map(|answer| answer.input()))
    }

    /// Its version, where it told one.
    pub(super) fn version(&self) -> Option<&str> {
        self.asked.as_ref()?.1.version.as_deref()
    }

    /// Whether it answered with anything that can be used.
    pub(super) fn answers(&self) -> bool {
        self.asked.as_ref().is_some_and(|(fetch, _)| !fetch.cost().objects.is_empty())
    }

    /// What can be said of it. `others` tells whether saved answers stand in for it.
    pub(super) fn checks(&self, others: bool) -> Vec<Check> {
        let Some((fetch, fetched)) = &self.asked else { return if others { Vec::new() } else { vec![not_given()] } };
        let subject = format!("{SUBJECT} {}", self.name);
        let mut checks = Vec::new();
        if self.answers() {
            let version =
                self.version().map_or_else(|| "it does not tell its version".to_owned(), |v| format!("LiteLLM {v}"));
            let cost = fetch.cost();
            let objects: Vec<String> = cost
                .objects
                .iter()
                .map(|(what, count)| format!("{} {what}", words::number(as_usize(*count))))
                .collect();
            let requests = words::counted(as_usize(cost.requests), "request");
            let says = format!("{version}; it holds {}; reading all of it takes about {requests}", objects.join(", "));
            checks.push(Check::new(Part::Proxy, Mark::Ok, &subject, says));
            checks.push(Check::new(Part::Proxy, Mark::Note, &subject, SIDE_EFFECT));
        }
        let mark = if self.answers() { Mark::Missing } else { Mark::Failed };
        checks.extend(fetched.gaps.iter().filter(|gap| gap.incomplete()).map(|gap| missing(&subject, mark, gap)));
        if checks.is_empty() {
            let says = "it answers, and shows nothing that can be read";
            checks.push(Check::new(Part::Proxy, Mark::Failed, subject, says));
        }
        checks
    }
}

fn not_given() -> Check {
    let says = "not given: what runs but is not stored, and what the proxy drops, stays unknown";
    Check::new(Part::Proxy, Mark::Missing, SUBJECT, says).next("set LITELLM_URL and LITELLM_MASTER_KEY")
}

fn missing(proxy: &str, mark: Mark, gap: &Gap) -> Check {
    let finding = gap.finding();
    let subject = if finding.subject.starts_with('/') { finding.subject } else { proxy.to_owned() };
    Check::new(Part::Proxy, mark, subject, finding.message).all(finding.hints)
}

fn as_usize(count: u64) -> usize {
    usize::try_from(count).unwrap_or(usize::MAX)
}
