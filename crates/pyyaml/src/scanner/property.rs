//! What can stand before a value, and what can stand for one: anchors, tags, aliases.

use super::cursor::{ends_strictly, ends_word, is_name};
use super::{Kind, Scanner};
use crate::problem::Refusal;
use crate::syntax::Syntax;

impl<'t> Scanner<'t> {
    /// `&name` or `*name`
    pub(super) fn anchor(&mut self) -> Result<(), Refusal> {
        self.save_candidate()?;
        self.key_allowed = false;
        let start = self.cursor.at;
        let alias = self.cursor.peek() == '*';
        self.cursor.forward();
        let name = self.cursor.take_while(is_name);
        let behind = self.cursor.peek();
        let ends = ends_word(behind) || matches!(behind, '?' | ':' | ',' | ']' | '}' | '%' | '@' | '`');
        if name.is_empty() || !ends {
            return Err(self.refusal(Syntax::AnchorName));
        }
        self.push(if alias { Kind::Alias(name) } else { Kind::Anchor(name) }, start);
        Ok(())
    }

    /// `!<uri>`, `!handle!suffix`, `!suffix` or `!`
    pub(super) fn tag(&mut self) -> Result<(), Refusal> {
        self.save_candidate()?;
        self.key_allowed = false;
        let start = self.cursor.at;
        let (handle, suffix) = match self.cursor.ahead(1) {
            '<' => {
                self.cursor.skip(2);
                let suffix = self.tag_uri(Syntax::Tag)?;
                if self.cursor.peek() != '>' {
                    return Err(self.refusal(Syntax::Tag));
                }
                self.cursor.forward();
                (None, suffix)
            }
            next if ends_word(next) => {
                self.cursor.forward();
                (None, "!".to_owned())
            }
            _ => {
                let handle = if self.names_handle() { self.tag_handle(Syntax::Tag)? } else { self.primary_handle() };
                (Some(handle), self.tag_uri(Syntax::Tag)?)
            }
        };
        if !ends_strictly(self.cursor.peek()) {
            return Err(self.refusal(Syntax::Tag));
        }
        self.push(Kind::Tag { handle, suffix }, start);
        Ok(())
    }

    /// Whether a second `!` follows in this word.
    fn names_handle(&self) -> bool {
        let word = self.cursor.rest().chars().skip(1).take_while(|c| !ends_strictly(*c));
        word.into_iter().any(|c| c == '!')
    }

    fn primary_handle(&mut self) -> &'t str {
        self.cursor.forward();
        "!"
    }

    /// `!`, `!!` or `!name!`
    pub(super) fn tag_handle(&mut self, wrong: Syntax) -> Result<&'t str, Refusal> {
        let rest = self.cursor.rest();
        if !rest.starts_with('!') {
            return Err(self.refusal(wrong));
        }
        self.cursor.forward();
        if self.cursor.peek() == ' ' {
            return Ok("!");
        }
        let name = self.cursor.take_while(is_name);
        if self.cursor.peek() != '!' {
            return Err(self.refusal(wrong));
        }
        self.cursor.forward();
        Ok(rest.get(..name.len() + 2).unwrap_or_default())
    }

    /// A URI with its `%` escapes decoded.
    pub(super) fn tag_uri(&mut self, wrong: Syntax) -> Result<String, Refusal> {
        let mut uri = String::new();
        loop {
            uri.push_str(self.cursor.take_while(|c| c != '%' && is_uri(c)));
            if self.cursor.peek() != '%' {
                break;
            }
            uri.push_str(&self.uri_escapes(wrong)?);
        }
        if uri.is_empty() { Err(self.refusal(wrong)) } else { Ok(uri) }
    }

    /// `%C3%A9`: bytes of UTF-8.
    fn uri_escapes(&mut self, wrong: Syntax) -> Result<String, Refusal> {
        let unreadable = self.refusal(wrong);
        let mut bytes = Vec::new();
        while self.cursor.peek() == '%' {
            self.cursor.forward();
            let (high, low) = (self.cursor.peek().to_digit(16), self.cursor.ahead(1).to_digit(16));
            let byte = high.zip(low).and_then(|(high, low)| u8::try_from(high * 16 + low).ok());
            bytes.push(byte.ok_or_else(|| self.refusal(wrong))?);
            self.cursor.skip(2);
        }
        String::from_utf8(bytes).map_err(|_| unreadable)
    }
}

fn is_uri(c: char) -> bool {
    is_name(c) || ";/?:@&=+$,.!~*'()[]%".contains(c)
}
