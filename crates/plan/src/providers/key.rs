//! What a provider key serves.

use super::{KeyDraft, Served};

impl KeyDraft {
    /// Whether the name is the provider's own for a model that a pattern gives as part of all of it.
    pub(crate) fn is_plain(&self, served: &Served) -> bool {
        served.upstream.is_none() && served.deployments.iter().all(|id| self.is_open_by(id))
    }

    /// Whether it serves more than single names.
    pub(crate) fn is_open(&self) -> bool {
        !self.wildcard.is_empty() || !self.patterns.is_empty()
    }

    /// Whether the deployment gives more than single names.
    pub(crate) fn is_open_by(&self, deployment: &str) -> bool {
        self.wildcard.contains_key(deployment) || self.patterns.values().any(|of| of.contains_key(deployment))
    }

    /// Serves a name; one that is served already gets more ways to it.
    pub(super) fn serve(&mut self, served: Served) {
        match self.served.get_mut(&served.entry) {
            Some(there) => {
                there.deployments.extend(served.deployments);
                there.asks.extend(served.asks);
            }
            None => drop(self.served.insert(served.entry.clone(), served)),
        }
    }

    /// Whether all that the key serves is this one upstream model: a vLLM key holds the name of its model
    /// (`reference/bifrost-api.md` 3.5).
    pub(super) fn asks_for(&self, wanted: &Served) -> bool {
        let upstream = |served: &Served| served.upstream.as_ref().unwrap_or(&served.entry).clone();
        self.served.values().all(|served| upstream(served) == upstream(wanted))
    }

    /// Whether the name can be served with this upstream beside what is served already. Names of aliases are
    /// unique without regard to case (`reference/bifrost-api.md` 3.7).
    pub(super) fn takes(&self, wanted: &Served) -> bool {
        let clash = self.served.values().find(|served| served.entry.eq_ignore_ascii_case(&wanted.entry));
        clash.is_none_or(|served| served.entry == wanted.entry && served.upstream == wanted.upstream)
    }
}
