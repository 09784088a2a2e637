//! Budgets and rate limits. They never loosen: what the gateway cannot hold exactly is held tighter, or shut.
//! Source: `reference/litellm.md` 6.3, 6.4; `reference/bifrost-api.md` 4.4, 4.5.

use litellm::Object;
use model::{Code, Finding, Money, SourceId};
use serde_json::{Map, Value, json};

use crate::draft::Planner;

/// The window of LiteLLM's rate limits.
const MINUTE: &str = "1m";

/// What limits one owner.
#[derive(Clone, Debug, Default)]
pub(crate) struct Limits {
    /// Amounts with their reset period; one for each period, the smallest.
    budgets: Vec<(Money, String)>,
    pub(crate) tokens: Option<u64>,
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
        let smaller = |old: Option<u64>, new: Option<u64>| match (old, new) {
            (Some(old), Some(new)) => Some(old.min(new)),
            (old, new) => old.or(new),
        };
        if tokens == Some(0) || requests == Some(0) {
            self.shut = true;
            return;
        }
        self.tokens = smaller(self.tokens, tokens);
        self.requests = smaller(self.requests, requests);
    }

    /// Adds an even share of another's budgets, rounded down; rate limits are taken whole.
    pub(crate) fn share_of(&mut self, other: &Self, parts: u64) {
        for (amount, period) in &other.budgets {
            self.budget(Money::from_micros(amount.micros() / parts.max(1)), period.clone());
        }
        self.rate(other.tokens.map(|t| t / parts.max(1)), other.requests.map(|r| r / parts.max(1)));
    }

    /// Whether nothing is limited.
    pub(crate) fn is_empty(&self) -> bool {
        self.budgets.is_empty() && self.tokens.is_none() && self.requests.is_none()
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
        if let Some(tokens) = self.tokens {
            rate.insert("token_max_limit".to_owned(), tokens.into());
            rate.insert("token_reset_duration".to_owned(), MINUTE.into());
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
    /// `budget_limits`.
    pub(crate) fn own_limits(&mut self, object: &Object) -> Limits {
        let mut limits = Limits::default();
        if let Some(amount) = self.money(object, "max_budget") {
            let period = self.period(object, object.text("budget_duration"), amount);
            limits.budget(amount, period);
        }
        for window in object.value("budget_limits").and_then(Value::as_array).into_iter().flatten() {
            let amount = window.get("max_budget").and_then(|value| number_text(value).parse::<Money>().ok());
            let Some(amount) = amount else { continue };
            let duration = window.get("budget_duration").and_then(Value::as_str);
            let period = self.period(object, duration, amount);
            limits.budget(amount, period);
        }
        limits.rate(whole(object, "tpm_limit"), whole(object, "rpm_limit"));
        limits
    }

    /// The limits of an object that takes what it does not state from a linked budget row.
    pub(crate) fn limits(&mut self, object: &Object) -> Limits {
        let linked = object.text("budget_id").and_then(|id| self.entity(litellm::Kind::Budget, id));
        let Some(linked) = linked else { return self.own_limits(object) };
        let mut joined = object.clone();
        for (path, field) in &linked.object.fields {
            if ["max_budget", "budget_duration", "tpm_limit", "rpm_limit"].contains(&path.as_str())
                && (path != "budget_duration" || !object.fields.contains_key("max_budget"))
            {
                joined.fields.entry(path.clone()).or_insert_with(|| field.clone());
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

    /// The reset period in the gateway's form. A lifetime budget gets the long window the user chose, and so does
    /// one whose period LiteLLM itself could not read: it never resets there.
    fn period(&mut self, object: &Object, duration: Option<&str>, amount: Money) -> String {
        let Some(duration) = duration else { return self.choices.max_budget_period.clone() };
        match litellm::window::parse(duration) {
            Ok(window) => bifrost::window::write(window),
            Err(error) => {
                self.unreadable(object, "budget_duration", &format!("{error}; the budget of {amount} will not reset"));
                self.choices.max_budget_period.clone()
            }
        }
    }

    fn unreadable(&mut self, object: &Object, field: &str, why: &str) {
        let id: SourceId = object.source_id();
        let mut finding = Finding::warning(Code::new("plan.limit"), id.as_str(), format!("{field}: {why}"));
        if let Some(field) = object.fields.get(field) {
            finding = finding.at(field.origin.clone());
        }
        self.findings.push(finding.hint("set the limit by hand on the gateway afterwards"));
    }
}

/// Dollars as a JSON number with exactly the digits of the amount.
pub(crate) fn dollars(amount: Money) -> Value {
    serde_json::from_str(&amount.to_string()).unwrap_or(Value::Null)
}

/// The text of a number, or of a number written as a text.
pub(crate) fn number_text(value: &Value) -> String {
    value.as_str().map_or_else(|| value.to_string(), str::to_owned)
}

/// A whole number, also where it is written `60.0` or `"60"`.
pub(crate) fn whole(object: &Object, field: &str) -> Option<u64> {
    whole_value(object.value(field)?)
}

/// See [`whole`].
pub(crate) fn whole_value(value: &Value) -> Option<u64> {
    let text = number_text(value);
    let text =
        text.split_once('.').filter(|(_, rest)| rest.bytes().all(|b| b == b'0')).map_or(text.as_str(), |(w, _)| w);
    text.parse().ok()
}

/// The fields of own limits, for the accounting.
pub(crate) const LIMIT_FIELDS: &[(&str, &str)] = &[
    ("max_budget", "budgets[].max_limit"),
    ("tpm_limit", "rate_limit.token_max_limit"),
    ("rpm_limit", "rate_limit.request_max_limit"),
    ("budget_limits", "budgets[]"),
];
