//! The hashes of derivations modulo their inputs, and the output paths that
//! follow from them.
//!
//! A derivation is identified not by the paths of its input derivations but
//! by what these produce: an input with a fixed output counts as that output,
//! however it is fetched. Hence the detour: the bytes of a derivation are
//! hashed with each input replaced by the hash of *its* bytes, computed in the
//! same way.
//!
//! Source: "Input-addressing derivation outputs" in the Nix manual,
//! `store/derivation/outputs/input-address.md`.

use std::ops::Range;

use indexmap::IndexMap;
use rustc_hash::{FxBuildHasher, FxHashSet};

use super::aterm::{self, Outputs, Parts};
use super::derivation::{Derivation, DerivationKind, Output, OutputName};
use super::environment::Environment;
use super::error::{Error, Result};
use super::hash::Hash;
use super::hasher::{digest, sha256, sha256_of_parts};
use super::packed::{self, Packed};
use super::path::{StoreDir, StorePath};
use super::recipe::Recipe;
use super::repeats::{Draft, Known, PackedDraft, Repeats};
use crate::cache::Cache;
use crate::growth::room;

/// Computes hashes of derivations modulo their inputs, and remembers them by
/// store path, so that no derivation is hashed twice.
#[derive(Debug, Clone)]
pub struct HashModulo {
    dir: StoreDir,
    /// When it grows, no path is hashed again.
    known: IndexMap<StorePath, InputHash, FxBuildHasher>,
    /// Those of them that were read from a store or given, and those that need such. Nothing tells whether their paths are those of
    /// their files, so what follows from them is not kept for other runs.
    unproven: FxHashSet<StorePath>,
    repeats: Repeats,
    /// How many derivations were completed with what an earlier run had kept.
    earlier: u64,
    /// Holds the bytes that are hashed.
    parts: Parts,
    /// Holds the bytes of a file.
    file: Vec<u8>,
}

/// The table of derivations that are known grows at once when it has so many.
const SOME_KNOWN: usize = 256;

/// What stands for a derivation in those that need it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum InputHash {
    /// The SHA-256 hash of an input-addressed derivation, for all its outputs.
    Derivation([u8; 32]),
    /// A SHA-256 hash for the one output of a fixed-output derivation.
    FixedOutput([u8; 32]),
    /// Nothing yet: the outputs are known only once they are built.
    Deferred,
}

/// Where to get input derivations that the memory does not know.
pub type ReadDerivation<'a> = dyn FnMut(&StorePath) -> Result<Derivation> + 'a;

impl HashModulo {
    /// A memory without derivations.
    pub fn new(dir: StoreDir) -> HashModulo {
        HashModulo {
            dir,
            known: IndexMap::default(),
            unproven: FxHashSet::default(),
            repeats: Repeats::default(),
            earlier: 0,
            parts: Parts::default(),
            file: Vec::new(),
        }
    }

    /// Gives each output of an input-addressed derivation its path, where that
    /// follows from the inputs, and each variable that is named like an output
    /// and is empty or missing that output's path. What is there already is
    /// checked.
    ///
    /// ```
    /// use firn::store::{Derivation, HashModulo, Output, StoreDir};
    ///
    /// let mut derivation = Derivation {
    ///     name: "x".into(),
    ///     system: b"x86_64-linux".into(),
    ///     builder: b"/bin/sh".into(),
    ///     ..Derivation::default()
    /// };
    /// for (name, value) in [("name", "x"), ("builder", "/bin/sh"), ("system", "x86_64-linux")] {
    ///     derivation.env.insert(name, value);
    /// }
    /// let dir = StoreDir::default();
    /// derivation.set_output("out".into(), Output::Deferred, &dir);
    /// let mut hashes = HashModulo::new(dir);
    /// hashes.fill_outputs(&mut derivation, &mut |_| unreachable!("there are no inputs"))?;
    /// assert_eq!(
    ///     derivation.env.get("out"),
    ///     Some(b"/nix/store/s668cfx1vrqfjryf96jj8wfhg7f67dhj-x".as_slice()),
    /// );
    /// # Ok::<_, firn::store::Error>(())
    /// ```
    ///
    /// # Errors
    ///
    /// Those of [`Derivation::kind`] and of `read`; [`Error::Name`] if an
    /// output cannot have its name; [`Error::Derivation`] if a path or
    /// variable that is there is not the right one, or an input does not have
    /// an output that is needed.
    pub fn fill_outputs(&mut self, derivation: &mut Derivation, read: &mut ReadDerivation<'_>) -> Result<()> {
        let hash = self.masked_hash(derivation, read)?;
        self.fill(derivation, hash.as_ref())
    }

    pub(super) fn dir(&self) -> &StoreDir {
        &self.dir
    }

    /// Takes in what earlier runs have kept in a cache, and keeps there what is new.
    pub(crate) fn use_cache(&mut self, cache: Cache) {
        self.repeats.use_cache(cache);
    }

    /// How many derivations were completed with what an earlier run had kept.
    pub(crate) fn earlier(&self) -> u64 {
        self.earlier
    }

    /// Writes down what is known of a derivation before anything is hashed.
    pub(super) fn draft(&mut self, derivation: &mut Derivation) -> Result<Draft> {
        match derivation.kind()? {
            DerivationKind::Fixed if !derivation.has_dynamic_inputs() => {
                self.fill(derivation, None)?;
                let packed = packed::pack(derivation);
                Ok(Draft::Fixed(self.digest(&derivation.name, &mut derivation.env, packed)))
            }
            DerivationKind::Deferred if !derivation.has_dynamic_inputs() && has_empty_outputs(derivation) => {
                let packed = packed::pack(derivation);
                Ok(Draft::Masked(self.digest(&derivation.name, &mut derivation.env, packed)))
            }
            _ => Ok(Draft::Other),
        }
    }

    /// The same for a recipe, and how it was packed.
    pub(super) fn draft_of_recipe(&self, recipe: &mut Recipe<'_, '_>) -> (Draft, Packed) {
        let packed = recipe.pack();
        let draft = self.digest(recipe.name, &mut recipe.env, packed);
        match recipe.is_fixed() {
            true => (Draft::Fixed(draft), packed),
            false => (Draft::Masked(draft), packed),
        }
    }

    /// Digests a derivation that was packed behind these variables, with what else tells it.
    fn digest(&self, name: &str, env: &mut Environment, packed: Packed) -> PackedDraft {
        let bytes = env.bytes_mut();
        Draft::write_rest(name, &self.dir, packed, bytes);
        let digest = digest(bytes);
        bytes.truncate(packed.length);
        PackedDraft { digest, packed }
    }

    /// What is known of the derivation with so many outputs of which there is this draft, if it was completed in this run and the store
    /// has it.
    pub(super) fn find_repeated(
        &self,
        draft: &Draft,
        outputs: usize,
        is_there: impl Fn(&StorePath) -> bool,
    ) -> Option<&Known> {
        // A name that no output can have may look like several outputs.
        let fits = |known: &Known| match draft {
            Draft::Masked(_) => known.outputs.len() == outputs,
            _ => true,
        };
        self.repeats.find(draft).filter(|known| fits(known) && is_there(&known.path))
    }

    /// What is known of the derivation with this name and these outputs of which there is this draft, if it was completed in an earlier
    /// run. Then it is remembered.
    pub(super) fn find_earlier<'a>(
        &mut self,
        draft: &Draft,
        name: &str,
        outputs: impl Iterator<Item = &'a OutputName>,
        are_inputs_made: impl FnOnce(&Self) -> bool,
    ) -> Option<Known> {
        let (known, hash) = self.repeats.find_earlier(draft, name, outputs)?;
        // It depends on nothing but what this run has made, too.
        if !are_inputs_made(self) {
            return None;
        }
        self.earlier += 1;
        self.know(known.path.clone(), hash);
        self.repeats.remember(draft, known.clone());
        Some(known)
    }

    /// Whether all of these derivations were made in this run, of nothing but what was.
    pub(super) fn have_made<'a>(&self, mut inputs: impl Iterator<Item = &'a StorePath>) -> bool {
        inputs.all(|path| self.known.contains_key(path) && !self.is_unproven(path))
    }

    /// The same for what a recipe needs.
    pub(super) fn have_made_inputs(&self, recipe: &Recipe<'_, '_>) -> bool {
        recipe.are_made && self.unproven.is_empty() || self.have_made(recipe.inputs.iter().map(|(path, _)| *path))
    }

    /// Gives a derivation the paths of outputs that are known.
    pub(super) fn complete_as(&self, derivation: &mut Derivation, known: &Known) -> Result<()> {
        let Derivation { name, outputs, env, .. } = derivation;
        for ((output_name, output), path) in outputs.iter_mut().zip(&known.outputs) {
            self.fill_variable(name, env, output_name, path)?;
            *output = Output::InputAddressed(path.clone());
        }
        Ok(())
    }

    /// Does what [`fill_outputs`](HashModulo::fill_outputs) does, and writes the [file](HashModulo::file). What it gives is
    /// for [`learn_completed`](HashModulo::learn_completed).
    pub(super) fn complete(
        &mut self,
        draft: Draft,
        derivation: &mut Derivation,
        read: &mut ReadDerivation<'_>,
    ) -> Result<Completed> {
        let hash = match draft {
            Draft::Fixed(_) => None,
            Draft::Masked(_) => {
                self.learn_inputs(derivation, read)?;
                self.hash(derivation, Outputs::Masked)?.map(Hash::sha256)
            }
            Draft::Other => self.masked_hash(derivation, read)?,
        };
        self.fill(derivation, hash.as_ref())?;
        if hash.is_some() {
            let inputs = self.parts.show(derivation, &self.dir, &mut self.file);
            return Ok(Completed { draft, inputs: Some(inputs) });
        }
        self.file.clear();
        aterm::write(derivation, &self.dir, &mut self.file);
        let draft = if let Draft::Fixed(_) = draft { draft } else { Draft::Other };
        Ok(Completed { draft, inputs: None })
    }

    /// The bytes of the derivation that was completed last.
    pub(super) fn file(&self) -> &[u8] {
        &self.file
    }

    /// Remembers what stands for the derivation that was completed last, like [`learn`](HashModulo::learn).
    pub(super) fn learn_completed(
        &mut self,
        path: &StorePath,
        derivation: &Derivation,
        completed: Completed,
        read: &mut ReadDerivation<'_>,
    ) -> Result<()> {
        let hash = match (self.get(path), completed.inputs) {
            (Some(hash), _) => hash,
            (None, Some(inputs)) => InputHash::Derivation(sha256_of_parts(&self.parts.shown(&self.file, inputs))),
            (None, None) => {
                self.learn_inputs(derivation, read)?;
                self.input_hash(derivation)?
            }
        };
        self.know(path.clone(), hash);
        let known = Known::new(&completed.draft, path, derivation);
        if derivation.input_derivations.keys().any(|input| self.is_unproven(input)) {
            self.unproven.insert(path.clone());
        } else {
            self.repeats.keep(&completed.draft, &known, hash);
        }
        self.repeats.remember(&completed.draft, known);
        Ok(())
    }

    /// The hash that the paths of the outputs follow from, if they follow from the inputs.
    fn masked_hash(&mut self, derivation: &Derivation, read: &mut ReadDerivation<'_>) -> Result<Option<Hash>> {
        match derivation.kind()? {
            DerivationKind::Floating | DerivationKind::Impure | DerivationKind::Fixed => Ok(None),
            DerivationKind::InputAddressed | DerivationKind::Deferred => {
                self.learn_inputs(derivation, read)?;
                Ok(self.hash(derivation, Outputs::Masked)?.map(Hash::sha256))
            }
        }
    }

    fn fill(&self, derivation: &mut Derivation, hash: Option<&Hash>) -> Result<()> {
        let Derivation { name, outputs, env, .. } = derivation;
        for (output_name, output) in outputs {
            if let Some(hash) = hash {
                let path = self.dir.output_path(name, output_name, hash)?;
                check_path(name, output, &path)?;
                *output = Output::InputAddressed(path);
            } else if let Output::InputAddressed(path) = output {
                let problem = format!("the path '{path}' of an output cannot be known yet");
                return Err(Error::derivation(name, problem));
            }
            if let Some(path) = output.path() {
                self.fill_variable(name, env, output_name, path)?;
            }
        }
        Ok(())
    }

    /// Gives the variable that is named like an output the output's path, which it may have already.
    fn fill_variable(&self, name: &str, env: &mut Environment, output: &OutputName, path: &StorePath) -> Result<()> {
        let parts = self.dir.parts(path).map(str::as_bytes);
        env.fill(output.as_bytes(), &parts).map_err(|value| {
            let (value, path) = (String::from_utf8_lossy(value), self.dir.display(path));
            let problem = format!("its variable '{output}' is '{value}', but should be '{path}'");
            Error::derivation(name, problem)
        })
    }

    /// Remembers what stands for a derivation that is complete. `path` is its
    /// store path.
    ///
    /// # Errors
    ///
    /// Those of [`Derivation::kind`] and of `read`.
    pub fn learn(
        &mut self,
        path: StorePath,
        derivation: &Derivation,
        read: &mut ReadDerivation<'_>,
    ) -> Result<InputHash> {
        if let Some(hash) = self.known.get(&path) {
            return Ok(*hash);
        }
        self.learn_inputs(derivation, read)?;
        let hash = self.input_hash(derivation)?;
        self.unproven.insert(path.clone());
        self.know(path, hash);
        Ok(hash)
    }

    fn know(&mut self, path: StorePath, hash: InputHash) {
        self.known.reserve(room(self.known.len(), SOME_KNOWN));
        self.known.insert(path, hash);
    }

    fn is_unproven(&self, path: &StorePath) -> bool {
        !self.unproven.is_empty() && self.unproven.contains(path)
    }

    /// What stands for the derivation at `path`, if that is remembered.
    pub fn get(&self, path: &StorePath) -> Option<InputHash> {
        self.known.get(path).copied()
    }

    /// Makes sure that all inputs are remembered, reading those that are not,
    /// and theirs. Inputs can form long chains, hence no recursion.
    fn learn_inputs(&mut self, derivation: &Derivation, read: &mut ReadDerivation<'_>) -> Result<()> {
        let mut unknown = self.unknown_inputs(derivation);
        let mut unfinished: Vec<Unfinished> = Vec::new();
        let mut above = FxHashSet::default();
        loop {
            if let Some(path) = unknown.pop() {
                if self.known.contains_key(&path) {
                    continue;
                }
                if !above.insert(path.clone()) {
                    let problem = format!("the input '{path}' depends on itself");
                    return Err(Error::derivation(&derivation.name, problem));
                }
                let input = read(&path)?;
                let siblings = std::mem::replace(&mut unknown, self.unknown_inputs(&input));
                unfinished.push(Unfinished { path, derivation: input, siblings });
            } else if let Some(finished) = unfinished.pop() {
                let hash = self.input_hash(&finished.derivation)?;
                above.remove(&finished.path);
                self.unproven.insert(finished.path.clone());
                self.know(finished.path, hash);
                unknown = finished.siblings;
            } else {
                return Ok(());
            }
        }
    }

    fn unknown_inputs(&self, derivation: &Derivation) -> Vec<StorePath> {
        if derivation.has_dynamic_inputs() {
            return Vec::new();
        }
        derivation.input_derivations.keys().filter(|&path| !self.known.contains_key(path)).cloned().collect()
    }

    /// What stands for a derivation whose inputs are remembered.
    fn input_hash(&mut self, derivation: &Derivation) -> Result<InputHash> {
        match derivation.kind()? {
            DerivationKind::Fixed => Ok(InputHash::FixedOutput(self.fixed_hash(derivation))),
            DerivationKind::InputAddressed => Ok(match self.hash(derivation, Outputs::Shown)? {
                Some(hash) => InputHash::Derivation(hash),
                None => InputHash::Deferred,
            }),
            DerivationKind::Deferred | DerivationKind::Floating | DerivationKind::Impure => Ok(InputHash::Deferred),
        }
    }

    fn fixed_hash(&self, derivation: &Derivation) -> [u8; 32] {
        let text = derivation.outputs.values().map(|output| match output {
            Output::Fixed { method, hash, path } => format!(
                "fixed:out:{}{}:{}:{}",
                method.prefix(),
                hash.algorithm(),
                hash.to_base16(),
                self.dir.display(path)
            ),
            _ => unreachable!("the outputs of a fixed-output derivation are fixed"),
        });
        sha256(text.collect::<String>().as_bytes())
    }

    /// The hash of a derivation whose inputs are remembered; `None` if one of
    /// them is known only once it is built.
    fn hash(&mut self, derivation: &Derivation, outputs: Outputs) -> Result<Option<[u8; 32]>> {
        if derivation.has_dynamic_inputs() {
            return Ok(None);
        }
        self.parts.fill(derivation, &self.dir, outputs);
        let Some(inputs) = self.hashes_of_inputs(derivation)? else {
            return Ok(None);
        };
        self.parts.fill_hashes(&inputs, &self.dir);
        Ok(Some(sha256_of_parts(&self.parts.modulo())))
    }

    fn hashes_of_inputs<'a>(&self, derivation: &'a Derivation) -> Result<Option<Vec<aterm::InputHash<'a>>>> {
        let mut hashes = Vec::with_capacity(derivation.input_derivations.len());
        for (path, input) in &derivation.input_derivations {
            match self.known.get(path) {
                Some(InputHash::Derivation(hash)) => {
                    hashes.extend(input.outputs.iter().map(|output| (*hash, output)));
                }
                Some(InputHash::FixedOutput(hash)) => {
                    for output in &input.outputs {
                        if **output != *"out" {
                            let problem = format!("its input '{path}' has no output '{output}'");
                            return Err(Error::derivation(&derivation.name, problem));
                        }
                        hashes.push((*hash, output));
                    }
                }
                Some(InputHash::Deferred) | None => return Ok(None),
            }
        }
        // Different derivations may have the same hash.
        hashes.sort_unstable();
        hashes.dedup();
        Ok(Some(hashes))
    }
}

/// A derivation that was completed.
pub(super) struct Completed {
    draft: Draft,
    /// Where the input derivations are in its file, if its hash follows from that and theirs.
    inputs: Option<Range<usize>>,
}

/// An input whose own inputs are still being read.
struct Unfinished {
    path: StorePath,
    derivation: Derivation,
    /// What is still unknown beside it.
    siblings: Vec<StorePath>,
}

/// Whether each output has a variable without a value, as in a derivation that is new.
fn has_empty_outputs(derivation: &Derivation) -> bool {
    derivation.outputs.keys().all(|name| derivation.env.get(&**name) == Some(b""))
}

fn check_path(name: &str, output: &Output, right: &StorePath) -> Result<()> {
    match output {
        Output::InputAddressed(path) if path != right => {
            Err(Error::derivation(name, format!("it has an output '{path}', which should be '{right}'")))
        }
        _ => Ok(()),
    }
}
