//! What a plan works out once for many keys is what it works out for each of them alone.

use std::collections::{BTreeMap, BTreeSet};

use bifrost::Observed;
use inventory::Candidate;
use litellm::{Input, Kind, Secret};
use model::SourceId;
use plan::{Action, Choices, Plan};
use support::{company, fleet};

/// Plans each key of a fleet alone, with every other one left out by choice, and compares what the plan of all keys
/// says: who may call what, the lists that say so to the gateway, and where the names go.
#[track_caller]
fn check(size: fleet::Size, seed: u64, target: &str) {
    let tables = fleet::rows(size, seed);
    let candidate = Candidate { name: "salt key".to_owned(), secret: Secret::new(fleet::SALT_KEY.to_owned()) };
    let reading = litellm::read(&[Input::Rows { tables: &tables, findings: &[] }]);
    let (inventory, vault) = inventory::gather(reading).open(&[candidate]);
    let observed = Observed::fresh(target);
    let plan = |leave_out: BTreeSet<SourceId>| -> Plan {
        let choices = Choices { leave_out, expiring_keys: Some(plan::ExpiryChoice::Inactive), ..Choices::default() };
        plan::plan(&inventory, &vault, &observed, &choices, company::now())
    };
    let all = plan(BTreeSet::new());
    let keys: Vec<SourceId> = inventory.of(Kind::VirtualKey).map(|key| key.object.source_id()).collect();
    let mut routes: BTreeMap<String, (plan::RouteVerdict, usize)> = BTreeMap::new();
    let mut compared = 0;
    for key in &keys {
        let alone = plan(keys.iter().filter(|other| *other != key).cloned().collect());
        let made = alone.ops.iter().filter(|op| op.kind == bifrost::Kind::VirtualKey && op.action == Action::Create);
        for op in made {
            compared += 1;
            let of = |plan: &Plan| plan.access.iter().find(|verdict| verdict.virtual_key == op.name).cloned();
            assert_eq!(of(&alone), of(&all), "{target}, seed {seed}: {}", op.name);
            let lists =
                |plan: &Plan| plan.op(&op.id).and_then(|op| op.after.as_ref()?.get("provider_configs").cloned());
            assert_eq!(lists(&alone), lists(&all), "{target}, seed {seed}: {}", op.name);
        }
        for row in alone.routes.differing {
            let (verdict, count) = routes.entry(row.name).or_insert((row.verdict, 0));
            *verdict = row.verdict.max(*verdict);
            *count += row.keys;
        }
    }
    assert!(compared > keys.len() / 2, "{target}, seed {seed}: most keys are left out, so little was tried");
    let shared: BTreeMap<String, (plan::RouteVerdict, usize)> =
        all.routes.differing.into_iter().map(|row| (row.name, (row.verdict, row.keys))).collect();
    assert_eq!(shared, routes, "{target}, seed {seed}: where names go");
}

#[test]
fn verdicts_that_are_shared_are_those_of_each_key() {
    for seed in 0..12 {
        let keys = if seed % 2 == 0 { 40 } else { 70 };
        let size = fleet::Size { keys, deployments: 20 + 5 * u32::try_from(seed).unwrap_or(0), teams: 8 };
        check(size, seed, if seed % 3 == 0 { "1.5.2" } else { "2.2.6" });
    }
}
