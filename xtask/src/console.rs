//! The console: `web/` bundled by trunk into `web/dist`, from where the relay embeds it; and the relay itself.

use crate::home::Home;
use crate::say;
use crate::setup;
use crate::sh::{self, Done, Failure};
use crate::stamp::Stamp;

/// Where trunk puts what it made (`Trunk.toml`).
pub(crate) const DIST: &str = "web/dist";

/// Everything the console is made from.
const INPUTS: &[&str] = &["web", "crates", "Cargo.toml", "Cargo.lock", "Trunk.toml"];

/// Builds the console, unless it was already built from the same files by the same tools.
pub(crate) fn build(home: &Home) -> Done {
    let io = |error: std::io::Error| Failure::new(format!("the inputs of the console: {error}"));
    let stamp = Stamp::of(home, "console", INPUTS, &setup::versions(home)).map_err(io)?;
    if stamp.is_fresh() && home.root.join(DIST).join("index.html").is_file() {
        say::step("the console: nothing changed");
        return Ok(());
    }
    say::step("building the console");
    // Trunk takes NO_COLOR for a flag of its own and stumbles over `1`.
    sh::stream(home.command("trunk").arg("build").env_remove("NO_COLOR"))?;
    stamp.keep().map_err(io)
}

/// Builds the relay with the console inside; answers nothing, the binary is `Home::gangway`.
pub(crate) fn relay(home: &Home) -> Done {
    say::step("building the relay");
    sh::stream(home.cargo("build").args(["--release", "-p", "gangway"]))
}
