//! Rows: slices in a heap by narrow references.

use std::marker::PhantomData;
use std::ops::Deref;
use std::ptr::NonNull;

use super::Heap;
use super::region::{narrow, widen};

/// So many things in a row in the heap. It takes one word, a slice two: the nodes of programs are smaller with it, and more of them are in
/// the processor's cache.
pub(crate) struct Row<'h, T> {
    start: u32,
    length: u32,
    heap: PhantomData<&'h [T]>,
}

impl<T> Copy for Row<'_, T> {}

impl<T> Clone for Row<'_, T> {
    fn clone(&self) -> Self {
        *self
    }
}

/// Where rows without anything begin: an aligned place that nobody reads.
const NOWHERE: u32 = 8;

impl<'h, T> Row<'h, T> {
    /// # Safety
    /// The slice is in the heap, or empty.
    unsafe fn of(slice: &'h [T]) -> Self {
        const { assert!(align_of::<T>() <= 8) };
        let start = if slice.is_empty() { NOWHERE } else { narrow(NonNull::from(slice).cast::<T>()) };
        Row { start, length: u32::try_from(slice.len()).expect("a heap has not so much room"), heap: PhantomData }
    }

    #[inline(always)]
    pub(crate) fn slice(self) -> &'h [T] {
        // SAFETY: so many begin there, which live as long as the heap.
        unsafe { std::slice::from_raw_parts(widen(self.start as usize, 0).as_ptr(), self.length as usize) }
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
}
