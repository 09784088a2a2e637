//! What may not be written: everything a source holds in clear.

use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet};

use model::{Code, Finding, Origin, SecretId};
use serde_json::{Value, json};

use super::lines::KeptLine;
use crate::object::Held;
use crate::seal::{self, RefusedReason, Verdict};
use crate::sensitive::{is_sensitive, looks_like_a_secret};
use crate::{Kept, Kind, Object, REFERENCE, Secret, SourceKind, SourceRead};

/// The slots as they are written.
pub(super) struct Withheld {
    /// By slot.
    pub(super) kept: BTreeMap<SecretId, KeptLine>,
}

impl Withheld {
    /// Judges every slot.
    pub(super) fn of(objects: &[Object], kept: &BTreeMap<SecretId, Kept>, keys: &[&Secret]) -> Self {
        let verdicts: BTreeMap<&SecretId, Verdict> = kept
            .iter()
            .filter_map(|(slot, kept)| match kept {
                Kept::Sealed(text) => Some((slot, seal::open(text, keys))),
                _ => None,
            })
            .collect();
        let right = verdicts.values().any(|verdict| matches!(verdict, Verdict::Opened { .. }));
        let mut lines: BTreeMap<SecretId, KeptLine> =
            kept.iter().map(|(slot, kept)| (slot.clone(), line(slot, kept, verdicts.get(slot), right))).collect();
        for slot in objects.iter().flat_map(found_out) {
            lines.insert(slot, KeptLine::LeftOut);
        }
        Self { kept: lines }
    }
}

/// An object without what looks like a secret and was not taken for one while reading.
pub(super) fn scrubbed(object: &Object) -> Cow<'_, Object> {
    if found_out(object).is_empty() {
        return Cow::Borrowed(object);
    }
    let mut scrubbed = object.clone();
    for (path, field) in &mut scrubbed.fields {
        let Held::Plain(value) = &mut field.held else { continue };
        if value.as_str().is_some_and(is_clear) {
            field.held = Held::Secret(slot(object, path));
        } else {
            scrub(object, path, value);
        }
    }
    Cow::Owned(scrubbed)
}

/// How a slot is written. In doubt it is left out: the source still has it.
fn line(slot: &SecretId, kept: &Kept, verdict: Option<&Verdict>, right_key: bool) -> KeptLine {
    match (kept, verdict) {
        (Kept::Clear(_) | Kept::LeftOut, _) => KeptLine::LeftOut,
        (Kept::NoSecret(what), _) => KeptLine::NoSecret(*what),
        (Kept::Environment(name), _) if is_clear(name) => KeptLine::LeftOut,
        (Kept::Environment(name), _) => KeptLine::Environment(name.clone()),
        (Kept::Sealed(text), Some(Verdict::Plain(_))) if is_secret(slot, text) => KeptLine::LeftOut,
        // No key opens it any more, so it is worth nothing as a ciphertext.
        (Kept::Sealed(text), Some(Verdict::Refused(RefusedReason::Damaged))) if is_secret(slot, text) => {
            KeptLine::LeftOut
        }
        // The key opens others: this one is older, or was never encrypted.
        (Kept::Sealed(text), Some(Verdict::Refused(RefusedReason::NoKeyFits)))
            if right_key && is_secret(slot, text) =>
        {
            KeptLine::LeftOut
        }
        (Kept::Sealed(text), _) => KeptLine::Sealed(text.clone()),
    }
}

/// Whether a plain text in this slot would be a secret.
fn is_secret(slot: &SecretId, text: &str) -> bool {
    if let Some(name) = text.strip_prefix(REFERENCE) {
        return is_clear(name);
    }
    let name = slot.as_str().rsplit(['.', '/']).next().unwrap_or_default();
    is_sensitive(name) || slot.as_str().contains("/environment_variables/") || looks_like_a_secret(text)
}

/// Whether a text gives itself away, a reference to the environment that holds a value in place of a name included.
fn is_clear(text: &str) -> bool {
    looks_like_a_secret(text.strip_prefix(REFERENCE).unwrap_or(text))
}

/// Plain texts of an object that look like secrets, by the slot they get.
fn found_out(object: &Object) -> BTreeSet<SecretId> {
    let mut found = BTreeSet::new();
    for (path, field) in &object.fields {
        if let Held::Plain(value) = &field.held {
            search(object, path, value, &mut found);
        }
    }
    found
}

fn search(object: &Object, path: &str, value: &Value, found: &mut BTreeSet<SecretId>) {
    match value {
        Value::String(text) if is_clear(text) => {
            found.insert(slot(object, path));
        }
        Value::Array(items) => {
            items.iter().enumerate().for_each(|(n, item)| search(object, &format!("{path}.{n}"), item, found));
        }
        Value::Object(map) => {
            map.iter().for_each(|(name, item)| search(object, &format!("{path}.{name}"), item, found));
        }
        _ => {}
    }
}

fn scrub(object: &Object, path: &str, value: &mut Value) {
    match value {
        Value::String(text) if is_clear(text) => *value = json!({ "$secret": slot(object, path).as_str() }),
        Value::Array(items) => {
            items.iter_mut().enumerate().for_each(|(n, item)| scrub(object, &format!("{path}.{n}"), item));
        }
        Value::Object(map) => {
            map.iter_mut().for_each(|(name, item)| scrub(object, &format!("{path}.{name}"), item));
        }
        _ => {}
    }
}

fn slot(object: &Object, path: &str) -> SecretId {
    SecretId::new(format!("{}/{}/{}/{path}", object.kind.word(), object.id, object.source.word()))
}

/// What was left out, for people.
#[derive(Default)]
pub(super) struct Told {
    /// How many values, by source.
    pub(super) counts: BTreeMap<String, usize>,
    /// In words, one finding a source.
    pub(super) findings: Vec<Finding>,
}

/// Says what is left out of `objects`.
pub(super) fn told(objects: &[Object], sources: &[SourceRead], is_left_out: impl Fn(&SecretId) -> bool) -> Told {
    // By source: all slots, and those of them that a gateway needs to serve models.
    let mut places: BTreeMap<String, (SourceKind, BTreeSet<SecretId>, BTreeSet<SecretId>)> = BTreeMap::new();
    for object in objects {
        for slot in super::slots(object).into_iter().filter(|slot| is_left_out(slot)) {
            let place =
                places.entry(place(object, sources)).or_insert((object.source, BTreeSet::new(), BTreeSet::new()));
            if is_needed(object) {
                place.2.insert(slot.clone());
            }
            place.1.insert(slot);
        }
    }
    let mut told = Told::default();
    for (name, (kind, all, needed)) in places {
        told.findings.push(finding(&name, kind, all.len(), needed.len()));
        told.counts.insert(name, all.len());
    }
    told
}

/// Whether the plan has a use for an object's secrets: MCP servers, callbacks and the like are set up by hand.
pub(super) fn is_needed(object: &Object) -> bool {
    matches!(object.kind, Kind::Deployment | Kind::Credential)
}

/// The source of an object, as people know it.
pub(super) fn place(object: &Object, sources: &[SourceRead]) -> String {
    let of_kind: Vec<&SourceRead> = sources.iter().filter(|source| source.kind == object.source).collect();
    match (&object.origin, of_kind.as_slice()) {
        (_, [only]) => only.name.clone(),
        (Origin::File { file, .. }, _) => file.to_string(),
        (_, [first, ..]) => first.name.clone(),
        (_, []) => object.source.word().replace('_', " "),
    }
}

fn finding(name: &str, kind: SourceKind, all: usize, needed: usize) -> Finding {
    let values = if all == 1 { "1 value".to_owned() } else { format!("{all} values") };
    let used = match needed {
        0 => "none of them is needed for the plan".to_owned(),
        1 => "1 of them belongs to a model or a credential, which cannot be moved without it".to_owned(),
        _ => {
            format!("{needed} of them belong to models or credentials, which cannot be moved without them")
        }
    };
    let message = format!("the snapshot leaves out {values} that {name} holds in clear; {used}");
    let code = Code::new("snapshot.left_out");
    let finding = if needed == 0 { Finding::info(code, name, message) } else { Finding::warning(code, name, message) };
    let hint = match kind {
        SourceKind::ConfigFile => format!("give {name} beside the snapshot to have them"),
        SourceKind::Database => "give the database or a dump of it beside the snapshot to have them".to_owned(),
        SourceKind::Api => "give the saved answers beside the snapshot, or read the proxy, to have them".to_owned(),
    };
    finding.at(Origin::whole(name)).hint(hint)
}
