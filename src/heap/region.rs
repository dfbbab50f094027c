//! The part of the address space in which all heaps lie, so that half a word tells an address in it.

#[cfg_attr(firn_low_region, path = "region/low.rs")]
#[cfg_attr(not(firn_low_region), path = "region/anywhere.rs")]
mod base;

use std::alloc::{Layout, handle_alloc_error};
use std::ops::Range;
use std::ptr::NonNull;
use std::sync::{Mutex, OnceLock, PoisonError};

use range_alloc::RangeAllocator;

use super::value::write_immediates;
pub(super) use base::START;

/// The heaps of a process share so many bytes of addresses: those that 32 bits tell, if two of the bits are used for a tag and
/// every object begins at a multiple of 8. They are reserved, which takes no memory.
const CAPACITY: usize = 8 << 30;
/// Where address space is limited, so little will do.
const LEAST_CAPACITY: usize = 64 << 20;
/// What is left when so much of the region is in use is for evaluations to come to their end.
const RESERVE_PART: usize = 16;
/// Parts of the region are multiples of this, which is the largest size of a page that systems have.
pub(super) const GRANULE: usize = 64 << 10;

struct Region {
    capacity: usize,
    /// The parts, as distances from the base, that no heap has.
    free: Mutex<Free>,
}

struct Free {
    ranges: RangeAllocator<usize>,
    bytes: usize,
}

impl Free {
    fn take(&mut self, bytes: usize, alignment: usize) -> Option<Range<usize>> {
        let taken = self.ranges.allocate_range(bytes + (alignment - GRANULE)).ok()?;
        let start = taken.start.next_multiple_of(alignment);
        let range = start..start + bytes;
        for unused in [taken.start..range.start, range.end..taken.end] {
            if !unused.is_empty() {
                self.ranges.free_range(unused);
            }
        }
        self.bytes -= bytes;
        Some(range)
    }
}

static REGION: OnceLock<Region> = OnceLock::new();

/// The 32 bits of a pointer into the region to an even address. Those of a pointer to an object end with two zeros.
#[inline(always)]
pub(super) fn narrow<T>(pointer: NonNull<T>) -> u32 {
    let address = pointer.addr().get();
    let distance = base::distance(address);
    debug_assert!(distance < CAPACITY && distance.is_multiple_of(2), "only what is in a heap has a narrow pointer");
    // The base is a multiple of all that 32 bits tell, so that the bits above say nothing; under Miri it is anywhere.
    let told = if cfg!(miri) { distance } else { address };
    (told >> 1) as u32
}

/// The pointer that these bits tell, less so many bytes.
///
/// # Safety
/// `bits` came from [`narrow`], plus half of `less`.
#[inline(always)]
pub(super) unsafe fn widen<T>(bits: usize, less: usize) -> NonNull<T> {
    // SAFETY: the result is in the region.
    unsafe { base::at((bits << 1) - less).cast() }
}

/// Where these bits point, for what is not read or written to: they may be zero.
#[inline(always)]
pub(super) fn pointer_of(bits: u32) -> *const u8 {
    base::pointer_at((bits as usize) << 1)
}

/// Makes sure that there is a region, and tells how many bytes heaps may take of it.
pub(super) fn limit() -> usize {
    let capacity = region().capacity;
    capacity - capacity / RESERVE_PART
}

/// Takes a part of the region for a heap: a multiple of [`GRANULE`], at a multiple of `alignment`. All of it is zero.
///
/// The flag says that not much is left.
pub(super) fn take(bytes: usize, alignment: usize) -> (NonNull<u8>, bool) {
    let region = region();
    let mut free = region.free.lock().unwrap_or_else(PoisonError::into_inner);
    let Some(range) = free.take(bytes, alignment) else { end_for_want_of(bytes) };
    let is_scarce = free.bytes < region.capacity / RESERVE_PART;
    drop(free);
    // SAFETY: the allocator gives parts of the region.
    let start = unsafe { base::at(range.start) };
    system::commit(start, bytes);
    (start, is_scarce)
}

/// Whether so many bytes can be taken without using up what is left for evaluations to end.
pub(super) fn has_room(bytes: usize) -> bool {
    let region = region();
    let free = region.free.lock().unwrap_or_else(PoisonError::into_inner);
    bytes.saturating_add(region.capacity / RESERVE_PART) <= free.bytes
}

/// Gives back what [`take`] gave.
///
/// # Safety
/// Nothing refers to it any more.
pub(super) unsafe fn give_back(start: NonNull<u8>, bytes: usize) {
    let region = region();
    system::discard(start, bytes);
    let from = base::distance(start.addr().get());
    let mut free = region.free.lock().unwrap_or_else(PoisonError::into_inner);
    free.ranges.free_range(Range { start: from, end: from + bytes });
    free.bytes += bytes;
}

/// Ends the process: there is no room for so much.
#[cold]
fn end_for_want_of(bytes: usize) -> ! {
    handle_alloc_error(Layout::from_size_align(bytes, GRANULE).unwrap_or(Layout::new::<u8>()))
}

fn region() -> &'static Region {
    REGION.get_or_init(|| {
        let mut capacity = CAPACITY - START;
        // Where the address space is limited, the rest needs some of it, too, such as the stack.
        while capacity > system::address_space() / 2 && capacity > LEAST_CAPACITY {
            capacity /= 2;
        }
        let start = loop {
            match base::reserve(capacity) {
                Some(start) => break start,
                None if capacity > LEAST_CAPACITY => capacity /= 2,
                None => {
                    if cfg!(firn_low_region) {
                        eprintln!("the addresses from {START:#x} on, where values are to be, are in use");
                    }
                    end_for_want_of(capacity)
                }
            }
        };
        // SAFETY: this runs once, before anything can read the base.
        unsafe { base::set(start) };
        // The beginning is for the values that are in no heap.
        system::commit(start, GRANULE);
        write_immediates(start.cast());
        let bytes = capacity - GRANULE;
        Region {
            capacity,
            free: Mutex::new(Free { ranges: RangeAllocator::new(START + GRANULE..START + capacity), bytes }),
        }
    })
}

#[cfg(not(miri))]
mod system {
    use std::ptr::NonNull;

    /// How many bytes of addresses the process may have.
    pub(super) fn address_space() -> usize {
        let mut limit = libc::rlimit { rlim_cur: 0, rlim_max: 0 };
        // SAFETY: the system writes to the structure alone.
        match unsafe { libc::getrlimit(libc::RLIMIT_AS, &raw mut limit) } {
            0 => usize::try_from(limit.rlim_cur).unwrap_or(usize::MAX),
            _ => usize::MAX,
        }
    }

    /// Reserves addresses, where the hint says if these are free.
    pub(super) fn map(hint: usize, bytes: usize) -> Option<NonNull<u8>> {
        let flags = libc::MAP_PRIVATE | libc::MAP_ANON | libc::MAP_NORESERVE;
        // SAFETY: a new mapping without access harms nothing that is there; the hint does not replace any.
        let start = unsafe { libc::mmap(std::ptr::without_provenance_mut(hint), bytes, libc::PROT_NONE, flags, -1, 0) };
        NonNull::new(start.cast()).filter(|_| start != libc::MAP_FAILED)
    }

    /// Gives back addresses that were reserved.
    pub(super) fn unmap(start: NonNull<u8>, bytes: usize) {
        if bytes > 0 {
            // SAFETY: nobody uses this part of a mapping that `map` has made.
            unsafe { libc::munmap(start.as_ptr().cast(), bytes) };
        }
    }

    /// Makes it memory.
    pub(super) fn commit(start: NonNull<u8>, bytes: usize) {
        // SAFETY: these are pages of the region.
        let result = unsafe { libc::mprotect(start.as_ptr().cast(), bytes, libc::PROT_READ | libc::PROT_WRITE) };
        if result != 0 {
            super::end_for_want_of(bytes);
        }
    }

    /// Lets the system have the memory.
    pub(super) fn discard(start: NonNull<u8>, bytes: usize) {
        // SAFETY: nothing refers to these pages, which become inaccessible and empty.
        let result = unsafe {
            libc::mmap(
                start.as_ptr().cast(),
                bytes,
                libc::PROT_NONE,
                libc::MAP_PRIVATE | libc::MAP_ANON | libc::MAP_NORESERVE | libc::MAP_FIXED,
                -1,
                0,
            )
        };
        debug_assert_ne!(result, libc::MAP_FAILED);
    }
}

/// Where Miri runs, all of the region is memory.
#[cfg(miri)]
mod system {
    use std::ptr::NonNull;

    pub(super) fn address_space() -> usize {
        usize::MAX
    }

    pub(super) fn commit(_start: NonNull<u8>, _bytes: usize) {}

    pub(super) fn discard(start: NonNull<u8>, bytes: usize) {
        // SAFETY: nothing refers to this part of the region.
        unsafe { start.write_bytes(0, bytes) };
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_left_beside_an_aligned_part_is_free() {
        let capacity = 16 * GRANULE;
        let mut free = Free { ranges: RangeAllocator::new(GRANULE..capacity), bytes: capacity - GRANULE };
        assert_eq!(free.take(4 * GRANULE, 4 * GRANULE), Some(4 * GRANULE..8 * GRANULE));
        assert_eq!(free.take(3 * GRANULE, GRANULE), Some(GRANULE..4 * GRANULE));
        assert_eq!(free.take(8 * GRANULE, GRANULE), Some(8 * GRANULE..capacity));
        assert_eq!((free.take(GRANULE, GRANULE), free.bytes), (None, 0));
    }
}
