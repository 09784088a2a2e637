//! What calls cost, and the limits they run into (topics 23, 24b). A limit is looked at before a call, so the one that
//! passes it is still served. What is spent is not shown: the gateway writes it down later than the recordings read.

use model::Moment;
use serde::{Deserialize, Serialize};

use super::State;
use super::duration;
use super::limits::{Budget, Limits, RateLimit};
use super::state::{ModelConfig, VirtualKey};

/// Tokens that the upstream says a call took, in and out (recorded).
pub(super) const TOKENS: (u32, u32) = (1000, 1000);

/// What was spent under a budget or a rate limit since it last started anew.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub(super) struct Spent {
    dollars: f64,
    tokens: i64,
    requests: i64,
    since: i64,
}

/// A limit that is reached.
pub(super) struct Reached {
    pub(super) status: u16,
    pub(super) kind: &'static str,
    pub(super) message: String,
}

/// Limits that a call falls under, and how the refusal names them.
struct Bound<'a> {
    limits: &'a Limits,
    /// Before `exceeded` or `check failed`.
    level: (&'static str, &'static str),
    /// What stands there after the level.
    detail: &'static str,
    owner: String,
}

impl State {
    /// The first limit that is reached before a call of the model at the provider, if any.
    pub(super) fn limit_reached(
        &self,
        provider: &str,
        model: &str,
        key: Option<&VirtualKey>,
        now: Moment,
    ) -> Option<Reached> {
        let bounds = self.bounds(provider, model, key);
        bounds.iter().find_map(|bound| self.rate_reached(bound, now).or_else(|| self.budget_reached(bound, now)))
    }

    /// Books a call that was served.
    pub(super) fn spend(&mut self, provider: &str, model: &str, key: Option<&str>, now: Moment) {
        let key = key.and_then(|id| self.virtual_key(id));
        let dollars = self.catalogue.price(model, TOKENS);
        let mut under: Vec<(String, Vec<String>)> = Vec::new();
        for bound in self.bounds(provider, model, key) {
            let budgets = bound.limits.budgets.iter().map(|budget| (&budget.id, vec![budget.reset_duration.clone()]));
            let rates = bound.limits.rate_limit.iter().map(|limit| {
                let resets = [&limit.tokens.reset, &limit.requests.reset];
                (&limit.id, resets.into_iter().flatten().cloned().collect())
            });
            under.extend(budgets.chain(rates).map(|(id, resets)| (id.clone(), resets)));
        }
        for (id, resets) in under {
            let over =
                self.spent.get(&id).is_none_or(|spent| resets.iter().any(|reset| self.is_over(spent, reset, now)));
            let spent = self.spent.entry(id).or_default();
            if over {
                *spent = Spent { since: now.millis(), ..Spent::default() };
            }
            spent.dollars += dollars;
            spent.tokens += i64::from(TOKENS.0 + TOKENS.1);
            spent.requests += 1;
        }
    }

    /// Everything that limits a call, the narrowest first.
    fn bounds(&self, provider: &str, model: &str, key: Option<&VirtualKey>) -> Vec<Bound<'_>> {
        let rows = |owner: &str| self.model_configs.get(owner).into_iter().flatten();
        let applies = |row: &&ModelConfig| {
            let named = row.model_name == "*" || row.model_name == model;
            named && row.provider.as_deref().is_none_or(|wanted| wanted == provider)
        };
        let global = if self.provider_rows().is_empty() { None } else { Some(rows(self.provider_rows())) };
        let global = rows("").chain(global.into_iter().flatten());
        let mut bounds: Vec<Bound<'_>> = global.filter(applies).map(|row| of_model(row, "")).collect();
        let Some(key) = key else { return bounds };
        let of_key = rows(&key.id).filter(applies);
        let scoped = self.release.scopes_limits();
        bounds.extend(of_key.map(
            |row| {
                if scoped { of_model(row, " (virtual key scope)") } else { own(&row.limits, "VK") }
            },
        ));
        let Some(key) = self.virtual_key(&key.id) else { return bounds };
        bounds.push(own(&key.file_limits, "VK"));
        let team = key.team_id.as_ref().and_then(|id| self.team(id));
        bounds.extend(team.map(|team| own(&team.limits, "Team")));
        let customer = key.customer_id.as_ref().or_else(|| team?.customer_id.as_ref());
        let customer = customer.and_then(|id| self.customer(id));
        bounds.extend(customer.map(|customer| own(&customer.limits, "Customer")));
        bounds
    }

    fn budget_reached(&self, bound: &Bound<'_>, now: Moment) -> Option<Reached> {
        bound.limits.budgets.iter().find_map(|budget: &Budget| {
            let spent = self.spent.get(&budget.id).filter(|spent| !self.is_over(spent, &budget.reset_duration, now))?;
            let (dollars, max) = (spent.dollars, budget.max_limit);
            (dollars >= max).then(|| Reached {
                status: 402,
                kind: "budget_exceeded",
                message: format!(
                    "{} exceeded{}: {} budget exceeded: {dollars:.4} >= {max:.4} dollars",
                    bound.level.0, bound.detail, bound.owner
                ),
            })
        })
    }

    fn rate_reached(&self, bound: &Bound<'_>, now: Moment) -> Option<Reached> {
        let limit: &RateLimit = bound.limits.rate_limit.as_ref()?;
        let spent = self.spent.get(&limit.id)?;
        let caps = [
            ("token", "token_limited", spent.tokens, &limit.tokens),
            ("request", "request_limited", spent.requests, &limit.requests),
        ];
        caps.into_iter().find_map(|(name, kind, used, cap)| {
            let (max, reset) = (cap.max?, cap.reset.as_deref().unwrap_or_default());
            (used >= max && !self.is_over(spent, reset, now)).then(|| Reached {
                status: 429,
                kind,
                message: format!(
                    "{} check failed{}: rate limit violated for {}: [{name} limit exceeded ({used}/{max}, resets every \
                     {reset})]",
                    bound.level.1, bound.detail, bound.owner
                ),
            })
        })
    }

    /// Whether the period of a limit is over, so that it starts anew.
    fn is_over(&self, spent: &Spent, reset: &str, now: Moment) -> bool {
        let passed = std::time::Duration::from_millis(u64::try_from(now.millis() - spent.since).unwrap_or_default());
        duration::seconds_of(reset, self.release).is_some_and(|seconds| passed.as_secs_f64() >= seconds)
    }
}

/// The limits of a row of the model configs.
fn of_model<'a>(row: &'a ModelConfig, detail: &'static str) -> Bound<'a> {
    let model = if row.model_name == "*" { "AllModels" } else { row.model_name.as_str() };
    let provider = row.provider.as_ref().map(|provider| format!(":Provider:{provider}")).unwrap_or_default();
    let key = if detail.is_empty() { String::new() } else { format!(":virtual_key:{}", row.virtual_key) };
    Bound {
        limits: &row.limits,
        level: ("Model-level budget", "Model-level rate limit"),
        detail,
        owner: format!("Model:{model}{provider}{key}"),
    }
}

/// The limits that something has itself.
fn own<'a>(limits: &'a Limits, owner: &str) -> Bound<'a> {
    Bound { limits, level: ("Budget", "Rate limit"), detail: "", owner: owner.to_owned() }
}
