//! Running many programs through a `nix-instantiate`, several in one process.

use std::fs::{self, File};
use std::io::{self, Read};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use wait_timeout::ChildExt;

/// How long a process may take, and then how long a program alone.
const TIME_LIMIT: Duration = Duration::from_secs(10);
/// What the small programs between the others trace and print.
const MARKER: &str = "builtins.trace \"<<<\" \"<<<\"";

/// How values are asked for.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Mode {
    /// `--eval --strict`
    Strict,
    /// `--eval`
    Lazy,
    /// `--eval --strict --json`
    Json,
    /// `--eval --strict --xml`
    Xml,
    /// `--eval --strict --read-write-mode`, with a store that is compared as well.
    Store,
}

impl Mode {
    fn flags(self) -> &'static [&'static str] {
        match self {
            Mode::Strict => &["--eval", "--strict"],
            Mode::Lazy => &["--eval"],
            Mode::Json => &["--eval", "--strict", "--json"],
            Mode::Xml => &["--eval", "--strict", "--xml"],
            Mode::Store => &["--eval", "--strict", "--read-write-mode"],
        }
    }

    /// The marker's value as it is printed.
    fn marker(self) -> &'static str {
        match self {
            Mode::Xml => {
                "<?xml version='1.0' encoding='utf-8'?>\n<expr>\n  <string value=\"&lt;&lt;&lt;\" />\n</expr>\n"
            }
            _ => "\"<<<\"\n",
        }
    }
}

/// What came of a program.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) struct Outcome {
    pub(crate) end: End,
    /// What was traced and warned of, in order.
    pub(crate) log: Vec<String>,
}

/// How a program ended.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) enum End {
    /// With this value.
    Value(String),
    /// With an error.
    Error,
    /// It did not end.
    TimedOut,
    /// With a signal or an exit status that is not for errors.
    Crashed(String),
}

/// A `nix-instantiate`, and a folder where it works.
pub(crate) struct Runner {
    binary: PathBuf,
    scratch: PathBuf,
    next: AtomicUsize,
    /// As `builtins.nixVersion` has it, at the end of what `--version` prints.
    language_version: String,
}

impl Runner {
    /// `scratch` is a folder for this program's own files.
    pub(crate) fn new(binary: &Path, scratch: &Path) -> io::Result<Runner> {
        fs::create_dir_all(scratch)?;
        let name = scratch.join("nix-instantiate");
        // A script needs to stay where it is; firn goes by the name it is called by.
        std::os::unix::fs::symlink(fs::canonicalize(binary)?, &name)?;
        let binary = if binary.file_name() == name.file_name() { binary.to_owned() } else { name };
        let output = Command::new(&binary).arg("--version").output()?;
        let version = String::from_utf8_lossy(&output.stdout).trim().rsplit(' ').next().unwrap_or_default().to_owned();
        Ok(Runner { binary, scratch: scratch.to_owned(), next: AtomicUsize::new(0), language_version: version })
    }

    /// The names of the builtins.
    pub(crate) fn builtins(&self) -> io::Result<Vec<String>> {
        let expression = "toString (builtins.attrNames builtins)";
        let output = Command::new(&self.binary).args(["--eval", "--store", "dummy://", "-E", expression]).output()?;
        let names = String::from_utf8_lossy(&output.stdout);
        Ok(names.trim().trim_matches('"').split(' ').map(str::to_owned).collect())
    }

    pub(crate) fn language_version(&self) -> &str {
        &self.language_version
    }

    /// Where this program keeps its store with [`Mode::Store`].
    pub(crate) fn store(&self) -> PathBuf {
        self.scratch.join("root")
    }

    /// The outcomes of programs, which are files. `guess` says of each whether it will fail: a process ends with
    /// an error, so those that fail are put last.
    pub(crate) fn run(&self, programs: &[PathBuf], mode: Mode, fails: &[bool]) -> io::Result<Vec<Outcome>> {
        let (failing, fine): (Vec<usize>, Vec<usize>) = (0..programs.len()).partition(|&index| fails[index]);
        let processes = failing.len().max(1);
        let mut outcomes = vec![None; programs.len()];
        for process in 0..processes {
            let share = |at: usize| fine.len() * at / processes;
            let mut order = fine[share(process)..share(process + 1)].to_vec();
            order.extend(failing.get(process));
            self.run_in_order(programs, &order, mode, &mut outcomes)?;
        }
        Ok(outcomes.into_iter().map(|outcome| outcome.expect("each program was run")).collect())
    }

    fn run_in_order(
        &self,
        programs: &[PathBuf],
        mut order: &[usize],
        mode: Mode,
        outcomes: &mut [Option<Outcome>],
    ) -> io::Result<()> {
        while !order.is_empty() {
            let files: Vec<&Path> = order.iter().map(|&index| programs[index].as_path()).collect();
            let done = self.process(&files, mode)?;
            if done.is_empty() && order.len() > 1 {
                // The whole process took too long: one by one, to see which program it was.
                for index in order {
                    self.run_in_order(programs, &[*index], mode, outcomes)?;
                }
                return Ok(());
            }
            let count = done.len();
            for (&index, outcome) in order.iter().zip(done) {
                outcomes[index] = Some(outcome);
            }
            order = &order[count..];
        }
        Ok(())
    }

    /// Runs programs until one fails. Gives the outcomes up to that one; none if there was no end to several.
    fn process(&self, programs: &[&Path], mode: Mode) -> io::Result<Vec<Outcome>> {
        let number = self.next.fetch_add(1, Ordering::Relaxed);
        let path = |name: &str| self.scratch.join(format!("{name}{number}"));
        let (stdout, stderr) = (path("out"), path("err"));
        let store = match mode {
            Mode::Store => format!("local?root={}", self.store().display()),
            _ => "dummy://".to_owned(),
        };
        let mut command = Command::new(&self.binary);
        command.args(mode.flags()).args(["--store", &store]);
        for (index, program) in programs.iter().enumerate() {
            command.arg(self.marker(index)?).arg(program);
        }
        let mut child = command
            .env_clear()
            .envs([("HOME", "/homeless"), ("NO_COLOR", "1"), ("LC_ALL", "C.UTF-8"), ("NIX_PATH", "")])
            .env("PATH", std::env::var_os("PATH").unwrap_or_default())
            .env("NIX_STATE_DIR", self.scratch.join("state"))
            .env("XDG_CACHE_HOME", self.scratch.join("cache"))
            .current_dir(&self.scratch)
            .stdin(Stdio::null())
            .stdout(File::create(&stdout)?)
            .stderr(File::create(&stderr)?)
            .spawn()?;
        let status = child.wait_timeout(TIME_LIMIT)?;
        if status.is_none() {
            child.kill()?;
            child.wait()?;
        }
        let (output, errors) = (beginning(&stdout)?, beginning(&stderr)?);
        let is_long = output.len() >= MAX_OUTPUT || errors.len() >= MAX_OUTPUT;
        let errors = self.without_version_and_time(errors);
        fs::remove_file(&stdout)?;
        fs::remove_file(&stderr)?;
        let last = match status {
            _ if is_long && programs.len() > 1 => return Ok(Vec::new()),
            None if programs.len() > 1 => return Ok(Vec::new()),
            None => Some(End::TimedOut),
            Some(status) if status.success() => None,
            Some(status) if status.code() == Some(1) => Some(End::Error),
            Some(status) => Some(End::Crashed(format!("{status}\n{errors}"))),
        };
        let values = output.split(mode.marker()).skip(1).map(|value| self.without_version_and_time(value.to_owned()));
        Ok(outcomes(values.collect(), logs(&errors), last))
    }

    /// A value without what must differ, as `builtins` contains it.
    fn without_version_and_time(&self, value: String) -> String {
        const TIME: &str = "currentTime = ";
        let value = value.replace(&self.language_version, "VERSION");
        let mut parts = value.split(TIME);
        let first = parts.next().unwrap_or_default().to_owned();
        parts.fold(first, |text, part| text + TIME + part.trim_start_matches(|c: char| c.is_ascii_digit()))
    }

    /// A program that only shows where the next one starts. They are different files, as each is evaluated once.
    fn marker(&self, index: usize) -> io::Result<PathBuf> {
        let path = self.scratch.join(format!("marker{index}.nix"));
        if !path.exists() {
            fs::write(&path, MARKER)?;
        }
        Ok(path)
    }
}

/// Of what a process prints, so many bytes are looked at.
const MAX_OUTPUT: usize = 16 << 20;

fn beginning(path: &Path) -> io::Result<String> {
    let mut bytes = Vec::new();
    File::open(path)?.take(MAX_OUTPUT as u64).read_to_end(&mut bytes)?;
    Ok(String::from_utf8_lossy(&bytes).into_owned())
}

/// Puts together what was printed after each marker. With an error, the last has no value, or just a part of it.
fn outcomes(mut values: Vec<String>, logs: Vec<Vec<String>>, last: Option<End>) -> Vec<Outcome> {
    if last.is_some() {
        values.pop();
    }
    let mut logs = logs.into_iter();
    let mut log = || logs.next().unwrap_or_default();
    let mut outcomes: Vec<_> = values.into_iter().map(|value| Outcome { end: End::Value(value), log: log() }).collect();
    outcomes.extend(last.map(|end| Outcome { end, log: log() }));
    outcomes
}

/// So much of what is traced is looked at: how deep recursion without an end comes is the own affair of each.
const MAX_LOGGED: usize = 1000;

/// What was traced by each program; the markers are in between.
fn logs(errors: &str) -> Vec<Vec<String>> {
    let mut logs: Vec<Vec<String>> = Vec::new();
    for line in errors.lines() {
        if line == "trace: <<<" {
            logs.push(Vec::new());
        } else if let (Some(line), Some(log)) = (logged(line), logs.last_mut())
            && log.len() < MAX_LOGGED
        {
            log.push(line);
        }
    }
    logs
}

/// A line as it is compared, if it is a trace or a warning: Nix and firn announce warnings differently.
fn logged(line: &str) -> Option<String> {
    if let Some(text) = line.strip_prefix("trace: ") {
        return Some(format!("trace: {}", visible(text)));
    }
    let text = line.strip_prefix("evaluation warning:").or_else(|| {
        let rest = line.strip_prefix("warning[W0001")?;
        rest.split_once("]:").map(|(_, text)| text)
    })?;
    // Nix says nothing if there is nothing to say.
    let text = visible(text);
    (!text.is_empty()).then(|| format!("warning: {text}"))
}

/// A text without blanks and control characters: Nix prepares what it logs for terminals, and firn shows control
/// characters in warnings as symbols.
fn visible(text: &str) -> String {
    text.chars().filter(|c| !c.is_whitespace() && !c.is_control() && !('\u{2400}'..='\u{2426}').contains(c)).collect()
}
