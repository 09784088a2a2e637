//! The plan that is kept beside the journal, so that an apply that was cut off can be taken up by anybody: the same
//! file in the same form as the command writes.
#![expect(clippy::disallowed_methods, reason = "the shell keeps the plan in a file")]

use std::io::Write;
use std::path::{Path, PathBuf};

use super::{JournalError, JournalFile, beside, private, read, sync_folder};

/// The largest plan that is kept or given back, in bytes; one of 10,000 virtual keys is 80 MB.
pub(crate) const MAX_PLAN: usize = 128 << 20;

impl JournalFile {
    /// Keeps the plan of the apply that the holder begins or goes on with; the number of records.
    pub(crate) fn keep_plan(&mut self, holder: &str, text: &str) -> Result<u64, JournalError> {
        self.holding(holder)?;
        let plan = report::read_plan(text).map_err(|_| JournalError::NotAPlan)?;
        if opened_with(&self.text()?)?.is_some_and(|print| print != apply::fingerprint(&plan)) {
            return Err(JournalError::ForeignPlan);
        }
        let kept = report::plan_json(&plan);
        // What could not be given back is not kept as if it could.
        if kept.len() > MAX_PLAN {
            return Err(JournalError::PlanTooLarge);
        }
        write_whole(&plan_path(&self.path), &kept)?;
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

/// Writes a file beside its place and moves it there, so that the one before stays until the new one is whole on disk. One
/// that says the same is not touched. Whether it was written.
pub(crate) fn write_whole(path: &Path, text: &str) -> std::io::Result<bool> {
    if std::fs::read_to_string(path).is_ok_and(|there| there == text) {
        return Ok(false);
    }
    let new = beside(path, &format!("new-{}", std::process::id()));
    let mut file = private().write(true).create(true).truncate(true).open(&new)?;
    let written = file.write_all(text.as_bytes()).and_then(|()| file.sync_all());
    if let Err(error) = written.and_then(|()| std::fs::rename(&new, path)) {
        // Half a file helps nobody.
        let _ = std::fs::remove_file(&new);
        return Err(error);
    }
    sync_folder(path)?;
    Ok(true)
}

#[cfg(test)]
mod tests {
    use std::io::Read as _;

    use super::*;

    #[test]
    fn a_file_is_never_seen_in_half() {
        let folder = std::env::temp_dir().join(format!("gangway-whole-{}", std::process::id()));
        std::fs::create_dir_all(&folder).unwrap();
        let path = folder.join("plan.json");
        assert!(write_whole(&path, "one").unwrap());
        assert!(!write_whole(&path, "one").unwrap(), "it says so already");
        // What somebody has open while it is replaced stays what it was: nothing is written over it.
        let mut open = std::fs::File::open(&path).unwrap();
        assert!(write_whole(&path, "two, and longer").unwrap());
        let mut before = String::new();
        open.read_to_string(&mut before).unwrap();
        assert_eq!((before.as_str(), std::fs::read_to_string(&path).unwrap().as_str()), ("one", "two, and longer"));
        assert_eq!(std::fs::read_dir(&folder).unwrap().count(), 1, "nothing else is left");
        // Where it cannot be moved to, nothing is left beside it.
        let taken = folder.join("folder");
        std::fs::create_dir_all(taken.join("full")).unwrap();
        assert!(write_whole(&taken, "three").is_err());
        assert_eq!(std::fs::read_dir(&folder).unwrap().count(), 2);
        std::fs::remove_dir_all(&folder).unwrap();
    }
}
