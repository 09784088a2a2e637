//! Where documents start and end.

use super::{Event, Parser, Place, State, Step};
use crate::problem::{Problem, Refusal};
use crate::scanner::{Directive, Kind};
use crate::syntax::Syntax;

/// Handles that stand for something without a `%TAG` line.
const HANDLES: [(&str, &str); 2] = [("!", "!"), ("!!", "tag:yaml.org,2002:")];

impl<'t> Parser<'t> {
    /// The first document can do without a `---`.
    pub(super) fn first_document(&mut self) -> Result<Event<'t>, Refusal> {
        if matches!(self.kind()?, Kind::Directive(_) | Kind::DocumentStart | Kind::StreamEnd) {
            return self.document();
        }
        self.default_handles();
        self.states.push(State::DocumentEnd);
        self.state = State::Node;
        self.here(Step::DocumentStart)
    }

    pub(super) fn document(&mut self) -> Result<Event<'t>, Refusal> {
        while matches!(self.kind()?, Kind::DocumentEnd) {
            self.scanner.next()?;
        }
        let start = self.here(Step::DocumentStart)?;
        if matches!(self.kind()?, Kind::StreamEnd) {
            self.state = State::StreamEnd;
            return self.here(Step::StreamEnd);
        }
        self.directives()?;
        if !matches!(self.kind()?, Kind::DocumentStart) {
            return self.unexpected(Syntax::DocumentStart);
        }
        self.scanner.next()?;
        self.states.push(State::DocumentEnd);
        self.state = State::Content;
        Ok(start)
    }

    /// What stands behind `---`, maybe nothing.
    pub(super) fn content(&mut self) -> Result<Event<'t>, Refusal> {
        match self.kind()? {
            Kind::Directive(_) | Kind::DocumentStart | Kind::DocumentEnd | Kind::StreamEnd => {
                let then = self.states.pop().unwrap_or(State::StreamEnd);
                self.absent(then)
            }
            _ => self.node(Place::Block),
        }
    }

    pub(super) fn document_end(&mut self) -> Result<Event<'t>, Refusal> {
        let end = self.here(Step::DocumentEnd)?;
        if matches!(self.kind()?, Kind::DocumentEnd) {
            self.scanner.next()?;
        }
        self.state = State::Document;
        Ok(end)
    }

    fn directives(&mut self) -> Result<(), Refusal> {
        let mut version = false;
        self.handles.clear();
        while matches!(self.kind()?, Kind::Directive(_)) {
            let token = self.scanner.next()?;
            let Kind::Directive(directive) = token.kind else { continue };
            let fits = match directive {
                Directive::Yaml { known } => known && !std::mem::replace(&mut version, true),
                Directive::Tag { handle, prefix } => self.handles.insert(handle, prefix).is_none(),
                Directive::Other => true,
            };
            if !fits {
                return Err((Problem::Syntax(Syntax::Directive), token.start));
            }
        }
        self.default_handles();
        Ok(())
    }

    fn default_handles(&mut self) {
        for (handle, prefix) in HANDLES {
            self.handles.entry(handle).or_insert_with(|| prefix.to_owned());
        }
    }
}
