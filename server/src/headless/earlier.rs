//! What earlier applies did: their journals, and the plans kept beside them.

use std::path::{Path, PathBuf};

use apply::Journal;
use plan::Plan;

use super::{HeadlessError, material, plan_beside};
use crate::journal::{JournalFile, put_aside};
use crate::log::say;
use crate::settings::Connections;
use crate::target::Target;

/// A journal at hand, with its plan.
pub(crate) type Applied = (Plan, Journal);

/// Everything that was applied to this gateway, the oldest first: by the journals given, those put aside beside the
/// journal of now, and that one itself.
pub(crate) fn history(
    journal: &Path,
    after: &[PathBuf],
    connections: &Connections,
) -> Result<Vec<Applied>, HeadlessError> {
    let Some(settings) = &connections.target else { return Ok(Vec::new()) };
    let target = Target::gateway(settings.clone(), connections.network.clone()).name();
    let mut history = Vec::new();
    for path in after.iter().flat_map(|path| with_put_aside(path)).chain(with_put_aside(journal)) {
        if after.contains(&path) && !path.exists() {
            let why = std::io::Error::from(std::io::ErrorKind::NotFound);
            return Err(HeadlessError::Read { path, why });
        }
        history.extend(applied(&path, &target)?);
    }
    Ok(history)
}

/// The journals that were put aside, and the journal.
fn with_put_aside(journal: &Path) -> impl Iterator<Item = PathBuf> {
    put_aside(journal).into_iter().chain([journal.to_path_buf()])
}

/// None where it says nothing about this gateway.
fn applied(path: &Path, target: &str) -> Result<Option<Applied>, HeadlessError> {
    let (journal, _) = Journal::read(&JournalFile::at(path.to_path_buf()).text()?)?;
    let Some((of, written_for)) = journal.opened() else { return Ok(None) };
    let file = path.display();
    if written_for != target {
        say(&format!("note: the journal {file} is of another gateway ({written_for}) and is not taken into account"));
        return Ok(None);
    }
    let kept = plan_beside(path);
    let plan = if kept.exists() { Some(material::plan(&kept)?) } else { None };
    let own = plan.filter(|plan| apply::fingerprint(plan) == of);
    if own.is_none() {
        say(&format!(
            "note: {} is not there or not the plan of the journal {file}, so what that apply made is not known",
            kept.display()
        ));
    }
    Ok(own.map(|plan| (plan, journal)))
}
