//! Derivations that come again.
//!
//! A package set makes many of its derivations more than once, from values that are equal but not the same. Finding out that one
//! is there already takes comparing its bytes, which is far less than hashing them two or three times.

use std::hash::Hasher;
use std::sync::Arc;

use rustc_hash::{FxHashMap, FxHasher};

use super::aterm::Parts;
use super::derivation::{Derivation, Output};
use super::path::{StoreDir, StorePath};

/// The derivations that were added, by a digest of what was known of them before.
#[derive(Debug, Clone, Default)]
pub(super) struct Repeats {
    known: FxHashMap<u64, Known>,
}

#[derive(Debug, Clone)]
struct Known {
    path: StorePath,
    /// Of an input-addressed derivation the paths of its outputs, in order.
    outputs: Box<[StorePath]>,
}

/// What is known of a derivation before anything is hashed, with a digest of it.
#[derive(Debug, Clone, Copy)]
pub(super) enum Draft {
    /// Its outputs are missing; the rest is in the parts.
    Masked(u64),
    /// Its file is complete.
    File(u64),
    /// Something that is not looked for.
    Other,
}

/// How to get the bytes of a file, if they are at hand.
pub(super) type ReadFile<'a> = dyn Fn(&StorePath) -> Option<Arc<[u8]>> + 'a;

impl Draft {
    /// The outputs of the derivation are missing, and the other parts of its bytes are these.
    pub(super) fn masked(name: &str, parts: &Parts) -> Draft {
        let mut hasher = FxHasher::default();
        hasher.write(name.as_bytes());
        parts.file().iter().for_each(|part| hasher.write(part));
        Draft::Masked(hasher.finish())
    }

    /// The derivation has this name and file.
    pub(super) fn file(name: &str, file: &[u8]) -> Draft {
        let mut hasher = FxHasher::default();
        hasher.write(name.as_bytes());
        hasher.write(file);
        Draft::File(hasher.finish())
    }
}

impl Repeats {
    /// Remembers a derivation that is complete.
    pub(super) fn remember(&mut self, draft: Draft, path: &StorePath, derivation: &Derivation) {
        let (digest, outputs) = match draft {
            Draft::Masked(digest) => (digest, derivation.outputs.values().filter_map(Output::path).cloned().collect()),
            Draft::File(digest) => (digest, Box::default()),
            Draft::Other => return,
        };
        self.known.insert(digest, Known { path: path.clone(), outputs });
    }

    /// The path of a derivation whose file is this.
    pub(super) fn of_file(&self, digest: u64, name: &str, file: &[u8], read: &ReadFile<'_>) -> Option<StorePath> {
        let known = self.known.get(&digest).filter(|known| known.path.derivation_name() == Some(name))?;
        (*read(&known.path)? == *file).then(|| known.path.clone())
    }

    /// The path and outputs of a derivation whose parts are these, but for its outputs.
    pub(super) fn of_parts(
        &self,
        digest: u64,
        derivation: &Derivation,
        parts: &Parts,
        dir: &StoreDir,
        read: &ReadFile<'_>,
    ) -> Option<(StorePath, Box<[StorePath]>)> {
        let known = self.known.get(&digest).filter(|known| {
            known.path.derivation_name() == Some(derivation.name.as_str())
                && known.outputs.len() == derivation.outputs.len()
        })?;
        let file = read(&known.path)?;
        let outputs = derivation.outputs.keys().zip(&known.outputs);
        parts.is_file_of(outputs, dir, &file).then(|| (known.path.clone(), known.outputs.clone()))
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;
    use crate::store::{ComputeStore, HashModulo, Store, instantiate};

    fn derivation(name: &str, text: &str) -> Derivation {
        let mut derivation = Derivation {
            name: name.into(),
            system: b"any".into(),
            builder: b"/bin/sh".into(),
            ..Derivation::default()
        };
        derivation.env.insert("text", text);
        let dir = StoreDir::default();
        for output in ["out", "dev"] {
            derivation.set_output(output.into(), Output::Deferred, &dir);
        }
        derivation
    }

    #[test]
    fn what_comes_again_is_completed_like_the_first_time() {
        let mut store = ComputeStore::default();
        let mut hashes = HashModulo::new(StoreDir::default());
        let mut made: Vec<(StorePath, Derivation)> = Vec::new();
        for (name, text) in [("a", "x\ny"), ("a", "x y"), ("b", "x\ny"), ("a", "x\ny"), ("b", "x\ny"), ("a", "x y")] {
            let mut derivation = derivation(name, text);
            let path = instantiate(&mut store, &mut hashes, &mut derivation).expect("nothing is wrong with it");
            assert_eq!(store.read_derivation(&path).expect("it has been added"), derivation);
            made.push((path, derivation));
        }
        assert!(made[0] == made[3] && made[1] == made[5] && made[2] == made[4]);
        let paths: BTreeSet<&StorePath> = made.iter().map(|(path, _)| path).collect();
        assert_eq!(paths.len(), 3);
    }

    #[test]
    fn equal_digests_of_different_derivations_do_no_harm() {
        let dir = StoreDir::default();
        let mut store = ComputeStore::default();
        let mut hashes = HashModulo::new(dir.clone());
        let mut first = derivation("a", "first");
        let path = instantiate(&mut store, &mut hashes, &mut first).expect("nothing is wrong with it");
        let file = crate::store::aterm::to_bytes(&first, &dir);
        let mut repeats = Repeats::default();
        repeats.remember(Draft::Masked(7), &path, &first);
        let read = |_: &StorePath| Some(file.clone().into());
        let found = |text: &str| {
            let other = derivation("a", text);
            let mut parts = Parts::default();
            parts.fill(&other, &dir, super::super::aterm::Outputs::Masked);
            repeats.of_parts(7, &other, &parts, &dir, &read).map(|(path, _)| path)
        };
        assert_eq!(found("first"), Some(path));
        for other in ["other", "firs", "first ", ""] {
            assert_eq!(found(other), None);
        }
    }
}
