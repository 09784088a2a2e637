//! Which type a scalar without a tag has: PyYAML's implicit resolvers (`yaml/resolver.py`), rule by rule.

/// A type PyYAML's safe loader knows, by its tag.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Tag {
    Null,
    Bool,
    Int,
    Float,
    Binary,
    Timestamp,
    Omap,
    Pairs,
    Set,
    Str,
    Seq,
    Map,
    /// `<<`: only a key of a mapping may have it.
    Merge,
    /// `=`: only a key of a mapping may have it, and there it is a text.
    Value,
    /// Anything else: the safe loader refuses it.
    Unknown,
}

/// The type a full tag names.
pub(crate) fn named(tag: &str) -> Tag {
    const NAMES: &[(&str, Tag)] = &[
        ("null", Tag::Null),
        ("bool", Tag::Bool),
        ("int", Tag::Int),
        ("float", Tag::Float),
        ("binary", Tag::Binary),
        ("timestamp", Tag::Timestamp),
        ("omap", Tag::Omap),
        ("pairs", Tag::Pairs),
        ("set", Tag::Set),
        ("str", Tag::Str),
        ("seq", Tag::Seq),
        ("map", Tag::Map),
        ("merge", Tag::Merge),
        ("value", Tag::Value),
    ];
    let name = tag.strip_prefix("tag:yaml.org,2002:");
    NAMES.iter().find(|(known, _)| Some(*known) == name).map_or(Tag::Unknown, |(_, tag)| *tag)
}

/// The type of a plain scalar. The order is PyYAML's; no text matches two rules of different types but
/// those of `float` and `int`, which exclude each other.
pub(crate) fn implicit(text: &str) -> Tag {
    let Some(first) = text.bytes().next() else { return Tag::Null };
    // `$` of a Python regular expression also matches before a final line break.
    let text = text.strip_suffix('\n').unwrap_or(text);
    RULES
        .iter()
        .find(|(starts, matches, _)| starts.contains(&first) && matches(text))
        .map_or(Tag::Str, |(_, _, tag)| *tag)
}

/// First characters, rule, type.
type Rule = (&'static [u8], fn(&str) -> bool, Tag);

const RULES: &[Rule] = &[
    (b"yYnNtTfFoO", is_bool, Tag::Bool),
    (b"-+0123456789.", is_float, Tag::Float),
    (b"-+0123456789", is_int, Tag::Int),
    (b"<", |text| text == "<<", Tag::Merge),
    (b"~nN", |text| matches!(text, "~" | "null" | "Null" | "NULL"), Tag::Null),
    (b"0123456789", is_timestamp, Tag::Timestamp),
    (b"=", |text| text == "=", Tag::Value),
    // Never plain; but `! "*"` asks for the implicit type of a quoted text.
    (b"!&*", |text| text.len() == 1, Tag::Unknown),
];

fn is_bool(text: &str) -> bool {
    const WORDS: &[&str] = &["yes", "no", "true", "false", "on", "off"];
    let upper = || text.bytes().all(|byte| byte.is_ascii_uppercase());
    WORDS.iter().any(|word| text.eq_ignore_ascii_case(word) && (text == *word || upper() || titled(text)))
}

fn titled(text: &str) -> bool {
    let mut bytes = text.bytes();
    bytes.next().is_some_and(|b| b.is_ascii_uppercase()) && bytes.all(|b| b.is_ascii_lowercase())
}

/// `[-+]?[0-9][0-9_]*\.[0-9_]*([eE][-+][0-9]+)?`, `\.[0-9][0-9_]*([eE][-+][0-9]+)?`,
/// `[-+]?[0-9][0-9_]*(:[0-5]?[0-9])+\.[0-9_]*`, `[-+]?\.(inf|Inf|INF)`, `\.(nan|NaN|NAN)`.
/// So `1e3` and `1.5e3` are texts, and `-.5` is one too.
fn is_float(text: &str) -> bool {
    if matches!(text, ".nan" | ".NaN" | ".NAN") {
        return true;
    }
    let unsigned = unsigned(text);
    if matches!(unsigned, ".inf" | ".Inf" | ".INF") {
        return true;
    }
    let Some((whole, fraction)) = unsigned.split_once('.') else { return false };
    if whole.is_empty() {
        return unsigned.len() == text.len() && digits(mantissa(fraction));
    }
    let fraction_fits = |fraction: &str| fraction.bytes().all(|b| b.is_ascii_digit() || b == b'_');
    match whole.split_once(':') {
        None => digits(whole) && fraction_fits(mantissa(fraction)),
        Some((head, tail)) => digits(head) && tail.split(':').all(is_sixtieth) && fraction_fits(fraction),
    }
}

/// The text before a well-formed exponent, which has to carry a sign; without one, all of it.
fn mantissa(fraction: &str) -> &str {
    let Some((mantissa, exponent)) = fraction.split_once(['e', 'E']) else { return fraction };
    let Some(power) = exponent.strip_prefix(['-', '+']) else { return fraction };
    let well_formed = !power.is_empty() && power.bytes().all(|b| b.is_ascii_digit());
    if well_formed { mantissa } else { fraction }
}

/// `[-+]?0b[0-1_]+`, `[-+]?0[0-7_]+`, `[-+]?(0|[1-9][0-9_]*)`, `[-+]?0x[0-9a-fA-F_]+`,
/// `[-+]?[1-9][0-9_]*(:[0-5]?[0-9])+`. So `0o10` and `08` are texts.
fn is_int(text: &str) -> bool {
    let unsigned = unsigned(text);
    let all = |rest: &str, fits: fn(u8) -> bool| !rest.is_empty() && rest.bytes().all(|b| b == b'_' || fits(b));
    if let Some(rest) = unsigned.strip_prefix("0b") {
        return all(rest, |b| matches!(b, b'0' | b'1'));
    }
    if let Some(rest) = unsigned.strip_prefix("0x") {
        return all(rest, |b| b.is_ascii_hexdigit());
    }
    if let Some(rest) = unsigned.strip_prefix('0') {
        return rest.is_empty() || all(rest, |b| matches!(b, b'0'..=b'7'));
    }
    match unsigned.split_once(':') {
        None => digits(unsigned),
        Some((head, tail)) => digits(head) && tail.split(':').all(is_sixtieth),
    }
}

/// `[0-9]{4}-[0-9]{2}-[0-9]{2}`, or with a time: then month and day may have one digit.
fn is_timestamp(text: &str) -> bool {
    crate::time::parts(text).is_some_and(|parts| parts.clock.is_some() || text.len() == "2001-12-14".len())
}

fn unsigned(text: &str) -> &str {
    text.strip_prefix(['-', '+']).unwrap_or(text)
}

/// `[0-9][0-9_]*`
fn digits(text: &str) -> bool {
    text.starts_with(|c: char| c.is_ascii_digit()) && text.bytes().all(|b| b.is_ascii_digit() || b == b'_')
}

/// `[0-5]?[0-9]`
fn is_sixtieth(text: &str) -> bool {
    matches!(text.as_bytes(), [b'0'..=b'9'] | [b'0'..=b'5', b'0'..=b'9'])
}
