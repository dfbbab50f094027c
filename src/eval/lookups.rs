//! A memory of where names are in sets.

use std::cell::Cell;

use crate::diagnostics::Pos;
use crate::heap::{Attrs, SelectTable, Symbol, ValueCell};

/// Where names were found lately, in shapes and in sets with layers.
///
/// A hit takes a few instructions, where a search touches the names of the shape, or of the shapes of all layers.
pub(super) struct Lookups<'h> {
    pub(super) flat: SelectTable<'h>,
    layered: Box<[Cell<LayeredLookup<'h>>]>,
}

type LayeredLookup<'h> = (usize, Symbol, Option<Found<'h>>);
type Found<'h> = (&'h ValueCell<'h>, Pos);

/// Of 32 bytes each; the table fits into the cache of the second level with room to spare.
const PLACES: usize = 8192;

impl Default for Lookups<'_> {
    fn default() -> Self {
        Lookups {
            flat: SelectTable::default(),
            layered: (0..PLACES).map(|_| Cell::new((0, Symbol(0), None))).collect(),
        }
    }
}

impl<'h> Lookups<'h> {
    /// What a set with layers has under a name, and where that was written. What the set has does not change, and it is
    /// never freed.
    #[inline]
    pub(super) fn layered(&self, attrs: Attrs<'h>, name: Symbol) -> Option<Found<'h>> {
        let place = &self.layered[place_of(attrs.identity() >> 2, name)];
        let (known, known_name, found) = place.get();
        if known == attrs.identity() && known_name == name {
            return found;
        }
        let found = attrs.find(name);
        place.set((attrs.identity(), name, found));
        found
    }
}

#[inline(always)]
fn place_of(of: usize, name: Symbol) -> usize {
    (of ^ (name.0 as usize).wrapping_mul(0x9e37_79b1)) % PLACES
}
