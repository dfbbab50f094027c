//! A line on the terminal that says how far a long evaluation is.
//!
//! The evaluation only counts; another thread looks at the counters and draws. Whoever else writes to the terminal does so
//! through [`Progress::hidden_for`].

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};

use super::memory::resident;
use super::statistics::grouped;

/// How long an evaluation takes before anything is shown.
const DELAY: Duration = Duration::from_secs(1);
/// How often the line changes.
const INTERVAL: Duration = Duration::from_millis(200);

/// The progress of an evaluation, shared by those who make it and those who show it. By default nothing is shown.
#[derive(Clone, Default)]
pub(super) struct Progress(Option<Arc<Shared>>);

struct Shared {
    start: Instant,
    files: AtomicU64,
    derivations: AtomicU64,
    bar: ProgressBar,
    has_ended: Mutex<bool>,
    end: Condvar,
}

impl Progress {
    /// Shows progress on standard error, if that is a terminal that can do it, after a second.
    pub(super) fn on_terminal() -> Progress {
        let target = ProgressDrawTarget::stderr();
        if target.is_hidden() || std::env::var_os("TERM").is_none_or(|term| term == "dumb") {
            return Progress::default();
        }
        let progress = Progress::new();
        let shown = progress.clone();
        // Without the thread there is no line, and nothing else is lost.
        let _ = std::thread::Builder::new().name("progress".into()).spawn(move || shown.show_until_end(target, DELAY));
        progress
    }

    fn new() -> Progress {
        let bar = ProgressBar::with_draw_target(None, ProgressDrawTarget::hidden());
        bar.set_style(ProgressStyle::with_template("{wide_msg}").unwrap_or_else(|_| ProgressStyle::default_spinner()));
        Progress(Some(Arc::new(Shared {
            start: Instant::now(),
            files: AtomicU64::new(0),
            derivations: AtomicU64::new(0),
            bar,
            has_ended: Mutex::new(false),
            end: Condvar::new(),
        })))
    }

    /// A file has been read.
    pub(super) fn count_file(&self) {
        if let Some(shared) = &self.0 {
            shared.files.fetch_add(1, Ordering::Relaxed);
        }
    }

    /// A derivation has been found.
    pub(super) fn count_derivation(&self) {
        if let Some(shared) = &self.0 {
            shared.derivations.fetch_add(1, Ordering::Relaxed);
        }
    }

    /// Does something with the line out of the way.
    pub(super) fn hidden_for<R>(&self, write: impl FnOnce() -> R) -> R {
        match &self.0 {
            Some(shared) => shared.bar.suspend(write),
            None => write(),
        }
    }

    /// Removes the line; it does not come back.
    pub(super) fn end(&self) {
        if let Some(shared) = &self.0 {
            *shared.has_ended() = true;
            shared.bar.finish_and_clear();
            shared.end.notify_all();
        }
    }

    fn show_until_end(&self, target: ProgressDrawTarget, delay: Duration) {
        let Some(shared) = &self.0 else { return };
        let mut has_ended = shared.wait(shared.has_ended(), delay);
        if *has_ended {
            return;
        }
        shared.bar.set_draw_target(target);
        while !*has_ended {
            shared.bar.set_message(shared.line());
            has_ended = shared.wait(has_ended, INTERVAL);
        }
    }
}

impl Shared {
    fn has_ended(&self) -> MutexGuard<'_, bool> {
        self.has_ended.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn wait<'a>(&self, has_ended: MutexGuard<'a, bool>, time: Duration) -> MutexGuard<'a, bool> {
        let waited = self.end.wait_timeout_while(has_ended, time, |has_ended| !*has_ended);
        waited.unwrap_or_else(PoisonError::into_inner).0
    }

    fn line(&self) -> String {
        let files = self.files.load(Ordering::Relaxed);
        let derivations = self.derivations.load(Ordering::Relaxed);
        line(self.start.elapsed(), files, derivations, resident())
    }
}

/// What is shown: time, files read, derivations found, bytes of memory in use.
fn line(elapsed: Duration, files: u64, derivations: u64, memory: Option<u64>) -> String {
    let seconds = elapsed.as_secs();
    let mut text = match seconds {
        0..60 => format!("{seconds} s"),
        _ => format!("{} min {:02} s", seconds / 60, seconds % 60),
    };
    for (count, name) in [(files, "file"), (derivations, "derivation")] {
        let plural = if count == 1 { "" } else { "s" };
        text += &format!(", {} {name}{plural}", grouped(count));
    }
    if let Some(bytes) = memory {
        text += &format!(", {} MiB", grouped(bytes >> 20));
    }
    text
}

#[cfg(test)]
mod tests {
    use indicatif::InMemoryTerm;

    use super::*;

    #[test]
    fn the_line() {
        assert_eq!(line(Duration::from_millis(1900), 1, 0, None), "1 s, 1 file, 0 derivations");
        let memory = Some((1234 << 20) + 5);
        assert_eq!(
            line(Duration::from_secs(61), 12_345, 1, memory),
            "1 min 01 s, 12,345 files, 1 derivation, 1,234 MiB"
        );
    }

    /// Runs `during` while progress is shown on a terminal, and returns the terminal.
    fn shown(during: impl FnOnce(&Progress, &InMemoryTerm)) -> InMemoryTerm {
        let terminal = InMemoryTerm::new(5, 80);
        let progress = Progress::new();
        progress.count_file();
        let target = ProgressDrawTarget::term_like(Box::new(terminal.clone()));
        std::thread::scope(|scope| {
            scope.spawn(|| progress.show_until_end(target, Duration::from_millis(1)));
            let start = Instant::now();
            while terminal.contents().is_empty() && start.elapsed() < Duration::from_secs(10) {
                std::thread::sleep(Duration::from_millis(1));
            }
            during(&progress, &terminal);
            progress.end();
        });
        terminal
    }

    #[test]
    fn the_line_gives_way_and_leaves_no_trace() {
        let terminal = shown(|progress, terminal| {
            assert!(terminal.contents().contains("1 file, 0 derivations"), "{}", terminal.contents());
            progress.hidden_for(|| assert_eq!(terminal.contents(), ""));
            assert!(terminal.contents().contains("1 file"), "it comes back");
        });
        assert_eq!(terminal.contents(), "");
    }

    #[test]
    fn nothing_is_shown_of_what_ends_soon() {
        let terminal = InMemoryTerm::new(5, 80);
        let progress = Progress::new();
        progress.end();
        progress.show_until_end(ProgressDrawTarget::term_like(Box::new(terminal.clone())), Duration::from_secs(100));
        assert_eq!(terminal.contents(), "");
    }
}
