//! Literals that a project may not want: URLs, short paths, absolute paths.

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

/// The level of each lint.
#[derive(Copy, Clone, PartialEq, Eq, Debug, Default)]
pub struct Lints {
    /// `https://example.org` without quotes.
    pub url_literals: LintLevel,
    /// `a/b` instead of `./a/b`.
    pub short_path_literals: LintLevel,
    /// `/a` and `~/a`.
    pub absolute_path_literals: LintLevel,
}
