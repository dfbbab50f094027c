//! Memory for what is in no heap of values: texts, tables, buffers.

use std::alloc::{GlobalAlloc, Layout};
use std::fmt;
use std::ptr::{self, NonNull};

#[cfg(all(target_os = "linux", not(miri)))]
use spin::Mutex;

use super::small_blocks::{Class, SmallBlocks};

#[cfg(all(target_os = "linux", not(miri)))]
type Inner = talc::TalcLock<Mutex<()>, linux::System>;
#[cfg(not(all(target_os = "linux", not(miri))))]
type Inner = std::alloc::System;

/// An allocator for programs that evaluate and do little else, as the command `firn` does.
///
/// An evaluator keeps its values in memory of its own. What remains are many small objects, and a few large buffers. This
/// allocator keeps a small block that is freed for the next object of its size, on one thread: the first. On Linux it packs
/// everything else and asks the system for memory in steps that grow, and for huge pages where these are at hand, which takes a
/// machine configuration a twentieth less time than with the allocator of the system. It keeps what was freed for itself, and a thread that allocates
/// waits for others that do; so a program that does much beside evaluating may be better off without it. On other systems the
/// rest is left to the allocator of the system.
///
/// ```
/// #[global_allocator]
/// static ALLOCATOR: firn::Allocator = firn::Allocator::new();
///
/// let mut firn = firn::Evaluator::new();
/// # assert!(firn.eval_text("1", ".").is_ok());
/// ```
pub struct Allocator {
    small: SmallBlocks,
    inner: Inner,
}

impl Allocator {
    /// The allocator, without memory.
    pub const fn new() -> Allocator {
        #[cfg(all(target_os = "linux", not(miri)))]
        let inner = Inner::new(linux::System::new());
        #[cfg(not(all(target_os = "linux", not(miri))))]
        let inner = std::alloc::System;
        Allocator { small: SmallBlocks::new(), inner }
    }
}

impl Default for Allocator {
    fn default() -> Allocator {
        Allocator::new()
    }
}

impl fmt::Debug for Allocator {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Allocator")
    }
}

// SAFETY: what is inside is an allocator. Small objects get blocks that it gave, of their class and nobody else's; everything else
// is left to it. Of which kind an object is follows from its layout, which is the same when it is freed.
unsafe impl GlobalAlloc for Allocator {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        let Some(class) = Class::of(layout) else {
            // SAFETY: the caller keeps the rules.
            return unsafe { self.inner.alloc(layout) };
        };
        let kept = self.small.take(class);
        // SAFETY: a block is not of size zero.
        kept.map_or_else(|| unsafe { self.inner.alloc(class.layout()) }, NonNull::as_ptr)
    }

    unsafe fn dealloc(&self, pointer: *mut u8, layout: Layout) {
        // SAFETY: the caller keeps the rules, so this is what `alloc` gave for the layout.
        unsafe {
            match Class::of(layout) {
                Some(class) if self.small.give(class, NonNull::new_unchecked(pointer)) => {}
                Some(class) => self.inner.dealloc(pointer, class.layout()),
                None => self.inner.dealloc(pointer, layout),
            }
        }
    }

    unsafe fn alloc_zeroed(&self, layout: Layout) -> *mut u8 {
        // SAFETY: the caller keeps the rules; a block has as many bytes as the layout says.
        unsafe {
            if Class::of(layout).is_none() {
                return self.inner.alloc_zeroed(layout);
            }
            let block = self.alloc(layout);
            if !block.is_null() {
                block.write_bytes(0, layout.size());
            }
            block
        }
    }

    unsafe fn realloc(&self, pointer: *mut u8, layout: Layout, size: usize) -> *mut u8 {
        // SAFETY: the caller keeps the rules: the new size is not too large. Both objects have the bytes that are copied, and
        // they are different ones.
        unsafe {
            let new = Layout::from_size_align_unchecked(size, layout.align());
            match (Class::of(layout), Class::of(new)) {
                (None, None) => self.inner.realloc(pointer, layout, size),
                (old, new) if old == new => pointer,
                _ => {
                    let to = self.alloc(new);
                    if !to.is_null() {
                        ptr::copy_nonoverlapping(pointer, to, size.min(layout.size()));
                        self.dealloc(pointer, layout);
                    }
                    to
                }
            }
        }
    }
}

#[cfg(all(target_os = "linux", not(miri)))]
mod linux {
    use std::alloc::Layout;
    use std::ptr::NonNull;

    use talc::base::Talc;
    use talc::base::binning::Binning;
    use talc::source::Source;

    use super::super::pages::{HUGE, HUGE_FROM, Pages};

    /// Takes memory of the system: addresses in arenas, and of these the pages from front to back.
    #[derive(Debug)]
    pub(super) struct System {
        arena: Option<Arena>,
        /// Bytes of all pages.
        bytes: usize,
        pages: Pages,
    }

    #[derive(Debug)]
    struct Arena {
        /// What the allocator has for the end of its part.
        heap_end: NonNull<u8>,
        /// The end of the pages that were asked for.
        asked_end: *mut u8,
        /// How many bytes there are behind them.
        room: usize,
    }

    // SAFETY: the pointers are to memory that is nobody else's.
    unsafe impl Send for System {}

    /// An arena has at least so many bytes, or a quarter of what there is.
    const LEAST_ARENA: usize = 64 << 20;
    /// Beside an object there has to be room for what the allocator notes.
    const OVERHEAD: usize = 16 << 10;

    impl System {
        pub(super) const fn new() -> Self {
            System { arena: None, bytes: 0, pages: Pages::new() }
        }

        /// Takes addresses for `needed` bytes and more. They are no memory yet. The first begin such that a huge page can come as soon as
        /// there may be one.
        fn reserve(&self, needed: usize) -> Option<(*mut u8, usize)> {
            let unused = if self.bytes == 0 { HUGE - HUGE_FROM } else { 0 };
            let needed = needed.checked_add(unused)?;
            let mut bytes = needed.max(LEAST_ARENA).max(self.bytes / 4).checked_next_multiple_of(HUGE)?;
            loop {
                let access = libc::PROT_READ | libc::PROT_WRITE;
                let flags = libc::MAP_PRIVATE | libc::MAP_ANON | libc::MAP_NORESERVE;
                // SAFETY: a new mapping harms nothing that is there.
                let start = unsafe { libc::mmap(std::ptr::null_mut(), bytes + HUGE, access, flags, -1, 0) };
                if start != libc::MAP_FAILED {
                    let start = start.cast::<u8>();
                    let before = start.addr().next_multiple_of(HUGE) - start.addr();
                    return Some((start.wrapping_add(before + unused), bytes - unused));
                }
                let less = (bytes / 2).checked_next_multiple_of(HUGE)?;
                if less < needed || less == bytes {
                    return None;
                }
                bytes = less;
            }
        }

        /// Asks for the pages of `needed` bytes from `start` on, and tells for how many it did. Of a large object they are left to
        /// be asked for as they are touched, since not all may be.
        fn ask(&self, start: *mut u8, needed: usize, room: usize) -> usize {
            if needed > HUGE {
                return needed.next_multiple_of(HUGE).min(room);
            }
            let mut asked = 0;
            while asked < needed {
                asked += self.pages.ask(start.wrapping_add(asked), 1, room - asked, self.bytes + asked);
            }
            asked
        }
    }

    // SAFETY: nothing here allocates, and what is claimed or added is nobody else's.
    unsafe impl Source for System {
        fn acquire<B: Binning>(talc: &mut Talc<Self, B>, layout: Layout) -> Result<(), ()> {
            let needed = layout.size().checked_add(layout.align() + OVERHEAD).ok_or(())?;
            let (asked, arena) = match talc.source.arena.take().filter(|arena| arena.room >= needed) {
                Some(Arena { heap_end, asked_end, room }) => {
                    let asked = talc.source.ask(asked_end, needed, room);
                    let asked_end = asked_end.wrapping_add(asked);
                    // SAFETY: the arena is that of the heap, and has so many bytes.
                    let heap_end = unsafe { talc.extend(heap_end, asked_end) };
                    (asked, Arena { heap_end, asked_end, room: room - asked })
                }
                None => {
                    let (start, bytes) = talc.source.reserve(needed).ok_or(())?;
                    let asked = talc.source.ask(start, needed, bytes);
                    // SAFETY: the addresses have just been reserved.
                    let heap_end = unsafe { talc.claim(start, asked) }.ok_or(())?;
                    (asked, Arena { heap_end, asked_end: start.wrapping_add(asked), room: bytes - asked })
                }
            };
            talc.source.bytes += asked;
            talc.source.arena = Some(arena);
            Ok(())
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// It keeps small blocks for later.
    static ALLOCATOR: Allocator = Allocator::new();

    /// An object that was filled with one byte.
    struct Object {
        start: *mut u8,
        layout: Layout,
    }

    impl Object {
        fn is_intact(&self, byte: u8, size: usize) -> bool {
            // SAFETY: the object has at least so many bytes.
            let bytes = unsafe { std::slice::from_raw_parts(self.start, size) };
            bytes.iter().all(|&other| other == byte)
        }

        fn check_and_free(self, byte: u8) {
            assert!(self.is_intact(byte, self.layout.size()));
            // SAFETY: it was allocated with this layout.
            unsafe { ALLOCATOR.dealloc(self.start, self.layout) };
        }
    }

    #[test]
    fn objects_of_all_sizes_keep_their_bytes() {
        let mut objects: Vec<(u8, Object)> = Vec::new();
        let (rounds, large) = if cfg!(miri) { (60, 3 << 10) } else { (6_000, 3 << 20) };
        for round in 0_usize..rounds {
            let size = if round.is_multiple_of(rounds / 12) { large } else { 1 + round * 7919 % 5_000 };
            let layout = Layout::from_size_align(size, 1 << (round % 8)).expect("the size is small");
            // SAFETY: the size is not zero.
            let mut object = Object { start: unsafe { ALLOCATOR.alloc(layout) }, layout };
            assert!(!object.start.is_null() && object.start.addr().is_multiple_of(layout.align()));
            // SAFETY: the object has so many bytes.
            unsafe { object.start.write_bytes(round as u8, size) };
            if round.is_multiple_of(3) {
                let larger = Layout::from_size_align(2 * size, layout.align()).expect("the size is small");
                // SAFETY: it was allocated with this layout.
                object.start = unsafe { ALLOCATOR.realloc(object.start, layout, larger.size()) };
                object.layout = larger;
                assert!(object.is_intact(round as u8, size));
                // SAFETY: the object has so many bytes now.
                unsafe { object.start.write_bytes(round as u8, larger.size()) };
            }
            objects.push((round as u8, object));
            if round.is_multiple_of(2) {
                let (byte, object) = objects.swap_remove(round * 31 % objects.len());
                object.check_and_free(byte);
            }
        }
        objects.drain(..).for_each(|(byte, object)| object.check_and_free(byte));
    }
}
