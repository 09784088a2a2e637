//! Integers and floats as Python's `int()` and `float()` make them of what PyYAML hands over.

use std::cmp::Ordering;

use crate::script;

/// Python refuses to read or print decimal integers beyond this many digits.
const MAX_DIGITS: usize = 4300;

/// `construct_yaml_int`: the decimal digits, or `None` where Python raises.
pub(crate) fn int(text: &str) -> Option<String> {
    let plain = text.replace('_', "");
    let negative = plain.starts_with('-');
    let body = plain.strip_prefix(['-', '+']).unwrap_or(&plain);
    if body == "0" {
        return Some("0".to_owned());
    }
    let (inner_negative, digits) = if let Some(rest) = body.strip_prefix("0b") {
        python_int(rest, 2)?
    } else if let Some(rest) = body.strip_prefix("0x") {
        python_int(rest, 16)?
    } else if body.starts_with('0') {
        python_int(body, 8)?
    } else if body.contains(':') {
        sexagesimal(body)?
    } else {
        python_int(body, 10)?
    };
    let sign = if negative != inner_negative && digits != "0" { "-" } else { "" };
    Some(format!("{sign}{digits}"))
}

/// `int(text, base)`: blanks around, a sign, the base's own prefix and the digits of any script are fine.
fn python_int(text: &str, base: u32) -> Option<(bool, String)> {
    if base == 10 && (1..=MAX_DIGITS).contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_digit()) {
        let digits = text.trim_start_matches('0');
        return Some((false, if digits.is_empty() { "0" } else { digits }.to_owned()));
    }
    let (negative, total) = python_decimal(text, base)?;
    Some((negative, total.digits()))
}

fn python_decimal(text: &str, base: u32) -> Option<(bool, Decimal)> {
    let text = text.trim();
    let unsigned = text.strip_prefix(['-', '+']).unwrap_or(text);
    let prefix: &[&str] = match base {
        2 => &["0b", "0B"],
        8 => &["0o", "0O"],
        16 => &["0x", "0X"],
        _ => &[],
    };
    let digits = prefix.iter().find_map(|prefix| unsigned.strip_prefix(prefix)).unwrap_or(unsigned);
    if digits.is_empty() {
        return None;
    }
    let mut total = Decimal::default();
    let mut chunk = Chunk::default();
    for (count, digit) in digits.chars().enumerate() {
        if base == 10 && count >= MAX_DIGITS {
            return None;
        }
        chunk.push(base, script::digit(digit).to_digit(base)?, &mut total)?;
    }
    chunk.flush(&mut total)?;
    Some((text.starts_with('-'), total))
}

/// `1:30:00` in base 60. Each part is an `int()` of its own, with a sign of its own.
fn sexagesimal(text: &str) -> Option<(bool, String)> {
    let (mut above, mut below) = (Decimal::default(), Decimal::default());
    let mut chunk = Chunk::default();
    for part in text.split(':') {
        if let Some(small) = small(part) {
            below.scale_and_add(60, 0)?;
            chunk.push(60, small, &mut above)?;
            continue;
        }
        chunk.flush(&mut above)?;
        let (negative, part) = python_decimal(part, 10)?;
        above.scale_and_add(60, 0)?;
        below.scale_and_add(60, 0)?;
        if negative { below.add(&part)? } else { above.add(&part)? }
    }
    chunk.flush(&mut above)?;
    let negative = above < below;
    let (most, least) = if negative { (below, above) } else { (above, below) };
    Some((negative, most.minus(&least).digits()))
}

/// A part of at most two plain digits, as nearly all are.
fn small(part: &str) -> Option<u32> {
    match part.as_bytes() {
        [ones] if ones.is_ascii_digit() => Some(u32::from(ones - b'0')),
        [tens, ones] if tens.is_ascii_digit() && ones.is_ascii_digit() => {
            Some(u32::from(tens - b'0') * 10 + u32::from(ones - b'0'))
        }
        _ => None,
    }
}

/// Digits that still have to be added to a number: several at once, so that a long number costs less.
struct Chunk {
    factor: u32,
    value: u32,
}

impl Default for Chunk {
    fn default() -> Self {
        Self { factor: 1, value: 0 }
    }
}

impl Chunk {
    fn push(&mut self, base: u32, digit: u32, total: &mut Decimal) -> Option<()> {
        self.factor *= base;
        self.value = self.value * base + digit;
        // A part of base 60 can be as large as 99, so there is some room to leave.
        if u64::from(self.factor) * u64::from(base) > GROUP / 2 { self.flush(total) } else { Some(()) }
    }

    fn flush(&mut self, total: &mut Decimal) -> Option<()> {
        total.scale_and_add(self.factor, self.value)?;
        *self = Self::default();
        Some(())
    }
}

/// A natural number in groups of nine decimal digits, lowest first, the highest not 0.
#[derive(Default, PartialEq, Eq)]
struct Decimal(Vec<u32>);

const GROUP: u64 = 1_000_000_000;

impl Decimal {
    /// `self * factor + more`; `None` when it grows past what Python prints.
    fn scale_and_add(&mut self, factor: u32, more: u32) -> Option<()> {
        let mut carry = u64::from(more);
        for group in &mut self.0 {
            let product = u64::from(*group) * u64::from(factor) + carry;
            *group = u32::try_from(product % GROUP).ok()?;
            carry = product / GROUP;
        }
        self.grow(carry)
    }

    /// `self + other`
    fn add(&mut self, other: &Self) -> Option<()> {
        self.0.resize(self.0.len().max(other.0.len()), 0);
        let others = other.0.iter().copied().chain(std::iter::repeat(0));
        let mut carry = 0;
        for (group, more) in self.0.iter_mut().zip(others) {
            let sum = u64::from(*group) + u64::from(more) + carry;
            *group = u32::try_from(sum % GROUP).ok()?;
            carry = sum / GROUP;
        }
        self.grow(carry)
    }

    fn grow(&mut self, carry: u64) -> Option<()> {
        if carry > 0 {
            self.0.push(u32::try_from(carry).ok()?);
        }
        (self.0.len() <= MAX_DIGITS.div_ceil(9)).then_some(())
    }

    /// `self - other`, which is not greater.
    fn minus(mut self, other: &Self) -> Self {
        let others = other.0.iter().copied().chain(std::iter::repeat(0));
        let mut borrowed = false;
        for (group, less) in self.0.iter_mut().zip(others) {
            let less = u64::from(less) + u64::from(borrowed);
            borrowed = u64::from(*group) < less;
            let left = u64::from(*group) + if borrowed { GROUP } else { 0 } - less;
            *group = u32::try_from(left).unwrap_or_default();
        }
        while self.0.last() == Some(&0) {
            self.0.pop();
        }
        self
    }

    fn digits(&self) -> String {
        let mut groups = self.0.iter().rev();
        let first = groups.next().copied().unwrap_or(0).to_string();
        std::iter::once(first).chain(groups.map(|group| format!("{group:09}"))).collect()
    }
}

impl PartialOrd for Decimal {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        let length = self.0.len().cmp(&other.0.len());
        Some(length.then_with(|| self.0.iter().rev().cmp(other.0.iter().rev())))
    }
}

/// `construct_yaml_float`, or `None` where Python raises.
pub(crate) fn float(text: &str) -> Option<f64> {
    let plain = text.replace('_', "").to_lowercase();
    let sign = if plain.starts_with('-') { -1.0 } else { 1.0 };
    let body = plain.strip_prefix(['-', '+']).unwrap_or(&plain);
    match body {
        ".inf" => Some(sign * f64::INFINITY),
        ".nan" => Some(f64::NAN),
        _ if body.contains(':') => Some(sign * float_sexagesimal(body)?),
        _ => Some(sign * python_float(body)?),
    }
}

fn float_sexagesimal(text: &str) -> Option<f64> {
    let (mut total, mut base) = (0.0, 1.0_f64);
    for part in text.rsplit(':') {
        if base.is_infinite() {
            return None;
        }
        total += python_float(part)? * base;
        base *= 60.0;
    }
    Some(total)
}

/// Rust reads the same forms as Python's `float()`: digits, exponents, `inf`, `nan`. Blanks around them and the digits
/// of all scripts are Python's own.
fn python_float(text: &str) -> Option<f64> {
    let digits: String = text.trim().chars().map(script::digit).collect();
    digits.parse().ok()
}

/// A float as Python's `repr` shows it: shortest digits, `1e+16` style from 1e16 up and below 1e-4.
pub(crate) fn repr(value: f64) -> String {
    if value.is_nan() {
        return "nan".to_owned();
    }
    if value.is_infinite() {
        return if value > 0.0 { "inf" } else { "-inf" }.to_owned();
    }
    let scientific = format!("{value:e}");
    let (mantissa, exponent) = scientific.split_once('e').unwrap_or((&scientific, "0"));
    let power: i32 = exponent.parse().unwrap_or_default();
    if (-4..16).contains(&power) {
        return format!("{value:?}");
    }
    let sign = if power < 0 { '-' } else { '+' };
    format!("{mantissa}e{sign}{:02}", power.abs())
}
