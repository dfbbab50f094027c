//! A file with entries: a header, an index that is sorted by key, and the entries end to end.
//!
//! | bytes   | what                                                                   |
//! |---------|------------------------------------------------------------------------|
//! | 8       | [`MAGIC`]                                                              |
//! | 4       | how many entries                                                       |
//! | 4       | checksum of the index                                                  |
//! | 28 each | key, offset, length and checksum of an entry; offsets count from here on |
//! | rest    | the entries                                                            |
//!
//! Numbers have their lowest byte first. Checksums are CRC-32: they find what storage has damaged.

use std::fs::File;
use std::io::{self, BufWriter, Write};
use std::os::unix::fs::FileExt;
use std::path::{Path, PathBuf};

use super::Key;

const MAGIC: &[u8; 8] = b"firnpack";
const HEADER: usize = 16;
const ROW: usize = 28;

/// A pack that can be read. Entries are read when they are asked for.
#[derive(Debug)]
pub(super) struct Pack {
    path: PathBuf,
    file: File,
    size: u64,
    /// The rows of the index.
    index: Vec<u8>,
}

fn number(bytes: &[u8], at: usize) -> u32 {
    u32::from_le_bytes(bytes[at..at + 4].try_into().expect("four bytes are four"))
}

/// What a pack of these entries takes.
pub(super) fn size(entries: &[(Key, Vec<u8>)]) -> u64 {
    let entries: usize = entries.iter().map(|(_, entry)| ROW + entry.len()).sum();
    (HEADER + entries) as u64
}

impl Pack {
    pub(super) fn open(path: PathBuf) -> io::Result<Pack> {
        let file = File::open(&path)?;
        let size = file.metadata()?.len();
        let mut header = [0; HEADER];
        file.read_exact_at(&mut header, 0)?;
        let length = number(&header, 8) as usize * ROW;
        if &header[..8] != MAGIC || size < (HEADER + length) as u64 {
            return Err(io::ErrorKind::InvalidData.into());
        }
        let mut index = vec![0; length];
        file.read_exact_at(&mut index, HEADER as u64)?;
        if crc32fast::hash(&index) != number(&header, 12) {
            return Err(io::ErrorKind::InvalidData.into());
        }
        Ok(Pack { path, file, size, index })
    }

    pub(super) fn path(&self) -> &Path {
        &self.path
    }

    pub(super) fn size(&self) -> u64 {
        self.size
    }

    fn rows(&self) -> &[[u8; ROW]] {
        self.index.as_chunks().0
    }

    /// Puts the entry of a key into `entry`. Returns whether there is one.
    pub(super) fn find(&self, key: &Key, entry: &mut Vec<u8>) -> bool {
        let found = self.rows().binary_search_by(|row| row[..16].cmp(key));
        found.is_ok_and(|at| self.read(&self.rows()[at], entry))
    }

    fn read(&self, row: &[u8; ROW], entry: &mut Vec<u8>) -> bool {
        let start = (HEADER + self.index.len()) as u64 + u64::from(number(row, 16));
        let length = u64::from(number(row, 20));
        if start + length > self.size {
            return false;
        }
        entry.resize(length as usize, 0);
        self.file.read_exact_at(entry, start).is_ok() && crc32fast::hash(entry) == number(row, 24)
    }

    /// Adds all entries that can be read.
    pub(super) fn read_all(&self, entries: &mut Vec<(Key, Vec<u8>)>) {
        for row in self.rows() {
            let mut entry = Vec::new();
            if self.read(row, &mut entry) {
                entries.push((row[..16].try_into().expect("a row begins with its key"), entry));
            }
        }
    }
}

/// Writes a pack of entries that are sorted by key into a directory, with a name that none has and this extension.
pub(super) fn write(directory: &Path, extension: &str, entries: &[(Key, Vec<u8>)]) -> io::Result<()> {
    let mut index = Vec::with_capacity(entries.len() * ROW);
    let mut offset = 0_u32;
    for (key, entry) in entries {
        let too_large = || io::Error::from(io::ErrorKind::FileTooLarge);
        let length = u32::try_from(entry.len()).map_err(|_| too_large())?;
        index.extend_from_slice(key);
        for number in [offset, length, crc32fast::hash(entry)] {
            index.extend(number.to_le_bytes());
        }
        offset = offset.checked_add(length).ok_or_else(too_large)?;
    }
    let file = tempfile::Builder::new().prefix("").suffix(".new").tempfile_in(directory)?;
    let mut file = BufWriter::new(file);
    file.write_all(MAGIC)?;
    file.write_all(&(entries.len() as u32).to_le_bytes())?;
    file.write_all(&crc32fast::hash(&index).to_le_bytes())?;
    file.write_all(&index)?;
    for (_, entry) in entries {
        file.write_all(entry)?;
    }
    let file = file.into_inner()?;
    let path = file.path().with_extension(extension);
    file.persist(path).map_err(|error| error.error)?;
    Ok(())
}
