//! A point in time as data: the core reads no clock, the shells pass the present in.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

/// Milliseconds since 1970-01-01T00:00:00Z.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Moment(i64);

/// The text is no date and time this tool can read.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{text:?} is not a date and time")]
pub struct MomentError {
    text: String,
}

impl Moment {
    /// From milliseconds since the epoch.
    pub const fn from_millis(millis: i64) -> Self {
        Self(millis)
    }

    /// Milliseconds since the epoch.
    pub const fn millis(self) -> i64 {
        self.0
    }
}

impl FromStr for Moment {
    type Err = MomentError;

    /// Reads the forms LiteLLM uses (`reference/litellm.md` 1.1): `2026-11-22 07:27:45.951` (a database
    /// timestamp, UTC), `2026-11-22T07:27:45.951000Z`, `…+00:00`, and offsets in general.
    fn from_str(text: &str) -> Result<Self, MomentError> {
        parse(text.trim()).ok_or_else(|| MomentError { text: text.to_owned() })
    }
}

fn parse(text: &str) -> Option<Moment> {
    let (date, rest) = text.split_at_checked(10)?;
    let mut parts = date.split('-');
    let (year, month, day) = (number(parts.next()?)?, number(parts.next()?)?, number(parts.next()?)?);
    if parts.next().is_some() || !(1..=12).contains(&month) || !(1..=31).contains(&day) {
        return None;
    }
    let days = days_from_civil(year, month, day);
    if rest.is_empty() {
        return Some(Moment(days * 86_400_000));
    }
    let rest = rest.strip_prefix(['T', ' '])?;
    let (clock, offset) = split_offset(rest)?;
    let mut fields = clock.split(':');
    let (hour, minute) = (number(fields.next()?)?, number(fields.next()?)?);
    let (second, fraction) = match fields.next() {
        None => (0, 0),
        Some(text) => {
            let (whole, part) = text.split_once('.').unwrap_or((text, ""));
            (number(whole)?, millis_of(part)?)
        }
    };
    if hour > 23 || minute > 59 || second > 60 || fields.next().is_some() {
        return None;
    }
    Some(Moment(((days * 24 + hour) * 60 + minute - offset) * 60_000 + second * 1000 + fraction))
}

fn number(text: &str) -> Option<i64> {
    (!text.is_empty() && text.len() <= 4 && text.bytes().all(|b| b.is_ascii_digit())).then(|| text.parse().ok())?
}

fn millis_of(fraction: &str) -> Option<i64> {
    if !fraction.bytes().all(|b| b.is_ascii_digit()) {
        return None;
    }
    let padded = format!("{fraction:0<3}");
    padded[..3].parse().ok()
}

/// Splits `07:27:45+02:00` into the clock and the offset in minutes.
fn split_offset(text: &str) -> Option<(&str, i64)> {
    if let Some(clock) = text.strip_suffix(['Z', 'z']) {
        return Some((clock, 0));
    }
    let Some(at) = text.rfind(['+', '-']) else { return Some((text, 0)) };
    let sign = if text.as_bytes()[at] == b'-' { -1 } else { 1 };
    let (hours, minutes) = text[at + 1..].split_once(':').unwrap_or((&text[at + 1..], "0"));
    Some((&text[..at], sign * (number(hours)? * 60 + number(minutes)?)))
}

/// Days since 1970-01-01 of a date in the proleptic Gregorian calendar.
fn days_from_civil(year: i64, month: i64, day: i64) -> i64 {
    let shifted = if month <= 2 { year - 1 } else { year };
    let era = shifted.div_euclid(400);
    let year_of_era = shifted.rem_euclid(400);
    let day_of_year = (153 * ((month + 9) % 12) + 2) / 5 + day - 1;
    era * 146_097 + year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year - 719_468
}

/// The date of a number of days since 1970-01-01.
fn civil_from_days(days: i64) -> (i64, i64, i64) {
    let shifted = days + 719_468;
    let era = shifted.div_euclid(146_097);
    let day_of_era = shifted.rem_euclid(146_097);
    let year_of_era = (day_of_era - day_of_era / 1460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
    let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let month_index = (5 * day_of_year + 2) / 153;
    let month = if month_index < 10 { month_index + 3 } else { month_index - 9 };
    let year = year_of_era + era * 400 + i64::from(month <= 2);
    (year, month, day_of_year - (153 * month_index + 2) / 5 + 1)
}

impl fmt::Display for Moment {
    /// RFC 3339 in UTC, with milliseconds only where there are any.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (days, in_day) = (self.0.div_euclid(86_400_000), self.0.rem_euclid(86_400_000));
        let (year, month, day) = civil_from_days(days);
        let (hour, minute, second, millis) =
            (in_day / 3_600_000, in_day / 60_000 % 60, in_day / 1000 % 60, in_day % 1000);
        if (0..=9999).contains(&year) {
            // A database of ten thousand keys has thirty thousand of them.
            let mut text = *b"0000-00-00T00:00:00";
            let (clock, date) = ([(11, hour), (14, minute), (17, second)], [(5, month), (8, day)]);
            digits(&mut text[..4], year);
            date.into_iter().chain(clock).for_each(|(at, number)| digits(&mut text[at..at + 2], number));
            f.write_str(std::str::from_utf8(&text).map_err(|_| fmt::Error)?)?;
        } else {
            write!(f, "{year:04}-{month:02}-{day:02}T{hour:02}:{minute:02}:{second:02}")?;
        }
        if millis != 0 {
            write!(f, ".{millis:03}")?;
        }
        f.write_str("Z")
    }
}

/// Writes the last digits of a number over those that are there.
fn digits(place: &mut [u8], number: i64) {
    let mut rest = number;
    for digit in place.iter_mut().rev() {
        *digit = b'0' + u8::try_from(rest % 10).unwrap_or(0);
        rest /= 10;
    }
}

impl Serialize for Moment {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Moment {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        text.parse().map_err(serde::de::Error::custom)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(text: &str, expected: Option<&str>) {
        let shown = text.parse::<Moment>().ok().map(|moment| moment.to_string());
        assert_eq!(shown.as_deref(), expected, "for {text:?}");
    }

    #[test]
    fn reads_the_forms_of_both_sides() {
        check("2026-11-22 07:27:45.951", Some("2026-11-22T07:27:45.951Z"));
        check("2026-11-22T07:27:45.951000+00:00", Some("2026-11-22T07:27:45.951Z"));
        check("2027-02-20T07:27:47.101Z", Some("2027-02-20T07:27:47.101Z"));
        check("2026-11-22T07:27:45+02:00", Some("2026-11-22T05:27:45Z"));
        check("2024-02-29", Some("2024-02-29T00:00:00Z"));
        check("1969-12-31T23:59:59Z", Some("1969-12-31T23:59:59Z"));
        check("0033-04-03T12:00:00Z", Some("0033-04-03T12:00:00Z"));
        check("2026-13-01", None);
        check("tomorrow", None);
        check("", None);
    }
}
