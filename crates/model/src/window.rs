//! Reset periods of budgets and rate limits.

use std::fmt;

use serde::{Deserialize, Serialize};

/// The unit of a [`Window`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Unit {
    /// Seconds.
    Second,
    /// Minutes.
    Minute,
    /// Hours.
    Hour,
    /// Days.
    Day,
    /// Weeks.
    Week,
    /// Calendar months in LiteLLM, 30 days in Bifrost (`reference/bifrost-api.md` 4.4).
    Month,
    /// 365 days in Bifrost; LiteLLM has no such unit.
    Year,
}

/// A reset period, such as 30 days. The text forms differ by side: `litellm::window` reads LiteLLM's,
/// `bifrost::window` writes Bifrost's.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Window {
    /// How many units; at least 1.
    pub count: u32,
    /// Of what.
    pub unit: Unit,
}

impl Window {
    /// A window of `count` times `unit`.
    pub const fn new(count: u32, unit: Unit) -> Self {
        Self { count, unit }
    }
}

impl fmt::Display for Window {
    /// For people: `30 days`, `1 month`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let name = match self.unit {
            Unit::Second => "second",
            Unit::Minute => "minute",
            Unit::Hour => "hour",
            Unit::Day => "day",
            Unit::Week => "week",
            Unit::Month => "month",
            Unit::Year => "year",
        };
        write!(f, "{} {name}{}", self.count, if self.count == 1 { "" } else { "s" })
    }
}
