//! How far the reading is, for people who watch it.

use std::collections::BTreeMap;

use super::{Fetch, Task};
use crate::endpoint::ENDPOINTS;

/// How far one kind of read is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Part {
    /// The endpoint's id.
    pub endpoint: &'static str,
    /// What it brings, in words: `keys`.
    pub what: &'static str,
    /// Requests answered, or given up.
    pub done: usize,
    /// Requests known to be needed.
    pub of: usize,
    /// How it stands.
    pub state: PartState,
}

/// How a kind of read stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PartState {
    /// Something is on its way.
    Reading,
    /// To be sent.
    Waiting,
    /// All of it came.
    Done,
    /// Something of it did not come.
    Missing,
}

impl Part {
    /// `keys 31 of 100 pages`; only the name where it is one request.
    pub fn words(&self) -> String {
        if self.of <= 1 { self.what.to_owned() } else { format!("{} {} of {} pages", self.what, self.done, self.of) }
    }
}

impl Fetch {
    /// How many requests are done with, of how many known so far.
    pub fn progress(&self) -> (usize, usize) {
        (self.tasks.values().filter(|task| settled(task)).count(), self.tasks.len())
    }

    /// How far each kind of read is, in a fixed order.
    pub fn parts(&self) -> Vec<Part> {
        let mut parts: BTreeMap<usize, Part> = BTreeMap::new();
        for (place, task) in &self.tasks {
            let endpoint = &ENDPOINTS[place.at];
            let part = parts.entry(place.at).or_insert(Part {
                endpoint: endpoint.id,
                what: endpoint.what,
                done: 0,
                of: 0,
                state: PartState::Done,
            });
            part.of += 1;
            part.done += usize::from(settled(task));
            part.state = match (part.state, task) {
                (_, Task::Flying { .. }) | (PartState::Reading, _) => PartState::Reading,
                (_, Task::Open { .. }) | (PartState::Waiting, _) => PartState::Waiting,
                (_, Task::Missing(_)) | (PartState::Missing, _) => PartState::Missing,
                (PartState::Done, Task::Done { .. }) => PartState::Done,
            };
        }
        parts.into_values().collect()
    }

    /// What is being read right now, in words: `keys 31 of 100 pages`. Empty between requests.
    pub fn now(&self) -> String {
        let reading = self.parts().into_iter().filter(|part| part.state == PartState::Reading);
        reading.max_by_key(|part| part.of).map(|part| part.words()).unwrap_or_default()
    }
}

fn settled(task: &Task) -> bool {
    matches!(task, Task::Done { .. } | Task::Missing(_))
}
