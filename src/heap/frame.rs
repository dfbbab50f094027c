//! Environment frames: the variables of one scope.

use std::cell::Cell;
use std::marker::PhantomData;
use std::ptr::NonNull;

use super::value::frame_word;
use super::{Heap, Value};

/// A parent frame and a row of slots. `let`, `rec`, formals, arguments and `with` all make one.
///
/// The first word holds the parent in its low 48 bits and the number of slots above them; a frame of
/// 65,535 slots and more has its count in the word before.
#[derive(Copy, Clone)]
pub(crate) struct Frame<'h> {
    object: NonNull<u64>,
    heap: PhantomData<Cell<&'h Heap>>,
}

const COUNT_SHIFT: u32 = 48;
const WIDE: usize = 0xffff;

impl<'h> Frame<'h> {
    /// A frame whose slots are all empty.
    #[inline(always)]
    pub(crate) fn new(heap: &'h Heap, parent: Option<Frame<'h>>, slots: usize) -> Self {
        heap.tally.frames.add(1 + slots);
        let object = if slots < WIDE { heap.alloc_words(1 + slots) } else { Frame::alloc_wide(heap, slots) };
        // SAFETY: `1 + slots` words were allocated from `object` on; zero is an empty slot.
        unsafe {
            let header = frame_word(parent).map_addr(|addr| addr | slots.min(WIDE) << COUNT_SHIFT);
            object.cast::<*mut u64>().write(header);
            // Most frames are so small that a loop is faster than a call.
            for index in 1..=slots {
                object.add(index).write(0);
            }
        }
        Frame { object, heap: PhantomData }
    }

    #[cold]
    fn alloc_wide(heap: &'h Heap, slots: usize) -> NonNull<u64> {
        let start = heap.alloc_words(2 + slots);
        // SAFETY: the first of the allocated words holds the count, the frame begins at the second.
        unsafe {
            start.write(slots as u64);
            start.add(1)
        }
    }

    #[inline(always)]
    fn header(self) -> *mut u64 {
        // SAFETY: the first word of a frame is its header.
        unsafe { self.object.cast::<*mut u64>().read() }
    }

    #[inline(always)]
    pub(crate) fn parent(self) -> Option<Frame<'h>> {
        let parent = self.header().map_addr(|addr| addr & ((1 << COUNT_SHIFT) - 1));
        NonNull::new(parent).map(|object| Frame { object, heap: PhantomData })
    }

    /// The slots; one is `None` until its value has been decided.
    #[inline(always)]
    pub(crate) fn slots(self) -> &'h [Cell<Option<Value<'h>>>] {
        let mut count = self.header().addr() >> COUNT_SHIFT;
        // SAFETY: the header, or for a wide frame the word before, counts the slots that follow; a slot is
        // zero or a value, which is what `Option<Value>` is in memory.
        unsafe {
            if count == WIDE {
                count = self.object.sub(1).read() as usize;
            }
            std::slice::from_raw_parts(self.object.add(1).cast().as_ptr(), count)
        }
    }

    #[inline(always)]
    pub(crate) fn slot(self, index: u32) -> &'h Cell<Option<Value<'h>>> {
        &self.slots()[index as usize]
    }

    #[inline(always)]
    pub(super) fn object(self) -> NonNull<u64> {
        self.object
    }

    /// # Safety
    /// `object` was made by [`Frame::new`] in a heap borrowed for `'h`.
    #[inline(always)]
    pub(super) unsafe fn from_object(object: NonNull<u64>) -> Self {
        Frame { object, heap: PhantomData }
    }
}
