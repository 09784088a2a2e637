//! LiteLLM's dialect, for reading only: nothing here could describe a write.

pub mod endpoint;
pub mod object;
pub mod tables;

pub use object::{Field, Held, Kind, Object, SourceKind};
