//! What is wrong with a text.

use std::ops::Range;

/// The sort of a syntax error.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
#[non_exhaustive]
pub enum SyntaxErrorKind {
    /// A token that cannot stand where it stands.
    UnexpectedToken,
    /// The text ends in the middle of an expression.
    UnexpectedEnd,
    /// A bracket, brace or parenthesis without its partner.
    UnclosedDelimiter,
    /// A string without its closing quotes.
    UnterminatedString,
    /// A comment without `*/`.
    UnterminatedComment,
    /// A character that starts no token.
    InvalidCharacter,
    /// A number that its type cannot represent.
    NumberOutOfRange,
    /// An argument that a function names twice.
    DuplicateArgument,
    /// A computed name where names must be written out.
    DynamicAttribute,
    /// A path that ends in a slash.
    InvalidPath,
    /// A chain of operators that do not associate.
    NonAssociative,
    /// Syntax that must be enabled first.
    FeatureDisabled,
    /// A text of 4 GiB or more.
    SourceTooLarge,
}

/// Something that is wrong with a text.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct SyntaxError {
    /// What sort of error it is.
    pub kind: SyntaxErrorKind,
    /// The bytes to look at.
    pub range: Range<u32>,
    /// What is wrong, in a sentence without a full stop.
    pub message: String,
    /// Another place that matters, and why.
    pub related: Option<(Range<u32>, String)>,
    /// What to do about it.
    pub hint: Option<String>,
}

impl SyntaxError {
    pub(super) fn new(kind: SyntaxErrorKind, range: Range<u32>, message: impl Into<String>) -> Self {
        SyntaxError { kind, range, message: message.into(), related: None, hint: None }
    }

    /// A string that begins with the quotes in `range` and does not end.
    pub(super) fn unclosed_string(range: Range<u32>) -> Self {
        let quotes = if range.len() == 1 { "'\"'" } else { "\"''\"" };
        let message = format!("expected {quotes} at the end of this string");
        SyntaxError::new(SyntaxErrorKind::UnterminatedString, range, message)
    }

    pub(super) fn related(mut self, range: Range<u32>, text: impl Into<String>) -> Self {
        self.related = Some((range, text.into()));
        self
    }

    pub(super) fn hint(mut self, hint: impl Into<String>) -> Self {
        self.hint = Some(hint.into());
        self
    }
}
