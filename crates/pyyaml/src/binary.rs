//! Base64 as Python's `base64.decodebytes` reads it: characters outside the alphabet are skipped.

/// The bytes, or `None` where Python raises: bad padding, or a text that is not ASCII.
pub(crate) fn decode(text: &str) -> Option<Vec<u8>> {
    if !text.is_ascii() {
        return None;
    }
    let mut bytes = Vec::with_capacity(text.len() / 4 * 3);
    let (mut place, mut pads, mut left) = (0_u8, 0_u8, 0_u8);
    for byte in text.bytes() {
        if byte == b'=' {
            if place >= 2 {
                pads += 1;
                if place + pads >= 4 {
                    return Some(bytes);
                }
            }
            continue;
        }
        let Some(six) = sextet(byte) else { continue };
        pads = 0;
        match place {
            0 => {}
            1 => bytes.push((left << 2) | (six >> 4)),
            2 => bytes.push((left << 4) | (six >> 2)),
            _ => bytes.push((left << 6) | six),
        }
        left = six;
        place = (place + 1) % 4;
    }
    (place == 0).then_some(bytes)
}

fn sextet(byte: u8) -> Option<u8> {
    Some(match byte {
        b'A'..=b'Z' => byte - b'A',
        b'a'..=b'z' => byte - b'a' + 26,
        b'0'..=b'9' => byte - b'0' + 52,
        b'+' => 62,
        b'/' => 63,
        _ => return None,
    })
}
