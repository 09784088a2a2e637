//! Integers and floats as Python's `int()` and `float()` make them of what PyYAML hands over.

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
        (false, sexagesimal(body)?)
    } else {
        python_int(body, 10)?
    };
    let sign = if negative != inner_negative && digits != "0" { "-" } else { "" };
    Some(format!("{sign}{digits}"))
}

/// `int(text, base)`: blanks around, a sign and the base's own prefix are fine.
fn python_int(text: &str, base: u32) -> Option<(bool, String)> {
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
    for (count, digit) in digits.chars().enumerate() {
        if base == 10 && count >= MAX_DIGITS {
            return None;
        }
        total.scale_and_add(base, digit.to_digit(base)?)?;
    }
    Some((text.starts_with('-'), total.digits()))
}

/// `1:30:00` in base 60; the first part may have any number of digits.
fn sexagesimal(text: &str) -> Option<String> {
    let (first, rest) = text.split_once(':').filter(|(first, _)| !first.is_empty())?;
    let mut total = Decimal::default();
    for digit in first.chars() {
        total.scale_and_add(10, digit.to_digit(10)?)?;
    }
    for part in rest.split(':') {
        total.scale_and_add(60, part.trim().parse().ok()?)?;
    }
    Some(total.digits())
}

/// A natural number in groups of nine decimal digits, lowest first.
#[derive(Default)]
struct Decimal(Vec<u32>);

impl Decimal {
    /// `self * factor + more`; `None` when it grows past what Python prints.
    fn scale_and_add(&mut self, factor: u32, more: u32) -> Option<()> {
        const GROUP: u64 = 1_000_000_000;
        let mut carry = u64::from(more);
        for group in &mut self.0 {
            let sum = u64::from(*group) * u64::from(factor) + carry;
            *group = u32::try_from(sum % GROUP).ok()?;
            carry = sum / GROUP;
        }
        while carry > 0 {
            self.0.push(u32::try_from(carry % GROUP).ok()?);
            carry /= GROUP;
        }
        (self.0.len() <= MAX_DIGITS.div_ceil(9)).then_some(())
    }

    fn digits(&self) -> String {
        let mut groups = self.0.iter().rev();
        let first = groups.next().copied().unwrap_or(0).to_string();
        std::iter::once(first).chain(groups.map(|group| format!("{group:09}"))).collect()
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

/// Rust reads the same forms as Python's `float()`: digits, exponents, `inf`, `nan`; blanks around are Python's own.
fn python_float(text: &str) -> Option<f64> {
    text.trim().parse().ok()
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
