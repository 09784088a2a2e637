//! The plan as data. Its serialized form is `gangway.plan.v1` (`design` 4): names and shapes here are frozen
//! once shipped, and a snapshot test holds them.

use std::collections::BTreeMap;
use std::sync::Arc;

use bifrost::{Body, Kind};
use model::{Finding, Moment, OpId, Origin, SourceId};
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::choices::Choices;
use crate::delta::Gone;

/// The name of the format, always its first field.
pub const FORMAT: &str = "gangway.plan.v1";

/// Everything that will be done to the gateway, and why; made by [`crate::plan`], read by people, carried out by
/// `apply`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[must_use = "a plan that nobody reads helps nobody"]
pub struct Plan {
    /// [`FORMAT`].
    pub format: String,
    /// From what and for what it was made.
    pub made: Made,
    /// Whether every source that was offered could be read completely.
    pub complete: bool,
    /// Whether it may be applied: nothing widens access, no decision is missing, no salt key is wrong.
    pub applyable: bool,
    /// The counts.
    pub summary: Summary,
    /// What to do, in the order to do it.
    pub ops: Vec<Op>,
    /// What became of every source object; each appears exactly once.
    pub objects: Vec<ObjectFate>,
    /// What earlier applies made and this plan does not ask for any more; it stays, unless its removal is asked for.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub gone: Vec<Gone>,
    /// What a person has to know.
    pub findings: Vec<Finding>,
    /// Who may call what, before and after, for each key.
    pub access: Vec<AccessVerdict>,
    /// Where the names that clients ask for go, before and after.
    #[serde(default)]
    pub routes: Routes,
    /// What the user decided.
    pub choices: Choices,
    /// Which way onto the gateway is better, where it makes a difference.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub roads: Option<Roads>,
}

/// A way onto the gateway.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Road {
    /// Call by call to the running gateway: every write is read back, and the new keys are handed out.
    Calls,
    /// A start from `config.json` ([`crate::export`]).
    File,
}

/// How long each way takes for a plan of many virtual keys (`reference/bifrost-api.md` 13.7).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Roads {
    /// The better one.
    pub recommended: Road,
    /// How many virtual keys are to be made.
    pub virtual_keys: u64,
    /// About how long the calls take.
    pub calls_seconds: u64,
    /// About how long a start from the file takes; none where the gateway holds things already.
    pub file_seconds: Option<u64>,
}

/// From what and for what a plan was made.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Made {
    /// The version of Gangway.
    pub gangway: String,
    /// The version of the gateway it is for, as the gateway says it.
    pub target_version: String,
    /// What was read, the target included.
    pub sources: Vec<Source>,
}

/// One thing that was read.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Source {
    /// Which kind of source.
    pub kind: SourceKind,
    /// 16 hex digits over what was read, without counters that move by themselves (spend, last use). Two
    /// plans of equal fingerprints were made from the same state.
    pub fingerprint: String,
    /// In words: `config.yaml, 14 models`.
    pub what: String,
}

/// The kinds of source.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum SourceKind {
    /// `config.yaml`.
    ConfigFile,
    /// Answers of the LiteLLM API.
    Api,
    /// Rows of its database, or a dump.
    Database,
    /// The gateway as it was.
    Target,
}

impl SourceKind {
    /// Its words.
    pub const fn words(self) -> &'static str {
        match self {
            Self::ConfigFile => "config.yaml",
            Self::Api => "answers of LiteLLM's API",
            Self::Database => "LiteLLM's database",
            Self::Target => "the gateway",
        }
    }
}

/// The counts of a plan. The first four count `ops`, the next four count fields of source objects.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Summary {
    /// Ops that create.
    pub create: usize,
    /// Ops that change.
    pub change: usize,
    /// Ops that find everything as it should be.
    pub same: usize,
    /// Ops that leave something out on purpose.
    pub skip: usize,
    /// Fields that arrive exactly.
    pub exact: usize,
    /// Fields that arrive different in a way we can name.
    pub approximate: usize,
    /// Fields that a person has to see to.
    pub manual: usize,
    /// Fields the target cannot hold.
    pub unsupported: usize,
    /// Those of them that are only LiteLLM's record of itself ([`FieldLine::is_history`]).
    #[serde(default, skip_serializing_if = "is_zero")]
    pub history: usize,
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde hands over a reference")]
const fn is_zero(count: &usize) -> bool {
    *count == 0
}

/// What an op does. Closed: there is no delete.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Action {
    /// The object does not exist yet.
    Create,
    /// It exists and differs.
    Change,
    /// It exists as it should be.
    Same,
    /// It is left out, and `reason` says why.
    Skip,
}

impl Action {
    /// Its symbol, readable without colour.
    pub const fn symbol(self) -> &'static str {
        match self {
            Self::Create => "+",
            Self::Change => "~",
            Self::Same => "=",
            Self::Skip => "-",
        }
    }

    /// Its word.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Create => "create",
            Self::Change => "change",
            Self::Same => "same",
            Self::Skip => "skip",
        }
    }
}

/// One thing to do to one target object.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Op {
    /// `kind/name`, the same in every run.
    pub id: OpId,
    /// Of which kind the object is.
    pub kind: Kind,
    /// Its name on the gateway.
    pub name: String,
    /// What is done.
    pub action: Action,
    /// Why.
    pub reason: String,
    /// Ops that have to be done before.
    pub after_ops: Vec<OpId>,
    /// The gateway's id of the object, where it exists already.
    pub target_id: Option<String>,
    /// What is there now, as the gateway shows it (its secrets redacted).
    pub before: Option<Value>,
    /// The body to send, with `$secret` and `$ref` holes (`bifrost::hole`). For `client_config` and a changed
    /// provider: only the fields to set; the engine reads, merges and writes the whole.
    pub after: Option<Body>,
    /// The places it comes from.
    pub origins: Vec<Origin>,
    /// What became of each source field that this op carries or leaves behind.
    pub fields: Vec<FieldLine>,
}

/// How faithfully a field arrives.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Fidelity {
    /// It means the same afterwards.
    Exact,
    /// Different in a way we can name.
    Approximate,
    /// A person must do it, and the note says how.
    Manual,
    /// The target cannot hold it.
    Unsupported,
}

impl Fidelity {
    /// Its word.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Exact => "exact",
            Self::Approximate => "approximate",
            Self::Manual => "manual",
            Self::Unsupported => "unsupported",
        }
    }
}

/// What became of one field of one source object. The texts are shared: most lines of a plan say what others say too.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct FieldLine {
    /// The source object.
    pub object: SourceId,
    /// The field, as a path: `litellm_params.api_base`.
    pub source: Arc<str>,
    /// Where it went in the target's body, if anywhere.
    pub target: Option<Arc<str>>,
    /// How faithfully.
    pub fidelity: Fidelity,
    /// Why, or what to do.
    pub note: Arc<str>,
    /// The place it was read from.
    pub origin: Origin,
}

impl FieldLine {
    /// Whether the field only tells when and by whom LiteLLM had the object made or changed: the gateway has no place
    /// for it, and nothing works differently without it.
    pub fn is_history(&self) -> bool {
        self.fidelity == Fidelity::Unsupported && *self.note == *crate::rules::HISTORY
    }
}

/// What became of a source object as a whole.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Fate {
    /// It has target objects of its own.
    Moved,
    /// Its content is part of other objects (a linked budget, a credential, a setting).
    Folded,
    /// Left out on purpose: the user's choice, or it is dead.
    Skipped,
    /// A person must do it.
    Manual,
    /// The target has no such thing.
    Unsupported,
}

/// What became of one source object.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ObjectFate {
    /// `kind/id`.
    pub id: SourceId,
    /// Its kind, in LiteLLM's words: `deployment`, `team`, `guardrail`.
    pub kind: String,
    /// The name people know it by.
    pub name: String,
    /// What became of it.
    pub fate: Fate,
    /// Why, and for `manual` and `unsupported` what to do instead.
    pub note: String,
    /// Of a key: when it was made in LiteLLM. That stays when it is renamed, and says nothing about its value.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub made_at: Option<Moment>,
    /// The ops it went into.
    pub ops: Vec<OpId>,
    /// Where it was read.
    pub origins: Vec<Origin>,
    /// Its fields that no op accounts for.
    pub fields: Vec<FieldLine>,
}

/// How a key's access compares.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Verdict {
    /// It may call exactly the same names.
    Equal,
    /// It loses some.
    Narrower,
    /// It would gain some: the plan is not applyable.
    Wider,
}

impl Verdict {
    /// What follows from what only one side allows.
    pub(crate) const fn of(only_source: &[String], only_target: &[String]) -> Self {
        match (only_target.is_empty(), only_source.is_empty()) {
            (false, _) => Self::Wider,
            (true, false) => Self::Narrower,
            (true, true) => Self::Equal,
        }
    }
}

/// Who may call what, before and after, for one virtual key.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct AccessVerdict {
    /// The virtual key's name on the gateway, or `(no key)` for a caller without one.
    pub virtual_key: String,
    /// The comparison.
    pub verdict: Verdict,
    /// Names only LiteLLM allows.
    pub only_source: Vec<String>,
    /// Names only the gateway would allow.
    pub only_target: Vec<String>,
}

/// Where names go, before and after: how many were compared, and those that differ.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Routes {
    /// How many names some key may ask for.
    pub asked: usize,
    /// How many of them go to the same upstreams, as often, for every key.
    pub equal: usize,
    /// The others.
    pub differing: Vec<RouteRow>,
}

/// A name that goes elsewhere, or less often, than in LiteLLM.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct RouteRow {
    /// The name that is asked for.
    pub name: String,
    /// The worst difference over all keys.
    pub verdict: RouteVerdict,
    /// How many virtual keys it concerns.
    pub keys: usize,
    /// What differs.
    pub note: String,
}

/// How routes differ, the mildest first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum RouteVerdict {
    /// What is tried after a failure.
    Fallback,
    /// The shares of several upstreams.
    Share,
    /// Some upstreams do not answer any more, or some calls are refused.
    Narrower,
    /// An upstream that LiteLLM would not ask.
    Elsewhere,
}

impl Plan {
    /// The op of that id.
    pub fn op(&self, id: &OpId) -> Option<&Op> {
        self.ops.iter().find(|op| op.id == *id)
    }

    /// Ops that write.
    pub fn writes(&self) -> impl Iterator<Item = &Op> {
        self.ops.iter().filter(|op| matches!(op.action, Action::Create | Action::Change))
    }

    /// What became of every field: the lines of the ops, then those of objects that went into none.
    pub fn lines(&self) -> impl Iterator<Item = &FieldLine> + Clone {
        self.ops.iter().flat_map(|op| &op.fields).chain(self.objects.iter().flat_map(|object| &object.fields))
    }

    /// Whether another plan was made from the same state of the sources, whatever the gateway was like.
    pub fn has_sources_of(&self, other: &Self) -> bool {
        let sources = |plan: &Self| -> Vec<Source> {
            plan.made.sources.iter().filter(|source| source.kind != SourceKind::Target).cloned().collect()
        };
        sources(self) == sources(other)
    }

    /// How many source objects of each kind there are.
    pub fn objects_by_kind(&self) -> BTreeMap<&str, usize> {
        let mut counts = BTreeMap::new();
        for object in &self.objects {
            *counts.entry(object.kind.as_str()).or_default() += 1;
        }
        counts
    }
}
