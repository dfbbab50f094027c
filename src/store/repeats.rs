//! Derivations that come again.
//!
//! A package set makes many of its derivations more than once, from values that are equal but not the same; and the next run
//! makes nearly all of them again. What is known of a derivation before anything is hashed by SHA-256 determines
//! all that is computed then: the paths of its outputs, its own, and what stands for it as an input of others. So that is
//! remembered by a digest of its [packed](super::packed) bytes (which takes a fraction of the time of the three to five hashes that it
//! saves), within this run and, if there is a [`Cache`], for others.

use rustc_hash::FxHashMap;
use smallvec::SmallVec;

use super::address::output_path_name_parts;
use super::derivation::{Derivation, Output, OutputName};
use super::hash_modulo::InputHash;
use super::packed::Packed;
use super::path::{DIGEST_LENGTH, StoreDir, StorePath};
use crate::cache::{Cache, Digest};
use crate::growth::room;

/// The table of a run's derivations grows at once when it has so many.
const SOME_KNOWN: usize = 256;

/// The derivations that were completed, by a digest of what was known of them before.
#[derive(Debug, Clone, Default)]
pub(super) struct Repeats {
    known: FxHashMap<Digest, Known>,
    cache: Option<Cache>,
}

/// A derivation of this run.
#[derive(Debug, Clone)]
pub(super) struct Known {
    pub(super) path: StorePath,
    /// Of an input-addressed derivation the paths of its outputs, in order.
    pub(super) outputs: SmallVec<[StorePath; 1]>,
}

/// What is known of a derivation before anything is hashed.
#[derive(Debug, Clone, Copy)]
pub(super) enum Draft {
    /// Its outputs are missing.
    Masked(PackedDraft),
    /// It has a fixed output, and is complete.
    Fixed(PackedDraft),
    /// Something that is not looked for.
    Other,
}

#[derive(Debug, Clone, Copy)]
pub(super) struct PackedDraft {
    pub(super) digest: Digest,
    pub(super) packed: Packed,
}

impl Draft {
    /// Writes what else than its packed bytes tells a derivation, to be digested behind them: what belongs together is digested in one
    /// piece, which is much faster than bit by bit. Read from its end, all of it can be told apart.
    pub(super) fn write_rest(name: &str, dir: &StoreDir, packed: Packed, out: &mut Vec<u8>) {
        for text in [name.as_bytes(), dir.as_str().as_bytes(), b"derivation", env!("FIRN_STORE_FORMAT").as_bytes()] {
            out.extend_from_slice(text);
            out.extend((text.len() as u64).to_le_bytes());
        }
        out.extend((packed.variables as u64).to_le_bytes());
    }

    /// How the derivation was packed.
    pub(super) fn packed(&self) -> Option<Packed> {
        self.as_packed().map(|draft| draft.packed)
    }

    fn digest(&self) -> Option<&Digest> {
        self.as_packed().map(|draft| &draft.digest)
    }

    fn as_packed(&self) -> Option<&PackedDraft> {
        match self {
            Draft::Masked(draft) | Draft::Fixed(draft) => Some(draft),
            Draft::Other => None,
        }
    }
}

impl Repeats {
    /// Takes in what earlier runs have kept there, and keeps there what is new.
    pub(super) fn use_cache(&mut self, cache: Cache) {
        self.cache = Some(cache);
    }

    /// A derivation of this run.
    pub(super) fn find(&self, draft: &Draft) -> Option<&Known> {
        self.known.get(draft.digest()?)
    }

    /// A derivation of an earlier run with this name and outputs, and what stands for it as an input.
    pub(super) fn find_earlier<'a>(
        &self,
        draft: &Draft,
        name: &str,
        outputs: impl Iterator<Item = &'a OutputName>,
    ) -> Option<(Known, InputHash)> {
        self.cache.as_ref()?.find_digest(draft.digest()?, |entry| Known::of_entry(entry, draft, name, outputs))
    }

    /// Remembers a derivation that is complete, for this run.
    pub(super) fn remember(&mut self, draft: &Draft, known: Known) {
        if let Some(digest) = draft.digest() {
            self.known.reserve(room(self.known.len(), SOME_KNOWN));
            self.known.insert(*digest, known);
        }
    }

    /// Keeps a derivation that is complete for later runs, with what stands for it as an input.
    pub(super) fn keep(&self, draft: &Draft, known: &Known, hash: InputHash) {
        let (Some(cache), Some(digest)) = (&self.cache, draft.digest()) else { return };
        let (InputHash::Derivation(hash) | InputHash::FixedOutput(hash)) = hash else { return };
        let paths = std::iter::once(&known.path).chain(&known.outputs);
        let parts: Vec<&[u8]> =
            std::iter::once(hash.as_slice()).chain(paths.map(|path| path.digest().as_bytes())).collect();
        cache.add_digest(digest, &parts);
    }
}

impl Known {
    /// A derivation of which there is this entry, with what stands for it as an input.
    fn of_entry<'a>(
        entry: &[u8],
        draft: &Draft,
        name: &str,
        outputs: impl Iterator<Item = &'a OutputName>,
    ) -> Option<(Known, InputHash)> {
        let (hash, mut digests) = entry.split_first_chunk::<32>()?;
        let mut path = |name: &[&str]| {
            let (digits, rest) = digests.split_first_chunk::<DIGEST_LENGTH>()?;
            digests = rest;
            StorePath::from_digits(digits, name)
        };
        let drv = path(&[name, ".drv"])?;
        let output = |output: &OutputName| path(&output_path_name_parts(name, output));
        let (outputs, hash) = match draft {
            Draft::Masked(_) => (outputs.map(output).collect::<Option<_>>()?, InputHash::Derivation(*hash)),
            Draft::Fixed(_) => (SmallVec::new(), InputHash::FixedOutput(*hash)),
            Draft::Other => return None,
        };
        digests.is_empty().then_some((Known { path: drv, outputs }, hash))
    }

    pub(super) fn new(draft: &Draft, path: &StorePath, derivation: &Derivation) -> Known {
        let outputs = match draft {
            Draft::Masked(_) => derivation.outputs.values().filter_map(Output::path).cloned().collect(),
            _ => SmallVec::new(),
        };
        Known { path: path.clone(), outputs }
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;
    use std::path::Path;

    use super::*;
    use crate::store::{ComputeStore, DerivationFile, Hash, HashAlgorithm, HashModulo, Store, instantiate};

    fn derivation(name: &str, text: &str, inputs: &[StorePath]) -> Derivation {
        let mut derivation = Derivation {
            name: name.into(),
            system: b"any".into(),
            builder: b"/bin/sh".into(),
            ..Derivation::default()
        };
        derivation.env.insert("text", text);
        for input in inputs {
            derivation.add_input(input.clone(), &["out".into()]).expect("its outputs are not dynamic");
        }
        let dir = StoreDir::default();
        for output in ["out", "dev"] {
            derivation.set_output(output.into(), Output::Deferred, &dir);
        }
        derivation
    }

    fn fixed(name: &str, text: &str) -> Derivation {
        let dir = StoreDir::default();
        let mut derivation = derivation(name, text, &[]);
        derivation.outputs.clear();
        let hash = Hash::new(HashAlgorithm::Sha256, &[7; 32]).expect("it has 32 bytes");
        let method = crate::store::ContentAddressMethod::Flat;
        let path = dir.fixed_path(name, method, &hash, &BTreeSet::new()).expect("nothing is wrong with it");
        derivation.set_output("out".into(), Output::Fixed { method, hash, path }, &dir);
        derivation
    }

    /// Some derivations, among them some that come again, one after the other, as one run makes them.
    fn run(cache: Option<&Path>) -> Vec<(StorePath, Derivation, Option<InputHash>)> {
        let mut store = ComputeStore::default();
        let mut hashes = HashModulo::new(StoreDir::default());
        if let Some(directory) = cache {
            hashes.use_cache(Cache::in_directory(directory));
        }
        let mut made: Vec<(StorePath, Derivation, Option<InputHash>)> = Vec::new();
        for round in 0..2 {
            for (name, text) in [("a", "x\ny"), ("a", "x y"), ("b", "x\ny"), ("a", "x\ny")] {
                let inputs: Vec<StorePath> = made[..made.len().min(6)].iter().map(|(path, ..)| path.clone()).collect();
                let with_inputs = derivation(name, text, if round == 0 { &[] } else { &inputs });
                for mut derivation in [derivation(name, text, &[]), fixed(name, text), with_inputs] {
                    let path = instantiate(&mut store, &mut hashes, &mut derivation).expect("nothing is wrong with it");
                    assert_eq!(store.read_derivation(&path).expect("it has been added"), derivation);
                    let hash = hashes.get(&path);
                    made.push((path, derivation, hash));
                }
            }
        }
        made
    }

    #[test]
    fn what_comes_again_is_completed_like_the_first_time() {
        let expected = run(None);
        let paths: BTreeSet<&StorePath> = expected.iter().map(|(path, ..)| path).collect();
        assert_eq!(paths.len(), 3 + 3 + 3);
        let directory = tempfile::tempdir().expect("there is room for files");
        for _ in 0..3 {
            assert_eq!(run(Some(directory.path())), expected);
        }
    }

    /// A store may have something else at the path of a derivation. What follows from that is not kept.
    #[test]
    fn what_was_read_spoils_nothing_but_the_run() {
        let directory = tempfile::tempdir().expect("there is room for files");
        let dir = StoreDir::default();
        let mut input = derivation("input", "right", &[]);
        let path = instantiate(&mut ComputeStore::default(), &mut HashModulo::new(dir.clone()), &mut input)
            .expect("nothing is wrong with it");
        let mut wrong_input = derivation("input", "wrong", &[]);
        HashModulo::new(dir.clone()).fill_outputs(&mut wrong_input, &mut |_| unreachable!()).expect("it has no inputs");
        // The input is made, unless there is one in the store.
        let run = |stored_input: Option<&Derivation>, cache: bool| {
            let (mut store, mut hashes) = (ComputeStore::default(), HashModulo::new(dir.clone()));
            if cache {
                hashes.use_cache(Cache::in_directory(directory.path()));
            }
            if let Some(stored) = stored_input {
                let file = DerivationFile::new(stored, &dir);
                store.add_derivation(&path, &file).expect("it is kept in memory");
            } else {
                let mut input = derivation("input", "right", &[]);
                instantiate(&mut store, &mut hashes, &mut input).expect("nothing is wrong with it");
            }
            let mut middle = derivation("middle", "", std::slice::from_ref(&path));
            let middle_path = instantiate(&mut store, &mut hashes, &mut middle).expect("nothing is wrong with it");
            assert_eq!(store.read_derivation(&middle_path).expect("it has been added"), middle);
            let mut last = derivation("last", "", &[middle_path]);
            instantiate(&mut store, &mut hashes, &mut last).expect("nothing is wrong with it")
        };
        let (right, wrong) = (run(None, false), run(Some(&wrong_input), false));
        assert_ne!(right, wrong);
        for _ in 0..2 {
            assert_eq!(run(Some(&wrong_input), true), wrong);
            assert_eq!(run(None, true), right);
            // What is read counts like what is made.
            assert_eq!(run(Some(&input), true), right);
            assert_eq!(run(Some(&input), false), right);
        }
    }

    /// The names of outputs are written without escapes, so that of a wrong one may look like several.
    #[test]
    fn an_output_that_cannot_be_is_an_error_whatever_was_before() {
        let dir = StoreDir::default();
        let with_outputs = |outputs: &[&str]| {
            let mut derivation = derivation("a", "", &[]);
            derivation.outputs.clear();
            derivation.env = Default::default();
            for output in ["dev", "out", "dev\",\"\",\"\",\"\"),(\"out"] {
                derivation.env.insert(output, "");
            }
            for output in outputs {
                derivation.set_output((*output).into(), Output::Deferred, &dir);
            }
            derivation
        };
        let (mut store, mut hashes) = (ComputeStore::default(), HashModulo::new(dir.clone()));
        let mut instantiate = |mut derivation: Derivation| instantiate(&mut store, &mut hashes, &mut derivation);
        assert!(instantiate(with_outputs(&["dev\",\"\",\"\",\"\"),(\"out"])).is_err());
        instantiate(with_outputs(&["dev", "out"])).expect("nothing is wrong with it");
        assert!(instantiate(with_outputs(&["dev\",\"\",\"\",\"\"),(\"out"])).is_err());
    }

    /// The second run does not compute anything: what it finds is what counts.
    #[test]
    fn an_earlier_run_is_believed() {
        let directory = tempfile::tempdir().expect("there is room for files");
        let dir = StoreDir::default();
        let complete = |text: &str, entry: Option<&[&[u8]]>| {
            let cache = Cache::in_directory(directory.path());
            let mut derivation = derivation("a", text, &[]);
            let mut hashes = HashModulo::new(dir.clone());
            hashes.use_cache(cache.clone());
            let draft = hashes.draft(&mut derivation.clone()).expect("nothing is wrong with it");
            if let Some(entry) = entry {
                cache.add_digest(draft.digest().expect("it is looked for"), entry);
            }
            drop((hashes, cache));
            let mut hashes = HashModulo::new(dir.clone());
            hashes.use_cache(Cache::in_directory(directory.path()));
            let mut store = ComputeStore::default();
            instantiate(&mut store, &mut hashes, &mut derivation).expect("nothing is wrong with it")
        };
        let digest = b"bc1vasvg82di4jnh0pi90ji3rdkzh6qw".as_slice();
        let invented = [[1; 32].as_slice(), digest, digest, digest];
        assert_eq!(complete("one", Some(&invented)).base_name(), "bc1vasvg82di4jnh0pi90ji3rdkzh6qw-a.drv");
        let right = complete("two", None);
        assert_ne!(right.digest().as_bytes(), digest);
        // Entries that cannot be right are none.
        for (text, entry) in
            [("3", &invented[..3]), ("4", &[b"".as_slice()]), ("5", &[[1; 32].as_slice(), &[b'!'; 96]])]
        {
            assert_eq!(complete(text, Some(entry)), {
                let mut derivation = derivation("a", text, &[]);
                instantiate(&mut ComputeStore::default(), &mut HashModulo::new(dir.clone()), &mut derivation)
                    .expect("nothing is wrong with it")
            });
        }
        let longer = [&invented[..], &[b"x"]].concat();
        assert_ne!(complete("6", Some(&longer)).digest().as_bytes(), digest);
    }
}
