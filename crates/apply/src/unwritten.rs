//! Lines of a journal that are not on disk yet, while applying and while undoing. A disk takes as long for one line as for
//! many, so the intents of one kind go to it together, and outcomes with the next intents.

use crate::step::Step;

/// How many intents go to disk together, at most: as many ops have to be looked up after a crash.
pub(crate) const TOGETHER: usize = 32;

/// How many outcomes wait for the next intents, at most: those of all intents that were written together do.
const WAITING: usize = 2 * TOGETHER;

/// The lines, in their order.
#[derive(Default)]
pub(crate) struct Unwritten(Vec<String>);

impl Unwritten {
    /// One more.
    pub(crate) fn push(&mut self, line: String) {
        self.0.push(line);
    }

    /// Whether one more outcome may wait.
    pub(crate) fn has_room(&self) -> bool {
        self.0.len() + 1 < WAITING
    }

    /// The step that writes them all.
    pub(crate) fn record(&mut self) -> Step {
        Step::Record(self.lines())
    }

    /// All of them, to be written now.
    pub(crate) fn lines(&mut self) -> String {
        std::mem::take(&mut self.0).join("\n")
    }
}
