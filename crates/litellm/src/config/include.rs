//! `include`: which files belong together, and what of each still counts after LiteLLM has merged them.
//! Source: `reference/litellm.md` 4.1.

use std::collections::BTreeSet;
use std::sync::Arc;

use model::{Code, Finding};
use pyyaml::{Entry, Node, Value as Yaml};

use super::deployment::kind;
use super::place;

/// A parsed file that may be a configuration or a part of one.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Doc<'a> {
    /// Its name, with its folder as far as that is known.
    pub(crate) name: &'a Arc<str>,
    /// Its tree.
    pub(crate) root: &'a Node,
}

/// A top-level entry that counts, and the file it stands in. A list that several files add to is several parts.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Part<'a> {
    pub(crate) file: &'a Arc<str>,
    pub(crate) section: &'a str,
    pub(crate) entry: &'a Entry,
}

/// A configuration with everything it includes.
#[derive(Debug, Default)]
pub(crate) struct Merged<'a> {
    /// In the order in which the sections were first named.
    pub(crate) parts: Vec<Part<'a>>,
    /// The places of the files it is made of; the main one first.
    pub(crate) files: Vec<usize>,
    /// What merging threw away, and what could not be merged.
    pub(crate) findings: Vec<Finding>,
    /// Whether every file it includes was there.
    pub(crate) whole: bool,
}

/// The paths a file includes, as they are written in it.
pub(crate) fn wanted(root: &Node) -> impl Iterator<Item = (&str, &Node)> {
    root.get("include").into_iter().flat_map(Node::items).filter_map(|item| Some((item.as_text()?, item)))
}

/// The files that are configurations of their own: those that no other includes.
pub(crate) fn mains(docs: &[Doc<'_>]) -> Vec<usize> {
    let parts_of = |at: usize| -> Vec<usize> {
        let Some(doc) = docs.get(at) else { return Vec::new() };
        wanted(doc.root)
            .filter_map(|(path, _)| find(docs, doc.name, doc.name, path))
            .filter(|part| *part != at)
            .collect()
    };
    let included: BTreeSet<usize> = (0..docs.len()).flat_map(parts_of).collect();
    let mut mains: Vec<usize> = (0..docs.len()).filter(|at| !included.contains(at)).collect();
    let mut reached = BTreeSet::new();
    let mut queue = mains.clone();
    // Files that include each other in a ring have no main one: the first given is taken for it.
    loop {
        while let Some(at) = queue.pop() {
            if reached.insert(at) {
                queue.extend(parts_of(at));
            }
        }
        let Some(left) = (0..docs.len()).find(|at| !reached.contains(at)) else { break };
        mains.push(left);
        queue.push(left);
    }
    mains.sort_unstable();
    mains
}

/// Merges a main file with what it includes, as LiteLLM does: lists are appended, everything else is replaced.
pub(crate) fn merge<'a>(docs: &[Doc<'a>], main: usize) -> Merged<'a> {
    let Some(doc) = docs.get(main) else { return Merged::default() };
    let mut merger = Merger { docs, main: doc.name, seen: BTreeSet::from([main]), merged: Merged::default() };
    merger.merged.whole = true;
    merger.merged.files.push(main);
    let parts = merger.file(doc);
    merger.merged.parts = parts;
    merger.merged
}

struct Merger<'a, 'd> {
    docs: &'d [Doc<'a>],
    main: &'a Arc<str>,
    seen: BTreeSet<usize>,
    merged: Merged<'a>,
}

impl<'a> Merger<'a, '_> {
    /// The parts of a file, those of the files it includes merged in.
    fn file(&mut self, doc: &Doc<'a>) -> Vec<Part<'a>> {
        let mut parts: Vec<Part<'a>> = doc
            .root
            .entries()
            .iter()
            .filter_map(|entry| Some(Part { file: doc.name, section: entry.key.as_text()?, entry }))
            .filter(|part| part.section != "include")
            .collect();
        let Some(include) = doc.root.get("include") else { return parts };
        if !matches!(include.value, Yaml::Sequence(_)) {
            self.no_list(doc.name, include);
            return parts;
        }
        for item in include.items() {
            let Some(path) = item.as_text() else {
                self.no_list(doc.name, item);
                continue;
            };
            match find(self.docs, doc.name, self.main, path) {
                Some(at) if self.seen.insert(at) => {
                    self.merged.files.push(at);
                    let Some(included) = self.docs.get(at) else { continue };
                    let more = self.file(included);
                    self.lay_over(&mut parts, more);
                }
                Some(_) => {}
                None => self.missing(doc.name, path, item),
            }
        }
        parts
    }

    fn lay_over(&mut self, parts: &mut Vec<Part<'a>>, more: Vec<Part<'a>>) {
        let sections: BTreeSet<&str> = more.iter().map(|part| part.section).collect();
        let mut appended = Vec::new();
        for section in sections {
            let is_list = |part: &Part<'_>| matches!(part.entry.value.value, Yaml::Sequence(_) | Yaml::Null);
            let of_section = |part: &&Part<'_>| part.section == section;
            let lists = parts.iter().filter(of_section).all(is_list) && more.iter().filter(of_section).all(is_list);
            if lists {
                appended.push(section);
                continue;
            }
            let Some(new) = more.iter().find(|part| part.section == section) else { continue };
            for old in parts.iter().filter(|part| part.section == section) {
                self.merged.findings.push(replaced(old, new));
            }
            parts.retain(|part| part.section != section);
        }
        let (appending, rest): (Vec<_>, Vec<_>) = more.into_iter().partition(|part| appended.contains(&part.section));
        parts.extend(rest);
        for part in appending {
            // Behind what is there of the section, so that the list keeps LiteLLM's order.
            let behind = parts.iter().rposition(|there| there.section == part.section);
            parts.insert(behind.map_or(parts.len(), |at| at + 1), part);
        }
    }

    fn no_list(&mut self, file: &Arc<str>, node: &Node) {
        self.merged.whole = false;
        self.merged.findings.push(
            Finding::error(
                Code::new("config.include"),
                &**file,
                format!(
                    "include has to be a list of paths, but here is {}; LiteLLM does not start with it",
                    kind(node)
                ),
            )
            .at(place(file, node))
            .hint("write the path as an item of a list: include: [models.yaml]"),
        );
    }

    fn missing(&mut self, file: &Arc<str>, path: &str, item: &Node) {
        self.merged.whole = false;
        self.merged.findings.push(
            Finding::error(
                Code::new("config.include_missing"),
                &**file,
                format!("{file} includes {path}, which is not among what was given; what stands in it is not known"),
            )
            .at(place(file, item))
            .hint(format!("give {path} as well")),
        );
    }
}

/// What an included section threw away, with both places.
fn replaced(old: &Part<'_>, new: &Part<'_>) -> Finding {
    let lost: Vec<&str> = old.entry.value.entries().iter().filter_map(|entry| entry.key.as_text()).collect();
    let kept: BTreeSet<&str> = new.entry.value.entries().iter().filter_map(|entry| entry.key.as_text()).collect();
    let lost: Vec<&str> = lost.into_iter().filter(|name| !kept.contains(name)).collect();
    let lost = if lost.is_empty() { String::new() } else { format!(": {}", lost.join(", ")) };
    let section = old.section;
    Finding::warning(
        Code::new("config.include_replaces"),
        section,
        format!(
            "the {section} included here replaces the whole {section} at {}; LiteLLM drops what only stood there{lost}",
            place(old.file, &old.entry.key)
        ),
    )
    .at(place(new.file, &new.entry.key))
    .hint(format!("keep {section} in one file"))
}

/// The file a path means: beside the file that names it, else beside the main one; where only names without folders
/// are known, the one of that name.
fn find(docs: &[Doc<'_>], declaring: &str, main: &str, path: &str) -> Option<usize> {
    let named = |wanted: &str| docs.iter().position(|doc| normal(doc.name) == wanted);
    let base = |path: &str| path.rsplit(['/', '\\']).next().unwrap_or(path).to_owned();
    let beside = |file: &str| normal(&format!("{}{path}", &file[..file.len() - base(file).len()]));
    named(&beside(declaring)).or_else(|| named(&beside(main))).or_else(|| named(&normal(path))).or_else(|| {
        let mut same = (0..docs.len()).filter(|at| base(docs[*at].name) == base(path));
        same.next().filter(|_| same.next().is_none())
    })
}

/// A path without `.` and with as few `..` as possible.
fn normal(path: &str) -> String {
    let mut parts: Vec<&str> = Vec::new();
    for part in path.split(['/', '\\']) {
        match part {
            "." => {}
            ".." if parts.last().is_some_and(|last| *last != ".." && !last.is_empty()) => {
                parts.pop();
            }
            other => parts.push(other),
        }
    }
    parts.join("/")
}
