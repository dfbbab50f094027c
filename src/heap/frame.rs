//! Environment frames: the variables of one scope.

use std::cell::Cell;
use std::marker::PhantomData;
use std::ptr::NonNull;

use super::value::{frame_of_word, frame_word};
use super::{Closure, Heap, Slot};

/// A parent frame and a row of slots. `let`, `rec`, formals, arguments and `with` all make one.
///
/// The first half word is the parent or zero, and in its lowest bit says whether something refers to the frame that may live
/// longer than the call it was made for. The second is the number of slots.
#[derive(Copy, Clone)]
pub(crate) struct Frame<'h> {
    object: NonNull<u32>,
    heap: PhantomData<Cell<&'h Heap>>,
}

const CAPTURED: u32 = 1;
/// Where the slots begin.
const HEADER: usize = 2;
/// Frames of calls with fewer words than this are used again.
pub(super) const REUSABLE: usize = 8;

/// How many words a frame takes.
#[inline(always)]
const fn words_of(slots: usize) -> usize {
    // Rounded up, which a shift does in fewer steps than a division that heeds overflow.
    (HEADER + slots + 1) >> 1
}

impl<'h> Frame<'h> {
    /// A frame whose slots are all empty.
    #[inline(always)]
    pub(crate) fn new(heap: &'h Heap, parent: Option<Frame<'h>>, slots: usize) -> Self {
        Frame::begin(heap.alloc_frame(slots), frame_word(parent), slots)
    }

    /// A frame for a call of a closure. It may be given back by [`Frame::release`]. Its slots may have any values until they are
    /// set or cleared.
    #[inline(always)]
    pub(crate) fn for_call(heap: &'h Heap, closure: Closure<'h>, slots: usize) -> Self {
        let object = heap.released_frame(slots).unwrap_or_else(|| heap.alloc_frame(slots));
        // The closure refers to the parent already.
        Frame::begin(object, closure.frame_word(), slots)
    }

    /// Gives back the frame of a call that has returned, unless something still refers to it.
    #[inline(always)]
    pub(crate) fn release(self, heap: &'h Heap) {
        let words = words_of(self.len());
        if self.header() & CAPTURED == 0 && words < REUSABLE && words > 1 {
            heap.keep_released(self.object, words);
        }
    }

    /// Notes that something refers to the frame that may outlive the call.
    #[inline(always)]
    pub(super) fn capture(self) {
        // SAFETY: a frame begins with its header.
        unsafe { self.object.write(self.header() | CAPTURED) };
    }

    /// Writes the header. The slots are there: memory that a heap gives is zero, which is what empty slots are.
    #[inline(always)]
    fn begin(object: NonNull<u64>, parent: u32, slots: usize) -> Self {
        let object = object.cast::<u32>();
        // SAFETY: the words of a frame with so many slots begin at `object`.
        unsafe {
            object.write(parent);
            object.add(1).write(slots as u32);
        }
        Frame { object, heap: PhantomData }
    }

    #[inline(always)]
    fn header(self) -> u32 {
        // SAFETY: a frame begins with its header.
        unsafe { self.object.read() }
    }

    #[inline(always)]
    fn len(self) -> usize {
        // SAFETY: the second half word counts the slots.
        unsafe { self.object.add(1).read() as usize }
    }

    #[inline(always)]
    pub(crate) fn parent(self) -> Option<Frame<'h>> {
        // SAFETY: without the flag it is the word of the parent.
        unsafe { frame_of_word(self.header() & !CAPTURED) }
    }

    /// The slots; one is `None` until its value has been decided.
    #[inline(always)]
    pub(crate) fn slots(self) -> &'h [Slot<'h>] {
        // SAFETY: so many slots follow; a slot is zero or a value's word.
        unsafe { std::slice::from_raw_parts(self.object.add(HEADER).cast().as_ptr(), self.len()) }
    }

    #[inline(always)]
    pub(crate) fn slot(self, index: u32) -> &'h Slot<'h> {
        &self.slots()[index as usize]
    }

    /// Whether two are one and the same frame.
    #[inline(always)]
    pub(crate) fn is_same(self, other: Frame<'h>) -> bool {
        self.object == other.object
    }

    #[inline(always)]
    pub(super) fn object(self) -> NonNull<u32> {
        self.object
    }

    /// # Safety
    /// `object` was made by [`Frame::new`] in a heap borrowed for `'h`.
    #[inline(always)]
    pub(super) unsafe fn from_object(object: NonNull<u32>) -> Self {
        Frame { object, heap: PhantomData }
    }
}

impl Heap {
    #[inline(always)]
    fn alloc_frame(&self, slots: usize) -> NonNull<u64> {
        let words = words_of(slots);
        self.tally.frames.add(words);
        self.alloc_words(words)
    }

    /// A frame of so many slots that nothing refers to.
    #[inline(always)]
    fn released_frame(&self, slots: usize) -> Option<NonNull<u64>> {
        let list = self.released.get(words_of(slots))?;
        let object = NonNull::new(list.get())?;
        // SAFETY: only `keep_released` adds to the list, and it makes the second word the link to the next.
        list.set(unsafe { object.add(1).cast::<*mut u64>().read() });
        // SAFETY: these are two slots, and the halves of a link are no values.
        unsafe { object.add(1).write(0) };
        Some(object)
    }

    #[inline(always)]
    fn keep_released(&self, object: NonNull<u32>, words: usize) {
        let list = &self.released[words];
        let object = object.cast::<u64>();
        // SAFETY: the frame has at least two words, and nobody reads it any more.
        unsafe { object.add(1).cast::<*mut u64>().write(list.get()) };
        list.set(object.as_ptr());
    }
}
