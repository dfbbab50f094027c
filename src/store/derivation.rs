//! Derivations: records that say how to build something.
//!
//! Source: "Store Derivation and Deriving Path" in the Nix manual,
//! `store/derivation/index.md`.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use super::address::{ContentAddressMethod, output_path_name};
use super::environment::Environment;
use super::error::{Error, Result};
use super::hash::{Hash, HashAlgorithm};
use super::path::{StoreDir, StorePath};
use super::placeholder::output_placeholder;

/// The name of an output, such as `out` or `dev`. Shared text.
pub type OutputName = Arc<str>;

/// How deep outputs of outputs may nest in [`InputOutputs`]. Nobody nests
/// them deeper than two; the bound keeps hostile input from exhausting the
/// stack.
pub const MAX_DYNAMIC_DEPTH: usize = 100;

/// The variable in which structured attributes are passed, as JSON.
pub const STRUCTURED_ATTRIBUTES: &[u8] = b"__json";

/// A store derivation. Strings that the builder sees are bytes, not
/// necessarily UTF-8.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Derivation {
    /// The name, without `.drv`.
    pub name: String,
    /// The outputs by name.
    pub outputs: BTreeMap<OutputName, Output>,
    /// The derivations whose outputs are needed, by store path.
    pub input_derivations: BTreeMap<StorePath, InputOutputs>,
    /// The other store objects that are needed.
    pub input_sources: BTreeSet<StorePath>,
    /// The system to build on, such as `x86_64-linux`.
    pub system: Vec<u8>,
    /// The program that builds.
    pub builder: Vec<u8>,
    /// Its arguments.
    pub args: Vec<Vec<u8>>,
    /// Its environment. Structured attributes are the variable
    /// [`STRUCTURED_ATTRIBUTES`].
    pub env: Environment,
}

/// An output of a derivation: where it will be, or how that is decided.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Output {
    /// At a path computed from the derivation.
    InputAddressed(StorePath),
    /// At a path computed from the hash that the content must have.
    Fixed {
        /// How the content is hashed.
        method: ContentAddressMethod,
        /// The hash it must have.
        hash: Hash,
        /// The path, which follows from the two; see [`Output::fixed`].
        path: StorePath,
    },
    /// At a path computed from the content once it is built.
    Floating {
        /// How the content is hashed.
        method: ContentAddressMethod,
        /// The algorithm.
        algorithm: HashAlgorithm,
    },
    /// Input-addressed, but the path cannot be computed before the inputs are
    /// built; or has not been computed yet.
    Deferred,
    /// Like `Floating`, but different in every build.
    Impure {
        /// How the content is hashed.
        method: ContentAddressMethod,
        /// The algorithm.
        algorithm: HashAlgorithm,
    },
}

/// Which outputs of an input derivation are needed.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct InputOutputs {
    /// The outputs by name.
    pub outputs: BTreeSet<OutputName>,
    /// Where an output is itself a derivation: which of its outputs are
    /// needed (dynamic derivations). Nests up to [`MAX_DYNAMIC_DEPTH`].
    pub dynamic: BTreeMap<OutputName, InputOutputs>,
}

/// What the outputs of a derivation have in common.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum DerivationKind {
    /// All outputs are input-addressed, with known paths.
    InputAddressed,
    /// All outputs are input-addressed, with paths still unknown.
    Deferred,
    /// The one output `out` has a fixed hash.
    Fixed,
    /// All outputs are content-addressed, not fixed.
    Floating,
    /// All outputs are impure.
    Impure,
}

impl Derivation {
    /// The kind of all outputs.
    ///
    /// # Errors
    ///
    /// [`Error::Derivation`] for no outputs, outputs of different kinds, a
    /// fixed output that is not called `out`, and floating outputs of
    /// different algorithms.
    pub fn kind(&self) -> Result<DerivationKind> {
        let refuse = |problem: &str| Err(Error::derivation(&self.name, problem));
        let mut kinds = self.outputs.values().map(Output::kind);
        let Some(kind) = kinds.next() else {
            return refuse("it must have at least one output");
        };
        if kinds.any(|other| other != kind) {
            return refuse("its outputs must all be of the same kind");
        }
        if kind == DerivationKind::Fixed && !self.outputs.keys().map(|name| &**name).eq(["out"]) {
            return refuse("a fixed output must be the only one and be named 'out'");
        }
        let mut algorithms = self.outputs.values().filter_map(|output| match output {
            Output::Floating { algorithm, .. } => Some(algorithm),
            _ => None,
        });
        if let Some(first) = algorithms.next()
            && algorithms.any(|other| other != first)
        {
            return refuse("floating outputs must all use the same hash algorithm");
        }
        Ok(kind)
    }

    /// The name of its store object: the name and `.drv`.
    pub fn file_name(&self) -> String {
        [&self.name, ".drv"].concat()
    }

    /// The store paths that its file refers to, in order: input derivations
    /// and input sources.
    pub fn references(&self) -> impl Iterator<Item = &StorePath> {
        let mut derivations = self.input_derivations.keys().peekable();
        let mut sources = self.input_sources.iter().peekable();
        std::iter::from_fn(move || match (derivations.peek(), sources.peek()) {
            (Some(derivation), Some(source)) if derivation == source => {
                sources.next();
                derivations.next()
            }
            (Some(derivation), Some(source)) if derivation > source => sources.next(),
            (Some(_), _) => derivations.next(),
            (None, _) => sources.next(),
        })
    }

    /// Adds or replaces an output, and the variable named like it: the path
    /// where that is known, a [placeholder](super::output_placeholder) where
    /// it never is, and nothing where [`HashModulo::fill_outputs`] will find
    /// it.
    ///
    /// [`HashModulo::fill_outputs`]: super::HashModulo::fill_outputs
    pub fn set_output(&mut self, name: OutputName, output: Output, dir: &StoreDir) {
        let value = match &output {
            Output::InputAddressed(path) | Output::Fixed { path, .. } => dir.display(path),
            Output::Floating { .. } | Output::Impure { .. } => output_placeholder(&*name),
            Output::Deferred => String::new(),
        };
        self.env.insert(&*name, value);
        self.outputs.insert(name, output);
    }

    /// Adds an input: an output of the derivation at `path`; of the
    /// derivation that is this output; and so on, if there are several names.
    ///
    /// # Errors
    ///
    /// [`Error::Derivation`] if there are no names, or more than
    /// [`MAX_DYNAMIC_DEPTH`].
    pub fn add_input(&mut self, path: StorePath, outputs: &[OutputName]) -> Result<()> {
        let Some((last, dynamic)) = outputs.split_last() else {
            return Err(Error::derivation(&self.name, "an input names no output"));
        };
        if dynamic.len() > MAX_DYNAMIC_DEPTH {
            return Err(too_deep(&self.name));
        }
        let mut node = self.input_derivations.entry(path).or_default();
        for name in dynamic {
            node = node.dynamic.entry(name.clone()).or_default();
        }
        node.outputs.insert(last.clone());
        Ok(())
    }

    /// Whether it needs an output of a derivation that is itself an output.
    pub fn has_dynamic_inputs(&self) -> bool {
        self.input_derivations.values().any(|input| !input.dynamic.is_empty())
    }
}

impl Output {
    /// A fixed output: the path follows from method and hash.
    ///
    /// # Errors
    ///
    /// Those of [`StoreDir::fixed_path`].
    pub fn fixed(
        dir: &StoreDir,
        derivation: &str,
        output: &str,
        method: ContentAddressMethod,
        hash: Hash,
    ) -> Result<Output> {
        let name = output_path_name(derivation, output);
        let path = dir.fixed_path(&name, method, &hash, &BTreeSet::new())?;
        Ok(Output::Fixed { method, hash, path })
    }

    /// The path, where it is known before building.
    pub fn path(&self) -> Option<&StorePath> {
        match self {
            Output::InputAddressed(path) | Output::Fixed { path, .. } => Some(path),
            Output::Floating { .. } | Output::Deferred | Output::Impure { .. } => None,
        }
    }

    /// The path, if it follows from the derivation and is known.
    pub(super) fn input_addressed_path(&self) -> Option<&StorePath> {
        match self {
            Output::InputAddressed(path) => Some(path),
            _ => None,
        }
    }

    fn kind(&self) -> DerivationKind {
        match self {
            Output::InputAddressed(_) => DerivationKind::InputAddressed,
            Output::Fixed { .. } => DerivationKind::Fixed,
            Output::Floating { .. } => DerivationKind::Floating,
            Output::Deferred => DerivationKind::Deferred,
            Output::Impure { .. } => DerivationKind::Impure,
        }
    }
}

impl<Name: Into<OutputName>> FromIterator<Name> for InputOutputs {
    fn from_iter<Names: IntoIterator<Item = Name>>(names: Names) -> InputOutputs {
        InputOutputs { outputs: names.into_iter().map(Into::into).collect(), dynamic: BTreeMap::new() }
    }
}

pub(super) fn too_deep(name: &str) -> Error {
    Error::derivation(name, format!("an input nests outputs of outputs deeper than {MAX_DYNAMIC_DEPTH}"))
}
