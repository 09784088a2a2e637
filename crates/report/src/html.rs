//! The page of the report.

use askama::Template;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use sha2::{Digest, Sha256};

use crate::view::View;

/// The style sheet of the report. Its first block, up to `/* end of tokens */`, is the tokens the console shares.
pub const STYLE: &str = include_str!("../templates/report.css");

#[derive(Template)]
#[template(path = "report.html")]
struct Page<'a> {
    view: &'a View,
    style: &'static str,
    /// What the page's own policy allows as its only style.
    style_hash: String,
}

/// The whole file.
pub(crate) fn page(view: &View) -> String {
    let style_hash = STANDARD.encode(Sha256::digest(STYLE.as_bytes()));
    // Writing into memory fails only if a value's own Display does, and none does.
    let mut text = Page { view, style: STYLE, style_hash }.render().unwrap_or_default();
    text.push('\n');
    text
}
