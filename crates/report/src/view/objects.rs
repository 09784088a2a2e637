//! Every source object and its fate; the counts add up to the inventory.

use std::collections::BTreeMap;

use plan::{Fate, ObjectFate, Plan};

use super::{NameList, anchor, ops, shape};
use crate::view::ops::FieldRow;
use crate::words::{self, Words};

/// The fates in the order of the columns.
const FATES: [Fate; 5] = [Fate::Moved, Fate::Folded, Fate::Skipped, Fate::Manual, Fate::Unsupported];

/// Bytes for the names of objects that no op names.
const NAMES: usize = 30_000;

/// Bytes for the names of the others.
const FEW: usize = 500;

/// One kind, or all of them, by fate.
pub(crate) struct FateRow {
    pub(crate) kind: String,
    /// One count per fate.
    pub(crate) counts: Vec<String>,
    pub(crate) total: String,
    pub(crate) is_sum: bool,
}

/// The objects of one kind.
pub(crate) struct ObjectKind {
    pub(crate) title: String,
    pub(crate) rows: Vec<ObjectRow>,
    pub(crate) groups: Vec<ObjectGroup>,
}

/// One object.
pub(crate) struct ObjectRow {
    pub(crate) name: String,
    pub(crate) id: String,
    pub(crate) fate: FateBadge,
    pub(crate) note: String,
    /// The ops it went into: fragment and id.
    pub(crate) ops: Vec<(String, String)>,
    pub(crate) origins: Vec<String>,
    pub(crate) fields: Vec<FieldRow>,
}

/// Objects of one fate and wording.
pub(crate) struct ObjectGroup {
    pub(crate) fate: FateBadge,
    pub(crate) count: String,
    pub(crate) note: String,
    pub(crate) varies: bool,
    pub(crate) names: NameList,
    has_ops: bool,
}

/// A fate with its word.
#[derive(Clone, Copy)]
pub(crate) struct FateBadge {
    pub(crate) class: &'static str,
    pub(crate) word: &'static str,
}

impl FateBadge {
    fn of(fate: Fate) -> Self {
        let class = match fate {
            Fate::Moved | Fate::Folded => "exact",
            Fate::Skipped => "skip",
            Fate::Manual => "manual",
            Fate::Unsupported => "unsupported",
        };
        Self { class, word: fate.title() }
    }
}

/// The table of counts, kind by fate, with a last row that sums up.
pub(super) fn fates(plan: &Plan) -> Vec<FateRow> {
    let mut table: BTreeMap<&str, [usize; FATES.len()]> = BTreeMap::new();
    let mut sum = [0; FATES.len()];
    for object in &plan.objects {
        let counts = table.entry(&object.kind).or_default();
        for (at, _) in FATES.iter().enumerate().filter(|(_, fate)| **fate == object.fate) {
            counts[at] += 1;
            sum[at] += 1;
        }
    }
    let row = |kind: String, counts: [usize; FATES.len()], is_sum| FateRow {
        kind,
        counts: counts.map(|count| if count == 0 { "–".to_owned() } else { words::number(count) }).into(),
        total: words::number(counts.iter().sum()),
        is_sum,
    };
    let mut rows: Vec<FateRow> =
        table.iter().map(|(kind, counts)| row(words::plural(2, &words::source_kind(kind)), *counts, false)).collect();
    if !rows.is_empty() {
        rows.push(row("all".to_owned(), sum, true));
    }
    rows
}

/// The objects by kind, in the order of their kinds' names.
pub(super) fn kinds(plan: &Plan) -> Vec<ObjectKind> {
    let mut kinds: BTreeMap<&str, Vec<&ObjectFate>> = BTreeMap::new();
    for object in &plan.objects {
        kinds.entry(&object.kind).or_default().push(object);
    }
    let all = plan.objects.len();
    let kind = |(kind, objects): (&str, Vec<&ObjectFate>)| {
        let title = words::counted(objects.len(), &words::source_kind(kind));
        if ops::is_folded(objects.len(), all) {
            return ObjectKind { title, rows: Vec::new(), groups: groups(&objects) };
        }
        ObjectKind { title, rows: objects.into_iter().map(row).collect(), groups: Vec::new() }
    };
    kinds.into_iter().map(kind).collect()
}

fn row(object: &ObjectFate) -> ObjectRow {
    ObjectRow {
        name: object.name.clone(),
        id: object.id.to_string(),
        fate: FateBadge::of(object.fate),
        note: object.note.clone(),
        ops: object.ops.iter().map(|op| (anchor(op), op.to_string())).collect(),
        origins: object.origins.iter().map(ToString::to_string).collect(),
        fields: object.fields.iter().map(FieldRow::of).collect(),
    }
}

fn groups(objects: &[&ObjectFate]) -> Vec<ObjectGroup> {
    let mut groups: BTreeMap<(Fate, bool, String), ObjectGroup> = BTreeMap::new();
    for object in objects {
        let group =
            groups.entry((object.fate, object.ops.is_empty(), shape(&object.note))).or_insert_with(|| ObjectGroup {
                fate: FateBadge::of(object.fate),
                count: String::new(),
                note: object.note.clone(),
                varies: false,
                names: NameList::default(),
                has_ops: !object.ops.is_empty(),
            });
        group.varies |= group.note != object.note;
        group.names.push(&object.name);
    }
    let mut groups: Vec<ObjectGroup> = groups.into_values().collect();
    for group in &mut groups {
        group.count = words::number(group.names.total);
        // What has ops is named there.
        group.names.fit(if group.has_ops { FEW } else { NAMES });
    }
    groups
}
