//! The store: paths, hashes, archives and derivations, and the back ends that
//! keep them. It knows nothing of the language.
//!
//! From content to path, in the order in which things happen:
//!
//! - [`Hasher`] computes a [`struct@Hash`]; a [`Tree`] of files is
//!   hashed as the stream that [`nar`] writes;
//! - [`StoreDir`] turns a hash and a name into a [`StorePath`];
//! - a [`Derivation`] becomes bytes in [`aterm`]; [`HashModulo`] computes the
//!   paths of its outputs;
//! - a [`Store`] takes the results: [`ComputeStore`] only computes,
//!   [`DirectoryStore`] also writes.

mod address;
mod append;
mod archive_hash;
pub mod aterm;
mod aterm_parse;
mod backend;
mod compute_store;
mod derivation;
mod directory_store;
mod environment;
mod error;
pub mod hash;
mod hash_modulo;
mod hasher;
mod instantiate;
pub mod json;
pub mod nar;
pub mod nix32;
mod packed;
pub mod path;
mod placeholder;
mod recipe;
mod repeats;
mod restore;
mod shared_texts;
mod stamp;
mod tree;
mod tree_stamps;

pub use address::{ContentAddressMethod, output_path_name};
pub(crate) use append::append;
pub use aterm_parse::parse as parse_derivation;
pub use backend::{Location, Store, closure, hash_tree};
pub use compute_store::ComputeStore;
pub use derivation::{
    Derivation, DerivationKind, InputOutputs, MAX_DYNAMIC_DEPTH, Output, OutputName, STRUCTURED_ATTRIBUTES,
};
pub use directory_store::DirectoryStore;
pub use environment::Environment;
pub use error::{Error, NameProblem, Result};
pub use hash::{Hash, HashAlgorithm, HashError, HashFormat};
pub use hash_modulo::{HashModulo, InputHash, ReadDerivation};
pub use hasher::{Hasher, hash_bytes};
pub(crate) use instantiate::instantiate_recipe;
pub use instantiate::{DerivationFile, derivation_path, instantiate};
pub use path::{StoreDir, StorePath, check_name};
pub use placeholder::{Placeholder, output_placeholder};
pub(crate) use recipe::{Input, Made, Recipe};
pub use stamp::Stamp;
pub use tree::{DirectoryEntry, FileSource, FileSystem, FileType, MAX_TREE_DEPTH, OpenFile, Selection, Tree, select};
