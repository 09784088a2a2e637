//! What is given beside a snapshot: it fills what the snapshot leaves out, or takes the place of a source that has
//! changed since.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use model::{Code, Finding, Origin, SecretId};

use super::{slots, withhold};
use crate::object::Held;
use crate::reading::fingerprint::MOVING;
use crate::{Kept, Object, Reading, SourceKind, SourceRead};

/// Lays what was read beside a snapshot over it. A source in the state of the snapshot only fills slots, so that the
/// result is what the originals would have given; any other takes the place of the snapshot's.
pub(crate) fn beside(mut snapshot: Reading, mut given: Reading) -> Reading {
    for source in std::mem::take(&mut given.sources) {
        let objects = take(&mut given.objects, &source);
        // One that could not be used says nothing about the snapshot's.
        let usable = !source.fingerprint.is_empty();
        if let Some(known) = snapshot.sources.iter_mut().find(|known| usable && is_the_same(known, &source)) {
            known.complete &= source.complete;
            known.unread |= source.unread;
            let known = known.clone();
            if adds_nothing(&snapshot, &known, &source, &objects, &given.kept) {
                fill(&mut snapshot, &objects, &mut given.kept);
                continue;
            }
            replace(&mut snapshot, &known);
        }
        snapshot.objects.extend(objects);
        snapshot.sources.push(source);
        in_order(&mut snapshot);
    }
    snapshot.objects.extend(given.objects);
    for (slot, kept) in given.kept {
        snapshot.kept.insert(slot, kept);
    }
    snapshot.version = given.version.or(snapshot.version);
    snapshot.findings.extend(given.findings);
    close(snapshot)
}

/// The file before the database before the API, as where nothing comes from a snapshot: where two of equal rank
/// disagree, the later one wins.
fn in_order(reading: &mut Reading) {
    reading.objects.sort_by_key(|object| std::cmp::Reverse(object.source));
    reading.sources.sort_by_key(|source| std::cmp::Reverse(source.kind));
}

/// Says what is still missing. A source whose models lack their keys is not read completely.
fn close(mut reading: Reading) -> Reading {
    let left_out = |slot: &SecretId| matches!(reading.kept.get(slot), Some(Kept::LeftOut));
    let told = withhold::told(&reading.objects, &reading.sources, left_out);
    let lacking: BTreeSet<String> = reading
        .objects
        .iter()
        .filter(|object| withhold::is_needed(object) && slots(object).iter().any(left_out))
        .map(|object| withhold::place(object, &reading.sources))
        .collect();
    for source in reading.sources.iter_mut().filter(|source| lacking.contains(&source.name)) {
        source.complete = false;
    }
    reading.findings.extend(told.findings);
    reading
}

/// Whether two sources are the same one at two times. The API and the database of a deployment are one each,
/// however they were read.
fn is_the_same(known: &SourceRead, given: &SourceRead) -> bool {
    known.kind == given.kind && (known.kind != SourceKind::ConfigFile || known.name == given.name)
}

/// Takes the objects of one source out of a list.
fn take(objects: &mut Vec<Object>, source: &SourceRead) -> Vec<Object> {
    let (mine, others) =
        std::mem::take(objects).into_iter().partition(|object| belongs(&object.origin, object.source, source));
    *objects = others;
    mine
}

fn belongs(origin: &Origin, kind: SourceKind, source: &SourceRead) -> bool {
    kind == source.kind
        && match origin {
            Origin::File { file, .. } => kind != SourceKind::ConfigFile || **file == *source.name,
            _ => true,
        }
}

/// Whether the snapshot has all that is given, apart from what it leaves out.
fn adds_nothing(
    snapshot: &Reading,
    known: &SourceRead,
    given: &SourceRead,
    objects: &[Object],
    kept: &BTreeMap<SecretId, Kept>,
) -> bool {
    if known.fingerprint == given.fingerprint && !known.fingerprint.is_empty() {
        return true;
    }
    // A file is one state as a whole; of answers and tables a part may be given.
    if known.kind == SourceKind::ConfigFile {
        return false;
    }
    let mut index: BTreeMap<(crate::Kind, &str), Vec<&Object>> = BTreeMap::new();
    for object in snapshot.objects.iter().filter(|object| object.source == known.kind) {
        index.entry((object.kind, &object.id)).or_default().push(object);
    }
    objects.iter().all(|object| {
        let same = index.get(&(object.kind, object.id.as_str())).into_iter().flatten();
        same.into_iter().any(|known| alike(known, &snapshot.kept, object, kept))
    })
}

/// Whether two objects say the same, counters that move by themselves and slots that are left out aside.
fn alike(
    known: &Object,
    known_kept: &BTreeMap<SecretId, Kept>,
    given: &Object,
    given_kept: &BTreeMap<SecretId, Kept>,
) -> bool {
    let standing = |object: &Object| -> Vec<(Arc<str>, Held)> {
        let fields = object.fields.iter().filter(|(path, _)| !MOVING.contains(&&***path));
        fields.map(|(path, field)| (path.clone(), field.held.clone())).collect()
    };
    standing(known) == standing(given)
        && slots(known).iter().all(|slot| match (known_kept.get(slot), given_kept.get(slot)) {
            (Some(Kept::Sealed(known)), Some(Kept::Sealed(given)))
            | (Some(Kept::Environment(known)), Some(Kept::Environment(given))) => known == given,
            (Some(Kept::LeftOut) | None, _) | (_, None) => true,
            _ => false,
        })
}

/// Moves the values of left-out slots over, and drops what the snapshot has already.
fn fill(snapshot: &mut Reading, objects: &[Object], kept: &mut BTreeMap<SecretId, Kept>) {
    for slot in objects.iter().flat_map(slots) {
        let Some(value) = kept.remove(&slot) else { continue };
        if let Some(place @ Kept::LeftOut) = snapshot.kept.get_mut(&slot) {
            *place = value;
        }
    }
}

/// Drops what the snapshot has of a source, which has changed since.
fn replace(snapshot: &mut Reading, known: &SourceRead) {
    snapshot.sources.retain(|source| !is_the_same(source, known));
    for slot in take(&mut snapshot.objects, known).iter().flat_map(slots) {
        snapshot.kept.remove(&slot);
    }
    snapshot.findings.retain(|finding| match &finding.origin {
        Some(Origin::File { file, .. }) => **file != *known.name,
        Some(Origin::Row { .. }) => known.kind != SourceKind::Database,
        Some(Origin::Endpoint { .. }) => known.kind != SourceKind::Api,
        Some(Origin::Whole { name }) => **name != *known.name,
        None => true,
    });
    snapshot.findings.push(
        Finding::warning(
            Code::new("snapshot.older"),
            known.name.as_str(),
            format!(
                "{} is not as it was when the snapshot was made; what is given beside the snapshot is used",
                known.name
            ),
        )
        .at(Origin::whole(known.name.as_str()))
        .hint("make the snapshot again, so that all of it shows one moment"),
    );
}
