//! LiteLLM's dialect, for reading only: nothing here could describe a write.

pub mod reading;

pub mod object;

mod api;
mod config;
pub mod dump;
mod fields;
mod rows;
pub mod snapshot;

pub mod endpoint;
pub mod fetch;
pub mod tables;

pub mod seal;
pub mod secret;
pub mod sensitive;

pub mod access;
pub mod provider;
pub mod routing;
pub mod tools;
pub mod window;

pub use config::{REFERENCE, is_object_section, names_read, referred, template::placeholder, wanted_files};
pub use object::{Dropped, Field, Fields, Held, Kind, Object, SourceKind, source_id};
pub use reading::{Input, Kept, NoSecret, Reading, SourceRead, read, read_stored};
pub use rows::{RowRead, RowReader, Stored, rows_kind};
pub use secret::Secret;
