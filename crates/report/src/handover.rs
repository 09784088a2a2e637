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
