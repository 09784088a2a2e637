//! Opening what LiteLLM encrypted at rest. Source: `reference/litellm.md` 3, `reference/anchors.md` 5.3.
//!
//! A value is judged on its own: one database may hold every format at once, plain text among them, and rows
//! written before a salt key existed stay under the master key. So each value meets each candidate key, and the
//! verdict says which one opened it. Nothing of a value that did not authenticate ever leaves this module.

mod decode;
mod gcm;
mod secretbox;
mod shape;

use std::fmt::Write as _;

use sha2::{Digest, Sha256};
use zeroize::Zeroizing;

use crate::Secret;

/// What a stored text turned out to be.
#[derive(Clone, Debug)]
#[must_use = "a refused value must not be used"]
pub enum Verdict {
    /// A ciphertext, opened.
    Opened {
        /// The text that was encrypted, the innermost one where a value was encrypted more than once.
        plain: Secret,
        /// The position among the candidates of the key that opened the outermost layer.
        key: usize,
        /// How the outermost layer was written.
        format: Format,
        /// How often the value was encrypted: 1, or up to 3 after old edits in LiteLLM's UI.
        layers: u8,
    },
    /// No ciphertext; it is used as it stands.
    Plain(PlainReason),
    /// A ciphertext, or nothing that can be told from one, and it did not open. Never to be used as a value.
    Refused(RefusedReason),
}

/// The text forms of a ciphertext.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Format {
    /// NaCl SecretBox in standard base64, written up to 1.78.
    LegacyStandard,
    /// NaCl SecretBox in URL-safe base64, written since 1.79.
    LegacyUrl,
    /// NaCl SecretBox whose base64 happens to hold no character that tells the alphabets apart.
    LegacyEither,
    /// `v2:gcm:`, AES-256-GCM under the SHA-256 of the salt key, since 1.92.
    GcmV2,
    /// `v3:gcm:`, AES-256-GCM under a key derived with HKDF, newer than 1.109.
    GcmV3,
}

/// Why a text cannot be a ciphertext.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum PlainReason {
    /// It is empty.
    Empty,
    /// No character of it belongs to base64, such as `*`. LiteLLM from 1.75 on reads such a value as empty.
    NoBase64,
    /// It has characters no ciphertext has: a URL, `os.environ/NAME`, JSON, a sentence.
    NotBase64,
    /// It is shorter than the shortest ciphertext, 56 characters.
    TooShort,
    /// Every character could be one of base64, but it starts or looks like something ciphertexts do not:
    /// `openrouter/...`, `sk-ant-...`, one case only.
    KnownShape,
}

/// Why a ciphertext did not open.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum RefusedReason {
    /// No candidate key was given.
    NoKeyGiven,
    /// None of the keys fits, or the value was changed: the formats cannot tell these apart.
    NoKeyFits,
    /// It is cut off, or lost its padding: no key can open it.
    Damaged,
    /// It is marked with a version this tool does not know.
    UnknownFormat,
    /// It opened, and what was in it is no UTF-8 text.
    NotText,
}

/// Opens a stored text with the first of the candidate keys that fits. A key is the text of
/// `LITELLM_SALT_KEY` or of the master key, exactly as LiteLLM had it: not trimmed, and an empty one counts.
pub fn open(text: &str, keys: &[&Secret]) -> Verdict {
    let outer = match open_layer(text, keys) {
        Ok(layer) => layer,
        Err(verdict) => return verdict,
    };
    let (mut plain, mut layers) = (outer.plain, 1);
    while layers < MAX_LAYERS {
        let Ok(inner) = open_layer(plain.expose(), keys) else { break };
        plain = inner.plain;
        layers += 1;
    }
    Verdict::Opened { plain, key: outer.key, format: outer.format, layers }
}

/// Whether a text would be refused without the right key: it carries a mark of LiteLLM's, or cannot be told from
/// a ciphertext.
pub fn looks_sealed(text: &str) -> bool {
    text.starts_with(MARK) || gcm::marker(text).is_some() || shape::plain_reason(text).is_none()
}

/// Lower-case hex of the SHA-256 of a text; how LiteLLM names a virtual key (`LiteLLM_VerificationToken.token`).
pub fn sha256_hex(text: &str) -> String {
    Sha256::digest(text.as_bytes()).iter().fold(String::with_capacity(64), |mut hex, byte| {
        let _ = write!(hex, "{byte:02x}");
        hex
    })
}

/// In front of encrypted values in columns that are otherwise plain: callback settings, guardrails.
const MARK: &str = "litellm_enc::";

/// A value, and up to two more layers below it.
const MAX_LAYERS: u8 = 3;

struct Layer {
    plain: Secret,
    key: usize,
    format: Format,
}

fn open_layer(text: &str, keys: &[&Secret]) -> Result<Layer, Verdict> {
    let (marked, body) = text.strip_prefix(MARK).map_or((false, text), |body| (true, body));
    if let Some(marker) = gcm::marker(body) {
        return open_gcm(marker, keys).map_err(Verdict::Refused);
    }
    let raw = decode::lenient(body).filter(|raw| raw.len() >= secretbox::OVERHEAD);
    let tried = try_keys(keys, raw.as_deref(), secretbox::open);
    match (tried, shape::plain_reason(text)) {
        (Ok((plain, key)), _) => Ok(Layer { plain, key, format: shape::alphabet(body) }),
        (Err(reason), _) if marked || reason == RefusedReason::NotText => Err(Verdict::Refused(reason)),
        (Err(_), Some(reason)) => Err(Verdict::Plain(reason)),
        (Err(reason), None) => Err(Verdict::Refused(reason)),
    }
}

fn open_gcm(marker: gcm::Marker<'_>, keys: &[&Secret]) -> Result<Layer, RefusedReason> {
    let (format, body, derive) = match marker {
        gcm::Marker::V2(body) => (Format::GcmV2, body, derive_sha256 as fn(&Secret) -> Key),
        gcm::Marker::V3(body) => (Format::GcmV3, body, gcm::derive_hkdf as fn(&Secret) -> Key),
        gcm::Marker::Unknown => return Err(RefusedReason::UnknownFormat),
    };
    let raw = decode::lenient(body).filter(|raw| raw.len() >= gcm::OVERHEAD);
    let (plain, key) = try_keys(keys, raw.as_deref(), |secret, raw| gcm::open(&derive(secret), raw))?;
    Ok(Layer { plain, key, format })
}

/// The plain text and the position of the first key that opens `raw`.
fn try_keys(
    keys: &[&Secret],
    raw: Option<&[u8]>,
    open: impl Fn(&Secret, &[u8]) -> Option<Zeroizing<Vec<u8>>>,
) -> Result<(Secret, usize), RefusedReason> {
    let raw = raw.ok_or(RefusedReason::Damaged)?;
    if keys.is_empty() {
        return Err(RefusedReason::NoKeyGiven);
    }
    let opened = keys.iter().enumerate().find_map(|(at, key)| Some((open(key, raw)?, at)));
    let (mut bytes, at) = opened.ok_or(RefusedReason::NoKeyFits)?;
    match String::from_utf8(std::mem::take(&mut *bytes)) {
        Ok(text) => Ok((Secret::new(text), at)),
        Err(error) => {
            drop(Zeroizing::new(error.into_bytes()));
            Err(RefusedReason::NotText)
        }
    }
}

/// A 32-byte key, wiped when dropped.
type Key = Zeroizing<[u8; 32]>;

/// The key of SecretBox and `v2:gcm:`: one unsalted SHA-256, no trimming.
fn derive_sha256(secret: &Secret) -> Key {
    let mut key = Zeroizing::new([0; 32]);
    key.copy_from_slice(&Sha256::digest(secret.expose().as_bytes()));
    key
}
