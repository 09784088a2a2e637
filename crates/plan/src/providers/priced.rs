//! The model by which a deployment of another name is priced: LiteLLM's `base_model` is the gateway's `model_name` of an
//! alias. Without it a deployment with a name of its own costs nothing there, and budgets never end.
//! Facts: `reference/litellm.md` 4.3; `reference/bifrost-api.md` 3.7.

use std::collections::BTreeSet;

use bifrost::Capability;
use litellm::Kind as Source;

use super::{Catalogue, KeyDraft, Served};
use crate::draft::Planner;
use crate::types::Fidelity;

const FIELD: &str = "model_info.base_model";

impl Planner<'_> {
    /// The model whose prices the deployments behind a name have, where they agree.
    pub(super) fn priced_as(&self, served: &Served) -> Option<String> {
        let base = |id: &String| self.entity(Source::Deployment, id)?.object.text(FIELD).map(without_provider);
        let bases: BTreeSet<Option<&str>> = served.deployments.iter().map(base).collect();
        bases.iter().next().copied().flatten().filter(|_| bases.len() == 1).map(str::to_owned)
    }

    /// Says of each base model what became of it.
    pub(super) fn account_bases(&mut self, catalogue: &Catalogue) {
        for key in &catalogue.keys {
            let is_custom = catalogue.providers.get(&key.provider).is_none_or(|draft| draft.place.custom.is_some());
            for served in key.served.values() {
                self.account_base(key, served, is_custom);
            }
        }
    }

    fn account_base(&mut self, key: &KeyDraft, served: &Served, is_custom: bool) {
        let model = served.upstream.as_ref().unwrap_or(&served.entry);
        for id in &served.deployments {
            let Some(entity) = self.entity(Source::Deployment, id) else { continue };
            let Some(base) = entity.object.text(FIELD).map(without_provider) else { continue };
            let source = entity.object.source_id();
            if base == model {
                self.ledger.carried(&source, FIELD, &key.op, "models", Fidelity::Exact, "the upstream model itself");
            } else if entity.object.fields.keys().any(|path| crate::prices::price_name(path).is_some()) {
                let note = "its own prices go before those of the base model";
                self.ledger.left(&source, FIELD, Fidelity::Exact, note);
            } else if !is_custom && self.priced_as(served).is_some() && self.holds(Capability::AliasObjects, &source) {
                self.ledger.exact(&source, FIELD, &key.op, "aliases[].model_name");
            } else {
                let note = "the gateway finds no price by the name of this deployment, and then its calls cost nothing in budgets; make a pricing override with the prices of the base model";
                self.ledger.left(&source, FIELD, Fidelity::Manual, note);
                self.loose("budgets over calls to models without a price on the gateway", &source);
            }
        }
    }
}

/// Prices stand under the model's name, without the provider that LiteLLM puts in front.
fn without_provider(base: &str) -> &str {
    base.split_once('/').map_or(base, |(_, model)| model)
}
