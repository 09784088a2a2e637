//! Budgets and limits per model: of a key, of its team, of its user, of its project. The gateway has them per key.
//! Facts: `reference/litellm.md` 6.3, 6.4; `reference/bifrost-api.md` 5.

use std::collections::{BTreeMap, BTreeSet};

use bifrost::{Capability, Kind, hole};
use inventory::Entity;
use litellm::Kind as Source;
use litellm::access::Key;
use model::{Money, ProviderName, SourceId};
use serde_json::{Map, Value};

use super::{Limits, number_text};
use crate::draft::Planner;
use crate::types::Fidelity;
use crate::virtual_keys::{Grant, PlannedKey};

/// What limits a key on single models.
#[derive(Clone, Debug, Default)]
pub(crate) struct PerModel {
    /// By the model's name in LiteLLM.
    limits: BTreeMap<String, Limits>,
    /// Where they stand.
    stated: Vec<Stated>,
}

/// A field that limits a key on single models.
#[derive(Clone, Debug)]
struct Stated {
    object: SourceId,
    field: &'static str,
    /// Over how many keys it is shared out.
    parts: u64,
    /// Whether it names models by a pattern, which the gateway takes for the name of a model.
    pattern: bool,
    /// Whether the shares are more than the whole.
    over: bool,
}

const TOKENS: &str = "metadata.model_tpm_limit";
const REQUESTS: &str = "metadata.model_rpm_limit";
const BUDGETS: &str = "model_max_budget";

impl PerModel {
    /// Whether nothing is limited.
    pub(crate) fn is_empty(&self) -> bool {
        self.limits.is_empty()
    }
}

impl Planner<'_> {
    /// What limits the key on single models.
    pub(crate) fn per_model(&mut self, entity: &Entity, key: &Key) -> PerModel {
        let mut found = PerModel::default();
        self.add(&mut found, entity, 1, &[TOKENS, REQUESTS, BUDGETS]);
        // What a key has of its own goes before what its team has, each for itself.
        let has = |rate: fn(&Limits) -> bool| -> BTreeSet<String> {
            found
                .limits
                .iter()
                .filter(|(_, limits)| limits.shut || rate(limits))
                .map(|(model, _)| model.clone())
                .collect()
        };
        let (tokens, requests) = (has(|limits| limits.tokens.is_some()), has(|limits| limits.requests.is_some()));
        let own_budgets = entity.object.fields.contains_key(BUDGETS);
        let linked = entity.object.text("budget_id").filter(|_| !own_budgets);
        if let Some(linked) = linked.and_then(|id| self.entity(Source::Budget, id)) {
            self.add(&mut found, linked, 1, &[BUDGETS]);
        }
        let team = key.team.as_ref().and_then(|team| self.entity(Source::Team, team.as_str()));
        if let Some(team) = team {
            let parts = self.keys_in_team(&team.object.id);
            self.add_but(&mut found, team, parts, TOKENS, &tokens);
            self.add_but(&mut found, team, parts, REQUESTS, &requests);
            self.add(&mut found, team, parts, &[BUDGETS]);
        } else if let Some(user) = key.user.as_ref().and_then(|user| self.entity(Source::User, user.as_str())) {
            let parts = self.keys_of(&user.object.id, None);
            self.add(&mut found, user, parts, &[BUDGETS, TOKENS, REQUESTS]);
        }
        if let Some(project) = key.project.as_ref().and_then(|project| self.entity(Source::Project, project)) {
            let parts = self.keys_in_project(&project.object.id);
            self.add(&mut found, project, parts, &["model_tpm_limit", "model_rpm_limit"]);
        }
        found
    }

    fn add(&mut self, found: &mut PerModel, entity: &Entity, parts: u64, fields: &[&'static str]) {
        for field in fields {
            self.add_but(found, entity, parts, field, &BTreeSet::new());
        }
    }

    /// Adds what a field says of models, but for some of them.
    fn add_but(
        &mut self,
        found: &mut PerModel,
        entity: &Entity,
        parts: u64,
        field: &'static str,
        but: &BTreeSet<String>,
    ) {
        let Some(Value::Object(map)) = entity.object.value(field) else { return };
        let source = entity.id.clone();
        let mut more_than_whole = false;
        for (model, value) in map.iter().filter(|(model, _)| !but.contains(*model)) {
            let limits = match field {
                BUDGETS => self.model_budget(entity, value),
                _ => self.model_rate(entity, field, value),
            };
            let own = found.limits.entry(model.clone()).or_default();
            more_than_whole |= own.share_of(&limits, parts);
        }
        if more_than_whole {
            self.loose(super::OVER, &source);
        }
        let pattern = map.keys().any(|model| model.contains('*'));
        if pattern {
            self.loose("limits on models that a pattern names", &source);
        }
        found.stated.push(Stated { object: source, field, parts: parts.max(1), pattern, over: more_than_whole });
    }

    fn model_rate(&mut self, entity: &Entity, field: &str, value: &Value) -> Limits {
        let mut limits = Limits::default();
        let number = number_text(value).parse::<Money>().map(|number| number.micros() / 1_000_000);
        let number = number.unwrap_or_else(|error| {
            self.unreadable(&entity.object, field, &format!("{error}"));
            0
        });
        let tokens = field.ends_with("tpm_limit");
        limits.rate(tokens.then_some(number), (!tokens).then_some(number));
        limits
    }

    /// A number, or an object with an amount, a window, and rates of its own.
    fn model_budget(&mut self, entity: &Entity, value: &Value) -> Limits {
        let mut limits = Limits::default();
        let part = |names: &[&str]| names.iter().find_map(|name| value.get(*name)).filter(|value| !value.is_null());
        let amount = if value.is_object() { part(&["budget_limit", "max_budget"]) } else { Some(value) };
        if let Some(amount) = amount {
            let amount = number_text(amount).parse::<Money>().unwrap_or_else(|error| {
                self.unreadable(&entity.object, BUDGETS, &format!("{error}"));
                Money::ZERO
            });
            let window = part(&["time_period", "budget_duration"]).and_then(Value::as_str);
            let period = self.period(&entity.object, window, amount);
            limits.budget(amount, period);
        }
        for name in ["tpm_limit", "rpm_limit"] {
            if let Some(rate) = part(&[name]) {
                let rate = self.model_rate(entity, name, rate);
                limits.share_of(&rate, 1);
            }
        }
        limits
    }

    /// Takes models that a limit of zero forbids out of what a key may call.
    pub(crate) fn bar(&mut self, per_model: &PerModel, grants: &mut BTreeMap<ProviderName, Grant>) {
        let barred: Vec<&String> =
            per_model.limits.iter().filter(|(_, limits)| limits.shut).map(|(model, _)| model).collect();
        if barred.is_empty() {
            return;
        }
        for grant in grants.values_mut() {
            if grant.models.iter().any(|model| model == "*") {
                grant.barred = barred.iter().map(|model| (*model).clone()).collect();
            } else {
                grant.models.retain(|model| !barred.contains(&model));
            }
        }
        // Where the list of what is barred would be dropped, the whole provider is.
        let drops = !self.version.has(Capability::VirtualKeyBlacklist);
        grants.retain(|_, grant| !grant.models.is_empty() && (!drops || grant.barred.is_empty()));
    }

    /// Model limits of every key.
    pub(crate) fn key_model_limits(&mut self, keys: &[PlannedKey]) {
        for key in keys.iter().filter(|key| !key.per_model.is_empty()) {
            let Some(entity) = self.entity(Source::VirtualKey, &key.id) else { continue };
            if !self.holds(Capability::ModelConfigScope, &entity.id) {
                self.no_scope(key);
                continue;
            }
            for (model, limits) in &key.per_model.limits {
                if !limits.is_empty() && !model.contains('*') {
                    self.key_model_limit(key, entity, model, limits);
                }
            }
            self.account_per_model(key);
        }
    }

    fn key_model_limit(&mut self, key: &PlannedKey, entity: &Entity, model: &str, limits: &Limits) {
        let mut body = Map::from_iter([
            ("model_name".to_owned(), Value::from(model)),
            ("scope".to_owned(), Value::from("virtual_key")),
            ("scope_id".to_owned(), hole::reference(&key.op)),
        ]);
        limits.put_into(&mut body);
        let name = format!("{}/{model}", key.name);
        let reason = "a limit of one key on one model";
        self.draft(Kind::ModelConfig, &name, Some(Value::Object(body)), reason, entity.origins.clone());
    }

    fn account_per_model(&mut self, key: &PlannedKey) {
        for Stated { object, field, parts, pattern, over } in &key.per_model.stated {
            let target = if *field == BUDGETS { "model_config.budgets" } else { "model_config.rate_limit" };
            self.ledger.goes_into(object, &key.op);
            if *pattern {
                let note = "the gateway takes a pattern for the name of a model here; make a model limit of the key for each model it stands for";
                self.ledger.left(object, field, Fidelity::Manual, note);
            } else if *over {
                self.ledger.left(object, field, Fidelity::Manual, super::OVER_NOTE);
            } else if *parts == 1 {
                self.ledger.exact(object, field, &key.op, target);
            } else {
                let note = format!(
                    "the gateway has limits per model only for single keys; shared out evenly over {parts} keys"
                );
                self.ledger.carried(object, field, &key.op, target, Fidelity::Approximate, note);
            }
        }
    }

    fn no_scope(&mut self, key: &PlannedKey) {
        for Stated { object, field, .. } in &key.per_model.stated {
            let note = "this gateway would turn a limit of one key into a limit of everybody; move to 1.5.9 or newer and plan again, or set a limit of the whole key";
            self.ledger.left(object, field, Fidelity::Unsupported, note);
            self.loose("limits of one key on one model", object);
        }
    }
}
