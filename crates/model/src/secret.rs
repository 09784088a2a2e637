//! Names for secrets, never the secrets.

use std::fmt;

use serde::{Deserialize, Serialize};

/// The name of a slot in the vault, such as `credential/openai-prod/api_key`. Says nothing about the value.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct SecretId(String);

impl SecretId {
    /// A slot name; built from object kind, object id and field, never from a value.
    pub fn new(text: impl Into<String>) -> Self {
        Self(text.into())
    }

    /// The slot's name.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for SecretId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// What stands on the page in place of a secret: always the same length, so that not even the length leaks.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Masked;

impl fmt::Display for Masked {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("••••••••")
    }
}
