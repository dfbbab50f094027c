//! Syntax errors as diagnostics.

use super::{Code, Diagnostic, Pos};
use crate::syntax::{SyntaxError, SyntaxErrorKind};

impl SyntaxError {
    /// The error as a diagnostic. `base` is the position of the first byte of the text.
    pub fn to_diagnostic(&self, base: Pos) -> Diagnostic {
        let span = |range: &std::ops::Range<u32>| base.offset(range.start).span(range.end.saturating_sub(range.start));
        let mut diagnostic = Diagnostic::error(code(self.kind), &self.message).at(span(&self.range), "");
        if let Some((range, text)) = &self.related {
            diagnostic = diagnostic.with_label(span(range), text);
        }
        if let Some(hint) = &self.hint {
            diagnostic = diagnostic.with_hint(hint);
        }
        diagnostic
    }
}

fn code(kind: SyntaxErrorKind) -> Code {
    match kind {
        SyntaxErrorKind::UnexpectedToken => Code::UnexpectedToken,
        SyntaxErrorKind::UnexpectedEnd => Code::UnexpectedEnd,
        SyntaxErrorKind::UnclosedDelimiter => Code::UnclosedDelimiter,
        SyntaxErrorKind::UnterminatedString => Code::UnterminatedString,
        SyntaxErrorKind::UnterminatedComment => Code::UnterminatedComment,
        SyntaxErrorKind::InvalidCharacter => Code::InvalidCharacter,
        SyntaxErrorKind::NumberOutOfRange => Code::NumberOutOfRange,
        SyntaxErrorKind::DuplicateArgument => Code::DuplicateArgument,
        SyntaxErrorKind::DynamicAttribute => Code::DynamicAttribute,
        SyntaxErrorKind::InvalidPath => Code::InvalidPath,
        SyntaxErrorKind::NonAssociative => Code::NonAssociative,
        SyntaxErrorKind::FeatureDisabled => Code::FeatureDisabled,
        SyntaxErrorKind::SourceTooLarge => Code::SourceTooLarge,
    }
}
