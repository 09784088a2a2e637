//! What could not be used of the rows, the first places in full.

use std::collections::BTreeMap;

use model::{Code, Finding, Origin};

use crate::tables::Table;

/// How many places of one kind are worth reading.
const MOST: usize = 20;

/// The findings about one row.
#[derive(Debug, Default)]
pub(super) struct RowNotes {
    list: Vec<Finding>,
    /// It is a session of LiteLLM's dashboard and no key.
    pub(super) session: bool,
}

impl RowNotes {
    /// Whether there is nothing to say.
    pub(super) fn is_empty(&self) -> bool {
        self.list.is_empty() && !self.session
    }

    /// A finding.
    pub(super) fn add(&mut self, finding: Finding) {
        self.list.push(finding);
    }

    /// A column that should hold a map holds a text.
    pub(super) fn no_json(&mut self, at: &Origin, column: &str) {
        let message = format!("{column} is a text that is no JSON; what it was meant to say is unknown");
        self.add(
            Finding::error(Code::new("rows.no_json"), "database", message)
                .at(at.clone())
                .hint("LiteLLM cannot read it either: correct the row, or set these fields on the gateway"),
        );
    }

    /// A text holds a NUL.
    pub(super) fn nul(&mut self, at: &Origin) {
        let message = "there is a NUL in this text; it is kept, and the gateway may refuse it";
        self.add(Finding::warning(Code::new("rows.nul"), "database", message).at(at.clone()));
    }

    /// A row has nothing to know it by.
    pub(super) fn no_key(&mut self, table: &Table) {
        let message = format!("a row of {} has no {}; it is not used", table.name, table.key.join(" and no "));
        self.add(Finding::error(Code::new("rows.no_key"), "database", message).at(Origin::whole(table.name)));
    }
}

/// The findings about rows so far.
#[derive(Debug, Default)]
pub(super) struct Notes {
    list: Vec<Finding>,
    counts: BTreeMap<Code, usize>,
    /// Keys that are sessions of LiteLLM's dashboard.
    sessions: usize,
}

impl Notes {
    /// The findings about one more row, if there are not too many like them.
    pub(super) fn take(&mut self, row: RowNotes) {
        self.sessions += usize::from(row.session);
        for finding in row.list {
            let count = self.counts.entry(finding.code.clone()).or_default();
            *count += 1;
            if *count <= MOST {
                self.list.push(finding);
            }
        }
    }

    /// All of them.
    pub(super) fn finish(mut self) -> Vec<Finding> {
        for (code, count) in self.counts {
            if let Some(more) = count.checked_sub(MOST).filter(|more| *more > 0) {
                let message = format!("{more} more places like the {MOST} that are listed ({code})");
                self.list.push(Finding::warning(Code::new("rows.more"), "database", message));
            }
        }
        if self.sessions > 0 {
            let message = format!(
                "{} sessions of LiteLLM's own dashboard are among its keys; they are left out, they end with it",
                self.sessions
            );
            let origin = Origin::whole("LiteLLM_VerificationToken");
            self.list.push(Finding::info(Code::new("rows.sessions"), "virtual keys", message).at(origin));
        }
        self.list
    }
}
