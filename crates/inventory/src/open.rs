//! Trying keys on sealed values. One that does not open costs a finding and never the others.

use std::collections::BTreeMap;

use litellm::seal::{self, RefusedReason, Verdict};
use litellm::sensitive::{is_sensitive, looks_like_a_secret};
use litellm::{Held, Kept, NoSecret, Object, Secret};
use model::{Code, Finding, Origin, SecretId};
use serde_json::Value;

use crate::gather::{Entity, Opening};
use crate::vault::{Candidate, Sealed, Vault};

/// Sections of settings of which only the names are shown.
const WHOLE: &[&str] = &["/environment_variables/", "/sso_settings/", "/cache_settings/"];

/// Columns of MCP servers that are one ciphertext of a whole map, headers and variables with it.
const MAPS: &[&str] = &["static_headers", "env"];

/// What opening gives.
pub(crate) struct Result {
    /// One of each object of each source, not joined yet.
    pub(crate) entities: Vec<Entity>,
    pub(crate) slots: BTreeMap<SecretId, Kept>,
    pub(crate) opening: Opening,
    pub(crate) findings: Vec<Finding>,
}

/// Opens what the candidates open. Values that are no secrets once opened (`model`, `api_base`) leave the vault.
pub(crate) fn open(objects: Vec<Object>, vault: &Vault<Sealed>, candidates: &[Candidate]) -> Result {
    let mut opener = Opener {
        vault,
        candidates,
        keys: candidates.iter().map(|candidate| &candidate.secret).collect(),
        slots: BTreeMap::new(),
        opening: Opening { tried: candidates.len(), ..Opening::default() },
        refused: Vec::new(),
        fits: false,
    };
    // Each object is looked at once, for all there is to know about it: ten thousand of them do not stay at hand.
    let opened = objects.into_iter().map(|mut object| {
        opener.object(&mut object);
        Entity::alone(object)
    });
    let entities = opened.collect();
    let findings = opener.findings();
    Result { entities, slots: opener.slots, opening: opener.opening, findings }
}

struct Opener<'a> {
    vault: &'a Vault<Sealed>,
    candidates: &'a [Candidate],
    keys: Vec<&'a Secret>,
    slots: BTreeMap<SecretId, Kept>,
    opening: Opening,
    refused: Vec<(Origin, String, Shut)>,
    /// Some key opened an outer layer at least, so it is one of this database.
    fits: bool,
}

impl Opener<'_> {
    fn object(&mut self, object: &mut Object) {
        let Object { kind, id, fields, .. } = object;
        let subject = || format!("{} {id}", kind.word().replace('_', " "));
        for (path, field) in fields {
            match &field.held {
                Held::Secret(id) => field.held = self.slot(id, path, &field.origin, subject()),
                Held::Plain(value) => self.nested(value, &field.origin, &subject),
            }
        }
    }

    /// Secrets inside a nested value keep their slots, opened where LiteLLM seals them one by one: callback
    /// variables in metadata, environment variables of MCP servers (`reference/litellm.md` 2.6).
    fn nested(&mut self, value: &Value, origin: &Origin, subject: &dyn Fn() -> String) {
        match value {
            Value::Object(map) => {
                if let (1, Some(id)) = (map.len(), map.get("$secret").and_then(Value::as_str)) {
                    let id = SecretId::new(id);
                    if let Some(kept) = self.vault.kept(&id) {
                        let kept = match kept {
                            Kept::Sealed(text) => match self.unseal(text, origin, subject()) {
                                Some(plain) => Kept::Clear(plain),
                                None => kept.clone(),
                            },
                            other => other.clone(),
                        };
                        self.slots.insert(id, kept);
                    }
                    return;
                }
                map.values().for_each(|inner| self.nested(inner, origin, subject));
            }
            Value::Array(items) => items.iter().for_each(|inner| self.nested(inner, origin, subject)),
            _ => {}
        }
    }

    fn slot(&mut self, id: &SecretId, path: &str, origin: &Origin, subject: String) -> Held {
        let kept = match self.vault.kept(id) {
            Some(Kept::Sealed(text)) => match self.unseal(text, origin, subject) {
                Some(plain) => return self.opened(id, path, plain),
                None => Kept::Sealed(text.clone()),
            },
            Some(other) => other.clone(),
            None => return Held::Secret(id.clone()),
        };
        self.slots.insert(id.clone(), kept);
        Held::Secret(id.clone())
    }

    fn unseal(&mut self, text: &str, origin: &Origin, subject: String) -> Option<Secret> {
        match seal::open(text, &self.keys) {
            // A value encrypted twice, of whose keys only one was given: what is inside is no secret to hand on.
            Verdict::Opened { plain, .. } if seal::looks_sealed(plain.expose()) => {
                self.fits = true;
                self.shut(origin, subject, Shut::Inside)
            }
            Verdict::Opened { plain, key, .. } => {
                self.fits = true;
                self.opening.sealed += 1;
                let name = self.candidates.get(key).map_or_else(String::new, |candidate| candidate.name.clone());
                *self.opening.opened_by.entry(name).or_default() += 1;
                Some(plain)
            }
            Verdict::Plain(_) => Some(Secret::new(text.to_owned())),
            Verdict::Refused(reason) => self.shut(origin, subject, Shut::Refused(reason)),
        }
    }

    fn shut(&mut self, origin: &Origin, subject: String, why: Shut) -> Option<Secret> {
        self.opening.sealed += 1;
        self.opening.failed.push(origin.clone());
        self.refused.push((origin.clone(), subject, why));
        None
    }

    /// An opened value: a reference, a plain setting, or a secret.
    fn opened(&mut self, id: &SecretId, path: &str, plain: Secret) -> Held {
        let text = plain.expose();
        let whole = WHOLE.iter().any(|section| id.as_str().contains(section)) || MAPS.contains(&path);
        let secret = whole || is_sensitive(path) || looks_like_a_secret(text);
        if !secret {
            return Held::Plain(Value::from(text));
        }
        let kept = match litellm::referred(text) {
            Some(name) => Kept::Environment(name),
            None => match NoSecret::of(text) {
                Some(what) => Kept::NoSecret(what),
                None => Kept::Clear(plain),
            },
        };
        self.slots.insert(id.clone(), kept);
        Held::Secret(id.clone())
    }

    /// One finding where no key opens anything, else one for each value that stays shut.
    fn findings(&self) -> Vec<Finding> {
        let total = self.opening.sealed;
        if self.refused.is_empty() {
            return Vec::new();
        }
        if self.keys.is_empty() {
            return vec![
                Finding::warning(
                    Code::new("open.no_key"),
                    "salt key",
                    format!("{total} values are encrypted and no key was given to open them"),
                )
                .hint("give the value of LITELLM_SALT_KEY; if the proxy has none, its master key"),
            ];
        }
        if !self.fits {
            return vec![
                Finding::error(
                    Code::new("open.wrong_key"),
                    "salt key",
                    format!("none of the {total} encrypted values opens: this is not the key of this database"),
                )
                .hint("copy LITELLM_SALT_KEY exactly as the proxy has it, without a line feed at its end")
                .hint("a proxy without LITELLM_SALT_KEY encrypts with its master key"),
            ];
        }
        self.refused.iter().map(|(origin, subject, why)| told(origin, subject, *why)).collect()
    }
}

/// Why a value stays shut.
#[derive(Clone, Copy)]
enum Shut {
    Refused(RefusedReason),
    /// What opened is, or cannot be told from, another ciphertext.
    Inside,
}

fn told(origin: &Origin, subject: &str, why: Shut) -> Finding {
    let reason = match why {
        Shut::Refused(reason) => reason,
        Shut::Inside => {
            return Finding::warning(
                Code::new("open.inside"),
                subject,
                "this value opens, and what is inside looks encrypted once more, by a key that was not given; it is not used",
            )
            .at(origin.clone())
            .hint("give the master key, or an older salt key, as well")
            .hint("if it is the value itself, set it by hand on the gateway");
        }
    };
    let (message, hint) = match reason {
        RefusedReason::Damaged => (
            "this value is cut off or damaged; no key can open it",
            "enter it again in LiteLLM, or on the gateway afterwards",
        ),
        RefusedReason::UnknownFormat => (
            "this value is encrypted in a form that Gangway does not know",
            "ask LiteLLM for its plain value and set it by hand",
        ),
        RefusedReason::NotText => ("this value opens, but is no text", "enter it again in LiteLLM"),
        RefusedReason::NoKeyGiven | RefusedReason::NoKeyFits => (
            "this value does not open with the keys given; others did",
            "it may be older: give the master key, or an older salt key, as well",
        ),
    };
    Finding::warning(Code::new("open.value"), subject, message).at(origin.clone()).hint(hint)
}
