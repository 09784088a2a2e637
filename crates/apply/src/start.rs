//! Whether an apply may begin, and where it goes on.

use bifrost::Kind;
use plan::{Action, Plan};

use crate::fingerprint::{Printed, fingerprint};
use crate::journal::Journal;

/// Why an apply does not begin. Nothing was sent.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Refused {
    /// The plan says so itself: it would widen access, or a decision is missing.
    #[error("This plan may not be applied: {why}.")]
    NotApplyable {
        /// The first thing that stands in its way.
        why: String,
    },
    /// The journal is of another plan that was not finished.
    #[error("The journal belongs to another plan ({journal}, this one is {plan}) that was not applied to its end.")]
    Stale {
        /// The fingerprint in the journal.
        journal: String,
        /// The fingerprint of this plan.
        plan: String,
    },
    /// The journal is of another plan that was finished.
    #[error("The journal belongs to another plan ({journal}) that was applied to its end.")]
    AlreadyFinished {
        /// The fingerprint in the journal.
        journal: String,
    },
    /// An undo is under way.
    #[error("An undo of this journal was begun and not brought to its end.")]
    Undoing,
    /// The journal is not of this plan, so it says nothing about what the plan did.
    #[error("The journal belongs to another plan ({journal}, this one is {plan}).")]
    OtherPlan {
        /// The fingerprint in the journal.
        journal: String,
        /// The fingerprint of this plan.
        plan: String,
    },
    /// The journal is of another gateway.
    #[error("The journal was written for the gateway {journal}, and this is {target}.")]
    OtherTarget {
        /// The target in the journal.
        journal: String,
        /// The target now.
        target: String,
    },
}

impl Refused {
    /// What to do about it, most useful first.
    pub fn hints(&self) -> Vec<String> {
        let hints: &[&str] = match self {
            Self::NotApplyable { .. } => &["Read the plan's errors, decide what is open, and plan again."],
            Self::Stale { .. } => &[
                "Apply the plan that the journal belongs to: it goes on where it stopped.",
                "Or put the journal aside and apply this plan: what is there already is found by its name.",
            ],
            Self::AlreadyFinished { .. } => &["Put the journal aside, then apply this plan with a new one."],
            Self::Undoing => &["Finish it with gangway undo --yes, then apply with a new journal."],
            Self::OtherPlan { .. } => {
                &["Give the plan that was applied; it was kept beside the journal as its name with .plan.json."]
            }
            Self::OtherTarget { .. } => &["Use one journal for one gateway."],
        };
        hints.iter().map(|hint| (*hint).to_owned()).collect()
    }
}

/// Whether the plan may be applied with that journal.
pub(crate) fn admit(plan: &Printed, journal: &Journal, target: &str) -> Result<(), Refused> {
    if !plan.applyable {
        // What is gone from LiteLLM never stands in a plan's way.
        let in_the_way =
            |finding: &&model::Finding| finding.severity == model::Severity::Error && finding.code != plan::delta::GONE;
        let error = plan.findings.iter().find(in_the_way);
        let why = error.map_or("it is not complete", |finding| finding.message.trim_end_matches('.'));
        return Err(Refused::NotApplyable { why: why.to_owned() });
    }
    let Some((opened, opened_for)) = journal.opened() else { return Ok(()) };
    if journal.is_undoing() {
        return Err(Refused::Undoing);
    }
    if opened != plan.print() {
        let journal_print = opened.to_owned();
        return Err(if journal.is_unfinished() {
            Refused::Stale { journal: journal_print, plan: plan.print().to_owned() }
        } else {
            Refused::AlreadyFinished { journal: journal_print }
        });
    }
    if opened_for != target {
        return Err(Refused::OtherTarget { journal: opened_for.to_owned(), target: target.to_owned() });
    }
    Ok(())
}

/// Whether what the journal says may be undone with that plan and on that gateway.
pub(crate) fn admit_undo(plan: &Plan, journal: &Journal, target: &str) -> Result<(), Refused> {
    let Some((opened, opened_for)) = journal.opened() else { return Ok(()) };
    let print = fingerprint(plan);
    if opened != print {
        return Err(Refused::OtherPlan { journal: opened.to_owned(), plan: print });
    }
    if opened_for != target {
        return Err(Refused::OtherTarget { journal: opened_for.to_owned(), target: target.to_owned() });
    }
    Ok(())
}

/// The ops to do, as places in the plan: in its order, but the gateway's own settings last. Closing the door to
/// callers without a key can only narrow, and the ops before must not be kept out by it.
pub(crate) fn order(plan: &Plan) -> Vec<usize> {
    let places = || plan.ops.iter().enumerate().filter(|(_, op)| op.action != Action::Skip);
    let (last, first): (Vec<_>, Vec<_>) = places().partition(|(_, op)| op.kind == Kind::ClientConfig);
    first.into_iter().chain(last).map(|(place, _)| place).collect()
}
