//! The report as Markdown.

use askama::Template;

use crate::view::View;

#[derive(Template)]
#[template(path = "report.md")]
struct Page<'a> {
    view: &'a View,
}

/// The whole text.
pub(crate) fn page(view: &View) -> String {
    // Writing into memory fails only if a value's own Display does, and none does.
    let mut text = Page { view }.render().unwrap_or_default();
    text.push('\n');
    text
}
