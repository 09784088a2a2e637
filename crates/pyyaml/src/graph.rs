//! The document between reading and constructing: nodes by number, so that aliases are numbers too.

use std::borrow::Cow;

use crate::Position;
use crate::resolve::Tag;

/// The number of a node in its graph.
pub(crate) type Id = usize;

/// Everything composed so far.
#[derive(Debug, Default)]
pub(crate) struct Graph<'t> {
    nodes: Vec<Raw<'t>>,
}

/// A node as composed: its type is settled, its value is not constructed yet.
#[derive(Debug)]
pub(crate) struct Raw<'t> {
    pub(crate) tag: Tag,
    pub(crate) content: Content<'t>,
    pub(crate) at: Position,
    /// Whether a value was made of it before: from then on each further use costs alias budget.
    pub(crate) built: bool,
    /// Whether its `<<` keys were replaced by what they merge; the first `merged` pairs are those.
    pub(crate) flat: bool,
    pub(crate) merged: usize,
}

#[derive(Debug)]
pub(crate) enum Content<'t> {
    Scalar(Cow<'t, str>),
    Sequence(Vec<Id>),
    Mapping(Vec<(Id, Id)>),
}

impl Content<'_> {
    /// What PyYAML calls it.
    pub(crate) fn name(&self) -> &'static str {
        match self {
            Self::Scalar(_) => "a single value",
            Self::Sequence(_) => "a list",
            Self::Mapping(_) => "a mapping",
        }
    }
}

/// About how many bytes of text there are to a node. Growing moves everything, and there may be a hundred thousand.
const BYTES_PER_NODE: usize = 24;

impl<'t> Graph<'t> {
    /// None, with room for those of a text.
    pub(crate) fn for_text(text: &str) -> Self {
        Self { nodes: Vec::with_capacity(text.len() / BYTES_PER_NODE) }
    }

    pub(crate) fn add(&mut self, tag: Tag, content: Content<'t>, at: Position) -> Id {
        self.nodes.push(Raw { tag, content, at, built: false, flat: false, merged: 0 });
        self.nodes.len() - 1
    }

    pub(crate) fn node(&self, id: Id) -> &Raw<'t> {
        &self.nodes[id]
    }

    pub(crate) fn node_mut(&mut self, id: Id) -> &mut Raw<'t> {
        &mut self.nodes[id]
    }
}
