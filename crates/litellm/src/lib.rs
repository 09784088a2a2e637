//! LiteLLM's dialect, for reading only: nothing here could describe a write.

pub mod dump;
pub mod endpoint;
pub mod object;
pub mod provider;
pub mod reading;
pub mod seal;
pub mod secret;
pub mod tables;
pub mod window;

pub use object::{Field, Held, Kind, Object, SourceKind};
pub use reading::{Input, Kept, Reading, SourceRead, read};
pub use secret::Secret;
