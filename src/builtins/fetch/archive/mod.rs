//! Unpacking archives: tar, compressed or not, and zip.
//!
//! Whatever an archive contains, nothing is written outside of the directory it is unpacked to, and no
//! more than a few pieces of it are in memory at a time.

mod compression;
pub(super) mod tree_writer;
mod zip;

use std::io::{self, BufRead, BufReader, Read};
use std::path::{Path, PathBuf};

use tar::EntryType;

use tree_writer::TreeWriter;

/// What an archive contained.
#[derive(Debug)]
pub(super) struct Unpacked {
    /// Where it is: the directory it was unpacked to, or the only thing in there if that is a directory.
    pub(super) root: PathBuf,
    /// The latest time at which a file was changed, in seconds since 1970-01-01 00:00 UTC.
    pub(super) last_modified: u64,
}

/// Unpacks an archive to a directory, which is made. The format is told by the contents.
pub(super) fn unpack(archive: impl Read, directory: &Path) -> io::Result<Unpacked> {
    let mut archive = BufReader::new(archive);
    let beginning = archive.fill_buf()?;
    if beginning.is_empty() {
        return Err(malformed("the archive is empty"));
    }
    let mut writer = TreeWriter::new(directory)?;
    let last_modified = if beginning.starts_with(zip::MAGIC) {
        zip::unpack(archive, &mut writer)?
    } else {
        unpack_tar(compression::decompress(archive)?, &mut writer)?
    };
    let root = writer.finish()?.unwrap_or_else(|| directory.to_owned());
    Ok(Unpacked { root, last_modified })
}

fn unpack_tar(archive: impl Read, writer: &mut TreeWriter<'_>) -> io::Result<u64> {
    let mut archive = tar::Archive::new(archive);
    let mut last_modified = 0;
    for (index, entry) in archive.entries()?.enumerate() {
        let mut entry = entry.map_err(|cause| match index {
            0 => malformed(format!("it is neither a tar nor a zip archive: {cause}")),
            _ => cause,
        })?;
        let kind = entry.header().entry_type();
        if kind.is_pax_global_extensions() {
            continue;
        }
        last_modified = last_modified.max(modification_time(&mut entry)?);
        let path = entry.path_bytes().into_owned();
        let link = entry.link_name_bytes().unwrap_or_default().into_owned();
        match kind {
            // Archives of old mark directories by a slash at the end of the name.
            EntryType::Regular if path.ends_with(b"/") => writer.directory(&path)?,
            EntryType::Regular | EntryType::Continuous | EntryType::GNUSparse => {
                let is_executable = entry.header().mode().unwrap_or(0) & 0o100 != 0;
                writer.file(&path, is_executable, &mut entry)?;
            }
            EntryType::Directory => writer.directory(&path)?,
            EntryType::Symlink => writer.symlink(&path, &link)?,
            EntryType::Link => writer.hard_link(&path, &link)?,
            _ => {
                let path = String::from_utf8_lossy(&path).into_owned();
                return Err(malformed(format!("'{path}' in the archive is no file, directory or link")));
            }
        }
    }
    Ok(last_modified)
}

/// When a file was changed; extended headers are more precise and go further.
fn modification_time(entry: &mut tar::Entry<'_, impl Read>) -> io::Result<u64> {
    // Other programs, too, take a missing number for zero.
    let time = entry.header().mtime().unwrap_or(0);
    let Some(extensions) = entry.pax_extensions()? else { return Ok(time) };
    for extension in extensions {
        let extension = extension?;
        if extension.key_bytes() == b"mtime" {
            let text = extension.value().unwrap_or_default();
            let seconds = text.split('.').next().unwrap_or_default();
            return Ok(seconds.parse().unwrap_or(0));
        }
    }
    Ok(time)
}

fn malformed(message: impl Into<String>) -> io::Error {
    io::Error::new(io::ErrorKind::InvalidData, message.into())
}

#[cfg(test)]
mod tests;
