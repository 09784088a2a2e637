//! Base64 as CPython's `base64.urlsafe_b64decode` reads it, which is what decides whether LiteLLM can open a
//! value. No crate does: characters outside the alphabet are skipped, missing padding is an error.

/// The bytes of a text, or nothing where Python would raise. LiteLLM tries the URL-safe alphabet first and the
/// standard one if that fails; the first reads the standard characters too.
pub(super) fn lenient(text: &str) -> Option<Vec<u8>> {
    // Python refuses text that is not ASCII before it decodes.
    if !text.is_ascii() {
        return None;
    }
    decode(text, url_value).or_else(|| decode(text, standard_value))
}

fn decode(text: &str, value: fn(u8) -> Option<u8>) -> Option<Vec<u8>> {
    let mut bytes = Vec::with_capacity(text.len() / 4 * 3 + 3);
    let (mut quad, mut left, mut pads) = (0_u8, 0_u8, 0_u8);
    for byte in text.bytes() {
        if byte == b'=' {
            // Padding counts from the third character of a group on, and ends the text when it fills the group.
            if quad >= 2 {
                pads += 1;
                if quad + pads >= 4 {
                    return Some(bytes);
                }
            }
            continue;
        }
        let Some(bits) = value(byte) else { continue };
        pads = 0;
        match quad {
            0 => left = bits,
            1 => {
                bytes.push((left << 2) | (bits >> 4));
                left = bits & 0x0f;
            }
            2 => {
                bytes.push((left << 4) | (bits >> 2));
                left = bits & 0x03;
            }
            _ => bytes.push((left << 6) | bits),
        }
        quad = (quad + 1) % 4;
    }
    (quad == 0).then_some(bytes)
}

fn standard_value(byte: u8) -> Option<u8> {
    match byte {
        b'A'..=b'Z' => Some(byte - b'A'),
        b'a'..=b'z' => Some(byte - b'a' + 26),
        b'0'..=b'9' => Some(byte - b'0' + 52),
        b'+' => Some(62),
        b'/' => Some(63),
        _ => None,
    }
}

fn url_value(byte: u8) -> Option<u8> {
    match byte {
        b'-' => Some(62),
        b'_' => Some(63),
        other => standard_value(other),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(text: &str, expected: Option<&[u8]>) {
        assert_eq!(lenient(text).as_deref(), expected, "for {text:?}");
    }

    /// Expected values from CPython 3.11's `base64.urlsafe_b64decode`, then `b64decode`.
    #[test]
    fn reads_base64_as_python_does() {
        check("", Some(b""));
        check("====", Some(b""));
        check("***", Some(b""));
        check("aGVsbG8=", Some(b"hello"));
        check(" aGVs\nbG8= ", Some(b"hello"));
        check("aGVsbG8=ignored", Some(b"hello"));
        check("=aGVsbG8=", Some(b"hello"));
        check("aGVsbG8", None);
        check("aGVsbA=", None);
        check("aGVsbA==", Some(b"hell"));
        check("a", None);
        check("-_+/", Some(&[0xfb, 0xff, 0xbf]));
        check("aGVs-", Some(b"hel"));
        check("päng", None);
    }
}
