//! Writing the files of an archive below a directory and nowhere else.

use std::fs;
use std::io::{self, Read};
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::{OpenOptionsExt, symlink};
use std::path::{Path, PathBuf};

use rustc_hash::FxHashMap;

use super::malformed;
use crate::builtins::text::path::{directory, join};
use crate::eval::os_path;

/// Makes files, directories and links below a directory.
///
/// Symbolic links are made last, so that nothing can be written through one.
pub(crate) struct TreeWriter<'a> {
    root: &'a Path,
    /// What there is, by canonical paths that begin with a slash, which stands for the root.
    entries: FxHashMap<Vec<u8>, Entry>,
}

#[derive(Clone, PartialEq, Eq)]
enum Entry {
    Directory,
    File,
    Symlink(Vec<u8>),
}

impl<'a> TreeWriter<'a> {
    pub(crate) fn new(root: &'a Path) -> io::Result<Self> {
        fs::create_dir(root)?;
        Ok(TreeWriter { root, entries: FxHashMap::from_iter([(b"/".to_vec(), Entry::Directory)]) })
    }

    /// Makes a directory unless it is there.
    pub(crate) fn directory(&mut self, path: &[u8]) -> io::Result<()> {
        self.make_directory(&join(b"/", path))
    }

    /// Makes a regular file.
    pub(crate) fn file(&mut self, path: &[u8], is_executable: bool, contents: &mut dyn Read) -> io::Result<()> {
        let path = self.make_room(path)?;
        let mode = if is_executable { 0o755 } else { 0o644 };
        let mut file = fs::OpenOptions::new().write(true).create_new(true).mode(mode).open(self.place(&path))?;
        io::copy(contents, &mut file)?;
        self.entries.insert(path, Entry::File);
        Ok(())
    }

    /// Makes a symbolic link, which may lead anywhere.
    pub(crate) fn symlink(&mut self, path: &[u8], target: &[u8]) -> io::Result<()> {
        let path = self.make_room(path)?;
        self.entries.insert(path, Entry::Symlink(target.to_vec()));
        Ok(())
    }

    /// Makes another name for something that there is.
    pub(crate) fn hard_link(&mut self, path: &[u8], target: &[u8]) -> io::Result<()> {
        let target = join(b"/", target);
        if join(b"/", path) == target {
            return Ok(());
        }
        let entry = match self.entries.get(&target) {
            Some(Entry::Directory) | None => {
                let target = String::from_utf8_lossy(&target);
                return Err(malformed(format!("a link in the archive leads to '{target}', which is no file in it")));
            }
            Some(entry) => entry.clone(),
        };
        let path = self.make_room(path)?;
        if entry == Entry::File {
            fs::hard_link(self.place(&target), self.place(&path))?;
        }
        self.entries.insert(path, entry);
        Ok(())
    }

    /// Completes the tree. Returns the directory that is all there is in the root, if that is so.
    pub(crate) fn finish(self) -> io::Result<Option<PathBuf>> {
        let mut top_level = Vec::new();
        for (path, entry) in &self.entries {
            if let Entry::Symlink(target) = entry {
                symlink(os_path(target), self.place(path))?;
            }
            if path.len() > 1 && directory(path) == b"/" {
                top_level.push((path, entry));
            }
        }
        Ok(match top_level[..] {
            [(path, Entry::Directory)] => Some(self.place(path)),
            _ => None,
        })
    }

    /// The canonical form of a path at which there is nothing any more and whose directory exists.
    fn make_room(&mut self, path: &[u8]) -> io::Result<Vec<u8>> {
        let path = join(b"/", path);
        match self.entries.get(&path) {
            None => self.make_directory(directory(&path))?,
            Some(Entry::File) => fs::remove_file(self.place(&path))?,
            Some(Entry::Symlink(_)) => {}
            Some(Entry::Directory) => {
                let path = String::from_utf8_lossy(&path);
                return Err(malformed(format!("'{path}' is both a directory and not in the archive")));
            }
        }
        Ok(path)
    }

    /// Makes a directory and those it is in.
    fn make_directory(&mut self, path: &[u8]) -> io::Result<()> {
        let mut missing = Vec::new();
        let mut at = path;
        loop {
            match self.entries.get(at) {
                Some(Entry::Directory) => break,
                Some(_) => {
                    let at = String::from_utf8_lossy(at);
                    return Err(malformed(format!("'{at}' is both a directory and not in the archive")));
                }
                None => missing.push(at),
            }
            at = directory(at);
        }
        for path in missing.into_iter().rev() {
            fs::create_dir(self.place(path))?;
            self.entries.insert(path.to_vec(), Entry::Directory);
        }
        Ok(())
    }

    fn place(&self, path: &[u8]) -> PathBuf {
        self.root.join(std::ffi::OsStr::from_bytes(&path[1..]))
    }
}
