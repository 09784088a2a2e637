//! Which columns a table has, in which order, of which type: from the dump itself, or as recorded.

use std::collections::BTreeMap;
use std::sync::LazyLock;

/// What a column holds, as far as reading its text goes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Type {
    /// Text, and everything that is shown as text.
    Text,
    /// Any number.
    Number,
    /// A boolean.
    Bool,
    /// `json` or `jsonb`.
    Json,
    /// A point in time.
    Timestamp,
    /// An array of text.
    Texts,
    /// An array of numbers.
    Numbers,
    /// A column nobody told about.
    Unknown,
}

impl Type {
    /// From the words after a column's name in `CREATE TABLE`.
    pub(crate) fn from_sql(sql: &str) -> Self {
        let lower = sql.to_ascii_lowercase();
        let bare = lower.trim_start().trim_start_matches("pg_catalog.");
        let starts = |words: &[&str]| words.iter().any(|word| bare.starts_with(word));
        let number = starts(&["int", "bigint", "smallint", "double", "real", "float", "numeric", "decimal", "serial"])
            || starts(&["bigserial", "smallserial"]);
        // A default may hold brackets too: `text[] DEFAULT ARRAY[]::text[]`.
        let declared = bare.split(" default ").next().unwrap_or(bare);
        match (declared.contains("[]"), number) {
            (true, true) => Self::Numbers,
            (true, false) => Self::Texts,
            (false, true) => Self::Number,
            (false, false) if starts(&["json"]) => Self::Json,
            (false, false) if starts(&["bool"]) => Self::Bool,
            (false, false) if starts(&["timestamp"]) => Self::Timestamp,
            (false, false) => Self::Text,
        }
    }

    /// The type of the elements of an array.
    pub(crate) fn element(self) -> Option<Self> {
        match self {
            Self::Texts | Self::Unknown => Some(Self::Text),
            Self::Numbers => Some(Self::Number),
            _ => None,
        }
    }

    fn from_letter(letter: &str) -> Self {
        match letter {
            "a" => Self::Texts,
            "b" => Self::Bool,
            "j" => Self::Json,
            "n" => Self::Number,
            "t" => Self::Timestamp,
            _ => Self::Text,
        }
    }
}

/// A column.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Column {
    pub(crate) name: String,
    pub(crate) kind: Type,
}

/// The columns of a table as recorded, oldest first.
#[derive(Clone, Debug)]
pub(crate) struct Recorded {
    /// How many of them 1.101.6 has.
    fewest: usize,
    /// All that 1.108.7 has.
    columns: Vec<Column>,
}

impl Recorded {
    /// The columns of a database whose table has `count` of them. LiteLLM's migrations append columns and never
    /// move one, so every release between the two recorded ones has a prefix of the later list.
    pub(crate) fn of_width(&self, count: usize) -> Option<&[Column]> {
        (count >= self.fewest).then(|| self.columns.get(..count)).flatten()
    }

    /// The type of a column.
    pub(crate) fn kind(&self, name: &str) -> Option<Type> {
        self.columns.iter().find(|column| column.name == name).map(|column| column.kind)
    }

    /// Every column of that type.
    pub(crate) fn of_kind(&self, kind: Type) -> impl Iterator<Item = &str> {
        self.columns.iter().filter(move |column| column.kind == kind).map(|column| column.name.as_str())
    }
}

/// What was recorded of a table.
pub(crate) fn recorded(table: &str) -> Option<&'static Recorded> {
    RECORDED.get(table.strip_prefix("LiteLLM_")?)
}

/// From `pg_dump --schema-only` of databases grown by the migrations of 1.101.6 and 1.108.7. One table a line;
/// `:j` JSON, `:n` number, `:b` boolean, `:t` timestamp, `:a` array of text; after `|` what 1.108.7 added.
static RECORDED: LazyLock<BTreeMap<&'static str, Recorded>> = LazyLock::new(|| {
    include_str!("columns-1.101.6-1.108.7.txt")
        .lines()
        .filter_map(|line| {
            let (table, words) = line.split_once(' ')?;
            let columns: Vec<_> = words.split(' ').filter(|word| *word != "|").map(column).collect();
            let fewest = words.split(' ').position(|word| word == "|").unwrap_or(columns.len());
            Some((table, Recorded { fewest, columns }))
        })
        .collect()
});

fn column(word: &str) -> Column {
    let (name, letter) = word.split_once(':').unwrap_or((word, ""));
    Column { name: name.to_owned(), kind: Type::from_letter(letter) }
}
