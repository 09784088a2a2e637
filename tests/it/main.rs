//! Tests of the whole line.

mod access;
mod plan;
mod rooms;
