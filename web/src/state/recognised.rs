//! What each file turned out to be.

use std::collections::BTreeMap;

use litellm::{Reading, Secret, SourceKind, SourceRead};
use model::{Finding, Origin, Severity};
use report::words;

use crate::state::{opening, sheets};

/// A file with what was seen in it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Recognised {
    /// What it is, in words; none where nothing of it could be used.
    pub(crate) what: Option<String>,
    /// What went wrong in it.
    pub(crate) findings: Vec<Finding>,
}

/// What was seen in everything that was given; taken before the reading is joined. The master key is a secret.
#[derive(Debug)]
pub(crate) struct Seen {
    /// The files by name.
    pub(crate) files: BTreeMap<String, Recognised>,
    /// What else was read: answers and rows.
    pub(crate) others: Vec<SourceRead>,
    /// The release of the proxy, where a source told it.
    pub(crate) version: Option<String>,
    /// Findings that are about no file.
    pub(crate) loose: Vec<Finding>,
    /// The master key, where a source holds it in clear.
    pub(crate) master: Option<Secret>,
}

/// Looks through what was read.
pub(crate) fn seen<'a>(reading: &Reading, names: impl Iterator<Item = &'a str>) -> Seen {
    let files: BTreeMap<String, Recognised> = names.map(|name| (name.to_owned(), recognised(reading, name))).collect();
    let of_no_file = |finding: &&Finding| !files.keys().any(|name| concerns(finding, name));
    let loose = reading.findings.iter().filter(of_no_file).cloned().collect();
    let others = reading
        .sources
        .iter()
        .filter(|source| source.kind == SourceKind::Api || !files.contains_key(&source.name))
        .map(|source| {
            let mut source = source.clone();
            if source.kind == SourceKind::Api {
                let counts = counted(reading, |origin| matches!(origin, Origin::Endpoint { .. }));
                if !counts.is_empty() {
                    source.what = format!("{}: {counts}", source.what);
                }
            }
            source
        })
        .collect();
    Seen { version: reading.version.clone(), others, loose, master: opening::master_key(reading), files }
}

/// Looks a file up in what was read.
fn recognised(reading: &Reading, name: &str) -> Recognised {
    let findings: Vec<Finding> = reading.findings.iter().filter(|finding| concerns(finding, name)).cloned().collect();
    let source = reading.sources.iter().find(|source| source.name == name && source.kind != SourceKind::Api);
    if let Some(source) = source {
        let usable = source.complete || !source.fingerprint.is_empty();
        let what = source.what.strip_prefix(name).map_or(source.what.as_str(), |rest| rest.trim_start_matches(": "));
        let kind = if source.kind == SourceKind::Database { "Database dump" } else { "LiteLLM config" };
        return Recognised { what: usable.then(|| format!("{kind}: {what}")), findings };
    }
    let bad = model::worst(&findings) >= Some(Severity::Warning);
    let counts = counted(reading, |origin| matches!(origin, Origin::Endpoint { endpoint, .. } if **endpoint == *name));
    let what = if counts.is_empty() {
        (!bad).then(|| "LiteLLM API answer: nothing in it to move".to_owned())
    } else {
        Some(format!("LiteLLM API answer: {counts}"))
    };
    Recognised { what, findings }
}

/// The objects of some places, by kind: `7 virtual keys, 3 teams`.
fn counted(reading: &Reading, of: impl Fn(&Origin) -> bool) -> String {
    // A list and a read of one object may both show it.
    let mut objects: Vec<_> = reading.objects.iter().filter(|object| of(&object.origin)).collect();
    objects.sort_unstable_by_key(|object| (object.kind, &object.id));
    objects.dedup_by_key(|object| (object.kind, &object.id));
    let counts = sheets::count_kinds(objects.iter().map(|object| object.kind.word()));
    let parts: Vec<String> =
        counts.into_iter().map(|(kind, count)| words::counted(count, &words::source_kind(&kind))).collect();
    parts.join(", ")
}

/// Whether a finding is about that file.
fn concerns(finding: &Finding, name: &str) -> bool {
    finding.subject == name
        || match &finding.origin {
            Some(Origin::File { file, .. }) => **file == *name,
            Some(Origin::Endpoint { endpoint, .. }) => **endpoint == *name,
            Some(Origin::Whole { name: whole }) => **whole == *name,
            Some(Origin::Row { .. }) | None => false,
        }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(name: &str, text: &str, expected: &str) {
        let input = litellm::Input::File { name, bytes: text.as_bytes() };
        let seen = recognised(&litellm::read(&[input]), name);
        let codes: Vec<&str> = seen.findings.iter().map(|finding| finding.code.as_str()).collect();
        let what = seen.what.unwrap_or_else(|| "nothing".to_owned());
        assert_eq!(format!("{what} {codes:?}"), expected);
    }

    #[test]
    fn a_file_says_what_it_is() {
        check(
            "config.yaml",
            "model_list:\n  - model_name: gpt\n    litellm_params: {model: openai/gpt-4o}\n",
            "LiteLLM config: 1 deployment []",
        );
        check("teams.json", r#"{"hello": 1}"#, "nothing [\"api.unknown_shape\"]");
    }
}
