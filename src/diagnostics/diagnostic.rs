//! The one type for errors and warnings.

use std::borrow::Cow;
use std::fmt;

use super::{Code, Culprit, Pos, Span};

/// How bad it is.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum Severity {
    /// There is no result.
    Error,
    /// There is a result, and something to know about it.
    Warning,
}

/// An error or a warning, as data. [`render`](super::render()) makes text of it.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Diagnostic {
    /// How bad it is.
    pub severity: Severity,
    /// What kind of error or warning it is.
    pub code: Code,
    /// What happened, in a sentence without a full stop; further lines may follow.
    pub message: String,
    /// The place to look at first. A place without position is not shown.
    pub primary: Option<Label>,
    /// Other places that matter.
    pub secondary: Vec<Label>,
    /// Facts that help to understand.
    pub notes: Vec<String>,
    /// What to do about it.
    pub hints: Vec<String>,
    /// What was being evaluated, from the innermost outwards.
    pub trace: Vec<TraceFrame>,
    /// Frames that a very long trace does without.
    pub gap: Option<Gap>,
    /// Of an infinite recursion: what waits for what, in order. The last waits for the first.
    pub cycle: Vec<TraceFrame>,
    /// Other errors found at the same time, for example the other syntax errors of a file.
    pub further: Vec<Diagnostic>,
    /// Of an infinite recursion that is on its way up: where the value was asked for that it came from last.
    pub(crate) asked_at: Pos,
    /// The number under which the evaluator remembers it.
    pub(crate) remembered: Option<u32>,
    /// The value that it is about.
    pub(crate) culprit: Option<Box<Culprit>>,
}

impl Diagnostic {
    /// An error without a place yet.
    pub fn error(code: Code, message: impl Into<String>) -> Diagnostic {
        Diagnostic::new(Severity::Error, code, message.into())
    }

    /// A warning without a place yet.
    pub fn warning(code: Code, message: impl Into<String>) -> Diagnostic {
        Diagnostic::new(Severity::Warning, code, message.into())
    }

    fn new(severity: Severity, code: Code, message: String) -> Diagnostic {
        Diagnostic {
            severity,
            code,
            message,
            primary: None,
            secondary: Vec::new(),
            notes: Vec::new(),
            hints: Vec::new(),
            trace: Vec::new(),
            gap: None,
            cycle: Vec::new(),
            further: Vec::new(),
            asked_at: Pos::NONE,
            remembered: None,
            culprit: None,
        }
    }

    /// Sets the place to look at first. The text under it may be empty.
    #[must_use]
    pub fn at(mut self, span: impl Into<Span>, text: impl Into<String>) -> Diagnostic {
        self.primary = Some(Label::new(span, text));
        self
    }

    /// Adds a place that matters.
    #[must_use]
    pub fn with_label(mut self, span: impl Into<Span>, text: impl Into<String>) -> Diagnostic {
        self.secondary.push(Label::new(span, text));
        self
    }

    /// Adds a fact.
    #[must_use]
    pub fn with_note(mut self, note: impl Into<String>) -> Diagnostic {
        self.notes.push(note.into());
        self
    }

    /// Adds advice, shown as `help: ...`.
    #[must_use]
    pub fn with_hint(mut self, hint: impl Into<String>) -> Diagnostic {
        self.hints.push(hint.into());
        self
    }

    /// Adds the next frame outwards to the trace.
    pub fn push_frame(&mut self, frame: TraceFrame) {
        if self.trace.len() >= MOST_FRAMES {
            self.leave_out_frames();
        }
        self.trace.push(frame);
    }

    /// Makes room for further frames. A recursion a million deep must not take a million of them.
    fn leave_out_frames(&mut self) {
        let before = self.trace.len();
        let (mut index, mut contexts) = (0, 0);
        self.trace.retain(|frame| {
            let is_in_middle = (INNERMOST_FRAMES..before - OUTERMOST_FRAMES).contains(&index);
            let is_context = frame.kind == FrameKind::Context;
            index += 1;
            contexts += usize::from(is_in_middle && is_context);
            !is_in_middle || is_context && contexts <= MOST_CONTEXTS
        });
        let left_out = before - self.trace.len();
        let gap = self.gap.get_or_insert(Gap { after: 0, frames: 0 });
        gap.frames += left_out;
        gap.after = self.trace.len() - OUTERMOST_FRAMES;
    }
}

/// A trace has no more frames than this.
const MOST_FRAMES: usize = 10_000;
/// When it has, the innermost and the outermost are kept, which are what the others repeat and where they come from.
const INNERMOST_FRAMES: usize = 4_000;
const OUTERMOST_FRAMES: usize = 1_000;
/// Of those between them, only some are kept that the program itself has added.
const MOST_CONTEXTS: usize = 1_000;

impl fmt::Display for Diagnostic {
    /// The message alone.
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.message)
    }
}

impl std::error::Error for Diagnostic {}

/// A place in a source text and what to say about it.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Label {
    /// The place.
    pub span: Span,
    /// What to say; empty to only mark the place.
    pub text: String,
}

impl Label {
    /// A label for a place.
    pub fn new(span: impl Into<Span>, text: impl Into<String>) -> Label {
        Label { span: span.into(), text: text.into() }
    }
}

/// A step of the evaluation that led to an error.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub struct TraceFrame {
    /// Where the step is written, or [`Pos::NONE`].
    pub pos: Pos,
    /// What was done, for example `while calling the 'map' builtin`.
    pub text: Cow<'static, str>,
    /// Who says so.
    pub kind: FrameKind,
}

impl TraceFrame {
    /// The text of a frame that only says where evaluation was.
    pub const HERE: &str = "here";

    /// A frame added by the evaluator.
    pub fn new(pos: Pos, text: impl Into<Cow<'static, str>>) -> TraceFrame {
        TraceFrame { pos, text: text.into(), kind: FrameKind::Evaluation }
    }

    /// A frame added by the evaluated program, with `builtins.addErrorContext`.
    pub fn context(pos: Pos, text: impl Into<Cow<'static, str>>) -> TraceFrame {
        TraceFrame { pos, text: text.into(), kind: FrameKind::Context }
    }
}

/// Frames that a trace does without.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Gap {
    /// After how many frames they would stand.
    pub after: usize,
    /// How many they are.
    pub frames: usize,
}

/// Who added a frame to a trace.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum FrameKind {
    /// The evaluator.
    Evaluation,
    /// The evaluated program: a person thought that this would help, so it is preferred where
    /// not all frames are shown.
    Context,
}
