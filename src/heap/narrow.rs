//! References of half a word to what is in a heap.
//!
//! The nodes of programs consist of them: they are smaller, and more of them are in the processor's cache.

use std::marker::PhantomData;
use std::num::NonZeroU32;
use std::ops::Deref;
use std::ptr::NonNull;

use super::region::{narrow, widen};
use super::{Heap, Value};

/// A reference to what a heap stores.
pub(crate) struct Ref<'h, T> {
    place: NonZeroU32,
    heap: PhantomData<&'h T>,
}

impl<T> Copy for Ref<'_, T> {}

impl<T> Clone for Ref<'_, T> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<'h, T> Ref<'h, T> {
    /// # Safety
    /// A heap has stored it.
    #[inline(always)]
    pub(super) unsafe fn of(stored: &'h T) -> Self {
        let place = narrow(NonNull::from(stored));
        Ref { place: NonZeroU32::new(place).expect("no object is at the base of the region"), heap: PhantomData }
    }

    /// Whether it refers to this very thing.
    #[inline(always)]
    pub(crate) fn is(self, other: &T) -> bool {
        std::ptr::eq(self.get(), other)
    }

    #[inline(always)]
    pub(crate) fn get(self) -> &'h T {
        // SAFETY: a heap has stored it there, for as long as it lives.
        unsafe { widen(self.place.get() as usize, 0).as_ref() }
    }
}

impl<T> Deref for Ref<'_, T> {
    type Target = T;

    #[inline(always)]
    fn deref(&self) -> &T {
        self.get()
    }
}

/// A value that does not change, as an object keeps it.
#[derive(Copy, Clone)]
pub(crate) struct Word<'h> {
    word: NonZeroU32,
    heap: PhantomData<Value<'h>>,
}

impl<'h> Word<'h> {
    #[inline(always)]
    pub(crate) fn get(self) -> Value<'h> {
        // SAFETY: it was made of a value.
        unsafe { Value::from_word(self.word.get()) }
    }
}

impl<'h> From<Value<'h>> for Word<'h> {
    #[inline(always)]
    fn from(value: Value<'h>) -> Self {
        Word { word: NonZeroU32::new(value.word()).expect("no value is zero"), heap: PhantomData }
    }
}

/// So many things in a row.
pub(crate) struct Row<'h, T> {
    start: Start<'h, T>,
    length: u32,
}

impl<T> Copy for Row<'_, T> {}

impl<T> Clone for Row<'_, T> {
    fn clone(&self) -> Self {
        *self
    }
}

/// Where a row begins.
pub(super) struct Start<'h, T> {
    place: NonZeroU32,
    heap: PhantomData<&'h [T]>,
}

impl<T> Copy for Start<'_, T> {}

impl<T> Clone for Start<'_, T> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<'h, T> Start<'h, T> {
    /// # Safety
    /// The row has so many things.
    #[inline(always)]
    pub(super) unsafe fn slice(self, length: usize) -> &'h [T] {
        // SAFETY: so many begin there, which live as long as the heap.
        unsafe { std::slice::from_raw_parts(widen(self.place.get() as usize, 0).as_ptr(), length) }
    }
}

/// Where rows without anything begin: an aligned place that nobody reads.
const NOWHERE: NonZeroU32 = NonZeroU32::new(8).expect("it is not zero");

impl<'h, T> Row<'h, T> {
    /// # Safety
    /// The slice is in the heap, or empty.
    unsafe fn of(slice: &'h [T]) -> Self {
        const { assert!(align_of::<T>() <= 8) };
        let place = NonZeroU32::new(if slice.is_empty() { 0 } else { narrow(NonNull::from(slice).cast::<T>()) });
        let start = Start { place: place.unwrap_or(NOWHERE), heap: PhantomData };
        Row { start, length: u32::try_from(slice.len()).expect("a heap has not so much room") }
    }

    pub(super) fn start(self) -> Start<'h, T> {
        self.start
    }

    #[inline(always)]
    pub(crate) fn slice(self) -> &'h [T] {
        // SAFETY: it was made with so many.
        unsafe { self.start.slice(self.length as usize) }
    }
}

impl<T> Deref for Row<'_, T> {
    type Target = [T];

    #[inline(always)]
    fn deref(&self) -> &[T] {
        self.slice()
    }
}

impl<'h, T> IntoIterator for Row<'h, T> {
    type Item = &'h T;
    type IntoIter = std::slice::Iter<'h, T>;

    #[inline(always)]
    fn into_iter(self) -> Self::IntoIter {
        self.slice().iter()
    }
}

impl Heap {
    /// Stores a structure, and gives a narrow reference to it.
    pub(crate) fn store_ref<T>(&self, value: T) -> Ref<'_, T> {
        // SAFETY: it has just been stored.
        unsafe { Ref::of(self.store(value)) }
    }

    /// Stores the items of an iterator in a row.
    pub(crate) fn store_row<T>(&self, values: impl IntoIterator<Item = T, IntoIter: ExactSizeIterator>) -> Row<'_, T> {
        // SAFETY: they have just been stored.
        unsafe { Row::of(self.store_many(values)) }
    }

    /// Stores a copy of a slice in a row.
    pub(crate) fn copy_row<T: Copy>(&self, values: &[T]) -> Row<'_, T> {
        // SAFETY: as above.
        unsafe { Row::of(self.store_slice(values)) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rows_are_what_was_stored() {
        let heap = Heap::new(usize::MAX);
        let rows = [heap.copy_row(&[1u64, 2, 3]), heap.copy_row(&[]), heap.store_row([4])];
        assert_eq!(rows.map(|row| row.to_vec()), [vec![1, 2, 3], vec![], vec![4]]);
        assert_eq!(heap.store_row([(7u16, 'x')]).slice(), [(7, 'x')]);
        assert_eq!(rows[0].into_iter().sum::<u64>(), 6);
        assert_eq!(size_of::<Row<'_, u64>>(), 8);
    }

    #[test]
    fn references_are_to_what_was_stored() {
        let heap = Heap::new(usize::MAX);
        let [one, two] = [1, 2].map(|number| heap.store_ref(number));
        assert_eq!((*one, *two.get()), (1, 2));
        assert_eq!(size_of::<Option<Ref<'_, u64>>>(), 4);
        let word = Word::from(Value::int(&heap, 1 << 40));
        assert_eq!(word.get().as_int(), Some(1 << 40));
    }
}
