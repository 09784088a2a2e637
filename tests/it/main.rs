//! Tests of the whole line.

mod rooms;

mod plan;
