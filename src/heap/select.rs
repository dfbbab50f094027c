//! Where names were found in sets: memories that save searching the names of a shape, and even looking at it.

use std::cell::Cell;
use std::marker::PhantomData;
use std::ptr::NonNull;

use super::region::narrow;
use super::value::object_kind::FLAT;
use super::{Attrs, Heap, Shape, Symbol, ValueCell};

/// What a set has under a name.
type Found<'h> = Option<&'h ValueCell<'h>>;

const ABSENT: u32 = u32::MAX;

/// Where a name is in a shape, if it is there.
#[derive(Copy, Clone, Default)]
struct Place {
    /// The header of flat sets with the shape; zero is none.
    header: u32,
    index: u32,
}

impl Place {
    /// What is at the place in a set, if that is of the shape.
    #[inline(always)]
    fn find<'h>(self, attrs: Attrs<'h>) -> Option<Found<'h>> {
        if attrs.header() != self.header {
            return None;
        }
        // SAFETY: with this header the set is flat and of the shape in which `search` found the name at this index.
        Some((self.index != ABSENT).then(|| unsafe { attrs.value_at(self.index) }))
    }
}

/// The shape that was looked into last by one place of a program, and where the name was in it, if it was.
#[derive(Default)]
pub(crate) struct SelectCache<'h> {
    place: Cell<Place>,
    heap: PhantomData<Cell<&'h Heap>>,
}

impl<'h> SelectCache<'h> {
    /// What a set has under the name; `None` if that is not remembered for its shape.
    #[inline(always)]
    pub(crate) fn find(&self, attrs: Attrs<'h>) -> Option<Found<'h>> {
        self.place.get().find(attrs)
    }
}

/// Where names were found in shapes lately, for the places of a program that see many shapes in turn.
///
/// Each pair of a shape and a name has one place in a small table; the newest is kept.
pub(crate) struct SelectTable<'h> {
    places: Box<[Cell<(Symbol, Place)>]>,
    heap: PhantomData<Cell<&'h Heap>>,
}

/// Of 12 bytes each, so that the table fits into the cache of the second level with room to spare.
const PLACES: usize = 8192;

impl Default for SelectTable<'_> {
    fn default() -> Self {
        SelectTable {
            places: vec![Cell::new((Symbol(0), Place::default())); PLACES].into_boxed_slice(),
            heap: PhantomData,
        }
    }
}

impl<'h> SelectTable<'h> {
    /// What a set has under the name; `None` if that is not remembered for its shape. If it is, `cache` remembers it, too.
    #[inline(always)]
    pub(crate) fn find(&self, attrs: Attrs<'h>, name: Symbol, cache: Option<&SelectCache<'h>>) -> Option<Found<'h>> {
        let attrs = attrs.resolve();
        let (known_name, place) = self.places[place_of(attrs.header(), name)].get();
        if known_name != name {
            return None;
        }
        let found = place.find(attrs)?;
        if let Some(cache) = cache {
            cache.place.set(place);
        }
        Some(found)
    }

    /// The index of a name in a shape.
    pub(crate) fn index_of(&self, shape: &'h Shape<'h>, name: Symbol) -> Option<usize> {
        let (known_name, place) = self.places[place_of(header_of(shape), name)].get();
        if known_name == name && place.header == header_of(shape) {
            return (place.index != ABSENT).then_some(place.index as usize);
        }
        self.search(shape, name, None)
    }

    /// The same where it is not remembered. It is then; by `cache`, too.
    pub(crate) fn search(&self, shape: &'h Shape<'h>, name: Symbol, cache: Option<&SelectCache<'h>>) -> Option<usize> {
        let index = shape.index_of(name);
        let place = Place { header: header_of(shape), index: index.map_or(ABSENT, |index| index as u32) };
        self.places[place_of(place.header, name)].set((name, place));
        if let Some(cache) = cache {
            cache.place.set(place);
        }
        index
    }
}

/// The header of flat sets with a shape.
#[inline(always)]
fn header_of<'h>(shape: &'h Shape<'h>) -> u32 {
    narrow(NonNull::from(shape)) | FLAT
}

/// Shapes are at multiples of 16, and a header has half of the address.
#[inline(always)]
fn place_of(header: u32, name: Symbol) -> usize {
    ((header >> 3) ^ name.0.wrapping_mul(0x9e37_79b1)) as usize % PLACES
}
