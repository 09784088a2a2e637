//! An apply as the page shows it.

use std::collections::BTreeSet;

use apply::{End, Journal, OpResult};
use bifrost::hole::{self, Hole};
use inventory::{Opened, Vault};
use model::{Moment, OpId, SecretId};
use plan::{Action, Plan};
use report::Run;
use report::words::{self, Words as _};

use crate::state::Tone;

/// How far an apply is.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) enum Running {
    /// None was started in this tab.
    #[default]
    Idle,
    /// Taking the lock and reading the journal.
    Starting,
    /// Under way.
    Going {
        /// When it began.
        since: Moment,
        /// The present, as far as the page was told.
        now: Moment,
        /// Ops done.
        done: usize,
        /// Ops in all.
        total: usize,
        /// What is being done.
        current: String,
        /// Whether everything is being read back.
        verifying: bool,
        /// Whether Stop was pressed.
        stopping: bool,
    },
    /// It ended: how, and why in a sentence where it did not go to its end.
    Ended(End, String),
    /// It did not begin, or broke off, and why.
    Refused(String),
}

/// Verifying again, after an apply.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) enum Check {
    /// Not asked for.
    #[default]
    None,
    /// The gateway is being read.
    Reading,
    /// How many objects were compared, and which differ.
    Done(usize, Vec<OpId>),
    /// The gateway could not be read, and why.
    Failed(String),
}

/// A stretch of time for people: `0:07`, `12:40`, `1:02:03`.
pub(crate) fn elapsed(since: Moment, now: Moment) -> String {
    let seconds = (now.millis() - since.millis()).max(0) / 1000;
    let (hours, minutes, seconds) = (seconds / 3600, seconds / 60 % 60, seconds % 60);
    if hours > 0 { format!("{hours}:{minutes:02}:{seconds:02}") } else { format!("{minutes}:{seconds:02}") }
}

/// Time left, once one in a hundred is done; before, any figure would be invented.
pub(crate) fn left(since: Moment, now: Moment, done: usize, total: usize) -> Option<String> {
    if done == 0 || done * 100 < total || done >= total {
        return None;
    }
    let passed = (now.millis() - since.millis()).max(0);
    let ahead = i64::try_from(total - done).ok()? * passed / i64::try_from(done).ok()?;
    Some(elapsed(Moment::from_millis(0), Moment::from_millis(ahead)))
}

/// The honest end of an apply in one sentence.
pub(crate) fn ending(plan: &Plan, journal: &Journal) -> Option<(Tone, &'static str, String)> {
    let run = Run::of(plan, journal);
    let end = run.end?;
    let total = plan.writes().count();
    let done = run.counts.created + run.counts.changed;
    let tone = match end {
        End::Finished => Tone::Ok,
        End::Stopped | End::Partial => Tone::Warn,
        End::Failed => Tone::Bad,
    };
    let counts = &run.counts;
    let written = format!("{done} of {total} written, {} read back as planned", counts.verified);
    let troubles = [
        (counts.differing, "read back different"),
        (counts.conflict, "left alone because something else is there"),
        (counts.failed, "refused by the gateway"),
        (counts.blocked, "blocked by those"),
        (counts.not_reached, "not reached"),
    ];
    let named = troubles.into_iter().filter(|(count, _)| *count > 0).map(|(count, word)| format!("{count} {word}"));
    let parts: Vec<String> = std::iter::once(written).chain(named).collect();
    Some((tone, end.title(), format!("{}.", parts.join(", "))))
}

/// How many of the secrets that a plan writes are not there in clear.
pub(crate) fn locked(plan: &Plan, vault: &Vault<Opened>) -> usize {
    let secret = |hole| if let Hole::Secret(slot) = hole { Some(slot) } else { None };
    let bodies = plan.writes().filter_map(|op| op.after.as_ref());
    let slots: BTreeSet<SecretId> = bodies.flat_map(|body| hole::holes(body)).filter_map(secret).collect();
    slots.iter().filter(|slot| vault.environment(slot).is_none() && vault.expose(slot).is_none()).count()
}

/// What an apply waits for while its secrets are locked.
pub(crate) fn waits(locked: usize) -> String {
    let (secrets, verb) = (words::counted(locked, "secret"), if locked == 1 { "is" } else { "are" });
    format!(
        "It waits for the salt key: {secrets} of its plan {verb} still encrypted. Give the key on Connect, then go on here."
    )
}

/// How the state of one op is shown.
pub(crate) fn mark(
    action: Action,
    result: Option<OpResult>,
    differs: Option<bool>,
) -> (Tone, &'static str, &'static str) {
    match (result, differs) {
        (Some(OpResult::Created | OpResult::Changed | OpResult::Same), Some(true)) => (Tone::Bad, "≠", "Differs"),
        (Some(OpResult::Created | OpResult::Changed | OpResult::Same), Some(false)) => (Tone::Ok, "✓", "Verified"),
        (Some(result @ (OpResult::Created | OpResult::Changed | OpResult::Same)), None) => {
            (Tone::New, "•", result.title())
        }
        (Some(result @ (OpResult::Conflict | OpResult::Blocked)), _) => (Tone::Warn, "!", result.title()),
        (Some(result @ OpResult::Failed), _) => (Tone::Bad, "✗", result.title()),
        (None, _) if action == Action::Skip => (Tone::Quiet, "-", "Skipped"),
        (None, _) if action == Action::Same => (Tone::Quiet, "=", "Same"),
        (None, _) => (Tone::Quiet, "·", "Waiting"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_plan_waits_for_what_is_still_encrypted() {
        const CONFIG: &[u8] = b"
model_list:
  - {model_name: a, litellm_params: {model: openai/gpt-4o, api_key: sk-canary-0001}}
  - {model_name: b, litellm_params: {model: openai/gpt-4o, api_key: sk-canary-0002}}
  - {model_name: c, litellm_params: {model: anthropic/claude-sonnet-4, api_key: os.environ/ANTHROPIC_API_KEY}}
";
        let open = |inputs: &[litellm::Input<'_>]| inventory::gather(litellm::read(inputs)).open(&[]);
        let (inventory, vault) = open(&[litellm::Input::File { name: "config.yaml", bytes: CONFIG }]);
        let observed = bifrost::Observed::fresh("2.2.6");
        let plan = plan::plan(&inventory, &vault, &observed, &plan::Choices::default(), Moment::from_millis(0));
        assert_eq!(locked(&plan, &vault), 0);
        let (_, without) = open(&[]);
        assert_eq!(locked(&plan, &without), 2, "the reference to a third is no secret");
        assert!(waits(1).contains("1 secret of its plan is"), "{}", waits(1));
        assert!(waits(1_200).contains("1,200 secrets of its plan are"), "{}", waits(1_200));
    }

    #[test]
    fn times_are_told_when_they_are_known() {
        let at = Moment::from_millis;
        assert_eq!(elapsed(at(0), at(7_900)), "0:07");
        assert_eq!(elapsed(at(5_000), at(3_728_000)), "1:02:03");
        assert_eq!(elapsed(at(9_000), at(0)), "0:00");
        assert_eq!(left(at(0), at(10_000), 0, 100), None);
        assert_eq!(left(at(0), at(10_000), 1, 1000), None, "below one in a hundred");
        assert_eq!(left(at(0), at(10_000), 10, 100), Some("1:30".to_owned()));
        assert_eq!(left(at(0), at(10_000), 100, 100), None);
    }
}
