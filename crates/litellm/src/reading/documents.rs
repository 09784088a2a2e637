//! The configuration files among the inputs, parsed once, and which of them include which.

use std::collections::BTreeMap;
use std::sync::Arc;

use model::{Code, Finding, Origin};
use pyyaml::Document;

use super::Input;
use super::format::{self, Format};
use crate::config::{self, Doc, Merged};

/// The configurations among the inputs.
pub(super) struct Documents<'a> {
    /// By the place of their input.
    files: BTreeMap<usize, File<'a>>,
    /// Those that have a tree, as their includes are looked up in.
    docs: Vec<(usize, Arc<str>)>,
}

struct File<'a> {
    name: Arc<str>,
    bytes: &'a [u8],
    document: Document,
}

/// What was said of a file's text, and what it holds; nothing where it cannot be used.
pub(super) type Read<'d> = (Vec<Finding>, Option<Merge<'d>>);

/// What merging gave, by inputs.
pub(super) struct Merge<'d> {
    pub(super) parts: Vec<config::Part<'d>>,
    pub(super) files: Vec<usize>,
    pub(super) findings: Vec<Finding>,
    pub(super) whole: bool,
}

impl<'a> Documents<'a> {
    /// Parses every file that may be a configuration.
    pub(super) fn collect(inputs: &[Input<'a>]) -> Self {
        let mut files = BTreeMap::new();
        for (at, input) in inputs.iter().enumerate() {
            let Input::File { name, bytes } = *input else { continue };
            if is_candidate(name, bytes) {
                files.insert(at, File { name: name.into(), bytes, document: pyyaml::load(name, bytes) });
            }
        }
        let docs = files.iter().filter(|(_, file)| file.document.root.is_some());
        let docs = docs.map(|(at, file)| (*at, Arc::clone(&file.name))).collect();
        Self { files, docs }
    }

    /// Whether that input is one of them.
    pub(super) fn has(&self, input: usize) -> bool {
        self.files.contains_key(&input)
    }

    /// The configuration that starts with that input; `None` where another includes it.
    pub(super) fn merged(&self, input: usize) -> Option<Read<'_>> {
        let file = self.files.get(&input)?;
        let mut findings = file.document.findings.clone();
        let Some(root) = &file.document.root else {
            let errors = model::worst(&findings) == Some(model::Severity::Error);
            findings.extend(if errors { unrendered(file) } else { Some(format::empty(&file.name)) });
            return Some((findings, None));
        };
        let docs = self.docs();
        let place = self.docs.iter().position(|(at, _)| *at == input)?;
        if !config::mains(&docs).contains(&place) {
            return None;
        }
        if !config::is_config(root) {
            findings.push(format::not_a_config(&file.name));
            return Some((findings, None));
        }
        let Merged { parts, files, findings: of_merge, whole } = config::merge(&docs, place);
        let files: Vec<usize> = files.iter().filter_map(|doc| self.docs.get(*doc)).map(|(at, _)| *at).collect();
        for included in files.iter().skip(1).filter_map(|at| self.files.get(at)) {
            findings.extend(included.document.findings.iter().cloned());
        }
        Some((findings, Some(Merge { parts, files, findings: of_merge, whole })))
    }

    /// The name and the bytes of an input.
    pub(super) fn file(&self, input: usize) -> Option<(&str, &'a [u8])> {
        self.files.get(&input).map(|file| (&*file.name, file.bytes))
    }

    fn docs(&self) -> Vec<Doc<'_>> {
        let tree = |at: &usize| self.files.get(at)?.document.root.as_ref();
        self.docs.iter().filter_map(|(at, name)| Some(Doc { name, root: tree(at)? })).collect()
    }
}

/// Whether a file may be a configuration or a part of one. JSON is mostly an answer of the API.
fn is_candidate(name: &str, bytes: &[u8]) -> bool {
    let start = bytes.strip_prefix(&[0xef, 0xbb, 0xbf]).unwrap_or(bytes).trim_ascii_start();
    if start.starts_with(b"{") && !format::mentions_a_section(bytes) {
        return false;
    }
    match format::recognise(name, bytes) {
        Ok(Format::Yaml) => true,
        Ok(Format::Json(body)) => body.as_object().is_some_and(format::is_config),
        Ok(Format::Dump(_) | Format::Snapshot(_)) | Err(_) => false,
    }
}

/// A file that is no YAML because its template was never filled in.
fn unrendered(file: &File<'_>) -> Option<Finding> {
    let text = std::str::from_utf8(file.bytes).ok()?;
    let found = ["{{", "{%", "<%"].into_iter().find_map(|mark| text.lines().position(|line| line.contains(mark)))?;
    let line = u32::try_from(found + 1).unwrap_or(u32::MAX);
    Some(
        Finding::error(
            Code::new("config.template"),
            &*file.name,
            "this is a template and not yet the YAML that LiteLLM reads",
        )
        .at(Origin::file(Arc::clone(&file.name), line, 1))
        .hint("give the file as the proxy reads it, after the template was filled in: helm template, envsubst and the like"),
    )
}
