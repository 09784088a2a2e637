//! Where the repository is, and how its commands are started: in its root, with its own tools first on the path.

use std::env;
use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::process::Command;

use crate::sh::{Done, Failure};

/// The repository and the places xtask writes to.
pub(crate) struct Home {
    /// The folder of the root `Cargo.toml`.
    pub(crate) root: PathBuf,
    /// Cargo's target folder. Everything xtask installs or remembers lives below it.
    pub(crate) target: PathBuf,
    /// Whether a build server asked: what a person may go without, it must have.
    pub(crate) ci: bool,
    path: OsString,
}

impl Home {
    /// Finds the repository from where cargo says xtask's manifest is.
    pub(crate) fn find() -> Done<Self> {
        let manifest = env::var_os("CARGO_MANIFEST_DIR").unwrap_or_else(|| env!("CARGO_MANIFEST_DIR").into());
        let root = Path::new(&manifest).parent().map(Path::to_path_buf).unwrap_or_default();
        let target = env::var_os("CARGO_TARGET_DIR").map_or_else(|| root.join("target"), |dir| root.join(dir));
        let tools = target.join("tools/bin");
        let found = env::var_os("PATH").unwrap_or_default();
        let path = env::join_paths(std::iter::once(tools).chain(env::split_paths(&found)))
            .map_err(|error| Failure::new(format!("PATH cannot be read: {error}")))?;
        Ok(Self { root, target, ci: env::var_os("CI").is_some_and(|value| value != "false"), path })
    }

    /// Where the project's own tools are installed (`bin/` below it is first on the path).
    pub(crate) fn tools(&self) -> PathBuf {
        self.target.join("tools")
    }

    /// Where xtask remembers what it did.
    pub(crate) fn notes(&self) -> PathBuf {
        self.target.join("xtask")
    }

    /// The release binary.
    pub(crate) fn gangway(&self) -> PathBuf {
        self.target.join("release").join(format!("gangway{}", env::consts::EXE_SUFFIX))
    }

    /// A command in the root of the repository that finds the project's own tools first.
    pub(crate) fn command(&self, program: &str) -> Command {
        // Windows needs the whole path of what is not an `.exe` (npm), and of what only the child's PATH knows.
        let mut command = Command::new(self.which(program).unwrap_or_else(|| program.into()));
        command.current_dir(&self.root).env("PATH", &self.path);
        command
    }

    /// The same cargo that started xtask. On a build server the lock file is the law.
    pub(crate) fn cargo(&self, word: &str) -> Command {
        let cargo = env::var("CARGO").unwrap_or_else(|_| "cargo".into());
        let mut command = self.command(&cargo);
        command.arg(word);
        if self.ci && word != "fmt" {
            command.arg("--locked");
        }
        command
    }

    /// Where a program is, if it is on the path.
    pub(crate) fn which(&self, program: &str) -> Option<PathBuf> {
        let names: &[&str] = if cfg!(windows) { &[".exe", ".cmd", ""] } else { &[""] };
        env::split_paths(&self.path)
            .flat_map(|dir| names.iter().map(move |suffix| dir.join(format!("{program}{suffix}"))))
            .find(|file| file.is_file())
    }
}
