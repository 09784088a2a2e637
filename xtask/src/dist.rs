//! `cargo xtask dist`: what is handed to others.

use std::fs;

use crate::console;
use crate::home::Home;
use crate::say;
use crate::setup;
use crate::sh::{self, Done, Failure};

/// Puts the release binary, its checksum and the licences into `target/dist`.
pub(crate) fn dist(home: &Home) -> Done {
    setup::for_the_console(home)?;
    console::build(home)?;
    console::relay(home)?;
    say::step("packing");
    let folder = home.target.join("dist");
    let name = format!("gangway-{}-{}", version(home)?, host(home));
    let io = |error: std::io::Error| Failure::new(format!("{}: {error}", folder.display()));
    fs::create_dir_all(&folder).map_err(io)?;
    fs::copy(home.gangway(), folder.join(&name)).map_err(io)?;
    for text in ["LICENSE-MIT", "LICENSE-APACHE", "README.md", "CHANGELOG.md"] {
        fs::copy(home.root.join(text), folder.join(text)).map_err(io)?;
    }
    let sum = checksum(home, &name)?;
    fs::write(folder.join(format!("{name}.sha256")), format!("{sum}\n")).map_err(io)?;
    say::line(folder.join(&name).display());
    say::line(sum);
    Ok(())
}

/// In the format that `sha256sum --check` reads.
fn checksum(home: &Home, name: &str) -> Done<String> {
    let folder = home.target.join("dist");
    let mut gnu = home.command("sha256sum");
    let mut mac = home.command("shasum");
    sh::read(gnu.current_dir(&folder).arg(name))
        .or_else(|| sh::read(mac.current_dir(&folder).args(["-a", "256", name])))
        .ok_or_else(|| Failure::new("neither `sha256sum` nor `shasum` could make the checksum"))
}

/// The workspace's version, from the root manifest.
fn version(home: &Home) -> Done<String> {
    let manifest = fs::read_to_string(home.root.join("Cargo.toml")).unwrap_or_default();
    let found = manifest.lines().find_map(|line| line.strip_prefix("version = "));
    found.map(|version| version.trim_matches('"').to_owned()).ok_or_else(|| Failure::new("Cargo.toml names no version"))
}

/// The triple this machine builds for.
fn host(home: &Home) -> String {
    let said = sh::read(home.command("rustc").arg("-vV")).unwrap_or_default();
    said.lines().find_map(|line| line.strip_prefix("host: ")).unwrap_or("unknown").to_owned()
}
