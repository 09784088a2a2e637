//! JSON with the fields of every object in the order of their names, from JSON as it was written down: without making
//! values of it, for a plan of many keys is long.

use std::borrow::Cow;
use std::ops::Range;

/// An object or a list that is open.
enum Open {
    List,
    /// The names of its fields as far as they are known.
    Object(Vec<Range<usize>>),
}

/// Sorts the fields of every object. `text` is compact JSON, as `serde_json` writes it; what is none stays as it is.
pub(super) fn sort(text: &mut [u8]) {
    let (mut open, mut at, mut scratch) = (Vec::new(), 0, Vec::new());
    // Whether what comes next in an object is a name.
    let mut name = false;
    while let Some(byte) = text.get(at) {
        match byte {
            b'{' => {
                open.push(Open::Object(Vec::new()));
                name = true;
            }
            b'[' => open.push(Open::List),
            b',' => name = matches!(open.last(), Some(Open::Object(..))),
            b'"' => {
                let end = end_of_string(text, at);
                if let (true, Some(Open::Object(fields))) = (name, open.last_mut()) {
                    fields.push(at..end);
                }
                (name, at) = (false, end);
                continue;
            }
            b']' | b'}' => {
                if let Some(Open::Object(fields)) = open.pop() {
                    close(text, &fields, at, &mut scratch);
                }
            }
            _ => {}
        }
        at += 1;
    }
}

/// Where a string ends that begins at a place: behind its closing quote.
fn end_of_string(text: &[u8], start: usize) -> usize {
    let mut at = start + 1;
    while let Some(byte) = text.get(at) {
        match byte {
            b'"' => return at + 1,
            b'\\' => at += 2,
            _ => at += 1,
        }
    }
    text.len()
}

/// Puts the fields of an object into order, that begin with their names and the last of which ends at `end`.
fn close(text: &mut [u8], fields: &[Range<usize>], end: usize, scratch: &mut Vec<u8>) {
    let names: Vec<Cow<'_, [u8]>> = fields.iter().map(|name| said(&text[name.clone()])).collect();
    let Some(first) = fields.first().filter(|_| !names.is_sorted()) else { return };
    let mut order: Vec<usize> = (0..fields.len()).collect();
    order.sort_by(|one, other| names[*one].cmp(&names[*other]));
    scratch.clear();
    for place in order {
        let end = fields.get(place + 1).map_or(end, |next| next.start - 1);
        if !scratch.is_empty() {
            scratch.push(b',');
        }
        scratch.extend_from_slice(&text[fields[place].start..end]);
    }
    text[first.start..end].copy_from_slice(scratch);
}

/// What a written name says.
fn said(name: &[u8]) -> Cow<'_, [u8]> {
    if name.contains(&b'\\') {
        let text: Option<String> = serde_json::from_slice(name).ok();
        return text.map_or(Cow::Borrowed(name), |text| Cow::Owned(text.into_bytes()));
    }
    Cow::Borrowed(name.get(1..name.len().saturating_sub(1)).unwrap_or_default())
}

#[cfg(test)]
mod tests {
    use bifrost::canonical;
    use serde_json::Value;

    use super::*;

    #[track_caller]
    fn check(text: &str) {
        let value: Value = serde_json::from_str(text).expect("JSON");
        let mut sorted = text.as_bytes().to_vec();
        sort(&mut sorted);
        assert_eq!(String::from_utf8(sorted).expect("text"), canonical(&value));
    }

    #[test]
    fn it_is_the_canonical_text_of_the_value() {
        for text in [
            "{}",
            "[]",
            "7",
            r#""b""#,
            r#"{"b":1,"a":2}"#,
            r#"{"b":[{"d":"}","c":"{,\\"}],"a":{"z":null,"y":{"x":1.50,"w":[]}}}"#,
            r#"{"b":{"d":1,"c":[1,"b",{"f":2,"e":1}]},"ab":"a","a":"\"b\":1,","":true}"#,
            r##"{"\u0001":2,"\n":1,"\\":3,"A":4,"\"":5,"#":6}"##,
            r#"{"ü":1,"z":2,"€":3,"😀":4}"#,
            r#"[[["b","a"],{"b":["x"],"a":["y","x"]}],{"b":{},"a":[]}]"#,
        ] {
            check(text);
        }
    }

    #[test]
    fn what_is_no_json_is_no_harm() {
        for text in ["{", "}", r#"{"a"#, r#"{"b":1,"a":"#, r#"]],"}"#, r#"{"a\"#, ",,}{"] {
            sort(&mut text.as_bytes().to_vec());
        }
    }
}
