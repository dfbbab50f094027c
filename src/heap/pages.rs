//! How the pages of a heap are asked of the system.

use std::cell::Cell;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering::Relaxed};
use std::time::{Duration, Instant};

/// Asks for the pages of chunks, in steps, ahead of their use: that takes the system less time than learning of each page as it is
/// touched first.
///
/// A heap that has grown asks for huge pages, of which the processor can tell the addresses of many more at once. The system
/// has them at hand or has to make them first: to move other memory away, or, in a virtual machine, to get memory
/// of its host. That can take many times as long as small pages do, so it is measured. One slow page says little: most often
/// those behind it are at hand. But behind two of them nearly all are slow, so then come small ones for a while, and for longer
/// each time, in all of the process. After a while one slow page is enough.
#[derive(Debug)]
pub(super) struct Pages {
    /// What small pages for [`HUGE`] bytes would have taken, by the latest of them.
    small: Cell<Duration>,
}

/// So many bytes are asked for in small pages before huge ones are tried again.
static PAUSE: AtomicUsize = AtomicUsize::new(0);
/// What the next pause will be.
static NEXT_PAUSE: AtomicUsize = AtomicUsize::new(FIRST_PAUSE);
/// Whether the last huge page was slow.
static IS_SLOW: AtomicBool = AtomicBool::new(false);

/// The size of a page on most systems; where pages are larger, some are not asked for ahead of need.
const PAGE: usize = 4096;
/// The size of a huge page on most systems.
pub(super) const HUGE: usize = 2 << 20;
/// Of the memory of a chunk, so much at least and at most is asked for in small pages at a time. In between it is a part of
/// what there is already.
const STEP: std::ops::RangeInclusive<usize> = 32 << 10..=512 << 10;
const STEP_PART: usize = 16;
/// A heap with less gets small pages.
pub(super) const HUGE_FROM: usize = 1 << 20;
/// Of huge pages, so much is asked for at a time: a part of what there is already. Clearing one takes the place of what the evaluation
/// has in the processor's cache of the second level, so few times with many pages are better than many times with few.
const HUGE_STEP_PART: usize = 6;
const LARGEST_STEP: usize = 2 * HUGE;
/// A huge page may take so many times as long as small ones for as many bytes.
const PATIENCE: u32 = 2;
/// The first pause, after two slow ones.
const FIRST_PAUSE: usize = 32 * HUGE;

impl Pages {
    pub(super) const fn new() -> Self {
        Pages { small: Cell::new(Duration::ZERO) }
    }

    /// Asks for `bytes` from `start` on, and for more of the `room` that there is, in a heap of `heap_bytes`. Tells for how many.
    pub(super) fn ask(&self, start: *mut u8, bytes: usize, room: usize, heap_bytes: usize) -> usize {
        let is_huge = heap_bytes >= HUGE_FROM && bytes <= HUGE && room >= HUGE && start.addr().is_multiple_of(HUGE);
        if is_huge && PAUSE.load(Relaxed) == 0 {
            return self.ask_for_huge(start, huge_step(heap_bytes).min(room - room % HUGE));
        }
        let step = (heap_bytes / STEP_PART).clamp(*STEP.start(), *STEP.end()).max(bytes).next_multiple_of(PAGE);
        // A step ends where a huge page can begin.
        let before_huge = HUGE - start.addr() % HUGE;
        let step = if bytes <= before_huge { step.min(before_huge) } else { step }.min(room);
        let begin = Instant::now();
        system::populate(start, step);
        self.small.set(begin.elapsed() * HUGE as u32 / step.max(PAGE) as u32);
        // If several threads ask at once, it does not matter whose bytes count.
        PAUSE.store(PAUSE.load(Relaxed).saturating_sub(step), Relaxed);
        step
    }

    /// Asks for all of a chunk of `bytes`.
    pub(super) fn ask_for_all(&self, start: *mut u8, bytes: usize, heap_bytes: usize) {
        let mut asked = 0;
        while asked < bytes {
            asked += self.ask(start.wrapping_add(asked), 1, bytes - asked, heap_bytes);
        }
    }

    /// Asks for so many bytes, one page after the other, up to the second in a row that is slow; the one before a pause counts. Tells for how
    /// many.
    fn ask_for_huge(&self, start: *mut u8, bytes: usize) -> usize {
        let mut asked = 0;
        while asked < bytes {
            let begin = Instant::now();
            system::populate_huge(start.wrapping_add(asked), HUGE);
            asked += HUGE;
            let is_slow = begin.elapsed() > self.small.get() * PATIENCE;
            if IS_SLOW.swap(is_slow, Relaxed) && is_slow {
                let pause = NEXT_PAUSE.load(Relaxed);
                PAUSE.store(pause, Relaxed);
                NEXT_PAUSE.store(pause.saturating_mul(2), Relaxed);
                break;
            }
        }
        asked
    }
}

/// How much a heap of so many bytes asks for in huge pages at a time.
fn huge_step(heap_bytes: usize) -> usize {
    (heap_bytes / HUGE_STEP_PART).next_multiple_of(HUGE).min(LARGEST_STEP)
}

#[cfg(all(target_os = "linux", not(miri)))]
mod system {
    pub(super) fn populate(start: *mut u8, bytes: usize) {
        // SAFETY: the pages belong to a chunk, nothing is in them, and they are only made present. Systems that cannot do this
        // say so, and no harm is done.
        unsafe { libc::madvise(start.cast(), bytes, libc::MADV_POPULATE_WRITE) };
    }

    pub(super) fn populate_huge(start: *mut u8, bytes: usize) {
        // SAFETY: as above; the advice changes nothing but which pages are taken.
        unsafe { libc::madvise(start.cast(), bytes, libc::MADV_HUGEPAGE) };
        populate(start, bytes);
    }
}

/// Other systems give pages when they are touched.
#[cfg(not(all(target_os = "linux", not(miri))))]
mod system {
    pub(super) fn populate(_start: *mut u8, _bytes: usize) {}

    pub(super) fn populate_huge(_start: *mut u8, _bytes: usize) {}
}
