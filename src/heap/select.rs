//! Where names were found in sets: memories that save searching the names of a shape, and even looking at it.

use std::cell::Cell;
use std::marker::PhantomData;
use std::ptr::NonNull;

use super::region::{narrow, widen};
use super::value::object_kind::FLAT;
use super::{Attrs, Heap, Shape, Symbol, ValueCell};
use crate::diagnostics::Pos;

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

/// The two shapes that were looked into last by one place of a program, the last one first, and where the name was in them, if it was.
#[derive(Default)]
pub(crate) struct SelectCache<'h> {
    place: Cell<Place>,
    second: Cell<Place>,
    heap: PhantomData<Cell<&'h Heap>>,
}

impl<'h> SelectCache<'h> {
    /// What a set has under the name; `None` if that is not remembered for its shape.
    #[inline(always)]
    pub(crate) fn find(&self, attrs: Attrs<'h>) -> Option<Found<'h>> {
        self.place.get().find(attrs)
    }

    /// The same for the shape before the last.
    #[inline(always)]
    fn find_second(&self, attrs: Attrs<'h>) -> Option<Found<'h>> {
        let second = self.second.get();
        let found = second.find(attrs)?;
        self.remember(second);
        Some(found)
    }

    #[inline(always)]
    fn remember(&self, place: Place) {
        self.second.set(self.place.replace(place));
    }
}

/// Where names were found lately: in shapes, for the places of a program that see many shapes in turn, and in sets with layers.
///
/// Each pair of a shape and a name has one place in a small table, and each of a set with layers and a name in another; the newest
/// is kept.
pub(crate) struct SelectTable<'h> {
    places: Box<[Cell<(Symbol, Place)>; PLACES]>,
    layered: Box<[Cell<LayeredPlace>; PLACES]>,
    heap: PhantomData<Cell<&'h Heap>>,
}

/// Of 12 bytes each. In larger tables more is found, but an evaluation goes through so much memory that the place is not in the cache of the
/// second level when it is looked at: from 256 to 8192 places there is no difference in time.
const PLACES: usize = 512;

/// What a set with layers has under a name. That does not change, and the set is never freed.
#[derive(Copy, Clone)]
struct LayeredPlace {
    /// The word of the set as a value; zero is none.
    set: u32,
    name: Symbol,
    /// Zero if there is nothing.
    value: u32,
}

impl Default for SelectTable<'_> {
    fn default() -> Self {
        SelectTable {
            places: table((Symbol(0), Place::default())),
            layered: table(LayeredPlace { set: 0, name: Symbol(0), value: 0 }),
            heap: PhantomData,
        }
    }
}

/// Made where it will be: it is too large for the stack of a small thread.
fn table<T: Copy>(place: T) -> Box<[Cell<T>; PLACES]> {
    let places = vec![Cell::new(place); PLACES].into_boxed_slice();
    places.try_into().unwrap_or_else(|_| unreachable!("so many places were made"))
}

impl<'h> SelectTable<'h> {
    /// What a set has under the name, looked for where it was found before. `cache` remembers it, too, unless the set has layers.
    #[inline(always)]
    pub(crate) fn find(
        &self,
        heap: &'h Heap,
        attrs: Attrs<'h>,
        name: Symbol,
        cache: Option<&SelectCache<'h>>,
    ) -> Found<'h> {
        let attrs = attrs.resolve();
        if attrs.is_layered() {
            return self.find_in_layers(heap, attrs, name);
        }
        // The set may have been a forward.
        if let Some(found) = cache.and_then(|cache| cache.find_second(attrs).or_else(|| cache.find(attrs))) {
            return found;
        }
        let (known_name, place) = self.places[place_of(attrs.header() >> 3, name)].get();
        if known_name == name
            && let Some(found) = place.find(attrs)
        {
            if let Some(cache) = cache {
                cache.remember(place);
            }
            return found;
        }
        self.search_flat(attrs, name, cache)
    }

    /// The same where it is not remembered, in a flat set.
    #[inline(never)]
    fn search_flat(&self, attrs: Attrs<'h>, name: Symbol, cache: Option<&SelectCache<'h>>) -> Found<'h> {
        let (shape, values) = attrs.flat()?;
        self.search(shape, name, cache).map(|index| &values[index])
    }

    /// What a set has under the name, with the place where it was written.
    #[inline]
    pub(crate) fn find_with_pos(&self, attrs: Attrs<'h>, name: Symbol) -> Option<(&'h ValueCell<'h>, Pos)> {
        let Some((shape, values)) = attrs.flat() else { return attrs.find(name) };
        let index = self.index_of(shape, name)?;
        Some((&values[index], shape.positions()[index]))
    }

    /// What a set that has layers, and does not forward, has under the name.
    #[inline(never)]
    fn find_in_layers(&self, heap: &'h Heap, attrs: Attrs<'h>, name: Symbol) -> Found<'h> {
        match attrs.count_use() {
            false => self.find_or_search_layers(attrs, name),
            true => self.find_in_worn_layers(heap, attrs, name),
        }
    }

    #[cold]
    #[inline(never)]
    fn find_in_worn_layers(&self, heap: &'h Heap, attrs: Attrs<'h>, name: Symbol) -> Found<'h> {
        match attrs.flatten_if_worn(heap) {
            true => self.search_flat(attrs, name, None),
            false => self.find_or_search_layers(attrs, name),
        }
    }

    #[inline(always)]
    fn find_or_search_layers(&self, attrs: Attrs<'h>, name: Symbol) -> Found<'h> {
        let set = attrs.value().word();
        let known = self.layered[place_of(set >> 2, name)].get();
        if known.set != set || known.name != name {
            return self.search_layers(attrs, name);
        }
        // SAFETY: what is not zero is the address of a value of the set.
        (known.value != 0).then(|| unsafe { widen(known.value as usize, 0).as_ref() })
    }

    #[inline(never)]
    fn search_layers(&self, attrs: Attrs<'h>, name: Symbol) -> Found<'h> {
        let found = attrs.get(name);
        let value = found.map_or(0, |value| narrow(NonNull::from(value)));
        let set = attrs.value().word();
        self.layered[place_of(set >> 2, name)].set(LayeredPlace { set, name, value });
        found
    }

    /// The index of a name in a shape.
    fn index_of(&self, shape: &'h Shape<'h>, name: Symbol) -> Option<usize> {
        let (known_name, place) = self.places[place_of(header_of(shape) >> 3, name)].get();
        if known_name == name && place.header == header_of(shape) {
            return (place.index != ABSENT).then_some(place.index as usize);
        }
        self.search(shape, name, None)
    }

    /// The same where it is not remembered. It is then; by `cache`, too.
    fn search(&self, shape: &'h Shape<'h>, name: Symbol, cache: Option<&SelectCache<'h>>) -> Option<usize> {
        let index = shape.index_of(name);
        let place = Place { header: header_of(shape), index: index.map_or(ABSENT, |index| index as u32) };
        self.places[place_of(place.header >> 3, name)].set((name, place));
        if let Some(cache) = cache {
            cache.remember(place);
        }
        index
    }
}

/// The header of flat sets with a shape.
#[inline(always)]
fn header_of<'h>(shape: &'h Shape<'h>) -> u32 {
    narrow(NonNull::from(shape)) | FLAT
}

/// Shapes are at multiples of 16, sets of 8, and there is half of the address: `of` is that without the bits that are the same.
#[inline(always)]
fn place_of(of: u32, name: Symbol) -> usize {
    (of ^ name.0.wrapping_mul(0x9e37_79b1)) as usize % PLACES
}
