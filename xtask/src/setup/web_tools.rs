//! trunk and wasm-bindgen in exactly the pinned versions, and wasm-opt if it can be had.

use std::fs;
use std::path::Path;

use crate::home::Home;
use crate::say;
use crate::sh::{self, Done, Failure};

/// The bundler (`Trunk.toml` asks for the same one).
const TRUNK: Tool = Tool {
    program: "trunk",
    package: "trunk",
    version: "0.21.14",
    // It is needed once per build and optimised for nothing: half the time to compile.
    flags: &["--no-default-features"],
    opt_level: Some("0"),
};

/// The generator of the JavaScript glue. It must equal the `wasm-bindgen` of the root `Cargo.toml`.
const WASM_BINDGEN: Tool =
    Tool { program: "wasm-bindgen", package: "wasm-bindgen-cli", version: "0.2.130", flags: &[], opt_level: None };

/// The npm package that carries wasm-opt.
const BINARYEN: &str = "binaryen@132";

/// Stands in for wasm-opt, without which trunk would try to download one: hands the module on as it is.
const PASS_THROUGH: &str = r#"#!/bin/sh
# Written by `cargo xtask`, since wasm-opt could not be had: the module stays as it is, only larger.
for word; do
  case "$word" in
    --version) echo "wasm-opt version 0 (pass-through)"; exit 0 ;;
    --output=*) output=${word#--output=} ;;
    -*) ;;
    *) input=$word ;;
  esac
done
cp "$input" "$output"
"#;

struct Tool {
    program: &'static str,
    package: &'static str,
    version: &'static str,
    flags: &'static [&'static str],
    opt_level: Option<&'static str>,
}

/// Makes sure that all three are first on the path.
pub(crate) fn ensure(home: &Home) -> Done {
    for tool in [&TRUNK, &WASM_BINDGEN] {
        tool.ensure(home)?;
    }
    wasm_opt(home)
}

/// What the tools say they are: part of what a built console was made from.
pub(crate) fn versions(home: &Home) -> Vec<String> {
    let asked = ["rustc", "trunk", "wasm-bindgen", "wasm-opt"];
    asked.iter().map(|tool| sh::read(home.command(tool).arg("--version")).unwrap_or_default()).collect()
}

impl Tool {
    fn ensure(&self, home: &Home) -> Done {
        if self.fits(home) {
            say::note(format_args!("{} {}: there", self.program, self.version));
            return Ok(());
        }
        if let Err(failure) = self.install(home, true) {
            // A registry may lack a version that the tool's lock file names: the tool stays pinned, what it is made
            // of may then be as new as this compiler takes.
            say::note(failure);
            say::note("trying again without its lock file");
            self.install(home, false)?;
        }
        if self.fits(home) {
            Ok(())
        } else {
            Err(Failure::new(format!("{} was installed but does not run", self.program)))
        }
    }

    fn install(&self, home: &Home, locked: bool) -> Done {
        let label = format!("cargo install {} {} (some minutes, once)", self.package, self.version);
        let mut install = home.command("cargo");
        install.args(["install", "--force", "--version", self.version, "--root"]).arg(home.tools());
        install.args(self.flags).args(locked.then_some("--locked")).arg(self.package);
        // A folder that stays: an interrupted build goes on where it stopped.
        install.arg("--target-dir").arg(home.tools().join("build"));
        install.env("CARGO_RESOLVER_INCOMPATIBLE_RUST_VERSIONS", "fallback");
        if let Some(level) = self.opt_level {
            install.env("CARGO_PROFILE_RELEASE_OPT_LEVEL", level);
        }
        sh::watch(home, &label, &mut install)
    }

    fn fits(&self, home: &Home) -> bool {
        let said = sh::read(home.command(self.program).arg("--version")).unwrap_or_default();
        said.split_whitespace().nth(1) == Some(self.version)
    }
}

fn wasm_opt(home: &Home) -> Done {
    if let Some(version) = sh::read(home.command("wasm-opt").arg("--version")) {
        say::note(format_args!("{version}: there"));
        return Ok(());
    }
    let folder = home.tools().join("npm");
    if home.which("npm").is_some() {
        let mut install = home.command("npm");
        install.args(["install", "--no-save", "--no-audit", "--no-fund", "--loglevel=error", "--prefix"]);
        let installed = sh::watch(home, "npm install of wasm-opt", install.arg(&folder).arg(BINARYEN));
        if installed.is_ok() && link(home, &folder.join("node_modules/.bin/wasm-opt")).is_ok() {
            return Ok(());
        }
    }
    say::note("no wasm-opt: the console works all the same, its WebAssembly is only larger");
    pass_through(home).map_err(|error| Failure::new(format!("{}: {error}", home.tools().display())))
}

#[cfg(unix)]
fn link(home: &Home, tool: &Path) -> std::io::Result<()> {
    let name = home.tools().join("bin/wasm-opt");
    fs::create_dir_all(home.tools().join("bin"))?;
    drop(fs::remove_file(&name));
    std::os::unix::fs::symlink(tool, name)
}

#[cfg(unix)]
fn pass_through(home: &Home) -> std::io::Result<()> {
    use std::os::unix::fs::PermissionsExt as _;
    let script = home.tools().join("bin/wasm-opt");
    fs::create_dir_all(home.tools().join("bin"))?;
    drop(fs::remove_file(&script));
    fs::write(&script, PASS_THROUGH)?;
    fs::set_permissions(&script, fs::Permissions::from_mode(0o755))
}

#[cfg(not(unix))]
fn link(_: &Home, _: &Path) -> std::io::Result<()> {
    Err(std::io::ErrorKind::Unsupported.into())
}

#[cfg(not(unix))]
fn pass_through(_: &Home) -> std::io::Result<()> {
    Ok(())
}

#[cfg(test)]
mod tests {
    use std::fs;
    use std::path::Path;

    use super::{TRUNK, WASM_BINDGEN};

    #[test]
    fn versions_are_pinned_alike_everywhere() {
        let root = Path::new(env!("CARGO_MANIFEST_DIR")).parent().expect("xtask/ is below the root");
        let check = |file: &str, line: String| {
            let text = fs::read_to_string(root.join(file)).expect("the file is there");
            assert!(text.lines().any(|found| found == line), "{file} should say `{line}`");
        };
        check("Cargo.toml", format!("wasm-bindgen = \"={}\"", WASM_BINDGEN.version));
        check("Trunk.toml", format!("wasm_bindgen = \"{}\"", WASM_BINDGEN.version));
        check("Trunk.toml", format!("trunk-version = \"={}\"", TRUNK.version));
    }
}
