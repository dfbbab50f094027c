//! What the program `firn` says about programs and about itself: errors, warnings, help.

use std::process::{Command, Output, Stdio};

use serde_json::{Value, json};

fn firn(arguments: &[&str]) -> Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_firn"));
    command.args(arguments).env_remove("NIX_PATH").env_remove("NO_COLOR").env("HOME", "/nonexistent");
    command.stdin(Stdio::null()).output().expect("it starts")
}

fn errors(output: &Output) -> String {
    String::from_utf8_lossy(&output.stderr).into_owned()
}

fn text(output: &Output) -> String {
    String::from_utf8_lossy(&output.stdout).into_owned()
}

/// What is on standard error, one value for each line.
#[track_caller]
fn objects(output: &Output) -> Vec<Value> {
    errors(output).lines().map(|line| serde_json::from_str(line).expect("each line is JSON")).collect()
}

#[test]
fn errors_as_json() {
    let run = firn(&["eval", "--error-format", "json", "-E", "let\n  colour = 1;\nin color"]);
    let expected = json!({
        "severity": "error",
        "code": "E0100",
        "message": "undefined variable 'color'",
        "labels": [{
            "primary": true,
            "file": "«string»",
            "start": { "byte": 21, "line": 3, "column": 4 },
            "end": { "byte": 26, "line": 3, "column": 9 },
            "text": "not defined in this scope",
        }],
        "notes": [],
        "hints": ["did you mean 'colour'?"],
        "trace": [],
    });
    assert_eq!((run.status.code(), objects(&run)), (Some(1), vec![expected]));
}

#[test]
fn several_errors_are_several_lines() {
    for command in ["eval", "check"] {
        let run = firn(&[command, "--error-format", "json", "-E", "[ a b ]"]);
        let messages: Vec<_> = objects(&run).iter().map(|object| object["message"].clone()).collect();
        assert_eq!(messages, ["undefined variable 'a'", "undefined variable 'b'"]);
        assert_eq!(run.status.code(), Some(1));
    }
    let run = firn(&["parse", "--error-format", "json", "-E", "1 < 2 < 3"]);
    assert_eq!((objects(&run)[0]["code"].as_str(), run.status.code()), (Some("E0012"), Some(1)));
    assert!(!run.stdout.is_empty(), "the tree is printed");
}

#[test]
fn warnings_messages_and_traces_as_json() {
    let program =
        "builtins.trace \"hi\" (builtins.warn \"old\" (builtins.addErrorContext \"while testing\" (1 + null)))";
    let run = firn(&["eval", "--error-format=json", "-E", program]);
    let objects = objects(&run);
    assert_eq!(objects[0], json!({ "severity": "message", "message": "trace: hi" }));
    assert_eq!((&objects[1]["severity"], &objects[1]["code"]), (&json!("warning"), &json!("W0001")));
    assert_eq!(objects[2]["code"], "E0200");
    let frames = objects[2]["trace"].as_array().expect("a list");
    assert!(frames.iter().any(|frame| frame["kind"] == "context" && frame["text"] == "while testing"), "{frames:?}");
    assert_eq!(objects.len(), 3);
}

#[test]
fn a_store_that_cannot_be_used_is_reported_as_json() {
    let run = firn(&["eval", "--error-format=json", "--store", "/dev/null/store", "-E", "1"]);
    assert_eq!((objects(&run)[0]["code"].as_str(), run.status.code()), (Some("E0703"), Some(1)));
}

#[test]
fn lints_are_off_unless_asked_for_and_the_last_flag_decides() {
    let program = "let unused = 1; in https://example.org";
    let codes = |flags: &[&str]| {
        let run = firn(&[&["check", "--error-format=json", "-E", program], flags].concat());
        let codes = objects(&run).into_iter().map(|object| format!("{} {}", object["severity"], object["code"]));
        (codes.collect::<Vec<_>>().join(", ").replace('"', ""), run.status.code())
    };
    for (flags, expected, status) in [
        (&[][..], "", 0),
        (&["--warn", "unused-binding"], "warning W0007", 0),
        (&["--warn", "unused"], "warning W0007", 0),
        (&["--warn", "all"], "warning W0007, warning W0002", 0),
        (&["--warn", "all", "--allow", "unused"], "warning W0002", 0),
        (&["--allow", "unused", "--warn", "all"], "warning W0007, warning W0002", 0),
        (&["--deny", "url-literal"], "error W0002", 1),
        (&["--deny", "unused-binding"], "error W0007", 1),
    ] {
        assert_eq!(codes(flags), (expected.to_owned(), Some(status)), "{flags:?}");
    }
    let run = firn(&["eval", "--warn", "unused", "-E", program]);
    assert_eq!((text(&run), run.status.code()), ("\"https://example.org\"\n".to_owned(), Some(0)));
    assert!(errors(&run).contains("warning[W0007]: the variable 'unused' is never used"), "{}", errors(&run));
    assert_eq!(firn(&["check", "--warn", "nonsense", "-E", "1"]).status.code(), Some(2));
    // What comes with the evaluator is not the user's to change.
    let derivation = "derivation { name = \"a\"; system = \"b\"; builder = \"c\"; }";
    let run = firn(&["eval", "--deny", "all", "-E", derivation]);
    assert_eq!((errors(&run), run.status.code()), (String::new(), Some(0)));
}

#[test]
fn checking_goes_through_all_files() {
    let directory = tempfile::tempdir().expect("a directory");
    let path = directory.path();
    std::fs::create_dir(path.join("sub")).expect("made");
    for (file, text) in [("a.nix", "missing"), ("b.nix", "throw \"not run\""), ("sub/c.nix", "1 +"), ("d.txt", "(")] {
        std::fs::write(path.join(file), text).expect("written");
    }
    let run = firn(&["check", "--error-format=json", path.to_str().expect("UTF-8")]);
    let files: Vec<_> = objects(&run).iter().map(|object| object["labels"][0]["file"].clone()).collect();
    assert_eq!(files, ["a.nix", "sub/c.nix"].map(|file| json!(path.join(file))));
    assert_eq!((run.status.code(), text(&run)), (Some(1), String::new()));
    let run = firn(&["check", "/missing.nix", "-E", "x"]);
    assert!(errors(&run).contains("undefined variable 'x'") && errors(&run).contains("cannot read /missing.nix"));
    assert_eq!(firn(&["check", "-E", "1"]).status.code(), Some(0));
}

#[test]
fn errors_end_with_the_way_to_their_page() {
    let advice = |program: &str| {
        let run = firn(&["eval", "-E", program]);
        errors(&run).lines().last().filter(|line| line.contains("firn explain")).map(str::to_owned)
    };
    assert_eq!(advice("a").as_deref(), Some("For more about this error, try 'firn explain E0100'."));
    assert_eq!(advice("throw \"its own words\""), None);
    assert_eq!(advice("builtins.warn \"old\" 1"), None);
    let run = firn(&["check", "-E", "a", "-E", "1 +"]);
    assert_eq!(errors(&run).matches("firn explain").count(), 1, "{}", errors(&run));
}

#[test]
fn colours_are_for_terminals_or_on_demand() {
    let colored = |arguments: &[&str]| errors(&firn(arguments)).contains('\x1b');
    let program = "builtins.warn \"old\" (builtins.trace \"hi\" (1 + null))";
    let with = |command: &[&'static str], choice: &'static str| [command, &["--color", choice]].concat();
    for command in [&["eval", "-E", program][..], &["check", "-E", "a"], &["parse", "-E", "("], &["eval", "--nonsense"]]
    {
        assert!(colored(&with(command, "always")), "{command:?}");
        assert!(!colored(&with(command, "never")), "{command:?}");
        assert!(!colored(&with(command, "auto")), "{command:?}");
    }
    let warning = ["eval", "--warn=all", "-E", "https://example.org"];
    assert!(colored(&with(&warning, "always")) && !colored(&with(&warning, "never")));
    let json = ["eval", "--error-format=json", "-E", program];
    assert!(!colored(&with(&json, "always")), "JSON has no colours");
    assert!(text(&firn(&["explain", "E0001", "--color=always"])).contains('\x1b'));
    assert!(!text(&firn(&["explain", "E0001"])).contains('\x1b'));
}

const COMMANDS: [&str; 7] = ["eval", "check", "parse", "repl", "explain", "completions", "man"];

#[test]
fn help_fits_80_columns() {
    let mut lines = vec![vec!["--help"], vec!["-h"]];
    for command in COMMANDS {
        lines.extend([vec![command, "--help"], vec![command, "-h"]]);
    }
    for line in lines {
        let run = firn(&line);
        assert_eq!(run.status.code(), Some(0), "{line:?}");
        for help in text(&run).lines() {
            assert!(help.chars().count() <= 80, "{line:?}: {help}");
        }
    }
    let directory = tempfile::tempdir().expect("a directory");
    let link = directory.path().join("nix-instantiate");
    std::os::unix::fs::symlink(env!("CARGO_BIN_EXE_firn"), &link).expect("a link can be made");
    let run = Command::new(&link).arg("--help").output().expect("it starts");
    assert!(run.status.success());
    for help in text(&run).lines() {
        assert!(help.chars().count() <= 80, "nix-instantiate: {help}");
    }
}

#[test]
fn the_table_of_lints_is_in_the_help_and_in_the_documentation() {
    let help = text(&firn(&["check", "--help"]));
    let page =
        std::fs::read_to_string(concat!(env!("CARGO_MANIFEST_DIR"), "/docs/diagnostics.md")).expect("it is there");
    for lint in firn::Lint::ALL {
        assert!(help.contains(&format!("\n  {:<22} {}\n", lint.name(), lint.title())), "{}", lint.name());
        let row = page.lines().find(|line| line.contains(&format!("| `{}`", lint.name())));
        assert!(row.is_some_and(|row| row.contains(&format!("| {} |", lint.code()))), "{}", lint.name());
    }
}

#[test]
fn completions_and_manual_pages_know_all_commands_and_flags() {
    for shell in ["bash", "zsh", "fish", "elvish", "powershell"] {
        let script = text(&firn(&["completions", shell]));
        for word in COMMANDS.into_iter().chain(["error-format", "show-trace", "deny"]) {
            assert!(script.contains(word), "{shell}: {word}");
        }
        let knows_values = matches!(shell, "bash" | "zsh" | "fish");
        assert_eq!(script.contains("unused-binding"), knows_values, "{shell}");
    }
    let directory = tempfile::tempdir().expect("a directory");
    let pages = directory.path().join("man");
    assert!(firn(&["man", pages.to_str().expect("UTF-8")]).status.success());
    let page = |name: &str| std::fs::read_to_string(pages.join(name)).expect("it is there");
    for command in COMMANDS {
        assert!(page(&format!("firn-{command}.1")).starts_with(".ie"), "{command}");
        assert!(page("firn.1").contains(&format!("firn\\-{command}(1)")), "{command}");
    }
    assert!(page("firn-eval.1").contains("\\-\\-error\\-format"));
    let run = firn(&["man", "/dev/null/man"]);
    assert_eq!(run.status.code(), Some(1));
    assert!(errors(&run).contains("error[E0504]"));
}

#[test]
fn no_progress_is_shown_where_nobody_sees_it() {
    let run = firn(&["eval", "-E", "builtins.foldl' builtins.add 0 (builtins.genList (n: n) 1000000)"]);
    assert_eq!((text(&run), errors(&run)), ("499999500000\n".to_owned(), String::new()));
}
