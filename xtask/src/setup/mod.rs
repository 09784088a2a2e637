//! Getting what the steps need, on a fresh machine too: what is there and fits, else what the usual road brings, else a
//! message that says what to do.

mod debian;
mod machine;
mod wasm_std;
mod web_tools;

use crate::home::Home;
use crate::say;
use crate::sh::Done;

pub(crate) use machine::chromium;
pub(crate) use web_tools::versions;

/// What building the console takes: the WebAssembly standard library, trunk, wasm-bindgen and, if it can be had, wasm-opt.
pub(crate) fn for_the_console(home: &Home) -> Done {
    say::step("what the console is built with");
    wasm_std::ensure(home)?;
    web_tools::ensure(home)
}

/// What the tests take on top of that: a browser and its driver, a PostgreSQL server, and PyYAML to compare with.
pub(crate) fn for_the_tests(home: &Home) -> Done {
    say::step("what the tests run on");
    for_the_browser(home)?;
    machine::postgres(home)?;
    machine::pgbouncer(home)?;
    machine::py_yaml(home)
}

/// What a journey through the console takes: Node.js, Chromium and playwright-core.
pub(crate) fn for_the_browser(home: &Home) -> Done {
    machine::node(home)?;
    machine::chromium(home)?;
    machine::playwright(home)
}
