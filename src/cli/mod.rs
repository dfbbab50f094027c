//! The command line: `firn`, and `nix-instantiate` where the program is called by that name.
//!
//! - `arguments` and `nix_instantiate` read the two command lines; both yield a [`Task`],
//!   mostly a [`Job`].
//!   `lint_flags` reads those of lints.
//! - `settings` knows the settings that have names, given by flags or by `--option`.
//! - `run` does a job through the public library, with the help of `instantiate` (derivations
//!   in a value), `show` (values for people), `record` (derivations for people), `check` (programs that are
//!   not run), `syntax_tree` (parsed files).
//! - `explain` has the pages about errors; `generate` makes completions and manual pages of the definition of
//!   the command line.
//! - `output` writes, and survives readers that go away; `reporter` says errors, warnings and messages, beside
//!   the line that `progress` draws; `counting_store` counts for it.

mod arguments;
mod check;
mod counting_store;
mod explain;
mod generate;
mod instantiate;
mod job;
mod lint_flags;
mod memory;
mod nix_instantiate;
mod output;
mod progress;
mod record;
mod reporter;
mod run;
mod settings;
pub(crate) mod show;
mod signals;
mod statistics;
mod syntax_tree;

use std::ffi::OsString;
use std::path::Path;
use std::process::ExitCode;

use crate::diagnostics::{Code, Diagnostic, SourceMap};
use progress::Progress;
use reporter::Reporter;

pub use job::{Action, Argument, Format, Input, Job, StatisticsFormat, Task, Usage};
pub use settings::{ColorChoice, ErrorFormat, Settings};

/// Does what a command line says; `arguments` starts with the name of the program.
///
/// The exit status is 0, or 1 for errors in what is evaluated, or 2 for a wrong command line (under
/// the name `nix-instantiate` 1, as there).
pub fn main(arguments: impl IntoIterator<Item = OsString>) -> ExitCode {
    let arguments: Vec<OsString> = arguments.into_iter().collect();
    let program = arguments.first().map(Path::new).and_then(Path::file_name);
    let task = match program {
        Some(name) if name == "nix-instantiate" => nix_instantiate::parse(&arguments[1..]).map(with_statistics),
        _ => arguments::parse(&arguments),
    };
    match task {
        Ok(Task::Run(job)) => run::run(&job),
        Ok(Task::Repl { files, settings }) => match settings.builder(&Progress::default()) {
            Ok(builder) => crate::repl::run(&files, builder.keep_texts(true).build(), settings.render_options()),
            Err(error) => no_store(&error, &Reporter::new(&settings, Progress::default())),
        },
        Ok(Task::ManualPages(directory)) => generate::write_manual_pages(&directory),
        Err(usage) => usage.report(),
    }
}

/// Nix is asked for statistics by a variable.
fn with_statistics(task: Task) -> Task {
    let is_asked = std::env::var_os("NIX_SHOW_STATS").is_some_and(|value| value != "0");
    match task {
        Task::Run(job) if is_asked => Task::Run(Job { statistics: Some(StatisticsFormat::Nix), ..job }),
        task => task,
    }
}

/// Reports that the store of the settings cannot be used.
fn no_store(error: &crate::store::Error, reporter: &Reporter) -> ExitCode {
    let diagnostic = Diagnostic::error(Code::StoreFailure, error.to_string());
    reporter.report(&diagnostic, &SourceMap::default());
    ExitCode::FAILURE
}
