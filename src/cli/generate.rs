//! `firn completions` and `firn man`: what is made of the definition of the command line.

use std::io;
use std::path::Path;
use std::process::ExitCode;

use clap_complete::Shell;

use super::arguments::definition;
use super::job::Usage;
use super::output::to_stderr;
use crate::diagnostics::{Code, Diagnostic, RenderOptions, SourceMap, render};

/// A script that makes a shell complete the command line.
pub(super) fn completions(shell: Shell) -> Usage {
    let mut script = Vec::new();
    clap_complete::generate(shell, &mut definition(), "firn", &mut script);
    Usage { text: String::from_utf8_lossy(&script).into_owned(), status: 0 }
}

/// Writes a page for the program and one for each command.
pub(super) fn write_manual_pages(directory: &Path) -> ExitCode {
    let written = std::fs::create_dir_all(directory).and_then(|()| write_pages(directory));
    let Err(error) = written else { return ExitCode::SUCCESS };
    let message = format!("cannot write manual pages to '{}': {error}", directory.display());
    let error = Diagnostic::error(Code::OutputFailed, message);
    to_stderr(&render(&error, &SourceMap::new(), &RenderOptions::default()));
    ExitCode::FAILURE
}

fn write_pages(directory: &Path) -> io::Result<()> {
    let definition = definition().disable_help_subcommand(true);
    clap_mangen::generate_to(definition, directory)
}
