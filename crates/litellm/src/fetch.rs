//! Reading a running proxy, without doing it: what to ask next, given what has come so far; what to ask again; and
//! what is missing in the end. The page and the command line send the requests, each in its own way, up to [`LANES`]
//! at once. Source: `reference/litellm.md` 1.

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::sync::Arc;

use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::Input;
use crate::endpoint::{ENDPOINTS, Endpoint, Paging, Role};

mod cost;
mod facts;
mod follow;
mod gap;
mod lists;
mod meaning;
mod progress;
mod settle;

use facts::Facts;
use lists::Round;
use meaning::Meaning;

pub use cost::Cost;
pub use gap::{Gap, Why};
pub use meaning::{Event, Lost};
pub use progress::{Part, PartState};

/// How many requests may be on their way at once.
pub const LANES: usize = 4;

/// How long to wait before each further try, in milliseconds. A lost request is tried as often as this is long.
const BACKOFF: [u32; 3] = [500, 1_500, 4_000];

/// The longest a proxy may ask to wait for, in milliseconds.
const LONGEST_WAIT: u32 = 30_000;

/// After so many requests in a row that came to nothing, after all their tries, the proxy counts as down.
const DOWN_AFTER: u32 = 4;

/// What is to be read.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Wanted {
    /// Whether the rows of the database are read as well: what they hold better is not asked one by one.
    pub database: bool,
    /// Whether to make a request per object where lists leave something out, however many there are.
    pub every_object: bool,
    /// Only the first page of each list, and nothing per object: enough to know what may be seen and what all of it
    /// would cost, see [`Fetch::cost`].
    pub first_pages: bool,
}

/// What to do next.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Step {
    /// Wait as long as it says, then send this; others may be sent meanwhile.
    Ask(Ask),
    /// Nothing to send until one of those on their way is told.
    Wait,
    /// Nothing is left to send, and nothing is on its way.
    Done,
}

/// One request.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Ask {
    /// The endpoint's id.
    pub endpoint: &'static str,
    /// Its query.
    pub query: BTreeMap<String, String>,
    /// How long to wait before it is sent, in milliseconds.
    pub wait_ms: u32,
    place: Place,
}

/// An answer that is used.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Answered {
    /// What was asked, for origins: the path, with what tells it from others of the same path.
    pub name: String,
    /// The HTTP status: always a success.
    pub status: u16,
    /// The body.
    pub body: String,
}

/// What came of it all.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[must_use = "what is missing is in here"]
pub struct Fetched {
    /// The answers in a fixed order, whatever order they came in.
    pub answers: Vec<Arc<Answered>>,
    /// What is missing.
    pub gaps: Vec<Gap>,
    /// The release, where it was told.
    pub version: Option<String>,
    /// How many requests were sent.
    pub requests: u64,
}

impl Fetched {
    /// As the reader takes it: the answers, then what is missing.
    pub fn inputs(&self) -> impl Iterator<Item = Input<'_>> {
        let answers = self.answers.iter().map(|answer| answer.input());
        answers.chain((!self.gaps.is_empty()).then_some(Input::Gaps { gaps: &self.gaps }))
    }
}

impl Answered {
    /// As the reader takes it.
    pub fn input(&self) -> Input<'_> {
        Input::Answer { endpoint: &self.name, status: self.status, body: &self.body }
    }
}

/// Where an answer belongs: the endpoint, the object it is about, the page.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Place {
    at: usize,
    of: String,
    page: u32,
}

impl Place {
    fn first(at: usize) -> Self {
        let page = u32::from(ENDPOINTS[at].paging != Paging::None);
        Self { at, of: String::new(), page }
    }

    fn endpoint(&self) -> &'static Endpoint {
        &ENDPOINTS[self.at]
    }
}

/// How far one request is.
#[derive(Clone, Debug)]
enum Task {
    /// To be sent; how often it was tried, and how long to wait before.
    Open { tries: u8, wait_ms: u32 },
    /// On its way; how often it was tried.
    Flying { tries: u8 },
    /// Answered. What is used up at once keeps no answer.
    Done { answer: Option<Arc<Answered>>, facts: Facts },
    /// Not to be had.
    Missing(Why),
}

/// Who is behind the key everything is asked with.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Own {
    /// It is no virtual key, as far as is known.
    Master,
    /// A virtual key that belongs to nobody.
    Nobody,
    /// A virtual key of that user.
    User(String),
}

/// How far the whole is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Phase {
    Version,
    Lists,
    Objects,
    End,
}

/// The reads of one proxy.
#[derive(Clone, Debug)]
pub struct Fetch {
    wanted: Wanted,
    phase: Phase,
    open: VecDeque<Place>,
    tasks: BTreeMap<Place, Task>,
    rounds: BTreeMap<usize, Round>,
    version: Option<String>,
    /// Budgets that something other than a membership uses.
    used_budgets: BTreeSet<String>,
    /// Who is behind the key, where it is no master key.
    own_user: Own,
    /// What the follow-up found out.
    found: Vec<Gap>,
    stopped: Option<Why>,
    in_flight: usize,
    requests: u64,
    /// Requests in a row that came to nothing.
    lost_in_a_row: u32,
    answered: bool,
    trusted: bool,
}

impl Default for Fetch {
    fn default() -> Self {
        Self::new(Wanted::default())
    }
}

impl Fetch {
    /// Begins.
    pub fn new(wanted: Wanted) -> Self {
        let mut fetch = Self {
            wanted,
            phase: Phase::Version,
            open: VecDeque::new(),
            tasks: BTreeMap::new(),
            rounds: BTreeMap::new(),
            version: None,
            used_budgets: BTreeSet::new(),
            own_user: Own::Master,
            found: Vec::new(),
            stopped: None,
            in_flight: 0,
            requests: 0,
            lost_in_a_row: 0,
            answered: false,
            trusted: false,
        };
        fetch.begin("readiness");
        fetch
    }

    /// What to do next.
    pub fn step(&mut self) -> Step {
        loop {
            if self.stopped.is_some() || self.in_flight >= LANES {
                return if self.in_flight > 0 { Step::Wait } else { Step::Done };
            }
            if let Some(place) = self.open.pop_front() {
                if let Some(ask) = self.send(place) {
                    return Step::Ask(ask);
                }
            } else if self.in_flight > 0 {
                return Step::Wait;
            } else if !self.advance() {
                return Step::Done;
            }
        }
    }

    /// Tells what became of a request.
    pub fn on(&mut self, ask: &Ask, event: Event) {
        let place = &ask.place;
        let Some(Task::Flying { tries }) = self.tasks.get(place) else { return };
        let tries = *tries;
        self.in_flight = self.in_flight.saturating_sub(1);
        let endpoint = place.endpoint();
        match meaning::meaning(endpoint, event) {
            Meaning::Fine(value, body) => {
                self.trusted |= endpoint.id != "readiness" && endpoint.id != "openapi";
                self.alive();
                self.fine(place, &value, body);
            }
            Meaning::Again(why, after) => self.again_or_missing(place, tries, why, after),
            Meaning::NoPath => {
                self.alive();
                self.no_path(place);
            }
            Meaning::Gone => {
                self.alive();
                self.tasks.remove(place);
            }
            Meaning::Missing(why) => {
                self.alive();
                self.missing(place, why);
            }
        }
        self.settle(place.at);
    }

    /// Stops: nothing more is sent. What is on its way may still be told, and is used.
    pub fn stop(&mut self) {
        self.stopped.get_or_insert(Why::Stopped);
    }

    /// Goes on with what is missing and may come now; what was read is kept. `false` where nothing is worth asking.
    pub fn again(&mut self) -> bool {
        if self.phase == Phase::Version {
            let again = self.stopped.is_some();
            if again {
                *self = Self::new(self.wanted);
            }
            return again;
        }
        self.stopped = None;
        self.lost_in_a_row = 0;
        let lost: Vec<Place> =
            self.tasks.iter().filter(|(_, task)| task.worth_again()).map(|(p, _)| p.clone()).collect();
        for place in lost {
            self.open(place, 0);
        }
        self.restart_changed();
        if self.open.is_empty() {
            return false;
        }
        self.phase = Phase::Lists;
        self.found.clear();
        true
    }

    /// Asks as well for what was left out because of the number of requests it takes.
    pub fn every_object(&mut self) {
        self.wanted.every_object = true;
        self.stopped = None;
        self.phase = self.phase.min(Phase::Lists);
        self.found.clear();
    }

    /// What has come so far, and what is missing of it.
    pub fn fetched(&self) -> Fetched {
        let answers = self.tasks.values().filter_map(|task| match task {
            Task::Done { answer, .. } => answer.clone(),
            Task::Open { .. } | Task::Flying { .. } | Task::Missing(_) => None,
        });
        Fetched {
            answers: answers.collect(),
            gaps: self.gaps(),
            version: self.version.clone(),
            requests: self.requests,
        }
    }

    fn send(&mut self, place: Place) -> Option<Ask> {
        let Some(Task::Open { tries, wait_ms }) = self.tasks.get(&place) else { return None };
        let (tries, wait_ms) = (*tries, *wait_ms);
        self.tasks.insert(place.clone(), Task::Flying { tries });
        self.in_flight += 1;
        self.requests += 1;
        let endpoint = place.endpoint();
        Some(Ask { endpoint: endpoint.id, query: query(&place, self.paged(endpoint)), wait_ms, place })
    }

    fn open(&mut self, place: Place, wait_ms: u32) {
        self.tasks.insert(place.clone(), Task::Open { tries: 0, wait_ms });
        self.open.push_back(place);
    }

    fn begin(&mut self, id: &str) {
        if let Some(at) = position(id) {
            let first = Place::first(at);
            if !self.tasks.contains_key(&first) {
                self.open(first, 0);
            }
        }
    }

    fn alive(&mut self) {
        self.answered = true;
        self.lost_in_a_row = 0;
    }

    fn again_or_missing(&mut self, place: &Place, tries: u8, why: Why, after: Option<u32>) {
        self.answered |= matches!(why, Why::Failed(..));
        if let Some(backoff) = BACKOFF.get(usize::from(tries))
            && self.stopped.is_none()
        {
            let asked = after.map_or(0, |seconds| seconds.saturating_mul(1_000).min(LONGEST_WAIT));
            self.tasks.insert(place.clone(), Task::Open { tries: tries + 1, wait_ms: asked.max(*backoff) });
            self.open.push_front(place.clone());
            return;
        }
        self.lost_in_a_row += 1;
        let never = !self.answered && place.endpoint().id == "readiness";
        if never || self.lost_in_a_row >= DOWN_AFTER {
            self.stopped.get_or_insert(why.clone());
        }
        self.missing(place, why);
    }

    fn fine(&mut self, place: &Place, value: &Value, body: String) {
        let facts = Facts::of(place.endpoint(), value);
        self.learn(place, value);
        let kept = !facts.short_keys && !is_own_key(place);
        let body = if place.endpoint().id == "openapi" { version_only(value) } else { body };
        let answer = kept.then(|| Arc::new(Answered { name: name(place), status: 200, body }));
        self.tasks.insert(place.clone(), Task::Done { answer, facts });
    }
}

impl Task {
    const fn worth_again(&self) -> bool {
        match self {
            Self::Missing(why) => matches!(why, Why::Down(_) | Why::Failed(..)),
            // Stopped while it was to be sent.
            Self::Open { .. } => true,
            Self::Flying { .. } | Self::Done { .. } => false,
        }
    }
}

/// Whether it is the read that tells about the key it is asked with.
fn is_own_key(place: &Place) -> bool {
    place.endpoint().id == "key" && place.of.is_empty()
}

/// Of two megabytes of OpenAPI, what is used.
fn version_only(body: &Value) -> String {
    serde_json::json!({ "openapi": body.get("openapi"), "info": body.get("info") }).to_string()
}

fn position(id: &str) -> Option<usize> {
    ENDPOINTS.iter().position(|endpoint| endpoint.id == id)
}

fn query(place: &Place, paged: bool) -> BTreeMap<String, String> {
    let endpoint = place.endpoint();
    let mut query: BTreeMap<String, String> =
        endpoint.fixed.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
    if let Paging::Pages(pages) = endpoint.paging
        && paged
    {
        query.insert("page".to_owned(), place.page.to_string());
        query.insert(pages.size.to_owned(), pages.most.to_string());
    }
    if endpoint.role == Role::Each && !place.of.is_empty() {
        query.extend(endpoint.query.first().map(|name| ((*name).to_owned(), place.of.clone())));
    }
    query
}

/// How an answer is called in origins.
fn name(place: &Place) -> String {
    let endpoint = place.endpoint();
    match endpoint.query.first() {
        Some(name) if endpoint.role == Role::Each => format!("{}?{name}={}", endpoint.path, place.of),
        _ if place.page > 1 => format!("{}?page={}", endpoint.path, place.page),
        _ => endpoint.path.to_owned(),
    }
}
