//! What the YAML 1.2 parser lets through and PyYAML's scanner does not: read from the text between and under the events.

use std::collections::BTreeSet;

use saphyr_parser::{ScalarStyle, Span};

use crate::compose::{Refusal, place};
use crate::problem::Problem;
use crate::{MAX_KEY, Position};

/// Walks the text once, event by event. Whatever lies between two values is structure: blanks, comments, indicators.
#[derive(Debug, Default)]
pub(crate) struct Gate<'t> {
    text: &'t str,
    /// How far the text was read, in characters and in bytes.
    chars: usize,
    byte: usize,
    /// For each open collection, whether it is written in brackets.
    flow: Vec<bool>,
    anchors: BTreeSet<&'t str>,
    /// Whether the pair that was just opened between brackets started with a `?`.
    asked: bool,
}

impl<'t> Gate<'t> {
    pub(crate) fn new(text: &'t str) -> Self {
        Self { text, ..Self::default() }
    }

    /// Structure up to where an event starts.
    pub(crate) fn structure(&mut self, span: Span) -> Result<(), Refusal> {
        self.gap(span).map(|_| ())
    }

    /// Structure up to the end of the text.
    pub(crate) fn end(&mut self) -> Result<(), Refusal> {
        self.no_tab(self.byte, self.text.len())?;
        if self.byte == 0 { no_end_marker(self.text) } else { Ok(()) }
    }

    /// Directives: PyYAML refuses `%YAML 2.0` and a name with anything but letters, digits, - and _ in it.
    pub(crate) fn document_start(&mut self, span: Span) -> Result<(), Refusal> {
        no_end_marker(self.gap(span)?)?;
        let head = self.text.lines().take_while(|line| !line.starts_with("---"));
        let directives = head.take_while(|line| line.is_empty() || line.starts_with(['%', '#', ' ']));
        if directives.filter_map(|line| line.strip_prefix('%')).all(is_directive) {
            return Ok(());
        }
        Err(refusal("a % line asks for something PyYAML does not read", place(span)))
    }

    /// The start of a list or mapping, with its anchor and tag.
    pub(crate) fn collection_start(&mut self, span: Span, properties: bool) -> Result<(), Refusal> {
        self.gap(span)?;
        let from = self.byte;
        let raw = self.slice_to(span.end.index());
        let length = if properties { self.properties(from, raw, span)? } else { 0 };
        // Blanks and a comment behind the bracket can be part of the span.
        self.no_tab(from + length, self.byte)?;
        let content = &raw[length..];
        self.flow.push(content.starts_with(['[', '{']) || self.in_flow());
        self.asked = content.starts_with('?');
        Ok(())
    }

    /// The end of a list or mapping.
    pub(crate) fn collection_end(&mut self, span: Span) -> Result<(), Refusal> {
        self.gap(span)?;
        if self.flow.pop() == Some(true) && !span.is_empty() {
            self.slice_to(span.end.index());
        }
        Ok(())
    }

    /// An alias.
    pub(crate) fn alias(&mut self, span: Span) -> Result<(), Refusal> {
        self.gap(span)?;
        let raw = self.slice_to(span.end.index());
        if raw.trim_end().strip_prefix('*').is_some_and(is_anchor_name) {
            return Ok(());
        }
        Err(refusal("an anchor or alias has a name PyYAML does not read", place(span)))
    }

    /// A scalar: `text` is its value, `key` whether it stands where a mapping expects a key.
    pub(crate) fn scalar(
        &mut self,
        span: Span,
        style: ScalarStyle,
        text: &str,
        properties: bool,
        key: bool,
    ) -> Result<(), Refusal> {
        let gap = self.gap(span)?;
        let asked = std::mem::take(&mut self.asked);
        let explicit = asked || asks_for_a_key(gap) || self.text[self.byte..].starts_with('?');
        if style == ScalarStyle::Plain && text.is_empty() && !properties {
            // Nothing is written here; the span is that of the next token.
            return if key && !explicit { Err(refusal("a colon has no key before it", place(span))) } else { Ok(()) };
        }
        let start = self.byte;
        let mut from = start;
        let raw = self.slice_to(span.end.index());
        let mut content = raw;
        if properties {
            let length = self.properties(from, raw, span)?;
            from += length;
            content = &raw[length..];
        }
        match style {
            ScalarStyle::Plain => self.plain(text, content, from, span)?,
            ScalarStyle::SingleQuoted | ScalarStyle::DoubleQuoted => {
                self.no_tab(from + behind_quote(content), self.byte)?;
            }
            ScalarStyle::Literal | ScalarStyle::Folded if text.is_empty() => self.no_tab(from, self.byte)?,
            ScalarStyle::Literal | ScalarStyle::Folded => block(content, span)?,
        }
        if key && !explicit { self.on_one_line(start, span) } else { Ok(()) }
    }

    /// A key without a `?` has to stand on one line with its colon, at most 1,024 characters before it.
    fn on_one_line(&self, from: usize, span: Span) -> Result<(), Refusal> {
        let rest = self.text[self.byte..].trim_start_matches([' ', '\n']);
        let written = &self.text[from..self.text.len() - rest.len()];
        let long = written.len() > MAX_KEY && written.chars().count() > MAX_KEY;
        if rest.starts_with(':') && (long || written.contains('\n')) {
            return Err(refusal(
                "a key must stand on one line with its colon, at most 1,024 characters before it",
                place(span),
            ));
        }
        Ok(())
    }

    /// Whether a block scalar that was just read ends at the end of a text without a final line break: PyYAML
    /// then adds none to the value.
    pub(crate) fn ends_unbroken(&self) -> bool {
        self.byte == self.text.len() && !self.text.ends_with('\n')
    }

    fn plain(&self, text: &str, content: &str, from: usize, span: Span) -> Result<(), Refusal> {
        if let Some(tab) = content.find('\t') {
            return Err((Problem::Tab, self.position(from + tab)));
        }
        if self.in_flow() && (text.contains('?') || text.starts_with([':', '|', '>'])) {
            let what = "a plain value between brackets cannot have a question mark in it or start with : | or >";
            return Err(refusal(what, place(span)));
        }
        Ok(())
    }

    /// Checks anchor and tag at the start of `raw`, which starts at byte `from`; returns how long they are.
    fn properties(&mut self, from: usize, raw: &'t str, span: Span) -> Result<usize, Refusal> {
        let mut rest = raw;
        loop {
            rest = skip_blanks(rest);
            if !rest.starts_with(['&', '!']) {
                break;
            }
            let end = rest.find([' ', '\t', '\n']).unwrap_or(rest.len());
            let (word, tail) = rest.split_at(end);
            if let Some(name) = word.strip_prefix('&') {
                if !is_anchor_name(name) {
                    return Err(refusal("an anchor or alias has a name PyYAML does not read", place(span)));
                }
                if !self.anchors.insert(name) {
                    return Err(refusal("an anchor is defined twice", place(span)));
                }
            }
            if word.starts_with('!') && (runs_on(word) || self.cuts_short(tail)) {
                return Err(refusal("a tag must have a blank behind it", place(span)));
            }
            rest = tail;
        }
        let length = raw.len() - rest.len();
        self.no_tab(from, from + length)?;
        Ok(length)
    }

    /// Whether a tag with `tail` behind it is followed by something other than a blank.
    fn cuts_short(&self, tail: &str) -> bool {
        tail.is_empty() && !self.text[self.byte..].starts_with([' ', '\n']) && self.byte < self.text.len()
    }

    fn in_flow(&self) -> bool {
        self.flow.last().copied().unwrap_or_default()
    }

    /// Moves to the start of an event and checks what lies before it.
    fn gap(&mut self, span: Span) -> Result<&'t str, Refusal> {
        let from = self.byte;
        let gap = self.slice_to(span.start.index());
        self.no_tab(from, self.byte)?;
        Ok(gap)
    }

    /// A tab outside values and comments is an error: PyYAML skips spaces only.
    fn no_tab(&self, from: usize, to: usize) -> Result<(), Refusal> {
        let mut comment = false;
        for (at, byte) in self.text.as_bytes()[from..to.max(from)].iter().enumerate() {
            match byte {
                b'#' => comment = true,
                b'\n' => comment = false,
                b'\t' if !comment => return Err((Problem::Tab, self.position(from + at))),
                _ => {}
            }
        }
        Ok(())
    }

    /// The text up to a character, moving there; nothing if that is behind.
    fn slice_to(&mut self, index: usize) -> &'t str {
        let start = self.byte;
        let rest = &self.text[start..];
        let wanted = index.saturating_sub(self.chars);
        let length = rest.char_indices().nth(wanted).map_or(rest.len(), |(at, _)| at);
        let slice = &rest[..length];
        self.byte = start + length;
        self.chars = self.chars.max(index);
        slice
    }

    /// Line and column of a byte.
    fn position(&self, byte: usize) -> Position {
        let before = &self.text[..byte];
        let start = before.rfind('\n').map_or(0, |at| at + 1);
        let count = |number: usize| u32::try_from(number).unwrap_or(u32::MAX);
        Position { line: count(before.matches('\n').count() + 1), column: count(before[start..].chars().count() + 1) }
    }

    /// The tab a parser error at this character may be about: the first one outside quotes on its line.
    pub(crate) fn tab_near(&self, index: usize) -> Option<Position> {
        let at = self.text.char_indices().nth(index).map_or(self.text.len(), |(at, _)| at);
        let start = self.text[..at].rfind('\n').map_or(0, |at| at + 1);
        let line = self.text[start..].lines().next()?;
        line.find('\t').map(|tab| self.position(start + tab))
    }
}

/// PyYAML refuses a `...` before any content.
fn no_end_marker(head: &str) -> Result<(), Refusal> {
    let marker =
        |line: &str| line.strip_prefix("...").is_some_and(|rest| rest.is_empty() || rest.starts_with([' ', '\t']));
    match head.split('\n').position(marker) {
        None => Ok(()),
        Some(line) => {
            let at = Position { line: u32::try_from(line + 1).unwrap_or(u32::MAX), column: 1 };
            Err(refusal("`...` ends a document here, but none was started", at))
        }
    }
}

/// PyYAML wants the lines of a block scalar indented, even at the top of a document.
fn block(content: &str, span: Span) -> Result<(), Refusal> {
    let skipped = usize::from(span.start.col() > 0);
    if content.split('\n').skip(skipped).any(|line| line.starts_with(|c| c != ' ')) {
        return Err(refusal("the lines of a block text must be indented", place(span)));
    }
    Ok(())
}

/// Whether PyYAML reads a directive; `line` is what stands behind the `%`.
fn is_directive(line: &str) -> bool {
    let name = line.split(' ').next().unwrap_or_default();
    let version = line.strip_prefix("YAML").map(str::trim_start);
    is_anchor_name(name) && version.is_none_or(|version| name != "YAML" || version.starts_with("1."))
}

/// Whether the structure before a key has the `?` of an explicit one.
fn asks_for_a_key(gap: &str) -> bool {
    gap.lines().any(|line| line.split('#').next().is_some_and(|line| line.contains('?')))
}

fn refusal(what: &str, at: Position) -> Refusal {
    (Problem::Syntax(what.to_owned()), at)
}

/// Blanks, line breaks and comments.
fn skip_blanks(text: &str) -> &str {
    let mut rest = text.trim_start_matches([' ', '\t', '\n']);
    while rest.starts_with('#') {
        rest = rest.find('\n').map_or("", |end| &rest[end..]);
        rest = rest.trim_start_matches([' ', '\t', '\n']);
    }
    rest
}

/// Whether something else is glued to a tag.
fn runs_on(tag: &str) -> bool {
    match tag.strip_prefix("!<") {
        Some(verbatim) => verbatim.find('>').is_none_or(|end| end + 1 < verbatim.len()),
        None => tag.contains(['[', ']', '{', '}', ',']),
    }
}

fn is_anchor_name(name: &str) -> bool {
    !name.is_empty() && name.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-' || b == b'_')
}

/// How long a quoted scalar is up to and with its closing quote.
fn behind_quote(content: &str) -> usize {
    let bytes = content.as_bytes();
    let quote = bytes.first().copied().unwrap_or_default();
    let mut at = 1;
    while let Some(byte) = bytes.get(at) {
        at += match byte {
            b'\\' if quote == b'"' => 2,
            b'\'' if quote == b'\'' && bytes.get(at + 1) == Some(&quote) => 2,
            byte if *byte == quote => return at + 1,
            _ => 1,
        };
    }
    content.len()
}
