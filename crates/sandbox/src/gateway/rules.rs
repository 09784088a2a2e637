//! Routing rules (topic 09).

use std::collections::BTreeMap;

use model::Moment;
use serde_json::{Value, json};

use super::State;
use super::body::{Body, Shape, number};
use super::reply::{Outcome, Refusal, done, ok};
use super::state::{Rule, Target};
use super::{cel, paging, providers};
use crate::Release;

pub(super) const SHAPE: &[(&str, Shape)] = &[
    ("name", Shape::Text),
    ("description", Shape::Text),
    ("enabled", Shape::Flag),
    ("cel_expression", Shape::Text),
    ("targets", Shape::List(&Shape::Fields(TARGET))),
    ("fallbacks", Shape::List(&Shape::Text)),
    ("scope", Shape::Text),
    ("scope_id", Shape::Text),
    ("chain_rule", Shape::Flag),
    ("priority", Shape::Int),
];

const TARGET: &[(&str, Shape)] =
    &[("provider", Shape::Text), ("model", Shape::Text), ("key_id", Shape::Text), ("weight", Shape::Float)];

impl State {
    /// `GET /api/governance/routing-rules`, by priority. A filter by scope does not page, and leaves out what is
    /// disabled (topic 09, list-scope).
    pub(super) fn list_rules(&self, query: &BTreeMap<String, String>) -> Outcome {
        let page = paging::read(query, &["search"])?;
        let mut found: Vec<&Rule> = self
            .rules
            .iter()
            .filter(|rule| paging::matches(query, &rule.name))
            .filter(|rule| paging::filtered(query, "scope", Some(&rule.scope)))
            .filter(|rule| rule.enabled || !query.contains_key("scope"))
            .filter(|rule| paging::filtered(query, "scope_id", rule.scope_id.as_deref()))
            .collect();
        // Newest first where the priority is the same, which it can be in different scopes.
        found.reverse();
        found.sort_by_key(|rule| rule.priority);
        ok(&paging::answer("rules", &found, page, |rule| rule.show()))
    }

    /// `GET /api/governance/routing-rules/{id}`.
    pub(super) fn get_rule(&self, id: &str) -> Outcome {
        let rule = self.rules.iter().find(|rule| rule.id == id).ok_or_else(not_found)?;
        ok(&json!({ "rule": rule.show() }))
    }

    /// `POST /api/governance/routing-rules`.
    pub(super) fn create_rule(&mut self, text: &str, now: Moment) -> Outcome {
        let body = Body::read(text, SHAPE)?;
        let id = self.mint.uuid();
        let rule = self.read_rule(&body, id, now)?;
        let shown = rule.show();
        self.rules.push(rule);
        ok(&json!({ "message": "Routing rule created successfully", "rule": shown }))
    }

    /// The rule of a request, checked against those that are there.
    pub(super) fn read_rule(&self, body: &Body, id: String, now: Moment) -> Result<Rule, Refusal> {
        let name = body.text_or_empty("name");
        if name.is_empty() {
            return Err(Refusal::bad("name field is required"));
        }
        let sent = body.objects("targets").unwrap_or_default();
        if sent.is_empty() {
            return Err(Refusal::bad("at least one target is required"));
        }
        let (scope, scope_id) = self.rule_scope(body)?;
        let rule = Rule {
            id,
            name,
            description: body.text_or_empty("description"),
            enabled: body.flag("enabled").unwrap_or(true),
            expression: body.text_or_empty("cel_expression"),
            targets: read_targets(&sent, self.release)?,
            fallbacks: body.texts("fallbacks").unwrap_or_default(),
            scope,
            scope_id,
            chain: body.flag("chain_rule") == Some(true),
            priority: body.int("priority").unwrap_or_default(),
            created: now,
            updated: now,
        };
        self.check_rule(&rule, "create")?;
        Ok(rule)
    }

    /// `PUT /api/governance/routing-rules/{id}`: what is left out stays.
    pub(super) fn update_rule(&mut self, id: &str, text: &str, now: Moment) -> Outcome {
        let body = Body::read(text, SHAPE)?;
        let mut rule = self.rules.iter().find(|rule| rule.id == id).cloned().ok_or_else(not_found)?;
        if let Some(sent) = body.objects("targets") {
            if sent.is_empty() {
                return Err(Refusal::bad("at least one routing target is required"));
            }
            rule.targets = read_targets(&sent, self.release)?;
        }
        for (name, field) in
            [("name", &mut rule.name), ("description", &mut rule.description), ("cel_expression", &mut rule.expression)]
        {
            if let Some(text) = body.text(name) {
                text.clone_into(field);
            }
        }
        rule.enabled = body.flag("enabled").unwrap_or(rule.enabled);
        rule.chain = body.flag("chain_rule").unwrap_or(rule.chain);
        rule.priority = body.int("priority").unwrap_or(rule.priority);
        rule.fallbacks = body.texts("fallbacks").unwrap_or(rule.fallbacks);
        if body.get("scope").is_some() {
            (rule.scope, rule.scope_id) = self.rule_scope(&body)?;
        }
        rule.updated = now;
        self.check_rule(&rule, "update")?;
        let shown = rule.show();
        if let Some(place) = self.rules.iter_mut().find(|other| other.id == id) {
            *place = rule;
        }
        ok(&json!({ "message": "Routing rule updated successfully", "rule": shown }))
    }

    /// `DELETE /api/governance/routing-rules/{id}`.
    pub(super) fn delete_rule(&mut self, id: &str) -> Outcome {
        let index = self.rules.iter().position(|rule| rule.id == id).ok_or_else(not_found)?;
        self.rules.remove(index);
        done("Routing rule deleted successfully")
    }

    fn rule_scope(&self, body: &Body) -> Result<(String, Option<String>), Refusal> {
        let second = self.release.is_second();
        let scope = body.text("scope").filter(|scope| !scope.is_empty()).unwrap_or("global");
        let known = ["global", "team", "customer", "virtual_key"].contains(&scope) || (second && scope == "user");
        if !known {
            let user = if second { ", user" } else { "" };
            return Err(Refusal::bad(format!(
                "invalid scope \"{scope}\": must be one of: global, team, customer, virtual_key{user}"
            )));
        }
        if scope == "global" {
            return Ok((scope.to_owned(), None));
        }
        let Some(id) = body.text("scope_id").filter(|id| !id.is_empty()) else {
            return Err(Refusal::bad("scope_id field is required when scope is not global"));
        };
        let exists = match scope {
            "team" => self.team(id).is_some(),
            "customer" => self.customer(id).is_some(),
            "virtual_key" => self.virtual_key(id).is_some(),
            _ => true,
        };
        if second && !exists {
            return Err(Refusal::bad(format!("{scope} '{id}' not found: routing rule scope_id not found")));
        }
        Ok((scope.to_owned(), Some(id.to_owned())))
    }

    fn check_rule(&self, rule: &Rule, verb: &str) -> Result<(), Refusal> {
        if self.release.is_second() {
            cel::check(&rule.expression)
                .map_err(|problem| Refusal::bad(format!("invalid CEL expression: {problem}")))?;
        }
        for (index, fallback) in rule.fallbacks.iter().enumerate() {
            let provider = fallback.split_once('/').map(|(provider, _)| provider);
            let known = provider
                .is_some_and(|name| providers::is_standard(name, self.release) || self.providers.contains_key(name));
            if !known {
                return Err(Refusal::bad(format!(
                    "fallbacks[{index}] \"{fallback}\" is invalid: must use a known provider prefix (e.g. \
                     \"openai/gpt-4o\" or \"azure/\" for the incoming model)"
                )));
            }
        }
        let same_scope =
            |other: &&Rule| other.id != rule.id && other.scope == rule.scope && other.scope_id == rule.scope_id;
        let mut others = self.rules.iter().filter(same_scope);
        let problem = if others.clone().any(|other| other.priority == rule.priority) {
            format!("routing rule with priority {} already exists for scope '{}'", rule.priority, rule.scope)
        } else if rule.scope_id.is_some() && others.any(|other| other.name == rule.name) {
            "a record with this scope id already exists. Please use a different value".to_owned()
        } else {
            return Ok(());
        };
        if self.release.renames_rules() {
            return Err(Refusal::new(409, format!("{problem}; use a different priority")));
        }
        Err(Refusal::failed(format!("Failed to {verb} routing rule: {problem}")))
    }
}

impl Rule {
    fn show(&self) -> Value {
        let mut shown = json!({
            "id": self.id,
            "config_hash": "",
            "name": self.name,
            "description": self.description,
            "enabled": self.enabled,
            "cel_expression": self.expression,
            "targets": self.targets.iter().map(Target::show).collect::<Value>(),
            "scope": self.scope,
            "scope_id": self.scope_id,
            "chain_rule": self.chain,
            "priority": self.priority,
            "created_at": self.created,
            "updated_at": self.updated,
        });
        if !self.fallbacks.is_empty() {
            shown["fallbacks"] = json!(self.fallbacks);
        }
        shown
    }
}

impl Target {
    /// As the API shows it: only what is set.
    pub(super) fn show(&self) -> Value {
        let mut shown = json!({ "weight": number(self.weight) });
        for (name, value) in [("provider", &self.provider), ("model", &self.model), ("key_id", &self.key_id)] {
            if let Some(value) = value {
                shown[name] = json!(value);
            }
        }
        shown
    }
}

/// Reads targets. The sum is checked as sent; a weight of 0 is then stored as 1.
fn read_targets(sent: &[Body], release: Release) -> Result<Vec<Target>, Refusal> {
    let mut targets = Vec::with_capacity(sent.len());
    let mut seen: Vec<String> = Vec::new();
    for target in sent {
        let text = |name: &str| target.text(name).filter(|text| !text.is_empty()).map(str::to_owned);
        let (provider, model, key_id) = (text("provider"), text("model"), text("key_id"));
        if key_id.is_some() && provider.is_none() {
            return Err(Refusal::bad("key_id requires provider to be set"));
        }
        let lower = |value: &Option<String>| value.as_deref().unwrap_or_default().to_lowercase();
        let entry = format!(
            "provider=\"{}\" model=\"{}\" key_id=\"{}\"",
            lower(&provider),
            lower(&model),
            key_id.as_deref().unwrap_or_default()
        );
        if seen.contains(&entry) {
            return Err(Refusal::bad(format!("duplicate target entry: {entry}")));
        }
        seen.push(entry);
        let weight = target.float("weight").unwrap_or_default();
        if weight <= 0.0 && release.renames_rules() {
            return Err(Refusal::bad(format!("each target weight must be greater than 0, got {weight:.4}")));
        }
        targets.push(Target { provider, model, key_id, weight });
    }
    let sum: f64 = targets.iter().map(|target| target.weight).sum();
    if (sum - 1.0).abs() > 0.001 {
        return Err(Refusal::bad(format!("target weights must sum to 1, got {sum:.4}")));
    }
    for target in &mut targets {
        if target.weight == 0.0 {
            target.weight = 1.0;
        }
    }
    Ok(targets)
}

fn not_found() -> Refusal {
    Refusal::missing("Routing rule not found")
}
