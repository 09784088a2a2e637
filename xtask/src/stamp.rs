//! Remembering what a step was made from, so that the second call does not make it again.

use std::fs;
use std::hash::{DefaultHasher, Hash as _, Hasher as _};
use std::io;
use std::path::{Path, PathBuf};

use crate::home::Home;

/// The inputs a step was last made from.
pub(crate) struct Stamp {
    file: PathBuf,
    value: String,
}

impl Stamp {
    /// Reads the inputs: every file below `paths` by content, and `extra` (tool versions).
    pub(crate) fn of(home: &Home, name: &str, paths: &[&str], extra: &[String]) -> io::Result<Self> {
        let mut hasher = DefaultHasher::new();
        extra.hash(&mut hasher);
        for path in paths {
            for file in files(&home.root.join(path))? {
                file.strip_prefix(&home.root).unwrap_or(&file).hash(&mut hasher);
                fs::read(&file)?.hash(&mut hasher);
            }
        }
        Ok(Self { file: home.notes().join(format!("{name}.stamp")), value: format!("{:016x}", hasher.finish()) })
    }

    /// Whether the step was already done from these inputs.
    pub(crate) fn is_fresh(&self) -> bool {
        fs::read_to_string(&self.file).is_ok_and(|kept| kept == self.value)
    }

    /// Remembers that the step was done from these inputs.
    pub(crate) fn keep(&self) -> io::Result<()> {
        if let Some(folder) = self.file.parent() {
            fs::create_dir_all(folder)?;
        }
        fs::write(&self.file, &self.value)
    }
}

/// Every file below a path, sorted; a folder named `dist`, `target` or `node_modules` is somebody's output.
fn files(path: &Path) -> io::Result<Vec<PathBuf>> {
    if path.is_file() {
        return Ok(vec![path.to_path_buf()]);
    }
    let mut found = Vec::new();
    let mut entries = fs::read_dir(path)?.map(|entry| Ok(entry?.path())).collect::<io::Result<Vec<_>>>()?;
    entries.sort();
    for entry in entries {
        let output = entry.file_name().is_some_and(|name| name == "dist" || name == "target" || name == "node_modules");
        if !output {
            found.extend(files(&entry)?);
        }
    }
    Ok(found)
}
