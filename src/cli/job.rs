//! What a command line asks for, as plain data.

use std::io::Write;
use std::path::PathBuf;
use std::process::ExitCode;

use super::settings::Settings;

/// What to do.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Task {
    /// Evaluate or parse, print, end.
    Run(Job),
    /// Talk with the user.
    Repl {
        /// Files whose attributes become variables.
        files: Vec<PathBuf>,
        /// How to evaluate.
        settings: Settings,
    },
    /// Write manual pages into a directory.
    ManualPages(PathBuf),
}

/// Something to evaluate or parse, and what to print of it.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Job {
    /// What to work on, one after the other.
    pub inputs: Vec<Input>,
    /// The attribute paths to select, each from each input; none for the value itself.
    pub selections: Vec<String>,
    /// The arguments for functions, by name; of equal names the last counts.
    pub arguments: Vec<(Vec<u8>, Argument)>,
    /// Whether a function that results is called also if there are no arguments.
    pub always_calls: bool,
    /// What to do with what is selected.
    pub action: Action,
    /// Whether and how to say at the end what was done.
    pub statistics: Option<StatisticsFormat>,
    /// The file for a profile.
    pub profile: Option<PathBuf>,
    /// Whether an error is followed by how to learn more about it.
    pub offers_pages: bool,
    /// How to evaluate.
    pub settings: Settings,
}

/// How the numbers of a run are written.
#[derive(Clone, Copy, PartialEq, Eq, Debug, clap::ValueEnum)]
pub enum StatisticsFormat {
    /// As a table
    Text,
    /// As JSON
    Json,
    /// With the names that Nix has for them.
    #[value(skip)]
    Nix,
}

/// Where an expression comes from.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Input {
    /// A file, a directory with a `default.nix`, or a `<name>` in the search path.
    File(PathBuf),
    /// The expression itself.
    Expression(Vec<u8>),
    /// Standard input.
    Stdin,
}

/// What a function is given.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Argument {
    /// The value of an expression.
    Expression(Vec<u8>),
    /// A string.
    Text(Vec<u8>),
    /// The contents of a file, as a string.
    File(PathBuf),
    /// Standard input, as a string.
    Stdin,
}

/// What to do with an input.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Action {
    /// Print its value.
    Evaluate {
        /// How to print it.
        format: Format,
        /// Whether to evaluate everything in it.
        strict: bool,
    },
    /// Print the paths of the derivations in its value.
    Instantiate,
    /// Print the expression as Nix understands it.
    ShowExpression,
    /// Report what is wrong with it, without running it; directories stand for the files in them.
    Check,
    /// Print the lossless syntax tree.
    ShowTree,
    /// Print where a name is in the search path.
    FindFile,
}

impl Default for Action {
    fn default() -> Action {
        Action::Evaluate { format: Format::Human, strict: false }
    }
}

/// How a value is printed.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Format {
    /// For people: derivations as records, other values as the language writes them.
    Human,
    /// On one line, as `nix-instantiate --eval` does.
    Line,
    /// As JSON. Derivations are strings with their output paths, as for `builtins.toJSON`.
    Json,
    /// As JSON. A derivation as a result is a record, as `nix derivation show` has it.
    JsonRecord,
    /// A string without quotes and without a line feed after it.
    Raw,
    /// As XML.
    Xml {
        /// Whether to say where attributes and functions are written.
        locations: bool,
    },
}

/// A command line that asks for nothing to be evaluated: help, the version, a page to read, or a mistake.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Usage {
    /// What to say.
    pub text: String,
    /// 0 if this is what was asked for; it goes to standard output then.
    pub status: u8,
}

impl Usage {
    pub(super) fn report(self) -> ExitCode {
        // If nobody listens, the exit status must do.
        let _ = match self.status {
            0 => std::io::stdout().write_all(self.text.as_bytes()),
            _ => std::io::stderr().write_all(self.text.as_bytes()),
        };
        ExitCode::from(self.status)
    }
}
