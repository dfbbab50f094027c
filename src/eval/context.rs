//! String contexts: which store objects a string mentions.

use std::fmt;

use indexmap::IndexSet;
use rustc_hash::FxBuildHasher;
use smallvec::SmallVec;

use crate::growth::room;
use crate::heap::{Context, ContextId};
use crate::store::{OutputName, StorePath};

/// One reference of a string.
///
/// The kinds are those of the Nix manual, section "String context".
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub(crate) enum ContextElement {
    /// A store path itself.
    Opaque(StorePath),
    /// A derivation with its whole closure: what `drvPath` refers to.
    DrvDeep(StorePath),
    /// An output of a derivation; of several outputs in a row, each but the last is a derivation itself (dynamic
    /// derivations).
    Built { drv: StorePath, outputs: SmallVec<[OutputName; 1]> },
}

impl fmt::Display for ContextElement {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            ContextElement::Opaque(path) => write!(formatter, "{path}"),
            ContextElement::DrvDeep(drv) => write!(formatter, "={drv}"),
            ContextElement::Built { drv, outputs } => {
                outputs.iter().rev().try_for_each(|output| write!(formatter, "!{output}"))?;
                write!(formatter, "!{drv}")
            }
        }
    }
}

impl ContextElement {
    /// What it is about.
    fn path(&self) -> &StorePath {
        match self {
            ContextElement::Opaque(path) | ContextElement::DrvDeep(path) => path,
            ContextElement::Built { drv, .. } => drv,
        }
    }
}

/// All context elements of an evaluator.
#[derive(Default)]
pub(crate) struct ContextTable {
    elements: IndexSet<ContextElement, FxBuildHasher>,
    /// Whether each, as far as there are values, is about a derivation that was made in this run.
    made: Vec<bool>,
}

/// The table grows at once when it has so many.
const SOME_ELEMENTS: usize = 512;

impl ContextTable {
    pub(crate) fn intern(&mut self, element: ContextElement) -> ContextId {
        self.elements.reserve(room(self.elements.len(), SOME_ELEMENTS));
        let (index, _) = self.elements.insert_full(element);
        ContextId(u32::try_from(index).expect("fewer than 2^32 store paths"))
    }

    /// The same for an element that is about a derivation which has just been made.
    pub(crate) fn intern_made(&mut self, element: ContextElement) -> ContextId {
        let id = self.intern(element);
        let index = id.0 as usize;
        if self.made.len() <= index {
            self.made.resize(index + 1, false);
        }
        self.made[index] = true;
        id
    }

    /// Whether it is about a derivation of which it is known that it was made in this run, or about none.
    pub(crate) fn is_made(&self, id: ContextId) -> bool {
        self.made.get(id.0 as usize) == Some(&true) || matches!(self.element(id), ContextElement::Opaque(_))
    }

    pub(crate) fn element(&self, id: ContextId) -> &ContextElement {
        &self.elements[id.0 as usize]
    }

    /// The elements of a context in the order of the paths that they are about.
    pub(crate) fn in_order_of_paths(&self, context: &ContextSet) -> impl Iterator<Item = &ContextElement> + use<'_> {
        let mut elements: SmallVec<[(u64, &ContextElement); 16]> = SmallVec::with_capacity(context.0.len());
        // Digests differ early, so that few paths have to be looked at twice.
        let start =
            |path: &StorePath| path.digest().as_bytes().first_chunk().map_or(0, |bytes| u64::from_be_bytes(*bytes));
        elements.extend(context.iter().map(|id| self.element(id)).map(|element| (start(element.path()), element)));
        elements.sort_unstable_by(|(a, one), (b, other)| a.cmp(b).then_with(|| one.path().cmp(other.path())));
        elements.into_iter().map(|(_, element)| element)
    }
}

/// A context that is being collected.
#[derive(Default, Clone)]
pub(crate) struct ContextSet(SmallVec<[ContextId; 8]>);

impl ContextSet {
    #[inline(always)]
    pub(crate) fn add(&mut self, context: Context<'_>) {
        if !context.is_empty() {
            self.add_many(context);
        }
    }

    #[inline(never)]
    fn add_many(&mut self, context: Context<'_>) {
        if self.0.is_empty() {
            self.0.extend_from_slice(context);
        } else if context.len() <= 2 {
            context.iter().for_each(|&id| self.insert(id));
        } else if self.0.as_slice() != context {
            self.0.extend_from_slice(context);
            self.0.sort_unstable();
            self.0.dedup();
        }
    }

    pub(crate) fn insert(&mut self, id: ContextId) {
        if let Err(at) = self.0.binary_search(&id) {
            self.0.insert(at, id);
        }
    }

    /// In ascending order, as a string is made with.
    #[inline(always)]
    pub(crate) fn as_slice(&self) -> &[ContextId] {
        &self.0
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    pub(crate) fn iter(&self) -> impl Iterator<Item = ContextId> + '_ {
        self.0.iter().copied()
    }
}
