//! Rebuilds the relay when the console it carries has changed.

fn main() {
    // Debug builds read the console from the disk at run time. Watching a folder that is not there yet would
    // rebuild the relay every time.
    let profile = std::env::vars_os().find(|(name, _)| name == "PROFILE").map(|(_, value)| value);
    let watched = if profile.is_some_and(|profile| profile == "release") { "../web/dist" } else { "build.rs" };
    let mut out = std::io::stdout().lock();
    // A build script has nobody to tell but cargo, which sees a broken pipe itself.
    let _ = std::io::Write::write_all(&mut out, format!("cargo::rerun-if-changed={watched}\n").as_bytes());
}
