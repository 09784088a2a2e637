//! Who may call what, before and after: keys of one verdict and one difference share a row.

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
        let mut groups: BTreeMap<_, NameList> = BTreeMap::new();
        let mut counts: BTreeMap<Verdict, usize> = BTreeMap::new();
        for access in &plan.access {
            *counts.entry(access.verdict).or_default() += 1;
            let key = (std::cmp::Reverse(access.verdict), &access.only_target, &access.only_source);
            groups.entry(key).or_default().push(&access.virtual_key);
        }
        let mut rows: Vec<AccessRow> = groups
            .into_iter()
            .map(|((verdict, gained, lost), keys)| AccessRow {
                class: class(verdict.0),
                verdict: verdict.0.title(),
                count: words::counted(keys.total, "key"),
                keys,
                lost: lost.iter().map(String::as_str).collect(),
                gained: gained.iter().map(String::as_str).collect(),
            })
            .collect();
        let more = rows.len().saturating_sub(MAX_ROWS);
        let equal = rows.pop_if(|row| more > 0 && row.verdict == Verdict::Equal.title());
        rows.truncate(MAX_ROWS);
        rows.extend(equal);
        let room = names::room(rows.len());
        for row in &mut rows {
            for list in [&mut row.keys, &mut row.lost, &mut row.gained] {
                list.fit(room);
            }
        }
        let tile = |verdict: &Verdict| {
            let count = counts.get(verdict).copied().unwrap_or_default();
            (if count == 0 { "" } else { class(*verdict) }, verdict.title(), words::number(count))
        };
        Self {
            counts: [Verdict::Wider, Verdict::Narrower, Verdict::Equal].iter().map(tile).collect(),
            rows,
            more: if more > 0 { words::counted(more, "more row") } else { String::new() },
        }
    }
}

const fn class(verdict: Verdict) -> &'static str {
    match verdict {
        Verdict::Equal => "exact",
        Verdict::Narrower => "approximate",
        Verdict::Wider => "unsupported",
    }
}
