//! One item of an undo as a state machine: it looks first, writes, and looks again where the answer was unclear.

use bifrost::compare::differences;
use bifrost::{Answer, Call};
use serde_json::Value;

use super::{UndoItem, Undoing, paths};
use crate::body;
use crate::journal::UndoResult;
use crate::lookup::{LookUp, Seen};
use crate::pace::Pace;
use crate::reply::{self, Reply};

/// What the task wants done.
#[derive(Clone, Debug)]
pub(super) enum Doing {
    /// Read the object, for a reason.
    Look(LookUp, Why),
    /// Put the intent on disk, then [`Send`](Self::Send).
    Intend,
    /// Make the call.
    Send,
    /// Wait that many milliseconds, then go on.
    Rest(u64, Box<Doing>),
    /// Put the outcome on disk.
    Finish(UndoResult, String),
    /// Stop the undo: the gateway is unusable.
    Halt(String),
}

/// Why the object is read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Why {
    /// To see that it is still as it was in the dry run.
    Fresh,
    /// The answer did not say whether the write was carried out.
    Unclear,
    /// To see whether it was put back.
    Check,
}

/// One item being done.
#[derive(Clone, Debug)]
pub(super) struct Task {
    item: UndoItem,
    doing: Doing,
    /// The object as it was when it was last read.
    shown: Value,
    sends: u32,
    reads: u32,
    outages: u32,
    /// What the gateway said last.
    words: String,
    refused: bool,
}

impl Task {
    pub(super) fn begin(item: UndoItem) -> Self {
        let look = LookUp::exactly(item.kind, item.provider.as_deref(), &item.id);
        let doing = match item.what {
            Undoing::Remove | Undoing::Restore => Doing::Look(look, Why::Fresh),
            Undoing::Nothing if item.sent.is_null() => Doing::Finish(UndoResult::Gone, item.why.clone()),
            Undoing::Nothing => Doing::Finish(UndoResult::Restored, item.why.clone()),
            Undoing::Leave => Doing::Finish(UndoResult::Left, item.why.clone()),
        };
        Self { item, doing, shown: Value::Null, sends: 0, reads: 0, outages: 0, words: String::new(), refused: false }
    }

    /// An item that is over before it began.
    pub(super) fn left(item: UndoItem, why: &str) -> Self {
        let mut task = Self::begin(item);
        task.doing = Doing::Finish(UndoResult::Left, why.to_owned());
        task
    }

    pub(super) fn item(&self) -> &UndoItem {
        &self.item
    }

    pub(super) fn doing(&self) -> &Doing {
        &self.doing
    }

    /// The call of the write.
    pub(super) fn call(&self) -> Option<Call> {
        let UndoItem { kind, id, sent, .. } = &self.item;
        let provider = self.item.provider.as_deref();
        if self.item.what == Undoing::Remove {
            return body::remove(*kind, provider, id);
        }
        body::update(*kind, provider, id, body::update_body(*kind, sent, &self.shown))
    }

    /// The intent is on disk, or the wait is over.
    pub(super) fn go_on(&mut self) {
        self.doing = match std::mem::replace(&mut self.doing, Doing::Halt(String::new())) {
            Doing::Intend => Doing::Send,
            Doing::Rest(_, next) => *next,
            other => other,
        };
    }

    /// The call was answered.
    pub(super) fn answered(&mut self, answer: &Answer, pace: &mut Pace) {
        self.outages = 0;
        match self.doing.clone() {
            Doing::Send => {
                self.sends += 1;
                self.replied(reply::read(answer), pace);
            }
            Doing::Look(mut look, why) => {
                let seen = look.on(answer);
                self.seen(look, why, seen, pace);
            }
            _ => {}
        }
    }

    /// The call was not sent.
    pub(super) fn unsent(&mut self, pace: &mut Pace) {
        self.outages += 1;
        let again = self.doing.clone();
        self.doing = match pace.wait(self.outages) {
            Some(millis) => Doing::Rest(millis, Box::new(again)),
            None => Doing::Halt("The gateway cannot be reached.".to_owned()),
        };
    }

    /// The call may have been carried out; no answer came.
    pub(super) fn lost(&mut self, pace: &mut Pace) {
        let words = "no answer came".to_owned();
        match self.doing.clone() {
            Doing::Send => {
                self.sends += 1;
                self.replied(Reply::Unclear(words), pace);
            }
            Doing::Look(look, why) => self.seen(look, why, Seen::Unclear(words), pace),
            _ => {}
        }
    }

    fn replied(&mut self, reply: Reply, pace: &mut Pace) {
        match reply {
            Reply::Done(_) if self.item.what == Undoing::Remove => self.finish(UndoResult::Removed, ""),
            Reply::Done(_) => self.look(Why::Check),
            Reply::Locked => self.doing = Doing::Halt("The gateway no longer accepts the credentials.".to_owned()),
            Reply::Busy(words) => {
                self.words = words;
                self.send_again(pace);
            }
            Reply::Exists(words) | Reply::Unclear(words) => {
                self.words = words;
                self.look(Why::Unclear);
            }
            // A 404 to a delete is the refusal of something that is gone: the look tells.
            Reply::Refused(words) => {
                (self.words, self.refused) = (words, true);
                self.look(Why::Unclear);
            }
        }
    }

    fn seen(&mut self, look: LookUp, why: Why, seen: Seen, pace: &mut Pace) {
        match seen {
            Seen::Locked => self.doing = Doing::Halt("The gateway no longer accepts the credentials.".to_owned()),
            Seen::More => self.doing = Doing::Look(look, why),
            Seen::Unclear(words) => {
                self.reads += 1;
                self.doing = match pace.wait(self.reads) {
                    Some(millis) => Doing::Rest(millis, Box::new(Doing::Look(look, why))),
                    None => Doing::Halt(format!("The gateway gives no usable answer ({words}).")),
                };
            }
            Seen::Nothing => {
                self.reads = 0;
                self.absent();
            }
            Seen::Object(_, object) => {
                self.reads = 0;
                self.present(why, object, pace);
            }
        }
    }

    fn absent(&mut self) {
        match (self.item.what, self.sends) {
            (Undoing::Remove, 0) => self.finish(UndoResult::Gone, "it is gone already"),
            (Undoing::Remove, _) => self.finish(UndoResult::Removed, ""),
            _ => self.finish(UndoResult::Left, "it is no longer there"),
        }
    }

    fn present(&mut self, why: Why, object: Value, pace: &mut Pace) {
        let drifted = differences(self.item.kind, &self.item.expected, &object);
        let restores = self.item.what == Undoing::Restore;
        let left = if restores { differences(self.item.kind, &self.item.sent, &object) } else { Vec::new() };
        if restores && left.is_empty() {
            return self.finish(UndoResult::Restored, "");
        }
        if !drifted.is_empty() {
            let why = if why == Why::Check { "it reads back with another" } else { "it was changed since:" };
            let result = if self.sends > 0 { UndoResult::Failed } else { UndoResult::Left };
            return self.finish(result, &format!("{why} {}", paths(if restores { &left } else { &drifted })));
        }
        self.shown = object;
        match why {
            Why::Fresh => self.doing = Doing::Intend,
            Why::Unclear if self.refused => self.doing = Doing::Finish(UndoResult::Failed, self.words.clone()),
            Why::Unclear => self.send_again(pace),
            Why::Check => self.finish(UndoResult::Failed, "the gateway said it was put back, and it was not"),
        }
    }

    fn look(&mut self, why: Why) {
        self.doing = Doing::Look(LookUp::exactly(self.item.kind, self.item.provider.as_deref(), &self.item.id), why);
    }

    fn send_again(&mut self, pace: &mut Pace) {
        self.doing = match pace.wait(self.sends) {
            Some(millis) => Doing::Rest(millis, Box::new(Doing::Send)),
            None => Doing::Finish(UndoResult::Failed, self.words.clone()),
        };
    }

    fn finish(&mut self, result: UndoResult, note: &str) {
        self.doing = Doing::Finish(result, note.to_owned());
    }
}
