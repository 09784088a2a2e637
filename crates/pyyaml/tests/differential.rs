//! `pyyaml` against PyYAML itself: over a generated corpus, over texts made to be misread, and over the named limits.

#[path = "differential/canonical.rs"]
mod canonical;
#[path = "differential/corpus.rs"]
mod corpus;
#[path = "differential/limits.rs"]
mod limits;
#[path = "differential/mutation.rs"]
mod mutation;
#[path = "differential/words.rs"]
mod words;

use std::io::Write;
use std::process::{Command, Stdio};

use serde_json::{Value as Json, json};

use limits::{LIMITS, Limit};

/// How many generated documents are compared.
const GENERATED: usize = 8_000;

#[test]
fn agrees_with_pyyaml() {
    let mut documents: Vec<Vec<u8>> = mutation::nasties().map(String::into_bytes).collect();
    documents.extend(generated(1));
    let Some((differences, values)) = compare(&documents) else { return without_pyyaml() };
    assert!(differences.is_empty(), "{} differences:\n{}", differences.len(), differences.join("\n"));
    let compared = documents.len();
    assert!(values * 3 > compared, "the corpus is not mostly noise: {values} of {compared} documents have a value");
}

/// The same with other seeds. `cargo test -p pyyaml --test differential -- --ignored`
#[test]
#[ignore = "takes minutes"]
fn agrees_with_pyyaml_at_length() {
    for seed in 2..16 {
        let Some((differences, _)) = compare(&generated(seed)) else { return without_pyyaml() };
        assert!(differences.is_empty(), "seed {seed}, {} differences:\n{}", differences.len(), differences.join("\n"));
    }
}

/// Every limit is documented, and is one: PyYAML reads the example.
#[test]
fn limits_are_named() {
    let examples: Vec<Vec<u8>> = LIMITS.iter().map(|limit| limit.example.to_vec()).collect();
    let Some(answers) = ask(&examples) else { return without_pyyaml() };
    for (limit, their) in LIMITS.iter().zip(&answers) {
        let our = ours(limit.example);
        let named = format!("* **{}**", limit.name);
        assert!(include_str!("../src/lib.rs").contains(&named), "{} is documented", limit.name);
        assert!(limit.holds(&our, their), "{} is no such limit: we say {our}, PyYAML says {their}", limit.name);
    }
}

fn generated(seed: u64) -> Vec<Vec<u8>> {
    let mut dice = corpus::Dice::new(seed);
    (0..GENERATED).map(|index| corpus::document(&mut dice, index)).collect()
}

/// The differences, and how many documents have a value; `None` where Python or PyYAML is missing.
fn compare(documents: &[Vec<u8>]) -> Option<(Vec<String>, usize)> {
    let answers = ask(documents)?;
    assert_eq!(answers.len(), documents.len(), "PyYAML answered every document");
    let differences = documents.iter().zip(&answers).filter_map(|(document, their)| {
        let our = ours(document);
        difference(document, &our, their)
    });
    let values = answers.iter().filter(|answer| answer.get("value").is_some()).count();
    Some((differences.collect(), values))
}

/// What is different, unless it is a named limit.
fn difference(document: &[u8], our: &Json, their: &Json) -> Option<String> {
    let same = match (our.get("value"), their.get("value")) {
        (Some(value), Some(same)) => value == same && same_places(our, their),
        (None, None) => their["at"].is_null() || our["at"].as_array().is_some_and(|at| at.contains(&their["at"])),
        _ => false,
    };
    let known = LIMITS.iter().any(|limit| limit.holds(our, their) || limit.comes_first(our, their));
    let shown = String::from_utf8_lossy(document);
    (!same && !known).then(|| format!("{shown:?}\n   ours {our}\n   theirs {their}"))
}

/// Every value stands where PyYAML's node stands. Where merges and repeated keys drop nodes, the rest are among them.
fn same_places(our: &Json, their: &Json) -> bool {
    let (Some(our), Some(their)) = (our["places"].as_array(), their["places"].as_array()) else { return false };
    if our.len() == their.len() { our == their } else { our.iter().all(|place| their.contains(place)) }
}

impl Limit {
    /// Whether PyYAML reads the document (or builds what nothing else can hold) and we refuse it with these words.
    fn holds(&self, our: &Json, their: &Json) -> bool {
        let reads =
            their.get("value").is_some() || matches!(their["refused"].as_str(), Some("recursive" | "lone surrogate"));
        reads && self.is_named(our) && their.to_string().contains(self.proof)
    }

    /// Whether we stop at such a limit, and PyYAML somewhere behind it.
    fn comes_first(&self, our: &Json, their: &Json) -> bool {
        their.get("refused").is_some() && self.stops && self.is_named(our)
    }

    fn is_named(&self, our: &Json) -> bool {
        our["refused"].as_str().is_some_and(|words| words.contains(self.words))
    }
}

#[expect(clippy::print_stderr, reason = "a skipped test has to say so")]
#[expect(clippy::disallowed_methods, reason = "whether this is CI is a question to the environment")]
fn without_pyyaml() {
    assert!(std::env::var("CI").is_err(), "python3 with PyYAML is missing, and CI must not skip this test");
    eprintln!("skipped: python3 cannot import yaml here");
}

/// What PyYAML answers, in the order of the documents; `None` where Python or PyYAML is missing.
fn ask(documents: &[Vec<u8>]) -> Option<Vec<Json>> {
    let script = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/differential/oracle.py");
    let importable = Command::new("python3").args(["-c", "import yaml"]).stderr(Stdio::null()).status().ok()?;
    if !importable.success() {
        return None;
    }
    let mut child = Command::new("python3").arg(script).stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().ok()?;
    let mut stdin = child.stdin.take()?;
    let lines: Vec<String> =
        documents.iter().map(|document| json!({ "hex": canonical::hex(document) }).to_string()).collect();
    let lines = lines.join("\n");
    let writer = std::thread::spawn(move || stdin.write_all(lines.as_bytes()));
    let output = child.wait_with_output().expect("PyYAML answers");
    writer.join().expect("the writer ends").expect("PyYAML reads to the end");
    let lines = String::from_utf8(output.stdout).expect("answers are ASCII");
    Some(lines.lines().map(|line| serde_json::from_str(line).expect("answers are JSON")).collect())
}

fn ours(bytes: &[u8]) -> Json {
    let document = pyyaml::load("f", bytes);
    let refused: Vec<_> =
        document.findings.iter().filter(|finding| finding.severity == model::Severity::Error).collect();
    match (&document.root, refused.as_slice()) {
        (Some(_), [finding, ..]) => panic!("a root and {finding}"),
        (None, [first, ..]) => json!({
            "refused": format!("{} {}", first.code, first.message),
            "at": refused.iter().map(|finding| canonical::origin(finding)).collect::<Vec<_>>(),
        }),
        (Some(root), []) => json!({ "value": canonical::mark(root), "places": canonical::places(root) }),
        (None, []) => json!({ "value": ["null"], "places": [] }),
    }
}
