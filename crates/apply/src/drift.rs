//! What changed on the gateway since the apply read it back.

use std::collections::BTreeMap;

use bifrost::Observed;
use bifrost::compare::Difference;
use model::OpId;
use plan::Plan;

use crate::journal::{Entry, Journal};
use crate::redact::difference;
use crate::verify::compare;

/// An op's object as it is now, beside how it was read back after the apply. Without secrets.
#[derive(Clone, Debug, PartialEq)]
pub struct Drift {
    /// Which op.
    pub op: OpId,
    /// What differs from the plan now; empty means as planned.
    pub differences: Vec<Difference>,
    /// Whether that came after the apply had read it back.
    pub since: bool,
    /// Whether something changed since that the plan does not speak of: a limit that was added, another setting.
    pub beyond: bool,
}

/// Compares every op that was carried out with the gateway as it is, and with how the journal saw it.
pub fn drift(plan: &Plan, journal: &Journal, observed: &Observed) -> Vec<Drift> {
    let mut then: BTreeMap<&OpId, (&[Difference], Option<&str>)> = BTreeMap::new();
    for line in &journal.lines {
        if let Entry::Verified { op, differences, shown } = &line.entry {
            then.insert(op, (differences, shown.as_deref()));
        }
    }
    let now = compare(plan, journal, observed).into_iter();
    now.map(|found| {
        let differences: Vec<Difference> = found.differences.iter().map(difference).collect();
        let (before, look) = then.get(&found.op).copied().unwrap_or_default();
        let beyond =
            differences.is_empty() && look.is_some() && found.shown.is_some() && look != found.shown.as_deref();
        let since = then.contains_key(&found.op) && before != differences.as_slice();
        Drift { op: found.op, differences, since, beyond }
    })
    .collect()
}
