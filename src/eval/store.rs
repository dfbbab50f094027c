//! The store as evaluation uses it.

use std::borrow::Cow;
use std::collections::{BTreeSet, VecDeque};
use std::os::unix::ffi::OsStrExt;
use std::path::Path;
use std::sync::Arc;

use rustc_hash::{FxHashMap, FxHashSet};

use super::files::SingleFile;
use super::{Coercion, ContextElement, ContextSet, Eval, Result, error, os_path};
use crate::builtins::builtin_file;
use crate::builtins::text::path::base_name;
use crate::cache::Cache;
use crate::diagnostics::{Code, Diagnostic};
use crate::heap::{ContextId, Heap, Str, Value};
use crate::program::names;
use crate::store::{
    self, ContentAddressMethod, Derivation, FileSource, FileType, Hash, HashAlgorithm, HashModulo, Location, Made,
    OutputName, Recipe, Selection, Store, StoreDir, StorePath, Tree, nar,
};

/// A store and what evaluation remembers of it.
pub(crate) struct StoreState {
    store: Box<dyn Store>,
    dir: StoreDir,
    hashes: HashModulo,
    /// Of outputs.
    output_names: Vec<OutputName>,
    /// The sources that were copied, by their paths.
    sources: FxHashMap<Vec<u8>, StorePath>,
    /// The URLs of what was not fetched because its store path is known without that.
    origins: FxHashMap<StorePath, Box<str>>,
}

/// So many names of outputs are kept at most.
const MOST_OUTPUT_NAMES: usize = 16;

/// Where what a path names can be read.
pub(crate) enum Place<'p> {
    /// Here.
    Text(Arc<[u8]>),
    /// At this path of the file system.
    Path(Cow<'p, [u8]>),
}

/// Decides which files of a tree are copied; called with a path and what is there.
pub(crate) type SourceFilter<'a, 'h> = dyn FnMut(&mut Eval<'h>, &[u8], FileType) -> Result<bool> + 'a;

impl StoreState {
    pub(super) fn new(mut store: Box<dyn Store>, cache: Option<&Cache>) -> Self {
        let dir = store.dir().clone();
        let mut hashes = HashModulo::new(dir.clone());
        if let Some(cache) = cache {
            store.use_cache(cache);
            hashes.use_cache(cache.clone());
        }
        StoreState {
            store,
            hashes,
            output_names: Vec::new(),
            dir,
            sources: FxHashMap::default(),
            origins: FxHashMap::default(),
        }
    }

    pub(crate) fn dir(&self) -> &StoreDir {
        &self.dir
    }

    /// A store path in full.
    pub(crate) fn print(&self, path: &StorePath) -> String {
        self.dir.display(path)
    }

    /// A store path in full, as a string with this context.
    pub(crate) fn path_value<'h>(&self, heap: &'h Heap, path: &StorePath, context: &[ContextId]) -> Value<'h> {
        Str::concat(heap, &self.dir.parts(path).map(str::as_bytes), context)
    }

    /// The store path that a path is or is below.
    pub(crate) fn containing_path(&self, path: &[u8]) -> Option<StorePath> {
        self.dir.split(path).ok().map(|(store_path, _)| store_path)
    }

    /// Where to read what a path names. What is in the store may be elsewhere.
    pub(crate) fn place<'p>(&self, path: &'p [u8]) -> Place<'p> {
        if let Some(text) = builtin_file(path) {
            return Place::Text(text.as_bytes().into());
        }
        if !self.dir.contains(path) {
            return Place::Path(Cow::Borrowed(path));
        }
        let Ok((object, below)) = self.dir.split(path) else { return Place::Path(Cow::Borrowed(path)) };
        match self.store.locate(&object) {
            Some(Location::Text(text)) if below.is_empty() => Place::Text(text),
            Some(Location::Path(root)) => {
                let root = root.as_os_str().as_bytes();
                let separator: &[u8] = if below.is_empty() || below.starts_with(b"/") { b"" } else { b"/" };
                Place::Path(Cow::Owned([root, separator, below].concat()))
            }
            _ => Place::Path(Cow::Borrowed(path)),
        }
    }

    /// Adds a file with these contents.
    pub(crate) fn add_text(
        &mut self,
        name: &[u8],
        contents: &[u8],
        references: &BTreeSet<StorePath>,
    ) -> Result<StorePath> {
        let name = store::check_name(name)?;
        Ok(self.store.add_text(name, contents, references)?)
    }

    /// Whether the store has this path.
    pub(crate) fn contains(&self, path: &StorePath) -> bool {
        self.store.contains(path)
    }

    /// Makes sure that the store has this path.
    pub(crate) fn ensure(&mut self, path: &StorePath) -> Result<()> {
        Ok(self.store.ensure(path)?)
    }

    /// Remembers that what is at `path` would have to be fetched from `url`.
    pub(crate) fn set_origin(&mut self, path: StorePath, url: &str) {
        self.origins.insert(path, url.into());
    }

    /// The URL from which what is at or above `path` would have to be fetched.
    pub(crate) fn origin(&self, path: &[u8]) -> Option<&str> {
        if self.origins.is_empty() {
            return None;
        }
        self.origins.get(&self.containing_path(path)?).map(|url| &**url)
    }

    /// The references of a file in the store that occur in its contents.
    pub(crate) fn references_in(&self, path: &[u8], contents: &[u8]) -> Vec<StorePath> {
        let Some(path) = self.containing_path(path) else { return Vec::new() };
        let references = self.store.references(&path).unwrap_or_default();
        let occurs = |path: &StorePath| memchr::memmem::find(contents, path.digest().as_bytes()).is_some();
        references.into_iter().filter(occurs).collect()
    }

    /// Computes the paths of a derivation and adds it.
    pub(crate) fn add_derivation(&mut self, derivation: &mut Derivation) -> Result<StorePath> {
        Ok(store::instantiate(&mut *self.store, &mut self.hashes, derivation)?)
    }

    /// The same for the derivation that a recipe is for.
    pub(crate) fn add_recipe(&mut self, recipe: &mut Recipe<'_, '_>) -> Result<Made> {
        Ok(store::instantiate_recipe(&mut *self.store, &mut self.hashes, recipe)?)
    }

    /// The name of an output as text that those of the same name share: there are few.
    pub(crate) fn output_name(&mut self, name: &str) -> OutputName {
        if let Some(known) = self.output_names.iter().find(|known| ***known == *name) {
            return known.clone();
        }
        let new = OutputName::from(name);
        if self.output_names.len() < MOST_OUTPUT_NAMES {
            self.output_names.push(new.clone());
        }
        new
    }

    /// How many derivations were not hashed, since an earlier run has done so.
    pub(crate) fn cached_derivations(&self) -> u64 {
        self.hashes.earlier()
    }

    /// A derivation in the store.
    pub(crate) fn derivation(&self, path: &StorePath) -> Result<Derivation> {
        Ok(self.store.read_derivation(path)?)
    }

    /// The names of the outputs of a derivation; none if the path is something else.
    pub(crate) fn outputs_of(&self, path: &StorePath) -> Result<Vec<OutputName>> {
        if !path.is_derivation() {
            return Ok(Vec::new());
        }
        Ok(self.derivation(path)?.outputs.into_keys().collect())
    }

    /// A path and everything that can be reached from it by references.
    pub(crate) fn closure(&self, path: &StorePath) -> Result<Vec<StorePath>> {
        let mut seen = FxHashSet::from_iter([path.clone()]);
        let mut queue = VecDeque::from([path.clone()]);
        let mut closure = Vec::new();
        while let Some(path) = queue.pop_front() {
            let references = self.store.references(&path)?;
            queue.extend(references.into_iter().filter(|reference| seen.insert(reference.clone())));
            closure.push(path);
        }
        Ok(closure)
    }
}

impl<'h> Eval<'h> {
    /// The store path of a file or directory, which is copied to the store.
    pub(crate) fn copy_to_store(&mut self, path: &[u8]) -> Result<StorePath> {
        if let Some(copied) = self.store.sources.get(path) {
            return Ok(copied.clone());
        }
        if path.ends_with(b".drv") {
            let path = String::from_utf8_lossy(path);
            return Err(error(
                Code::InvalidStorePath,
                format!("'{path}' cannot be copied to the store: its name ends in '.drv'"),
            ));
        }
        let copied = self.add_source(path, base_name(path), ContentAddressMethod::Nar, None)?;
        self.store.sources.insert(path.to_vec(), copied.clone());
        Ok(copied)
    }

    /// Adds the file or directory at `path` to the store.
    pub(crate) fn add_source(
        &mut self,
        path: &[u8],
        name: &[u8],
        method: ContentAddressMethod,
        selection: Option<&Selection>,
    ) -> Result<StorePath> {
        self.counters.copied_sources += 1;
        let name = store::check_name(name)?;
        self.check_fetched(path)?;
        let host = self.host.clone();
        let state = &mut self.store;
        let added = match state.place(path) {
            Place::Text(text) => {
                let text = SingleFile(text);
                let tree = Tree { source: &text, path: Path::new("/"), selection };
                state.store.add_tree(name, &tree, method, HashAlgorithm::Sha256, &BTreeSet::new())
            }
            Place::Path(physical) => {
                let source: &dyn FileSource = &*host;
                let tree = Tree { source, path: os_path(&physical), selection };
                state.store.add_tree(name, &tree, method, HashAlgorithm::Sha256, &BTreeSet::new())
            }
        };
        added.map_err(|error| match self.file_type(path) {
            Err(cause) => self.unreadable(path, &cause),
            Ok(_) => error.into(),
        })
    }

    /// Refuses a path whose contents would have to be fetched.
    pub(crate) fn check_fetched(&self, path: &[u8]) -> Result<()> {
        match self.store.origin(path).is_some().then(|| self.file_type(path)) {
            Some(Err(cause)) => Err(self.unreadable(path, &cause)),
            _ => Ok(()),
        }
    }

    /// The hash of what is at `path`, as an archive.
    pub(crate) fn nar_hash(&self, path: &[u8]) -> Result<Hash> {
        let (hash, _) = match self.store.place(path) {
            Place::Text(text) => nar::hash(&Tree::whole(&SingleFile(text), Path::new("/")), HashAlgorithm::Sha256)?,
            Place::Path(physical) => nar::hash(&Tree::whole(&*self.host, os_path(&physical)), HashAlgorithm::Sha256)?,
        };
        Ok(hash)
    }

    /// Asks a filter which files of a tree belong to it. It sees paths as the language knows them,
    /// wherever the files are.
    pub(crate) fn select_files(&mut self, path: &[u8], filter: &mut SourceFilter<'_, 'h>) -> Result<Selection> {
        match self.store.place(path) {
            Place::Text(text) => self.select_files_of(&SingleFile(text), b"/", path, filter),
            Place::Path(physical) => {
                let (host, physical) = (self.host.clone(), physical.into_owned());
                self.select_files_of(&*host, &physical, path, filter)
            }
        }
    }

    fn select_files_of(
        &mut self,
        source: &dyn FileSource,
        physical: &[u8],
        path: &[u8],
        filter: &mut SourceFilter<'_, 'h>,
    ) -> Result<Selection> {
        store::select(source, os_path(physical), |entry: &Path, kind: FileType| {
            let below = entry.as_os_str().as_bytes().strip_prefix(physical).unwrap_or_default();
            filter(self, &[path, below].concat(), kind)
        })
    }

    /// The derivation that a value stands for, if it says that it is one.
    pub(crate) fn derivation_of(&mut self, value: Value<'h>) -> Result<Option<(StorePath, Derivation)>> {
        let value = self.force(value)?;
        let Some(attrs) = value.as_attrs() else { return Ok(None) };
        if !self.is_derivation(attrs)? {
            return Ok(None);
        }
        let Some(path) = attrs.get(names::DRV_PATH) else { return Ok(None) };
        let path = self.coerce(path.get(), Coercion::PLAIN, &mut ContextSet::default())?;
        let path = self.store.dir.parse(path)?;
        let derivation = self.store.derivation(&path)?;
        Ok(Some((path, derivation)))
    }

    /// The path that a value means, for reading from it.
    pub(crate) fn readable_path(&mut self, value: Value<'h>) -> Result<&'h [u8]> {
        let mut context = ContextSet::default();
        let path = self.coerce_to_path(value, &mut context)?;
        self.realise(&context)?;
        Ok(path)
    }

    /// Makes sure that what a path refers to is there to be read: nothing is built here.
    pub(crate) fn realise(&mut self, context: &ContextSet) -> Result<()> {
        for id in context.iter() {
            if let ContextElement::Built { drv, outputs } = self.contexts.element(id) {
                let (drv, output) = (self.store.print(drv), outputs.join("^"));
                let message = format!("this needs the output '{output}' of '{drv}', and evaluation builds nothing");
                return Err(error(Code::Unsupported, message));
            }
        }
        Ok(())
    }
}

impl From<store::Error> for Box<Diagnostic> {
    #[cold]
    fn from(cause: store::Error) -> Self {
        error(Code::StoreFailure, cause.to_string())
    }
}
