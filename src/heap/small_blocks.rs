//! Small blocks of memory that were freed, kept for whoever wants one of the same size next.
//!
//! Most small objects of a program that evaluates live shortly: what a derivation is gathered in, a path on its way. An
//! allocator that keeps its memory in order takes a hundred instructions for each; taking a block from a list takes a few
//! (Knuth, "The Art of Computer Programming", 2.2.3). The lists are for one thread, so that taking and giving need no lock, which would
//! take longer than they do.

use std::alloc::Layout;
use std::cell::UnsafeCell;
use std::ptr::{self, NonNull};
use std::sync::atomic::{AtomicUsize, Ordering};

/// Sizes are rounded up to a multiple of this.
const GRAIN: usize = 8;
/// Blocks of so many different sizes are kept.
const CLASSES: usize = 32;

/// Which blocks serve for an object: all those of this number times eight bytes, and eight.
#[derive(Copy, Clone, PartialEq, Eq, Debug)]
pub(super) struct Class(usize);

impl Class {
    /// The blocks for this layout, if it is a small one.
    #[inline(always)]
    pub(super) fn of(layout: Layout) -> Option<Class> {
        // Nothing of size zero is allocated; if it were, it would be of no class.
        let class = (layout.size().wrapping_sub(1)) / GRAIN;
        (class < CLASSES && layout.align() <= GRAIN).then_some(Class(class))
    }

    /// What a block of this class is.
    #[inline(always)]
    pub(super) fn layout(self) -> Layout {
        // SAFETY: the alignment is a power of two, and the size far from the greatest.
        unsafe { Layout::from_size_align_unchecked((self.0 + 1) * GRAIN, GRAIN) }
    }
}

/// The blocks of each class as a list: each begins with a pointer to the next. They are for the thread that first wants one, and
/// when it has ended, for one that has taken its place in memory.
#[derive(Debug)]
pub(super) struct SmallBlocks {
    /// The [place](here) of that thread. Zero is none.
    owner: AtomicUsize,
    lists: UnsafeCell<[*mut Block; CLASSES]>,
}

#[derive(Debug)]
struct Block {
    next: *mut Block,
}

// SAFETY: only the owner uses the lists, and the blocks in them are nobody else's. Of the threads that are alive, one has the place of the
// owner; another one can have had it only before, and that it has ended happened before its place was given away.
unsafe impl Sync for SmallBlocks {}
// SAFETY: what is in the lists is memory, which does not matter to a thread.
unsafe impl Send for SmallBlocks {}

/// Where the running thread has what is its own: no two threads have the same place at the same time.
#[inline(always)]
fn here() -> usize {
    // Without a destructor and with a constant for its value this is an address, and nothing is done when it is used first.
    thread_local! { static PLACE: u8 = const { 0 } }
    PLACE.with(|place| ptr::from_ref(place).addr())
}

impl SmallBlocks {
    pub(super) const fn new() -> SmallBlocks {
        SmallBlocks { owner: AtomicUsize::new(0), lists: UnsafeCell::new([ptr::null_mut(); CLASSES]) }
    }

    #[inline(always)]
    fn is_owner(&self) -> bool {
        let owner = self.owner.load(Ordering::Relaxed);
        owner == here() || owner == 0 && self.become_owner()
    }

    #[cold]
    fn become_owner(&self) -> bool {
        self.owner.compare_exchange(0, here(), Ordering::Relaxed, Ordering::Relaxed).is_ok()
    }

    /// A block of the class, if one was given and this is the thread for it.
    #[inline(always)]
    pub(super) fn take(&self, class: Class) -> Option<NonNull<u8>> {
        if !self.is_owner() {
            return None;
        }
        // SAFETY: this thread owns the lists, and nothing below calls anything that might use them.
        let list = unsafe { &mut (*self.lists.get())[class.0] };
        let block = NonNull::new(*list)?;
        // SAFETY: what is in a list was given and begins with the pointer that `give` has written.
        *list = unsafe { block.as_ref().next };
        Some(block.cast())
    }

    /// Keeps a block for later, if this is the thread for it. Tells whether it does.
    ///
    /// # Safety
    /// It was allocated with the layout of the class, and nobody uses it any more.
    #[inline(always)]
    pub(super) unsafe fn give(&self, class: Class, block: NonNull<u8>) -> bool {
        if !self.is_owner() {
            return false;
        }
        let block = block.cast::<Block>();
        // SAFETY: as in `take`; the block has room for a pointer, at a multiple of eight bytes, and is ours now.
        unsafe {
            let list = &mut (*self.lists.get())[class.0];
            block.write(Block { next: *list });
            *list = block.as_ptr();
        }
        true
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn class(size: usize, align: usize) -> Option<Class> {
        Class::of(Layout::from_size_align(size, align).expect("it is small"))
    }

    #[test]
    fn a_block_has_room_for_what_is_of_its_class() {
        for size in 1..=GRAIN * CLASSES {
            for align in [1, 2, 4, 8] {
                let block = class(size, align).expect("it is small").layout();
                assert!(block.size() >= size && block.size() < size + GRAIN && block.align() >= align);
            }
            assert_eq!(class(size, 16), None);
        }
        assert_eq!(class(0, 1), None);
        assert_eq!(class(GRAIN * CLASSES + 1, 1), None);
    }

    #[test]
    fn blocks_come_back_by_class() {
        let mut memory = [[0_u64; 2]; 4];
        let [a, b, c, d] = memory.each_mut().map(|block| NonNull::from(block).cast::<u8>());
        let (eight, sixteen) = (class(5, 1).expect("it is small"), class(16, 8).expect("it is small"));
        let blocks = SmallBlocks::new();
        assert_eq!(blocks.take(eight), None);
        // SAFETY: each has sixteen bytes, and nobody else uses them.
        unsafe {
            assert!(blocks.give(eight, a) && blocks.give(sixteen, b));
            assert!(blocks.give(eight, c) && blocks.give(sixteen, d));
        }
        assert_eq!([eight, sixteen].map(|class| blocks.take(class)), [Some(c), Some(d)]);
        assert_eq!([eight, sixteen].map(|class| blocks.take(class)), [Some(a), Some(b)]);
        assert_eq!([eight, sixteen].map(|class| blocks.take(class)), [None, None]);
    }

    #[test]
    fn they_are_for_one_thread() {
        let mut memory = [0_u64; 2];
        let block = NonNull::from(&mut memory[0]).cast::<u8>();
        let class = class(8, 8).expect("it is small");
        let blocks = SmallBlocks::new();
        // SAFETY: the block has eight bytes, and nobody else uses them.
        assert!(unsafe { blocks.give(class, block) });
        std::thread::scope(|scope| {
            let other = scope.spawn(|| {
                let own = NonNull::from(&mut 0_u64).cast::<u8>();
                // SAFETY: as above.
                (blocks.take(class).is_some(), unsafe { blocks.give(class, own) })
            });
            assert_eq!(other.join().expect("it does not panic"), (false, false));
        });
        assert_eq!([blocks.take(class), blocks.take(class)], [Some(block), None]);
    }
}
