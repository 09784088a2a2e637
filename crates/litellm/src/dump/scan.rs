//! Walking over SQL text: spaces, comments, identifiers, the ways PostgreSQL writes a string. Works on bytes; every
//! byte it stops at is ASCII, so slices of the text always fall on character boundaries.

/// Why a statement could not be read to its end.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Torn {
    /// The text ends in the middle of it.
    End,
    /// Something stands where it cannot stand.
    Unexpected,
}

/// A position in a text.
#[derive(Clone, Copy, Debug)]
pub(super) struct Scan<'t> {
    pub(super) text: &'t str,
    pub(super) at: usize,
    /// Where a comment starts that never ends.
    pub(super) open_comment: Option<usize>,
}

/// How a string was quoted, which decides what its body means.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Quoting {
    /// `'...'`: only a doubled quote stands for something else.
    Plain,
    /// `E'...'`: backslash escapes too.
    Escapes,
    /// `U&'...'`: `\0041` and `\+000041`.
    Unicode,
}

impl<'t> Scan<'t> {
    pub(super) fn new(text: &'t str) -> Self {
        Self { text, at: 0, open_comment: None }
    }

    pub(super) fn peek(&self) -> Option<u8> {
        self.text.as_bytes().get(self.at).copied()
    }

    pub(super) fn rest(&self) -> &'t str {
        self.text.get(self.at..).unwrap_or_default()
    }

    /// Past spaces and comments. A comment that never ends is the end of the text.
    pub(super) fn skip_space(&mut self) {
        loop {
            match self.peek() {
                Some(byte) if byte.is_ascii_whitespace() => self.at += 1,
                Some(b'-') if self.rest().starts_with("--") => self.skip_line(),
                Some(b'/') if self.rest().starts_with("/*") => self.skip_comment(),
                _ => return,
            }
        }
    }

    /// To the start of the next line.
    pub(super) fn skip_line(&mut self) {
        self.at = self.rest().find('\n').map_or(self.text.len(), |found| self.at + found + 1);
    }

    fn skip_comment(&mut self) {
        let (mut depth, start) = (0_usize, self.at);
        let bytes = self.text.as_bytes();
        while let Some(pair) = bytes.get(self.at..self.at + 2) {
            match pair {
                b"/*" => depth += 1,
                b"*/" => depth -= 1,
                _ => {
                    self.at += 1;
                    continue;
                }
            }
            self.at += 2;
            if depth == 0 {
                return;
            }
        }
        self.at = bytes.len();
        self.open_comment = self.open_comment.or(Some(start));
    }

    /// Takes a byte that has to come next, after spaces.
    pub(super) fn expect(&mut self, byte: u8) -> Result<(), Torn> {
        self.skip_space();
        match self.peek() {
            Some(found) if found == byte => {
                self.at += 1;
                Ok(())
            }
            Some(_) => Err(Torn::Unexpected),
            None => Err(Torn::End),
        }
    }

    /// Takes a byte if it comes next, after spaces.
    pub(super) fn take(&mut self, byte: u8) -> bool {
        self.skip_space();
        let found = self.peek() == Some(byte);
        self.at += usize::from(found);
        found
    }

    /// Takes a keyword if it comes next, whatever its case.
    pub(super) fn take_word(&mut self, word: &str) -> bool {
        self.skip_space();
        let mut ahead = *self;
        let found = ahead.word().eq_ignore_ascii_case(word);
        if found {
            *self = ahead;
        }
        found
    }

    /// The unquoted word at this place; empty if there is none.
    pub(super) fn word(&mut self) -> &'t str {
        let rest = self.rest();
        let end = rest.bytes().position(|byte| !is_word(byte)).unwrap_or(rest.len());
        self.at += end;
        &rest[..end]
    }

    /// One identifier: quoted as it stands, unquoted in lower case, as PostgreSQL reads it.
    pub(super) fn identifier(&mut self) -> Result<String, Torn> {
        self.skip_space();
        match self.peek() {
            Some(b'"') => Ok(self.enclosed(b'"', false)?.replace("\"\"", "\"")),
            Some(byte) if is_word(byte) => Ok(self.word().to_ascii_lowercase()),
            Some(_) => Err(Torn::Unexpected),
            None => Err(Torn::End),
        }
    }

    /// `schema.table` or `table`: the schema (empty if none is named) and the table.
    pub(super) fn qualified(&mut self) -> Result<(String, String), Torn> {
        let (mut schema, mut table) = (String::new(), self.identifier()?);
        while self.take(b'.') {
            schema = std::mem::replace(&mut table, self.identifier()?);
        }
        Ok((schema, table))
    }

    /// `("a", b, ...)`
    pub(super) fn names(&mut self) -> Result<Vec<String>, Torn> {
        self.expect(b'(')?;
        let mut names = vec![self.identifier()?];
        while self.take(b',') {
            names.push(self.identifier()?);
        }
        self.expect(b')')?;
        Ok(names)
    }

    /// The body between two quotes, the first of which is next; doubled quotes are left doubled.
    fn enclosed(&mut self, quote: u8, backslash: bool) -> Result<&'t str, Torn> {
        let bytes = self.text.as_bytes();
        let start = self.at + 1;
        let mut at = start;
        while let Some(&byte) = bytes.get(at) {
            if backslash && byte == b'\\' {
                at += 2;
            } else if byte != quote {
                at += 1;
            } else if bytes.get(at + 1) == Some(&quote) {
                at += 2;
            } else {
                self.at = at + 1;
                return Ok(&self.text[start..at]);
            }
        }
        self.at = bytes.len();
        Err(Torn::End)
    }

    /// A string in any form, if one comes next: its quoting and its body as it stands.
    pub(super) fn string(&mut self) -> Option<Result<(Quoting, &'t str), Torn>> {
        let (prefix, quoting) = match self.text.as_bytes().get(self.at..)? {
            [b'\'', ..] => (0, Quoting::Plain),
            [b'E' | b'e', b'\'', ..] => (1, Quoting::Escapes),
            [b'U' | b'u', b'&', b'\'', ..] => (2, Quoting::Unicode),
            [b'B' | b'b' | b'X' | b'x' | b'N' | b'n', b'\'', ..] => (1, Quoting::Plain),
            _ => return None,
        };
        self.at += prefix;
        Some(self.enclosed(b'\'', quoting == Quoting::Escapes).map(|body| (quoting, body)))
    }

    /// A `$tag$...$tag$` string, if one comes next.
    pub(super) fn dollar_string(&mut self) -> Option<Result<&'t str, Torn>> {
        let rest = self.rest();
        let tag_end = rest.strip_prefix('$')?.bytes().position(|byte| !is_tag(byte))? + 1;
        if rest.as_bytes().get(tag_end) != Some(&b'$') || rest.as_bytes()[1].is_ascii_digit() {
            return None;
        }
        let (tag, body) = rest.split_at(tag_end + 1);
        let Some(length) = body.find(tag) else {
            self.at = self.text.len();
            return Some(Err(Torn::End));
        };
        self.at += tag.len() + length + tag.len();
        Some(Ok(&body[..length]))
    }

    /// Over one token of an expression nobody has to understand.
    pub(super) fn skip_token(&mut self) -> Result<(), Torn> {
        if let Some(string) = self.string() {
            return string.map(drop);
        }
        if let Some(string) = self.dollar_string() {
            return string.map(drop);
        }
        match self.peek() {
            None => return Err(Torn::End),
            Some(b'"') => return self.enclosed(b'"', false).map(drop),
            Some(byte) if is_word(byte) => drop(self.word()),
            Some(_) => self.at += 1,
        }
        Ok(())
    }

    /// Past the `;` that ends the statement.
    pub(super) fn skip_statement(&mut self) -> Result<(), Torn> {
        loop {
            self.skip_space();
            if self.peek() == Some(b';') {
                self.at += 1;
                return Ok(());
            }
            self.skip_token()?;
        }
    }
}

fn is_word(byte: u8) -> bool {
    is_tag(byte) || byte == b'$'
}

/// What an unquoted name or the tag of a dollar string is made of; all bytes beyond ASCII count as letters.
fn is_tag(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || byte == b'_' || !byte.is_ascii()
}
