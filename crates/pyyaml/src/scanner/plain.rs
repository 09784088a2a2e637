//! Texts without quotes.

use std::borrow::Cow;

use super::cursor::ends_word;
use super::{Kind, Scanner};
use crate::problem::Refusal;

impl<'t> Scanner<'t> {
    /// Whether a plain text may start with this character, the next one.
    pub(super) fn starts_plain(&self, next: char) -> bool {
        let glued = || !ends_word(self.cursor.ahead(1));
        match next {
            '-' => glued(),
            '?' | ':' => self.flow == 0 && glued(),
            _ => !ends_word(next) && !",[]{}#&*!|>'\"%@`".contains(next),
        }
    }

    pub(super) fn plain(&mut self) -> Result<(), Refusal> {
        self.save_candidate()?;
        self.key_allowed = false;
        let start = self.cursor.at;
        let mut text = Cow::Borrowed("");
        let mut spaces = Cow::Borrowed("");
        while self.cursor.peek() != '#' {
            let words = self.plain_words();
            if words.is_empty() {
                break;
            }
            self.key_allowed = false;
            text += spaces;
            text += words;
            spaces = self.plain_spaces();
            if spaces.is_empty() || (self.flow == 0 && self.cursor.at.column <= self.indent) {
                break;
            }
        }
        self.push(Kind::Scalar { text, plain: true }, start);
        Ok(())
    }

    /// Everything up to a blank, a colon that ends a key, or (between brackets) an indicator.
    fn plain_words(&mut self) -> &'t str {
        let flow = self.flow > 0;
        let bracket = |c| matches!(c, ',' | '[' | ']' | '{' | '}');
        let ends_key = |next| ends_word(next) || flow && bracket(next);
        let surely = |byte| !matches!(byte, b'\t' | b'\n' | b' ' | b',' | b':' | b'?' | b'[' | b']' | b'{' | b'}');
        self.cursor.take_ascii_and(surely, |cursor, c| {
            let ends = ends_word(c) || flow && (c == '?' || bracket(c)) || c == ':' && ends_key(cursor.ahead(1));
            !ends
        })
    }

    /// The blanks between two words, or what a line break between them becomes. Nothing before a document marker: the
    /// text ends there.
    fn plain_spaces(&mut self) -> Cow<'t, str> {
        let blanks = self.cursor.take_while(|c| c == ' ');
        let Some(first) = self.cursor.take_break() else { return Cow::Borrowed(blanks) };
        self.key_allowed = true;
        let mut breaks = String::new();
        loop {
            if self.cursor.at_marker() {
                return Cow::Borrowed("");
            }
            self.cursor.take_while(|c| c == ' ');
            match self.cursor.take_break() {
                Some(c) => breaks.push(c),
                None => break,
            }
        }
        match first {
            '\n' if breaks.is_empty() => Cow::Borrowed(" "),
            '\n' => Cow::Owned(breaks),
            _ => Cow::Owned(format!("{first}{breaks}")),
        }
    }
}
