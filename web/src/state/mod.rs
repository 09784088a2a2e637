//! What the console knows: one store of phases, and view models as pure functions of it.

pub(crate) mod about;
pub(crate) mod excerpt;
pub(crate) mod flow;
pub(crate) mod link;
pub(crate) mod mask;
pub(crate) mod opening;
pub(crate) mod proxy;
pub(crate) mod recognised;
pub(crate) mod run;
pub(crate) mod sheet;
pub(crate) mod sheets;
pub(crate) mod store;
pub(crate) mod undo;
pub(crate) mod warm;

pub(crate) use link::{Place, Query, Station};
pub(crate) use sheet::{Cell, Filter, Sheet, Tone};
pub(crate) use store::{Before, Held, ReadState, Relay, Source, Store, Target};
