//! Ending evaluations: by Ctrl-C, and after a time.

use std::io;
use std::sync::mpsc::{RecvTimeoutError, channel};
use std::thread;
use std::time::Duration;

use signal_hook::consts::SIGINT;
use signal_hook::iterator::Signals;

use crate::Interrupter;

/// From now on, Ctrl-C ends the evaluation and not the process.
pub(super) fn watch(interrupter: Interrupter) -> io::Result<()> {
    let mut signals = Signals::new([SIGINT])?;
    let thread = thread::Builder::new().name("signals".into());
    thread.spawn(move || signals.forever().for_each(|_| interrupter.interrupt()))?;
    Ok(())
}

/// Does something, and interrupts the evaluations in it when the time is up; nothing if there is no clock.
pub(super) fn within<T>(limit: Duration, interrupter: &Interrupter, work: impl FnOnce() -> T) -> Option<T> {
    let (done, is_done) = channel::<()>();
    let result = thread::scope(|scope| {
        let wait = move || {
            if is_done.recv_timeout(limit) == Err(RecvTimeoutError::Timeout) {
                interrupter.interrupt();
            }
        };
        let clock = thread::Builder::new().spawn_scoped(scope, wait);
        // Without a clock the time cannot be limited, so nothing is started.
        let result = clock.is_ok().then(work);
        drop(done);
        result
    });
    // The time may have been up just after the last evaluation.
    interrupter.withdraw();
    result
}
