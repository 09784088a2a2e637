//! The recorded companies read by API, database and file alone, and all together: the inventory each gives, object by
//! object, as one table a version; what each reading lacks; and where two of them disagree.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;

use inventory::{Entity, Inventory};
use litellm::{Kind, SourceKind};
use support::company;

/// The letter of a source in the table.
const LETTERS: [(SourceKind, char); 3] =
    [(SourceKind::Api, 'a'), (SourceKind::Database, 'd'), (SourceKind::ConfigFile, 'f')];

fn source_of(file: &str) -> SourceKind {
    match file {
        "config.yaml" => SourceKind::ConfigFile,
        "db-data.sql" => SourceKind::Database,
        _ => SourceKind::Api,
    }
}

fn alone(files: &BTreeMap<String, Vec<u8>>, source: SourceKind) -> Inventory {
    let files = files.iter().filter(|(name, _)| source_of(name) == source);
    let files = files.map(|(name, bytes)| (name.clone(), bytes.clone())).collect();
    company::read(&files, Some(company::SALT_KEY)).0
}

/// The object of a reading that this one is: of the same id, or for deployments, read at the same place. The API numbers
/// those of the file by a hash.
fn same<'i>(inventory: &'i Inventory, entity: &Entity) -> Option<&'i Entity> {
    let id = entity.object.source_id();
    inventory.entities.get(&id).or_else(|| {
        let mut found = inventory.of(Kind::Deployment).filter(|other| {
            entity.object.kind == Kind::Deployment && other.origins.iter().any(|origin| entity.origins.contains(origin))
        });
        let first = found.next();
        assert!(found.next().is_none(), "{id} is two objects of one reading");
        first
    })
}

/// One line an object: its id, its name, and its fields, each with the sources that know it.
fn line(entity: &Entity, alone: &[Inventory; 3], used: &mut [BTreeSet<String>; 3]) -> String {
    let mut known: BTreeMap<&str, String> = BTreeMap::new();
    let mut seen = String::new();
    for ((source, letter), (inventory, used)) in LETTERS.iter().zip(alone.iter().zip(used.iter_mut())) {
        let Some(other) = same(inventory, entity) else { continue };
        used.insert(other.object.source_id().to_string());
        seen.push(*letter);
        assert!(entity.sources.contains(source), "{}: {source:?} shows it", entity.object.source_id());
        for field in other.object.fields.keys() {
            known.entry(field).or_default().push(*letter);
        }
    }
    let together: BTreeSet<&str> = entity.object.fields.keys().map(|path| &**path).collect();
    let apart: BTreeSet<&str> = known.keys().copied().collect();
    assert_eq!(together, apart, "{}: the fields together and apart", entity.object.source_id());
    let fields: Vec<String> = known.iter().map(|(field, letters)| format!("{field}:{letters}")).collect();
    format!("{} | {} | {seen} | {}", entity.object.source_id(), entity.name, fields.join(" "))
}

fn told(version: &str) -> String {
    let files = company::files(version);
    let (together, _) = company::read(&files, Some(company::SALT_KEY));
    let alone = LETTERS.map(|(source, _)| alone(&files, source));
    let mut used: [BTreeSet<String>; 3] = Default::default();
    let mut told = String::new();
    for entity in together.entities.values() {
        let _ = writeln!(told, "{}", line(entity, &alone, &mut used));
    }
    for ((source, _), (inventory, used)) in LETTERS.iter().zip(alone.iter().zip(&used)) {
        let all: BTreeSet<String> = inventory.entities.keys().map(ToString::to_string).collect();
        assert_eq!(&all, used, "{source:?}: every object of a reading is there when all are read together");
    }
    let readings =
        [("API only", &alone[0]), ("database only", &alone[1]), ("file only", &alone[2]), ("all", &together)];
    for (name, inventory) in readings {
        let counts: Vec<String> = inventory.counts().iter().map(|(kind, count)| format!("{count} {kind}")).collect();
        let _ = writeln!(told, "\n{name}: {} objects ({})", inventory.entities.len(), counts.join(", "));
        for gap in &inventory.gaps {
            let _ = writeln!(told, "  lacks {} {}/{}: {}", gap.code, gap.count, gap.of, gap.means);
        }
        for conflict in &inventory.conflicts {
            let (won, lost) = (&conflict.won, &conflict.lost);
            let _ = writeln!(
                told,
                "  differs {} {}: {} ({}) over {} ({}): {:?}",
                conflict.object,
                conflict.field,
                won.value,
                won.source.word(),
                lost.value,
                lost.source.word(),
                conflict.why
            );
        }
        for dangling in inventory.findings.iter().filter(|finding| finding.code.as_str() == "inventory.dangling") {
            let _ = writeln!(told, "  {}: {}", dangling.subject, dangling.message);
        }
    }
    told
}

#[test]
fn each_source_gives_what_it_can_know() {
    for version in ["1.101.6", "1.108.7"] {
        insta::assert_snapshot!(format!("inventory-{version}"), told(version));
    }
}
