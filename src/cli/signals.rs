//! Being told to stop: Ctrl-C and SIGTERM.

use std::io;
use std::process::ExitCode;
use std::sync::Arc;
use std::sync::atomic::{AtomicI32, Ordering};
use std::time::Duration;

use signal_hook::consts::{SIGINT, SIGTERM};
use signal_hook::iterator::Signals;

use super::reporter::Reporter;
use crate::Interrupter;

/// An evaluation that has not said where it was after this time is left as it is.
const PATIENCE: Duration = Duration::from_millis(80);

/// Signals that end a job.
pub(super) struct StopSignals(Arc<AtomicI32>);

/// In place of the number of a signal: the job is done, so that a signal is of no interest any more.
const DONE: i32 = -1;

impl StopSignals {
    /// Interrupts the evaluation when a signal comes. If that does not end it at once, as it is in the middle of something
    /// large, the process ends without further words.
    pub(super) fn watch(interrupter: Interrupter, reporter: Reporter) -> io::Result<Self> {
        let caught = Arc::new(AtomicI32::new(0));
        let mut signals = Signals::new([SIGINT, SIGTERM])?;
        let shared = caught.clone();
        std::thread::Builder::new().name("signals".into()).spawn(move || {
            for signal in &mut signals {
                if shared.compare_exchange(0, signal, Ordering::SeqCst, Ordering::SeqCst).is_ok() {
                    interrupter.interrupt();
                    std::thread::sleep(PATIENCE);
                }
                if shared.load(Ordering::SeqCst) != DONE {
                    reporter.interrupted();
                    std::process::exit(128 + signal);
                }
            }
        })?;
        Ok(StopSignals(caught))
    }

    /// Stops watching; says with which status to exit if a signal has come.
    pub(super) fn end(&self) -> Option<ExitCode> {
        match self.0.swap(DONE, Ordering::SeqCst) {
            0 | DONE => None,
            signal => Some(ExitCode::from(128 + signal as u8)),
        }
    }
}
