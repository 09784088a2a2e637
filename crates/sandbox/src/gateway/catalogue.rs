//! What the world around the gateway lists: the vendor's catalogue and the upstreams.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

/// Which models are listed where. `["*"]` covers what is listed, and everything where nothing is listed
/// (`reference/bifrost-api.md` 3.6).
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Catalogue {
    /// The models of the price catalogue, by provider.
    pub models: BTreeMap<String, Vec<String>>,
    /// The models that an upstream lists, by its base URL. Without an entry it lists nothing.
    pub upstreams: BTreeMap<String, Vec<String>>,
    /// Dollars per token in and out, by model; without an entry a call costs nothing.
    #[serde(default)]
    pub prices: BTreeMap<String, (f64, f64)>,
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

    /// With a price in dollars per token, in and out.
    #[must_use]
    pub fn with_price(mut self, model: &str, input: f64, output: f64) -> Self {
        self.prices.insert(model.to_owned(), (input, output));
        self
    }

    /// What a call costs that takes so many tokens in and out.
    pub(super) fn price(&self, model: &str, (input, output): (u32, u32)) -> f64 {
        let (in_price, out_price) = self.prices.get(model).copied().unwrap_or_default();
        f64::from(input) * in_price + f64::from(output) * out_price
    }

    /// With a model for which every upstream fails.
    #[must_use]
    pub fn with_failing(mut self, model: &str) -> Self {
        self.failing.push(model.to_owned());
        self
    }
}
