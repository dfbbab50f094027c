//! Writing to standard output and standard error.

use std::io::{self, BufWriter, StdoutLock, Write};

use super::progress::Progress;
use super::settings::ColorChoice;
use crate::diagnostics::{Code, Diagnostic, RenderOptions, SourceMap, render};

/// Standard output, locked and buffered.
pub(super) type Output = BufWriter<BesideProgress>;

/// Standard output for a program that is the only one in this process to write there.
pub(super) fn standard_output(progress: &Progress) -> Output {
    BufWriter::with_capacity(1 << 16, BesideProgress { output: io::stdout().lock(), progress: progress.clone() })
}

/// Standard output, which may be the terminal that progress is shown on.
pub(super) struct BesideProgress {
    output: StdoutLock<'static>,
    progress: Progress,
}

impl Write for BesideProgress {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.progress.hidden_for(|| self.output.write(bytes))
    }

    fn flush(&mut self) -> io::Result<()> {
        self.progress.hidden_for(|| self.output.flush())
    }
}

/// Whether an error only means that the reader of our output had enough.
pub(super) fn is_reader_gone(error: &io::Error) -> bool {
    error.kind() == io::ErrorKind::BrokenPipe
}

/// Writes to standard error; if nobody listens there, the exit status must do.
pub(super) fn to_stderr(text: &str) {
    let _ = io::stderr().lock().write_all(text.as_bytes());
}

/// Warns about the command line.
pub(super) fn warn(message: &str) {
    let warning = Diagnostic::warning(Code::UnknownSetting, message);
    let options = RenderOptions { colors: ColorChoice::Auto.on(&io::stderr()), ..RenderOptions::default() };
    to_stderr(&render(&warning, &SourceMap::new(), &options));
}
