//! The native stack: as deep as memory allows.
//!
//! Nesting of input decides how deep the phases recurse, so each of them asks for more stack before
//! little is left, in segments that are freed on the way back.

use std::sync::Arc;

use crate::attention::Attention;

/// What a function and everything it calls before asking again may use.
const RED_ZONE: usize = 256 << 10;
/// The size of an additional segment; untouched parts of it cost no memory.
const SEGMENT: usize = 16 << 20;

/// Calls `f`, on a new stack segment if little is left of the current one.
#[inline]
pub(crate) fn grow_if_needed<R>(f: impl FnOnce() -> R) -> R {
    // Under Miri there is no stack that could be measured or exchanged.
    if cfg!(miri) {
        return f();
    }
    stacker::maybe_grow(RED_ZONE, SEGMENT, f)
}

/// How much stack there is: what the evaluator asks at each step, so asking costs a comparison.
pub(crate) struct StackGauge {
    /// Below this address little is left of the current segment.
    low: usize,
    /// Where the comparison takes place, and others can make it fail.
    attention: Arc<Attention>,
    /// Bytes in the segments added so far.
    added: usize,
    limit: usize,
}

/// The address of the top of the stack, roughly.
#[inline(always)]
fn here() -> usize {
    let marker = 0_u8;
    (&raw const marker).addr()
}

impl StackGauge {
    /// A gauge that lets segments grow to `limit` bytes.
    pub(crate) fn new(limit: usize, attention: Arc<Attention>) -> Self {
        let mut gauge = StackGauge { low: 0, attention, added: 0, limit };
        gauge.attach();
        gauge
    }

    /// Measures the stack of the current thread: an evaluator may have moved here.
    pub(crate) fn attach(&mut self) {
        if cfg!(miri) {
            return self.set_low(0);
        }
        let remaining = stacker::remaining_stack().unwrap_or(0);
        self.set_low(here().saturating_sub(remaining).saturating_add(RED_ZONE));
    }

    fn set_low(&mut self, low: usize) {
        self.low = low;
        self.attention.set_threshold(low);
    }

    /// Whether to go on with [`on_new_segment`], as little is left, or as somebody asks for something.
    #[inline(always)]
    pub(crate) fn is_low(&self) -> bool {
        self.attention.is_due(here())
    }

    /// Whether little is left indeed; requests that have been met no longer count.
    pub(crate) fn is_really_low(&mut self) -> bool {
        self.set_low(self.low);
        here() < self.low
    }

    pub(crate) fn attention(&self) -> &Arc<Attention> {
        &self.attention
    }
}

/// Calls `f` on a new segment; `None` if the limit is reached. `gauge` finds the gauge in `owner`.
#[cold]
#[inline(never)]
pub(crate) fn on_new_segment<T, R>(
    owner: &mut T,
    gauge: fn(&mut T) -> &mut StackGauge,
    f: impl FnOnce(&mut T) -> R,
) -> Option<R> {
    let before = gauge(owner);
    if before.added + SEGMENT > before.limit {
        return None;
    }
    before.added += SEGMENT;
    let low = before.low;
    let result = stacker::grow(SEGMENT, || {
        gauge(owner).attach();
        f(owner)
    });
    let after = gauge(owner);
    after.set_low(low);
    after.added -= SEGMENT;
    Some(result)
}
