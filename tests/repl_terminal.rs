//! The REPL in a terminal: what only a person who types sees.

#![cfg(target_os = "linux")]

use std::path::Path;
use std::process::Command;

use rexpect::session::{PtySession, spawn_command};

/// Slow machines get that long for each step.
const PATIENCE: Option<u64> = Some(60_000);

/// Starts a session; nothing where the system gives no terminals.
fn start(state: &Path, colors: bool) -> Option<PtySession> {
    let mut command = Command::new(env!("CARGO_BIN_EXE_firn"));
    command.arg("repl").env("HOME", state).env("XDG_STATE_HOME", state).env_remove("NIX_PATH").env("TERM", "xterm");
    command.env_remove("VISUAL").env("EDITOR", "echo");
    match colors {
        true => command.env_remove("NO_COLOR"),
        false => command.env("NO_COLOR", "1"),
    };
    let mut session = match spawn_command(command, PATIENCE) {
        Ok(session) => session,
        Err(error) => {
            eprintln!("skipped: this needs a pseudo-terminal: {error}");
            return None;
        }
    };
    is_asked(&mut session, "firn> ");
    Some(session)
}

/// What the editor sends when it begins and ends to read a line: it asks the terminal to mark pasted text. Prompts and
/// what is typed are drawn several times, and what is typed before a line is read may be lost, so steps are told by these.
const BEGINS: &str = "\x1b[?2004h";
const ENDS: &str = "\x1b[?2004l";

/// Waits until the next line is read.
fn is_asked(session: &mut PtySession, prompt: &str) {
    session.exp_string(BEGINS).expect("a line is read");
    session.exp_string(prompt).expect("a prompt");
}

/// Types a line that is answered.
fn answers(session: &mut PtySession, line: &str, answer: &str) {
    session.send_line(line).expect("it can be typed");
    session.exp_string(ENDS).expect("the line ends");
    session.exp_string(answer).expect("an answer");
    is_asked(session, "firn> ");
}

/// Types a line that goes on, with so many blanks before what follows.
fn goes_on(session: &mut PtySession, line: &str, blanks: usize) {
    session.send_line(line).expect("it can be typed");
    session.exp_string(ENDS).expect("the line ends");
    is_asked(session, &format!("    | {}", " ".repeat(blanks)));
}

/// Types something without a line feed after it.
fn types(session: &mut PtySession, text: &str) {
    session.send(text).expect("it can be typed");
    session.flush().expect("it can be typed");
}

/// Drops what is typed.
fn drops_line(session: &mut PtySession) {
    session.send_control('c').expect("it can be typed");
    session.exp_string(ENDS).expect("the line ends");
    is_asked(session, "firn> ");
}

fn leaves(mut session: PtySession) {
    session.send_line(":quit").expect("it can be typed");
    session.exp_eof().expect("the session ends");
}

#[test]
fn values_multiple_lines_and_completion() {
    let state = tempfile::tempdir().expect("a temporary directory");
    let Some(mut firn) = start(state.path(), false) else { return };
    answers(&mut firn, "6 * 7", "42");
    // What is not finished goes on, indented.
    goes_on(&mut firn, "{ lines = [", 4);
    goes_on(&mut firn, "1 2 ];", 2);
    answers(&mut firn, "}", "lines = [ 1 2 ];");
    // Tab completes.
    types(&mut firn, "builtins.genericClo\t");
    firn.exp_string("builtins.genericClosure").expect("a completed name");
    drops_line(&mut firn);
    leaves(firn);
}

#[test]
fn an_interrupt_ends_the_evaluation_and_not_the_session() {
    let state = tempfile::tempdir().expect("a temporary directory");
    let Some(mut firn) = start(state.path(), false) else { return };
    let endless =
        "let f = n: builtins.all (x: f (n - 1)) (builtins.genList (x: x) 1000000); in builtins.trace \"go\" (f 20)";
    firn.send_line(endless).expect("it can be typed");
    firn.exp_string("trace: go").expect("it begins");
    firn.send_control('c').expect("it can be typed");
    firn.exp_string("E0410").expect("an error");
    is_asked(&mut firn, "firn> ");
    answers(&mut firn, "1 + 1", "2\r\n");
    leaves(firn);
}

#[test]
fn an_editor_is_opened_where_something_is_defined() {
    let state = tempfile::tempdir().expect("a temporary directory");
    let file = state.path().join("lib.cfg");
    std::fs::write(&file, "{\n  double = n: 2 * n;\n  site.name = \"here\";\n}\n").expect("it can be written");
    let Some(mut firn) = start(state.path(), false) else { return };
    answers(&mut firn, &format!(":load {}", file.display()), "2 variables");
    // The editor of these sessions says what it is given.
    answers(&mut firn, ":edit double", "+2 /");
    answers(&mut firn, ":edit site.name", "+3 /");
    answers(&mut firn, "double 4", "8\r\n");
    leaves(firn);
}

#[test]
fn lines_are_kept_for_the_next_session() {
    let state = tempfile::tempdir().expect("a temporary directory");
    let Some(mut first) = start(state.path(), false) else { return };
    answers(&mut first, "\"something to \" + \"remember\"", "\"something to remember\"");
    leaves(first);
    let history = std::fs::read_to_string(state.path().join("firn/history")).expect("a history");
    assert!(history.contains("something to "), "{history}");
    let Some(mut second) = start(state.path(), false) else { return };
    // The line before the last one, which was ':quit'.
    types(&mut second, "\x1b[A\x1b[A\r");
    second.exp_string(ENDS).expect("the line ends");
    second.exp_string("\"something to remember\"").expect("the value again");
    is_asked(&mut second, "firn> ");
    leaves(second);
}

#[test]
fn words_are_coloured_as_they_are_typed() {
    let state = tempfile::tempdir().expect("a temporary directory");
    let Some(mut firn) = start(state.path(), true) else { return };
    types(&mut firn, "if true");
    firn.exp_string("\x1b[35mif\x1b[0m").expect("a coloured keyword");
    drops_line(&mut firn);
    leaves(firn);
    let Some(mut plain) = start(state.path(), false) else { return };
    plain.send_line("if true then 1 else 2").expect("it can be typed");
    let shown = plain.exp_string(ENDS).expect("the line ends");
    assert!(shown.contains("if true") && !shown.contains("\x1b[35m"), "{shown:?}");
    is_asked(&mut plain, "firn> ");
    leaves(plain);
}
