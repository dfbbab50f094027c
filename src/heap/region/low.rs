//! A region at low addresses: the base is address zero, so that half of an address is all that half a word has to tell, and nothing is added
//! to it.
//!
//! This is for the command on x86-64 Linux, which is at the lowest addresses itself; `.cargo/rustc` says so when releases are built here. Behind
//! it, within the first GiB, the system's heap begins, which is hardly used, and from there on nothing is mapped until far above (but for
//! Valgrind, where it runs, in the second GiB). In the process of an embedder much may be there.

use std::ptr::NonNull;

/// The addresses before are those of the command, of the system's heap, and of Valgrind.
pub(in crate::heap) const START: usize = 6 << 28;

/// # Safety
/// There are no rules to heed.
pub(super) unsafe fn set(_start: NonNull<u8>) {}

/// The address at a distance from the base.
///
/// # Safety
/// It is in the region.
#[inline(always)]
pub(super) unsafe fn at(distance: usize) -> NonNull<u8> {
    // SAFETY: the region does not begin at address zero.
    unsafe { NonNull::new_unchecked(std::ptr::with_exposed_provenance_mut(distance)) }
}

/// The same for what is not read or written to, and need not be in the region.
#[inline(always)]
pub(super) fn pointer_at(distance: usize) -> *const u8 {
    std::ptr::without_provenance(distance)
}

/// How far an address of the region is from the base.
#[inline(always)]
pub(super) fn distance(address: usize) -> usize {
    address
}

/// Address space from the start on.
pub(super) fn reserve(capacity: usize) -> Option<NonNull<u8>> {
    let start = super::system::map(START, capacity)?;
    if start.as_ptr().expose_provenance() == START {
        return Some(start);
    }
    super::system::unmap(start, capacity);
    None
}
