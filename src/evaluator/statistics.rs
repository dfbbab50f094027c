//! What an evaluator has done, in numbers.

use serde::Serialize;

use super::Evaluator;
use crate::heap::Made;

/// What an evaluator has done since it was made.
///
/// ```
/// let mut firn = firn::Evaluator::new();
/// let before = firn.statistics().calls.functions;
/// firn.eval_text("let f = x: x + 1; in f (f 1)", "/")?;
/// assert_eq!(firn.statistics().calls.functions - before, 2);
/// # Ok::<_, firn::Error>(())
/// ```
#[derive(Clone, Debug, Serialize)]
#[non_exhaustive]
pub struct Statistics {
    /// What was read.
    pub sources: Sources,
    /// What was called.
    pub calls: Calls,
    /// Attributes that were selected from sets.
    pub selections: u64,
    /// Updates of sets by sets.
    pub updates: u64,
    /// Names of variables and attributes that are known.
    pub symbols: u64,
    /// What was made, by kind.
    pub values: Values,
    /// Bytes of memory taken for values and programs.
    pub heap_bytes: u64,
    /// Derivations that were computed.
    pub derivations: u64,
    /// How many of them were not hashed, since their paths were found in the cache.
    pub cached_derivations: u64,
    /// Files and trees that were copied to the store, or would have been: their hashes were computed.
    pub copied_sources: u64,
}

/// Source texts.
#[derive(Clone, Debug, Serialize)]
#[non_exhaustive]
pub struct Sources {
    /// Files and other texts.
    pub count: u64,
    /// Their size.
    pub bytes: u64,
    /// Seconds spent on parsing them.
    pub parsing_seconds: f64,
    /// Seconds spent on resolving names and making programs of them.
    pub lowering_seconds: f64,
    /// How many were not parsed, since their programs were found in the cache.
    pub cached: u64,
    /// Seconds spent on reading those.
    pub cache_seconds: f64,
}

/// Calls.
#[derive(Clone, Debug, Serialize)]
#[non_exhaustive]
pub struct Calls {
    /// Of functions of the program.
    pub functions: u64,
    /// Of builtins.
    pub builtins: u64,
}

/// Values by kind.
#[derive(Clone, Debug, Serialize)]
#[non_exhaustive]
pub struct Values {
    /// What is evaluated when it is needed.
    pub thunks: Objects,
    /// The variables of a call, of a `let` or of a `rec`.
    pub frames: Objects,
    /// Sets with all their values.
    pub sets: Objects,
    /// Sets that are a few attributes over another set.
    pub layers: Objects,
    /// The names of sets, shared by sets with the same.
    pub shapes: Objects,
    /// Lists.
    pub lists: Objects,
    /// Strings.
    pub strings: Objects,
    /// Functions of the program with their variables.
    pub closures: Objects,
    /// Functions with some of their arguments.
    pub partials: Objects,
}

/// Values of a kind.
#[derive(Copy, Clone, Debug, Serialize)]
#[non_exhaustive]
pub struct Objects {
    /// How many were made.
    pub count: u64,
    /// How much memory they took.
    pub bytes: u64,
}

impl From<Made> for Objects {
    fn from(made: Made) -> Self {
        Objects { count: made.count, bytes: made.bytes }
    }
}

impl Evaluator {
    /// What this evaluator has done.
    pub fn statistics(&self) -> Statistics {
        self.cell.with_dependent(|heap, eval| {
            let census = heap.census();
            let counters = &eval.counters;
            Statistics {
                sources: Sources {
                    count: counters.sources,
                    bytes: counters.source_bytes,
                    parsing_seconds: counters.parsing.as_secs_f64(),
                    lowering_seconds: counters.lowering.as_secs_f64(),
                    cached: counters.cached_programs,
                    cache_seconds: counters.reading_programs.as_secs_f64(),
                },
                calls: Calls { functions: counters.function_calls, builtins: counters.builtin_calls },
                selections: counters.selections,
                updates: counters.updates,
                symbols: eval.symbols.len() as u64,
                values: Values {
                    thunks: census.thunks.into(),
                    frames: census.frames.into(),
                    sets: census.sets.into(),
                    layers: census.layers.into(),
                    shapes: census.shapes.into(),
                    lists: census.lists.into(),
                    strings: census.strings.into(),
                    closures: census.closures.into(),
                    partials: census.partials.into(),
                },
                heap_bytes: heap.bytes() as u64,
                derivations: counters.derivations,
                cached_derivations: eval.store.cached_derivations(),
                copied_sources: counters.copied_sources,
            }
        })
    }
}
