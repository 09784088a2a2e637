//! What happened: the journal, op by op, in the order of the plan.

use std::collections::BTreeMap;

use apply::{End, Entry, Journal, OpResult, UndoResult};
use bifrost::compare::Difference;
use model::{Moment, OpId};
use plan::{Action, Plan};
use serde::{Deserialize, Serialize};

use crate::words;

/// What happened when a plan was applied; the `run` of `gangway.report.v1`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Run {
    /// When the first attempt began, by the driver's clock.
    pub started: Option<Moment>,
    /// When the last attempt ended; none while it runs or where it was interrupted.
    pub ended: Option<Moment>,
    /// How it ended.
    pub end: Option<End>,
    /// Every op that the journal speaks of, and every op that should have been carried out.
    pub ops: Vec<OpRun>,
    /// The counts over `ops`.
    pub counts: Counts,
}

/// What happened to one op.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct OpRun {
    /// Which op.
    pub op: OpId,
    /// The last known result; none where the apply did not get to it or its outcome is not known.
    pub result: Option<OpResult>,
    /// The gateway's id of the object.
    pub target_id: Option<String>,
    /// In words: why it failed, what it waits for, what differs.
    pub note: String,
    /// What differed when it was read back: none if it was not read back, empty if all was as planned.
    pub differences: Option<Vec<Difference>>,
}

/// The counts of a run.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Counts {
    /// Made.
    pub created: usize,
    /// Changed.
    pub changed: usize,
    /// Already as they should be.
    pub same: usize,
    /// Left alone because something else is there.
    pub conflict: usize,
    /// Refused by the gateway.
    pub failed: usize,
    /// Not tried because something they need was not done.
    pub blocked: usize,
    /// Not reached, or of unknown outcome.
    pub not_reached: usize,
    /// Read back and as planned.
    pub verified: usize,
    /// Read back and different.
    pub differing: usize,
}

impl Run {
    /// Sums up a journal against its plan.
    pub fn of(plan: &Plan, journal: &Journal) -> Self {
        let known = Known::of(journal);
        let ops: Vec<OpRun> = plan.ops.iter().filter_map(|op| known.op_run(&op.id, op.action)).collect();
        let mut counts = Counts::default();
        for op in &ops {
            count(&mut counts, op);
        }
        Self { started: known.started, ended: known.ended, end: known.end, ops, counts }
    }
}

/// The last word of a journal on everything.
struct Known<'a> {
    started: Option<Moment>,
    ended: Option<Moment>,
    end: Option<End>,
    intents: BTreeMap<&'a OpId, Option<&'a str>>,
    outcomes: BTreeMap<&'a OpId, (OpResult, Option<&'a str>, &'a str)>,
    verified: BTreeMap<&'a OpId, &'a [Difference]>,
    undone: BTreeMap<&'a OpId, (UndoResult, &'a str)>,
}

impl<'a> Known<'a> {
    fn of(journal: &'a Journal) -> Self {
        let mut known = Self {
            started: None,
            ended: None,
            end: None,
            intents: BTreeMap::new(),
            outcomes: journal.outcomes(),
            verified: BTreeMap::new(),
            undone: journal.undone(),
        };
        for line in &journal.lines {
            match &line.entry {
                Entry::Opened { .. } => {
                    known.started = known.started.or(Some(line.at));
                    (known.ended, known.end) = (None, None);
                }
                Entry::Closed { end } => (known.ended, known.end) = (Some(line.at), Some(*end)),
                Entry::Intent { op, target_id, .. } => {
                    known.intents.insert(op, target_id.as_deref());
                }
                Entry::Verified { op, differences, .. } => {
                    known.verified.insert(op, differences);
                }
                Entry::UndoOutcome { op, result, .. } if result.is_undone() => {
                    known.verified.remove(op);
                }
                Entry::Outcome { .. }
                | Entry::UndoOpened { .. }
                | Entry::RemovalOpened { .. }
                | Entry::UndoIntent { .. }
                | Entry::UndoOutcome { .. } => {}
            }
        }
        known
    }

    /// Skipped ops and those found as they should be are no part of an apply unless the journal speaks of them.
    fn op_run(&self, op: &OpId, action: Action) -> Option<OpRun> {
        let differences = self.verified.get(op).map(|differences| differences.to_vec());
        if let Some((result, target_id, note)) = self.outcomes.get(op) {
            let target_id = target_id.map(str::to_owned);
            return Some(OpRun {
                op: op.clone(),
                result: Some(*result),
                target_id,
                note: (*note).to_owned(),
                differences,
            });
        }
        if let Some((result, _)) = self.undone.get(op).filter(|(result, _)| result.is_undone()) {
            let note = words::undone(*result).to_owned();
            return Some(OpRun { op: op.clone(), result: None, target_id: None, note, differences: None });
        }
        let intent = self.intents.get(op);
        let writes = matches!(action, Action::Create | Action::Change);
        if !writes && intent.is_none() && differences.is_none() {
            return None;
        }
        let target_id = intent.copied().flatten().map(str::to_owned);
        Some(OpRun { op: op.clone(), result: None, target_id, note: self.why_open(intent.is_some()), differences })
    }

    fn why_open(&self, begun: bool) -> String {
        if begun {
            return "It was about to be sent; whether it arrived is looked up when applying again.".to_owned();
        }
        match self.end {
            Some(End::Stopped) => "The apply was stopped before it.".to_owned(),
            Some(End::Failed) => "The apply broke off before it.".to_owned(),
            Some(End::Finished | End::Partial) => "The journal says nothing about it.".to_owned(),
            None => format!("{}.", words::NOT_REACHED),
        }
    }
}

fn count(counts: &mut Counts, op: &OpRun) {
    match op.result {
        Some(OpResult::Created) => counts.created += 1,
        Some(OpResult::Changed) => counts.changed += 1,
        Some(OpResult::Same) => counts.same += 1,
        Some(OpResult::Conflict) => counts.conflict += 1,
        Some(OpResult::Failed) => counts.failed += 1,
        Some(OpResult::Blocked) => counts.blocked += 1,
        None => counts.not_reached += 1,
    }
    match &op.differences {
        Some(differences) if differences.is_empty() => counts.verified += 1,
        Some(_) => counts.differing += 1,
        None => {}
    }
}
