//! Printing values.

use std::borrow::Cow;

use rustc_hash::FxHashSet;

use super::search_path::BUILTIN_FILES;
use super::{Eval, Result};
use crate::builtins::DERIVATION_FILE;
use crate::builtins::text::{float, string_literal};
use crate::diagnostics::Pos;
use crate::heap::{Attrs, Function, Kind, List, Value};
use crate::program::names;

/// How values are written.
#[derive(Copy, Clone, PartialEq, Eq, Debug)]
pub(crate) enum PrintStyle {
    /// As `nix-instantiate --eval` does: on one line, `<LAMBDA>` for functions, `<CODE>` for thunks.
    Plain,
    /// As the language writes values, with places for functions; on one line.
    Line,
    /// The same over several lines.
    Pretty,
}

/// Values nested deeper than this are printed without line breaks: indentation would take more space than they.
const MAX_INDENT: usize = 100;

/// How much of a value is shown in a message.
const EXCERPT_BYTES: usize = 60;

struct Printer {
    style: PrintStyle,
    output: Vec<u8>,
    /// The sets and lists that were written already.
    seen: FxHashSet<usize>,
    indent: usize,
    /// Printing stops soon after this many bytes.
    limit: usize,
}

impl<'h> Eval<'h> {
    /// Writes a value as it is, without forcing anything.
    pub(crate) fn print(&mut self, value: Value<'h>, style: PrintStyle) -> Result<Vec<u8>> {
        let mut printer =
            Printer { style, output: Vec::new(), seen: FxHashSet::default(), indent: 0, limit: usize::MAX };
        self.print_value(value, &mut printer)?;
        Ok(printer.output)
    }

    /// The beginning of what a value looks like, for messages.
    pub(super) fn excerpt(&mut self, value: Value<'h>) -> String {
        let mut printer = Printer {
            style: PrintStyle::Plain,
            output: Vec::new(),
            seen: FxHashSet::default(),
            indent: 0,
            limit: EXCERPT_BYTES,
        };
        // Only the stack limit can stop printing, and then there is that much of it.
        let _ = self.print_value(value, &mut printer);
        let mut text = String::from_utf8_lossy(&printer.output).into_owned();
        if text.len() > EXCERPT_BYTES {
            let end = (0..=EXCERPT_BYTES).rev().find(|&at| text.is_char_boundary(at)).unwrap_or(0);
            text.truncate(end);
            text.push('…');
        }
        text
    }

    fn print_value(&mut self, value: Value<'h>, printer: &mut Printer) -> Result<()> {
        if self.is_stack_low() {
            return self.on_new_segment(|eval| eval.print_value(value, printer));
        }
        if printer.output.len() > printer.limit {
            return Ok(());
        }
        let known = super::known(value);
        match known.kind() {
            Kind::Null => printer.text("null"),
            Kind::Bool(true) => printer.text("true"),
            Kind::Bool(false) => printer.text("false"),
            Kind::Int(_) | Kind::Float(_) if printer.style == PrintStyle::Pretty => printer.text(&literal(known)),
            Kind::Int(value) => printer.text(&value.to_string()),
            Kind::Float(value) => printer.text(&float::print_float(value)),
            Kind::String(string) => {
                let bytes = string.bytes();
                let shown = &bytes[..bytes.len().min(printer.limit)];
                string_literal::write_string_literal(&mut printer.output, shown);
            }
            Kind::Path(path) => printer.output.extend_from_slice(&shown_path(path)),
            Kind::List(list) => self.print_list(list, value.identity(), printer)?,
            Kind::Attrs(attrs) => self.print_attrs(attrs, printer)?,
            Kind::Function(function) => self.print_function(function, value, printer),
            // It is only read late; in Nix it is known from the start.
            Kind::Thunk(_) if value.identity() == self.derivation.identity() => {
                let derivation = self.force(value)?;
                self.print_value(derivation, printer)?;
            }
            Kind::Thunk(thunk) => printer.text(match (printer.style, thunk.is_blackhole()) {
                (_, true) => "«potential infinite recursion»",
                (PrintStyle::Plain, false) => "<CODE>",
                (PrintStyle::Line | PrintStyle::Pretty, false) => "«thunk»",
            }),
        }
        Ok(())
    }

    /// A list is known again by what the place holds: a list that went through two thunks is seen twice.
    fn print_list(&mut self, list: List<'h>, identity: usize, printer: &mut Printer) -> Result<()> {
        if list.len() > 0 && !printer.seen.insert(identity) {
            printer.text("«repeated»");
            return Ok(());
        }
        let broken = printer.breaks(list.len(), list.iter().next());
        printer.open("[", broken);
        for element in list.iter() {
            printer.separate(broken);
            let start = printer.output.len();
            self.print_value(element, printer)?;
            // What is an operation would be taken apart in a list.
            if printer.style == PrintStyle::Pretty && printer.output.get(start) == Some(&b'-') {
                printer.output.insert(start, b'(');
                printer.output.push(b')');
            }
            if printer.output.len() > printer.limit {
                return Ok(());
            }
        }
        printer.close("]", broken);
        Ok(())
    }

    fn print_attrs(&mut self, attrs: Attrs<'h>, printer: &mut Printer) -> Result<()> {
        if !attrs.is_empty() && !printer.seen.insert(attrs.identity()) {
            printer.text("«repeated»");
            return Ok(());
        }
        if printer.style == PrintStyle::Pretty && self.print_derivation(attrs, printer) {
            return Ok(());
        }
        let mut sorted = self.sorted(attrs);
        let broken = printer.breaks(sorted.len(), sorted.next().map(|(_, value)| value.get()));
        printer.open("{", broken);
        for (name, value) in self.sorted(attrs) {
            printer.separate(broken);
            let name = self.symbols.bytes(name);
            string_literal::write_attribute_name(&mut printer.output, name);
            printer.text(" = ");
            self.print_value(value.get(), printer)?;
            printer.text(";");
            if printer.output.len() > printer.limit {
                return Ok(());
            }
        }
        printer.close("}", broken);
        Ok(())
    }

    /// A derivation whose path is known is shown by it.
    fn print_derivation(&mut self, attrs: Attrs<'h>, printer: &mut Printer) -> bool {
        let text = |name| super::known(attrs.get(name)?.get()).as_string().map(|string| string.bytes());
        if text(names::TYPE) != Some(b"derivation") {
            return false;
        }
        printer.text("«derivation");
        if let Some(path) = text(names::DRV_PATH) {
            printer.text(" ");
            printer.output.extend_from_slice(path);
        }
        printer.text("»");
        true
    }

    fn print_function(&mut self, function: Function<'h>, value: Value<'h>, printer: &mut Printer) {
        let value = super::known(value);
        let lambda = self.lambda_of(value);
        if printer.style == PrintStyle::Plain {
            return printer.text(match (function, lambda) {
                (_, Some(_)) => "<LAMBDA>",
                (Function::Builtin(_), None) => "<PRIMOP>",
                (_, None) => "<PRIMOP-APP>",
            });
        }
        match (function, lambda) {
            (_, Some(lambda)) => {
                printer.text("«lambda");
                if let Some(name) = lambda.name.get() {
                    printer.text(" ");
                    printer.output.extend_from_slice(self.symbols.bytes(name));
                }
                let given = value.as_partial().map_or(0, |partial| partial.arguments().len());
                let pos = lambda.positions.get(given).copied().unwrap_or(Pos::NONE);
                if let Some((file, line, column)) = self.locate(pos) {
                    printer.text(if file == DERIVATION_FILE { " @ «nix-internal»" } else { " @ " });
                    printer.output.extend_from_slice(&file);
                    printer.text(&format!(":{line}:{column}"));
                }
                printer.text("»");
            }
            (Function::Builtin(id), None) => {
                let name = self.builtins.get(id).name;
                printer.text(&format!("«primop {name}»"));
            }
            (_, None) => {
                let name = value.as_partial().and_then(|partial| partial.function().as_builtin());
                let name = name.map_or("", |id| self.builtins.get(id).name);
                printer.text(&format!("«partially applied primop {name}»"));
            }
        }
    }
}

/// A number as the language writes it, so that it can be read again.
fn literal(number: Value<'_>) -> String {
    match number.kind() {
        // Its digits without the sign are no integer.
        Kind::Int(i64::MIN) => format!("-{} - 1", i64::MAX),
        Kind::Int(value) => value.to_string(),
        Kind::Float(value) => {
            let text = format!("{value:?}");
            match text.find('e') {
                Some(at) if !text.contains('.') => format!("{}.0{}", &text[..at], &text[at..]),
                _ => text,
            }
        }
        _ => String::new(),
    }
}

impl Printer {
    fn text(&mut self, text: &str) {
        self.output.extend_from_slice(text.as_bytes());
    }

    /// Whether a row is written on lines of its own: if it has several items, or one with items.
    fn breaks(&self, length: usize, first: Option<Value<'_>>) -> bool {
        let nested = first
            .is_some_and(|first| matches!(super::known(first).kind(), Kind::List(_) | Kind::Attrs(_) | Kind::Thunk(_)));
        self.style == PrintStyle::Pretty && self.indent < MAX_INDENT && (length > 1 || nested)
    }

    fn open(&mut self, bracket: &str, broken: bool) {
        self.text(bracket);
        self.indent += usize::from(broken);
    }

    fn separate(&mut self, broken: bool) {
        if broken {
            self.output.push(b'\n');
            self.output.resize(self.output.len() + 2 * self.indent, b' ');
        } else {
            self.output.push(b' ');
        }
    }

    fn close(&mut self, bracket: &str, broken: bool) {
        self.indent -= usize::from(broken);
        self.separate(broken);
        self.text(bracket);
    }
}

/// A path as people know it: a file that comes with the evaluator as it is written.
pub(crate) fn shown_path(path: &[u8]) -> Cow<'_, [u8]> {
    match path.strip_prefix(BUILTIN_FILES) {
        None => Cow::Borrowed(path),
        Some(name) => Cow::Owned([b"<nix/", name, b">"].concat()),
    }
}
