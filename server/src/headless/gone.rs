//! `gangway apply --delete-gone`: takes away what earlier applies made and LiteLLM no longer has.

use std::path::Path;

use apply::{End, Undo, UndoEngine, UndoItem, Undoing};
use plan::Plan;

use super::events::Events;
use super::run::{self, Done};
use super::undo::drive;
use super::{HeadlessError, write};
use crate::drive::Driver;
use crate::earlier::Applied;
use crate::journal::JournalFile;
use crate::stop::Stop;

/// Removes it, after the plan was carried out; what it does stands in the journal of the apply. One that was cut off
/// is worked out anew.
pub(super) async fn remove(
    driver: &Driver,
    journal: &Path,
    history: &[Applied],
    plan: &Plan,
    shown: &Undo,
    done: Done,
    (stop, events): (&mut Stop, &mut Events),
) -> Result<Done, HeadlessError> {
    let observed = run::observe(driver).await?;
    let mut gone = apply::gone(history, plan, &done.journal, &observed);
    // Nothing is done that was not shown before.
    for item in gone.items.iter_mut().filter(|item| item.what == Undoing::Remove) {
        let was_shown = |other: &UndoItem| other.op == item.op && other.what == Undoing::Remove;
        if !shown.items.iter().any(was_shown) {
            item.what = Undoing::Leave;
        }
    }
    let (target, seed) = (driver.target_name(), u64::from(std::process::id()));
    let engine = UndoEngine::removing(gone, done.journal, &target, seed);
    let holder = format!("gangway apply, process {seed}");
    let mut file = JournalFile::at(journal.to_path_buf());
    file.lock(&holder)?;
    let (outcome, engine) = drive(driver, engine, file, &holder, (stop, events)).await?;
    write::removed(&engine);
    // Whichever came out worse.
    let end = match (done.outcome.end, outcome.end) {
        (End::Partial, End::Finished) => End::Partial,
        (_, end) => end,
    };
    let note = if outcome.note.is_empty() { done.outcome.note } else { outcome.note };
    Ok(Done { outcome: apply::Outcome { end, note }, journal: engine.journal().clone() })
}
