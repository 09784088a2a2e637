//! `pyyaml` against PyYAML itself, over a generated corpus and over texts made to be misread.

#[path = "differential/canonical.rs"]
mod canonical;
#[path = "differential/corpus.rs"]
mod corpus;

use std::io::Write;
use std::process::{Command, Stdio};

use serde_json::{Value as Json, json};

fn ask(documents: &[Vec<u8>]) -> Option<Vec<Json>> {
    let script = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/differential/oracle.py");
    let mut child = Command::new("python3").arg(script).stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().ok()?;
    let mut stdin = child.stdin.take()?;
    let lines: String = documents
        .iter()
        .map(|document| {
            let hex: String = document.iter().map(|byte| format!("{byte:02x}")).collect();
            format!("{}\n", json!({ "hex": hex }))
        })
        .collect();
    let writer = std::thread::spawn(move || stdin.write_all(lines.as_bytes()));
    let output = child.wait_with_output().ok()?;
    writer.join().unwrap().ok()?;
    String::from_utf8(output.stdout).ok()?.lines().map(|line| serde_json::from_str(line).ok()).collect()
}

fn ours(bytes: &[u8]) -> Json {
    let document = pyyaml::load("f", bytes);
    let refused = document.findings.iter().find(|finding| finding.severity == model::Severity::Error);
    match (&document.root, refused) {
        (_, Some(finding)) => json!({ "refused": format!("{} {}", finding.code, finding.message) }),
        (Some(root), None) => json!({ "value": canonical::mark(root) }),
        (None, None) => json!({ "value": ["null"] }),
    }
}

#[test]
fn explore() {
    let mut dice = corpus::Dice::new(1);
    let documents: Vec<Vec<u8>> = (0..40000).map(|index| corpus::document(&mut dice, index).into_bytes()).collect();
    let answers = ask(&documents).unwrap();
    assert_eq!(answers.len(), documents.len());
    let mut counts = std::collections::BTreeMap::<String, usize>::new();
    for (index, (document, theirs)) in documents.iter().zip(&answers).enumerate() {
        let our = ours(document);
        let same = match (our.get("value"), theirs.get("value")) {
            (Some(a), Some(b)) => a == b,
            (None, None) => true,
            _ => false,
        };
        let kind = match (same, our.get("value").is_some(), theirs.get("value").is_some()) {
            (true, true, _) => "same value",
            (true, false, _) => "both refuse",
            (_, true, true) => "DIFFERENT VALUE",
            (_, true, false) => "WE ACCEPT",
            _ => "WE REFUSE",
        };
        *counts.entry(format!("{} {kind}", index % 8)).or_default() += 1;
        if !same {
            println!("{kind} [{}] {:?}\n   ours {our}\n   them {theirs}", index % 8, String::from_utf8_lossy(document));
        }
    }
    for (kind, count) in counts {
        println!("{count:6} {kind}");
    }
}
