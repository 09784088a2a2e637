//! Lists and mappings by indentation.

use super::{Event, Parser, Place, State, Step};
use crate::Position;
use crate::problem::Refusal;
use crate::scanner::Kind;
use crate::syntax::Syntax;

impl<'t> Parser<'t> {
    pub(super) fn block_entry(&mut self, open: Position) -> Result<Event<'t>, Refusal> {
        match self.kind()? {
            Kind::BlockEntry => {}
            Kind::BlockEnd => return self.end(),
            _ => return self.unexpected(Syntax::BlockSequence(open)),
        }
        let dash = self.scanner.next()?;
        let then = State::BlockEntry(open);
        match self.kind()? {
            Kind::BlockEntry | Kind::BlockEnd => Ok(self.absent_at(then, dash.end)),
            _ => self.node_then(then, Place::Block),
        }
    }

    pub(super) fn indentless_entry(&mut self) -> Result<Event<'t>, Refusal> {
        if !matches!(self.kind()?, Kind::BlockEntry) {
            self.resume();
            return self.here(Step::End);
        }
        let dash = self.scanner.next()?;
        let then = State::IndentlessEntry;
        match self.kind()? {
            Kind::BlockEntry | Kind::Key | Kind::Value | Kind::BlockEnd => Ok(self.absent_at(then, dash.end)),
            _ => self.node_then(then, Place::Block),
        }
    }

    pub(super) fn block_key(&mut self, open: Position) -> Result<Event<'t>, Refusal> {
        match self.kind()? {
            Kind::Key => self.beside(State::BlockValue(open)),
            Kind::BlockEnd => self.end(),
            _ => self.unexpected(Syntax::BlockMapping(open)),
        }
    }

    pub(super) fn block_value(&mut self, open: Position) -> Result<Event<'t>, Refusal> {
        match self.kind()? {
            Kind::Value => self.beside(State::BlockKey(open)),
            _ => self.absent(State::BlockKey(open)),
        }
    }

    /// What stands behind a `?` or a `:`, which is the next token.
    fn beside(&mut self, then: State) -> Result<Event<'t>, Refusal> {
        let indicator = self.scanner.next()?;
        match self.kind()? {
            Kind::Key | Kind::Value | Kind::BlockEnd => Ok(self.absent_at(then, indicator.end)),
            _ => self.node_then(then, Place::BesideKey),
        }
    }
}
