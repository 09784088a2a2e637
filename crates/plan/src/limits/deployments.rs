//! Limits and budgets of deployments, which become limits of a model on a provider.
//! Facts: `reference/litellm.md` 4.3, 6.3; `reference/bifrost-api.md` 5.

use std::collections::BTreeSet;

use bifrost::{Capability, Kind};
use inventory::Entity;
use litellm::Kind as Source;
use model::{Money, OpId};
use serde_json::{Map, Value};

use super::{Limits, number_text, whole_value};
use crate::draft::Planner;
use crate::providers::Catalogue;
use crate::types::Fidelity;

const RATES: &[&str] = &["litellm_params.tpm", "litellm_params.rpm", "tpm", "rpm"];
const BUDGET: &[&str] = &["litellm_params.max_budget", "litellm_params.budget_duration"];

impl Planner<'_> {
    /// What one group has on one provider adds up, for it is shared out among the deployments. One without a limit
    /// leaves the group without.
    pub(crate) fn model_limits(&mut self, catalogue: &Catalogue) {
        for key in &catalogue.keys {
            for id in key.wildcard.keys() {
                let Some(entity) = self.entity(Source::Deployment, id) else { continue };
                self.no_rates(&[entity], "a limit of everything a provider has, and LiteLLM only steers by it");
                self.no_budget(&[entity], "a budget of everything a provider has; set it on the provider");
            }
            for served in key.served.values().filter(|served| served.asks.contains(&served.entry)) {
                let provider = &key.provider;
                let earlier = catalogue.keys_of(provider).take_while(|other| other.name != key.name);
                if earlier.into_iter().any(|other| other.served.contains_key(&served.entry)) {
                    continue;
                }
                let group: BTreeSet<String> = catalogue
                    .keys_of(provider)
                    .filter_map(|other| other.served.get(&served.entry))
                    .flat_map(|served| served.deployments.iter().cloned())
                    .collect();
                self.model_limit(provider.as_str(), &served.entry, &group, &key.op);
            }
        }
    }

    fn model_limit(&mut self, provider: &str, entry: &str, group: &BTreeSet<String>, key: &OpId) {
        let deployments: Vec<&Entity> = group.iter().filter_map(|id| self.entity(Source::Deployment, id)).collect();
        let sum = |name: &str| -> Option<u64> {
            let own = |entity: &&Entity| {
                let nested = entity.object.value(&format!("litellm_params.{name}"));
                nested.or_else(|| entity.object.value(name)).and_then(whole_value)
            };
            deployments.iter().map(own).sum()
        };
        let mut limits = Limits::default();
        limits.rate(sum("tpm").filter(|sum| *sum > 0), sum("rpm").filter(|sum| *sum > 0));
        let rates = !limits.is_empty();
        let budget = self.group_budget(&deployments);
        if let Some((amount, period)) = &budget {
            limits.budget(*amount, period.clone());
        }
        if !rates {
            self.no_rates(&deployments, "another deployment of this name has no limit, and LiteLLM only steers by it");
        }
        if limits.is_empty() {
            return;
        }
        let mut body = Map::from_iter([
            ("model_name".to_owned(), Value::from(entry)),
            ("provider".to_owned(), Value::from(provider)),
        ]);
        limits.put_into(&mut body);
        self.one_budget(&mut body);
        let name = format!("{provider}/{entry}");
        let origins = deployments.iter().map(|entity| entity.object.origin.clone()).collect();
        let reason = match (rates, budget.is_some()) {
            (_, false) => "the rpm and tpm of the deployments behind this name, added up",
            (false, true) => "the budgets of the deployments behind this name, added up",
            (true, true) => "the rpm, tpm and budgets of the deployments behind this name, added up",
        };
        let op = self.draft(Kind::ModelConfig, &name, Some(Value::Object(body)), reason, origins);
        if let Some(draft) = self.drafts.last_mut() {
            draft.after.push(key.clone());
        }
        if rates {
            let note = "LiteLLM only steers by it, the gateway enforces it; several deployments add up";
            self.carry(&deployments, RATES, &op, "rate_limit", note);
        }
        if budget.is_some() {
            let note = "LiteLLM takes another deployment when it is used up, the gateway refuses; several add up";
            self.carry(&deployments, BUDGET, &op, "budgets", note);
        }
    }

    /// The budgets of all deployments of a group, where all have one over the same period.
    fn group_budget(&mut self, deployments: &[&Entity]) -> Option<(Money, String)> {
        let stating: Vec<&Entity> =
            deployments.iter().copied().filter(|entity| entity.object.fields.contains_key(BUDGET[0])).collect();
        if stating.is_empty() {
            return None;
        }
        let mut total = Money::ZERO;
        let mut periods = BTreeSet::new();
        for entity in &stating {
            let amount = entity.object.value(BUDGET[0]).map(number_text).and_then(|text| text.parse::<Money>().ok());
            let amount = amount.unwrap_or(Money::ZERO);
            total = total.saturating_add(amount);
            periods.insert(self.period(&entity.object, entity.object.text(BUDGET[1]), amount));
        }
        let period = periods.pop_first().filter(|_| periods.is_empty());
        let period = period.filter(|_| stating.len() == deployments.len() && !total.is_zero());
        if period.is_none() {
            let note = "the gateway has no budget of a single deployment; make a budget of this model on its provider";
            self.no_budget(&stating, note);
        }
        period.map(|period| (total, period))
    }

    /// A gateway that holds one budget of a model has another name for it.
    pub(super) fn one_budget(&self, body: &mut Map<String, Value>) {
        if self.version.has(Capability::ModelConfigBudgets) {
            return;
        }
        let budget = body.remove("budgets").and_then(|budgets| budgets.get(0).cloned());
        if let Some(budget) = budget {
            body.insert("budget".to_owned(), budget);
        }
    }

    fn carry(&mut self, deployments: &[&Entity], fields: &[&str], op: &OpId, target: &str, note: &str) {
        for entity in deployments {
            let source = entity.id.clone();
            for field in fields.iter().filter(|field| entity.object.fields.contains_key(field)) {
                self.ledger.carried(&source, field, op, target, Fidelity::Approximate, note);
            }
        }
    }

    fn no_rates(&mut self, deployments: &[&Entity], note: &str) {
        for entity in deployments {
            let source = entity.id.clone();
            for field in RATES.iter().filter(|field| entity.object.fields.contains_key(field)) {
                self.ledger.left(&source, field, Fidelity::Unsupported, note);
            }
        }
    }

    fn no_budget(&mut self, deployments: &[&Entity], note: &str) {
        for entity in deployments {
            let source = entity.id.clone();
            for field in BUDGET.iter().filter(|field| entity.object.fields.contains_key(field)) {
                self.ledger.left(&source, field, Fidelity::Manual, note);
                self.loose("budgets of deployments", &source);
            }
        }
    }
}
