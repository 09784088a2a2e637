//! Every recorded ciphertext of LiteLLM's (`fixtures/vectors`), opened or refused as recorded. One check for both
//! worlds: `cargo test` runs it natively, `cargo xtask test` builds it for the browser's machine as well and has
//! Node run it. There it can say nothing but its exit code, which is the number of cases.

use std::process::ExitCode;

use litellm::Secret;
use litellm::seal::{Verdict, open};
use serde_json::Value;

const RECORDED: &str = include_str!("../../fixtures/vectors/litellm-crypto.json");
const RECORDED_V3: &str = include_str!("../../fixtures/vectors/litellm-v3.json");

/// What is said of each edge case, in the order of the recording.
const EDGES: &str = include_str!("edges.txt");

fn main() -> ExitCode {
    u8::try_from(check()).map_or(ExitCode::FAILURE, ExitCode::from)
}

/// Looks at every case; panics at the first that is not as recorded, else counts them.
fn check() -> usize {
    let recorded: Value = serde_json::from_str(RECORDED).unwrap_or_default();
    let v3: Value = serde_json::from_str(RECORDED_V3).unwrap_or_default();
    let list = |from: &Value, name: &str| from[name].as_array().cloned().unwrap_or_default();
    let (vectors, edges, columns) =
        (list(&recorded, "vectors"), list(&recorded, "negative_and_edge_cases"), list(&recorded, "structured"));
    assert_eq!((vectors.len(), edges.len(), columns.len()), (107, 21, 10), "the recording changed");
    for case in vectors.iter().chain(&list(&v3, "vectors")) {
        let key = case["signing_key_used"].as_str().or(case["salt_key"].as_str());
        assert_eq!(opened(text(case, "ciphertext"), key.unwrap_or_default()).as_deref(), case["plaintext"].as_str());
        assert_eq!(said(text(case, "ciphertext"), "another"), "refused: NoKeyFits", "{}", case["case"]);
    }
    let told: Vec<String> = edges
        .iter()
        .map(|case| format!("{}: {}", text(case, "case"), said(text(case, "ciphertext"), text(case, "salt_key"))))
        .collect();
    assert_eq!(told, EDGES.lines().collect::<Vec<_>>());
    let strings: usize = columns.iter().map(column).sum();
    assert_eq!(strings, 26, "ciphertexts in whole columns");
    vectors.len() + list(&v3, "vectors").len() + edges.len() + columns.len()
}

fn text<'v>(case: &'v Value, name: &str) -> &'v str {
    case[name].as_str().unwrap_or_default()
}

fn opened(sealed: &str, key: &str) -> Option<String> {
    match open(sealed, &[&Secret::new(key.to_owned())]) {
        Verdict::Opened { plain, .. } => Some(plain.expose().to_owned()),
        Verdict::Plain(_) | Verdict::Refused(_) => None,
    }
}

fn said(sealed: &str, key: &str) -> String {
    match open(sealed, &[&Secret::new(key.to_owned())]) {
        Verdict::Opened { format, layers, .. } => format!("opened: {format:?}, layers {layers}"),
        Verdict::Plain(reason) => format!("plain: {reason:?}"),
        Verdict::Refused(reason) => format!("refused: {reason:?}"),
    }
}

/// Compares a stored column with what went into it; counts the ciphertexts.
fn column(case: &Value) -> usize {
    let key = text(case, "salt_key");
    if let Some(stored) = case.get("stored") {
        return compare(stored, case.get("loaded_by_litellm").unwrap_or(&case["input"]), key);
    }
    if case["function"] != "encrypt_secret_map" || case["input"] == serde_json::json!({}) {
        return 0;
    }
    let sealed: String = serde_json::from_str(text(case, "stored_json_text")).unwrap_or_default();
    let map: Value = serde_json::from_str(&opened(&sealed, key).unwrap_or_default()).unwrap_or_default();
    assert_eq!(map, case["input"]);
    1
}

fn compare(stored: &Value, before: &Value, key: &str) -> usize {
    match (stored, before) {
        (Value::Object(stored), Value::Object(before)) => {
            stored.iter().map(|(name, value)| compare(value, &before[name], key)).sum()
        }
        (Value::Array(stored), Value::Array(before)) => {
            stored.iter().zip(before).map(|(stored, before)| compare(stored, before, key)).sum()
        }
        (Value::String(stored), Value::String(before)) if stored != before => {
            assert_eq!(opened(stored, key).as_deref(), Some(before.as_str()));
            1
        }
        _ => {
            assert_eq!(stored, before);
            0
        }
    }
}

#[cfg(test)]
mod tests {
    #[test]
    fn every_case_is_as_recorded() {
        assert_eq!(super::check(), 150);
    }
}
