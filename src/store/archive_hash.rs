//! Hashes of archives that an earlier run has computed.

use std::io;

use super::error::Result;
use super::hash::{Hash, HashAlgorithm};
use super::hasher::{Hasher, sha256};
use super::nar::{self, Buffers};
use super::tree::Tree;
use crate::cache::{Cache, Digest};

/// Looking for the hash of less takes longer than hashing.
const LEAST: usize = if cfg!(test) { 1 } else { 512 };
/// So much is held in memory.
const MOST: usize = 2 << 20;

/// Computes hashes of archives, or finds them in a cache. Its memory is used again.
#[derive(Debug)]
pub(super) struct ArchiveHasher {
    cache: Cache,
    archive: Vec<u8>,
    buffers: Buffers,
}

impl ArchiveHasher {
    pub(super) fn new(cache: Cache) -> ArchiveHasher {
        ArchiveHasher { cache, archive: Vec::new(), buffers: Buffers::default() }
    }

    /// The SHA-256 hash of the archive of a tree. All files are read; what is remembered is the hash of what was in them.
    pub(super) fn hash(&mut self, tree: &Tree<'_>) -> Result<Hash> {
        self.archive.clear();
        let mut archive = Archive::Short(&mut self.archive);
        nar::write_with(tree, &mut archive, &mut self.buffers)?;
        match archive {
            Archive::Long(hasher) => Ok(hasher.finish()),
            Archive::Short(bytes) => Ok(Hash::sha256(hash_bytes(bytes, &self.cache))),
        }
    }
}

fn hash_bytes(bytes: &[u8], cache: &Cache) -> [u8; 32] {
    if bytes.len() < LEAST {
        return sha256(bytes);
    }
    let digest = digest(bytes);
    if let Some(hash) = cache.find_digest(&digest, &mut Vec::new()).and_then(|hash| hash.try_into().ok()) {
        return hash;
    }
    let hash = sha256(bytes);
    cache.add_digest(&digest, &[&hash]);
    hash
}

/// In one piece an archive is digested several times as fast as behind something else.
fn digest(archive: &[u8]) -> Digest {
    let mut hasher = blake3::Hasher::new();
    hasher.update(b"archive").update(env!("FIRN_STORE_FORMAT").as_bytes()).update(blake3::hash(archive).as_bytes());
    *hasher.finalize().as_bytes()
}

enum Archive<'a> {
    /// All that was written so far.
    Short(&'a mut Vec<u8>),
    /// More than is worth holding.
    Long(Box<Hasher>),
}

impl io::Write for Archive<'_> {
    fn write(&mut self, more: &[u8]) -> io::Result<usize> {
        match self {
            Archive::Short(bytes) if bytes.len() + more.len() <= MOST => bytes.extend_from_slice(more),
            Archive::Short(bytes) => {
                let mut hasher = Hasher::new(HashAlgorithm::Sha256);
                hasher.update(bytes);
                hasher.update(more);
                *self = Archive::Long(Box::new(hasher));
            }
            Archive::Long(hasher) => hasher.update(more),
        }
        Ok(more.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;
    use crate::store::FileSystem;

    #[test]
    fn a_hash_is_that_of_the_files_as_they_are_now() {
        let directory = tempfile::tempdir().expect("there is room for files");
        let cache = Cache::in_directory(directory.path().join("cache"));
        let mut hasher = ArchiveHasher::new(cache.clone());
        let file = directory.path().join("file");
        for (round, length) in [10, 5_000, MOST, 3 * MOST].into_iter().cycle().take(8).enumerate() {
            for byte in [b'a', b'b'] {
                fs::write(&file, vec![byte; length]).expect("it can be written");
                let tree = Tree::whole(&FileSystem, &file);
                let (expected, _) = nar::hash(&tree, HashAlgorithm::Sha256).expect("it can be read");
                assert_eq!(hasher.hash(&tree).expect("it can be read"), expected, "{round} {length}");
            }
        }
        let mut entry = Vec::new();
        nar::write(&Tree::whole(&FileSystem, &file), &mut entry).expect("it can be read");
        assert_eq!(cache.find_digest(&[0; 32], &mut entry), None);
    }

    #[test]
    fn what_is_remembered_is_used() {
        let directory = tempfile::tempdir().expect("there is room for files");
        let cache = Cache::in_directory(directory.path());
        let bytes = [7; 100];
        let digest = digest(&bytes);
        cache.add_digest(&digest, &[&[1; 32]]);
        cache.save().expect("it can be written");
        assert_eq!(hash_bytes(&bytes, &cache), [1; 32]);
        // What is no hash is none.
        cache.add_digest(&digest, &[&[1; 31]]);
        let other = Cache::in_directory(directory.path().join("other"));
        other.add_digest(&digest, &[&[1; 31]]);
        other.save().expect("it can be written");
        assert_eq!(hash_bytes(&bytes, &other), sha256(&bytes));
    }
}
