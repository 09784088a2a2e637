//! Budgets and rate limits. They never loosen: what the gateway cannot hold exactly is held tighter, or shut.
//! Source: `reference/litellm.md` 6.3, 6.4; `reference/bifrost-api.md` 4.4, 4.5.

use std::sync::Arc;

use litellm::Object;
use model::{Code, Finding, Money, SourceId};
use serde_json::{Map, Value, json};

use crate::draft::Planner;
use crate::types::Fidelity;

mod deployments;
mod loose;
mod per_model;
mod shared;
mod whole;

pub(crate) use loose::Loose;
pub(crate) use per_model::PerModel;

/// The window of LiteLLM's rate limits.
const MINUTE: &str = "1m";

/// The window of its limit of tokens a day.
const DAY: &str = "1d";

/// What limits one owner.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Limits {
    /// Amounts with their reset period; one for each period, the smallest.
    budgets: Vec<(Money, String)>,
    /// A minute.
    pub(crate) tokens: Option<u64>,
    /// A day. The gateway holds one limit of tokens: this one only where there is none a minute.
    pub(crate) tokens_a_day: Option<u64>,
    /// A minute.
    pub(crate) requests: Option<u64>,
    /// A limit of zero: everything is refused. The gateway takes no zero, so the owner's keys are inactive.
    pub(crate) shut: bool,
}

impl Limits {
    /// Adds a budget; of two with the same period the smaller one counts.
    pub(crate) fn budget(&mut self, amount: Money, period: String) {
        if amount.is_zero() {
            self.shut = true;
            return;
        }
        match self.budgets.iter_mut().find(|(_, other)| *other == period) {
            Some((smaller, _)) => *smaller = (*smaller).min(amount),
            None => self.budgets.push((amount, period)),
        }
        self.budgets.sort_by(|left, right| left.1.cmp(&right.1));
    }

    /// Adds a limit of tokens and requests a minute; the smaller one counts.
    pub(crate) fn rate(&mut self, tokens: Option<u64>, requests: Option<u64>) {
        if tokens == Some(0) || requests == Some(0) {
            self.shut = true;
            return;
        }
        self.tokens = smaller(self.tokens, tokens);
        self.requests = smaller(self.requests, requests);
    }

    /// Adds a limit of tokens a day; the smaller one counts.
    pub(crate) fn daily(&mut self, tokens: Option<u64>) {
        if tokens == Some(0) {
            self.shut = true;
            return;
        }
        self.tokens_a_day = smaller(self.tokens_a_day, tokens);
    }

    /// Adds an even share of another's limits, rounded down. A share of less than one is one, for nothing smaller can
    /// be held: then this says that the shares are more than the whole.
    pub(crate) fn share_of(&mut self, other: &Self, parts: u64) -> bool {
        let parts = parts.max(1);
        self.shut |= other.shut;
        for (amount, period) in &other.budgets {
            self.budget(Money::from_micros(amount.micros() / parts), period.clone());
        }
        let share = |whole: Option<u64>| whole.map(|whole| (whole / parts).max(1));
        self.rate(share(other.tokens), share(other.requests));
        self.daily(share(other.tokens_a_day));
        [other.tokens, other.requests, other.tokens_a_day].into_iter().flatten().any(|whole| whole < parts)
    }

    /// Whether a limit of tokens a day is there that cannot be held beside the one a minute.
    pub(crate) fn drops_the_day(&self) -> bool {
        self.tokens.is_some() && self.tokens_a_day.is_some()
    }

    /// Whether nothing is limited.
    pub(crate) fn is_empty(&self) -> bool {
        self.budgets.is_empty() && self.tokens.or(self.tokens_a_day).or(self.requests).is_none()
    }

    /// Puts `budgets` and `rate_limit` into a body.
    pub(crate) fn put_into(&self, body: &mut Map<String, Value>) {
        if !self.budgets.is_empty() {
            body.insert("budgets".to_owned(), self.budgets_json());
        }
        if let Some(rate) = self.rate_json() {
            body.insert("rate_limit".to_owned(), rate);
        }
    }

    fn budgets_json(&self) -> Value {
        let budgets = self
            .budgets
            .iter()
            .map(|(amount, period)| json!({ "max_limit": dollars(*amount), "reset_duration": period }));
        Value::Array(budgets.collect())
    }

    fn rate_json(&self) -> Option<Value> {
        let mut rate = Map::new();
        let minute = self.tokens.map(|tokens| (tokens, MINUTE));
        if let Some((tokens, window)) = minute.or(self.tokens_a_day.map(|tokens| (tokens, DAY))) {
            rate.insert("token_max_limit".to_owned(), tokens.into());
            rate.insert("token_reset_duration".to_owned(), window.into());
        }
        if let Some(requests) = self.requests {
            rate.insert("request_max_limit".to_owned(), requests.into());
            rate.insert("request_reset_duration".to_owned(), MINUTE.into());
        }
        (!rate.is_empty()).then_some(Value::Object(rate))
    }
}

impl Planner<'_> {
    /// The limits an object states itself: `max_budget` with `budget_duration`, `tpm_limit`, `rpm_limit`,
    /// `tpd_limit`, `budget_limits`; and no parallel request at all.
    pub(crate) fn own_limits(&mut self, object: &Object) -> Limits {
        let mut limits = Limits::default();
        if let Some(amount) = self.money(object, "max_budget") {
            let period = self.period(object, object.text("budget_duration"), amount);
            limits.budget(amount, period);
        }
        for window in object.value("budget_limits").and_then(Value::as_array).into_iter().flatten() {
            let amount = match window.get("max_budget").map(|value| number_text(value).parse::<Money>()) {
                Some(Ok(amount)) => amount,
                None => continue,
                Some(Err(error)) => {
                    self.unreadable(object, "budget_limits", &format!("{error}"));
                    Money::ZERO
                }
            };
            let period = self.period(object, window.get("budget_duration").and_then(Value::as_str), amount);
            limits.budget(amount, period);
        }
        limits.rate(self.count(object, "tpm_limit"), self.count(object, "rpm_limit"));
        limits.daily(self.count(object, "tpd_limit"));
        limits.shut |= self.count(object, "max_parallel_requests") == Some(0);
        limits
    }

    /// The limits of an object that takes what it does not state from a linked budget row.
    pub(crate) fn limits(&mut self, object: &Object) -> Limits {
        let linked = object.text("budget_id").and_then(|id| self.entity(litellm::Kind::Budget, id));
        let Some(linked) = linked else { return self.own_limits(object) };
        let mut joined = object.clone();
        for (path, field) in &linked.object.fields {
            if LINKED.contains(&&**path)
                && !object.fields.contains_key(path)
                && (**path != *"budget_duration" || !object.fields.contains_key("max_budget"))
            {
                joined.fields.insert(Arc::clone(path), field.clone());
            }
        }
        self.own_limits(&joined)
    }

    fn money(&mut self, object: &Object, field: &str) -> Option<Money> {
        let value = object.value(field)?;
        match number_text(value).parse() {
            Ok(amount) => Some(amount),
            Err(error) => {
                self.unreadable(object, field, &format!("{error}"));
                // A limit that cannot be read must not vanish: shut is the tightest reading of it.
                Some(Money::ZERO)
            }
        }
    }

    /// A limit of requests or tokens: the whole number below what is stated. What is no number shuts, as the tightest
    /// reading of it.
    fn count(&mut self, object: &Object, field: &str) -> Option<u64> {
        let value = object.value(field)?;
        match number_text(value).parse::<Money>() {
            Ok(number) => Some(number.micros() / 1_000_000),
            Err(error) => {
                self.unreadable(object, field, &format!("{error}"));
                Some(0)
            }
        }
    }

    /// The reset period in the gateway's form. A lifetime budget gets the long window the user chose, and so does
    /// one whose period LiteLLM itself could not read: it never resets there.
    pub(crate) fn period(&mut self, object: &Object, duration: Option<&str>, amount: Money) -> String {
        let Some(duration) = duration else { return self.choices.max_budget_period.clone() };
        match litellm::window::parse(duration) {
            Ok(window) => bifrost::window::write(window),
            Err(error) => {
                self.unreadable(object, "budget_duration", &format!("{error}; the budget of {amount} will not reset"));
                self.choices.max_budget_period.clone()
            }
        }
    }

    pub(crate) fn unreadable(&mut self, object: &Object, name: &str, why: &str) {
        let id: SourceId = object.source_id();
        let mut finding = Finding::warning(Code::new("plan.limit"), id.as_str(), format!("{name}: {why}"));
        if let Some(field) = object.fields.get(name) {
            finding = finding.at(field.origin.clone());
        }
        self.findings.push(finding.hint("set the limit by hand on the gateway afterwards"));
        let note = format!("it cannot be read: {why}; set the limit by hand on the gateway afterwards");
        self.ledger.left(&id, name, Fidelity::Manual, note);
    }
}

fn smaller(old: Option<u64>, new: Option<u64>) -> Option<u64> {
    match (old, new) {
        (Some(old), Some(new)) => Some(old.min(new)),
        (old, new) => old.or(new),
    }
}

/// What an object takes from a linked budget row where it states nothing itself.
const LINKED: &[&str] =
    &["max_budget", "budget_duration", "tpm_limit", "rpm_limit", "tpd_limit", "max_parallel_requests"];

/// Dollars as a JSON number with exactly the digits of the amount.
pub(crate) fn dollars(amount: Money) -> Value {
    serde_json::from_str(&amount.to_string()).unwrap_or(Value::Null)
}

/// The text of a number, or of a number written as a text.
pub(crate) fn number_text(value: &Value) -> String {
    value.as_str().map_or_else(|| value.to_string(), str::to_owned)
}

/// A whole number, also where it is written `60.0` or `"60"`.
pub(crate) fn whole_value(value: &Value) -> Option<u64> {
    let text = number_text(value);
    let text =
        text.split_once('.').filter(|(_, rest)| rest.bytes().all(|b| b == b'0')).map_or(text.as_str(), |(w, _)| w);
    text.parse().ok()
}

/// A limit that is shared out over more keys than it has units.
pub(crate) const OVER: &str = "limits that are smaller than the number of keys that share them";

const OVER_NOTE: &str = "fewer than the keys that share it; each key got one, so give the limit to fewer keys by hand";

/// The fields of own limits, for the accounting.
pub(crate) const LIMIT_FIELDS: &[(&str, &str)] = &[
    ("max_budget", "budgets[].max_limit"),
    ("tpm_limit", "rate_limit.token_max_limit"),
    ("rpm_limit", "rate_limit.request_max_limit"),
    ("tpd_limit", "rate_limit.token_max_limit"),
    ("budget_limits", "budgets[]"),
];
