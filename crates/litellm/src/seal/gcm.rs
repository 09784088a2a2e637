//! AES-256-GCM values: `vN:gcm:` and base64 of nonce 12, ciphertext, tag 16; no associated data.

use aes_gcm::aead::Aead;
use aes_gcm::{Aes256Gcm, KeyInit};
use hkdf::Hkdf;
use sha2::Sha256;
use zeroize::Zeroizing;

use super::Key;
use crate::Secret;

/// Bytes of nonce and tag around the ciphertext.
pub(super) const OVERHEAD: usize = NONCE + 16;

const NONCE: usize = 12;

/// The version in front of a value, and what follows it.
#[derive(Clone, Copy)]
pub(super) enum Marker<'a> {
    V2(&'a str),
    V3(&'a str),
    /// A version from the future, or one in the wrong case, which LiteLLM does not read either.
    Unknown,
}

/// The version marker of a text, if it starts with one.
pub(super) fn marker(text: &str) -> Option<Marker<'_>> {
    if let Some(body) = text.strip_prefix("v2:gcm:") {
        return Some(Marker::V2(body));
    }
    if let Some(body) = text.strip_prefix("v3:gcm:") {
        return Some(Marker::V3(body));
    }
    let rest = text.strip_prefix(['v', 'V'])?.trim_start_matches(|c: char| c.is_ascii_digit());
    let tag = rest.get(..5)?;
    tag.eq_ignore_ascii_case(":gcm:").then_some(Marker::Unknown)
}

/// The key of `v3:gcm:`: HKDF-SHA256 of the salt key, without salt.
pub(super) fn derive_hkdf(secret: &Secret) -> Key {
    let mut key = Zeroizing::new([0; 32]);
    // Only an output longer than 255 hashes could be refused; 32 bytes are one. A refused one stays all
    // zeros and opens nothing.
    let _ = Hkdf::<Sha256>::new(None, secret.expose().as_bytes()).expand(b"litellm-at-rest-v3", &mut *key);
    key
}

/// The plain bytes, if the message authenticates under the key.
pub(super) fn open(key: &Key, message: &[u8]) -> Option<Zeroizing<Vec<u8>>> {
    let (nonce, sealed) = message.split_first_chunk::<NONCE>()?;
    let cipher = Aes256Gcm::new(&(**key).into());
    cipher.decrypt(&(*nonce).into(), sealed).ok().map(Zeroizing::new)
}
