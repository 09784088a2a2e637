//! What the gateway has no form for and somebody would miss: routes of single keys, keys that still open after they
//! were rotated, what only some end users may do. Facts: `reference/litellm.md` 6.1, 6.6.

use inventory::Entity;
use litellm::Kind as Source;
use model::{Code, Finding, Moment, OpId};
use serde_json::Value;

use crate::draft::Planner;
use crate::types::{Fate, Fidelity};

/// Groups of routes that hold every way to call a model.
const EVERY_ROUTE: &[&str] = &["llm_api_routes", "openai_routes", "/*", "*"];

impl Planner<'_> {
    /// A key that is open has every route on the gateway.
    pub(crate) fn routes(&mut self, entity: &Entity, op: &OpId) {
        let Some(Value::Array(routes)) = entity.object.value("allowed_routes") else { return };
        let source = entity.id.clone();
        if routes.iter().filter_map(Value::as_str).any(|route| EVERY_ROUTE.contains(&route)) {
            let note = "every way to call a model, on both sides";
            return self.ledger.carried(&source, "allowed_routes", op, "is_active", Fidelity::Approximate, note);
        }
        let note = "the gateway knows no routes per key: the key may call every route with the models it has; give it only models of the kind that these routes are for";
        self.ledger.left(&source, "allowed_routes", Fidelity::Manual, note);
        self.findings.push(
            Finding::warning(
                Code::new("plan.routes"),
                source.as_str(),
                "LiteLLM holds this key to some routes, and the gateway knows no routes per key",
            )
            .at(entity.object.origin.clone())
            .hint("give the key only models of the kind that these routes are for"),
        );
    }

    /// Hashes that still open a rotated key. Every client gets a new key, so the grace ends with the move.
    pub(crate) fn rotated_keys(&mut self) {
        let mut latest: Option<Moment> = None;
        let mut open: usize = 0;
        for entity in self.wanted(Source::DeprecatedKey) {
            let source = entity.id.clone();
            let ends = entity.object.text("revoke_at").and_then(|text| text.parse::<Moment>().ok());
            if let Some(ends) = ends.filter(|ends| *ends <= self.now) {
                self.ledger.ends(&source, Fate::Skipped, format!("the old key ended on {ends}"));
                for field in ["token", "revoke_at"] {
                    self.ledger.left(&source, field, Fidelity::Exact, "shut on both sides");
                }
                continue;
            }
            open += 1;
            latest = latest.max(ends);
        }
        if open > 0 {
            let until = latest.map_or_else(String::new, |latest| format!(", the last one until {latest}"));
            let message = format!(
                "{open} rotated {} in LiteLLM{until}; nobody has such a time on the gateway",
                if open == 1 { "key still opens" } else { "keys still open" }
            );
            self.findings.push(
                Finding::warning(Code::new("plan.rotated"), "rotated keys", message)
                    .hint("hand out the new keys to whoever still uses an old one before clients move"),
            );
        }
    }
}
