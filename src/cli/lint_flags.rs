//! `--warn`, `--allow` and `--deny`: the level of each lint, of which the last flag decides.

use clap::builder::{PossibleValue, PossibleValuesParser};
use clap::{Arg, ArgAction, ArgMatches, Args, Command, FromArgMatches};

use crate::{Lint, LintLevel, Lints};

/// Names that stand for several lints.
const GROUPS: [(&str, &str); 2] =
    [("all", "all lints"), ("unused", "'unused-binding', 'unused-argument' and 'unused-with'")];

/// The flags in the order of the command line: the name of a lint or group, and its level.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub(super) struct LintFlags(Vec<(String, LintLevel)>);

impl LintFlags {
    /// Changes the levels as the flags say.
    pub(super) fn apply(&self, lints: &mut Lints) {
        for (name, level) in &self.0 {
            for lint in named(name) {
                lints.set(lint, *level);
            }
        }
    }
}

/// The lints that a name stands for.
fn named(name: &str) -> impl Iterator<Item = Lint> {
    Lint::ALL.into_iter().filter(move |lint| match name {
        "all" => true,
        "unused" => lint.name().starts_with("unused-"),
        _ => lint.name() == name,
    })
}

/// A table of the lints for the end of a help text.
pub(super) fn table() -> String {
    let lints = Lint::ALL.map(|lint| (lint.name(), lint.title()));
    let rows = lints.iter().chain(&GROUPS).map(|(name, title)| format!("  {name:<22} {title}\n"));
    format!("Lints:\n{}", rows.collect::<String>())
}

const FLAGS: [(&str, LintLevel, &str); 3] = [
    ("warn", LintLevel::Warn, "Warn about what a lint finds; 'firn check --help' lists the lints"),
    ("deny", LintLevel::Fatal, "Make what a lint finds an error"),
    ("allow", LintLevel::Ignore, "Say nothing of what a lint finds, which is the default"),
];

impl Args for LintFlags {
    fn augment_args(mut command: Command) -> Command {
        let names = Lint::ALL.map(|lint| PossibleValue::new(lint.name()).help(lint.title()));
        let groups = GROUPS.map(|(name, title)| PossibleValue::new(name).help(title));
        let values: Vec<_> = names.into_iter().chain(groups).collect();
        for (flag, _, help) in FLAGS {
            let values = PossibleValuesParser::new(values.clone());
            let arg = Arg::new(flag).long(flag).value_name("LINT").action(ArgAction::Append).value_parser(values);
            command = command.arg(arg.hide_possible_values(true).help(help).help_heading("Lints"));
        }
        command
    }

    fn augment_args_for_update(command: Command) -> Command {
        Self::augment_args(command)
    }
}

impl FromArgMatches for LintFlags {
    fn from_arg_matches(matches: &ArgMatches) -> Result<Self, clap::Error> {
        let mut flags = Vec::new();
        for (flag, level, _) in FLAGS {
            let names = matches.get_many::<String>(flag).into_iter().flatten().cloned();
            let indices = matches.indices_of(flag).into_iter().flatten();
            flags.extend(indices.zip(names).map(|(index, name)| (index, name, level)));
        }
        flags.sort_by_key(|(index, ..)| *index);
        Ok(LintFlags(flags.into_iter().map(|(_, name, level)| (name, level)).collect()))
    }

    fn update_from_arg_matches(&mut self, matches: &ArgMatches) -> Result<(), clap::Error> {
        *self = Self::from_arg_matches(matches)?;
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_last_flag_decides() {
        let command = LintFlags::augment_args(Command::new("check"));
        let words = "check --warn all --allow unused --deny=unused-with --warn url-literal";
        let matches = command.try_get_matches_from(words.split(' ')).expect("right");
        let mut lints = Lints::default();
        LintFlags::from_arg_matches(&matches).expect("right").apply(&mut lints);
        let expected = |lint| match lint {
            Lint::UnusedWith => LintLevel::Fatal,
            Lint::UnusedBinding | Lint::UnusedArgument => LintLevel::Ignore,
            _ => LintLevel::Warn,
        };
        for lint in Lint::ALL {
            assert_eq!(lints.level(lint), expected(lint), "{}", lint.name());
        }
    }
}
