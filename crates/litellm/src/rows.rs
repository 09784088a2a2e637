//! Rows of LiteLLM's database as objects. Source: `reference/litellm.md` 2.

mod column;
mod notes;
mod row;
mod settings;

use std::collections::BTreeMap;
use std::sync::Arc;

use model::{Finding, Origin, SecretId};
use serde_json::Value;

use crate::fields::{Builder, is_empty};
use crate::reading::Kept;
use crate::reading::fingerprint::Print;
use crate::tables::{self, TABLES};
use crate::{Kind, Object, SourceKind};

use column::Column;
use notes::{Notes, RowNotes};
use row::{Places, Row};

/// Which kind of object a table holds.
const KINDS: &[(&str, Kind)] = &[
    ("LiteLLM_ProxyModelTable", Kind::Deployment),
    ("LiteLLM_CredentialsTable", Kind::Credential),
    ("LiteLLM_OrganizationTable", Kind::Organization),
    ("LiteLLM_TeamTable", Kind::Team),
    ("LiteLLM_UserTable", Kind::User),
    ("LiteLLM_VerificationToken", Kind::VirtualKey),
    ("LiteLLM_BudgetTable", Kind::Budget),
    ("LiteLLM_OrganizationMembership", Kind::OrganizationMembership),
    ("LiteLLM_TeamMembership", Kind::TeamMembership),
    ("LiteLLM_ModelTable", Kind::ModelAliases),
    ("LiteLLM_EndUserTable", Kind::EndUser),
    ("LiteLLM_Config", Kind::Settings),
    ("LiteLLM_TagTable", Kind::Tag),
    ("LiteLLM_MCPServerTable", Kind::McpServer),
    ("LiteLLM_GuardrailsTable", Kind::Guardrail),
    ("LiteLLM_AccessGroupTable", Kind::AccessGroup),
    ("LiteLLM_ProjectTable", Kind::Project),
    ("LiteLLM_ObjectPermissionTable", Kind::ObjectPermission),
    ("LiteLLM_SearchToolsTable", Kind::SearchTool),
    ("LiteLLM_PromptTable", Kind::Prompt),
    ("LiteLLM_ManagedVectorStoresTable", Kind::VectorStore),
    ("LiteLLM_AgentsTable", Kind::Agent),
    ("LiteLLM_PolicyTable", Kind::Policy),
    ("LiteLLM_PolicyAttachmentTable", Kind::PolicyAttachment),
    ("LiteLLM_DeprecatedVerificationToken", Kind::DeprecatedKey),
    ("LiteLLM_ModelAccessGroupBudgetTable", Kind::AccessGroupBudget),
    ("LiteLLM_BudgetWindowSpend", Kind::BudgetWindow),
    ("LiteLLM_JWTKeyMapping", Kind::JwtKeyMapping),
    ("LiteLLM_MCPServerOAuthClient", Kind::McpOauthClient),
    ("LiteLLM_MCPToolsetTable", Kind::McpToolset),
    ("LiteLLM_MCPUserCredentials", Kind::UserCredential),
    ("LiteLLM_MCPUserEnvVars", Kind::UserCredential),
    ("LiteLLM_UserProviderCredentials", Kind::UserCredential),
    ("LiteLLM_SSOConfig", Kind::Settings),
    ("LiteLLM_CacheConfig", Kind::Settings),
    ("LiteLLM_ConfigOverrides", Kind::Settings),
    ("LiteLLM_UISettings", Kind::Settings),
    ("LiteLLM_SubscriptionAccountTable", Kind::SubscriptionAccount),
];

/// Which kind of object a table holds, by the table's name.
pub fn rows_kind(table: &str) -> Option<Kind> {
    KINDS.iter().find(|(name, _)| *name == table).map(|(_, kind)| *kind)
}

/// The session keys of LiteLLM's own dashboard are rows too; they are nobody's keys.
const DASHBOARD_TEAM: &str = "litellm-dashboard";

/// What the rows of a database were made into, table by table, each in the order of its key.
#[derive(Debug, Default)]
pub struct Stored {
    /// By table.
    pub tables: BTreeMap<&'static str, Vec<RowRead>>,
    /// What the reader of the database could not read.
    pub findings: Vec<Finding>,
}

/// Makes objects of the rows of one table, one row at a time and in any order, for readers that are handed rows while
/// more of them travel.
#[derive(Debug)]
pub struct RowReader {
    known: &'static tables::Table,
    kind: Kind,
    name: Arc<str>,
    /// The path of the row itself.
    whole: Arc<str>,
    columns: Vec<Column>,
    places: Places,
}

/// What one row holds.
#[derive(Debug)]
pub struct RowRead {
    object: Option<Object>,
    /// What of it counts for the fingerprint, unless it holds secrets: another row may fill the same slot.
    print: Option<Print>,
    beside: Option<Box<Beside>>,
}

/// What few rows hold beside their object.
#[derive(Debug, Default)]
struct Beside {
    /// Secrets by slot.
    kept: BTreeMap<SecretId, Kept>,
    notes: RowNotes,
    /// The objects of a section of settings.
    objects: Vec<Object>,
}

impl RowReader {
    /// For a table with the names of its columns.
    pub fn new(table: &'static tables::Table, columns: &[Arc<str>]) -> Option<Self> {
        let kind = rows_kind(table.name)?;
        Some(Self {
            known: table,
            kind,
            name: Arc::from(table.name),
            whole: Arc::from(""),
            columns: column::columns(table, kind, columns),
            places: Places::of(table, kind, columns),
        })
    }

    /// Makes an object of a row, and takes the values it needs out of the cells. What cannot be used of it costs a
    /// finding, never the rest.
    pub fn read(&self, cells: &mut [Value]) -> RowRead {
        let mut beside = Beside::default();
        let object = self.object(cells, &mut beside);
        let nothing = beside.kept.is_empty() && beside.objects.is_empty() && beside.notes.is_empty();
        let print = object.as_ref().filter(|_| beside.kept.is_empty()).map(Print::of);
        RowRead { object, print, beside: (!nothing).then(|| Box::new(beside)) }
    }

    fn object(&self, cells: &mut [Value], beside: &mut Beside) -> Option<Object> {
        let row = Row { places: &self.places, cells };
        if self.kind == Kind::VirtualKey && row.team() == Some(DASHBOARD_TEAM) {
            beside.notes.session = true;
            return None;
        }
        let id = row.id(self.known);
        if id.is_empty() {
            beside.notes.no_key(self.known);
            return None;
        }
        if self.kind == Kind::Settings {
            beside.settings(self.known, &id, row);
            return None;
        }
        let shown = row.shown(self.kind, &id);
        let at = |path: &Arc<str>| Origin::row(Arc::clone(&self.name), Arc::clone(&shown), Arc::clone(path));
        let mut builder = Builder::new(&mut beside.kept, self.kind, id, SourceKind::Database, at(&self.whole))
            .shown_as(Arc::clone(&shown))
            .with_room_for(cells.iter().filter(|cell| !is_empty(cell)).count());
        for column in &self.columns {
            let path = column.path(cells);
            let Some(cell) = cells.get_mut(column.at).filter(|cell| !is_empty(cell)) else { continue };
            column::Cell { column, path, at: &at }.put(std::mem::take(cell), &mut builder, &mut beside.notes);
        }
        Some(builder.finish())
    }
}

/// Reads rows into objects.
pub(crate) fn read(
    tables: &BTreeMap<String, model::Rows>,
    kept: &mut BTreeMap<SecretId, Kept>,
    findings: &mut Vec<Finding>,
) -> Found {
    let mut all = All::with_room_for(tables.values().map(model::Rows::len).sum(), kept);
    let mut cells = Vec::new();
    for table in TABLES {
        let Some(rows) = tables.get(table.name) else { continue };
        let Some(reader) = RowReader::new(table, rows.columns()) else { continue };
        for row in rows.rows() {
            cells.clear();
            cells.extend_from_slice(row);
            all.take(reader.read(&mut cells));
        }
    }
    all.finish(findings)
}

/// Puts rows together that were read one by one.
pub(crate) fn stored(
    mut tables: BTreeMap<&'static str, Vec<RowRead>>,
    kept: &mut BTreeMap<SecretId, Kept>,
    findings: &mut Vec<Finding>,
) -> Found {
    let mut all = All::with_room_for(tables.values().map(Vec::len).sum(), kept);
    for table in TABLES {
        tables.remove(table.name).into_iter().flatten().for_each(|row| all.take(row));
    }
    all.finish(findings)
}

/// What all rows hold.
struct All<'a> {
    kept: &'a mut BTreeMap<SecretId, Kept>,
    notes: Notes,
    found: Found,
}

/// Objects, and at the same places what of them counts for the fingerprint, where that is known already.
#[derive(Default)]
pub(crate) struct Found {
    pub(crate) objects: Vec<Object>,
    pub(crate) prints: Vec<Option<Print>>,
}

impl<'a> All<'a> {
    fn with_room_for(count: usize, kept: &'a mut BTreeMap<SecretId, Kept>) -> Self {
        let found = Found { objects: Vec::with_capacity(count), prints: Vec::with_capacity(count) };
        Self { kept, notes: Notes::default(), found }
    }

    fn take(&mut self, row: RowRead) {
        self.found.objects.extend(row.object);
        self.found.prints.resize(self.found.objects.len(), row.print);
        if let Some(beside) = row.beside {
            let Beside { kept, notes, objects } = *beside;
            self.kept.extend(kept);
            self.notes.take(notes);
            self.found.objects.extend(objects);
            self.found.prints.resize(self.found.objects.len(), None);
        }
    }

    fn finish(self, findings: &mut Vec<Finding>) -> Found {
        findings.extend(self.notes.finish());
        self.found
    }
}

/// Whether a text is the SHA-256 of a key, as LiteLLM writes it.
fn is_hash(text: &str) -> bool {
    text.len() == 64 && text.bytes().all(|byte| byte.is_ascii_hexdigit())
}
