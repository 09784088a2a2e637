//! Price overrides (topic 11).

use std::collections::BTreeMap;

use model::Moment;
use serde_json::{Map, Value, json};

use super::State;
use super::body::{Body, Shape, number};
use super::paging;
use super::reply::{Outcome, Refusal, done, ok};
use crate::Response;

pub(super) const SHAPE: &[(&str, Shape)] = &[
    ("name", Shape::Text),
    ("scope_kind", Shape::Text),
    ("virtual_key_id", Shape::Text),
    ("provider_id", Shape::Text),
    ("provider_key_id", Shape::Text),
    ("match_type", Shape::Text),
    ("pattern", Shape::Text),
    ("request_types", Shape::List(&Shape::Text)),
    ("patch", Shape::Map(&Shape::Float)),
];

const SCOPES: &[&str] =
    &["global", "provider", "provider_key", "virtual_key", "virtual_key_provider", "virtual_key_provider_key"];

impl State {
    /// `GET /api/governance/pricing-overrides`.
    pub(super) fn list_overrides(&self, query: &BTreeMap<String, String>) -> Outcome {
        let page = paging::read(query, &["search"])?;
        let found: Vec<&Value> = self
            .overrides
            .iter()
            .filter(|item| paging::matches(query, item["name"].as_str().unwrap_or_default()))
            .collect();
        ok(&paging::answer("pricing_overrides", &found, page, |item| (*item).clone()))
    }

    /// `POST /api/governance/pricing-overrides`: the one create that answers 201, and takes a name twice.
    pub(super) fn create_override(&mut self, text: &str, now: Moment) -> Outcome {
        let body = Body::read(text, SHAPE)?;
        let id = self.mint.uuid();
        let shown = show(&body, &id, now, now)?;
        self.overrides.push(shown.clone());
        let message = "Pricing override created successfully";
        Ok(Response::json(201, &json!({ "message": message, "pricing_override": shown })))
    }

    /// `PUT /api/governance/pricing-overrides/{id}`: a full replacement.
    pub(super) fn update_override(&mut self, id: &str, text: &str, now: Moment) -> Outcome {
        let body = Body::read(text, SHAPE)?;
        let place = self.overrides.iter_mut().find(|item| item["id"] == json!(id)).ok_or_else(not_found)?;
        let created = place["created_at"].as_str().and_then(|text| text.parse().ok()).unwrap_or(now);
        *place = show(&body, id, created, now)?;
        ok(&json!({ "message": "Pricing override updated successfully", "pricing_override": place.clone() }))
    }

    /// `DELETE /api/governance/pricing-overrides/{id}`.
    pub(super) fn delete_override(&mut self, id: &str) -> Outcome {
        let before = self.overrides.len();
        self.overrides.retain(|item| item["id"] != json!(id));
        if self.overrides.len() == before {
            return Err(not_found());
        }
        done("Pricing override deleted successfully")
    }
}

pub(super) fn show(body: &Body, id: &str, created: Moment, updated: Moment) -> Result<Value, Refusal> {
    let name = body.text_or_empty("name");
    if name.is_empty() {
        return Err(Refusal::bad("name is required"));
    }
    let scope = body.text_or_empty("scope_kind");
    if !SCOPES.contains(&scope.as_str()) {
        return Err(Refusal::bad(format!("unsupported scope_kind \"{scope}\"")));
    }
    let match_type = body.text_or_empty("match_type");
    if !matches!(match_type.as_str(), "exact" | "wildcard") {
        return Err(Refusal::bad(format!("unsupported match_type \"{match_type}\"")));
    }
    let types = body.texts("request_types").unwrap_or_default();
    if types.is_empty() {
        return Err(Refusal::bad("request_types is required and must contain at least one value"));
    }
    let mut shown = Map::new();
    for name in ["virtual_key_id", "provider_id", "provider_key_id"] {
        if let Some(value) = body.text(name) {
            shown.insert(name.to_owned(), json!(value));
        }
    }
    let patch: Map<String, Value> = body
        .object("patch")
        .unwrap_or_default()
        .0
        .into_iter()
        .filter(|(field, _)| is_price(field))
        .filter_map(|(field, value)| Some((field, number(value.as_f64()?))))
        .collect();
    for (field, value) in [
        ("id", json!(id)),
        ("name", json!(name)),
        ("scope_kind", json!(scope)),
        ("match_type", json!(match_type)),
        ("pattern", json!(body.text_or_empty("pattern"))),
        ("request_types", json!(types)),
        ("pricing_patch", json!(Value::Object(patch).to_string())),
        ("created_at", json!(created)),
        ("updated_at", json!(updated)),
    ] {
        shown.insert(field.to_owned(), value);
    }
    Ok(Value::Object(shown))
}

/// Whether the patch knows the field; its names are those of LiteLLM's cost map, and others are dropped.
fn is_price(field: &str) -> bool {
    field.contains("cost")
}

fn not_found() -> Refusal {
    Refusal::missing("Pricing override not found")
}
