//! Rules about what is depended on, read from the same `deny.toml` that cargo-deny reads, so that they are checked where
//! cargo-deny is not installed too: licences, duplicates, banned packages, sources.

use std::collections::{BTreeMap, BTreeSet};

use super::{Breach, Source};
use crate::home::Home;
use crate::sh::{self, Done, Failure};

/// A package that is compiled into something we ship.
#[derive(Debug)]
struct Package {
    name: String,
    version: String,
    /// The SPDX expression of its manifest.
    licence: String,
    /// Where it is from, if not from the registry and not from here.
    elsewhere: bool,
}

/// What `deny.toml` says.
#[derive(Default)]
struct Policy {
    licences: BTreeSet<String>,
    banned: BTreeSet<String>,
    twice: BTreeSet<String>,
}

/// Checks the dependencies of both platforms we build for, and that every member keeps the workspace's lints.
pub(super) fn check(home: &Home, sources: &[Source]) -> Done<Vec<Breach>> {
    let text = sources.iter().find(|source| source.path == "deny.toml").map_or("", |source| &source.text);
    let policy = Policy::read(text);
    if policy.licences.is_empty() {
        return Err(Failure::new("deny.toml allows no licence: it is missing, or its `[licenses]` could not be read"));
    }
    let mut tree = home.cargo("tree");
    tree.args(["--workspace", "--edges", "normal,build", "--prefix", "none", "--format", "{p}|{l}"]);
    tree.args(["--target", "x86_64-unknown-linux-gnu", "--target", "wasm32-unknown-unknown"]);
    let listed = sh::read(&mut tree).ok_or_else(|| Failure::new("`cargo tree --workspace` failed"))?;
    let packages = read_tree(&listed);
    let mut breaches = judge(&policy, &packages);
    breaches.extend(lints(sources));
    Ok(breaches)
}

fn lints(sources: &[Source]) -> impl Iterator<Item = Breach> {
    // A workspace of its own (the fuzzers) has no lints to take.
    let member = |source: &&Source| {
        source.path.ends_with("/Cargo.toml") && !source.text.lines().any(|line| line == "[workspace]")
    };
    let members = sources.iter().filter(member);
    let bare = members.filter(|source| !source.text.contains("[lints]\nworkspace = true"));
    bare.map(|source| Breach::new(source, 1, "does not take the workspace's lints"))
}

fn judge(policy: &Policy, packages: &[Package]) -> Vec<Breach> {
    let mut breaches = Vec::new();
    let mut versions: BTreeMap<&str, BTreeSet<&str>> = BTreeMap::new();
    for package in packages {
        let name = format!("{} {}", package.name, package.version);
        versions.entry(&package.name).or_default().insert(&package.version);
        if !allows(&policy.licences, &package.licence) {
            breaches.push(Breach::of(&name, format!("licence `{}` is not allowed by deny.toml", package.licence)));
        }
        if policy.banned.contains(&package.name) {
            breaches.push(Breach::of(&name, "banned by deny.toml"));
        }
        if package.elsewhere {
            breaches.push(Breach::of(&name, "neither from the registry nor from here"));
        }
    }
    for (name, versions) in versions.iter().filter(|(_, versions)| versions.len() > 1) {
        if versions.iter().filter(|version| !policy.excuses(name, version)).count() > 1 {
            breaches.push(Breach::of(*name, format!("more than one version is compiled in: {versions:?}")));
        }
    }
    breaches
}

/// Reads `name v1.2.3 (/path) (proc-macro) (*)|MIT`, once per package.
fn read_tree(listed: &str) -> Vec<Package> {
    let lines: BTreeSet<String> = listed.lines().map(|line| line.replace(" (*)", "")).collect();
    let packages = lines.iter().filter_map(|line| {
        let (package, licence) = line.split_once('|')?;
        let mut words = package.split_whitespace();
        let (name, version) = (words.next()?, words.next()?.strip_prefix('v')?);
        Some(Package {
            name: name.to_owned(),
            version: version.to_owned(),
            licence: licence.trim().to_owned(),
            elsewhere: words.any(|word| word.contains("://")),
        })
    });
    packages.collect()
}

/// Whether an SPDX expression can be met with allowed licences. `A/B` is the old spelling of `A OR B`; AND binds
/// tighter than OR.
fn allows(allowed: &BTreeSet<String>, licence: &str) -> bool {
    let spaced = licence.replace('/', " OR ").replace('(', " ( ").replace(')', " ) ");
    let words: Vec<&str> = spaced.split_whitespace().collect();
    let mut rest = words.as_slice();
    let met = any_of(allowed, &mut rest);
    met && rest.is_empty()
}

fn any_of(allowed: &BTreeSet<String>, rest: &mut &[&str]) -> bool {
    let mut met = all_of(allowed, rest);
    while let Some((&"OR", after)) = rest.split_first() {
        *rest = after;
        // Both sides are read whatever the first says.
        met |= all_of(allowed, rest);
    }
    met
}

fn all_of(allowed: &BTreeSet<String>, rest: &mut &[&str]) -> bool {
    let mut met = one(allowed, rest);
    while let Some((&"AND", after)) = rest.split_first() {
        *rest = after;
        met &= one(allowed, rest);
    }
    met
}

fn one(allowed: &BTreeSet<String>, rest: &mut &[&str]) -> bool {
    let Some((word, after)) = rest.split_first() else { return false };
    *rest = after;
    if *word == "(" {
        let met = any_of(allowed, rest);
        *rest = rest.split_first().map_or(*rest, |(_, after)| after);
        return met;
    }
    let mut name = (*word).to_owned();
    if let [with, exception, after @ ..] = *rest
        && *with == "WITH"
    {
        name = format!("{name} WITH {exception}");
        *rest = after;
    }
    allowed.contains(&name)
}

impl Policy {
    /// Reads the lists it needs: strings of `allow` in `[licenses]`, names of `deny` and `skip` in `[bans]`.
    fn read(text: &str) -> Self {
        let mut policy = Self::default();
        let (mut section, mut key) = ("", "");
        for line in text.lines().map(|line| line.split(" #").next().unwrap_or(line).trim()) {
            if line.starts_with('#') {
                continue;
            }
            if line.starts_with('[') && line.ends_with(']') && !line.contains('"') {
                (section, key) = (line, "");
                continue;
            }
            let named =
                line.split_once(" = ").filter(|(name, _)| name.chars().all(|c| c.is_ascii_lowercase() || c == '-'));
            if let Some((name, _)) = named {
                key = name;
            }
            let value = named.map_or(line, |(_, value)| value);
            policy.add(section, key, value);
        }
        policy
    }

    /// Whether a version may stand beside a newer one: `syn@2` names every 2.x.
    fn excuses(&self, name: &str, version: &str) -> bool {
        self.twice.iter().filter_map(|entry| entry.split_once('@')).any(|(known, prefix)| {
            let rest = version.strip_prefix(prefix);
            known == name && rest.is_some_and(|rest| rest.is_empty() || rest.starts_with('.'))
        })
    }

    fn add(&mut self, section: &str, key: &str, value: &str) {
        let quoted = value.split('"').skip(1).step_by(2).map(str::to_owned);
        match (section, key) {
            ("[licenses]", "allow") => self.licences.extend(quoted),
            // A table names the package first, and then the reason.
            ("[bans]", "deny") => self.banned.extend(quoted.take(1)),
            ("[bans]", "skip") => self.twice.extend(quoted.take(1)),
            _ => {}
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{Policy, allows, judge, read_tree};

    const DENY: &str = r#"
[graph]
targets = ["x86_64-unknown-linux-gnu"]
[licenses]
# Why these.
allow = [
    "MIT", # short
    "Apache-2.0", "Apache-2.0 WITH LLVM-exception",
]
confidence-threshold = 0.9
[bans]
multiple-versions = "deny"
deny = [
    { crate = "serde_yaml", reason = "archived" },
]
skip = [
    { crate = "old@1.0", reason = "of \"them\"" },
]
"#;

    #[test]
    fn licences_are_read_as_expressions() {
        let policy = Policy::read(DENY);
        let check = |licence: &str, want: bool| assert_eq!(allows(&policy.licences, licence), want, "{licence}");
        check("MIT", true);
        check("MIT/GPL-3.0", true);
        check("GPL-3.0 OR MIT", true);
        check("GPL-3.0 AND MIT", false);
        check("(MIT OR GPL-3.0) AND Apache-2.0", true);
        check("(GPL-2.0 OR GPL-3.0) AND MIT", false);
        check("Apache-2.0 WITH LLVM-exception OR GPL-3.0", true);
        check("MIT WITH LLVM-exception", false);
        check("MIT GPL-3.0", false);
        check("0.9", false);
        check("", false);
    }

    #[test]
    fn packages_are_held_to_the_policy() {
        let check = |tree: &str, want: usize| {
            let breaches = judge(&Policy::read(DENY), &read_tree(tree));
            let got: Vec<&str> = breaches.iter().map(|breach| breach.rule.as_str()).collect();
            assert_eq!(got.len(), want, "{tree}: {got:?}");
        };
        check("a v1.0.0 (/here/crates/a)|MIT\nb v2.0.0|MIT\nb v2.0.0 (*)|MIT\nc v1.0.0 (proc-macro)|MIT", 0);
        check("b v2.0.0|GPL-3.0", 1);
        check("serde_yaml v0.9.34|MIT", 1);
        check("b v1.0.0|MIT\nb v2.0.0|MIT", 1);
        check("old v1.0.0|MIT\nold v2.0.0|MIT", 0);
        check("old v1.0.0|MIT\nold v2.0.0|MIT\nold v3.0.0|MIT", 1);
        check("old v1.10.0|MIT\nold v2.0.0|MIT", 1);
        check("b v1.0.0 (https://example.com/b?rev=1)|MIT", 1);
    }
}
