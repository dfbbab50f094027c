//! The bump allocator.

use std::cell::{Cell, RefCell};
use std::ptr::NonNull;
use std::sync::Arc;

use super::frame::REUSABLE;
use super::mapping::Mapping;
use super::pages::{HUGE, Pages};
use super::prefetch::prefetch_bytes;
use super::region::{self, GRANULE};
use super::shape::{Merged, ShapeTable};
use super::tally::{Census, Tally};
use crate::attention::{Attention, Request};

/// Memory for one evaluator: chunks that are filled from front to back and freed together.
///
/// Allocation is an addition and a comparison. Nothing is freed before the heap itself is dropped,
/// and no destructor runs, so only types without `Drop` may be stored.
pub(crate) struct Heap {
    /// Where the next object goes. Before there is a chunk, this and the ends are at a place where nothing is.
    next: Cell<NonNull<u8>>,
    /// The end of what can be given out without looking further.
    end: Cell<*mut u8>,
    /// The end of what has been asked of the system in the current chunk.
    asked_end: Cell<*mut u8>,
    chunk_end: Cell<*mut u8>,
    /// Where each chunk begins and how many bytes it has.
    chunks: RefCell<Vec<(NonNull<u8>, usize)>>,
    /// Bytes of all chunks.
    bytes: Cell<usize>,
    /// So many bytes should not be exceeded: the evaluation is told to end.
    limit: usize,
    pages: Pages,
    attention: Arc<Attention>,
    pub(super) tally: Tally,
    /// For each number of words the frames that can be used again, each linked to the next.
    pub(super) released: [Cell<*mut u64>; REUSABLE],
    pub(super) shapes: RefCell<ShapeTable>,
    /// Files of which there are parts here.
    pub(super) mappings: RefCell<Vec<Arc<Mapping>>>,
    /// For merging shapes.
    pub(super) merged: RefCell<Merged>,
}

/// The first chunk is small so that evaluating `1` touches little memory.
const FIRST_CHUNK: usize = 256 << 10;
/// Miri takes its time for each byte.
const CHUNK: usize = if cfg!(miri) { 512 << 10 } else { 4 << 20 };
/// An object of more bytes could not have its size in its header.
const LARGEST_OBJECT: usize = (1 << 31) - 8;

/// After so many bytes the processor is told that as many will be written to behind the next ones. Nothing in the heap is used again, so
/// it would have to be waited for.
const STRIDE: usize = 512;

impl Heap {
    /// A heap for so many bytes. When they are used up it asks the evaluation to end, by its `attention`.
    pub(crate) fn new(limit: usize) -> Self {
        let limit = limit.min(region::limit());
        let nowhere = NonNull::<u64>::dangling().cast();
        Heap {
            next: Cell::new(nowhere),
            end: Cell::new(nowhere.as_ptr()),
            asked_end: Cell::new(nowhere.as_ptr()),
            chunk_end: Cell::new(nowhere.as_ptr()),
            chunks: RefCell::new(Vec::new()),
            bytes: Cell::new(0),
            limit,
            pages: Pages::new(),
            attention: Arc::default(),
            tally: Tally::default(),
            released: [const { Cell::new(std::ptr::null_mut()) }; REUSABLE],
            shapes: RefCell::default(),
            mappings: RefCell::default(),
            merged: RefCell::default(),
        }
    }

    /// What evaluations in this heap listen to.
    pub(crate) fn attention(&self) -> &Arc<Attention> {
        &self.attention
    }

    /// What has been made here so far.
    pub(crate) fn census(&self) -> Census {
        self.tally.census()
    }

    /// Bytes taken from the system.
    pub(crate) fn bytes(&self) -> usize {
        self.bytes.get()
    }

    /// How many bytes there may be.
    pub(crate) fn limit(&self) -> usize {
        self.limit
    }

    /// Whether an object of so many bytes stays below the limit.
    #[inline(always)]
    pub(crate) fn has_room(&self, bytes: usize) -> bool {
        // What is left of the current chunk serves small objects.
        bytes <= CHUNK / 4 || self.has_room_for_large(bytes)
    }

    #[cold]
    fn has_room_for_large(&self, bytes: usize) -> bool {
        bytes <= LARGEST_OBJECT && self.bytes.get().saturating_add(bytes) <= self.limit && region::has_room(bytes)
    }

    /// Memory for `words` words, aligned to a word. It is zero.
    #[inline(always)]
    pub(super) fn alloc_words(&self, words: usize) -> NonNull<u64> {
        let bytes = words * 8;
        let start = self.next.get();
        if self.end.get() as usize - start.as_ptr() as usize >= bytes {
            // SAFETY: the comparison shows that `bytes` more bytes belong to the current chunk.
            self.next.set(unsafe { start.add(bytes) });
            start.cast()
        } else {
            self.alloc_slow(bytes)
        }
    }

    /// Takes back `words` words from `start` on, which were the end of an object and have not been written to, if they are what
    /// was given last. Tells whether they are.
    #[inline(always)]
    pub(super) fn give_back_words(&self, start: NonNull<u64>, words: usize) -> bool {
        let start = start.cast::<u8>();
        // An object with a chunk of its own may end where the current chunk begins. Then what follows begins there, too, which
        // is as good: all chunks are freed together.
        let is_last = self.next.get().as_ptr() == start.as_ptr().wrapping_add(words * 8);
        if is_last {
            self.next.set(start);
        }
        is_last
    }

    #[cold]
    #[inline(never)]
    fn alloc_slow(&self, bytes: usize) -> NonNull<u64> {
        let next = self.next.get();
        let fits = |end: &Cell<*mut u8>| end.get() as usize - next.as_ptr() as usize >= bytes;
        if !fits(&self.asked_end) {
            if !fits(&self.chunk_end) {
                return self.alloc_in_new_chunk(bytes);
            }
            self.take_step(bytes);
        }
        self.take_stride(bytes);
        self.alloc_words(bytes / 8)
    }

    /// Moves the end so that `bytes` fit, which have been asked for.
    #[inline(always)]
    fn take_stride(&self, bytes: usize) {
        let next = self.next.get().as_ptr();
        let room = self.asked_end.get() as usize - next as usize;
        // SAFETY: the end stays within what has been asked for.
        let end = unsafe { next.add((bytes + STRIDE).min(room)) };
        self.end.set(end);
        prefetch_bytes(end, STRIDE);
    }

    /// Asks for memory so that `bytes` fit, which the chunk has.
    fn take_step(&self, bytes: usize) {
        let (end, chunk_end) = (self.asked_end.get(), self.chunk_end.get());
        let step = self.pages.ask(end, bytes, chunk_end as usize - end as usize, self.bytes.get());
        // SAFETY: the end stays within the chunk.
        self.asked_end.set(unsafe { end.add(step) });
    }

    fn alloc_in_new_chunk(&self, bytes: usize) -> NonNull<u64> {
        let mut chunks = self.chunks.borrow_mut();
        let usual = if chunks.is_empty() { FIRST_CHUNK } else { CHUNK };
        // A large object gets a chunk of its own, and the current chunk stays in use.
        let own_chunk = bytes > usual / 4;
        let size = if own_chunk { bytes } else { usual };
        let size = size.next_multiple_of(GRANULE);
        let alignment = if size >= HUGE { HUGE } else { GRANULE };
        let (start, is_scarce) = region::take(size, alignment);
        chunks.push((start, size));
        self.bytes.set(self.bytes.get() + size);
        if is_scarce || self.bytes.get() > self.limit {
            self.attention.request(Request::OUT_OF_MEMORY);
        }
        if own_chunk {
            self.pages.ask_for_all(start.as_ptr(), size, self.bytes.get());
            return start.cast();
        }
        self.next.set(start);
        self.end.set(start.as_ptr());
        self.asked_end.set(start.as_ptr());
        // SAFETY: this is one past the new chunk.
        self.chunk_end.set(unsafe { start.as_ptr().add(size) });
        drop(chunks);
        self.take_step(bytes);
        self.alloc_words(bytes / 8)
    }

    /// Stores a structure. `T` must not need dropping, which is checked when this is compiled.
    pub(crate) fn store<T>(&self, value: T) -> &T {
        const { assert!(!std::mem::needs_drop::<T>() && align_of::<T>() <= 16 && size_of::<T>() > 0) };
        while align_of::<T>() > 8 && !self.next.get().addr().get().is_multiple_of(align_of::<T>()) {
            self.alloc_words(1);
        }
        let memory = self.alloc_words(size_of::<T>().div_ceil(8)).cast::<T>();
        // SAFETY: the memory is large and aligned enough for a `T`, fresh, and lives as long as `self`.
        unsafe {
            memory.write(value);
            memory.as_ref()
        }
    }

    /// Stores the items of an iterator in a row.
    pub(crate) fn store_many<T>(&self, values: impl IntoIterator<Item = T, IntoIter: ExactSizeIterator>) -> &[T] {
        const { assert!(!std::mem::needs_drop::<T>() && align_of::<T>() <= 8) };
        let values = values.into_iter();
        let length = values.len();
        if length == 0 {
            return &[];
        }
        let memory = self.alloc_words((length * size_of::<T>()).div_ceil(8)).cast::<T>();
        let mut written = 0;
        for value in values.take(length) {
            // SAFETY: `written < length`, for which there is fresh memory.
            unsafe { memory.add(written).write(value) };
            written += 1;
        }
        // SAFETY: this many have been written, and the memory lives as long as `self`.
        unsafe { std::slice::from_raw_parts(memory.as_ptr(), written) }
    }

    /// Stores a copy of a slice.
    pub(crate) fn store_slice<T: Copy>(&self, values: &[T]) -> &[T] {
        const { assert!(align_of::<T>() <= 8) };
        if values.is_empty() {
            return &[];
        }
        let memory = self.alloc_words(size_of_val(values).div_ceil(8)).cast::<T>();
        // SAFETY: as in `store`, for `values.len()` elements; fresh memory cannot overlap the source.
        unsafe {
            memory.copy_from_nonoverlapping(NonNull::from(values).cast(), values.len());
            std::slice::from_raw_parts(memory.as_ptr(), values.len())
        }
    }
}

impl Drop for Heap {
    fn drop(&mut self) {
        for (start, bytes) in self.chunks.get_mut().drain(..) {
            // SAFETY: the chunk came from `take` with this size; no reference into it outlives `self`.
            unsafe { region::give_back(start, bytes) }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn memory_is_zero_even_where_another_heap_was() {
        for _ in 0..3 {
            let heap = Heap::new(usize::MAX);
            for length in [1, 100, FIRST_CHUNK / 8, CHUNK / 8] {
                let words = heap.alloc_words(length);
                // SAFETY: so many words have been allocated, and nobody else has them.
                let words = unsafe { std::slice::from_raw_parts_mut(words.as_ptr(), length) };
                assert!(words.iter().all(|&word| word == 0));
                words.fill(u64::MAX);
            }
        }
    }

    #[test]
    fn heaps_of_several_threads_do_not_overlap() {
        let all_are_full = std::sync::Barrier::new(4);
        let mut chunks: Vec<(usize, usize)> = std::thread::scope(|scope| {
            let make = |seed: u64| {
                let heap = Heap::new(usize::MAX);
                (0..FIRST_CHUNK as u64 / 20).for_each(|index| _ = heap.store_slice(&[seed, index, seed]));
                let chunks: Vec<_> = heap.chunks.borrow().iter().map(|chunk| (chunk.0.addr().get(), chunk.1)).collect();
                all_are_full.wait();
                chunks
            };
            let threads: Vec<_> = (0..4).map(|seed| scope.spawn(move || make(seed))).collect();
            threads.into_iter().flat_map(|thread| thread.join().expect("it does not panic")).collect()
        });
        chunks.sort();
        assert!(chunks.len() >= 8);
        assert!(chunks.is_sorted_by(|left, right| left.0 + left.1 <= right.0));
    }
}
