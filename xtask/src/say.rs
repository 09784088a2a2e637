//! The only place that prints. What xtask says goes to standard error, what was asked for to standard output.
#![expect(clippy::print_stdout, clippy::print_stderr, reason = "a shell talks to the person at the terminal")]

use std::fmt::Display;
use std::io::{IsTerminal as _, Write as _};
use std::time::Duration;

/// Says that a step begins.
pub(crate) fn step(text: impl Display) {
    eprintln!("==> {text}");
}

/// Says something the reader should know, without stopping.
pub(crate) fn note(text: impl Display) {
    eprintln!("    {text}");
}

/// Says why xtask stops.
pub(crate) fn failure(text: impl Display) {
    eprintln!("xtask: {text}");
}

/// Prints a line of the answer.
pub(crate) fn line(text: impl Display) {
    println!("{text}");
}

/// Passes a line of a child on, as it came.
pub(crate) fn pass_on(bytes: &[u8]) {
    let mut out = std::io::stdout().lock();
    // A closed pipe ends the output, not the work.
    if out.write_all(bytes).is_ok() {
        drop(out.flush());
    }
}

/// The sign of life of a long, quiet step: one line that is rewritten on a terminal, a line now and then elsewhere.
pub(crate) struct Ticker {
    label: String,
    last: Duration,
}

impl Ticker {
    pub(crate) fn new(label: &str) -> Self {
        step(label);
        Self { label: label.to_owned(), last: Duration::ZERO }
    }

    /// Shows how long the step has been going, and the last thing it said.
    pub(crate) fn tick(&mut self, elapsed: Duration, said: &str) {
        let said: String = said.chars().take(60).collect();
        if std::io::stderr().is_terminal() {
            eprint!("\r\x1b[2K    {} {said}", seconds(elapsed));
        } else if elapsed >= self.last + Duration::from_secs(15) {
            self.last = elapsed;
            eprintln!("    {}, {}: {said}", self.label, seconds(elapsed));
        }
    }

    /// Leaves one line that says how long it took.
    pub(crate) fn end(self, elapsed: Duration) {
        if std::io::stderr().is_terminal() {
            eprint!("\r\x1b[2K");
        }
        note(format_args!("{}: done in {}", self.label, seconds(elapsed)));
    }
}

/// `8.3 s`, `2 min 05 s`.
pub(crate) fn seconds(elapsed: Duration) -> String {
    let whole = elapsed.as_secs();
    if whole < 60 {
        format!("{:.1} s", elapsed.as_secs_f64())
    } else {
        format!("{} min {:02} s", whole / 60, whole % 60)
    }
}
