//! The only home of secrets.

use std::collections::BTreeMap;
use std::marker::PhantomData;

use litellm::{Kept, NoSecret, Secret};
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

/// The secrets by slot. It cannot be serialized or cloned, and shows nothing but the names of its slots.
pub struct Vault<State> {
    slots: BTreeMap<SecretId, Kept>,
    state: PhantomData<State>,
}

impl<State> std::fmt::Debug for Vault<State> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_set().entries(self.slots.keys()).finish()
    }
}

impl Vault<Sealed> {
    /// Takes the secrets over as they were read.
    pub fn new(slots: BTreeMap<SecretId, Kept>) -> Self {
        Self { slots, state: PhantomData }
    }

    /// The value of a slot as its source holds it.
    pub(crate) fn kept(&self, id: &SecretId) -> Option<&Kept> {
        self.slots.get(id)
    }
}

impl Default for Vault<Sealed> {
    fn default() -> Self {
        Self::new(BTreeMap::new())
    }
}

impl Vault<Opened> {
    /// A vault of opened values; only opening makes one.
    pub(crate) fn of(slots: BTreeMap<SecretId, Kept>) -> Self {
        Self { slots, state: PhantomData }
    }

    /// The secret in clear, if that slot holds one that could be opened.
    pub fn expose(&self, id: &SecretId) -> Option<&Secret> {
        match self.slots.get(id)? {
            Kept::Clear(secret) => Some(secret),
            Kept::Sealed(_) | Kept::Environment(_) | Kept::LeftOut | Kept::NoSecret(_) => None,
        }
    }

    /// The environment variable a slot refers to.
    pub fn environment(&self, id: &SecretId) -> Option<&str> {
        match self.slots.get(id)? {
            Kept::Environment(name) => Some(name),
            Kept::Sealed(_) | Kept::Clear(_) | Kept::NoSecret(_) | Kept::LeftOut => None,
        }
    }

    /// What is sent to a gateway for a slot: the reference to its variable, or the secret in clear.
    pub fn sent(&self, id: &SecretId) -> Option<String> {
        let reference = self.environment(id).map(|name| format!("env.{name}"));
        reference.or_else(|| self.expose(id).map(|secret| secret.expose().to_owned()))
    }

    /// What a slot holds in the place of a secret, where that is none.
    pub fn no_secret(&self, id: &SecretId) -> Option<NoSecret> {
        match self.slots.get(id)? {
            Kept::NoSecret(what) => Some(*what),
            Kept::Sealed(_) | Kept::Clear(_) | Kept::Environment(_) | Kept::LeftOut => None,
        }
    }

    /// Whether a snapshot left the value of a slot out, because its source holds it in clear.
    pub fn is_left_out(&self, id: &SecretId) -> bool {
        matches!(self.slots.get(id), Some(Kept::LeftOut))
    }

    /// Whether two slots hold the same secret, so that one credential becomes one key. Says nothing about values.
    pub fn same(&self, left: &SecretId, right: &SecretId) -> bool {
        match (self.slots.get(left), self.slots.get(right)) {
            (Some(Kept::Clear(left)), Some(Kept::Clear(right))) => left.expose() == right.expose(),
            (Some(Kept::Environment(left)), Some(Kept::Environment(right))) => left == right,
            _ => false,
        }
    }
}
