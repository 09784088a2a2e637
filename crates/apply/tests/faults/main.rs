//! Every fault at every step: each run must come to the same gateway, with nothing twice and nothing leaked.

#![expect(clippy::expect_used, clippy::panic, reason = "tests")]

mod ahead;
mod driver;
mod plans;
mod undo;

use std::collections::BTreeMap;

use apply::{End, Journal};
use bifrost::Kind;
use plan::Plan;
use sandbox::Release;
use serde_json::Value;

use driver::{FAULTS, Fault, Manner, Sort, World};

/// The plan for a gateway, what it comes to without faults, and the steps that takes.
fn undisturbed(release: Release) -> (Plan, Value, Vec<Sort>) {
    undisturbed_in(Manner::Plain, release, plans::large)
}

/// What a plan is made from: an object as the gateway shows it, with its id.
type Shown<'a> = &'a dyn Fn(Kind, &str) -> (String, Value);

fn undisturbed_in(
    manner: Manner,
    release: Release,
    plan: impl Fn(Release, Shown<'_>) -> Plan,
) -> (Plan, Value, Vec<Sort>) {
    let mut world = World { manner, ..World::new(release) };
    let mut objects = BTreeMap::new();
    for (kind, name) in [
        (Kind::ClientConfig, "client_config"),
        (Kind::Provider, "anthropic"),
        (Kind::Customer, "kept"),
        (Kind::Team, "old"),
    ] {
        objects.insert((kind, name), world.shown(kind, name));
    }
    let plan = plan(release, &|kind, name| objects[&(kind, name)].clone());
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
    check_with(&World::new(release), plan, expected, release, faults)
}

fn check_with(start: &World, plan: &Plan, expected: &Value, release: Release, faults: &[(usize, Fault)]) -> usize {
    let mut world = start.clone();
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
        assert!(
            plan.ops.len() >= 30 && schedules > 800 && runs > schedules,
            "{schedules} schedules, {runs} runs: crashes take a second"
        );
    }
}

/// 2,500 pairs of faults, drawn from a seed; in every second pair the second fault strikes within five steps of the
/// first, where the engine is still mending.
#[track_caller]
fn check_pairs(release: Release, seed: u64) {
    let (plan, expected, steps) = undisturbed(release);
    let mut draws = Draws(seed);
    for number in 0..2_500 {
        // A mended run takes more steps than an undisturbed one.
        let first = draws.below(steps.len() + 8);
        let second = if number % 2 == 0 { first + 1 + draws.below(5) } else { draws.below(steps.len() + 8) };
        let faults = [first, second].map(|step| (step, FAULTS[draws.below(FAULTS.len())]));
        check(&plan, &expected, release, &faults);
    }
}

/// SplitMix64.
struct Draws(u64);

impl Draws {
    fn below(&mut self, bound: usize) -> usize {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        usize::try_from((mixed ^ (mixed >> 31)) % bound as u64).expect("below a usize")
    }
}

#[test]
fn two_faults_change_nothing_on_1_5_2() {
    check_pairs(Release::V1_5_2, 152);
}

#[test]
fn two_faults_change_nothing_on_1_5_16() {
    check_pairs(Release::V1_5_16, 1_516);
}

#[test]
fn two_faults_change_nothing_on_2_0_0_prerelease3() {
    check_pairs(Release::V2_0_0_PRERELEASE3, 2_003);
}

#[test]
fn two_faults_change_nothing_on_2_2_6() {
    check_pairs(Release::V2_2_6, 226);
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
