//! Everything a document can be refused for, in words.

use model::{Code, Finding, Origin};

use crate::Position;
use crate::syntax::Syntax;

/// Why a document cannot be read any further, and where.
pub(crate) type Refusal = (Problem, Position);

/// Why a document, or a part of it, is refused; or, for a repeated key, what is odd about it.
/// The words name a repeated key and nothing else of the input: a value may be a secret.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum Problem {
    #[error(transparent)]
    Syntax(#[from] Syntax),
    #[error("a tab stands where YAML expects spaces")]
    Tab,
    #[error("the text is not valid {0}")]
    Encoding(&'static str),
    #[error("the character U+{0:04X} may not stand in YAML")]
    Character(u32),
    #[error(
        "the key {key} stands here again; the first is at line {line}, column {column}. PyYAML keeps the last value"
    )]
    DuplicateKey { key: String, line: u32, column: u32 },
    #[error("this tag names a type the safe loader does not construct")]
    Tag,
    #[error("{0} cannot be a value here; PyYAML refuses it")]
    Indicator(&'static str),
    #[error("the tag asks for {wanted}, but this is {found}")]
    Kind { wanted: &'static str, found: &'static str },
    #[error("this is not a valid {0}")]
    Value(&'static str),
    #[error("a {0} cannot be the key of a mapping")]
    Key(&'static str),
    #[error("`<<` can only merge a mapping or a list of mappings")]
    Merge,
    #[error("the aliases of this file expand to more than {} values", crate::MAX_ALIAS_NODES)]
    AliasBudget,
    #[error("this anchor contains an alias to itself")]
    Recursive,
    #[error("values are nested deeper than {} levels", crate::MAX_DEPTH)]
    Depth,
    #[error("the file is larger than 8 MiB")]
    FileSize,
    #[error("the file has more than {} values", crate::MAX_EVENTS)]
    Events,
    #[error("this text is longer than 1 MiB")]
    ScalarSize,
    #[error("a second document starts here; PyYAML reads files with one document only")]
    Documents,
}

impl Problem {
    /// The finding, at a place in a file.
    pub(crate) fn finding(&self, file: &str, at: Position) -> Finding {
        let origin = Origin::file(file, at.line, at.column);
        let finding = match self {
            Self::DuplicateKey { .. } => Finding::warning(self.code(), file, self.to_string()),
            _ => Finding::error(self.code(), file, self.to_string()),
        };
        finding.at(origin).hint(self.hint())
    }

    fn code(&self) -> Code {
        Code::new(match self {
            Self::Syntax(_) | Self::Tab => "pyyaml.syntax",
            Self::Encoding(_) | Self::Character(_) => "pyyaml.encoding",
            Self::DuplicateKey { .. } => "pyyaml.duplicate_key",
            Self::Tag | Self::Indicator(_) | Self::Kind { .. } => "pyyaml.tag",
            Self::Value(_) => "pyyaml.value",
            Self::Key(_) | Self::Merge => "pyyaml.key",
            Self::AliasBudget | Self::Recursive => "pyyaml.alias_budget",
            Self::Depth => "pyyaml.depth",
            Self::FileSize | Self::Events | Self::ScalarSize => "pyyaml.too_large",
            Self::Documents => "pyyaml.documents",
        })
    }

    fn hint(&self) -> &'static str {
        match self {
            Self::Syntax(syntax) => syntax.hint(),
            Self::Tab => "YAML indents with spaces; replace the tab",
            Self::Encoding(_) => "save the file as UTF-8 text",
            Self::Character(0) => "this is a binary file or UTF-16 without a byte order mark; save it as UTF-8 text",
            Self::Character(_) => "remove the character, or write it as an escape in double quotes",
            Self::DuplicateKey { .. } => "delete one of the two; LiteLLM uses the last",
            Self::Tag => "remove the tag; LiteLLM does not start with it either",
            Self::Indicator(_) => "put it in quotes if a text is meant",
            Self::Kind { .. } => "remove the tag, or write the value the tag asks for",
            Self::Value(_) => "correct it, or put it in quotes if a text is meant",
            Self::Key(_) => "use a plain text as the key",
            Self::Merge => "write `<<: *anchor` or `<<: [*one, *two]` with anchors of mappings",
            Self::AliasBudget => "write out or remove the nested aliases",
            Self::Recursive => "remove the alias; a value cannot contain itself",
            Self::Depth => "flatten the file; no LiteLLM config is nested this deep",
            Self::FileSize | Self::Events => "check that this is the config file; move parts out with `include:`",
            Self::ScalarSize => "check that a quote is not left open; keep long texts in their own file",
            Self::Documents => "keep one document: delete the `---` line and what does not belong",
        }
    }
}
