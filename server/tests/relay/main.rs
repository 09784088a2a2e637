//! The relay as a process of its own: real sockets, real files, real signals.

mod applying;
mod console;
mod database;
mod door;
mod earlier;
mod journal;
mod kept;
mod litellm;
#[path = "../postgres_support.rs"]
mod postgres_support;
mod practice;
mod running;
mod secrets;
mod upstreams;
