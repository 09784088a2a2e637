//! What the characters of a value stand for: doubled quotes, escapes, array literals.

use std::borrow::Cow;

use serde_json::Value;

use super::cell;
use super::columns::Type;

/// Whose backslash escapes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Escapes {
    /// `E'...'`
    String,
    /// A field of a `COPY`.
    Copy,
}

/// `it''s` as `it's`.
pub(crate) fn undouble(body: &str) -> Cow<'_, str> {
    if body.contains("''") { Cow::Owned(body.replace("''", "'")) } else { Cow::Borrowed(body) }
}

/// Backslash escapes resolved. Bytes given by number form UTF-8; what does not is replaced.
pub(crate) fn unescape(body: Cow<'_, str>, escapes: Escapes) -> Cow<'_, str> {
    if !body.contains('\\') {
        return body;
    }
    let mut out = Vec::with_capacity(body.len());
    let mut rest = &*body;
    while let Some((before, after)) = rest.split_once('\\') {
        out.extend_from_slice(before.as_bytes());
        rest = one_escape(after, escapes, &mut out);
    }
    out.extend_from_slice(rest.as_bytes());
    Cow::Owned(String::from_utf8(out).unwrap_or_else(|error| String::from_utf8_lossy(error.as_bytes()).into_owned()))
}

/// Resolves the escape that starts after its backslash; gives what follows it.
fn one_escape<'a>(after: &'a str, escapes: Escapes, out: &mut Vec<u8>) -> &'a str {
    let Some(letter) = after.chars().next() else {
        out.push(b'\\');
        return after;
    };
    let rest = &after[letter.len_utf8()..];
    match letter {
        'b' => out.push(8),
        'f' => out.push(12),
        'n' => out.push(b'\n'),
        'r' => out.push(b'\r'),
        't' => out.push(b'\t'),
        'v' if escapes == Escapes::Copy => out.push(11),
        '0'..='7' => return by_number(after, 8, 3, out),
        'x' if rest.starts_with(|c: char| c.is_ascii_hexdigit()) => return by_number(rest, 16, 2, out),
        'u' | 'U' if escapes == Escapes::String => {
            let digits = if letter == 'u' { 4 } else { 8 };
            let code = rest.get(..digits).and_then(|hex| u32::from_str_radix(hex, 16).ok()).and_then(char::from_u32);
            let Some(code) = code else {
                out.extend_from_slice(letter.encode_utf8(&mut [0; 4]).as_bytes());
                return rest;
            };
            out.extend_from_slice(code.encode_utf8(&mut [0; 4]).as_bytes());
            return &rest[digits..];
        }
        other => out.extend_from_slice(other.encode_utf8(&mut [0; 4]).as_bytes()),
    }
    rest
}

fn by_number<'a>(text: &'a str, radix: u32, most: usize, out: &mut Vec<u8>) -> &'a str {
    let length = text.chars().take(most).take_while(|digit| digit.is_digit(radix)).count();
    let (digits, rest) = text.split_at(length);
    // Octal goes up to 777 in form; PostgreSQL keeps the low byte.
    let [.., byte] = u32::from_str_radix(digits, radix).unwrap_or_default().to_be_bytes();
    out.push(byte);
    rest
}

/// The body of a `U&'...'` string.
pub(crate) fn unicode(body: &str) -> String {
    let mut out = String::with_capacity(body.len());
    let mut rest = body;
    while let Some((before, after)) = rest.split_once('\\') {
        out.push_str(before);
        let (skip, digits) = if after.starts_with('+') { (1, 6) } else { (0, 4) };
        let code = after.get(skip..skip + digits).and_then(|hex| u32::from_str_radix(hex, 16).ok());
        if let Some(code) = code.and_then(char::from_u32) {
            out.push(code);
            rest = &after[skip + digits..];
        } else {
            out.push('\\');
            rest = after.strip_prefix('\\').unwrap_or(after);
        }
    }
    out.push_str(rest);
    out
}

/// An array literal such as `{a,"b c",NULL}` as a JSON array, or nothing if it is none.
pub(crate) fn array(text: &str, element: Type) -> Option<Value> {
    // Bounds, `[0:2]={...}`, say nothing about the values.
    let literal = if text.starts_with('[') { text.split_once('=')?.1 } else { text };
    let mut items = Items { rest: literal, element };
    let list = items.list(MAX_DIMENSIONS)?;
    items.rest.trim().is_empty().then_some(list)
}

/// PostgreSQL's own limit.
const MAX_DIMENSIONS: usize = 6;

struct Items<'a> {
    rest: &'a str,
    element: Type,
}

impl Items<'_> {
    fn list(&mut self, depth: usize) -> Option<Value> {
        self.rest = self.rest.trim_start().strip_prefix('{')?;
        let mut list = Vec::new();
        if self.closes() {
            return Some(Value::Array(list));
        }
        loop {
            list.push(self.item(depth)?);
            if self.closes() {
                return Some(Value::Array(list));
            }
            self.rest = self.rest.strip_prefix(',')?;
        }
    }

    fn closes(&mut self) -> bool {
        self.rest = self.rest.trim_start();
        let after = self.rest.strip_prefix('}');
        self.rest = after.unwrap_or(self.rest);
        after.is_some()
    }

    fn item(&mut self, depth: usize) -> Option<Value> {
        self.rest = self.rest.trim_start();
        if self.rest.starts_with('{') {
            return if depth > 1 { self.list(depth - 1) } else { None };
        }
        let quoted = self.rest.starts_with('"');
        let text = if quoted { self.quoted()? } else { self.unquoted() };
        if !quoted && text.eq_ignore_ascii_case("null") {
            return Some(Value::Null);
        }
        if self.element == Type::Number { cell::number(&text) } else { Some(Value::String(text)) }
    }

    fn quoted(&mut self) -> Option<String> {
        let mut text = String::new();
        let mut chars = self.rest.char_indices().skip(1);
        while let Some((at, c)) = chars.next() {
            match c {
                '"' => {
                    self.rest = &self.rest[at + 1..];
                    return Some(text);
                }
                '\\' => text.push(chars.next()?.1),
                other => text.push(other),
            }
        }
        None
    }

    fn unquoted(&mut self) -> String {
        let mut text = String::new();
        let mut chars = self.rest.char_indices();
        let mut end = self.rest.len();
        while let Some((at, c)) = chars.next() {
            match c {
                ',' | '}' | '{' => {
                    end = at;
                    break;
                }
                '\\' => text.extend(chars.next().map(|(_, escaped)| escaped)),
                other => text.push(other),
            }
        }
        self.rest = &self.rest[end..];
        text.trim_end().to_owned()
    }
}
