//! Who may call what, before and after: keys of one verdict and one difference share a row.

use std::cmp::Reverse;
use std::collections::BTreeMap;

use plan::{Plan, Verdict};

use super::names;
use crate::view::NameList;
use crate::words::{self, Words};

/// Rows before the rest is only counted.
const MAX_ROWS: usize = 200;

/// The comparison of all keys.
pub(crate) struct Access {
    /// How many keys there are of each verdict, the gravest first.
    pub(crate) counts: Vec<(&'static str, &'static str, String)>,
    pub(crate) rows: Vec<AccessRow>,
    pub(crate) more: String,
}

/// Keys that compare in the same way.
pub(crate) struct AccessRow {
    pub(crate) class: &'static str,
    pub(crate) verdict: &'static str,
    pub(crate) keys: NameList,
    pub(crate) count: String,
    pub(crate) lost: NameList,
    pub(crate) gained: NameList,
}

impl Access {
    pub(super) fn of(plan: &Plan) -> Self {
        let mut rows = rows(plan);
        // The keys nothing happens to are one row, and it always stands.
        let equal = rows.pop_if(|row| row.verdict == Verdict::Equal.title());
        let more = rows.len().saturating_sub(MAX_ROWS);
        rows.truncate(MAX_ROWS);
        rows.extend(equal);
        let room = names::room(rows.len());
        for row in &mut rows {
            for list in [&mut row.keys, &mut row.lost, &mut row.gained] {
                list.fit(room);
            }
        }
        let count = |verdict: Verdict| {
            let count = plan.access.iter().filter(|access| access.verdict == verdict).count();
            (if count == 0 { "" } else { class(verdict) }, verdict.title(), words::number(count))
        };
        Self {
            counts: [Verdict::Wider, Verdict::Narrower, Verdict::Equal].map(count).into(),
            rows,
            more: if more > 0 { words::counted(more, "more row") } else { String::new() },
        }
    }
}

/// The gravest verdict first.
fn rows(plan: &Plan) -> Vec<AccessRow> {
    type Comparison<'a> = (Reverse<Verdict>, &'a [String], &'a [String]);
    let mut groups: BTreeMap<Comparison<'_>, NameList> = BTreeMap::new();
    for access in &plan.access {
        let key = (Reverse(access.verdict), access.only_target.as_slice(), access.only_source.as_slice());
        groups.entry(key).or_default().push(&access.virtual_key);
    }
    let row = |((Reverse(verdict), gained, lost), keys): (Comparison<'_>, NameList)| AccessRow {
        class: class(verdict),
        verdict: verdict.title(),
        count: words::counted(keys.total, "key"),
        keys,
        lost: lost.iter().map(String::as_str).collect(),
        gained: gained.iter().map(String::as_str).collect(),
    };
    groups.into_iter().map(row).collect()
}

const fn class(verdict: Verdict) -> &'static str {
    match verdict {
        Verdict::Equal => "exact",
        Verdict::Narrower => "approximate",
        Verdict::Wider => "unsupported",
    }
}
