//! Writing to standard output and standard error.

use std::io::{self, BufWriter, StdoutLock, Write};

use crate::diagnostics::{Code, Diagnostic, RenderOptions, SourceMap, render};

/// Standard output, locked and buffered.
pub(super) type Output = BufWriter<StdoutLock<'static>>;

/// Standard output for a program that is the only one in this process to write there.
pub(super) fn standard_output() -> Output {
    BufWriter::with_capacity(1 << 16, io::stdout().lock())
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
    to_stderr(&render(&warning, &SourceMap::new(), &RenderOptions::default()));
}
