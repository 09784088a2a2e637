//! Rules about what is written for people: links lead somewhere, and the README's commands are the ones that are tested.

use std::collections::BTreeSet;
use std::path::{Component, Path, PathBuf};

use super::{Breach, Source};

/// The commands of the README: what a newcomer types, and what the build server runs.
const COMMANDS: [&str; 2] = ["cargo xtask run", "cargo xtask test"];

/// Checks the Markdown files, and that the build server runs what the README says.
pub(super) fn check(paths: &[String], sources: &[Source]) -> Vec<Breach> {
    let there: BTreeSet<&str> = paths.iter().map(String::as_str).collect();
    let pages = sources.iter().filter(|source| source.kind() == Some("md") && !source.path.contains("/fixtures/"));
    let mut breaches: Vec<Breach> = pages.flat_map(|page| links(page, &there)).collect();
    breaches.extend(commands(sources));
    breaches
}

fn commands(sources: &[Source]) -> Vec<Breach> {
    let text = |path: &str| sources.iter().find(|source| source.path == path).map_or("", |source| &source.text);
    let typed: Vec<&str> = fenced(text("README.md")).filter(|line| line.starts_with("cargo ")).collect();
    let mut breaches = Vec::new();
    if typed != COMMANDS {
        breaches.push(Breach::of("README.md", format!("its cargo commands are {typed:?}, not exactly {COMMANDS:?}")));
    }
    if !text(".ci/run").lines().any(|line| line == COMMANDS[1]) {
        breaches.push(Breach::of(".ci/run", format!("does not run `{}`", COMMANDS[1])));
    }
    breaches
}

/// The lines inside code fences.
fn fenced(text: &str) -> impl Iterator<Item = &str> {
    let mut inside = false;
    text.lines().filter(move |line| {
        let fence = line.starts_with("```");
        inside ^= fence;
        inside && !fence
    })
}

/// Links and pictures with a target in the repository: the file has to be there, and so has the heading.
fn links(page: &Source, there: &BTreeSet<&str>) -> Vec<Breach> {
    let mut breaches = Vec::new();
    for (index, line) in page.text.lines().enumerate() {
        for target in targets(line) {
            let (file, heading) = target.split_once('#').unwrap_or((target, ""));
            let wrong = if file.is_empty() {
                !headings(&page.text).contains(heading)
            } else {
                let path = resolve(&page.path, file);
                !there.contains(path.as_str()) && !there.iter().any(|known| known.starts_with(&format!("{path}/")))
            };
            if wrong {
                breaches.push(Breach::new(page, index + 1, format!("the link `{target}` leads nowhere")));
            }
        }
    }
    breaches
}

/// What stands in `](...)`, `src="..."`, `srcset="..."` and `href="..."`, links to other places left out.
fn targets(line: &str) -> impl Iterator<Item = &str> {
    let marks = [("](", ')'), ("src=\"", '"'), ("srcset=\"", '"'), ("href=\"", '"')];
    let found = marks
        .into_iter()
        .flat_map(move |(mark, end)| line.split(mark).skip(1).filter_map(move |rest| Some(rest.split_once(end)?.0)));
    found.filter(|target| !target.contains("://") && !target.starts_with("mailto:") && !target.contains(' '))
}

/// A link's target as a path from the root.
fn resolve(page: &str, target: &str) -> String {
    let mut path = PathBuf::new();
    for part in Path::new(page).parent().unwrap_or(Path::new("")).join(target).components() {
        match part {
            Component::ParentDir => {
                path.pop();
            }
            Component::CurDir => {}
            other => path.push(other),
        }
    }
    path.to_string_lossy().replace('\\', "/")
}

/// The headings of a page, as links name them.
fn headings(text: &str) -> BTreeSet<String> {
    let lines = text.lines().filter(|line| line.starts_with('#'));
    lines
        .map(|line| {
            let words = line.trim_start_matches('#').trim().to_lowercase();
            words.chars().filter(|c| c.is_alphanumeric() || " -_".contains(*c)).collect::<String>().replace(' ', "-")
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::{Source, commands, links};

    fn page(path: &str, text: &str) -> Source {
        Source { path: path.to_owned(), text: text.to_owned() }
    }

    #[test]
    fn links_lead_somewhere() {
        let there = BTreeSet::from(["README.md", "crates/README.md", "docs/line.svg"]);
        let check = |path: &str, text: &str, want: usize| {
            assert_eq!(links(&page(path, text), &there).len(), want, "{text}");
        };
        check("README.md", "[rooms](crates/README.md) ![line](docs/line.svg) [folder](crates)", 0);
        check("crates/README.md", "[up](../README.md) [away](https://example.com/x)", 0);
        check("README.md", "[gone](docs/gone.md) <img src=\"docs/gone.png\">", 2);
        check("README.md", "## House rules\n[here](#house-rules) [nowhere](#rules)", 1);
    }

    #[test]
    fn the_readme_has_exactly_two_commands() {
        let check = |readme: &str, ci: &str, want: usize| {
            let sources = [page("README.md", readme), page(".ci/run", ci)];
            assert_eq!(commands(&sources).len(), want, "{readme}");
        };
        check("```sh\ncargo xtask run\n```\n```sh\ncargo xtask test\n```\n", "set -e\ncargo xtask test\n", 0);
        check("```sh\ncargo xtask run\ncargo xtask test\ncargo build\n```\n", "cargo xtask test\n", 1);
        check("cargo xtask run\ncargo xtask test\n", "cargo xtask test\n", 1);
        check("```sh\ncargo xtask run\ncargo xtask test\n```\n", "cargo xtask test tidy\n", 1);
    }
}
