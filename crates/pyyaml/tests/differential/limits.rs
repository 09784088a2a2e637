//! The named limits of the crate's documentation, with examples.

/// A text PyYAML reads and we refuse.
pub(crate) struct Limit {
    /// Its name in the crate's documentation.
    pub(crate) name: &'static str,
    /// A document.
    pub(crate) example: &'static [u8],
    /// Words of our finding.
    pub(crate) words: &'static str,
    /// Whether we read no further, so that PyYAML may find an error behind it.
    pub(crate) stops: bool,
}

const fn limit(name: &'static str, example: &'static [u8], words: &'static str) -> Limit {
    Limit { name, example, words, stops: false }
}

const fn stop(name: &'static str, example: &'static [u8], words: &'static str) -> Limit {
    Limit { name, example, words, stops: true }
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
    stop("lone surrogates", b"\"\\ud83d\"", "half a character"),
    stop("self-containing anchors", b"&a [*a]", "alias to itself"),
    limit("huge integers", &HUGE, "not a valid integer"),
    stop("budgets", &DEEP, "nested deeper"),
];
