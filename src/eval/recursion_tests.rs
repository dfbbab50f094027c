//! What infinite recursions say.

use crate::Evaluator;
use crate::diagnostics::RenderOptions;

/// The message of a program, without its beginning.
fn message(program: &str) -> String {
    let mut firn = Evaluator::new();
    let error = firn.eval_text(program, "/work").expect_err("the program needs itself");
    let message = error.to_string();
    message.strip_prefix("infinite recursion encountered: ").unwrap_or(&message).to_owned()
}

#[test]
fn the_cycle_is_named() {
    for (program, expected) in [
        ("let a = a; in a", "'a' needs itself"),
        ("let a = a + 1; in a", "'a' needs itself"),
        ("let a = b + 1; b = a; in a", "'a' needs 'b', which needs 'a'"),
        ("let a = b; b = c; c = a; in a", "'a' needs 'b', which needs 'c', which needs 'a'"),
        ("let a = 1 + b; b = 1 + c; c = 1 + a; in b", "'b' needs 'c', which needs 'a', which needs 'b'"),
        ("let outer = a; a = 1 + b; b = 1 + a; in [ outer ] == [ 1 ]", "'a' needs 'b', which needs 'a'"),
        ("rec { x = y; y = [ x ] ++ x; }.x", "'x' needs 'y', which needs 'x'"),
        ("let s = { a = s.b.c; b.c = s.a; }; in s.b.c", "'b.c' needs 'a', which needs 'b.c'"),
        ("let s = { a.x = s.b.y; b.y = s.a.x; }; in s.a.x", "'a.x' needs 'b.y', which needs 'a.x'"),
        ("let s = with s; x; in s", "'s' needs itself"),
        ("let l = builtins.genList (i: i) (builtins.length l); in l", "'l' needs itself"),
        ("let l = [ (builtins.elemAt l 1) (builtins.elemAt l 0) ]; in builtins.head l", "'l' needs itself"),
        ("let f = x: x + 1; a = f a; in a", "'a' needs itself"),
        ("let f = x: y: x; a = f b 1; b = f a 2; in a", "'a' needs 'b', which needs 'a'"),
        ("({ a ? b, b ? a }: a) { }", "'a' needs 'b', which needs 'a'"),
        (
            "let fix = f: let x = f x; in x; in (fix (self: { a = self.b; b = self.a; })).a",
            "'a' needs 'b', which needs 'a'",
        ),
        ("let a = \"${b}\"; b = \"${a}\"; in a", "'a' needs 'b', which needs 'a'"),
        ("let inherit (s) a; s = { a = a; }; in a", "'a' needs itself"),
        (
            "let a = 1 + b; b = 1 + c; c = 1 + d; d = 1 + e; e = 1 + f; f = 1 + a; in a",
            "'a' needs 'b', which needs 'c', which needs 'd', which by way of 2 others needs 'a'",
        ),
    ] {
        assert_eq!(message(program), expected, "{program}");
    }
}

/// Overlays as they are written for package sets.
const OVERLAYS: &str = "
let
  fix = f: let x = f x; in x;
  extend = f: overlay: final: let prev = f final; in prev // overlay final prev;
  base = final: { tool = final.shell + 1; shell = 2; };
  overlay = final: prev: { shell = final.editor; editor = final.tool; };
in (fix (extend base overlay)).shell";

#[test]
fn the_cycle_is_named_through_overlays() {
    assert_eq!(message(OVERLAYS), "'shell' needs 'editor', which needs 'tool', which needs 'shell'");
}

/// The same error is met again: it says the same.
#[test]
fn a_cycle_is_remembered() {
    let mut firn = Evaluator::new();
    let set = firn.eval_text("let a = 1 + b; b = 1 + a; in { x = a; y = b; }", "/work").expect("a set");
    for name in ["x", "y", "x"] {
        let value = firn.attr(&set, name).expect("a set").expect("there");
        let error = firn.kind(&value).expect_err("it needs itself");
        assert_eq!(error.to_string(), "infinite recursion encountered: 'a' needs 'b', which needs 'a'");
    }
}

#[test]
fn long_cycles_are_explained_in_little_time() {
    let chain: String = (0..3000).map(|n| format!("x{n} = 1 + x{}; ", (n + 1) % 3000)).collect();
    let message = message(&format!("let {chain} in x0"));
    assert!(message.starts_with("'x0' needs 'x1', which needs 'x2', which needs 'x3', which by way of"), "{message}");
}

#[test]
fn cycles_through_files() {
    let dir = tempfile::tempdir().expect("a directory");
    let file = |name: &str, text: &str| std::fs::write(dir.path().join(name), text).expect("it can be written");
    file("a.nix", "1 + import ./b.nix");
    file("b.nix", "1 + import ./a.nix");
    file("c.nix", "{ x = (import ./d.nix).y; }");
    file("d.nix", "{ y = (import ./c.nix).x; }");
    let mut firn = Evaluator::new();
    let error = firn.eval_file(dir.path().join("a.nix")).expect_err("a cycle");
    let at = |name: &str| format!("'{}'", dir.path().join(name).display());
    let (a, b) = (at("a.nix"), at("b.nix"));
    assert_eq!(error.to_string(), format!("infinite recursion encountered: {a} imports {b}, which imports {a}"));
    let error = firn.eval_text("(import ./c.nix).x", dir.path()).expect_err("a cycle");
    assert_eq!(error.to_string(), "infinite recursion encountered: 'x' needs 'y', which needs 'x'");
}

/// What is shown of an error of a program that uses a library.
fn shown(program: &str, show_trace: bool) -> String {
    const LIBRARY: &str = "
rec {
  apply = f: x: f x;
  twice = f: x: f (f x);
  down = n: if n == 0 then throw \"the end\" else 1 + down (n - 1);
  ever = n: 1 + again n;
  again = n: 2 + ever n;
}";
    let dir = tempfile::tempdir().expect("a directory");
    let path = dir.path().join("lib");
    std::fs::create_dir(&path).expect("a directory");
    std::fs::write(path.join("default.nix"), LIBRARY).expect("it can be written");
    let path = path.display().to_string();
    let entry = crate::SearchPathEntry::parse(format!("lib={path}").as_bytes());
    let mut firn = Evaluator::builder().search_path(entry).max_call_depth(25_001).build();
    let error = firn.eval_text(program, "/work").expect_err("the program fails");
    let options = RenderOptions { show_trace, ..RenderOptions::default() };
    firn.render(&error, &options).replace(&path, "/srv/lib")
}

#[test]
fn libraries_are_folded() {
    let program = "let lib = import <lib>; check = x: if x > 4 then throw \"too large\" else 2 * x; in\n\
                   lib.twice (y: builtins.addErrorContext \"while checking ${toString y}\" (lib.apply check y)) 3";
    insta::assert_snapshot!("libraries_are_folded", shown(program, false));
    insta::assert_snapshot!("everything_is_shown", shown(program, true));
}

#[test]
fn recursion_in_a_library_is_folded() {
    insta::assert_snapshot!("recursion_in_a_library", shown("1 + (import <lib>).down 300", false));
}

#[test]
fn recursion_without_end_shows_what_repeats() {
    insta::assert_snapshot!("recursion_without_end", shown("let f = x: g (x + 1);\n    g = x: 1 + f x; in f 1", false));
    insta::assert_snapshot!("recursion_without_end_in_a_library", shown("(import <lib>).ever 1", false));
}
