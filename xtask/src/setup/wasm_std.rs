//! The standard library for `wasm32-unknown-unknown`, three roads: it is there; rustup brings it; on Debian, where no
//! rustup server answers, it is built from Debian's `rust-src` of the same version.

use std::fs;
use std::path::{Path, PathBuf};

use super::debian;
use crate::home::Home;
use crate::say;
use crate::sh::{self, Done, Failure};

const TARGET: &str = "wasm32-unknown-unknown";

/// Makes sure that rustc can build for the browser.
pub(crate) fn ensure(home: &Home) -> Done {
    let lib = library(home)?;
    if holds_std(&lib) {
        say::note(format_args!("{TARGET}: there"));
        return Ok(());
    }
    if home.which("rustup").is_some() {
        let added = sh::watch(home, "rustup target add", home.command("rustup").args(["target", "add", TARGET]));
        if added.is_ok() && holds_std(&lib) {
            return Ok(());
        }
        say::note("rustup could not bring it");
    }
    match debian::release() {
        Some(release) => from_rust_src(home, &release, &lib),
        None => Err(Failure::new(format!(
            "the standard library for {TARGET} is missing and rustup cannot bring it. Try `rustup target add {TARGET}`, \
             or install your distribution's package for it, so that {} exists",
            lib.display()
        ))),
    }
}

fn library(home: &Home) -> Done<PathBuf> {
    let sysroot = sh::read(home.command("rustc").args(["--print", "sysroot"]))
        .ok_or_else(|| Failure::new("`rustc --print sysroot` failed: is Rust installed?"))?;
    Ok(Path::new(&sysroot).join("lib/rustlib").join(TARGET).join("lib"))
}

fn holds_std(lib: &Path) -> bool {
    // `libstd-HASH.rlib` from rustup, `libstd.rlib` when built here.
    rlibs(lib).iter().filter_map(|file| file.file_stem()).any(|stem| {
        let name = stem.to_string_lossy();
        name == "libstd" || name.starts_with("libstd-")
    })
}

fn rlibs(folder: &Path) -> Vec<PathBuf> {
    let entries = fs::read_dir(folder).into_iter().flatten();
    entries
        .filter_map(|entry| Some(entry.ok()?.path()))
        .filter(|p| p.extension().is_some_and(|e| e == "rlib"))
        .collect()
}

/// Downloads the sources, builds the library and puts it where rustc looks. Nothing of the system is changed.
fn from_rust_src(home: &Home, release: &debian::Release, lib: &Path) -> Done {
    let version = rustc_version(home)?;
    say::note(format_args!("building it from Debian's sources of Rust {version}"));
    let work = home.tools().join("wasm-std");
    let archive = debian::Archive::open(home, release, &work)?;
    let package = archive.version_of(home, "rust-src", &version)?;
    let unpacked = archive.unpack(home, "rust-src", &package)?;
    let sources = unpacked.join(format!("usr/src/rustc-{version}/library"));
    let built = work.join("target");
    let mut build = home.command("cargo");
    build
        .current_dir(&sources)
        .env("RUSTC_BOOTSTRAP", "1")
        .env("RUSTFLAGS", "-Cembed-bitcode=yes -Zforce-unstable-if-unmarked")
        .args(["build", "--release", "--target", TARGET, "--manifest-path", "sysroot/Cargo.toml"])
        .args(["--features", "compiler-builtins-mem", "--target-dir"])
        .arg(&built);
    sh::watch(home, "cargo build of the standard library", &mut build)?;
    // Half a gigabyte of sources and intermediate files has done its work.
    install(&built.join(TARGET).join("release/deps"), lib)
        .and_then(|()| fs::remove_dir_all(&work))
        .map_err(|error| Failure::new(format!("{}: {error}", lib.display())))
}

/// `1.95.0`, as rustc says it.
fn rustc_version(home: &Home) -> Done<String> {
    let said = sh::read(home.command("rustc").arg("--version")).unwrap_or_default();
    let version = said.split_whitespace().nth(1).map(|word| word.split('-').next().unwrap_or(word).to_owned());
    version.ok_or_else(|| Failure::new("`rustc --version` says no version"))
}

/// Copies beside the target and renames, so that a broken copy never looks like a whole one.
fn install(built: &Path, lib: &Path) -> std::io::Result<()> {
    let staged = lib.with_extension("new");
    fs::create_dir_all(&staged)?;
    for rlib in rlibs(built) {
        fs::copy(&rlib, staged.join(rlib.file_name().unwrap_or_default()))?;
    }
    if lib.exists() {
        fs::remove_dir_all(lib)?;
    }
    fs::rename(&staged, lib)
}
