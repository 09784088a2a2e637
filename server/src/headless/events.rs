//! What a command says on standard output: words for people or, with `--json`, what it does for machines, as JSON objects,
//! one a line, each with its `type`. Then all words stay on standard error. No line holds a secret.

use apply::{Drift, Entry, Journal, Undo, Undoing};
use plan::Plan;
use serde::Serialize;
use serde_json::{Value, json};

use super::{HeadlessError, write};

/// The format of the lines; a type or a field may be added to it.
const FORMAT: &str = "gangway.events.v1";

/// Where they go.
#[derive(Debug)]
pub(super) struct Events {
    wanted: bool,
    /// How many lines of the journal were told.
    told: usize,
}

#[derive(Serialize)]
struct Told<'a> {
    r#type: &'a str,
    #[serde(flatten)]
    body: Value,
}

impl Events {
    /// Those of a command; without `--json` nothing is told.
    pub(super) fn of(command: &str, wanted: bool) -> Self {
        let events = Self { wanted, told: 0 };
        events.tell("opened", || json!({"format": FORMAT, "command": command, "gangway": env!("CARGO_PKG_VERSION")}));
        events
    }

    /// One line.
    pub(super) fn tell(&self, kind: &str, body: impl FnOnce() -> Value) {
        if self.wanted {
            let told = Told { r#type: kind, body: body() };
            write::print(&(serde_json::to_string(&told).unwrap_or_default() + "\n"));
        }
    }

    /// A plan: its ops, what changes for whom, what is to be known of it. For people, in words.
    pub(super) fn plan(&self, plan: &Plan) {
        if !self.wanted {
            return write::show(plan);
        }
        for op in &plan.ops {
            self.tell(
                "op",
                || json!({"op": op.id, "action": op.action, "kind": op.kind, "name": op.name, "reason": op.reason}),
            );
        }
        for verdict in plan.access.iter().filter(|verdict| verdict.verdict != plan::Verdict::Equal) {
            self.tell("access", || json!(verdict));
        }
        for finding in &plan.findings {
            self.tell("finding", || json!(finding));
        }
        self.tell("planned", || json!({"applyable": plan.applyable, "summary": plan.summary}));
    }

    /// What an undo would do. For people, in words.
    pub(super) fn undo(&self, undo: &Undo) {
        if !self.wanted {
            return write::undo(undo);
        }
        for item in &undo.items {
            self.tell(
                "undo",
                || json!({"op": item.op, "what": item.what.word(), "why": item.why, "fields": item.fields}),
            );
        }
    }

    /// What is gone from LiteLLM, and what becomes of it. For people, in words.
    pub(super) fn gone(&self, gone: &Undo, plan: &Plan, asked: bool) {
        if !self.wanted {
            return write::gone(gone, plan, asked);
        }
        for item in &gone.items {
            let what = if asked || item.what != Undoing::Remove { item.what.word() } else { "stay" };
            self.tell("gone", || json!({"op": item.op, "what": what, "why": item.why}));
        }
    }

    /// A journal that is gone on with: what it holds is no news.
    pub(super) fn begin(&mut self, journal: &Journal) {
        self.told = journal.lines.len();
    }

    /// What was added to the journal since.
    pub(super) fn journal(&mut self, journal: &Journal) {
        if !self.wanted {
            return;
        }
        for line in journal.lines.iter().skip(self.told) {
            let kind = match &line.entry {
                Entry::Outcome { .. } => "outcome",
                Entry::Verified { .. } => "verified",
                Entry::UndoOutcome { .. } => "undone",
                _ => continue,
            };
            self.tell(kind, || {
                let mut entry = json!(line.entry);
                if let Some(fields) = entry.as_object_mut() {
                    fields.retain(|name, _| !["record", "shown"].contains(&name.as_str()));
                }
                entry
            });
        }
        self.told = journal.lines.len();
    }

    /// How far it is.
    pub(super) fn progress(&self, done: usize, total: usize) {
        self.tell("progress", || json!({"done": done, "total": total}));
    }

    /// What differs from the plan.
    pub(super) fn drift(&self, found: &[Drift]) {
        for Drift { op, differences, since, beyond } in found {
            if !differences.is_empty() || *beyond {
                self.tell("drift", || json!({"op": op, "differences": differences, "since": since, "beyond": beyond}));
            }
        }
        self.tell("compared", || json!({"objects": found.len()}));
    }

    /// What the command refuses to do.
    pub(super) fn refused(&self, refused: &HeadlessError) {
        self.tell("refused", || json!({"why": refused.to_string(), "hints": refused.hints()}));
    }

    /// The last line.
    pub(super) fn end(&self, done: &Result<u8, HeadlessError>) {
        self.tell("ended", || match done {
            Ok(code) => json!({"exit": code}),
            Err(error) => json!({"exit": crate::ERROR, "why": error.to_string(), "hints": error.hints()}),
        });
    }
}
