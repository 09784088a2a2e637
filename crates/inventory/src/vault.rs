//! The only home of secrets.

use std::collections::BTreeMap;
use std::marker::PhantomData;

use litellm::{Kept, Secret};
use model::SecretId;

/// The vault as it was read: nothing has been decrypted.
#[derive(Clone, Copy, Debug)]
pub struct Sealed;

/// The vault after every candidate key was tried on every value. Only this one can be planned on.
#[derive(Clone, Copy, Debug)]
pub struct Opened;

/// A key that may open sealed values.
#[derive(Clone, Debug)]
pub struct Candidate {
    /// How the page calls it: `salt key`, `master key`, `older key 2`.
    pub name: String,
    /// The key.
    pub secret: Secret,
}

/// The secrets by slot.
#[derive(Debug)]
pub struct Vault<State> {
    pub(crate) slots: BTreeMap<SecretId, Kept>,
    pub(crate) state: PhantomData<State>,
}

impl Vault<Opened> {
    /// The secret in clear, if that slot holds one that could be opened.
    pub fn expose(&self, id: &SecretId) -> Option<&Secret> {
        match self.slots.get(id)? {
            Kept::Clear(secret) => Some(secret),
            Kept::Sealed(_) | Kept::Environment(_) => None,
        }
    }

    /// The environment variable a slot refers to.
    pub fn environment(&self, id: &SecretId) -> Option<&str> {
        match self.slots.get(id)? {
            Kept::Environment(name) => Some(name),
            Kept::Sealed(_) | Kept::Clear(_) => None,
        }
    }
}
