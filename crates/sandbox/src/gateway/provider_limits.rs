//! The limits of a provider, which are rows of the model configs for every model (topic 08).

use model::Moment;
use serde_json::{Map, Value, json};

use super::State;
use super::body::{Body, Shape};
use super::limits::{BUDGET, Draft, RATE_LIMIT, Wording};
use super::reply::{Outcome, Refusal, done, ok};
use super::state::ModelConfig;

const SHAPE: &[(&str, Shape)] = &[
    ("budget", BUDGET),
    ("budgets", Shape::List(&BUDGET)),
    ("rate_limit", RATE_LIMIT),
    ("calendar_aligned", Shape::Flag),
];

impl State {
    /// `GET /api/governance/providers`: those that have limits.
    pub(super) fn list_provider_limits(&self) -> Outcome {
        let rows = self.model_configs.get(self.provider_rows()).into_iter().flatten();
        let shown = rows.filter(|row| row.model_name == "*").filter_map(|row| self.show_provider_limits(row));
        let shown: Vec<Value> = shown.collect();
        let count = shown.len();
        let none = count == 0 && !self.release.scopes_limits();
        ok(&json!({ "count": count, "providers": if none { Value::Null } else { Value::Array(shown) } }))
    }

    /// `PUT /api/governance/providers/{provider}`.
    pub(super) fn put_provider_limits(&mut self, provider: &str, text: &str, now: Moment) -> Outcome {
        let body = Body::read(text, SHAPE)?;
        if !self.providers.contains_key(provider) {
            return Err(Refusal::missing("Provider not found"));
        }
        let draft = Draft::read_for(&body, self.release);
        draft.check(self.release, Wording::Capital)?;
        if let Some(problem) = draft.store_error(self.release) {
            return Err(Refusal::failed(problem));
        }
        let rows = self.provider_rows();
        self.set_key_limits(rows, Some(provider), &draft, false, now);
        let shown = self.key_limits(rows, Some(provider)).and_then(|row| self.show_provider_limits(row));
        let shown = shown.unwrap_or_else(|| json!({ "provider": provider, "calendar_aligned": false }));
        ok(&json!({ "message": "Provider governance updated successfully", "provider": shown }))
    }

    /// `DELETE /api/governance/providers/{provider}`.
    pub(super) fn delete_provider_limits(&mut self, provider: &str) -> Outcome {
        self.drop_key_limits(self.provider_rows(), Some(provider));
        done("Provider governance deleted successfully")
    }

    fn show_provider_limits(&self, row: &ModelConfig) -> Option<Value> {
        let mut shown = Map::new();
        shown.insert("provider".to_owned(), json!(row.provider.as_ref()?));
        if self.release.scopes_limits() {
            shown.insert("calendar_aligned".to_owned(), json!(row.calendar_aligned));
        }
        self.show_limits(row, &mut shown);
        for name in ["rate_limit_id", "budget_id"] {
            shown.remove(name);
        }
        if let Some(first) = shown.get("budgets").and_then(|budgets| budgets.get(0)).cloned() {
            shown.insert("budget".to_owned(), first);
        }
        Some(Value::Object(shown))
    }
}
