//! The evaluator: call-by-need over the program's nodes.
//!
//! [`Eval::eval`] is the interpreter; each construct that needs more than a line has a file:
//! [`call`], [`attrs`], [`update`], [`operators`], [`equality`], [`coerce`] (what becomes text),
//! [`context`] (what text refers to). Files come in by [`import`], names in angle brackets by
//! [`search_path`], results go out by [`mod@print`]. Everything that is not computation goes through a
//! [`Host`].

mod assertion;
mod attrs;
mod auto_call;
mod call;
mod coerce;
mod context;
mod counters;
mod deep;
mod definitions;
mod direct_call;
mod dynamic_attrs;
mod equality;
mod error;
mod expr;
mod files;
mod host;
mod import;
mod interpolation;
mod list_texts;
mod operators;
mod position;
mod print;
mod profile;
mod programs;
mod recursion;
#[cfg(test)]
mod recursion_tests;
mod removals;
mod search_path;
mod store;
mod types;
mod update;

use std::sync::Arc;

use rustc_hash::FxHashMap;

pub(crate) use attrs::AttrList;
pub(crate) use auto_call::parse_selection;
pub(crate) use coerce::Coercion;
pub(crate) use context::{ContextElement, ContextSet, ContextTable};
pub(crate) use error::{ErrorExt, Result, error, invalid_argument, is_catchable};
pub(crate) use expr::known;
pub use host::{Host, SystemHost};
pub(crate) use import::os_path;
pub(crate) use operators::Arithmetic;
pub(crate) use print::{PrintStyle, shown_path};
use programs::Programs;
pub use search_path::SearchPathEntry;
pub(crate) use types::type_name;

use crate::attention::Request;
use crate::builtins::BuiltinTable;
use crate::cache::Cache;
use crate::diagnostics::{Code, Diagnostic, FileId, SourceMap};
use crate::heap::{Heap, SelectTable, Value};
use crate::program::{Globals, SymbolTable};
use crate::stack::StackGauge;
use crate::store::{Environment, Store};
use crate::syntax::Features;

/// What an evaluator does and does not do.
#[derive(Clone, Debug)]
pub(crate) struct Settings {
    /// `builtins.currentSystem`
    pub(crate) system: String,
    /// `builtins.nixVersion`
    pub(crate) nix_version: String,
    pub(crate) search_path: Vec<SearchPathEntry>,
    /// Nested calls until evaluation is given up.
    pub(crate) max_call_depth: u64,
    /// How deep a value may be nested to be converted to JSON.
    pub(crate) max_nesting: u64,
    /// Bytes of native stack until evaluation is given up.
    pub(crate) max_stack: usize,
    /// Bytes of values until evaluation is given up.
    pub(crate) max_memory: usize,
    pub(crate) features: FeatureSet,
    /// No access to anything but the program: no environment, no time, no absolute paths.
    pub(crate) pure: bool,
    /// Whether `builtins.trace` prints values in full and `abort-on-warn` is set.
    pub(crate) trace_verbose: bool,
    pub(crate) abort_on_warn: bool,
    /// Whether texts of files are read before they are needed.
    pub(crate) keep_texts: bool,
    /// What the parser complains about: URL literals, short and absolute paths.
    pub(crate) lints: crate::program::Lints,
}

/// Experimental features by the names that Nix gives them.
#[derive(Clone, Debug, Default)]
pub(crate) struct FeatureSet(pub(crate) std::collections::BTreeSet<String>);

impl FeatureSet {
    pub(crate) fn has(&self, name: &str) -> bool {
        // One feature includes the other.
        self.0.contains(name) || name == "fetch-tree" && self.0.contains("flakes")
    }

    /// The features that change the grammar.
    pub(crate) fn syntax(&self) -> Features {
        Features { pipe_operators: self.has("pipe-operators") }
    }
}

/// One evaluator: nothing about it is shared with another.
pub(crate) struct Eval<'h> {
    pub(crate) heap: &'h Heap,
    pub(crate) symbols: SymbolTable<'h>,
    pub(crate) globals: Globals<'h>,
    pub(crate) builtins: BuiltinTable,
    /// The function `derivation`, to be read when it is first needed.
    pub(crate) derivation: Value<'h>,
    pub(crate) contexts: ContextTable,
    pub(crate) sources: Arc<SourceMap>,
    pub(crate) settings: Settings,
    pub(crate) host: Arc<dyn Host>,
    pub(crate) store: store::StoreState,
    pub(crate) caches: crate::builtins::Caches,
    /// What has failed, for when it is asked for again.
    failures: Vec<Diagnostic>,
    /// The infinite recursion that is on its way to where it began.
    open_cycle: Option<recursion::OpenCycle>,
    files: import::FileCache<'h>,
    /// Programs of earlier runs, if there is a cache.
    programs: Option<Programs>,
    search_path: search_path::SearchPathCache,
    merge_plans: update::MergePlans<'h>,
    lookups: SelectTable<'h>,
    removals: removals::Removals<'h>,
    list_texts: list_texts::ListTexts<'h>,
    /// The names of files that positions were asked for in.
    file_texts: FxHashMap<FileId, Value<'h>>,
    /// The store paths, and the contexts, of paths that were copied to the store.
    copied_paths: FxHashMap<&'h [u8], (&'h [u8], crate::heap::ContextId)>,
    /// Memory for the variables of the next derivation: an environment without any.
    pub(crate) spare_environment: Option<Environment>,
    /// Pieces of the texts that are being made.
    piece_bytes: Vec<u8>,
    pub(crate) counters: counters::Counters,
    stack: StackGauge,
    /// Calls that have not returned.
    depth: u64,
    /// At most so many of them go without further ado: the setting, or none while a profile is taken.
    call_limit: u64,
    profile: Option<Box<profile::Profile<'h>>>,
    /// How deep the part of a value is that is being converted.
    nesting: u64,
    /// The lists and sets around this part, but for the outermost ones.
    ancestors: rustc_hash::FxHashSet<usize>,
    /// Values that the embedder holds.
    pub(crate) roots: Vec<Value<'h>>,
}

/// Values that contain themselves are looked out for from so many levels on.
const CYCLES_FROM: u64 = 64;

impl<'h> Eval<'h> {
    pub(crate) fn new(
        heap: &'h Heap,
        settings: Settings,
        host: Arc<dyn Host>,
        store: Box<dyn Store>,
        cache: Option<Cache>,
    ) -> Self {
        let mut eval = Eval {
            heap,
            symbols: SymbolTable::new(heap),
            globals: Globals::default(),
            builtins: BuiltinTable::new(&settings),
            derivation: Value::null(),
            contexts: ContextTable::default(),
            sources: Arc::new(SourceMap::new()),
            host,
            store: store::StoreState::new(store, cache.as_ref()),
            caches: crate::builtins::Caches::default(),
            failures: Vec::new(),
            open_cycle: None,
            files: import::FileCache::default(),
            programs: cache.map(Programs::new),
            search_path: search_path::SearchPathCache::default(),
            merge_plans: FxHashMap::default(),
            lookups: SelectTable::default(),
            spare_environment: None,
            piece_bytes: Vec::new(),
            removals: removals::Removals::default(),
            list_texts: list_texts::ListTexts::default(),
            file_texts: FxHashMap::default(),
            copied_paths: FxHashMap::default(),
            counters: counters::Counters::default(),
            stack: StackGauge::new(settings.max_stack, heap.attention().clone()),
            depth: 0,
            call_limit: settings.max_call_depth,
            profile: None,
            nesting: 0,
            ancestors: rustc_hash::FxHashSet::default(),
            roots: Vec::new(),
            settings,
        };
        for entry in &eval.settings.search_path {
            eval.sources.add_library(os_path(&entry.path));
        }
        crate::builtins::define(&mut eval);
        eval
    }

    /// Prepares for running on the current thread.
    pub(crate) fn attach_to_thread(&mut self) {
        self.stack.attach();
        self.depth = 0;
        self.nesting = 0;
        self.ancestors.clear();
    }

    /// Whether something that recurses should go to a new segment of the stack.
    #[inline(always)]
    pub(crate) fn is_stack_low(&self) -> bool {
        self.stack.is_low()
    }

    /// Does something one level further into a value, with the list or set of this identity, in which nothing may be
    /// deeper than so many levels.
    ///
    /// # Errors
    /// It is too deep, or the list or set is in itself: what is written out of it would have no end.
    pub(crate) fn nested<R>(
        &mut self,
        identity: usize,
        most: u64,
        f: impl FnOnce(&mut Self) -> Result<R>,
    ) -> Result<R> {
        if self.nesting >= most {
            let message = format!("the value is nested more than {most} levels deep");
            return Err(error(Code::CallDepthExceeded, message));
        }
        let is_watched = self.nesting >= CYCLES_FROM;
        if is_watched && !self.ancestors.insert(identity) {
            let message = "infinite recursion encountered: the value contains itself, so it cannot be written down";
            return Err(error(Code::InfiniteRecursion, message));
        }
        self.nesting += 1;
        let result = f(self);
        self.nesting -= 1;
        if is_watched {
            self.ancestors.remove(&identity);
        }
        result
    }

    /// Meets the requests that wait, and goes on with more stack if little is left.
    #[cold]
    #[inline(never)]
    pub(crate) fn on_new_segment<R>(&mut self, f: impl FnOnce(&mut Self) -> Result<R>) -> Result<R> {
        self.meet_requests()?;
        if !self.stack.is_really_low() {
            return f(self);
        }
        match crate::stack::on_new_segment(self, |eval| &mut eval.stack, f) {
            Some(result) => result,
            None => Err(error(Code::CallDepthExceeded, "evaluation recurses too deeply: the stack limit is reached")
                .hint("this is most likely a recursion without end")),
        }
    }

    /// What others want of this evaluation.
    ///
    /// # Errors
    /// That it ends.
    fn meet_requests(&mut self) -> Result<()> {
        let attention = self.stack.attention();
        if attention.take(Request::INTERRUPT) {
            return Err(error(Code::Interrupted, "the evaluation was interrupted"));
        }
        if attention.take(Request::OUT_OF_MEMORY) {
            return Err(self.out_of_memory());
        }
        if attention.take(Request::SAMPLE)
            && let Some(profile) = &mut self.profile
        {
            profile.sample(self.depth);
        }
        Ok(())
    }

    /// For builtins that make many things between two steps of evaluation: looks whether somebody wants it to end.
    ///
    /// # Errors
    /// That it ends.
    #[inline(always)]
    pub(crate) fn attend(&mut self) -> Result<()> {
        match self.stack.is_low() {
            true => self.meet_requests(),
            false => Ok(()),
        }
    }

    /// Makes sure that so much more memory may be taken, before something large is made.
    ///
    /// # Errors
    /// The limit would be exceeded.
    #[inline]
    pub(crate) fn reserve(&self, bytes: usize) -> Result<()> {
        match self.heap.has_room(bytes) {
            true => Ok(()),
            false => Err(self.out_of_memory()),
        }
    }

    #[cold]
    fn out_of_memory(&self) -> Box<Diagnostic> {
        let limit = self.heap.limit() >> 20;
        let message = format!("the values need more memory than the limit allows: {limit} MiB");
        error(Code::OutOfMemory, message)
            .hint("this may be a recursion without end, or a list or string that grows without bound")
            .hint("'--max-memory' sets the limit")
    }
}

#[cfg(test)]
mod tests;
