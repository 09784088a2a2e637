//! One thing that was looked at, and how it is told.

use std::fmt::Write as _;

use serde::Serialize;

/// The name of the machine-readable form, always its first field.
const FORMAT: &str = "gangway.doctor.v1";

/// How it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum Mark {
    /// As it should be.
    Ok,
    /// Worth knowing; nothing to do.
    Note,
    /// Not there, or not allowed.
    Missing,
    /// Tried, and it did not work.
    Failed,
}

/// What it belongs to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum Part {
    /// What was given on the command line.
    Settings,
    /// `config.yaml` and other files.
    Files,
    /// The running proxy.
    Proxy,
    /// Its database.
    Database,
    /// What opens encrypted values.
    SaltKey,
    /// What stays unknown.
    Unknown,
    /// The Bifrost gateway.
    Gateway,
}

/// One thing that was looked at.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub(super) struct Check {
    pub(super) part: Part,
    pub(super) mark: Mark,
    /// What it is about.
    pub(super) subject: String,
    /// How it is, and what that means.
    pub(super) says: String,
    /// What to do next, most useful first.
    pub(super) next: Vec<String>,
}

impl Check {
    pub(super) fn new(part: Part, mark: Mark, subject: impl Into<String>, says: impl Into<String>) -> Self {
        Self { part, mark, subject: subject.into(), says: says.into(), next: Vec::new() }
    }

    /// Something to know about what was given.
    pub(super) fn note(says: &str) -> Self {
        Self::new(Part::Settings, Mark::Note, "settings", says)
    }

    /// With one more thing to do.
    pub(super) fn next(mut self, what: impl Into<String>) -> Self {
        self.next.push(what.into());
        self
    }

    /// With everything to do.
    pub(super) fn all(mut self, hints: impl IntoIterator<Item = String>) -> Self {
        self.next.extend(hints);
        self
    }
}

impl Mark {
    const fn word(self) -> &'static str {
        match self {
            Self::Ok => "ok",
            Self::Note => "note",
            Self::Missing => "missing",
            Self::Failed => "failed",
        }
    }
}

/// For people: a line each, the word first.
pub(super) fn text(checks: &[Check], grants: Option<String>) -> String {
    let mut text = String::new();
    for check in checks {
        let _ = writeln!(text, "{:<8}{}: {}", check.mark.word(), check.subject, check.says);
        for next in &check.next {
            let _ = writeln!(text, "        next: {next}");
        }
    }
    let count = |mark: Mark| checks.iter().filter(|check| check.mark == mark).count();
    let (missing, failed) = (count(Mark::Missing), count(Mark::Failed));
    let verdict = match (missing, failed) {
        (0, 0) => "everything is there for a whole plan".to_owned(),
        (missing, 0) => format!("{missing} missing"),
        (0, failed) => format!("{failed} failed"),
        (missing, failed) => format!("{failed} failed, {missing} missing"),
    };
    let _ = writeln!(text, "\n{verdict}");
    if let Some(grants) = grants {
        let _ = write!(text, "\nFor the owner of the tables:\n\n{grants}");
    }
    text
}

/// For machines.
pub(super) fn json(checks: &[Check], usable: bool, grants: Option<String>) -> String {
    #[derive(Serialize)]
    struct Doctor<'a> {
        format: &'static str,
        usable: bool,
        checks: &'a [Check],
        #[serde(skip_serializing_if = "Option::is_none")]
        grants: Option<String>,
    }
    let doctor = Doctor { format: FORMAT, usable, checks, grants };
    serde_json::to_string_pretty(&doctor).unwrap_or_default() + "\n"
}
