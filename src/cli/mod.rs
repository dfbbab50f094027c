//! The command line: `firn`, and `nix-instantiate` where the program is called by that name.
//!
//! - `arguments` and `nix_instantiate` read the two command lines; both yield a [`Task`],
//!   mostly a [`Job`].
//! - `settings` knows the settings that have names, given by flags or by `--option`.
//! - `run` does a job through the public library, with the help of `instantiate` (derivations
//!   in a value), `show` (values for people), `record` (derivations for people),
//!   `syntax_tree` (parsed files).
//! - `output` writes, and survives readers that go away.

mod arguments;
mod instantiate;
mod job;
mod memory;
mod nix_instantiate;

mod output;
mod record;
mod run;
mod settings;
pub(crate) mod show;
mod signals;
mod statistics;
mod syntax_tree;

use std::ffi::OsString;
use std::path::Path;
use std::process::ExitCode;

use crate::Builder;
use crate::diagnostics::{Code, Diagnostic, SourceMap, render};

pub use job::{Action, Argument, Format, Input, Job, StatisticsFormat, Task, Usage};
pub use settings::{ColorChoice, Settings};

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
        Ok(Task::Repl { files, settings }) => match builder(&settings) {
            Ok(builder) => crate::repl::run(&files, builder.build(), settings.render_options()),
            Err(status) => status,
        },
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

/// What makes an evaluator with these settings. That their store cannot be used is reported here.
fn builder(settings: &Settings) -> Result<Builder, ExitCode> {
    settings.builder().map_err(|error| {
        let diagnostic = Diagnostic::error(Code::StoreFailure, error.to_string());
        output::to_stderr(&render(&diagnostic, &SourceMap::default(), &settings.render_options()));
        ExitCode::FAILURE
    })
}
