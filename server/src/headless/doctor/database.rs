//! LiteLLM's database: whether it can be read, and which rights are missing.

use inventory::Inventory;
use litellm::{Kind, SourceKind};
use model::{Finding, Severity};
use report::words;

use super::check::{Check, Mark, Part};
use crate::headless::material::Material;
use crate::postgres::{self, DatabaseError};
use crate::settings::Connections;

const SUBJECT: &str = "LiteLLM database";

/// How the reading ended.
pub(super) enum Stored {
    /// No database was given.
    NotGiven,
    /// It was read; how many rows of how many tables.
    Read { rows: usize, tables: usize },
    /// It could not be read.
    Failed(DatabaseError),
}

/// Reads it, in one transaction that can write nothing.
pub(super) async fn read(connections: &Connections, material: &mut Material) -> Stored {
    let Some(dsn) = &connections.database else { return Stored::NotGiven };
    match postgres::read(dsn, &connections.network).await {
        Ok(read) => {
            let (rows, tables) = (read.tables.values().map(Vec::len).sum(), read.tables.len());
            material.stored = Some(read);
            Stored::Read { rows, tables }
        }
        Err(error) => Stored::Failed(error),
    }
}

/// What can be said of it.
pub(super) fn checks(stored: &Stored, inventory: &Inventory, connections: &Connections) -> Vec<Check> {
    match stored {
        Stored::NotGiven if inventory.sources.iter().any(|source| source.kind == SourceKind::Database) => Vec::new(),
        Stored::NotGiven => {
            let says = "not given: only what the API shows and files hold can be known";
            let next = "set LITELLM_DB_URL, or give a dump of it: --dump FILE";
            vec![Check::new(Part::Database, Mark::Missing, SUBJECT, says).next(next)]
        }
        Stored::Failed(error) => {
            let message = error.to_string();
            let says = message.trim_end_matches('.').to_owned();
            vec![Check::new(Part::Database, Mark::Failed, SUBJECT, says).all(error.hints())]
        }
        Stored::Read { rows, tables } => {
            let schema = connections.database.as_ref().map_or("public", |dsn| dsn.schema.as_str());
            let says = format!(
                "{} of {} read from the schema {schema}, in one read-only transaction: {}",
                words::counted(*rows, "row"),
                words::counted(*tables, "table"),
                held(inventory)
            );
            let mut checks = vec![Check::new(Part::Database, Mark::Ok, SUBJECT, says)];
            checks.extend(problems(inventory).map(problem));
            checks
        }
    }
}

/// What the database holds of what people count.
fn held(inventory: &Inventory) -> String {
    let counted = [Kind::Deployment, Kind::Credential, Kind::Team, Kind::User, Kind::VirtualKey].map(|kind| {
        let stored = inventory.of(kind).filter(|entity| entity.sources.contains(&SourceKind::Database)).count();
        words::counted(stored, &kind.word().replace('_', " "))
    });
    counted.join(", ")
}

/// What the reader of the database could not read.
fn problems(inventory: &Inventory) -> impl Iterator<Item = &Finding> {
    let of_it = inventory.findings.iter().filter(|finding| finding.code.as_str().starts_with("database."));
    of_it.filter(|finding| finding.severity >= Severity::Warning)
}

fn problem(finding: &Finding) -> Check {
    Check::new(Part::Database, Mark::Missing, &finding.subject, finding.message.clone()).all(finding.hints.clone())
}

/// The statements that give this role the rights it lacks.
pub(super) fn grants(stored: &Stored, inventory: &Inventory, connections: &Connections) -> Option<String> {
    let dsn = connections.database.as_ref()?;
    let lacks = problems(inventory).any(|finding| finding.code.as_str() == "database.forbidden");
    let none = matches!(stored, Stored::Failed(DatabaseError::NoneReadable { .. }));
    (lacks || none).then(|| litellm::tables::grant_script(&dsn.user, &dsn.schema))
}
