//! What a source looked like, in 16 hex digits: equal digits, equal state. Counters that move by themselves do
//! not count, so that a busy proxy does not make every plan stale.

use std::collections::BTreeMap;

use model::SecretId;
use serde_json::Value;
use sha2::{Digest, Sha256};

use super::Kept;
use crate::object::Held;
use crate::{Object, SourceKind};

/// Fields that move without anybody deciding anything (`reference/litellm.md` 2.1, 6.3).
pub(crate) const MOVING: &[&str] = &[
    "spend",
    "total_spend",
    "model_spend",
    "updated_at",
    "last_active",
    "budget_reset_at",
    "settings_updated_at",
    "last_health_check",
    "health_check_error",
    "status",
    "last_run_at",
    "reload_revision",
];

/// A fingerprint under construction.
#[derive(Clone, Debug, Default)]
pub(super) struct Fingerprint(Sha256);

impl Fingerprint {
    /// Of objects of a source; what is printed of them already stands at their places.
    pub(super) fn of(objects: &[Object], prints: &[Option<Print>], kept: &BTreeMap<SecretId, Kept>) -> Self {
        let mut fingerprint = Self::default();
        fingerprint.objects(objects, prints, kept);
        fingerprint
    }

    /// Adds bytes as they are.
    pub(super) fn bytes(&mut self, bytes: &[u8]) {
        self.0.update(bytes);
    }

    /// Adds objects, in the order of their ids.
    pub(super) fn objects(&mut self, objects: &[Object], prints: &[Option<Print>], kept: &BTreeMap<SecretId, Kept>) {
        let mut ordered: Vec<(usize, &Object)> = objects.iter().enumerate().collect();
        ordered.sort_by_key(|(_, object)| (object.kind, &object.id));
        for (at, object) in ordered {
            let print = prints.get(at).copied().flatten();
            self.bytes(&print.unwrap_or_else(|| Print::with(object, |id| kept.get(id))).0);
        }
    }

    /// 16 hex digits.
    pub(super) fn finish(self) -> String {
        let digest = self.0.finalize();
        let mut digits = String::with_capacity(16);
        for byte in digest.iter().take(8) {
            digits.push(char::from_digit(u32::from(byte >> 4), 16).unwrap_or('0'));
            digits.push(char::from_digit(u32::from(byte & 15), 16).unwrap_or('0'));
        }
        digits
    }
}

/// The digest over what of an object counts.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Print([u8; 32]);

impl Print {
    /// Of an object without secrets, while it is at hand: to go through ten thousand of them again costs more than to
    /// make them.
    pub(crate) fn of(object: &Object) -> Self {
        Self::with(object, |_| None)
    }

    fn with<'k>(object: &Object, kept: impl Fn(&SecretId) -> Option<&'k Kept>) -> Self {
        let mut parts = Parts(Vec::with_capacity(object.fields.len() * 64));
        parts.object(object, kept);
        Self(Sha256::digest(&parts.0).into())
    }
}

/// What of an object counts, each part behind its length.
struct Parts(Vec<u8>);

impl Parts {
    fn object<'k>(&mut self, object: &Object, kept: impl Fn(&SecretId) -> Option<&'k Kept>) {
        self.part(object.kind.word());
        self.part(&object.id);
        for (path, field) in object.fields.iter().filter(|(path, _)| !MOVING.contains(&&***path)) {
            self.part(path);
            match &field.held {
                Held::Plain(value) => self.value(value),
                Held::Secret(id) => self.secret(object.source, kept(id)),
            }
        }
    }

    /// A ciphertext counts: it changes when the secret does. A secret in clear does not: a short digest over it
    /// would be a way to try guesses.
    fn secret(&mut self, source: SourceKind, kept: Option<&Kept>) {
        match kept {
            Some(Kept::Sealed(text) | Kept::Environment(text)) => self.part(text),
            Some(Kept::Clear(_) | Kept::LeftOut | Kept::NoSecret(_)) | None => self.part(source.word()),
        }
    }

    fn value(&mut self, value: &Value) {
        let start = self.0.len();
        self.length(0);
        let text = self.0.len();
        // Memory takes all that is written to it.
        if serde_json::to_writer(&mut self.0, value).is_ok() {
            let length = self.0.len() - text;
            if let Some(place) = self.0.get_mut(start..text) {
                place.copy_from_slice(&(length as u64).to_le_bytes());
            }
        }
    }

    fn part(&mut self, text: &str) {
        self.length(text.len());
        self.0.extend_from_slice(text.as_bytes());
    }

    fn length(&mut self, length: usize) {
        // As 64 bits: the browser counts in 32, and a fingerprint is the same on both.
        self.0.extend_from_slice(&(length as u64).to_le_bytes());
    }
}
