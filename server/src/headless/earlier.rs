//! What earlier applies did: their journals, and the plans kept beside them.

use std::path::{Path, PathBuf};

use super::HeadlessError;
use crate::earlier::{Applied, Before, read};
use crate::journal::{JournalFile, all};
use crate::log::say;
use crate::settings::Connections;
use crate::target::Target;

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
    for path in after.iter().flat_map(|path| all(path)).chain(all(journal)) {
        if after.contains(&path) && !path.exists() {
            let why = std::io::Error::from(std::io::ErrorKind::NotFound);
            return Err(HeadlessError::Read { path, why });
        }
        let text = JournalFile::at(path.clone()).text()?;
        history.last = None;
        match read(&path, &text, &target)? {
            Before::Nothing => {}
            Before::Unknown(why) => say(&format!("note: {}", why.words(&path))),
            Before::Applied(applied) => {
                history.applied.push(*applied);
                history.last = Some(text).filter(|_| path == journal);
            }
        }
    }
    Ok(history)
}
