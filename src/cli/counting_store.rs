//! A store that counts the derivations it is given.

use std::collections::BTreeSet;

use super::progress::Progress;
use crate::cache::Cache;
use crate::store::{
    ContentAddressMethod, Derivation, DerivationFile, HashAlgorithm, Location, Result, Store, StoreDir, StorePath, Tree,
};

/// Another store, and the progress that its derivations are.
pub(super) struct CountingStore<S> {
    pub(super) store: S,
    pub(super) progress: Progress,
}

impl<S: Store> Store for CountingStore<S> {
    fn dir(&self) -> &StoreDir {
        self.store.dir()
    }

    fn add_text(&mut self, name: &str, contents: &[u8], references: &BTreeSet<StorePath>) -> Result<StorePath> {
        self.store.add_text(name, contents, references)
    }

    fn add_tree(
        &mut self,
        name: &str,
        tree: &Tree<'_>,
        method: ContentAddressMethod,
        algorithm: HashAlgorithm,
        references: &BTreeSet<StorePath>,
    ) -> Result<StorePath> {
        self.store.add_tree(name, tree, method, algorithm, references)
    }

    fn add_derivation(&mut self, path: &StorePath, file: &DerivationFile<'_>) -> Result<()> {
        self.progress.count_derivation();
        self.store.add_derivation(path, file)
    }

    fn contains(&self, path: &StorePath) -> bool {
        self.store.contains(path)
    }

    fn locate(&self, path: &StorePath) -> Option<Location> {
        self.store.locate(path)
    }

    fn references(&self, path: &StorePath) -> Result<Vec<StorePath>> {
        self.store.references(path)
    }

    fn read_derivation(&self, path: &StorePath) -> Result<Derivation> {
        self.store.read_derivation(path)
    }

    fn use_cache(&mut self, cache: &Cache) {
        self.store.use_cache(cache);
    }

    fn ensure(&mut self, path: &StorePath) -> Result<()> {
        self.store.ensure(path)
    }
}
