//! What an evaluation has done so far, in numbers.

use std::time::Duration;

/// Counts that are kept while evaluating; the heap counts what is made in it.
#[derive(Clone, Debug, Default)]
pub(crate) struct Counters {
    /// Calls of functions of the program.
    pub(crate) function_calls: u64,
    pub(crate) builtin_calls: u64,
    /// `set.name`, by element of the path.
    pub(crate) selections: u64,
    /// `left // right`
    pub(crate) updates: u64,
    /// Texts that became programs: files and what was given as text.
    pub(crate) sources: u64,
    pub(crate) source_bytes: u64,
    pub(crate) parsing: Duration,
    pub(crate) lowering: Duration,
    /// Programs that were found in the cache, which is faster than parsing and lowering.
    pub(crate) cached_programs: u64,
    pub(crate) reading_programs: Duration,
    pub(crate) derivations: u64,
    /// Files and trees that were copied to the store, or whose store paths were computed.
    pub(crate) copied_sources: u64,
}
