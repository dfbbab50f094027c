//! Environment frames: the variables of one scope.

use std::cell::Cell;
use std::marker::PhantomData;
use std::ptr::NonNull;

use super::{Heap, Value};

/// A parent frame and a row of slots. `let`, `rec`, formals, arguments and `with` all make one.
///
/// The first word holds the parent in its low 48 bits, the number of slots in the 16 bits above them, and in the lowest
/// bit whether something refers to the frame that may live longer than the call it was made for. A frame of 65,535 slots
/// and more has its count in the word before.
#[derive(Copy, Clone)]
pub(crate) struct Frame<'h> {
    object: NonNull<u64>,
    heap: PhantomData<Cell<&'h Heap>>,
}

const COUNT_SHIFT: u32 = 48;
const WIDE: usize = 0xffff;
/// The address of the parent is a multiple of 8.
const PARENT: usize = (1 << COUNT_SHIFT) - 8;
const CAPTURED: usize = 1;
/// Frames of calls with fewer slots than this are used again.
pub(super) const REUSABLE: usize = 12;

impl<'h> Frame<'h> {
    /// A frame whose slots are all empty.
    #[inline(always)]
    pub(crate) fn new(heap: &'h Heap, parent: Option<Frame<'h>>, slots: usize) -> Self {
        if let Some(parent) = parent {
            parent.capture();
        }
        Frame::fill(heap.alloc_frame(slots), parent, slots)
    }

    /// A frame for a call of a function that was made in `parent`. It may be given back by [`Frame::release`].
    #[inline(always)]
    pub(crate) fn for_call(heap: &'h Heap, parent: Option<Frame<'h>>, slots: usize) -> Self {
        // The function refers to the parent already.
        let object = heap.released_frame(slots).unwrap_or_else(|| heap.alloc_frame(slots));
        Frame::fill(object, parent, slots)
    }

    /// Gives back the frame of a call that has returned, unless something still refers to it.
    #[inline(always)]
    pub(crate) fn release(self, heap: &'h Heap) {
        let header = self.header().addr();
        let slots = header >> COUNT_SHIFT;
        if header & CAPTURED == 0 && slots < REUSABLE && slots > 0 {
            heap.keep_released(self.object, slots);
        }
    }

    /// Notes that something refers to the frame that may outlive the call.
    #[inline(always)]
    pub(super) fn capture(self) {
        // SAFETY: the first word of a frame is its header.
        unsafe { self.object.cast::<*mut u64>().write(self.header().map_addr(|addr| addr | CAPTURED)) };
    }

    #[inline(always)]
    fn fill(object: NonNull<u64>, parent: Option<Frame<'h>>, slots: usize) -> Self {
        // SAFETY: `1 + slots` words were allocated from `object` on; zero is an empty slot.
        unsafe {
            let parent = parent.map_or(std::ptr::null_mut(), |frame| frame.object.as_ptr());
            let header = parent.map_addr(|addr| addr | slots.min(WIDE) << COUNT_SHIFT);
            object.cast::<*mut u64>().write(header);
            // Most frames are so small that a loop is faster than a call.
            for index in 1..=slots {
                object.add(index).write(0);
            }
        }
        Frame { object, heap: PhantomData }
    }

    #[cold]
    fn alloc_wide(heap: &Heap, slots: usize) -> NonNull<u64> {
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
        let parent = self.header().map_addr(|addr| addr & PARENT);
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
        let index = index as usize;
        if index >= self.header().addr() >> COUNT_SHIFT {
            return self.wide_slot(index);
        }
        // SAFETY: a frame, wide or not, has at least as many slots as its header says.
        unsafe { self.object.add(1 + index).cast().as_ref() }
    }

    #[cold]
    fn wide_slot(self, index: usize) -> &'h Cell<Option<Value<'h>>> {
        &self.slots()[index]
    }

    /// Whether two are one and the same frame.
    #[inline(always)]
    pub(crate) fn is_same(self, other: Frame<'h>) -> bool {
        self.object == other.object
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

impl Heap {
    #[inline(always)]
    fn alloc_frame(&self, slots: usize) -> NonNull<u64> {
        self.tally.frames.add(1 + slots);
        if slots < WIDE { self.alloc_words(1 + slots) } else { Frame::alloc_wide(self, slots) }
    }

    /// A frame of so many slots that nothing refers to.
    #[inline(always)]
    fn released_frame(&self, slots: usize) -> Option<NonNull<u64>> {
        let list = self.released.get(slots)?;
        let object = NonNull::new(list.get())?;
        // SAFETY: only `keep_released` adds to the list, and it makes the second word the link to the next.
        list.set(unsafe { object.add(1).cast::<*mut u64>().read() });
        Some(object)
    }

    #[inline(always)]
    fn keep_released(&self, object: NonNull<u64>, slots: usize) {
        let list = &self.released[slots];
        // SAFETY: the frame has at least one slot, which is its second word, and nobody reads it any more.
        unsafe { object.add(1).cast::<*mut u64>().write(list.get()) };
        list.set(object.as_ptr());
    }
}
