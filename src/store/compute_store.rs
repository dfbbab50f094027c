use std::collections::BTreeSet;
use std::path::PathBuf;
use std::sync::Arc;

use indexmap::IndexMap;
use rustc_hash::FxBuildHasher;
use smallvec::SmallVec;

use super::address::ContentAddressMethod;
use super::archive_hash::ArchiveHasher;
use super::aterm;
use super::aterm_parse::parse;
use super::backend::{Location, Store, TreeHashes, hash_tree};
use super::derivation::Derivation;
use super::error::{Error, Result};
use super::hash::HashAlgorithm;
use super::instantiate::{DerivationFile, PackedFile};
use super::packed;
use super::path::{StoreDir, StorePath};
use super::shared_texts::{LONG, SharedText, SharedTexts};
use super::tree::Tree;
use crate::cache::Cache;
use crate::growth::room;

/// A store that computes all paths and writes nothing. It needs no rights, no
/// daemon, and no store directory.
///
/// It remembers what it was given, in memory: the contents of texts and
/// derivations, and where whole source trees come from, so that all of these
/// can be read back.
///
/// ```
/// use std::collections::BTreeSet;
/// use firn::store::{ComputeStore, Location, Store, StoreDir};
///
/// let mut store = ComputeStore::new(StoreDir::default());
/// let path = store.add_text("x", b"hello", &BTreeSet::new()).unwrap();
/// assert_eq!(path.to_string(), "4g4g9i669dl63abpww0djbl2jxl6bwiz-x");
/// assert_eq!(store.locate(&path), Some(Location::Text(b"hello".as_slice().into())));
/// ```
#[derive(Debug, Default)]
pub struct ComputeStore {
    dir: StoreDir,
    /// When it grows, no path is hashed again.
    objects: IndexMap<StorePath, Object, FxBuildHasher>,
    texts: SharedTexts,
    tree_hashes: TreeHashes,
    /// If there is a cache.
    archives: Option<ArchiveHasher>,
}

#[derive(Debug)]
struct Object {
    content: Content,
    references: Box<[StorePath]>,
}

#[derive(Debug)]
enum Content {
    Text(Arc<[u8]>),
    /// A derivation that was added, [packed]. Its references can be read from it.
    Derivation(PackedDerivation),
    /// The same as what is at this path of the file source.
    Source(PathBuf),
    /// Not in memory: a part of a source tree, or taken on trust.
    Unknown,
}

#[derive(Debug)]
struct PackedDerivation {
    text: SharedText,
    /// So many bytes of the text are those of variables.
    variables: usize,
    /// The paths of outputs that are not in there.
    outputs: SmallVec<[StorePath; 1]>,
}

/// The table of objects grows at once when it has so many.
const SOME_OBJECTS: usize = 256;

impl ComputeStore {
    /// A store without objects.
    pub fn new(dir: StoreDir) -> ComputeStore {
        ComputeStore { dir, ..ComputeStore::default() }
    }

    fn remember<'a>(
        &mut self,
        path: &StorePath,
        content: impl FnOnce() -> Content,
        references: impl IntoIterator<Item = &'a StorePath>,
    ) {
        self.make_room();
        self.objects
            .entry(path.clone())
            .or_insert_with(|| Object { content: content(), references: references.into_iter().cloned().collect() });
    }

    fn make_room(&mut self) {
        self.objects.reserve(room(self.objects.len(), SOME_OBJECTS));
    }

    fn object(&self, path: &StorePath) -> Result<&Object> {
        self.objects.get(path).ok_or_else(|| Error::Absent(self.dir.display(path)))
    }
}

impl Store for ComputeStore {
    fn dir(&self) -> &StoreDir {
        &self.dir
    }

    fn add_text(&mut self, name: &str, contents: &[u8], references: &BTreeSet<StorePath>) -> Result<StorePath> {
        let path = self.dir.text_path(name, contents, references)?;
        self.remember(&path, || Content::Text(contents.into()), references);
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
        let hash =
            self.tree_hashes.get_or(tree, method, algorithm, || match (&mut self.archives, method, algorithm) {
                (Some(hasher), ContentAddressMethod::Nar, HashAlgorithm::Sha256) => hasher.hash(tree),
                _ => hash_tree(tree, method, algorithm),
            })?;
        let path = self.dir.fixed_path(name, method, &hash, references)?;
        let content = || match tree.selection {
            None => Content::Source(tree.path.to_owned()),
            Some(_) => Content::Unknown,
        };
        self.remember(&path, content, references);
        Ok(path)
    }

    fn add_derivation(&mut self, path: &StorePath, file: &DerivationFile<'_>) -> Result<()> {
        let Some(packed) = file.packed() else {
            self.remember(path, || Content::Text(file.bytes().into()), file.derivation().references());
            return Ok(());
        };
        self.make_room();
        self.objects.entry(path.clone()).or_insert_with(|| {
            let PackedFile { env, packed, outputs, .. } = &*packed;
            let values = env.places().map(|(_, value)| value);
            let mut long: SmallVec<[_; 8]> =
                values.filter(|value| value.len() >= LONG && value.end <= packed.variables).collect();
            long.sort_unstable_by_key(|value| value.start);
            let text = self.texts.share(packed.bytes(env), &long);
            let packed = PackedDerivation { text, variables: packed.variables, outputs: outputs.clone() };
            Object { content: Content::Derivation(packed), references: Box::default() }
        });
        Ok(())
    }

    fn contains(&self, path: &StorePath) -> bool {
        self.objects.contains_key(path)
    }

    fn locate(&self, path: &StorePath) -> Option<Location> {
        match &self.objects.get(path)?.content {
            Content::Text(contents) => Some(Location::Text(contents.clone())),
            Content::Derivation(..) => {
                let derivation = self.read_derivation(path).ok()?;
                Some(Location::Text(aterm::to_bytes(&derivation, &self.dir).into()))
            }
            Content::Source(path) => Some(Location::Path(path.clone())),
            Content::Unknown => None,
        }
    }

    fn references(&self, path: &StorePath) -> Result<Vec<StorePath>> {
        let object = self.object(path)?;
        match object.content {
            Content::Derivation(..) => Ok(self.read_derivation(path)?.references().cloned().collect()),
            _ => Ok(object.references.to_vec()),
        }
    }

    fn read_derivation(&self, path: &StorePath) -> Result<Derivation> {
        let read = match (&self.object(path)?.content, path.derivation_name()) {
            (Content::Text(bytes), Some(name)) => Some(parse(bytes, name, &self.dir)?),
            (Content::Derivation(packed), Some(name)) => {
                packed::read(&packed.text.to_bytes(), packed.variables, name, &packed.outputs, &self.dir)
            }
            _ => None,
        };
        read.ok_or_else(|| Error::not_a_derivation(self.dir.display(path)))
    }

    fn use_cache(&mut self, cache: &Cache) {
        self.archives = Some(ArchiveHasher::new(cache.clone()));
    }

    /// Takes the path on trust, and to have no references: there is nothing to
    /// look it up in.
    fn ensure(&mut self, path: &StorePath) -> Result<()> {
        self.remember(path, || Content::Unknown, []);
        Ok(())
    }
}
