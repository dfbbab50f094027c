//! What the text around an error tells about it.
//!
//! The evaluator knows the place of an error and the value that was wrong. It keeps no text, so that programs are small.
//! When an error leaves it, the file is parsed once more, and this module adds what a reader of the file would see: which
//! operand it was and where its value is defined, and what may have been meant instead.
//!
//! It adds labels and hints, and changes nothing else. It knows syntax and diagnostics, and no values.

mod attributes;
mod calls;
mod names;
mod scope;
mod text;
mod values;

use std::sync::Arc;

use text::Text;

use crate::diagnostics::{Code, Diagnostic, FileId, Pos, SourceMap};
use crate::syntax::{Features, SyntaxKind};

/// Of the errors that were found at the same time, so many are explained.
const MOST_EXPLAINED: usize = 20;

/// Adds to an error and to those found with it what their source texts tell.
pub(crate) fn explain(diagnostic: &mut Diagnostic, sources: &SourceMap, features: Features) {
    let mut texts = Texts { sources, features, known: Vec::new() };
    let mut further = std::mem::take(&mut diagnostic.further);
    explain_one(diagnostic, &mut texts);
    for diagnostic in further.iter_mut().take(MOST_EXPLAINED) {
        explain_one(diagnostic, &mut texts);
    }
    diagnostic.further = further;
}

fn explain_one(diagnostic: &mut Diagnostic, texts: &mut Texts<'_>) {
    let Some(pos) = diagnostic.primary.as_ref().map(|label| label.span.start).filter(|pos| pos.is_some()) else {
        return;
    };
    match diagnostic.code {
        Code::UndefinedVariable => names::explain(diagnostic, texts, pos),
        Code::MissingAttribute => attributes::explain(diagnostic, texts, pos),
        Code::TypeMismatch | Code::NotAString | Code::NotComparable | Code::NotAFunction | Code::DivisionByZero => {
            values::explain(diagnostic, texts, pos);
        }
        _ => {}
    }
    mark_whole_words(diagnostic, texts);
}

/// Marks what has a place and no length: a function that is called, formals.
fn mark_whole_words(diagnostic: &mut Diagnostic, texts: &mut Texts<'_>) {
    for label in diagnostic.primary.iter_mut().chain(&mut diagnostic.secondary) {
        let start = label.span.start;
        let Some(text) = texts.at(start).filter(|_| label.span.len == 0 && start.is_some()) else { continue };
        let offset = text.offset(start);
        let call = text.starting_at(offset, SyntaxKind::Apply).and_then(|call| text.child(call, 0));
        if let Some(whole) = text.starting_at(offset, SyntaxKind::Formals).or(call) {
            label.span = text.span(whole);
        }
    }
}

/// The texts that were parsed for one error.
struct Texts<'a> {
    sources: &'a SourceMap,
    features: Features,
    known: Vec<(FileId, Option<Arc<Text>>)>,
}

impl Texts<'_> {
    /// The text that a position is in, unless it has syntax errors.
    fn at(&mut self, pos: Pos) -> Option<Arc<Text>> {
        let file = self.sources.file_at(pos)?;
        if let Some((_, text)) = self.known.iter().find(|(id, _)| *id == file.id()) {
            return text.clone();
        }
        let text = Text::read(&file, self.features).map(Arc::new);
        self.known.push((file.id(), text.clone()));
        text
    }

    /// Whether a position is in a file that comes with the evaluator.
    fn is_internal(&self, pos: Pos) -> bool {
        let file = self.sources.file_at(pos);
        file.is_some_and(|file| file.name().to_string().as_bytes() == crate::builtins::DERIVATION_FILE)
    }
}
