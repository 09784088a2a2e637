//! What the HTML and the Markdown report show, computed once: both templates only place it.

mod access;
mod head;
mod losses;
mod names;
mod objects;
mod ops;
mod outcome;

use std::collections::BTreeMap;

use model::{OpId, SourceId};
use plan::{Fidelity, ObjectFate, Plan};

use crate::run::{OpRun, Run};
use crate::words;

pub(crate) use access::Access;
pub(crate) use head::{Choice, FindingLine, SourceLine, Tile};
pub(crate) use losses::{LossLine, without_counterpart};
pub(crate) use names::NameList;
pub(crate) use objects::{FateRow, ObjectKind};
pub(crate) use ops::OpKind;
pub(crate) use outcome::Outcome;

/// The whole report, ready to be placed.
pub(crate) struct View {
    pub(crate) title: &'static str,
    pub(crate) verdict: String,
    /// `good`, `bad` or `warn`, for the colour beside the words.
    pub(crate) tone: &'static str,
    pub(crate) refusals: Vec<String>,
    pub(crate) hidden: bool,
    pub(crate) gangway: String,
    pub(crate) target_version: String,
    pub(crate) sources: Vec<SourceLine>,
    pub(crate) actions: Vec<Tile>,
    pub(crate) fidelities: Vec<Tile>,
    pub(crate) todo: Vec<LossLine>,
    pub(crate) access: Access,
    pub(crate) losses: Vec<LossLine>,
    /// Loss lines beyond what a page can carry.
    pub(crate) more_losses: usize,
    pub(crate) findings: Vec<FindingLine>,
    pub(crate) kinds: Vec<OpKind>,
    pub(crate) fates: Vec<FateRow>,
    pub(crate) objects: Vec<ObjectKind>,
    pub(crate) choices: Vec<Choice>,
    pub(crate) outcome: Option<Outcome>,
}

/// What a plan leaves to a person: the lines of the checklist.
pub(crate) fn todo(plan: &Plan) -> Vec<LossLine> {
    losses::todo(plan, &by_id(plan))
}

impl View {
    /// Everything a person needs to sign the plan off, or to see what came of it.
    pub(crate) fn of(plan: &Plan, run: Option<&Run>, hidden: bool) -> Self {
        let objects = by_id(plan);
        let lost = |fidelity| matches!(fidelity, Fidelity::Unsupported | Fidelity::Approximate);
        let mut losses = losses::group(plan, &objects, lost);
        let more_losses = losses.split_off(losses.len().min(losses::MAX_LINES)).len();
        let runs: BTreeMap<&OpId, &OpRun> = run.iter().flat_map(|run| &run.ops).map(|op| (&op.op, op)).collect();
        Self {
            title: if run.is_some() { "Migration report" } else { "Migration plan" },
            verdict: words::verdict_sentence(plan),
            tone: head::tone(plan),
            refusals: words::refusals(plan),
            hidden,
            gangway: plan.made.gangway.clone(),
            target_version: plan.made.target_version.clone(),
            sources: head::sources(plan),
            actions: head::actions(plan),
            fidelities: head::fidelities(plan),
            todo: losses::todo(plan, &objects),
            access: Access::of(plan),
            losses,
            more_losses,
            findings: head::findings(plan),
            kinds: ops::kinds(plan, &runs),
            fates: objects::fates(plan),
            objects: objects::kinds(plan),
            choices: head::choices(plan),
            outcome: run.map(|run| Outcome::of(plan, run)),
        }
    }
}

fn by_id(plan: &Plan) -> BTreeMap<&SourceId, &ObjectFate> {
    plan.objects.iter().map(|object| (&object.id, object)).collect()
}

/// The fragment of an op's row. What may not stand in an id or a link is percent-encoded, in both the same way, so
/// the browser finds one by the other.
pub(crate) fn anchor(op: &OpId) -> String {
    let mut text = String::from("op-");
    for c in op.as_str().chars() {
        if c.is_alphanumeric() || matches!(c, '/' | '-' | '_' | '.' | '~' | ':' | '@' | '+' | '*') {
            text.push(c);
            continue;
        }
        let mut bytes = [0; 4];
        for byte in c.encode_utf8(&mut bytes).bytes() {
            text.push('%');
            text.extend([byte >> 4, byte & 15].map(|digit| char::from(b"0123456789ABCDEF"[usize::from(digit)])));
        }
    }
    text
}

/// The shape of a wording: equal for texts that differ only in numbers and in what they put in quotes.
fn shape(text: &str) -> String {
    let mut shape = String::with_capacity(text.len());
    let mut quoted = false;
    for c in text.chars() {
        match c {
            '"' => quoted = !quoted,
            _ if quoted => continue,
            _ => {}
        }
        let c = if c.is_ascii_digit() { '0' } else { c };
        if c != '0' || !shape.ends_with('0') {
            shape.push(c);
        }
    }
    shape
}
