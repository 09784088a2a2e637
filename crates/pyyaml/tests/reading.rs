//! What a config becomes: the table the crate exists for, positions, merges, duplicate keys, JSON.

use pyyaml::{Node, Value, load};

#[track_caller]
fn root(text: &str) -> Node {
    let document = load("config.yaml", text.as_bytes());
    assert!(document.findings.is_empty(), "for {text:?}: {:?}", document.findings);
    document.root.unwrap_or_else(|| panic!("a value for {text:?}"))
}

/// The findings of a document, one line each, without hints.
fn findings(text: &str) -> String {
    let lines = load("config.yaml", text.as_bytes()).findings.into_iter().map(|mut finding| {
        assert!(!finding.hints.is_empty(), "a hint for {text:?}");
        finding.hints.clear();
        format!("{finding}\n")
    });
    lines.collect()
}

#[track_caller]
fn check(text: &str, expected: &Value) {
    assert_eq!(&root(text).value, expected, "for {text:?}");
}

/// `reference/anchors.md` 5.2: what PyYAML 6.0.3 makes of these in a real LiteLLM, and no YAML crate does.
#[test]
fn resolves_as_the_running_proxy_does() {
    check("yes", &Value::Bool(true));
    check("on", &Value::Bool(true));
    check("Off", &Value::Bool(false));
    check("y", &Value::Text("y".into()));
    check("010", &Value::Int("8".into()));
    check("0o10", &Value::Text("0o10".into()));
    check("1_000", &Value::Int("1000".into()));
    check("12:30:45", &Value::Int("45045".into()));
    check("2024-01-01", &Value::Date("2024-01-01".into()));
    check("2024-12-01-preview", &Value::Text("2024-12-01-preview".into()));
    check("1e3", &Value::Text("1e3".into()));
    check("1.5e+3", &Value::Float(1500.0));
    check("0x1F", &Value::Int("31".into()));
    check("-.inf", &Value::Float(f64::NEG_INFINITY));
    check("2001-12-14t21:59:43.10-05:00", &Value::Timestamp("2001-12-14T21:59:43.100000-05:00".into()));
    check("99999999999999999999999", &Value::Int("99999999999999999999999".into()));
    check("~", &Value::Null);
    check("\"010\"", &Value::Text("010".into()));
    check("!!binary aGk=", &Value::Binary(b"hi".to_vec()));
}

#[test]
fn an_empty_file_is_no_document() {
    for text in ["", "\n\n", "# only a comment\n", "\u{FEFF}"] {
        let document = load("config.yaml", text.as_bytes());
        assert_eq!((document.root, document.findings), (None, Vec::new()), "for {text:?}");
    }
    check("---", &Value::Null);
}

#[track_caller]
fn place(text: &str, keys: &[&str], expected: (u32, u32)) {
    let root = root(text);
    let mut node = &root;
    for key in keys {
        node = match key.parse::<usize>() {
            Ok(index) => &node.items()[index],
            Err(_) => node.get(key).unwrap_or_else(|| panic!("{key} in {text:?}")),
        };
    }
    assert_eq!((node.at.line, node.at.column), expected, "{keys:?} in {text:?}");
}

#[test]
fn every_value_has_its_place() {
    let text = "a: 1\nb:\n  - x\n  - {c: é, d: y}\ne: &z\n  f: \"q\"\ng: *z\nh: |\n  text\n";
    place(text, &["a"], (1, 4));
    place(text, &["b"], (3, 3));
    place(text, &["b", "0"], (3, 5));
    place(text, &["e"], (5, 4));
    place(text, &["b", "1", "c"], (4, 9));
    place(text, &["b", "1", "d"], (4, 15));
    place(text, &["e", "f"], (6, 6));
    place(text, &["g", "f"], (6, 6));
    place(text, &["h"], (8, 4));
    place("\u{FEFF}a: 1\r\nb: 2\r\n", &["a"], (1, 4));
    place("\u{FEFF}a: 1\r\nb: 2\r\n", &["b"], (2, 4));
}

/// The entries of `m`, in order.
#[track_caller]
fn merged(mapping: &str, expected: &str) {
    let root = root(&format!("x: &x {{a: 1, b: 2}}\ny: &y {{b: 3, c: 4}}\nm: {mapping}\n"));
    let entries = root.get("m").map(Node::entries).unwrap_or_default();
    let shown: Vec<String> =
        entries.iter().map(|entry| format!("{}={}", entry.key.to_json(), entry.value.to_json())).collect();
    assert_eq!(shown.join(" ").replace('"', ""), expected, "for {mapping}");
}

#[test]
fn merges_and_keeps_the_order_of_a_dict() {
    merged("{d: 5, <<: *x}", "a=1 b=2 d=5");
    merged("{b: 9, <<: *x}", "a=1 b=9");
    merged("{<<: [*x, *y]}", "b=2 c=4 a=1");
    merged("{<<: *x, <<: *y}", "a=1 b=3 c=4");
    merged("{<<: {<<: *x, b: 8}, c: 7}", "a=1 b=8 c=7");
}

#[test]
fn a_repeated_key_is_reported_with_both_places() {
    insta::assert_snapshot!(findings("a: 1\nb: 2\na: sk-secret\n"), @"warning[pyyaml.duplicate_key]: config.yaml:3:1: the key a stands here again; the first is at line 1, column 1. PyYAML keeps the last value");
    assert_eq!(
        load("f", b"a: 1\nb: 2\na: 3\n").root.map(|root| root.to_json().to_string()).as_deref(),
        Some(r#"{"a":3,"b":2}"#)
    );
    insta::assert_snapshot!(findings("{1: a, true: b}"), @"warning[pyyaml.duplicate_key]: config.yaml:1:8: the key True stands here again; the first is at line 1, column 2. PyYAML keeps the last value");
    assert_eq!(findings("x: &x {a: 1, a: 2}\ny: *x\nz: {<<: *x}\n").lines().count(), 1, "once, not for each alias");
}

#[test]
fn refuses_what_pyyaml_refuses_and_says_where() {
    let texts = [
        "a: 2024-13-45",
        "a: !!python/object/apply:os.system [id]\nb: !foo x",
        "a: 1\n---\nb: 2",
        "[a]: b",
        "<<: 1",
        "a: <<",
        "a:\n\tb: 1",
        "a: b: sk-secret",
        "a: @sk-secret",
        "a: *nowhere",
        "a: &x 1\nb: &x 2",
        "a: !!int sk-secret",
        "a: \"sk-secret",
        "a\0",
        "<!DOCTYPE html>\n<html>\n<a href=\"x: y\">: sk-secret: z</a>",
    ];
    let shown: String = texts.iter().map(|text| findings(text)).collect();
    insta::assert_snapshot!(shown, @r"
    error[pyyaml.value]: config.yaml:1:4: this is not a valid date or time
    error[pyyaml.tag]: config.yaml:1:4: this tag names a type the safe loader does not construct
    error[pyyaml.tag]: config.yaml:2:4: this tag names a type the safe loader does not construct
    error[pyyaml.documents]: config.yaml:2:1: a second document starts here; PyYAML reads files with one document only
    error[pyyaml.key]: config.yaml:1:1: a list cannot be the key of a mapping
    error[pyyaml.key]: config.yaml:1:5: `<<` can only merge a mapping or a list of mappings
    error[pyyaml.tag]: config.yaml:1:4: `<<` cannot be a value here; PyYAML refuses it
    error[pyyaml.syntax]: config.yaml:2:1: a tab stands where YAML expects spaces
    error[pyyaml.syntax]: config.yaml:1:5: a mapping value cannot start here
    error[pyyaml.syntax]: config.yaml:1:4: a plain value cannot start with this character
    error[pyyaml.syntax]: config.yaml:1:4: this alias has no anchor before it
    error[pyyaml.syntax]: config.yaml:2:4: an anchor of this name was defined before
    error[pyyaml.value]: config.yaml:1:4: this is not a valid integer
    error[pyyaml.syntax]: config.yaml:1:14: the quote that opens at line 1, column 4 is never closed
    error[pyyaml.encoding]: config.yaml:1:2: the character U+0000 may not stand in YAML
    error[pyyaml.syntax]: config.yaml:3:11: this is a web page, not YAML
    ");
    for text in texts {
        assert!(load("config.yaml", text.as_bytes()).root.is_none(), "no root for {text:?}");
        assert!(!findings(text).contains("sk-"), "no value in the words for {text:?}");
    }
}

/// One text for each thing the grammar refuses.
#[test]
fn says_what_the_grammar_wants() {
    let texts = [
        "a: 1\nb\nc: 2",
        "a: - b",
        "a: ? b",
        "a: 'b\n--- c'",
        "a: \"\\q\"",
        "a: \"\\ud83d\"",
        "a: |x\n b",
        "a: |\t\n b",
        "a: *é",
        "a: !<b c",
        "a: !e!b c",
        "%YAML 2.0\n---\na",
        "[a]\nb",
        "a: ]",
        "- a\nb: c",
        "a:\n  b: 1\n c: 2",
        "a: {{ b }}: c",
        "a: [b\nc: d",
        "a: {b: c d: e",
    ];
    let shown: String = texts.iter().map(|text| findings(text)).collect();
    insta::assert_snapshot!(shown, @r"
    error[pyyaml.syntax]: config.yaml:3:1: a key is expected at line 2, column 1, but no colon follows on that line
    error[pyyaml.syntax]: config.yaml:1:4: a list entry cannot start here
    error[pyyaml.syntax]: config.yaml:1:4: a key cannot start here
    error[pyyaml.syntax]: config.yaml:2:1: a line `---` or `...` stands between quotes
    error[pyyaml.syntax]: config.yaml:1:6: this escape means nothing to YAML
    error[pyyaml.syntax]: config.yaml:1:7: this escape is half a character; no text can hold it
    error[pyyaml.syntax]: config.yaml:1:5: behind `|` or `>` only a sign, a digit from 1 to 9 and a comment can stand
    error[pyyaml.syntax]: config.yaml:1:5: a tab stands where YAML expects spaces
    error[pyyaml.syntax]: config.yaml:1:5: an anchor or alias has a name PyYAML does not read
    error[pyyaml.syntax]: config.yaml:1:7: a tag has a form PyYAML does not read
    error[pyyaml.syntax]: config.yaml:1:4: the handle of this tag stands for nothing
    error[pyyaml.syntax]: config.yaml:1:1: a % line asks for something PyYAML does not read
    error[pyyaml.syntax]: config.yaml:2:1: the document ended before this; only `---` can start another one
    error[pyyaml.syntax]: config.yaml:1:4: a value is expected here
    error[pyyaml.syntax]: config.yaml:2:1: this does not belong to the list that starts at line 1, column 1
    error[pyyaml.syntax]: config.yaml:3:2: this does not belong to the mapping that starts at line 1, column 1
    error[pyyaml.syntax]: config.yaml:1:11: a mapping value cannot start here
    error[pyyaml.syntax]: config.yaml:2:2: `,` or `]` is expected here; the bracket opens at line 1, column 4
    error[pyyaml.syntax]: config.yaml:1:11: `,` or `}` is expected here; the brace opens at line 1, column 4
    ");
}

#[test]
fn shows_json_as_python_does() {
    let text = "{1: 99999999999999999999, false: 1.0e+22, ~: 2024-01-01, 2.50: 2001-01-01 10:00:00, a: .inf, b: 1.0e-7, \
                c: !!pairs [x: 1], d: !!set {e}, f: !!binary aGk=}";
    let expected = r#"{"1": 99999999999999999999, "False": 1e+22, "None": "2024-01-01", "2.5": "2001-01-01 10:00:00", "a": "inf",
        "b": 1e-07, "c": [["x", 1]], "d": ["e"], "f": "b'hi'"}"#;
    let expected: serde_json::Value = serde_json::from_str(expected).unwrap();
    assert_eq!(root(text).to_json(), expected);
}
