//! The practice ground: a Bifrost gateway and a LiteLLM proxy in memory, behaving as recorded from the real ones.
//!
//! Both are state machines from request to answer. There is no server, clock or randomness here: the seed of the
//! ids and the present are arguments, so that the relay, the tests and the tab can all run them.

pub mod gateway;
mod http;
mod proxy;
mod release;

pub use gateway::{Catalogue, Gateway, RestoreError, StartError};
pub use http::{Request, Response};
pub use proxy::{Fault, FaultyProxy, Keys, Proxy};
pub use release::Release;
