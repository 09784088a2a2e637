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
pub(super) struct Fingerprint {
    digest: Sha256,
    /// A value as text, written again and again.
    written: Vec<u8>,
}

impl Fingerprint {
    /// Of objects of a source.
    pub(super) fn of(objects: &[Object], kept: &BTreeMap<SecretId, Kept>) -> Self {
        let mut print = Self::default();
        print.objects(objects, kept);
        print
    }

    /// Adds bytes as they are.
    pub(super) fn bytes(&mut self, bytes: &[u8]) {
        self.digest.update(bytes);
    }

    /// Adds objects, in the order of their ids.
    pub(super) fn objects(&mut self, objects: &[Object], kept: &BTreeMap<SecretId, Kept>) {
        let mut ordered: Vec<&Object> = objects.iter().collect();
        ordered.sort_by_key(|object| (object.kind, &object.id));
        for object in ordered {
            self.part(object.kind.word());
            self.part(&object.id);
            for (path, field) in object.fields.iter().filter(|(path, _)| !MOVING.contains(&&***path)) {
                self.part(path);
                match &field.held {
                    Held::Plain(value) => self.value(value),
                    Held::Secret(id) => self.secret(object.source, kept.get(id)),
                }
            }
        }
    }

    /// 16 hex digits.
    pub(super) fn finish(self) -> String {
        let digest = self.digest.finalize();
        let mut digits = String::with_capacity(16);
        for byte in digest.iter().take(8) {
            digits.push(char::from_digit(u32::from(byte >> 4), 16).unwrap_or('0'));
            digits.push(char::from_digit(u32::from(byte & 15), 16).unwrap_or('0'));
        }
        digits
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
        let mut written = std::mem::take(&mut self.written);
        written.clear();
        if serde_json::to_writer(&mut written, value).is_ok() {
            self.part_of(&written);
        }
        self.written = written;
    }

    fn part(&mut self, text: &str) {
        self.part_of(text.as_bytes());
    }

    fn part_of(&mut self, bytes: &[u8]) {
        // As 64 bits: the browser counts in 32, and a fingerprint is the same on both.
        self.digest.update((bytes.len() as u64).to_le_bytes());
        self.digest.update(bytes);
    }
}
