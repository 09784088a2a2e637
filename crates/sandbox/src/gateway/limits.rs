//! Budgets and rate limits: what is taken, what is refused where, and how they are shown (topic 07).

use model::Moment;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};

use super::body::{Body, Shape, number};
use super::duration::{self, Duration};
use super::mint::Mint;
use super::reply::Refusal;
use crate::Release;

/// A budget as it is sent.
pub(super) const BUDGET: Shape =
    Shape::Fields(&[("id", Shape::Text), ("max_limit", Shape::Float), ("reset_duration", Shape::Text)]);

/// A rate limit as it is sent.
pub(super) const RATE_LIMIT: Shape = Shape::Fields(&[
    ("id", Shape::Text),
    ("token_max_limit", Shape::Int),
    ("token_reset_duration", Shape::Text),
    ("request_max_limit", Shape::Int),
    ("request_reset_duration", Shape::Text),
]);

/// A stored budget.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(super) struct Budget {
    pub(super) id: String,
    /// Place in the list of all budgets.
    pub(super) seq: u64,
    pub(super) max_limit: f64,
    pub(super) reset_duration: String,
    pub(super) created: Moment,
    pub(super) updated: Moment,
}

/// A stored rate limit.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(super) struct RateLimit {
    pub(super) id: String,
    /// Place in the list of all rate limits.
    pub(super) seq: u64,
    pub(super) tokens: Cap,
    pub(super) requests: Cap,
    pub(super) created: Moment,
    pub(super) updated: Moment,
}

/// A limit and its period, each of which may be missing.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub(super) struct Cap {
    pub(super) max: Option<i64>,
    pub(super) reset: Option<String>,
}

/// The column of a budget that names its owner; none where the owner names the budget.
pub(super) type Owner<'a> = Option<(&'static str, &'a Value)>;

/// Budgets and a rate limit of one owner.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub(super) struct Limits {
    pub(super) budgets: Vec<Budget>,
    pub(super) rate_limit: Option<RateLimit>,
}

/// How a handler words the refusals of its budgets; the handlers differ in the first letter.
#[derive(Clone, Copy)]
pub(super) enum Wording {
    /// Virtual keys and model configs.
    Capital,
    /// Customers and teams.
    Small,
}

/// Limits as a request gives them.
#[derive(Clone, Debug, Default)]
pub(super) struct Draft {
    /// The budgets; `None` where the request does not mention them.
    budgets: Option<Vec<(f64, String)>>,
    /// The caps on tokens and requests; `None` where the request does not mention them.
    rate_limit: Option<(Cap, Cap)>,
}

impl Draft {
    /// Reads `budgets` and `rate_limit` of a request.
    pub(super) fn read(body: &Body) -> Self {
        let budgets = body.objects("budgets").map(|items| items.iter().map(budget_of).collect());
        let rate_limit = body.object("rate_limit").map(|limit| (cap_of(&limit, "token"), cap_of(&limit, "request")));
        Self { budgets, rate_limit }
    }

    /// Reads the deprecated single `budget` as well; only customers still take it.
    pub(super) fn read_with_single(body: &Body) -> Self {
        let mut draft = Self::read(body);
        if let Some(single) = body.object("budget") {
            draft.budgets = Some(vec![budget_of(&single)]);
        }
        draft
    }

    /// Reads what an owner takes that knew one budget before it knew several.
    pub(super) fn read_for(body: &Body, release: Release) -> Self {
        if release.lists_budgets() {
            return Self::read(body);
        }
        let budgets = body.object("budget").map(|single| vec![budget_of(&single)]);
        Self { budgets, ..Self::read(body) }
    }

    /// What the handler itself refuses, with a 400.
    pub(super) fn check(&self, release: Release, wording: Wording) -> Result<(), Refusal> {
        let bad = |capital: &str, small: &str, rest: &str| {
            let first = match wording {
                Wording::Capital => capital,
                Wording::Small => small,
            };
            Err(Refusal::bad(format!("{first}{rest}")))
        };
        let mut seen: Vec<&str> = Vec::new();
        for (max, reset) in self.budgets.iter().flatten() {
            if *max < 0.0 {
                return bad("B", "b", &format!("udget max_limit cannot be negative: {max:.2}"));
            }
            match duration::read(reset, release) {
                Duration::Positive => {}
                Duration::NotPositive if !release.is_second() => {}
                _ if release.is_second() => {
                    return bad("I", "i", &format!("nvalid reset duration (must be a positive duration): {reset}"));
                }
                _ => return bad("I", "i", &format!("nvalid reset duration format: {reset}")),
            }
            if seen.contains(&reset.as_str()) {
                return bad("D", "d", &format!("uplicate reset_duration in budgets: {reset}"));
            }
            seen.push(reset);
        }
        Ok(())
    }

    /// What only the store refuses; the handlers make a 500 of it.
    pub(super) fn store_error(&self, release: Release) -> Option<String> {
        for (max, reset) in self.budgets.iter().flatten() {
            if *max <= 0.0 {
                return Some(format!("budget max limit cannot be negative or zero: {max:.2}"));
            }
            if duration::read(reset, release) == Duration::NotPositive {
                return Some(format!("reset duration must be > 0: {reset}"));
            }
        }
        let (tokens, requests) = self.rate_limit.as_ref()?;
        cap_error(tokens, "token", release).or_else(|| cap_error(requests, "request", release))
    }

    /// Applies the draft to what is stored: budgets are the full set, matched by their period; a rate limit without
    /// any maximum is removed on update, and stored as an empty row on create.
    pub(super) fn apply(&self, limits: &mut Limits, creating: bool, mint: &mut Mint, now: Moment) {
        if let Some(drafts) = &self.budgets {
            let old = std::mem::take(&mut limits.budgets);
            for (max, reset) in drafts {
                let kept = old.iter().find(|budget| budget.reset_duration == *reset).cloned();
                let mut budget = kept.unwrap_or_else(|| Budget {
                    id: mint.uuid(),
                    seq: mint.row("budget"),
                    max_limit: *max,
                    reset_duration: reset.clone(),
                    created: now,
                    updated: now,
                });
                budget.max_limit = *max;
                budget.updated = now;
                limits.budgets.push(budget);
            }
        }
        let Some((tokens, requests)) = self.rate_limit.clone() else { return };
        if !creating && tokens.max.is_none() && requests.max.is_none() {
            limits.rate_limit = None;
            return;
        }
        let mut limit = limits.rate_limit.take().unwrap_or_else(|| RateLimit {
            id: mint.uuid(),
            seq: mint.row("rate_limit"),
            tokens: Cap::default(),
            requests: Cap::default(),
            created: now,
            updated: now,
        });
        (limit.tokens, limit.requests, limit.updated) = (tokens, requests, now);
        limits.rate_limit = Some(limit);
    }

    /// The same without budgets on update where the request did not mention them: an entry of `provider_configs`
    /// loses its budgets when it is replaced (topic 04, update-provider-configs-without-ids).
    pub(super) fn with_budgets_named(mut self) -> Self {
        self.budgets.get_or_insert_default();
        self
    }

    /// Whether the request mentions neither.
    pub(super) fn is_empty(&self) -> bool {
        self.budgets.as_ref().is_none_or(Vec::is_empty) && self.rate_limit.is_none()
    }
}

impl Limits {
    /// Whether nothing is limited.
    pub(super) fn is_empty(&self) -> bool {
        self.budgets.is_empty() && self.rate_limit.is_none()
    }

    /// Puts `budgets`, `rate_limit_id` and `rate_limit` into an answer, each only where there is one; without an owner
    /// column the one budget there can be.
    pub(super) fn show(&self, release: Release, owner: Owner<'_>, into: &mut Map<String, Value>) {
        match (self.budgets.first(), owner) {
            (None, _) => {}
            (Some(budget), None) => {
                into.insert("budget_id".to_owned(), json!(budget.id));
                into.insert("budget".to_owned(), budget.show(release, None));
            }
            (Some(_), owner) => {
                let budgets = self.budgets.iter().map(|budget| budget.show(release, owner)).collect();
                into.insert("budgets".to_owned(), Value::Array(budgets));
            }
        }
        if let Some(limit) = &self.rate_limit {
            into.insert("rate_limit_id".to_owned(), json!(limit.id));
            into.insert("rate_limit".to_owned(), limit.show(release));
        }
    }

    /// The limits without ids and times.
    pub(super) fn canonical(&self) -> Value {
        let budgets: Vec<Value> = self
            .budgets
            .iter()
            .map(|budget| json!({ "max_limit": number(budget.max_limit), "reset_duration": budget.reset_duration }))
            .collect();
        let rate_limit = self.rate_limit.as_ref().map(|limit| {
            json!({
                "token_max_limit": limit.tokens.max,
                "token_reset_duration": limit.tokens.reset,
                "request_max_limit": limit.requests.max,
                "request_reset_duration": limit.requests.reset,
            })
        });
        json!({ "budgets": budgets, "rate_limit": rate_limit })
    }
}

impl Budget {
    /// As the API shows it, with the column that names its owner.
    pub(super) fn show(&self, release: Release, owner: Owner<'_>) -> Value {
        let mut shown = json!({
            "id": self.id,
            "max_limit": number(self.max_limit),
            "reset_duration": self.reset_duration,
            "last_reset": self.created,
            "current_usage": 0,
            "config_hash": "",
            "created_at": self.created,
            "updated_at": self.updated,
        });
        if let Some((column, id)) = owner {
            shown[column] = id.clone();
        }
        if !release.scopes_limits() {
            shown["calendar_aligned"] = json!(false);
        }
        shown
    }
}

impl RateLimit {
    /// As the API shows it.
    pub(super) fn show(&self, release: Release) -> Value {
        let mut shown = Map::new();
        shown.insert("id".to_owned(), json!(self.id));
        for (name, cap) in [("token", &self.tokens), ("request", &self.requests)] {
            if let Some(max) = cap.max {
                shown.insert(format!("{name}_max_limit"), json!(max));
            }
            if let Some(reset) = &cap.reset {
                shown.insert(format!("{name}_reset_duration"), json!(reset));
            }
            shown.insert(format!("{name}_current_usage"), json!(0));
            shown.insert(format!("{name}_last_reset"), json!(self.created));
        }
        if !release.scopes_limits() {
            shown.insert("calendar_aligned".to_owned(), json!(false));
        }
        shown.insert("config_hash".to_owned(), json!(""));
        shown.insert("created_at".to_owned(), json!(self.created));
        shown.insert("updated_at".to_owned(), json!(self.updated));
        Value::Object(shown)
    }
}

fn budget_of(item: &Body) -> (f64, String) {
    (item.float("max_limit").unwrap_or_default(), item.text_or_empty("reset_duration"))
}

fn cap_of(limit: &Body, name: &str) -> Cap {
    Cap {
        max: limit.int(&format!("{name}_max_limit")),
        reset: limit.text(&format!("{name}_reset_duration")).map(str::to_owned),
    }
}

fn cap_error(cap: &Cap, name: &str, release: Release) -> Option<String> {
    if let Some(max) = cap.max.filter(|max| *max <= 0) {
        return Some(format!("rate limit {name} max limit cannot be negative or zero: {max}"));
    }
    match &cap.reset {
        None => cap.max.map(|_| format!("rate limit {name} reset duration is required")),
        Some(reset) if duration::read(reset, release) != Duration::Positive => Some(if release.is_second() {
            format!("invalid rate limit {name} reset duration (must be a positive duration): {reset}")
        } else {
            format!("invalid rate limit {name} reset duration format: {reset}")
        }),
        Some(_) => None,
    }
}
