//! How text of other people gets onto a page: nothing in it is markup, nothing in it is invisible.

use std::fmt::{self, Write};

use askama::filters::Escaper;

/// Escapes for HTML text and quoted attributes.
#[derive(Clone, Copy, Debug)]
pub(crate) struct HtmlText;

/// Escapes for Markdown text, table cells included.
#[derive(Clone, Copy, Debug)]
pub(crate) struct MarkdownText;

impl Escaper for HtmlText {
    fn write_escaped_str<W: Write>(&self, mut dest: W, text: &str) -> fmt::Result {
        for c in text.chars() {
            match c {
                '&' => dest.write_str("&amp;")?,
                '<' => dest.write_str("&lt;")?,
                '>' => dest.write_str("&gt;")?,
                '"' => dest.write_str("&quot;")?,
                '\'' => dest.write_str("&#39;")?,
                c if hidden(c) => write!(dest, "\\u{{{:x}}}", u32::from(c))?,
                c => dest.write_char(c)?,
            }
        }
        Ok(())
    }
}

impl Escaper for MarkdownText {
    fn write_escaped_str<W: Write>(&self, mut dest: W, text: &str) -> fmt::Result {
        let mut before = None;
        let mut rest = text.chars().peekable();
        while let Some(c) = rest.next() {
            let after = rest.peek().copied();
            match c {
                '&' => dest.write_str("&amp;")?,
                '<' => dest.write_str("&lt;")?,
                '\\' | '`' | '*' | '[' | ']' | '|' | '~' | '$' => write!(dest, "\\{c}")?,
                // Within a word an underscore is only an underscore.
                '_' if !(within_word(before) && within_word(after)) => dest.write_str("\\_")?,
                '-' | '+' | '=' | '#' | '>' if before.is_none() => write!(dest, "\\{c}")?,
                // GitHub would call the person.
                '@' if !within_word(before) => dest.write_str("&#64;")?,
                '\n' | '\r' => dest.write_char(' ')?,
                c if hidden(c) => write!(dest, "\\\\u{{{:x}}}", u32::from(c))?,
                c => dest.write_char(c)?,
            }
            before = Some(c);
        }
        Ok(())
    }
}

fn within_word(c: Option<char>) -> bool {
    c.is_some_and(char::is_alphanumeric)
}

/// Characters that show nothing, or turn what stands around them about.
fn hidden(c: char) -> bool {
    (c.is_control() && c != '\n' && c != '\t')
        || matches!(c, '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{2069}' | '\u{feff}')
}
