//! How many processors there are shows in the time a plan takes and in nothing else.

use std::process::Command;

use support::fleet;

use super::{Gangway, command};

/// Parts of every list are given to each processor: 400 keys are enough for that.
const FLEET: fleet::Size = fleet::Size { keys: 400, deployments: 90, teams: 30 };

#[test]
fn a_plan_is_the_same_on_one_processor_and_on_all() {
    let gangway = Gangway::new("processors");
    let dump = gangway.write("fleet.sql", &fleet::dump(FLEET, 8));
    let salt_key = gangway.write("salt", fleet::SALT_KEY);
    let plan = |out: &str| {
        let path = gangway.path(out).display().to_string();
        let words = ["plan", "--dump", &dump, "--salt-key-file", &salt_key, "--out", &path];
        command(&words, &[("BIFROST_URL", &gangway.url)])
    };
    let all = plan("all.json").output().expect("the command");
    assert!(all.status.success(), "{}", String::from_utf8_lossy(&all.stderr));
    let one = on_one_processor(&plan("one.json")).output().expect("taskset");
    assert!(one.status.success(), "{}", String::from_utf8_lossy(&one.stderr));
    let all = gangway.text("all.json");
    assert!(all.len() > 100_000, "{} bytes are no plan of a fleet", all.len());
    assert!(all == gangway.text("one.json"), "the plans differ");
}

/// The same command, on the first processor that we may use.
#[expect(clippy::disallowed_methods, reason = "tests read files")]
fn on_one_processor(command: &Command) -> Command {
    let status = std::fs::read_to_string("/proc/self/status").expect("what the kernel says of us");
    let allowed = status.lines().find_map(|line| line.strip_prefix("Cpus_allowed_list:")).expect("processors");
    let first = allowed.trim().split([',', '-']).next().unwrap_or("0");
    let mut alone = Command::new("taskset");
    alone.args(["--cpu-list", first]).arg(command.get_program()).args(command.get_args());
    alone.envs(command.get_envs().filter_map(|(name, value)| Some((name, value?))));
    alone
}
