//! The pages about the codes of errors and warnings: their examples do what the pages say.

use std::collections::BTreeSet;
use std::process::{Command, Output, Stdio};

use firn::diagnostics::Code;

/// Codes whose errors no small program can cause.
const WITHOUT_EXAMPLE: [Code; 6] = [
    Code::SourceTooLarge,
    Code::Interrupted,
    Code::OutputFailed,
    Code::StoreFailure,
    Code::Internal,
    Code::UnknownSetting,
];

/// An example: what the fence says after `nix`, and the program.
struct Example {
    kind: String,
    flags: Vec<String>,
    program: String,
}

fn examples(page: &str) -> Vec<Example> {
    let mut examples = Vec::new();
    let mut lines = page.lines();
    while let Some(line) = lines.next() {
        let Some(info) = line.strip_prefix("```nix ") else { continue };
        let mut words = info.split(' ').map(str::to_owned);
        let kind = words.next().unwrap_or_default();
        let program: Vec<_> = lines.by_ref().take_while(|line| *line != "```").collect();
        examples.push(Example { kind, flags: words.collect(), program: program.join("\n") });
    }
    examples
}

fn evaluate(example: &Example) -> Output {
    let directory = tempfile::tempdir().expect("a directory");
    let mut command = Command::new(env!("CARGO_BIN_EXE_firn"));
    command.args(["eval", "--strict", "--error-format", "json", "-E", &example.program]).args(&example.flags);
    command.env_remove("NIX_PATH").env("HOME", "/nonexistent").current_dir(directory.path()).stdin(Stdio::null());
    command.output().expect("it starts")
}

/// The codes that a run has reported.
fn codes(output: &Output) -> BTreeSet<String> {
    let errors = String::from_utf8_lossy(&output.stderr);
    let code = |line: &str| {
        let object: serde_json::Value = serde_json::from_str(line).expect("each line is an object");
        object["code"].as_str().expect("it has a code").to_owned()
    };
    errors.lines().map(code).collect()
}

#[test]
fn examples_do_what_their_pages_say() {
    for code in Code::ALL {
        let mut has_wrong = false;
        for example in examples(code.page()) {
            let output = evaluate(&example);
            let codes = codes(&output);
            match example.kind.as_str() {
                "wrong" => {
                    has_wrong = true;
                    assert_eq!(codes, BTreeSet::from([code.to_string()]), "{code}: {}", example.program);
                    let is_error = code.as_str().starts_with('E');
                    assert_eq!(output.status.code(), Some(i32::from(is_error)), "{code}: {}", example.program);
                }
                "right" => {
                    assert_eq!(
                        (output.status.code(), codes),
                        (Some(0), BTreeSet::new()),
                        "{code}: {}",
                        example.program
                    );
                }
                other => panic!("{code}: examples are 'wrong' or 'right', not '{other}'"),
            }
        }
        assert_eq!(has_wrong, !WITHOUT_EXAMPLE.contains(code), "{code}");
    }
}

#[test]
fn pages_are_printed() {
    let run =
        |arguments: &[&str]| Command::new(env!("CARGO_BIN_EXE_firn")).args(arguments).output().expect("it starts");
    let page = run(&["explain", "E0012"]);
    let text = String::from_utf8_lossy(&page.stdout).into_owned();
    insta::assert_snapshot!(text);
    assert!(page.status.success() && page.stderr.is_empty());

    let list = run(&["explain"]);
    let lines = String::from_utf8_lossy(&list.stdout).lines().filter(|line| line.starts_with(['E', 'W'])).count();
    assert_eq!(lines, Code::ALL.len());

    let unknown = run(&["explain", "E12"]);
    assert_eq!(unknown.status.code(), Some(2));
    assert!(String::from_utf8_lossy(&unknown.stderr).contains("did you mean 'E0012'?"));
}
