//! Events to a graph: PyYAML's composer, without recursion, under the budgets.

use std::borrow::Cow;
use std::collections::BTreeMap;

use crate::graph::{Content, Graph, Id};
use crate::parser::{Event, Parser, Properties, Step};
use crate::problem::{Problem, Refusal};
use crate::resolve::{self, Tag};
use crate::syntax::Syntax;
use crate::{MAX_DEPTH, MAX_EVENTS, MAX_SCALAR, Position};

/// A composed document: its nodes and its root, if there is any document at all.
#[derive(Debug, Default)]
pub(crate) struct Composed<'t> {
    pub(crate) graph: Graph<'t>,
    pub(crate) root: Option<Id>,
}

/// Composes the one document of a text.
pub(crate) fn compose(text: &str) -> Result<Composed<'_>, Refusal> {
    events(text).map_err(|(problem, at)| match problem {
        Problem::Syntax(_) if is_web_page(text) => (Problem::Syntax(Syntax::WebPage), at),
        other => (other, at),
    })
}

fn is_web_page(text: &str) -> bool {
    let head = text.trim_start();
    ["<!doctype", "<html", "<?xml"]
        .iter()
        .any(|tag| head.get(..tag.len()).is_some_and(|start| start.eq_ignore_ascii_case(tag)))
}

fn events(text: &str) -> Result<Composed<'_>, Refusal> {
    let mut parser = Parser::new(text);
    let composed = Composed { graph: Graph::for_text(text), root: None };
    let mut composer = Composer { composed, ..Composer::default() };
    for _ in 1..MAX_EVENTS {
        let event = parser.next()?;
        if matches!(event.step, Step::StreamEnd) {
            return Ok(composer.composed);
        }
        composer.take(event)?;
    }
    Err((Problem::Events, parser.next()?.at))
}

#[derive(Default)]
struct Composer<'t> {
    composed: Composed<'t>,
    /// Collections that are still open.
    open: Vec<Open>,
    anchored: BTreeMap<&'t str, Id>,
    documents: usize,
}

struct Open {
    id: Id,
    /// Of a mapping: the key that waits for its value.
    key: Option<Id>,
}

impl<'t> Composer<'t> {
    fn take(&mut self, Event { step, at }: Event<'t>) -> Result<(), Refusal> {
        match step {
            Step::StreamEnd | Step::DocumentEnd => Ok(()),
            Step::DocumentStart => self.document(at),
            Step::Alias(name) => self.alias(name, at),
            Step::Scalar { text, plain, properties } => self.scalar(text, plain, &properties, at),
            Step::SequenceStart(properties) => self.start(Content::Sequence(Vec::new()), Tag::Seq, &properties, at),
            Step::MappingStart(properties) => self.start(Content::Mapping(Vec::new()), Tag::Map, &properties, at),
            Step::End => {
                self.open.pop();
                Ok(())
            }
        }
    }

    fn document(&mut self, at: Position) -> Result<(), Refusal> {
        self.documents += 1;
        if self.documents > 1 { Err((Problem::Documents, at)) } else { Ok(()) }
    }

    fn scalar(
        &mut self,
        text: Cow<'t, str>,
        plain: bool,
        properties: &Properties<'t>,
        at: Position,
    ) -> Result<(), Refusal> {
        if text.len() > MAX_SCALAR {
            return Err((Problem::ScalarSize, at));
        }
        let tag = match properties.tag.as_deref() {
            None if plain => resolve::implicit(&text),
            None => Tag::Str,
            // PyYAML resolves `! "12"` as if it were plain.
            Some("!") => resolve::implicit(&text),
            Some(tag) => resolve::named(tag),
        };
        self.add(tag, Content::Scalar(text), properties, at).map(|_| ())
    }

    fn alias(&mut self, name: &str, at: Position) -> Result<(), Refusal> {
        let Some(&id) = self.anchored.get(name) else {
            return Err((Problem::Syntax(Syntax::Alias), at));
        };
        if self.open.iter().any(|open| open.id == id) {
            return Err((Problem::Recursive, at));
        }
        self.place_in_parent(id);
        Ok(())
    }

    fn start(
        &mut self,
        content: Content<'t>,
        default: Tag,
        properties: &Properties<'t>,
        at: Position,
    ) -> Result<(), Refusal> {
        if self.open.len() >= MAX_DEPTH {
            return Err((Problem::Depth, at));
        }
        let tag = match properties.tag.as_deref() {
            None | Some("!") => default,
            Some(tag) => resolve::named(tag),
        };
        let id = self.add(tag, content, properties, at)?;
        self.open.push(Open { id, key: None });
        Ok(())
    }

    fn add(
        &mut self,
        tag: Tag,
        content: Content<'t>,
        properties: &Properties<'t>,
        at: Position,
    ) -> Result<Id, Refusal> {
        let id = self.composed.graph.add(tag, content, at);
        if let Some(anchor) = properties.anchor
            && self.anchored.insert(anchor, id).is_some()
        {
            return Err((Problem::Syntax(Syntax::Anchor), at));
        }
        self.place_in_parent(id);
        Ok(id)
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
}
