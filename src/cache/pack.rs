//! A file with entries: a header, an index that is sorted by key, and the entries end to end, in the order in which they were
//! added. The next run asks for them in much the same order, so a window of the file serves many in a row.
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

/// So much of the entries is read at a time.
const WINDOW: u64 = 64 << 10;

/// A pack that can be read. Entries are read when they are asked for.
#[derive(Debug)]
pub(super) struct Pack {
    path: PathBuf,
    file: File,
    size: u64,
    /// The rows of the index.
    index: Vec<u8>,
    /// Where the rows begin with the same first bits. Keys are digests, so there are about as many of each.
    starts: Vec<u32>,
    /// What was read of the file last, and where it begins there.
    window: Vec<u8>,
    window_start: u64,
}

/// Rows are told apart by so many bits of their keys first.
const BUCKET_BITS: u32 = 10;

/// For each bucket, and one behind them all, how many rows are before it.
fn starts(rows: &[[u8; ROW]]) -> Vec<u32> {
    let mut starts = vec![0; (1 << BUCKET_BITS) + 1];
    for row in rows {
        starts[bucket(row) + 1] += 1;
    }
    let mut before = 0;
    for start in &mut starts {
        before += *start;
        *start = before;
    }
    starts
}

/// The first bits of a key.
fn bucket(key: &[u8]) -> usize {
    usize::from(u16::from_be_bytes([key[0], key[1]]) >> (u16::BITS - BUCKET_BITS))
}

fn number(bytes: &[u8], at: usize) -> u32 {
    u32::from_le_bytes(bytes[at..at + 4].try_into().expect("four bytes are four"))
}

/// What a pack of so many entries with so many bytes takes.
pub(super) fn size(entries: usize, bytes: usize) -> u64 {
    (HEADER + entries * ROW + bytes) as u64
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
        let starts = starts(index.as_chunks().0);
        Ok(Pack { path, file, size, index, starts, window: Vec::new(), window_start: 0 })
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

    /// The entry of a key.
    pub(super) fn find(&mut self, key: &Key) -> Option<&[u8]> {
        let bucket = bucket(key);
        let rows = self.rows().get(self.starts[bucket] as usize..self.starts[bucket + 1] as usize)?;
        let row = rows[rows.binary_search_by(|row| row[..16].cmp(key)).ok()?];
        self.read(&row)
    }

    fn read(&mut self, row: &[u8; ROW]) -> Option<&[u8]> {
        let start = (HEADER + self.index.len()) as u64 + u64::from(number(row, 16));
        let end = start + u64::from(number(row, 20));
        if end > self.size {
            return None;
        }
        if start < self.window_start || end > self.window_start + self.window.len() as u64 {
            let length = WINDOW.max(end - start).min(self.size - start);
            self.window_start = start;
            self.window.resize(length as usize, 0);
            if self.file.read_exact_at(&mut self.window, start).is_err() {
                self.window.clear();
                return None;
            }
        }
        let entry = &self.window[(start - self.window_start) as usize..(end - self.window_start) as usize];
        (crc32fast::hash(entry) == number(row, 24)).then_some(entry)
    }

    /// All entries that can be read, in the order in which they were added.
    pub(super) fn read_all(&mut self, mut entry: impl FnMut(Key, &[u8])) {
        let mut rows = self.rows().to_vec();
        rows.sort_unstable_by_key(|row| number(row, 16));
        for row in rows {
            if let Some(bytes) = self.read(&row) {
                entry(row[..16].try_into().expect("a row begins with its key"), bytes);
            }
        }
    }
}

/// How many entries a pack has, as it says.
pub(super) fn count(path: &Path) -> io::Result<u32> {
    let mut header = [0; HEADER];
    File::open(path)?.read_exact_at(&mut header, 0)?;
    Ok(number(&header, 8))
}

/// Writes a pack of entries, none twice, into a directory, with a name that none has and this extension.
pub(super) fn write<'a>(
    directory: &Path,
    extension: &str,
    entries: impl ExactSizeIterator<Item = (&'a Key, &'a [u8])> + Clone,
) -> io::Result<()> {
    let mut rows: Vec<[u8; ROW]> = Vec::with_capacity(entries.len());
    let mut offset = 0_u32;
    for (key, entry) in entries.clone() {
        let too_large = || io::Error::from(io::ErrorKind::FileTooLarge);
        let length = u32::try_from(entry.len()).map_err(|_| too_large())?;
        let mut row = [0; ROW];
        row[..16].copy_from_slice(key);
        for (to, number) in row[16..].as_chunks_mut().0.iter_mut().zip([offset, length, crc32fast::hash(entry)]) {
            *to = number.to_le_bytes();
        }
        rows.push(row);
        offset = offset.checked_add(length).ok_or_else(too_large)?;
    }
    rows.sort_unstable();
    let index = rows.as_flattened();
    let file = tempfile::Builder::new().prefix("").suffix(".new").tempfile_in(directory)?;
    let mut file = BufWriter::new(file);
    file.write_all(MAGIC)?;
    file.write_all(&(rows.len() as u32).to_le_bytes())?;
    file.write_all(&crc32fast::hash(index).to_le_bytes())?;
    file.write_all(index)?;
    for (_, entry) in entries {
        file.write_all(entry)?;
    }
    let file = file.into_inner()?;
    let path = file.path().with_extension(extension);
    file.persist(path).map_err(|error| error.error)?;
    Ok(())
}
