//! The five stations: each shows what one phase gave, and decides nothing.

pub(crate) mod apply;
pub(crate) mod connect;
pub(crate) mod inventory;
pub(crate) mod plan;
pub(crate) mod report;
