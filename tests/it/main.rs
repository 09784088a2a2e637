//! Tests of the whole line.

mod rooms;
