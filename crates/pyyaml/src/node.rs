//! The tree a document becomes: values, each with the place it stands at.

/// A place in the text; both count from 1, the column in characters.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Position {
    /// Line, from 1.
    pub line: u32,
    /// Column in characters, from 1.
    pub column: u32,
}

/// A value and where it stands. A value that comes from an alias or a merge stands where its text stands: at the anchor.
#[derive(Clone, Debug, PartialEq)]
pub struct Node {
    /// What PyYAML makes of the text.
    pub value: Value,
    /// Where it starts.
    pub at: Position,
}

/// What PyYAML's safe loader can construct.
#[derive(Clone, Debug, PartialEq)]
pub enum Value {
    /// `None`: `~`, `null` or nothing at all.
    Null,
    /// `True` or `False`: also `yes`, `no`, `on`, `off`.
    Bool(bool),
    /// An integer of any size, in decimal digits with an optional `-`.
    Int(String),
    /// A float, including infinities and not-a-number.
    Float(f64),
    /// A text.
    Text(String),
    /// A date without a time, `YYYY-MM-DD`.
    Date(String),
    /// A date and time as Python's `datetime.isoformat()` writes it: `2001-12-14T21:59:43.100000-05:00`.
    Timestamp(String),
    /// Bytes, from `!!binary`.
    Binary(Vec<u8>),
    /// A list.
    Sequence(Vec<Node>),
    /// A dict; keys are unique as Python compares them (`1`, `1.0` and `true` are one key).
    Mapping(Vec<Entry>),
    /// A set, from `!!set`, in the order of the text.
    Set(Vec<Node>),
    /// A list of pairs, from `!!omap` or `!!pairs`.
    Pairs(Vec<(Node, Node)>),
}

/// One key of a mapping with its value. Of a repeated key the last value is kept, in the place of the first.
#[derive(Clone, Debug, PartialEq)]
pub struct Entry {
    /// The key; mostly a text.
    pub key: Node,
    /// Its value.
    pub value: Node,
}

impl Node {
    /// The value under a text key, if this is a mapping that has it.
    pub fn get(&self, key: &str) -> Option<&Self> {
        self.entries().iter().find(|entry| entry.key.as_text() == Some(key)).map(|entry| &entry.value)
    }

    /// The entries of a mapping; nothing for any other value.
    pub fn entries(&self) -> &[Entry] {
        match &self.value {
            Value::Mapping(entries) => entries,
            _ => &[],
        }
    }

    /// The items of a list or a set; nothing for any other value.
    pub fn items(&self) -> &[Self] {
        match &self.value {
            Value::Sequence(items) | Value::Set(items) => items,
            _ => &[],
        }
    }

    /// The text, if this is one. A number, a date or a boolean is none, as in Python.
    pub fn as_text(&self) -> Option<&str> {
        match &self.value {
            Value::Text(text) => Some(text),
            _ => None,
        }
    }

    /// What kind of value this is, in words for a person.
    pub fn kind(&self) -> &'static str {
        match self.value {
            Value::Null => "null",
            Value::Bool(_) => "boolean",
            Value::Int(_) => "integer",
            Value::Float(_) => "float",
            Value::Text(_) => "text",
            Value::Date(_) => "date",
            Value::Timestamp(_) => "timestamp",
            Value::Binary(_) => "binary",
            Value::Sequence(_) => "list",
            Value::Mapping(_) => "mapping",
            Value::Set(_) => "set",
            Value::Pairs(_) => "list of pairs",
        }
    }
}
