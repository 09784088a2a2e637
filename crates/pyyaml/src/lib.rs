//! YAML exactly as PyYAML's safe loader reads it, with a position for every value.

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
/// The most nodes that aliases and merges may expand to, in total.
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
