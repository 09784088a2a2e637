//! The switch for sharing: names, ids, e-mails and hosts become "team 1", "user 2", the same everywhere. It works
//! on the data, so every output made of it keeps the promise.

mod names;

use std::sync::Arc;

use apply::{Entry, Journal, Line};
use model::{Finding, OpId, Origin, SecretId, SourceId};
use plan::delta::Gone;
use plan::{AccessVerdict, FieldLine, ObjectFate, Op, Plan, RouteRow, Source};
use serde_json::{Map, Value};

use names::Names;

/// The plan and the journal with every name replaced by a placeholder. Words, numbers, field names and the names
/// of Bifrost's own providers stay. Equal inputs give equal placeholders.
pub fn hide_names(plan: &Plan, journal: Option<&Journal>) -> (Plan, Option<Journal>) {
    let names = Names::collect(plan, journal);
    (hide_plan(&names, plan), journal.map(|journal| hide_journal(&names, journal)))
}

fn hide_plan(names: &Names, plan: &Plan) -> Plan {
    let source = |source: &Source| Source { what: names.text(&source.what), ..source.clone() };
    let mut hidden = plan.clone();
    hidden.made.sources = plan.made.sources.iter().map(source).collect();
    hidden.ops = plan.ops.iter().map(|op| hide_op(names, op)).collect();
    hidden.objects = plan.objects.iter().map(|object| hide_object(names, object)).collect();
    let gone =
        |gone: &Gone| Gone { name: names.text(&gone.name), target_id: names.text(&gone.target_id), ..gone.clone() };
    hidden.gone = plan.gone.iter().map(gone).collect();
    hidden.findings = plan.findings.iter().map(|finding| hide_finding(names, finding)).collect();
    hidden.access = plan.access.iter().map(|access| hide_access(names, access)).collect();
    hidden.routes.differing = plan.routes.differing.iter().map(|row| hide_route(names, row)).collect();
    hidden.choices.default_provider = names.text(&plan.choices.default_provider);
    hidden.choices.leave_out = plan.choices.leave_out.iter().map(|id| source_id(names, id)).collect();
    let renamed = plan.choices.rename.iter().map(|(id, name)| (source_id(names, id), names.text(name)));
    hidden.choices.rename = renamed.collect();
    let providers = plan.choices.rename_provider.iter().map(|(own, name)| (names.text(own), names.text(name)));
    hidden.choices.rename_provider = providers.collect();
    let mapped = plan.choices.map_provider.iter().map(|(from, to)| (names.text(from), names.text(to)));
    hidden.choices.map_provider = mapped.collect();
    hidden.choices.leave_alone = plan.choices.leave_alone.iter().map(|id| op_id(names, id)).collect();
    hidden.choices.take_over = plan.choices.take_over.iter().map(|id| op_id(names, id)).collect();
    hidden.choices.accept_partial = plan.choices.accept_partial.iter().map(|name| names.text(name)).collect();
    hidden
}

fn hide_op(names: &Names, op: &Op) -> Op {
    Op {
        id: op_id(names, &op.id),
        kind: op.kind,
        name: names.text(&op.name),
        action: op.action,
        reason: names.text(&op.reason),
        after_ops: op.after_ops.iter().map(|id| op_id(names, id)).collect(),
        target_id: op.target_id.as_deref().map(|id| names.text(id)),
        before: op.before.as_ref().map(|body| value(names, body)),
        after: op.after.as_ref().map(|body| value(names, body).into()),
        origins: op.origins.iter().map(|origin| place(names, origin)).collect(),
        fields: op.fields.iter().map(|line| field(names, line)).collect(),
    }
}

fn hide_object(names: &Names, object: &ObjectFate) -> ObjectFate {
    ObjectFate {
        id: source_id(names, &object.id),
        kind: object.kind.clone(),
        name: names.text(&object.name),
        fate: object.fate,
        note: names.text(&object.note),
        made_at: object.made_at,
        ops: object.ops.iter().map(|id| op_id(names, id)).collect(),
        origins: object.origins.iter().map(|origin| place(names, origin)).collect(),
        fields: object.fields.iter().map(|line| field(names, line)).collect(),
    }
}

fn field(names: &Names, line: &FieldLine) -> FieldLine {
    FieldLine {
        object: source_id(names, &line.object),
        source: names.text(&line.source).into(),
        target: line.target.as_deref().map(|target| names.text(target).into()),
        fidelity: line.fidelity,
        note: names.text(&line.note).into(),
        origin: place(names, &line.origin),
    }
}

fn hide_finding(names: &Names, finding: &Finding) -> Finding {
    Finding {
        code: finding.code.clone(),
        severity: finding.severity,
        subject: names.text(&finding.subject),
        origin: finding.origin.as_ref().map(|origin| place(names, origin)),
        message: names.text(&finding.message),
        hints: finding.hints.iter().map(|hint| names.text(hint)).collect(),
    }
}

fn hide_access(names: &Names, access: &AccessVerdict) -> AccessVerdict {
    let list = |list: &[String]| list.iter().map(|name| names.text(name)).collect();
    AccessVerdict {
        virtual_key: names.text(&access.virtual_key),
        verdict: access.verdict,
        only_source: list(&access.only_source),
        only_target: list(&access.only_target),
    }
}

fn hide_route(names: &Names, row: &RouteRow) -> RouteRow {
    RouteRow { name: names.text(&row.name), note: names.text(&row.note), ..row.clone() }
}

fn hide_journal(names: &Names, journal: &Journal) -> Journal {
    let line = |line: &Line| Line { entry: hide_entry(names, &line.entry), ..line.clone() };
    Journal { lines: journal.lines.iter().map(line).collect() }
}

fn hide_entry(names: &Names, entry: &Entry) -> Entry {
    let mut hidden = entry.clone();
    match &mut hidden {
        Entry::Opened { target, .. } | Entry::UndoOpened { target, .. } | Entry::RemovalOpened { target, .. } => {
            *target = names.text(target);
        }
        Entry::Intent { op, target_id, before, .. } => {
            *op = op_id(names, op);
            *target_id = target_id.as_deref().map(|id| names.text(id));
            *before = before.as_ref().map(|body| value(names, body));
        }
        Entry::Outcome { op, target_id, note, .. } => {
            *op = op_id(names, op);
            *target_id = target_id.as_deref().map(|id| names.text(id));
            *note = names.text(note);
        }
        Entry::Verified { op, differences, .. } => {
            *op = op_id(names, op);
            for difference in differences {
                difference.path = names.text(&difference.path);
                difference.intended = value(names, &difference.intended);
                difference.observed = value(names, &difference.observed);
            }
        }
        Entry::UndoIntent { op, target_id, .. } => {
            *op = op_id(names, op);
            *target_id = names.text(target_id);
        }
        Entry::UndoOutcome { op, note, .. } => {
            *op = op_id(names, op);
            *note = names.text(note);
        }
        Entry::Closed { .. } => {}
    }
    hidden
}

fn value(names: &Names, body: &Value) -> Value {
    match bifrost::hole::read(body) {
        Some(bifrost::hole::Hole::Secret(slot)) => return bifrost::hole::secret(&secret_id(names, &slot)),
        Some(bifrost::hole::Hole::Ref(op)) => return bifrost::hole::reference(&op_id(names, &op)),
        None => {}
    }
    match body {
        Value::String(text) => Value::String(names.text(text)),
        Value::Array(items) => Value::Array(items.iter().map(|item| value(names, item)).collect()),
        Value::Object(fields) => {
            let hidden = fields.iter().map(|(key, item)| (names.text(key), value(names, item)));
            Value::Object(hidden.collect::<Map<_, _>>())
        }
        plain => plain.clone(),
    }
}

/// The kind before the slash is a word of ours and stays.
fn op_id(names: &Names, id: &OpId) -> OpId {
    OpId::new(behind_kind(names, id.as_str()))
}

fn source_id(names: &Names, id: &SourceId) -> SourceId {
    SourceId::new(behind_kind(names, id.as_str()))
}

fn behind_kind(names: &Names, id: &str) -> String {
    match id.split_once('/') {
        Some((kind, rest)) => format!("{kind}/{}", names.text(rest)),
        None => names.text(id),
    }
}

/// `credential/openai-prod/api_key`: kind and field stay, whatever stands between goes.
fn secret_id(names: &Names, slot: &SecretId) -> SecretId {
    let parts: Vec<&str> = slot.as_str().split('/').collect();
    let [kind, middle @ .., field] = parts.as_slice() else { return SecretId::new("secret") };
    let name = middle.join("/");
    let known = names.text(&name);
    let shown = if known == name { "hidden" } else { &known };
    if middle.is_empty() {
        return SecretId::new(format!("{kind}/{}", names.text(field)));
    }
    SecretId::new(format!("{kind}/{shown}/{}", names.text(field)))
}

fn place(names: &Names, origin: &Origin) -> Origin {
    match origin {
        Origin::File { file, line, column } => Origin::file(names.text(file), *line, *column),
        Origin::Row { table, row, column } => Origin::row(Arc::clone(table), names.text(row), names.text(column)),
        Origin::Endpoint { endpoint, pointer } => Origin::endpoint(names.text(endpoint), names.text(pointer)),
        Origin::Whole { name } => Origin::whole(names.text(name)),
    }
}
