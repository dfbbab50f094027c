//! Copies a tree of files to a place in the file system, in the form that
//! store objects have there: read-only, and as old as can be.
//!
//! Source: "File System Object" in the Nix manual,
//! `store/file-system-object.md`.

use std::ffi::OsStr;
use std::fs::{self, File, FileTimes};
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::time::{Duration, UNIX_EPOCH};

use super::error::{Error, Result};
use super::tree::Visitor;

/// Shows a tree to another visitor and copies it meanwhile.
pub(super) struct Restore<'a> {
    /// The path of the current file in the copy.
    path: PathBuf,
    /// The current file and whether it is executable.
    file: Option<(File, bool)>,
    visitor: &'a mut dyn Visitor,
}

impl<'a> Restore<'a> {
    /// Copies to `path`, where nothing must be yet.
    pub(super) fn new(path: &Path, visitor: &'a mut dyn Visitor) -> Restore<'a> {
        Restore { path: path.to_owned(), file: None, visitor }
    }

    fn check<T>(&self, action: &'static str, result: io::Result<T>) -> Result<T> {
        result.map_err(|error| Error::io(action, &self.path, error))
    }
}

impl Visitor for Restore<'_> {
    fn enter_file(&mut self, size: u64, executable: bool) -> Result<()> {
        let file = self.check("create the file", File::create_new(&self.path))?;
        self.file = Some((file, executable));
        self.visitor.enter_file(size, executable)
    }

    fn contents(&mut self, bytes: &[u8]) -> Result<()> {
        if let Some((file, _)) = &mut self.file {
            let result = file.write_all(bytes);
            self.check("write the file", result)?;
        }
        self.visitor.contents(bytes)
    }

    fn leave_file(&mut self) -> Result<()> {
        if let Some((file, executable)) = self.file.take() {
            let result = make_canonical(&file, executable);
            self.check("finish the file", result)?;
        }
        self.visitor.leave_file()
    }

    fn symlink(&mut self, target: &Path) -> Result<()> {
        let result = make_symlink(target, &self.path);
        self.check("create the symbolic link", result)?;
        self.visitor.symlink(target)
    }

    fn enter_directory(&mut self) -> Result<()> {
        self.check("create the directory", fs::create_dir(&self.path))?;
        self.visitor.enter_directory()
    }

    fn enter_entry(&mut self, name: &OsStr) -> Result<()> {
        self.path.push(name);
        self.visitor.enter_entry(name)
    }

    fn leave_entry(&mut self) -> Result<()> {
        self.path.pop();
        self.visitor.leave_entry()
    }

    fn leave_directory(&mut self) -> Result<()> {
        let directory = File::open(&self.path);
        let result = directory.and_then(|directory| make_canonical(&directory, true));
        self.check("finish the directory", result)?;
        self.visitor.leave_directory()
    }
}

/// Makes a file or directory read-only and one second old in the sense of
/// Unix time.
pub(super) fn make_canonical(file: &File, executable: bool) -> io::Result<()> {
    file.set_times(FileTimes::new().set_modified(UNIX_EPOCH + Duration::from_secs(1)))?;
    let mut permissions = file.metadata()?.permissions();
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt;
        permissions.set_mode(if executable { 0o555 } else { 0o444 });
    }
    #[cfg(not(unix))]
    permissions.set_readonly(!executable);
    file.set_permissions(permissions)
}

/// Removes a file or a copied tree, whose directories are read-only.
pub(super) fn remove(path: &Path) -> io::Result<()> {
    match fs::symlink_metadata(path)?.is_dir() {
        true => {
            make_writable(path)?;
            fs::remove_dir_all(path)
        }
        false => fs::remove_file(path),
    }
}

fn make_writable(directory: &Path) -> io::Result<()> {
    let mut directories = vec![directory.to_owned()];
    while let Some(directory) = directories.pop() {
        #[cfg(unix)]
        {
            use std::os::unix::fs::PermissionsExt;
            fs::set_permissions(&directory, fs::Permissions::from_mode(0o755))?;
        }
        for entry in fs::read_dir(&directory)? {
            let entry = entry?;
            if entry.file_type()?.is_dir() {
                directories.push(entry.path());
            }
        }
    }
    Ok(())
}

#[cfg(unix)]
fn make_symlink(target: &Path, path: &Path) -> io::Result<()> {
    std::os::unix::fs::symlink(target, path)
}

#[cfg(not(unix))]
fn make_symlink(_: &Path, _: &Path) -> io::Result<()> {
    Err(io::ErrorKind::Unsupported.into())
}
