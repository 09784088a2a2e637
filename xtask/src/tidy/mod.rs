//! `cargo xtask tidy`: the house rules that no compiler checks.

mod docs;
mod packages;
mod text;

use std::fs;
use std::path::Path;

use crate::home::Home;
use crate::say;
use crate::sh::{self, Done, Failure};

/// A text file of the repository.
pub(crate) struct Source {
    /// From the root, with `/`.
    path: String,
    text: String,
}

impl Source {
    /// What its name ends with: `rs`, `md`.
    fn kind(&self) -> Option<&str> {
        Path::new(&self.path).extension().and_then(|kind| kind.to_str())
    }
}

/// Something that breaks a rule: where, and which.
pub(crate) struct Breach {
    place: String,
    rule: String,
}

impl Breach {
    fn new(source: &Source, line: usize, rule: impl Into<String>) -> Self {
        Self { place: format!("{}:{line}", source.path), rule: rule.into() }
    }

    fn of(place: impl Into<String>, rule: impl Into<String>) -> Self {
        Self { place: place.into(), rule: rule.into() }
    }
}

/// Reads every file that is or would be committed, and fails with all breaches at once.
pub(crate) fn tidy(home: &Home) -> Done {
    say::step("tidy");
    let (paths, sources) = read_all(home)?;
    let mut breaches = text::check(&sources);
    breaches.extend(docs::check(&paths, &sources));
    breaches.extend(packages::check(home, &sources)?);
    for breach in &breaches {
        say::line(format_args!("{}: {}", breach.place, breach.rule));
    }
    match breaches.len() {
        0 => {
            say::note(format_args!("{} files are tidy", sources.len()));
            Ok(())
        }
        count => Err(Failure::new(format!("{count} places are not tidy"))),
    }
}

/// The paths of all files, and the texts of those that are text.
fn read_all(home: &Home) -> Done<(Vec<String>, Vec<Source>)> {
    let list = sh::read(home.command("git").args(["ls-files", "--cached", "--others", "--exclude-standard"]))
        .ok_or_else(|| Failure::new("`git ls-files` failed: tidy needs a clone"))?;
    let paths: Vec<String> = list.lines().filter(|path| home.root.join(path).is_file()).map(str::to_owned).collect();
    let sources = paths
        .iter()
        .filter_map(|path| {
            let text = String::from_utf8(fs::read(home.root.join(path)).ok()?).ok()?;
            Some(Source { path: path.clone(), text })
        })
        .collect();
    Ok((paths, sources))
}
