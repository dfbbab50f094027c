//! What can be fetched from this machine.

use std::fs::File;
use std::os::unix::ffi::OsStringExt;
use std::path::PathBuf;

use rustc_hash::FxHashMap;
use tempfile::TempDir;

use super::archive::{self, Unpacked};
use super::url::{Strictness, Url};
use crate::builtins::text::path::{canonicalize, join};
use crate::diagnostics::{Code, Diagnostic};
use crate::eval::{ErrorExt, Eval, Result, error, invalid_argument};
use crate::store::FileType;

/// What has been fetched and is not where it was found.
#[derive(Default)]
pub(crate) struct Fetched {
    /// Where it is; removed together with the evaluator.
    scratch: Option<TempDir>,
    /// How many names in there are taken.
    taken: usize,
    /// What archives contain, by their paths.
    archives: FxHashMap<Vec<u8>, Archive>,
}

/// An archive that is unpacked.
#[derive(Clone)]
pub(super) struct Archive {
    /// Its tree of files.
    pub(super) root: Vec<u8>,
    /// In seconds since 1970-01-01 00:00 UTC.
    pub(super) last_modified: u64,
}

/// Where a URL leads.
pub(super) enum Location {
    /// To this path.
    Local(Vec<u8>),
    /// To another machine.
    Remote,
}

impl Location {
    pub(super) fn of(url: &str) -> Result<Location> {
        let parsed = Url::parse(url, Strictness::Strict).map_err(invalid_argument)?;
        if parsed.scheme != "file" {
            return Ok(Location::Remote);
        }
        let path = parsed.file_path().map_err(invalid_argument)?;
        if !path.starts_with('/') {
            return Err(invalid_argument(format!("the URL '{url}' must have an absolute path")));
        }
        Ok(Location::Local(canonicalize(path.as_bytes())))
    }
}

/// The error for what is on another machine.
#[cold]
pub(super) fn no_network(url: &str) -> Box<Diagnostic> {
    error(Code::FetchFailed, format!("cannot fetch '{url}': evaluation does not use the network"))
}

impl<'h> Eval<'h> {
    /// The path of the regular file that a URL leads to, with all links followed.
    pub(super) fn local_file(&self, url: &str, path: &[u8]) -> Result<Vec<u8>> {
        let failure = |problem: &str| {
            let path = String::from_utf8_lossy(path);
            error(Code::FetchFailed, format!("cannot fetch '{url}': '{path}' {problem}"))
        };
        let path = self.resolve_links(path)?;
        match self.file_type(&path) {
            Ok(FileType::Regular) => Ok(path),
            Ok(FileType::Directory) if self.path_exists(&join(&path, b".git")) => {
                Err(failure("is a Git repository and not a file").hint("'fetchGit' fetches it"))
            }
            Ok(FileType::Directory) => {
                Err(failure("is a directory and not a file")
                    .hint("a path in a string, '\"${./directory}\"', copies it"))
            }
            Ok(_) => Err(failure("is no regular file")),
            Err(cause) if cause.kind() == std::io::ErrorKind::NotFound => Err(failure("does not exist")),
            Err(cause) => Err(failure(&format!("cannot be read: {cause}"))),
        }
    }

    /// The file itself or a copy of it that nobody may execute, which is what a download is.
    pub(super) fn without_permission_to_execute(&mut self, path: Vec<u8>) -> Result<Vec<u8>> {
        if !self.with_open_file(&path, |file| file.executable)? {
            return Ok(path);
        }
        let copy = self.caches.fetched.new_path().map_err(scratch_failure)?;
        let mut out = File::create_new(&copy).map_err(scratch_failure)?;
        let copied = self.with_open_file(&path, |mut file| std::io::copy(&mut file.contents, &mut out))?;
        copied.map_err(|cause| self.unreadable(&path, &cause))?;
        Ok(copy.into_os_string().into_vec())
    }

    /// Unpacks the archive at a path that [`local_file`](Eval::local_file) returned, once.
    pub(super) fn unpack_archive(&mut self, url: &str, path: &[u8]) -> Result<Archive> {
        if let Some(archive) = self.caches.fetched.archives.get(path) {
            return Ok(archive.clone());
        }
        let directory = self.caches.fetched.new_path().map_err(scratch_failure)?;
        let Unpacked { root, last_modified } = self
            .with_open_file(path, |file| archive::unpack(file.contents, &directory))?
            .map_err(|cause| error(Code::FetchFailed, format!("cannot unpack the archive '{url}': {cause}")))?;
        let archive = Archive { root: root.into_os_string().into_vec(), last_modified };
        self.caches.fetched.archives.insert(path.to_vec(), archive.clone());
        Ok(archive)
    }
}

impl Fetched {
    /// A path at which there is nothing, in a directory that is removed with the evaluator.
    pub(super) fn new_path(&mut self) -> std::io::Result<PathBuf> {
        if self.scratch.is_none() {
            self.scratch = Some(tempfile::Builder::new().prefix("firn-").tempdir()?);
        }
        let scratch = self.scratch.as_ref().expect("the directory has just been made");
        self.taken += 1;
        Ok(scratch.path().join(self.taken.to_string()))
    }
}

#[cold]
pub(super) fn scratch_failure(cause: std::io::Error) -> Box<Diagnostic> {
    error(Code::FetchFailed, format!("cannot write to the directory for temporary files: {cause}"))
}
