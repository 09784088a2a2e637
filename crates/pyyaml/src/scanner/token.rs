//! What the scanner cuts a text into.

use std::borrow::Cow;

use crate::Position;

/// A token and the place it takes up.
#[derive(Debug)]
pub(crate) struct Token<'t> {
    pub(crate) kind: Kind<'t>,
    pub(crate) start: Position,
    pub(crate) end: Position,
}

#[derive(Debug)]
pub(crate) enum Kind<'t> {
    StreamEnd,
    Directive(Directive<'t>),
    DocumentStart,
    DocumentEnd,
    BlockSequenceStart,
    BlockMappingStart,
    BlockEnd,
    FlowSequenceStart,
    FlowSequenceEnd,
    FlowMappingStart,
    FlowMappingEnd,
    BlockEntry,
    FlowEntry,
    Key,
    Value,
    Alias(&'t str),
    Anchor(&'t str),
    /// `!handle!suffix`; without a handle for `!<suffix>` and for a `!` alone.
    Tag {
        handle: Option<&'t str>,
        suffix: String,
    },
    Scalar {
        text: Cow<'t, str>,
        plain: bool,
    },
}

/// A `%` line.
#[derive(Debug)]
pub(crate) enum Directive<'t> {
    /// `%YAML`, and whether it asks for a version 1.
    Yaml { known: bool },
    /// `%TAG handle prefix`
    Tag { handle: &'t str, prefix: String },
    /// Anything else means nothing.
    Other,
}
