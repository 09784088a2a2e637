//! Tests of the whole line.

mod access;
mod applied;
mod asked;
mod bad_input;
mod bites;
mod choices;
mod configs;
mod export;
mod file_road;
mod inventory;
mod limits;
mod names;
mod opening;
mod plan;
mod properties;
mod provider_forms;
mod requests;
mod rooms;
mod shared;
mod snapshot;
mod tools;
mod undo;
mod vendor;
mod versions;
mod widening;
mod wildcards;
