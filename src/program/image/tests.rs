//! Images of all programs of the corpus, and of what is not there.

use std::path::PathBuf;

use super::{GlobalNames, NameIndices, Reading, Writing, read, write};
use crate::corpus::programs_in;
use crate::diagnostics::{Pos, SourceMap, SourceName};
use crate::heap::{Heap, Symbol, Value};
use crate::program::{Expr, Globals, Lints, Lowered, Lowering, RootScope, SymbolTable, lower};
use crate::syntax::{Features, Parse, parse};

/// What stands for an evaluator here: names and globals, but no builtins that run.
struct Names<'h> {
    heap: &'h Heap,
    symbols: SymbolTable<'h>,
    globals: Globals<'h>,
}

const TEXT_BASE: u32 = 1000;

impl<'h> Names<'h> {
    /// `known` are the names that are known before those of the text.
    fn new(heap: &'h Heap, known: &[&[u8]]) -> Self {
        let mut symbols = SymbolTable::new(heap);
        known.iter().for_each(|name| {
            symbols.intern(name);
        });
        let mut globals = Globals::default();
        let values = [
            (&b"true"[..], Value::bool(true)),
            (b"false", Value::bool(false)),
            (b"null", Value::null()),
            (b"builtins", Value::float(heap, 1.0)),
            (b"map", Value::float(heap, 2.0)),
            (b"import", Value::float(heap, 3.0)),
            (b"throw", Value::float(heap, 4.0)),
            (b"__sub", Value::float(heap, 5.0)),
            (b"__lessThan", Value::float(heap, 6.0)),
            (b"__mul", Value::float(heap, 7.0)),
            (b"__div", Value::float(heap, 8.0)),
            (b"__findFile", Value::float(heap, 9.0)),
            (b"__nixPath", Value::float(heap, 10.0)),
            (b"toString", Value::float(heap, 11.0)),
            (b"derivation", Value::float(heap, 12.0)),
            (b"abort", Value::float(heap, 13.0)),
            (b"removeAttrs", Value::float(heap, 14.0)),
            (b"isNull", Value::float(heap, 15.0)),
            (b"baseNameOf", Value::float(heap, 16.0)),
        ];
        for (name, value) in values {
            globals.values.insert(symbols.intern(name), value);
        }
        Names { heap, symbols, globals }
    }

    fn lower(&mut self, parse: &Parse) -> Option<Lowered<'h>> {
        if !parse.errors().is_empty() {
            return None;
        }
        let lowering = Lowering {
            heap: self.heap,
            symbols: &mut self.symbols,
            globals: &self.globals,
            root: &RootScope::default(),
            base_dir: b"/harbour",
            home: Some(b"/home"),
            base: Pos::from_raw(TEXT_BASE),
            location: &|_| Some((b"/harbour/a".to_vec(), 1, 1)),
            lints: Lints::default(),
            warnings: &mut Vec::new(),
        };
        lower(lowering, parse).ok()
    }

    fn write(&self, program: &Expr<'h>, names: &[Symbol]) -> Option<Vec<u8>> {
        let globals = &GlobalNames::new(&self.globals);
        let indices = &mut NameIndices::default();
        write(program, Writing { names, symbols: &self.symbols, globals, indices, base: Pos::from_raw(TEXT_BASE) })
    }

    fn read(&mut self, image: &[u8], parse: &Parse) -> Option<&'h Expr<'h>> {
        let reading = Reading {
            heap: self.heap,
            symbols: &mut self.symbols,
            globals: &self.globals,
            base: Pos::from_raw(TEXT_BASE),
            length: parse.source().len() as u32,
            at_once: true,
        };
        read(self.heap.store_slice(image), reading)
    }

    /// The symbols of names.
    fn intern(&mut self, names: &[&[u8]]) -> Vec<Symbol> {
        names.iter().map(|name| self.symbols.intern(name)).collect()
    }
}

fn corpus() -> impl Iterator<Item = (PathBuf, Parse)> {
    let paths = programs_in("corpus");
    assert!(paths.len() > 1000);
    paths.into_iter().map(|path| {
        let text = std::fs::read(&path).expect("the corpus can be read");
        let parse = parse(text, Features { pipe_operators: true });
        (path, parse)
    })
}

/// The image that is written of what was read from an image is the same; also where all names have another order when
/// it is read.
#[test]
fn images_of_programs_that_were_read_are_the_same() {
    let mut written = 0;
    for (path, parse) in corpus() {
        let heap = Heap::new(usize::MAX);
        let mut first = Names::new(&heap, &[]);
        let Some(Lowered { program, names, .. }) = first.lower(&parse) else { continue };
        let Some(image) = first.write(program, &names) else { continue };

        let texts: Vec<&[u8]> = names.iter().map(|&name| first.symbols.bytes(name)).collect();
        let reversed: Vec<&[u8]> = texts.iter().rev().copied().collect();
        let mut second = Names::new(&heap, &reversed);
        let program = second.read(&image, &parse).unwrap_or_else(|| panic!("{}", path.display()));
        let names = second.intern(&texts);
        let reordered = second.write(program, &names).expect("what was read can be written");

        let mut third = Names::new(&heap, &[]);
        let program = third.read(&reordered, &parse).unwrap_or_else(|| panic!("{}", path.display()));
        let names = third.intern(&texts);
        let again = third.write(program, &names).expect("what was read can be written");
        assert!(image == again, "{}", path.display());
        written += 1;
    }
    assert!(written > 900, "{written}");
}

/// Whatever the bytes are, reading ends, and gives a program that refers to nothing outside of itself, or nothing.
#[test]
fn damaged_images_give_programs_or_nothing() {
    let mut random = fastrand::Rng::with_seed(7);
    let (mut programs, mut nothing) = (0, 0);
    for (_, parse) in corpus().step_by(5) {
        let heap = Heap::new(usize::MAX);
        let mut names = Names::new(&heap, &[]);
        let Some(lowered) = names.lower(&parse) else { continue };
        let Some(image) = names.write(lowered.program, &lowered.names) else { continue };
        for _ in 0..50 {
            let mut damaged = image.clone();
            for _ in 0..random.usize(1..4) {
                let at = random.usize(..damaged.len());
                match random.u8(..4) {
                    0 => damaged[at] = random.u8(..),
                    1 => damaged[at] ^= 1 << random.u8(..8),
                    2 => damaged.truncate(at + 1),
                    _ => drop(damaged.remove(at)),
                }
                if damaged.is_empty() {
                    break;
                }
            }
            match names.read(&damaged, &parse) {
                // It is whole: it can be written.
                Some(program) => {
                    assert!(names.write(program, &[]).is_some());
                    programs += 1;
                }
                None => nothing += 1,
            }
        }
    }
    assert!(programs > 100 && nothing > 100, "{programs} {nothing}");
}

#[test]
fn the_place_of_a_text_is_in_no_image() {
    let heap = Heap::new(usize::MAX);
    let mut names = Names::new(&heap, &[]);
    let parse = parse(&b"[ __curPos ]"[..], Features::default());
    let lowered = names.lower(&parse).expect("it is a program");
    assert!(names.write(lowered.program, &lowered.names).is_none());
}

#[test]
fn reading_what_is_nested_deeply_takes_no_stack() {
    let heap = Heap::new(usize::MAX);
    let mut names = Names::new(&heap, &[]);
    let text = format!("{}1{}", "[(x: ".repeat(20_000), ")]".repeat(20_000));
    let parse = parse(text.as_bytes(), Features::default());
    let lowered = names.lower(&parse).expect("it is a program");
    let image = names.write(lowered.program, &lowered.names).expect("it can be written");
    assert!(names.read(&image, &parse).is_some());
}

#[test]
fn variables_that_are_far_or_many_are_read_again() {
    const MANY: usize = (1 << 16) + 2;
    let bindings: String = (0..MANY).map(|number| format!("v{number} = {number};")).collect();
    for text in [
        format!("first: {}first", "x: let y = x; in ".repeat(300)),
        format!("let {bindings} in v7 + v{}", MANY - 1),
        format!("let {bindings} in let a = v{}; in a", MANY - 1),
        format!("rec {{ {bindings} a = v{}; }}", MANY - 1),
    ] {
        let heap = Heap::new(usize::MAX);
        let mut names = Names::new(&heap, &[]);
        let parse = parse(text.as_bytes(), Features::default());
        let lowered = names.lower(&parse).expect("it is a program");
        let image = names.write(lowered.program, &lowered.names).expect("it can be written");
        let program = names.read(&image, &parse).expect("it can be read");
        assert!(names.write(program, &lowered.names) == Some(image));
    }
}

/// Positions of the sources that a program is shown with do not matter to its image.
#[test]
fn an_image_is_for_any_place_in_the_space_of_positions() {
    let sources = SourceMap::new();
    let text = &b"{ a, b ? a.c }: a // b"[..];
    sources.add(SourceName::String, text).expect("small");
    let file = sources.add(SourceName::String, text).expect("small");
    let heap = Heap::new(usize::MAX);
    let mut names = Names::new(&heap, &[]);
    let parse = parse(text, Features::default());
    let lowered = names.lower(&parse).expect("it is a program");
    let image = names.write(lowered.program, &lowered.names).expect("it can be written");
    let reading = Reading {
        heap: &heap,
        symbols: &mut names.symbols,
        globals: &names.globals,
        base: file.pos(0),
        length: text.len() as u32,
        at_once: false,
    };
    let Some(Expr::Lambda(lambda)) = read(heap.store_slice(&image), reading) else { panic!("it is a function") };
    let b = &lambda.formals.expect("it has formals").formals[1];
    assert_eq!(file.offset(b.pos), Some(5));
    assert_eq!(sources.file_at(b.pos).map(|found| found.id()), Some(file.id()));
}
