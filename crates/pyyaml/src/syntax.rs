//! The errors of the grammar, in words, and what to do about each.

use crate::Position;

/// What PyYAML's scanner, parser or composer refuses. The place of the error is PyYAML's; where that is far behind the
/// cause, the words name the place of the cause too.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum Syntax {
    #[error("this is a web page, not YAML")]
    WebPage,
    #[error("a plain value cannot start with this character")]
    Start,
    #[error("a key is expected at line {}, column {}, but no colon follows on that line", .0.line, .0.column)]
    NoColon(Position),
    #[error("a list entry cannot start here")]
    EntryPlace,
    #[error("a key cannot start here")]
    KeyPlace,
    #[error("a mapping value cannot start here")]
    ValuePlace,
    #[error("the quote that opens at line {}, column {} is never closed", .0.line, .0.column)]
    OpenQuote(Position),
    #[error("a line `---` or `...` stands between quotes")]
    QuotedMarker,
    #[error("this escape means nothing to YAML")]
    Escape,
    #[error("this escape is half a character; no text can hold it")]
    Surrogate,
    #[error("behind `|` or `>` only a sign, a digit from 1 to 9 and a comment can stand")]
    BlockHeader,
    #[error("an anchor or alias has a name PyYAML does not read")]
    AnchorName,
    #[error("a tag has a form PyYAML does not read")]
    Tag,
    #[error("the handle of this tag stands for nothing")]
    TagHandle,
    #[error("a % line asks for something PyYAML does not read")]
    Directive,
    #[error("the document ended before this; only `---` can start another one")]
    DocumentStart,
    #[error("a value is expected here")]
    Node,
    #[error("this does not belong to the list that starts at line {}, column {}", .0.line, .0.column)]
    BlockSequence(Position),
    #[error("this does not belong to the mapping that starts at line {}, column {}", .0.line, .0.column)]
    BlockMapping(Position),
    #[error("`,` or `]` is expected here; the bracket opens at line {}, column {}", .0.line, .0.column)]
    FlowSequence(Position),
    #[error("`,` or `}}` is expected here; the brace opens at line {}, column {}", .0.line, .0.column)]
    FlowMapping(Position),
    #[error("this alias has no anchor before it")]
    Alias,
    #[error("an anchor of this name was defined before")]
    Anchor,
}

impl Syntax {
    pub(crate) fn hint(self) -> &'static str {
        match self {
            Self::WebPage => "download the raw file, not the page that shows it",
            Self::Start | Self::Node => "put the value in quotes, or write the value that is missing",
            Self::NoColon(_) => {
                "write the colon and a blank behind it, or indent the line if it continues the one above"
            }
            Self::EntryPlace | Self::KeyPlace => "start it on a line of its own, or put the value in quotes",
            Self::ValuePlace => "a text with `: ` in it needs quotes; otherwise check the indentation of this line",
            Self::OpenQuote(_) => "close the quote; in single quotes write '' for an apostrophe",
            Self::QuotedMarker => "close the quote before this line, or indent the line",
            Self::Escape => "in double quotes write \\\\ for a backslash, or use single quotes",
            Self::Surrogate => "write the character itself instead of \\uD83D\\uDE00",
            Self::BlockHeader => "start the text on the next line",
            Self::AnchorName | Self::Alias | Self::Anchor => {
                "an alias `*name` needs one anchor `&name` before it; names have letters, digits, - and _ only"
            }
            Self::Tag | Self::TagHandle => "remove the tag, or put the value in quotes if it starts with `!`",
            Self::Directive => "delete the line; LiteLLM needs none",
            Self::DocumentStart | Self::BlockSequence(_) | Self::BlockMapping(_) => {
                "check the indentation, quotes and colons of this line and the one before"
            }
            Self::FlowSequence(_) | Self::FlowMapping(_) => "check for a missing comma, bracket or quote",
        }
    }
}
