//! Nonsense: whatever the input is, firn ends soon, with a value or an error, and within bounds of memory.

use std::fs::{self, File};
use std::io::{self, Read};
use std::ops::Range;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::Mutex;
use std::sync::atomic::{AtomicU64, Ordering};
use std::thread;
use std::time::Duration;

use wait_timeout::ChildExt;

use crate::mutate::Corpus;
use crate::source::{self, Source};

const TIME_LIMIT: Duration = Duration::from_secs(10);
/// Of address space, so that it is more than what is used.
const MEMORY_LIMIT_KIB: u64 = 2 << 20;

/// What tokens are made of, from all corners of the language.
const TOKENS: &[&str] = &[
    "a",
    "b",
    "x",
    "or",
    "if",
    "then",
    "else",
    "let",
    "in",
    "rec",
    "with",
    "assert",
    "inherit",
    "builtins",
    "true",
    "null",
    "map",
    "import",
    "derivation",
    "__functor",
    "__toString",
    "__curPos",
    "1",
    "-1",
    "0.5",
    "1e999",
    "9223372036854775807",
    "99999999999999999999",
    "\"",
    "''",
    "${",
    "}",
    "{",
    "[",
    "]",
    "(",
    ")",
    ";",
    ":",
    ",",
    "@",
    "...",
    "=",
    "==",
    "!=",
    "<",
    ">",
    "<=",
    ">=",
    "<nixpkgs>",
    "!",
    "?",
    "+",
    "++",
    "-",
    "*",
    "/",
    "//",
    "->",
    "&&",
    "||",
    "|>",
    "<|",
    ".",
    "./a",
    "../b",
    "~/c",
    "/",
    "/nix/store",
    "http://x",
    "a.b",
    "\"s\"",
    "''\n  t\n''",
    "#c\n",
    "/*",
    "*/",
    "\\",
    "$",
    "'",
    "\0",
    "\u{ff}",
    "é",
    "\t",
    "\r\n",
    "builtins.toString",
    "builtins.genericClosure",
    "builtins.foldl'",
    "builtins.fromJSON",
    "builtins.match",
    "builtins.replaceStrings",
    "builtins.substring",
    "x: x x",
    "{ a ? b, ... }:",
    "args@",
    "rec { a = b; b = a; }",
];

/// What is put into itself, again and again.
const NESTED: &[(&str, &str)] = &[
    ("(", ")"),
    ("[", "]"),
    ("{a=", ";}"),
    ("rec{a=", ";}"),
    ("x:", ""),
    ("{a?", "}:a"),
    ("let a=", ";in a"),
    ("with ", ";a"),
    ("assert ", ";a"),
    ("if ", " then a else b"),
    ("if a then b else ", ""),
    ("!", ""),
    ("- ", ""),
    ("\"${", "}\""),
    ("''${", "}''"),
    ("a.${", "}"),
    ("{${", "}=1;}"),
    ("a ? ${", "}"),
    ("1+", ""),
    ("a->", ""),
    ("a++", ""),
    ("a//", ""),
    ("", " a"),
    ("", ".a"),
    ("a.b or ", ""),
    ("{inherit(", ")a;}"),
    ("./${", "}"),
    ("(x: x x) (", ")"),
    ("builtins.deepSeq (", ") 1"),
    ("builtins.toJSON [", "]"),
    ("let f = x: f [ (", ") ]; in f 1"),
];

/// Runs firn on nonsense. Gives what went wrong.
pub(crate) fn run(
    firn: &Path,
    corpus: &Path,
    seed: u64,
    numbers: Range<u64>,
    threads: usize,
) -> io::Result<Vec<String>> {
    let scratch = tempfile::tempdir()?;
    let next = AtomicU64::new(numbers.start);
    let problems = Mutex::new(Vec::new());
    let results: Vec<io::Result<()>> = thread::scope(|scope| {
        let workers: Vec<_> = (0..threads)
            .map(|thread| {
                let (next, problems) = (&next, &problems);
                let folder = scratch.path().join(thread.to_string());
                let end = numbers.end;
                scope.spawn(move || {
                    let corpus = Corpus::copy(corpus, &folder)?;
                    let nonsense = Nonsense { firn, path: folder.join("nonsense.nix"), output: folder.join("output") };
                    loop {
                        let number = next.fetch_add(1, Ordering::Relaxed);
                        if number >= end {
                            return Ok(());
                        }
                        let text = text(&source::bytes(seed, number), number, &corpus);
                        if let Some(problem) = nonsense.problem(&text)? {
                            let shown = String::from_utf8_lossy(&text[..text.len().min(600)]).into_owned();
                            let mut problems = problems.lock().expect("no thread panics");
                            problems.push(format!("--- nonsense {number}: {problem}\n{shown}"));
                        }
                    }
                })
            })
            .collect();
        workers.into_iter().map(|worker| worker.join().expect("no thread panics")).collect()
    });
    results.into_iter().collect::<io::Result<()>>()?;
    Ok(problems.into_inner().expect("no thread panics"))
}

/// A text by the decisions in `bytes`: bytes, tokens, trees, truncated programs and deep nests by turns.
fn text(bytes: &[u8], number: u64, corpus: &Corpus) -> Vec<u8> {
    let mut source = Source::new(bytes);
    match number % 8 {
        0 => bytes[..source.below(bytes.len())].to_vec(),
        1..=3 => {
            let separators = ["", " ", "\n"];
            let separator = source.pick(&separators);
            let mut text = String::new();
            while !source.is_empty() {
                text += source.pick(TOKENS);
                text += separator;
            }
            text.into_bytes()
        }
        4 | 5 => {
            let (mut text, rounds) = (corpus.mutant(bytes).1, source.below(12));
            for round in 0..rounds {
                text = corpus.changed_text(&bytes[round * bytes.len() / 12..], &text);
            }
            text.into_bytes()
        }
        6 => {
            let text = corpus.mutant(bytes).1.into_bytes();
            let (from, to) = (source.below(4).saturating_sub(2), source.below(text.len() + 1));
            text[(from * to / 4)..to].to_vec()
        }
        _ => {
            let depth = 10_usize.pow(1 + source.below(5) as u32);
            let (mut before, mut after) = (String::new(), Vec::new());
            let pattern: Vec<_> = (0..=source.below(3)).map(|_| NESTED[source.below(NESTED.len())]).collect();
            for index in 0..depth {
                let (open, close) = pattern[index % pattern.len()];
                before += open;
                after.push(close);
            }
            before += source.pick(TOKENS);
            for close in after.iter().rev().take(if source.chance(1, 4) { depth / 2 } else { depth }) {
                before += close;
            }
            before.into_bytes()
        }
    }
}

struct Nonsense<'a> {
    firn: &'a Path,
    path: PathBuf,
    output: PathBuf,
}

impl Nonsense<'_> {
    fn problem(&self, text: &[u8]) -> io::Result<Option<String>> {
        fs::write(&self.path, text)?;
        // The shell's limit holds for what takes its place.
        let mut child = Command::new("sh")
            .args(["-c", &format!("ulimit -v {MEMORY_LIMIT_KIB}; exec \"$0\" eval --strict \"$1\"")])
            .args([self.firn, &self.path])
            .env("RUST_BACKTRACE", "0")
            .env("NIX_PATH", "")
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(File::create(&self.output)?)
            .spawn()?;
        let Some(status) = child.wait_timeout(TIME_LIMIT)? else {
            child.kill()?;
            child.wait()?;
            return Ok(Some("no end within 10 s".to_owned()));
        };
        let mut said = Vec::new();
        File::open(&self.output)?.take(1 << 20).read_to_end(&mut said)?;
        let said = String::from_utf8_lossy(&said);
        let is_fine = matches!(status.code(), Some(0 | 1)) && !said.contains("panicked at");
        Ok((!is_fine).then(|| format!("{status}\n{}", said.chars().take(400).collect::<String>())))
    }
}
