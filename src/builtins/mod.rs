//! The builtins, one file a family.
//!
//! Each family begins with a table in which every builtin has its documentation, its parameters and the
//! function that it is. `builtins.name` and the global names are made from these tables, as are
//! `:doc` in the REPL and the manual.

mod attrs;
mod constants;
mod context;
mod control;
mod derivation;
mod environment;
mod fetch;
mod files;
mod hash;
mod import;
mod json;
mod lists;
mod numbers;
mod position;
mod sort;
mod strings;
mod table;
pub(crate) mod text;
mod toml;
mod types;
mod xml;

pub(crate) use constants::{CONSTANTS, Constant};
pub(crate) use strings::substring_range;
pub(crate) use table::{
    Builtin, BuiltinTable, DERIVATION_FILE, MAX_ARITY, Test, all, builtin_file, define, global_name,
};
pub(crate) use xml::XmlOptions;

/// What builtins remember from call to call.
#[derive(Default)]
pub(crate) struct Caches {
    /// Compiled regular expressions by their text.
    regexes: rustc_hash::FxHashMap<Vec<u8>, std::sync::Arc<crate::regex::Regex>>,
    /// The address and length of the pattern that was used last.
    last_regex: Option<((usize, usize), std::sync::Arc<crate::regex::Regex>)>,
    /// Files and archives that were fetched.
    fetched: fetch::Fetched,
}
