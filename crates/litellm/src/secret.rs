//! The one type that holds an opened secret.

use std::fmt;

use zeroize::Zeroizing;

/// A secret in clear. Wiped when dropped; it shows nothing of itself and cannot be serialized.
#[derive(Clone)]
pub struct Secret(Zeroizing<String>);

impl Secret {
    /// Takes the text over.
    pub fn new(text: String) -> Self {
        Self(Zeroizing::new(text))
    }

    /// The text, for the one place that needs it: opening a ciphertext, or filling a body that is being sent.
    pub fn expose(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Secret(••••••••)")
    }
}
