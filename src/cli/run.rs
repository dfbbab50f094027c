//! Doing a [`Job`].

use std::io::{self, Read, Write};
use std::mem::ManuallyDrop;
use std::os::unix::ffi::{OsStrExt, OsStringExt};
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::time::Duration;

use super::instantiate::derivations;
use super::job::{Action, Argument, Format, Input, Job, StatisticsFormat};
use super::output::{Output, is_reader_gone, standard_output, to_stderr};
use super::progress::Progress;
use super::reporter::{CommandHost, Reporter};
use super::settings::ErrorFormat;
use super::show::write_for_people;
use super::signals::StopSignals;
use super::{check, no_store, record, statistics, syntax_tree};
use crate::diagnostics::{Code, Diagnostic, SourceName};
use crate::{Error, Evaluator, Kind, Value};

/// How often a profile looks at what is being called.
const PROFILE_INTERVAL: Duration = Duration::from_millis(1);

/// Does a job: results go to standard output, errors to standard error.
pub(super) fn run(job: &Job) -> ExitCode {
    let progress = match job.settings.progress && job.settings.error_format == ErrorFormat::Text {
        true => Progress::on_terminal(),
        false => Progress::default(),
    };
    let reporter = Reporter::new(&job.settings, progress.clone());
    let firn = match job.settings.builder(&progress) {
        Ok(builder) => builder.host(CommandHost::new(reporter.clone())).build(),
        Err(error) => return no_store(&error, &reporter),
    };
    // Without the signals' thread a signal still ends the process, in the system's way.
    let signals = StopSignals::watch(firn.interrupter(), reporter.clone()).ok();
    let mut runner = Runner {
        job,
        // The process ends with this job. The system takes its memory back faster than we could.
        firn: ManuallyDrop::new(firn),
        output: standard_output(&progress),
        reporter,
    };
    let done = runner.start_profile().and_then(|()| runner.run());
    let stopped = signals.and_then(|signals| signals.end());
    progress.end();
    let done = runner.write_profile().and(done);
    runner.report_statistics();
    let flushed = runner.output.flush().map_err(Failure::Output);
    // What cannot be kept is parsed again.
    let _ = runner.firn.save_cache();
    match done.and_then(|success| flushed.map(|()| success)) {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::FAILURE,
        Err(Failure::Output(error)) if is_reader_gone(&error) => ExitCode::SUCCESS,
        Err(failure) => {
            runner.explain(failure);
            stopped.unwrap_or(ExitCode::FAILURE)
        }
    }
}

/// Why a job ended early.
pub(super) enum Failure {
    /// The program that is evaluated is at fault.
    Evaluation(Error),
    /// Standard output cannot be written to.
    Output(io::Error),
}

impl From<Error> for Failure {
    fn from(error: Error) -> Failure {
        Failure::Evaluation(error)
    }
}

impl From<io::Error> for Failure {
    fn from(error: io::Error) -> Failure {
        Failure::Output(error)
    }
}

impl From<Diagnostic> for Failure {
    fn from(diagnostic: Diagnostic) -> Failure {
        Failure::Evaluation(Box::new(diagnostic).into())
    }
}

struct Runner<'j> {
    job: &'j Job,
    firn: ManuallyDrop<Evaluator>,
    output: Output,
    reporter: Reporter,
}

impl Runner<'_> {
    /// Says whether all went well; errors that do not end the job are reported.
    fn run(&mut self) -> Result<bool, Failure> {
        let job = self.job;
        match &job.action {
            Action::ShowTree => return self.show_trees(),
            Action::Check => return self.check(),
            Action::ShowExpression => self.show_expressions()?,
            Action::FindFile => self.find_files()?,
            Action::Instantiate | Action::Evaluate { .. } => self.evaluate()?,
        }
        Ok(true)
    }

    fn start_profile(&mut self) -> Result<(), Failure> {
        if self.job.profile.is_some() {
            self.firn.start_profile(PROFILE_INTERVAL)?;
        }
        Ok(())
    }

    fn write_profile(&mut self) -> Result<(), Failure> {
        let Some(file) = &self.job.profile else { return Ok(()) };
        let profile = self.firn.finish_profile();
        std::fs::write(file, profile).map_err(|error| {
            let message = format!("cannot write the profile to '{}': {error}", file.display());
            Diagnostic::error(Code::OutputFailed, message).into()
        })
    }

    /// Says what was done. Nix has it written to a file if a variable names one.
    fn report_statistics(&self) {
        let Some(format) = self.job.statistics else { return };
        let report = statistics::report(&self.firn, format);
        let file = std::env::var_os("NIX_SHOW_STATS_PATH").filter(|_| format == StatisticsFormat::Nix);
        match file.map(|file| std::fs::write(file, &report)) {
            Some(Ok(())) => {}
            _ => to_stderr(&report),
        }
    }

    fn evaluate(&mut self) -> Result<(), Failure> {
        let job = self.job;
        let arguments = self.arguments()?;
        for input in &job.inputs {
            let value = self.value(input)?;
            if job.selections.is_empty() {
                self.print(&value, &arguments)?;
            }
            for path in &job.selections {
                let selected = self.firn.select(&value, path, &arguments)?;
                self.print(&selected, &arguments)?;
            }
        }
        Ok(())
    }

    /// The set of arguments for functions.
    fn arguments(&mut self) -> Result<Value, Failure> {
        let job = self.job;
        let mut arguments = Vec::with_capacity(job.arguments.len());
        for (name, argument) in &job.arguments {
            let value = match argument {
                Argument::Expression(text) => self.firn.delay_text(text.clone(), ".")?,
                Argument::Text(text) => self.firn.string(text),
                Argument::File(path) => {
                    let text = std::fs::read(path).map_err(|error| unreadable(path, &error))?;
                    self.firn.string(text)
                }
                Argument::Stdin => self.firn.string(read_stdin()?),
            };
            arguments.push((name, value));
        }
        Ok(self.firn.attrs(arguments))
    }

    fn value(&mut self, input: &Input) -> Result<Value, Failure> {
        Ok(match input {
            Input::Expression(text) => self.firn.eval_text(text.clone(), ".")?,
            Input::Stdin => {
                let scope = crate::Scope::default();
                let text = read_stdin()?;
                self.firn.eval_text_in(&scope, SourceName::Stdin, text, ".")?
            }
            Input::File(path) => {
                let path = self.locate(path)?;
                self.firn.eval_file(path)?
            }
        })
    }

    /// The file that is meant: `<name>` is looked up in the search path, a URL is fetched.
    fn locate(&mut self, path: &Path) -> Result<PathBuf, Failure> {
        let bytes = path.as_os_str().as_bytes();
        if let [b'<', name @ .., b'>'] = bytes {
            return self.find_file(name);
        }
        let url = match bytes.strip_prefix(b"channel:") {
            Some(channel) => [b"https://channels.nixos.org/", channel, b"/nixexprs.tar.xz"].concat(),
            None if is_url(bytes) => bytes.to_vec(),
            None => return Ok(path.to_owned()),
        };
        let fetch = self.firn.eval_text("builtins.fetchTarball", "/")?;
        let url = self.firn.string(url);
        let tree = self.firn.call(&fetch, &[url])?;
        let tree = self.firn.to_text(&tree)?;
        Ok(std::ffi::OsString::from_vec(tree).into())
    }

    fn find_files(&mut self) -> Result<(), Failure> {
        let job = self.job;
        for input in &job.inputs {
            if let Input::File(name) = input {
                let found = self.find_file(name.as_os_str().as_bytes())?;
                self.output.write_all(found.as_os_str().as_bytes())?;
                self.output.write_all(b"\n")?;
            }
        }
        Ok(())
    }

    fn find_file(&mut self, name: &[u8]) -> Result<PathBuf, Failure> {
        let find = self.firn.eval_text("builtins.findFile builtins.nixPath", "/")?;
        let name = self.firn.string(name);
        let found = self.firn.call(&find, &[name])?;
        match self.firn.kind(&found)? {
            Kind::Path(path) => Ok(path),
            other => {
                let message = format!("the search path gave {other:?} where a path was expected");
                Err(Diagnostic::error(Code::Internal, message).into())
            }
        }
    }

    fn print(&mut self, value: &Value, arguments: &Value) -> Result<(), Failure> {
        let (format, strict) = match self.job.action {
            Action::Evaluate { format, strict } => (format, strict),
            _ => return self.print_derivations(value, arguments),
        };
        let called = match self.job.always_calls || !self.job.arguments.is_empty() {
            true => self.firn.auto_call(value, arguments)?,
            false => value.clone(),
        };
        let (firn, output) = (&mut *self.firn, &mut self.output);
        match format {
            Format::Human => write_for_people(firn, &called, strict, output)?,
            Format::Line => {
                if strict {
                    firn.force_deep(&called)?;
                }
                output.write_all(&firn.print(&called)?)?;
                output.write_all(b"\n")?;
            }
            Format::Raw => output.write_all(&firn.to_text(&called)?)?,
            Format::Json | Format::JsonRecord => {
                let record = match format {
                    Format::JsonRecord => record::json(firn, &called)?,
                    _ => None,
                };
                let json = record.map_or_else(|| firn.to_json(&called), Ok)?;
                output.write_all(&json)?;
                output.write_all(b"\n")?;
            }
            Format::Xml { locations } => {
                output.write_all(&firn.to_xml(&called, strict, locations)?)?;
            }
        }
        Ok(())
    }

    fn print_derivations(&mut self, value: &Value, arguments: &Value) -> Result<(), Failure> {
        for derivation in derivations(&mut self.firn, value, arguments)? {
            self.output.write_all(&derivation.drv_path)?;
            if derivation.output != b"out" {
                self.output.write_all(b"!")?;
                self.output.write_all(&derivation.output)?;
            }
            self.output.write_all(b"\n")?;
        }
        Ok(())
    }

    fn show_expressions(&mut self) -> Result<(), Failure> {
        let job = self.job;
        for input in &job.inputs {
            let (name, text, base) = self.text(input)?;
            let shown = self.firn.show_expression(name, text, base)?;
            self.output.write_all(&shown)?;
            self.output.write_all(b"\n")?;
        }
        Ok(())
    }

    fn show_trees(&mut self) -> Result<bool, Failure> {
        let job = self.job;
        let mut is_clean = true;
        for input in &job.inputs {
            let (name, text, _) = self.text(input)?;
            let errors = syntax_tree::write(name, text, &job.settings.features, &self.reporter, &mut self.output)?;
            // The tree comes first, should both go to the same place.
            self.output.flush()?;
            self.reporter.write(&errors);
            is_clean &= errors.is_empty();
        }
        Ok(is_clean)
    }

    /// Reports all errors of all inputs.
    fn check(&mut self) -> Result<bool, Failure> {
        let mut first = None;
        for input in check::files_in_directories(&self.job.inputs)? {
            let text = self.text(&input);
            let checked = text.and_then(|(name, text, base)| Ok(self.firn.check(name, text, base)?));
            if let Err(failure) = checked {
                let code = self.report(failure);
                first.get_or_insert(code);
            }
        }
        if let Some(code) = first {
            self.reporter.offer_page(code);
        }
        Ok(first.is_none())
    }

    /// The text of an input, what it is called, and where its relative paths start.
    fn text(&mut self, input: &Input) -> Result<(SourceName, Vec<u8>, PathBuf), Failure> {
        Ok(match input {
            Input::Expression(text) => (SourceName::String, text.clone(), ".".into()),
            Input::Stdin => (SourceName::Stdin, read_stdin()?, ".".into()),
            Input::File(path) => {
                let mut path = self.locate(path)?;
                if path.is_dir() {
                    path.push("default.nix");
                }
                let text = std::fs::read(&path).map_err(|error| unreadable(&path, &error))?;
                let base = path.parent().map_or_else(|| PathBuf::from("."), Path::to_owned);
                (SourceName::File(path), text, base)
            }
        })
    }

    /// Reports why the job ended.
    fn explain(&self, failure: Failure) {
        let code = self.report(failure);
        if self.job.offers_pages {
            self.reporter.offer_page(code);
        }
    }

    /// Reports a failure and says of what kind it is.
    fn report(&self, failure: Failure) -> Code {
        let diagnostic = match failure {
            Failure::Evaluation(error) => error.into_diagnostic(),
            Failure::Output(error) => {
                let message = format!("cannot write to standard output: {error}");
                Diagnostic::error(Code::OutputFailed, message)
            }
        };
        self.reporter.report(&diagnostic, &self.firn.sources());
        diagnostic.code
    }
}

fn is_url(bytes: &[u8]) -> bool {
    [&b"http://"[..], b"https://", b"file://"].iter().any(|scheme| bytes.starts_with(scheme))
}

fn read_stdin() -> Result<Vec<u8>, Failure> {
    let mut text = Vec::new();
    match io::stdin().lock().read_to_end(&mut text) {
        Ok(_) => Ok(text),
        Err(error) => Err(unreadable(Path::new("standard input"), &error)),
    }
}

pub(super) fn unreadable(path: &Path, error: &io::Error) -> Failure {
    let message = format!("cannot read {}: {error}", path.display());
    Diagnostic::error(Code::FileUnreadable, message).into()
}
