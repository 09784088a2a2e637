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

/// How much is written before it is digested: the digest takes large pieces much faster than many small ones.
const PIECE: usize = 1 << 14;

/// A fingerprint under construction.
#[derive(Clone, Debug, Default)]
pub(super) struct Fingerprint {
    digest: Sha256,
    /// What the digest has not seen yet.
    written: Print,
}

impl Fingerprint {
    /// Of objects of a source; what is printed of them already stands at their places.
    pub(super) fn of(objects: &[Object], prints: &[Option<Print>], kept: &BTreeMap<SecretId, Kept>) -> Self {
        let mut fingerprint = Self::default();
        fingerprint.objects(objects, prints, kept);
        fingerprint
    }

    /// Adds bytes as they are.
    pub(super) fn bytes(&mut self, bytes: &[u8]) {
        self.digest_written();
        self.digest.update(bytes);
    }

    /// Adds objects, in the order of their ids.
    pub(super) fn objects(&mut self, objects: &[Object], prints: &[Option<Print>], kept: &BTreeMap<SecretId, Kept>) {
        let mut ordered: Vec<(usize, &Object)> = objects.iter().enumerate().collect();
        ordered.sort_by_key(|(_, object)| (object.kind, &object.id));
        for (at, object) in ordered {
            match prints.get(at) {
                Some(Some(print)) => self.bytes(&print.0),
                Some(None) | None => self.written.object(object, |id| kept.get(id)),
            }
            if self.written.0.len() > PIECE {
                self.digest_written();
            }
        }
    }

    /// 16 hex digits.
    pub(super) fn finish(mut self) -> String {
        self.digest_written();
        let digest = self.digest.finalize();
        let mut digits = String::with_capacity(16);
        for byte in digest.iter().take(8) {
            digits.push(char::from_digit(u32::from(byte >> 4), 16).unwrap_or('0'));
            digits.push(char::from_digit(u32::from(byte & 15), 16).unwrap_or('0'));
        }
        digits
    }

    fn digest_written(&mut self) {
        self.digest.update(&self.written.0);
        self.written.0.clear();
    }
}

/// What of objects counts for a fingerprint, each part behind its length.
#[derive(Clone, Debug, Default)]
pub(crate) struct Print(Vec<u8>);

impl Print {
    /// Of an object without secrets, while it is at hand: to go through ten thousand of them again costs more than to
    /// make them.
    pub(crate) fn of(object: &Object) -> Self {
        let mut print = Self(Vec::with_capacity(object.fields.len() * 64));
        print.object(object, |_| None);
        print
    }

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
