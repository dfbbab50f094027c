//! Hashes of archives that an earlier run has computed.

use std::io;

use super::error::Result;
use super::hash::{Hash, HashAlgorithm};
use super::hasher::{Hasher, sha256};
use super::nar::{self, Buffers};
use super::tree::Tree;
use super::tree_stamps::TreeStamps;
use crate::cache::{Cache, Digest};

/// Looking for the hash of less takes longer than hashing.
const LEAST: usize = if cfg!(test) { 1 } else { 512 };
/// So much is held in memory.
const MOST: usize = 2 << 20;

/// Computes hashes of archives, or finds them in a cache. Its memory is used again.
#[derive(Debug)]
pub(super) struct ArchiveHasher {
    cache: Cache,
    stamps: TreeStamps,
    archive: Vec<u8>,
    buffers: Buffers,
}

impl ArchiveHasher {
    pub(super) fn new(cache: Cache) -> ArchiveHasher {
        ArchiveHasher { cache, stamps: TreeStamps::default(), archive: Vec::new(), buffers: Buffers::default() }
    }

    /// The SHA-256 hash of the archive of a tree. Files are not read if none has changed since an earlier run did; if they
    /// are, what was computed of the same contents is found, too.
    pub(super) fn hash(&mut self, tree: &Tree<'_>) -> Result<Hash> {
        self.stamps.look(tree);
        if let Some(stamps) = self.stamps.bytes()
            && let Some(hash) = find_hash(&digest_of_stamps(stamps), &self.cache)
        {
            return Ok(Hash::sha256(hash));
        }
        let hash = self.hash_contents(tree)?;
        // These are the stamps of the files that were read, whatever has been at their paths before.
        if let Some(stamps) = self.buffers.stamps.bytes() {
            self.cache.add_digest(&digest_of_stamps(stamps), &[hash.as_bytes()]);
        }
        Ok(hash)
    }

    fn hash_contents(&mut self, tree: &Tree<'_>) -> Result<Hash> {
        self.archive.clear();
        let mut archive = Archive::Short(&mut self.archive);
        nar::write_with(tree, &mut archive, &mut self.buffers)?;
        match archive {
            Archive::Long(hasher) => Ok(hasher.finish()),
            Archive::Short(bytes) => Ok(Hash::sha256(hash_bytes(bytes, &self.cache))),
        }
    }
}

fn find_hash(digest: &Digest, cache: &Cache) -> Option<[u8; 32]> {
    cache.find_digest(digest, |entry| entry.try_into().ok())
}

fn hash_bytes(bytes: &[u8], cache: &Cache) -> [u8; 32] {
    if bytes.len() < LEAST {
        return sha256(bytes);
    }
    let digest = digest(b"archive", bytes);
    if let Some(hash) = find_hash(&digest, cache) {
        return hash;
    }
    let hash = sha256(bytes);
    cache.add_digest(&digest, &[&hash]);
    hash
}

fn digest_of_stamps(stamps: &[u8]) -> Digest {
    digest(b"stamped archive", stamps)
}

/// In one piece bytes are digested several times as fast as behind something else.
fn digest(of: &[u8], bytes: &[u8]) -> Digest {
    let mut hasher = blake3::Hasher::new();
    hasher.update(of).update(env!("FIRN_STORE_FORMAT").as_bytes()).update(blake3::hash(bytes).as_bytes());
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
    use std::path::{Path, PathBuf};

    use super::*;
    use crate::store::{DirectoryEntry, FileSource, FileSystem, FileType, OpenFile, Stamp};

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
        assert_eq!(cache.find_digest(&[0; 32], |entry| Some(entry.to_vec())), None);
    }

    /// By what the hash of a tree is found, once all of its files have stamps.
    fn digest_of(tree: &Tree<'_>) -> Option<Digest> {
        let mut stamps = TreeStamps::default();
        stamps.look(tree);
        stamps.bytes().map(digest_of_stamps)
    }

    /// The same, as soon as there is one.
    fn settled_digest_of(tree: &Tree<'_>) -> Digest {
        std::iter::repeat_with(|| digest_of(tree)).flatten().next().expect("it does not end")
    }

    /// The tree changes as soon as its hash is kept.
    #[test]
    fn whatever_changes_in_a_tree_its_hash_does() {
        let directory = tempfile::tempdir().expect("there is room for files");
        let mut hasher = ArchiveHasher::new(Cache::in_directory(directory.path().join("cache")));
        let root = directory.path().join("root");
        fs::create_dir_all(root.join("inner/empty")).expect("it can be made");
        let path = |name: &str| root.join(name);
        let changes: [&dyn Fn(); 8] = [
            &|| fs::write(path("inner/file"), "1").expect("it can be written"),
            &|| fs::write(path("inner/file"), "2").expect("it can be written"),
            &|| fs::rename(path("inner/file"), path("file")).expect("it can be moved"),
            &|| fs::remove_dir(path("inner/empty")).expect("it is empty"),
            &|| std::os::unix::fs::symlink("file", path("link")).expect("it can be made"),
            &|| fs::rename(path("link"), path("inner/link")).expect("it can be moved"),
            &|| fs::write(path("empty"), "").expect("it can be written"),
            &|| fs::remove_file(path("inner/link")).expect("it is there"),
        ];
        let mut hashes = Vec::new();
        for change in changes {
            change();
            let tree = Tree::whole(&FileSystem, &root);
            let (expected, _) = nar::hash(&tree, HashAlgorithm::Sha256).expect("it can be read");
            let kept = loop {
                assert_eq!(hasher.hash(&tree).expect("it can be read"), expected);
                if let Some(kept) = digest_of(&tree) {
                    break kept;
                }
            };
            for _ in 0..2 {
                assert_eq!(hasher.hash(&tree).expect("it can be read"), expected);
                hasher.cache.save().expect("it can be written");
                assert_eq!(find_hash(&kept, &hasher.cache).map(Hash::sha256), Some(expected));
            }
            assert!(!hashes.contains(&expected));
            hashes.push(expected);
        }
    }

    /// While it is read, another tree is put in its place.
    #[test]
    fn what_was_read_is_kept_and_nothing_else() {
        struct Exchanging<'a>(&'a dyn Fn());

        impl FileSource for Exchanging<'_> {
            fn file_type(&self, path: &Path) -> io::Result<FileType> {
                FileSystem.file_type(path)
            }

            fn open(&self, path: &Path) -> io::Result<OpenFile<'_>> {
                self.0();
                let opened = FileSystem.open(path);
                self.0();
                opened
            }

            fn read_directory(&self, path: &Path) -> io::Result<Vec<DirectoryEntry>> {
                FileSystem.read_directory(path)
            }

            fn read_link(&self, path: &Path) -> io::Result<PathBuf> {
                FileSystem.read_link(path)
            }

            fn stamp(&self, path: &Path) -> Option<Stamp> {
                FileSystem.stamp(path)
            }
        }

        let directory = tempfile::tempdir().expect("there is room for files");
        let path = |name: &str| directory.path().join(name);
        for (name, text) in [("a", "one"), ("b", "two")] {
            fs::create_dir_all(path(name).join("tree")).expect("it can be made");
            fs::write(path(name).join("tree/file"), text).expect("it can be written");
        }
        let exchange = || {
            for (from, to) in [("a", "c"), ("b", "a"), ("c", "b")] {
                fs::rename(path(from), path(to)).expect("it can be moved");
            }
        };
        let root = path("a").join("tree");
        let tree = Tree::whole(&FileSystem, &root);
        settled_digest_of(&tree);
        let (expected, _) = nar::hash(&tree, HashAlgorithm::Sha256).expect("it can be read");
        let mut hasher = ArchiveHasher::new(Cache::in_directory(path("cache")));
        let exchanging = Exchanging(&exchange);
        assert_ne!(hasher.hash(&Tree::whole(&exchanging, &root)).expect("it can be read"), expected);
        hasher.cache.save().expect("it can be written");
        for _ in 0..2 {
            assert_eq!(hasher.hash(&tree).expect("it can be read"), expected);
            hasher.cache.save().expect("it can be written");
        }
    }

    /// Of a tree with stamps that are known nothing is read.
    #[test]
    fn what_has_not_changed_is_not_read() {
        let directory = tempfile::tempdir().expect("there is room for files");
        let cache = Cache::in_directory(directory.path().join("cache"));
        let file = directory.path().join("file");
        fs::write(&file, "text").expect("it can be written");
        let tree = Tree::whole(&FileSystem, &file);
        cache.add_digest(&settled_digest_of(&tree), &[&[1; 32]]);
        cache.save().expect("it can be written");
        let mut hasher = ArchiveHasher::new(cache);
        assert_eq!(hasher.hash(&tree).expect("it is there"), Hash::sha256([1; 32]));
        fs::write(&file, "next").expect("it can be written");
        let (expected, _) = nar::hash(&tree, HashAlgorithm::Sha256).expect("it can be read");
        assert_eq!(hasher.hash(&tree).expect("it is there"), expected);
    }

    #[test]
    fn what_is_remembered_is_used() {
        let directory = tempfile::tempdir().expect("there is room for files");
        let cache = Cache::in_directory(directory.path());
        let bytes = [7; 100];
        let digest = digest(b"archive", &bytes);
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
