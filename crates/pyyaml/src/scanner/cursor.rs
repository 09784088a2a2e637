//! A place in the text, moving forward: PyYAML's reader as its scanner sees it.

use crate::Position;

/// What stands behind the last character. The reader lets no such character through.
pub(super) const END: char = '\0';

/// Reads characters one by one. Line breaks are `\n`, U+2028 and U+2029: `source` made one of all others.
#[derive(Debug)]
pub(super) struct Cursor<'t> {
    text: &'t str,
    byte: usize,
    /// How many characters were read.
    pub(super) index: usize,
    /// Line and column of the next character. As in PyYAML a byte order mark takes up no column.
    pub(super) at: Position,
}

impl<'t> Cursor<'t> {
    pub(super) fn new(text: &'t str) -> Self {
        Self { text, byte: 0, index: 0, at: Position { line: 1, column: 1 } }
    }

    /// The next character, or [`END`].
    pub(super) fn peek(&self) -> char {
        self.ahead(0)
    }

    /// The character after `count` ASCII characters, or [`END`].
    pub(super) fn ahead(&self, count: usize) -> char {
        let place = self.byte + count;
        match self.text.as_bytes().get(place) {
            None => END,
            Some(byte) if byte.is_ascii() => char::from(*byte),
            Some(_) => self.text.get(place..).and_then(|rest| rest.chars().next()).unwrap_or(END),
        }
    }

    /// The text that was not read yet.
    pub(super) fn rest(&self) -> &'t str {
        self.text.get(self.byte..).unwrap_or_default()
    }

    /// Moves over one character.
    pub(super) fn forward(&mut self) {
        let next = self.peek();
        if self.byte < self.text.len() {
            self.pass(next);
        }
    }

    /// Moves over some characters.
    pub(super) fn skip(&mut self, count: usize) {
        for _ in 0..count {
            self.forward();
        }
    }

    /// Moves over all characters that fit, and returns them.
    pub(super) fn take_while(&mut self, fits: impl Fn(char) -> bool) -> &'t str {
        self.take_ascii_and(|byte| fits(char::from(byte)), |_, c| fits(c))
    }

    /// The same, where whether a character fits may depend on the place it stands. `surely` knows ASCII characters
    /// that fit everywhere.
    pub(super) fn take_ascii_and(
        &mut self,
        surely: impl Fn(u8) -> bool,
        fits: impl Fn(&Self, char) -> bool,
    ) -> &'t str {
        let (rest, start) = (self.rest(), self.byte);
        loop {
            self.skip_ascii(&surely);
            let next = self.peek();
            if self.byte >= self.text.len() || !fits(self, next) {
                break;
            }
            self.pass(next);
        }
        rest.get(..self.byte - start).unwrap_or_default()
    }

    /// Moves over all ASCII characters that fit, up to a line break: most of what people write, and much faster than one
    /// by one.
    pub(super) fn skip_ascii(&mut self, fits: impl Fn(u8) -> bool) {
        let rest = self.text.as_bytes().get(self.byte..).unwrap_or_default();
        let count = rest.iter().take_while(|byte| byte.is_ascii() && **byte != b'\n' && fits(**byte)).count();
        self.byte += count;
        self.index += count;
        self.at.column = self.at.column.saturating_add(u32::try_from(count).unwrap_or(u32::MAX));
    }

    /// Moves over a line break, if one stands here, and returns it.
    pub(super) fn take_break(&mut self) -> Option<char> {
        let next = self.peek();
        is_break(next).then(|| {
            self.forward();
            next
        })
    }

    /// Moves over blanks and a comment, up to the line break or the end.
    pub(super) fn skip_comment(&mut self) {
        self.skip_ascii(|byte| byte == b' ');
        if self.peek() == '#' {
            self.take_ascii_and(|_| true, |_, c| !is_break(c));
        }
    }

    /// Whether `---` or `...` stands here, with nothing glued to it.
    pub(super) fn at_marker(&self) -> bool {
        self.at_word("---") || self.at_word("...")
    }

    /// Whether a word of ASCII characters stands here, with nothing glued to it.
    pub(super) fn at_word(&self, word: &str) -> bool {
        self.text.as_bytes().get(self.byte..).is_some_and(|rest| rest.starts_with(word.as_bytes()))
            && ends_word(self.ahead(word.len()))
    }

    fn pass(&mut self, c: char) {
        self.byte += c.len_utf8();
        self.index += 1;
        if is_break(c) {
            self.at = Position { line: self.at.line.saturating_add(1), column: 1 };
        } else if c != '\u{FEFF}' {
            self.at.column = self.at.column.saturating_add(1);
        }
    }
}

pub(super) fn is_break(c: char) -> bool {
    matches!(c, '\n' | '\u{2028}' | '\u{2029}')
}

/// Whether a line ends here.
pub(super) fn ends_line(c: char) -> bool {
    c == END || is_break(c)
}

/// Whether a word ends here where a tab is no blank: behind tags, directives and block headers.
pub(super) fn ends_strictly(c: char) -> bool {
    c == ' ' || ends_line(c)
}

/// Whether a word ends here.
pub(super) fn ends_word(c: char) -> bool {
    c == '\t' || ends_strictly(c)
}

/// What the names of anchors, directives and tag handles are made of.
pub(super) fn is_name(c: char) -> bool {
    c.is_ascii_alphanumeric() || matches!(c, '-' | '_')
}
