//! Lists in pages: which pages there are, and whether what was read is the list as it was at one moment.

use std::collections::BTreeSet;

use super::facts::Facts;
use super::gap::Why;
use super::{Fetch, Place, Task};
use crate::endpoint::{ENDPOINTS, Endpoint, Pages, Paging};

/// More pages than any deployment has; a proxy that announces more is not believed.
const MOST_PAGES: u64 = 100_000;

/// The release whose list of customers is paged (`reference/litellm.md` 1.4).
const CUSTOMERS_PAGED: u16 = 109;

/// How often a list that only grows is read on at its end.
const GROWTHS: u8 = 3;

/// How often a list was begun.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Round {
    again: bool,
    growths: u8,
    pub(super) changed: Option<Why>,
}

impl Fetch {
    /// Whether a list is asked in pages: that of customers only by releases that page it, or by an unknown one.
    pub(super) fn paged(&self, endpoint: &Endpoint) -> bool {
        endpoint.id != "customers" || self.minor().is_none_or(|minor| minor >= CUSTOMERS_PAGED)
    }

    /// Asks the pages that the ones read announce; once all have come, checks them against each other.
    pub(super) fn settle_list(&mut self, at: usize) {
        let endpoint = &ENDPOINTS[at];
        let Paging::Pages(pages) = endpoint.paging else { return };
        if self.wanted.first_pages || !self.paged(endpoint) {
            return;
        }
        if self.announced(at).is_some() {
            self.further(at, pages);
        } else {
            self.one_further(at, pages);
        }
        let busy = |task: &Task| matches!(task, Task::Open { .. } | Task::Flying { .. });
        if !self.tasks_of(at).any(|(_, task)| busy(task)) {
            self.check(at, pages);
        }
    }

    pub(super) fn tasks_of(&self, at: usize) -> impl Iterator<Item = (&Place, &Task)> {
        self.tasks.range(Place { at, of: String::new(), page: 0 }..).take_while(move |(place, _)| place.at == at)
    }

    /// The pages that were read, in order.
    pub(super) fn read_pages(&self, at: usize) -> impl Iterator<Item = (u32, &Facts)> {
        self.tasks_of(at).filter_map(|(place, task)| match task {
            Task::Done { facts, .. } => Some((place.page, facts)),
            Task::Open { .. } | Task::Flying { .. } | Task::Missing(_) => None,
        })
    }

    /// How many entries the first page announces.
    fn announced(&self, at: usize) -> Option<u64> {
        self.read_pages(at).find(|(page, _)| *page == 1)?.1.total
    }

    fn further(&mut self, at: usize, pages: Pages) {
        let total = self.announced(at).unwrap_or(0);
        for page in 2..=pages_of(total, pages) {
            self.page(at, page);
        }
    }

    fn page(&mut self, at: usize, page: u32) {
        let place = Place { at, of: String::new(), page };
        if !self.tasks.contains_key(&place) {
            self.open(place, 0);
        }
    }

    /// Where no total is announced: as long as pages are full. A proxy that ignores paging gives the same page twice.
    fn one_further(&mut self, at: usize, pages: Pages) {
        let mut read: Vec<(u32, &Facts)> = self.read_pages(at).collect();
        let Some((page, last)) = read.pop() else { return };
        if read.last().is_some_and(|(_, before)| before.ids == last.ids) {
            self.tasks.remove(&Place { at, of: String::new(), page });
            return;
        }
        if last.ids.len() as u64 == u64::from(pages.most) {
            self.page(at, page + 1);
        }
    }

    fn check(&mut self, at: usize, pages: Pages) {
        let whole = {
            let read: Vec<(u32, &Facts)> = self.read_pages(at).collect();
            if read.is_empty() || self.tasks_of(at).any(|(_, task)| matches!(task, Task::Missing(_))) {
                return;
            }
            Whole::of(&ENDPOINTS[at], &read)
        };
        let round = self.rounds.entry(at).or_default();
        if whole.sound() {
            round.changed = None;
        } else if whole.grown() && round.growths < GROWTHS {
            round.growths += 1;
            let from = pages_of(whole.first, pages);
            let last = Place { at, of: String::new(), page: from };
            self.tasks.remove(&last);
            for page in from..=pages_of(whole.most, pages) {
                self.page(at, page);
            }
        } else if round.again {
            let counted = (whole.most > 0).then_some((whole.first, whole.last));
            round.changed = Some(Why::Changed { read: whole.different, counted });
        } else {
            round.again = true;
            self.restart(at);
        }
    }

    fn restart(&mut self, at: usize) {
        let old: Vec<Place> = self.tasks_of(at).map(|(place, _)| place.clone()).collect();
        for place in old {
            self.tasks.remove(&place);
        }
        self.open(Place::first(at), 0);
    }

    /// Begins those lists again that changed while they were read.
    pub(super) fn restart_changed(&mut self) {
        let changed: Vec<usize> =
            self.rounds.iter().filter(|(_, round)| round.changed.is_some()).map(|(at, _)| *at).collect();
        for at in changed {
            self.rounds.remove(&at);
            self.restart(at);
        }
    }
}

fn pages_of(total: u64, pages: Pages) -> u32 {
    u32::try_from(total.div_ceil(u64::from(pages.most)).clamp(1, MOST_PAGES)).unwrap_or(1)
}

/// What all pages together say.
struct Whole {
    /// How many entries the first page counts, the last one, and the one that counts most; 0 where none counts.
    first: u64,
    last: u64,
    most: u64,
    /// Whether no page counts less than the first.
    never_less: bool,
    /// Different entries.
    different: u64,
    /// Whether an entry came twice.
    twice: bool,
    /// Whether entries made meanwhile come at the end.
    oldest_first: bool,
}

impl Whole {
    fn of(endpoint: &Endpoint, read: &[(u32, &Facts)]) -> Self {
        let totals: Vec<u64> = read.iter().filter_map(|(_, facts)| facts.total).collect();
        let mut ids = BTreeSet::new();
        let mut twice = false;
        for (page, facts) in read {
            for id in &facts.ids {
                let nameless = id.starts_with('#');
                twice |= !ids.insert((if nameless { *page } else { 0 }, id.as_str()));
            }
        }
        let first = totals.first().copied().unwrap_or(0);
        Self {
            first,
            last: totals.last().copied().unwrap_or(0),
            most: totals.iter().copied().max().unwrap_or(0),
            never_less: totals.iter().all(|total| *total >= first),
            different: ids.len() as u64,
            // Agents are appended to every page of models (`reference/litellm.md` 1.5).
            twice: twice && endpoint.id != "models",
            oldest_first: endpoint.fixed.contains(&("sort_order", "asc")),
        }
    }

    fn sound(&self) -> bool {
        let steady = self.never_less && (self.first == self.most || self.oldest_first);
        !self.twice && steady && self.different >= self.most
    }

    /// Whether entries were made meanwhile, and nothing else happened.
    fn grown(&self) -> bool {
        !self.twice && self.oldest_first && self.never_less && self.most > self.first
    }
}
