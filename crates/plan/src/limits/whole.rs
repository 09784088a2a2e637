//! Budgets of whole providers, and of the whole proxy.
//! Facts: `reference/litellm.md` 6.3; `reference/bifrost-api.md` 2.10, 5.

use std::collections::BTreeSet;

use bifrost::{Capability, Kind};
use litellm::Kind as Source;
use model::{Money, ProviderName, SourceId};
use serde_json::{Map, Value};

use super::{Limits, number_text};
use crate::draft::Planner;
use crate::providers::Catalogue;
use crate::types::Fidelity;

/// The model name that stands for all of them.
const EVERY: &str = "*";

const PROVIDERS: &str = "provider_budget_config";

impl Planner<'_> {
    /// `router_settings.provider_budget_config` and `litellm_settings.max_budget`.
    pub(crate) fn whole_budgets(&mut self, catalogue: &Catalogue) {
        if let Some((source, Value::Object(providers))) = self.setting("router_settings", PROVIDERS) {
            let mut notes: Vec<String> = Vec::new();
            for (word, stated) in &providers {
                notes.extend(self.provider_budget(&source, word, stated, catalogue));
            }
            if !notes.is_empty() {
                self.ledger.left(&source, PROVIDERS, Fidelity::Manual, notes.join("; "));
                self.loose("budgets of providers", &source);
            }
        }
        self.proxy_budget();
    }

    /// The budget of one provider; says what is not held of it.
    fn provider_budget(
        &mut self,
        source: &SourceId,
        word: &str,
        stated: &Value,
        catalogue: &Catalogue,
    ) -> Option<String> {
        let part = |names: [&str; 2]| names.into_iter().find_map(|name| stated.get(name));
        let amount = part(["budget_limit", "max_budget"]).map(|value| number_text(value).parse::<Money>());
        let Some(Ok(amount)) = amount else { return Some(format!("the budget of {word} cannot be read")) };
        let places = self.places_of(word, catalogue);
        if places.is_empty() {
            return None;
        }
        if amount.is_zero() {
            return Some(format!("the budget of {word} is zero: leave out its models"));
        }
        if !self.holds(Capability::ModelConfigBudgets, source) {
            return Some(format!("set the budget of {word} on the gateway's provider by hand"));
        }
        let entity = self.entity(Source::Settings, "router_settings")?;
        let period =
            self.period(&entity.object, part(["time_period", "budget_duration"]).and_then(Value::as_str), amount);
        let share = places.len() as u64;
        let mut limits = Limits::default();
        let mut whole = Limits::default();
        whole.budget(amount, period);
        limits.share_of(&whole, share);
        for provider in &places {
            let mut body = Map::from_iter([
                ("model_name".to_owned(), Value::from(EVERY)),
                ("provider".to_owned(), Value::from(provider.as_str())),
            ]);
            limits.put_into(&mut body);
            let reason = "the budget of a provider";
            let name = format!("{provider}/{EVERY}");
            let op = self.draft(Kind::ModelConfig, &name, Some(Value::Object(body)), reason, entity.origins.clone());
            if let (Some(draft), Some(place)) = (self.drafts.last_mut(), catalogue.providers.get(provider)) {
                draft.after.push(place.op.clone());
            }
            let note = match share {
                1 => "LiteLLM takes another provider when it is used up, the gateway refuses".to_owned(),
                parts => format!(
                    "shared out evenly over the {parts} providers this one becomes; the gateway refuses when it is used up"
                ),
            };
            self.ledger.carried(source, PROVIDERS, &op, "budgets", Fidelity::Approximate, note);
        }
        None
    }

    /// The gateway's providers that hold the deployments of one of LiteLLM's.
    fn places_of(&self, word: &str, catalogue: &Catalogue) -> BTreeSet<ProviderName> {
        let is_of = |id: &String| {
            let Some(entity) = self.entity(Source::Deployment, id) else { return false };
            let text = |field: &str| entity.object.text(&format!("litellm_params.{field}"));
            let base = text("api_base").or_else(|| text("base_url"));
            let found = text("model").map(|model| litellm::provider::resolve(model, text("custom_llm_provider"), base));
            found.is_some_and(|found| found.is_ok_and(|found| found.provider == word))
        };
        let here = catalogue.providers.iter().filter(|(_, provider)| provider.deployments.iter().any(is_of));
        here.map(|(name, _)| name.clone()).collect()
    }

    /// A budget of the whole proxy. The gateway takes one for every model of every provider; whether it counts all of
    /// them together was not measured, so a person has to look.
    fn proxy_budget(&mut self) {
        let Some((source, value)) = self.setting("litellm_settings", "max_budget") else { return };
        let Some(entity) = self.entity(Source::Settings, "litellm_settings") else { return };
        let amount = match number_text(&value).parse::<Money>() {
            Ok(amount) if amount.is_zero() => {
                let note = "zero is no budget in LiteLLM";
                return self.ledger.left(&source, "max_budget", Fidelity::Exact, note);
            }
            Ok(amount) => amount,
            Err(error) => {
                self.unreadable(&entity.object, "max_budget", &format!("{error}"));
                return self.loose("budgets of the whole proxy", &source);
            }
        };
        self.loose("budgets of the whole proxy", &source);
        if !self.holds(Capability::ModelConfigBudgets, &source) {
            let note = "this gateway has no budget for all; set one on each provider";
            return self.ledger.left(&source, "max_budget", Fidelity::Manual, note);
        }
        let period = self.period(&entity.object, entity.object.text("budget_duration"), amount);
        let mut limits = Limits::default();
        limits.budget(amount, period);
        let mut body = Map::from_iter([("model_name".to_owned(), Value::from(EVERY))]);
        limits.put_into(&mut body);
        let reason = "the budget of the whole proxy";
        let op = self.draft(Kind::ModelConfig, EVERY, Some(Value::Object(body)), reason, entity.origins.clone());
        let note = "a budget for every model of every provider; look after a while whether the gateway counts all calls in it, and set one on each provider if not";
        self.ledger.carried(&source, "max_budget", &op, "budgets", Fidelity::Manual, note);
        if entity.object.fields.contains_key("budget_duration") {
            let note = "LiteLLM resets at aligned moments, the gateway counts from the first use";
            self.ledger.carried(&source, "budget_duration", &op, "budgets", Fidelity::Approximate, note);
        }
    }
}
