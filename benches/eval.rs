//! How fast programs of the language run: each benchmark leans on one part of the evaluator.
//!
//! `cargo bench --bench eval`, or `cargo bench --bench eval -- fold` for some.
//!
//! Every iteration has an evaluator of its own, since an evaluator remembers what it has evaluated. Making it is not
//! timed, parsing the program is. Numbers stand for themselves; to compare with Nix see `benches/compare`.

use std::fmt::Write;
use std::path::Path;

use divan::{Bencher, black_box};
use firn::Evaluator;

fn main() {
    divan::main();
}

/// Runs a program whose value is an integer, and checks it.
fn run(bencher: Bencher<'_, '_>, program: &str, expected: i64) {
    bencher.with_inputs(Evaluator::new).bench_local_refs(|firn| {
        let value = firn.eval_text(black_box(program), "/").expect("the program has a value");
        assert_eq!(firn.kind(&value).expect("the value is an integer"), firn::Kind::Int(expected));
    });
}

#[divan::bench]
fn recursion(bencher: Bencher<'_, '_>) {
    run(bencher, "let fib = n: if n < 2 then n else fib (n - 1) + fib (n - 2); in fib 23", 28_657);
}

#[divan::bench]
fn deep_recursion(bencher: Bencher<'_, '_>) {
    run(bencher, "let count = n: if n == 0 then 0 else 1 + count (n - 1); in count 100000", 100_000);
}

#[divan::bench]
fn fold(bencher: Bencher<'_, '_>) {
    let program = "builtins.foldl' (sum: n: sum + n) 0 (builtins.genList (n: n * 2) 100000)";
    run(bencher, program, 9_999_900_000);
}

#[divan::bench]
fn map_and_filter(bencher: Bencher<'_, '_>) {
    let program = "
        let
          numbers = builtins.genList (n: n) 50000;
          odd = builtins.filter (n: builtins.bitAnd n 1 == 1) (map (n: n + 1) numbers);
        in builtins.length odd";
    run(bencher, program, 25_000);
}

/// Sets that grow by an attribute, the way that overlays and `listToAttrs` by hand do.
#[divan::bench(args = [100, 1_000, 5_000])]
fn update_in_a_fold(bencher: Bencher<'_, '_>, size: i64) {
    let program = format!(
        "builtins.length (builtins.attrNames (
           builtins.foldl' (set: n: set // {{ \"name${{toString n}}\" = n; }}) {{ }} (builtins.genList (n: n) {size})))"
    );
    run(bencher, &program, size);
}

/// Small sets of the same names merged again and again, the way that options with defaults are.
#[divan::bench]
fn update_of_small_sets(bencher: Bencher<'_, '_>) {
    let program = "
        let
          defaults = { enable = false; port = 80; host = null; level = 3; };
          merged = n: defaults // { port = n; } // { enable = true; };
        in builtins.foldl' (sum: n: sum + (merged n).port) 0 (builtins.genList (n: n) 30000)";
    run(bencher, program, 449_985_000);
}

#[divan::bench]
fn selection(bencher: Bencher<'_, '_>) {
    let program = "
        let
          config = { services.web.limits = { connections = 2; }; };
          read = n: config.services.web.limits.connections + (config.services.mail.limits or { a = n; }).a;
        in builtins.foldl' (sum: n: sum + read n) 0 (builtins.genList (n: n) 30000)";
    run(bencher, program, 450_045_000);
}

#[divan::bench]
fn arguments_by_name(bencher: Bencher<'_, '_>) {
    let program = "
        let make = { name, version ? 1, size ? version * 2, ... }@all: size + name + builtins.length (builtins.attrNames all);
        in builtins.foldl' (sum: n: sum + make { name = n; extra = null; }) 0 (builtins.genList (n: n) 30000)";
    run(bencher, program, 450_105_000);
}

/// Names that are found only while running, through twenty enclosing sets.
#[divan::bench]
fn deep_with(bencher: Bencher<'_, '_>) {
    let mut program = String::from("with { outermost = 1; }; ");
    for level in 0..20 {
        let _ = write!(program, "with {{ name{level} = {level}; }}; ");
    }
    program.push_str("builtins.foldl' (sum: n: sum + outermost + name10) 0 (builtins.genList (n: n) 30000)");
    run(bencher, &program, 330_000);
}

#[divan::bench]
fn strings(bencher: Bencher<'_, '_>) {
    let program = r#"
        let
          line = n: "option.${toString n} = \"${builtins.substring 0 3 "value${toString n}"}\"\n";
          text = builtins.concatStringsSep "" (builtins.genList line 10000);
          upper = builtins.replaceStrings [ "option" "\n" ] [ "OPTION" ";" ] text;
        in builtins.stringLength upper"#;
    run(bencher, program, 198_890);
}

#[divan::bench]
fn regular_expressions(bencher: Bencher<'_, '_>) {
    let program = r#"
        let
          names = builtins.genList (n: "package-${toString n}.${toString (n + 1)}") 3000;
          version = name: builtins.head (builtins.match "package-([0-9]+)[.].*" name);
        in builtins.foldl' (sum: name: sum + builtins.stringLength (version name)) 0 names"#;
    run(bencher, program, 10_890);
}

#[divan::bench]
fn sort(bencher: Bencher<'_, '_>) {
    let program = "
        let
          next = n: builtins.bitAnd (n * 1103515245 + 12345) 2147483647;
          numbers = builtins.genList (n: next (next n)) 20000;
          sorted = builtins.sort (a: b: a < b) numbers;
        in if builtins.head sorted <= builtins.elemAt sorted 19999 then builtins.length sorted else 0";
    run(bencher, program, 20_000);
}

#[divan::bench]
fn generic_closure(bencher: Bencher<'_, '_>) {
    let program = "
        builtins.length (builtins.genericClosure {
          startSet = [ { key = 0; } ];
          operator = { key }: builtins.filter (item: item.key < 20000) [ { key = key * 2 + 1; } { key = key * 2 + 2; } ];
        })";
    run(bencher, program, 20_000);
}

/// A chain of derivations, each with the one before as an input.
#[divan::bench]
fn derivations(bencher: Bencher<'_, '_>) {
    let program = r#"
        let
          make = n: derivation {
            name = "step-${toString n}";
            system = "x86_64-linux";
            builder = "/bin/sh";
            args = [ "-c" "echo step > $out" ];
            previous = if n == 0 then null else make (n - 1);
            description = "one of many";
          };
        in builtins.stringLength (make 500).drvPath"#;
    run(bencher, program, 56);
}

/// A program of a kind that people write: module system, package set, one derivation.
#[divan::bench]
fn machine(bencher: Bencher<'_, '_>) {
    let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("corpus/machine/configuration.cfg");
    bencher.with_inputs(Evaluator::new).bench_local_refs(|firn| {
        let system = firn.eval_file(black_box(&file)).expect("the machine has a value");
        let (path, _) = firn.derivation(&system).expect("it evaluates").expect("the machine is a derivation");
        assert_eq!(path.name(), "system-moraine-1.0.drv");
    });
}
