//! The parser on any input: nothing is lost, nothing panics, nothing overflows the stack.

use std::path::PathBuf;

use firn::syntax::{self, Features, NodeId, Parse, SyntaxKind};
use proptest::prelude::*;

/// The unit tests list it with the same.
#[path = "../src/corpus.rs"]
mod corpus;

const FEATURES: Features = Features { pipe_operators: true };

/// Checks what holds for every text.
fn check(text: &[u8]) -> Parse {
    let parse = syntax::parse(text, FEATURES);
    let tree = parse.syntax();
    assert!(Parse::source_of(&tree.to_string()) == text, "the tree is not the text: {}", text.escape_ascii());
    for error in parse.errors() {
        assert!(error.range.start <= error.range.end && error.range.end as usize <= text.len(), "{error:?}");
    }
    let mut pending = vec![parse.root()];
    while let Some(node) = pending.pop() {
        check_children(&parse, node);
        pending.extend(parse.children(node));
    }
    parse
}

/// Children lie in their parent, one after the other.
fn check_children(parse: &Parse, node: NodeId) {
    let mut end = parse.range(node).start;
    for child in parse.children(node) {
        let range = parse.range(child);
        assert!(
            end <= range.start && range.end <= parse.range(node).end,
            "{:?} in {:?}",
            parse.kind(child),
            parse.kind(node)
        );
        end = range.end;
    }
}

/// The programs of the corpus.
fn programs() -> Vec<PathBuf> {
    let programs = corpus::programs_in("corpus");
    assert!(programs.len() > 900, "the corpus is there");
    programs
}

#[test]
fn programs_of_the_corpus_are_kept_byte_for_byte() {
    for path in programs() {
        check(&std::fs::read(path).expect("a program can be read"));
    }
}

#[test]
fn programs_that_end_early_are_kept_too() {
    for path in programs().into_iter().step_by(9) {
        let text = std::fs::read(path).expect("a program can be read");
        for end in (0..text.len()).step_by(37) {
            check(&text[..end]);
        }
    }
}

/// Words of the language, blanks and nonsense.
fn soup() -> impl Strategy<Value = Vec<u8>> {
    const WORDS: &[&str] = &[
        "if",
        "then",
        "else",
        "assert",
        "with",
        "let",
        "in",
        "rec",
        "inherit",
        "or",
        "a",
        "b'",
        "x-1",
        "1",
        "2.5",
        ".5",
        "\"",
        "''",
        "''$",
        "'''",
        "''\\",
        "${",
        "$",
        "{",
        "}",
        "[",
        "]",
        "(",
        ")",
        ";",
        ":",
        ",",
        ".",
        "...",
        "@",
        "=",
        "?",
        "!",
        "+",
        "-",
        "*",
        "/",
        "++",
        "//",
        "==",
        "!=",
        "<",
        "<=",
        ">",
        ">=",
        "&&",
        "||",
        "->",
        "|>",
        "<|",
        "./a",
        "/b",
        "~/c",
        "a/b",
        "<c/d>",
        "http://e",
        "#",
        "/*",
        "*/",
        " ",
        "\n",
        "\t",
        "\r\n",
        "\\",
        "\0",
        "\u{e9}",
        "\u{F_FF41}",
        "\u{F_FEFF}",
    ];
    let word = prop_oneof![9 => prop::sample::select(WORDS).prop_map(|word| word.as_bytes().to_vec()), 1 => any::<u8>().prop_map(|byte| vec![byte])];
    prop::collection::vec(word, 0..60).prop_map(|words| words.concat())
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 2000, ..ProptestConfig::default() })]

    #[test]
    fn arbitrary_bytes_are_kept(bytes in prop::collection::vec(any::<u8>(), 0..200)) {
        check(&bytes);
    }

    #[test]
    fn arbitrary_tokens_are_kept(text in soup()) {
        check(&text);
    }
}

/// Tests run on threads with small stacks, so that recursion would show.
#[test]
fn nesting_is_no_problem() {
    const DEPTH: usize = 100_000;
    for (open, middle, close) in [
        ("(", "1", ")"),
        ("[", "", "]"),
        ("{a=", "1", ";}"),
        ("!", "true", ""),
        ("-", "1", ""),
        ("1+(", "1", ")"),
        ("a: ", "a", ""),
        ("{a}:", "a", ""),
        ("if true then ", "1", " else 2"),
        ("let x=1; in ", "x", ""),
        ("with a;", "b", ""),
        ("\"${", "a", "}\""),
        ("''${", "a", "}''"),
        ("a.${", "b", "}"),
        ("f (", "x", ")"),
        ("1 -> ", "2", ""),
    ] {
        let text = [open.repeat(DEPTH), middle.to_owned(), close.repeat(DEPTH)].concat();
        let parse = syntax::parse(text.as_bytes(), FEATURES);
        assert!(parse.errors().is_empty(), "{open}: {:?}", parse.errors().first());
        assert_eq!(parse.syntax().text().len(), u32::try_from(text.len()).expect("short").into(), "{open}");
        let unclosed = open.repeat(DEPTH);
        assert!(!syntax::parse(unclosed.as_bytes(), FEATURES).errors().is_empty(), "{open}");
    }
}

#[test]
fn long_lines_and_runs_are_no_problem() {
    for text in [
        "1+".repeat(300_000) + "1",
        "a.".repeat(300_000) + "a",
        "a-b ".repeat(300_000),
        "x = 1; ".repeat(100_000),
        format!("\"{}\"", "text ".repeat(1_000_000)),
        format!("[ {} ]", "./a ".repeat(200_000)),
    ] {
        let parse = syntax::parse(text.as_bytes(), FEATURES);
        assert_eq!(parse.range(parse.root()).start, 0);
    }
}

#[test]
fn several_errors_are_found_at_once() {
    for (text, places) in [
        ("let x = ; y = ]; in [ 1 2 ) }", vec![7, 14, 26]),
        ("{ a = 1 b = 2; c = ; d = 3; }", vec![7, 18]),
        ("[ (1 + ) (2 * ) ]", vec![6, 13]),
        ("{ a = \"x", vec![6]),
        ("x: y z =", vec![7]),
    ] {
        let parse = check(text.as_bytes());
        let found: Vec<_> = parse.errors().iter().map(|error| error.range.start).collect();
        assert_eq!(found, places, "{text}: {:#?}", parse.errors());
    }
}

#[test]
fn operators_have_their_precedence() {
    for (text, expected) in [
        ("a + b * c", "(a + (b * c))"),
        ("a * b + c", "((a * b) + c)"),
        ("a - b - c", "((a - b) - c)"),
        ("a // b // c", "(a // (b // c))"),
        ("a ++ b ++ c", "(a ++ (b ++ c))"),
        ("a -> b -> c", "(a -> (b -> c))"),
        ("!a && b", "((!a) && b)"),
        ("!a == b", "((!a) == b)"),
        ("!a + b", "(!(a + b))"),
        ("a + !b + c", "(a + (!(b + c)))"),
        ("-a * b", "((-a) * b)"),
        ("- -a", "(-(-a))"),
        ("!a ? b", "(!(a ? b))"),
        ("-a ? b", "((-a) ? b)"),
        ("a || b && c == d", "(a || (b && (c == d)))"),
        ("a < b == c", "((a < b) == c)"),
        ("f x + g y", "((f x) + (g y))"),
        ("a |> f |> g", "((a |> f) |> g)"),
        ("f <| g <| a", "(f <| (g <| a))"),
    ] {
        let parse = check(text.as_bytes());
        assert_eq!(parse.errors(), [], "{text}");
        assert_eq!(bracketed(&parse, parse.root()), expected);
    }
}

/// Writes an expression with all its brackets.
fn bracketed(parse: &Parse, node: NodeId) -> String {
    let children: Vec<_> = parse.children(node).map(|child| bracketed(parse, child)).collect();
    match parse.kind(node) {
        SyntaxKind::Binary | SyntaxKind::HasAttr => {
            let start = parse.operator_start(node) as usize;
            let operator: Vec<u8> =
                parse.source()[start..].iter().copied().take_while(|byte| !byte.is_ascii_whitespace()).collect();
            format!("({} {} {})", children[0], String::from_utf8_lossy(&operator), children[1])
        }
        SyntaxKind::Unary => format!("({}{})", char::from(parse.text(node)[0]), children[0]),
        SyntaxKind::Apply => format!("({})", children.join(" ")),
        _ => String::from_utf8_lossy(parse.text(node)).into_owned(),
    }
}
