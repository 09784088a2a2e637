//! `cargo xtask test`: everything that is checked, in one command, with one count at the end.

use std::time::{Duration, Instant};

use crate::console;
use crate::fuzz;
use crate::home::Home;
use crate::say;
use crate::setup;
use crate::sh::{self, Done, Failure};
use crate::tidy;

/// The rooms that build for the browser and do no I/O.
const CORE: &[&str] =
    &["model", "pyyaml", "litellm", "bifrost", "inventory", "plan", "apply", "report", "sandbox", "wire"];

/// What a step counted.
#[derive(Clone, Copy, Default)]
struct Count {
    passed: u32,
    failed: u32,
}

/// What a step takes beside Rust, each level with the ones before it.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Takes {
    Nothing,
    /// What the console is built with.
    WebTools,
    /// What the tests run on.
    Everything,
}

/// A step by its name, what it takes, and what runs it.
struct Step(&'static str, Takes, fn(&Home) -> Done<Count>);

/// In the order in which they tell most for their time.
const STEPS: &[Step] = &[
    Step("fmt", Takes::Nothing, |home| check(sh::stream(home.cargo("fmt").args(["--all", "--check"])))),
    Step("tidy", Takes::Nothing, |home| check(tidy::tidy(home))),
    Step("console", Takes::WebTools, |home| check(console::build(home))),
    Step("clippy", Takes::Nothing, clippy),
    Step("clippy-wasm", Takes::WebTools, clippy_wasm),
    Step("cargo-test", Takes::Everything, cargo_test),
    Step("vectors-wasm", Takes::Everything, vectors_wasm),
    Step("deny", Takes::Nothing, deny),
    Step("relay", Takes::WebTools, |home| check(console::relay(home))),
    Step("journeys", Takes::Everything, journeys),
    Step("fuzz", Takes::Nothing, fuzzers),
];

/// Gets what the tests need, runs all steps or the named ones, and says what passed. A failed step does not keep the
/// others from running: one call tells everything.
pub(crate) fn test(home: &Home, names: &[String]) -> Done {
    if let Some(unknown) = names.iter().find(|name| STEPS.iter().all(|Step(known, ..)| known != name)) {
        let known: Vec<&str> = STEPS.iter().map(|Step(known, ..)| *known).collect();
        return Err(Failure::new(format!("`{unknown}` is not a step of test; they are: {}", known.join(", "))));
    }
    let asked = STEPS.iter().filter(|Step(known, ..)| names.is_empty() || names.iter().any(|name| name == known));
    let takes = asked.clone().map(|Step(_, takes, _)| *takes).max().unwrap_or(Takes::Nothing);
    if takes >= Takes::WebTools {
        setup::for_the_console(home)?;
    }
    if takes == Takes::Everything {
        setup::for_the_tests(home)?;
    }
    let mut lines = Vec::new();
    let mut total = Count::default();
    let begun = Instant::now();
    for Step(name, _, run) in asked {
        say::step(format_args!("test: {name}"));
        let started = Instant::now();
        let count = run(home).unwrap_or_else(|failure| {
            say::failure(&failure);
            Count { passed: 0, failed: 1 }
        });
        lines.push(summary(name, count, started.elapsed()));
        total.passed += count.passed;
        total.failed += count.failed;
    }
    say::line(format_args!("\n{}\n{} in all\n", lines.join("\n"), say::seconds(begun.elapsed())));
    say::line(format_args!("{} passed, {} failed", total.passed, total.failed));
    if total.failed == 0 { Ok(()) } else { Err(Failure::new("something above failed")) }
}

fn summary(name: &str, count: Count, elapsed: Duration) -> String {
    let verdict = match (count.passed, count.failed) {
        (0, 0) => "left out",
        (_, 0) => "ok",
        _ => "FAILED",
    };
    format!(
        "{verdict:<8}  {name:<12} {:>5} passed {:>3} failed  {:>14}",
        count.passed,
        count.failed,
        say::seconds(elapsed)
    )
}

/// A step that is one check.
fn check(done: Done) -> Done<Count> {
    done.map(|()| Count { passed: 1, failed: 0 })
}

fn clippy(home: &Home) -> Done<Count> {
    check(sh::stream(home.cargo("clippy").args(["--workspace", "--all-targets", "--", "-D", "warnings"])))
}

/// The console only exists on wasm32, and the core has to build there: the compiler proves both.
fn clippy_wasm(home: &Home) -> Done<Count> {
    let mut clippy = home.cargo("clippy");
    clippy.args(["--target", "wasm32-unknown-unknown", "-p", "web"]);
    for room in CORE {
        clippy.args(["-p", room]);
    }
    check(sh::stream(clippy.args(["--", "-D", "warnings"])))
}

fn cargo_test(home: &Home) -> Done<Count> {
    let mut command = home.cargo("test");
    command.args(["--workspace", "--no-fail-fast"]);
    let (succeeded, printed) = sh::tee(&mut command)?;
    closing(&printed, "test result:", succeeded)
}

/// Every recorded ciphertext, opened in WebAssembly by the check that cargo-test runs natively.
fn vectors_wasm(home: &Home) -> Done<Count> {
    sh::stream(home.cargo("build").args(["-p", "vectors", "--target", "wasm32-unknown-unknown"]))?;
    let mut command = home.command("node");
    command.args(["tests/vectors/run.mjs", "target/wasm32-unknown-unknown/debug/vectors.wasm"]);
    let (succeeded, printed) = sh::tee(&mut command)?;
    closing(&printed, "", succeeded)
}

/// cargo-deny where it is installed. Tidy checks licences, duplicates and sources from the same `deny.toml` anyway;
/// advisories need cargo-deny and its database.
fn deny(home: &Home) -> Done<Count> {
    if home.which("cargo-deny").is_none() {
        say::note(
            "cargo-deny is not installed: tidy has checked licences, duplicates and sources, nobody the advisories",
        );
        return Ok(Count::default());
    }
    check(sh::stream(home.command("cargo-deny").args(["check", "bans", "licenses", "sources"])))
}

fn journeys(home: &Home) -> Done<Count> {
    let mut command = home.command("node");
    command.arg("tests/e2e/run.mjs").env("CHROMIUM", setup::chromium(home)?).env("GANGWAY", home.gangway());
    let (succeeded, printed) = sh::tee(&mut command)?;
    closing(&printed, "", succeeded)
}

fn fuzzers(home: &Home) -> Done<Count> {
    Ok(fuzz::fuzz(home)?.map_or_else(Count::default, |(passed, failed)| Count { passed, failed }))
}

/// Adds up the closing lines of a runner (`12 passed; 0 failed`, `12 passed, 0 failed`). A runner that fails without
/// counting a failure (it did not compile, it crashed) has failed once; one that ran nothing has not passed.
fn closing(printed: &str, prefix: &str, succeeded: bool) -> Done<Count> {
    let mut count = Count::default();
    for line in printed.lines().filter_map(|line| line.trim().strip_prefix(prefix)) {
        let Some((passed, failed)) = passed_and_failed(line) else { continue };
        count.passed += passed;
        count.failed += failed;
    }
    if !succeeded && count.failed == 0 {
        count.failed = 1;
    }
    if count.passed + count.failed == 0 { Err(Failure::new("it ran no test")) } else { Ok(count) }
}

fn passed_and_failed(line: &str) -> Option<(u32, u32)> {
    let words: Vec<&str> = line.split([' ', ';', ',']).filter(|word| !word.is_empty()).collect();
    let before = |name: &str| {
        let at = words.iter().position(|word| *word == name)?;
        words.get(at.checked_sub(1)?)?.parse().ok()
    };
    Some((before("passed")?, before("failed")?))
}

#[cfg(test)]
mod tests {
    use super::closing;

    #[test]
    fn closing_lines_add_up() {
        let check = |printed: &str, prefix: &str, succeeded: bool, want: Option<(u32, u32)>| {
            let got = closing(printed, prefix, succeeded).ok().map(|count| (count.passed, count.failed));
            assert_eq!(got, want, "{printed}");
        };
        let cargo = "test result: ok. 12 passed; 0 failed; 1 ignored; 0 measured\nnoise\ntest result: ok. 3 passed; 0 failed;\n";
        check(cargo, "test result:", true, Some((15, 0)));
        check("test result: FAILED. 2 passed; 1 failed; 0 ignored", "test result:", false, Some((2, 1)));
        check("error: could not compile", "test result:", false, Some((0, 1)));
        check("2 passed; 0 failed", "test result:", true, None);
        check("6 passed, 0 failed\n", "", true, Some((6, 0)));
        check("a test passed, none failed\n", "", true, None);
        check("", "", true, None);
    }
}
