//! Where functions are written, and what is known of values without evaluating them.

use super::{Evaluator, Kind, Result, Value};
use crate::diagnostics::Pos;
use crate::heap::{self, Function};

impl Evaluator {
    /// Where the code of a function begins; nothing for builtins and for other values.
    ///
    /// ```
    /// let mut firn = firn::Evaluator::new();
    /// let function = firn.eval_text("let\n  double = n: 2 * n;\nin double", "/")?;
    /// let place = firn.function_place(&function)?.expect("it is a function of the program");
    /// let location = firn.sources().resolve(place).expect("it was written somewhere");
    /// assert_eq!((location.line, location.column), (2, 12));
    /// # Ok::<_, firn::Error>(())
    /// ```
    ///
    /// # Errors
    /// The error of evaluating the value.
    pub fn function_place(&mut self, function: &Value) -> Result<Option<Pos>> {
        let root = self.root(function);
        self.with(|eval| {
            let mut value = eval.force(eval.roots[root])?;
            if let heap::Kind::Function(Function::Partial(partial)) = value.kind() {
                value = partial.function();
            }
            let closure = value.as_closure();
            Ok(closure.and_then(|closure| closure.lambda().positions.first().copied()).filter(|pos| pos.is_some()))
        })
    }

    /// Where an attribute of a set is defined, if it is there and was written in a program.
    ///
    /// # Errors
    /// The value is no set or cannot be evaluated.
    pub fn attr_place(&mut self, set: &Value, name: impl AsRef<[u8]>) -> Result<Option<Pos>> {
        let root = self.root(set);
        self.with(|eval| {
            let attrs = eval.force_attrs(eval.roots[root])?;
            let found = eval.symbols.find(name.as_ref()).and_then(|name| attrs.find(name));
            Ok(found.map(|(_, pos)| pos).filter(|pos| pos.is_some()))
        })
    }

    /// What a value is, if that is known: nothing is evaluated.
    pub fn known_kind(&mut self, value: &Value) -> Option<Kind> {
        let root = self.root(value);
        let is_known = self.cell.with_dependent(|_, eval| !crate::eval::known(eval.roots[root]).is_thunk());
        is_known.then(|| self.kind(value).ok()).flatten()
    }
}
