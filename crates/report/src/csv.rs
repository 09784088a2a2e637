//! CSV by RFC 4180: one row per field, one per op without fields, one per source object that went into no op.

use std::collections::BTreeMap;

use model::OpId;
use plan::{FieldLine, ObjectFate, Op, Plan};

use crate::run::{OpRun, Run};
use crate::words::{self, Words};

const COLUMNS: [&str; 15] = [
    "action",
    "kind",
    "name",
    "op",
    "reason",
    "source_object",
    "fate",
    "source_field",
    "target_field",
    "fidelity",
    "note",
    "origin",
    "result",
    "result_note",
    "differences",
];

/// The whole plan as rows, with the result of each op where there is a run.
pub(crate) fn csv(plan: &Plan, run: Option<&Run>) -> String {
    let runs: BTreeMap<&OpId, &OpRun> = run.iter().flat_map(|run| &run.ops).map(|op| (&op.op, op)).collect();
    let mut text = String::new();
    row(&mut text, COLUMNS.map(Cell::Text));
    for op in &plan.ops {
        op_rows(&mut text, op, runs.get(&op.id).copied());
    }
    for object in &plan.objects {
        object_rows(&mut text, object);
    }
    text
}

/// A cell: text that must not become a formula, or a value that must stay as it is.
pub(crate) enum Cell<'a> {
    /// Prefixed where a spreadsheet would calculate it.
    Text(&'a str),
    /// As it stands.
    Verbatim(&'a str),
}

/// Appends one row.
pub(crate) fn row<'a>(text: &mut String, cells: impl IntoIterator<Item = Cell<'a>>) {
    for (at, cell) in cells.into_iter().enumerate() {
        if at > 0 {
            text.push(',');
        }
        let (guard, content) = match cell {
            Cell::Text(content) if content.starts_with(['=', '+', '-', '@', '\t', '\r']) => ("'", content),
            Cell::Text(content) | Cell::Verbatim(content) => ("", content),
        };
        if content.contains(['"', ',', '\n', '\r']) {
            text.push('"');
            text.push_str(guard);
            text.push_str(&content.replace('"', "\"\""));
            text.push('"');
        } else {
            text.push_str(guard);
            text.push_str(content);
        }
    }
    text.push_str("\r\n");
}

fn op_rows(text: &mut String, op: &Op, run: Option<&OpRun>) {
    let head = [op.action.word(), op.kind.id(), &op.name, op.id.as_str(), &op.reason].map(Cell::Text);
    let result = run.map_or("", |run| run.result.map_or(words::NOT_REACHED, Words::title));
    let result_note = run.map_or("", |run| run.note.as_str());
    let differences = run.and_then(|run| run.differences.as_ref()).map(|found| {
        if found.is_empty() {
            "none".to_owned()
        } else {
            found.iter().map(|one| &*one.path).collect::<Vec<_>>().join(", ")
        }
    });
    let tail = [result, result_note, differences.as_deref().unwrap_or("")];
    if op.fields.is_empty() {
        let origin = op.origins.first().map(ToString::to_string).unwrap_or_default();
        let empty = ["", "", "", "", "", "", &origin].map(Cell::Text);
        row(text, head.into_iter().chain(empty).chain(tail.map(Cell::Text)));
        return;
    }
    for field in &op.fields {
        let head = [op.action.word(), op.kind.id(), &op.name, op.id.as_str(), &op.reason];
        field_row(text, head, "", field, tail);
    }
}

/// A row for an object that went into no op, and one for each field that no op accounts for.
fn object_rows(text: &mut String, object: &ObjectFate) {
    let head = ["", "", &object.name, "", ""];
    if object.ops.is_empty() {
        let origin = object.origins.first().map(ToString::to_string).unwrap_or_default();
        let middle = [object.id.as_str(), object.fate.title(), "", "", "", &object.note, &origin, "", "", ""];
        row(text, head.into_iter().chain(middle).map(Cell::Text));
    }
    for field in &object.fields {
        field_row(text, head, object.fate.title(), field, ["", "", ""]);
    }
}

fn field_row(text: &mut String, head: [&str; 5], fate: &str, field: &FieldLine, tail: [&str; 3]) {
    let origin = field.origin.to_string();
    let middle = [
        field.object.as_str(),
        fate,
        &field.source,
        field.target.as_deref().unwrap_or(""),
        field.fidelity.word(),
        &field.note,
        &origin,
    ];
    row(text, head.into_iter().chain(middle).chain(tail).map(Cell::Text));
}
