//! What is there: joins file, API and database; precedence, conflicts; the vault.
//!
//! Invariant: complete or said so. A source that is missing is a finding, never an empty list.

mod gather;
mod identity;
mod join;
mod open;
mod vault;

pub use gather::{Conflict, Entity, Gathered, Inventory, Opening, gather};
pub use vault::{Candidate, Opened, Sealed, Vault};
