//! The made-up company's LiteLLM and its database.
#![expect(clippy::unused_self, reason = "the sandbox has a gateway and no proxy yet")]

use std::collections::BTreeMap;

use sandbox::{Request, Response};
use serde_json::Value;

/// The company.
#[derive(Debug)]
pub(super) struct Company {}

impl Company {
    /// Its name.
    pub(super) const NAME: &str = "Practice company";

    /// As recorded.
    pub(super) const fn new() -> Self {
        Self {}
    }

    /// An answer of its proxy.
    pub(super) fn handle(&self, _request: &Request) -> Response {
        Response { status: 503, content_type: String::new(), body: String::new() }
    }

    /// Its config.yaml.
    pub(super) fn config_yaml(&self) -> String {
        String::new()
    }

    /// Its salt key, which is no secret.
    pub(super) fn salt_key(&self) -> String {
        String::new()
    }

    /// The rows of its database.
    pub(super) fn rows(&self) -> BTreeMap<String, Vec<Value>> {
        BTreeMap::new()
    }
}
