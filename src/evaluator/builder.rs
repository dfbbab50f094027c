//! Options of an evaluator.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use super::Evaluator;
use crate::cache::Cache;
use crate::eval::{Eval, FeatureSet, Host, SearchPathEntry, Settings, SystemHost};
use crate::heap::{Heap, OwnedEval};
use crate::program::Lints;
use crate::store::{ComputeStore, Store};

/// Options of an [`Evaluator`].
pub struct Builder {
    settings: Settings,
    host: Arc<dyn Host>,
    store: Box<dyn Store>,
    cache: Option<Cache>,
}

impl Default for Builder {
    fn default() -> Self {
        Builder {
            settings: Settings::default(),
            host: Arc::new(SystemHost),
            store: Box::new(ComputeStore::default()),
            cache: None,
        }
    }
}

impl Builder {
    /// Adds an entry to the search path, after those that are there.
    #[must_use]
    pub fn search_path(mut self, entry: SearchPathEntry) -> Self {
        self.settings.search_path.push(entry);
        self
    }

    /// Sets `builtins.currentSystem`, for example `x86_64-linux`.
    #[must_use]
    pub fn system(mut self, system: impl Into<String>) -> Self {
        self.settings.system = system.into();
        self
    }

    /// Sets `builtins.nixVersion`.
    #[must_use]
    pub fn nix_version(mut self, version: impl Into<String>) -> Self {
        self.settings.nix_version = version.into();
        self
    }

    /// Enables an experimental feature by the name that Nix gives it, for example `pipe-operators`.
    #[must_use]
    pub fn feature(mut self, name: impl Into<String>) -> Self {
        self.settings.features.0.insert(name.into());
        self
    }

    /// Limits how many calls may be nested; by default only memory does.
    #[must_use]
    pub fn max_call_depth(mut self, calls: u64) -> Self {
        self.settings.max_call_depth = calls;
        self
    }

    /// Limits how deep a value may be nested to be converted to JSON; by default only memory does.
    #[must_use]
    pub fn max_nesting(mut self, levels: u64) -> Self {
        self.settings.max_nesting = levels;
        self
    }

    /// Limits the native stack, in bytes: 512 MiB by default.
    #[must_use]
    pub fn max_stack(mut self, bytes: usize) -> Self {
        self.settings.max_stack = bytes;
        self
    }

    /// Limits the memory of values, in bytes. More than 7.5 GiB have no effect (6 in the command on x86-64 Linux): for so much there
    /// are addresses, which the evaluators of a process share. What the evaluator keeps besides (sources, files being hashed, texts
    /// being joined) is not counted.
    #[must_use]
    pub fn max_memory(mut self, bytes: usize) -> Self {
        self.settings.max_memory = bytes;
        self
    }

    /// Whether results may depend on the environment, the time and the current system: they may by default.
    #[must_use]
    pub fn pure(mut self, pure: bool) -> Self {
        self.settings.pure = pure;
        self
    }

    /// What happens with literals that a project may not want.
    #[must_use]
    pub fn lints(mut self, lints: Lints) -> Self {
        self.settings.lints = lints;
        self
    }

    /// Whether `builtins.traceVerbose` says something.
    #[must_use]
    pub fn trace_verbose(mut self, verbose: bool) -> Self {
        self.settings.trace_verbose = verbose;
        self
    }

    /// Whether `builtins.warn` ends the evaluation.
    #[must_use]
    pub fn abort_on_warn(mut self, abort: bool) -> Self {
        self.settings.abort_on_warn = abort;
        self
    }

    /// Whether the text of a file is read when the file is imported even if its program is known without; not by default. It is needed
    /// for messages and for lines of attributes, and by then the file may have changed, as it does while somebody works at it.
    /// So this is for evaluators that live on meanwhile.
    #[must_use]
    pub fn keep_texts(mut self, keep: bool) -> Self {
        self.settings.keep_texts = keep;
        self
    }

    /// Replaces the access to files, environment and time.
    #[must_use]
    pub fn host(mut self, host: impl Host + 'static) -> Self {
        self.host = Arc::new(host);
        self
    }

    /// Replaces the store, which by default computes paths and writes nothing.
    #[must_use]
    pub fn store(mut self, store: impl Store + 'static) -> Self {
        self.store = Box::new(store);
        self
    }

    /// Keeps the programs of files, and hashes of files and derivations, from one run to the next; by default they are made from
    /// the texts each time.
    #[must_use]
    pub fn cache(mut self, cache: Cache) -> Self {
        self.cache = Some(cache);
        self
    }

    /// Makes the evaluator.
    pub fn build(self) -> Evaluator {
        static NEXT: AtomicU64 = AtomicU64::new(0);
        let Builder { settings, host, store, cache } = self;
        let heap = Heap::new(settings.max_memory);
        let cell = OwnedEval::new(heap, |heap| Eval::new(heap, settings, host, store, cache));
        Evaluator { cell, sampler: None, id: NEXT.fetch_add(1, Ordering::Relaxed) }
    }
}

impl Default for Settings {
    fn default() -> Self {
        Settings {
            system: format!(
                "{}-{}",
                std::env::consts::ARCH,
                if cfg!(target_os = "macos") { "darwin" } else { std::env::consts::OS }
            ),
            nix_version: "2.36.0".to_owned(),
            search_path: Vec::new(),
            max_call_depth: u64::MAX,
            max_nesting: u64::MAX,
            max_stack: 512 << 20,
            max_memory: usize::MAX,
            features: FeatureSet::default(),
            pure: false,
            trace_verbose: false,
            abort_on_warn: false,
            keep_texts: false,
            lints: Lints::default(),
        }
    }
}
