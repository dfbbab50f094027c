use std::collections::BTreeSet;
use std::fs::{self, File};
use std::io::Write;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};

use rustc_hash::FxHashMap;

use super::address::ContentAddressMethod;
use super::aterm_parse::parse;
use super::backend::{Location, Store, TreeHashes, git_unsupported};
use super::derivation::Derivation;
use super::error::{Error, Result};
use super::hash::{Hash, HashAlgorithm};
use super::hasher::Hasher;
use super::instantiate::DerivationFile;
use super::nar::NarWriter;
use super::path::{StoreDir, StorePath};
use super::restore::{Restore, make_canonical, remove};
use super::tree::Tree;

/// A store that is a directory: the object at `/nix/store/…` is the file or
/// directory `root/nix/store/…`.
///
/// Everything is written beside its place and moved there when it is
/// complete, so that what is there is whole, whoever else writes to the same
/// directory. There is no database: what is there is valid. The references of
/// texts and trees are remembered only as long as this value lives; those of
/// derivations are in their files.
#[derive(Debug)]
pub struct DirectoryStore {
    dir: StoreDir,
    /// The directory that holds the objects.
    physical: PathBuf,
    references: FxHashMap<StorePath, Box<[StorePath]>>,
    tree_hashes: TreeHashes,
}

impl DirectoryStore {
    /// The store below `root`, whose store directory is created if it is
    /// missing.
    ///
    /// # Errors
    ///
    /// [`Error::Io`] if it cannot be created.
    pub fn new(root: &Path, dir: StoreDir) -> Result<DirectoryStore> {
        let physical = root.join(dir.as_str().trim_start_matches('/'));
        fs::create_dir_all(&physical).map_err(|error| Error::io("create the directory", &physical, error))?;
        Ok(DirectoryStore { dir, physical, references: FxHashMap::default(), tree_hashes: TreeHashes::default() })
    }

    /// Where the object at `path` is, or would be.
    pub fn physical_path(&self, path: &StorePath) -> PathBuf {
        self.physical.join(path.base_name())
    }

    fn write_text(&self, path: &StorePath, contents: &[u8]) -> Result<()> {
        if self.contains(path) {
            return Ok(());
        }
        let scratch = Scratch::new(&self.physical);
        let write = || {
            let mut file = File::create_new(&scratch.path)?;
            file.write_all(contents)?;
            make_canonical(&file, false)
        };
        write().map_err(|error| Error::io("write the file", &scratch.path, error))?;
        self.publish(&scratch, path)
    }

    fn publish(&self, scratch: &Scratch, path: &StorePath) -> Result<()> {
        let physical = self.physical_path(path);
        match fs::rename(&scratch.path, &physical) {
            // Someone else was faster.
            Err(_) if self.contains(path) => Ok(()),
            result => result.map_err(|error| Error::io("move into the store", &physical, error)),
        }
    }

    fn remember<'a>(&mut self, path: &StorePath, references: impl IntoIterator<Item = &'a StorePath>) {
        self.references.entry(path.clone()).or_insert_with(|| references.into_iter().cloned().collect());
    }
}

impl Store for DirectoryStore {
    fn dir(&self) -> &StoreDir {
        &self.dir
    }

    fn add_text(&mut self, name: &str, contents: &[u8], references: &BTreeSet<StorePath>) -> Result<StorePath> {
        let path = self.dir.text_path(name, contents, references)?;
        self.write_text(&path, contents)?;
        self.remember(&path, references);
        Ok(path)
    }

    fn add_tree(
        &mut self,
        name: &str,
        tree: &Tree<'_>,
        method: ContentAddressMethod,
        algorithm: HashAlgorithm,
        references: &BTreeSet<StorePath>,
    ) -> Result<StorePath> {
        let scratch = Scratch::new(&self.physical);
        let copy = || copy_tree(tree, method, algorithm, &scratch.path);
        let hash = self.tree_hashes.get_or(tree, method, algorithm, copy)?;
        let path = self.dir.fixed_path(name, method, &hash, references)?;
        if !self.contains(&path) {
            // The hash may be remembered from when the tree had another name.
            if !exists(&scratch.path) && copy_tree(tree, method, algorithm, &scratch.path)? != hash {
                return Err(Error::tree(tree.path, "it has changed since it was hashed"));
            }
            self.publish(&scratch, &path)?;
        }
        self.remember(&path, references);
        Ok(path)
    }

    fn add_derivation(&mut self, path: &StorePath, file: &DerivationFile<'_>) -> Result<()> {
        self.write_text(path, &file.bytes())
    }

    fn contains(&self, path: &StorePath) -> bool {
        exists(&self.physical_path(path))
    }

    fn locate(&self, path: &StorePath) -> Option<Location> {
        let physical = self.physical_path(path);
        exists(&physical).then_some(Location::Path(physical))
    }

    fn references(&self, path: &StorePath) -> Result<Vec<StorePath>> {
        if let Some(references) = self.references.get(path) {
            return Ok(references.to_vec());
        }
        if path.is_derivation() {
            let derivation = self.read_derivation(path)?;
            return Ok(derivation.references().cloned().collect());
        }
        match self.contains(path) {
            true => Ok(Vec::new()),
            false => Err(Error::Absent(self.dir.display(path))),
        }
    }

    fn read_derivation(&self, path: &StorePath) -> Result<Derivation> {
        let Some(name) = path.derivation_name() else {
            return Err(Error::not_a_derivation(self.dir.display(path)));
        };
        if !self.contains(path) {
            return Err(Error::Absent(self.dir.display(path)));
        }
        let physical = self.physical_path(path);
        let bytes = fs::read(&physical).map_err(|error| Error::io("read the file", &physical, error))?;
        parse(&bytes, name, &self.dir)
    }

    fn ensure(&mut self, path: &StorePath) -> Result<()> {
        match self.contains(path) {
            true => Ok(()),
            false => Err(Error::Absent(self.dir.display(path))),
        }
    }
}

/// Copies a tree and hashes it meanwhile.
fn copy_tree(tree: &Tree<'_>, method: ContentAddressMethod, algorithm: HashAlgorithm, to: &Path) -> Result<Hash> {
    match method {
        ContentAddressMethod::Nar => {
            let mut hasher = Hasher::new(algorithm);
            let mut gathered = Vec::new();
            let mut archive = NarWriter::new(tree.path, &mut hasher, &mut gathered);
            tree.walk(&mut Restore::new(to, &mut archive))?;
            archive.finish()?;
            Ok(hasher.finish())
        }
        ContentAddressMethod::Flat | ContentAddressMethod::Text => {
            let failed = |error| Error::io("write the file", to, error);
            let mut copy = File::create_new(to).map_err(failed)?;
            let mut hasher = Hasher::new(algorithm);
            tree.read(|bytes| {
                hasher.update(bytes);
                copy.write_all(bytes).map_err(failed)
            })?;
            make_canonical(&copy, false).map_err(failed)?;
            Ok(hasher.finish())
        }
        ContentAddressMethod::Git => Err(git_unsupported(tree.path)),
    }
}

fn exists(path: &Path) -> bool {
    path.symlink_metadata().is_ok()
}

/// A name beside the store objects for something unfinished, which goes away
/// with this value unless it has been moved.
struct Scratch {
    path: PathBuf,
}

impl Scratch {
    fn new(directory: &Path) -> Scratch {
        static COUNT: AtomicU64 = AtomicU64::new(0);
        let (process, count) = (std::process::id(), COUNT.fetch_add(1, Ordering::Relaxed));
        Scratch { path: directory.join(format!(".firn-{process}-{count}")) }
    }
}

impl Drop for Scratch {
    fn drop(&mut self) {
        if exists(&self.path) {
            // What cannot be removed is in nobody's way.
            let _ = remove(&self.path);
        }
    }
}
