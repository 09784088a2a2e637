//! Every fault at every step: each run must come to the same gateway, with nothing twice and nothing leaked.

#![expect(clippy::expect_used, clippy::panic, reason = "tests")]

mod driver;
mod plans;
mod undo;

use std::collections::BTreeMap;

use apply::{End, Journal};
use plan::Plan;
use sandbox::Release;
use serde_json::Value;

use driver::{FAULTS, Fault, Sort, World};

/// The plan for a gateway, what it comes to without faults, and the steps that takes.
fn undisturbed(release: Release) -> (Plan, Value, Vec<Sort>) {
    let mut world = World::new(release);
    let mut objects = BTreeMap::new();
    for (kind, name) in [
        (bifrost::Kind::ClientConfig, "client_config"),
        (bifrost::Kind::Provider, "anthropic"),
        (bifrost::Kind::Customer, "kept"),
        (bifrost::Kind::Team, "old"),
    ] {
        objects.insert((kind, name), world.shown(kind, name));
    }
    let plan = plans::whole(release, &|kind, name| objects[&(kind, name)].clone());
    let outcome = world.run(&plan).expect("no crash");
    assert_eq!(outcome.end, End::Finished, "{}", world.file);
    check_silence(&world);
    check_values(&mut world);
    (plan, world.gateway.state(), world.steps.clone())
}

/// No secret in what is kept or shown.
#[track_caller]
fn check_silence(world: &World) {
    for text in [&world.file, &world.heard] {
        assert!(!text.contains(plans::CANARY) && !text.contains("sk-bf-"), "a secret in {text}");
    }
}

/// The last run handed out the values of the keys it made.
#[track_caller]
fn check_values(world: &mut World) {
    let answer = world.send(&bifrost::Call::new(bifrost::Endpoint::VirtualKeyList));
    let listed = answer.json().expect("keys");
    let real: BTreeMap<String, String> = listed["virtual_keys"]
        .as_array()
        .expect("keys")
        .iter()
        .map(|key| (key["name"].as_str().expect("name").to_owned(), key["value"].as_str().expect("value").to_owned()))
        .collect();
    assert_eq!(world.issued, real);
}

fn check(plan: &Plan, expected: &Value, release: Release, faults: &[(usize, Fault)]) -> usize {
    let mut world = World::new(release);
    world.faults = faults.iter().copied().collect();
    let runs = world.run_until_finished(plan);
    assert_eq!(&world.gateway.state(), expected, "{release} {faults:?}:\n{}", world.file);
    let (journal, findings) = Journal::read(&world.file).expect("a whole journal");
    assert!(findings.is_empty() && journal.unknown().is_empty());
    check_silence(&world);
    check_values(&mut world);
    runs
}

#[test]
fn one_fault_anywhere_changes_nothing_in_the_end() {
    for release in Release::TARGETS {
        let (plan, expected, steps) = undisturbed(release);
        let mut runs = 0;
        let mut schedules = 0;
        for (step, sort) in steps.iter().enumerate() {
            for fault in FAULTS.iter().filter(|fault| fault.touches(*sort)) {
                let took = check(&plan, &expected, release, &[(step, *fault)]);
                let ends_a_run =
                    matches!(fault, Fault::CrashBefore | Fault::CrashAfter | Fault::CrashTorn | Fault::DiskFull);
                assert_eq!(took > 1, ends_a_run, "{fault:?} at {step} took {took} runs");
                runs += took;
                schedules += 1;
            }
        }
        assert!(schedules > 600 && runs > schedules, "{schedules} schedules, {runs} runs: crashes take a second");
    }
}

#[test]
fn two_faults_change_nothing_either() {
    let release = Release::V2_0_0_PRERELEASE3;
    let (plan, expected, steps) = undisturbed(release);
    for number in 0..600_usize {
        let at = |salt: usize| (number.wrapping_mul(7919).wrapping_add(salt * 104_729)) % (steps.len() + 8);
        let fault = |salt: usize| FAULTS[(number / 3 + salt * 5) % FAULTS.len()];
        let near = at(0) + 1 + number % 3;
        let second = if number % 2 == 0 { near } else { at(1) };
        check(&plan, &expected, release, &[(at(0), fault(0)), (second, fault(1))]);
    }
}

#[test]
fn a_second_apply_only_reads() {
    for release in Release::TARGETS {
        let (plan, expected, _) = undisturbed(release);
        let mut world = World::new(release);
        world.run_until_finished(&plan);
        let writes = world.writes;
        assert_eq!(world.run(&plan).expect("no crash").end, End::Finished);
        assert_eq!(world.writes, writes);
        assert_eq!(world.gateway.state(), expected);
    }
}
