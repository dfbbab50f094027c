//! Numbers, strings and paths.

use super::super::{Expr, InterpolatedPart, Interpolation, Lint, LintLevel, names};
use super::Lowerer;
use crate::builtins::text::path::{canonicalize, join};
use crate::diagnostics::{Code, Diagnostic, Pos};
use crate::heap::{Ref, Str, Value};
use crate::syntax::NodeId;
use crate::syntax::decode::{self, Part};

impl<'h> Lowerer<'_, 'h> {
    pub(super) fn int(&mut self, node: NodeId) -> Expr<'h> {
        // The parser reports integers out of range.
        let value = decode::int(self.parse, node).unwrap_or(0);
        Expr::constant(Value::int(self.heap(), value))
    }

    pub(super) fn float(&mut self, node: NodeId) -> Expr<'h> {
        let value = decode::float(self.parse, node).unwrap_or(0.0);
        Expr::constant(Value::float(self.heap(), value))
    }

    pub(super) fn uri(&mut self, node: NodeId) -> Expr<'h> {
        let text = String::from_utf8_lossy(self.parse.text(node)).into_owned();
        self.lint(Lint::UrlLiteral, node, || format!("a URL without quotes is discouraged: write \"{text}\""));
        Expr::constant(Str::plain(self.heap(), self.parse.text(node)))
    }

    pub(super) fn string(&mut self, node: NodeId) -> Expr<'h> {
        if let Some(text) = decode::plain_string(self.parse, node) {
            let text = Str::plain(self.heap(), &text);
            return if decode::is_composed(self.parse, node) { Expr::folded(text) } else { Expr::constant(text) };
        }
        let parts = decode::string_parts(self.parse, node);
        Expr::String(self.interpolation(Vec::new(), parts, self.pos(node)))
    }

    /// Some literal text and what comes after it.
    fn interpolation(&mut self, text: Vec<u8>, parts: Vec<Part<'_>>, pos: Pos) -> Ref<'h, Interpolation<'h>> {
        let mut lowered = Vec::with_capacity(parts.len());
        let mut before = text;
        for part in parts {
            match part {
                Part::Text(text) => before.extend_from_slice(&text),
                Part::Interpolation(inner, start) => {
                    let expr = self.expr(inner);
                    let text = self.heap().store_slice(&before);
                    before.clear();
                    lowered.push(InterpolatedPart { before: text, expr, pos: self.context.base.offset(start) });
                }
            }
        }
        let (parts, end) = (self.heap().store_row(lowered), self.heap().store_slice(&before));
        self.heap().store_ref(Interpolation::new(parts, end, pos))
    }

    /// A path: absolute, or relative to the directory of the file.
    pub(super) fn path(&mut self, node: NodeId) -> Expr<'h> {
        self.lint_path(node);
        let mut parts = decode::string_parts(self.parse, node);
        let pos = self.pos(node);
        let first = match parts.first() {
            Some(Part::Text(text)) => self.absolute(text, pos),
            _ => self.context.base_dir.to_vec(),
        };
        if parts.len() <= 1 {
            return Expr::constant(Value::path(self.heap(), &first));
        }
        let mut with_slash = first;
        if let Some(Part::Text(text)) = parts.first() {
            // What comes after `./a/` begins a new component, which the canonical form would lose.
            if text.ends_with(b"/") && with_slash != b"/" {
                with_slash.push(b'/');
            }
            parts.remove(0);
        }
        Expr::Path(self.interpolation(with_slash, parts, pos))
    }

    fn lint_path(&mut self, node: NodeId) {
        let bytes = self.parse.text(node);
        // Paths nest, by their interpolations, so the text is made only where it is shown.
        let text = || String::from_utf8_lossy(bytes);
        match bytes.first() {
            Some(b'/' | b'~') => self.lint(Lint::AbsolutePathLiteral, node, || {
                format!(
                    "the absolute path literal '{}' is not portable: use a relative path, a string or a parameter",
                    text()
                )
            }),
            Some(b'.') | None => {}
            Some(_) => self.lint(Lint::ShortPathLiteral, node, || {
                format!("the relative path literal '{0}' should begin with './': './{0}'", text())
            }),
        }
    }

    /// Says something about a literal, as loud as the level of the lint is.
    fn lint(&mut self, lint: Lint, node: NodeId, message: impl FnOnce() -> String) {
        let span = self.pos(node).span(self.parse.text(node).len() as u32);
        match self.context.lints.level(lint) {
            LintLevel::Ignore => {}
            LintLevel::Warn => self.context.warnings.push(Diagnostic::warning(lint.code(), message()).at(span, "")),
            LintLevel::Fatal => self.report(Diagnostic::error(lint.code(), message()).at(span, "")),
        }
    }

    fn absolute(&mut self, text: &[u8], pos: Pos) -> Vec<u8> {
        if text.first() == Some(&b'/') {
            return canonicalize(text);
        }
        if let Some(below_home) = text.strip_prefix(b"~") {
            let Some(home) = self.context.home else {
                let message = "the path of the home directory is not known here";
                self.report(Diagnostic::error(Code::Forbidden, message).at(pos.span(text.len() as u32), ""));
                return Vec::new();
            };
            // Nix leaves `..` in such a path, and people see it.
            return [home, below_home].concat();
        }
        join(self.context.base_dir, text)
    }

    /// `<name>` means `__findFile __nixPath "name"`.
    pub(super) fn search_path(&mut self, node: NodeId) -> Expr<'h> {
        let pos = self.pos(node);
        let text = self.parse.text(node);
        let name = text.strip_prefix(b"<").and_then(|text| text.strip_suffix(b">")).unwrap_or(text);
        let name = Expr::constant(Str::plain(self.heap(), name));
        let find = self.variable_named(names::FIND_FILE, pos);
        let path = self.variable_named(names::NIX_PATH, pos);
        self.call(find, &[path, name], pos)
    }
}
