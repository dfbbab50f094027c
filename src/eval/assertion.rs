//! What a failed assertion says.

use super::expr::{frame_up, known};
use super::{ErrorExt, Eval, error};
use crate::diagnostics::{Code, Diagnostic};
use crate::heap::{Frame, Value};
use crate::program::{Assert, BinaryOp, Expr};

impl<'h> Eval<'h> {
    /// Says which assertion failed. For a comparison, both sides are shown.
    #[cold]
    pub(super) fn assertion_error(&mut self, assert: &'h Assert<'h>, frame: Option<Frame<'h>>) -> Box<Diagnostic> {
        let mut diagnostic = error(Code::AssertionFailed, "assertion failed").or_at(assert.pos);
        let Expr::Binary(operator, operands) = assert.condition else { return diagnostic };
        let operands = operands.get();
        let sides = match operator {
            BinaryOp::Add | BinaryOp::Sub | BinaryOp::Mul | BinaryOp::Div => return diagnostic,
            // Nix evaluates both sides anew to show them, which can be seen if they trace.
            BinaryOp::Equal => match (self.eval(&operands.left, frame), self.eval(&operands.right, frame)) {
                (Ok(left), Ok(right)) => [Some(left), Some(right)],
                _ => return diagnostic,
            },
            _ => [&operands.left, &operands.right].map(|side| self.evaluated_already(side, frame)),
        };
        for (side, value) in ["left", "right"].into_iter().zip(sides) {
            if let Some(value) = value {
                let value = self.describe(value);
                diagnostic.notes.push(format!("the {side} side is {value}"));
            }
        }
        diagnostic
    }

    /// The value of an operand that can be had without evaluating anything.
    fn evaluated_already(&self, operand: &'h Expr<'h>, frame: Option<Frame<'h>>) -> Option<Value<'h>> {
        let value = match *operand {
            Expr::SelectOne(_) | Expr::Select(_) => known(self.selected_already(operand, frame)?),
            Expr::Outer { depth, slot, .. } => known(frame_up(frame, depth.into()).slot(slot.into()).get()?),
            _ => return self.at_hand(operand, frame),
        };
        (!value.is_thunk()).then_some(value)
    }
}
