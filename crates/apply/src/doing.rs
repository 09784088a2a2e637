//! What an op wants done next, as data.

use crate::journal::OpResult;
use crate::lookup::LookUp;

/// What the task wants done.
#[derive(Clone, Debug)]
pub(crate) enum Doing {
    /// Put the intent on disk, then [`Send`](Self::Send).
    Intend(Write),
    /// Make the call.
    Send(Write),
    /// Read, for a reason.
    Look(LookUp, Why),
    /// Wait that many milliseconds, then go on.
    Rest(u64, Box<Doing>),
    /// Put the outcome on disk; the op is over.
    Finish(OpResult, Option<String>, String),
    /// Stop the whole apply: the gateway is unusable. The op's intent stays open.
    Halt(String),
}

/// A call that changes the gateway.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Write {
    /// Create the object.
    Create,
    /// Change the object of that id.
    Change(String),
    /// Write the planned body over the object of that id, which we made and which is not as planned.
    Repair(String),
    /// Close a virtual key of that id that grants more than planned; in what, in words.
    Close(String, String),
}

/// Why something is read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Why {
    /// A run before this one may have made it.
    Before,
    /// The gateway says there is one already.
    Exists,
    /// The answer did not say whether the write was carried out.
    Unclear,
    /// The answer to the create has no id in it.
    Id,
    /// To see what a change starts from.
    Fresh,
    /// To see whether the write did what it should.
    Check,
}

impl Doing {
    /// Whether the op may be left here when the user stops: not while a key stands open too wide.
    pub(crate) fn may_stop(&self) -> bool {
        match self {
            Self::Finish(..) | Self::Halt(_) | Self::Intend(Write::Close(..)) | Self::Send(Write::Close(..)) => false,
            Self::Rest(_, next) => next.may_stop(),
            Self::Intend(_) | Self::Send(_) | Self::Look(..) => true,
        }
    }

    /// Whether the op's own write is to be sent next.
    pub(crate) fn is_own_send(&self) -> bool {
        match self {
            Self::Send(write) => matches!(write, Write::Create | Write::Change(_)),
            Self::Rest(_, next) => next.is_own_send(),
            Self::Intend(_) | Self::Look(..) | Self::Finish(..) | Self::Halt(_) => false,
        }
    }

    /// What is being done, for people.
    pub(crate) fn words(&self) -> String {
        match self {
            Self::Intend(Write::Create) | Self::Send(Write::Create) => "creating".to_owned(),
            Self::Intend(Write::Close(..)) | Self::Send(Write::Close(..)) => "making inactive".to_owned(),
            Self::Intend(_) | Self::Send(_) => "changing".to_owned(),
            Self::Look(..) => "reading back".to_owned(),
            Self::Rest(millis, _) => format!("waiting {}.{} s", millis / 1000, millis % 1000 / 100),
            Self::Finish(..) | Self::Halt(_) => "writing down".to_owned(),
        }
    }
}
