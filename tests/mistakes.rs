//! The mistakes of `corpus/mistakes`: firn answers each as the file beside it says, and `docs/errors.md` shows the
//! programs with these answers and those of Nix.
//!
//!     UPDATE_MISTAKES=1 cargo test --test mistakes    writes firn's answers and the page anew
//!     corpus/mistakes/ask-nix                         writes the answers of Nix anew

use std::collections::BTreeSet;
use std::ffi::OsStr;
use std::path::{Path, PathBuf};

use firn::Evaluator;
use firn::diagnostics::RenderOptions;

mod placed_files;
use placed_files::PlacedFiles;

/// Where the programs are for themselves, so that answers do not depend on where the checkout lies.
const FOLDER: &str = "/mistakes";
/// A program on the page stands between a line with this before and the name after it, and [`END`].
const BEGIN: &str = "<!-- program ";
const END: &str = "<!-- end -->";
/// There are more; fewer means that they were not found.
const FEWEST: usize = 60;
/// The page shows so many lines of an answer.
const MOST_LINES: usize = 60;

/// How many calls fit onto the stack depends on the compiler; these always do.
const MAX_CALL_DEPTH: u64 = 100_000;

#[test]
fn every_mistake_is_answered_as_before() {
    let mut differences = Vec::new();
    for name in programs() {
        let answer = answer_of_firn(&name);
        assert!(answer.starts_with("error[E"), "{name} has no error code:\n{answer}");
        assert!(!answer.starts_with("error[E0999]"), "{name} is a defect of firn:\n{answer}");
        assert!(answer.contains("┌─ "), "{name} is answered without a place:\n{answer}");
        let file = corpus().join(format!("{name}.firn.txt"));
        if is_updating() {
            std::fs::write(&file, &answer).unwrap_or_else(|error| panic!("{}: {error}", file.display()));
        } else if std::fs::read_to_string(&file).unwrap_or_default() != answer {
            differences.push(format!("{name}:\n{answer}"));
        }
    }
    assert!(
        differences.is_empty(),
        "{} programs are answered in another way; if it is a better one, run\n\
         UPDATE_MISTAKES=1 cargo test --test mistakes\n\n{}",
        differences.len(),
        differences.join("\n")
    );
}

#[test]
fn the_page_shows_all_programs_with_their_answers() {
    let programs = programs();
    assert!(programs.len() >= FEWEST, "only {} programs were found", programs.len());
    let page = read(&page_file());
    let written = page_from(&page);
    if is_updating() {
        std::fs::write(page_file(), &written).expect("the page can be written");
    } else {
        assert!(page == written, "docs/errors.md is not up to date: run UPDATE_MISTAKES=1 cargo test --test mistakes");
    }
    let shown: Vec<&str> = page.lines().filter_map(program_of_line).collect();
    let distinct: BTreeSet<&str> = shown.iter().copied().collect();
    assert_eq!(shown.len(), distinct.len(), "the page shows a program twice");
    let all: BTreeSet<&str> = programs.iter().map(String::as_str).collect();
    assert_eq!(distinct, all, "the page (left) does not show just the programs that there are (right)");
}

/// What is looked for around an error may be deep, long, or defined by itself.
#[test]
fn odd_programs_are_explained_too() {
    let deep = |inner: &str| format!("{}{inner}{}", "(".repeat(100_000), ")".repeat(100_000));
    let many = "f 1 ".repeat(50_000);
    let names: String = (0..50_000).map(|n| format!("a{n} = {n}; ")).collect();
    for (program, words) in [
        (format!("{}.x", deep("null")), "cannot select 'x' from null"),
        (format!("1 + {}", deep("(n: n)")), "cannot add a function"),
        (format!("let f = n: n; in builtins.concatStringsSep \"\" [ {many} ]"), "cannot coerce the function 'f'"),
        (format!("let {names} in map a49999 [ 1 ]"), "expected a function"),
        (format!("rec {{ {names} b = a49999.x; }}.b"), "cannot select 'x'"),
        ("let inherit (a) a; in n + 1".to_owned(), "undefined variable 'n'"),
        ("let a = b; b = a; f = { x }: x; in f { x = a; } + f [ ]".to_owned(), "infinite recursion"),
        ("let s = { inherit (s) x; y = null; }; in s.y.x".to_owned(), "cannot select 'x' from null"),
        ("let s = s // { y = 1; }; in with { }; zz".to_owned(), "undefined variable 'zz'"),
    ] {
        let mut firn = Evaluator::new();
        let value = firn.eval_text(program.as_str(), "/");
        let error = value.and_then(|value| firn.force_deep(&value)).expect_err("the program has a mistake");
        let text = firn.render(&error, &RenderOptions::default());
        assert!(text.contains(words), "{words}:\n{text}");
    }
}

/// The page with what is between the marks made anew.
fn page_from(page: &str) -> String {
    let mut written = String::new();
    let mut lines = page.lines();
    while let Some(line) = lines.next() {
        written.push_str(line);
        written.push('\n');
        if let Some(name) = program_of_line(line) {
            let is_closed = lines.by_ref().any(|line| line == END);
            assert!(is_closed, "the part of {name} is not closed by {END}");
            written.push_str(&part_of(name));
            written.push_str(END);
            written.push('\n');
        }
    }
    written
}

fn program_of_line(line: &str) -> Option<&str> {
    line.strip_prefix(BEGIN)?.strip_suffix(" -->")
}

/// A program, firn's answer, and that of Nix, as Markdown.
fn part_of(name: &str) -> String {
    let program = read(&corpus().join(format!("{name}.cfg")));
    let firn = match is_updating() {
        true => answer_of_firn(name),
        false => read(&corpus().join(format!("{name}.firn.txt"))),
    };
    let nix = read(&corpus().join(format!("{name}.nix.txt")));
    format!(
        "```nix\n{}\n```\n\n```text\n{}\n```\n\n<details><summary>Nix 2.34.8</summary>\n\n```text\n{}\n```\n\n</details>\n",
        program.trim_end(),
        shortened(&firn),
        shortened(&nix)
    )
}

fn shortened(answer: &str) -> String {
    let lines: Vec<&str> = answer.trim_end().lines().map(str::trim_end).collect();
    match lines.get(..MOST_LINES) {
        Some(first) if lines.len() > MOST_LINES => format!("{}\n…", first.join("\n")),
        _ => lines.join("\n"),
    }
}

/// What firn says of a program that is evaluated with all that is in its value.
fn answer_of_firn(name: &str) -> String {
    let host = PlacedFiles { files: corpus(), folder: FOLDER, ..PlacedFiles::default() };
    let firn = Evaluator::builder().host(host).system("x86_64-linux").max_call_depth(MAX_CALL_DEPTH);
    let mut firn = firn.build();
    let value = firn.eval_file(format!("{FOLDER}/{name}.cfg"));
    match value.and_then(|value| firn.force_deep(&value)) {
        Ok(()) => panic!("{name} is no mistake: it has a value"),
        Err(error) => firn.render(&error, &RenderOptions::default()),
    }
}

/// The names of all programs: the folder, `/`, the file without its ending. What lies in a folder called `data` belongs
/// to a program, and `lib` is for all.
fn programs() -> Vec<String> {
    let mut names = Vec::new();
    for folder in
        entries(&corpus()).into_iter().filter(|path| path.is_dir() && path.file_name() != Some("lib".as_ref()))
    {
        for file in entries(&folder).into_iter().filter(|path| path.extension() == Some(OsStr::new("cfg"))) {
            let name = file.strip_prefix(corpus()).expect("the folder is below the corpus").with_extension("");
            names.push(name.to_str().expect("names are ASCII").to_owned());
        }
    }
    names.sort();
    names
}

fn entries(folder: &Path) -> Vec<PathBuf> {
    let entries = std::fs::read_dir(folder).unwrap_or_else(|error| panic!("{}: {error}", folder.display()));
    entries.map(|entry| entry.expect("the folder can be read").path()).collect()
}

fn is_updating() -> bool {
    std::env::var_os("UPDATE_MISTAKES").is_some()
}

fn corpus() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("corpus/mistakes")
}

fn page_file() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/errors.md")
}

fn read(path: &Path) -> String {
    std::fs::read_to_string(path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}
