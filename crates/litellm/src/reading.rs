//! The one entrance: whatever the user has, read into objects.

use std::collections::BTreeMap;
use std::sync::Arc;

use model::{Code, Finding, Origin, Rows, SecretId, Severity};
use serde_json::Value;

use crate::api::{self, Shape};
use crate::fetch::Gap;
use crate::{Object, Secret, SourceKind, Stored, config, dump, rows, snapshot};

mod documents;
pub(crate) mod fingerprint;
mod format;

use documents::Documents;
use fingerprint::Fingerprint;
use format::{Format, recognise};
use rows::Found;

/// One thing to read.
#[derive(Clone, Copy, Debug)]
pub enum Input<'a> {
    /// A file the user gave: `config.yaml`, a saved API answer, a `pg_dump` text. Recognised by its content.
    File {
        /// Its name, for origins.
        name: &'a str,
        /// Its bytes.
        bytes: &'a [u8],
    },
    /// An answer of the running proxy.
    Answer {
        /// The path asked, for origins.
        endpoint: &'a str,
        /// The HTTP status.
        status: u16,
        /// The body.
        body: &'a str,
    },
    /// What the running proxy did not give.
    Gaps {
        /// Each with its reason.
        gaps: &'a [Gap],
    },
    /// Rows the relay read from the database.
    Rows {
        /// By table name.
        tables: &'a BTreeMap<String, Rows>,
        /// What the reader of the database could not read.
        findings: &'a [Finding],
    },
}

/// A secret as its source holds it.
#[derive(Clone, Debug)]
pub enum Kept {
    /// Encrypted, with LiteLLM's own text form.
    Sealed(String),
    /// In clear.
    Clear(Secret),
    /// A reference to an environment variable of the proxy's host (`os.environ/NAME`), which is no secret.
    Environment(String),
    /// Not known: a snapshot leaves out what its source holds in clear.
    LeftOut,
    /// A text in the place of a secret that is none: not to be handed on as one.
    NoSecret(NoSecret),
}

/// What may stand in the place of a secret (`reference/litellm.md` 4.1, 7).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum NoSecret {
    /// `oidc/...`: LiteLLM fetches a token for each call.
    Token,
    /// What a template left: LiteLLM would use the text as it stands.
    Template,
}

impl NoSecret {
    /// Recognises one by its text.
    pub fn of(text: &str) -> Option<Self> {
        if text.starts_with("oidc/") {
            return Some(Self::Token);
        }
        config::template::placeholder(text).map(|_| Self::Template)
    }

    /// What it is, in words that follow "its api_key is".
    pub const fn words(self) -> &'static str {
        match self {
            Self::Token => "a reference to a token that LiteLLM fetches for each call",
            Self::Template => "a placeholder of a template that was never filled in",
        }
    }
}

/// What one source turned out to be.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SourceRead {
    /// Which kind of source.
    pub kind: SourceKind,
    /// Its name.
    pub name: String,
    /// In words: `config.yaml: 12 deployments, 3 sections of settings`.
    pub what: String,
    /// 16 hex digits over what was read, without counters that move by themselves.
    pub fingerprint: String,
    /// Whether all of it could be used.
    pub complete: bool,
    /// Whether a part of it could not be read at all. A snapshot whose values in clear are left out is not complete,
    /// and was read: each missing value is named, and costs what it belongs to.
    pub unread: bool,
}

/// Everything that was read.
#[derive(Clone, Debug, Default)]
#[must_use = "what was read has findings"]
pub struct Reading {
    /// The objects, one per source that shows it.
    pub objects: Vec<Object>,
    /// The secrets by slot. Plain values of encrypted columns are in here too until they are opened.
    pub kept: BTreeMap<SecretId, Kept>,
    /// What was read.
    pub sources: Vec<SourceRead>,
    /// The version of the proxy, where an answer told it.
    pub version: Option<String>,
    /// What went wrong on the way; the rest was used.
    pub findings: Vec<Finding>,
}

/// Reads every input; one that cannot be used costs a finding, never the others.
pub fn read(inputs: &[Input<'_>]) -> Reading {
    read_stored(inputs, None)
}

/// Reads every input, and takes over the rows of a database that were made into objects as they came.
pub fn read_stored(inputs: &[Input<'_>], stored: Option<Stored>) -> Reading {
    let mut reader = Reader::default();
    let documents = Documents::collect(inputs);
    for (at, input) in inputs.iter().enumerate() {
        match input {
            Input::File { name, bytes } => reader.file(name, bytes, &documents, at),
            Input::Answer { endpoint, status, body } => reader.answer_text(endpoint, Some(*status), body),
            Input::Gaps { gaps } => reader.gaps(gaps),
            Input::Rows { tables, findings } => {
                let found = rows::read(tables, &mut reader.reading.kept, &mut reader.reading.findings);
                reader.rows("database", found, findings.to_vec());
            }
        }
    }
    if let Some(Stored { tables, findings }) = stored {
        let found = rows::stored(tables, &mut reader.reading.kept, &mut reader.reading.findings);
        reader.rows("database", found, findings);
    }
    reader.finish()
}

#[derive(Default)]
struct Reader {
    reading: Reading,
    /// The answers of the API count as one source.
    api: Option<(Fingerprint, usize, bool)>,
    /// What a snapshot holds; what is given beside it is laid over it at the end.
    snapshot: Option<Reading>,
}

impl Reader {
    fn file(&mut self, name: &str, bytes: &[u8], documents: &Documents<'_>, at: usize) {
        match recognise(name, bytes) {
            Err(finding) => {
                self.reading.findings.push(*finding);
                self.unusable(name);
            }
            Ok(Format::Yaml) => self.config(name, documents, at),
            Ok(Format::Dump(text)) => self.dump(name, text),
            Ok(Format::Snapshot(text)) => self.snapshot(name, text),
            Ok(Format::Json(body)) => {
                if documents.has(at) {
                    self.config(name, documents, at);
                } else {
                    self.answer(name, None, &body);
                }
            }
        }
    }

    /// A source of which nothing could be used still counts as read, incompletely.
    fn unusable(&mut self, name: &str) {
        self.reading.sources.push(SourceRead {
            kind: SourceKind::ConfigFile,
            name: name.to_owned(),
            what: format!("{name}: could not be used"),
            fingerprint: String::new(),
            complete: false,
            unread: true,
        });
    }

    /// A configuration, with what it includes; a file that another includes is read with that one.
    fn config(&mut self, name: &str, documents: &Documents<'_>, input: usize) {
        let Some((findings, merged)) = documents.merged(input) else { return };
        self.reading.findings.extend(findings);
        let Some(merged) = merged else { return self.unusable(name) };
        let mut found = merged.findings;
        let objects = config::read(&merged.parts, &mut self.reading.kept, &mut found);
        for (index, at) in merged.files.iter().enumerate() {
            let Some((file, bytes)) = documents.file(*at) else { continue };
            let of_file: Vec<&Object> = objects.iter().filter(|object| stands_in(Some(&object.origin), file)).collect();
            let mut print = Fingerprint::default();
            print.bytes(bytes);
            let wrong =
                |finding: &Finding| finding.severity == Severity::Error && stands_in(finding.origin.as_ref(), file);
            let complete = (index > 0 || merged.whole) && !self.reading.findings.iter().chain(&found).any(wrong);
            let part = if index == 0 { String::new() } else { format!(", included by {name}") };
            self.reading.sources.push(SourceRead {
                kind: SourceKind::ConfigFile,
                name: file.to_owned(),
                what: format!("{file}{part}: {}", count_by_kind(of_file)),
                fingerprint: print.finish(),
                complete,
                unread: !complete,
            });
        }
        self.reading.findings.extend(found);
        self.reading.objects.extend(objects);
    }

    fn dump(&mut self, name: &str, text: &str) {
        let dump = dump::read(name, text);
        let complete = model::worst(&dump.findings) != Some(model::Severity::Error);
        self.reading.findings.extend(dump.findings);
        if dump.tables.is_empty() && !complete {
            return self.unusable(name);
        }
        let Found { objects, prints } = rows::read(&dump.tables, &mut self.reading.kept, &mut self.reading.findings);
        let print = Fingerprint::of(&objects, &prints, &self.reading.kept);
        self.source(SourceKind::Database, name, &objects, print, complete);
        self.reading.objects.extend(objects);
    }

    fn snapshot(&mut self, name: &str, text: &str) {
        if self.snapshot.is_some() {
            self.reading.findings.push(snapshot::second(name));
            return self.unusable(name);
        }
        match snapshot::read(name, text) {
            Ok(reading) => self.snapshot = Some(reading),
            Err(finding) => {
                self.reading.findings.push(*finding);
                self.unusable(name);
            }
        }
    }

    fn rows(&mut self, name: &str, found: Found, findings: Vec<Finding>) {
        let Found { objects, prints } = found;
        let print = Fingerprint::of(&objects, &prints, &self.reading.kept);
        let complete = model::worst(&findings) != Some(model::Severity::Error);
        self.reading.findings.extend(findings);
        self.source(SourceKind::Database, name, &objects, print, complete);
        self.reading.objects.extend(objects);
    }

    fn gaps(&mut self, gaps: &[Gap]) {
        self.reading.findings.extend(gaps.iter().map(Gap::finding));
        self.api.get_or_insert_default().2 |= gaps.iter().any(Gap::incomplete);
    }

    fn answer_text(&mut self, name: &str, status: Option<u16>, body: &str) {
        match format::json(name, body) {
            Ok(body) => self.answer(name, status, &body),
            Err(finding) => {
                self.reading.findings.push(*finding);
                self.api.get_or_insert_default().2 = true;
            }
        }
    }

    fn answer(&mut self, name: &str, status: Option<u16>, body: &Value) {
        let refused = status.filter(|status| !(200..300).contains(status));
        let shape = match (api::recognise(body), refused) {
            (Some(Shape::Refused(words)), _) => return self.refused(name, &words),
            (_, Some(status)) => return self.refused(name, &format!("status {status}")),
            (None, None) => {
                let mut finding = Finding::warning(
                    Code::new("api.unknown_shape"),
                    name,
                    "this JSON is no answer of LiteLLM that Gangway knows; it is not used",
                )
                .at(Origin::whole(name));
                finding =
                    finding.hint("save answers of /key/list, /v2/team/list, /user/list, /v2/model/info and the like");
                self.reading.findings.push(finding);
                return;
            }
            (Some(shape), None) => shape,
        };
        if let Shape::Version(version) = &shape {
            self.reading.version = Some(version.clone());
            self.api.get_or_insert_default().1 += 1;
            return;
        }
        let mut answer = api::Answer {
            name: &Arc::from(name),
            kept: &mut self.reading.kept,
            findings: &mut self.reading.findings,
            objects: Vec::new(),
        };
        answer.read(&shape, body);
        let objects = answer.objects;
        // An empty list is an answer too: it was read, and says that there is nothing.
        let (print, count, _) = self.api.get_or_insert_default();
        print.objects(&objects, &[], &self.reading.kept);
        *count += 1;
        self.reading.objects.extend(objects);
    }

    fn refused(&mut self, name: &str, words: &str) {
        let mut finding =
            Finding::warning(Code::new("api.refused"), name, format!("the proxy refused this request: {words}"))
                .at(Origin::whole(name));
        if words.contains("Enterprise") {
            finding = finding.hint(
                "since 1.102 LiteLLM shows organizations only with a licence; give the database or a dump of it instead",
            );
        } else {
            finding = finding.hint("ask again with the master key or a proxy_admin key");
        }
        self.reading.findings.push(finding);
    }

    fn source(&mut self, kind: SourceKind, name: &str, objects: &[Object], print: Fingerprint, complete: bool) {
        let what = format!("{name}: {}", count_by_kind(objects));
        self.reading.sources.push(SourceRead {
            kind,
            name: name.to_owned(),
            what,
            fingerprint: print.finish(),
            complete,
            unread: !complete,
        });
    }

    fn finish(mut self) -> Reading {
        if let Some((print, count, broken)) = self.api.take() {
            self.reading.sources.push(SourceRead {
                kind: SourceKind::Api,
                name: "LiteLLM API".to_owned(),
                what: format!("LiteLLM API: {count} answers"),
                fingerprint: print.finish(),
                complete: !broken,
                unread: broken,
            });
        }
        if let Some(taken) = self.snapshot.take() {
            self.reading = snapshot::beside(taken, self.reading);
        }
        self.reading.findings.sort();
        self.reading.findings.dedup();
        self.reading
    }
}

/// Whether a place is one in that file.
fn stands_in(place: Option<&Origin>, name: &str) -> bool {
    matches!(place, Some(Origin::File { file, .. }) if **file == *name)
}

fn count_by_kind<'o>(objects: impl IntoIterator<Item = &'o Object>) -> String {
    let mut counts: BTreeMap<&str, usize> = BTreeMap::new();
    for object in objects {
        *counts.entry(object.kind.word()).or_default() += 1;
    }
    let parts: Vec<String> = counts
        .iter()
        .map(|(kind, count)| format!("{count} {}{}", kind.replace('_', " "), plural(kind, *count)))
        .collect();
    if parts.is_empty() { "nothing to move".to_owned() } else { parts.join(", ") }
}

/// The ending of a plural; "settings" is one already.
fn plural(kind: &str, count: usize) -> &'static str {
    if count == 1 || kind.ends_with('s') { "" } else { "s" }
}
