//! YAML exactly as PyYAML 6's `safe_load` reads it, with a position for every value. LiteLLM reads its config with that
//! loader, and no YAML crate agrees with it: `010` is eight, `yes` is true, `1e3` is a text, `12:30` is a number.
//!
//! ```text
//! bytes --source--> text --saphyr-parser--> events --gate, compose--> graph --construct--> Document
//! ```
//!
//! `source` is PyYAML's reader, `resolve` its implicit resolvers, `compose` its composer and `construct` its safe
//! constructor. The parser speaks YAML 1.2; `gate` refuses what PyYAML's scanner would refuse. Whatever this crate
//! accepts has the value PyYAML gives it; `tests/differential.rs` asks PyYAML.
//!
//! # Named limits
//!
//! Texts that PyYAML reads and this crate refuses, each with a position and a hint. The test asserts exactly this list.
//!
//! * **shallow lines**: lines inside brackets or quotes that stand no deeper than the key they belong to.
//! * **tight colon**: `{a:[]}`, without a blank between the colon and the bracket.
//! * **lone dash**: `[-]`, a dash directly before a comma or bracket.
//! * **empty question mark**: `?` with nothing behind it at the end of the file or between brackets, and `[?a]`.
//! * **tight comment**: `"a"#b`, a comment directly behind a quote.
//! * **tight anchor**: `&a: b` and `*a: b`, an anchor or alias directly before a colon.
//! * **odd block text**: an empty block text with its `|` or `>` at the left edge on a line of its own, with a comment
//!   at the left edge below it, or with a first blank line that is longer than the indentation of the comment below.
//! * **invisible characters**: U+2028, U+2029, and U+FEFF anywhere but at the start.
//! * **lone surrogates**: `"\ud83d"`, half a character. Python can hold it; no text in Rust, JSON or HTTP can.
//! * **self-containing anchors**: `&a [*a]`.
//! * **foreign digits**: digits of other scripts behind `!!int` or `!!float`.
//! * **huge integers**: more than 4,300 digits. PyYAML refuses decimal ones too, but reads hexadecimal ones.
//! * **budgets**: [`MAX_BYTES`], [`MAX_EVENTS`], [`MAX_DEPTH`], [`MAX_ALIAS_NODES`], [`MAX_SCALAR`].

mod binary;
mod compose;
mod construct;
mod gate;
mod graph;
mod json;
mod node;
mod number;
mod problem;
mod resolve;
mod source;
mod time;

use model::Finding;

pub use node::{Entry, Node, Position, Value};

/// The largest file that is read, in bytes.
pub const MAX_BYTES: usize = 8 * 1024 * 1024;
/// The most parser events (values, starts and ends) a document may have.
pub const MAX_EVENTS: usize = 1_000_000;
/// How deep collections may nest, aliases expanded.
pub const MAX_DEPTH: usize = 64;
/// The most nodes that aliases and merges may expand to, in total. A long text counts for several.
pub const MAX_ALIAS_NODES: usize = 50_000;
/// The longest single text, in bytes.
pub const MAX_SCALAR: usize = 1024 * 1024;
/// The longest key without a `?` before it, in characters: PyYAML's own limit.
const MAX_KEY: usize = 1024;

/// What was read.
#[derive(Clone, Debug, PartialEq)]
#[must_use = "a document without a root says why in its findings"]
pub struct Document {
    /// The value; `None` for an empty file (no finding then) and for a refused one (an error finding says why).
    pub root: Option<Node>,
    /// What a person has to know: the reason of a refusal, keys that stand twice.
    pub findings: Vec<Finding>,
}

/// Reads one document. Never panics. `file` is only used as a name in origins.
pub fn load(file: &str, bytes: &[u8]) -> Document {
    match read(bytes) {
        Ok(constructed) => Document {
            root: constructed.root,
            findings: constructed.problems.iter().map(|(problem, at)| problem.finding(file, *at)).collect(),
        },
        Err((problem, at)) => Document { root: None, findings: vec![problem.finding(file, at)] },
    }
}

fn read(bytes: &[u8]) -> Result<construct::Constructed, compose::Refusal> {
    let text = source::decode(bytes)?;
    let compose::Composed { graph, root } = compose::compose(&text)?;
    Ok(match root {
        Some(root) => construct::construct(graph, root),
        None => construct::Constructed { root: None, problems: Vec::new() },
    })
}
