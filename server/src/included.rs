//! The files a `config.yaml` includes, read from beside it.
#![expect(clippy::disallowed_methods, reason = "the shell reads the files it was started with")]

use std::collections::BTreeSet;
use std::io;
use std::path::{Component, Path, PathBuf};

/// The most files that are read with one configuration.
const MAX_FILES: usize = 64;

/// The most bytes that are read with one configuration.
const MAX_BYTES: u64 = 32 << 20;

/// A file by its name: that of the main file, and for the others their paths from its folder.
pub(crate) type Named = (String, Vec<u8>);

/// Reads a file and what it includes, that one first. Only what stands in the folder of the main file or below is
/// read: a configuration must not make this program show other files. What is missing the reader names.
pub(crate) fn read(main: &Path) -> io::Result<Vec<Named>> {
    let folder = main.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    let name = main.file_name().unwrap_or(main.as_os_str()).to_string_lossy().into_owned();
    let bytes = std::fs::read(main)?;
    let Ok(root) = folder.canonicalize() else { return Ok(vec![(name, bytes)]) };
    let mut left = MAX_BYTES;
    let mut seen = BTreeSet::from([root.join(&name)]);
    let mut files = vec![(name, bytes)];
    let mut at = 0;
    while at < files.len() {
        let (declaring, bytes) = &files[at];
        let beside = Path::new(declaring).parent().map(Path::to_path_buf).unwrap_or_default();
        for wanted in litellm::wanted_files(declaring, bytes) {
            // Beside the file that names it, else beside the main one.
            let found = [beside.join(&wanted), PathBuf::from(&wanted)].into_iter().find_map(|path| below(&root, &path));
            let Some((name, path)) = found.filter(|(_, path)| seen.insert(path.clone())) else { continue };
            let size = std::fs::metadata(&path).map_or(u64::MAX, |about| about.len());
            if files.len() >= MAX_FILES || size > left {
                continue;
            }
            left -= size;
            files.push((name, std::fs::read(&path)?));
        }
        at += 1;
    }
    Ok(files)
}

/// A file below the folder, by its path from there, links resolved.
fn below(root: &Path, path: &Path) -> Option<(String, PathBuf)> {
    let whole = root.join(path).canonicalize().ok()?;
    let name = whole.strip_prefix(root).ok()?;
    let parts = name.components().filter_map(|part| match part {
        Component::Normal(part) => Some(part.to_string_lossy()),
        _ => None,
    });
    let name = parts.collect::<Vec<_>>().join("/");
    whole.is_file().then_some((name, whole))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_stands_beside_or_below_is_read() {
        let folder = std::env::temp_dir().join(format!("gangway-included-{}", std::process::id()));
        std::fs::create_dir_all(folder.join("main/parts")).expect("a folder");
        let write = |name: &str, text: &str| std::fs::write(folder.join(name), text).expect("written");
        write(
            "main/config.yaml",
            "include: [parts/a.yaml, ../outside.yaml, parts/gone.yaml, config.yaml]\nmodel_list: []\n",
        );
        write("main/parts/a.yaml", "include: [b.yaml, c.yaml, ../config.yaml]\n");
        write("main/parts/b.yaml", "include: [a.yaml]\n");
        // Named beside the declaring file, but standing beside the main one.
        write("main/c.yaml", "x-c: 1\n");
        write("outside.yaml", "x-secret: 1\n");
        let read = read(&folder.join("main/config.yaml")).expect("read");
        let names: Vec<&str> = read.iter().map(|(name, _)| name.as_str()).collect();
        assert_eq!(names, ["config.yaml", "parts/a.yaml", "parts/b.yaml", "c.yaml"]);
        std::fs::remove_dir_all(&folder).expect("removed");
    }
}
