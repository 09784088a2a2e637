//! What is there: joins file, API and database; precedence, conflicts; the vault.

mod gather;
mod vault;

pub use gather::{Conflict, Entity, Gathered, Inventory, Opening, gather};
pub use vault::{Candidate, Opened, Sealed, Vault};
