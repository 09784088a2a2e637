//! `|` and `>`: texts of whole lines.

use std::borrow::Cow;

use super::cursor::{END, ends_line, ends_strictly, is_break};
use super::{Kind, Scanner};
use crate::problem::Refusal;
use crate::syntax::Syntax;

/// What stands behind the `|` or `>`.
struct Header {
    /// What becomes of the line breaks at the end: `+` keeps all, `-` none, nothing keeps one.
    keep: Option<bool>,
    /// How many blanks deeper than the collection around it the lines stand, if that is written.
    indent: Option<u32>,
}

impl Scanner<'_> {
    pub(super) fn block_scalar(&mut self) -> Result<(), Refusal> {
        self.key_allowed = true;
        self.remove_candidate()?;
        let start = self.cursor.at;
        let folded = self.cursor.peek() == '>';
        self.cursor.forward();
        let header = self.block_header()?;
        let least = self.indent.max(1);
        let (first, indent) = if let Some(more) = header.indent {
            let indent = least + more - 1;
            (self.block_breaks(indent), indent)
        } else {
            let (first, found) = self.block_indent();
            (first, found.max(least))
        };
        let text = self.block_lines(first, indent, folded, header.keep);
        self.push(Kind::Scalar { text: Cow::Owned(text), plain: false }, start);
        Ok(())
    }

    /// The lines, from the first one with text on; `breaks` are those of the empty lines before it.
    fn block_lines(&mut self, mut breaks: String, indent: u32, folded: bool, keep: Option<bool>) -> String {
        let mut text = String::new();
        let mut last = None;
        while self.in_block(indent) {
            text.push_str(&breaks);
            let flush = !matches!(self.cursor.peek(), ' ' | '\t');
            text.push_str(self.cursor.take_while(|c| !is_break(c)));
            last = self.cursor.take_break();
            breaks = self.block_breaks(indent);
            if !self.in_block(indent) {
                break;
            }
            if folded && last == Some('\n') && flush && !matches!(self.cursor.peek(), ' ' | '\t') {
                if breaks.is_empty() {
                    text.push(' ');
                }
            } else {
                text.extend(last);
            }
        }
        if keep != Some(false) {
            text.extend(last);
        }
        if keep == Some(true) {
            text.push_str(&breaks);
        }
        text
    }

    /// Whether a line of the text starts here.
    fn in_block(&self, indent: u32) -> bool {
        self.cursor.at.column == indent + 1 && self.cursor.peek() != END
    }

    /// The rest of the first line: at most one sign and one digit, in either order, and a comment.
    fn block_header(&mut self) -> Result<Header, Refusal> {
        let mut keep = self.chomping();
        let indent = self.cursor.peek().to_digit(10);
        if indent == Some(0) {
            return Err(self.refusal(Syntax::BlockHeader));
        }
        if indent.is_some() {
            self.cursor.forward();
            keep = keep.or_else(|| self.chomping());
        }
        if !ends_strictly(self.cursor.peek()) {
            return Err(self.refusal(Syntax::BlockHeader));
        }
        self.cursor.skip_comment();
        if !ends_line(self.cursor.peek()) {
            return Err(self.refusal(Syntax::BlockHeader));
        }
        self.cursor.take_break();
        Ok(Header { keep, indent })
    }

    fn chomping(&mut self) -> Option<bool> {
        let keep = match self.cursor.peek() {
            '+' => true,
            '-' => false,
            _ => return None,
        };
        self.cursor.forward();
        Some(keep)
    }

    /// The empty lines before the first one with text, and the most blanks any line up to that one starts with.
    fn block_indent(&mut self) -> (String, u32) {
        let mut breaks = String::new();
        let mut most = 0;
        loop {
            self.cursor.take_while(|c| c == ' ');
            most = most.max(self.cursor.at.column - 1);
            match self.cursor.take_break() {
                Some(c) => breaks.push(c),
                None => return (breaks, most),
            }
        }
    }

    /// Empty lines, and the indentation of the next line with text.
    fn block_breaks(&mut self, indent: u32) -> String {
        let mut breaks = String::new();
        loop {
            while self.cursor.at.column <= indent && self.cursor.peek() == ' ' {
                self.cursor.forward();
            }
            match self.cursor.take_break() {
                Some(c) => breaks.push(c),
                None => return breaks,
            }
        }
    }
}
