//! A file with entries: a header, a table of keys, and the entries end to end, in the order in which they were added. The next run asks
//! for them in much the same order.
//!
//! | bytes   | what                                                                                     |
//! |---------|------------------------------------------------------------------------------------------|
//! | 8       | [`MAGIC`]                                                                                |
//! | 4       | how many entries                                                                         |
//! | 4       | how many rows in the table                                                               |
//! | 16 each | first half of the key, offset and length of an entry; offsets count from behind the table |
//! | rest    | the entries, each behind the other half of its key and a checksum                        |
//!
//! Numbers have their lowest byte first. Rows are in the order of their keys, with empty ones in between, so that each is at the place
//! that its key tells, or little behind it (hashing with linear probing): keys are digests, and spread evenly. So a run reads no more of
//! the table than it looks for. Whatever a row says, an entry counts if the other half of the key is there and the checksum
//! (CRC-32, of the first half of the key and the entry) is right.

use std::cmp::Ordering;
use std::fs::File;
use std::io::{self, BufWriter, Write};
use std::ops::Range;
use std::os::unix::fs::FileExt;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::{Entry, Key};
use crate::heap::Mapping;

const MAGIC: &[u8; 8] = b"firnpack";
const HEADER: usize = 16;
const ROW: usize = 16;
/// Half of a key.
const HALF: usize = 8;
/// What is before an entry.
const ENTRY_HEAD: usize = HALF + 4;
/// Behind all keys, and what it tells is outside of every file.
const EMPTY: [u8; ROW] = [0xff; ROW];
/// So many rows are read at a time.
const ROWS: usize = 64;
/// There is one more place in the table for so many entries.
const ENTRIES_FOR_GAP: usize = 4;

/// A pack that can be read.
#[derive(Debug)]
pub(super) struct Pack {
    path: PathBuf,
    size: u64,
    /// So many places there are in the table.
    places: usize,
    /// So many rows it has.
    rows: usize,
    bytes: Bytes,
}

#[derive(Debug)]
enum Bytes {
    Mapped(Arc<Mapping>),
    /// What cannot be mapped is read: some rows of the table from `first` on, and each entry when it is asked for.
    Read {
        file: File,
        first: usize,
        rows: Vec<[u8; ROW]>,
        entry: Vec<u8>,
    },
}

fn number(bytes: &[u8], at: usize) -> u32 {
    u32::from_le_bytes(bytes[at..at + 4].try_into().expect("four bytes are four"))
}

/// What a pack of so many entries with so many bytes takes.
pub(super) fn size(entries: usize, bytes: usize) -> u64 {
    (HEADER + places(entries) * ROW + entries * ENTRY_HEAD + bytes) as u64
}

/// How many places there are for the rows of so many entries. A few more rows may be behind them.
fn places(entries: usize) -> usize {
    entries + entries / ENTRIES_FOR_GAP
}

/// The place that a key tells, of so many.
fn place_of(half: &[u8], places: usize) -> usize {
    let half = half.first_chunk().map_or(0, |bytes| u64::from_be_bytes(*bytes));
    ((u128::from(half) * places as u128) >> u64::BITS) as usize
}

impl Pack {
    pub(super) fn open(path: PathBuf) -> io::Result<Pack> {
        // Packs are in a directory into which nobody else can write, and are not changed once they have their name.
        Pack::open_with(path, Mapping::of)
    }

    fn open_with(path: PathBuf, map: impl FnOnce(&File) -> Option<Arc<Mapping>>) -> io::Result<Pack> {
        let file = File::open(&path)?;
        let size = file.metadata()?.len();
        let mut header = [0; HEADER];
        file.read_exact_at(&mut header, 0)?;
        let (entries, rows) = (number(&header, 8), number(&header, 12) as usize);
        let entries_start = HEADER + rows * ROW;
        let places = places(entries as usize);
        let is_possible = places <= rows && rows - places <= entries as usize;
        if &header[..8] != MAGIC || !is_possible || size < entries_start as u64 {
            return Err(io::ErrorKind::InvalidData.into());
        }
        let bytes = match map(&file).filter(|mapping| mapping.bytes().len() as u64 == size) {
            Some(mapping) => Bytes::Mapped(mapping),
            None => Bytes::Read { file, first: 0, rows: Vec::new(), entry: Vec::new() },
        };
        Ok(Pack { path, size, places, rows, bytes })
    }

    pub(super) fn path(&self) -> &Path {
        &self.path
    }

    pub(super) fn size(&self) -> u64 {
        self.size
    }

    /// A row of the table, if it can be read.
    fn row(&mut self, at: usize) -> Option<[u8; ROW]> {
        match &mut self.bytes {
            Bytes::Mapped(mapping) => mapping.bytes()[HEADER..].as_chunks().0.get(at).copied(),
            Bytes::Read { file, first, rows, .. } => {
                if !(*first..*first + rows.len()).contains(&at) {
                    *first = at;
                    rows.resize(ROWS.min(self.rows - at), EMPTY);
                    if file.read_exact_at(rows.as_flattened_mut(), (HEADER + at * ROW) as u64).is_err() {
                        rows.clear();
                    }
                }
                rows.get(at - *first).copied()
            }
        }
    }

    /// Where the entry of a key is, for [`entry`](Self::entry), until another is looked for.
    pub(super) fn find(&mut self, key: &Key) -> Option<Range<usize>> {
        let (half, other_half) = key.split_at(HALF);
        for at in place_of(half, self.places)..self.rows {
            let row = self.row(at)?;
            match row[..HALF].cmp(half) {
                Ordering::Less => {}
                Ordering::Greater => return None,
                // Different keys may begin in the same way.
                Ordering::Equal => {
                    let place = self.load(&row).filter(|place| self.loaded(place)[..HALF] == *other_half);
                    if let Some(place) = place {
                        return self.without_head(half, place);
                    }
                }
            }
        }
        None
    }

    /// What was found.
    pub(super) fn entry(&self, place: Range<usize>) -> Entry<'_> {
        match &self.bytes {
            Bytes::Mapped(mapping) => Entry::Mapped(mapping, place),
            Bytes::Read { entry, .. } => Entry::Read(&entry[place]),
        }
    }

    /// Where the entry of a row is among the bytes at hand, with what is before it.
    fn load(&mut self, row: &[u8; ROW]) -> Option<Range<usize>> {
        let start = (HEADER + self.rows * ROW) as u64 + u64::from(number(row, HALF));
        let end = start + ENTRY_HEAD as u64 + u64::from(number(row, HALF + 4));
        if end > self.size {
            return None;
        }
        match &mut self.bytes {
            Bytes::Mapped(_) => Some(usize::try_from(start).ok()?..usize::try_from(end).ok()?),
            Bytes::Read { file, entry, .. } => {
                entry.resize(usize::try_from(end - start).ok()?, 0);
                file.read_exact_at(entry, start).ok()?;
                Some(0..entry.len())
            }
        }
    }

    fn loaded(&self, place: &Range<usize>) -> &[u8] {
        self.entry(place.clone()).bytes()
    }

    /// Where an entry itself is, if it and the first half of its key are as they were written.
    fn without_head(&self, half: &[u8], place: Range<usize>) -> Option<Range<usize>> {
        let (head, entry) = self.loaded(&place).split_at(ENTRY_HEAD);
        (checksum(half, entry) == number(head, HALF)).then_some(place.start + ENTRY_HEAD..place.end)
    }

    /// All entries that can be read, in the order in which they were added.
    pub(super) fn read_all(&mut self, mut entry: impl FnMut(Key, &[u8])) {
        let mut rows: Vec<_> = (0..self.rows).filter_map(|at| self.row(at)).filter(|row| *row != EMPTY).collect();
        rows.sort_unstable_by_key(|row| number(row, HALF));
        for row in rows {
            let mut key = Key::default();
            key[..HALF].copy_from_slice(&row[..HALF]);
            let Some(place) = self.load(&row) else { continue };
            key[HALF..].copy_from_slice(&self.loaded(&place)[..HALF]);
            if let Some(place) = self.without_head(&key[..HALF], place) {
                entry(key, self.loaded(&place));
            }
        }
    }
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
    let table = table_of(rows);
    let file = tempfile::Builder::new().prefix("").suffix(".new").tempfile_in(directory)?;
    let mut file = BufWriter::new(file);
    file.write_all(MAGIC)?;
    file.write_all(&(entries.len() as u32).to_le_bytes())?;
    file.write_all(&(table.len() as u32).to_le_bytes())?;
    file.write_all(table.as_flattened())?;
    for (key, entry) in entries {
        file.write_all(&key[HALF..])?;
        file.write_all(&checksum(&key[..HALF], entry).to_le_bytes())?;
        file.write_all(entry)?;
    }
    let file = file.into_inner()?;
    let path = file.path().with_extension(extension);
    file.persist(path).map_err(|error| error.error)?;
    Ok(())
}

/// Of an entry and the first half of its key.
fn checksum(half: &[u8], entry: &[u8]) -> u32 {
    let mut hasher = crc32fast::Hasher::new();
    hasher.update(half);
    hasher.update(entry);
    hasher.finalize()
}

/// Rows in the order of their keys, none before the place that its key tells.
fn table_of(mut rows: Vec<[u8; ROW]>) -> Vec<[u8; ROW]> {
    rows.sort_unstable();
    let places = places(rows.len());
    let mut table = Vec::with_capacity(places);
    for row in rows {
        let place = place_of(&row[..HALF], places);
        table.resize(place.max(table.len()), EMPTY);
        table.push(row);
    }
    table.resize(places.max(table.len()), EMPTY);
    table
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_not_mapped_is_found_as_well() {
        let directory = tempfile::tempdir().expect("there is room for files");
        let key = |number: u64| {
            let mut key = [0; 2 * HALF];
            // Half of them crowd around one place.
            let spread =
                if number.is_multiple_of(2) { number.wrapping_mul(0x9e37_79b9_7f4a_7c15) } else { u64::MAX - number };
            key[..HALF].copy_from_slice(&spread.to_be_bytes());
            key[HALF..].copy_from_slice(&number.to_be_bytes());
            key
        };
        let entries: Vec<(Key, Vec<u8>)> =
            (0..700).map(|number| (key(number), vec![number as u8; number as usize % 50])).collect();
        write(directory.path(), "pack", entries.iter().map(|(key, entry)| (key, &entry[..])))
            .expect("it can be written");
        let file = std::fs::read_dir(directory.path()).expect("it is there").next().expect("it has a file");
        let path = file.expect("it can be listed").path();
        let open = |is_mapped: bool| {
            let map = |file: &File| is_mapped.then(|| Mapping::of(file))?;
            Pack::open_with(path.clone(), map).expect("it can be read")
        };
        for mut pack in [open(false), open(true)] {
            for (key, entry) in &entries {
                let place = pack.find(key).expect("it is there");
                assert_eq!(pack.entry(place).bytes(), &entry[..]);
            }
            assert!((700..800).all(|number| pack.find(&key(number)).is_none()));
            let mut all = Vec::new();
            pack.read_all(|key, entry| all.push((key, entry.to_vec())));
            assert_eq!(all, entries);
        }
    }
}
