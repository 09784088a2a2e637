//! Debian's archive, read with folders of our own: the machine's sources and package state stay as they are.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use crate::home::Home;
use crate::sh::{self, Done, Failure};

/// The suite that carries newer Rust versions. It fits every Debian: only the sources are taken from it.
const SUITE: &str = "trixie-backports";
const KEYRING: &str = "/usr/share/keyrings/debian-archive-keyring.gpg";

/// The Debian this machine runs: where it gets its packages from.
pub(crate) struct Release {
    mirror: String,
}

/// This machine's Debian, or nothing where it runs something else.
pub(crate) fn release() -> Option<Release> {
    let os = fs::read_to_string("/etc/os-release").ok()?;
    let value = |name: &str| os.lines().find_map(|line| line.strip_prefix(name)).map(|value| value.trim_matches('"'));
    if value("ID=") != Some("debian") {
        return None;
    }
    let codename = value("VERSION_CODENAME=").unwrap_or("stable");
    source_texts().iter().find_map(|text| mirror(text, codename)).map(|mirror| Release { mirror })
}

fn source_texts() -> Vec<String> {
    let parts = fs::read_dir("/etc/apt/sources.list.d").into_iter().flatten();
    let mut files: Vec<PathBuf> = parts.filter_map(|entry| Some(entry.ok()?.path())).collect();
    files.sort();
    files.push("/etc/apt/sources.list".into());
    files.iter().filter_map(|file| fs::read_to_string(file).ok()).collect()
}

/// The host that serves a suite, from either form of apt's source files.
fn mirror(text: &str, suite: &str) -> Option<String> {
    let one_line = text.lines().find_map(|line| {
        let mut words = line.strip_prefix("deb ")?.split_whitespace().skip_while(|word| word.starts_with('['));
        let uri = words.by_ref().find(|word| word.contains("://"))?;
        (words.next()? == suite).then(|| uri.to_owned())
    });
    one_line.or_else(|| {
        text.split("\n\n").find_map(|stanza| {
            let field = |name: &str| stanza.lines().find_map(|line| line.strip_prefix(name)).map(str::trim);
            let serves = field("Suites:")?.split_whitespace().any(|word| word == suite);
            if serves { field("URIs:")?.split_whitespace().next().map(str::to_owned) } else { None }
        })
    })
}

/// One suite of the archive, opened in a folder of ours.
pub(crate) struct Archive {
    folder: PathBuf,
}

impl Archive {
    /// Writes the source line and reads the suite's list of packages.
    pub(crate) fn open(home: &Home, release: &Release, folder: &Path) -> Done<Self> {
        let archive = Self { folder: folder.to_path_buf() };
        let line = format!("deb [signed-by={KEYRING}] {} {SUITE} main\n", release.mirror);
        fs::create_dir_all(folder.join("lists/partial"))
            .and_then(|()| fs::create_dir_all(folder.join("cache/archives/partial")))
            .and_then(|()| fs::write(folder.join("sources.list"), line))
            .map_err(|error| Failure::new(format!("{}: {error}", folder.display())))?;
        sh::watch(home, "apt-get update of Debian's newer packages", archive.apt(home, "apt-get").arg("update"))?;
        Ok(archive)
    }

    /// The package version whose upstream part is `upstream`: another one does not fit the compiler.
    pub(crate) fn version_of(&self, home: &Home, package: &str, upstream: &str) -> Done<String> {
        let rows = sh::read(self.apt(home, "apt-cache").args(["madison", package])).unwrap_or_default();
        let versions: Vec<&str> = rows.lines().filter_map(|row| row.split('|').nth(1)).map(str::trim).collect();
        let fits = |version: &&&str| version.split(['+', '~', '-']).next() == Some(upstream);
        versions.iter().find(fits).map(|version| (*version).to_owned()).ok_or_else(|| {
            Failure::new(format!(
                "Debian's {SUITE} has no {package} {upstream} (it has: {}); install the Rust version it has, or run \
                 `rustup target add wasm32-unknown-unknown` where rustup's server can be reached",
                versions.join(", ")
            ))
        })
    }

    /// Downloads a package and unpacks it without installing it; answers where its files are.
    pub(crate) fn unpack(&self, home: &Home, package: &str, version: &str) -> Done<PathBuf> {
        let wanted = format!("{package}={version}");
        let mut download = self.apt(home, "apt-get");
        sh::watch(home, &format!("download of {package}"), download.args(["download", &wanted]))?;
        let unpacked = self.folder.join(package);
        let deb = fs::read_dir(&self.folder)
            .into_iter()
            .flatten()
            .filter_map(|entry| Some(entry.ok()?.path()))
            .find(|path| path.extension().is_some_and(|extension| extension == "deb"))
            .ok_or_else(|| Failure::new(format!("apt-get downloaded no {package}")))?;
        sh::watch(home, &format!("unpacking {package}"), home.command("dpkg-deb").arg("-x").arg(deb).arg(&unpacked))?;
        Ok(unpacked)
    }

    fn apt(&self, home: &Home, program: &str) -> Command {
        let mut command = home.command(program);
        let option = |name: &str, path: &str| format!("{name}={}", self.folder.join(path).display());
        command
            .current_dir(&self.folder)
            .args(["-o", &option("Dir::Etc::sourcelist", "sources.list"), "-o", "Dir::Etc::sourceparts=/dev/null"])
            .args(["-o", &option("Dir::State::lists", "lists"), "-o", &option("Dir::Cache", "cache")])
            .args(["-o", "APT::Sandbox::User=root"]);
        command
    }
}

#[cfg(test)]
mod tests {
    use super::mirror;

    #[test]
    fn the_mirror_is_the_machines_own() {
        let check = |text: &str, want: Option<&str>| assert_eq!(mirror(text, "bookworm").as_deref(), want, "{text}");
        check("deb http://mirror.example/debian bookworm main\n", Some("http://mirror.example/debian"));
        check("deb [arch=amd64 signed-by=/k] http://m.example/d bookworm main\n", Some("http://m.example/d"));
        check("deb http://m.example/d bookworm-security main\n", None);
        check("# deb http://m.example/d bookworm main\n", None);
        check(
            "Types: deb\n# note\nURIs: http://m.example/d\nSuites: bookworm bookworm-updates\n",
            Some("http://m.example/d"),
        );
        check(
            "Types: deb\nURIs: http://other.example\nSuites: nodistro\n\nTypes: deb\nURIs: http://m.example/d\nSuites: bookworm\n",
            Some("http://m.example/d"),
        );
        check("", None);
    }
}
