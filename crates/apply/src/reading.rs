//! Reading the whole gateway between other calls: what says nothing is asked again, a few times.

use std::collections::BTreeSet;

use bifrost::observer::listing;
use bifrost::{Answer, Call, Endpoint, Kind, ObserveError, Observed, Observer};

use crate::pace::{Pace, TRIES};

/// A reading under way.
#[derive(Clone, Debug)]
pub(crate) struct Reading {
    observer: Observer,
    tries: u32,
    rest: Option<u64>,
    /// What has to answer with JSON although not every gateway has it: we wrote there.
    written: BTreeSet<Endpoint>,
}

impl Reading {
    /// Begins; `kinds` are those that were written.
    pub(crate) fn begin(kinds: impl Iterator<Item = Kind>) -> Self {
        let lists = kinds.filter_map(listing).map(|(endpoint, ..)| endpoint);
        let written = lists.chain([Endpoint::Version]).collect();
        Self { observer: Observer::new(), tries: 0, rest: None, written }
    }

    /// How long to wait before the next call.
    pub(crate) fn rest(&self) -> Option<u64> {
        self.rest
    }

    /// The next call; none when all is read or nothing more can be.
    pub(crate) fn next(&self) -> Option<Call> {
        self.observer.next()
    }

    /// The wait is over.
    pub(crate) fn slept(&mut self) {
        self.rest = None;
    }

    /// The call was answered.
    pub(crate) fn answered(&mut self, answer: &Answer, pace: &mut Pace) {
        if self.tries + 1 < TRIES && self.is_noise(answer) {
            return self.again(pace);
        }
        self.tries = 0;
        self.observer.on(answer);
    }

    /// No answer came.
    pub(crate) fn lost(&mut self, pace: &mut Pace) {
        if self.tries + 1 < TRIES {
            return self.again(pace);
        }
        self.observer.lost("no answer came");
    }

    /// What was read.
    pub(crate) fn finish(self) -> Result<Observed, ObserveError> {
        self.observer.finish()
    }

    fn again(&mut self, pace: &mut Pace) {
        self.tries += 1;
        self.rest = pace.wait(self.tries);
    }

    /// Whether an answer says nothing about the gateway: what the observer would ask again, and a page where we
    /// wrote objects.
    fn is_noise(&self, answer: &Answer) -> bool {
        // What says that it is JSON and is none, the observer asks again.
        let page = || answer.is_success() && !answer.says_json();
        let written = || self.observer.next().is_some_and(|call| self.written.contains(&call.endpoint));
        self.observer.again(answer) || (written() && page())
    }
}
