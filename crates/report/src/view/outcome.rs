//! What came of it, where there is a journal.

use std::collections::BTreeMap;

use apply::{End, OpResult};
use plan::Plan;

use super::{NameList, anchor, names, shape};
use crate::body;
use crate::run::{OpRun, Run};
use crate::words::{self, Words};

/// Differences a page shows one by one.
const MAX_DIFFERENCES: usize = 200;

/// The story of an apply.
pub(crate) struct Outcome {
    pub(crate) class: &'static str,
    pub(crate) end: &'static str,
    pub(crate) sentence: &'static str,
    pub(crate) started: String,
    pub(crate) ended: String,
    pub(crate) tiles: Vec<(&'static str, &'static str, String)>,
    pub(crate) verification: String,
    pub(crate) open: Vec<OpenLine>,
    pub(crate) differences: Vec<DifferenceRow>,
    pub(crate) more_differences: String,
}

/// Ops that were not carried out, for one reason.
pub(crate) struct OpenLine {
    pub(crate) result: ResultBadge,
    pub(crate) note: String,
    pub(crate) varies: bool,
    pub(crate) ops: NameList,
    pub(crate) count: String,
    /// The fragment of the only op, if it is one.
    pub(crate) fragment: String,
}

/// A field that did not read back as planned.
pub(crate) struct DifferenceRow {
    pub(crate) fragment: String,
    pub(crate) op: String,
    pub(crate) path: String,
    pub(crate) intended: String,
    pub(crate) observed: String,
}

/// The result of one op.
#[derive(Clone)]
pub(crate) struct ResultBadge {
    pub(crate) class: &'static str,
    pub(crate) word: &'static str,
    pub(crate) note: String,
    /// Whether it was read back, in words; empty where there was nothing to read back.
    pub(crate) verified: &'static str,
}

impl ResultBadge {
    pub(super) fn of(run: &OpRun) -> Self {
        let class = match run.result {
            Some(OpResult::Created | OpResult::Changed | OpResult::Same) => "exact",
            Some(OpResult::Conflict | OpResult::Failed) => "unsupported",
            Some(OpResult::Blocked) | None => "approximate",
        };
        let verified = match &run.differences {
            None if matches!(run.result, Some(OpResult::Created | OpResult::Changed)) => "not read back",
            None => "",
            Some(differences) if differences.is_empty() => "read back as planned",
            Some(_) => "read back different",
        };
        let word = run.result.map_or(words::NOT_REACHED, Words::title);
        Self { class, word, note: run.note.clone(), verified }
    }
}

impl Outcome {
    pub(super) fn of(plan: &Plan, run: &Run) -> Self {
        let moment = |moment: Option<model::Moment>| moment.map(|at| at.to_string()).unwrap_or_default();
        let all: usize = run.ops.iter().filter_map(|op| op.differences.as_ref()).map(Vec::len).sum();
        Self {
            class: match run.end {
                Some(End::Finished) => "good",
                Some(End::Failed) => "bad",
                Some(End::Partial | End::Stopped) | None => "warn",
            },
            end: run.end.map_or("No end", Words::title),
            sentence: run.end.map_or(words::NO_END, Words::sentence),
            started: moment(run.started),
            ended: moment(run.ended),
            tiles: tiles(run),
            verification: verification(run),
            open: open(plan, run),
            differences: differences(run),
            more_differences: match all.saturating_sub(MAX_DIFFERENCES) {
                0 => String::new(),
                more => words::counted(more, "more difference"),
            },
        }
    }
}

fn tiles(run: &Run) -> Vec<(&'static str, &'static str, String)> {
    let counts = &run.counts;
    let all = [
        ("exact", OpResult::Created.title(), counts.created),
        ("exact", OpResult::Changed.title(), counts.changed),
        ("exact", OpResult::Same.title(), counts.same),
        ("unsupported", OpResult::Conflict.title(), counts.conflict),
        ("unsupported", OpResult::Failed.title(), counts.failed),
        ("approximate", OpResult::Blocked.title(), counts.blocked),
        ("approximate", words::NOT_REACHED, counts.not_reached),
    ];
    all.into_iter().filter(|(_, _, count)| *count > 0).map(|(c, word, count)| (c, word, words::number(count))).collect()
}

fn verification(run: &Run) -> String {
    let counts = &run.counts;
    match (counts.verified, counts.differing) {
        (0, 0) => "Nothing was read back.".to_owned(),
        (same, 0) => format!("{} read back, all as planned.", words::counted(same, "object")),
        (same, other) => format!(
            "{} read back: {} as planned, {} different.",
            words::counted(same + other, "object"),
            words::number(same),
            words::number(other)
        ),
    }
}

fn open(plan: &Plan, run: &Run) -> Vec<OpenLine> {
    let planned: BTreeMap<_, _> = plan.ops.iter().map(|op| (&op.id, op)).collect();
    let mut places = BTreeMap::new();
    let mut lines: Vec<OpenLine> = Vec::new();
    let done = |result: Option<OpResult>| result.is_some_and(OpResult::is_success);
    for op in run.ops.iter().filter(|op| !done(op.result)) {
        let at = *places.entry((op.result, shape(&op.note))).or_insert_with(|| {
            lines.push(OpenLine {
                result: ResultBadge::of(op),
                note: op.note.clone(),
                varies: false,
                count: String::new(),
                ops: NameList::default(),
                fragment: anchor(&op.op),
            });
            lines.len() - 1
        });
        let line = &mut lines[at];
        line.varies |= line.note != op.note;
        let told = planned.get(&op.op).map(|op| format!("{} {}", words::kind_noun(op.kind), op.name));
        line.ops.push(told.as_deref().unwrap_or(op.op.as_str()));
    }
    let room = names::room(lines.len());
    for line in &mut lines {
        line.count = words::counted(line.ops.total, "object");
        line.ops.fit(room);
    }
    lines
}

fn differences(run: &Run) -> Vec<DifferenceRow> {
    let all = run.ops.iter().flat_map(|op| op.differences.iter().flatten().map(move |difference| (op, difference)));
    let row = |(op, difference): (&OpRun, &bifrost::compare::Difference)| DifferenceRow {
        fragment: anchor(&op.op),
        op: op.op.to_string(),
        path: difference.path.clone(),
        intended: body::text(&difference.intended),
        observed: body::text(&difference.observed),
    };
    all.take(MAX_DIFFERENCES).map(row).collect()
}
