//! Looking at files by the paths that the language knows: those in the store may be elsewhere, or only in
//! memory.

use std::io;
use std::os::unix::ffi::OsStrExt;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::search_path::BUILTIN_FILES;
use super::store::Place;
use super::{ErrorExt, Eval, Result, error, os_path};
use crate::builtins::text::path::{base_name, directory, join};
use crate::diagnostics::{Code, Diagnostic, did_you_mean, similar_names};
use crate::store::{DirectoryEntry, FileSource, FileType, OpenFile, Stamp};

/// How many symbolic links in a row are followed.
const MAX_LINKS: usize = 40;
/// Of a directory, so many entries are compared with a name that is missing.
const MOST_ENTRIES: usize = 10_000;
/// In so many folders beside it a file that is missing is looked for.
const MOST_FOLDERS: usize = 100;
/// So many files are listed that may have been meant.
const MOST_LISTED: usize = 6;

impl<'h> Eval<'h> {
    /// The bytes of a file; links are followed.
    pub(crate) fn read(&mut self, path: &[u8]) -> Result<Arc<[u8]>> {
        Ok(self.read_stamped(path)?.0)
    }

    /// The same with the stamp of what was read, if it has one.
    pub(super) fn read_stamped(&mut self, path: &[u8]) -> Result<(Arc<[u8]>, Option<Stamp>)> {
        let result = match self.store.place(path) {
            Place::Text(text) => return Ok((text, None)),
            Place::Path(physical) => self.host.read_shared(os_path(&physical)),
        };
        result.map_err(|cause| self.unreadable(path, &cause))
    }

    /// Reads a regular file piece by piece.
    pub(crate) fn with_open_file<R>(&self, path: &[u8], read: impl FnOnce(OpenFile<'_>) -> R) -> Result<R> {
        let result = match self.store.place(path) {
            Place::Text(text) => SingleFile(text).open(os_path(path)).map(read),
            Place::Path(physical) => self.host.open(os_path(&physical)).map(read),
        };
        result.map_err(|cause| self.unreadable(path, &cause))
    }

    /// What is at a path; a link is a link.
    pub(crate) fn file_type(&self, path: &[u8]) -> io::Result<FileType> {
        match self.store.place(path) {
            Place::Text(_) => Ok(FileType::Regular),
            Place::Path(physical) => self.host.file_type(os_path(&physical)),
        }
    }

    /// The state of a file, if that is known; a link is a link.
    pub(crate) fn stamp(&self, path: &[u8]) -> Option<Stamp> {
        match self.store.place(path) {
            Place::Text(_) => None,
            Place::Path(physical) => self.host.stamp(os_path(&physical)),
        }
    }

    /// When a file was changed last, in seconds since 1970-01-01 00:00 UTC; a link is a link.
    pub(crate) fn modified(&self, path: &[u8]) -> io::Result<i64> {
        match self.store.place(path) {
            Place::Text(_) => Ok(0),
            Place::Path(physical) => self.host.modified(os_path(&physical)),
        }
    }

    /// What is in a directory; links are followed.
    pub(crate) fn read_directory(&self, path: &[u8]) -> io::Result<Vec<DirectoryEntry>> {
        match self.store.place(path) {
            Place::Text(_) => Err(io::ErrorKind::NotADirectory.into()),
            Place::Path(physical) => self.host.read_directory(os_path(&physical)),
        }
    }

    /// The target of a link, as it is written.
    pub(crate) fn read_link(&self, path: &[u8]) -> io::Result<PathBuf> {
        match self.store.place(path) {
            Place::Text(_) => Err(io::ErrorKind::InvalidInput.into()),
            Place::Path(physical) => self.host.read_link(os_path(&physical)),
        }
    }

    /// A path with all links on the way and at its end followed.
    pub(crate) fn resolve_links(&self, path: &[u8]) -> Result<Vec<u8>> {
        let mut resolved: Vec<u8> = b"/".to_vec();
        let mut rest = components(path);
        let mut links = 0;
        while let Some(component) = rest.pop() {
            let next = join(&resolved, &component);
            if !self.is_link(&next) {
                resolved = next;
                continue;
            }
            links += 1;
            if links > MAX_LINKS {
                return Err(too_many_links(path));
            }
            let target = self.read_link(&next).map_err(|cause| self.unreadable(&next, &cause))?;
            let target = target.as_os_str().as_bytes();
            if target.first() == Some(&b'/') {
                resolved = b"/".to_vec();
            }
            rest.extend(components(target));
        }
        Ok(resolved)
    }

    /// Whether there is something at a path; a link counts by what it points to.
    pub(crate) fn path_exists(&self, path: &[u8]) -> bool {
        self.resolve_links(path).is_ok_and(|path| self.file_type(&path).is_ok())
    }

    #[cold]
    pub(crate) fn unreadable(&self, path: &[u8], cause: &io::Error) -> Box<Diagnostic> {
        if let Some(url) = self.store.origin(path) {
            let path = String::from_utf8_lossy(path);
            let message = format!(
                "cannot read '{path}', which is to be fetched from '{url}': evaluation does not use the network"
            );
            return error(Code::FetchFailed, message);
        }
        if let Some(name) = path.strip_prefix(BUILTIN_FILES) {
            let name = String::from_utf8_lossy(name);
            let message = format!("there is no file '<nix/{name}>' among those that come with the evaluator");
            return error(Code::FileUnreadable, message).hint("'<nix/fetchurl.nix>' is one");
        }
        let shown = String::from_utf8_lossy(path);
        match cause.kind() {
            io::ErrorKind::NotFound => {
                let diagnostic = error(Code::FileUnreadable, format!("path '{shown}' does not exist"));
                match self.what_is_there_instead(path) {
                    Some(hint) => diagnostic.hint(hint),
                    None => diagnostic,
                }
            }
            io::ErrorKind::IsADirectory => {
                error(Code::FileUnreadable, format!("cannot read '{shown}': it is a directory"))
                    .hint("'builtins.readDir' tells what is in a directory, 'import' reads its 'default.nix'")
            }
            _ => error(Code::FileUnreadable, format!("cannot read '{shown}': {cause}")),
        }
    }

    /// What may have been meant by a path at which there is nothing.
    fn what_is_there_instead(&self, path: &[u8]) -> Option<String> {
        let (parent, name) = (directory(path), base_name(path));
        let Ok(entries) = self.read_directory(parent) else {
            let parent =
                (parent != b"/" && self.file_type(parent).is_err()).then(|| String::from_utf8_lossy(parent))?;
            return Some(format!("there is no directory '{parent}' either"));
        };
        let names: Vec<String> =
            entries.iter().take(MOST_ENTRIES).map(|entry| entry.name.to_string_lossy().into_owned()).collect();
        // `./folder + "file"` is missing a slash.
        let glued = names.iter().find(|folder| {
            let rest = name.strip_prefix(folder.as_bytes()).filter(|rest| !rest.is_empty());
            rest.is_some_and(|rest| self.file_type(&join(&join(parent, folder.as_bytes()), rest)).is_ok())
        });
        if let Some(folder) = glued {
            let rest = String::from_utf8_lossy(&name[folder.len()..]);
            return Some(format!("there is '{folder}/{rest}': is a '/' missing?"));
        }
        let wanted = String::from_utf8_lossy(name);
        if wanted == "default.nix" {
            let programs = names.iter().filter(|name| name.ends_with(".nix") || name.ends_with(".cfg"));
            let programs: Vec<&str> = programs.take(MOST_LISTED).map(String::as_str).collect();
            let listed =
                if programs.is_empty() { String::new() } else { format!(" (there is: {})", programs.join(", ")) };
            return Some(format!("a directory is imported by its 'default.nix'; otherwise name the file{listed}"));
        }
        if let Some(hint) = did_you_mean(&similar_names(&wanted, names.iter().map(String::as_str))) {
            return Some(hint);
        }
        let below = |folder: &&String| self.file_type(&join(&join(parent, folder.as_bytes()), name)).is_ok();
        let folder = names.iter().take(MOST_FOLDERS).find(below)?;
        Some(format!("there is '{folder}/{wanted}'"))
    }
}

#[cold]
pub(super) fn too_many_links(path: &[u8]) -> Box<Diagnostic> {
    let path = String::from_utf8_lossy(path);
    error(Code::FileUnreadable, format!("too many symbolic links at '{path}'"))
}

/// The components of a path, the last first.
fn components(path: &[u8]) -> Vec<Vec<u8>> {
    path.split(|&byte| byte == b'/').filter(|part| !part.is_empty()).rev().map(<[u8]>::to_vec).collect()
}

/// A file in memory as all that there is.
pub(super) struct SingleFile(pub(super) Arc<[u8]>);

impl FileSource for SingleFile {
    fn file_type(&self, _: &Path) -> io::Result<FileType> {
        Ok(FileType::Regular)
    }

    fn open(&self, _: &Path) -> io::Result<OpenFile<'_>> {
        let contents: &[u8] = &self.0;
        Ok(OpenFile { size: contents.len() as u64, executable: false, stamp: None, contents: Box::new(contents) })
    }

    fn read_directory(&self, _: &Path) -> io::Result<Vec<DirectoryEntry>> {
        Err(io::ErrorKind::NotADirectory.into())
    }

    fn read_link(&self, _: &Path) -> io::Result<PathBuf> {
        Err(io::ErrorKind::InvalidInput.into())
    }
}
