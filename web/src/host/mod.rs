//! The only place that touches the browser: everything else is data.

pub(crate) mod address;
pub(crate) mod clipboard;
pub(crate) mod clock;
pub(crate) mod download;
pub(crate) mod drive;
pub(crate) mod files;
pub(crate) mod kept;
pub(crate) mod observe;
pub(crate) mod page;
pub(crate) mod proxy;
pub(crate) mod random;
pub(crate) mod relay;
pub(crate) mod storage;
pub(crate) mod task;
pub(crate) mod token;
pub(crate) mod undo;
