//! Making errors and telling how evaluation got to them.

use std::borrow::Cow;

use crate::diagnostics::{Code, Diagnostic, Part, Pos, TraceFrame};

/// What every step of evaluation returns. The error is boxed so that success stays in registers.
pub(crate) type Result<T> = std::result::Result<T, Box<Diagnostic>>;

/// An error that does not know its place yet; the first caller who knows one adds it.
#[cold]
pub(crate) fn error(code: Code, message: impl Into<String>) -> Box<Diagnostic> {
    Box::new(Diagnostic::error(code, message))
}

/// An error of type [`Code::InvalidArgument`].
#[cold]
pub(crate) fn invalid_argument(message: impl Into<String>) -> Box<Diagnostic> {
    error(Code::InvalidArgument, message)
}

/// What can be added to an error on its way up.
pub(crate) trait ErrorExt: Sized {
    /// Sets the place unless there is one.
    fn or_at(self, pos: Pos) -> Self;
    /// Adds a step to the trace.
    fn frame(self, pos: Pos, text: impl FnOnce() -> Cow<'static, str>) -> Self;
    fn hint(self, hint: impl Into<String>) -> Self;
    /// Says which part of the construct was wrong that this step works on. To be called before `or_at`: an error that
    /// has a place is about something else.
    fn part(self, part: Part) -> Self;
}

impl ErrorExt for Box<Diagnostic> {
    #[cold]
    fn or_at(mut self, pos: Pos) -> Self {
        if self.code == Code::InfiniteRecursion && self.asked_at.is_none() {
            self.asked_at = pos;
        }
        if self.primary.as_ref().is_none_or(|label| label.span.start.is_none()) && pos.is_some() {
            *self = self.at(pos.span(0), "");
        }
        self
    }

    #[cold]
    fn frame(mut self, pos: Pos, text: impl FnOnce() -> Cow<'static, str>) -> Self {
        self.push_frame(TraceFrame::new(pos, text()));
        self
    }

    #[cold]
    fn hint(mut self, hint: impl Into<String>) -> Self {
        self.hints.push(hint.into());
        self
    }

    #[cold]
    fn part(mut self, part: Part) -> Self {
        let has_place = self.primary.as_ref().is_some_and(|label| label.span.start.is_some());
        if let Some(culprit) = &mut self.culprit
            && culprit.part == Part::Unknown
            && !has_place
        {
            culprit.part = part;
        }
        self
    }
}

impl<T> ErrorExt for Result<T> {
    #[inline(always)]
    fn or_at(self, pos: Pos) -> Self {
        self.map_err(|error| error.or_at(pos))
    }

    #[inline(always)]
    fn frame(self, pos: Pos, text: impl FnOnce() -> Cow<'static, str>) -> Self {
        self.map_err(|error| error.frame(pos, text))
    }

    #[inline(always)]
    fn hint(self, hint: impl Into<String>) -> Self {
        self.map_err(|error| error.hint(hint))
    }

    #[inline(always)]
    fn part(self, part: Part) -> Self {
        self.map_err(|error| error.part(part))
    }
}

/// Whether `builtins.tryEval` turns the error into a value.
pub(crate) fn is_catchable(error: &Diagnostic) -> bool {
    matches!(error.code, Code::Thrown | Code::AssertionFailed | Code::NotInSearchPath)
}
