//! The command line of `firn`.

use std::ffi::OsString;
use std::os::unix::ffi::OsStringExt;
use std::path::PathBuf;

use clap::error::ErrorKind;
use clap::{Args, CommandFactory, Parser, Subcommand, ValueEnum};
use clap_complete::Shell;

use super::job::{Action, Argument, Format, Input, Job, StatisticsFormat, Task, Usage};
use super::lint_flags::{self, LintFlags};
use super::settings::{ColorChoice, ErrorFormat, SettingError, Settings};
use super::{explain, generate};

/// Reads a command line that starts with the program's name.
pub(super) fn parse(arguments: &[OsString]) -> Result<Task, Usage> {
    let line = Line::try_parse_from(arguments).map_err(|error| usage(error, colors_asked(arguments)))?;
    match line.command {
        Command::Eval(eval) => eval.task(),
        Command::Check(check) => check.task(),
        Command::Parse(parse) => parse.task(),
        Command::Repl(repl) => repl.task(),
        Command::Explain(line) => Err(explain::explain(line.code.as_deref(), line.color.color.on(&std::io::stdout()))),
        Command::Completions { shell } => Err(generate::completions(shell)),
        Command::Man { directory } => Ok(Task::ManualPages(directory)),
    }
}

/// The definition of the command line.
pub(super) fn definition() -> clap::Command {
    Line::command()
}

/// Evaluates the Nix language
#[derive(Parser)]
#[command(
    name = "firn",
    version,
    max_term_width = 80,
    after_help = "Called by the name 'nix-instantiate', firn takes the command line of that program."
)]
struct Line {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    Eval(EvalLine),
    Check(CheckLine),
    Parse(ParseLine),
    Repl(ReplLine),
    Explain(ExplainLine),
    /// Print a script that makes a shell complete commands and flags
    #[command(after_help = "\
Examples:
  firn completions bash > ~/.local/share/bash-completion/completions/firn
  firn completions fish > ~/.config/fish/completions/firn.fish")]
    Completions {
        /// The shell
        shell: Shell,
    },
    /// Write manual pages for firn and its commands into a directory
    Man {
        /// The directory, which is made if there is none
        #[arg(value_name = "DIR")]
        directory: PathBuf,
    },
}

/// Evaluate an expression and print its value
///
/// A derivation is printed as a record of what it builds and how; a set or list of derivations with a
/// line for each; any other value as the language writes it.
// The documentation is printed as it stands, so `<name>` cannot be quoted for rustdoc.
#[allow(rustdoc::invalid_html_tags)]
#[derive(Args)]
#[command(after_help = "\
Examples:
  firn eval -E '1 + 1'
  firn eval ./default.nix -A packages.hello
  firn eval --json -I nixpkgs=/srv/nixpkgs '<nixpkgs/lib>' -A version

The exit status is 0, or 1 if the evaluation fails, or 2 if the command line is wrong.")]
struct EvalLine {
    /// The file to evaluate: a file, a directory with a default.nix, '<name>' in the search path,
    /// or '-' for standard input [default: ./default.nix]
    #[arg(value_name = "FILE", conflicts_with = "expressions")]
    file: Option<PathBuf>,

    /// Evaluate this expression; relative paths in it start from the current directory
    #[arg(short = 'E', long = "expr", value_name = "EXPR", allow_hyphen_values = true)]
    expressions: Vec<OsString>,

    /// Select an attribute, such as 'packages.hello' or 'list.0'; can be given several times
    #[arg(short = 'A', long = "attr", value_name = "PATH")]
    selections: Vec<String>,

    #[command(flatten)]
    arguments: FunctionArguments,

    /// Evaluate everything in the value, also what is inside of derivations
    #[arg(long)]
    strict: bool,

    /// Print the value as JSON; of a derivation its record, as 'nix derivation show' does
    #[arg(long, group = "format")]
    json: bool,

    /// Print a string as it is, without quotes and without a line feed after it
    #[arg(long, group = "format")]
    raw: bool,

    /// Print the value as XML
    #[arg(long, group = "format")]
    xml: bool,

    /// Leave out of XML where attributes and functions are written
    #[arg(long, requires = "xml")]
    no_location: bool,

    /// Say at the end what the evaluation took and did, on standard error
    #[arg(long, value_name = "FORMAT", value_enum, num_args = 0..=1, require_equals = true, default_missing_value = "text")]
    stats: Option<StatisticsFormat>,

    /// Write to FILE where the time went, by functions of the program, for tools that draw flame graphs
    #[arg(long, value_name = "FILE")]
    profile: Option<PathBuf>,

    #[command(flatten)]
    settings: SettingFlags,

    #[command(flatten)]
    lints: LintFlags,

    #[command(flatten)]
    errors: ErrorFlags,

    /// Do not say on a terminal how far a long evaluation is
    #[arg(long, help_heading = "How to report")]
    no_progress: bool,
}

/// Report what is wrong with files, without evaluating them
///
/// Found are mistakes of syntax, undefined variables, attributes that are defined twice, and what the
/// lints find that are switched on.
#[derive(Args)]
#[command(after_help = check_help())]
struct CheckLine {
    /// Files, directories with '*.nix' files in them, or '-' for standard input
    #[arg(value_name = "FILE", required_unless_present = "expressions")]
    files: Vec<PathBuf>,

    /// Check this expression
    #[arg(short = 'E', long = "expr", value_name = "EXPR", allow_hyphen_values = true)]
    expressions: Vec<OsString>,

    #[command(flatten)]
    lints: LintFlags,

    #[command(flatten)]
    errors: ErrorFlags,

    #[command(flatten)]
    common: CommonFlags,
}

fn check_help() -> String {
    let examples = "Examples:\n  firn check .\n  firn check --warn unused --deny url-literal default.nix";
    let status = "The exit status is 0, or 1 if there are errors, or 2 if the command line is wrong.";
    format!("{}\n{examples}\n\n{status}", lint_flags::table())
}

/// Say more about the code of an error or warning
///
/// Each error and warning has a code such as E0100, which is printed with it.
#[derive(Args)]
struct ExplainLine {
    /// The code; without one, all codes are listed
    code: Option<String>,

    #[command(flatten)]
    color: ColorFlag,
}

/// Print the syntax tree of a file
///
/// The tree holds every byte of the file, comments, blanks and mistakes included. Mistakes are also
/// reported on standard error, and the exit status is 1 then.
#[derive(Args)]
struct ParseLine {
    /// The file to parse, or '-' for standard input
    #[arg(value_name = "FILE", conflicts_with = "expression", required_unless_present = "expression")]
    file: Option<PathBuf>,

    /// Parse this expression
    #[arg(short = 'E', long = "expr", value_name = "EXPR", allow_hyphen_values = true)]
    expression: Option<OsString>,

    #[command(flatten)]
    errors: ErrorFlags,

    #[command(flatten)]
    common: CommonFlags,
}

/// Evaluate expressions interactively
///
/// ':help' lists what can be typed besides expressions.
#[derive(Args)]
struct ReplLine {
    /// Files whose attributes become variables
    #[arg(value_name = "FILE")]
    files: Vec<PathBuf>,

    #[command(flatten)]
    settings: SettingFlags,
}

#[derive(Args)]
struct FunctionArguments {
    /// Give functions the value of EXPR as the argument NAME
    #[arg(id = "arg", long = "arg", value_names = ["NAME", "EXPR"], num_args = 2, allow_hyphen_values = true)]
    expressions: Vec<OsString>,

    /// Give functions a string as the argument NAME
    #[arg(id = "argstr", long = "argstr", value_names = ["NAME", "STRING"], num_args = 2, allow_hyphen_values = true)]
    strings: Vec<OsString>,
}

#[derive(Args)]
#[command(next_help_heading = "How to evaluate")]
struct SettingFlags {
    /// Put 'PATH' or 'name=PATH' into the search path, before the variable NIX_PATH
    #[arg(short = 'I', long = "include", value_name = "PATH")]
    include: Vec<OsString>,

    /// Show the whole traces of errors
    #[arg(long)]
    show_trace: bool,

    /// In traces, show the frames in files of DIR, and fold those of other files; by default that of what is evaluated
    #[arg(long, value_name = "DIR")]
    own: Vec<PathBuf>,

    /// Evaluate without access to the environment, the time and files that may change
    #[arg(long)]
    pure: bool,

    /// Limit how many calls may be nested; by default memory is the limit
    #[arg(long, value_name = "N")]
    max_call_depth: Option<u64>,

    /// Limit the memory of values; by default to three quarters of the machine's, at most 7680
    #[arg(long, value_name = "MIB")]
    max_memory: Option<u64>,

    /// Write derivations and sources into a store, at DIR/nix/store; otherwise only their paths are computed
    #[arg(long, value_name = "DIR")]
    store: Option<PathBuf>,

    /// Parse and hash everything, in place of looking for what earlier runs have kept in FIRN_CACHE_DIR or ~/.cache/firn
    #[arg(long)]
    no_cache: bool,

    /// Change a setting by the name that Nix gives it
    #[arg(long = "option", value_names = ["NAME", "VALUE"], num_args = 2)]
    options: Vec<String>,

    #[command(flatten)]
    common: CommonFlags,
}

/// What also matters where nothing is evaluated.
#[derive(Args)]
struct CommonFlags {
    /// Enable experimental features, such as 'pipe-operators'
    #[arg(long, visible_alias = "experimental-features", value_name = "LIST")]
    extra_experimental_features: Vec<String>,

    #[command(flatten)]
    color: ColorFlag,
}

#[derive(Args)]
struct ColorFlag {
    /// When to use colours
    #[arg(long, value_name = "WHEN", value_enum, default_value_t, help_heading = "How to report")]
    color: ColorChoice,
}

#[derive(Args)]
struct ErrorFlags {
    /// How to write errors and warnings
    #[arg(long, value_name = "FORMAT", value_enum, default_value_t, help_heading = "How to report")]
    error_format: ErrorFormat,
}

impl EvalLine {
    fn task(self) -> Result<Task, Usage> {
        let inputs = match self.file {
            Some(file) => vec![input(file)],
            None if self.expressions.is_empty() => vec![Input::File("./default.nix".into())],
            None => {
                let expressions = self.expressions.into_iter();
                expressions.map(|text| Input::Expression(text.into_vec())).collect()
            }
        };
        let format = match (self.json, self.raw, self.xml) {
            (true, _, _) => Format::JsonRecord,
            (_, true, _) => Format::Raw,
            (_, _, true) => Format::Xml { locations: !self.no_location },
            _ => Format::Human,
        };
        Ok(Task::Run(Job {
            inputs,
            selections: self.selections,
            arguments: self.arguments.pairs(),
            always_calls: true,
            action: Action::Evaluate { format, strict: self.strict },
            statistics: self.stats,
            profile: self.profile,
            offers_pages: true,
            settings: {
                let mut settings = self.settings.settings()?;
                self.lints.apply(&mut settings.lints);
                Settings { error_format: self.errors.error_format, progress: !self.no_progress, ..settings }
            },
        }))
    }
}

impl CheckLine {
    fn task(self) -> Result<Task, Usage> {
        let expressions = self.expressions.into_iter().map(|text| Input::Expression(text.into_vec()));
        let inputs = expressions.chain(self.files.into_iter().map(input)).collect();
        let mut settings = Settings { error_format: self.errors.error_format, ..self.common.settings() };
        self.lints.apply(&mut settings.lints);
        Ok(Task::Run(Job { inputs, action: Action::Check, settings, offers_pages: true, ..Job::default() }))
    }
}

impl ParseLine {
    fn task(self) -> Result<Task, Usage> {
        let expression = self.expression.map(|text| Input::Expression(text.into_vec()));
        let inputs = expression.or(self.file.map(input)).into_iter().collect();
        let settings = Settings { error_format: self.errors.error_format, ..self.common.settings() };
        Ok(Task::Run(Job { inputs, action: Action::ShowTree, settings, ..Job::default() }))
    }
}

impl ReplLine {
    fn task(self) -> Result<Task, Usage> {
        Ok(Task::Repl { files: self.files, settings: self.settings.settings()? })
    }
}

impl FunctionArguments {
    fn pairs(self) -> Vec<(Vec<u8>, Argument)> {
        let expressions =
            pairs(self.expressions).map(|(name, text)| (name.into_vec(), Argument::Expression(text.into_vec())));
        let strings = pairs(self.strings).map(|(name, text)| (name.into_vec(), Argument::Text(text.into_vec())));
        expressions.chain(strings).collect()
    }
}

impl SettingFlags {
    fn settings(self) -> Result<Settings, Usage> {
        let mut settings = Settings::default();
        for (name, value) in pairs(self.options) {
            settings.set(&name, &value).map_err(|error| {
                let message = match error {
                    SettingError::Unknown => format!("there is no setting '{name}'"),
                    SettingError::Invalid(expected) => {
                        format!("the setting '{name}' is {expected}, not '{value}'")
                    }
                };
                usage(Line::command().error(ErrorKind::InvalidValue, message), self.common.color.color)
            })?;
        }
        settings.max_call_depth = self.max_call_depth.or(settings.max_call_depth);
        settings.max_memory = self.max_memory.or(settings.max_memory);
        settings.show_trace |= self.show_trace;
        settings.own = self.own.iter().map(|own| std::path::absolute(own).unwrap_or_else(|_| own.clone())).collect();
        settings.pure |= self.pure;
        settings.no_cache |= self.no_cache;
        settings.writes |= self.store.is_some();
        settings.store_root = self.store.or(settings.store_root);
        let common = self.common.settings();
        settings.features.extend(common.features);
        settings.colors = common.colors;
        let include = self.include.into_iter().map(OsString::into_vec);
        settings.search_path.splice(..0, include);
        Ok(settings)
    }
}

impl CommonFlags {
    fn settings(self) -> Settings {
        let lists = self.extra_experimental_features.iter();
        let features = lists.flat_map(|list| list.split_ascii_whitespace().map(str::to_owned));
        Settings { features: features.collect(), colors: self.color.color, ..Settings::default() }
    }
}

fn input(file: PathBuf) -> Input {
    match file.as_os_str() == "-" {
        true => Input::Stdin,
        false => Input::File(file),
    }
}

/// The values of a flag that takes two, in pairs.
fn pairs<T>(values: Vec<T>) -> impl Iterator<Item = (T, T)> {
    let mut values = values.into_iter();
    std::iter::from_fn(move || Some((values.next()?, values.next()?)))
}

/// When to use colours according to a command line that clap does not accept.
fn colors_asked(arguments: &[OsString]) -> ColorChoice {
    let mut asked = ColorChoice::Auto;
    for (at, argument) in arguments.iter().enumerate() {
        let value = match argument.to_str() {
            Some("--color") => arguments.get(at + 1).and_then(|value| value.to_str()),
            Some(argument) => argument.strip_prefix("--color="),
            None => None,
        };
        if let Some(choice) = value.and_then(|value| ColorChoice::from_str(value, false).ok()) {
            asked = choice;
        }
    }
    asked
}

/// What clap has to say, with colours if they are wanted.
fn usage(error: clap::Error, colors: ColorChoice) -> Usage {
    let status = u8::try_from(error.exit_code()).unwrap_or(2);
    let text = error.render();
    let colors = match status {
        0 => colors.on(&std::io::stdout()),
        _ => colors.on(&std::io::stderr()),
    };
    Usage {
        text: match colors {
            crate::diagnostics::Colors::On => text.ansi().to_string(),
            crate::diagnostics::Colors::Off => text.to_string(),
        },
        status,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse_words(words: &[&str]) -> Result<Task, Usage> {
        let words = std::iter::once("firn").chain(words.iter().copied());
        parse(&words.map(OsString::from).collect::<Vec<_>>())
    }

    fn job(words: &[&str]) -> Job {
        match parse_words(words) {
            Ok(Task::Run(job)) => job,
            other => panic!("{words:?}: {other:?}"),
        }
    }

    #[test]
    fn the_definition_is_sound() {
        Line::command().debug_assert();
    }

    #[test]
    fn inputs() {
        for (words, inputs) in [
            (&["eval"][..], vec![Input::File("./default.nix".into())]),
            (&["eval", "x.nix"], vec![Input::File("x.nix".into())]),
            (&["eval", "-"], vec![Input::Stdin]),
            (&["eval", "-E", "-1"], vec![Input::Expression(b"-1".into())]),
            (&["parse", "-"], vec![Input::Stdin]),
            (&["parse", "-E", "1"], vec![Input::Expression(b"1".into())]),
        ] {
            assert_eq!(job(words).inputs, inputs, "{words:?}");
        }
    }

    #[test]
    fn formats() {
        for (flags, format) in [
            (&[][..], Format::Human),
            (&["--json"], Format::JsonRecord),
            (&["--raw"], Format::Raw),
            (&["--xml"], Format::Xml { locations: true }),
            (&["--xml", "--no-location"], Format::Xml { locations: false }),
        ] {
            let words = [&["eval", "--strict"], flags].concat();
            assert_eq!(job(&words).action, Action::Evaluate { format, strict: true });
        }
    }

    #[test]
    fn arguments_and_settings() {
        let job = job(&[
            "eval",
            "-A",
            "a",
            "-A",
            "b.c",
            "--arg",
            "x",
            "-1",
            "--argstr",
            "y",
            "z",
            "--arg",
            "v",
            "2",
            "-I",
            "p",
            "--include",
            "q=r",
            "--show-trace",
            "--max-call-depth",
            "7",
            "--option",
            "trace-verbose",
            "true",
            "--extra-experimental-features",
            "f g",
            "--color",
            "never",
        ]);
        assert_eq!(job.selections, ["a", "b.c"]);
        let expected = [
            (b"x".to_vec(), Argument::Expression(b"-1".into())),
            (b"v".to_vec(), Argument::Expression(b"2".into())),
            (b"y".to_vec(), Argument::Text(b"z".into())),
        ];
        assert_eq!(job.arguments, expected);
        assert_eq!(job.settings.search_path, [&b"p"[..], b"q=r"]);
        assert!(job.settings.show_trace && job.settings.trace_verbose);
        assert_eq!(job.settings.max_call_depth, Some(7));
        assert_eq!(job.settings.features.iter().collect::<Vec<_>>(), ["f", "g"]);
        assert_eq!(job.settings.colors, ColorChoice::Never);
    }

    #[test]
    fn wrong_usage_has_status_2() {
        for words in [
            &[][..],
            &["evaluate"],
            &["eval", "--json", "--xml"],
            &["eval", "--no-location"],
            &["eval", "x.nix", "-E", "1"],
            &["eval", "--arg", "x"],
            &["eval", "--option", "nonsense", "1"],
            &["eval", "--option", "max-call-depth", "deep"],
            &["parse"],
        ] {
            assert_eq!(parse_words(words).expect_err("wrong").status, 2, "{words:?}");
        }
        for words in [&["--help"][..], &["--version"], &["eval", "--help"]] {
            assert_eq!(parse_words(words).expect_err("text").status, 0, "{words:?}");
        }
    }
}
