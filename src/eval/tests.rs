//! What programs alone cannot reach: other hosts, options, values that are not evaluated, and nesting that is deep.

use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::{fs, io};

use super::search_path::SearchPathEntry;
use super::{Host, SystemHost};
use crate::corpus::programs_in;
use crate::diagnostics::{Code, SourceName};
use crate::store::{DirectoryEntry, FileSource, FileType, OpenFile};
use crate::{Builder, Evaluator, Lint, LintLevel, Lints};

/// Evaluates an expression with everything in it; an error is its code and message.
fn eval_with(builder: Builder, text: &str) -> String {
    let mut firn = builder.build();
    let printed = firn.eval_text(text, "/").and_then(|value| {
        firn.force_deep(&value)?;
        firn.print(&value)
    });
    match printed {
        Ok(printed) => String::from_utf8(printed).unwrap(),
        Err(error) => format!("{}: {}", error.diagnostic().code, error.diagnostic().message),
    }
}

fn check(cases: &[(&str, &str)]) {
    for (text, expected) in cases {
        assert_eq!(eval_with(Evaluator::builder(), text), *expected, "{text}");
    }
}

/// What was evaluated before changes nothing. `FIRN_CORPUS` names a part of the corpus to be run alone, under Miri above all, where each
/// program takes seconds.
#[test]
fn one_evaluator_runs_the_corpus() {
    let mut firn = Evaluator::new();
    let chosen = std::env::var("FIRN_CORPUS").ok();
    let expected_of = |file: &Path| {
        // These two show the environment.
        let is_own = file.ends_with("paths/home.cfg") || file.ends_with("type-builtins/get-env.cfg");
        match file.extension()?.to_str()? {
            "cfg" if !is_own && !file.with_extension("flags").exists() => fs::read(file.with_extension("out")).ok(),
            _ => None,
        }
    };
    let mut count = 0;
    for file in programs_in(chosen.as_deref().unwrap_or("corpus/lang")) {
        let Some(expected) = expected_of(&file) else { continue };
        let printed = firn.eval_file(&file).and_then(|value| {
            firn.force_deep(&value)?;
            firn.print(&value)
        });
        let printed = printed.unwrap_or_else(|error| error.to_string().into_bytes());
        let [printed, expected] = [&printed, &expected].map(|text| String::from_utf8_lossy(text));
        assert_eq!(printed, expected.trim_end_matches('\n'), "{}", file.display());
        count += 1;
    }
    assert!(count > if chosen.is_some() { 0 } else { 500 }, "only {count} programs");
}

/// The store that is not written keeps texts in memory; they are files like others.
#[test]
fn texts_of_the_store_are_files() {
    check(&[
        (r#"import (builtins.toFile "a" "1 + 1")"#, "2"),
        (r#"builtins.readFileType (builtins.toFile "a" "1")"#, r#""regular""#),
        (r#"builtins.pathExists "${builtins.toFile "a" "1"}/b""#, "false"),
        (
            r#"builtins.readDir (builtins.toFile "a" "1")"#,
            "E0500: cannot read '/nix/store/sx0f0xfyqvpn8kqsgk93bgc4nxdb0bs2-a': not a directory",
        ),
        (r#"builtins.hashFile "sha1" (builtins.toFile "a" "1")"#, r#""356a192b7913b04c54574d18c28d46e6395428ab""#),
        (
            r#"let a = builtins.unsafeDiscardStringContext (builtins.toFile "a" "1"); in
               builtins.fetchurl "file://${a}" == builtins.path { path = a; name = baseNameOf a; recursive = false; }"#,
            "true",
        ),
    ]);
    assert_eq!(
        eval_with(
            Evaluator::builder().feature("flakes").feature("fetch-tree"),
            r#"let a = builtins.unsafeDiscardStringContext (builtins.toFile "a" "1"); in
               removeAttrs (builtins.fetchTree { type = "path"; path = a; }) [ "outPath" ]"#
        ),
        r#"{ lastModified = 0; lastModifiedDate = "19700101000000"; narHash = "sha256-Mz3qfBlIHWPommJBhNbgSqmrfbShQ9myxTkKssXTB14="; }"#
    );
}

/// With the lists that Nix 2.34 makes of them.
#[test]
fn search_paths_are_taken_apart() {
    let entries = |text: &str| {
        let entries = SearchPathEntry::parse_list(text.as_bytes());
        let text = |bytes: Vec<u8>| String::from_utf8(bytes).unwrap();
        entries.into_iter().map(|entry| (text(entry.prefix), text(entry.path))).collect::<Vec<_>>()
    };
    let pair = |prefix: &str, path: &str| (prefix.to_owned(), path.to_owned());
    assert_eq!(entries(""), []);
    assert_eq!(entries("::"), []);
    assert_eq!(entries("/a"), [pair("", "/a")]);
    assert_eq!(entries("a=/b::/c:"), [pair("a", "/b"), pair("", "/c")]);
    assert_eq!(entries("a=b=c"), [pair("a", "b=c")]);
    assert_eq!(entries("a=https://x/y.tar:/b"), [pair("a", "https://x/y.tar"), pair("", "/b")]);
    assert_eq!(entries("channel:x:/b"), [pair("", "channel:x"), pair("", "/b")]);
    assert_eq!(entries("a=flake:x:b=/b"), [pair("a", "flake:x"), pair("b", "/b")]);
}

#[test]
fn pure_evaluation_sees_no_machine() {
    let eval = |text| eval_with(Evaluator::builder().pure(true), text);
    assert_eq!(eval(r#"builtins.getEnv "PATH""#), r#""""#);
    assert_eq!(
        eval(r#"builtins.storePath "/nix/store/00000000000000000000000000000000-a""#),
        "E0502: 'storePath' is not allowed in pure evaluation"
    );
}

#[test]
fn nesting_can_be_limited() {
    let eval = |text| eval_with(Evaluator::builder().max_nesting(3), text);
    assert_eq!(eval("builtins.toJSON [ [ { } ] ]"), r#""[[{}]]""#);
    assert_eq!(eval("builtins.toJSON [ [ { a = [ ]; } ] ]"), "E0401: the value is nested more than 3 levels deep");
}

/// The stack of this thread is a small one.
#[test]
fn what_is_deep_needs_no_deep_stack() {
    const DEEP: &str = "let deep = last: builtins.foldl' (list: n: [ list ]) last (builtins.genList (n: n) 50000); in ";
    for (text, expected) in [
        ("deep [ ] == deep [ ]", "true"),
        ("builtins.stringLength (builtins.toJSON (deep [ ]))", "100002"),
        (r#"toString (deep [ "a" ])"#, r#""a""#),
        ("let f = n: if n == 0 then 0 else 1 + f (n - 1); in f 50000", "50000"),
        (
            "let f = { n }: if n == 0 then 0 else 1 + builtins.head (map f [ { n = n - 1; } ]); in f { n = 20000; }",
            "20000",
        ),
    ] {
        assert_eq!(eval_with(Evaluator::builder(), &[DEEP, text].concat()), expected, "{text}");
    }
    let mut firn = Evaluator::new();
    let value = firn.eval_text(format!("{DEEP} deep null"), "/").unwrap();
    firn.force_deep(&value).unwrap();
    assert_eq!(firn.print(&value).unwrap().len(), "[  ]".len() * 50_000 + "null".len());
    // The lines of XML are indented: it grows with the square of the depth.
    let value = firn.eval_text("builtins.foldl' (list: n: [ list ]) null (builtins.genList (n: n) 4000)", "/").unwrap();
    assert!(firn.to_xml(&value, true, false).unwrap().ends_with(b"</list>\n</expr>\n"));
}

/// A machine without anything but a directory.
struct Bare;

impl FileSource for Bare {
    fn file_type(&self, path: &Path) -> io::Result<FileType> {
        match path.to_str() {
            Some("/" | "/a" | "/a/.git") => Ok(FileType::Directory),
            _ => Err(io::ErrorKind::NotFound.into()),
        }
    }

    fn open(&self, _: &Path) -> io::Result<OpenFile<'_>> {
        Err(io::ErrorKind::NotFound.into())
    }

    fn read_directory(&self, _: &Path) -> io::Result<Vec<DirectoryEntry>> {
        Ok(Vec::new())
    }

    fn read_link(&self, _: &Path) -> io::Result<PathBuf> {
        Err(io::ErrorKind::NotFound.into())
    }
}

impl Host for Bare {
    fn read_file(&self, _: &Path) -> io::Result<Vec<u8>> {
        Err(io::ErrorKind::PermissionDenied.into())
    }

    fn variable(&self, _: &str) -> Option<OsString> {
        None
    }

    fn seconds_since_epoch(&self) -> i64 {
        7
    }

    fn message(&self, _: &[u8]) {}
}

#[test]
fn hosts_need_not_run_programs_or_know_times() {
    let eval = |text| eval_with(Evaluator::builder().host(Bare).feature("flakes").feature("fetch-tree"), text);
    assert_eq!(eval("builtins.currentTime"), "7");
    assert_eq!(eval(r#"(builtins.fetchTree { type = "path"; path = "/a"; }).lastModified"#), "0");
    assert_eq!(
        eval(r#"builtins.fetchGit { url = "/a"; ref = "main"; }"#),
        "E0503: cannot read the Git repository '/a': programs cannot be run"
    );
    assert_eq!(eval("builtins.readFile /b"), "E0500: cannot read '/b': permission denied");
    assert_eq!(eval("import /b"), "E0500: path '/b' does not exist");
}

#[test]
fn what_has_no_end_is_not_read() {
    let problem = SystemHost.read_file(Path::new("/dev/zero")).unwrap_err();
    assert_eq!(problem.kind(), io::ErrorKind::FileTooLarge);
    assert_eq!(SystemHost.read_file(Path::new("/dev/null")).unwrap(), b"");
}

#[test]
fn values_are_written_for_people() {
    for (text, expected) in [
        ("[ ]", "[ ]"),
        ("{ a = 1; b = [ (-1) 1.0 ]; }", "{\n  a = 1;\n  b = [\n    (-1)\n    1.0\n  ];\n}"),
        ("[ (-9223372036854775807 - 1) ]", "[ (-9223372036854775807 - 1) ]"),
        ("1.0e300 * 1", "1.0e300"),
        ("1.5e300 * 1", "1.5e300"),
        (
            r#"derivation { name = "d"; system = "s"; builder = "b"; }"#,
            "«derivation /nix/store/9m3vsva6r393zgjc1g7ncynv7cvdx6sj-d.drv»",
        ),
        (r#"{ type = "derivation"; }"#, "«derivation»"),
        ("x: x", "«lambda @ «string»:1:1»"),
        ("let f = x: y: x; in f 1", "«lambda f @ «string»:1:12»"),
        ("map", "«primop map»"),
        ("map 1", "«partially applied primop map»"),
    ] {
        let mut firn = Evaluator::new();
        let value = firn.eval_text(text, "/").unwrap();
        firn.force_deep(&value).unwrap();
        assert_eq!(String::from_utf8(firn.print_pretty(&value).unwrap()).unwrap(), expected, "{text}");
    }
}

#[test]
fn what_is_not_evaluated_is_written_as_it_is() {
    let mut firn = Evaluator::new();
    let value = firn.eval_text("{ a = 1 + 1; b = [ (throw \"\") ]; f = x: x; }", "/").unwrap();
    assert_eq!(firn.print(&value).unwrap(), b"{ a = <CODE>; b = <CODE>; f = <CODE>; }");
    assert_eq!(
        String::from_utf8(firn.to_xml(&value, false, true).unwrap()).unwrap(),
        "<?xml version='1.0' encoding='utf-8'?>\n<expr>\n  <attrs>\n    \
         <attr column=\"3\" line=\"1\" name=\"a\">\n      <unevaluated />\n    </attr>\n    \
         <attr column=\"14\" line=\"1\" name=\"b\">\n      <unevaluated />\n    </attr>\n    \
         <attr column=\"34\" line=\"1\" name=\"f\">\n      <unevaluated />\n    </attr>\n  </attrs>\n</expr>\n"
    );
}

#[test]
fn files_tell_their_names_in_xml() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("a.nix");
    fs::write(&path, "{ a = 1; }").unwrap();
    let mut firn = Evaluator::new();
    let value = firn.eval_file(&path).unwrap();
    let xml = String::from_utf8(firn.to_xml(&value, true, true).unwrap()).unwrap();
    let expected = format!("<attr column=\"3\" line=\"1\" name=\"a\" path=\"{}\">", path.display());
    assert!(xml.contains(&expected), "{xml}");
}

#[test]
fn derivations_are_recognized() {
    let mut firn = Evaluator::new();
    let mut path_of = |text: &str| {
        let value = firn.eval_text(text, "/").unwrap();
        let found = firn.derivation(&value).map_err(|error| error.diagnostic().code)?;
        Ok::<_, Code>(found.map(|(path, derivation)| (path.to_string(), derivation.name)))
    };
    assert_eq!(
        path_of(r#"derivation { name = "d"; system = "s"; builder = "b"; }"#),
        Ok(Some(("9m3vsva6r393zgjc1g7ncynv7cvdx6sj-d.drv".to_owned(), "d".to_owned())))
    );
    assert_eq!(path_of("1"), Ok(None));
    assert_eq!(path_of("{ }"), Ok(None));
    assert_eq!(path_of(r#"{ type = "derivation"; }"#), Ok(None));
    assert!(path_of(r#"{ type = "derivation"; drvPath = "/nix/store/a"; }"#).is_err());
    assert!(path_of(r#"{ type = "derivation"; drvPath = throw "a"; }"#).is_err());
}

#[test]
fn expressions_are_shown_as_they_are_understood() {
    let mut firn = Evaluator::new();
    let mut show = |text: &str| firn.show_expression(SourceName::String, text, "/a");
    assert_eq!(show("a: ./b + a.c or 1").unwrap(), b"(a: (/a/b + (a).c or (1)))");
    assert!(show("a").is_err());
    assert!(show("(").is_err());
}

#[test]
fn lints_warn_or_fail() {
    let with = |level| Evaluator::builder().lints(Lints::default().with(Lint::UrlLiteral, level));
    assert_eq!(eval_with(with(LintLevel::Warn), "https://localhost/a"), r#""https://localhost/a""#);
    assert!(eval_with(with(LintLevel::Fatal), "https://localhost/a").starts_with("W0002: "));
}

/// What a node cannot tell of a variable in its own few bytes, it tells elsewhere.
#[test]
fn variables_may_be_far_and_many() {
    for depth in [254, 255, 256, 257, 300] {
        let text = format!("let first = 7; in {}first + x1{}", "(x1: ".repeat(depth), " + x1) 1".repeat(depth));
        assert_eq!(eval_with(Evaluator::builder(), &text), (8 + depth).to_string(), "{depth}");
        let text = format!("let first = 7; in {}first", "let x = 1; in ".repeat(depth));
        assert_eq!(eval_with(Evaluator::builder(), &text), "7", "{depth}");
        // A variable is what it stands for, and no thunk of its own.
        let text = format!("let first = [ 7 ]; in {}[ first first ]", "let x = 1; in ".repeat(depth));
        assert_eq!(eval_with(Evaluator::builder(), &text), "[ [ 7 ] «repeated» ]", "{depth}");
        let text = format!("let first = 7; in {}[ first ]", "let x = 1; in ".repeat(depth));
        let mut firn = Evaluator::new();
        let value = firn.eval_text(text, "/").unwrap();
        assert_eq!(firn.print(&value).unwrap(), b"[ 7 ]", "{depth}");
    }
    const MANY: usize = (1 << 16) + 2;
    let bindings: String = (0..MANY).map(|number| format!("v{number} = {number} + 0;")).collect();
    let [before, last] = [MANY - 3, MANY - 1];
    for (text, expected) in [
        (format!("let {bindings} in v7 + v{before} + v{last}"), 7 + before + last),
        (format!("let {bindings} in let a = v{last}; in a + v7"), last + 7),
        (format!("(rec {{ {bindings} sum = v{before} + v{last}; }}).sum"), before + last),
        (format!("({{ a ? 1, {}... }}: v{last}) {{ {bindings} }}", bindings.replace(';', ",").replace('=', "?")), last),
    ] {
        assert_eq!(eval_with(Evaluator::builder(), &text), expected.to_string());
    }
}

/// No program can write a NUL, but a text that is given from outside can contain it.
#[test]
fn paths_contain_no_null() {
    let mut firn = Evaluator::new();
    let function = firn.eval_text("text: /a + text", "/").unwrap();
    let text = firn.string(b"b\0c");
    let problem = firn.call(&function, &[text]).unwrap_err();
    assert_eq!(problem.diagnostic().message, "a path cannot contain a NUL byte");
}

#[test]
fn a_scoped_import_looks_for_its_file_first() {
    let printed = eval_with(Evaluator::builder(), r#"builtins.scopedImport (throw "scope") (throw "path")"#);
    assert!(printed.ends_with(": path"), "{printed}");
}
