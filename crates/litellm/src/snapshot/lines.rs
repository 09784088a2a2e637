//! The parts of a snapshot as JSON, and the digest at its end.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::sync::Arc;

use model::{Code, Finding, Origin, SecretId, Severity};
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::{FORMAT, Refusal};
use crate::object::{Dropped, Field, Fields, Held};
use crate::seal::sha256_hex;
use crate::{Kept, Kind, NoSecret, Object, Reading, SourceKind, SourceRead};

/// What stands in front of the digest, which covers everything before it.
const DIGEST: &str = "\"digest\":\"";

/// The longest name of a source, in bytes.
const LONGEST_NAME: usize = 4096;

/// A snapshot as it is read.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    format: String,
    #[expect(dead_code, reason = "for people: which Gangway wrote it")]
    gangway: String,
    version: Option<String>,
    sources: Vec<SourceLine>,
    objects: Vec<ObjectLine>,
    kept: BTreeMap<SecretId, KeptLine>,
    findings: Vec<FindingLine>,
    digest: String,
}

/// The first field alone: a newer version may have another shape behind it.
#[derive(Deserialize)]
struct Head {
    format: String,
}

/// Reads all of it.
pub(super) fn parse(text: &str) -> Result<Reading, Refusal> {
    let file: File = match serde_json::from_str(text) {
        Ok(file) => file,
        Err(error) => return Err(newer(text).unwrap_or_else(|| place(&error))),
    };
    if file.format != FORMAT {
        return Err(Refusal::Newer(file.format));
    }
    let covered = text.rfind(DIGEST).and_then(|at| text.get(..at)).unwrap_or_default();
    if sha256_hex(covered) != file.digest {
        return Err(Refusal::Changed);
    }
    let longest = |text: &str| text.len() <= LONGEST_NAME;
    if !file.sources.iter().all(SourceLine::is_possible) || !file.version.as_deref().is_none_or(longest) {
        return Err(Refusal::Impossible("a source like the one described here"));
    }
    let mut reading = Reading {
        objects: file.objects.into_iter().map(ObjectLine::object).collect::<Option<_>>().ok_or(NO_PLACE)?,
        kept: file.kept.into_iter().map(|(slot, line)| (slot, line.kept())).collect(),
        sources: file.sources.into_iter().map(SourceLine::source).collect(),
        version: file.version,
        findings: file.findings.into_iter().map(FindingLine::finding).collect::<Option<_>>().ok_or(NO_PLACE)?,
    };
    // A field that names a slot which is not there has no value; it must not look like one that is empty.
    let named: Vec<SecretId> = reading.objects.iter().flat_map(super::slots).collect();
    for slot in named {
        reading.kept.entry(slot).or_insert(Kept::LeftOut);
    }
    Ok(reading)
}

const NO_PLACE: Refusal = Refusal::Impossible("a field that is neither a value nor a slot, or has no place");

fn newer(text: &str) -> Option<Refusal> {
    let head: Head = serde_json::from_str(text).ok()?;
    (head.format != FORMAT).then_some(Refusal::Newer(head.format))
}

fn place(error: &serde_json::Error) -> Refusal {
    let (line, column) = (error.line(), error.column());
    match error.classify() {
        serde_json::error::Category::Eof => Refusal::CutShort { line, column },
        serde_json::error::Category::Data => Refusal::OtherShape { line, column },
        serde_json::error::Category::Syntax | serde_json::error::Category::Io => Refusal::NotJson { line, column },
    }
}

/// A file under construction.
pub(super) struct Digested(String);

impl Digested {
    pub(super) fn begin(format: &str, version: Option<&str>) -> Self {
        let mut text = format!("{{\"format\":{},\n\"gangway\":", json(&format));
        text += &json(&env!("CARGO_PKG_VERSION"));
        let _ = write!(text, ",\n\"version\":{},\n", json(&version));
        Self(text)
    }

    pub(super) fn list(&mut self, name: &str, lines: impl Iterator<Item = impl Serialize>) {
        let _ = write!(self.0, "{}:[", json(&name));
        for (index, line) in lines.enumerate() {
            self.0 += if index == 0 { "\n" } else { ",\n" };
            self.0 += &json(&line);
        }
        self.0 += "],\n";
    }

    pub(super) fn map<'a>(&mut self, name: &str, lines: impl Iterator<Item = (&'a SecretId, &'a KeptLine)>) {
        let _ = write!(self.0, "{}:{{", json(&name));
        for (index, (slot, line)) in lines.enumerate() {
            self.0 += if index == 0 { "\n" } else { ",\n" };
            let _ = write!(self.0, "{}:{}", json(&slot), json(line));
        }
        self.0 += "},\n";
    }

    pub(super) fn end(mut self) -> String {
        let digest = sha256_hex(&self.0);
        self.0 += DIGEST;
        self.0 += &digest;
        self.0 += "\"}\n";
        self.0
    }
}

/// None of these types can fail to become JSON.
fn json(value: &impl Serialize) -> String {
    serde_json::to_string(value).unwrap_or_default()
}

/// A source.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct SourceLine {
    kind: SourceKind,
    name: String,
    what: String,
    fingerprint: String,
    complete: bool,
}

impl SourceLine {
    pub(super) fn of(source: &SourceRead) -> Self {
        let SourceRead { kind, name, what, fingerprint, complete, unread: _ } = source.clone();
        Self { kind, name, what, fingerprint, complete }
    }

    fn source(self) -> SourceRead {
        let Self { kind, name, what, fingerprint, complete } = self;
        SourceRead { kind, name, what, fingerprint, complete, unread: !complete }
    }

    fn is_possible(&self) -> bool {
        let print = self.fingerprint.as_bytes();
        let digits = print.iter().all(u8::is_ascii_hexdigit) && matches!(print.len(), 0 | 16);
        digits && self.name.len() <= LONGEST_NAME && self.what.len() <= LONGEST_NAME
    }
}

/// How the value of a slot is kept.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum KeptLine {
    /// As LiteLLM encrypted it.
    Sealed(String),
    /// A reference to a variable of the proxy's environment.
    Environment(String),
    /// A text that is no secret; of which kind.
    NoSecret(NoSecret),
    /// Not at all.
    LeftOut,
}

impl KeptLine {
    fn kept(self) -> Kept {
        match self {
            Self::Sealed(text) => Kept::Sealed(text),
            Self::Environment(name) => Kept::Environment(name),
            Self::NoSecret(what) => Kept::NoSecret(what),
            Self::LeftOut => Kept::LeftOut,
        }
    }
}

/// An object.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct ObjectLine {
    kind: Kind,
    id: String,
    source: SourceKind,
    at: Place,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    dropped: Option<Dropped>,
    fields: BTreeMap<String, FieldLine>,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct FieldLine {
    #[serde(default, skip_serializing_if = "Option::is_none")]
    is: Option<Value>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    slot: Option<SecretId>,
    /// Only where it cannot be told from the object's own place.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    at: Option<Place>,
}

impl ObjectLine {
    pub(super) fn of(object: &Object) -> Self {
        let fields = object.fields.iter().map(|(path, field)| {
            let (is, slot) = match &field.held {
                Held::Plain(value) => (Some(value.clone()), None),
                Held::Secret(slot) => (None, Some(slot.clone())),
            };
            let at = (usual(&object.origin, path).as_ref() != Some(&field.origin)).then(|| Place::of(&field.origin));
            (path.to_string(), FieldLine { is, slot, at })
        });
        Self {
            kind: object.kind,
            id: object.id.clone(),
            source: object.source,
            at: Place::of(&object.origin),
            dropped: object.dropped.clone(),
            fields: fields.collect(),
        }
    }

    fn object(self) -> Option<Object> {
        let origin = self.at.origin()?;
        let mut fields = Fields::with_capacity(self.fields.len());
        for (path, line) in self.fields {
            let held = match (line.is, line.slot) {
                (Some(value), None) => Held::Plain(value),
                (None, Some(slot)) => Held::Secret(slot),
                _ => return None,
            };
            let at = match line.at {
                Some(place) => place.origin()?,
                None => usual(&origin, &path)?,
            };
            fields.insert(path, Field { held, origin: at });
        }
        Some(Object { kind: self.kind, id: self.id, source: self.source, origin, fields, dropped: self.dropped })
    }
}

/// Where a field stands when nothing else is said: below its object.
fn usual(object: &Origin, path: &str) -> Option<Origin> {
    match object {
        Origin::Row { table, row, .. } => Some(Origin::row(Arc::clone(table), Arc::clone(row), path)),
        Origin::Endpoint { endpoint, pointer } => {
            Some(Origin::endpoint(Arc::clone(endpoint), format!("{pointer}/{}", path.replace('.', "/"))))
        }
        Origin::File { .. } | Origin::Whole { .. } => None,
    }
}

/// A place, by the words of its kind.
#[derive(Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(super) struct Place {
    #[serde(skip_serializing_if = "Option::is_none")]
    file: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    line: Option<u32>,
    #[serde(skip_serializing_if = "Option::is_none")]
    column: Option<u32>,
    #[serde(skip_serializing_if = "Option::is_none")]
    table: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    row: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    cell: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    endpoint: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pointer: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    whole: Option<String>,
}

impl Place {
    fn of(origin: &Origin) -> Self {
        let some = |text: &str| Some(text.to_owned());
        match origin {
            Origin::File { file, line, column } => {
                Self { file: some(file), line: Some(*line), column: Some(*column), ..Self::default() }
            }
            Origin::Row { table, row, column } => {
                Self { table: some(table), row: some(row), cell: some(column), ..Self::default() }
            }
            Origin::Endpoint { endpoint, pointer } => {
                Self { endpoint: some(endpoint), pointer: some(pointer), ..Self::default() }
            }
            Origin::Whole { name } => Self { whole: some(name), ..Self::default() },
        }
    }

    fn origin(self) -> Option<Origin> {
        match self {
            Self { file: Some(file), line: Some(line), column: Some(column), .. } => {
                Some(Origin::file(file, line, column))
            }
            Self { table: Some(table), row: Some(row), cell: Some(cell), .. } => Some(Origin::row(table, row, cell)),
            Self { endpoint: Some(endpoint), pointer: Some(pointer), .. } => Some(Origin::endpoint(endpoint, pointer)),
            Self { whole: Some(name), .. } => Some(Origin::whole(name)),
            _ => None,
        }
    }
}

/// A finding of the reading.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct FindingLine {
    code: Code,
    severity: Severity,
    subject: String,
    at: Option<Place>,
    message: String,
    hints: Vec<String>,
}

impl FindingLine {
    pub(super) fn of(finding: &Finding) -> Self {
        let Finding { code, severity, subject, origin, message, hints } = finding.clone();
        Self { code, severity, subject, at: origin.as_ref().map(Place::of), message, hints }
    }

    fn finding(self) -> Option<Finding> {
        let Self { code, severity, subject, at, message, hints } = self;
        let origin = match at {
            Some(place) => Some(place.origin()?),
            None => None,
        };
        Some(Finding { code, severity, subject, origin, message, hints })
    }
}
