//! Bifrost's dialect: what the gateway's management API takes and answers. Knows nothing of LiteLLM.

pub mod compare;
pub mod endpoint;
pub mod hole;
mod kind;

pub use endpoint::{Answer, Call, Endpoint, Method, MissingParameter};
mod observed;

pub use kind::Kind;
pub use observed::Observed;
