//! Hints to the processor about what memory will be needed.

/// How much memory a processor gets at a time.
const LINE: usize = 64;

/// Tells the processor that the memory at this address will be needed soon. Nothing comes of an address where there is none.
#[inline(always)]
pub(super) fn prefetch<T>(place: *const T) {
    #[cfg(all(target_arch = "x86_64", not(miri)))]
    {
        use std::arch::x86_64::{_MM_HINT_T0, _mm_prefetch};
        // SAFETY: every such processor can do this, and it reads nothing.
        unsafe { _mm_prefetch::<_MM_HINT_T0>(place.cast()) };
    }
    #[cfg(not(all(target_arch = "x86_64", not(miri))))]
    let _ = place;
}

/// The same of so many bytes from an address on.
#[inline(always)]
pub(super) fn prefetch_bytes(start: *const u8, bytes: usize) {
    (0..bytes).step_by(LINE).for_each(|distance| prefetch(start.wrapping_add(distance)));
}
