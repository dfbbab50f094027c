//! Getting the attention of an evaluation that runs.
//!
//! The evaluator compares its stack pointer with a limit at each step. Who wants something of it raises that limit to
//! the highest address: the next step then finds the stack low, and asks here why. So nothing is paid for what nobody
//! asks for.

use std::sync::Arc;
use std::sync::atomic::{AtomicU32, AtomicUsize, Ordering};

/// What an evaluator can be asked for.
#[derive(Copy, Clone, PartialEq, Eq, Debug)]
pub(crate) struct Request(u32);

impl Request {
    /// End the evaluation.
    pub(crate) const INTERRUPT: Request = Request(1);
    /// Say what is being evaluated, for a profile.
    pub(crate) const SAMPLE: Request = Request(2);
    /// The heap has reached its limit.
    pub(crate) const OUT_OF_MEMORY: Request = Request(4);
}

/// The requests to one evaluator, and the address that it compares its stack pointer with.
#[derive(Debug, Default)]
pub(crate) struct Attention {
    threshold: AtomicUsize,
    requests: AtomicU32,
}

impl Attention {
    /// Asks for something. The evaluator sees it at its next step.
    pub(crate) fn request(&self, request: Request) {
        self.requests.fetch_or(request.0, Ordering::SeqCst);
        self.threshold.store(usize::MAX, Ordering::SeqCst);
    }

    /// Whether a stack that has reached this address needs more room, or a request waits.
    #[inline(always)]
    pub(crate) fn is_due(&self, address: usize) -> bool {
        address < self.threshold.load(Ordering::Relaxed)
    }

    /// Sets the address that the stack should not grow below; requests that wait go on waiting.
    pub(crate) fn set_threshold(&self, address: usize) {
        self.threshold.store(address, Ordering::SeqCst);
        if self.requests.load(Ordering::SeqCst) != 0 {
            self.threshold.store(usize::MAX, Ordering::SeqCst);
        }
    }

    /// Takes a request; whether there was one.
    pub(crate) fn take(&self, request: Request) -> bool {
        self.requests.fetch_and(!request.0, Ordering::SeqCst) & request.0 != 0
    }
}

/// Ends the evaluation of an [`Evaluator`](crate::Evaluator) from another thread or a signal's handler.
///
/// The evaluation ends with an error of code [`Interrupted`](crate::diagnostics::Code::Interrupted), which says where it was. What had
/// been evaluated is kept, and the evaluator can go on with something else, or with the same. An interrupt that comes while
/// nothing is evaluated ends the next evaluation, unless it is [withdrawn](Interrupter::withdraw).
///
/// ```
/// let mut firn = firn::Evaluator::new();
/// let interrupter = firn.interrupter();
/// std::thread::spawn(move || {
///     std::thread::sleep(std::time::Duration::from_millis(20));
///     interrupter.interrupt();
/// });
/// let error = firn.eval_text("let loop = n: loop (n + 1); in loop 0", "/").unwrap_err();
/// assert_eq!(error.diagnostic().code, firn::diagnostics::Code::Interrupted);
/// assert!(firn.eval_text("1 + 1", "/").is_ok());
/// ```
#[derive(Clone, Debug)]
pub struct Interrupter(pub(crate) Arc<Attention>);

impl Interrupter {
    /// Ends the evaluation that runs, or the next one.
    pub fn interrupt(&self) {
        self.0.request(Request::INTERRUPT);
    }

    /// Takes back an interrupt that no evaluation has met yet; whether there was one.
    pub fn withdraw(&self) -> bool {
        self.0.take(Request::INTERRUPT)
    }
}
