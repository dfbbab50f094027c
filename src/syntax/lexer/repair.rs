//! Reading a text as if a quote were not missing in it.

use super::{Lexer, Mode, SyntaxError, SyntaxKind, Tokens};

/// What the text of a string that is not closed most likely lacks.
#[derive(Clone, Copy, Debug)]
pub(in crate::syntax) enum Repair {
    /// The string that is being read at an offset ends there, or the interpolation in it does.
    Close { at: usize, interpolation: bool },
    /// Quotes that begin no string.
    LeaveOut { at: usize, length: usize },
}

/// Reads a text as [`lex`](super::lex) does, but for one place.
pub(in crate::syntax) fn lex_repaired(source: &[u8], repair: Repair) -> (Tokens, Vec<SyntaxError>) {
    let (Repair::Close { at, .. } | Repair::LeaveOut { at, .. }) = repair;
    let tokens = Tokens::default();
    let before = &source[..at];
    let mut lexer =
        Lexer { source: before, tokens, errors: Vec::new(), modes: Vec::new(), path_run: 0, scheme_start: 0 };
    lexer.read(0);
    lexer.source = source;
    lexer.path_run = 0;
    let mut from = at;
    match repair {
        Repair::LeaveOut { length, .. } => {
            lexer.push(SyntaxKind::Unknown, at);
            from += length;
        }
        Repair::Close { interpolation, .. } => {
            let is_closed = |mode: &Mode| match mode {
                Mode::Interpolation(_) => interpolation,
                Mode::String | Mode::Indented => !interpolation,
                Mode::Path => false,
            };
            let end = match lexer.modes.last() {
                Some(Mode::String) => SyntaxKind::StringEnd,
                Some(Mode::Indented) => SyntaxKind::IndentedEnd,
                _ => SyntaxKind::RightBrace,
            };
            if lexer.modes.pop_if(|mode| is_closed(mode)).is_some() {
                lexer.push(end, at);
            }
        }
    }
    lexer.read(from);
    lexer.finish()
}
