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
