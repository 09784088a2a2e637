//! The reports, from the outside: plans made by hand in, text out.

#![cfg(test)]

mod csv;
mod hiding;
mod html;
mod json;
mod markdown;
mod sample;
mod size;
mod words;

use report::Options;

/// With names.
const OPEN: Options = Options { hide_names: false };
/// Without.
const HIDDEN: Options = Options { hide_names: true };
