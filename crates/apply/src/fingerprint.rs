//! Short names for states: equal fingerprints mean the same plan, the same line.

use bifrost::canonical;
use plan::Plan;
use sha2::{Digest, Sha256};

/// 16 hex digits over the canonical JSON of a plan. A journal belongs to the plan whose fingerprint it carries.
pub fn fingerprint(plan: &Plan) -> String {
    hash(&canonical(&serde_json::to_value(plan).unwrap_or_default()))
}

/// The first 16 hex digits of the SHA-256 of a text.
pub(crate) fn hash(text: &str) -> String {
    let digest = Sha256::digest(text.as_bytes());
    let digit = |half: u8| char::from_digit(u32::from(half), 16).unwrap_or('0');
    digest.iter().take(8).flat_map(|byte| [digit(byte >> 4), digit(byte & 15)]).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn is_the_beginning_of_the_sha256() {
        assert_eq!(hash("abc"), "ba7816bf8f01cfea");
        assert_eq!(hash(""), "e3b0c44298fc1c14");
    }
}
