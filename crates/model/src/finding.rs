//! What a person has to know: collected along the line, never thrown.

use std::borrow::Cow;
use std::fmt;

use serde::{Deserialize, Serialize};

use crate::Origin;

/// How much a finding matters.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Severity {
    /// Worth knowing; nothing to do.
    Info,
    /// Something is different or left behind; read it before applying.
    Warning,
    /// Something could not be used, or the plan must not be applied as it is.
    Error,
}

/// The stable name of a kind of finding, such as `pyyaml.syntax`; `room.situation`.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Code(Cow<'static, str>);

impl Code {
    /// A code known when the program was built.
    pub const fn new(text: &'static str) -> Self {
        Self(Cow::Borrowed(text))
    }

    /// Its text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for Code {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// One thing a person has to know, with the place it comes from and what to do about it.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[must_use = "an unread finding helps nobody"]
pub struct Finding {
    /// The kind of finding.
    pub code: Code,
    /// How much it matters.
    pub severity: Severity,
    /// What it is about, in the user's words: `virtual key "prod"`, `config.yaml`.
    pub subject: String,
    /// Where it comes from, if a place can be named.
    pub origin: Option<Origin>,
    /// What is the case: one plain sentence, no secret in it.
    pub message: String,
    /// What to do about it, most useful first.
    pub hints: Vec<String>,
}

impl Finding {
    fn new(severity: Severity, code: Code, subject: impl Into<String>, message: impl Into<String>) -> Self {
        Self { code, severity, subject: subject.into(), origin: None, message: message.into(), hints: Vec::new() }
    }

    /// Something could not be used, or the plan must not be applied as it is.
    pub fn error(code: Code, subject: impl Into<String>, message: impl Into<String>) -> Self {
        Self::new(Severity::Error, code, subject, message)
    }

    /// Something is different or left behind.
    pub fn warning(code: Code, subject: impl Into<String>, message: impl Into<String>) -> Self {
        Self::new(Severity::Warning, code, subject, message)
    }

    /// Worth knowing.
    pub fn info(code: Code, subject: impl Into<String>, message: impl Into<String>) -> Self {
        Self::new(Severity::Info, code, subject, message)
    }

    /// With the place it comes from.
    pub fn at(mut self, origin: Origin) -> Self {
        self.origin = Some(origin);
        self
    }

    /// With one more thing to do.
    pub fn hint(mut self, hint: impl Into<String>) -> Self {
        self.hints.push(hint.into());
        self
    }
}

impl fmt::Display for Finding {
    /// `error: config.yaml:3:1: message` and a `hint:` line each; readable without colour.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let severity = match self.severity {
            Severity::Info => "info",
            Severity::Warning => "warning",
            Severity::Error => "error",
        };
        write!(f, "{severity}[{}]: ", self.code)?;
        match &self.origin {
            Some(origin) => write!(f, "{origin}: {}", self.message)?,
            None => write!(f, "{}: {}", self.subject, self.message)?,
        }
        for hint in &self.hints {
            write!(f, "\n  hint: {hint}")?;
        }
        Ok(())
    }
}

/// The gravest severity among the findings.
pub fn worst<'a>(findings: impl IntoIterator<Item = &'a Finding>) -> Option<Severity> {
    findings.into_iter().map(|finding| finding.severity).max()
}
