//! The files of a cache: packs, which are written once, under another name, and never changed.
//!
//! Each run adds what was missing as one pack, and with it those that are not much larger, so there are few packs however
//! many runs there have been (the logarithmic method of Bentley and Saxe, 1980). Several processes need not know of each
//! other: at worst an entry is there twice. When the packs take more room than the limit, the oldest are deleted.

use std::fs::{self, DirBuilder};
use std::io;
use std::os::unix::fs::{DirBuilderExt, MetadataExt};
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};

use indexmap::IndexMap;
use rustc_hash::FxBuildHasher;

use super::pack::{self, Pack};
use super::{Entry, Key};

/// The bytes of the packs may be so many.
const LIMIT: u64 = 256 << 20;
/// When so many bytes have been added, they are written, so that they need no memory.
const MOST_ADDED: usize = 2 << 20;
/// Files that a process left behind that was killed while it wrote are deleted when they are so old.
const ABANDONED: Duration = Duration::from_secs(24 * 60 * 60);
/// How the name of a pack ends, with the version of its format.
const PACK: &str = "pack3";

/// The packs in a directory, and what will be in the next one.
#[derive(Debug)]
pub(super) struct Packs {
    directory: PathBuf,
    /// Nothing until something is looked for.
    packs: Option<Vec<Pack>>,
    /// In the order in which they came.
    added: IndexMap<Key, Vec<u8>, FxBuildHasher>,
    added_bytes: usize,
    limit: u64,
}

impl Packs {
    pub(super) fn new(directory: PathBuf) -> Packs {
        Packs { directory, packs: None, added: IndexMap::default(), added_bytes: 0, limit: LIMIT }
    }

    /// The entry of a key.
    pub(super) fn find(&mut self, key: &Key) -> Option<Entry<'_>> {
        let packs = self.packs.get_or_insert_with(|| open_packs(&self.directory));
        let (at, place) =
            packs.iter_mut().enumerate().find_map(|(at, pack)| pack.find(key).map(|place| (at, place)))?;
        // What is looked for next is mostly in the same pack.
        packs.swap(0, at);
        Some(packs[0].entry(place))
    }

    /// Adds an entry, to be written by [`save`](Self::save).
    pub(super) fn add(&mut self, key: Key, entry: Vec<u8>) {
        self.added_bytes += entry.len();
        if let Some(replaced) = self.added.insert(key, entry) {
            self.added_bytes -= replaced.len();
        }
        if self.added_bytes > MOST_ADDED {
            // As when the evaluator goes, errors do not count. Merging would need all of the memory again.
            let _ = self.write(false);
        }
    }

    /// Writes what was added.
    pub(super) fn save(&mut self) -> io::Result<()> {
        self.write(true)
    }

    fn write(&mut self, is_merged: bool) -> io::Result<()> {
        if self.added.is_empty() {
            return Ok(());
        }
        let added = std::mem::take(&mut self.added);
        let mut size = pack::size(added.len(), std::mem::take(&mut self.added_bytes));
        DirBuilder::new().recursive(true).mode(0o700).create(&self.directory)?;
        if !is_private(&self.directory) {
            return Err(io::ErrorKind::PermissionDenied.into());
        }
        // What other processes have added meanwhile counts, too.
        let mut packs = if is_merged { open_packs(&self.directory) } else { Vec::new() };
        self.packs = None;
        packs.sort_unstable_by_key(Pack::size);
        let mut entries: IndexMap<Key, Vec<u8>, FxBuildHasher> = IndexMap::default();
        let mut merged = Vec::new();
        for mut pack in packs {
            if pack.size() > 2 * size {
                break;
            }
            size += pack.size();
            pack.read_all(|key, entry| drop(entries.insert(key, entry.to_vec())));
            merged.push(pack);
        }
        entries.extend(added);
        pack::write(&self.directory, PACK, entries.iter().map(|(key, entry)| (key, &entry[..])))?;
        for pack in merged {
            // Another process may have done so.
            let _ = fs::remove_file(pack.path());
        }
        self.clean_up()
    }

    /// Deletes the oldest packs if they take too much room, and what processes have left behind that were killed.
    fn clean_up(&self) -> io::Result<()> {
        let now = SystemTime::now();
        let mut packs = Vec::new();
        for file in fs::read_dir(&self.directory)?.flatten() {
            let Ok(metadata) = file.metadata() else { continue };
            let changed = metadata.modified().unwrap_or(now);
            if is_pack(&file.path()) && metadata.is_file() {
                packs.push((changed, metadata.len(), file.path()));
            } else if now.duration_since(changed).is_ok_and(|age| age > ABANDONED) && metadata.is_file() {
                let _ = fs::remove_file(file.path());
            }
        }
        packs.sort_unstable();
        let mut total: u64 = packs.iter().map(|(_, size, _)| size).sum();
        // The newest stays in any case.
        packs.pop();
        for (_, size, path) in packs {
            if total <= self.limit {
                break;
            }
            let _ = fs::remove_file(path);
            total -= size;
        }
        Ok(())
    }
}

impl Drop for Packs {
    fn drop(&mut self) {
        // A cache that cannot be written costs time and nothing else.
        let _ = self.save();
    }
}

fn is_pack(path: &Path) -> bool {
    path.extension().is_some_and(|extension| extension == PACK)
}

/// The packs in a directory that can be read, where nobody else can have put them.
fn open_packs(directory: &Path) -> Vec<Pack> {
    let Ok(files) = fs::read_dir(directory) else { return Vec::new() };
    if !is_private(directory) {
        return Vec::new();
    }
    // Opening what is no file might wait for somebody to write into it.
    let files = files.flatten().filter(|file| file.file_type().is_ok_and(|file_type| file_type.is_file()));
    files.map(|file| file.path()).filter(|path| is_pack(path)).filter_map(|path| Pack::open(path).ok()).collect()
}

/// Whether nobody but the user that the process runs as can write into a directory. Results are not taken from others.
fn is_private(directory: &Path) -> bool {
    is_own(directory) && fs::metadata(directory).is_ok_and(|metadata| metadata.mode() & 0o022 == 0)
}

/// Whether a directory belongs to the user that the process runs as, as far as the system tells.
pub(super) fn is_own(directory: &Path) -> bool {
    match (fs::metadata(directory), fs::metadata("/proc/self")) {
        (Ok(directory), Ok(process)) => directory.uid() == process.uid(),
        (Ok(_), Err(_)) => true,
        (Err(_), _) => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn key(number: u32) -> Key {
        let mut key = [0; 16];
        key[..4].copy_from_slice(&number.to_be_bytes());
        key
    }

    fn find(cache: &mut Packs, number: u32) -> Option<Vec<u8>> {
        cache.find(&key(number)).map(|entry| entry.bytes().to_vec())
    }

    fn packs(directory: &Path) -> Vec<PathBuf> {
        let files = fs::read_dir(directory).expect("it is there");
        files.map(|file| file.expect("it can be listed").path()).collect()
    }

    #[test]
    fn entries_are_there_for_the_next_process() {
        let directory = tempfile::tempdir().expect("there is room for files");
        let path = directory.path().join("a/b");
        let mut cache = Packs::new(path.clone());
        assert_eq!(find(&mut cache, 1), None);
        drop(cache);
        assert!(!path.exists(), "nothing was kept, so nothing is written");

        for round in 0..20_u32 {
            let mut cache = Packs::new(path.clone());
            for before in 0..round {
                assert_eq!(find(&mut cache, before), Some(vec![before as u8; 100]));
            }
            assert_eq!(find(&mut cache, round), None);
            cache.add(key(round), vec![round as u8; 100]);
        }
        assert!(packs(&path).len() <= 6, "packs are merged: {:?}", packs(&path));
    }

    #[test]
    fn two_processes_lose_nothing() {
        let directory = tempfile::tempdir().expect("there is room for files");
        let mut one = Packs::new(directory.path().to_owned());
        let mut two = Packs::new(directory.path().to_owned());
        assert_eq!((find(&mut one, 1), find(&mut two, 2)), (None, None));
        one.add(key(1), b"one".to_vec());
        two.add(key(2), b"two".to_vec());
        drop((one, two));
        let mut three = Packs::new(directory.path().to_owned());
        assert_eq!(find(&mut three, 1).as_deref(), Some(&b"one"[..]));
        assert_eq!(find(&mut three, 2).as_deref(), Some(&b"two"[..]));
    }

    #[test]
    fn keys_are_told_apart_however_they_are_spread() {
        let directory = tempfile::tempdir().expect("there is room for files");
        let mut keys: Vec<Key> = vec![[0; 16], [0xff; 16]];
        for number in 0..500_u64 {
            let spread = number.wrapping_mul(0x9e37_79b9_7f4a_7c15).to_be_bytes();
            // As digests are, close to each other, and with the same first half.
            for half in [spread, (1_000_000 + number).to_be_bytes(), [number as u8 / 8; 8]] {
                let mut key = [0; 16];
                key[..8].copy_from_slice(&half);
                key[8..].copy_from_slice(&number.to_be_bytes());
                keys.push(key);
            }
        }
        let mut cache = Packs::new(directory.path().to_owned());
        keys.iter().for_each(|key| cache.add(*key, key.to_vec()));
        cache.save().expect("it can be written");
        let mut cache = Packs::new(directory.path().to_owned());
        for key in &keys {
            assert_eq!(cache.find(key).map(|entry| entry.bytes()), Some(&key[..]));
            let mut other = *key;
            other[15] ^= 0x80;
            other[14] ^= 0x80;
            assert!(cache.find(&other).is_none());
        }
    }

    #[test]
    fn what_is_damaged_is_not_there() {
        let directory = tempfile::tempdir().expect("there is room for files");
        let mut cache = Packs::new(directory.path().to_owned());
        (0..50).for_each(|number| cache.add(key(number), vec![number as u8; 50]));
        cache.save().expect("it can be written");
        let [path] = &packs(directory.path())[..] else { panic!("one run makes one pack") };
        let whole = fs::read(path).expect("it can be read");
        for at in 0..whole.len() {
            let mut damaged = whole.clone();
            damaged[at] ^= 0x10;
            fs::write(path, &damaged).expect("it can be written");
            let mut cache = Packs::new(directory.path().to_owned());
            for number in 0..50 {
                let entry = find(&mut cache, number);
                assert!(entry.is_none_or(|entry| entry == vec![number as u8; 50]), "byte {at}, entry {number}");
            }
        }
        for length in [0, 7, 12, 20, whole.len() / 2, whole.len() - 1] {
            fs::write(path, &whole[..length]).expect("it can be written");
            let mut cache = Packs::new(directory.path().to_owned());
            assert_eq!(find(&mut cache, 49), None, "{length} bytes");
        }
    }

    #[test]
    fn a_run_that_adds_much_writes_it_meanwhile() {
        let directory = tempfile::tempdir().expect("there is room for files");
        let mut cache = Packs::new(directory.path().to_owned());
        for number in 0..50 {
            cache.add(key(number), vec![number as u8; MOST_ADDED / 10]);
            assert!(cache.added_bytes <= MOST_ADDED);
            assert!(number < 20 || find(&mut cache, number - 20) == Some(vec![number as u8 - 20; MOST_ADDED / 10]));
        }
        assert!(packs(directory.path()).len() >= 4);
        drop(cache);
        let mut cache = Packs::new(directory.path().to_owned());
        assert!((0..50).all(|number| find(&mut cache, number).is_some()));
    }

    #[test]
    fn where_others_can_write_there_is_nothing() {
        use std::os::unix::fs::PermissionsExt;
        let directory = tempfile::tempdir().expect("there is room for files");
        let path = directory.path().join("packs");
        let mut cache = Packs::new(path.clone());
        cache.add(key(1), vec![1]);
        cache.save().expect("it can be written");
        for (mode, is_used) in [(0o700, true), (0o755, true), (0o775, false), (0o777, false)] {
            fs::set_permissions(&path, fs::Permissions::from_mode(mode)).expect("it is ours");
            let mut cache = Packs::new(path.clone());
            assert_eq!(find(&mut cache, 1).is_some(), is_used, "{mode:o}");
            cache.add(key(2), vec![2]);
            assert_eq!(cache.save().is_ok(), is_used, "{mode:o}");
        }
    }

    #[test]
    fn the_newest_stays_however_large() {
        let directory = tempfile::tempdir().expect("there is room for files");
        let mut cache = Packs::new(directory.path().to_owned());
        cache.limit = 10_000;
        cache.add(key(1), vec![1; 20_000]);
        cache.save().expect("it can be written");
        assert_eq!(find(&mut cache, 1).map(|entry| entry.len()), Some(20_000));
        // Small ones count, too, by their number. Times of files are not told apart if they are closer.
        let pause = || std::thread::sleep(Duration::from_millis(30));
        cache.limit = 5_000;
        pause();
        (0..200).for_each(|number| cache.add(key(number), vec![1]));
        cache.save().expect("it can be written");
        pause();
        cache.add(key(1000), vec![1]);
        cache.save().expect("it can be written");
        assert_eq!(packs(directory.path()).len(), 1);
        assert!(find(&mut cache, 1000).is_some() && find(&mut cache, 7).is_none());
    }

    #[test]
    fn the_oldest_go_when_there_is_too_much() {
        let directory = tempfile::tempdir().expect("there is room for files");
        let mut cache = Packs::new(directory.path().to_owned());
        cache.limit = 50_000;
        for number in 0..40_u32 {
            // Each is so much smaller than the last that they are not merged.
            cache.add(key(number), vec![1; 40_000 >> (2 * (number % 5))]);
            cache.save().expect("it can be written");
        }
        let total: u64 =
            packs(directory.path()).iter().map(|path| fs::metadata(path).expect("it is there").len()).sum();
        assert!(total <= 50_000, "{total}");
        assert!(total > 0);
    }

    #[test]
    fn a_directory_that_cannot_be_is_an_error_for_those_who_ask() {
        let file = tempfile::NamedTempFile::new().expect("there is room for files");
        let mut cache = Packs::new(file.path().join("below"));
        assert_eq!(find(&mut cache, 1), None);
        cache.add(key(1), Vec::new());
        assert!(cache.save().is_err());
    }
}
