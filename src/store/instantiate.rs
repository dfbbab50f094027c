//! From a derivation without its paths to one in a store.

use std::borrow::Cow;
use std::cell::OnceCell;

use smallvec::SmallVec;

use super::aterm;
use super::backend::Store;
use super::derivation::{Derivation, Output};
use super::environment::Environment;
use super::error::Result;
use super::hash_modulo::HashModulo;
use super::hasher::sha256;
use super::packed::{self, Packed};
use super::path::{StoreDir, StorePath};
use super::recipe::{Made, Recipe};
use super::repeats::{Draft, Known};

/// The file of a derivation that is complete. It is written only if a store needs it, and the derivation is read only then if it was
/// packed.
#[derive(Debug)]
pub struct DerivationFile<'a> {
    dir: &'a StoreDir,
    source: Source<'a>,
    written: Option<&'a [u8]>,
}

#[derive(Debug)]
enum Source<'a> {
    /// It may be packed, too.
    Derivation(&'a Derivation, Option<Packed>),
    Packed(PackedFile<'a>, OnceCell<Box<Derivation>>),
}

/// A derivation that is packed.
#[derive(Debug, Clone)]
pub(super) struct PackedFile<'a> {
    name: &'a str,
    /// Its variables, behind which it is packed.
    pub(super) env: &'a Environment,
    pub(super) packed: Packed,
    /// The paths of outputs that are not there, in order.
    pub(super) outputs: SmallVec<[StorePath; 1]>,
}

impl<'a> DerivationFile<'a> {
    /// That of a derivation that is complete.
    pub fn new(derivation: &'a Derivation, dir: &'a StoreDir) -> DerivationFile<'a> {
        DerivationFile { dir, source: Source::Derivation(derivation, None), written: None }
    }

    /// That of a derivation of which there is this draft.
    fn of_draft(derivation: &'a Derivation, dir: &'a StoreDir, draft: &Draft) -> DerivationFile<'a> {
        DerivationFile {
            source: Source::Derivation(derivation, draft.packed()),
            ..DerivationFile::new(derivation, dir)
        }
    }

    /// That of a recipe which has been packed so, and of which this is known.
    fn of_recipe(recipe: &'a Recipe<'_, '_>, dir: &'a StoreDir, packed: Packed, known: &Known) -> DerivationFile<'a> {
        let Recipe { name, env, .. } = recipe;
        let file = PackedFile { name, env, packed, outputs: known.outputs.clone() };
        DerivationFile { dir, source: Source::Packed(file, OnceCell::new()), written: None }
    }

    /// The derivation.
    pub fn derivation(&self) -> &Derivation {
        match &self.source {
            Source::Derivation(derivation, _) => derivation,
            Source::Packed(file, derivation) => derivation.get_or_init(|| {
                let PackedFile { name, env, packed, outputs } = file;
                let read = packed::read(packed.bytes(env), packed.variables, name, outputs, self.dir);
                Box::new(read.expect("what was packed can be read"))
            }),
        }
    }

    /// The bytes of the file, as [`aterm::to_bytes`] gives them.
    pub fn bytes(&self) -> Cow<'a, [u8]> {
        self.written.map_or_else(|| aterm::to_bytes(self.derivation(), self.dir).into(), Cow::Borrowed)
    }

    /// The derivation as it is packed. Not all are.
    pub(super) fn packed(&self) -> Option<Cow<'_, PackedFile<'a>>> {
        match &self.source {
            Source::Packed(file, _) => Some(Cow::Borrowed(file)),
            Source::Derivation(derivation, packed) => {
                let Derivation { name, env, outputs, .. } = derivation;
                let outputs = outputs.values().filter_map(Output::input_addressed_path).cloned().collect();
                Some(Cow::Owned(PackedFile { name, env, packed: (*packed)?, outputs }))
            }
        }
    }
}

/// Completes a derivation, adds it to the store and remembers it as a possible
/// input of others. Returns the path of its file.
///
/// # Errors
///
/// Those of [`HashModulo::fill_outputs`] and [`Store::add_derivation`].
pub fn instantiate(store: &mut dyn Store, hashes: &mut HashModulo, derivation: &mut Derivation) -> Result<StorePath> {
    let draft = hashes.draft(derivation)?;
    if let Some(known) = hashes.find_repeated(&draft, derivation.outputs.len(), |path| store.contains(path)) {
        hashes.complete_as(derivation, known)?;
        return Ok(known.path.clone());
    }
    let Derivation { name, outputs, input_derivations, .. } = &*derivation;
    let are_made = |hashes: &HashModulo| hashes.have_made(input_derivations.keys());
    if let Some(known) = hashes.find_earlier(&draft, name, outputs.keys(), are_made) {
        hashes.complete_as(derivation, &known)?;
        store.add_derivation(&known.path, &DerivationFile::of_draft(derivation, hashes.dir(), &draft))?;
        return Ok(known.path);
    }
    complete(store, hashes, draft, derivation)
}

/// Does what [`instantiate`] does with the derivation that a recipe is for. Of one that has been seen before nothing is made but its packed
/// bytes.
pub(crate) fn instantiate_recipe(
    store: &mut dyn Store,
    hashes: &mut HashModulo,
    recipe: &mut Recipe<'_, '_>,
) -> Result<Made> {
    let (draft, packed) = hashes.draft_of_recipe(recipe);
    if let Some(known) = hashes.find_repeated(&draft, recipe.outputs.len(), |path| store.contains(path)) {
        return Ok(recipe.made(known));
    }
    let outputs = recipe.outputs.iter().map(|(name, _)| name);
    if let Some(known) = hashes.find_earlier(&draft, recipe.name, outputs, |hashes| hashes.have_made_inputs(recipe)) {
        store.add_derivation(&known.path, &DerivationFile::of_recipe(recipe, hashes.dir(), packed, &known))?;
        return Ok(recipe.made(&known));
    }
    let mut derivation = recipe.take_derivation();
    let path = complete(store, hashes, draft, &mut derivation)?;
    let outputs = derivation.outputs.values().map(|output| output.path().cloned()).collect();
    recipe.env = derivation.env;
    Ok(Made { path, outputs })
}

/// Completes and adds a derivation that has not been seen before.
fn complete(
    store: &mut dyn Store,
    hashes: &mut HashModulo,
    draft: Draft,
    derivation: &mut Derivation,
) -> Result<StorePath> {
    let completed = hashes.complete(draft, derivation, &mut |path| store.read_derivation(path))?;
    let path = derivation_path(store.dir(), derivation, hashes.file())?;
    let file =
        DerivationFile { written: Some(hashes.file()), ..DerivationFile::of_draft(derivation, hashes.dir(), &draft) };
    store.add_derivation(&path, &file)?;
    hashes.learn_completed(&path, derivation, completed, &mut |path| store.read_derivation(path))?;
    Ok(path)
}

/// The path of a derivation that is complete and has this file.
///
/// # Errors
///
/// If its name cannot be that of a store object.
pub fn derivation_path(dir: &StoreDir, derivation: &Derivation, file: &[u8]) -> Result<StorePath> {
    dir.text_path_of_hash(&derivation.file_name(), sha256(file), derivation.references())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cache::Cache;
    use crate::store::{ComputeStore, ContentAddressMethod, DirectoryStore, Hash, HashAlgorithm, Input, OutputName};

    /// A recipe, and the derivation that it is for.
    fn recipe<'a, 'i>(outputs: &[(&str, Output)], inputs: &'a [Input<'i>]) -> (Recipe<'a, 'i>, Derivation) {
        let outputs: SmallVec<[_; 1]> =
            outputs.iter().map(|(name, output)| (OutputName::from(*name), output.clone())).collect();
        let dir = StoreDir::default();
        let mut derivation = Derivation {
            name: "boat".into(),
            system: b"any".into(),
            builder: b"/bin/sh".into(),
            args: vec![b"-c".into(), b"".into()],
            ..Derivation::default()
        };
        derivation.env.insert("text", "x".repeat(1000));
        outputs.iter().for_each(|(name, output)| derivation.set_output(name.clone(), output.clone(), &dir));
        for (path, names) in inputs {
            for &name in names {
                derivation.add_input((*path).clone(), std::slice::from_ref(name)).expect("it is not dynamic");
            }
        }
        let recipe = Recipe {
            name: "boat",
            outputs,
            inputs,
            are_made: false,
            sources: &[],
            system: derivation.system.clone(),
            builder: derivation.builder.clone(),
            args: derivation.args.clone(),
            env: derivation.env.clone(),
        };
        (recipe, derivation)
    }

    fn fixed() -> Output {
        let hash = Hash::new(HashAlgorithm::Sha256, &[7; 32]).expect("it has 32 bytes");
        Output::fixed(&StoreDir::default(), "boat", "out", ContentAddressMethod::Flat, hash)
            .expect("it can be called so")
    }

    #[test]
    fn a_recipe_makes_what_its_derivation_does() {
        let directory = tempfile::tempdir().expect("there is room for files");
        let names = ["dev", "out"].map(OutputName::from);
        let kinds: [&[(&str, Output)]; 3] = [
            &[("out", Output::Deferred)],
            &[("dev", Output::Deferred), ("out", Output::Deferred)],
            &[("out", fixed())],
        ];
        let written = DirectoryStore::new(&directory.path().join("root"), StoreDir::default());
        let written = written.expect("there is room for files");
        // Without a cache, with a new one, and with what it has then.
        let runs: [(Box<dyn Store>, bool, u64); 4] = [
            (Box::new(ComputeStore::default()), false, 0),
            (Box::new(ComputeStore::default()), true, 0),
            (Box::new(ComputeStore::default()), true, 4),
            (Box::new(written), true, 4),
        ];
        for (mut store, has_cache, earlier) in runs {
            let store = &mut *store;
            let mut hashes = HashModulo::new(StoreDir::default());
            if has_cache {
                hashes.use_cache(Cache::in_directory(directory.path().join("cache")));
            }
            let mut input = recipe(kinds[1], &[]).1;
            let input = instantiate(store, &mut hashes, &mut input).expect("nothing is wrong with it");
            let inputs = [(&input, names.iter().collect())];
            for outputs in kinds {
                for _ in 0..2 {
                    let (mut recipe, mut derivation) = recipe(outputs, &inputs);
                    let made = instantiate_recipe(store, &mut hashes, &mut recipe).expect("nothing is wrong with it");
                    let read = store.read_derivation(&made.path).expect("it was added");
                    let path = instantiate(&mut ComputeStore::default(), &mut hashes.clone(), &mut derivation);
                    assert_eq!(made.path, path.expect("nothing is wrong with it"));
                    assert_eq!(read, derivation);
                    let paths = derivation.outputs.values().map(|output| output.path().cloned());
                    assert!(made.outputs.iter().cloned().eq(paths));
                }
            }
            assert_eq!(hashes.earlier(), earlier);
        }
    }
}
