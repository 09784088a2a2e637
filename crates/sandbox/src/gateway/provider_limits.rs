//! The limits of a provider, which are rows of the model configs for every model (topic 08).

use model::Moment;
use serde_json::{Map, Value, json};

use super::State;
use super::body::{Body, Shape};
use super::limits::{BUDGET, Draft, RATE_LIMIT, Wording};
use super::reply::{Outcome, Refusal, done, ok};
use super::state::ModelConfig;

const SHAPE: &[(&str, Shape)] =
    &[("budgets", Shape::List(&BUDGET)), ("rate_limit", RATE_LIMIT), ("calendar_aligned", Shape::Flag)];

impl State {
    /// `GET /api/governance/providers`: those that have limits.
    pub(super) fn list_provider_limits(&self) -> Outcome {
        let rows = self.model_configs.get("").into_iter().flatten();
        let shown: Vec<Value> = rows.filter(|row| row.model_name == "*").filter_map(show).collect();
        ok(&json!({ "count": shown.len(), "providers": shown }))
    }

    /// `PUT /api/governance/providers/{provider}`.
    pub(super) fn put_provider_limits(&mut self, provider: &str, text: &str, now: Moment) -> Outcome {
        let body = Body::read(text, SHAPE)?;
        if !self.providers.contains_key(provider) {
            return Err(Refusal::missing("Provider not found"));
        }
        let draft = Draft::read(&body);
        draft.check(self.release, Wording::Capital)?;
        if let Some(problem) = draft.store_error(self.release) {
            return Err(Refusal::failed(problem));
        }
        self.set_key_limits("", Some(provider), &draft, false, now);
        let shown = self.key_limits("", Some(provider)).and_then(show);
        let shown = shown.unwrap_or_else(|| json!({ "provider": provider, "calendar_aligned": false }));
        ok(&json!({ "message": "Provider governance updated successfully", "provider": shown }))
    }

    /// `DELETE /api/governance/providers/{provider}`.
    pub(super) fn delete_provider_limits(&mut self, provider: &str) -> Outcome {
        self.drop_key_limits("", Some(provider));
        done("Provider governance deleted successfully")
    }
}

fn show(row: &ModelConfig) -> Option<Value> {
    let mut shown = Map::new();
    shown.insert("provider".to_owned(), json!(row.provider.as_ref()?));
    shown.insert("calendar_aligned".to_owned(), json!(row.calendar_aligned));
    row.limits.show(("model_config_id", &row.id), &mut shown);
    shown.remove("rate_limit_id");
    if let Some(first) = row.limits.budgets.first() {
        shown.insert("budget".to_owned(), first.show(("model_config_id", &row.id)));
    }
    Some(Value::Object(shown))
}
