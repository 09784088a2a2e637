//! A LiteLLM proxy that answers as recorded.

/// A proxy.
#[derive(Clone, Debug)]
pub struct Proxy;
