//! What does not arrive by itself as it was: one line per kind of source, field and reason, however many objects
//! it befalls.

use std::collections::{BTreeMap, BTreeSet};

use model::{Origin, SourceId};
use plan::{Fate, Fidelity, FieldLine, ObjectFate, Plan};

use super::head::{HISTORY_SYMBOL, fidelity_symbol};
use super::{names, shape};
use crate::view::NameList;
use crate::words;

/// Lines before those of one wording are folded together; and the most a page shows of them.
pub(super) const MAX_LINES: usize = 200;

/// The same loss, or the same thing to do, for any number of objects.
pub(crate) struct LossLine {
    pub(crate) class: &'static str,
    pub(crate) symbol: &'static str,
    pub(crate) word: &'static str,
    /// "1,000 virtual keys", or "virtual key" where the name follows.
    pub(crate) whose: String,
    pub(crate) names: NameList,
    /// The field; empty for whole objects.
    pub(crate) field: String,
    pub(crate) note: String,
    /// The note is one of several that differ in numbers and names.
    pub(crate) varies: bool,
    /// The first place it comes from.
    pub(crate) origin: String,
    pub(crate) hints: Vec<String>,
    pub(crate) fidelity: Fidelity,
    kind: String,
}

/// One thing that befalls one object.
struct Item<'a> {
    fidelity: Fidelity,
    id: &'a SourceId,
    kind: &'a str,
    name: &'a str,
    field: &'a str,
    note: &'a str,
    origin: Option<&'a Origin>,
    /// It is only LiteLLM's record of itself.
    history: bool,
}

/// The lines of every fidelity that is `wanted`: the graver fidelity first, whole objects before fields.
pub(super) fn group(
    plan: &Plan,
    objects: &BTreeMap<&SourceId, &ObjectFate>,
    wanted: impl Fn(Fidelity) -> bool,
) -> Vec<LossLine> {
    let items = items(plan, objects).into_iter().filter(|item| wanted(item.fidelity));
    let (history, items): (Vec<Item<'_>>, Vec<Item<'_>>) = items.partition(|item| item.history);
    let mut lines = told_together(plan, &items);
    lines.extend(history_line(&history));
    lines
}

/// What is left to a person.
pub(super) fn todo(plan: &Plan, objects: &BTreeMap<&SourceId, &ObjectFate>) -> Vec<LossLine> {
    group(plan, objects, |fidelity| fidelity == Fidelity::Manual)
}

/// The lines of whole objects that the gateway has nothing for.
pub(crate) fn without_counterpart(plan: &Plan) -> Vec<LossLine> {
    let items = plan.objects.iter().filter_map(whole).filter(|item| item.fidelity == Fidelity::Unsupported);
    told_together(plan, &items.collect::<Vec<_>>())
}

/// A line for each wording, or, where these are too many, for each shape of one.
fn told_together(plan: &Plan, items: &[Item<'_>]) -> Vec<LossLine> {
    let hints = hints_by_origin(plan);
    let lines = fold(items, &hints, &|text| text.to_owned());
    if lines.len() <= MAX_LINES { lines } else { fold(items, &hints, &shape) }
}

/// What is only LiteLLM's record of itself, in one line after everything that somebody may miss.
fn history_line(items: &[Item<'_>]) -> Option<LossLine> {
    let fields: BTreeSet<&str> = items.iter().map(|item| item.field).collect();
    let mut seen = BTreeSet::new();
    let mut names: NameList = items.iter().filter(|item| seen.insert(item.id)).map(|item| item.name).collect();
    names.fit(names::room(1));
    Some(LossLine {
        class: words::HISTORY,
        symbol: HISTORY_SYMBOL,
        word: words::HISTORY,
        whose: words::counted(names.total, "object"),
        names,
        field: fields.into_iter().collect::<Vec<_>>().join(", "),
        note: words::HISTORY_SENTENCE.to_owned(),
        varies: false,
        origin: String::new(),
        hints: Vec::new(),
        kind: String::new(),
        fidelity: items.first()?.fidelity,
    })
}

fn items<'a>(plan: &'a Plan, objects: &BTreeMap<&SourceId, &'a ObjectFate>) -> Vec<Item<'a>> {
    let mut items: Vec<Item<'a>> = plan.objects.iter().filter_map(whole).collect();
    for op in &plan.ops {
        items.extend(op.fields.iter().map(|line| of_field(line, objects.get(&line.object).copied())));
    }
    for object in &plan.objects {
        // The line of the whole object speaks for the fields that share its fate.
        let spoken_for = whole(object).map(|item| item.fidelity);
        let own = object.fields.iter().filter(|line| Some(line.fidelity) != spoken_for);
        items.extend(own.map(|line| of_field(line, Some(object))));
    }
    items
}

fn whole(object: &ObjectFate) -> Option<Item<'_>> {
    let fidelity = match object.fate {
        Fate::Manual => Fidelity::Manual,
        Fate::Unsupported => Fidelity::Unsupported,
        Fate::Moved | Fate::Folded | Fate::Skipped => return None,
    };
    Some(Item {
        fidelity,
        id: &object.id,
        kind: &object.kind,
        name: &object.name,
        field: "",
        note: &object.note,
        origin: object.origins.first(),
        history: false,
    })
}

fn of_field<'a>(line: &'a FieldLine, object: Option<&'a ObjectFate>) -> Item<'a> {
    let (kind, name) = match object {
        Some(object) => (object.kind.as_str(), object.name.as_str()),
        None => line.object.as_str().split_once('/').unwrap_or(("object", line.object.as_str())),
    };
    Item {
        fidelity: line.fidelity,
        id: &line.object,
        kind,
        name,
        field: &line.source,
        note: &line.note,
        origin: Some(&line.origin),
        history: line.is_history(),
    }
}

/// What findings advise, by the place they speak of.
fn hints_by_origin(plan: &Plan) -> BTreeMap<&Origin, BTreeSet<&str>> {
    let mut hints: BTreeMap<&Origin, BTreeSet<&str>> = BTreeMap::new();
    for finding in &plan.findings {
        if let Some(origin) = &finding.origin {
            hints.entry(origin).or_default().extend(finding.hints.iter().map(String::as_str));
        }
    }
    hints
}

fn fold(
    items: &[Item<'_>],
    hints: &BTreeMap<&Origin, BTreeSet<&str>>,
    wording: &dyn Fn(&str) -> String,
) -> Vec<LossLine> {
    let mut places = BTreeMap::new();
    let mut lines: Vec<LossLine> = Vec::new();
    let mut counted = BTreeSet::new();
    for item in items {
        let key = (item.fidelity, item.kind, wording(item.field), wording(item.note));
        let at = *places.entry(key).or_insert_with(|| {
            lines.push(line(item, hints));
            lines.len() - 1
        });
        let line = &mut lines[at];
        line.varies |= line.note != item.note;
        // Two ops may account for the same field of the same object.
        if counted.insert((at, item.id)) {
            line.names.push(item.name);
        }
    }
    lines.sort_by_key(|line| std::cmp::Reverse(line.fidelity));
    let room = names::room(lines.len());
    for line in &mut lines {
        line.names.fit(room);
        line.whose = words::source_kind(&line.kind);
        if line.names.total > 1 {
            line.whose = words::counted(line.names.total, &line.whose);
        }
    }
    lines
}

fn line(item: &Item<'_>, hints: &BTreeMap<&Origin, BTreeSet<&str>>) -> LossLine {
    let hints = item.origin.and_then(|origin| hints.get(origin)).into_iter().flatten();
    LossLine {
        class: item.fidelity.word(),
        symbol: fidelity_symbol(item.fidelity),
        word: item.fidelity.word(),
        whose: String::new(),
        names: NameList::default(),
        field: item.field.to_owned(),
        note: item.note.to_owned(),
        varies: false,
        origin: item.origin.map(ToString::to_string).unwrap_or_default(),
        hints: hints.map(|hint| (*hint).to_owned()).collect(),
        kind: item.kind.to_owned(),
        fidelity: item.fidelity,
    }
}
