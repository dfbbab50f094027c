//! What is said on standard error while a job is done: errors, warnings, messages of the program.

use std::ffi::OsString;
use std::io::{self, IsTerminal};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::output::to_stderr;
use super::progress::Progress;
use super::settings::{ErrorFormat, Settings};
use crate::diagnostics::{Code, Diagnostic, RenderOptions, SourceMap, printable, render, to_json};
use crate::store::{DirectoryEntry, FileSource, FileType, OpenFile, Stamp};
use crate::{Host, SystemHost};

/// Knows how to say something to the user: as text or as JSON, in colours or not, beside a line of progress.
#[derive(Clone)]
pub(super) struct Reporter {
    format: ErrorFormat,
    options: RenderOptions,
    progress: Progress,
}

impl Reporter {
    pub(super) fn new(settings: &Settings, progress: Progress) -> Reporter {
        Reporter { format: settings.error_format, options: settings.render_options(), progress }
    }

    /// An error or warning as it is said: lines that end with a line feed.
    pub(super) fn text(&self, diagnostic: &Diagnostic, sources: &SourceMap) -> String {
        match self.format {
            ErrorFormat::Text => render(diagnostic, sources, &self.options),
            ErrorFormat::Json => to_json(diagnostic, sources),
        }
    }

    /// Says that there is an error or a warning.
    pub(super) fn report(&self, diagnostic: &Diagnostic, sources: &SourceMap) {
        self.write(&self.text(diagnostic, sources));
    }

    /// Says how to learn more about an error, unless that would be noise: the message is the program's own, or it is for
    /// programs to read.
    pub(super) fn offer_page(&self, code: Code) {
        let says_all = matches!(code, Code::Thrown | Code::Aborted | Code::Interrupted | Code::Internal);
        if self.format == ErrorFormat::Text && !says_all {
            self.write(&format!("\nFor more about this error, try 'firn explain {code}'.\n"));
        }
    }

    /// Writes to standard error.
    pub(super) fn write(&self, text: &str) {
        self.progress.hidden_for(|| to_stderr(text));
    }

    /// Says that the evaluation was stopped and has not said so itself.
    pub(super) fn interrupted(&self) {
        self.progress.end();
        match self.format {
            ErrorFormat::Text => to_stderr("interrupted\n"),
            ErrorFormat::Json => {
                let error = Diagnostic::error(Code::Interrupted, "interrupted");
                to_stderr(&to_json(&error, &SourceMap::new()));
            }
        }
    }

    /// Shows what the program says with `builtins.trace`.
    fn message(&self, text: &[u8]) {
        let text = String::from_utf8_lossy(text);
        let line = match self.format {
            ErrorFormat::Json => serde_json::json!({ "severity": "message", "message": text }).to_string(),
            // On a terminal, a program must not do more than colour its text.
            ErrorFormat::Text if io::stderr().is_terminal() => printable(&text, self.options.colors).into_owned(),
            ErrorFormat::Text => text.into_owned(),
        };
        self.write(&(line + "\n"));
    }
}

/// The machine, for an evaluation whose messages and progress are shown.
pub(super) struct CommandHost {
    system: SystemHost,
    reporter: Reporter,
}

impl CommandHost {
    pub(super) fn new(reporter: Reporter) -> CommandHost {
        CommandHost { system: SystemHost, reporter }
    }
}

impl FileSource for CommandHost {
    fn file_type(&self, path: &Path) -> io::Result<FileType> {
        self.system.file_type(path)
    }

    fn open(&self, path: &Path) -> io::Result<OpenFile<'_>> {
        self.reporter.progress.count_file();
        self.system.open(path)
    }

    fn read_directory(&self, path: &Path) -> io::Result<Vec<DirectoryEntry>> {
        self.system.read_directory(path)
    }

    fn read_link(&self, path: &Path) -> io::Result<PathBuf> {
        self.system.read_link(path)
    }

    fn stamp(&self, path: &Path) -> Option<Stamp> {
        self.system.stamp(path)
    }
}

impl Host for CommandHost {
    fn read_file(&self, path: &Path) -> io::Result<Vec<u8>> {
        self.reporter.progress.count_file();
        self.system.read_file(path)
    }

    fn read_shared(&self, path: &Path) -> io::Result<(Arc<[u8]>, Option<Stamp>)> {
        self.reporter.progress.count_file();
        self.system.read_shared(path)
    }

    fn modified(&self, path: &Path) -> io::Result<i64> {
        self.system.modified(path)
    }

    fn variable(&self, name: &str) -> Option<OsString> {
        self.system.variable(name)
    }

    fn seconds_since_epoch(&self) -> i64 {
        self.system.seconds_since_epoch()
    }

    fn git(&self, repository: &Path, arguments: &[&str], input: &[u8]) -> io::Result<Vec<u8>> {
        self.system.git(repository, arguments, input)
    }

    fn message(&self, text: &[u8]) {
        self.reporter.message(text);
    }

    fn diagnostic(&self, diagnostic: &Diagnostic, sources: &SourceMap) {
        self.reporter.report(diagnostic, sources);
    }
}
