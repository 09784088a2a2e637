//! What a hostile or mistaken upload costs: a finding with a place, never the tab.

use pyyaml::{Document, MAX_ALIAS_NODES, MAX_BYTES, MAX_EVENTS, MAX_SCALAR, load};

/// The document is refused with one finding: its code and place.
#[track_caller]
fn check(what: &str, bytes: &[u8], code: &str, place: &str) {
    let Document { root, findings } = load("f", bytes);
    assert!(root.is_none(), "{what}: no root");
    let [finding] = findings.as_slice() else { panic!("{what}: one finding, not {findings:?}") };
    let origin = finding.origin.as_ref().map(ToString::to_string).unwrap_or_default();
    assert_eq!((finding.code.as_str(), origin.as_str()), (code, place), "{what}: {finding}");
    assert!(!finding.hints.is_empty(), "{what}: a hint");
}

#[test]
fn sizes() {
    check("9 MiB", &vec![b'a'; 9 * 1024 * 1024], "pyyaml.too_large", "f:1:1");
    check("one byte too many", &vec![b'#'; MAX_BYTES + 1], "pyyaml.too_large", "f:1:1");
    assert!(load("f", &vec![b'#'; MAX_BYTES]).findings.is_empty(), "exactly as large as allowed");
    check("a long text", format!("a: {}", "x".repeat(MAX_SCALAR + 1)).as_bytes(), "pyyaml.too_large", "f:1:4");
    assert!(load("f", format!("a: {}", "x".repeat(MAX_SCALAR)).as_bytes()).root.is_some(), "just short enough");
    check("many values", "- a\n".repeat(MAX_EVENTS).as_bytes(), "pyyaml.too_large", &format!("f:{}:3", MAX_EVENTS - 2));
}

#[test]
fn depth() {
    let deep = |levels: usize| (0..levels).flat_map(|level| [" ".repeat(level), "a:\n".to_owned()]).collect::<String>();
    check("5,000 brackets", "[".repeat(5_000).as_bytes(), "pyyaml.depth", "f:1:65");
    check("2,000 nested mappings", deep(2_000).as_bytes(), "pyyaml.depth", "f:65:65");
    check("5,000 dashes", "- ".repeat(5_000).as_bytes(), "pyyaml.depth", "f:1:129");
    assert!(load("f", deep(64).as_bytes()).root.is_some(), "64 levels are fine");
    check("65 levels", deep(65).as_bytes(), "pyyaml.depth", "f:65:65");
    let through_aliases = format!("- &a {}{}\n- [[*a]]\n", "[".repeat(63), "]".repeat(63));
    check("depth through aliases", through_aliases.as_bytes(), "pyyaml.depth", "f:1:68");
}

#[test]
fn aliases() {
    let mut bomb = String::from("a0: &a0 [x, x, x, x, x, x, x, x, x, x]\n");
    let mut merges = String::from("m0: &m0 {a: 1, b: 2}\n");
    for level in 1..20 {
        let before = level - 1;
        bomb.extend([format!("a{level}: &a{level} ["), format!("*a{before}, ").repeat(10), "]\n".to_owned()]);
        merges.extend([format!("m{level}: &m{level} {{<<: ["), format!("*m{before}, ").repeat(10), "]}\n".to_owned()]);
    }
    check("billion laughs", bomb.as_bytes(), "pyyaml.alias_budget", "f:1:13");
    check("billion merges", merges.as_bytes(), "pyyaml.alias_budget", "f:5:5");
    let long = format!("- &a {}\n{}", "x".repeat(MAX_SCALAR), "- *a\n".repeat(10_000));
    check("a long text, often", long.as_bytes(), "pyyaml.alias_budget", "f:1:3");
    let many = format!("- &a x\n{}", "- *a\n".repeat(MAX_ALIAS_NODES));
    assert!(load("f", many.as_bytes()).root.is_some(), "as many aliases as allowed");
    check("one alias more", format!("{many}- *a\n").as_bytes(), "pyyaml.alias_budget", "f:1:3");
    let defaults: String = ('a'..='j').flat_map(|key| [' ', ' ', key, ':', ' ', 'v', '\n']).collect();
    let shared = format!("x: &x\n{defaults}list:\n{}", "- <<: *x\n".repeat(8_000));
    assert!(load("f", shared.as_bytes()).root.is_some(), "8,000 deployments with shared defaults");
    check("itself", b"a: &a\n  b: *a\n", "pyyaml.alias_budget", "f:2:6");
}

/// A chain of merges through nodes nothing else visits must not be walked by recursion.
#[test]
fn a_long_chain_of_merges() {
    let mut chain = String::from("x: !!str\n  =: y\n  c:\n  - &m0 {a: 1}\n");
    for level in 1..20_000 {
        chain.extend([format!("  - &m{level} {{<<: *m{}", level - 1), "}\n".to_owned()]);
    }
    chain.push_str("z: *m19999\n");
    let document = load("f", chain.as_bytes());
    let codes: Vec<&str> = document.findings.iter().map(|finding| finding.code.as_str()).collect();
    assert_eq!((document.root, codes), (None, vec!["pyyaml.depth"]));
}

#[test]
fn files_that_are_no_text() {
    check("NUL", b"a: b\nc: \0", "pyyaml.encoding", "f:2:4");
    check("a PNG", b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR", "pyyaml.encoding", "f:1:1");
    check("a gzip", b"\x1f\x8b\x08\0\0", "pyyaml.encoding", "f:1:2");
    check("Latin-1", b"name: caf\xe9\n", "pyyaml.encoding", "f:1:10");
    check("escape codes", b"a: \x1b[31mred", "pyyaml.encoding", "f:1:4");
    check("a web page", b"<!DOCTYPE html>\n<html>\n<title>a: b: c</title>", "pyyaml.syntax", "f:3:9");
    check("tabs", b"model_list:\n\t- a", "pyyaml.syntax", "f:2:1");
    check("a tab behind a value", b"a: b\t\n", "pyyaml.syntax", "f:1:5");
}

/// Every cut of a config and every wrong byte in it ends in a document, never in a panic.
#[test]
fn mutilated_configs() {
    let config =
        b"%YAML 1.1\n---\na: &x !!str 'b'\nc: [*x, {d: \"\\u00e9\", ? e : f}]\ng: |2-\n  h\n<<: {i: >\n   j}\n...\n";
    for at in 0..config.len() {
        let _ = load("f", &config[..at]);
        for byte in [b'\n', b'\t', b' ', b':', b'-', b'[', b'}', b'"', b'&', b'*', b'!', b'%', b'|', b'?', 0xC3, 0] {
            let mut changed = config.to_vec();
            changed[at] = byte;
            let _ = load("f", &changed);
            changed.insert(at, byte);
            let _ = load("f", &changed);
        }
    }
}
