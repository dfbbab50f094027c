//! The library as a program that embeds it uses it.

use std::collections::BTreeSet;
use std::ffi::OsString;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex};

use firn::diagnostics::{Code, RenderOptions, SourceName};
use firn::store::{DirectoryEntry, FileSource, FileType, OpenFile, StorePath};
use firn::{Evaluator, Host, Kind, Scope, SearchPathEntry, SystemHost, Value};

/// What an expression evaluates to, as JSON.
fn json(firn: &mut Evaluator, text: &str) -> String {
    let value = firn.eval_text(text, "/").unwrap_or_else(|error| panic!("{text}: {error}"));
    as_json(firn, &value)
}

fn as_json(firn: &mut Evaluator, value: &Value) -> String {
    let json = firn.to_json(value).unwrap_or_else(|error| panic!("{error}"));
    String::from_utf8(json).expect("the values here are UTF-8")
}

fn kind(firn: &mut Evaluator, text: &str) -> Kind {
    let value = firn.eval_text(text, "/").unwrap_or_else(|error| panic!("{text}: {error}"));
    firn.kind(&value).unwrap_or_else(|error| panic!("{text}: {error}"))
}

#[test]
fn every_kind_of_value_is_seen() {
    let firn = &mut Evaluator::new();
    assert_eq!(kind(firn, "null"), Kind::Null);
    assert_eq!(kind(firn, "1 < 2"), Kind::Bool(true));
    assert_eq!(kind(firn, "6 * 7"), Kind::Int(42));
    assert_eq!(kind(firn, "9223372036854775807"), Kind::Int(i64::MAX));
    assert_eq!(kind(firn, "1 / 4.0"), Kind::Float(0.25));
    assert_eq!(kind(firn, r#""a${"b"}""#), Kind::String(b"ab".to_vec()));
    assert_eq!(kind(firn, "./a/../b"), Kind::Path("/b".into()));
    assert_eq!(kind(firn, "[ 1 (throw \"not evaluated\") ]"), Kind::List(2));
    assert_eq!(kind(firn, "{ a = throw \"not evaluated\"; }"), Kind::Attrs(1));
    assert_eq!(kind(firn, "x: x"), Kind::Function);
    assert_eq!(kind(firn, "builtins.map"), Kind::Function);
}

#[test]
fn rust_values_become_values_of_the_language() {
    let firn = &mut Evaluator::new();
    let parts = [firn.int(i64::MIN), firn.float(1.5), firn.bool(false), firn.string("é\"")];
    let list = firn.list(&parts);
    let (null, hidden) = (firn.eval_text("null", "/").unwrap(), firn.int(0));
    let set = firn.attrs([("b", hidden), ("a", null), ("b", list)]);
    assert_eq!(as_json(firn, &set), r#"{"a":null,"b":[-9223372036854775808,1.5,false,"é\""]}"#);
}

#[test]
fn sets_are_read_by_name() {
    let firn = &mut Evaluator::new();
    let set = firn.eval_text("{ z = 1; a = throw \"late\"; } // { m = 2; }", "/").unwrap();
    assert_eq!(firn.attr_names(&set).unwrap(), [b"a", b"m", b"z"]);
    assert!(firn.attr(&set, "missing").unwrap().is_none());
    let m = firn.attr(&set, "m").unwrap().unwrap();
    assert_eq!(firn.kind(&m).unwrap(), Kind::Int(2));
    let a = firn.attr(&set, "a").unwrap().unwrap();
    assert_eq!(firn.kind(&a).unwrap_err().to_string(), "late");
    let number = firn.int(1);
    assert_eq!(firn.attr_names(&number).unwrap_err().diagnostic().code, Code::TypeMismatch);
    assert_eq!(firn.elements(&set).unwrap_err().diagnostic().code, Code::TypeMismatch);
}

#[test]
fn an_error_can_be_met_again() {
    let firn = &mut Evaluator::new();
    let value = firn.eval_text("let x = throw \"again\"; in { inherit x; }", "/").unwrap();
    for _ in 0..2 {
        let x = firn.attr(&value, "x").unwrap().unwrap();
        assert_eq!(firn.kind(&x).unwrap_err().to_string(), "again");
    }
}

#[test]
fn functions_are_called() {
    let firn = &mut Evaluator::new();
    let add = firn.eval_text("a: b: a - b", "/").unwrap();
    let (seven, two) = (firn.int(7), firn.int(2));
    let five = firn.call(&add, &[seven.clone(), two]).unwrap();
    assert_eq!(firn.kind(&five).unwrap(), Kind::Int(5));
    let partial = firn.call(&add, &[five]).unwrap();
    let result = firn.call(&partial, std::slice::from_ref(&seven)).unwrap();
    assert_eq!(firn.kind(&result).unwrap(), Kind::Int(-2));
    assert_eq!(firn.call(&seven, &[result]).unwrap_err().diagnostic().code, Code::NotAFunction);
}

#[test]
fn functions_get_the_arguments_they_name() {
    let firn = &mut Evaluator::new();
    let function = firn.eval_text("{ a, b ? a + 1 }: [ a b ]", "/").unwrap();
    let (a, c) = (firn.int(1), firn.int(3));
    let arguments = firn.attrs([("a", a), ("c", c)]);
    let called = firn.auto_call(&function, &arguments).unwrap();
    assert_eq!(as_json(firn, &called), "[1,2]");

    let nothing = firn.attrs::<&str>([]);
    let error = firn.auto_call(&function, &nothing).unwrap_err();
    assert!(error.to_string().contains("'a'"), "{error}");
    let plain = firn.auto_call(&called, &nothing).unwrap();
    assert_eq!(as_json(firn, &plain), "[1,2]");
}

#[test]
fn paths_of_attributes_are_selected() {
    let firn = &mut Evaluator::new();
    let value =
        firn.eval_text(r#"{ a = { n ? 1 }: { list = [ 10 { "x.y" = n; } ]; end = { n }: n; }; }"#, "/").unwrap();
    let n = firn.int(5);
    let arguments = firn.attrs([("n", n)]);
    for (path, expected) in [("a.list.0", "10"), ("a.list.1", r#"{"x.y":5}"#), (r#"a.list.1."x.y""#, "5")] {
        let found = firn.select(&value, path, &arguments).unwrap();
        assert_eq!(as_json(firn, &found), expected, "{path}");
    }
    let end = firn.select(&value, "a.end", &arguments).unwrap();
    assert_eq!(firn.kind(&end).unwrap(), Kind::Function);
    for (path, code) in [
        ("a.lost", Code::MissingAttribute),
        ("a.list.2", Code::IndexOutOfBounds),
        ("a.list.x", Code::TypeMismatch),
        ("a.\"", Code::InvalidArgument),
    ] {
        let error = firn.select(&value, path, &arguments).unwrap_err();
        assert_eq!(error.diagnostic().code, code, "{path}: {error}");
    }
}

#[test]
fn a_scope_binds_names() {
    let firn = &mut Evaluator::new();
    let (old, new) = (firn.int(1), firn.int(2));
    let mut scope = Scope::default();
    scope.bind("x", old.clone());
    scope.bind("map", old);
    scope.bind("x", new);
    assert_eq!(scope.names().collect::<BTreeSet<_>>(), BTreeSet::from([&b"x"[..], b"map"]));
    let mut eval = |text: &str| firn.eval_text_in(&scope, SourceName::String, text, "/").and_then(|v| firn.kind(&v));
    assert_eq!(eval("x + map").unwrap(), Kind::Int(3));
    assert_eq!(eval("let x = 10; in x").unwrap(), Kind::Int(10));
    assert_eq!(eval("with { x = 10; }; x").unwrap(), Kind::Int(2));
    assert_eq!(eval("y").unwrap_err().diagnostic().code, Code::UndefinedVariable);
}

#[test]
fn evaluators_share_nothing() {
    let (one, two) = (&mut Evaluator::builder().system("one").build(), &mut Evaluator::builder().system("two").build());
    let (of_one, of_two) = (
        one.eval_text("{ system = builtins.currentSystem; }", "/").unwrap(),
        two.eval_text("{ system = builtins.currentSystem; }", "/").unwrap(),
    );
    assert_eq!(as_json(two, &of_two), r#"{"system":"two"}"#);
    assert_eq!(as_json(one, &of_one), r#"{"system":"one"}"#);
}

#[test]
#[should_panic(expected = "belongs to another evaluator")]
fn values_of_another_evaluator_are_refused() {
    let value = Evaluator::new().int(1);
    let _ = Evaluator::new().kind(&value);
}

#[test]
fn an_evaluator_moves_to_another_thread() {
    let mut firn = Evaluator::new();
    let value = firn.eval_text("let f = n: if n == 0 then 0 else 1 + f (n - 1); in { deep = f 100000; }", "/").unwrap();
    // Its stack is small; that recursion is bounded by memory must not depend on the thread.
    let thread = std::thread::Builder::new().stack_size(512 << 10).spawn(move || {
        let deep = firn.attr(&value, "deep")?.expect("the attribute exists");
        assert_eq!(firn.kind(&deep)?, Kind::Int(100_000));
        Ok::<_, firn::Error>((firn, deep))
    });
    let (mut firn, deep) = thread.unwrap().join().unwrap().unwrap();
    assert_eq!(firn.kind(&deep).unwrap(), Kind::Int(100_000));
}

#[test]
fn recursion_without_end_is_an_error() {
    let text = "let f = n: 1 + f (n + 1); in f 0";
    let firn = &mut Evaluator::builder().max_call_depth(1_000).build();
    assert_eq!(firn.eval_text(text, "/").unwrap_err().diagnostic().code, Code::CallDepthExceeded);
    let firn = &mut Evaluator::builder().max_stack(16 << 20).build();
    assert_eq!(firn.eval_text(text, "/").unwrap_err().diagnostic().code, Code::CallDepthExceeded);
    assert_eq!(json(firn, "1 + 1"), "2");
}

#[test]
fn errors_are_data_and_text() {
    let firn = &mut Evaluator::new();
    let text = "let\n  point = { xCoordinate = 1; };\nin point.xCoordinat";
    let error = firn.eval_text(text, "/").unwrap_err();
    let diagnostic = error.diagnostic();
    assert_eq!(diagnostic.code, Code::MissingAttribute);
    assert!(diagnostic.message.contains("xCoordinat"), "{}", diagnostic.message);
    assert!(diagnostic.hints.iter().any(|hint| hint.contains("'xCoordinate'")), "{:?}", diagnostic.hints);
    let place = diagnostic.primary.as_ref().unwrap().span.start;
    let location = firn.sources().resolve(place).unwrap();
    assert_eq!((location.line, location.column), (3, 10));
    let rendered = firn.render(&error, &RenderOptions::default());
    assert!(rendered.starts_with(&format!("error[{}]: ", Code::MissingAttribute.as_str())), "{rendered}");
    assert!(rendered.contains("in point.xCoordinat"), "{rendered}");

    let error = firn.eval_text("{ a = ; b = ) ; }", "/").unwrap_err();
    assert_eq!(error.diagnostic().further.len(), 1, "both mistakes are found");
}

#[test]
fn a_file_that_is_not_there_is_an_error() {
    let firn = &mut Evaluator::new();
    let error = firn.eval_file("/nowhere/at/all.cfg").unwrap_err();
    assert!(error.to_string().contains("/nowhere/at/all.cfg"), "{error}");
}

#[test]
fn files_are_read_once_until_they_are_forgotten() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("number.cfg");
    let read = |firn: &mut Evaluator| {
        let value = firn.eval_file(&file).unwrap();
        firn.kind(&value).unwrap()
    };
    let firn = &mut Evaluator::new();
    std::fs::write(&file, "1").unwrap();
    assert_eq!(read(firn), Kind::Int(1));
    std::fs::write(&file, "2").unwrap();
    assert_eq!(read(firn), Kind::Int(1));
    firn.forget_files();
    assert_eq!(read(firn), Kind::Int(2));
}

/// Writes down which files are read and what is said, and has one variable.
#[derive(Clone, Default)]
struct Recorder {
    files: Arc<Mutex<BTreeSet<PathBuf>>>,
    messages: Arc<Mutex<Vec<String>>>,
}

impl Recorder {
    fn record(&self, path: &Path) {
        self.files.lock().unwrap().insert(path.to_owned());
    }
}

impl FileSource for Recorder {
    fn file_type(&self, path: &Path) -> io::Result<FileType> {
        SystemHost.file_type(path)
    }

    fn open(&self, path: &Path) -> io::Result<OpenFile<'_>> {
        self.record(path);
        // The system's host has no state, so that its files may outlive this call.
        static SYSTEM: SystemHost = SystemHost;
        SYSTEM.open(path)
    }

    fn read_directory(&self, path: &Path) -> io::Result<Vec<DirectoryEntry>> {
        SystemHost.read_directory(path)
    }

    fn read_link(&self, path: &Path) -> io::Result<PathBuf> {
        SystemHost.read_link(path)
    }
}

impl Host for Recorder {
    fn read_file(&self, path: &Path) -> io::Result<Vec<u8>> {
        self.record(path);
        SystemHost.read_file(path)
    }

    fn variable(&self, name: &str) -> Option<OsString> {
        (name == "ONLY").then(|| "this".into())
    }

    fn seconds_since_epoch(&self) -> i64 {
        86_400
    }

    fn message(&self, text: &[u8]) {
        self.messages.lock().unwrap().push(String::from_utf8_lossy(text).into_owned());
    }
}

#[test]
fn a_host_sees_what_is_read_and_said() {
    let folder = tempfile::tempdir().unwrap();
    // The path may be a link on some systems, and the host sees what it leads to.
    let folder = folder.path().canonicalize().unwrap();
    std::fs::create_dir_all(folder.join("unused")).unwrap();
    for (name, text) in [
        (
            "main.cfg",
            "builtins.trace \"start\" (import ./part.cfg).a + builtins.getEnv \"ONLY\" + builtins.getEnv \"PATH\"",
        ),
        ("part.cfg", "{ a = builtins.readFile ./text; b = import ./unused/b.cfg; }"),
        ("text", "text "),
        ("unused/b.cfg", "2"),
    ] {
        std::fs::write(folder.join(name), text).unwrap();
    }
    let recorder = Recorder::default();
    let firn = &mut Evaluator::builder().host(recorder.clone()).build();
    let value = firn.eval_file(folder.join("main.cfg")).unwrap();
    assert_eq!(firn.kind(&value).unwrap(), Kind::String(b"text this".to_vec()));
    assert_eq!(json(firn, "builtins.currentTime"), "86400");

    let expected = ["main.cfg", "part.cfg", "text"].map(|name| folder.join(name));
    assert_eq!(*recorder.files.lock().unwrap(), BTreeSet::from(expected));
    assert_eq!(*recorder.messages.lock().unwrap(), ["trace: start"]);
}

#[test]
fn settings_of_the_builder_are_seen() {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("default.nix"), "\"found\"").unwrap();
    let entry = format!("site={}", folder.path().display());
    let firn = &mut Evaluator::builder()
        .search_path(SearchPathEntry::parse(entry.as_bytes()))
        .nix_version("2.99")
        .feature("pipe-operators")
        .build();
    assert_eq!(json(firn, "import <site>"), r#""found""#);
    assert_eq!(json(firn, "builtins.nixVersion"), r#""2.99""#);
    assert_eq!(json(firn, "1 |> (x: x + 1)"), "2");
    assert!(Evaluator::new().eval_text("1 |> (x: x + 1)", "/").is_err());
    let pure = &mut Evaluator::builder().pure(true).build();
    assert!(pure.eval_text("builtins.currentTime", "/").is_err());
    assert_eq!(json(pure, r#"builtins.getEnv "HOME""#), r#""""#);
}

#[test]
fn values_are_printed() {
    let firn = &mut Evaluator::new();
    let value = firn.eval_text("{ a = 1 + 1; f = x: x; l = [ ]; }", "/").unwrap();
    firn.force_deep(&value).unwrap();
    assert_eq!(firn.print(&value).unwrap(), b"{ a = 2; f = <LAMBDA>; l = [ ]; }");
    let text = firn.eval_text(r#"{ __toString = self: "text"; }"#, "/").unwrap();
    assert_eq!(firn.to_text(&text).unwrap(), b"text");
    let xml = firn.to_xml(&text, false, false).unwrap();
    assert!(xml.starts_with(b"<?xml"), "{}", String::from_utf8_lossy(&xml));
    let shown = firn.show_expression(SourceName::String, "1 + 2 * 3", "/").unwrap();
    assert_eq!(shown, b"(1 + (__mul 2 3))");
}

#[test]
fn identity_tells_sets_apart() {
    let firn = &mut Evaluator::new();
    let pair = firn.eval_text("let s = { a = 1; }; in [ s s { a = 1; } 1 ]", "/").unwrap();
    let ids: Vec<_> = firn.elements(&pair).unwrap().iter().map(|value| firn.identity(value).unwrap()).collect();
    assert_eq!(ids[0], ids[1]);
    assert!(ids[0].is_some() && ids[2].is_some() && ids[0] != ids[2]);
    assert_eq!(ids[3], None);
}

#[test]
fn builtins_are_documented() {
    let firn = &mut Evaluator::new();
    let function = firn.eval_text("builtins.foldl'", "/").unwrap();
    let documentation = firn.documentation(&function).unwrap().unwrap();
    assert_eq!((documentation.name, documentation.parameters.len()), ("foldl'", 3));
    assert!(!documentation.text.is_empty());
    let lambda = firn.eval_text("x: x", "/").unwrap();
    assert!(firn.documentation(&lambda).unwrap().is_none());
    assert!(firn.global_names().contains(&b"builtins".to_vec()));
}

#[test]
fn what_is_no_derivation_has_none() {
    let firn = &mut Evaluator::new();
    for text in ["1", "{ }", "{ type = \"other\"; }"] {
        let value = firn.eval_text(text, "/").unwrap();
        assert!(firn.derivation(&value).unwrap().is_none(), "{text}");
    }
    let claim = firn.eval_text("{ type = \"derivation\"; drvPath = \"/tmp/x\"; }", "/").unwrap();
    assert!(firn.derivation(&claim).is_err());
    let lost = StorePath::from_base_name("00000000000000000000000000000000-lost.drv").unwrap();
    assert!(firn.read_derivation(&lost).is_err());
}

#[test]
fn the_machine_is_walked_from_derivation_to_derivation() {
    let machine = Path::new(env!("CARGO_MANIFEST_DIR")).join("corpus/machine");
    let firn = &mut Evaluator::new();
    let value = firn.eval_file(machine.join("configuration.cfg")).unwrap();
    let (system, record) = firn.derivation(&value).unwrap().unwrap();
    assert_eq!(record, firn.read_derivation(&system).unwrap());

    let mut seen = BTreeSet::from([system.clone()]);
    let mut open = vec![system.clone()];
    while let Some(path) = open.pop() {
        let derivation = firn.read_derivation(&path).unwrap();
        assert_eq!(path.derivation_name(), Some(derivation.name.as_str()));
        open.extend(derivation.input_derivations.into_keys().filter(|input| seen.insert(input.clone())));
    }

    let directory = firn.store_dir();
    let found: Vec<String> = seen.iter().map(|path| directory.display(path)).collect();
    let expected = std::fs::read_to_string(machine.join("expected/closure.txt")).unwrap();
    assert_eq!(found, expected.lines().collect::<Vec<_>>());
    assert_eq!(found.len(), 150);
    let expected = std::fs::read_to_string(machine.join("expected/system.drv")).unwrap();
    assert_eq!(directory.display(&system), expected.trim_end());
}
