//! How many requests reading a proxy takes, and what is told of those that are not made.

use std::collections::BTreeSet;

use litellm::fetch::{Fetch, Fetched, Wanted};
use litellm::{Kind, Reading};
use support::fleet::Size;
use support::fleet_proxy::{FleetProxy, drive};

fn read(proxy: &FleetProxy, wanted: Wanted) -> (Fetched, Reading) {
    let mut fetch = Fetch::new(wanted);
    drive(proxy, &mut fetch);
    let fetched = fetch.fetched();
    let reading = litellm::read(&fetched.inputs().collect::<Vec<_>>());
    (fetched, reading)
}

fn count(reading: &Reading, kind: Kind) -> usize {
    let ids: BTreeSet<&str> =
        reading.objects.iter().filter(|object| object.kind == kind).map(|object| object.id.as_str()).collect();
    ids.len()
}

/// Requests for a fleet of 250 teams: `wanted`, budgets of members; expected requests, memberships, gaps.
#[track_caller]
fn check(wanted: Wanted, member_budgets: u32, requests: u64, members: usize, said: &[&str]) {
    let size = Size { keys: 1_050, deployments: 30, teams: 250 };
    let proxy = FleetProxy::new(size, 120, member_budgets);
    let (fetched, reading) = read(&proxy, wanted);
    assert_eq!(
        (count(&reading, Kind::VirtualKey), count(&reading, Kind::Team), count(&reading, Kind::User)),
        (1_050, 250, 120)
    );
    assert_eq!((fetched.requests, count(&reading, Kind::TeamMembership)), (requests, members));
    let told: Vec<String> = fetched.gaps.iter().map(|gap| gap.finding().message).collect();
    assert_eq!(told, said);
}

#[test]
fn no_request_is_made_that_brings_nothing() {
    let plain = Wanted::default();
    // 11 pages of keys, 3 of teams, 2 of users, 1 of models, and one each of the rest.
    check(plain, 0, 44, 0, &[]);
    let cost = "members of teams are not read, because that takes 250 more requests; \
                7 budgets that nothing else uses may limit some of them";
    check(plain, 7, 44, 0, &[cost]);
    check(Wanted { every_object: true, ..plain }, 7, 294, 250, &[]);
    check(Wanted { database: true, ..plain }, 7, 44, 0, &[]);
}

#[test]
fn what_was_left_out_can_be_asked_for_afterwards() {
    let proxy = FleetProxy::new(Size { keys: 100, deployments: 10, teams: 201 }, 10, 3);
    let mut fetch = Fetch::default();
    drive(&proxy, &mut fetch);
    assert_eq!(fetch.fetched().gaps.len(), 1);
    let before = fetch.fetched().requests;
    fetch.every_object();
    drive(&proxy, &mut fetch);
    assert_eq!((fetch.fetched().gaps, fetch.fetched().requests - before), (vec![], 201));
}
