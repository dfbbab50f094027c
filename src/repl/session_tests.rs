//! Conversations.

use super::completion::Completion;
use super::{Reply, Session};
use crate::Evaluator;
use crate::diagnostics::RenderOptions;

fn session() -> Session {
    Session::new(Evaluator::new(), RenderOptions::default())
}

/// Feeds the lines and compares what is shown: output as it is, `...` for an incomplete line, and
/// only the first line of an error, of a syntax error just that.
#[track_caller]
fn converse(session: &mut Session, lines: &[(&str, &str)]) {
    for (line, expected) in lines {
        let shown = match session.feed(line) {
            Reply::Output(text) => text.trim_end().to_owned(),
            Reply::Error(text) if text.starts_with("error[E00") => "syntax error".to_owned(),
            Reply::Error(text) => text.lines().next().unwrap_or_default().to_owned(),
            Reply::Incomplete => "...".to_owned(),
            Reply::Quit => "bye".to_owned(),
        };
        assert_eq!(shown, *expected, "{line}");
    }
}

#[test]
fn expressions_and_variables() {
    converse(
        &mut session(),
        &[
            ("1 + 1", "2"),
            ("x = 20", ""),
            ("y = x + 1;", ""),
            ("[ x y ]", "[ 20 21 ]"),
            ("x = 1", ""),
            ("{ a = x; b = y; }", "{\n  a = 1;\n  b = 21;\n}"),
            ("# nothing", ""),
            ("", ""),
            (":q", "bye"),
        ],
    );
}

#[test]
fn errors_leave_the_session_usable() {
    converse(
        &mut session(),
        &[
            ("x = 1", ""),
            ("throw \"no\"", "error[E0403]: no"),
            ("nonsense", "error[E0100]: undefined variable 'nonsense'"),
            ("x + ''", "..."),
            ("''", "error[E0200]: cannot add a string: \"\" to a number"),
            (")", "syntax error"),
            ("x", "1"),
        ],
    );
}

#[test]
fn lines_that_belong_together() {
    converse(
        &mut session(),
        &[
            ("{", "..."),
            ("  a = [", "..."),
            ("  ];", "..."),
            ("}", "{\n  a = [ ];\n}"),
            ("s = ''", "..."),
            ("  two", "..."),
            ("  lines'' + \"", "..."),
            ("\"", ""),
            ("s", "\"two\\nlines\\n\""),
            ("let x = 1; in", "..."),
            ("", "syntax error"),
            ("(", "..."),
        ],
    );
    let mut session = session();
    converse(&mut session, &[("(", "...")]);
    session.interrupt();
    converse(&mut session, &[("1", "1")]);
}

#[test]
fn values_are_shown_one_level_deep() {
    converse(
        &mut session(),
        &[
            ("{ a = 1 + 1; b = { c = (x: x) 2; }; }", "{\n  a = 2;\n  b = {\n    c = «thunk»;\n  };\n}"),
            (":p { a = 1 + 1; b = { c = (x: x) 2; }; }", "{\n  a = 2;\n  b = { c = 2; };\n}"),
            ("[ (throw \"no\") (1 + 1) ]", "[ «error: no» 2 ]"),
            (":p [ (throw \"no\") ]", "error[E0403]: no"),
        ],
    );
}

#[test]
fn commands() {
    converse(
        &mut session(),
        &[
            (":t 1", "an integer"),
            (":t x: x", "a function"),
            (":type { }", "a set"),
            (":t", ":type needs EXPR after it"),
            (":laod x", "there is no command ':laod'; did you mean ':load'?"),
            (":zzzzz", "there is no command ':zzzzz'; ':help' lists all"),
            (":a { one = 1; two = 2; }", "2 variables"),
            ("one + two", "3"),
            (":a { ... }: { three = 3; }", "1 variable"),
            ("three", "3"),
            (":a 1", "error[E0200]: expected a set but found an integer: 1"),
            (":doc x: x", "this is a function without documentation"),
        ],
    );
    let Reply::Output(help) = session().feed(":help") else { panic!("no help") };
    assert!(help.contains(":load, :l FILE"), "{help}");
    let Reply::Output(doc) = session().feed(":doc map") else { panic!("no documentation") };
    assert!(doc.starts_with("builtins.map "), "{doc}");
    assert!(doc.contains("\n\n    builtins.map (boat:") && !doc.contains("```"), "{doc}");
    let Reply::Output(doc) = session().feed(":doc builtins.hasContext") else { panic!("no documentation") };
    assert!(doc.contains(" See String context.\n"), "{doc}");
}

#[test]
fn files_are_loaded_and_loaded_again() {
    let directory = tempfile::tempdir().expect("a directory");
    let file = directory.path().join("x.nix");
    std::fs::write(&file, "{ a = 1; }").expect("written");
    let mut session = session();
    let load = format!(":load {}", file.display());
    converse(&mut session, &[(&load, "1 variable"), ("a", "1")]);
    std::fs::write(&file, "{ a = 2; b = 3; }").expect("written");
    let reloaded = format!("{}: 2 variables", file.display());
    converse(&mut session, &[("a", "1"), (":r", &reloaded), ("a + b", "5")]);
    std::fs::write(&file, "{ a = ").expect("written");
    let import = format!("import {}", file.display());
    session.feed(":r");
    // The file ends too early, not the line.
    let reply = session.feed(&import);
    assert!(matches!(reply, Reply::Error(_)), "{reply:?}");
}

#[test]
fn several_variables_are_made_together_or_not_at_all() {
    converse(
        &mut session(),
        &[
            ("a = 1; b = a + 1;", ""),
            ("[ a b ]", "[ 1 2 ]"),
            ("a = 5; b = throw \"no\"", "error[E0403]: no"),
            ("[ a b ]", "[ 1 2 ]"),
            ("c = 3; d = [", "..."),
            ("c ]", ""),
            ("d", "[ 3 ]"),
            (":env", "a\nb\nc\nd"),
        ],
    );
}

#[test]
fn interrupts_end_a_line_and_not_the_session() {
    let mut session = session();
    for line in ["let f = x: f (x + 1); in f 0", "[ 1 (let f = x: f (x + 1); in f 0) ]"] {
        let interrupter = session.interrupter();
        let thread = std::thread::spawn(move || {
            std::thread::sleep(std::time::Duration::from_millis(50));
            interrupter.interrupt();
        });
        let reply = session.feed(line);
        thread.join().expect("it ends");
        let Reply::Error(text) = reply else { panic!("{reply:?}") };
        assert!(text.starts_with("error[E0410]"), "{text}");
    }
    converse(&mut session, &[("1 + 1", "2")]);
}

#[test]
fn completion_gives_up_what_takes_too_long() {
    let mut session = session();
    converse(&mut session, &[(":a { endless = let f = x: f (x + 1); in f 0; set = { a = 1; }; }", "2 variables")]);
    let none = Completion::Words { start: 8, words: Vec::new() };
    assert_eq!(session.complete("endless.", 8), none);
    let some = Completion::Words { start: 4, words: vec!["a".to_owned()] };
    assert_eq!(session.complete("set.", 4), some);
    converse(&mut session, &[("set.a", "1")]);
}

#[test]
fn times_are_shown_after_values() {
    let Reply::Output(text) = session().feed(":time 1 + 1") else { panic!("no value") };
    assert!(text.starts_with("2\n0.") && text.contains(" calls, "), "{text}");
}

#[test]
fn what_is_cut_can_be_opened() {
    converse(
        &mut session(),
        &[
            (":open a", "nothing has been shown yet"),
            (":set depth 1", ""),
            (":set length 3", ""),
            ("{ a.b = [ 1 2 3 4 5 ]; }", "{\n  a = { … 1 attribute };\n}"),
            (":open a.b", "[\n  1\n  2\n  3\n  … 2 elements more\n]"),
            (":o a.b.4", "5"),
            ("it.a", "{\n  b = [ … 5 elements ];\n}"),
            ("it ? b", "true"),
            ("it", "true"),
            (":set", "depth 1\nlength 3\nwidth 200"),
            (":set hight 1", "'hight' cannot be set; there are depth, length, width"),
            (":set depth many", "depth is a number"),
        ],
    );
}

#[test]
fn functions_and_derivations_are_looked_into() {
    let folder = tempfile::tempdir().expect("a temporary directory");
    let file = folder.path().join("lib.cfg");
    let text = "{\n  # Twice as much.\n  # No less.\n  double = n: 2 * n;\n\n  # Elsewhere.\n\n  none = x: x;\n}\n";
    std::fs::write(&file, text).expect("it can be written");
    let file = file.display();
    converse(
        &mut session(),
        &[
            (&format!(":load {file}"), "2 variables"),
            (":source double", &format!("# {file}:4\ndouble = n: 2 * n;")),
            (":doc double", &format!("{file}:4\n\nTwice as much.\nNo less.")),
            (":doc none", "this is a function without documentation"),
            (":source map", "this is a function that is not written in a program"),
            (":source 1", "this is an integer that is not written in a program"),
            (":edit 1 + 1", "this is not defined in a file"),
            (":d 1", "this is no derivation, but an integer"),
        ],
    );
    let derivation = ":d derivation { name = \"n\"; system = \"s\"; builder = \"b\"; }";
    let Reply::Output(text) = session().feed(derivation) else { panic!("no record") };
    assert!(text.starts_with("n\n  drvPath  /nix/store/") && text.contains("\n  builder  b\n"), "{text}");
}

#[test]
fn traces_are_whole_if_wanted() {
    let mut session = session();
    converse(&mut session, &[(":trace maybe", ":trace needs 'on' or 'off' after it"), (":trace on", "")]);
    let line = "let f = n: if n == 0 then throw \"end\" else 1 + f (n - 1); in f 9";
    let Reply::Error(whole) = session.feed(line) else { panic!("it fails") };
    converse(&mut session, &[(":trace off", "")]);
    let Reply::Error(short) = session.feed(line) else { panic!("it fails") };
    assert!(whole.lines().count() > short.lines().count(), "{whole}{short}");
}

#[test]
fn unfinished_lines_are_indented() {
    let mut session = session();
    for (line, blanks) in [("{ a = [", 4), ("1", 4), ("];", 2), ("b = \"[ {\";", 2)] {
        assert_eq!(session.feed(line), Reply::Incomplete, "{line}");
        assert_eq!(session.indentation().len(), blanks, "{line}");
    }
    assert!(matches!(session.feed("}"), Reply::Output(_)));
    assert_eq!(session.indentation(), "");
}
