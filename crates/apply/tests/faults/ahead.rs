//! The same, where the next create is sent before the engine hears of the answer to the one before.

use apply::{End, Entry, Journal};
use plan::Plan;
use sandbox::Release;
use serde_json::Value;

use crate::driver::{FAULTS, Fault, Manner, Sort, World};
use crate::{Draws, check_silence, check_values, check_with, plans, undisturbed, undisturbed_in};

const MANNERS: [Manner; 2] = [Manner::Ahead, Manner::Late];

const LAST: Release = Release::V2_2_6;

fn world(manner: Manner, release: Release) -> World {
    World { manner, ..World::new(release) }
}

/// A plan of fifty keys, what it comes to, and the steps that takes.
fn many(manner: Manner) -> (Plan, Value, Vec<Sort>) {
    undisturbed_in(manner, LAST, |_, _| plans::many())
}

#[track_caller]
fn check_all(start: &World, (plan, expected, steps): &(Plan, Value, Vec<Sort>), release: Release) {
    for (step, sort) in steps.iter().enumerate() {
        for fault in FAULTS.iter().filter(|fault| fault.touches(*sort)) {
            let took = check_with(start, plan, expected, release, &[(step, *fault)]);
            let ends_a_run =
                matches!(fault, Fault::CrashBefore | Fault::CrashAfter | Fault::CrashTorn | Fault::DiskFull);
            assert_eq!(took > 1, ends_a_run, "{fault:?} at {step} took {took} runs");
        }
    }
}

#[test]
fn what_is_done_ahead_changes_nothing_in_the_end() {
    let plain = many(Manner::Plain);
    for manner in MANNERS {
        let ahead = many(manner);
        assert_eq!(ahead.1, plain.1, "{manner:?}");
        // One more of the fifty intents' records is written while a create is under way.
        let records = |steps: &[Sort]| steps.iter().filter(|sort| **sort == Sort::Record).count();
        assert!(records(&ahead.2) >= records(&plain.2), "{manner:?}");
        let large = undisturbed_in(manner, LAST, plans::large);
        assert_eq!(large.1, undisturbed(LAST).1, "{manner:?}");
    }
}

#[test]
fn one_fault_anywhere_changes_nothing_ahead() {
    for release in Release::TARGETS {
        check_all(&world(Manner::Ahead, release), &undisturbed_in(Manner::Ahead, release, plans::large), release);
    }
}

#[test]
fn one_fault_among_many_keys_changes_nothing() {
    check_all(&world(Manner::Ahead, LAST), &many(Manner::Ahead), LAST);
}

#[test]
fn one_fault_changes_nothing_on_a_slow_disk() {
    check_all(&world(Manner::Late, LAST), &many(Manner::Late), LAST);
}

#[test]
fn two_faults_change_nothing_ahead() {
    let mut draws = Draws(911);
    for manner in MANNERS {
        for release in Release::TARGETS {
            let (plan, expected, steps) = undisturbed_in(manner, release, plans::large);
            let start = world(manner, release);
            for number in 0..300 {
                let first = draws.below(steps.len() + 8);
                let second = if number % 2 == 0 { first + 1 + draws.below(5) } else { draws.below(steps.len() + 8) };
                let faults = [first, second].map(|step| (step, FAULTS[draws.below(FAULTS.len())]));
                check_with(&start, &plan, &expected, release, &faults);
            }
        }
    }
}

/// The answer to a create cannot be read, and by then the gateway no longer takes the credentials: the next two are
/// made and were never asked for. Their intents stay open, and the next run finds them.
#[test]
fn a_create_that_was_sent_ahead_is_found_after_a_halt() {
    let (plan, expected, steps) = many(Manner::Ahead);
    let writes = steps.iter().enumerate().filter(|(_, sort)| **sort == Sort::Write).map(|(step, _)| step);
    let mut open = 0;
    for step in writes {
        let mut world = world(Manner::Ahead, LAST);
        world.faults = [Fault::Truncated].into_iter().chain([Fault::Instead(401); 4]).zip(step..).fold(
            std::collections::BTreeMap::new(),
            |mut faults, (fault, at)| {
                // The creates that are sent ahead are carried out.
                faults.insert(if fault == Fault::Truncated { at } else { at + 2 }, fault);
                faults
            },
        );
        let halted = world.run(&plan).expect("no crash");
        assert_eq!(halted.end, End::Failed, "at {step}: {}", halted.note);
        let (journal, _) = Journal::read(&world.file).expect("a whole journal");
        open = open.max(journal.unknown().len());
        world.faults.clear();
        world.run_until_finished(&plan);
        assert_eq!(world.gateway.state(), expected, "at {step}:\n{}", world.file);
        check_silence(&world);
        check_values(&mut world);
    }
    assert_eq!(open, 3, "the one whose answer could not be read, and the next two");
}

#[test]
fn a_user_may_stop_at_any_time() {
    for manner in MANNERS {
        let (plan, expected, steps) = many(manner);
        for at in 0..steps.len() {
            let mut world = World { cancel_at: Some(at), ..world(manner, LAST) };
            let stopped = world.run(&plan).expect("no crash");
            let (journal, _) = Journal::read(&world.file).expect("a whole journal");
            assert!(journal.unknown().len() <= 1, "{manner:?} at {at}: one that was about to be sent");
            assert!(matches!(stopped.end, End::Stopped | End::Finished), "{manner:?} at {at}: {}", stopped.note);
            let made = |entry: &Entry| matches!(entry, Entry::Outcome { result: apply::OpResult::Created, .. });
            let known = journal.lines.iter().filter(|line| made(&line.entry)).count();
            assert_eq!(world.writes, known, "{manner:?} at {at}: every key that was made is known");
            world.run_until_finished(&plan);
            assert_eq!(world.gateway.state(), expected, "{manner:?} at {at}");
            check_values(&mut world);
        }
    }
}
