//! Reading a gateway, without doing any I/O: which call is next, and what its answer means.
//! Source: `reference/bifrost-api.md` 1.3, 2 and 9.2.

use std::collections::BTreeSet;

use serde_json::Value;

use crate::observed::{identity, taken};
use crate::{Answer, Call, Capability, Endpoint, Kind, Observed, Version};

mod from_file;
mod refusal;

use refusal::{refusal, shape, unusable};

/// How many objects are asked for at a time; the gateway's own cap (`reference/bifrost-api.md` 2.0).
const PAGE: usize = 100;

/// Why a gateway could not be read.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ObserveError {
    /// The version endpoint answers something else.
    #[error("What answers at this address is no Bifrost gateway: {what}.")]
    NotAGateway {
        /// What it answered instead.
        what: String,
    },
    /// 401: no credentials, or wrong ones. The gateway does not tell which.
    #[error("The gateway's management API is locked, and it was opened with no or with wrong credentials.")]
    Locked,
    /// 2.2.6+ without an admin: it wants its setup token.
    #[error("The gateway has no administrator yet and asks for its setup token.")]
    SetupLocked,
    /// 2.2.6+ without an admin: the setup token was wrong.
    #[error("The gateway refuses the setup token.")]
    WrongSetupToken,
    /// 2.2.6+ without an admin and without a setup token of its own: nobody gets in.
    #[error("The gateway has neither an administrator nor a setup token, so nobody may configure it.")]
    SetupImpossible,
    /// 403 for another reason.
    #[error("The gateway does not allow reading {endpoint}: {message}.")]
    Forbidden {
        /// The endpoint's id.
        endpoint: &'static str,
        /// The gateway's words.
        message: String,
    },
    /// It runs without a store, from `config.json` alone.
    #[error("The gateway runs from its config.json alone, without a store, and takes no changes.")]
    FileOnly,
    /// An answer that cannot be used.
    #[error("The gateway's answer to {endpoint} cannot be used: {what}.")]
    Unusable {
        /// The endpoint's id.
        endpoint: &'static str,
        /// What is wrong with it.
        what: String,
    },
    /// Pages did not add up: objects came or went while they were read.
    #[error("The gateway has {said} objects in {endpoint}, but {read} could be read; someone is changing it.")]
    Unsteady {
        /// The endpoint's id.
        endpoint: &'static str,
        /// How many the gateway says there are.
        said: u64,
        /// How many came.
        read: u64,
    },
    /// No answer came.
    #[error("The gateway did not answer {endpoint}: {what}.")]
    Lost {
        /// The endpoint's id.
        endpoint: &'static str,
        /// What happened instead.
        what: String,
    },
    /// The reading was ended before its last call.
    #[error("The gateway was not read to the end.")]
    Unfinished,
}

impl ObserveError {
    /// What to do about it, most useful first.
    pub fn hints(&self) -> Vec<String> {
        let hints: &[&str] = match self {
            Self::NotAGateway { .. } => &["Check BIFROST_URL: it is the gateway's own address, without a path."],
            Self::Locked => &[
                "Give the administrator's user and password, or a session token in BIFROST_API_KEY.",
                "A virtual key (sk-bf-...) does not open the management API.",
            ],
            Self::SetupLocked => &[
                "Give the setup token. With it, gangway admin can make the first administrator; so can the gateway's dashboard.",
            ],
            Self::WrongSetupToken => {
                &["Compare it with setup_token in config.json or BIFROST_SETUP_TOKEN on the gateway."]
            }
            Self::SetupImpossible => {
                &["Set setup_token in config.json or BIFROST_SETUP_TOKEN, and restart the gateway."]
            }
            Self::Forbidden { .. } => &["Use credentials that may read and write the whole configuration."],
            Self::FileOnly => &[
                "Turn on config_store in the gateway's config.json and restart it.",
                "Or export a config.json instead of applying the plan.",
            ],
            Self::Unusable { .. } => &["Look at the gateway's log; a proxy in between may also have answered."],
            Self::Unsteady { .. } => &["Try again when nobody else changes the gateway."],
            Self::Lost { .. } | Self::Unfinished => &["Check that the gateway runs and can be reached, and try again."],
        };
        hints.iter().map(|hint| (*hint).to_owned()).collect()
    }
}

/// What is being read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Stage {
    Version,
    Session,
    Config,
    Providers,
    /// The keys of the provider at that place.
    Keys(usize),
    /// The list at that place of [`LISTS`].
    List(usize),
    /// Budgets and rate limits that virtual keys have from a file.
    Budgets,
    RateLimits,
    Users,
    Done,
}

/// The lists, in the order they are read.
const LISTS: [Kind; 7] = [
    Kind::Customer,
    Kind::Team,
    Kind::VirtualKey,
    Kind::ModelConfig,
    Kind::RoutingRule,
    Kind::PricingOverride,
    Kind::McpClient,
];

/// Where a kind is listed: the endpoint, the key of the list in the answer, and whether it comes in pages.
/// None for what has no list of its own.
pub const fn listing(kind: Kind) -> Option<(Endpoint, &'static str, bool)> {
    Some(match kind {
        Kind::Provider => (Endpoint::ProviderList, "providers", false),
        Kind::ProviderKey => (Endpoint::ProviderKeyList, "keys", false),
        Kind::PricingOverride => (Endpoint::PricingOverrideList, "pricing_overrides", false),
        Kind::Customer => (Endpoint::CustomerList, "customers", true),
        Kind::Team => (Endpoint::TeamList, "teams", true),
        Kind::McpClient => (Endpoint::McpClientList, "clients", true),
        Kind::VirtualKey => (Endpoint::VirtualKeyList, "virtual_keys", true),
        Kind::ModelConfig => (Endpoint::ModelConfigList, "model_configs", true),
        Kind::RoutingRule => (Endpoint::RoutingRuleList, "rules", true),
        Kind::User => (Endpoint::UserList, "users", true),
        Kind::TeamMember | Kind::ClientConfig => return None,
    })
}

/// The query that asks for one page.
pub fn page(call: Call, offset: usize) -> Call {
    call.query("limit", PAGE.to_string()).query("offset", offset.to_string())
}

/// The objects of a list answer and how many there are in all; None where it is no such list. Lists may be
/// `null` (recorded for virtual keys and provider keys).
pub fn listed(answer: &Answer, key: &str) -> Option<(Vec<Value>, Option<u64>)> {
    let mut json = answer.is_success().then(|| answer.json())??;
    let objects = match json.get_mut(key)?.take() {
        Value::Null => Vec::new(),
        Value::Array(objects) => objects,
        _ => return None,
    };
    Some((objects, json.get("total_count").and_then(Value::as_u64)))
}

/// Reads a gateway: ask [`next`](Self::next) for the call, give the answer to [`on`](Self::on), until there is
/// no next. It only ever asks for GETs. A call may be repeated before its answer is given.
#[derive(Clone, Debug)]
pub struct Observer {
    stage: Stage,
    /// Where the next page of a list begins.
    offset: usize,
    /// The ids of the list being read: pages may overlap.
    seen: BTreeSet<String>,
    observed: Observed,
    failure: Option<ObserveError>,
}

impl Default for Observer {
    fn default() -> Self {
        Self::new()
    }
}

impl Observer {
    /// Nothing read yet.
    pub fn new() -> Self {
        Self { stage: Stage::Version, offset: 0, seen: BTreeSet::new(), observed: Observed::default(), failure: None }
    }

    /// The call to make now; none when all is read or nothing more can be.
    pub fn next(&self) -> Option<Call> {
        if self.failure.is_some() {
            return None;
        }
        let call = Call::new(self.endpoint()?);
        Some(match self.stage {
            Stage::Keys(place) => call.param("provider", self.provider(place)?),
            Stage::List(place) if listing(LISTS[place]).is_some_and(|(_, _, pages)| pages) => page(call, self.offset),
            Stage::Users => call.query("limit", "1"),
            _ => call,
        })
    }

    /// Whether an answer is worth asking the same again: overload, a broken body, a proxy's error page.
    pub fn again(&self, answer: &Answer) -> bool {
        let broken = answer.says_json() && !answer.is_json();
        let expected = self.is_optional() || self.stage == Stage::Version;
        let html = answer.is_success() && !answer.says_json() && !expected;
        answer.status == 409 || answer.status == 429 || answer.status >= 500 || broken || html
    }

    /// Takes the answer to the call of [`next`](Self::next).
    pub fn on(&mut self, answer: &Answer) {
        let Some(endpoint) = self.endpoint() else { return };
        if let Some(refusal) = refusal(endpoint, answer) {
            // Enterprise may refuse users to someone who may do everything else.
            if self.stage == Stage::Users {
                self.stage = Stage::Done;
            } else {
                self.failure = Some(refusal);
            }
            return;
        }
        let read = match self.stage {
            Stage::Version => self.on_version(answer),
            Stage::Session => {
                self.stage = Stage::Config;
                Ok(())
            }
            Stage::Config => self.on_config(answer),
            Stage::Providers => self.on_providers(answer),
            Stage::Keys(place) => self.on_keys(place, answer),
            Stage::List(place) => self.on_list(place, answer),
            Stage::Budgets => {
                from_file::budgets(&mut self.observed.virtual_keys, answer);
                self.stage = Stage::RateLimits;
                Ok(())
            }
            Stage::RateLimits => {
                from_file::rate_limits(&mut self.observed.virtual_keys, answer);
                self.stage = Stage::Users;
                Ok(())
            }
            Stage::Users => {
                self.observed.has_users = listed(answer, "users").is_some();
                self.stage = Stage::Done;
                Ok(())
            }
            Stage::Done => Ok(()),
        };
        self.failure = read.err();
    }

    /// No answer came to the call of [`next`](Self::next), and none will be waited for.
    pub fn lost(&mut self, what: &str) {
        if let Some(endpoint) = self.endpoint() {
            self.failure = Some(ObserveError::Lost { endpoint: endpoint.id(), what: what.to_owned() });
        }
    }

    /// What was read.
    pub fn finish(self) -> Result<Observed, ObserveError> {
        match (self.failure, self.stage) {
            (Some(failure), _) => Err(failure),
            (None, Stage::Done) => Ok(self.observed),
            (None, _) => Err(ObserveError::Unfinished),
        }
    }

    fn endpoint(&self) -> Option<Endpoint> {
        Some(match self.stage {
            Stage::Version => Endpoint::Version,
            Stage::Session => Endpoint::SessionState,
            Stage::Config => Endpoint::ConfigGet,
            Stage::Providers => Endpoint::ProviderList,
            Stage::Keys(_) => Endpoint::ProviderKeyList,
            Stage::List(place) => listing(LISTS[place])?.0,
            Stage::Budgets => Endpoint::BudgetList,
            Stage::RateLimits => Endpoint::RateLimitList,
            Stage::Users => Endpoint::UserList,
            Stage::Done => return None,
        })
    }

    /// What older versions and smaller editions do not have: there, HTML is an honest answer.
    fn is_optional(&self) -> bool {
        match self.stage {
            Stage::Session | Stage::Keys(_) | Stage::Budgets | Stage::RateLimits | Stage::Users => true,
            Stage::List(place) => matches!(LISTS[place], Kind::PricingOverride | Kind::McpClient),
            _ => false,
        }
    }

    fn provider(&self, place: usize) -> Option<&str> {
        self.observed.providers.get(place)?.get("name")?.as_str()
    }

    fn on_version(&mut self, answer: &Answer) -> Result<(), ObserveError> {
        let version = answer.is_success().then(|| answer.json()).flatten();
        let Some(Value::String(version)) = version else {
            return Err(ObserveError::NotAGateway { what: shape(answer) });
        };
        version.strip_prefix('v').unwrap_or(&version).clone_into(&mut self.observed.version);
        self.stage = Stage::Session;
        Ok(())
    }

    fn on_config(&mut self, answer: &Answer) -> Result<(), ObserveError> {
        let config = answer.is_success().then(|| answer.json()).flatten();
        let Some(config) = config.filter(|config| config.get("client_config").is_some()) else {
            return Err(unusable(Endpoint::ConfigGet, answer, "client_config"));
        };
        if config.get("is_db_connected").and_then(Value::as_bool) == Some(false) {
            return Err(ObserveError::FileOnly);
        }
        self.observed.config = config;
        self.stage = Stage::Providers;
        Ok(())
    }

    fn on_providers(&mut self, answer: &Answer) -> Result<(), ObserveError> {
        let Some((providers, _)) = listed(answer, "providers") else {
            return Err(unusable(Endpoint::ProviderList, answer, "providers"));
        };
        self.observed.providers =
            providers.into_iter().filter(|provider| identity(Kind::Provider, provider).is_some()).collect();
        self.stage = self.keys_or_lists(0);
        Ok(())
    }

    fn on_keys(&mut self, place: usize, answer: &Answer) -> Result<(), ObserveError> {
        // 1.4 has no such endpoint and keeps the keys in the provider; a provider that went away has none.
        let keys = match listed(answer, "keys") {
            Some((keys, _)) => keys,
            None if answer.is_success() || answer.status == 404 || answer.status == 405 => {
                let embedded = self.observed.providers.get(place).and_then(|provider| provider.get("keys"));
                embedded.and_then(Value::as_array).cloned().unwrap_or_default()
            }
            None => return Err(unusable(Endpoint::ProviderKeyList, answer, "keys")),
        };
        if let Some(provider) = self.provider(place).map(str::to_owned) {
            self.observed.provider_keys.insert(provider, keys);
        }
        self.stage = self.keys_or_lists(place + 1);
        Ok(())
    }

    fn keys_or_lists(&self, place: usize) -> Stage {
        if place < self.observed.providers.len() { Stage::Keys(place) } else { Stage::List(0) }
    }

    fn on_list(&mut self, place: usize, answer: &Answer) -> Result<(), ObserveError> {
        let kind = LISTS[place];
        let Some((endpoint, key, pages)) = listing(kind) else { return Ok(()) };
        let Some((objects, total)) = listed(answer, key) else {
            if self.is_optional() {
                self.next_list(place);
                return Ok(());
            }
            return Err(unusable(endpoint, answer, key));
        };
        self.offset += objects.len();
        let more = !objects.is_empty();
        for object in objects {
            let shown = if kind == Kind::McpClient { object.get("config").unwrap_or(&object) } else { &object };
            let id = identity(kind, shown).map_or_else(|| format!("#{}", self.seen.len()), |found| found.id);
            if self.seen.insert(id) {
                self.keep(kind, object);
            }
        }
        let (read, said) = (self.seen.len() as u64, total.unwrap_or(0));
        if pages && more && (self.offset as u64) < said {
            return Ok(());
        }
        if pages && read < said {
            return Err(ObserveError::Unsteady { endpoint: endpoint.id(), said, read });
        }
        self.next_list(place);
        Ok(())
    }

    fn next_list(&mut self, place: usize) {
        self.offset = 0;
        self.seen.clear();
        self.stage = match place + 1 {
            next if next < LISTS.len() => Stage::List(next),
            _ if self.hides_limits() => Stage::Budgets,
            _ => Stage::Users,
        };
    }

    /// Whether virtual keys may have limits that they do not show.
    fn hides_limits(&self) -> bool {
        let version = self.observed.version.parse::<Version>();
        !self.observed.virtual_keys.is_empty() && version.is_ok_and(|version| !version.has(Capability::FileLimitsShown))
    }

    fn keep(&mut self, kind: Kind, object: Value) {
        let list = match kind {
            Kind::Customer => &mut self.observed.customers,
            Kind::Team => &mut self.observed.teams,
            Kind::VirtualKey => &mut self.observed.virtual_keys,
            // Budgets of virtual keys are kept by the gateway as model configs of theirs, for every model (5).
            Kind::ModelConfig if is_budget_of_a_key(&object) => return,
            Kind::ModelConfig => &mut self.observed.model_configs,
            Kind::RoutingRule => &mut self.observed.routing_rules,
            Kind::PricingOverride => &mut self.observed.pricing_overrides,
            _ => &mut self.observed.mcp_clients,
        };
        list.push(taken(kind, object));
    }
}

/// A row the gateway made itself, to hold the budget of a virtual key.
fn is_budget_of_a_key(config: &Value) -> bool {
    let text = |key: &str| config.get(key).and_then(Value::as_str);
    text("scope").is_some_and(|scope| scope != "global") && text("model_name") == Some("*")
}

#[cfg(test)]
mod tests;
