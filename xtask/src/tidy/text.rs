//! Rules about single files.

use super::{Breach, Source};

/// The longest a file of code may be, its tests not counted.
const LONGEST: usize = 450;

/// Files that may be longer, each with its reason.
const LONGER: &[(&str, &str)] = &[];

/// Text that must not be committed, and why. Written in halves, since this file is checked too.
const BANNED: &[(&str, &str)] = &[
    (concat!("TO", "DO"), "do it, or file an issue"),
    (concat!("FIX", "ME"), "do it, or file an issue"),
    (concat!("/wo", "rk/"), "a path of one machine"),
    (concat!("arti", "factory"), "a registry host of one machine"),
    (concat!("registry", ".npmjs"), "a registry host"),
    (concat!("index.", "crates.io"), "a registry host"),
    (concat!("files.python", "hosted"), "a registry host"),
    (concat!("deb.", "debian.org"), "a registry host"),
];

/// Text that must not stand in the console: both need a looser content security policy, or open the page to a name.
const BANNED_IN_WEB: &[(&str, &str)] = &[
    (" style=", "an inline style: the policy refuses it; use a class, or `style:name=`"),
    ("inner_html", "markup from text: write the elements"),
];

/// Text that must not stand in Rust code.
const BANNED_IN_RUST: &[(&str, &str)] = &[
    (concat!("#[al", "low("), "write `#[expect(lint, reason = \"...\")]`"),
    (concat!("#![al", "low("), "write `#![expect(lint, reason = \"...\")]`"),
];

/// Checks each file by itself.
pub(super) fn check(sources: &[Source]) -> Vec<Breach> {
    sources
        .iter()
        .flat_map(|source| if is_written_here(source) { all(source) } else { banned(source, BANNED) })
        .collect()
}

/// Whether a person wrote the file here. Recorded data and generated files keep their bytes.
fn is_written_here(source: &Source) -> bool {
    let written = ["rs", "toml", "md", "html", "css", "js", "mjs", "sh", "sql"];
    let recorded = ["/fixtures/", "/snapshots/", "/captures/"].iter().any(|folder| source.path.contains(folder));
    !recorded && source.kind().map_or(source.path.starts_with(".ci/"), |kind| written.contains(&kind))
}

/// Whether a file holds nothing but tests.
fn is_test(source: &Source) -> bool {
    source.path.starts_with("tests/") || source.path.contains("/tests/") || source.path.ends_with("/tests.rs")
}

fn all(source: &Source) -> Vec<Breach> {
    let mut breaches = banned(source, BANNED);
    breaches.extend(spaces(source));
    if source.path.starts_with("web/") {
        breaches.extend(banned(source, BANNED_IN_WEB));
    }
    if source.kind() == Some("rs") {
        breaches.extend(banned(source, BANNED_IN_RUST));
        breaches.extend(length(source));
        breaches.extend(module_docs(source));
    }
    breaches
}

fn banned(source: &Source, list: &[(&str, &str)]) -> Vec<Breach> {
    // The rules themselves name what they forbid.
    let rules = source.path == "xtask/src/tidy/text.rs";
    let places = lines(source).flat_map(|(number, line)| {
        let found = list.iter().filter(move |(text, _)| line.contains(text));
        found.map(move |(text, why)| (number, format!("`{}`: {why}", text.trim())))
    });
    places.filter(|_| !rules).map(|(number, rule)| Breach::new(source, number, rule)).collect()
}

fn spaces(source: &Source) -> Vec<Breach> {
    let ends = lines(source).filter(|(_, line)| line.ends_with([' ', '\t', '\r']));
    let mut breaches: Vec<Breach> = ends.map(|(number, _)| Breach::new(source, number, "space at the end")).collect();
    if !source.text.is_empty() && !source.text.ends_with('\n') {
        breaches.push(Breach::new(source, source.text.lines().count(), "no newline at the end"));
    }
    breaches
}

/// Tests stand last in a file; what stands before them is its length.
fn length(source: &Source) -> Option<Breach> {
    let excused = LONGER.iter().any(|(path, _)| *path == source.path);
    let code = source.text.lines().take_while(|line| *line != "#[cfg(test)]").count();
    let long = code > LONGEST && !excused && !is_test(source);
    long.then(|| Breach::new(source, code, format!("{code} lines of code, {LONGEST} are enough: split it by idea")))
}

fn module_docs(source: &Source) -> Option<Breach> {
    let first = source.text.lines().find(|line| !line.trim().is_empty())?;
    // A test says by its name what it is about.
    let described = first.starts_with("//!") || is_test(source);
    (!described).then(|| Breach::new(source, 1, "no `//!` line that says what the module is for"))
}

fn lines(source: &Source) -> impl Iterator<Item = (usize, &str)> {
    // `split` instead of `lines`: a carriage return at the end of a line is a finding.
    source.text.split('\n').enumerate().map(|(index, line)| (index + 1, line))
}

#[cfg(test)]
mod tests {
    use super::{Source, check};

    #[test]
    fn each_rule_finds_its_breach() {
        let check = |path: &str, text: &str, want: &[&str]| {
            let sources = [Source { path: path.to_owned(), text: text.to_owned() }];
            let got: Vec<String> = check(&sources).iter().map(|b| format!("{} {}", b.place, b.rule)).collect();
            assert_eq!(got.len(), want.len(), "{path}: {got:?}");
            for (got, want) in got.iter().zip(want) {
                assert!(got.contains(want), "{got} should say {want}");
            }
        };
        let long = format!("//! A.\n{}", "fn a() {}\n".repeat(450));
        check("crates/a/src/lib.rs", "//! A.\n", &[]);
        check("crates/a/src/lib.rs", "fn a() {}\n", &["lib.rs:1 no `//!`"]);
        check("crates/a/src/lib.rs", "//! A. \n//! B.\r\n", &[":1 space", ":2 space"]);
        check("crates/a/src/lib.rs", "//! A.", &["no newline"]);
        check("crates/a/src/lib.rs", &format!("//! A.\n// {}\n", concat!("TO", "DO")), &[":2"]);
        check("crates/a/src/lib.rs", &format!("//! A.\n{}dead_code)]\n", concat!("#[al", "low(")), &["expect"]);
        check("crates/a/src/lib.rs", &long, &["451 lines"]);
        check("crates/a/src/lib.rs", &long.replacen("fn a", "#[cfg(test)]\nfn a", 1), &[]);
        check("tests/it/long.rs", &long, &[]);
        check("web/src/a.rs", "//! A.\nview! { <p style=\"x\" style:top=y inner_html=z> }\n", &["inline", "markup"]);
        check("server/src/a.rs", "//! A.\n// <p style=x>\n", &[]);
        check("tests/fixtures/a.json", "{} \n", &[]);
        check("tests/fixtures/a.json", &format!("{}main\n", concat!("/wo", "rk/")), &["machine"]);
    }
}
