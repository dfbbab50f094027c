//! A memory of where names are in sets.

use std::cell::Cell;

use crate::diagnostics::Pos;
use crate::heap::{Attrs, Shape, Symbol, ValueCell};

/// Where names were found in shapes lately, for the places of a program that see many shapes in turn, and in sets with layers.
///
/// Each pair of a shape or set and a name has one place in a small table; the newest is kept. A hit takes a few instructions,
/// where a search touches the names of the shape, or of the shapes of all layers.
pub(super) struct Lookups<'h> {
    flat: Box<[Cell<FlatLookup<'h>>]>,
    layered: Box<[Cell<LayeredLookup<'h>>]>,
}

type FlatLookup<'h> = (Option<&'h Shape<'h>>, Symbol, u32);
type LayeredLookup<'h> = (usize, Symbol, Option<Found<'h>>);
type Found<'h> = (&'h ValueCell<'h>, Pos);

/// Of 16 bytes each for flat sets, 32 for others; the tables fit into the cache of the second level with room to spare.
const PLACES: usize = 8192;
/// In shapes of so few names searching is as fast.
const FEW: usize = 4;
const ABSENT: u32 = u32::MAX;

impl Default for Lookups<'_> {
    fn default() -> Self {
        Lookups {
            flat: (0..PLACES).map(|_| Cell::new((None, Symbol(0), ABSENT))).collect(),
            layered: (0..PLACES).map(|_| Cell::new((0, Symbol(0), None))).collect(),
        }
    }
}

impl<'h> Lookups<'h> {
    /// The index of a name in a shape.
    #[inline]
    pub(super) fn index_of(&self, shape: &'h Shape<'h>, name: Symbol) -> Option<u32> {
        if shape.len() <= FEW {
            return shape.index_of(name).map(|index| index as u32);
        }
        let place = &self.flat[place_of(std::ptr::from_ref(shape).addr() >> 4, name)];
        let (known, known_name, index) = place.get();
        if known_name == name && known.is_some_and(|known| std::ptr::eq(known, shape)) {
            return (index != ABSENT).then_some(index);
        }
        let index = shape.index_of(name).map(|index| index as u32);
        place.set((Some(shape), name, index.unwrap_or(ABSENT)));
        index
    }

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
