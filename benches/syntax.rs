//! How fast text becomes tokens, a record, a program, and a lossless tree; the tree of rnix for comparison.
//!
//! `cargo bench --bench syntax`. The texts are those of the corpus, or of the files in the directories that the variable
//! `FIRN_SOURCES` names, with colons between them. They are in memory before the clock starts, and every iteration reads
//! all of them on one thread, one after the other, each result being dropped before the next text.

use std::path::{Path, PathBuf};
use std::sync::{Arc, LazyLock};

use divan::counter::BytesCount;
use divan::{Bencher, black_box};
use firn::Evaluator;
use firn::syntax::{self, Features};

/// What the command has. All parsers here use it, that of rnix, too.
#[global_allocator]
static ALLOCATOR: firn::Allocator = firn::Allocator::new();

fn main() {
    eprintln!("{} texts, {} bytes", TEXTS.len(), TEXTS.iter().map(|text| text.bytes.len()).sum::<usize>());
    divan::main();
}

const FEATURES: Features = Features { pipe_operators: true };

struct Text {
    directory: PathBuf,
    bytes: Arc<[u8]>,
    /// The text as the body of a function, whose evaluation lowers it and runs nothing of it.
    as_body: Vec<u8>,
    characters: String,
}

/// The texts that the evaluator accepts, so that all benchmarks read the same.
static TEXTS: LazyLock<Vec<Text>> = LazyLock::new(|| {
    let corpus = concat!(env!("CARGO_MANIFEST_DIR"), "/corpus");
    let roots = std::env::var("FIRN_SOURCES").unwrap_or_else(|_| corpus.to_owned());
    let mut files = Vec::new();
    for root in roots.split(':') {
        add_files(Path::new(root), &mut files);
    }
    files.sort();
    let mut firn = evaluator();
    files.iter().filter_map(|file| read(file)).filter(|text| lower(&mut firn, text)).collect()
});

fn add_files(directory: &Path, files: &mut Vec<PathBuf>) {
    for entry in std::fs::read_dir(directory).expect("the directory of the sources can be read") {
        let entry = entry.expect("the directory of the sources can be read");
        let path = entry.path();
        let kind = entry.file_type().expect("a file has a type");
        let is_source = path.extension().is_some_and(|extension| extension == "nix" || extension == "cfg");
        if kind.is_dir() {
            add_files(&path, files);
        } else if kind.is_file() && is_source {
            files.push(path);
        }
    }
}

/// A text that all parsers take: rnix reads nothing but UTF-8.
fn read(file: &Path) -> Option<Text> {
    let bytes = std::fs::read(file).expect("a source can be read");
    let characters = String::from_utf8(bytes).ok()?;
    let bytes: Arc<[u8]> = characters.as_bytes().into();
    if !syntax::parse(bytes.clone(), FEATURES).errors().is_empty() {
        return None;
    }
    let as_body = [b"_: ", characters.as_bytes()].concat();
    let directory = file.parent().unwrap_or(Path::new("/")).to_owned();
    Some(Text { directory, bytes, as_body, characters })
}

fn evaluator() -> Evaluator {
    Evaluator::builder().feature("pipe-operators").build()
}

fn lower(firn: &mut Evaluator, text: &Text) -> bool {
    firn.eval_text(text.as_body.as_slice(), &text.directory).is_ok()
}

/// Reads all texts in each iteration.
fn bench(bencher: Bencher<'_, '_>, mut read: impl FnMut(&Text)) {
    let bytes: usize = TEXTS.iter().map(|text| text.bytes.len()).sum();
    bencher.counter(BytesCount::new(bytes)).bench_local(|| TEXTS.iter().for_each(|text| read(black_box(text))));
}

#[divan::bench]
fn a_tokens(bencher: Bencher<'_, '_>) {
    bench(bencher, |text| drop(black_box(syntax::tokens(&text.bytes))));
}

#[divan::bench]
fn b_record(bencher: Bencher<'_, '_>) {
    bench(bencher, |text| drop(black_box(syntax::parse(text.bytes.clone(), FEATURES))));
}

/// What loading a file does, from its bytes to a program. The evaluator keeps all of them.
#[divan::bench]
fn c_program(bencher: Bencher<'_, '_>) {
    let bytes: usize = TEXTS.iter().map(|text| text.bytes.len()).sum();
    bencher.counter(BytesCount::new(bytes)).with_inputs(evaluator).bench_local_refs(|firn| {
        for text in TEXTS.iter() {
            black_box(lower(firn, black_box(text)));
        }
    });
}

#[divan::bench]
fn d_tree(bencher: Bencher<'_, '_>) {
    bench(bencher, |text| drop(black_box(syntax::parse(text.bytes.clone(), FEATURES).syntax())));
}

#[divan::bench]
fn e_tree_of_rnix(bencher: Bencher<'_, '_>) {
    bench(bencher, |text| drop(black_box(rnix::Root::parse(&text.characters))));
}
