//! What follows from an answer, a refusal, or the end of a stretch.

use super::gap::{Gap, Why};
use super::{Fetch, Phase, Place, Task, position};
use crate::endpoint::{ENDPOINTS, Role};

/// The reads of which another says a part even where there is no database.
const WITHOUT_DATABASE: &[&str] = &["models", "guardrails"];

impl Fetch {
    /// Goes on with what an answer brought.
    pub(super) fn settle(&mut self, at: usize) {
        self.settle_list(at);
    }

    /// What was asked is not to be had.
    pub(super) fn missing(&mut self, place: &Place, why: Why) {
        let why = match why {
            // It opened other doors: the key is right.
            Why::WrongKey(words) if self.trusted => Why::Forbidden(words),
            other => other,
        };
        if matches!(why, Why::WrongKey(_)) {
            self.stopped = Some(why.clone());
        }
        // What stands in without a database; a server error may be one that is not put into words.
        let lesser =
            matches!(why, Why::NoDatabase | Why::Failed(..)) && WITHOUT_DATABASE.contains(&place.endpoint().id);
        self.tasks.insert(place.clone(), Task::Missing(why));
        if let Some(instead) = place.endpoint().instead.filter(|_| lesser) {
            self.begin(instead);
        }
    }

    /// The proxy has no such path.
    pub(super) fn no_path(&mut self, place: &Place) {
        let endpoint = place.endpoint();
        let perhaps_older = endpoint.since > 0 && self.version.is_none();
        let why = if perhaps_older { Why::NotInRelease(None) } else { Why::NotFound };
        self.tasks.insert(place.clone(), Task::Missing(why));
        if let Some(instead) = endpoint.instead {
            self.begin(instead);
        }
    }

    /// Begins the next stretch; `false` at the end.
    pub(super) fn advance(&mut self) -> bool {
        match self.phase {
            Phase::Version => self.after_version(),
            Phase::Lists => {
                self.phase = Phase::Objects;
                self.follow();
                true
            }
            Phase::Objects => {
                self.phase = Phase::End;
                true
            }
            Phase::End => false,
        }
    }

    /// The next way to learn the version (`reference/litellm.md` 1.3), or all the lists.
    fn after_version(&mut self) -> bool {
        if self.version.is_none() {
            for id in ["readiness_details", "openapi"] {
                if self.task(id).is_none() {
                    self.begin(id);
                    return true;
                }
            }
            // Nothing of LiteLLM was there: one more look, at what every release has.
            let strange = |id| {
                matches!(self.task(id), Some(Task::Missing(Why::NotFound | Why::NotInRelease(_) | Why::NotJson(_))))
            };
            if ["readiness", "readiness_details", "openapi"].into_iter().all(strange) {
                match self.task("keys") {
                    None => {
                        self.begin("keys");
                        return true;
                    }
                    Some(Task::Missing(why @ (Why::NotFound | Why::NotJson(_)))) => {
                        let why = if *why == Why::NotFound { Why::NotLitellm } else { why.clone() };
                        self.stopped = Some(why);
                        return true;
                    }
                    Some(_) => {}
                }
            }
        }
        self.phase = Phase::Lists;
        self.begin_lists();
        true
    }

    /// Those with pages first: what they bring keeps every lane of the sender busy.
    fn begin_lists(&mut self) {
        let mut lists: Vec<usize> = (0..ENDPOINTS.len()).filter(|at| ENDPOINTS[*at].role == Role::Always).collect();
        lists.sort_by_key(|at| ENDPOINTS[*at].paging == crate::endpoint::Paging::None);
        if let Some(at) = position("key") {
            self.open(Place::first(at), 0);
        }
        for at in lists {
            let endpoint = &ENDPOINTS[at];
            if self.minor().is_none_or(|minor| minor >= endpoint.since) {
                self.begin(endpoint.id);
            } else if let Some(instead) = endpoint.instead {
                self.begin(instead);
            } else {
                self.tasks.insert(Place::first(at), Task::Missing(Why::NotInRelease(self.version.clone())));
            }
        }
    }

    pub(super) fn task(&self, id: &str) -> Option<&Task> {
        self.tasks.get(&Place::first(position(id)?))
    }

    /// What is missing, each reason once.
    pub(super) fn gaps(&self) -> Vec<Gap> {
        const PROXY: &str = "LiteLLM proxy";
        let whole = |why: &Why| vec![Gap { name: PROXY.to_owned(), what: "its objects".to_owned(), why: why.clone() }];
        match &self.stopped {
            Some(why @ (Why::WrongKey(_) | Why::NotLitellm | Why::NotJson(_))) => return whole(why),
            // Before the first list was asked for, nothing of the proxy's objects is known.
            Some(why) if !self.answered || self.phase == Phase::Version => return whole(why),
            _ => {}
        }
        let mut gaps: Vec<Gap> = Vec::new();
        let each = (0..ENDPOINTS.len()).filter(|at| !matches!(ENDPOINTS[*at].role, Role::Version | Role::Instead));
        for gap in each.filter_map(|at| self.gap_or_instead(at)).chain(self.found.iter().cloned()) {
            match gaps.iter_mut().find(|other| other.why.alike(&gap.why)) {
                Some(other) if other.what == gap.what => {}
                Some(other) => {
                    PROXY.clone_into(&mut other.name);
                    other.what = format!("{}, {}", other.what, gap.what);
                }
                None => gaps.push(gap),
            }
        }
        gaps
    }

    /// The gap of a read, or of the one that stands in for it: what came that way is no gap.
    fn gap_or_instead(&self, at: usize) -> Option<Gap> {
        let own = self.gap(at);
        let instead = ENDPOINTS[at].instead.and_then(position).filter(|at| self.tasks_of(*at).next().is_some());
        let Some(instead) = instead else { return own };
        match self.gap(instead) {
            Some(gap) if !matches!(gap.why, Why::NotFound | Why::NotInRelease(_)) => Some(gap),
            Some(_) => own,
            None => own.filter(|gap| gap.why == Why::NoDatabase),
        }
    }

    fn gap(&self, at: usize) -> Option<Gap> {
        let endpoint = &ENDPOINTS[at];
        let gap = |why| Some(Gap { name: endpoint.path.to_owned(), what: endpoint.what.to_owned(), why });
        let stopped = self.stopped.as_ref();
        let lost = |task: &Task| match task {
            Task::Missing(why) => Some(why.clone()),
            Task::Open { .. } | Task::Flying { .. } => stopped.cloned(),
            Task::Done { .. } => None,
        };
        let missing: Vec<Why> = self.tasks_of(at).filter_map(|(_, task)| lost(task)).collect();
        let read = self.tasks_of(at).count() - missing.len();
        if let Some(changed) = self.rounds.get(&at).and_then(|round| round.changed.clone()) {
            return gap(changed);
        }
        let first = missing.first()?.clone();
        // The database holds what the licence hides: nothing is missing.
        if first == Why::Licence && self.wanted.database {
            return None;
        }
        if read == 0 && missing.len() == 1 {
            return gap(first);
        }
        let (pages, per_page) = (missing.len() as u64, endpoint.per_page());
        let words = first.words();
        gap(Why::Pages { pages, of: pages + read as u64, entries: pages * per_page, words })
    }
}
