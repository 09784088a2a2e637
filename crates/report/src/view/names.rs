//! Lists of names that stay readable at any length.

use std::fmt;

use crate::words;

/// Bytes for the names beside the lines of one section, shared out evenly.
const SECTION: usize = 12_000;
/// What every list may have, however many share.
const LEAST: usize = 120;

/// Some names, and how many there are.
#[derive(Clone, Default)]
pub(crate) struct NameList {
    pub(crate) total: usize,
    shown: Vec<String>,
}

impl NameList {
    pub(crate) fn push(&mut self, name: &str) {
        self.total += 1;
        self.shown.push(name.to_owned());
    }

    /// Keeps what fits into so many bytes; the rest is only counted, and named in JSON and CSV.
    pub(crate) fn fit(&mut self, bytes: usize) {
        let mut left = bytes;
        let fitting = self.shown.iter().take_while(|name| {
            let fits = name.len() + 2 <= left;
            left = left.saturating_sub(name.len() + 2);
            fits
        });
        let fitting = fitting.count();
        self.shown.truncate(fitting);
    }

    /// The first name.
    pub(crate) fn first(&self) -> &str {
        self.shown.first().map_or("", String::as_str)
    }

    /// Few enough to stand in the line itself.
    pub(crate) fn is_short(&self) -> bool {
        self.total <= 4
    }
}

/// The room of one of so many lists of a section.
pub(super) fn room(lists: usize) -> usize {
    (SECTION / lists.max(1)).max(LEAST)
}

impl fmt::Display for NameList {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (at, name) in self.shown.iter().enumerate() {
            f.write_str(if at > 0 { ", " } else { "" })?;
            f.write_str(name)?;
        }
        match (self.total - self.shown.len(), self.shown.len()) {
            (0, _) => Ok(()),
            (more, 0) => write!(f, "{} (the JSON names them all)", words::number(more)),
            (more, _) => write!(f, " and {} more (the JSON names them all)", words::number(more)),
        }
    }
}

impl<'a> FromIterator<&'a str> for NameList {
    fn from_iter<T: IntoIterator<Item = &'a str>>(names: T) -> Self {
        let mut list = Self::default();
        for name in names {
            list.push(name);
        }
        list
    }
}
