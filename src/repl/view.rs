//! Values as trees that fit a screen.

use crate::diagnostics::{Colors, printable};
use crate::{Evaluator, Kind, Result, Value};

/// How much of a value is shown. What is left out can be opened.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) struct Limits {
    /// How many sets and lists in each other are opened.
    pub(super) depth: usize,
    /// How many members of a set or list are shown.
    pub(super) length: usize,
    /// How many characters of a string are shown.
    pub(super) width: usize,
}

impl Default for Limits {
    fn default() -> Self {
        Limits { depth: 2, length: 30, width: 200 }
    }
}

impl Limits {
    /// The limits by their names.
    pub(super) const NAMES: [&str; 3] = ["depth", "length", "width"];

    pub(super) fn get(&self, name: &str) -> Option<usize> {
        match name {
            "depth" => Some(self.depth),
            "length" => Some(self.length),
            "width" => Some(self.width),
            _ => None,
        }
    }

    pub(super) fn set(&mut self, name: &str, value: usize) {
        match name {
            "depth" => self.depth = value,
            "length" => self.length = value,
            _ => self.width = value,
        }
    }
}

/// A value as a tree, which ends with a line feed. The value and its members are evaluated; what is in these is shown as far
/// as it is known.
///
/// # Errors
/// The error of evaluating the value itself. Members that fail are shown as such.
pub(super) fn view(firn: &mut Evaluator, value: &Value, limits: Limits) -> Result<String> {
    firn.kind(value)?;
    let mut view = View { firn, limits, text: String::new() };
    view.value(value, 0)?;
    view.text.push('\n');
    Ok(view.text)
}

/// A list that takes fewer characters stands in one line.
const SHORT: usize = 60;

struct View<'f> {
    firn: &'f mut Evaluator,
    limits: Limits,
    text: String,
}

impl View<'_> {
    /// Recurses as deep as the limit says.
    fn value(&mut self, value: &Value, depth: usize) -> Result<()> {
        match self.firn.known_kind(value) {
            Some(Kind::Attrs(_)) if self.is_derivation(value)? => self.leaf(value),
            Some(Kind::Attrs(0) | Kind::List(0)) => self.leaf(value),
            Some(Kind::Attrs(count)) if depth >= self.limits.depth => {
                self.text.push_str(&format!("{{ … {} }}", counted(count, "attribute")));
                Ok(())
            }
            Some(Kind::List(count)) if depth >= self.limits.depth => {
                self.text.push_str(&format!("[ … {} ]", counted(count, "element")));
                Ok(())
            }
            Some(Kind::Attrs(count)) => self.set(value, count, depth),
            Some(Kind::List(count)) => self.list(value, count, depth),
            Some(Kind::String(text)) => {
                self.string(&text);
                Ok(())
            }
            _ => self.leaf(value),
        }
    }

    fn set(&mut self, value: &Value, count: usize, depth: usize) -> Result<()> {
        self.text.push_str("{\n");
        let names = self.firn.attr_names(value)?;
        for name in names.iter().take(self.limits.length) {
            let Some(member) = self.firn.attr(value, name)? else { continue };
            self.indent(depth + 1);
            self.text.push_str(&super::completion::quoted(name));
            self.text.push_str(" = ");
            self.member(&member, depth)?;
            self.text.push_str(";\n");
        }
        self.rest(count, "attribute", depth);
        self.text.push('}');
        Ok(())
    }

    fn list(&mut self, value: &Value, count: usize, depth: usize) -> Result<()> {
        let mut members = Vec::new();
        for member in self.firn.elements(value)?.iter().take(self.limits.length) {
            let before = std::mem::take(&mut self.text);
            let result = self.member(member, depth);
            members.push(std::mem::replace(&mut self.text, before));
            result?;
        }
        let length: usize = members.iter().map(|member| member.chars().count() + 1).sum();
        if count == members.len() && length < SHORT && members.iter().all(|member| !member.contains('\n')) {
            self.text.push_str(&format!("[ {} ]", members.join(" ")));
            return Ok(());
        }
        self.text.push_str("[\n");
        for member in members {
            self.indent(depth + 1);
            self.text.push_str(&member);
            self.text.push('\n');
        }
        self.rest(count, "element", depth);
        self.text.push(']');
        Ok(())
    }

    /// What the limit leaves out, and the way back to the bracket.
    fn rest(&mut self, count: usize, what: &str, depth: usize) {
        if count > self.limits.length {
            self.indent(depth + 1);
            self.text.push_str(&format!("… {} more\n", counted(count - self.limits.length, what)));
        }
        self.indent(depth);
    }

    fn member(&mut self, member: &Value, depth: usize) -> Result<()> {
        // Members of what was asked for are evaluated. One that fails does not hide the others.
        if depth == 0
            && let Err(error) = self.firn.kind(member)
        {
            let diagnostic = error.diagnostic();
            if diagnostic.code == crate::diagnostics::Code::Interrupted {
                return Err(error);
            }
            let message = printable(&diagnostic.message, Colors::Off).into_owned();
            self.text.push_str(&format!("«error: {}»", cut(&message, self.limits.width)));
            return Ok(());
        }
        self.value(member, depth + 1)
    }

    fn string(&mut self, text: &[u8]) {
        let shown = String::from_utf8_lossy(text);
        let part = cut(&shown, self.limits.width);
        let escaped = part.replace('\\', "\\\\").replace('"', "\\\"").replace("${", "\\${");
        let escaped = escaped.replace('\n', "\\n").replace('\r', "\\r").replace('\t', "\\t");
        self.text.push_str(&format!("\"{}\"", printable(&escaped, Colors::Off)));
        if part.len() < shown.len() {
            let left = shown[part.len()..].chars().count();
            self.text.push_str(&format!(" … {} more", counted(left, "character")));
        }
    }

    fn leaf(&mut self, value: &Value) -> Result<()> {
        let text = self.firn.print_pretty(value)?;
        self.text.push_str(&String::from_utf8_lossy(&text));
        Ok(())
    }

    fn is_derivation(&mut self, value: &Value) -> Result<bool> {
        let Some(kind) = self.firn.attr(value, "type")? else { return Ok(false) };
        Ok(self.firn.known_kind(&kind) == Some(Kind::String(b"derivation".to_vec())))
    }

    fn indent(&mut self, depth: usize) {
        self.text.extend(std::iter::repeat_n("  ", depth));
    }
}

/// At most so many characters of a text.
fn cut(text: &str, most: usize) -> &str {
    text.char_indices().nth(most).map_or(text, |(end, _)| &text[..end])
}

fn counted(count: usize, what: &str) -> String {
    if count == 1 { format!("1 {what}") } else { format!("{count} {what}s") }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn shows(limits: Limits, text: &str, expected: &str) {
        let mut firn = Evaluator::new();
        let value = firn.eval_text(text, "/").expect("it evaluates");
        assert_eq!(view(&mut firn, &value, limits).expect("it is shown"), expected, "{text}");
    }

    #[test]
    fn trees_are_cut() {
        let usual = Limits::default();
        shows(usual, "1.5", "1.5\n");
        shows(usual, "{ }", "{ }\n");
        shows(usual, "[ 1 (1 + 1) ]", "[ 1 2 ]\n");
        shows(usual, "{ a.b.c = 1; }", "{\n  a = {\n    b = «thunk»;\n  };\n}\n");
        shows(
            Limits { depth: 1, ..usual },
            "{ a = { b = 1; }; c = [ 1 ]; }",
            "{\n  a = { … 1 attribute };\n  c = [ … 1 element ];\n}\n",
        );
        shows(Limits { length: 1, ..usual }, "[ 1 2 3 ]", "[\n  1\n  … 2 elements more\n]\n");
        shows(Limits { width: 3, ..usual }, "\"añ\\n$\"", "\"añ\\n\" … 1 character more\n");
        shows(usual, "{ a = throw \"no\"; b = 1; }", "{\n  a = «error: no»;\n  b = 1;\n}\n");
        shows(usual, "{ \"a b\" = x: x; }", "{\n  \"a b\" = «lambda a b @ «string»:1:11»;\n}\n");
    }
}
