//! A Bifrost gateway in memory.

mod access;
mod body;
mod canonical;
mod catalogue;
mod cel;
mod credentials;
mod customers;
mod duration;
mod expression;
mod inference;
mod keys;
mod limits;
mod lists;
mod mcp;
mod mint;
mod model_configs;
mod paging;
mod prices;
mod provider_config;
mod provider_limits;
mod providers;
mod reply;
mod routes;
mod rules;
mod secret;
mod session;
mod settings;
mod spending;
mod start;
mod state;
mod url;
mod virtual_key_view;
mod virtual_keys;

pub use catalogue::Catalogue;
pub use start::StartError;

use std::collections::BTreeMap;

use model::Moment;
use serde_json::Value;

use crate::{Release, Request, Response};
use mint::Mint;
use reply::{dashboard, not_allowed};
use state::{Settings, State};

/// A gateway: every management endpoint as recorded, and inference as far as access goes.
#[derive(Clone, Debug)]
pub struct Gateway(State);

/// A stored gateway that cannot be read.
#[derive(Debug, thiserror::Error)]
#[error("this is no stored gateway: {0}")]
pub struct RestoreError(#[from] serde_json::Error);

impl Gateway {
    /// An empty gateway. `seed` decides the ids and values it makes up.
    pub fn new(release: Release, seed: u64) -> Self {
        Self(State {
            release,
            mint: Mint::new(seed),
            environment: BTreeMap::new(),
            catalogue: Catalogue::default(),
            mcp_servers: Vec::new(),
            setup_token: None,
            sessions: Vec::new(),
            setup_sessions: Vec::new(),
            spent: BTreeMap::new(),
            settings: Settings::fresh(release),
            providers: BTreeMap::new(),
            customers: Vec::new(),
            teams: Vec::new(),
            virtual_keys: Vec::new(),
            model_configs: BTreeMap::new(),
            rules: Vec::new(),
            overrides: Vec::new(),
            mcp_clients: Vec::new(),
            file_items: BTreeMap::new(),
        })
    }

    /// With environment variables on its host, each `NAME` or `NAME=value`.
    #[must_use]
    pub fn with_environment(mut self, names: impl IntoIterator<Item = String>) -> Self {
        self.0.environment.extend(names.into_iter().map(|entry| match entry.split_once('=') {
            Some((name, value)) => (name.to_owned(), value.to_owned()),
            None => (entry.clone(), format!("value-of-{entry}")),
        }));
        self
    }

    /// With what the world around it lists.
    #[must_use]
    pub fn with_catalogue(mut self, catalogue: Catalogue) -> Self {
        self.0.catalogue = catalogue;
        self
    }

    /// With MCP servers that answer at these addresses.
    #[must_use]
    pub fn with_mcp_servers(mut self, addresses: impl IntoIterator<Item = String>) -> Self {
        self.0.mcp_servers.extend(addresses);
        self
    }

    /// With a setup token, which the second generation wants for the first administrator, and 2.2.6 for everything
    /// until there is one.
    #[must_use]
    pub fn with_setup_token(mut self, token: &str) -> Self {
        self.0.setup_token = Some(token.to_owned());
        self
    }

    /// The release it plays.
    pub const fn release(&self) -> Release {
        self.0.release
    }

    /// Answers a request that arrives at `now`.
    pub fn handle(&mut self, request: &Request, now: Moment) -> Response {
        if request.method == "OPTIONS" {
            return Response::text(if self.0.release.is_second() { 403 } else { 200 }, "", "");
        }
        let segments = request.segments();
        let path: Vec<&str> = segments.iter().map(String::as_str).collect();
        if request.method == "HEAD" {
            return Response { body: String::new(), ..not_allowed() };
        }
        if let [rest @ .., ""] = path.as_slice()
            && routes::find(self.0.release, request, rest, now).is_some()
        {
            return Response::text(if request.method == "GET" { 301 } else { 308 }, "", "");
        }
        match routes::find(self.0.release, request, &path, now) {
            Some(route) => {
                let response = route.run(&mut self.0, request).unwrap_or_else(Response::from);
                if self.0.release.tells_routing() { response } else { reply::without_routing(response) }
            }
            None if request.method == "GET" => dashboard(),
            None => not_allowed(),
        }
    }

    /// Everything it holds without ids, times and generated values, sorted: two gateways that were brought to the
    /// same end by different ways give the same. Secrets are in clear.
    pub fn state(&self) -> Value {
        self.0.canonical()
    }

    /// Everything it holds, ids and secrets included, for a test server that is to survive a restart.
    pub fn to_json(&self) -> Value {
        serde_json::to_value(&self.0).unwrap_or_default()
    }

    /// The gateway that [`Gateway::to_json`] wrote.
    pub fn from_json(stored: &Value) -> Result<Self, RestoreError> {
        Ok(Self(serde_json::from_value(stored.clone())?))
    }
}
