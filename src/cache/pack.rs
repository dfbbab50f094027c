//! A file with entries: a header, an index that is sorted by key, and the entries end to end, in the order in which they were
//! added. The next run asks for them in much the same order, so a window of the file serves many in a row.
//!
//! | bytes   | what                                                                       |
//! |---------|----------------------------------------------------------------------------|
//! | 8       | [`MAGIC`]                                                                  |
//! | 4       | how many entries                                                           |
//! | 4       | checksum of the index                                                      |
//! | 16 each | first half of the key, offset and length of an entry; offsets count from here on |
//! | rest    | the entries, each behind the other half of its key and its checksum        |
//!
//! Numbers have their lowest byte first. Checksums are CRC-32: they find what storage has damaged. Each run reads the whole index, so
//! that is short.

use std::fs::File;
use std::io::{self, BufWriter, Read, Seek, SeekFrom, Write};
use std::ops::Range;
use std::os::unix::fs::FileExt;
use std::path::{Path, PathBuf};

use super::Key;

const MAGIC: &[u8; 8] = b"firnpack";
const HEADER: usize = 16;
const ROW: usize = 16;
/// Half of a key.
const HALF: usize = 8;
/// What is before an entry.
const ENTRY_HEAD: usize = HALF + 4;

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
    /// What was read of the file last, and where it begins there.
    window: Vec<u8>,
    window_start: u64,
}

fn number(bytes: &[u8], at: usize) -> u32 {
    u32::from_le_bytes(bytes[at..at + 4].try_into().expect("four bytes are four"))
}

/// What a pack of so many entries with so many bytes takes.
pub(super) fn size(entries: usize, bytes: usize) -> u64 {
    (HEADER + entries * (ROW + ENTRY_HEAD) + bytes) as u64
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
        let mut index = Vec::new();
        read_at(&file, HEADER as u64, length, &mut index)?;
        if crc32fast::hash(&index) != number(&header, 12) {
            return Err(io::ErrorKind::InvalidData.into());
        }
        Ok(Pack { path, file, size, index, window: Vec::new(), window_start: 0 })
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
        let (half, other_half) = key.split_at(HALF);
        let mut row = self.first_row(half);
        // Different keys may begin in the same way.
        while self.rows().get(row)?[..HALF] == *half {
            if let Some(entry) = self.load(row)
                && self.window[entry.clone()][..HALF] == *other_half
            {
                return without_head(&self.window[entry]);
            }
            row += 1;
        }
        None
    }

    /// The first row that is not before this half of a key. Keys are digests, so where it is can be guessed closely.
    fn first_row(&self, half: &[u8]) -> usize {
        let rows = self.rows();
        let is_before = |row: &[u8; ROW]| row[..HALF] < *half;
        let place = half.first_chunk().map_or(0, |bytes| u64::from_be_bytes(*bytes));
        let guess = ((u128::from(place) * rows.len() as u128) >> u64::BITS) as usize;
        // The distance grows until the row is within.
        let mut distance = 16;
        loop {
            let range = guess.saturating_sub(distance)..rows.len().min(guess + distance);
            let is_within = range.start.checked_sub(1).is_none_or(|before| is_before(&rows[before]))
                && rows.get(range.end).is_none_or(|behind| !is_before(behind));
            if is_within {
                return range.start + rows[range].partition_point(is_before);
            }
            distance *= 4;
        }
    }

    /// Where the entry of a row is in the window, with what is before it.
    fn load(&mut self, row: usize) -> Option<Range<usize>> {
        let row = self.rows()[row];
        let start = (HEADER + self.index.len()) as u64 + u64::from(number(&row, HALF));
        let end = start + ENTRY_HEAD as u64 + u64::from(number(&row, HALF + 4));
        if end > self.size {
            return None;
        }
        if start < self.window_start || end > self.window_start + self.window.len() as u64 {
            let length = WINDOW.max(end - start).min(self.size - start);
            self.window_start = start;
            if read_at(&self.file, start, length as usize, &mut self.window).is_err() {
                self.window.clear();
                return None;
            }
        }
        Some((start - self.window_start) as usize..(end - self.window_start) as usize)
    }

    /// All entries that can be read, in the order in which they were added.
    pub(super) fn read_all(&mut self, mut entry: impl FnMut(Key, &[u8])) {
        let mut rows: Vec<usize> = (0..self.rows().len()).collect();
        rows.sort_unstable_by_key(|&row| number(&self.rows()[row], HALF));
        for row in rows {
            let mut key = Key::default();
            key[..HALF].copy_from_slice(&self.rows()[row][..HALF]);
            let Some(place) = self.load(row) else { continue };
            let bytes = &self.window[place];
            key[HALF..].copy_from_slice(&bytes[..HALF]);
            if let Some(bytes) = without_head(bytes) {
                entry(key, bytes);
            }
        }
    }
}

/// An entry that is as it was written.
fn without_head(entry: &[u8]) -> Option<&[u8]> {
    let (head, entry) = entry.split_at(ENTRY_HEAD);
    (crc32fast::hash(entry) == number(head, HALF)).then_some(entry)
}

/// Reads so many bytes of a file into `bytes`, in place of what was there.
fn read_at(mut file: &File, start: u64, length: usize, bytes: &mut Vec<u8>) -> io::Result<()> {
    bytes.clear();
    bytes.reserve_exact(length);
    file.seek(SeekFrom::Start(start))?;
    // Unlike reading at a place, this needs no memory that is filled already.
    match file.take(length as u64).read_to_end(bytes)? {
        read if read < length => Err(io::ErrorKind::UnexpectedEof.into()),
        _ => Ok(()),
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
        row[..HALF].copy_from_slice(&key[..HALF]);
        for (to, number) in row[HALF..].as_chunks_mut().0.iter_mut().zip([offset, length]) {
            *to = number.to_le_bytes();
        }
        rows.push(row);
        offset = length
            .checked_add(ENTRY_HEAD as u32)
            .and_then(|length| offset.checked_add(length))
            .ok_or_else(too_large)?;
    }
    rows.sort_unstable();
    let index = rows.as_flattened();
    let file = tempfile::Builder::new().prefix("").suffix(".new").tempfile_in(directory)?;
    let mut file = BufWriter::new(file);
    file.write_all(MAGIC)?;
    file.write_all(&(rows.len() as u32).to_le_bytes())?;
    file.write_all(&crc32fast::hash(index).to_le_bytes())?;
    file.write_all(index)?;
    for (key, entry) in entries {
        file.write_all(&key[HALF..])?;
        file.write_all(&crc32fast::hash(entry).to_le_bytes())?;
        file.write_all(entry)?;
    }
    let file = file.into_inner()?;
    let path = file.path().with_extension(extension);
    file.persist(path).map_err(|error| error.error)?;
    Ok(())
}
