//! The model by which a deployment of another name is priced: LiteLLM's `base_model` is the gateway's `model_name` of an
//! alias. Without it a deployment with a name of its own costs nothing there, and budgets never end.
//! Facts: `reference/litellm.md` 4.3; `reference/bifrost-api.md` 3.7.

use std::collections::BTreeSet;

use bifrost::Capability;
use inventory::Entity;
use litellm::Kind as Source;
use model::{Code, Finding, ProviderName, SourceId};

use super::{Catalogue, KeyDraft, Served};
use crate::draft::{Draft, Planner};
use crate::types::Fidelity;

const FIELD: &str = "model_info.base_model";

impl Catalogue {
    /// Whether a provider is one of the gateway's own, for which its catalogue has prices.
    pub(super) fn is_standard(&self, provider: &ProviderName) -> bool {
        self.providers.get(provider).is_some_and(|draft| draft.place.custom.is_none())
    }
}

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
            let is_standard = catalogue.is_standard(&key.provider);
            for served in key.served.values() {
                self.account_base(key, served, is_standard);
            }
        }
    }

    /// Names the deployments whose calls cost nothing in budgets: the gateway's catalogue has prices by provider, and none
    /// of providers that are not its own.
    pub(crate) fn unpriced(&mut self, catalogue: &Catalogue) {
        let is_money = |draft: &Draft| {
            let body = draft.body.as_ref();
            body.is_some_and(|body| ["budget", "budgets"].iter().any(|field| body.get(field).is_some()))
        };
        if !self.drafts.iter().any(is_money) {
            return;
        }
        let behind = |key: &KeyDraft| -> Vec<String> {
            key.served.values().flat_map(|served| &served.deployments).chain(key.wildcard.keys()).cloned().collect()
        };
        let unpriced: BTreeSet<SourceId> = catalogue
            .keys
            .iter()
            .filter(|key| !catalogue.is_standard(&key.provider))
            .flat_map(behind)
            .filter_map(|id| self.entity(Source::Deployment, &id))
            .filter(|entity| !has_prices(entity))
            .map(|entity| entity.id.clone())
            .collect();
        if unpriced.is_empty() {
            return;
        }
        let message = format!(
            "the gateway's catalogue has prices of its own providers only, so calls to {} cost nothing in budgets: where LiteLLM knows a price for them, budgets end later here, or never",
            crate::release::few(&unpriced)
        );
        self.findings.push(Finding::warning(Code::new("plan.unpriced"), "prices", message).hint(
            "state input_cost_per_token and output_cost_per_token with them in LiteLLM and plan again: these are moved",
        ));
    }

    fn account_base(&mut self, key: &KeyDraft, served: &Served, is_standard: bool) {
        let model = served.upstream.as_ref().unwrap_or(&served.entry);
        for id in &served.deployments {
            let Some(entity) = self.entity(Source::Deployment, id) else { continue };
            let Some(base) = entity.object.text(FIELD).map(without_provider) else { continue };
            let source = entity.id.clone();
            if base == model {
                self.ledger.carried(&source, FIELD, &key.op, "models", Fidelity::Exact, "the upstream model itself");
            } else if has_prices(entity) {
                let note = "its own prices go before those of the base model";
                self.ledger.left(&source, FIELD, Fidelity::Exact, note);
            } else if is_standard && self.priced_as(served).is_some() && self.holds(Capability::AliasObjects, &source) {
                self.ledger.exact(&source, FIELD, &key.op, "aliases[].model_name");
            } else {
                let note = "the gateway finds no price by the name of this deployment, and then its calls cost nothing in budgets; make a pricing override with the prices of the base model";
                self.ledger.left(&source, FIELD, Fidelity::Manual, note);
                self.loose("budgets over calls to models without a price on the gateway", &source);
            }
        }
    }
}

/// Whether a deployment states prices of its own.
fn has_prices(entity: &Entity) -> bool {
    entity.object.fields.keys().any(|path| crate::prices::price_name(path).is_some())
}

/// Prices stand under the model's name, without the provider that LiteLLM puts in front.
fn without_provider(base: &str) -> &str {
    base.split_once('/').map_or(base, |(_, model)| model)
}
