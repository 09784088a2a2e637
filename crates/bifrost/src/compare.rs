//! Comparing what was intended with what the gateway shows.

use serde::{Deserialize, Serialize};
use serde_json::Value;

/// One field that is not as intended.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Difference {
    /// The field, as a path: `provider_configs[openai].allowed_models`.
    pub path: String,
    /// What was sent.
    pub intended: Value,
    /// What the gateway shows; null where it shows nothing.
    pub observed: Value,
}
