//! Turning what a source shows into fields, with every secret moved into its slot on the way.

use std::collections::BTreeMap;
use std::sync::Arc;

use model::{Origin, SecretId};
use serde_json::{Map, Value};

use crate::config::{REFERENCE, referred};
use crate::object::{Field, Fields, Held};
use crate::reading::{Kept, NoSecret};
use crate::sensitive::{is_list_of_secrets, is_masked, is_sensitive, looks_like_a_secret};
use crate::{Kind, Object, Secret, SourceKind};

/// The prefix of a value sealed by itself, among plain ones (`reference/litellm.md` 3.2).
const MARKED: &str = "litellm_enc::";

/// How the values of a group of fields are kept by their source.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Keeping {
    /// Plain, but for what its name or shape gives away as a secret.
    Plain,
    /// Every top-level string is encrypted (`reference/litellm.md` 2.6).
    Sealed,
    /// Every string is a secret in clear.
    Secret,
    /// Plain, but for the `value` of each entry of a list, which is encrypted.
    Nested,
}

/// An object under construction.
pub(crate) struct Builder<'a> {
    object: Object,
    /// How the object is called in the names of its slots, where that is not its id: a key's hash is a handle to look
    /// the key up by.
    shown: Option<Arc<str>>,
    kept: &'a mut BTreeMap<SecretId, Kept>,
}

impl<'a> Builder<'a> {
    pub(crate) fn new(
        kept: &'a mut BTreeMap<SecretId, Kept>,
        kind: Kind,
        id: impl Into<String>,
        source: SourceKind,
        origin: Origin,
    ) -> Self {
        let object = Object { kind, id: id.into(), source, origin, fields: Fields::default(), dropped: None };
        Self { object, shown: None, kept }
    }

    /// With room for so many fields.
    pub(crate) fn with_room_for(mut self, count: usize) -> Self {
        self.object.fields = Fields::with_capacity(count);
        self
    }

    /// With another name than its id in the names of its slots.
    pub(crate) fn shown_as(mut self, name: impl Into<Arc<str>>) -> Self {
        self.shown = Some(name.into());
        self
    }

    /// One field. Null and empty values are left out: LiteLLM reads them as absent.
    pub(crate) fn put(
        &mut self,
        path: impl Into<Arc<str>> + AsRef<str>,
        value: Value,
        keeping: Keeping,
        origin: Origin,
    ) {
        if is_empty(&value) {
            return;
        }
        let held = match value {
            Value::String(text) => match self.string(path.as_ref(), text, keeping) {
                Some(held) => held,
                None => return,
            },
            other => Held::Plain(self.scrub(path.as_ref(), other, keeping)),
        };
        self.object.fields.insert(path, Field { held, origin });
    }

    /// The fields of a map, each under `prefix.`.
    pub(crate) fn put_all(
        &mut self,
        prefix: &str,
        map: &Map<String, Value>,
        keeping: Keeping,
        origin: impl Fn(&str) -> Origin,
    ) {
        for (name, value) in map {
            let path = if prefix.is_empty() { name.clone() } else { format!("{prefix}.{name}") };
            self.put(path, value.clone(), keeping, origin(name));
        }
    }

    pub(crate) fn finish(self) -> Object {
        self.object
    }

    /// A top-level string: plain, or moved into the vault. `None` where the source shows only a mask.
    fn string(&mut self, path: &str, text: String, keeping: Keeping) -> Option<Held> {
        let sensitive = is_sensitive(path);
        if let Some(kept) = self.reference(path, &text, keeping) {
            let plain = !sensitive && keeping == Keeping::Plain && !looks_like_a_secret(&text);
            return Some(if plain { Held::Plain(Value::String(text)) } else { self.keep(path, kept) });
        }
        if text.starts_with(MARKED) {
            return Some(self.keep(path, Kept::Sealed(text)));
        }
        match keeping {
            Keeping::Sealed => Some(self.keep(path, Kept::Sealed(text))),
            Keeping::Secret => Some(self.keep(path, Kept::Clear(Secret::new(text)))),
            Keeping::Plain | Keeping::Nested if self.object.source == SourceKind::Api && is_masked(&text) => None,
            Keeping::Plain | Keeping::Nested if sensitive || looks_like_a_secret(&text) => {
                Some(self.keep(path, Kept::Clear(Secret::new(text))))
            }
            Keeping::Plain | Keeping::Nested => Some(Held::Plain(Value::String(text))),
        }
    }

    /// What a text refers to, where it holds no secret itself.
    fn reference(&self, path: &str, text: &str, keeping: Keeping) -> Option<Kept> {
        // Headers of pass-through endpoints may hold words in front of the reference.
        if self.object.kind == Kind::PassThrough
            && path.starts_with("headers.")
            && let Some((_, name)) = text.split_once(REFERENCE)
        {
            return Some(Kept::Environment(name.replace(REFERENCE, "")));
        }
        let no_secret = || NoSecret::of(text).filter(|_| keeping != Keeping::Sealed).map(Kept::NoSecret);
        referred(text).map(Kept::Environment).or_else(no_secret)
    }

    fn keep(&mut self, path: &str, kept: Kept) -> Held {
        let Object { kind, id, source, .. } = &self.object;
        let shown = self.shown.as_deref().unwrap_or(id);
        let id = SecretId::new(format!("{}/{shown}/{}/{path}", kind.word(), source.word()));
        self.kept.insert(id.clone(), kept);
        Held::Secret(id)
    }

    /// A nested value in which every secret leaf is replaced by `{"$secret": slot}`. Nested strings are never
    /// encrypted by LiteLLM, so `Sealed` reads them as plain.
    fn scrub(&mut self, path: &str, value: Value, keeping: Keeping) -> Value {
        match value {
            Value::Object(map) => Value::Object(
                map.into_iter()
                    .filter(|(_, inner)| !inner.is_null())
                    .filter_map(|(name, inner)| {
                        let inner = self.scrub_leaf(&format!("{path}.{name}"), inner, keeping)?;
                        Some((name, inner))
                    })
                    .collect(),
            ),
            Value::Array(items) => {
                // What stands in a list is a secret by the list's name or by itself, whatever its place.
                let plain = keeping == Keeping::Plain && !is_list_of_secrets(path);
                let item = |(index, item): (usize, Value)| match item {
                    Value::String(text) if plain && self.is_harmless(&text) => Value::String(text),
                    item => self.scrub_leaf(&format!("{path}.{index}"), item, keeping).unwrap_or_default(),
                };
                Value::Array(items.into_iter().enumerate().map(item).collect())
            }
            other => other,
        }
    }

    /// Whether a text of a plain field that no name makes a secret is one by no sign of its own either.
    fn is_harmless(&self, text: &str) -> bool {
        let masked = self.object.source == SourceKind::Api && is_masked(text);
        self.object.kind != Kind::PassThrough
            && !text.starts_with(MARKED)
            && !masked
            && !looks_like_a_secret(text)
            && referred(text).is_none()
            && NoSecret::of(text).is_none()
    }

    /// `None` where the source shows only a mask: it is never taken for the value.
    fn scrub_leaf(&mut self, path: &str, value: Value, keeping: Keeping) -> Option<Value> {
        let Value::String(text) = value else { return Some(self.scrub(path, value, keeping)) };
        let nested = match keeping {
            Keeping::Secret => Keeping::Secret,
            Keeping::Nested if path.rsplit_once('.').is_some_and(|(_, name)| name == "value") => Keeping::Sealed,
            Keeping::Nested | Keeping::Plain | Keeping::Sealed => Keeping::Plain,
        };
        Some(match self.string(path, text, nested)? {
            Held::Secret(id) => serde_json::json!({ "$secret": id.as_str() }),
            Held::Plain(plain) => plain,
        })
    }
}

/// Whether LiteLLM reads the value as absent.
pub(crate) fn is_empty(value: &Value) -> bool {
    match value {
        Value::Null => true,
        Value::String(text) => text.is_empty(),
        Value::Array(items) => items.is_empty(),
        Value::Object(map) => map.is_empty(),
        Value::Bool(_) | Value::Number(_) => false,
    }
}
