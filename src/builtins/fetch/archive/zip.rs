//! Zip archives.

use std::io::{self, Read};

use ::zip::read::ZipFile;
use ::zip::result::ZipError;
use ::zip::{ExtraField, ZipArchive};

use super::malformed;
use super::tree_writer::TreeWriter;

/// How an archive with anything in it begins.
pub(super) const MAGIC: &[u8] = b"PK\x03\x04";

/// No symbolic link is longer.
const MAX_TARGET: u64 = 4096;

/// Unpacks an archive and returns when what is in it was last changed.
pub(super) fn unpack(mut archive: impl Read, writer: &mut TreeWriter<'_>) -> io::Result<u64> {
    // The list of contents is at the end.
    let mut file = tempfile::tempfile()?;
    io::copy(&mut archive, &mut file)?;
    let mut archive = ZipArchive::new(file).map_err(failure)?;
    let mut last_modified = 0;
    for index in 0..archive.len() {
        let mut entry = archive.by_index(index).map_err(failure)?;
        last_modified = last_modified.max(modification_time(&entry));
        let path = entry.name_raw().to_vec();
        if entry.is_symlink() {
            let mut target = Vec::new();
            entry.by_ref().take(MAX_TARGET).read_to_end(&mut target)?;
            writer.symlink(&path, &target)?;
        } else if entry.is_dir() {
            writer.directory(&path)?;
        } else {
            let is_executable = entry.unix_mode().is_some_and(|mode| mode & 0o100 != 0);
            writer.file(&path, is_executable, &mut entry)?;
        }
    }
    Ok(last_modified)
}

/// When a file was changed, which only the extended format says independently of a time zone.
fn modification_time(entry: &ZipFile<'_, impl Read>) -> u64 {
    let times = entry.extra_data_fields().filter_map(|field| match field {
        ExtraField::ExtendedTimestamp(times) => times.mod_time(),
        _ => None,
    });
    times.map(u64::from).next().unwrap_or(0)
}

fn failure(cause: ZipError) -> io::Error {
    match cause {
        ZipError::Io(cause) => cause,
        cause => malformed(cause.to_string()),
    }
}
