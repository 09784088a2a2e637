//! Bytes to text, as PyYAML's reader does it: encoding, byte order mark, forbidden characters, line breaks.

use std::borrow::Cow;

use crate::problem::Problem;
use crate::{MAX_BYTES, Position};

/// The text of a file with `\n` as its only line break, or the first thing wrong with it and where.
pub(crate) fn decode(bytes: &[u8]) -> Result<Cow<'_, str>, (Problem, Position)> {
    if bytes.len() > MAX_BYTES {
        return Err((Problem::FileSize, START));
    }
    let text = match bytes {
        // `text` starts behind the mark; PyYAML skips exactly one.
        [0xFF, 0xFE, rest @ ..] => Cow::Owned(utf16(rest, u16::from_le_bytes)?),
        [0xFE, 0xFF, rest @ ..] => Cow::Owned(utf16(rest, u16::from_be_bytes)?),
        [0xEF, 0xBB, 0xBF, rest @ ..] => Cow::Borrowed(utf8(rest)?),
        _ => Cow::Borrowed(utf8(bytes)?),
    };
    // Most files are ASCII, where a look at each byte is enough.
    if !text.bytes().all(|byte| matches!(byte, b'\t' | b'\n' | b'\r' | b' '..=b'~'))
        && let Some((at, bad)) = text.char_indices().find(|(_, c)| !printable(*c))
    {
        return Err((Problem::Character(u32::from(bad)), end_of(&text[..at])));
    }
    Ok(normalized(text))
}

const START: Position = Position { line: 1, column: 1 };

fn utf8(bytes: &[u8]) -> Result<&str, (Problem, Position)> {
    std::str::from_utf8(bytes).map_err(|error| {
        let valid = std::str::from_utf8(&bytes[..error.valid_up_to()]).unwrap_or_default();
        (Problem::Encoding("UTF-8"), end_of(valid))
    })
}

fn utf16(bytes: &[u8], unit: fn([u8; 2]) -> u16) -> Result<String, (Problem, Position)> {
    let mut text = String::with_capacity(bytes.len());
    let (pairs, odd) = bytes.as_chunks::<2>();
    for decoded in char::decode_utf16(pairs.iter().map(|pair| unit(*pair))) {
        match decoded {
            Ok(c) => text.push(c),
            Err(_) => return Err((Problem::Encoding("UTF-16"), end_of(&text))),
        }
    }
    if odd.is_empty() { Ok(text) } else { Err((Problem::Encoding("UTF-16"), end_of(&text))) }
}

/// The characters PyYAML's reader lets through (`Reader.NON_PRINTABLE`).
fn printable(c: char) -> bool {
    matches!(c, '\t' | '\n' | '\r' | ' '..='~' | '\u{85}' | '\u{A0}'..='\u{FFFD}' | '\u{10000}'..)
}

/// PyYAML reads `\r\n`, `\r` and U+0085 as `\n` wherever they stand, so they can be that from the start.
fn normalized(text: Cow<'_, str>) -> Cow<'_, str> {
    if !text.as_bytes().contains(&b'\r') && !text.contains('\u{85}') {
        return text;
    }
    Cow::Owned(text.replace("\r\n", "\n").replace(['\r', '\u{85}'], "\n"))
}

/// The place just behind a text.
fn end_of(text: &str) -> Position {
    let mut at = START;
    let mut last = ' ';
    for c in text.chars() {
        match c {
            '\n' if last == '\r' => {}
            '\n' | '\r' | '\u{85}' | '\u{2028}' | '\u{2029}' => {
                at = Position { line: at.line.saturating_add(1), column: 1 }
            }
            '\u{FEFF}' => {}
            _ => at.column = at.column.saturating_add(1),
        }
        last = c;
    }
    at
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(bytes: &[u8], expected: &str) {
        let shown = match decode(bytes) {
            Ok(text) => format!("{text:?}"),
            Err((problem, at)) => format!("{}:{} {problem}", at.line, at.column),
        };
        assert_eq!(shown, expected, "for {bytes:02x?}");
    }

    #[test]
    fn reads_what_the_reader_of_pyyaml_reads() {
        check(b"", r#""""#);
        check(b"\xEF\xBB\xBFa", r#""a""#);
        check(b"\xFF\xFEa\x00\xE9\x00", r#""aé""#);
        check(b"\xFE\xFF\x00a", r#""a""#);
        check(b"\xFF\xFE\x3D\xD8\x80\xDE", "\"\u{1F680}\"");
        check(b"a\r\nb\rc\xC2\x85d", r#""a\nb\nc\nd""#);
        check("a\u{2028}\u{FEFF}".as_bytes(), r#""a\u{2028}\u{feff}""#);
        check("\u{1F680}\u{FFFD}".as_bytes(), "\"\u{1F680}\u{FFFD}\"");
    }

    #[test]
    fn refuses_what_it_refuses() {
        check(b"a: b\nc\xFF", "2:2 the text is not valid UTF-8");
        check(b"\xFF\xFEa\x00\xE9", "1:2 the text is not valid UTF-16");
        check(b"\xFF\xFE\x00\xD8a\x00", "1:1 the text is not valid UTF-16");
        check(b"a\r\nbc\x00", "2:3 the character U+0000 may not stand in YAML");
        check(b"\x7F", "1:1 the character U+007F may not stand in YAML");
        check("\u{9F}".as_bytes(), "1:1 the character U+009F may not stand in YAML");
        check("a\u{2028} b\0".as_bytes(), "2:3 the character U+0000 may not stand in YAML");
        check("\u{FEFF}\u{FEFF}\0".as_bytes(), "1:1 the character U+0000 may not stand in YAML");
        check("é\u{FFFE}".as_bytes(), "1:2 the character U+FFFE may not stand in YAML");
    }
}
