//! The one store: a signal for each phase of the line, in its order. Secrets live in here and in the vault, in
//! this tab's memory, and nowhere else.

use std::collections::BTreeMap;
use std::ops::Deref;
use std::sync::Arc;

use apply::Journal;
use bifrost::Observed;
use inventory::{Candidate, Gathered, Inventory, Opened, Vault};
use leptos::prelude::*;
use litellm::fetch::{Answered, Fetch, Gap};
use litellm::{Input, Secret};
use model::{Origin, SourceId};
use plan::delta::Earlier;
use plan::{Choices, Plan};
use wire::{DatabaseRows, EarlierApplies, Status};

use crate::state::Place;
use crate::state::recognised::Seen;
use crate::state::run::{Check, Running};
use crate::state::undo::TakingBack;

/// Whether there is a relay behind the page.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) enum Relay {
    /// Being asked.
    #[default]
    Looking,
    /// The page was opened without a link from a relay: offline.
    Absent,
    /// It does not answer, or refuses; in words.
    Down(String),
    /// It answers.
    Up(Box<Status>),
}

/// What the relay can read.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Source {
    /// The LiteLLM proxy.
    Proxy,
    /// Its database.
    Database,
    /// The `config.yaml` the relay was started with.
    ConfigFile,
    /// The gateway.
    Gateway,
}

/// How far reading a source is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum ReadState {
    /// Under way: done and known so far.
    Reading(usize, usize),
    /// Read, in words.
    Done(String),
    /// Read with gaps, in words.
    Partial(String),
    /// Not read, and why.
    Failed(String),
}

/// Something that was given to be read, as it came. Never stored anywhere: it holds secrets.
pub(crate) enum Held {
    /// A file.
    File {
        /// Its name.
        name: String,
        /// Its bytes.
        bytes: Vec<u8>,
        /// Whether it came through the relay.
        relayed: bool,
    },
    /// An answer of the proxy.
    Answer(Arc<Answered>),
    /// What the proxy did not give.
    Gaps(Vec<Gap>),
    /// Rows of the database.
    Rows(DatabaseRows),
}

impl Held {
    /// Its place: files by name, then answers and rows. What was given in another order is the same plan.
    fn rank(&self) -> (u8, &str) {
        match self {
            Self::File { name, .. } => (0, name),
            Self::Answer(_) => (1, ""),
            Self::Gaps(_) => (2, ""),
            Self::Rows(_) => (3, ""),
        }
    }

    /// As the reader takes it.
    pub(crate) fn input(&self) -> Input<'_> {
        match self {
            Self::File { name, bytes, .. } => Input::File { name, bytes },
            Self::Answer(answer) => answer.input(),
            Self::Gaps(gaps) => Input::Gaps { gaps },
            Self::Rows(rows) => Input::Rows { tables: &rows.tables, findings: &rows.findings },
        }
    }
}

/// What the plan is made for.
#[derive(Clone, Debug)]
pub(crate) enum Target {
    /// A version chosen by hand.
    Chosen(String),
    /// A gateway as it was read.
    Read(Arc<Observed>),
}

/// What earlier applies left on the gateway, as the relay tells it when the gateway is read.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Before {
    /// It, as planning takes it.
    pub(crate) earlier: Arc<Earlier>,
    /// What is not taken into account, a sentence each.
    pub(crate) notes: Vec<String>,
    /// Why it is not known: the command does not plan then, so nothing is applied from here.
    pub(crate) failed: Option<String>,
}

impl Before {
    /// From what the relay told, or why it did not.
    pub(crate) fn of(told: Result<EarlierApplies, String>) -> Self {
        let read = told.and_then(|told| match serde_json::from_str(&told.text) {
            Ok(earlier) => Ok((earlier, told.notes)),
            Err(_) => Err("The relay's answer cannot be read; is it another version?".to_owned()),
        });
        match read {
            Ok((earlier, notes)) => Self { earlier: Arc::new(earlier), notes, failed: None },
            Err(why) => Self { failed: Some(why), ..Self::default() },
        }
    }
}

/// A virtual key the gateway made, for the hand-over; in memory only.
#[derive(Clone)]
pub(crate) struct Issued {
    /// Its name on the gateway.
    pub(crate) name: String,
    /// How LiteLLM knows the old key.
    pub(crate) old: String,
    /// The new value.
    pub(crate) value: Secret,
}

/// The store: a handle that costs nothing to pass into every closure. It lives as long as the page.
#[derive(Clone, Copy)]
pub(crate) struct Store(&'static Phases);

impl Deref for Store {
    type Target = Phases;

    fn deref(&self) -> &Phases {
        self.0
    }
}

/// The phases of the line, a signal each.
pub(crate) struct Phases {
    /// Where the page is.
    pub(crate) place: RwSignal<Place>,
    /// The relay.
    pub(crate) relay: RwSignal<Relay>,
    /// How far each source of the relay is read.
    pub(crate) reads: RwSignal<BTreeMap<Source, ReadState>>,
    /// The reading of the proxy: what was asked, what came, what is missing and can be asked again.
    pub(crate) fetch: RwSignal<Option<Fetch>>,
    /// What was given.
    pub(crate) held: RwSignal<Arc<Vec<Held>>>,
    /// What is being worked on, in words.
    pub(crate) busy: RwSignal<Option<&'static str>>,
    /// Counts the turns of the line: a newer one makes an older one stop.
    pub(crate) turn: RwSignal<u32>,
    /// The sources, read and joined.
    pub(crate) gathered: RwSignal<Option<Arc<Gathered>>>,
    /// What was seen in each of the sources.
    pub(crate) seen: RwSignal<Option<Arc<Seen>>>,
    /// Keys to open sealed values with.
    pub(crate) keys: RwSignal<Vec<Candidate>>,
    /// What is there.
    pub(crate) inventory: RwSignal<Option<Arc<Inventory>>>,
    /// The opened secrets.
    pub(crate) vault: RwSignal<Option<Arc<Vault<Opened>>>>,
    /// What the plan is for.
    pub(crate) target: RwSignal<Target>,
    /// What earlier applies left on the gateway that was read.
    pub(crate) before: RwSignal<Before>,
    /// What the user decided.
    pub(crate) choices: RwSignal<Choices>,
    /// The plan.
    pub(crate) plan: RwSignal<Option<Arc<Plan>>>,
    /// Whether the plan was kept over a reload, without the secrets it needs.
    pub(crate) restored: RwSignal<bool>,
    /// Set where the plan was too large to keep.
    pub(crate) unkept: RwSignal<bool>,
    /// The apply.
    pub(crate) running: RwSignal<Running>,
    /// The plan that was applied last in this tab; what is taken back is taken back by it.
    pub(crate) applied: RwSignal<Option<Arc<Plan>>>,
    /// Taking an apply back.
    pub(crate) taking_back: RwSignal<TakingBack>,
    /// A plan whose apply was not finished; it can be gone on with even when another was made since.
    pub(crate) stopped: RwSignal<Option<Arc<Plan>>>,
    /// Whether that plan came from the relay: another tab or a command began to apply it.
    pub(crate) relays: RwSignal<bool>,
    /// What there is to say about keeping the plan beside the journal.
    pub(crate) beside: RwSignal<Option<String>>,
    /// Verifying again.
    pub(crate) check: RwSignal<Check>,
    /// The journal as far as it is known.
    pub(crate) journal: RwSignal<Option<Arc<Journal>>>,
    /// New keys to hand out.
    pub(crate) issued: RwSignal<Arc<Vec<Issued>>>,
    /// Whether the report hides names and e-mails.
    pub(crate) hide: RwSignal<bool>,
    /// The place of a source that is looked at, and the object it is looked at for.
    pub(crate) looking: RwSignal<Option<(Origin, Option<SourceId>)>>,
    /// What is said to a screen reader.
    pub(crate) said: RwSignal<String>,
}

impl Store {
    /// Nothing known yet.
    pub(crate) fn new(place: Place) -> Self {
        Self(Box::leak(Box::new(Phases {
            place: RwSignal::new(place),
            relay: RwSignal::new(Relay::default()),
            reads: RwSignal::new(BTreeMap::new()),
            fetch: RwSignal::new(None),
            held: RwSignal::new(Arc::default()),
            busy: RwSignal::new(None),
            turn: RwSignal::new(0),
            gathered: RwSignal::new(None),
            seen: RwSignal::new(None),
            keys: RwSignal::new(Vec::new()),
            inventory: RwSignal::new(None),
            vault: RwSignal::new(None),
            target: RwSignal::new(Target::Chosen(bifrost::version::NEWEST_KNOWN.to_owned())),
            before: RwSignal::new(Before::default()),
            choices: RwSignal::new(Choices::default()),
            plan: RwSignal::new(None),
            restored: RwSignal::new(false),
            unkept: RwSignal::new(false),
            running: RwSignal::new(Running::default()),
            applied: RwSignal::new(None),
            taking_back: RwSignal::new(TakingBack::default()),
            stopped: RwSignal::new(None),
            relays: RwSignal::new(false),
            beside: RwSignal::new(None),
            check: RwSignal::new(Check::default()),
            journal: RwSignal::new(None),
            issued: RwSignal::new(Arc::default()),
            hide: RwSignal::new(false),
            looking: RwSignal::new(None),
            said: RwSignal::new(String::new()),
        })))
    }

    /// The store of this page.
    pub(crate) fn here() -> Self {
        expect_context()
    }

    /// What the relay is connected to, if it answers.
    pub(crate) fn status(self) -> Option<Status> {
        self.relay.with(|relay| match relay {
            Relay::Up(status) => Some((**status).clone()),
            Relay::Looking | Relay::Absent | Relay::Down(_) => None,
        })
    }

    /// Whether the plan that is shown without its secrets is the one that the relay kept.
    pub(crate) fn shows_relays(self) -> bool {
        let same =
            |stopped: &Arc<Plan>| self.plan.with(|plan| plan.as_ref().is_some_and(|plan| Arc::ptr_eq(plan, stopped)));
        self.restored.get() && self.relays.get() && self.stopped.with(|stopped| stopped.as_ref().is_some_and(same))
    }

    /// Says something in the live region.
    pub(crate) fn say(self, text: impl Into<String>) {
        self.said.set(text.into());
    }

    /// Sets how far a source is.
    pub(crate) fn set_read(self, source: Source, state: ReadState) {
        self.reads.update(|reads| {
            reads.insert(source, state);
        });
    }

    /// Puts something aside to be read, in place of what came from the same place before.
    pub(crate) fn hold(self, new: Vec<Held>, replaces: impl Fn(&Held) -> bool) {
        self.held.update(|held| {
            let old = Arc::try_unwrap(std::mem::take(held));
            // Nobody else holds the list while no turn of the line is under way; if one is, it is about to stop.
            let mut all: Vec<Held> = old.unwrap_or_else(|shared| shared.iter().map(copy).collect());
            all.retain(|held| !replaces(held));
            all.extend(new);
            all.sort_by(|left, right| left.rank().cmp(&right.rank()));
            *held = Arc::new(all);
        });
    }

    /// How many ops of the plan are done, by the journal.
    pub(crate) fn applied(self) -> bool {
        let Some(plan) = self.plan.get() else { return false };
        self.journal.with(|journal| {
            let Some(journal) = journal else { return false };
            let outcomes = journal.outcomes();
            plan.writes().next().is_some()
                && plan.writes().all(|op| outcomes.get(&op.id).is_some_and(|(result, ..)| result.is_success()))
        })
    }
}

fn copy(held: &Held) -> Held {
    match held {
        Held::File { name, bytes, relayed } => {
            Held::File { name: name.clone(), bytes: bytes.clone(), relayed: *relayed }
        }
        Held::Answer(answer) => Held::Answer(answer.clone()),
        Held::Gaps(gaps) => Held::Gaps(gaps.clone()),
        Held::Rows(rows) => Held::Rows(rows.clone()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_before_is_known_or_it_is_said_why_not() {
        let told =
            |text: &str| Before::of(Ok(EarlierApplies { text: text.to_owned(), notes: vec!["a note".to_owned()] }));
        let object = r#"{"kind":"virtual_key","id":"1","source":null,"fields":["name"],"created":true}"#;
        let known = told(&format!(r#"{{"objects":[{object}],"read":["database"]}}"#));
        assert_eq!((known.earlier.objects.len(), known.notes.len(), known.failed), (1, 1, None));
        for unread in [told("[]"), told(""), Before::of(Err("no".to_owned()))] {
            assert!(unread.earlier.objects.is_empty() && unread.failed.is_some(), "{unread:?}");
        }
    }
}
