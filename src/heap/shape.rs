//! The names of attribute sets, and how those of two sets go together.

use std::cell::Cell;
use std::hash::Hasher;
use std::ops::Range;
use std::ptr::NonNull;

use hashbrown::HashTable;
use rustc_hash::FxHasher;
use smallvec::{SmallVec, smallvec};

use super::narrow::Start;
use super::{Heap, Ref, Row, Symbol};
use crate::diagnostics::Pos;
use crate::growth::room;

/// The names of an attribute set, shared by all sets that one place of a program makes.
///
/// Names are in ascending order of their ids, which is arbitrary to a user; the alphabetical order is
/// computed when it is first asked for. Sets that get equal names from equal places in different ways have one shape, by a
/// table of the heap, so what is remembered by shape serves all of them.
///
/// It is at a multiple of 16, so that a set can have a pointer to it in 29 bits.
#[repr(align(16))]
pub(crate) struct Shape<'h> {
    names: Row<'h, Symbol>,
    /// As many positions as there are names.
    positions: Start<'h, Pos>,
    /// As many indices.
    alphabetical: Cell<Option<Start<'h, u32>>>,
    /// The same shape without positions, once it was needed.
    anonymous: Cell<Option<Ref<'h, Shape<'h>>>>,
    /// The bits of all names. Two of three names that are looked for are not there, and most of these are known by their bits.
    filter: u64,
}

/// The bit of a name in the filter of a shape.
#[inline(always)]
fn filter_bit(name: Symbol) -> u64 {
    1 << (name.0.wrapping_mul(0x9e37_79b1) >> 26)
}

/// A filter of so many names would have nearly all bits.
const MOST_FILTERED: usize = 128;

/// The shapes of a heap by the hashes of their names and positions.
#[derive(Default)]
pub(super) struct ShapeTable(HashTable<(u64, NonNull<()>)>);

/// The table grows at once when it has so many.
const SOME_SHAPES: usize = 2048;

/// How two shapes merge into one.
pub(crate) struct MergePlan<'h> {
    pub(crate) shape: Ref<'h, Shape<'h>>,
    /// For each name of the result where its value is: an index into the right set's values, or that of
    /// the left plus `NARROW_LEFT`.
    sources: Row<'h, u16>,
}

/// Sets with more names have no plan.
pub(super) const NARROW_LEFT: u16 = 1 << 15;

/// As in a plan, but for sets of any size.
pub(super) const LEFT: u32 = 1 << 31;

/// How three shapes merge into one, in `left // (middle // right)`.
pub(crate) struct MergeTwicePlan<'h> {
    pub(super) left: Ref<'h, Shape<'h>>,
    pub(super) middle: Ref<'h, Shape<'h>>,
    pub(super) right: Ref<'h, Shape<'h>>,
    pub(super) shape: Ref<'h, Shape<'h>>,
    /// As in [`Merged`]; the values of the set in the middle have `MIDDLE`.
    pub(super) sources: Row<'h, u32>,
}

/// Here the set of a value is told by two bits, of which `LEFT` is the other one.
pub(super) const MIDDLE: u32 = 1 << 30;

impl<'h> Shape<'h> {
    /// The shape of names in ascending order, none twice, with the position of each.
    pub(crate) fn new(heap: &'h Heap, names: &[Symbol], positions: &[Pos]) -> &'h Self {
        Shape::find_or_add(heap, names, positions).0
    }

    /// The shape of these names and positions, and whether it had been there before.
    pub(crate) fn find_or_add(heap: &'h Heap, names: &[Symbol], positions: &[Pos]) -> (&'h Self, bool) {
        let hash = hash(names, positions);
        let mut shapes = heap.shapes.borrow_mut();
        let mut found = None;
        shapes.0.find(hash, |&(other, pointer)| {
            // SAFETY: the table has only shapes of this heap, which live as long as it does.
            let shape = unsafe { pointer.cast::<Shape<'h>>().as_ref() };
            let is_equal = other == hash && *shape.names == *names && shape.positions() == positions;
            found = is_equal.then_some(shape);
            is_equal
        });
        if let Some(shape) = found {
            return (shape, true);
        }
        let shape = Shape::unique(heap, names, positions);
        let more = room(shapes.0.len(), SOME_SHAPES);
        shapes.0.reserve(more, |&(hash, _)| hash);
        shapes.0.insert_unique(hash, (hash, NonNull::from(shape).cast()), |&(hash, _)| hash);
        (shape, false)
    }

    /// A shape that no other set gets in another way, as these positions are of one place in a program.
    pub(crate) fn unique(heap: &'h Heap, names: &[Symbol], positions: &[Pos]) -> &'h Self {
        debug_assert!(names.is_sorted_by(|a, b| a < b));
        assert_eq!(names.len(), positions.len(), "each name has a position");
        heap.tally.shapes.add(size_of::<Self>() / 8 + names.len());
        // Most look-ups read the shape and its names, which therefore lie next to each other.
        let positions = heap.copy_row(positions).start();
        let names = heap.copy_row(names);
        let filter = match names.len() {
            0..=MOST_FILTERED => names.iter().fold(0, |filter, &name| filter | filter_bit(name)),
            _ => u64::MAX,
        };
        heap.store(Shape { names, positions, alphabetical: Cell::new(None), anonymous: Cell::new(None), filter })
    }

    #[inline(always)]
    pub(crate) fn len(&self) -> usize {
        self.names.len()
    }

    #[inline(always)]
    pub(crate) fn names(&self) -> &'h [Symbol] {
        self.names.slice()
    }

    #[inline(always)]
    pub(crate) fn reference(&'h self) -> Ref<'h, Self> {
        // SAFETY: there are no shapes but those that `unique` has stored.
        unsafe { Ref::of(self) }
    }

    #[inline(always)]
    pub(crate) fn positions(&self) -> &'h [Pos] {
        // SAFETY: the shape was made with as many positions as names, which live as long as the heap.
        unsafe { self.positions.slice(self.names.len()) }
    }

    /// Where `name` is.
    #[inline]
    pub(crate) fn index_of(&self, name: Symbol) -> Option<usize> {
        if self.filter & filter_bit(name) == 0 {
            return None;
        }
        if self.names.len() <= 8 {
            return self.names.iter().position(|&other| other == name);
        }
        self.names.binary_search(&name).ok()
    }

    /// The same names without positions: the shape of a set that a builtin makes of one with this shape.
    pub(crate) fn without_positions(&'h self, heap: &'h Heap) -> &'h Shape<'h> {
        if let Some(anonymous) = self.anonymous.get() {
            return anonymous.get();
        }
        let positions: SmallVec<[Pos; 32]> = smallvec![Pos::NONE; self.names.len()];
        let anonymous = Shape::new(heap, &self.names, &positions);
        anonymous.anonymous.set(Some(anonymous.reference()));
        self.anonymous.set(Some(anonymous.reference()));
        anonymous
    }

    /// The indices of the names in alphabetical order, computed by `sort` once.
    pub(crate) fn alphabetical(&self, heap: &'h Heap, sort: impl FnOnce(&mut [u32], &'h [Symbol])) -> &'h [u32] {
        if let Some(order) = self.alphabetical.get() {
            // SAFETY: there are as many as names, made below.
            return unsafe { order.slice(self.names.len()) };
        }
        let mut order: Vec<u32> = (0..self.names.len() as u32).collect();
        sort(&mut order, self.names());
        let order = heap.copy_row(&order);
        self.alphabetical.set(Some(order.start()));
        order.slice()
    }

    /// The names of both shapes with their positions, and where each one's value comes from: what was in `merged` before goes.
    pub(super) fn merge_names(&self, right: &Shape<'h>, merged: &mut Merged) {
        merged.clear(self.len() + right.len());
        if right.len() * FEW_PART <= self.len() {
            return self.merge_few_names(right, merged);
        }
        let (left_positions, right_positions) = (self.positions(), right.positions());
        let (mut l, mut r) = (0, 0);
        while let (Some(&left_name), Some(&right_name)) = (self.names.get(l), right.names.get(r)) {
            if left_name < right_name {
                merged.push(left_name, left_positions[l], l as u32 | LEFT);
                l += 1;
            } else {
                l += usize::from(left_name == right_name);
                merged.push(right_name, right_positions[r], r as u32);
                r += 1;
            }
        }
        merged.extend(self, l..self.len(), LEFT);
        merged.extend(right, r..right.len(), 0);
    }

    /// The same for a right shape of few names: the place of each is searched, and what is in between is copied as a whole.
    fn merge_few_names(&self, right: &Shape<'h>, merged: &mut Merged) {
        let mut l = 0;
        for (r, (&name, &pos)) in right.names.iter().zip(right.positions()).enumerate() {
            let place = l + self.names[l..].partition_point(|&other| other < name);
            merged.extend(self, l..place, LEFT);
            merged.push(name, pos, r as u32);
            l = place + usize::from(self.names.get(place) == Some(&name));
        }
        merged.extend(self, l..self.len(), LEFT);
    }
}

/// A shape has few names if the other one has so many times as many.
const FEW_PART: usize = 4;

/// The names of two shapes together. Buffers to be used again.
#[derive(Default)]
pub(super) struct Merged {
    pub(super) names: Vec<Symbol>,
    pub(super) positions: Vec<Pos>,
    /// As in a [`MergePlan`], but those of the left set have `LEFT`.
    pub(super) sources: Vec<u32>,
}

impl Merged {
    /// Makes room for so many.
    fn clear(&mut self, room: usize) {
        self.names.clear();
        self.names.reserve(room);
        self.positions.clear();
        self.positions.reserve(room);
        self.sources.clear();
        self.sources.reserve(room);
    }

    #[inline(always)]
    fn push(&mut self, name: Symbol, pos: Pos, source: u32) {
        self.names.push(name);
        self.positions.push(pos);
        self.sources.push(source);
    }

    /// Adds some names of a shape; `side` is [`LEFT`] or zero.
    fn extend(&mut self, shape: &Shape<'_>, range: Range<usize>, side: u32) {
        self.names.extend_from_slice(&shape.names[range.clone()]);
        self.positions.extend_from_slice(&shape.positions()[range.clone()]);
        self.sources.extend((range.start as u32..range.end as u32).map(|index| index | side));
    }
}

impl<'h> MergePlan<'h> {
    /// `sources` are those of [`Merged`].
    pub(super) fn new(heap: &'h Heap, shape: &'h Shape<'h>, sources: &[u32]) -> Option<&'h Self> {
        // No index in one of the sets is greater than the number of names of both.
        if shape.len() >= usize::from(NARROW_LEFT) {
            return None;
        }
        let narrow = |&source: &u32| match source & LEFT {
            0 => source as u16,
            _ => (source & !LEFT) as u16 | NARROW_LEFT,
        };
        let sources = heap.store_row(sources.iter().map(narrow));
        Some(heap.store(MergePlan { shape: shape.reference(), sources }))
    }

    #[inline(always)]
    pub(super) fn sources(&self) -> &'h [u16] {
        self.sources.slice()
    }

    #[inline(always)]
    pub(crate) fn reference(&'h self) -> Ref<'h, Self> {
        // SAFETY: there are no plans but those that `new` has stored.
        unsafe { Ref::of(self) }
    }
}

impl<'h> MergeTwicePlan<'h> {
    /// `first` is the plan for the middle and the right shape, `second` that for the left one and what they make.
    pub(crate) fn new(
        heap: &'h Heap,
        [left, middle, right]: [&'h Shape<'h>; 3],
        first: &MergePlan<'h>,
        second: &MergePlan<'h>,
    ) -> Ref<'h, Self> {
        let sources = second.sources.into_iter().map(|&source| match source {
            source if source & NARROW_LEFT != 0 => u32::from(source & !NARROW_LEFT) | LEFT,
            source => match first.sources[usize::from(source)] {
                source if source & NARROW_LEFT != 0 => u32::from(source & !NARROW_LEFT) | MIDDLE,
                source => u32::from(source),
            },
        });
        let [left, middle, right] = [left, middle, right].map(Shape::reference);
        heap.store_ref(MergeTwicePlan { left, middle, right, shape: second.shape, sources: heap.store_row(sources) })
    }
}

/// Of four names at a time each goes into a hash of its own: a step waits for the one before.
fn hash(names: &[Symbol], positions: &[Pos]) -> u64 {
    let word = |name: Symbol, pos: Pos| u64::from(name.0) << 32 | u64::from(pos.to_raw());
    let ((four_names, names), (four_positions, positions)) = (names.as_chunks::<4>(), positions.as_chunks::<4>());
    let mut hashers: [FxHasher; 4] = Default::default();
    for (names, positions) in four_names.iter().zip(four_positions) {
        for (hasher, (&name, &pos)) in hashers.iter_mut().zip(names.iter().zip(positions)) {
            hasher.write_u64(word(name, pos));
        }
    }
    let [mut all, others @ ..] = hashers;
    others.iter().for_each(|hasher| all.write_u64(hasher.finish()));
    names.iter().zip(positions).for_each(|(&name, &pos)| all.write_u64(word(name, pos)));
    all.finish()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_found_where_they_are() {
        let heap = Heap::new(usize::MAX);
        for len in [0, 1, 7, 8, 9, 40, MOST_FILTERED, MOST_FILTERED + 1, 1000] {
            let names: Vec<Symbol> = (0..len as u32).map(|number| Symbol(3 * number + 1)).collect();
            let shape = Shape::new(&heap, &names, &vec![Pos::NONE; len]);
            for symbol in (0..3 * len as u32 + 9).map(Symbol) {
                assert_eq!(shape.index_of(symbol), names.binary_search(&symbol).ok());
            }
        }
    }
}
