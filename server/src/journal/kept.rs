//! The plan that is kept beside the journal, so that an apply that was cut off can be taken up by anybody: the same
//! file in the same form as the command writes.

use std::io::Write;
use std::path::{Path, PathBuf};

use plan::Plan;

use super::{JournalError, JournalFile, beside, private, read, sync_folder};

/// The largest plan that is kept or given back, in bytes: one of about 10,000 virtual keys.
pub(crate) const MAX_PLAN: usize = 64 << 20;

impl JournalFile {
    /// Keeps the plan of the apply that the holder begins or goes on with; the number of records.
    pub(crate) fn keep_plan(&mut self, holder: &str, text: &str) -> Result<u64, JournalError> {
        self.holding(holder)?;
        let plan = report::read_plan(text).map_err(|_| JournalError::NotAPlan)?;
        if opened_with(&self.text()?)?.is_some_and(|print| print != apply::fingerprint(&plan)) {
            return Err(JournalError::ForeignPlan);
        }
        write_whole(&plan_path(&self.path), &plan)?;
        self.heard_of();
        self.records()
    }

    /// The plan beside the journal, as it stands there; none without a journal, which it would be the plan of.
    pub(crate) fn kept_plan(&self) -> Result<Option<String>, JournalError> {
        let path = plan_path(&self.path);
        if !self.path.exists() || !path.exists() {
            return Ok(None);
        }
        if path.metadata()?.len() > u64::try_from(MAX_PLAN).unwrap_or(u64::MAX) {
            return Err(JournalError::PlanTooLarge);
        }
        // One that is no text is no plan.
        Ok(String::from_utf8(read(&path)?).ok())
    }
}

/// Where the plan of a journal is kept.
pub(crate) fn plan_path(journal: &Path) -> PathBuf {
    beside(journal, "plan.json")
}

/// The fingerprint of the plan that a journal was opened with; none where it has no records.
fn opened_with(journal: &str) -> Result<Option<String>, JournalError> {
    let Some(first) = journal.lines().next() else { return Ok(None) };
    let broken = |_| JournalError::Broken { line: 1 };
    let (opening, _) = apply::Journal::read(&format!("{first}\n")).map_err(broken)?;
    Ok(opening.opened().map(|(print, _)| print.to_owned()))
}

/// Writes it beside its place and moves it there, so that the one before stays until the new one is whole.
fn write_whole(path: &Path, plan: &Plan) -> Result<(), JournalError> {
    let new = beside(path, &format!("new-{}", std::process::id()));
    let mut file = private().write(true).create(true).truncate(true).open(&new)?;
    let written = file.write_all(report::plan_json(plan).as_bytes()).and_then(|()| file.sync_all());
    if let Err(error) = written.and_then(|()| std::fs::rename(&new, path)) {
        // Half a file helps nobody.
        let _ = std::fs::remove_file(&new);
        return Err(error.into());
    }
    sync_folder(path)?;
    Ok(())
}
