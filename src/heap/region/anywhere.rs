//! A region wherever there is room.

use std::cell::UnsafeCell;
use std::ptr::NonNull;

/// The region begins at the base.
pub(in crate::heap) const START: usize = 0;

/// Where the region begins. It is written once, before there is a heap.
struct Base(UnsafeCell<*mut u8>);

// SAFETY: the cell is written by `set` alone, which is called once and before anything reads it.
unsafe impl Sync for Base {}

static BASE: Base = Base(UnsafeCell::new(std::ptr::null_mut()));

/// Remembers where the region begins.
///
/// # Safety
/// This is called once, before all else.
pub(super) unsafe fn set(start: NonNull<u8>) {
    // SAFETY: nobody reads the cell yet.
    unsafe { *BASE.0.get() = start.as_ptr() };
}

#[inline(always)]
fn base() -> *mut u8 {
    // SAFETY: nobody writes to the cell any more.
    unsafe { *BASE.0.get() }
}

/// The address at a distance from the base.
///
/// # Safety
/// It is in the region.
#[inline(always)]
pub(super) unsafe fn at(distance: usize) -> NonNull<u8> {
    // SAFETY: the region is not at the end of the address space nor at its beginning.
    unsafe { NonNull::new_unchecked(base().add(distance)) }
}

/// The same for what is not read or written to, and need not be in the region.
#[inline(always)]
pub(super) fn pointer_at(distance: usize) -> *const u8 {
    base().wrapping_add(distance)
}

/// How far an address of the region is from the base.
#[inline(always)]
pub(super) fn distance(address: usize) -> usize {
    address.wrapping_sub(base().addr())
}

/// Address space at a multiple of the greatest capacity.
#[cfg(not(miri))]
pub(super) fn reserve(capacity: usize) -> Option<NonNull<u8>> {
    use super::CAPACITY;
    use super::system::{map, unmap};

    /// Most systems have nothing here.
    const HINT: usize = 16 * CAPACITY;

    let start = map(HINT, capacity)?;
    if start.addr().get().is_multiple_of(CAPACITY) {
        return Some(start);
    }
    unmap(start, capacity);
    // Somewhere in so much there is a multiple.
    let start = map(0, capacity + CAPACITY)?;
    let before = start.addr().get().next_multiple_of(CAPACITY) - start.addr().get();
    // SAFETY: both are within what was mapped, or at its end.
    let (aligned, end) = unsafe { (start.add(before), start.add(before + capacity)) };
    unmap(start, before);
    unmap(end, CAPACITY - before);
    Some(aligned)
}

/// Miri has no address space to reserve.
#[cfg(miri)]
pub(super) fn reserve(capacity: usize) -> Option<NonNull<u8>> {
    use std::alloc::{Layout, alloc_zeroed};

    const CAPACITY: usize = 256 << 20;

    let layout = Layout::from_size_align(capacity, super::GRANULE).ok().filter(|_| capacity <= CAPACITY)?;
    // SAFETY: the size is not zero.
    NonNull::new(unsafe { alloc_zeroed(layout) })
}
