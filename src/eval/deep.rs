//! Evaluating a value and everything in it.

use rustc_hash::FxHashSet;

use super::{ErrorExt, Eval, Result};
use crate::diagnostics::Pos;
use crate::heap::{Kind, Value};

impl<'h> Eval<'h> {
    /// Forces a value and all that can be reached from it through sets and lists.
    pub(crate) fn force_deep(&mut self, value: Value<'h>) -> Result<Value<'h>> {
        let value = self.force(value)?;
        self.force_parts(value, &mut FxHashSet::default())?;
        Ok(value)
    }

    fn force_parts(&mut self, value: Value<'h>, seen: &mut FxHashSet<usize>) -> Result<()> {
        if self.is_stack_low() {
            return self.on_new_segment(|eval| eval.force_parts(value, seen));
        }
        match value.kind() {
            Kind::List(list) if list.len() > 0 && seen.insert(value.identity()) => {
                for element in list.iter() {
                    let element = self.force(element)?;
                    self.force_parts(element, seen)?;
                }
            }
            Kind::Attrs(attrs) if !attrs.is_empty() && seen.insert(attrs.identity()) => {
                let (shape, values) = attrs.flatten(self.heap);
                for (&name, value) in shape.names().iter().zip(values) {
                    let text =
                        |eval: &Self| format!("while evaluating the attribute '{}'", eval.symbols.text(name)).into();
                    let forced = match self.force(value.get()) {
                        Ok(forced) => self.force_parts(forced, seen),
                        Err(error) => Err(error),
                    };
                    forced.map_err(|error| error.frame(Pos::NONE, || text(self)))?;
                }
            }
            _ => {}
        }
        Ok(())
    }
}
