//! Every op. A kind with few of them shows each in full; of many, those that are accounted for alike share one
//! table.

use std::collections::BTreeMap;

use bifrost::Kind;
use model::OpId;
use plan::{Fidelity, FieldLine, Op, Plan};

use super::head::{HISTORY_SYMBOL, fidelity_symbol};
use super::{NameList, anchor, shape};
use crate::body::{self, Change};
use crate::run::OpRun;
use crate::view::outcome::ResultBadge;
use crate::words;

/// A kind with more ops than this is folded.
const FULL_KIND: usize = 500;
/// In a plan with more ops than this, a kind with more than [`SMALL_KIND`] is folded too.
const FULL_PLAN: usize = 1_000;
const SMALL_KIND: usize = 20;
/// Groups of one kind that have a table of their own; the rest are lists of names.
const TABLES: usize = 6;
/// In a plan with at most so many ops, folded ops keep their fragments to link to.
const LINKED: usize = 3_000;
/// Bytes for the names of all folded ops; what does not fit is counted, and named in JSON and CSV.
const NAMES: usize = 60_000;

/// The ops of one kind.
pub(crate) struct OpKind {
    pub(crate) title: &'static str,
    pub(crate) fragment: &'static str,
    pub(crate) count: String,
    pub(crate) rows: Vec<OpRow>,
    pub(crate) groups: Vec<OpGroup>,
}

/// What an op does, with its sign and word.
#[derive(Clone, Copy)]
pub(crate) struct ActionBadge {
    pub(crate) symbol: &'static str,
    pub(crate) word: &'static str,
}

/// One op in full.
pub(crate) struct OpRow {
    pub(crate) fragment: String,
    pub(crate) id: String,
    pub(crate) action: ActionBadge,
    pub(crate) name: String,
    pub(crate) reason: String,
    pub(crate) marks: Vec<Mark>,
    pub(crate) result: Option<ResultBadge>,
    pub(crate) target_id: String,
    pub(crate) origins: Vec<String>,
    pub(crate) after: Vec<(String, String)>,
    pub(crate) changes: Vec<ChangeRow>,
    pub(crate) unchanged: usize,
    pub(crate) body: Vec<(String, String)>,
    pub(crate) fields: Vec<FieldRow>,
}

/// Ops that are accounted for alike.
pub(crate) struct OpGroup {
    pub(crate) action: ActionBadge,
    pub(crate) count: String,
    pub(crate) reason: String,
    pub(crate) varies: bool,
    pub(crate) results: String,
    /// Of one of the ops, named as the example.
    pub(crate) example: String,
    pub(crate) fields: Vec<FieldRow>,
    pub(crate) changes: Vec<ChangeRow>,
    /// Fragment and name of each, where there are few enough.
    pub(crate) linked: Vec<(String, String)>,
    /// The names, where there are more.
    pub(crate) names: NameList,
}

/// How many fields of an op arrive other than exactly.
pub(crate) struct Mark {
    pub(crate) class: &'static str,
    pub(crate) text: String,
}

/// One field of a change.
pub(crate) struct ChangeRow {
    pub(crate) path: String,
    pub(crate) before: String,
    pub(crate) after: String,
}

/// One line of the accounting.
pub(crate) struct FieldRow {
    pub(crate) source: String,
    pub(crate) target: String,
    pub(crate) class: &'static str,
    pub(crate) symbol: &'static str,
    pub(crate) word: &'static str,
    pub(crate) note: String,
    pub(crate) origin: String,
}

impl FieldRow {
    pub(super) fn of(line: &FieldLine) -> Self {
        Self {
            source: line.source.to_string(),
            target: line.target.as_deref().unwrap_or_default().to_owned(),
            class: words::arrives(line),
            symbol: if line.is_history() { HISTORY_SYMBOL } else { fidelity_symbol(line.fidelity) },
            word: words::arrives(line),
            note: line.note.to_string(),
            origin: line.origin.to_string(),
        }
    }
}

impl From<Change> for ChangeRow {
    fn from(change: Change) -> Self {
        let shown = |value: Option<String>| value.unwrap_or_else(|| "–".to_owned());
        Self { path: change.path, before: shown(change.before), after: shown(change.after) }
    }
}

/// Whether so many of so many are shown in groups.
pub(super) const fn is_folded(of_kind: usize, all: usize) -> bool {
    of_kind > FULL_KIND || (all > FULL_PLAN && of_kind > SMALL_KIND)
}

/// The ops by kind, in the order of provisioning.
pub(super) fn kinds(plan: &Plan, runs: &BTreeMap<&OpId, &OpRun>) -> Vec<OpKind> {
    let of_kind = |kind: Kind| -> Vec<&Op> { plan.ops.iter().filter(|op| op.kind == kind).collect() };
    let mut kinds = Vec::new();
    for kind in Kind::ALL {
        let ops = of_kind(kind);
        if ops.is_empty() {
            continue;
        }
        let count = words::number(ops.len());
        let folded = is_folded(ops.len(), plan.ops.len());
        let groups = if folded { groups(&ops, runs, plan.ops.len()) } else { Vec::new() };
        let rows = if folded { Vec::new() } else { ops.iter().map(|op| row(op, runs)).collect() };
        kinds.push(OpKind { title: words::kind_plural(kind), fragment: kind.id(), count, rows, groups });
    }
    kinds
}

fn row(op: &Op, runs: &BTreeMap<&OpId, &OpRun>) -> OpRow {
    let (changes, unchanged) = body::changes(op);
    let run = runs.get(&op.id).copied();
    let made = run.and_then(|run| run.target_id.as_deref());
    OpRow {
        fragment: anchor(&op.id),
        id: op.id.to_string(),
        action: ActionBadge::of(op),
        name: op.name.clone(),
        reason: op.reason.clone(),
        marks: marks(op),
        result: run.map(ResultBadge::of),
        target_id: made.or(op.target_id.as_deref()).unwrap_or_default().to_owned(),
        origins: op.origins.iter().map(ToString::to_string).collect(),
        after: op.after_ops.iter().map(|id| (anchor(id), id.to_string())).collect(),
        changes: changes.into_iter().map(ChangeRow::from).collect(),
        unchanged,
        body: op.after.as_deref().map(body::lines).unwrap_or_default(),
        fields: op.fields.iter().map(FieldRow::of).collect(),
    }
}

impl ActionBadge {
    fn of(op: &Op) -> Self {
        Self { symbol: op.action.symbol(), word: op.action.word() }
    }
}

fn marks(op: &Op) -> Vec<Mark> {
    let fidelities = [Fidelity::Approximate, Fidelity::Manual, Fidelity::Unsupported];
    let mark = |fidelity: Fidelity| {
        let count = op.fields.iter().filter(|line| words::arrives(line) == fidelity.word()).count();
        (count > 0).then(|| Mark {
            class: fidelity.word(),
            text: format!("{} {} {}", fidelity_symbol(fidelity), words::number(count), fidelity.word()),
        })
    };
    fidelities.into_iter().filter_map(mark).collect()
}

/// The largest groups get tables; what is left over goes by action and reason alone.
fn groups(ops: &[&Op], runs: &BTreeMap<&OpId, &OpRun>, all: usize) -> Vec<OpGroup> {
    let mut alike: BTreeMap<String, Vec<&Op>> = BTreeMap::new();
    for op in ops {
        alike.entry(signature(op)).or_default().push(op);
    }
    let mut alike: Vec<Vec<&Op>> = alike.into_values().collect();
    alike.sort_by_key(|group| std::cmp::Reverse(group.len()));
    let rest = alike.split_off(alike.len().min(TABLES));
    let mut by_reason: BTreeMap<_, Vec<&Op>> = BTreeMap::new();
    for op in rest.into_iter().flatten() {
        by_reason.entry((op.action, shape(&op.reason))).or_default().push(op);
    }
    let with_table = alike.iter().map(|group| fold(group, runs, all, true));
    let without = by_reason.values().map(|group| fold(group, runs, all, false));
    with_table.chain(without).collect()
}

/// Equal for ops of the same action and the same accounting.
fn signature(op: &Op) -> String {
    let mut text = format!("{}\n{}\n", op.action.word(), shape(&op.reason));
    for line in &op.fields {
        let target = line.target.as_deref().map(shape).unwrap_or_default();
        let parts = [&shape(&line.source), &target, words::arrives(line), &shape(&line.note)];
        for part in parts {
            text.push_str(part);
            text.push('\t');
        }
        text.push('\n');
    }
    for change in body::changes(op).0 {
        text.push_str(&shape(&change.path));
        text.push('\n');
    }
    text
}

fn fold(ops: &[&Op], runs: &BTreeMap<&OpId, &OpRun>, all: usize, table: bool) -> OpGroup {
    let first = ops.first().copied();
    let example = first.filter(|_| table);
    let linked = all <= LINKED;
    let mut names: NameList = ops.iter().filter(|_| !linked).map(|op| op.name.as_str()).collect();
    names.fit(NAMES * ops.len() / all.max(1));
    OpGroup {
        action: first.map_or(ActionBadge { symbol: "", word: "" }, ActionBadge::of),
        count: words::number(ops.len()),
        reason: first.map(|op| op.reason.clone()).unwrap_or_default(),
        varies: ops.iter().any(|op| first.is_some_and(|first| first.reason != op.reason)),
        results: results(ops, runs),
        example: example.filter(|_| ops.len() > 1).map(|op| op.name.clone()).unwrap_or_default(),
        fields: example.iter().flat_map(|op| &op.fields).map(FieldRow::of).collect(),
        changes: example.map(body::changes).unwrap_or_default().0.into_iter().map(ChangeRow::from).collect(),
        linked: ops.iter().filter(|_| linked).map(|op| (anchor(&op.id), op.name.clone())).collect(),
        names,
    }
}

/// "980 created, 20 blocked".
fn results(ops: &[&Op], runs: &BTreeMap<&OpId, &OpRun>) -> String {
    let mut results: BTreeMap<&str, usize> = BTreeMap::new();
    for run in ops.iter().filter_map(|op| runs.get(&op.id)) {
        *results.entry(ResultBadge::of(run).word).or_default() += 1;
    }
    let told = results.iter().map(|(word, count)| format!("{} {}", words::number(*count), word.to_lowercase()));
    told.collect::<Vec<_>>().join(", ")
}
