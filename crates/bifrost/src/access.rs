//! Who may call what on the gateway, as an executable statement: one of the two sides of the access check. The
//! other is `litellm::access`; neither knows the other.
//! Source: `reference/bifrost-api.md` 3.6, 6.3, 7, 13.1 and the recordings of topics 21, 22 and 22b. Where the
//! gateway's behaviour is not settled, this side allows more: what it allows has to be covered by the source.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use model::Moment;

use crate::pattern;

mod asked;
mod expression;

pub use asked::{Asked, Scoped};
pub use expression::{Begins, expression_of_model, expression_of_name, model_of_expression, names_of_expression};

/// A provider key as far as access goes.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ProviderKey {
    /// Its name, which is unique over the gateway.
    pub name: String,
    /// Its provider.
    pub provider: String,
    /// The client-facing names it serves; `*` alone is all.
    pub models: Vec<String>,
    /// Names it does not serve, whatever `models` says.
    pub blacklisted: Vec<String>,
    /// Client-facing name to upstream model.
    pub aliases: BTreeMap<String, String>,
    /// Off.
    pub disabled: bool,
}

/// What a virtual key may use of one provider.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct ProviderConfig {
    /// The provider.
    pub provider: String,
    /// The client-facing names it may ask for; `*` alone is all, empty is none.
    pub allowed_models: Vec<String>,
    /// Names it may not ask for.
    pub blacklisted: Vec<String>,
    /// The names of the provider keys it may use; `*` alone is all, empty is none.
    pub keys: Vec<String>,
}

/// A virtual key as far as access goes.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct VirtualKey {
    /// Its name.
    pub name: String,
    /// Shut.
    pub inactive: bool,
    /// Shut from then on.
    pub expires: Option<Moment>,
    /// Its team, for rules of that scope.
    pub team: Option<String>,
    /// Its customer, for rules of that scope.
    pub customer: Option<String>,
    /// What it may use.
    pub configs: Arc<[ProviderConfig]>,
}

/// The scope of a routing rule.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Scope {
    /// One virtual key, by name.
    VirtualKey(String),
    /// The keys of a team, by name.
    Team(String),
    /// The keys of a customer, by name.
    Customer(String),
    /// Every call.
    Global,
}

/// Where a rule or a fallback sends a call: an absent part is kept as it was asked.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Target {
    /// The provider.
    pub provider: Option<String>,
    /// The model.
    pub model: Option<String>,
}

/// A routing rule of a form Gangway writes: `model == "name"`, and `&& provider == "name"`; or the names that begin in
/// one way, `model.matches("^begin.*")`, but for some.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Rule {
    /// Its scope.
    pub scope: Scope,
    /// Lower goes first.
    pub priority: i64,
    /// The name it waits for; `None` where the expression is of another form, which is taken to match always.
    pub model: Option<String>,
    /// The provider it waits for as well.
    pub provider: Option<String>,
    /// The names it waits for, where it is not one.
    pub begins: Option<Begins>,
    /// Where it sends the call.
    pub targets: Vec<Target>,
    /// Where it goes when that fails.
    pub fallbacks: Vec<Target>,
    /// Whether rules are looked up again with the new name.
    pub chain: bool,
}

/// A gateway as far as access goes.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Gateway {
    /// The provider keys.
    pub keys: Vec<ProviderKey>,
    /// The providers it knows by name.
    pub providers: BTreeSet<String>,
    /// The virtual keys.
    pub virtual_keys: Vec<VirtualKey>,
    /// The rules.
    pub rules: Vec<Rule>,
    /// Whether a call without a virtual key is refused.
    pub enforced: bool,
}

/// Why a call is refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Refusal {
    /// The key is inactive or expired.
    Blocked,
    /// No provider it may use takes the name.
    ProviderBlocked,
    /// The provider is open to it, but not for this name.
    ModelBlocked,
    /// It may ask, but no provider key serves the name.
    NoKeys,
}

/// Where a call may end up.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Reach<'a> {
    /// The provider.
    pub provider: &'a str,
    /// The provider key's name.
    pub key: &'a str,
    /// The model that goes upstream.
    pub upstream: &'a str,
}

impl Rule {
    /// Whether it is known for which names it holds.
    fn is_read(&self) -> bool {
        self.model.is_some() || self.begins.is_some()
    }
}

impl ProviderConfig {
    /// Names compare with their case; `*` is taken to cover every name, though the gateway covers only listed ones. A
    /// pattern is held against the name, and against the name behind its provider, as some releases did. One that blocks
    /// is not counted: this side allows more.
    fn allows(&self, model: &str) -> bool {
        let full = || format!("{}/{model}", self.provider);
        let by_pattern = |entry: &str| {
            entry.starts_with(pattern::PREFIX) && (pattern::takes(entry, model) || pattern::takes(entry, &full()))
        };
        !self.blacklisted.iter().any(|name| name == "*" || name == model)
            && self.allowed_models.iter().any(|name| name == "*" || name == model || by_pattern(name))
    }

    fn takes(&self, key: &ProviderKey) -> bool {
        self.keys.iter().any(|name| name == "*" || *name == key.name)
    }
}

impl ProviderKey {
    /// A key's list does not look at case (`reference/bifrost-api.md` 3.6).
    fn serves(&self, model: &str) -> bool {
        let same = |name: &String| name.eq_ignore_ascii_case(model);
        !self.disabled
            && !self.blacklisted.iter().any(|name| name == "*" || same(name))
            && self.models.iter().any(|name| name == "*" || same(name) || pattern::takes(name, model))
    }

    fn upstream<'m>(&'m self, model: &'m str) -> &'m str {
        self.aliases.iter().find(|(alias, _)| alias.eq_ignore_ascii_case(model)).map_or(model, |(_, target)| target)
    }
}

#[cfg(test)]
mod tests;
