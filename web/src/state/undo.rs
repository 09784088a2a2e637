//! Taking an apply back, as the page shows it.

use std::collections::BTreeMap;
use std::sync::Arc;

use apply::{End, Undo, UndoResult, Undoing};
use model::OpId;
use report::words;

use crate::state::sheet::{Cell, Row, Sheet, Tone};
use crate::state::sheets::{bits, columns, facet, op_anchor};

/// How far it is.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) enum TakingBack {
    /// Nobody asked for it.
    #[default]
    None,
    /// The gateway and the journal are being read.
    Reading,
    /// What would be done; nothing was.
    Shown(Arc<Undo>),
    /// Under way.
    Going {
        /// What is done.
        undo: Arc<Undo>,
        /// Objects over.
        done: usize,
        /// Whether Stop was pressed.
        stopping: bool,
    },
    /// It ended: how, why in a sentence where it did not go to its end, and what came of each object.
    Ended {
        /// What was to be done.
        undo: Arc<Undo>,
        /// How.
        end: End,
        /// Why, where it broke off.
        note: String,
        /// What came of it.
        results: BTreeMap<OpId, UndoResult>,
    },
    /// It cannot be done, and why.
    Refused(String),
}

impl TakingBack {
    /// The undo that is looked at.
    pub(crate) fn undo(&self) -> Option<&Arc<Undo>> {
        match self {
            Self::Shown(undo) | Self::Going { undo, .. } | Self::Ended { undo, .. } => Some(undo),
            Self::None | Self::Reading | Self::Refused(_) => None,
        }
    }

    /// What came of it, once it ended.
    pub(crate) fn results(&self) -> Option<&BTreeMap<OpId, UndoResult>> {
        match self {
            Self::Ended { results, .. } => Some(results),
            _ => None,
        }
    }
}

/// What an undo would do, in sentences.
pub(crate) fn announced(undo: &Undo) -> String {
    let parts = [
        (undo.count(Undoing::Remove), "to remove"),
        (undo.count(Undoing::Restore), "to put back as before"),
        (undo.count(Undoing::Nothing), "gone or as before already"),
        (undo.count(Undoing::Leave), "to leave as it is"),
    ];
    let named: Vec<String> = parts
        .into_iter()
        .filter(|(count, _)| *count > 0)
        .map(|(count, word)| format!("{} {word}", words::number(count)))
        .collect();
    if named.is_empty() {
        return "Nothing: this apply left nothing on the gateway.".to_owned();
    }
    format!("Of what this apply did: {}.", named.join(", "))
}

/// How an undo ended, in a sentence.
pub(crate) fn ended(undo: &Undo, end: End, results: &BTreeMap<OpId, UndoResult>) -> (Tone, &'static str, String) {
    let undone = results.values().filter(|result| result.is_undone()).count();
    let counted = format!("{} of {} taken back", words::number(undone), words::counted(undo.items.len(), "object"));
    match end {
        End::Finished => (Tone::Ok, "Taken back.", format!("{counted}, read back: the gateway is as it was before.")),
        End::Partial => {
            (Tone::Warn, "Taken back in part.", format!("{counted}; the table says why the others are not."))
        }
        End::Stopped => (Tone::Warn, "Stopped.", format!("{counted}; taking it back again goes on from there.")),
        End::Failed => (Tone::Bad, "Broken off.", format!("{counted}; taking it back again goes on from there.")),
    }
}

/// The objects of an undo, and what came of them.
pub(crate) fn sheet(undo: &Undo, results: Option<&BTreeMap<OpId, UndoResult>>) -> Sheet {
    let words = ["remove", "restore", "nothing", "leave"].map(|word| (word, word));
    let facets = vec![facet("action", "Action", words)];
    let rows = undo.items.iter().map(|item| {
        let tone = match item.what {
            Undoing::Remove => Tone::New,
            Undoing::Restore => Tone::Warn,
            Undoing::Nothing => Tone::Quiet,
            Undoing::Leave => Tone::Bad,
        };
        let cells = vec![
            Cell::Badge(tone, item.what.symbol(), item.what.word()),
            Cell::Text(item.kind.title().to_owned()),
            Cell::Code(item.name.clone()),
            Cell::Text(item.why.clone()),
            came_of(results.and_then(|results| results.get(&item.op)), results.is_some()),
        ];
        Row::new(op_anchor(&item.op), cells, bits(&facets, &[&[item.what.word()]]), "")
    });
    let rows = rows.collect();
    let titles = [("Action", false), ("Kind", false), ("Name", false), ("Why", false), ("State", false)];
    Sheet { columns: columns(&titles), head: 2, facets, rows }
}

fn came_of(result: Option<&UndoResult>, over: bool) -> Cell {
    let (tone, symbol, word) = match result {
        Some(UndoResult::Removed) => (Tone::Ok, "✓", "Removed"),
        Some(UndoResult::Restored) => (Tone::Ok, "✓", "Put back"),
        Some(UndoResult::Gone) => (Tone::Ok, "=", "Gone before"),
        Some(UndoResult::Left) => (Tone::Warn, "!", "Left"),
        Some(UndoResult::Failed) => (Tone::Bad, "✗", "Failed"),
        None if over => (Tone::Quiet, "·", "Not reached"),
        None => (Tone::Quiet, "·", "Waiting"),
    };
    Cell::Badge(tone, symbol, word)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_to_take_back_is_said() {
        let none = Undo { items: Vec::new() };
        assert_eq!(announced(&none), "Nothing: this apply left nothing on the gateway.");
        let (tone, title, _) = ended(&none, End::Partial, &BTreeMap::new());
        assert_eq!((tone, title), (Tone::Warn, "Taken back in part."));
        assert!(sheet(&none, None).rows.is_empty());
    }
}
