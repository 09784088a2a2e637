//! The frozen formats: `gangway.plan.v1` and `gangway.report.v1`.

use apply::Journal;
use plan::Plan;
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

use crate::run::Run;

/// The name of the report's format, always its first field.
pub const FORMAT: &str = "gangway.report.v1";

/// A plan and what happened when it was applied.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Report {
    /// [`FORMAT`].
    pub format: String,
    /// The plan, whole.
    pub plan: Plan,
    /// What happened.
    pub run: Run,
}

/// Why a text is not the file it should be. Positions only: whatever the text holds stays out of the message.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ReadError {
    /// The text is not JSON, or it is cut off.
    #[error("this is not JSON, or it is cut off (line {line}, column {column})")]
    NotJson {
        /// Line, from 1.
        line: usize,
        /// Column, from 1.
        column: usize,
    },
    /// JSON without a `format` field of its own.
    #[error("this file does not say what it is: a `format` field with {expected:?} is missing")]
    NoFormat {
        /// The format that was asked for.
        expected: &'static str,
    },
    /// Another format.
    #[error("this file is {found:?}, and {expected:?} is needed")]
    OtherFormat {
        /// What the file says it is, at most 40 characters of it.
        found: String,
        /// The format that was asked for.
        expected: &'static str,
    },
    /// The right name and another shape: damaged, or written by hand.
    #[error("this file says it is {expected:?} and does not have its shape (line {line}, column {column})")]
    OtherShape {
        /// The format that was asked for.
        expected: &'static str,
        /// Line, from 1.
        line: usize,
        /// Column, from 1.
        column: usize,
    },
}

/// The plan as `gangway.plan.v1`: complete, fields in the order of the format, one final newline.
pub fn plan_json(plan: &Plan) -> String {
    pretty(plan)
}

/// Reads a `gangway.plan.v1` back.
pub fn read_plan(text: &str) -> Result<Plan, ReadError> {
    read(text, plan::FORMAT)
}

/// The plan and what happened as `gangway.report.v1`.
pub fn report_json(plan: &Plan, journal: &Journal) -> String {
    #[derive(Serialize)]
    struct Borrowed<'a> {
        format: &'a str,
        plan: &'a Plan,
        run: Run,
    }
    pretty(&Borrowed { format: FORMAT, plan, run: Run::of(plan, journal) })
}

/// Reads a `gangway.report.v1` back.
pub fn read_report(text: &str) -> Result<Report, ReadError> {
    read(text, FORMAT)
}

/// Pretty JSON with a final newline. Serializing these types into memory cannot fail: no map has a key that is
/// not text.
fn pretty<T: Serialize>(value: &T) -> String {
    let mut text = serde_json::to_string_pretty(value).unwrap_or_default();
    text.push('\n');
    text
}

fn read<T: DeserializeOwned>(text: &str, expected: &'static str) -> Result<T, ReadError> {
    #[derive(Deserialize)]
    struct Head {
        format: Option<serde_json::Value>,
    }
    let head: Head = serde_json::from_str(text).map_err(|error| match error.classify() {
        serde_json::error::Category::Data => ReadError::NoFormat { expected },
        _ => ReadError::NotJson { line: error.line(), column: error.column() },
    })?;
    let found = head.format.as_ref().and_then(serde_json::Value::as_str).ok_or(ReadError::NoFormat { expected })?;
    if found != expected {
        return Err(ReadError::OtherFormat { found: found.chars().take(40).collect(), expected });
    }
    serde_json::from_str(text).map_err(|error| ReadError::OtherShape {
        expected,
        line: error.line(),
        column: error.column(),
    })
}
