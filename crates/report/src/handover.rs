//! The hand-over of the new keys. Not part of any report: the text made here holds secrets, goes to the person who
//! asked for it and nowhere else, and the caller wipes it.

use crate::csv::{Cell, row};

/// Old key to new key as CSV (RFC 4180): the op's name, the alias or hash by which LiteLLM knows the old key, the
/// new value.
pub fn tokens_csv(rows: &[(String, String, String)]) -> String {
    let mut text = String::new();
    row(&mut text, [Cell::Text("virtual_key"), Cell::Text("litellm_key"), Cell::Text("new_value")]);
    for (name, litellm, value) in rows {
        // The value is taken as it stands: a key with a quote mark put before it opens nothing.
        row(&mut text, [Cell::Text(name), Cell::Text(litellm), Cell::Verbatim(value)]);
    }
    text
}

/// Reads back what [`tokens_csv`] wrote, also where the columns were kept and a spreadsheet wrote it again.
pub fn read_tokens(text: &str) -> Vec<(String, String, String)> {
    let mut rows = rows(text).into_iter();
    rows.next();
    let three = |row: Vec<String>| {
        let mut cells = row.into_iter();
        let (name, old, value) = (cells.next()?, cells.next()?, cells.next()?);
        (!value.is_empty()).then(|| (unguarded(&name), unguarded(&old), value))
    };
    rows.filter_map(three).collect()
}

/// Without the quote mark that kept a spreadsheet from calculating it.
fn unguarded(text: &str) -> String {
    let plain = text.strip_prefix('\'').filter(|rest| rest.starts_with(['=', '+', '-', '@', '\t', '\r']));
    plain.unwrap_or(text).to_owned()
}

/// The cells of a CSV text.
fn rows(text: &str) -> Vec<Vec<String>> {
    let (mut rows, mut row, mut cell, mut quoted) = (Vec::new(), Vec::new(), String::new(), false);
    let mut letters = text.chars().peekable();
    while let Some(letter) = letters.next() {
        match letter {
            '"' if quoted && letters.peek() == Some(&'"') => {
                letters.next();
                cell.push('"');
            }
            '"' => quoted = !quoted,
            ',' if !quoted => row.push(std::mem::take(&mut cell)),
            '\r' if !quoted => {}
            '\n' if !quoted => {
                row.push(std::mem::take(&mut cell));
                rows.push(std::mem::take(&mut row));
            }
            other => cell.push(other),
        }
    }
    if !cell.is_empty() || !row.is_empty() {
        row.push(cell);
        rows.push(row);
    }
    rows
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_handed_out_reads_back() {
        let row = |name: &str, old: &str, value: &str| (name.to_owned(), old.to_owned(), value.to_owned());
        let all = [row("a,b", "x \"y\"", "sk-bf-1"), row("=1", "", "sk-bf-2"), row("'plain", "two\nlines", "-3")];
        assert_eq!(read_tokens(&tokens_csv(&all)), all);
        assert!(read_tokens("").is_empty());
    }
}
