//! Tokens to events: PyYAML's parser. What is open is a stack of states, so depth costs no recursion.

mod block;
mod document;
mod flow;

use std::borrow::Cow;
use std::collections::BTreeMap;

use crate::Position;
use crate::problem::{Problem, Refusal};
use crate::scanner::{Kind, Scanner};
use crate::syntax::Syntax;

/// A step through the document, and where PyYAML says it starts.
#[derive(Debug)]
pub(crate) struct Event<'t> {
    pub(crate) step: Step<'t>,
    pub(crate) at: Position,
}

#[derive(Debug)]
pub(crate) enum Step<'t> {
    StreamEnd,
    DocumentStart,
    DocumentEnd,
    Alias(&'t str),
    Scalar {
        text: Cow<'t, str>,
        /// Written without quotes, or not at all.
        plain: bool,
        properties: Properties<'t>,
    },
    SequenceStart(Properties<'t>),
    MappingStart(Properties<'t>),
    /// The end of a list or a mapping.
    End,
}

/// What stands before a value.
#[derive(Debug, Default)]
pub(crate) struct Properties<'t> {
    pub(crate) anchor: Option<&'t str>,
    /// In full: its handle replaced by what that stands for.
    pub(crate) tag: Option<String>,
}

/// What is expected next. The place is where the collection around it starts.
#[derive(Clone, Copy, Debug)]
enum State {
    FirstDocument,
    Document,
    Content,
    DocumentEnd,
    Node,
    BlockEntry(Position),
    /// An entry of a list that stands no deeper than the key it belongs to.
    IndentlessEntry,
    BlockKey(Position),
    BlockValue(Position),
    /// The first entry between brackets has no comma before it.
    FirstFlowEntry(Position),
    FlowEntry(Position),
    /// The key of a pair that is an entry of a list: `[a: b]`.
    PairKey(Position),
    PairValue(Position),
    PairEnd(Position),
    FirstFlowKey(Position),
    FlowKey(Position),
    FlowValue(Position),
    /// The value of a key without a colon: `{a}`.
    NoValue(Position),
    StreamEnd,
}

/// Where a value stands, and so which forms it can have.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Place {
    Flow,
    Block,
    /// Beside a key, where a list may start in the column of the key.
    BesideKey,
}

#[derive(Debug)]
pub(crate) struct Parser<'t> {
    scanner: Scanner<'t>,
    state: State,
    /// What follows once the current value is complete.
    states: Vec<State>,
    /// What the handles of tags stand for.
    handles: BTreeMap<&'t str, String>,
}

impl<'t> Parser<'t> {
    pub(crate) fn new(text: &'t str) -> Self {
        Self { scanner: Scanner::new(text), state: State::FirstDocument, states: Vec::new(), handles: BTreeMap::new() }
    }

    /// The next event; behind the last one it comes again.
    pub(crate) fn next(&mut self) -> Result<Event<'t>, Refusal> {
        match self.state {
            State::FirstDocument => self.first_document(),
            State::Document => self.document(),
            State::Content => self.content(),
            State::DocumentEnd => self.document_end(),
            State::Node => self.node(Place::Block),
            State::BlockEntry(open) => self.block_entry(open),
            State::IndentlessEntry => self.indentless_entry(),
            State::BlockKey(open) => self.block_key(open),
            State::BlockValue(open) => self.block_value(open),
            State::FirstFlowEntry(open) => self.flow_entry(open, true),
            State::FlowEntry(open) => self.flow_entry(open, false),
            State::PairKey(open) => self.pair_key(open),
            State::PairValue(open) => self.pair_value(open),
            State::PairEnd(open) => self.pair_end(open),
            State::FirstFlowKey(open) => self.flow_key(open, true),
            State::FlowKey(open) => self.flow_key(open, false),
            State::FlowValue(open) => self.flow_value(open),
            State::NoValue(open) => self.absent(State::FlowKey(open)),
            State::StreamEnd => self.here(Step::StreamEnd),
        }
    }

    /// A value with what stands before it.
    fn node(&mut self, place: Place) -> Result<Event<'t>, Refusal> {
        if let Kind::Alias(name) = *self.kind()? {
            self.resume();
            return Ok(Event { step: Step::Alias(name), at: self.scanner.next()?.start });
        }
        let (properties, start) = self.properties()?;
        let open = self.scanner.peek()?.start;
        let at = start.unwrap_or(open);
        let block = place != Place::Flow;
        match self.kind()? {
            Kind::Scalar { .. } => self.scalar(properties, at),
            Kind::BlockEntry if place == Place::BesideKey => {
                self.state = State::IndentlessEntry;
                Ok(Event { step: Step::SequenceStart(properties), at })
            }
            Kind::FlowSequenceStart => self.open(State::FirstFlowEntry(open), Step::SequenceStart(properties), at),
            Kind::FlowMappingStart => self.open(State::FirstFlowKey(open), Step::MappingStart(properties), at),
            Kind::BlockSequenceStart if block => {
                self.open(State::BlockEntry(open), Step::SequenceStart(properties), at)
            }
            Kind::BlockMappingStart if block => self.open(State::BlockKey(open), Step::MappingStart(properties), at),
            _ if start.is_none() => Err((Problem::Syntax(Syntax::Node), open)),
            _ => {
                self.resume();
                Ok(Event { step: Step::Scalar { text: Cow::Borrowed(""), plain: true, properties }, at })
            }
        }
    }

    /// The next token is taken and starts a collection.
    fn open(&mut self, state: State, step: Step<'t>, at: Position) -> Result<Event<'t>, Refusal> {
        self.scanner.next()?;
        self.state = state;
        Ok(Event { step, at })
    }

    fn scalar(&mut self, properties: Properties<'t>, at: Position) -> Result<Event<'t>, Refusal> {
        self.resume();
        let (text, plain) = match self.scanner.next()?.kind {
            Kind::Scalar { text, plain } => (text, plain),
            _ => (Cow::Borrowed(""), true),
        };
        Ok(Event { step: Step::Scalar { text, plain, properties }, at })
    }

    /// An anchor and a tag in either order, and where the first of them starts.
    fn properties(&mut self) -> Result<(Properties<'t>, Option<Position>), Refusal> {
        let mut anchor = self.anchor()?;
        let tag = self.tag()?;
        if anchor.is_none() {
            anchor = self.anchor()?;
        }
        let start = anchor.map(|(_, at)| at).into_iter().chain(tag.as_ref().map(|tag| tag.2)).min();
        let tag = match tag {
            None => None,
            Some((None, suffix, _)) => Some(suffix),
            Some((Some(handle), suffix, at)) => match self.handles.get(handle) {
                Some(prefix) => Some(format!("{prefix}{suffix}")),
                None => return Err((Problem::Syntax(Syntax::TagHandle), at)),
            },
        };
        Ok((Properties { anchor: anchor.map(|(name, _)| name), tag }, start))
    }

    fn anchor(&mut self) -> Result<Option<(&'t str, Position)>, Refusal> {
        let Kind::Anchor(name) = *self.kind()? else { return Ok(None) };
        Ok(Some((name, self.scanner.next()?.start)))
    }

    /// Handle, suffix and place of a tag.
    #[expect(clippy::type_complexity, reason = "it is taken apart where it comes from")]
    fn tag(&mut self) -> Result<Option<(Option<&'t str>, String, Position)>, Refusal> {
        if !matches!(self.kind()?, Kind::Tag { .. }) {
            return Ok(None);
        }
        let token = self.scanner.next()?;
        Ok(match token.kind {
            Kind::Tag { handle, suffix } => Some((handle, suffix, token.start)),
            _ => None,
        })
    }

    fn kind(&mut self) -> Result<&Kind<'t>, Refusal> {
        Ok(&self.scanner.peek()?.kind)
    }

    /// The current value is complete.
    fn resume(&mut self) {
        self.state = self.states.pop().unwrap_or(State::StreamEnd);
    }

    /// A value, and after it the state `then`.
    fn node_then(&mut self, then: State, place: Place) -> Result<Event<'t>, Refusal> {
        self.states.push(then);
        self.node(place)
    }

    /// No value, at the next token, and after it the state `then`.
    fn absent(&mut self, then: State) -> Result<Event<'t>, Refusal> {
        let at = self.scanner.peek()?.start;
        Ok(self.absent_at(then, at))
    }

    fn absent_at(&mut self, then: State, at: Position) -> Event<'t> {
        self.state = then;
        Event { step: Step::Scalar { text: Cow::Borrowed(""), plain: true, properties: Properties::default() }, at }
    }

    /// Something that happens at the next token.
    fn here(&mut self, step: Step<'t>) -> Result<Event<'t>, Refusal> {
        Ok(Event { step, at: self.scanner.peek()?.start })
    }

    /// The next token is taken and ends a collection.
    fn end(&mut self) -> Result<Event<'t>, Refusal> {
        self.resume();
        Ok(Event { step: Step::End, at: self.scanner.next()?.start })
    }

    /// The next token is none of those that may stand here.
    fn unexpected<T>(&mut self, syntax: Syntax) -> Result<T, Refusal> {
        Err((Problem::Syntax(syntax), self.scanner.peek()?.start))
    }
}
