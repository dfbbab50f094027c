//! The frames around the expression that is being read: which slots there are, and how they are called now.

use smallvec::SmallVec;

use super::read::Name;
use crate::heap::Heap;

/// A frame, and the frames around it.
pub(super) struct Scope<'h> {
    outer: Option<&'h Scope<'h>>,
    is_with: bool,
    /// How many slots the frame has.
    len: u32,
    /// The slots from this one on are others than where the image was written.
    first: u32,
    /// Where they are now.
    renumbered: &'h [u32],
}

/// The innermost frame; none at the beginning.
#[derive(Copy, Clone)]
pub(super) struct Scopes<'h>(pub(super) Option<&'h Scope<'h>>);

impl<'h> Scopes<'h> {
    /// Enters a frame with so many slots.
    pub(super) fn enter(&mut self, heap: &'h Heap, len: u32) {
        self.push(heap, false, len, 0, &[]);
    }

    /// Enters the frame of a `with`, the slots of which no variable means.
    pub(super) fn enter_with(&mut self, heap: &'h Heap) {
        self.push(heap, true, 0, 0, &[]);
    }

    /// Enters a frame with `first` slots, then one for each of these names, in this order, then `more`.
    pub(super) fn enter_sorted(&mut self, heap: &'h Heap, first: u32, names: &[Name], more: usize) -> Option<()> {
        let len = first.checked_add(u32::try_from(names.len().checked_add(more)?).ok()?)?;
        let is_moved = (0..).zip(names).any(|(now, name)| name.written != now);
        let mut renumbered: &[u32] = &[];
        if is_moved {
            let mut slots: SmallVec<[u32; 32]> = SmallVec::new();
            slots.resize(names.len(), 0);
            for (slot, name) in (first..).zip(names) {
                slots[name.written as usize] = slot;
            }
            renumbered = heap.store_slice(&slots);
        }
        self.push(heap, false, len, first, renumbered);
        Some(())
    }

    fn push(&mut self, heap: &'h Heap, is_with: bool, len: u32, first: u32, renumbered: &'h [u32]) {
        self.0 = Some(heap.store(Scope { outer: self.0, is_with, len, first, renumbered }));
    }

    pub(super) fn leave(&mut self) {
        self.0 = self.0.and_then(|scope| scope.outer);
    }

    #[inline]
    fn scope(self, depth: u32) -> Option<&'h Scope<'h>> {
        let mut scope = self.0?;
        for _ in 0..depth {
            scope = scope.outer?;
        }
        Some(scope)
    }

    /// Where the slot of the frame `depth` frames up is that was called `slot`; nothing if there is no such slot.
    #[inline]
    pub(super) fn slot(self, depth: u32, slot: u32) -> Option<u32> {
        let scope = self.scope(depth)?;
        if slot >= scope.len {
            return None;
        }
        let moved = slot.checked_sub(scope.first).and_then(|index| scope.renumbered.get(index as usize));
        Some(moved.copied().unwrap_or(slot))
    }

    /// Whether the frame `depth` frames up is that of a `with`.
    pub(super) fn is_with(self, depth: u32) -> bool {
        self.scope(depth).is_some_and(|scope| scope.is_with)
    }
}
