//! What a plan leaves to people, line by line, for whoever shows it elsewhere than in a report.

use plan::{Fidelity, Plan};

use crate::view::{self, LossLine};

/// The same thing, for any number of objects.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Left {
    /// How it arrives: by hand, or not at all.
    pub fidelity: Fidelity,
    /// How many objects it befalls.
    pub count: usize,
    /// Whose it is: "3 users", or "user" where one name follows.
    pub whose: String,
    /// Their names; of many the first, and how many more.
    pub names: String,
    /// The field; empty for whole objects.
    pub field: String,
    /// What to do, or why it does not arrive; of several that differ in numbers and names the first.
    pub note: String,
    /// More advice.
    pub hints: Vec<String>,
}

/// What a person has to do: as many lines as [`crate::words::verdict_sentence`] counts and the report has under "Left to you".
pub fn left_to_you(plan: &Plan) -> Vec<Left> {
    view::todo(plan).into_iter().map(told).collect()
}

/// The objects that are nothing on the gateway.
pub fn without_counterpart(plan: &Plan) -> Vec<Left> {
    view::without_counterpart(plan).into_iter().map(told).collect()
}

fn told(line: LossLine) -> Left {
    let example = if line.varies { "For example: " } else { "" };
    Left {
        fidelity: line.fidelity,
        count: line.names.total,
        whose: line.whose,
        names: line.names.to_string(),
        field: line.field,
        note: format!("{example}{}", line.note),
        hints: line.hints,
    }
}
