//! What evaluation needs of a store.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use rustc_hash::FxHashMap;

use super::address::ContentAddressMethod;
use super::derivation::Derivation;
use super::error::{Error, Result};
use super::hash::{Hash, HashAlgorithm};
use super::hasher::Hasher;
use super::instantiate::DerivationFile;
use super::nar;
use super::path::{StoreDir, StorePath};
use super::tree::Tree;
use crate::cache::Cache;

/// A place for store objects.
///
/// Evaluation adds texts, source trees and derivations, and learns their
/// paths; sometimes it reads back what it added. A back end decides whether
/// anything is written anywhere.
pub trait Store: Send {
    /// The directory that store paths start with.
    fn dir(&self) -> &StoreDir;

    /// Adds a file with these contents that refers to these store objects:
    /// the effect of `builtins.toFile`.
    ///
    /// # Errors
    ///
    /// If a store object cannot have this name, or the back end fails.
    fn add_text(&mut self, name: &str, contents: &[u8], references: &BTreeSet<StorePath>) -> Result<StorePath>;

    /// Adds a tree of files: the effect of `builtins.path`, and of a path in a
    /// string. A back end may remember the hash of a whole tree by its path
    /// and not read it again, so that a store serves one source of files.
    ///
    /// # Errors
    ///
    /// If a store object cannot have this name, the method does not allow
    /// these references, the tree cannot be read, or the back end fails.
    fn add_tree(
        &mut self,
        name: &str,
        tree: &Tree<'_>,
        method: ContentAddressMethod,
        algorithm: HashAlgorithm,
        references: &BTreeSet<StorePath>,
    ) -> Result<StorePath>;

    /// Adds the file of a derivation that is complete. `path` is its store path. [`instantiate`](super::instantiate())
    /// completes and adds one.
    ///
    /// # Errors
    ///
    /// If the back end fails.
    fn add_derivation(&mut self, path: &StorePath, file: &DerivationFile<'_>) -> Result<()>;

    /// Whether the store has this path.
    fn contains(&self, path: &StorePath) -> bool;

    /// Where the store object at `path` can be read. `None` if this store
    /// knows of no place, which does not mean that there is nothing at the
    /// path itself.
    fn locate(&self, path: &StorePath) -> Option<Location>;

    /// The store objects that the one at `path` refers to, without itself.
    ///
    /// # Errors
    ///
    /// If the store does not have the path.
    fn references(&self, path: &StorePath) -> Result<Vec<StorePath>>;

    /// The derivation whose file is at `path`.
    ///
    /// # Errors
    ///
    /// If the store does not have the path, or it is no derivation.
    fn read_derivation(&self, path: &StorePath) -> Result<Derivation>;

    /// Gives the store a cache, where it may keep hashes from one run to the next. Most have no use for one.
    fn use_cache(&mut self, cache: &Cache) {
        let _ = cache;
    }

    /// Makes sure that the store has this path: the effect of
    /// `builtins.storePath`.
    ///
    /// # Errors
    ///
    /// If it does not have it and cannot get it.
    fn ensure(&mut self, path: &StorePath) -> Result<()>;
}

/// Where a store object can be read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Location {
    /// It is a file with these contents.
    Text(Arc<[u8]>),
    /// It is the same as what is at this path of the file source.
    Path(PathBuf),
}

/// A store object and all that it refers to, directly or not.
///
/// # Errors
///
/// If the store does not have one of the paths.
pub fn closure(store: &dyn Store, path: &StorePath) -> Result<BTreeSet<StorePath>> {
    let mut closure = BTreeSet::from([path.clone()]);
    let mut unvisited = vec![path.clone()];
    while let Some(path) = unvisited.pop() {
        for reference in store.references(&path)? {
            if closure.insert(reference.clone()) {
                unvisited.push(reference);
            }
        }
    }
    Ok(closure)
}

/// The hash of a tree by the method by which it is content-addressed.
///
/// # Errors
///
/// If the tree cannot be read, is more than a single file where the method
/// wants one, or the method is [`Git`](ContentAddressMethod::Git), which is
/// not supported for anything but paths of fixed outputs.
pub fn hash_tree(tree: &Tree<'_>, method: ContentAddressMethod, algorithm: HashAlgorithm) -> Result<Hash> {
    match method {
        ContentAddressMethod::Nar => Ok(nar::hash(tree, algorithm)?.0),
        ContentAddressMethod::Flat | ContentAddressMethod::Text => {
            let mut hasher = Hasher::new(algorithm);
            tree.read(|bytes| {
                hasher.update(bytes);
                Ok(())
            })?;
            Ok(hasher.finish())
        }
        ContentAddressMethod::Git => Err(git_unsupported(tree.path)),
    }
}

pub(super) fn git_unsupported(path: &Path) -> Error {
    Error::Address(format!("cannot hash '{}' as Git does: that is not supported", path.display()))
}

/// The hashes of trees without a selection, which need not be read twice.
#[derive(Debug, Default)]
pub(super) struct TreeHashes {
    known: FxHashMap<(PathBuf, ContentAddressMethod, HashAlgorithm), Hash>,
}

impl TreeHashes {
    /// The hash of the tree, remembered or else computed by `hash`.
    pub(super) fn get_or(
        &mut self,
        tree: &Tree<'_>,
        method: ContentAddressMethod,
        algorithm: HashAlgorithm,
        hash: impl FnOnce() -> Result<Hash>,
    ) -> Result<Hash> {
        if tree.selection.is_some() {
            return hash();
        }
        let key = (tree.path.to_owned(), method, algorithm);
        if let Some(hash) = self.known.get(&key) {
            return Ok(*hash);
        }
        let hash = hash()?;
        self.known.insert(key, hash);
        Ok(hash)
    }
}
