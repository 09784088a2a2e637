//! Money as integer micro-dollars, parsed from decimal text so that no amount passes through a float.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

/// An amount in micro-dollars (1 = 0.000001 USD). Never negative.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Money(u64);

/// Why a text is not an amount.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum MoneyError {
    /// Neither a decimal number nor one in scientific notation.
    #[error("{text:?} is not a decimal number")]
    NotANumber { text: String },
    /// Budgets below zero have no meaning on either side.
    #[error("{text} is negative")]
    Negative { text: String },
    /// More than `u64::MAX` micro-dollars.
    #[error("{text} is larger than any amount this tool can hold")]
    TooLarge { text: String },
}

impl Money {
    /// No money at all; on a key this means "refused at once" (`reference/litellm.md` 6.3).
    pub const ZERO: Self = Self(0);

    /// From a number of micro-dollars.
    pub const fn from_micros(micros: u64) -> Self {
        Self(micros)
    }

    /// The number of micro-dollars.
    pub const fn micros(self) -> u64 {
        self.0
    }

    /// Whether it is exactly zero.
    pub const fn is_zero(self) -> bool {
        self.0 == 0
    }

    /// `self + other`, stopping at the largest amount.
    #[must_use]
    pub const fn saturating_add(self, other: Self) -> Self {
        Self(self.0.saturating_add(other.0))
    }
}

impl FromStr for Money {
    type Err = MoneyError;

    /// Reads `12`, `12.5`, `1e-07`, `2.5E+3`. Digits below one micro-dollar are cut off, never rounded up:
    /// a limit must not grow by being read.
    fn from_str(text: &str) -> Result<Self, MoneyError> {
        let not_a_number = || MoneyError::NotANumber { text: text.to_owned() };
        let (negative, body) = match text.trim().strip_prefix('-') {
            Some(rest) => (true, rest),
            None => (false, text.trim().trim_start_matches('+')),
        };
        let (mantissa, exponent) = match body.find(['e', 'E']) {
            Some(at) => (&body[..at], body[at + 1..].parse::<i32>().map_err(|_| not_a_number())?),
            None => (body, 0),
        };
        let (whole, fraction) = mantissa.split_once('.').unwrap_or((mantissa, ""));
        let digits = format!("{whole}{fraction}");
        if digits.is_empty() || !digits.bytes().all(|b| b.is_ascii_digit()) {
            return Err(not_a_number());
        }
        let places = i64::from(exponent) + 6 - i64::try_from(fraction.len()).unwrap_or(i64::MAX);
        let micros = shift(&digits, places).ok_or_else(|| MoneyError::TooLarge { text: text.to_owned() })?;
        if negative && micros > 0 {
            return Err(MoneyError::Negative { text: text.to_owned() });
        }
        Ok(Self(micros))
    }
}

/// `digits` times ten to the `places`, the part below one cut off.
fn shift(digits: &str, places: i64) -> Option<u64> {
    let digits = digits.trim_start_matches('0');
    if digits.is_empty() {
        return Some(0);
    }
    if places < 0 {
        let drop = usize::try_from(-places).ok()?;
        let kept = digits.len().saturating_sub(drop);
        return if kept == 0 { Some(0) } else { digits[..kept].parse().ok() };
    }
    if places > 20 {
        return None;
    }
    let scale = 10_u64.checked_pow(u32::try_from(places).ok()?)?;
    digits.parse::<u64>().ok()?.checked_mul(scale)
}

impl fmt::Display for Money {
    /// Plain decimal dollars without trailing zeros: `12`, `12.5`, `0.000001`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (whole, micros) = (self.0 / 1_000_000, self.0 % 1_000_000);
        if micros == 0 {
            return write!(f, "{whole}");
        }
        let fraction = format!("{micros:06}");
        write!(f, "{whole}.{}", fraction.trim_end_matches('0'))
    }
}

impl TryFrom<String> for Money {
    type Error = MoneyError;

    fn try_from(text: String) -> Result<Self, MoneyError> {
        text.parse()
    }
}

impl From<Money> for String {
    fn from(money: Money) -> Self {
        money.to_string()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(text: &str, expected: &str) {
        let shown = match text.parse::<Money>() {
            Ok(money) => money.to_string(),
            Err(error) => format!("error: {error}"),
        };
        assert_eq!(shown, expected, "for {text:?}");
    }

    #[test]
    fn reads_every_form_a_budget_is_written_in() {
        check("0", "0");
        check("50", "50");
        check("250.5", "250.5");
        check("1e-07", "0");
        check("2.5E+3", "2500");
        check("0.0000019", "0.000001");
        check("-0", "0");
        check("-1", "error: -1 is negative");
        check("1e30", "error: 1e30 is larger than any amount this tool can hold");
        check("", "error: \"\" is not a decimal number");
        check("nan", "error: \"nan\" is not a decimal number");
        check("1.2.3", "error: \"1.2.3\" is not a decimal number");
    }
}
