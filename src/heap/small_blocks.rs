//! Small blocks of memory that were freed, kept for whoever wants one of the same size next.
//!
//! Most small objects of a program that evaluates live shortly: what a derivation is gathered in, a path on its way. An
//! allocator that keeps its memory in order takes a hundred instructions for each; taking a block from a list takes a few
//! (Knuth, "The Art of Computer Programming", 2.2.3).

use std::alloc::Layout;
use std::ptr::{self, NonNull};

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

/// The blocks of each class as a list: each begins with a pointer to the next.
#[derive(Debug)]
pub(super) struct SmallBlocks {
    lists: [*mut Block; CLASSES],
}

#[derive(Debug)]
struct Block {
    next: *mut Block,
}

// SAFETY: the blocks in the lists are nobody else's.
unsafe impl Send for SmallBlocks {}

impl SmallBlocks {
    pub(super) const fn new() -> SmallBlocks {
        SmallBlocks { lists: [ptr::null_mut(); CLASSES] }
    }

    /// A block of the class, if one was given.
    #[inline(always)]
    pub(super) fn take(&mut self, class: Class) -> Option<NonNull<u8>> {
        let list = &mut self.lists[class.0];
        let block = NonNull::new(*list)?;
        // SAFETY: what is in a list was given and begins with the pointer that `give` has written.
        *list = unsafe { block.as_ref().next };
        Some(block.cast())
    }

    /// Keeps a block for later.
    ///
    /// # Safety
    /// It was allocated with the layout of the class, and nobody uses it any more.
    #[inline(always)]
    pub(super) unsafe fn give(&mut self, class: Class, block: NonNull<u8>) {
        let block = block.cast::<Block>();
        let list = &mut self.lists[class.0];
        // SAFETY: the block has room for a pointer, at a multiple of eight bytes, and is ours now.
        unsafe { block.write(Block { next: *list }) };
        *list = block.as_ptr();
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
        let mut blocks = SmallBlocks::new();
        assert_eq!(blocks.take(eight), None);
        // SAFETY: each has sixteen bytes, and nobody else uses them.
        unsafe {
            blocks.give(eight, a);
            blocks.give(sixteen, b);
            blocks.give(eight, c);
            blocks.give(sixteen, d);
        }
        assert_eq!([eight, sixteen].map(|class| blocks.take(class)), [Some(c), Some(d)]);
        assert_eq!([eight, sixteen].map(|class| blocks.take(class)), [Some(a), Some(b)]);
        assert_eq!([eight, sixteen].map(|class| blocks.take(class)), [None, None]);
    }
}
