//! Writes the journal of an apply: at once, or beside what goes on meanwhile.

use std::thread::JoinHandle;

use apply::Event;

use crate::journal::{JournalError, JournalFile};
use crate::log::say;

/// Who writes.
#[derive(Debug)]
pub(super) struct Pen {
    holder: String,
    /// Not here while it is being written.
    file: Option<JournalFile>,
    writing: Option<JoinHandle<(JournalFile, bool)>>,
}

impl Pen {
    /// Takes the journal's lock.
    pub(super) fn of(mut file: JournalFile) -> Result<Self, JournalError> {
        let holder = format!("gangway apply, process {}", std::process::id());
        file.lock(&holder)?;
        Ok(Self { holder, file: Some(file), writing: None })
    }

    /// Writes lines; what is being written is written by then.
    pub(super) fn write(&mut self, lines: &str) -> Event {
        let written = self.file.as_mut().is_some_and(|file| append(file, &self.holder, lines));
        if written { Event::Recorded } else { Event::RecordFailed }
    }

    /// Begins to write lines.
    pub(super) fn begin(&mut self, lines: String) {
        let Some(mut file) = self.file.take() else { return };
        let holder = self.holder.clone();
        self.writing = Some(std::thread::spawn(move || {
            let written = append(&mut file, &holder, &lines);
            (file, written)
        }));
    }

    /// Whether something is being written and nothing is left to wait for.
    pub(super) fn is_done(&self) -> bool {
        self.writing.as_ref().is_some_and(JoinHandle::is_finished)
    }

    /// Waits for what is being written, if anything is.
    pub(super) fn done(&mut self) -> Option<Event> {
        let written = match self.writing.take()?.join() {
            Ok((file, written)) => {
                self.file = Some(file);
                written
            }
            Err(_) => false,
        };
        Some(if written { Event::Announced } else { Event::NotAnnounced })
    }

    /// Gives the lock back.
    pub(super) fn put_down(mut self) -> Result<(), JournalError> {
        let file = self.file.as_mut().ok_or(JournalError::NotHeld)?;
        file.unlock(&self.holder).map(drop)
    }
}

fn append(file: &mut JournalFile, holder: &str, lines: &str) -> bool {
    let written = file.append(holder, lines);
    if let Err(error) = &written {
        say(&format!("error: {error}"));
    }
    written.is_ok()
}
