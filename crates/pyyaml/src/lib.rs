//! YAML exactly as PyYAML 6's `safe_load` reads it, with a position for every value. LiteLLM reads its config with that
//! loader, and no YAML crate agrees with it: `010` is eight, `yes` is true, `1e3` is a text, `12:30` is a number.
//!
//! ```text
//! bytes --source--> text --scanner--> tokens --parser--> events --compose--> graph --construct--> Document
//! ```
//!
//! Each step is PyYAML's own, rule by rule: reader, scanner, parser, composer, resolver (`resolve`), safe constructor.
//! What PyYAML reads has the same value and the same places here; what it refuses is refused at the same place.
//! `tests/differential.rs` asks PyYAML.
//!
//! # Named limits
//!
//! Texts that PyYAML reads and this crate refuses, each with a position and a hint. The test asserts exactly this list.
//!
//! * **lone surrogates**: `"\ud83d"`, half a character. Python can hold it, and LiteLLM starts with it; no text in Rust,
//!   JSON or HTTP can hold it.
//! * **self-containing anchors**: `&a [*a]`. Python builds a list that contains itself; a tree cannot.
//! * **huge integers**: more than 4,300 digits. PyYAML refuses decimal ones too, but reads hexadecimal ones.
//! * **budgets**: [`MAX_BYTES`], [`MAX_EVENTS`], [`MAX_DEPTH`], [`MAX_ALIAS_NODES`], [`MAX_SCALAR`]. LiteLLM has none;
//!   nobody writes a config by hand that comes near them.

mod binary;
mod compose;
mod construct;
mod graph;
mod json;
mod node;
mod number;
mod parser;
mod problem;
mod resolve;
mod scanner;
mod script;
mod source;
mod syntax;
mod time;

use model::Finding;

pub use node::{Entry, Node, Position, Value};

/// The largest file that is read, in bytes.
pub const MAX_BYTES: usize = 8 * 1024 * 1024;
/// The most parser events (values, starts and ends) a document may have.
pub const MAX_EVENTS: usize = 1_000_000;
/// How deep collections may nest, aliases expanded.
pub const MAX_DEPTH: usize = 64;
/// The most nodes that aliases and merges may expand to, in total. A long text counts for several, a merged pair for
/// three: 8,000 deployments that each merge ten defaults are fine.
pub const MAX_ALIAS_NODES: usize = 250_000;
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

fn read(bytes: &[u8]) -> Result<construct::Constructed, problem::Refusal> {
    let text = source::decode(bytes)?;
    let compose::Composed { graph, root } = compose::compose(&text)?;
    Ok(match root {
        Some(root) => construct::construct(graph, root),
        None => construct::Constructed { root: None, problems: Vec::new() },
    })
}
