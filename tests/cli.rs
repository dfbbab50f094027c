//! The program `firn`, run as people run it.

use std::io::Write;
use std::path::Path;
use std::process::{Command, Output, Stdio};

/// What a run of the program came to.
struct Run {
    status: Option<i32>,
    output: String,
    errors: String,
}

impl From<Output> for Run {
    fn from(output: Output) -> Run {
        Run {
            status: output.status.code(),
            output: String::from_utf8_lossy(&output.stdout).into_owned(),
            errors: String::from_utf8_lossy(&output.stderr).into_owned(),
        }
    }
}

fn command(arguments: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_firn"));
    command.args(arguments).env_remove("NIX_PATH").env("HOME", "/nonexistent").stdin(Stdio::null());
    command
}

fn firn(arguments: &[&str]) -> Run {
    command(arguments).output().expect("it starts").into()
}

fn firn_in(directory: &Path, arguments: &[&str]) -> Run {
    let output = command(arguments).current_dir(directory).output();
    output.expect("it starts").into()
}

fn firn_with_input(arguments: &[&str], input: &str) -> Run {
    let mut child = command(arguments)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("it starts");
    let mut stdin = child.stdin.take().expect("piped");
    stdin.write_all(input.as_bytes()).expect("it reads");
    drop(stdin);
    child.wait_with_output().expect("it ends").into()
}

/// Runs `firn eval` and expects success.
#[track_caller]
fn evaluates_to(arguments: &[&str], expected: &str) {
    let run = firn(&[&["eval"], arguments].concat());
    assert_eq!((run.status, run.errors.as_str()), (Some(0), ""), "{arguments:?}");
    assert_eq!(run.output, expected, "{arguments:?}");
}

/// Runs `firn eval` and expects an error that says something.
#[track_caller]
fn fails_with(arguments: &[&str], status: i32, message: &str) {
    let run = firn(&[&["eval"], arguments].concat());
    assert_eq!((run.status, run.output.as_str()), (Some(status), ""), "{arguments:?}");
    assert!(run.errors.contains(message), "{arguments:?}: {}", run.errors);
}

#[test]
fn values_are_printed_as_the_language_writes_them() {
    evaluates_to(&["-E", "1 + 1"], "2\n");
    evaluates_to(&["-E", "\"a\\nb\""], "\"a\\nb\"\n");
    evaluates_to(&["-E", "[ (x: x) ] == [ ]"], "false\n");
    evaluates_to(
        &["-E", "{ a = builtins.add 1 1; b.c = [ (builtins.add 1 2) ]; }"],
        "{\n  a = 2;\n  b = {\n    c = [ 3 ];\n  };\n}\n",
    );
    evaluates_to(&["-E", "1", "-E", "2"], "1\n2\n");
}

#[test]
fn other_formats() {
    let value = "{ b = [ 1 2.5 null ]; a = \"x\"; }";
    evaluates_to(&["--json", "-E", value], "{\"a\":\"x\",\"b\":[1,2.5,null]}\n");
    evaluates_to(&["--raw", "-E", "\"a\\nb\""], "a\nb");
    evaluates_to(
        &["--xml", "--no-location", "-E", "[ 1 ]"],
        "<?xml version='1.0' encoding='utf-8'?>\n<expr>\n  <list>\n    <int value=\"1\" />\n  </list>\n</expr>\n",
    );
    fails_with(&["--raw", "-E", "{ }"], 1, "cannot coerce a set");
    fails_with(&["--json", "-E", "x: x"], 1, "function");
}

#[test]
fn selections_and_arguments() {
    let function = "{ x ? 1, y }: { sum = x + y; list = [ { a = 5; } ]; }";
    evaluates_to(&["-E", function, "--arg", "y", "2", "-A", "sum"], "3\n");
    evaluates_to(&["-E", function, "--arg", "y", "-2", "-A", "sum"], "-1\n");
    evaluates_to(
        &["-E", function, "--argstr", "y", "b", "--argstr", "x", "a", "-A", "sum", "-A", "list.0.a"],
        "\"ab\"\n5\n",
    );
    fails_with(&["-E", function, "-A", "sum"], 1, "'y'");
    fails_with(&["-E", function], 1, "--argstr y");
    evaluates_to(&["-E", "{ x ? 1 }: x"], "1\n");
    fails_with(&["-E", "{ sum = 1; }", "-A", "smu"], 1, "did you mean 'sum'?");
    evaluates_to(&["-E", "{ f = { x ? 1 }: x; }", "-A", "f", "--raw", "--argstr", "x", "s"], "s");
}

#[test]
fn files_directories_and_the_search_path() {
    let directory = tempfile::tempdir().expect("a directory");
    let path = directory.path();
    std::fs::create_dir(path.join("sub")).expect("made");
    std::fs::write(path.join("default.nix"), "import ./sub").expect("written");
    std::fs::write(path.join("sub/default.nix"), "{ a = ./x; }").expect("written");
    let expected = format!("{{ a = {}/sub/x; }}\n", path.display());
    for arguments in [
        &["eval"][..],
        &["eval", "."],
        &["eval", "./sub"],
        &["eval", "-E", "import ./."],
        &["eval", "-I", "here=.", "<here/sub>"],
        &["eval", "-I", ".", "-E", "import <sub>"],
    ] {
        let run = firn_in(path, arguments);
        assert_eq!((run.status, run.errors), (Some(0), String::new()), "{arguments:?}");
        assert_eq!(run.output, expected, "{arguments:?}");
    }
    fails_with(&["/nonexistent/x.nix"], 1, "/nonexistent/x.nix");
    fails_with(&["<nonexistent>"], 1, "search path");
}

#[test]
fn standard_input() {
    let run = firn_with_input(&["eval", "-"], "1 +\n  2");
    assert_eq!((run.status, run.output.as_str()), (Some(0), "3\n"));
    let run = firn_with_input(&["eval", "-"], "1 +\n  a");
    assert_eq!(run.status, Some(1));
    assert!(run.errors.contains("«stdin»:2:3"), "{}", run.errors);
}

#[test]
fn exit_statuses() {
    fails_with(&["-E", "throw \"no\""], 1, "no");
    fails_with(&["-E", "{ a = 1;"], 1, "«string»:1:9");
    fails_with(&["--nonsense"], 2, "--nonsense");
    fails_with(&["--json", "--raw", "-E", "1"], 2, "cannot be used with");
    fails_with(&["-E", "1", "--option", "nonsense", "1"], 2, "no setting 'nonsense'");
    assert_eq!(firn(&["--version"]).output, concat!("firn ", env!("CARGO_PKG_VERSION"), "\n"));
    assert_eq!(firn(&["--help"]).status, Some(0));
    assert_eq!(firn(&[]).status, Some(2));
}

#[test]
fn traces_are_short_unless_asked_for() {
    let recursion = "let f = x: if x == 0 then throw \"end\" else 1 + g x; g = x: 1 + f (x - 1); in f 100";
    let short = firn(&["eval", "-E", recursion]);
    let long = firn(&["eval", "--show-trace", "-E", recursion]);
    assert!(short.errors.contains("error[E0403]: end"), "{}", short.errors);
    assert!(long.errors.starts_with("error[E0403]: end"), "{}", long.errors);
    assert!(long.errors.contains("more times"), "{}", long.errors);
    assert!(long.errors.lines().count() < 40, "{}", long.errors);
    assert!(!long.errors.contains("--show-trace"), "{}", long.errors);
}

#[test]
fn settings() {
    let deep = "let f = x: if x == 0 then 0 else 1 + f (x - 1); in f 1000";
    evaluates_to(&["-E", deep], "1000\n");
    fails_with(&["-E", deep, "--max-call-depth", "100"], 1, "E0401");
    fails_with(&["-E", deep, "--option", "max-call-depth", "100"], 1, "E0401");
    let colored = firn(&["eval", "-E", "nonsense", "--color", "always"]);
    assert!(colored.errors.contains("\x1b["), "{}", colored.errors);
    let plain = firn(&["eval", "-E", "nonsense"]);
    assert!(!plain.errors.contains('\x1b'), "{}", plain.errors);
}

/// `firn eval ... | head -c 1` must not complain, and certainly not panic.
#[test]
fn a_reader_may_go_away() {
    let numbers = "builtins.genList (x: x) 200000";
    let mut child =
        command(&["eval", "-E", numbers]).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().expect("it starts");
    drop(child.stdout.take());
    let run: Run = child.wait_with_output().expect("it ends").into();
    assert_eq!((run.status, run.errors.as_str()), (Some(0), ""));
}

#[test]
fn values_without_end_are_an_error() {
    let endless = "let f = x: { a = f (x + 1); }; in f 0";
    fails_with(&["-E", endless], 1, "nested more than");
}

#[test]
fn sessions_read_piped_lines() {
    let run = firn_with_input(&["repl"], "x = 20\nx +\n1\nthrow \"no\"\nx\n:q\n");
    assert_eq!((run.status, run.output.as_str()), (Some(0), "21\n20\n"));
    assert!(run.errors.contains("error[E0403]: no"), "{}", run.errors);
}

#[test]
fn statistics_are_told_on_standard_error() {
    let run = firn(&["eval", "--stats=json", "-E", "let f = x: x + 1; in f (f 1)"]);
    assert_eq!((run.status, run.output.as_str()), (Some(0), "3\n"));
    let statistics: serde_json::Value = serde_json::from_str(&run.errors).expect("it is JSON");
    assert_eq!(statistics["sources"]["count"], 1);
    assert!(statistics["calls"]["functions"].as_u64() >= Some(2), "{statistics}");
    assert!(statistics["cpu_seconds"].as_f64().is_some_and(|seconds| seconds > 0.0), "{statistics}");

    let run = firn(&["eval", "--stats", "-E", "{ }.a"]);
    assert_eq!(run.status, Some(1));
    for line in ["function calls", "thunks", "heap"] {
        assert!(run.errors.lines().any(|row| row.starts_with(line)), "{}", run.errors);
    }
}

#[test]
fn a_profile_has_the_functions_of_the_program() {
    let folder = tempfile::tempdir().expect("a temporary directory");
    let program =
        "let\n  slow = n: builtins.foldl' (a: b: a + b) 0 (builtins.genList (i: i * n) 1000000);\nin slow 1 + slow 2\n";
    std::fs::write(folder.path().join("slow.cfg"), program).expect("it can be written");
    let run = firn_in(folder.path(), &["eval", "--profile", "profile.txt", "slow.cfg"]);
    assert_eq!((run.status, run.output.as_str(), run.errors.as_str()), (Some(0), "1499998500000\n", ""));
    let profile = std::fs::read_to_string(folder.path().join("profile.txt")).expect("it was written");
    // "outer;inner count"
    for line in profile.lines() {
        let (stack, count) = line.rsplit_once(' ').expect("a stack and a count");
        assert!(stack.starts_with("(evaluation)") && count.parse::<u64>().is_ok(), "{line}");
    }
    assert!(profile.contains(";slow ("), "{profile}");
    assert!(profile.contains("slow.cfg:2:10);builtins.foldl'"), "{profile}");

    let run = firn_in(folder.path(), &["eval", "--profile", "/no/such/folder/p", "slow.cfg"]);
    assert_eq!(run.status, Some(1));
    assert!(run.errors.contains("cannot write the profile"), "{}", run.errors);
}
