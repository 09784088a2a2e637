//! `%` lines.

use super::cursor::{ends_line, ends_strictly, is_name};
use super::{Directive, Kind, Scanner};
use crate::problem::Refusal;
use crate::syntax::Syntax;

/// Python reads no decimal number with more digits.
const MAX_DIGITS: usize = 4300;

impl<'t> Scanner<'t> {
    pub(super) fn directive(&mut self) -> Result<(), Refusal> {
        self.unwind(0);
        self.remove_candidate()?;
        self.key_allowed = false;
        let start = self.cursor.at;
        self.cursor.forward();
        let name = self.cursor.take_while(is_name);
        self.expect(!name.is_empty() && ends_strictly(self.cursor.peek()))?;
        let directive = match name {
            "YAML" => self.version()?,
            "TAG" => self.tag_shorthand()?,
            _ => {
                self.cursor.take_while(|c| !ends_line(c));
                Directive::Other
            }
        };
        let end = self.cursor.at;
        self.cursor.skip_comment();
        self.expect(ends_line(self.cursor.peek()))?;
        self.cursor.take_break();
        self.tokens.push_back(super::Token { kind: Kind::Directive(directive), start, end });
        Ok(())
    }

    fn version(&mut self) -> Result<Directive<'t>, Refusal> {
        self.cursor.take_while(|c| c == ' ');
        let major = self.digits()?;
        self.expect(self.cursor.peek() == '.')?;
        self.cursor.forward();
        self.digits()?;
        self.expect(ends_strictly(self.cursor.peek()))?;
        Ok(Directive::Yaml { known: major.trim_start_matches('0') == "1" })
    }

    fn digits(&mut self) -> Result<&'t str, Refusal> {
        self.expect(self.cursor.peek().is_ascii_digit())?;
        let digits = self.cursor.take_while(|c| c.is_ascii_digit());
        self.expect(digits.len() <= MAX_DIGITS)?;
        Ok(digits)
    }

    fn tag_shorthand(&mut self) -> Result<Directive<'t>, Refusal> {
        self.cursor.take_while(|c| c == ' ');
        let handle = self.tag_handle(Syntax::Directive)?;
        self.expect(self.cursor.peek() == ' ')?;
        self.cursor.take_while(|c| c == ' ');
        let prefix = self.tag_uri(Syntax::Directive)?;
        self.expect(ends_strictly(self.cursor.peek()))?;
        Ok(Directive::Tag { handle, prefix })
    }

    fn expect(&self, fits: bool) -> Result<(), Refusal> {
        if fits { Ok(()) } else { Err(self.refusal(Syntax::Directive)) }
    }
}
