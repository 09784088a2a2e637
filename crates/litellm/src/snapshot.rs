//! One file with everything read, so that a plan can be made and repeated away from the proxy:
//! `gangway.snapshot.v1`. Secrets stay as LiteLLM encrypted them; what a source holds in clear is not in it, the
//! slot stays with a mark, and the source given beside the snapshot fills it again.

mod beside;
mod lines;
mod withhold;

use std::collections::BTreeMap;

use model::{Code, Finding, Origin, SecretId};

use crate::{Reading, Secret};

pub(crate) use beside::beside;
use lines::{Digested, FindingLine, KeptLine, ObjectLine, SourceLine};
use withhold::Withheld;

/// The name of the format, always the first field of the file.
pub const FORMAT: &str = "gangway.snapshot.v1";

/// What the codes of all findings about snapshots begin with.
pub const CODES: &str = "snapshot.";

/// A snapshot, and what it had to leave out.
#[derive(Clone, Debug)]
#[must_use = "what was left out has findings"]
pub struct Snapshot {
    /// The file: JSON, one object a line, ending in a digest of what stands before it. The same reading gives the
    /// same bytes.
    pub text: String,
    /// How many values were left out, by the name of the source that holds them.
    pub left_out: BTreeMap<String, usize>,
    /// The same in words, with what to give beside the snapshot.
    pub findings: Vec<Finding>,
}

/// Writes a snapshot of what was read. `keys` are the salt keys at hand: they are not written, but tell an encrypted
/// value from one that only looks like it (`reference/litellm.md` 3.4). Without the right key such a value stays.
pub fn write(reading: &Reading, keys: &[&Secret]) -> Snapshot {
    // Named one by one, so that a new part of a reading cannot be forgotten here.
    let Reading { objects, kept, sources, version, findings } = reading;
    let withheld = Withheld::of(objects, kept, keys);
    let mut file = Digested::begin(FORMAT, version.as_deref());
    file.list("sources", sources.iter().map(SourceLine::of));
    file.list("objects", objects.iter().map(|object| ObjectLine::of(&withhold::scrubbed(object))));
    file.map("kept", withheld.kept.iter());
    file.list("findings", findings.iter().map(FindingLine::of));
    let told = withhold::told(objects, sources, |slot| matches!(withheld.kept.get(slot), Some(KeptLine::LeftOut)));
    Snapshot { text: file.end(), left_out: told.counts, findings: told.findings }
}

/// Reads a snapshot back: all of it, or a finding that says why not. A file that somebody changed is not used.
pub(crate) fn read(name: &str, text: &str) -> Result<Reading, Box<Finding>> {
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    lines::parse(text).map_err(|why| Box::new(refusal(name, &why)))
}

/// Whether a `format` field names a snapshot, of this version or a newer one.
pub(crate) fn is_format(format: &str) -> bool {
    format.starts_with("gangway.snapshot.")
}

/// What to say of a second snapshot: two would mix two moments.
pub(crate) fn second(name: &str) -> Finding {
    Finding::error(Code::new("snapshot.second"), name, "another snapshot was given already; this one is not used")
        .at(Origin::whole(name))
        .hint("give one snapshot, and beside it the files whose values it leaves out")
}

/// Why a file is no snapshot that can be used. Positions only: what the file holds stays out of the message.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Refusal {
    /// The text ends too early.
    CutShort { line: usize, column: usize },
    /// No JSON.
    NotJson { line: usize, column: usize },
    /// Another shape than a snapshot has.
    OtherShape { line: usize, column: usize },
    /// The digest at the end is not that of what stands before it.
    Changed,
    /// A version of the format that this Gangway does not know.
    Newer(String),
    /// A part that no snapshot can hold.
    Impossible(&'static str),
}

fn refusal(name: &str, why: &Refusal) -> Finding {
    const AGAIN: &str = "make it again with gangway snapshot";
    let at = |line: usize, column: usize| {
        let number = |value: usize| u32::try_from(value).unwrap_or(u32::MAX).max(1);
        Origin::file(name, number(line), number(column))
    };
    let error = |code, message: &str| Finding::error(Code::new(code), name, message).at(Origin::whole(name));
    match why {
        Refusal::CutShort { line, column } => {
            error("snapshot.cut_short", "the snapshot breaks off here; nothing of it is used")
                .at(at(*line, *column))
                .hint("copy it again, whole")
                .hint(AGAIN)
        }
        Refusal::NotJson { line, column } => {
            error("snapshot.damaged", "the snapshot is damaged here; nothing of it is used")
                .at(at(*line, *column))
                .hint(AGAIN)
        }
        Refusal::OtherShape { line, column } => {
            error("snapshot.shape", "here is something that this version of Gangway does not find in a snapshot")
                .at(at(*line, *column))
                .hint("read it with the Gangway that wrote it, or a newer one")
                .hint(AGAIN)
        }
        Refusal::Changed => {
            error("snapshot.changed", "the snapshot was changed after it was written; nothing of it is used")
                .hint("a snapshot is not for editing: change LiteLLM, or leave objects out of the plan")
                .hint(AGAIN)
        }
        Refusal::Newer(format) => {
            error("snapshot.newer", &format!("the snapshot is a {format}, and this version of Gangway reads {FORMAT}"))
                .hint("take the Gangway that wrote it, or a newer one")
        }
        Refusal::Impossible(what) => error("snapshot.impossible", &format!("no snapshot holds {what}")).hint(AGAIN),
    }
}

/// The slots a value names.
fn slots_in(value: &serde_json::Value, found: &mut Vec<SecretId>) {
    match value {
        serde_json::Value::Object(map) => {
            if let (1, Some(slot)) = (map.len(), map.get("$secret").and_then(serde_json::Value::as_str)) {
                found.push(SecretId::new(slot));
                return;
            }
            map.values().for_each(|inner| slots_in(inner, found));
        }
        serde_json::Value::Array(items) => items.iter().for_each(|inner| slots_in(inner, found)),
        _ => {}
    }
}

/// The slots of an object, those inside nested values included.
fn slots(object: &crate::Object) -> Vec<SecretId> {
    let mut found = Vec::new();
    for field in object.fields.values() {
        match &field.held {
            crate::Held::Secret(slot) => found.push(slot.clone()),
            crate::Held::Plain(value) => slots_in(value, &mut found),
        }
    }
    found
}
