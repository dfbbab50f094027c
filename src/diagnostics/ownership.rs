//! Whose a file is: the user's own, or a library's.

use std::path::{Path, PathBuf};
use std::sync::{PoisonError, RwLock};

use indexmap::IndexSet;

use super::{SourceFile, SourceName};

/// Where packages are.
const STORE: &str = "/nix/store";

/// The directories that hold the user's own files, and those that hold libraries.
///
/// A file belongs to the innermost of these directories that it is in; files in none of them are a library's. Texts that
/// are no files are the user's own.
#[derive(Debug, Default)]
pub(super) struct Ownership(RwLock<Directories>);

#[derive(Debug, Default)]
struct Directories {
    own: IndexSet<PathBuf>,
    libraries: Vec<PathBuf>,
}

impl Ownership {
    pub(super) fn add_own(&self, directory: &Path) {
        let mut directories = self.0.write().unwrap_or_else(PoisonError::into_inner);
        if !directories.own.contains(directory) {
            directories.own.insert(directory.to_owned());
        }
    }

    pub(super) fn add_library(&self, directory: &Path) {
        self.0.write().unwrap_or_else(PoisonError::into_inner).libraries.push(directory.to_owned());
    }

    /// Whether a file is the user's own. `own` says which directories are, in place of those that are known.
    pub(super) fn is_own(&self, file: &SourceFile, own: &[PathBuf]) -> bool {
        let path = match file.name() {
            SourceName::File(path) => path,
            SourceName::String | SourceName::Stdin => return true,
            SourceName::Other(_) => return false,
        };
        let known = self.0.read().unwrap_or_else(PoisonError::into_inner);
        let has_own = !own.is_empty() || !known.own.is_empty();
        let store = Path::new(STORE);
        // Nothing has been said, as where only a text in memory is evaluated.
        if !has_own && innermost(path, &known.libraries) == 0 {
            return !path.starts_with(store);
        }
        let library = innermost(path, &known.libraries).max(depth_in(path, store));
        let own = if own.is_empty() { innermost(path, &known.own) } else { innermost(path, own) };
        own > 0 && own >= library
    }

    /// The path of a library's file as it is known to those who use the library: `lib/lists.nix`.
    pub(super) fn short_name(&self, file: &SourceFile) -> String {
        let SourceName::File(path) = file.name() else { return file.name().to_string() };
        let known = self.0.read().unwrap_or_else(PoisonError::into_inner);
        let around = known.libraries.iter().filter(|library| path.starts_with(library));
        let library = around.max_by_key(|library| library.components().count());
        let inside = match library {
            Some(library) => {
                let inside = path.strip_prefix(library).ok();
                let is_at_top = inside.is_some_and(|inside| inside.components().count() == 1);
                // `default.nix` alone would say nothing.
                if is_at_top { library.parent().and_then(|around| path.strip_prefix(around).ok()) } else { inside }
            }
            // After the name of the package.
            None => path.strip_prefix(STORE).ok().map(|inside| {
                let mut components = inside.components();
                components.next();
                components.as_path()
            }),
        };
        match inside.filter(|inside| !inside.as_os_str().is_empty()) {
            Some(inside) => inside.display().to_string(),
            None => {
                let directory = path.parent().and_then(Path::file_name).map(Path::new).unwrap_or(Path::new(""));
                directory.join(path.file_name().unwrap_or_default()).display().to_string()
            }
        }
    }
}

/// How deep the innermost of the directories is that a path is in; 0 if it is in none.
fn innermost<'d>(path: &Path, directories: impl IntoIterator<Item = &'d PathBuf>) -> usize {
    directories.into_iter().map(|directory| depth_in(path, directory)).max().unwrap_or(0)
}

fn depth_in(path: &Path, directory: &Path) -> usize {
    if path.starts_with(directory) { directory.components().count() } else { 0 }
}

#[cfg(test)]
mod tests {
    use super::super::SourceMap;
    use super::*;

    #[test]
    fn the_innermost_directory_decides() {
        let sources = SourceMap::new();
        sources.add_own("/home/me");
        sources.add_own("/nix/store/abc-source/machines");
        sources.add_library("/home/me/nixpkgs");
        for (path, own, short) in [
            ("/home/me/a.nix", true, "me/a.nix"),
            ("/home/me/nixpkgs/lib/lists.nix", false, "lib/lists.nix"),
            ("/home/me/nixpkgs/default.nix", false, "nixpkgs/default.nix"),
            ("/home/you/x/a.nix", false, "x/a.nix"),
            ("/nix/store/abc-source/lib/a.nix", false, "lib/a.nix"),
            ("/nix/store/abc-source/machines/a.nix", true, "machines/a.nix"),
        ] {
            let file = sources.add(SourceName::File(path.into()), b"".as_slice()).expect("small");
            assert_eq!(sources.is_own(&file, &[]), own, "{path}");
            assert_eq!(sources.short_name(&file), short);
            assert_eq!(sources.is_own(&file, &["/home/you".into()]), path == "/home/you/x/a.nix", "{path}");
        }
        let text = sources.add(SourceName::String, b"".as_slice()).expect("small");
        assert!(sources.is_own(&text, &[]));
    }
}
