//! A machine with the files of one directory, in a folder that has the same name everywhere.

use std::ffi::OsString;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex};

use firn::store::{DirectoryEntry, FileSource, FileType, OpenFile};
use firn::{Host, SystemHost};

/// The files, perhaps a home, one time, and what programs say.
#[derive(Default)]
pub(crate) struct PlacedFiles {
    /// Where the files are on this machine.
    pub(crate) files: PathBuf,
    /// Where they are for programs. There are no others.
    pub(crate) folder: &'static str,
    /// The variable `HOME`.
    pub(crate) home: Option<&'static str>,
    pub(crate) messages: Arc<Mutex<Vec<String>>>,
}

static SYSTEM: SystemHost = SystemHost;

impl PlacedFiles {
    /// Where a file is on this machine.
    fn place(&self, path: &Path) -> PathBuf {
        match path.strip_prefix(self.folder) {
            Ok(inner) if inner.as_os_str().is_empty() => self.files.clone(),
            Ok(inner) => self.files.join(inner),
            Err(_) if Path::new(self.folder).starts_with(path) => self.files.clone(),
            Err(_) => self.files.join("no such file"),
        }
    }
}

impl FileSource for PlacedFiles {
    fn file_type(&self, path: &Path) -> io::Result<FileType> {
        SYSTEM.file_type(&self.place(path))
    }

    fn open(&self, path: &Path) -> io::Result<OpenFile<'_>> {
        SYSTEM.open(&self.place(path))
    }

    fn read_directory(&self, path: &Path) -> io::Result<Vec<DirectoryEntry>> {
        SYSTEM.read_directory(&self.place(path))
    }

    fn read_link(&self, path: &Path) -> io::Result<PathBuf> {
        SYSTEM.read_link(&self.place(path))
    }
}

impl Host for PlacedFiles {
    fn read_file(&self, path: &Path) -> io::Result<Vec<u8>> {
        SYSTEM.read_file(&self.place(path))
    }

    fn variable(&self, name: &str) -> Option<OsString> {
        self.home.filter(|_| name == "HOME").map(OsString::from)
    }

    fn seconds_since_epoch(&self) -> i64 {
        2_000_000_000
    }

    fn message(&self, text: &[u8]) {
        self.messages.lock().unwrap().push(String::from_utf8_lossy(text).into_owned());
    }
}
