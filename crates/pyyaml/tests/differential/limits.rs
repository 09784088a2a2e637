//! The named limits of the crate's documentation, with examples.

/// A text PyYAML reads and we refuse.
pub(crate) struct Limit {
    /// Its name in the crate's documentation.
    pub(crate) name: &'static str,
    /// A document.
    pub(crate) example: &'static [u8],
    /// Words of our finding.
    pub(crate) words: &'static str,
}

const fn limit(name: &'static str, example: &'static [u8], words: &'static str) -> Limit {
    Limit { name, example, words }
}

/// More than 4,300 decimal digits.
const HUGE: [u8; 3602] = {
    let mut text = [b'f'; 3602];
    (text[0], text[1]) = (b'0', b'x');
    text
};

/// 65 lists.
const DEEP: [u8; 130] = {
    let mut text = [b'['; 130];
    let mut at = 65;
    while at < text.len() {
        text[at] = b']';
        at += 1;
    }
    text
};

pub(crate) const LIMITS: &[Limit] = &[
    limit("shallow lines", b"a: [\nb\n]", "invalid indentation"),
    limit("shallow lines", b"k:\n  a: {b: c,\n  d: e}", "invalid indentation in flow construct"),
    limit("shallow lines", b"a: \"x\ny\"", "invalid indentation in quoted scalar"),
    limit("shallow lines", b"- a:\n    b: \"x\n  \ty\"", "a tab stands"),
    limit("tight colon", b"{a:[]}", "may not precede"),
    limit("lone dash", b"[-]", "cannot start with '-'"),
    limit("empty question mark", b"- ?", "expected whitespace"),
    limit("empty question mark", b"[? ]", "expected ',' or ']'"),
    limit("empty question mark", b"[?a]", "question mark"),
    limit("tight comment", b"\"a\"#b", "comments must be separated"),
    limit("tight anchor", b"&a: b", "an anchor or alias has a name"),
    limit("tight anchor", b"- &a x\n- *a: y", "found unknown anchor"),
    limit("odd block text", b">\n# c", "the lines of a block text"),
    limit("odd block text", b"a: |\n    \n  # c\n", "wrongly indented line in block scalar"),
    limit("odd block text", b"a:\n>\n\n", "simple key expect"),
    limit("invisible characters", "a\u{2028}b".as_bytes(), "U+2028"),
    limit("invisible characters", "a: 'b\u{2029}'".as_bytes(), "U+2029"),
    limit("invisible characters", "a: b\u{FEFF}".as_bytes(), "U+FEFF"),
    limit("lone surrogates", b"\"\\ud83d\"", "invalid Unicode character"),
    limit("self-containing anchors", b"&a [*a]", "alias to itself"),
    limit("foreign digits", "!!int \"\u{FF11}\"".as_bytes(), "not a valid integer"),
    limit("huge integers", &HUGE, "not a valid integer"),
    limit("budgets", &DEEP, "nested deeper"),
];
