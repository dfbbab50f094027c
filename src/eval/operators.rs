//! Arithmetic, comparison and concatenation.

use std::cmp::Ordering;

use smallvec::{SmallVec, smallvec};

use super::{ErrorExt, Eval, Result, error};
use crate::diagnostics::{Code, Diagnostic, Part, Pos};
use crate::heap::{Frame, Kind, List, Value};
use crate::program::{Binary, BinaryOp, Expr};

/// The arithmetic that two numbers allow.
#[derive(Copy, Clone, PartialEq, Eq)]
pub(crate) enum Arithmetic {
    Add,
    Sub,
    Mul,
    Div,
}

impl<'h> Eval<'h> {
    /// What the operators make of numbers. Mostly both are at hand, and no registers need to be saved.
    #[inline(never)]
    pub(super) fn binary(
        &mut self,
        operator: BinaryOp,
        operands: &'h Binary<'h>,
        frame: Option<Frame<'h>>,
    ) -> Result<Value<'h>> {
        if let (Some(left), Some(right)) = (self.at_hand(&operands.left, frame), self.at_hand(&operands.right, frame))
            && let Some(result) = self.of_small_ints(operator, left, right)
        {
            return result;
        }
        self.binary_of_any(operator, operands, frame)
    }

    /// What the operators make of small integers, if both are.
    #[inline(always)]
    fn of_small_ints(&self, operator: BinaryOp, left: Value<'h>, right: Value<'h>) -> Option<Result<Value<'h>>> {
        let (left, right) = (left.as_small_int()?, right.as_small_int()?);
        Some(match operator {
            BinaryOp::Sub => self.integer(left - right),
            BinaryOp::Mul => self.integer(left * right),
            _ => Ok(Value::bool(is_in_order(operator, left, right)?)),
        })
    }

    #[inline(always)]
    fn integer(&self, value: i64) -> Result<Value<'h>> {
        match Value::from_small(value) {
            Some(value) => Ok(value),
            None => self.wide_integer(value),
        }
    }

    /// Not inline, so that what comes to a small integer saves no registers.
    #[inline(never)]
    fn wide_integer(&self, value: i64) -> Result<Value<'h>> {
        Ok(Value::int(self.heap, value))
    }

    #[inline(never)]
    fn binary_of_any(
        &mut self,
        operator: BinaryOp,
        operands: &'h Binary<'h>,
        frame: Option<Frame<'h>>,
    ) -> Result<Value<'h>> {
        // `a > b` means `b < a`, of which the left side is evaluated first.
        let swapped = matches!(operator, BinaryOp::Greater | BinaryOp::LessEqual);
        let (left, right) = if swapped {
            let right = self.operand(&operands.right, frame)?;
            (self.operand(&operands.left, frame)?, right)
        } else {
            let left = self.operand(&operands.left, frame)?;
            (left, self.operand(&operands.right, frame)?)
        };
        if let Some(result) = self.of_small_ints(operator, left, right) {
            return result;
        }
        match self.apply(operator, left, right) {
            Ok(value) => Ok(value),
            Err(error) => Err(self.in_operation(error, left, right, operands.pos)),
        }
    }

    /// What a comparison says of two small integers that are at hand, or of null or a Boolean and anything that is at hand.
    #[inline(never)]
    pub(super) fn compared_already(
        &self,
        operator: BinaryOp,
        operands: &'h Binary<'h>,
        frame: Option<Frame<'h>>,
    ) -> Option<bool> {
        let left = self.at_hand(&operands.left, frame)?;
        let right = self.at_hand(&operands.right, frame)?;
        if let (Some(left), Some(right)) = (left.as_small_int(), right.as_small_int()) {
            return match operator {
                BinaryOp::Equal => Some(left == right),
                BinaryOp::NotEqual => Some(left != right),
                _ => is_in_order(operator, left, right),
            };
        }
        let has_one_word = left.is_null_or_bool() || right.is_null_or_bool();
        match operator {
            BinaryOp::Equal if has_one_word => Some(left.is_same(right)),
            BinaryOp::NotEqual if has_one_word => Some(!left.is_same(right)),
            _ => None,
        }
    }

    /// `left == right`, or with `false` `left != right`
    #[inline(never)]
    pub(super) fn equality_operator(
        &mut self,
        wanted: bool,
        operands: &'h Binary<'h>,
        frame: Option<Frame<'h>>,
    ) -> Result<Value<'h>> {
        let left = self.operand(&operands.left, frame)?;
        let right = self.operand(&operands.right, frame)?;
        match self.are_equal(left, right) {
            Ok(equal) => Ok(Value::bool(equal == wanted)),
            Err(error) => Err(self.in_operation(error, left, right, operands.pos)),
        }
    }

    /// Finds out which operand an error is about.
    #[cold]
    #[inline(never)]
    fn in_operation(&mut self, error: Box<Diagnostic>, left: Value<'h>, right: Value<'h>, pos: Pos) -> Box<Diagnostic> {
        if error.code == Code::DivisionByZero && error.primary.is_none() {
            return self.about(error, right).part(Part::Operand(1)).or_at(pos);
        }
        let wrong = error.culprit.as_ref().map(|culprit| culprit.identity);
        match [left, right].iter().position(|operand| Some(operand.identity()) == wrong) {
            Some(index) => error.part(Part::Operand(index)).or_at(pos),
            None => error.or_at(pos),
        }
    }

    /// `left + right`
    #[inline(never)]
    pub(super) fn add_operator(&mut self, operands: &'h Binary<'h>, frame: Option<Frame<'h>>) -> Result<Value<'h>> {
        if let Expr::Binary(BinaryOp::Add, _) = operands.left {
            return self.add_many(operands, frame);
        }
        let left = self.operand(&operands.left, frame)?;
        self.add_to(left, operands, frame)
    }

    /// `a + b + ... + right`: texts are put together once.
    #[inline(never)]
    fn add_many(&mut self, last: &'h Binary<'h>, frame: Option<Frame<'h>>) -> Result<Value<'h>> {
        let mut first = last;
        let mut operators: SmallVec<[_; 8]> = smallvec![last];
        while let Expr::Binary(BinaryOp::Add, operands) = first.left {
            first = operands.get();
            operators.push(first);
        }
        operators.reverse();
        let mut sum = self.operand(&first.left, frame)?;
        for (index, operands) in operators.iter().enumerate() {
            if let Some(text) = sum.as_string() {
                return self.add_texts(text, &operators[index..], frame);
            }
            sum = self.add_to(sum, operands, frame)?;
        }
        Ok(sum)
    }

    /// Adds the right side of an operator to a value.
    #[inline(always)]
    fn add_to(&mut self, left: Value<'h>, operands: &'h Binary<'h>, frame: Option<Frame<'h>>) -> Result<Value<'h>> {
        let Some(number) = left.as_int() else {
            if !matches!(left.kind(), Kind::Float(_)) {
                return self.add_text(left, &operands.right, frame).or_at(operands.pos);
            }
            let right = self.operand(&operands.right, frame)?;
            return self.add_numbers(left, right).or_at(operands.pos);
        };
        let right = self.operand(&operands.right, frame)?;
        if let Some(other) = right.as_int()
            && let Some(sum) = number.checked_add(other)
        {
            return Ok(Value::int(self.heap, sum));
        }
        self.add_numbers(left, right).or_at(operands.pos)
    }

    #[inline]
    fn apply(&mut self, operator: BinaryOp, left: Value<'h>, right: Value<'h>) -> Result<Value<'h>> {
        match operator {
            BinaryOp::Sub => self.arithmetic(Arithmetic::Sub, left, right),
            BinaryOp::Mul => self.arithmetic(Arithmetic::Mul, left, right),
            BinaryOp::Div => self.arithmetic(Arithmetic::Div, left, right),
            BinaryOp::Less => Ok(Value::bool(self.is_less(left, right)?)),
            BinaryOp::Greater => Ok(Value::bool(self.is_less(right, left)?)),
            BinaryOp::LessEqual => Ok(Value::bool(!self.is_less(right, left)?)),
            BinaryOp::GreaterEqual => Ok(Value::bool(!self.is_less(left, right)?)),
            BinaryOp::Add | BinaryOp::Concat | BinaryOp::Equal | BinaryOp::NotEqual => {
                unreachable!("evaluated by functions of their own")
            }
        }
    }

    /// Numbers in arithmetic. Both values have been forced.
    pub(crate) fn arithmetic(&mut self, what: Arithmetic, left: Value<'h>, right: Value<'h>) -> Result<Value<'h>> {
        if let (Some(left), Some(right)) = (left.as_int(), right.as_int()) {
            return match int_arithmetic(what, left, right) {
                Ok(result) => Ok(Value::int(self.heap, result)),
                Err(error) => Err(error),
            };
        }
        let left = self.expect_number(left)?;
        let right = self.expect_number(right)?;
        if what == Arithmetic::Div && right == 0.0 {
            return Err(division_by_zero());
        }
        let result = match what {
            Arithmetic::Add => left + right,
            Arithmetic::Sub => left - right,
            Arithmetic::Mul => left * right,
            Arithmetic::Div => left / right,
        };
        Ok(Value::float(self.heap, result))
    }

    /// `left < right`. Both values have been forced.
    pub(crate) fn is_less(&mut self, left: Value<'h>, right: Value<'h>) -> Result<bool> {
        if let (Some(left), Some(right)) = (left.as_int(), right.as_int()) {
            return Ok(left < right);
        }
        match (left.kind(), right.kind()) {
            (Kind::Float(left), Kind::Int(right)) => Ok(left < right as f64),
            (Kind::Int(left), Kind::Float(right)) => Ok((left as f64) < right),
            (Kind::Float(left), Kind::Float(right)) => Ok(left < right),
            (Kind::String(left), Kind::String(right)) => Ok(left.bytes() < right.bytes()),
            (Kind::Path(left), Kind::Path(right)) => Ok(left < right),
            (Kind::List(left), Kind::List(right)) => self.is_list_less(left, right),
            _ => Err(self.incomparable(left, right)),
        }
    }

    /// Lists are compared element by element; a prefix is less.
    fn is_list_less(&mut self, left: List<'h>, right: List<'h>) -> Result<bool> {
        for (left, right) in left.elements().iter().zip(right.elements()) {
            if !self.are_cells_equal(left, right)? {
                let left = self.force_cell(left)?;
                let right = self.force_cell(right)?;
                return if self.stack.is_low() {
                    self.on_new_segment(|eval| eval.is_less(left, right))
                } else {
                    self.is_less(left, right)
                };
            }
        }
        Ok(left.len() < right.len())
    }

    /// The order of two values, for sorting keys.
    pub(crate) fn compare(&mut self, left: Value<'h>, right: Value<'h>) -> Result<Ordering> {
        if self.is_less(left, right)? {
            return Ok(Ordering::Less);
        }
        Ok(if self.is_less(right, left)? { Ordering::Greater } else { Ordering::Equal })
    }

    #[cold]
    fn incomparable(&mut self, left: Value<'h>, right: Value<'h>) -> Box<Diagnostic> {
        let values = (self.describe(left), self.describe(right));
        let types = (self.describe_type(left), self.describe_type(right));
        let diagnostic = error(Code::NotComparable, format!("cannot compare {} with {}", types.0, types.1));
        let mut diagnostic = match (left.kind(), right.kind()) {
            (Kind::String(_), Kind::Int(_) | Kind::Float(_)) => self.about(diagnostic, left),
            _ => self.about(diagnostic, right),
        };
        if values != types {
            diagnostic.notes.push(format!("the values are {} and {}", values.0, values.1));
        }
        diagnostic
    }

    /// `left ++ right`
    #[inline(never)]
    pub(super) fn concat_operator(&mut self, operands: &'h Binary<'h>, frame: Option<Frame<'h>>) -> Result<Value<'h>> {
        let left = self.operand(&operands.left, frame)?;
        let right = self.operand(&operands.right, frame)?;
        let left = self.expect_list(left).part(Part::Operand(0)).or_at(operands.pos)?;
        let right = self.expect_list(right).part(Part::Operand(1)).or_at(operands.pos)?;
        if left.len() == 0 {
            return Ok(right.value());
        }
        if right.len() == 0 {
            return Ok(left.value());
        }
        let (first, second) = (left.elements(), right.elements());
        self.reserve((first.len() + second.len()) * size_of::<Value>())?;
        Ok(List::build(self.heap, first.len() + second.len(), |index| match first.get(index) {
            Some(element) => element.get(),
            None => second[index - first.len()].get(),
        }))
    }
}

/// Arithmetic on integers, of which an overflow is an error.
pub(crate) fn int_arithmetic(what: Arithmetic, left: i64, right: i64) -> Result<i64> {
    let (result, verb) = match what {
        Arithmetic::Add => (left.checked_add(right), "adding"),
        Arithmetic::Sub => (left.checked_sub(right), "subtracting"),
        Arithmetic::Mul => (left.checked_mul(right), "multiplying"),
        Arithmetic::Div if right == 0 => return Err(division_by_zero()),
        Arithmetic::Div => (left.checked_div(right), "dividing"),
    };
    result.ok_or_else(|| error(Code::IntegerOverflow, format!("integer overflow in {verb} {left} and {right}")))
}

#[cold]
fn division_by_zero() -> Box<Diagnostic> {
    error(Code::DivisionByZero, "division by zero")
}

/// What an operator says of the order of two integers, if it says anything of it.
#[inline(always)]
fn is_in_order(operator: BinaryOp, left: i64, right: i64) -> Option<bool> {
    match operator {
        BinaryOp::Less => Some(left < right),
        BinaryOp::Greater => Some(left > right),
        BinaryOp::LessEqual => Some(left <= right),
        BinaryOp::GreaterEqual => Some(left >= right),
        _ => None,
    }
}
