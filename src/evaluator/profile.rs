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
    /// // Lines such as "(evaluation);fib («string»:1:11);fib («string»:1:11) 3"; none if it was over too soon.
    /// assert!(profile.lines().all(|line| line.starts_with("(evaluation)")));
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

#[cfg(test)]
mod tests {
    use std::ffi::OsString;
    use std::io;
    use std::path::{Path, PathBuf};
    use std::sync::OnceLock;

    use super::*;
    use crate::store::{DirectoryEntry, FileSource, FileType, OpenFile};
    use crate::{Host, SystemHost};

    /// A host that asks for a sample when the program has a message, so that the samples do not depend on time.
    #[derive(Clone, Default)]
    struct Asking(Arc<OnceLock<Arc<Attention>>>);

    impl FileSource for Asking {
        fn file_type(&self, path: &Path) -> io::Result<FileType> {
            SystemHost.file_type(path)
        }

        fn open(&self, _: &Path) -> io::Result<OpenFile<'_>> {
            Err(io::ErrorKind::NotFound.into())
        }

        fn read_directory(&self, path: &Path) -> io::Result<Vec<DirectoryEntry>> {
            SystemHost.read_directory(path)
        }

        fn read_link(&self, path: &Path) -> io::Result<PathBuf> {
            SystemHost.read_link(path)
        }
    }

    impl Host for Asking {
        fn read_file(&self, path: &Path) -> io::Result<Vec<u8>> {
            SystemHost.read_file(path)
        }

        fn variable(&self, _: &str) -> Option<OsString> {
            None
        }

        fn seconds_since_epoch(&self) -> i64 {
            0
        }

        fn message(&self, _: &[u8]) {
            self.0.get().expect("it is set before the evaluation").request(Request::SAMPLE);
        }
    }

    #[test]
    fn a_sample_has_the_calls_that_have_not_returned() {
        let host = Asking::default();
        let mut firn = Evaluator::builder().host(host.clone()).build();
        let attention = firn.cell.with_dependent(|heap, _| heap.attention().clone());
        host.0.set(attention).expect("it is set once");
        firn.cell.with_dependent_mut(|_, eval| eval.start_profile());
        let text = "let
          done = n: n + 1;
          inner = n: builtins.trace n (done n);
          outer = n: done (inner n);
        in builtins.seq (inner 1) (outer 2 + builtins.foldl' (a: b: inner b) 0 [ 3 4 ])";
        firn.eval_text(text, "/").expect("it has a value");
        let profile = String::from_utf8(firn.finish_profile()).expect("names are UTF-8");
        let expected =
            "(evaluation);builtins.seq;builtins.foldl';function («string»:5:63);inner («string»:3:19);builtins.trace 2
(evaluation);builtins.seq;outer («string»:4:19);inner («string»:3:19);builtins.trace 1
(evaluation);inner («string»:3:19);builtins.trace 1
";
        assert_eq!(profile, expected);
    }
}
