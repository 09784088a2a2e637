//! Events to a graph: PyYAML's composer, without recursion, under the budgets.

use std::borrow::Cow;
use std::collections::BTreeMap;

use saphyr_parser::{Event, Parser, ScalarStyle, ScanError, Span};

use crate::gate::Gate;
use crate::graph::{Content, Graph, Id};
use crate::problem::Problem;
use crate::resolve::{self, Tag};
use crate::{MAX_DEPTH, MAX_EVENTS, MAX_SCALAR, Position};

pub(crate) type Refusal = (Problem, Position);

/// A composed document: its nodes and its root, if there is any document at all.
#[derive(Debug, Default)]
pub(crate) struct Composed {
    pub(crate) graph: Graph,
    pub(crate) root: Option<Id>,
}

/// Composes the one document of a text.
pub(crate) fn compose(text: &str) -> Result<Composed, Refusal> {
    events(text).map_err(|(problem, at)| match problem {
        Problem::Syntax(_) if is_web_page(text) => (Problem::Syntax("this is a web page, not YAML".to_owned()), at),
        other => (other, at),
    })
}

fn is_web_page(text: &str) -> bool {
    let head = text.trim_start();
    ["<!doctype", "<html", "<?xml"]
        .iter()
        .any(|tag| head.get(..tag.len()).is_some_and(|start| start.eq_ignore_ascii_case(tag)))
}

fn events(text: &str) -> Result<Composed, Refusal> {
    let mut composer = Composer { gate: Gate::new(text), ..Composer::default() };
    let mut events = 0_usize;
    for step in Parser::new_from_str(text) {
        let (event, span) = step.map_err(|error| composer.grammar(&error))?;
        events += 1;
        if events > MAX_EVENTS {
            return Err((Problem::Events, place(span)));
        }
        composer.take(event, span)?;
    }
    composer.gate.end()?;
    Ok(composer.composed)
}

#[derive(Default)]
struct Composer<'t> {
    composed: Composed,
    gate: Gate<'t>,
    /// Collections that are still open.
    open: Vec<Open>,
    /// Nodes by the number the parser gives their anchor.
    anchored: BTreeMap<usize, Id>,
    documents: usize,
}

struct Open {
    id: Id,
    /// Of a mapping: the key that waits for its value.
    key: Option<Id>,
}

/// The tag with its handle replaced by what that stands for.
fn full(tag: Option<Cow<'_, saphyr_parser::Tag>>) -> Option<String> {
    tag.map(|tag| format!("{}{}", tag.handle, tag.suffix))
}

/// Where a parser event starts.
pub(crate) fn place(span: Span) -> Position {
    let count = |number: usize| u32::try_from(number).unwrap_or(u32::MAX);
    Position { line: count(span.start.line()), column: count(span.start.col()).saturating_add(1) }
}

impl Composer<'_> {
    fn take(&mut self, event: Event<'_>, span: Span) -> Result<(), Refusal> {
        match event {
            Event::Nothing | Event::StreamStart | Event::StreamEnd => Ok(()),
            Event::DocumentStart(_) => self.document(span),
            Event::DocumentEnd => self.gate.structure(span),
            Event::Alias(anchor) => self.alias(anchor, span),
            Event::Scalar(text, style, anchor, tag) => {
                self.scalar(text.into_owned(), style, anchor, full(tag).as_deref(), span)
            }
            Event::SequenceStart(anchor, tag) => {
                self.start(Content::Sequence(Vec::new()), Tag::Seq, full(tag).as_deref(), anchor, span)
            }
            Event::MappingStart(anchor, tag) => {
                self.start(Content::Mapping(Vec::new()), Tag::Map, full(tag).as_deref(), anchor, span)
            }
            Event::SequenceEnd | Event::MappingEnd => {
                self.gate.collection_end(span)?;
                self.open.pop();
                Ok(())
            }
        }
    }

    fn document(&mut self, span: Span) -> Result<(), Refusal> {
        self.documents += 1;
        if self.documents > 1 {
            return Err((Problem::Documents, place(span)));
        }
        self.gate.document_start(span)
    }

    fn scalar(
        &mut self,
        mut text: String,
        style: ScalarStyle,
        anchor: usize,
        tag: Option<&str>,
        span: Span,
    ) -> Result<(), Refusal> {
        let key = self.open.last().is_some_and(|open| self.expects_key(open));
        self.gate.scalar(span, style, &text, anchor > 0 || tag.is_some(), key)?;
        if text.len() > MAX_SCALAR {
            return Err((Problem::ScalarSize, place(span)));
        }
        let block = matches!(style, ScalarStyle::Literal | ScalarStyle::Folded);
        if block && self.gate.ends_unbroken() && text.ends_with('\n') {
            text.pop();
        }
        let tag = match tag {
            None if style == ScalarStyle::Plain => resolve::implicit(&text),
            None => Tag::Str,
            // PyYAML resolves `! "12"` as if it were plain.
            Some("!") => resolve::implicit(&text),
            Some(tag) => resolve::named(tag),
        };
        let id = self.composed.graph.add(tag, Content::Scalar(text), place(span));
        self.anchor(anchor, id);
        self.place_in_parent(id);
        Ok(())
    }

    fn alias(&mut self, anchor: usize, span: Span) -> Result<(), Refusal> {
        self.gate.alias(span)?;
        let Some(&id) = self.anchored.get(&anchor) else {
            return Err((Problem::Syntax("an alias has no anchor before it".to_owned()), place(span)));
        };
        if self.open.iter().any(|open| open.id == id) {
            return Err((Problem::Recursive, place(span)));
        }
        self.place_in_parent(id);
        Ok(())
    }

    fn start(
        &mut self,
        content: Content,
        default: Tag,
        tag: Option<&str>,
        anchor: usize,
        span: Span,
    ) -> Result<(), Refusal> {
        self.gate.collection_start(span, anchor > 0 || tag.is_some())?;
        if self.open.len() >= MAX_DEPTH {
            return Err((Problem::Depth, place(span)));
        }
        let tag = match tag {
            None | Some("!") => default,
            Some(tag) => resolve::named(tag),
        };
        let id = self.composed.graph.add(tag, content, place(span));
        self.anchor(anchor, id);
        self.place_in_parent(id);
        self.open.push(Open { id, key: None });
        Ok(())
    }

    fn anchor(&mut self, anchor: usize, id: Id) {
        if anchor > 0 {
            self.anchored.insert(anchor, id);
        }
    }

    fn expects_key(&self, open: &Open) -> bool {
        open.key.is_none() && matches!(self.composed.graph.node(open.id).content, Content::Mapping(_))
    }

    fn place_in_parent(&mut self, id: Id) {
        let Some(open) = self.open.last_mut() else {
            self.composed.root = Some(id);
            return;
        };
        match &mut self.composed.graph.node_mut(open.id).content {
            Content::Sequence(items) => items.push(id),
            Content::Mapping(pairs) => match open.key.take() {
                None => open.key = Some(id),
                Some(key) => pairs.push((key, id)),
            },
            Content::Scalar(_) => {}
        }
    }

    /// An error of the parser in our words. Its own can quote a character of the input.
    fn grammar(&self, error: &ScanError) -> Refusal {
        let marker = *error.marker();
        let at = place(Span::empty(marker));
        let what = error.info();
        if let Some(tab) =
            self.gate.tab_near(marker.index()).filter(|_| what.contains("tab") || what.contains("whitespace"))
        {
            return (Problem::Tab, tab);
        }
        if what == "recursion limit exceeded" {
            // The parser looks ahead through brackets and counts them itself.
            return (Problem::Depth, at);
        }
        if what.starts_with("unexpected character") {
            return (Problem::Syntax("a plain value cannot start with this character".to_owned()), at);
        }
        (Problem::Syntax(what.to_owned()), at)
    }
}
