//! A memory of where names are in shapes.

use std::cell::Cell;

use crate::heap::{Shape, Symbol};

/// Where names were found in shapes lately, for the places of a program that see many shapes in turn.
///
/// Each pair of a shape and a name has one place in a small table; the newest is kept. A hit takes a few instructions,
/// where a search in a shape touches its names.
pub(super) struct Lookups<'h>(Box<[Cell<Lookup<'h>>]>);

type Lookup<'h> = (Option<&'h Shape<'h>>, Symbol, u32);

/// Of 16 bytes each; the table fits into the cache of the second level with room to spare.
const PLACES: usize = 2048;
/// In shapes of so few names searching is as fast.
const FEW: usize = 4;
const ABSENT: u32 = u32::MAX;

impl Default for Lookups<'_> {
    fn default() -> Self {
        Lookups((0..PLACES).map(|_| Cell::new((None, Symbol(0), ABSENT))).collect())
    }
}

impl<'h> Lookups<'h> {
    /// The index of a name in a shape.
    #[inline]
    pub(super) fn index_of(&self, shape: &'h Shape<'h>, name: Symbol) -> Option<u32> {
        if shape.len() <= FEW {
            return shape.index_of(name).map(|index| index as u32);
        }
        let address = std::ptr::from_ref(shape).addr() >> 3;
        let place = &self.0[(address ^ (name.0 as usize).wrapping_mul(0x9e37_79b1)) % PLACES];
        let (known, known_name, index) = place.get();
        if known_name == name && known.is_some_and(|known| std::ptr::eq(known, shape)) {
            return (index != ABSENT).then_some(index);
        }
        let index = shape.index_of(name).map(|index| index as u32);
        place.set((Some(shape), name, index.unwrap_or(ABSENT)));
        index
    }
}
