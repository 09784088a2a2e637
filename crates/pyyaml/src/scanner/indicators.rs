//! Tokens of fixed form: brackets, commas, dashes, question marks, colons, document markers, the end.

use super::{Kind, Scanner};
use crate::problem::Refusal;
use crate::syntax::Syntax;

impl Scanner<'_> {
    pub(super) fn stream_end(&mut self) -> Result<(), Refusal> {
        self.unwind(0);
        self.remove_candidate()?;
        self.key_allowed = false;
        self.candidates.clear();
        self.push(Kind::StreamEnd, self.cursor.at);
        self.done = true;
        Ok(())
    }

    /// `---` or `...`
    pub(super) fn document_marker(&mut self, kind: Kind<'static>) -> Result<(), Refusal> {
        self.unwind(0);
        self.remove_candidate()?;
        self.key_allowed = false;
        self.indicator(kind, 3);
        Ok(())
    }

    /// `[` or `{`. What is in the brackets may be a key as a whole.
    pub(super) fn flow_start(&mut self, kind: Kind<'static>) -> Result<(), Refusal> {
        self.save_candidate()?;
        self.flow += 1;
        self.key_allowed = true;
        self.indicator(kind, 1);
        Ok(())
    }

    /// `]` or `}`. One too many is left to the parser, which goes no further.
    pub(super) fn flow_end(&mut self, kind: Kind<'static>) -> Result<(), Refusal> {
        self.remove_candidate()?;
        self.flow = self.flow.saturating_sub(1);
        self.key_allowed = false;
        self.indicator(kind, 1);
        Ok(())
    }

    /// `,`
    pub(super) fn flow_entry(&mut self) -> Result<(), Refusal> {
        self.key_allowed = true;
        self.remove_candidate()?;
        self.indicator(Kind::FlowEntry, 1);
        Ok(())
    }

    /// `-` with a blank behind it. Between brackets it is wrong; the parser says so.
    pub(super) fn block_entry(&mut self) -> Result<(), Refusal> {
        if self.flow == 0 {
            self.start_collection(Kind::BlockSequenceStart, Syntax::EntryPlace)?;
        }
        self.key_allowed = true;
        self.remove_candidate()?;
        self.indicator(Kind::BlockEntry, 1);
        Ok(())
    }

    /// `?`
    pub(super) fn key(&mut self) -> Result<(), Refusal> {
        if self.flow == 0 {
            self.start_collection(Kind::BlockMappingStart, Syntax::KeyPlace)?;
        }
        self.key_allowed = self.flow == 0;
        self.remove_candidate()?;
        self.indicator(Kind::Key, 1);
        Ok(())
    }

    /// `:`
    pub(super) fn value(&mut self) -> Result<(), Refusal> {
        if let Some(candidate) = self.take_candidate() {
            self.insert(Kind::Key, candidate);
            if self.flow == 0 && self.deepen(candidate.at.column) {
                self.insert(Kind::BlockMappingStart, candidate);
            }
            self.key_allowed = false;
        } else {
            if self.flow == 0 {
                self.start_collection(Kind::BlockMappingStart, Syntax::ValuePlace)?;
            }
            self.key_allowed = self.flow == 0;
        }
        self.indicator(Kind::Value, 1);
        Ok(())
    }

    /// In block context an entry may start only where a key may; the first one starts its collection.
    fn start_collection(&mut self, kind: Kind<'static>, misplaced: Syntax) -> Result<(), Refusal> {
        if !self.key_allowed {
            return Err(self.refusal(misplaced));
        }
        if self.deepen(self.cursor.at.column) {
            self.push(kind, self.cursor.at);
        }
        Ok(())
    }

    fn indicator(&mut self, kind: Kind<'static>, length: usize) {
        let start = self.cursor.at;
        self.cursor.skip(length);
        self.push(kind, start);
    }
}
