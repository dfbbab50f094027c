//! What is said about broken programs, and that one mistake is one error.

use std::path::PathBuf;
use std::time::{Duration, Instant};

use super::super::{self as syntax, lexer::lex};
use super::*;
use crate::corpus::programs_in;

const FEATURES: Features = Features { pipe_operators: true };

/// The programs of the corpus, as far as they have no errors.
fn programs() -> Vec<(PathBuf, Vec<u8>)> {
    let read = |path: PathBuf| {
        let text = std::fs::read(&path).expect("a program can be read");
        (path, text)
    };
    let is_whole = |(_, text): &(PathBuf, Vec<u8>)| syntax::parse(text.clone(), FEATURES).errors().is_empty();
    let programs: Vec<_> = programs_in("corpus").into_iter().map(read).filter(is_whole).collect();
    assert!(programs.len() > 900, "the corpus is there");
    programs
}

/// The nodes below a node with their places, in the order of the text.
fn shape(nodes: &[Node], root: NodeId) -> Vec<(K, u32, u32)> {
    let mut shape = Vec::new();
    let mut pending = vec![root];
    while let Some(id) = pending.pop() {
        let node = &nodes[id.0 as usize];
        shape.push((node.kind, node.first_token, node.end_token));
        let first = node.first_child.get();
        let children = std::iter::successors(first, |child| nodes[child.0 as usize].next_sibling.get());
        let children: Vec<_> = children.collect();
        pending.extend(children.into_iter().rev());
    }
    shape
}

#[test]
fn both_parsers_understand_programs_alike() {
    for (path, text) in programs() {
        let strict = syntax::parse(text.clone(), FEATURES);
        let (tokens, errors) = lex(&text);
        let recovered = parse(&text, tokens, errors, FEATURES);
        assert!(recovered.errors.is_empty(), "{}: {:?}", path.display(), recovered.errors);
        let (found, expected) = (shape(&recovered.nodes, recovered.root), shape(&strict.nodes, strict.root()));
        assert!(found == expected, "{}", path.display());
    }
}

/// The errors of a text, each with the lines it points to.
fn report(text: &str) -> String {
    use crate::diagnostics::{RenderOptions, SourceMap, SourceName, render};
    let sources = SourceMap::new();
    let file = sources.add(SourceName::Other("text".into()), text.as_bytes()).expect("small");
    let parse = syntax::parse(text.as_bytes(), Features::default());
    let errors = parse.errors().iter().map(|error| error.to_diagnostic(file.pos(0)));
    errors.map(|error| render(&error, &sources, &RenderOptions::default())).collect::<Vec<_>>().join("\n")
}

/// Every program here has one mistake.
const BROKEN: &[&str] = &[
    // Something is missing.
    "{\n  a = 1\n  b = 2;\n}",
    "let\n  a = 1;\n  b = 2\nin a + b",
    "{ a = { b = 1; c = 2; }",
    "{\n  a = {\n    b = 1;\n  c = 2;\n}",
    "{ x = f (a b; y = 2; }",
    "{ x = [ a b; y = 2; }",
    "[ (f x ]",
    "f { a = 1; ) x",
    "{ a = x y); b = 2; }",
    "{ a = x y ]; b = 2; }",
    "{ a = x = 1; y = 2; }; b = 3; }",
    "{ greeting = \"hello;\n  name = \"world\";\n  other = \"x\";\n}",
    "{ greeting = hello\";\n  name = \"world\";\n}",
    "{\n  script = ''\n    echo hello\n  ;\n  other = ''\n    echo bye\n  '';\n}",
    "\"a ${b c\"",
    "let a = 1; b = 2; a + b",
    "a = 1; b = 2; in a + b",
    "if a b else c",
    "if a then b",
    "{ x = if a then b; y = 1; }",
    "a then b else c",
    "{ a 1; b = 2; }",
    "{ = 1; b = 2; }",
    "{ a = ; b = 2; }",
    "{ a, b } a + b",
    "{ a b }: a",
    "{ a, b : a",
    "a, b }: a",
    "with lib\n[ a b ]",
    "{ a = with lib [ x ]; b = 1; }",
    "assert a b",
    "1 +",
    "{ a. = 1; }",
    "x: y z: x",
    "()",
    "",
    // Mistakes of people who know other languages.
    "if a = 1 then 2 else 3",
    "if a === b then 1 else 2",
    "{ a == 1; }",
    "{ a += 1; }",
    "[ 1, 2, 3 ]",
    "[ 1; 2; 3 ]",
    "[ 1 + 2 ]",
    "[ x: x ]",
    "f(a, b)",
    "f x: x + 1",
    "{ a: 1, b: 2 }",
    "{ \"a\": 1, \"b\": [ 1, 2 ], \"c\": { \"d\": null } }",
    "{ a = 1, b = 2 }",
    "{ a = 1; b; }",
    "{ inherit a, b; }",
    "{ inherit a.b; }",
    "{ if = 1; }",
    "{ a = 1, b }: a",
    "{ a; b }: a",
    "{ a, ..., b }: a",
    "if a then 1 elif b then 2 else 3",
    "rec a = 1; b = a; in b",
    "{\n  // the name's first part\n  a = 1;\n}",
    "{\n  a = 1;\n  -- don't change\n  b = 2;\n}",
    "// a comment\n{ a = 1; }",
    "{ a = 'text'; b = 1; }",
    "{ a = ${x}; }",
    "{ a = $x; }",
    "a ? b : c",
    "x => x + 1",
    "a & b",
    "{ a = 1;; b = 2; }",
    "{ a = 1; };",
    "a = 1;",
    "1 + if a then b else c",
    "a == b == c",
    "{ a }",
    "{ x = 1 }}",
];

/// These have several, which are told at once.
const SEVERAL: &[&str] = &[
    "{\n  a = f x\n  b.c = 2;\n  inherit d\n  e = 3;\n}",
    "let x = ; y = ]; in [ 1 2 ) }",
    "{\n  a = [ 1 2;\n  b = 1 +;\n  c = 3\n  d = if x then y;\n}",
];

#[test]
fn mistakes_are_explained() {
    let rule = "─".repeat(80);
    let reports = BROKEN.iter().chain(SEVERAL).map(|text| format!("{text}\n{}\n{rule}\n", report(text)));
    insta::assert_snapshot!(reports.collect::<String>());
}

#[test]
fn one_mistake_is_one_error() {
    for text in BROKEN {
        let count = syntax::parse(text.as_bytes(), Features::default()).errors().len();
        assert_eq!(count, 1, "{text}\n{}", report(text));
    }
}

/// Leaves a token out.
fn without_token(text: &[u8], range: &std::ops::Range<u32>) -> Vec<u8> {
    [&text[..range.start as usize], &text[range.end as usize..]].concat()
}

/// Without one of its tokens, a program has one error or two. More there are where a quote is missing, so that text is
/// read as code.
#[test]
fn without_a_token_there_are_few_errors() {
    let (mut broken, mut with_one, mut with_many) = (0_usize, 0_usize, Vec::new());
    for (path, text) in programs() {
        if text.len() > LARGE {
            continue;
        }
        for (kind, range) in syntax::tokens(&text).iter().filter(|(kind, _)| !kind.is_trivia()).step_by(3) {
            let count = syntax::parse(without_token(&text, &range), FEATURES).errors().len();
            let is_quote = matches!(kind, K::StringStart | K::StringEnd | K::IndentedStart | K::IndentedEnd);
            broken += usize::from(count > 0);
            with_one += usize::from(count == 1);
            if count > 2 {
                with_many.push((is_quote, format!("{}: {kind:?} at {range:?}: {count}", path.display())));
            }
        }
    }
    let (quotes, others): (Vec<_>, Vec<_>) = with_many.into_iter().partition(|(is_quote, _)| *is_quote);
    assert!(broken > 10_000 && with_one * 100 > broken * 95, "{with_one} of {broken} have one error");
    assert!(others.len() * 500 < broken, "{others:#?}");
    assert!(quotes.len() * 200 < broken, "{quotes:#?}");
}

/// Texts longer than this are only run by the measurement of time.
const LARGE: usize = 6_000;

/// Twice the text, twice the time: no mistake makes finding errors quadratic.
#[test]
fn errors_are_found_in_linear_time() {
    for part in BROKEN
        .iter()
        .chain(&["(", "[", "{", "{ a = ", "\"", "''", "${", "\"${", "if ", "let ", "a: ", "x = ", ")", "' "])
    {
        let time = |count: usize| {
            let text = format!("{part}\n").repeat(count / (part.len() + 1));
            let text_length = text.len();
            let start = Instant::now();
            let parse = syntax::parse(text.into_bytes(), FEATURES);
            assert_eq!(parse.source().len(), text_length);
            start.elapsed()
        };
        let most = Duration::from_secs(10);
        assert!(time(300_000) < most, "{part}");
    }
}
