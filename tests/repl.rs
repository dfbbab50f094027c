//! The page about the REPL shows what the REPL does.

use firn::Evaluator;
use firn::diagnostics::RenderOptions;
use firn::repl::{Reply, Session};

const PAGE: &str = include_str!("../docs/repl.md");
const PROMPT: &str = "firn> ";

#[test]
fn the_session_in_the_manual_is_real() {
    let (_, after) = PAGE.split_once("<!-- session -->\n```text\n").expect("the page has a session");
    let (expected, _) = after.split_once("```").expect("the session ends");
    let mut session = Session::new(Evaluator::new(), RenderOptions::default());
    let mut actual = String::new();
    for line in expected.lines().filter_map(|line| line.strip_prefix(PROMPT)) {
        actual.extend([PROMPT, line, "\n"]);
        match session.feed(line) {
            Reply::Output(text) | Reply::Error(text) => actual.push_str(&text),
            Reply::Incomplete => panic!("{line} is not complete"),
            Reply::Quit => {}
        }
    }
    assert_eq!(actual, expected);
}

#[test]
fn the_page_names_every_command() {
    let mut session = Session::new(Evaluator::new(), RenderOptions::default());
    let Reply::Output(help) = session.feed(":help") else { panic!("no help") };
    let names: Vec<_> = help.split([' ', ',', '\n']).filter(|word| word.starts_with(':')).collect();
    assert!(names.len() > 10, "{help}");
    for name in names {
        let is_named = [format!("`{name}`"), format!("`{name} ")].iter().any(|text| PAGE.contains(text));
        assert!(is_named, "docs/repl.md lacks {name}");
    }
}
