//! What earlier applies did: their journals, and the plans kept beside them.

use std::path::{Path, PathBuf};

use apply::{Journal, Printed};

use super::{HeadlessError, material, plan_beside};
use crate::journal::{JournalFile, put_aside};
use crate::log::say;
use crate::settings::Connections;
use crate::target::Target;

/// A journal at hand, with its plan.
pub(crate) type Applied = (Printed, Journal);

/// What was applied to this gateway.
#[derive(Default)]
pub(crate) struct History {
    /// All of it, the oldest first.
    pub(crate) applied: Vec<Applied>,
    /// The text of the journal of now as it stood then, where it is the last of all.
    last: Option<String>,
}

impl History {
    /// The journal of now and its plan, if they are at hand: its text is still the same.
    pub(crate) fn of(&self, text: &str) -> Option<&Applied> {
        self.last.as_ref().filter(|last| *last == text).and_then(|_| self.applied.last())
    }
}

/// Everything that was applied to this gateway: by the journals given, those put aside beside the journal of now, and
/// that one itself.
pub(crate) fn history(journal: &Path, after: &[PathBuf], connections: &Connections) -> Result<History, HeadlessError> {
    let Some(settings) = &connections.target else { return Ok(History::default()) };
    let target = Target::gateway(settings.clone(), connections.network.clone()).name();
    let mut history = History::default();
    for path in after.iter().flat_map(|path| with_put_aside(path)).chain(with_put_aside(journal)) {
        if after.contains(&path) && !path.exists() {
            let why = std::io::Error::from(std::io::ErrorKind::NotFound);
            return Err(HeadlessError::Read { path, why });
        }
        let text = JournalFile::at(path.clone()).text()?;
        let applied = applied(&path, &text, &target)?;
        history.last = applied.is_some().then_some(text).filter(|_| path == journal);
        history.applied.extend(applied);
    }
    Ok(history)
}

/// The journals that were put aside, and the journal.
fn with_put_aside(journal: &Path) -> impl Iterator<Item = PathBuf> {
    put_aside(journal).into_iter().chain([journal.to_path_buf()])
}

/// None where it says nothing about this gateway.
fn applied(path: &Path, text: &str, target: &str) -> Result<Option<Applied>, HeadlessError> {
    let (journal, _) = Journal::read(text)?;
    let Some((of, written_for)) = journal.opened() else { return Ok(None) };
    let file = path.display();
    if written_for != target {
        say(&format!("note: the journal {file} is of another gateway ({written_for}) and is not taken into account"));
        return Ok(None);
    }
    let kept = plan_beside(path);
    let plan = if kept.exists() { Some(Printed::new(material::plan(&kept)?)) } else { None };
    let own = plan.filter(|plan| plan.print() == of);
    if own.is_none() {
        say(&format!(
            "note: {} is not there or not the plan of the journal {file}, so what that apply made is not known",
            kept.display()
        ));
    }
    Ok(own.map(|plan| (plan, journal)))
}
