//! What to do: mapping rules, diff against the observed target, lint, access check.

mod types;

pub use types::{
    AccessVerdict, Action, Choices, ExpiryChoice, FORMAT, Fate, Fidelity, FieldLine, Made, ObjectFate, Op, Plan,
    Source, SourceKind, Summary, UserChoice, Verdict,
};
