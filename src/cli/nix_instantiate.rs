//! The command line of `nix-instantiate`, for programs that call it.
//!
//! The flags are those of Nix's manual, "nix-instantiate" and "common options". Flags about building,
//! downloading and logging are accepted and change nothing.

use std::collections::VecDeque;
use std::ffi::OsString;
use std::os::unix::ffi::{OsStrExt, OsStringExt};
use std::path::PathBuf;

use super::job::{Action, Argument, Format, Input, Job, Task, Usage};
use super::settings::{SettingError, SettingKind, Settings};

/// The version of the language, as `builtins.nixVersion` gives it by default.
const LANGUAGE_VERSION: &str = "2.36.0";

/// Reads the arguments after the program's name.
pub(super) fn parse(arguments: &[OsString]) -> Result<Task, Usage> {
    let mut parser =
        Parser { rest: arguments.iter().map(|word| word.as_bytes().to_vec()).collect(), ..Parser::default() };
    while let Some(word) = parser.rest.pop_front() {
        parser.word(word)?;
    }
    Ok(Task::Run(parser.job()))
}

/// How deep a value may be nested to be converted to JSON, as with the default settings of Nix.
const MAX_NESTING: u64 = 10_000;

#[derive(Default)]
struct Parser {
    rest: VecDeque<Vec<u8>>,
    /// After `--`, nothing is a flag.
    only_operands: bool,
    operands: Vec<Vec<u8>>,
    reads_stdin: bool,
    are_expressions: bool,
    finds_files: bool,
    evaluates: bool,
    shows_expression: bool,
    strict: bool,
    no_location: bool,
    format: Option<Format>,
    selections: Vec<String>,
    arguments: Vec<(Vec<u8>, Argument)>,
    settings: Settings,
}

impl Parser {
    fn word(&mut self, word: Vec<u8>) -> Result<(), Usage> {
        if self.only_operands || !word.starts_with(b"-") {
            self.operands.push(word);
            return Ok(());
        }
        match &word[..] {
            b"-" => self.reads_stdin = true,
            b"--" => self.only_operands = true,
            [b'-', b'-', ..] => return self.long_flag(text(word)?),
            _ => return self.short_flags(&word),
        }
        Ok(())
    }

    /// `-A`, or several in one word such as `-vvk`, or one with its value such as `-Ipath`.
    fn short_flags(&mut self, word: &[u8]) -> Result<(), Usage> {
        for (at, &letter) in word.iter().enumerate().skip(1) {
            let attached = &word[at + 1..];
            if matches!(letter, b'A' | b'I' | b'j') && !attached.is_empty() {
                self.rest.push_front(attached.to_vec());
            }
            match letter {
                b'E' => self.are_expressions = true,
                b'A' => self.select("-A")?,
                b'I' => self.search_path("-I")?,
                b'j' => drop(self.value("-j")?),
                b'v' | b'Q' | b'K' | b'k' => {}
                _ => return Err(unknown_flag(&format!("-{}", char::from(letter)))),
            }
            if matches!(letter, b'A' | b'I' | b'j') {
                break;
            }
        }
        Ok(())
    }

    fn long_flag(&mut self, flag: String) -> Result<(), Usage> {
        match flag.as_str() {
            "--help" => return Err(help()),
            "--version" => return Err(version()),
            "--expr" => self.are_expressions = true,
            "--eval" | "--eval-only" => self.evaluates = true,
            "--parse" | "--parse-only" => self.shows_expression = true,
            "--find-file" => self.finds_files = true,
            "--strict" => self.strict = true,
            "--raw" => self.format = Some(Format::Raw),
            "--json" => self.format = Some(Format::Json),
            "--xml" => self.format = Some(Format::Xml { locations: true }),
            "--no-location" => self.no_location = true,
            "--attr" => self.select(&flag)?,
            "--include" => self.search_path(&flag)?,
            "--impure" => self.settings.pure = false,
            "--option" => {
                let (name, value) = (self.text(&flag)?, self.text(&flag)?);
                match self.settings.set(&name, &value) {
                    Err(SettingError::Unknown) => super::output::warn(&format!("unknown setting '{name}'")),
                    result => setting_result(&name, &value, result)?,
                }
            }
            "--arg" | "--argstr" | "--arg-from-file" | "--arg-from-stdin" => self.argument(&flag)?,
            "--add-root" => drop(self.value(&flag)?),
            "--read-write-mode" => self.settings.writes = true,
            "--readonly-mode" | "--dry-run" => self.settings.writes = false,
            // What Nix does beyond evaluation is not done here, so there is nothing to change.
            "--indirect" | "--repair" | "--verbose" | "--quiet" | "--debug" | "--no-build-output"
            | "--no-gc-warning" | "--no-net" | "--offline" | "--refresh" => {}
            _ => self.setting(&flag)?,
        }
        Ok(())
    }

    /// A flag named for a setting: `--max-call-depth 100`, `--show-trace`, `--no-show-trace`.
    fn setting(&mut self, flag: &str) -> Result<(), Usage> {
        let name = &flag[2..];
        if let Some(positive) = name.strip_prefix("no-")
            && Settings::kind(positive) == Some(SettingKind::Flag)
        {
            return setting_result(positive, "false", self.settings.set(positive, "false"));
        }
        let plain = name.strip_prefix("extra-").or(name.strip_prefix("no-"));
        match Settings::kind(plain.unwrap_or(name)) {
            Some(SettingKind::Flag) => setting_result(name, "true", self.settings.set(name, "true")),
            Some(SettingKind::Value) => {
                let value = self.text(flag)?;
                setting_result(name, &value, self.settings.set(name, &value))
            }
            Some(SettingKind::NoEffectFlag) => Ok(()),
            Some(SettingKind::NoEffectValue) => self.value(flag).map(drop),
            None => Err(unknown_flag(flag)),
        }
    }

    fn argument(&mut self, flag: &str) -> Result<(), Usage> {
        let name = self.value(flag)?;
        let argument = match flag {
            "--arg" => Argument::Expression(self.value(flag)?),
            "--argstr" => Argument::Text(self.value(flag)?),
            "--arg-from-file" => Argument::File(path(self.value(flag)?)),
            _ => Argument::Stdin,
        };
        self.arguments.push((name, argument));
        Ok(())
    }

    fn select(&mut self, flag: &str) -> Result<(), Usage> {
        let selection = self.text(flag)?;
        self.selections.push(selection);
        Ok(())
    }

    fn search_path(&mut self, flag: &str) -> Result<(), Usage> {
        let entry = self.value(flag)?;
        self.settings.search_path.push(entry);
        Ok(())
    }

    /// The word after a flag.
    fn value(&mut self, flag: &str) -> Result<Vec<u8>, Usage> {
        let value = self.rest.pop_front();
        value.ok_or_else(|| mistake(&format!("flag '{flag}' needs a value")))
    }

    fn text(&mut self, flag: &str) -> Result<String, Usage> {
        text(self.value(flag)?)
    }

    fn job(self) -> Job {
        let mut inputs = Vec::new();
        if self.reads_stdin && !self.finds_files {
            inputs.push(Input::Stdin);
        }
        let as_input = |operand| match self.are_expressions && !self.finds_files {
            true => Input::Expression(operand),
            false => Input::File(path(operand)),
        };
        inputs.extend(self.operands.into_iter().map(as_input));
        if inputs.is_empty() && !self.are_expressions && !self.finds_files {
            inputs.push(Input::File("./default.nix".into()));
        }
        let format = match self.format.unwrap_or(Format::Line) {
            Format::Xml { .. } => Format::Xml { locations: !self.no_location },
            format => format,
        };
        let action = if self.finds_files {
            Action::FindFile
        } else if self.shows_expression {
            Action::ShowExpression
        } else if self.evaluates {
            Action::Evaluate { format, strict: self.strict }
        } else {
            Action::Instantiate
        };
        Job {
            inputs,
            selections: self.selections,
            arguments: self.arguments,
            always_calls: false,
            action,
            statistics: None,
            profile: None,
            offers_pages: false,
            settings: Settings { max_nesting: Some(MAX_NESTING), ..self.settings },
        }
    }
}

fn path(bytes: Vec<u8>) -> PathBuf {
    OsString::from_vec(bytes).into()
}

fn text(bytes: Vec<u8>) -> Result<String, Usage> {
    String::from_utf8(bytes).map_err(|error| {
        let text = String::from_utf8_lossy(error.as_bytes()).into_owned();
        mistake(&format!("'{text}' is not UTF-8"))
    })
}

fn setting_result(name: &str, value: &str, result: Result<(), SettingError>) -> Result<(), Usage> {
    result.map_err(|error| match error {
        SettingError::Unknown => unknown_flag(&format!("--{name}")),
        SettingError::Invalid(expected) => mistake(&format!("setting '{name}' is {expected}, not '{value}'")),
    })
}

fn unknown_flag(flag: &str) -> Usage {
    mistake(&format!("unrecognised flag '{flag}'"))
}

fn mistake(message: &str) -> Usage {
    Usage { text: format!("error: {message}\nTry 'nix-instantiate --help' for more information.\n"), status: 1 }
}

fn version() -> Usage {
    Usage { text: format!("nix-instantiate (firn {}) {LANGUAGE_VERSION}\n", env!("CARGO_PKG_VERSION")), status: 0 }
}

fn help() -> Usage {
    Usage { text: HELP.to_owned(), status: 0 }
}

const HELP: &str = "\
Usage: nix-instantiate [FLAG]... [FILE]...

Prints the store paths of the derivations in Nix expressions, or what the
expressions evaluate to. This is firn under another name; 'firn --help'
describes what it can do besides.

FILE is a file, a directory with a default.nix, '<name>' in the search path, or
'-' for standard input. Without any, ./default.nix is used.

What to do:
  --eval                     print the value instead of derivations
  --parse                    print the parsed expression
  --find-file                print where in the search path each FILE is
  -E, --expr                 each FILE is an expression itself
  -A, --attr PATH            select an attribute, for example 'a.b.0'
  --arg NAME EXPR            an argument for functions
  --argstr NAME TEXT         an argument for functions that is a string
  --arg-from-file NAME FILE  an argument that is the text of a file
  --arg-from-stdin NAME      an argument that is the text of standard input

How to print a value (with --eval):
  --strict                   evaluate everything in it
  --json                     as JSON
  --raw                      a string as it is
  --xml                      as XML
  --no-location              without places in XML

How to evaluate:
  -I, --include PATH         put 'PATH' or 'name=PATH' into the search path
  --read-write-mode          write derivations and sources into the store
  --store DIR                ... into DIR/nix/store
  --show-trace               show whole traces of errors
  --max-call-depth N         limit how many calls may be nested
  --max-memory MIB           limit the memory of values
  --option NAME VALUE        change a setting; '--NAME VALUE' does the same
  --extra-experimental-features LIST
                             enable features such as pipe-operators
  --lint-url-literals, --lint-short-path-literals,
  --lint-absolute-path-literals LEVEL
                             'ignore', 'warn' or 'fatal'

Derivations are written with --read-write-mode only. Flags about building,
downloading and logging are accepted and change nothing.
";

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Lint, LintLevel};

    fn parse_line(line: &str) -> Result<Task, Usage> {
        let words: Vec<OsString> = line.split(' ').map(OsString::from).collect();
        parse(&words)
    }

    fn job(line: &str) -> Job {
        match parse_line(line) {
            Ok(Task::Run(job)) => job,
            other => panic!("{line}: {other:?}"),
        }
    }

    fn evaluate(format: Format, strict: bool) -> Action {
        Action::Evaluate { format, strict }
    }

    #[test]
    fn the_action_and_format() {
        let xml = |locations| Format::Xml { locations };
        for (line, action) in [
            ("x.nix", Action::Instantiate),
            ("--dry-run x.nix", Action::Instantiate),
            ("--eval x.nix", evaluate(Format::Line, false)),
            ("--eval --strict x.nix", evaluate(Format::Line, true)),
            ("--eval --strict --json x.nix", evaluate(Format::Json, true)),
            ("--eval --raw x.nix", evaluate(Format::Raw, false)),
            ("--eval --xml x.nix", evaluate(xml(true), false)),
            ("--eval --no-location --xml x.nix", evaluate(xml(false), false)),
            ("--eval --read-write-mode x.nix", evaluate(Format::Line, false)),
            ("--parse -", Action::ShowExpression),
            ("--find-file nixpkgs", Action::FindFile),
        ] {
            assert_eq!(job(line).action, action, "{line}");
        }
    }

    #[test]
    fn the_inputs() {
        let file = |path: &str| Input::File(path.into());
        let expression = |text: &str| Input::Expression(text.into());
        for (line, inputs) in [
            ("--eval", vec![file("./default.nix")]),
            ("--eval -", vec![Input::Stdin]),
            ("--eval a b", vec![file("a"), file("b")]),
            ("--eval a -", vec![Input::Stdin, file("a")]),
            ("--eval -E 1+1 2", vec![expression("1+1"), expression("2")]),
            ("1+1 --eval --expr", vec![expression("1+1")]),
            ("--eval -E", vec![]),
            ("--eval -- -E", vec![file("-E")]),
            ("--find-file -E a", vec![file("a")]),
        ] {
            assert_eq!(job(line).inputs, inputs, "{line}");
        }
    }

    #[test]
    fn arguments_and_selections() {
        let job = job("-A a.b --attr c --arg x 1 --argstr y z --arg-from-file f /f --arg-from-stdin s .");
        assert_eq!(job.selections, ["a.b", "c"]);
        let expected: [(&[u8], Argument); 4] = [
            (b"x", Argument::Expression(b"1".into())),
            (b"y", Argument::Text(b"z".into())),
            (b"f", Argument::File("/f".into())),
            (b"s", Argument::Stdin),
        ];
        let arguments: Vec<_> = job.arguments.iter().map(|(n, a)| (&n[..], a.clone())).collect();
        assert_eq!(arguments, expected);
    }

    #[test]
    fn settings_by_flag_and_by_option() {
        let settings =
            job("-I a -Ib=c --include d --show-trace --max-call-depth 100 --option pure-eval true --impure \
             --extra-experimental-features x --lint-url-literals fatal --cores 4 --no-fallback -vvk -j4 .")
            .settings;
        assert_eq!(settings.search_path, [&b"a"[..], b"b=c", b"d"]);
        assert!(settings.show_trace);
        assert_eq!(settings.max_call_depth, Some(100));
        assert!(!settings.pure);
        assert!(settings.features.contains("x"));
        assert_eq!(settings.lints.level(Lint::UrlLiteral), LintLevel::Fatal);
        assert!(!job("--show-trace --no-show-trace .").settings.show_trace);
    }

    #[test]
    fn mistakes_are_explained() {
        for (line, message) in [
            ("--evil", "unrecognised flag '--evil'"),
            ("-x", "unrecognised flag '-x'"),
            ("-A", "flag '-A' needs a value"),
            ("--arg x", "flag '--arg' needs a value"),
            ("--max-call-depth many", "setting 'max-call-depth' is a number, not 'many'"),
            ("--lint-url-literals no", "setting 'lint-url-literals' is 'ignore', 'warn' or 'fatal', not 'no'"),
        ] {
            let usage = parse_line(line).expect_err(line);
            let first = usage.text.lines().next().unwrap_or_default();
            assert_eq!((first, usage.status), (&*format!("error: {message}"), 1));
        }
        assert_eq!(parse_line("--version").expect_err("says it").status, 0);
        assert_eq!(parse_line("--help").expect_err("says it").status, 0);
    }
}
