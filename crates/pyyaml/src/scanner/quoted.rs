//! Texts in quotes.

use std::borrow::Cow;

use super::cursor::{END, is_break};
use super::{Kind, Scanner};
use crate::Position;
use crate::problem::Refusal;
use crate::syntax::Syntax;

impl<'t> Scanner<'t> {
    pub(super) fn quoted(&mut self) -> Result<(), Refusal> {
        self.save_candidate()?;
        self.key_allowed = false;
        let start = self.cursor.at;
        let quote = self.cursor.peek();
        self.cursor.forward();
        let mut text = Cow::Borrowed("");
        loop {
            self.words(quote, &mut text)?;
            if self.cursor.peek() == quote {
                break;
            }
            self.spaces(start, &mut text)?;
        }
        self.cursor.forward();
        self.push(Kind::Scalar { text, plain: false }, start);
        Ok(())
    }

    /// Everything up to a blank, a line break, the closing quote or the end.
    fn words(&mut self, quote: char, text: &mut Cow<'t, str>) -> Result<(), Refusal> {
        loop {
            *text += self.cursor.take_while(|c| !matches!(c, '\'' | '"' | '\\' | ' ' | '\t') && !is_break(c));
            match self.cursor.peek() {
                '\'' if quote == '\'' && self.cursor.ahead(1) == '\'' => {
                    *text += "'";
                    self.cursor.skip(2);
                }
                c @ ('\'' | '"' | '\\') if c != quote && (c != '\\' || quote == '\'') => {
                    text.to_mut().push(c);
                    self.cursor.forward();
                }
                '\\' => self.escape(text.to_mut())?,
                _ => return Ok(()),
            }
        }
    }

    fn escape(&mut self, text: &mut String) -> Result<(), Refusal> {
        self.cursor.forward();
        let name = self.cursor.peek();
        if is_break(name) {
            self.cursor.take_break();
            text.push_str(&self.empty_lines()?);
            return Ok(());
        }
        let digits = match name {
            'x' => 2,
            'u' => 4,
            'U' => 8,
            _ => {
                text.push(replacement(name).ok_or_else(|| self.refusal(Syntax::Escape))?);
                self.cursor.forward();
                return Ok(());
            }
        };
        self.cursor.forward();
        let mut code = 0_u32;
        for place in 0..digits {
            let digit = self.cursor.ahead(place).to_digit(16);
            code = code << 4 | digit.ok_or_else(|| self.refusal(Syntax::Escape))?;
        }
        let wrong = if (0xD800..0xE000).contains(&code) { Syntax::Surrogate } else { Syntax::Escape };
        text.push(char::from_u32(code).ok_or_else(|| self.refusal(wrong))?);
        self.cursor.skip(digits);
        Ok(())
    }

    /// Blanks, which stay, or a line break with the blanks around it, which becomes one.
    fn spaces(&mut self, start: Position, text: &mut Cow<'t, str>) -> Result<(), Refusal> {
        let blanks = self.cursor.take_while(|c| matches!(c, ' ' | '\t'));
        if self.cursor.peek() == END {
            return Err(self.refusal(Syntax::OpenQuote(start)));
        }
        let Some(first) = self.cursor.take_break() else {
            *text += blanks;
            return Ok(());
        };
        let breaks = self.empty_lines()?;
        let text = text.to_mut();
        if first != '\n' {
            text.push(first);
        } else if breaks.is_empty() {
            text.push(' ');
        }
        text.push_str(&breaks);
        Ok(())
    }

    /// The breaks of empty lines, and the blanks the next line starts with.
    fn empty_lines(&mut self) -> Result<String, Refusal> {
        let mut breaks = String::new();
        loop {
            if self.cursor.at_marker() {
                return Err(self.refusal(Syntax::QuotedMarker));
            }
            self.cursor.take_while(|c| matches!(c, ' ' | '\t'));
            match self.cursor.take_break() {
                Some(c) => breaks.push(c),
                None => return Ok(breaks),
            }
        }
    }
}

/// What a backslash and this character stand for.
fn replacement(name: char) -> Option<char> {
    Some(match name {
        '0' => '\0',
        'a' => '\x07',
        'b' => '\x08',
        't' | '\t' => '\t',
        'n' => '\n',
        'v' => '\x0B',
        'f' => '\x0C',
        'r' => '\r',
        'e' => '\x1B',
        ' ' | '"' | '\\' | '/' => name,
        'N' => '\u{85}',
        '_' => '\u{A0}',
        'L' => '\u{2028}',
        'P' => '\u{2029}',
        _ => return None,
    })
}
