//! Profiles of programs.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::JoinHandle;
use std::time::Duration;

use super::Evaluator;
use crate::attention::{Attention, Request};

/// A thread that asks an evaluator for samples.
pub(super) struct Sampler {
    thread: Option<JoinHandle<()>>,
    stopped: Arc<AtomicBool>,
}

impl Sampler {
    fn start(attention: Arc<Attention>, interval: Duration) -> std::io::Result<Self> {
        let stopped = Arc::new(AtomicBool::new(false));
        let seen = stopped.clone();
        let sample = move || {
            while !seen.load(Ordering::Relaxed) {
                std::thread::sleep(interval);
                attention.request(Request::SAMPLE);
            }
        };
        let thread = std::thread::Builder::new().name("profile".into()).spawn(sample)?;
        Ok(Sampler { thread: Some(thread), stopped })
    }
}

impl Drop for Sampler {
    fn drop(&mut self) {
        self.stopped.store(true, Ordering::Relaxed);
        if let Some(thread) = self.thread.take() {
            // It cannot have panicked: it only sleeps and asks.
            let _ = thread.join();
        }
    }
}

impl Evaluator {
    /// From now on looks at each interval which functions of the program are being called; a millisecond is a good
    /// interval. A profile that is being taken is dropped.
    ///
    /// ```
    /// let mut firn = firn::Evaluator::new();
    /// firn.start_profile(std::time::Duration::from_micros(100))?;
    /// firn.eval_text("let fib = n: if n < 2 then n else fib (n - 1) + fib (n - 2); in fib 23", "/")?;
    /// let profile = String::from_utf8(firn.finish_profile())?;
    /// assert!(profile.contains("(evaluation);fib («string»:1:11);fib («string»:1:11)"), "{profile}");
    /// # Ok::<_, Box<dyn std::error::Error>>(())
    /// ```
    ///
    /// # Errors
    /// The system gives no thread.
    pub fn start_profile(&mut self, interval: Duration) -> std::io::Result<()> {
        let attention = self.cell.with_dependent(|heap, _| heap.attention().clone());
        self.sampler = Some(Sampler::start(attention, interval)?);
        self.cell.with_dependent_mut(|_, eval| eval.start_profile());
        Ok(())
    }

    /// Ends the profile and gives it as text: for each stack of calls that was met a line, the outermost call first, such as
    /// `(evaluation);f (/x.nix:1:5);builtins.map 12`. Tools for flame graphs read this.
    pub fn finish_profile(&mut self) -> Vec<u8> {
        self.sampler = None;
        self.cell.with_dependent_mut(|_, eval| eval.finish_profile())
    }
}
