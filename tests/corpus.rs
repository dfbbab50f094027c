//! Runs the programs of `corpus/lang` and compares what they do with the expectations beside
//! them. `corpus/README.md` describes the layout; `corpus/check` does the same with any Nix.
//!
//! `FIRN_CORPUS_BIN` names another program to run in place of firn.

use std::ffi::OsStr;
use std::fmt::Write as _;
use std::io::{self, Read};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;
use std::time::{Duration, Instant};

/// The expectations a program can have, and the flags that go with each.
const KINDS: [(&str, &[&str]); 4] =
    [("out", &[]), ("json", &["--json"]), ("xml", &["--xml", "--no-location"]), ("err", &[])];
/// Other files that belong to a program.
const COMPANIONS: [&str; 2] = ["flags", "log"];
/// The corpus is larger; fewer means that it was not found.
const FEWEST_PROGRAMS: usize = 400;
const TIME_LIMIT: Duration = Duration::from_secs(120);
/// Of many differences, how many are shown in full.
const MOST_SHOWN: usize = 60;

#[test]
fn corpus_programs_do_what_is_expected() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("corpus/lang");
    let programs = programs(&root);
    assert!(programs.len() >= FEWEST_PROGRAMS, "only {} programs in {}", programs.len(), root.display());

    let scratch = tempfile::tempdir().expect("a temporary directory can be made");
    let runner = Runner { binary: nix_instantiate(scratch.path()), scratch: scratch.path().to_owned() };
    let next = AtomicUsize::new(0);
    let ran = AtomicUsize::new(0);
    let differences = Mutex::new(Vec::new());
    thread::scope(|scope| {
        for _ in 0..thread::available_parallelism().map_or(2, |count| count.get()) {
            scope.spawn(|| {
                while let Some(program) = programs.get(next.fetch_add(1, Ordering::Relaxed)) {
                    let outcome = runner.compare(program);
                    ran.fetch_add(1, Ordering::Relaxed);
                    if let Err(difference) = outcome {
                        differences.lock().expect("no thread panics").push((program, difference));
                    }
                }
            });
        }
    });

    let ran = ran.into_inner();
    assert_eq!(ran, programs.len(), "not all programs were run");
    let mut differences = differences.into_inner().expect("no thread panics");
    differences.sort();
    println!("{ran} programs ran, {} differ", differences.len());
    assert!(differences.is_empty(), "{}", report(&root, &differences, ran));
}

#[test]
fn corpus_has_one_expectation_for_each_program() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("corpus/lang");
    let mut complaints = Vec::new();
    for file in files(&root) {
        let extension = file.extension().and_then(OsStr::to_str).unwrap_or_default();
        let known = KINDS.iter().any(|(kind, _)| *kind == extension) || COMPANIONS.contains(&extension);
        if extension == "cfg" {
            let expectations = KINDS.iter().filter(|(kind, _)| file.with_extension(kind).exists()).count();
            if expectations != 1 {
                complaints.push(format!("{}: has {expectations} expectations", file.display()));
            }
        } else if known && !file.with_extension("cfg").exists() {
            complaints.push(format!("{}: belongs to no program", file.display()));
        }
        // An empty line occurs in every message, and an empty file expects nothing.
        if extension == "err" && read_text(&file).is_ok_and(|text| text.trim().is_empty() || text.contains("\n\n")) {
            complaints.push(format!("{}: has an empty line, which any message contains", file.display()));
        }
    }
    assert!(complaints.is_empty(), "{}", complaints.join("\n"));
}

/// How programs are run.
struct Runner {
    binary: PathBuf,
    scratch: PathBuf,
}

/// What a program did.
struct Run {
    /// The exit status, or none if a signal ended the program.
    status: Option<i32>,
    stdout: Vec<u8>,
    stderr: String,
}

impl Runner {
    /// Whether the program does what is expected, or else what differs.
    fn compare(&self, program: &Path) -> Result<(), String> {
        let (kind, kind_flags) = *KINDS
            .iter()
            .find(|(kind, _)| program.with_extension(kind).exists())
            .ok_or("has no expectation beside it")?;
        let run = self.run(program, kind_flags)?;
        if run.stderr.contains("panicked") {
            return Err(format!("panicked:\n{}", indented(&run.stderr)));
        }
        let expectation = program.with_extension(kind);
        if kind == "err" {
            return compare_error(program, &read_text(&expectation)?, &run);
        }
        let expected = std::fs::read(&expectation).map_err(|error| error.to_string())?;
        compare_success(&expected, &run)?;
        match read_text(&program.with_extension("log")) {
            Ok(log) => compare_log(&log, &run.stderr),
            Err(_) => Ok(()),
        }
    }

    /// Runs a program in its own folder, as a person would.
    fn run(&self, program: &Path, kind_flags: &[&str]) -> Result<Run, String> {
        let flags = flags(program)?;
        let name = program.file_name().expect("programs have names");
        let folder = program.parent().expect("programs lie in a folder");
        let child = Command::new(&self.binary)
            .args(["--eval", "--strict"])
            .args(kind_flags)
            .args(&flags)
            .arg(name)
            .current_dir(folder)
            .env_clear()
            .envs(self.environment(program, &flags))
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .map_err(|error| format!("cannot be run: {error}"))?;
        finish(child)
    }

    /// The same on every machine; `corpus/check` sets it as well.
    fn environment(&self, program: &Path, flags: &[String]) -> Vec<(&'static str, String)> {
        // Nothing is written, but by the programs that ask for it: these get a store of their own.
        let store = match flags.iter().any(|flag| flag == "--read-write-mode") {
            true => {
                let name = program.file_stem().unwrap_or_default().to_string_lossy();
                format!("local?root={}", self.scratch.join(&*name).display())
            }
            false => "dummy://".to_owned(),
        };
        let inside = |name: &str| self.scratch.join(name).display().to_string();
        vec![
            ("PATH", std::env::var("PATH").unwrap_or_default()),
            ("HOME", "/home/corpus".to_owned()),
            ("LC_ALL", "C.UTF-8".to_owned()),
            ("NO_COLOR", "1".to_owned()),
            ("NIX_PATH", String::new()),
            ("NIX_REMOTE", store),
            ("NIX_STATE_DIR", inside("state")),
            ("XDG_CACHE_HOME", inside("cache")),
            ("CORPUS_WORD", "granite".to_owned()),
        ]
    }
}

/// Waits for the end of a program, but not for ever.
fn finish(mut child: Child) -> Result<Run, String> {
    let stdout = read_all(child.stdout.take());
    let stderr = read_all(child.stderr.take());
    let deadline = Instant::now() + TIME_LIMIT;
    let status = loop {
        match child.try_wait().map_err(|error| error.to_string())? {
            Some(status) => break status,
            None if Instant::now() >= deadline => {
                // It may have ended by itself just now; both are fine.
                let _ = child.kill();
                let _ = child.wait();
                return Err(format!("no answer in {} s", TIME_LIMIT.as_secs()));
            }
            None => thread::sleep(Duration::from_millis(2)),
        }
    };
    let stdout = stdout.join().expect("reading does not panic").map_err(|error| error.to_string())?;
    let stderr = stderr.join().expect("reading does not panic").map_err(|error| error.to_string())?;
    Ok(Run { status: status.code(), stdout, stderr: String::from_utf8_lossy(&stderr).into_owned() })
}

/// Reads on a thread of its own, so that a program is never kept waiting by a full pipe.
fn read_all(pipe: Option<impl Read + Send + 'static>) -> thread::JoinHandle<io::Result<Vec<u8>>> {
    thread::spawn(move || {
        let mut bytes = Vec::new();
        if let Some(mut pipe) = pipe {
            pipe.read_to_end(&mut bytes)?;
        }
        Ok(bytes)
    })
}

fn compare_success(expected: &[u8], run: &Run) -> Result<(), String> {
    if run.status != Some(0) {
        return Err(format!("{} instead of success:\n{}", ending(run.status), indented(&run.stderr)));
    }
    if run.stdout != expected {
        let (expected, printed) = (String::from_utf8_lossy(expected), String::from_utf8_lossy(&run.stdout));
        return Err(format!("expected\n{}\nbut printed\n{}", indented(&expected), indented(&printed)));
    }
    Ok(())
}

/// Every line of `expected` has to be in the message; `:LINE:COLUMN` anywhere, a text outside of
/// the lines of source that are quoted.
fn compare_error(program: &Path, expected: &str, run: &Run) -> Result<(), String> {
    if run.status != Some(1) {
        let printed = String::from_utf8_lossy(&run.stdout);
        return Err(format!(
            "{} instead of an error (exit status 1):\n{}\n{}",
            ending(run.status),
            indented(&printed),
            indented(&run.stderr)
        ));
    }
    if !run.stdout.is_empty() {
        return Err(format!("fails, but prints\n{}", indented(&String::from_utf8_lossy(&run.stdout))));
    }
    let words = message(&run.stderr, program);
    let missing: Vec<&str> = expected
        .lines()
        .filter(|line| match is_place(line) {
            true => !mentions_place(&run.stderr, line),
            false => !words.contains(line),
        })
        .collect();
    match missing.is_empty() {
        true => Ok(()),
        false => Err(format!("the message lacks {missing:?}:\n{}", indented(&run.stderr))),
    }
}

/// What `trace` and `warn` wrote has to be what is expected, in this order.
fn compare_log(expected: &str, stderr: &str) -> Result<(), String> {
    let logged: Vec<String> = stderr.lines().filter_map(logged).collect();
    if logged == expected.lines().collect::<Vec<_>>() {
        return Ok(());
    }
    Err(format!("expected on standard error\n{}\nbut there was\n{}", indented(expected), indented(stderr)))
}

/// A line as the `.log` of a program has it, if it is a trace or a warning: how it tells that it
/// is a warning, such as by `evaluation warning:` or `warning[W0001]:`, does not matter.
fn logged(line: &str) -> Option<String> {
    if line.starts_with("trace: ") {
        return Some(line.to_owned());
    }
    let line = line.strip_prefix("evaluation ").unwrap_or(line);
    let rest = line.strip_prefix("warning")?;
    let rest = match rest.strip_prefix('[') {
        Some(code) => code.split_once(']')?.1,
        None => rest,
    };
    rest.starts_with(": ").then(|| format!("warning{rest}"))
}

/// The words of an error: without the quoted lines of source and the program's own name, both of
/// which contain the words that are looked for.
fn message(stderr: &str, program: &Path) -> String {
    let is_source = |line: &&str| {
        let rest = line.trim_start();
        let after_number = rest.trim_start_matches(|c: char| c.is_ascii_digit());
        after_number.len() < rest.len() && after_number.trim_start().starts_with(['|', '│'])
    };
    let name = program.file_name().and_then(OsStr::to_str).expect("programs have names");
    let words: Vec<&str> = stderr.lines().filter(|line| !is_source(line)).collect();
    words.join("\n").replace(&*program.to_string_lossy(), "").replace(name, "")
}

/// Whether a line of an expectation is `:LINE:COLUMN`.
fn is_place(line: &str) -> bool {
    let is_number = |text: &str| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    line.strip_prefix(':')
        .and_then(|rest| rest.split_once(':'))
        .is_some_and(|(line, column)| is_number(line) && is_number(column))
}

/// Whether the place is there, and not just the start of a longer number.
fn mentions_place(stderr: &str, place: &str) -> bool {
    stderr
        .match_indices(place)
        .any(|(start, _)| !stderr[start + place.len()..].starts_with(|c: char| c.is_ascii_digit()))
}

/// All programs, in order. What lies in a folder called `data` belongs to a program.
fn programs(root: &Path) -> Vec<PathBuf> {
    let mut programs = files(root);
    programs.retain(|path| path.extension() == Some(OsStr::new("cfg")));
    programs
}

fn files(root: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    let mut folders = vec![root.to_owned()];
    while let Some(folder) = folders.pop() {
        let entries = std::fs::read_dir(&folder).unwrap_or_else(|error| panic!("{}: {error}", folder.display()));
        for entry in entries {
            let path = entry.expect("the folder can be read").path();
            match path.is_dir() {
                true if path.file_name() != Some(OsStr::new("data")) => folders.push(path),
                true => {}
                false => found.push(path),
            }
        }
    }
    found.sort();
    found
}

/// The additional arguments of a program: words, of which one in quotes may have blanks in it.
fn flags(program: &Path) -> Result<Vec<String>, String> {
    let Ok(text) = read_text(&program.with_extension("flags")) else {
        return Ok(Vec::new());
    };
    let mut words = Vec::new();
    let mut rest = text.trim_start();
    while let Some(first) = rest.chars().next() {
        let (word, tail) = match first {
            '\'' | '"' => rest[1..].split_once(first).ok_or("a quote in the .flags is not closed")?,
            _ => rest.split_once(char::is_whitespace).unwrap_or((rest, "")),
        };
        words.push(word.to_owned());
        rest = tail.trim_start();
    }
    Ok(words)
}

/// The program under the name by which it behaves like `nix-instantiate`.
fn nix_instantiate(scratch: &Path) -> PathBuf {
    let binary = match std::env::var_os("FIRN_CORPUS_BIN") {
        Some(other) => PathBuf::from(other),
        None => PathBuf::from(env!("CARGO_BIN_EXE_firn")),
    };
    let binary = std::path::absolute(binary).expect("the path of the binary is not empty");
    if binary.file_name() == Some(OsStr::new("nix-instantiate")) {
        return binary;
    }
    let link = scratch.join("nix-instantiate");
    std::os::unix::fs::symlink(binary, &link).expect("a link can be made in a new directory");
    link
}

/// All differences: the program, what it says, what was expected and what happened.
fn report(root: &Path, differences: &[(&PathBuf, String)], ran: usize) -> String {
    let mut text = format!("{} of {ran} programs differ\n", differences.len());
    for (index, (program, difference)) in differences.iter().enumerate() {
        let name = program.strip_prefix(root).unwrap_or(program).display();
        // Writing to a string does not fail.
        let _ = match index < MOST_SHOWN {
            true => {
                let source = std::fs::read(program).unwrap_or_default();
                writeln!(text, "\n{name}\n{}\n{difference}", indented(&String::from_utf8_lossy(&source)))
            }
            false => writeln!(text, "{name}: {}", difference.lines().next().unwrap_or_default()),
        };
    }
    text
}

fn ending(status: Option<i32>) -> String {
    match status {
        Some(status) => format!("exit status {status}"),
        None => "ended by a signal".to_owned(),
    }
}

/// The first lines of a text, moved to the right.
fn indented(text: &str) -> String {
    const MOST_LINES: usize = 24;
    let mut lines: Vec<String> = text.lines().take(MOST_LINES).map(|line| format!("    {line}")).collect();
    if text.lines().nth(MOST_LINES).is_some() {
        lines.push("    …".to_owned());
    }
    lines.join("\n")
}

fn read_text(path: &Path) -> Result<String, String> {
    std::fs::read_to_string(path).map_err(|error| format!("{}: {error}", path.display()))
}
