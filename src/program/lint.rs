//! Lints: what a program may say and a project may not want. This file is their table; literals are looked at while
//! they are lowered, names in [`name_lints`](super::name_lints).

use crate::diagnostics::Code;

/// What happens when a lint finds something.
#[derive(Copy, Clone, PartialEq, Eq, Debug, Default)]
pub enum LintLevel {
    /// Nothing.
    #[default]
    Ignore,
    /// A warning.
    Warn,
    /// An error.
    Fatal,
}

/// Something that can be looked for in programs.
#[derive(Copy, Clone, PartialEq, Eq, Hash, Debug)]
#[non_exhaustive]
pub enum Lint {
    /// `https://example.org` without quotes.
    UrlLiteral,
    /// `a/b` instead of `./a/b`.
    ShortPathLiteral,
    /// `/a` and `~/a`.
    AbsolutePathLiteral,
    /// A variable of `let` that nothing refers to.
    UnusedBinding,
    /// An argument of a function that nothing refers to.
    UnusedArgument,
    /// A `with` through which no variable can be found.
    UnusedWith,
    /// A variable of `let` or an argument that has the name of another one, or of a builtin.
    ShadowedName,
}

struct Row {
    name: &'static str,
    code: Code,
    title: &'static str,
    default: LintLevel,
}

impl Lint {
    /// All lints.
    pub const ALL: [Lint; 7] = [
        Lint::UrlLiteral,
        Lint::ShortPathLiteral,
        Lint::AbsolutePathLiteral,
        Lint::UnusedBinding,
        Lint::UnusedArgument,
        Lint::UnusedWith,
        Lint::ShadowedName,
    ];

    fn row(self) -> Row {
        let row = |name, code, title| Row { name, code, title, default: LintLevel::Ignore };
        match self {
            Lint::UrlLiteral => row("url-literal", Code::UrlLiteral, "URLs without quotes"),
            Lint::ShortPathLiteral => {
                row("short-path-literal", Code::ShortPathLiteral, "paths such as 'a/b' in place of './a/b'")
            }
            Lint::AbsolutePathLiteral => {
                row("absolute-path-literal", Code::AbsolutePathLiteral, "paths such as '/a' and '~/a'")
            }
            Lint::UnusedBinding => row("unused-binding", Code::UnusedBinding, "variables of 'let' that nothing uses"),
            Lint::UnusedArgument => {
                row("unused-argument", Code::UnusedArgument, "arguments of functions that nothing uses")
            }
            Lint::UnusedWith => row("unused-with", Code::UnusedWith, "'with' that no variable needs"),
            Lint::ShadowedName => {
                row("shadowed-name", Code::ShadowedName, "variables and arguments that hide others or builtins")
            }
        }
    }

    /// What it is called on the command line, for example `url-literal`.
    pub fn name(self) -> &'static str {
        self.row().name
    }

    /// The lint of this name.
    pub fn from_name(name: &str) -> Option<Lint> {
        Lint::ALL.into_iter().find(|lint| lint.name() == name)
    }

    /// The code of its warnings, and of its errors.
    pub fn code(self) -> Code {
        self.row().code
    }

    /// What it finds, in a few words.
    pub fn title(self) -> &'static str {
        self.row().title
    }

    /// Its level unless another is chosen.
    pub fn default_level(self) -> LintLevel {
        self.row().default
    }
}

/// The level of each lint.
///
/// ```
/// use firn::{Lint, LintLevel, Lints};
///
/// let lints = Lints::default().with(Lint::UrlLiteral, LintLevel::Fatal);
/// assert_eq!(lints.level(Lint::UrlLiteral), LintLevel::Fatal);
/// assert_eq!(lints.level(Lint::UnusedWith), Lint::UnusedWith.default_level());
/// ```
#[derive(Copy, Clone, PartialEq, Eq, Debug)]
pub struct Lints([LintLevel; Lint::ALL.len()]);

impl Default for Lints {
    fn default() -> Lints {
        Lints(Lint::ALL.map(Lint::default_level))
    }
}

impl Lints {
    /// The level of a lint.
    pub fn level(&self, lint: Lint) -> LintLevel {
        self.0[lint as usize]
    }

    /// Changes the level of a lint.
    pub fn set(&mut self, lint: Lint, level: LintLevel) {
        self.0[lint as usize] = level;
    }

    /// The same levels but for one lint.
    #[must_use]
    pub fn with(mut self, lint: Lint, level: LintLevel) -> Lints {
        self.set(lint, level);
        self
    }

    /// Whether a lint is on that looks at names.
    pub(crate) fn look_at_names(&self) -> bool {
        let names = [Lint::UnusedBinding, Lint::UnusedArgument, Lint::UnusedWith, Lint::ShadowedName];
        names.into_iter().any(|lint| self.level(lint) != LintLevel::Ignore)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_table_is_in_order_and_names_are_unique() {
        for (index, lint) in Lint::ALL.into_iter().enumerate() {
            assert_eq!(lint as usize, index);
            assert_eq!(Lint::from_name(lint.name()), Some(lint));
        }
    }
}
