//! The programs of the corpus, for tests.

use std::path::{Path, PathBuf};

/// All programs in a folder of the package, in order.
pub(crate) fn programs_in(folder: &str) -> Vec<PathBuf> {
    let mut programs = Vec::new();
    let mut pending = vec![Path::new(env!("CARGO_MANIFEST_DIR")).join(folder)];
    while let Some(directory) = pending.pop() {
        for entry in std::fs::read_dir(directory).expect("the corpus can be read") {
            let path = entry.expect("the corpus can be read").path();
            if path.is_symlink() {
                continue;
            }
            match path.extension() {
                _ if path.is_dir() => pending.push(path),
                Some(extension) if extension == "cfg" || extension == "nix" => programs.push(path),
                _ => {}
            }
        }
    }
    programs.sort();
    programs
}
