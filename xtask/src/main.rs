//! `cargo xtask WORD`: everything that is done with this repository. It uses nothing but the standard library, so that
//! the first call compiles in seconds.
#![expect(clippy::disallowed_methods, reason = "a shell: it reads files, the clock and the environment for a living")]

mod bench;
mod console;
mod dist;
mod fuzz;
mod home;
mod live;
mod run;
mod say;
mod setup;
mod sh;
mod stamp;
mod test;
mod tidy;

use std::process::ExitCode;

use crate::home::Home;
use crate::sh::Failure;

const USAGE: &str = "\
cargo xtask WORD

  run [-- ARGS]    build the console and the relay, start `gangway serve ARGS`, print its link
  test [STEP...]   run everything that is checked, or the named steps only
  test --live      ask a running LiteLLM who may call what, and read it in every way (tests/live)
  bench            print the figures the house is held to (design 9)
  dist             put the release binary, console inside, and its checksum into target/dist
  tidy             check the house rules that no compiler checks

Each gets what it needs first, says what it does, and does nothing twice.";

fn main() -> ExitCode {
    let mut words = std::env::args().skip(1);
    let word = words.next().unwrap_or_default();
    let rest: Vec<String> = words.collect();
    let done = Home::find().and_then(|home| match word.as_str() {
        "run" => run::run(&home, &rest),
        "test" if rest.first().is_some_and(|flag| flag == "--live") => live::live(&home, &rest[1..]),
        "test" => test::test(&home, &rest),
        "bench" => bench::bench(&home),
        "dist" => dist::dist(&home),
        "tidy" => tidy::tidy(&home),
        "" | "help" | "-h" | "--help" => {
            say::line(USAGE);
            Ok(())
        }
        other => Err(Failure::new(format!("`{other}` is not a word of xtask\n\n{USAGE}"))),
    });
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(failure) => {
            say::failure(&failure);
            ExitCode::FAILURE
        }
    }
}
