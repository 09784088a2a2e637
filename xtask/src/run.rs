//! `cargo xtask run`: from a clone to a link.

use crate::console;
use crate::home::Home;
use crate::say;
use crate::setup;
use crate::sh::{Done, Failure};

/// Builds what is not built, then becomes `gangway serve`, which prints its link. Without upstreams it serves the
/// practice company.
pub(crate) fn run(home: &Home, arguments: &[String]) -> Done {
    setup::for_the_console(home)?;
    console::build(home)?;
    console::relay(home)?;
    let own = arguments.strip_prefix(&["--".to_owned()]).unwrap_or(arguments);
    say::step(format_args!("gangway serve {}", own.join(" ")));
    let mut serve = home.command(&home.gangway().to_string_lossy());
    // Files among the arguments, and the journal, are where the person is.
    if let Ok(here) = std::env::current_dir() {
        serve.current_dir(here);
    }
    serve.arg("serve").args(own);
    become_it(&mut serve)
}

/// The relay takes our place, so that Ctrl-C and signals reach it directly.
#[cfg(unix)]
fn become_it(serve: &mut std::process::Command) -> Done {
    use std::os::unix::process::CommandExt as _;
    Err(Failure::new(format!("gangway could not be started: {}", serve.exec())))
}

#[cfg(not(unix))]
fn become_it(serve: &mut std::process::Command) -> Done {
    crate::sh::stream(serve)
}
