//! Which way onto the gateway: call by call, or by a start from `config.json`. Figures: `reference/bifrost-api.md` 13.7,
//! measured with 1,000 and 10,000 virtual keys that have a budget and a rate limit each.

use bifrost::{Capability, Kind, Version};

use crate::types::{Action, Op, Road, Roads};

/// From how many virtual keys on the way makes a difference.
const MANY: u64 = 1_000;

/// How long calls may take before the file is the better way.
const PATIENCE_SECONDS: u64 = 60;

/// The ways of a plan, where they differ.
pub(crate) fn roads(ops: &[Op], version: &Version) -> Option<Roads> {
    let created = |op: &&Op| op.kind == Kind::VirtualKey && op.action == Action::Create;
    let keys = ops.iter().filter(created).count() as u64;
    if keys < MANY {
        return None;
    }
    let there = |op: &Op| op.target_id.is_some() && op.kind != Kind::ClientConfig;
    let calls_seconds = calls(keys, version);
    let file_seconds = (!ops.iter().any(there)).then(|| file(keys, version));
    let recommended = match file_seconds {
        Some(_) if calls_seconds > PATIENCE_SECONDS => Road::File,
        _ => Road::Calls,
    };
    Some(Roads { recommended, virtual_keys: keys, calls_seconds, file_seconds })
}

/// 95 seconds for 10,000 keys in the second generation, and over 300 in the first.
fn calls(keys: u64, version: &Version) -> u64 {
    let for_ten_thousand = if is_second(version) { 95 } else { 300 };
    (keys * for_ten_thousand).div_ceil(10_000)
}

/// 5.3 seconds for 10,000 keys in the second generation, in step with their number; 83 in the first, where the time
/// grows with its square.
fn file(keys: u64, version: &Version) -> u64 {
    if is_second(version) {
        (keys * 53).div_ceil(100_000)
    } else {
        (keys.saturating_mul(keys) * 83).div_ceil(100_000_000)
    }
}

/// Told apart by what else changed between the two gateways that were measured.
fn is_second(version: &Version) -> bool {
    version.has(Capability::FileLimitsShown)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(version: &str, keys: u64, expected: (u64, u64)) {
        let version = version.parse().unwrap();
        assert_eq!((calls(keys, &version), file(keys, &version)), expected, "{version} with {keys}");
    }

    #[test]
    fn the_figures_are_the_measured_ones() {
        check("2.0.0-prerelease3", 1_000, (10, 1));
        check("2.0.0-prerelease3", 10_000, (95, 6));
        check("2.2.6", 100_000, (950, 53));
        check("1.5.16", 1_000, (30, 1));
        check("1.5.16", 10_000, (300, 83));
    }

    /// The ops of that many new keys, on a gateway with these objects.
    fn ops(keys: u64, there: &[Kind]) -> Vec<Op> {
        let op = |kind: Kind, number: u64, target_id: Option<String>| Op {
            id: crate::draft::op_id(kind, &number.to_string()),
            kind,
            name: number.to_string(),
            action: if target_id.is_some() { Action::Same } else { Action::Create },
            reason: String::new(),
            after_ops: Vec::new(),
            target_id,
            before: None,
            after: None,
            origins: Vec::new(),
            fields: Vec::new(),
        };
        let new = (0..keys).map(|number| op(Kind::VirtualKey, number, None));
        new.chain(there.iter().map(|kind| op(*kind, keys, Some("there".to_owned())))).collect()
    }

    #[track_caller]
    fn check_road(version: &str, keys: u64, there: &[Kind], expected: Option<(Road, u64, u64, Option<u64>)>) {
        let found = roads(&ops(keys, there), &version.parse().unwrap());
        let found = found.map(|roads| (roads.recommended, roads.virtual_keys, roads.calls_seconds, roads.file_seconds));
        assert_eq!(found, expected, "{version} with {keys}");
    }

    #[test]
    fn a_road_is_recommended_by_size_and_by_what_is_there() {
        check_road("2.2.6", 999, &[], None);
        check_road("2.2.6", 999, &[Kind::VirtualKey], None);
        check_road("2.2.6", 1_000, &[], Some((Road::Calls, 1_000, 10, Some(1))));
        check_road("1.5.16", 2_000, &[], Some((Road::Calls, 2_000, 60, Some(4))));
        check_road("1.5.16", 2_001, &[], Some((Road::File, 2_001, 61, Some(4))));
        check_road("2.2.6", 10_000, &[Kind::ClientConfig], Some((Road::File, 10_000, 95, Some(6))));
        check_road("2.2.6", 10_000, &[Kind::Provider], Some((Road::Calls, 10_000, 95, None)));
    }
}
