//! Telling plain text from ciphertext when no key opens it. Ciphertext is random base64, so this can only say
//! what a text is *not*: in doubt it counts as ciphertext, because a ciphertext handed on as a secret is worse
//! than a secret that has to be typed in again.

use super::{Format, PlainReason};

/// Why a text cannot be a ciphertext; nothing if it could be one, be it a damaged one.
pub(super) fn plain_reason(text: &str) -> Option<PlainReason> {
    if text.is_empty() {
        return Some(PlainReason::Empty);
    }
    if text.is_ascii() && !text.bytes().any(|byte| byte.is_ascii_alphanumeric() || b"+/-_".contains(&byte)) {
        return Some(PlainReason::NoBase64);
    }
    let counts = Counts::of(text);
    if counts.foreign || counts.after_padding || counts.padding > 2 || (counts.standard && counts.url) {
        Some(PlainReason::NotBase64)
    } else if counts.significant < SHORTEST {
        Some(PlainReason::TooShort)
    } else if !counts.upper || !counts.lower || known_prefix(text.trim_start()) {
        // 54 random characters without an upper-case one: less than one in 10^12.
        Some(PlainReason::KnownShape)
    } else {
        None
    }
}

/// Which alphabet a legacy ciphertext was written in.
pub(super) fn alphabet(text: &str) -> Format {
    if text.contains(['-', '_']) {
        Format::LegacyUrl
    } else if text.contains(['+', '/']) {
        Format::LegacyStandard
    } else {
        Format::LegacyEither
    }
}

/// Characters of the shortest ciphertext (40 bytes) without its padding.
const SHORTEST: usize = 54;

/// What provider keys of 54 and more characters start with. A ciphertext starts with one of them about once in
/// eight million.
const KEY_PREFIXES: &[&str] =
    &["sk-ant-", "sk-proj-", "sk-svcacct-", "sk-admin-", "sk-or-v1-", "gsk_", "xai-", "nvapi-", "github_pat_"];

/// What AWS session tokens start with; long enough that no ciphertext does.
const TOKEN_PREFIXES: &[&str] = &["IQoJb3JpZ2lu", "FwoGZXIvYXdz"];

/// What stands in the middle of an Azure key of 84 characters.
const AZURE: &str = "JQQJ99";

/// Providers' names of fewer characters could come up by chance.
const SHORTEST_PROVIDER: usize = 5;

fn known_prefix(text: &str) -> bool {
    let provider = text.split_once('/').map(|(provider, _)| provider).filter(|name| name.len() >= SHORTEST_PROVIDER);
    KEY_PREFIXES.iter().chain(TOKEN_PREFIXES).any(|prefix| text.starts_with(prefix))
        || (text.len() == 84 && text.contains(AZURE))
        || provider.is_some_and(crate::provider::is_slug)
}

/// What a text is made of, whitespace around it and line breaks in it left aside.
#[derive(Default)]
#[expect(clippy::struct_excessive_bools, reason = "seven independent questions about a text, asked in one pass")]
struct Counts {
    foreign: bool,
    standard: bool,
    url: bool,
    upper: bool,
    lower: bool,
    after_padding: bool,
    padding: usize,
    significant: usize,
}

impl Counts {
    fn of(text: &str) -> Self {
        let mut counts = Self::default();
        for byte in text.trim_ascii().bytes() {
            match byte {
                b'\r' | b'\n' | b'\t' => continue,
                b'=' => {
                    counts.padding += 1;
                    continue;
                }
                b'A'..=b'Z' => counts.upper = true,
                b'a'..=b'z' => counts.lower = true,
                b'0'..=b'9' => {}
                b'+' | b'/' => counts.standard = true,
                b'-' | b'_' => counts.url = true,
                _ => counts.foreign = true,
            }
            counts.after_padding |= counts.padding > 0;
            counts.significant += 1;
        }
        counts
    }
}
