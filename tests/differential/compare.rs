//! Running programs through both and finding out where they differ.

use std::collections::BTreeMap;
use std::fmt;
use std::fs;
use std::io;
use std::ops::Range;
use std::path::{Path, PathBuf};
use std::sync::Mutex;
use std::sync::atomic::{AtomicU64, Ordering};
use std::thread;

use crate::mutate::Corpus;
use crate::runner::{End, Mode, Outcome, Runner};
use crate::shrink::shrink;
use crate::types::{Signature, signatures};
use crate::versions::{Seen, VersionDifference, explanation};
use crate::{derivations, generate, source};

/// Programs that are run together, all in one mode.
const BATCH: u64 = 64;
/// How often a program is tried at most to make it smaller.
const SHRINK_BUDGET: usize = 300;

/// Of what a program prints, how many characters are shown.
const MOST_SHOWN: usize = 600;

/// Of what a program traces, how many lines are shown.
const MOST_LOGGED: usize = 20;

/// What to compare.
pub(crate) struct Settings {
    pub(crate) firn: PathBuf,
    pub(crate) nix: PathBuf,
    pub(crate) corpus: PathBuf,
    pub(crate) seed: u64,
    pub(crate) numbers: Range<u64>,
    pub(crate) threads: usize,
    pub(crate) most_differences: usize,
}

/// What came of it.
#[derive(Default)]
pub(crate) struct Report {
    compared: u64,
    values: u64,
    caught: u64,
    uncaught: u64,
    /// Programs to which Nix had no answer in time.
    unanswered: u64,
    explained: BTreeMap<&'static str, u64>,
    pub(crate) differences: Vec<Difference>,
}

/// A program on which the two differ.
pub(crate) struct Difference {
    number: u64,
    mode: Mode,
    program: String,
    firn: Outcome,
    nix: Outcome,
}

/// A program to run, in a file of its own.
struct Program {
    number: u64,
    path: PathBuf,
    text: String,
}

/// Prints the programs.
pub(crate) fn print(settings: &Settings) {
    let scratch = tempfile::tempdir().expect("a temporary directory can be made");
    let corpus = Corpus::copy(&settings.corpus, scratch.path()).expect("the corpus can be copied");
    let signatures = signatures();
    for number in settings.numbers.clone() {
        println!("# {number}: {:?}\n{}\n", mode(number), text(settings, number, &corpus, &signatures).1);
    }
}

/// Compares until all programs are done or there are enough differences.
pub(crate) fn run(settings: &Settings) -> io::Result<Report> {
    let scratch = tempfile::tempdir()?;
    let next = AtomicU64::new(settings.numbers.start);
    let report = Mutex::new(Report::default());
    let failure = Mutex::new(None);
    thread::scope(|scope| {
        for thread in 0..settings.threads {
            let (next, report, failure) = (&next, &report, &failure);
            let folder = scratch.path().join(thread.to_string());
            scope.spawn(move || {
                if let Err(error) = work(settings, &folder, next, report) {
                    *failure.lock().expect("no thread panics") = Some(error);
                }
            });
        }
    });
    match failure.into_inner().expect("no thread panics") {
        Some(error) => Err(error),
        None => Ok(report.into_inner().expect("no thread panics")),
    }
}

fn work(settings: &Settings, folder: &Path, next: &AtomicU64, report: &Mutex<Report>) -> io::Result<()> {
    let corpus = Corpus::copy(&settings.corpus, &folder.join("programs"))?;
    data(&folder.join("programs"))?;
    let nix = Runner::new(&settings.nix, &folder.join("nix"))?;
    let firn = Runner::new(&settings.firn, &folder.join("firn"))?;
    let known = nix.builtins()?;
    let new_builtins = firn.builtins()?.into_iter().filter(|name| !known.contains(name)).collect();
    let pair = Pair { firn, version: nix.language_version().to_owned(), nix, new_builtins };
    let signatures = signatures();
    loop {
        let first = next.fetch_add(BATCH, Ordering::Relaxed);
        let last = settings.numbers.end.min(first + BATCH);
        if first >= last || report.lock().expect("no thread panics").differences.len() >= settings.most_differences {
            return Ok(());
        }
        let mut programs = Vec::new();
        for number in first..last {
            let (place, text) = text(settings, number, &corpus, &signatures);
            let place = if place.as_os_str().is_empty() { folder.join("programs") } else { place };
            let path = place.join(format!("program-{number}.nix"));
            fs::write(&path, &text)?;
            programs.push(Program { number, path, text });
        }
        pair.compare(mode(first), &programs, report)?;
        for program in &programs {
            fs::remove_file(&program.path)?;
        }
    }
}

/// The mode for a batch of programs.
fn mode(number: u64) -> Mode {
    match number / BATCH % 20 {
        0..=7 => Mode::Strict,
        8..=10 => Mode::Lazy,
        11..=13 => Mode::Json,
        14..=16 => Mode::Xml,
        _ => Mode::Store,
    }
}

/// A program, and the folder of the corpus that it belongs to, if it does.
fn text(settings: &Settings, number: u64, corpus: &Corpus, signatures: &[Signature]) -> (PathBuf, String) {
    let bytes = source::bytes(settings.seed, number);
    match (mode(number), number % 4) {
        (Mode::Store, _) => (PathBuf::new(), derivations::program(&bytes)),
        (_, 0) => corpus.mutant(&bytes),
        _ => (PathBuf::new(), generate::program(&bytes, signatures)),
    }
}

/// Files for programs to read.
fn data(folder: &Path) -> io::Result<()> {
    let data = folder.join("data");
    fs::create_dir_all(data.join("dir/inner"))?;
    fs::create_dir_all(data.join("empty"))?;
    fs::write(data.join("file"), "text of a file\n")?;
    fs::write(data.join("dir/a"), "a")?;
    fs::write(data.join("dir/inner/b"), "")?;
    fs::write(data.join("value"), "{ a = 1; b = x: x; }")?;
    std::os::unix::fs::symlink("dir", data.join("link"))?;
    std::os::unix::fs::symlink("a", data.join("dir/link"))?;
    std::os::unix::fs::symlink("nowhere", data.join("dangling"))
}

struct Pair {
    firn: Runner,
    nix: Runner,
    version: String,
    /// The builtins that firn has and Nix has not.
    new_builtins: Vec<String>,
}

impl Pair {
    fn compare(&self, mode: Mode, programs: &[Program], report: &Mutex<Report>) -> io::Result<()> {
        let paths: Vec<PathBuf> = programs.iter().map(|program| program.path.clone()).collect();
        let firn = self.firn.run(&paths, mode, &vec![false; paths.len()])?;
        let failed: Vec<usize> = (0..programs.len()).filter(|&index| firn[index].end == End::Error).collect();
        let tried = match mode {
            Mode::Store => Vec::new(),
            _ => self.tried(programs, &failed)?,
        };
        // A program that fails with both when it is tried needs no further look: it fails.
        let mut rest: Vec<bool> = vec![true; programs.len()];
        for (index, (firn, nix)) in tried {
            let is_caught = matches!(&firn.end, End::Value(value) if value.contains("success = false"));
            let agree = firn == nix;
            if agree && !is_caught && firn.end != End::Error {
                continue;
            }
            rest[index] = false;
            if agree {
                let mut report = report.lock().expect("no thread panics");
                *(if is_caught { &mut report.caught } else { &mut report.uncaught }) += 1;
            }
            self.judge(&programs[index], Mode::Strict, true, firn, nix, report)?;
        }
        let rest: Vec<usize> = (0..programs.len()).filter(|&index| rest[index]).collect();
        let paths: Vec<PathBuf> = rest.iter().map(|&index| programs[index].path.clone()).collect();
        let fails: Vec<bool> = rest.iter().map(|&index| !matches!(firn[index].end, End::Value(_))).collect();
        let nix = self.nix.run(&paths, mode, &fails)?;
        if mode == Mode::Store {
            compare_stores(&self.firn.store(), &self.nix.store())?;
        }
        for (index, nix) in rest.into_iter().zip(nix) {
            self.judge(&programs[index], mode, false, firn[index].clone(), nix, report)?;
        }
        Ok(())
    }

    /// Both outcomes of trying those of the programs that are `chosen`.
    fn tried(&self, programs: &[Program], chosen: &[usize]) -> io::Result<Vec<(usize, (Outcome, Outcome))>> {
        let mut paths = Vec::new();
        for &index in chosen {
            let path = programs[index].path.with_extension("tried.nix");
            fs::write(&path, tried(&programs[index].text))?;
            paths.push(path);
        }
        let (firn, nix) = self.run(&paths, Mode::Strict)?;
        for path in &paths {
            fs::remove_file(path)?;
        }
        Ok(chosen.iter().copied().zip(firn.into_iter().zip(nix)).collect())
    }

    /// Both outcomes of each program.
    fn run(&self, paths: &[PathBuf], mode: Mode) -> io::Result<(Vec<Outcome>, Vec<Outcome>)> {
        if paths.is_empty() {
            return Ok((Vec::new(), Vec::new()));
        }
        let firn = self.firn.run(paths, mode, &vec![false; paths.len()])?;
        let fails: Vec<bool> = firn.iter().map(|outcome| !matches!(outcome.end, End::Value(_))).collect();
        let nix = self.nix.run(paths, mode, &fails)?;
        Ok((firn, nix))
    }

    fn judge(
        &self,
        program: &Program,
        mode: Mode,
        is_tried: bool,
        firn: Outcome,
        nix: Outcome,
        report: &Mutex<Report>,
    ) -> io::Result<()> {
        {
            let mut report = report.lock().expect("no thread panics");
            report.compared += 1;
            if firn == nix {
                report.values += u64::from(matches!(firn.end, End::Value(_)));
                return Ok(());
            }
            if matches!(nix.end, End::TimedOut | End::Crashed(_))
                && !matches!(firn.end, End::Crashed(_) | End::TimedOut)
            {
                report.unanswered += 1;
                return Ok(());
            }
        }
        let text = if is_tried { tried(&program.text) } else { program.text.clone() };
        let (firn, nix) = match self.outcomes(&program.path, &text, mode)? {
            // What was run before it was not the same for both, and that can be seen: by the names known, for one.
            alone if alone.0 == alone.1 => return Ok(()),
            alone => alone,
        };
        if let Some(known) = self.explanation(&text, &firn, &nix) {
            *report.lock().expect("no thread panics").explained.entry(known.reason).or_default() += 1;
            return Ok(());
        }
        let small = shrink(&text, SHRINK_BUDGET, |candidate| {
            let outcomes = self.outcomes(&program.path, candidate, mode);
            outcomes.is_ok_and(|(f, n)| f != n && same_kind(&f.end, &firn.end) && same_kind(&n.end, &nix.end))
        });
        let (firn, nix) = self.outcomes(&program.path, &small, mode)?;
        let mut report = report.lock().expect("no thread panics");
        match self.explanation(&small, &firn, &nix) {
            Some(known) => *report.explained.entry(known.reason).or_default() += 1,
            None => {
                let difference = Difference { number: program.number, mode, program: small, firn, nix };
                println!("{difference}");
                report.differences.push(difference);
            }
        }
        Ok(())
    }

    fn explanation(&self, program: &str, firn: &Outcome, nix: &Outcome) -> Option<&'static VersionDifference> {
        explanation(&self.version, &Seen { program, firn, nix, new_builtins: &self.new_builtins })
    }

    fn outcomes(&self, path: &Path, text: &str, mode: Mode) -> io::Result<(Outcome, Outcome)> {
        fs::write(path, text)?;
        let path = [path.to_owned()];
        let outcomes = self.run(&path, mode)?;
        let one = |outcomes: Vec<Outcome>| outcomes.into_iter().next().expect("there was one program");
        Ok((one(outcomes.0), one(outcomes.1)))
    }
}

/// Whether a smaller program still shows the same: one fails where the other does not, or values differ.
fn same_kind(a: &End, b: &End) -> bool {
    std::mem::discriminant(a) == std::mem::discriminant(b)
}

/// A program that says whether this one's failure can be caught.
fn tried(program: &str) -> String {
    format!("builtins.tryEval (builtins.deepSeq (\n{program}\n) 1)")
}

/// Both stores have the same derivations, byte by byte.
fn compare_stores(firn: &Path, nix: &Path) -> io::Result<()> {
    let list = |root: &Path| -> io::Result<Vec<PathBuf>> {
        let folder = root.join("nix/store");
        if !folder.exists() {
            return Ok(Vec::new());
        }
        let entries = fs::read_dir(folder)?.collect::<Result<Vec<_>, _>>()?;
        let names = entries.iter().map(|entry| PathBuf::from(entry.file_name()));
        let mut names: Vec<_> = names.filter(|name| name.extension().is_some_and(|end| end == "drv")).collect();
        names.sort();
        Ok(names)
    };
    let (ours, theirs) = (list(firn)?, list(nix)?);
    let differ = |what: String| Err(io::Error::other(what));
    for name in &theirs {
        let path = Path::new("nix/store").join(name);
        match fs::read(firn.join(&path)) {
            Ok(bytes) if bytes == fs::read(nix.join(&path))? => {}
            Ok(_) => return differ(format!("{} differs", name.display())),
            Err(_) => return differ(format!("firn has not written {}", name.display())),
        }
    }
    match ours.iter().find(|name| !theirs.contains(name)) {
        Some(name) => differ(format!("only firn has written {}", name.display())),
        None => Ok(()),
    }
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(
            f,
            "{} programs compared: {} gave values, {} failed as tryEval catches it, {} as it does not",
            self.compared, self.values, self.caught, self.uncaught
        )?;
        if self.unanswered > 0 {
            writeln!(f, "{} without an answer of Nix", self.unanswered)?;
        }
        for (reason, count) in &self.explained {
            writeln!(f, "{count} as versions of Nix differ: {reason}")?;
        }
        writeln!(f, "{} differences", self.differences.len())
    }
}

impl fmt::Display for Difference {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "--- program {}, {:?}\n{}", self.number, self.mode, self.program.trim_end())?;
        let short = |text: &str| match text.char_indices().nth(MOST_SHOWN) {
            Some((end, _)) => format!("{} …", &text[..end]),
            None => text.to_owned(),
        };
        for (name, outcome) in [("firn", &self.firn), ("nix", &self.nix)] {
            for line in outcome.log.iter().take(MOST_LOGGED) {
                writeln!(f, "{name}: {}", short(line))?;
            }
            match &outcome.end {
                End::Value(value) => writeln!(f, "{name}: {}", short(value.trim_end()))?,
                other => writeln!(f, "{name}: {other:?}")?,
            }
        }
        Ok(())
    }
}
