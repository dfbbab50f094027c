//! What is left of sets without some of their attributes.

use std::cell::Cell;
use std::hash::Hasher;

use rustc_hash::FxHasher;
use smallvec::SmallVec;

use super::{Eval, Result};
use crate::heap::{Attrs, Heap, List, Shape, Symbol, Value};

/// A memory of what was removed from which shapes: sets of one shape lose the same names again and again, where a function
/// takes its own arguments out of those that it hands on.
pub(super) struct Removals<'h> {
    places: Box<[Place<'h>]>,
    /// Those of the names in a list, by the list: one that is written in the program is the same each time.
    listed: Box<[Listed<'h>]>,
}

#[derive(Default)]
struct Place<'h> {
    /// The digest of what came last and was not known.
    missed: Cell<u64>,
    known: Cell<Option<&'h Removal<'h>>>,
}

/// A list, and the removal of the names in it, all of which have been evaluated.
#[derive(Default)]
struct Listed<'h>(Cell<Option<(List<'h>, &'h Removal<'h>)>>);

/// What is left of sets of one shape without some names.
struct Removal<'h> {
    of: &'h Shape<'h>,
    /// The names as they were given, whether the shape has them or not.
    removed: &'h [Symbol],
    /// The same shape if it has none of them.
    shape: &'h Shape<'h>,
    /// For each name of another shape its index in the first one.
    kept: &'h [u32],
}

const PLACES: usize = 512;
const LISTED_PLACES: usize = 256;

impl Default for Removals<'_> {
    fn default() -> Self {
        Removals {
            places: (0..PLACES).map(|_| Place::default()).collect(),
            listed: (0..LISTED_PLACES).map(|_| Listed::default()).collect(),
        }
    }
}

impl<'h> Removals<'h> {
    /// Where the removal of the names in a list from sets of a shape is.
    #[inline]
    fn listed(&self, list: List<'h>, shape: &Shape<'_>) -> &Listed<'h> {
        let mut hasher = FxHasher::default();
        hasher.write_usize(list.address());
        hasher.write_usize(std::ptr::from_ref(shape).addr());
        &self.listed[hasher.finish() as usize % LISTED_PLACES]
    }
}

impl<'h> Removal<'h> {
    /// What is left of a set of the shape.
    #[inline]
    fn of(&self, heap: &'h Heap, set: Attrs<'h>) -> Value<'h> {
        if std::ptr::eq(self.shape, self.of) {
            return set.again(heap);
        }
        let values = set.flat_values();
        Attrs::build(heap, self.shape, |index| values[self.kept[index] as usize].get())
    }
}

impl<'h> Eval<'h> {
    /// A set without the names in a list.
    pub(crate) fn without_listed(&mut self, set: Attrs<'h>, list: List<'h>) -> Result<Value<'h>> {
        if let Some(shape) = set.flat_shape()
            && let Some((known, removal)) = self.removals.listed(list, shape).0.get()
            && known.address() == list.address()
            && std::ptr::eq(removal.of, shape)
        {
            return Ok(removal.of(self.heap, set));
        }
        let mut removed: SmallVec<[Symbol; 16]> = SmallVec::with_capacity(list.len());
        for name in list.elements() {
            let name = self.force_cell(name)?;
            removed.extend(self.known_symbol_of(name)?);
        }
        let (value, removal) = self.without(set, &removed);
        if let Some(removal) = removal {
            self.removals.listed(list, removal.of).0.set(Some((list, removal)));
        }
        Ok(value)
    }

    /// A set without these names, in any order, each of which may be there or not; with how that was done, if it was known.
    fn without(&mut self, set: Attrs<'h>, removed: &[Symbol]) -> (Value<'h>, Option<&'h Removal<'h>>) {
        if removed.is_empty() {
            return (set.again(self.heap), None);
        }
        let Some(shape) = set.flat_shape() else {
            // It may be large, and need not become flat if it stays as it is.
            if removed.iter().all(|&name| self.find(set, name).is_none()) {
                return (set.again(self.heap), None);
            }
            let (shape, _) = set.flatten(self.heap);
            return (self.without_anew(set, shape, removed, None), None);
        };
        let digest = digest(shape, removed);
        let index = digest as usize % PLACES;
        let place = &self.removals.places[index];
        if let Some(known) = place.known.get()
            && std::ptr::eq(known.of, shape)
            && known.removed == removed
        {
            return (known.of(self.heap, set), Some(known));
        }
        // What comes twice may come again.
        let comes_again = place.missed.replace(digest) == digest;
        (self.without_anew(set, shape, removed, comes_again.then_some(index)), None)
    }

    /// What is left of a flat set. Unlike what is remembered, it takes much code, and large local variables. How it came to that is
    /// remembered at a place, if one is given.
    #[inline(never)]
    fn without_anew(
        &mut self,
        set: Attrs<'h>,
        of: &'h Shape<'h>,
        removed: &[Symbol],
        place: Option<usize>,
    ) -> Value<'h> {
        let mut sorted: SmallVec<[Symbol; 16]> = removed.into();
        sorted.sort_unstable();
        // Both are in ascending order, so they are gone through once, side by side.
        let mut rest = &sorted[..];
        let mut kept: SmallVec<[u32; 64]> = SmallVec::with_capacity(of.len());
        for (index, name) in (0..).zip(of.names()) {
            while let [first, others @ ..] = rest
                && first < name
            {
                rest = others;
            }
            if rest.first() != Some(name) {
                kept.push(index);
            }
        }
        if kept.len() == of.len() {
            if let Some(place) = place {
                self.remember_removal(place, of, removed, of, &[]);
            }
            return set.again(self.heap);
        }
        let names: SmallVec<[_; 64]> = kept.iter().map(|&index| of.names()[index as usize]).collect();
        let positions: SmallVec<[_; 64]> = kept.iter().map(|&index| of.positions()[index as usize]).collect();
        let shape = Shape::new(self.heap, &names, &positions);
        if let Some(place) = place {
            self.remember_removal(place, of, removed, shape, &kept);
        }
        let values = set.flat_values();
        Attrs::build(self.heap, shape, |index| values[kept[index] as usize].get())
    }

    fn remember_removal(
        &self,
        place: usize,
        of: &'h Shape<'h>,
        removed: &[Symbol],
        shape: &'h Shape<'h>,
        kept: &[u32],
    ) {
        let (removed, kept) = (self.heap.store_slice(removed), self.heap.store_slice(kept));
        self.removals.places[place].known.set(Some(self.heap.store(Removal { of, removed, shape, kept })));
    }
}

fn digest(shape: &Shape<'_>, removed: &[Symbol]) -> u64 {
    let mut hasher = FxHasher::default();
    hasher.write_usize(std::ptr::from_ref(shape).addr());
    removed.iter().for_each(|name| hasher.write_u32(name.0));
    hasher.finish()
}
