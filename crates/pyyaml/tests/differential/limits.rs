//! The named limits of the crate's documentation, with examples.

/// A text PyYAML reads and we refuse.
pub(crate) struct Limit {
    /// Its name in the crate's documentation.
    pub(crate) name: &'static str,
    /// A document.
    pub(crate) example: &'static [u8],
    /// Words of our finding.
    pub(crate) words: &'static str,
    /// What shows in PyYAML's answer that it is this limit.
    pub(crate) proof: &'static str,
    /// Whether we read no further, so that PyYAML may find an error behind it.
    pub(crate) stops: bool,
}

const fn limit(name: &'static str, example: &'static [u8], words: &'static str, proof: &'static str) -> Limit {
    Limit { name, example, words, proof, stops: false }
}

const fn stop(name: &'static str, example: &'static [u8], words: &'static str, proof: &'static str) -> Limit {
    Limit { name, example, words, proof, stops: true }
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
    stop("lone surrogates", b"\"\\ud83d\"", "half a character", "lone surrogate"),
    stop("self-containing anchors", b"&a [*a]", "alias to itself", "recursive"),
    limit("huge integers", &HUGE, "not a valid integer", "\"huge\""),
    stop("budgets", &DEEP, "nested deeper", ""),
];
