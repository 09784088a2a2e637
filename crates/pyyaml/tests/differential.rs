//! `pyyaml` against PyYAML itself: over a generated corpus, over texts made to be misread, and over the named limits.

#[path = "differential/canonical.rs"]
mod canonical;
#[path = "differential/corpus.rs"]
mod corpus;
#[path = "differential/limits.rs"]
mod limits;

use std::io::Write;
use std::process::{Command, Stdio};

use serde_json::{Value as Json, json};

use limits::{LIMITS, Limit};

/// How many generated documents are compared.
const GENERATED: usize = 8_000;

#[test]
fn agrees_with_pyyaml() {
    let mut dice = corpus::Dice::new(1);
    let mut documents: Vec<Vec<u8>> = nasties();
    documents.extend((0..GENERATED).map(|index| corpus::document(&mut dice, index).into_bytes()));
    let compared = documents.len();
    documents.extend(LIMITS.iter().map(|limit| limit.example.to_vec()));
    let Some(answers) = ask(&documents) else { return without_pyyaml() };
    assert_eq!(answers.len(), documents.len(), "PyYAML answered every document");

    let pairs: Vec<(&Vec<u8>, Json, &Json)> =
        documents.iter().zip(&answers).map(|(document, theirs)| (document, ours(document), theirs)).collect();
    let (comparison, limits) = pairs.split_at(compared);
    let differences: Vec<String> =
        comparison.iter().filter_map(|(document, our, their)| difference(document, our, their)).collect();
    assert!(differences.is_empty(), "{} differences:\n{}", differences.len(), differences.join("\n"));
    for (limit, (_, our, their)) in LIMITS.iter().zip(limits) {
        assert!(
            include_str!("../src/lib.rs").contains(&format!("* **{}**", limit.name)),
            "{} is documented",
            limit.name
        );
        assert!(limit.holds(our, their), "{} is no such limit: we say {our}, PyYAML says {their}", limit.name);
    }
    let values = comparison.iter().filter(|(_, our, _)| our.get("value").is_some()).count();
    assert!(values * 3 > compared, "the corpus is not mostly noise: {values} of {compared} documents have a value");
}

/// What is different, unless it is a named limit.
fn difference(document: &[u8], our: &Json, their: &Json) -> Option<String> {
    let same = match (our.get("value"), their.get("value")) {
        (Some(our), Some(their)) => our == their,
        (None, None) => true,
        _ => false,
    };
    let known = LIMITS.iter().any(|limit| limit.holds(our, their));
    let shown = String::from_utf8_lossy(document);
    (!same && !known).then(|| format!("{shown:?}\n   ours {our}\n   theirs {their}"))
}

impl Limit {
    /// Whether PyYAML reads the document (or builds what nothing else can hold) and we refuse it with these words.
    fn holds(&self, our: &Json, their: &Json) -> bool {
        let reads =
            their.get("value").is_some() || matches!(their["refused"].as_str(), Some("recursive" | "lone surrogate"));
        reads && our["refused"].as_str().is_some_and(|words| words.contains(self.words))
    }
}

/// One document a line; `⏎`, `⇥` and `␍` stand for the characters they show.
fn nasties() -> Vec<Vec<u8>> {
    include_str!("differential/nasties.txt")
        .lines()
        .map(|line| line.replace('⏎', "\n").replace('⇥', "\t").replace('␍', "\r").into_bytes())
        .collect()
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
    let refused = document.findings.iter().find(|finding| finding.severity == model::Severity::Error);
    match (&document.root, refused) {
        (Some(_), Some(finding)) => panic!("a root and {finding}"),
        (None, Some(finding)) => json!({ "refused": format!("{} {}", finding.code, finding.message) }),
        (Some(root), None) => json!({ "value": canonical::mark(root) }),
        (None, None) => json!({ "value": ["null"] }),
    }
}
