//! Positions as values.

use std::os::unix::ffi::OsStrExt;

use super::Eval;
use crate::diagnostics::{Pos, SourceMap, SourceName};
use crate::heap::{Str, Thunk, Value};
use crate::program::names;

/// File, line and column of a position.
pub(super) fn locate(sources: &SourceMap, pos: Pos) -> Option<(Vec<u8>, u32, u32)> {
    let location = sources.resolve(pos)?;
    let file = sources.file(location.file)?;
    let name = match file.name() {
        SourceName::File(path) => path.as_os_str().as_bytes().to_vec(),
        other => other.to_string().into_bytes(),
    };
    Some((name, location.line, location.column))
}

impl<'h> Eval<'h> {
    /// File, line and column of a position.
    pub(crate) fn locate(&self, pos: Pos) -> Option<(Vec<u8>, u32, u32)> {
        locate(&self.sources, pos)
    }

    /// Whether a position is in a file, and not in a text that came from elsewhere.
    pub(crate) fn is_in_file(&self, pos: Pos) -> bool {
        self.sources.file_at(pos).is_some_and(|file| matches!(file.name(), SourceName::File(_)))
    }

    /// Whether a position is in what people wrote, and not in a file that comes with the evaluator.
    pub(crate) fn is_in_program(&self, pos: Pos) -> bool {
        self.sources.file_at(pos).is_some_and(|file| match file.name() {
            SourceName::File(path) => crate::builtins::builtin_file(path.as_os_str().as_bytes()).is_none(),
            _ => true,
        })
    }

    /// A position as `builtins.unsafeGetAttrPos` gives it: a set, or null if there is none. Line and column are found out when
    /// they are asked for, which is seldom.
    pub(crate) fn position_value(&mut self, pos: Pos) -> Value<'h> {
        let file = self.sources.file_at(pos);
        let Some(file) = file.as_deref() else { return Value::null() };
        let SourceName::File(path) = file.name() else { return Value::null() };
        let text = || Str::plain(self.heap, path.as_os_str().as_bytes());
        let file = *self.file_texts.entry(file.id()).or_insert_with(text);
        let position = Value::int(self.heap, i64::from(pos.to_raw()));
        let [line, column] = self.builtins.line_and_column().map(Value::builtin);
        self.attrs_of([
            (names::FILE, file),
            (names::LINE, Thunk::apply(self.heap, line, position)),
            (names::COLUMN, Thunk::apply(self.heap, column, position)),
        ])
    }
}
