//! Reset durations (`reference/bifrost-api.md` 4.4): Go durations, or a number with d, w, M, Y, and Q in the second
//! generation.

use crate::Release;

/// What a text is as a reset duration.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Duration {
    /// Longer than nothing.
    Positive,
    /// Zero or negative.
    NotPositive,
    /// No duration at all.
    Unreadable,
}

/// Reads a reset duration.
pub(super) fn read(text: &str, release: Release) -> Duration {
    match seconds_of(text, release) {
        Some(length) if length > 0.0 => Duration::Positive,
        Some(_) => Duration::NotPositive,
        None => Duration::Unreadable,
    }
}

/// How long it is, in seconds.
pub(super) fn seconds_of(text: &str, release: Release) -> Option<f64> {
    calendar(text, release).map(|days| days * 86_400.0).or_else(|| clock(text))
}

/// `30d`, `1.5d`, `1M`: days.
fn calendar(text: &str, release: Release) -> Option<f64> {
    let days = [('d', 1.0), ('w', 7.0), ('M', 30.0), ('Y', 365.0), ('Q', 91.0)];
    let (unit, days) = days.into_iter().find(|(unit, _)| text.ends_with(*unit))?;
    if unit == 'Q' && !release.is_second() {
        return None;
    }
    let digits = text.strip_suffix(unit)?;
    let plain = digits.chars().all(|c| c.is_ascii_digit() || matches!(c, '.' | '-' | '+'));
    if !plain {
        return None;
    }
    digits.parse::<f64>().ok().map(|count| count * days)
}

/// `1h30m`: seconds.
fn clock(text: &str) -> Option<f64> {
    let (sign, mut rest) = match text.strip_prefix('-') {
        Some(rest) => (-1.0, rest),
        None => (1.0, text.strip_prefix('+').unwrap_or(text)),
    };
    if rest == "0" {
        return Some(0.0);
    }
    let mut total = 0.0;
    let mut parts = 0;
    while !rest.is_empty() {
        let digits = rest.find(|c: char| !c.is_ascii_digit() && c != '.')?;
        let count: f64 = rest.get(..digits)?.parse().ok()?;
        rest = rest.get(digits..)?;
        let length = rest.find(|c: char| c.is_ascii_digit() || c == '.').unwrap_or(rest.len());
        total += count * seconds(rest.get(..length)?)?;
        rest = rest.get(length..)?;
        parts += 1;
    }
    (parts > 0).then_some(sign * total)
}

fn seconds(unit: &str) -> Option<f64> {
    match unit {
        "ns" => Some(1e-9),
        "us" | "µs" => Some(1e-6),
        "ms" => Some(1e-3),
        "s" => Some(1.0),
        "m" => Some(60.0),
        "h" => Some(3600.0),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(text: &str, first: Duration, second: Duration) {
        assert_eq!(read(text, Release::V1_5_16), first, "1.5.16: {text:?}");
        assert_eq!(read(text, Release::V2_0_0_PRERELEASE3), second, "2.0.0: {text:?}");
    }

    #[test]
    fn the_grammar_is_the_recorded_one() {
        use Duration::{NotPositive, Positive, Unreadable};
        for text in ["30d", "1w", "1M", "10Y", "24h", "1h30m", "60s", "1m", "100ms", "1.5d"] {
            check(text, Positive, Positive);
        }
        for text in ["1mo", "daily", "1y", "1D", "1W", "", "abc", "30", "1d12h"] {
            check(text, Unreadable, Unreadable);
        }
        check("1Q", Unreadable, Positive);
        check("-1d", NotPositive, NotPositive);
        check("0d", NotPositive, NotPositive);
    }
}
