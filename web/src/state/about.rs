//! What is known about one object of the inventory: findings and conflicts, looked up by the place they name.

use inventory::{Conflict, Entity, Inventory};
use model::{Finding, Origin, SourceId};

/// Findings and conflicts by what they are about. Sorted lists, searched by halving: there may be as many findings
/// as objects.
pub(crate) struct About<'a> {
    places: Vec<(Place<'a>, &'a Finding)>,
    subjects: Vec<(&'a str, &'a Finding)>,
    conflicts: &'a [Conflict],
}

/// The row, line or object a finding is about; coarser than an origin.
type Place<'a> = (&'a str, &'a str, u32);

impl<'a> About<'a> {
    /// Sorts what an inventory says.
    pub(crate) fn new(inventory: &'a Inventory) -> Self {
        let mut places: Vec<_> =
            inventory.findings.iter().filter_map(|finding| Some((place(finding.origin.as_ref()?)?, finding))).collect();
        places.sort_unstable_by_key(|(place, _)| *place);
        let mut subjects: Vec<_> =
            inventory.findings.iter().map(|finding| (finding.subject.as_str(), finding)).collect();
        subjects.sort_unstable_by_key(|(subject, _)| *subject);
        Self { places, subjects, conflicts: &inventory.conflicts }
    }

    /// The findings about an object: those that name it, and those at a place it was read from.
    pub(crate) fn findings(&self, id: &SourceId, entity: &Entity) -> Vec<&'a Finding> {
        let mut found = self.called(id.as_str());
        found.extend(self.called(&id.as_str().replacen('/', " ", 1).replace('_', " ")));
        for origin in &entity.origins {
            match origin {
                // Only a file has fields in other lines than their object.
                Origin::File { .. } => {
                    let fields = entity.object.fields.values().map(|field| &field.origin);
                    fields.chain(std::iter::once(origin)).for_each(|origin| self.at(origin, &mut found));
                }
                _ => self.at(origin, &mut found),
            }
        }
        found.sort_unstable();
        found.dedup();
        found
    }

    /// The conflicts of an object.
    pub(crate) fn conflicts(&self, id: &SourceId) -> &'a [Conflict] {
        let from = self.conflicts.partition_point(|conflict| conflict.object < *id);
        let rest = &self.conflicts[from..];
        &rest[..rest.partition_point(|conflict| conflict.object == *id)]
    }

    fn called(&self, subject: &str) -> Vec<&'a Finding> {
        let from = self.subjects.partition_point(|(other, _)| *other < subject);
        self.subjects[from..].iter().take_while(|(other, _)| *other == subject).map(|(_, finding)| *finding).collect()
    }

    fn at(&self, origin: &Origin, found: &mut Vec<&'a Finding>) {
        let Some(wanted) = place(origin) else { return };
        let from = self.places.partition_point(|(place, _)| *place < wanted);
        let within = |place: &Place<'_>| match origin {
            // A finding about something in the object counts for the object; `/keys/1` is not in `/keys/12`.
            Origin::Endpoint { .. } => {
                let rest = place.1.strip_prefix(wanted.1).filter(|_| place.0 == wanted.0);
                rest.is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
            }
            _ => *place == wanted,
        };
        let near = |place: &Place<'_>| place.0 == wanted.0 && place.1.starts_with(wanted.1);
        let places = self.places[from..].iter().take_while(|(place, _)| near(place));
        found.extend(places.filter(|(place, _)| within(place)).map(|(_, finding)| *finding));
    }
}

fn place(origin: &Origin) -> Option<Place<'_>> {
    match origin {
        Origin::File { file, line, .. } => Some((file, "", *line)),
        Origin::Row { table, row, .. } => Some((table, row, 0)),
        Origin::Endpoint { endpoint, pointer } => Some((endpoint, pointer, 0)),
        Origin::Whole { .. } => None,
    }
}

#[cfg(test)]
mod tests {
    use litellm::{Kind, Object, SourceKind};
    use model::Code;

    use super::*;

    #[track_caller]
    fn check(origin: Origin, of: &[(&str, Option<Origin>)], expected: &[&str]) {
        let object = Object {
            kind: Kind::VirtualKey,
            id: "a".to_owned(),
            source: SourceKind::Api,
            origin: origin.clone(),
            fields: litellm::Fields::default(),
            dropped: None,
        };
        let id = object.source_id();
        let entity = Entity { id, name: String::new(), sources: Vec::new(), origins: vec![origin], object };
        let findings = of.iter().map(|(subject, origin)| {
            let finding = Finding::info(Code::new("test.test"), *subject, "");
            origin.clone().map_or(finding.clone(), |origin| finding.at(origin))
        });
        let inventory = Inventory { findings: findings.collect(), ..Inventory::default() };
        let found = About::new(&inventory).findings(&entity.id, &entity);
        assert_eq!(found.iter().map(|finding| finding.subject.as_str()).collect::<Vec<_>>(), expected);
    }

    #[test]
    fn findings_are_found_by_name_and_by_place() {
        let row = |row: &str| Origin::row("T", row, "column");
        check(row("a"), &[("one", Some(row("a"))), ("two", Some(row("b"))), ("three", None)], &["one"]);
        check(
            row("x"),
            &[("virtual_key/a", Some(row("a"))), ("virtual key a", None)],
            &["virtual key a", "virtual_key/a"],
        );
        let answer = |pointer: &str| Origin::endpoint("/key/list", pointer);
        let all = [("one", Some(answer("/1"))), ("in", Some(answer("/1/x"))), ("other", Some(answer("/12")))];
        check(answer("/1"), &all, &["in", "one"]);
        let line = |line| Origin::file("config.yaml", line, 3);
        check(line(2), &[("here", Some(line(2))), ("there", Some(line(22)))], &["here"]);
    }
}
