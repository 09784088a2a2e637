//! Undoing what was applied: the gateway is as it was, whatever goes wrong in between, and what is somebody else's by
//! now stays.

use std::collections::BTreeMap;

use apply::{End, Journal, UndoOptions, Undoing};
use bifrost::Kind;
use plan::Plan;
use sandbox::Release;
use serde_json::{Value, json};

use crate::driver::{FAULTS, Fault, Sort, World};
use crate::{check_silence, plans};

/// The releases that serve callers without a key until the door is closed: there the undo has to open it again.
const OPEN: [Release; 3] = [Release::V1_5_2, Release::V1_5_16, Release::V2_0_0_PRERELEASE3];

/// A gateway before, and the same after a plan of every kind was applied to it.
struct Applied {
    plan: Plan,
    first: Value,
    /// With the ids of what was there.
    print: String,
    world: World,
}

fn applied(release: Release) -> Applied {
    let mut world = World::new(release);
    // A gateway whose settings were saved once: before that it keeps none, and there is no way back to none.
    let (_, mut settings) = world.shown(Kind::ClientConfig, "client_config");
    settings["log_retention_days"] = json!(365);
    world.meddle("PUT", "/api/config", &json!({ "client_config": settings }));
    let (first, print) = (world.gateway.state(), world.observe().fingerprint_text());
    let mut objects = BTreeMap::new();
    for (kind, name) in [
        (Kind::ClientConfig, "client_config"),
        (Kind::Provider, "anthropic"),
        (Kind::Customer, "kept"),
        (Kind::Team, "old"),
    ] {
        objects.insert((kind, name), world.shown(kind, name));
    }
    let plan = plans::whole(release, &|kind, name| objects[&(kind, name)].clone());
    let outcome = world.run(&plan).expect("no crash");
    assert_eq!(outcome.end, End::Finished, "{}", world.file);
    assert_ne!(world.gateway.state(), first);
    world.steps.clear();
    Applied { plan, first, print, world }
}

/// Undoes it as a person would who tries again; how often it took.
#[track_caller]
fn check(applied: &Applied, faults: &[(usize, Fault)]) -> usize {
    let mut world = applied.world.clone();
    world.faults = faults.iter().copied().collect();
    let finished = |world: &mut World| {
        world.undo(&applied.plan, UndoOptions::default()).is_some_and(|outcome| outcome.end == End::Finished)
    };
    let runs = (1..=4).find(|_| finished(&mut world)).unwrap_or_else(|| panic!("{faults:?}:\n{}", world.file));
    assert_eq!(world.gateway.state(), applied.first, "{faults:?}:\n{}", world.file);
    assert_eq!(world.observe().fingerprint_text(), applied.print, "ids of others");
    check_silence(&world);
    let (file, writes) = (world.file.clone(), world.writes);
    let again = world.undo(&applied.plan, UndoOptions::default()).expect("no crash");
    assert_eq!((again.end, &world.file, world.writes), (End::Finished, &file, writes), "a second undo does nothing");
    let (journal, findings) = Journal::read(&file).expect("a whole journal");
    assert!(findings.is_empty() && journal.unknown().is_empty() && !journal.is_undoing());
    runs
}

fn steps(applied: &Applied) -> Vec<Sort> {
    let mut world = applied.world.clone();
    world.undo(&applied.plan, UndoOptions::default()).expect("no crash");
    world.steps
}

#[test]
fn one_fault_anywhere_leaves_nothing_behind() {
    for release in Release::TARGETS {
        let applied = applied(release);
        assert_eq!(check(&applied, &[]), 1);
        let (mut runs, mut schedules) = (0, 0);
        for (step, sort) in steps(&applied).iter().enumerate() {
            for fault in FAULTS.iter().filter(|fault| fault.touches(*sort)) {
                runs += check(&applied, &[(step, *fault)]);
                schedules += 1;
            }
        }
        assert!(schedules > 600 && runs > schedules, "{schedules} schedules, {runs} runs: crashes take a second");
    }
}

#[test]
fn two_faults_leave_nothing_behind_either() {
    let applied = applied(Release::V1_5_16);
    let steps = steps(&applied).len();
    for number in 0..200_usize {
        let at = |salt: usize| (number.wrapping_mul(7919).wrapping_add(salt * 104_729)) % (steps + 8);
        let fault = |salt: usize| FAULTS[(number / 3 + salt * 5) % FAULTS.len()];
        let second = if number % 2 == 0 { at(0) + 1 + number % 3 } else { at(1) };
        check(&applied, &[(at(0), fault(0)), (second, fault(1))]);
    }
}

/// An apply that was cut off anywhere can be undone as well.
#[test]
fn half_an_apply_is_undone_whole() {
    for release in Release::TARGETS {
        let whole = applied(release);
        let mut start = World::new(release);
        let (_, mut settings) = start.shown(Kind::ClientConfig, "client_config");
        settings["log_retention_days"] = json!(365);
        start.meddle("PUT", "/api/config", &json!({ "client_config": settings }));
        let mut world = start.clone();
        world.run(&whole.plan).expect("no crash");
        let (steps, fault) = (world.steps.len(), [Fault::CrashBefore, Fault::CrashAfter]);
        for step in 1..steps {
            for fault in fault {
                let mut world = start.clone();
                world.faults = BTreeMap::from([(step, fault)]);
                assert!(world.run(&whole.plan).is_none());
                world.faults.clear();
                let outcome = world.undo(&whole.plan, UndoOptions::default()).expect("no crash");
                assert_eq!(outcome.end, End::Finished, "{fault:?} at {step}:\n{}", world.file);
                assert_eq!(world.gateway.state(), whole.first, "{fault:?} at {step}:\n{}", world.file);
            }
        }
    }
}

/// What was undone can be applied again, with the same journal.
#[test]
fn an_undone_plan_can_be_applied_again() {
    let mut applied = applied(Release::V2_0_0_PRERELEASE3);
    let done = applied.world.gateway.state();
    applied.world.undo(&applied.plan, UndoOptions::default()).expect("no crash");
    // The ids of what was there are those of the plan still.
    assert_eq!(applied.world.run(&applied.plan).expect("no crash").end, End::Finished, "{}", applied.world.file);
    assert_eq!(applied.world.gateway.state(), done);
    applied.world.undo(&applied.plan, UndoOptions::default()).expect("no crash");
    assert_eq!(applied.world.gateway.state(), applied.first);
}

/// Somebody does something after the apply; what the undo does not simply take back, and how it ends.
#[track_caller]
fn after(change: impl Fn(&mut World), options: UndoOptions, expected: &str) {
    for release in OPEN {
        let mut applied = applied(release);
        change(&mut applied.world);
        let (_, undo) = applied.world.dry_run(&applied.plan, options);
        let told = undo
            .items
            .iter()
            .filter(|item| item.what != Undoing::Remove || !item.why.starts_with("made by this apply"));
        let mut lines: Vec<String> =
            told.map(|item| format!("{} {}: {}", item.what.symbol(), item.op, item.why)).collect();
        let before = applied.world.observe();
        let outcome = applied.world.undo(&applied.plan, options).expect("no crash");
        lines.push(format!("{:?}", outcome.end));
        let now = applied.world.observe();
        for item in undo.items.iter().filter(|item| item.what == Undoing::Leave && item.kind != Kind::ClientConfig) {
            let look =
                |seen: &bifrost::Observed| seen.find(item.kind, &item.name).map(|(_, object)| bifrost::settled(object));
            assert_eq!(look(&before), look(&now), "{} was left", item.op);
        }
        assert_eq!(lines.join("\n"), expected, "{release}");
    }
}

const RESTORED: &str = "~ team/old: changed by this apply: budgets[30d].max_limit
~ provider/anthropic: changed by this apply: network_config.max_retries
~ client_config/client_config: changed by this apply: enforce_auth_on_inference";

#[test]
fn what_somebody_changed_or_uses_since_is_left() {
    let plain = UndoOptions::default();
    after(|_| {}, plain, &format!("{RESTORED}\nFinished"));
    after(
        |_| {},
        UndoOptions { keep_door: true },
        &format!(
            "{}\n! client_config/client_config: calls without a virtual key stay refused, as you asked\nPartial",
            RESTORED.rsplit_once('\n').expect("three lines").0
        ),
    );
    let id = |world: &mut World, kind: Kind, name: &str| world.shown(kind, name).0;
    after(
        |world| {
            let key = id(world, Kind::VirtualKey, "app-c");
            world.meddle("DELETE", &format!("/api/governance/virtual-keys/{key}"), &Value::Null);
        },
        plain,
        &format!("= virtual_key/app-c: it is gone already\n{RESTORED}\nFinished"),
    );
    // A limit of another is changed: the whole owner is somebody's work by now, and so is what it stands on.
    after(
        |world| {
            let key = id(world, Kind::VirtualKey, "app-a");
            // 1.5.2 takes a key out of its team where a change does not name it.
            let team = id(world, Kind::Team, "core");
            let limit = json!({"request_max_limit": 99, "request_reset_duration": "1m"});
            let limit = json!({"team_id": team, "rate_limit": limit});
            world.meddle("PUT", &format!("/api/governance/virtual-keys/{key}"), &limit);
        },
        plain,
        "! virtual_key/app-a: it was changed since: rate_limit.request_max_limit
! team/core: made by this apply, but the virtual key app-a uses it
~ team/old: changed by this apply: budgets[30d].max_limit
! customer/acme: made by this apply, but the team core uses it
! provider_key/openai-main: made by this apply, but the virtual key app-a uses it
! provider/openai: made by this apply, but the virtual key app-a uses it
~ provider/anthropic: changed by this apply: network_config.max_retries
! client_config/client_config: calls without a virtual key stay refused, for provider_key/openai-main is left and they could use it
Partial",
    );
}

#[test]
fn what_others_stand_on_is_left() {
    let plain = UndoOptions::default();
    let id = |world: &mut World, kind: Kind, name: &str| world.shown(kind, name).0;
    // Something that the plan does not speak of is added.
    after(
        |world| {
            let team = id(world, Kind::Team, "core");
            let budget = json!({"budgets": [{"max_limit": 1, "reset_duration": "1d"}]});
            world.meddle("PUT", &format!("/api/governance/teams/{team}"), &budget);
        },
        plain,
        "~ team/old: changed by this apply: budgets[30d].max_limit
! team/core: something was added to it since
! customer/acme: made by this apply, but the team core uses it
~ provider/anthropic: changed by this apply: network_config.max_retries
~ client_config/client_config: changed by this apply: enforce_auth_on_inference
Partial",
    );
    // A key of somebody else joins a team of ours: without the team it would spend without the team's limit.
    after(
        |world| {
            let team = id(world, Kind::Team, "core");
            world.meddle("POST", "/api/governance/virtual-keys", &json!({"name": "theirs", "team_id": team}));
        },
        plain,
        "! team/core: made by this apply, but the virtual key theirs uses it
~ team/old: changed by this apply: budgets[30d].max_limit
! customer/acme: made by this apply, but the team core uses it
~ provider/anthropic: changed by this apply: network_config.max_retries
~ client_config/client_config: changed by this apply: enforce_auth_on_inference
Partial",
    );
    // A key of somebody else may use every key of a provider of ours.
    after(
        |world| {
            let all = json!([{"provider": "my-llm", "weight": 1, "allowed_models": ["*"], "key_ids": ["*"]}]);
            let key = json!({"name": "theirs", "provider_configs": all});
            world.meddle("POST", "/api/governance/virtual-keys", &key);
        },
        plain,
        "~ team/old: changed by this apply: budgets[30d].max_limit
! provider_key/my-llm-a: made by this apply, but the virtual key theirs uses it
! provider/my-llm: made by this apply, but the virtual key theirs uses it
~ provider/anthropic: changed by this apply: network_config.max_retries
! client_config/client_config: calls without a virtual key stay refused, for provider_key/my-llm-a is left and they could use it
Partial",
    );
    // What we changed was changed again.
    after(
        |world| {
            let team = id(world, Kind::Team, "old");
            let budget = json!({"budgets": [{"max_limit": 8, "reset_duration": "30d"}]});
            world.meddle("PUT", &format!("/api/governance/teams/{team}"), &budget);
        },
        plain,
        "! team/old: it was changed since: budgets[30d].max_limit
~ provider/anthropic: changed by this apply: network_config.max_retries
~ client_config/client_config: changed by this apply: enforce_auth_on_inference
Partial",
    );
}
