//! What the tests take from the machine: Node.js, a browser, PostgreSQL, PgBouncer, PyYAML. Debian's packages where there is apt,
//! a clear message elsewhere.

use std::env;
use std::fs;
use std::path::PathBuf;
use std::process::Command;
use std::sync::atomic::{AtomicBool, Ordering};

use crate::home::Home;
use crate::say;
use crate::sh::{self, Done, Failure};
use crate::stamp::Stamp;

/// The oldest Node.js the journeys are written for.
const OLDEST_NODE: u32 = 20;

/// Makes sure that Node.js is there; it is the one thing that is not installed for you.
pub(crate) fn node(home: &Home) -> Done {
    let said = sh::read(home.command("node").arg("--version")).unwrap_or_default();
    let major = said.trim_start_matches('v').split('.').next().and_then(|major| major.parse::<u32>().ok());
    if major.is_some_and(|major| major >= OLDEST_NODE) && home.which("npm").is_some() {
        say::note(format_args!("Node.js {said}: there"));
        return Ok(());
    }
    Err(Failure::new(format!(
        "the tests drive a browser with Node.js {OLDEST_NODE} or newer and its npm; {}. Install them and run this again",
        if said.is_empty() { "there is none on the path".to_owned() } else { format!("the path has {said}") }
    )))
}

/// Where Chromium is: `CHROMIUM`, or the names it goes by, or Debian's package.
pub(crate) fn chromium(home: &Home) -> Done<PathBuf> {
    let found = || {
        let named = env::var_os("CHROMIUM").map(PathBuf::from).filter(|file| file.is_file());
        let names = ["chromium", "chromium-browser", "google-chrome", "google-chrome-stable"];
        named.or_else(|| names.iter().find_map(|name| home.which(name)))
    };
    let browser = get(home, "Chromium", &["chromium"], found, "or set CHROMIUM to where it is")?;
    say::note(format_args!("Chromium: {}", browser.display()));
    Ok(browser)
}

/// Makes sure that a PostgreSQL server can be started by the tests; none has to be running.
pub(crate) fn postgres(home: &Home) -> Done {
    let found = || {
        let versions = fs::read_dir("/usr/lib/postgresql").into_iter().flatten();
        let debian =
            versions.filter_map(|entry| Some(entry.ok()?.path().join("bin/initdb"))).find(|file| file.is_file());
        debian.or_else(|| home.which("initdb"))
    };
    let initdb = get(home, "PostgreSQL", &["postgresql"], found, "so that `initdb` is on the path")?;
    say::note(format_args!("PostgreSQL: {}", initdb.with_file_name("postgres").display()));
    Ok(())
}

/// Makes sure that the tests can put a pooler before that server.
pub(crate) fn pgbouncer(home: &Home) -> Done {
    let found = || {
        let debian = Some(PathBuf::from("/usr/sbin/pgbouncer")).filter(|file| file.is_file());
        debian.or_else(|| home.which("pgbouncer"))
    };
    let program = get(home, "PgBouncer", &["pgbouncer"], found, "so that `pgbouncer` is on the path")?;
    say::note(format_args!("PgBouncer: {}", program.display()));
    Ok(())
}

/// Makes sure that Python can read YAML: our reader is compared with it, byte for byte.
pub(crate) fn py_yaml(home: &Home) -> Done {
    let version = || sh::read(home.command("python3").args(["-c", "import yaml; print(yaml.__version__)"]));
    if version().is_none() && home.which("python3").is_some() {
        let mut pip = home.command("python3");
        pip.args(["-m", "pip", "install", "--user", "--quiet", "--disable-pip-version-check", "PyYAML"]);
        drop(sh::watch(home, "pip install of PyYAML", &mut pip));
    }
    if version().is_none() {
        drop(install(home, "PyYAML", &["python3-yaml"]));
    }
    match version() {
        Some(version) => say::note(format_args!("PyYAML {version}: there")),
        None if home.ci => return Err(Failure::new("python3 has no PyYAML, and neither pip nor apt could bring it")),
        None => say::note("python3 has no PyYAML: the comparison with it is left out (`pip install PyYAML` brings it)"),
    }
    Ok(())
}

/// Installs what `tests/e2e/package-lock.json` names, once.
pub(crate) fn playwright(home: &Home) -> Done {
    let io = |error: std::io::Error| Failure::new(format!("tests/e2e: {error}"));
    let stamp = Stamp::of(home, "playwright", &["tests/e2e/package-lock.json"], &[]).map_err(io)?;
    if stamp.is_fresh() && home.root.join("tests/e2e/node_modules/playwright-core").is_dir() {
        say::note("playwright-core: there");
        return Ok(());
    }
    let mut npm = home.command("npm");
    npm.current_dir(home.root.join("tests/e2e")).args(["ci", "--no-audit", "--no-fund", "--loglevel=error"]);
    sh::watch(home, "npm ci in tests/e2e", &mut npm)?;
    stamp.keep().map_err(io)
}

/// Answers where a program is, after installing Debian's packages for it if it was nowhere.
fn get(home: &Home, what: &str, packages: &[&str], found: impl Fn() -> Option<PathBuf>, hint: &str) -> Done<PathBuf> {
    if let Some(file) = found() {
        return Ok(file);
    }
    install(home, what, packages)?;
    found().ok_or_else(|| Failure::new(format!("{what} is needed for the tests: install it {hint}")))
}

/// Installs Debian packages, as root or through sudo (which asks, if there is a terminal to ask at).
fn install(home: &Home, what: &str, packages: &[&str]) -> Done {
    static UPDATED: AtomicBool = AtomicBool::new(false);
    if home.which("apt-get").is_none() {
        return Err(Failure::new(format!(
            "{what} is needed for the tests: install it with your system's package manager"
        )));
    }
    if !UPDATED.swap(true, Ordering::Relaxed) {
        // An old list may still do; if it does not, the install says so.
        drop(sh::watch(home, "apt-get update", as_root(home)?.args(["apt-get", "update", "-q"])));
    }
    let mut apt = as_root(home)?;
    apt.args(["env", "DEBIAN_FRONTEND=noninteractive", "apt-get", "install", "-yq", "--no-install-recommends"]);
    sh::watch(home, &format!("apt-get install {}", packages.join(" ")), apt.args(packages))
}

/// A command whose arguments are run as root.
fn as_root(home: &Home) -> Done<Command> {
    if sh::read(home.command("id").arg("-u")).as_deref() == Some("0") {
        return Ok(home.command("env"));
    }
    if home.which("sudo").is_some() && sh::stream(home.command("sudo").arg("-v")).is_ok() {
        return Ok(home.command("sudo"));
    }
    Err(Failure::new("packages have to be installed, and neither are you root nor does sudo let you be"))
}
