//! What the world around the gateway lists: the vendor's catalogue and the upstreams.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

/// Which models are listed where. `["*"]` covers what is listed, and everything where nothing is listed
/// (`reference/bifrost-api.md` 3.6).
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Catalogue {
    /// The models of the price catalogue, by provider.
    pub models: BTreeMap<String, Vec<String>>,
    /// The models that an upstream lists, by its base URL. Without an entry it lists nothing.
    pub upstreams: BTreeMap<String, Vec<String>>,
    /// The models for which every upstream fails, so that fallbacks are used.
    pub failing: Vec<String>,
}

impl Catalogue {
    /// With the models of a provider in the catalogue.
    #[must_use]
    pub fn with_models(mut self, provider: &str, models: &[&str]) -> Self {
        self.models.insert(provider.to_owned(), models.iter().map(|model| (*model).to_owned()).collect());
        self
    }

    /// With the models that an upstream lists.
    #[must_use]
    pub fn with_upstream(mut self, base_url: &str, models: &[&str]) -> Self {
        self.upstreams.insert(base_url.to_owned(), models.iter().map(|model| (*model).to_owned()).collect());
        self
    }

    /// With a model for which every upstream fails.
    #[must_use]
    pub fn with_failing(mut self, model: &str) -> Self {
        self.failing.push(model.to_owned());
        self
    }
}
