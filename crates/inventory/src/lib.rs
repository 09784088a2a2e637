//! What is there: joins file, API and database; precedence, conflicts; the vault.
//!
//! Invariant: complete or said so. A source that is missing is a finding, never an empty list.

mod gather;

mod open;
mod vault;

mod identity;
mod join;

mod conflict;
mod gap;
mod link;

pub use conflict::{Conflict, Side, Why};
pub use gap::Gap;
pub use gather::{Entity, Gathered, Inventory, Opening, gather};
pub use link::Link;
pub use vault::{Candidate, Opened, Sealed, Vault};
