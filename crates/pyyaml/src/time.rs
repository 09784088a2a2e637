//! Dates and times: PyYAML's `timestamp_regexp` and what Python's `datetime` accepts and prints.

use crate::Value;

/// A text split by PyYAML's `timestamp_regexp`; numbers may still be out of range.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Parts<'a> {
    date: [u32; 3],
    pub(crate) clock: Option<Clock<'a>>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Clock<'a> {
    time: [u32; 3],
    fraction: &'a str,
    /// Minutes east of UTC.
    offset: Option<i32>,
}

/// Splits `2001-12-14t21:59:43.10-05:00`; `None` where the regular expression does not match.
pub(crate) fn parts(text: &str) -> Option<Parts<'_>> {
    let mut rest = text;
    let year = number(&mut rest, 4, 4)?;
    let month = rest.strip_prefix('-').and_then(|tail| after(&mut rest, tail, 1))?;
    let day = rest.strip_prefix('-').and_then(|tail| after(&mut rest, tail, 1))?;
    let date = [year, month, day];
    if rest.is_empty() {
        return Some(Parts { date, clock: None });
    }
    let blank = rest.trim_start_matches([' ', '\t']);
    rest = if blank.len() < rest.len() { blank } else { rest.strip_prefix(['T', 't'])? };
    let hour = number(&mut rest, 1, 2)?;
    let minute = rest.strip_prefix(':').and_then(|tail| after(&mut rest, tail, 2))?;
    let second = rest.strip_prefix(':').and_then(|tail| after(&mut rest, tail, 2))?;
    let mut fraction = "";
    if let Some(tail) = rest.strip_prefix('.') {
        let end = tail.find(|c: char| !c.is_ascii_digit()).unwrap_or(tail.len());
        (fraction, rest) = tail.split_at(end);
    }
    let offset = if rest.is_empty() { None } else { Some(offset(rest.trim_start_matches([' ', '\t']))?) };
    Some(Parts { date, clock: Some(Clock { time: [hour, minute, second], fraction, offset }) })
}

/// `Z`, `+5`, `-05:30`, in minutes.
fn offset(text: &str) -> Option<i32> {
    if text == "Z" {
        return Some(0);
    }
    let sign = if text.starts_with('-') { -1 } else { 1 };
    let mut rest = text.strip_prefix(['-', '+'])?;
    let hours = number(&mut rest, 1, 2)?;
    let minutes = match rest.strip_prefix(':') {
        Some(tail) => after(&mut rest, tail, 2)?,
        None => 0,
    };
    if rest.is_empty() { Some(sign * i32::try_from(hours * 60 + minutes).ok()?) } else { None }
}

/// Reads a number of one or two digits (at least `least`) from `tail` and moves `rest` behind it.
fn after<'a>(rest: &mut &'a str, tail: &'a str, least: usize) -> Option<u32> {
    *rest = tail;
    number(rest, least, 2)
}

fn number(rest: &mut &str, least: usize, most: usize) -> Option<u32> {
    let count = rest.bytes().take(most).take_while(u8::is_ascii_digit).count();
    if count < least {
        return None;
    }
    let (digits, tail) = rest.split_at(count);
    *rest = tail;
    digits.parse().ok()
}

/// The date or timestamp, or `None` where Python raises: month 13, hour 24, an offset of a day.
pub(crate) fn construct(text: &str) -> Option<Value> {
    let Parts { date: [year, month, day], clock } = parts(text.strip_suffix('\n').unwrap_or(text))?;
    if year == 0 || !(1..=12).contains(&month) || day == 0 || day > days_in(year, month) {
        return None;
    }
    let date = format!("{year:04}-{month:02}-{day:02}");
    let Some(Clock { time: [hour, minute, second], fraction, offset }) = clock else { return Some(Value::Date(date)) };
    if hour > 23 || minute > 59 || second > 59 {
        return None;
    }
    let micros = &fraction[..fraction.len().min(6)];
    let micros = if micros.bytes().any(|b| b != b'0') { format!(".{micros:0<6}") } else { String::new() };
    let zone = match offset {
        None => String::new(),
        Some(minutes) if minutes.abs() >= 24 * 60 => return None,
        Some(minutes) => {
            let sign = if minutes < 0 { '-' } else { '+' };
            format!("{sign}{:02}:{:02}", minutes.abs() / 60, minutes.abs() % 60)
        }
    };
    Some(Value::Timestamp(format!("{date}T{hour:02}:{minute:02}:{second:02}{micros}{zone}")))
}

fn days_in(year: u32, month: u32) -> u32 {
    let leap = year.is_multiple_of(4) && (!year.is_multiple_of(100) || year.is_multiple_of(400));
    match month {
        2 if leap => 29,
        2 => 28,
        4 | 6 | 9 | 11 => 30,
        _ => 31,
    }
}

/// Microseconds since year 0 in UTC of a timestamp with an offset, from its ISO text: two such timestamps are the same
/// key in Python if they are the same instant. `None` without an offset.
pub(crate) fn instant(iso: &str) -> Option<i64> {
    let Parts { date: [year, month, day], clock } = parts(iso)?;
    let Clock { time: [hour, minute, second], fraction, offset } = clock?;
    let before: u32 = (1..month).map(|month| days_in(year, month)).sum();
    let past = i64::from(year) - 1;
    let days = past * 365 + past / 4 - past / 100 + past / 400 + i64::from(before + day);
    let minutes = (days * 24 + i64::from(hour)) * 60 + i64::from(minute) - i64::from(offset?);
    let micros: i64 = format!("{fraction:0<6}").parse().ok()?;
    Some((minutes * 60 + i64::from(second)) * 1_000_000 + micros)
}
