//! What earlier runs have found out, in a directory of the user.
//!
//! Parsing a text and resolving its names takes longer than reading what came of it the last time, and so does hashing a
//! derivation three times. This is where results are kept: entries by keys, which know nothing of what they hold.
//! `eval::programs`, `store::repeats` and `store::archive_hash` say what a key is made of: all that the result depends on;
//! so an entry never becomes wrong, only useless. What a file had in it is known by its `store::Stamp`.

mod entry;
mod pack;
mod packs;

use std::io;
use std::path::PathBuf;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

pub(crate) use entry::Entry;
use packs::{Packs, is_own};

/// What an entry is found by.
pub(crate) type Key = [u8; 16];
/// A digest of all that a result depends on.
pub(crate) type Digest = [u8; 32];

/// A directory with what evaluations before have found out: the programs of files, so that they need not be parsed again, and
/// hashes of files and derivations.
///
/// An evaluator that [has one](crate::Builder::cache) looks there before it parses a file or hashes a
/// derivation, and adds what it did not find when it goes. Results do not change by that: an entry counts only for
/// the same text at the same place, for the same build of firn with the same settings, or for what is to be hashed, to the
/// byte, or for a file that has not changed since, as far as its [`Stamp`](crate::store::Stamp) tells; and whatever is wrong
/// with the directory only costs time. Files are small; all together are limited to 256 MiB.
///
/// Clones are of the same cache. What they add is written when the last of them goes, or by [`save`](Cache::save).
///
/// ```
/// # let directory = tempfile::tempdir()?;
/// # let directory = directory.path();
/// use firn::{Cache, Evaluator, Kind};
///
/// let cache = Cache::in_directory(directory.join("cache"));
/// let mut firn = Evaluator::builder().cache(cache).build();
/// let two = firn.eval_text("1 + 1", "/")?;
/// assert_eq!(firn.kind(&two)?, Kind::Int(2));
/// # Ok::<_, Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug, Clone)]
pub struct Cache {
    packs: Arc<Mutex<Packs>>,
}

impl Cache {
    /// The cache in a directory, which is made when there is something to keep.
    pub fn in_directory(directory: impl Into<PathBuf>) -> Cache {
        Cache { packs: Arc::new(Mutex::new(Packs::new(directory.into()))) }
    }

    /// The cache that the command uses: the directory that the variable `FIRN_CACHE_DIR` names, or else `firn` below that
    /// of the user's caches (`XDG_CACHE_HOME`, or `.cache` in the home directory). None if the variable is there
    /// and empty, or the user has no home directory.
    pub fn of_user() -> Option<Cache> {
        let variable = |name| std::env::var_os(name).map(PathBuf::from);
        let directory = match variable("FIRN_CACHE_DIR") {
            Some(directory) if directory.as_os_str().is_empty() => return None,
            Some(directory) => directory,
            None => {
                let caches = variable("XDG_CACHE_HOME").filter(|directory| directory.is_absolute());
                // A home directory that is not there is not meant to be, and in that of another user nothing is left behind.
                let home = || std::env::home_dir().filter(|home| is_own(home));
                caches.or_else(|| Some(home()?.join(".cache")))?.join("firn")
            }
        };
        Some(Cache::in_directory(directory.join("evaluation")))
    }

    /// Writes what was added. When the last evaluator that has the cache goes, this happens by itself, and errors do not count.
    ///
    /// # Errors
    /// The directory cannot be made or written into, or is another user's.
    pub fn save(&self) -> io::Result<()> {
        self.packs().save()
    }

    /// What `read` makes of the entry of a key, if there is one. It must not look for another.
    pub(crate) fn find<R>(&self, key: &Key, read: impl FnOnce(Entry<'_>) -> R) -> Option<R> {
        self.packs().find(key).map(read)
    }

    /// Adds an entry, to be written by [`save`](Self::save).
    pub(crate) fn add(&self, key: Key, entry: Vec<u8>) {
        self.packs().add(key, entry);
    }

    /// What `read` makes of what is kept for a digest. Different from a key, a digest is long enough to stand for what it was made
    /// of whoever made that up; so its first half is the key, and the entry begins with the other.
    pub(crate) fn find_digest<R>(&self, digest: &Digest, read: impl FnOnce(&[u8]) -> Option<R>) -> Option<R> {
        let (key, check) = halves(digest);
        self.find(key, |entry| read(entry.bytes().strip_prefix(check)?))?
    }

    /// Keeps something for a digest.
    pub(crate) fn add_digest(&self, digest: &Digest, parts: &[&[u8]]) {
        let (key, check) = halves(digest);
        let length: usize = parts.iter().map(|part| part.len()).sum();
        let mut entry = Vec::with_capacity(check.len() + length);
        entry.extend_from_slice(check);
        parts.iter().for_each(|part| entry.extend_from_slice(part));
        self.add(*key, entry);
    }

    fn packs(&self) -> MutexGuard<'_, Packs> {
        // Whatever a thread left undone that panicked, entries are whole.
        self.packs.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn halves(digest: &Digest) -> (&Key, &Key) {
    match digest.as_chunks::<16>().0 {
        [key, check] => (key, check),
        _ => unreachable!("a digest is as long as two keys"),
    }
}
