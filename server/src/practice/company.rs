//! The made-up company's LiteLLM and its database.

use std::collections::BTreeMap;

use sandbox::{Proxy, Request, Response};

/// The company.
#[derive(Debug)]
pub(super) struct Company {
    proxy: Proxy,
}

impl Company {
    /// Its name.
    pub(super) const NAME: &str = "Practice company";

    /// As recorded.
    pub(super) fn new() -> Self {
        Self { proxy: Proxy::practice() }
    }

    /// An answer of its proxy, as a caller with its own headers gets it.
    pub(super) fn handle(&self, request: &Request) -> Response {
        self.proxy.handle(request)
    }

    /// An answer of its proxy to somebody with the master key.
    pub(super) fn read(&self, request: Request) -> Response {
        self.handle(&request.header("authorization", &format!("Bearer {}", self.master_key())))
    }

    /// Its config.yaml.
    pub(super) fn config_yaml(&self) -> &str {
        self.proxy.config_yaml()
    }

    /// Its salt key, which is no secret.
    pub(super) fn salt_key(&self) -> &str {
        self.proxy.salt_key()
    }

    /// Its master key, which is none either.
    pub(super) fn master_key(&self) -> &str {
        self.proxy.master_key()
    }

    /// The rows of its database.
    pub(super) fn rows(&self) -> BTreeMap<String, model::Rows> {
        litellm::dump::read("practice database", self.proxy.tables()).tables
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_company_has_a_proxy_a_file_and_a_database_that_belong_together() {
        let company = Company::new();
        let rows = company.rows();
        assert_eq!(rows["LiteLLM_VerificationToken"].len(), 7);
        assert!(rows["LiteLLM_VerificationToken"].objects().all(|row| row["token"].is_string()));
        assert!(company.config_yaml().contains("model_list:"));
        for endpoint in litellm::endpoint::ENDPOINTS {
            let answer = company.read(Request::new("GET", endpoint.path));
            assert_ne!(answer.status, 401, "{}", endpoint.id);
        }
        assert_eq!(company.handle(&Request::new("GET", "/budget/list")).status, 401);
    }
}
