//! Text to tokens: PyYAML's scanner. Each token is made only when somebody asks for it, so that of several errors the
//! same one comes first.
//!
//! A key without a `?` is known as a key only when its colon comes. Until then its token waits in the queue, and a
//! [`Candidate`] remembers where the `Key` token goes. There is at most one for each level of brackets.

mod block_scalar;
mod cursor;
mod directive;
mod indicators;
mod plain;
mod property;
mod quoted;
mod token;

use std::collections::VecDeque;

use crate::problem::{Problem, Refusal};
use crate::syntax::Syntax;
use crate::{MAX_KEY, Position};
use cursor::{Cursor, END, ends_word};

pub(crate) use token::{Directive, Kind, Token};

#[derive(Debug)]
pub(crate) struct Scanner<'t> {
    cursor: Cursor<'t>,
    /// Tokens nobody took yet.
    tokens: VecDeque<Token<'t>>,
    /// How many tokens were taken.
    taken: usize,
    /// Whether the last token was made.
    done: bool,
    /// How many brackets are open.
    flow: usize,
    /// The column of the innermost block collection, from 1; 0 outside of all.
    indent: u32,
    /// The same of the collections around it.
    indents: Vec<u32>,
    /// Whether a key without `?` may start here.
    key_allowed: bool,
    /// Values that may turn out to be keys, outermost first.
    candidates: VecDeque<Candidate>,
}

#[derive(Clone, Copy, Debug)]
struct Candidate {
    /// How many brackets are open around it.
    flow: usize,
    /// The number of its first token.
    token: usize,
    /// Whether nothing but a key can stand there.
    required: bool,
    index: usize,
    at: Position,
}

impl<'t> Scanner<'t> {
    pub(crate) fn new(text: &'t str) -> Self {
        Self {
            cursor: Cursor::new(text),
            tokens: VecDeque::new(),
            taken: 0,
            done: false,
            flow: 0,
            indent: 0,
            indents: Vec::new(),
            key_allowed: true,
            candidates: VecDeque::new(),
        }
    }

    /// The next token, which stays.
    pub(crate) fn peek(&mut self) -> Result<&Token<'t>, Refusal> {
        while self.needs_more()? {
            self.fetch()?;
        }
        if self.tokens.is_empty() {
            self.push(Kind::StreamEnd, self.cursor.at);
        }
        Ok(&self.tokens[0])
    }

    /// The next token. The last one comes again and again.
    pub(crate) fn next(&mut self) -> Result<Token<'t>, Refusal> {
        self.peek()?;
        self.taken += 1;
        let end = Token { kind: Kind::StreamEnd, start: self.cursor.at, end: self.cursor.at };
        Ok(self.tokens.pop_front().unwrap_or(end))
    }

    /// Whether the next token is settled only by what follows it.
    fn needs_more(&mut self) -> Result<bool, Refusal> {
        if self.done || self.tokens.is_empty() {
            return Ok(!self.done);
        }
        self.drop_stale_candidates()?;
        Ok(self.candidates.front().is_some_and(|candidate| candidate.token == self.taken))
    }

    fn fetch(&mut self) -> Result<(), Refusal> {
        self.skip_to_token();
        self.drop_stale_candidates()?;
        self.unwind(self.cursor.at.column);
        let next = self.cursor.peek();
        let leftmost = self.cursor.at.column == 1;
        let block = self.flow == 0;
        match next {
            END => self.stream_end(),
            '%' if leftmost => self.directive(),
            '-' if leftmost && self.cursor.at_word("---") => self.document_marker(Kind::DocumentStart),
            '.' if leftmost && self.cursor.at_word("...") => self.document_marker(Kind::DocumentEnd),
            '[' => self.flow_start(Kind::FlowSequenceStart),
            '{' => self.flow_start(Kind::FlowMappingStart),
            ']' => self.flow_end(Kind::FlowSequenceEnd),
            '}' => self.flow_end(Kind::FlowMappingEnd),
            ',' => self.flow_entry(),
            '-' if ends_word(self.cursor.ahead(1)) => self.block_entry(),
            '?' if !block || ends_word(self.cursor.ahead(1)) => self.key(),
            ':' if !block || ends_word(self.cursor.ahead(1)) => self.value(),
            '*' | '&' => self.anchor(),
            '!' => self.tag(),
            '|' | '>' if block => self.block_scalar(),
            '\'' | '"' => self.quoted(),
            _ if self.starts_plain(next) => self.plain(),
            '\t' => Err((Problem::Tab, self.cursor.at)),
            _ => Err(self.refusal(Syntax::Start)),
        }
    }

    /// Blanks, comments and line breaks. A tab is none of them.
    fn skip_to_token(&mut self) {
        loop {
            self.cursor.skip_comment();
            if self.cursor.take_break().is_none() {
                return;
            }
            if self.flow == 0 {
                self.key_allowed = true;
            }
        }
    }

    fn push(&mut self, kind: Kind<'t>, start: Position) {
        self.tokens.push_back(Token { kind, start, end: self.cursor.at });
    }

    /// Puts a token of no length in front of the candidate's first one.
    fn insert(&mut self, kind: Kind<'t>, candidate: Candidate) {
        let place = candidate.token.saturating_sub(self.taken).min(self.tokens.len());
        self.tokens.insert(place, Token { kind, start: candidate.at, end: candidate.at });
    }

    /// The next token may turn out to be a key.
    fn save_candidate(&mut self) -> Result<(), Refusal> {
        if !self.key_allowed {
            return Ok(());
        }
        self.remove_candidate()?;
        self.candidates.push_back(Candidate {
            flow: self.flow,
            token: self.taken + self.tokens.len(),
            required: self.flow == 0 && self.indent == self.cursor.at.column,
            index: self.cursor.index,
            at: self.cursor.at,
        });
        Ok(())
    }

    /// The candidate between these brackets, if there is one.
    fn take_candidate(&mut self) -> Option<Candidate> {
        let flow = self.flow;
        self.candidates.pop_back_if(|candidate| candidate.flow == flow)
    }

    /// What may have been a key between these brackets is none.
    fn remove_candidate(&mut self) -> Result<(), Refusal> {
        match self.take_candidate() {
            Some(candidate) if candidate.required => Err(self.no_colon(candidate)),
            _ => Ok(()),
        }
    }

    /// A key stands on one line with its colon and has at most 1,024 characters. Inner candidates are younger, so the
    /// stale ones are the first ones.
    fn drop_stale_candidates(&mut self) -> Result<(), Refusal> {
        let (line, index) = (self.cursor.at.line, self.cursor.index);
        let stale = |candidate: &mut Candidate| candidate.at.line != line || index - candidate.index > MAX_KEY;
        while let Some(candidate) = self.candidates.pop_front_if(stale) {
            if candidate.required {
                return Err(self.no_colon(candidate));
            }
        }
        Ok(())
    }

    /// Ends the block collections that stand deeper than a column. Between brackets indentation means nothing.
    fn unwind(&mut self, column: u32) {
        while self.flow == 0 && self.indent > column {
            self.indent = self.indents.pop().unwrap_or_default();
            self.push(Kind::BlockEnd, self.cursor.at);
        }
    }

    /// Whether a block collection starts in this column.
    fn deepen(&mut self, column: u32) -> bool {
        let deeper = self.indent < column;
        if deeper {
            self.indents.push(self.indent);
            self.indent = column;
        }
        deeper
    }

    fn no_colon(&self, candidate: Candidate) -> Refusal {
        (Problem::Syntax(Syntax::NoColon(candidate.at)), self.cursor.at)
    }

    /// A refusal of the next character.
    fn refusal(&self, syntax: Syntax) -> Refusal {
        let problem = if self.cursor.peek() == '\t' { Problem::Tab } else { Problem::Syntax(syntax) };
        (problem, self.cursor.at)
    }
}
