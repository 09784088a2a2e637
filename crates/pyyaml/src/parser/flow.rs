//! Lists and mappings in brackets.

use super::{Event, Parser, Place, Properties, State, Step};
use crate::Position;
use crate::problem::Refusal;
use crate::scanner::Kind;
use crate::syntax::Syntax;

impl<'t> Parser<'t> {
    pub(super) fn flow_entry(&mut self, open: Position, first: bool) -> Result<Event<'t>, Refusal> {
        match self.kind()? {
            Kind::FlowSequenceEnd => return self.end(),
            _ if first => {}
            Kind::FlowEntry => drop(self.scanner.next()?),
            _ => return self.unexpected(Syntax::FlowSequence(open)),
        }
        match self.kind()? {
            Kind::Key => {
                self.state = State::PairKey(open);
                self.here(Step::MappingStart(Properties::default()))
            }
            Kind::FlowSequenceEnd => self.end(),
            _ => self.node_then(State::FlowEntry(open), Place::Flow),
        }
    }

    pub(super) fn pair_key(&mut self, open: Position) -> Result<Event<'t>, Refusal> {
        let key = self.scanner.next()?;
        let then = State::PairValue(open);
        match self.kind()? {
            Kind::Value | Kind::FlowEntry | Kind::FlowSequenceEnd => Ok(self.absent_at(then, key.end)),
            _ => self.node_then(then, Place::Flow),
        }
    }

    pub(super) fn pair_value(&mut self, open: Position) -> Result<Event<'t>, Refusal> {
        let then = State::PairEnd(open);
        if !matches!(self.kind()?, Kind::Value) {
            return self.absent(then);
        }
        let colon = self.scanner.next()?;
        match self.kind()? {
            Kind::FlowEntry | Kind::FlowSequenceEnd => Ok(self.absent_at(then, colon.end)),
            _ => self.node_then(then, Place::Flow),
        }
    }

    pub(super) fn pair_end(&mut self, open: Position) -> Result<Event<'t>, Refusal> {
        self.state = State::FlowEntry(open);
        self.here(Step::End)
    }

    pub(super) fn flow_key(&mut self, open: Position, first: bool) -> Result<Event<'t>, Refusal> {
        match self.kind()? {
            Kind::FlowMappingEnd => return self.end(),
            _ if first => {}
            Kind::FlowEntry => drop(self.scanner.next()?),
            _ => return self.unexpected(Syntax::FlowMapping(open)),
        }
        match self.kind()? {
            Kind::Key => {}
            Kind::FlowMappingEnd => return self.end(),
            _ => return self.node_then(State::NoValue(open), Place::Flow),
        }
        let key = self.scanner.next()?;
        let then = State::FlowValue(open);
        match self.kind()? {
            Kind::Value | Kind::FlowEntry | Kind::FlowMappingEnd => Ok(self.absent_at(then, key.end)),
            _ => self.node_then(then, Place::Flow),
        }
    }

    pub(super) fn flow_value(&mut self, open: Position) -> Result<Event<'t>, Refusal> {
        let then = State::FlowKey(open);
        if !matches!(self.kind()?, Kind::Value) {
            return self.absent(then);
        }
        let colon = self.scanner.next()?;
        match self.kind()? {
            Kind::FlowEntry | Kind::FlowMappingEnd => Ok(self.absent_at(then, colon.end)),
            _ => self.node_then(then, Place::Flow),
        }
    }
}
