//! What comes out of an evaluator: values as text, JSON, XML and derivations.

use std::path::Path;
use std::sync::Arc;

use super::{Evaluator, Result, Value, absolute};
use crate::builtins::XmlOptions;
use crate::diagnostics::SourceName;
use crate::eval::{Coercion, ContextSet, PrintStyle};
use crate::heap;
use crate::store::{Derivation, StoreDir, StorePath};

impl Evaluator {
    /// Writes a value on one line as `nix-instantiate --eval` does; nothing is evaluated.
    ///
    /// # Errors
    /// The value is nested too deeply.
    pub fn print(&mut self, value: &Value) -> Result<Vec<u8>> {
        self.print_as(value, PrintStyle::Plain)
    }

    /// Writes a value over several lines for people to read; nothing is evaluated.
    ///
    /// # Errors
    /// The value is nested too deeply.
    pub fn print_pretty(&mut self, value: &Value) -> Result<Vec<u8>> {
        self.print_as(value, PrintStyle::Pretty)
    }

    fn print_as(&mut self, value: &Value, style: PrintStyle) -> Result<Vec<u8>> {
        let root = self.root(value);
        self.with(|eval| eval.print(eval.roots[root], style))
    }

    /// Writes a value as JSON, evaluating everything in it. Sets with `outPath` are that string, paths are copied to the
    /// store.
    ///
    /// # Errors
    /// A function in the value, errors of evaluation.
    pub fn to_json(&mut self, value: &Value) -> Result<Vec<u8>> {
        let root = self.root(value);
        self.with(|eval| {
            let mut text = Vec::new();
            eval.write_json(eval.roots[root], &mut text, &mut ContextSet::default())?;
            Ok(text)
        })
    }

    /// Writes a value as XML. With `strict` everything in it is evaluated; without, what has not been is marked so.
    /// `locations` adds where attributes and functions are written.
    ///
    /// # Errors
    /// Errors of evaluation; the value is nested too deeply.
    pub fn to_xml(&mut self, value: &Value, strict: bool, locations: bool) -> Result<Vec<u8>> {
        let root = self.root(value);
        let options = XmlOptions { strict, locations };
        self.with(|eval| eval.xml(eval.roots[root], options, &mut ContextSet::default()))
    }

    /// The text of a value where it is put into a string: of a string itself, of a path its store path, of a set
    /// its `__toString` or `outPath`.
    ///
    /// # Errors
    /// The value has no text, errors of evaluation.
    pub fn to_text(&mut self, value: &Value) -> Result<Vec<u8>> {
        let root = self.root(value);
        self.with(|eval| {
            let text = eval.coerce(eval.roots[root], Coercion::INTERPOLATION, &mut ContextSet::default())?;
            Ok(text.to_vec())
        })
    }

    /// Writes an expression fully bracketed and with sugar removed, as `nix-instantiate --parse` does.
    ///
    /// # Errors
    /// Syntax errors, undefined variables.
    pub fn show_expression(
        &mut self,
        name: SourceName,
        text: impl Into<Vec<u8>>,
        base_dir: impl AsRef<Path>,
    ) -> Result<Vec<u8>> {
        let text: Arc<[u8]> = text.into().into();
        let base_dir = absolute(base_dir.as_ref());
        self.with(|eval| eval.show(name, text, &base_dir))
    }

    /// A number that tells a list or set from all others of this evaluator; nothing for other values.
    ///
    /// # Errors
    /// The error of evaluating the value.
    pub fn identity(&mut self, value: &Value) -> Result<Option<usize>> {
        let root = self.root(value);
        self.with(|eval| {
            let value = eval.force(eval.roots[root])?;
            Ok(match value.kind() {
                heap::Kind::Attrs(attrs) => Some(attrs.identity()),
                heap::Kind::List(_) => Some(value.identity()),
                _ => None,
            })
        })
    }

    /// The derivation that a set with `type = "derivation"` stands for, with its path; nothing for other values.
    ///
    /// # Errors
    /// Errors of evaluation; a set that says it is a derivation, but whose `drvPath` is none that was computed here.
    pub fn derivation(&mut self, value: &Value) -> Result<Option<(StorePath, Derivation)>> {
        let root = self.root(value);
        self.with(|eval| eval.derivation_of(eval.roots[root]))
    }

    /// A derivation that was computed by this evaluator or is in its store, by its path: for walking from a derivation to
    /// its inputs.
    ///
    /// # Errors
    /// There is no such derivation.
    pub fn read_derivation(&mut self, path: &StorePath) -> Result<Derivation> {
        self.with(|eval| eval.store.derivation(path))
    }

    /// The directory of the store.
    pub fn store_dir(&self) -> StoreDir {
        self.cell.with_dependent(|_, eval| eval.store.dir().clone())
    }
}
