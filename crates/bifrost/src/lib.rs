//! Bifrost's dialect: what the gateway's management API takes and answers. Knows nothing of LiteLLM.

pub mod access;
pub mod body;
pub mod compare;
pub mod endpoint;
pub mod file;
pub mod hole;
mod kind;
pub mod pattern;
pub mod routing;
pub mod standard;
pub mod tools;
pub mod version;
pub mod window;

pub use body::Body;
pub use endpoint::{Answer, Call, Endpoint, Method, MissingParameter};
mod observed;
pub mod observer;

pub use kind::Kind;
pub use observed::{Identity, Observed, canonical, identity, kept, settled, taken};
pub use observer::{ObserveError, Observer};
pub use version::{Capability, Version};
