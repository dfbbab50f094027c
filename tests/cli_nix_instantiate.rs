//! The program called by the name `nix-instantiate`.

use std::io::Write;
use std::os::unix::process::CommandExt;
use std::process::{Command, Stdio};

/// Exit status, standard output and standard error.
fn run(arguments: &[&str], input: &str) -> (Option<i32>, String, String) {
    let mut child = Command::new(env!("CARGO_BIN_EXE_firn"))
        .arg0("/some/where/nix-instantiate")
        .args(arguments)
        .env_remove("NIX_PATH")
        .env("HOME", "/nonexistent")
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("it starts");
    // A program that does not read its input may be gone already.
    let _ = child.stdin.take().expect("piped").write_all(input.as_bytes());
    let output = child.wait_with_output().expect("it ends");
    let text = |bytes: Vec<u8>| String::from_utf8_lossy(&bytes).into_owned();
    (output.status.code(), text(output.stdout), text(output.stderr))
}

#[track_caller]
fn prints(arguments: &[&str], expected: &str) {
    let (status, output, errors) = run(arguments, "");
    assert_eq!((status, output.as_str()), (Some(0), expected), "{arguments:?}: {errors}");
}

#[track_caller]
fn fails(arguments: &[&str], message: &str) {
    let (status, output, errors) = run(arguments, "");
    assert_eq!((status, output.as_str()), (Some(1), ""), "{arguments:?}");
    assert!(errors.contains(message), "{arguments:?}: {errors}");
}

#[test]
fn values() {
    let set = "{ a = builtins.add 1 1; b = [ ]; f = x: x; }";
    prints(&["--eval", "-E", set], "{ a = <CODE>; b = [ ]; f = <CODE>; }\n");
    prints(&["--eval", "--strict", "-E", set], "{ a = 2; b = [ ]; f = <LAMBDA>; }\n");
    prints(&["--eval", "--strict", "-E", set, "-A", "a", "-A", "b"], "2\n[ ]\n");
    prints(&["--eval", "-E", "1", "2"], "1\n2\n");
    prints(&["--eval", "--json", "--strict", "-E", "{ a = 1; }"], "{\"a\":1}\n");
    prints(&["--eval", "--raw", "-E", "\"x\""], "x");
    prints(
        &["--eval", "--xml", "--no-location", "--strict", "-E", "null"],
        "<?xml version='1.0' encoding='utf-8'?>\n<expr>\n  <null />\n</expr>\n",
    );
}

#[test]
fn functions_are_called_only_if_there_are_arguments() {
    prints(&["--eval", "-E", "{ x ? 1 }: x"], "<LAMBDA>\n");
    prints(&["--eval", "-E", "{ x ? 1 }: x", "--arg", "x", "2"], "2\n");
    prints(&["--eval", "-E", "{ x ? 1 }: { a = x; }", "-A", "a"], "1\n");
    // An argument is evaluated only if it is used.
    prints(&["--eval", "-E", "{ x }: 1", "--arg", "x", "throw \"never\""], "1\n");
    prints(&["--eval", "-E", "{ a = { x ? 1 }: x; }", "-A", "a"], "<LAMBDA>\n");
}

#[test]
fn standard_input_comes_first() {
    let (status, output, _) = run(&["--eval", "-E", "2", "-"], "1");
    assert_eq!((status, output.as_str()), (Some(0), "1\n2\n"));
    let (status, output, _) = run(&["--eval", "--arg-from-stdin", "x", "-E", "{ x }: x"], "text");
    assert_eq!((status, output.as_str()), (Some(0), "\"text\"\n"));
}

#[test]
fn expressions_are_shown_parsed() {
    let (status, output, errors) = run(&["--parse", "-"], "x: x + 1 * 2");
    let expected = "(x: (x + (__mul 1 2)))\n";
    assert_eq!((status, output.as_str()), (Some(0), expected), "{errors}");
    let (status, ..) = run(&["--parse", "-"], "x: )");
    assert_eq!(status, Some(1));
}

#[test]
fn derivations() {
    let expression = "rec {
        one = derivation { name = \"one\"; system = \"s\"; builder = \"b\"; };
        same = one;
        dev = (derivation {
            name = \"two\"; system = \"s\"; builder = \"b\"; outputs = [ \"out\" \"dev\" ];
        }).dev;
        hidden.one = derivation { name = \"hidden\"; system = \"s\"; builder = \"b\"; };
        shown = { recurseForDerivations = true; inherit (hidden) one; };
        number = 1;
        \"not plain\" = throw \"not searched\";
    }";
    prints(
        &["-E", expression],
        "/nix/store/8j2g8i3g7l18lpw10dhp6ifzi59ibljb-two.drv!dev\n\
         /nix/store/rf08cyymppa6vvsp9r46b5mn73gcinvz-one.drv\n\
         /nix/store/fcvd9pj1rhqjpvdg30a0bin6j2jq5kfp-hidden.drv\n",
    );
    fails(&["-E", "1"], "no derivation");
}

#[test]
fn names_in_the_search_path() {
    let directory = tempfile::tempdir().expect("a directory");
    std::fs::write(directory.path().join("x.nix"), "1").expect("written");
    let include = format!("here={}", directory.path().display());
    let expected = format!("{}/x.nix\n", directory.path().display());
    prints(&["-I", &include, "--find-file", "here/x.nix"], &expected);
    prints(&["-I", &include, "--eval", "<here/x.nix>"], "1\n");
    fails(&["--find-file", "nonexistent"], "nonexistent");
}

#[test]
fn mistakes() {
    fails(&["--nonsense"], "unrecognised flag '--nonsense'");
    fails(&["--eval", "-E", "throw \"no\""], "no");
    let (status, output, errors) = run(&["--eval", "--option", "nonsense", "1", "-E", "1"], "");
    assert_eq!((status, output.as_str()), (Some(0), "1\n"));
    assert!(errors.contains("unknown setting 'nonsense'"), "{errors}");
}
