//! What each file turned out to be.

use std::collections::BTreeMap;

use litellm::{Reading, Secret, SourceKind, SourceRead};
use model::{Finding, Origin, Severity};
use report::words;

use crate::state::opening;

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
        .cloned()
        .collect();
    Seen { others, loose, master: opening::master_key(reading), files }
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
    let mut counts: BTreeMap<&str, usize> = BTreeMap::new();
    for object in &reading.objects {
        if matches!(&object.origin, Origin::Endpoint { endpoint, .. } if endpoint == name) {
            *counts.entry(object.kind.word()).or_default() += 1;
        }
    }
    let bad = model::worst(&findings) >= Some(Severity::Warning);
    let what = if counts.is_empty() {
        (!bad).then(|| "LiteLLM API answer: nothing in it to move".to_owned())
    } else {
        let parts: Vec<String> =
            counts.into_iter().map(|(kind, count)| words::counted(count, &words::source_kind(kind))).collect();
        Some(format!("LiteLLM API answer: {}", parts.join(", ")))
    };
    Recognised { what, findings }
}

/// Whether a finding is about that file.
fn concerns(finding: &Finding, name: &str) -> bool {
    finding.subject == name
        || match &finding.origin {
            Some(Origin::File { file, .. }) => file == name,
            Some(Origin::Endpoint { endpoint, .. }) => endpoint == name,
            Some(Origin::Whole { name: whole }) => whole == name,
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
