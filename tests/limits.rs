//! Evaluations that would not end by themselves: interrupted, or out of memory.

use std::io::{BufRead, BufReader, Read};
use std::process::{Command, Stdio};

use firn::Evaluator;
use firn::diagnostics::Code;

/// Says something, and then never comes to an end, with little memory and little stack.
const ENDLESS: &str = r#"
    let
      again = x: builtins.foldl' (a: b: b) null (builtins.genList (n: n) 1000);
      forever = depth: if depth == 0 then null else builtins.seq (map again [ ]) (all depth);
      all = depth: builtins.all (x: forever (depth - 1) == null) (builtins.genList (n: n) 1000000);
    in builtins.trace "started" (forever 20)
"#;

#[test]
fn signals_end_an_evaluation_and_say_where_it_was() {
    for (signal, status) in [("INT", 130), ("TERM", 143)] {
        let mut child = Command::new(env!("CARGO_BIN_EXE_firn"))
            .args(["eval", "-E", ENDLESS])
            .stdout(Stdio::null())
            .stderr(Stdio::piped())
            .spawn()
            .expect("it starts");
        let mut errors = BufReader::new(child.stderr.take().expect("piped"));
        let mut line = String::new();
        errors.read_line(&mut line).expect("it is text");
        assert_eq!(line, "trace: started\n");
        let kill = format!("kill -{signal} {}", child.id());
        assert!(Command::new("sh").args(["-c", &kill]).status().expect("there is a shell").success());
        let mut rest = String::new();
        errors.read_to_string(&mut rest).expect("it is text");
        assert_eq!(child.wait().expect("it ends").code(), Some(status), "{rest}");
        assert!(rest.contains("interrupted"), "{rest}");
    }
}

#[test]
fn memory_has_a_limit() {
    const LIMIT: usize = 64 << 20;
    for text in [
        // Something large at once.
        "builtins.genList (n: n) 4000000000",
        // Doubled until it is too large.
        r#"let f = x: builtins.seq x (f (x + x)); in f "a""#,
        "let f = x: builtins.seq x (f (x ++ x)); in f [ 1 ]",
        r#"let f = x: builtins.seq x (f "${x}${x}"); in f "a""#,
        r#"let f = x: builtins.seq x (f (builtins.replaceStrings [ "a" ] [ "aaaa" ] x)); in f "a""#,
        r#"let f = x: builtins.seq x (f (builtins.concatStringsSep x [ x x ])); in f "a""#,
        "let f = x: builtins.seq x (f (builtins.concatLists [ x x ])); in f [ 1 ]",
        // Many small things.
        "builtins.genericClosure { startSet = [ { key = 0; } ]; operator = x: [ { key = x.key + 1; } ]; }",
        // Many small things that one builtin makes.
        r#"builtins.split "" (builtins.foldl' (x: n: x + x) "a" (builtins.genList (n: n) 22))"#,
        r#"builtins.fromJSON "[${builtins.foldl' (x: n: x + x) "[[0.5]]," (builtins.genList (n: n) 21)}0]""#,
        // No excuse.
        "builtins.tryEval (builtins.length (builtins.genList (n: n) 4000000000))",
    ] {
        let mut firn = Evaluator::builder().max_memory(LIMIT).build();
        let error = firn.eval_text(text, "/").expect_err(text);
        assert_eq!(error.diagnostic().code, Code::OutOfMemory, "{text}");
        // Only what exceeded the limit is lost.
        assert!(firn.eval_text("1 + 1", "/").is_ok(), "{text}");
    }
}

#[test]
fn an_interrupt_ends_one_evaluation() {
    let mut firn = Evaluator::new();
    let interrupter = firn.interrupter();
    interrupter.interrupt();
    let error = firn.eval_text("let f = x: x; in f 1", "/").expect_err("interrupted");
    assert_eq!(error.diagnostic().code, Code::Interrupted);
    assert!(firn.eval_text("let f = x: x; in f 1", "/").is_ok());

    interrupter.interrupt();
    assert!(interrupter.withdraw());
    assert!(!interrupter.withdraw());
    assert!(firn.eval_text("let f = x: x; in f 1", "/").is_ok());
}

#[test]
fn what_was_interrupted_can_be_evaluated_again() {
    let mut firn = Evaluator::new();
    let set = firn.eval_text("{ sum = builtins.foldl' (a: b: a + b) 0 (builtins.genList (n: n) 100); }", "/");
    let set = set.expect("a set");
    let sum = firn.attr(&set, "sum").expect("a set").expect("there it is");
    firn.interrupter().interrupt();
    assert_eq!(firn.kind(&sum).expect_err("interrupted").diagnostic().code, Code::Interrupted);
    assert_eq!(firn.kind(&sum).expect("goes on"), firn::Kind::Int(4950));
}
