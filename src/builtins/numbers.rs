//! Numbers.

use super::table::builtins;
use crate::diagnostics::Code;
use crate::eval::{Arithmetic, Eval, Result, error, invalid_argument};
use crate::heap::{Kind, Value};

builtins! {
    /// The sum of two numbers: an integer if both are, else a float. Unlike `+`, it takes nothing but numbers.
    ///
    /// ```nix
    /// builtins.add 2 3
    /// # => 5
    /// builtins.add 2 0.5
    /// # => 2.5
    /// builtins.add "2" "3"
    /// # => error[E0200]: expected a number
    /// ```
    "add" (left!1, right!1) => add;
    /// The bits that two integers have in common.
    ///
    /// ```nix
    /// builtins.bitAnd 12 10
    /// # => 8
    /// builtins.bitAnd (-1) 255
    /// # => 255
    /// ```
    "bitAnd" (left!1, right!1) => bit_and;
    /// The bits that at least one of two integers has.
    ///
    /// ```nix
    /// builtins.bitOr 12 10
    /// # => 14
    /// ```
    "bitOr" (left!1, right!1) => bit_or;
    /// The bits that exactly one of two integers has.
    ///
    /// ```nix
    /// builtins.bitXor 12 10
    /// # => 6
    /// ```
    "bitXor" (left!1, right!1) => bit_xor;
    /// The least integer that is not less than `number`; an error if that does not fit in 64 bits.
    ///
    /// ```nix
    /// map builtins.ceil [ 1.2 (-1.2) 5 ]
    /// # => [ 2 -1 5 ]
    /// builtins.ceil 1.0e19
    /// # => error[E0406]: outside of the range of integers
    /// ```
    "ceil" (number!1) => ceil;
    /// The quotient of two numbers. That of two integers is rounded towards zero. Division by zero is an error, also
    /// of floats.
    ///
    /// ```nix
    /// [ (builtins.div 7 2) (builtins.div (-7) 2) (builtins.div 7 2.0) ]
    /// # => [ 3 -3 3.5 ]
    /// builtins.div 1.0 0
    /// # => error[E0405]: division by zero
    /// ```
    "div" (left!1, right!1) => div;
    /// The greatest integer that is not greater than `number`; an error if that does not fit in 64 bits.
    ///
    /// ```nix
    /// map builtins.floor [ 1.8 (-1.2) 5 ]
    /// # => [ 1 -2 5 ]
    /// ```
    "floor" (number!1) => floor;
    /// Whether `left` is less than `right`, like `<`: two numbers, two strings, two paths, or two lists element by
    /// element.
    ///
    /// ```nix
    /// [ (builtins.lessThan 1 1.5) (builtins.lessThan [ 1 2 ] [ 1 ]) ]
    /// # => [ true false ]
    /// builtins.lessThan "1" 2
    /// # => error[E0202]: compare
    /// ```
    "lessThan" (left!1, right!1) => less_than;
    /// The product of two numbers: an integer if both are, else a float.
    ///
    /// ```nix
    /// [ (builtins.mul 6 7) (builtins.mul 6 0.5) ]
    /// # => [ 42 3 ]
    /// ```
    "mul" (left!1, right!1) => mul;
    /// The difference of two numbers: an integer if both are, else a float.
    ///
    /// ```nix
    /// builtins.sub 5 7
    /// # => -2
    /// ```
    "sub" (left!1, right!1) => sub;
}

fn arithmetic<'h>(eval: &mut Eval<'h>, what: Arithmetic, left: Value<'h>, right: Value<'h>) -> Result<Value<'h>> {
    let left = eval.force(left)?;
    let right = eval.force(right)?;
    eval.arithmetic(what, left, right)
}

fn add<'h>(eval: &mut Eval<'h>, [left, right]: [Value<'h>; 2]) -> Result<Value<'h>> {
    arithmetic(eval, Arithmetic::Add, left, right)
}

fn sub<'h>(eval: &mut Eval<'h>, [left, right]: [Value<'h>; 2]) -> Result<Value<'h>> {
    arithmetic(eval, Arithmetic::Sub, left, right)
}

fn mul<'h>(eval: &mut Eval<'h>, [left, right]: [Value<'h>; 2]) -> Result<Value<'h>> {
    arithmetic(eval, Arithmetic::Mul, left, right)
}

fn div<'h>(eval: &mut Eval<'h>, [left, right]: [Value<'h>; 2]) -> Result<Value<'h>> {
    arithmetic(eval, Arithmetic::Div, left, right)
}

fn bitwise<'h>(eval: &mut Eval<'h>, [left, right]: [Value<'h>; 2], combine: fn(i64, i64) -> i64) -> Result<Value<'h>> {
    let left = eval.force_int(left)?;
    let right = eval.force_int(right)?;
    Ok(Value::int(eval.heap, combine(left, right)))
}

fn bit_and<'h>(eval: &mut Eval<'h>, arguments: [Value<'h>; 2]) -> Result<Value<'h>> {
    bitwise(eval, arguments, |left, right| left & right)
}

fn bit_or<'h>(eval: &mut Eval<'h>, arguments: [Value<'h>; 2]) -> Result<Value<'h>> {
    bitwise(eval, arguments, |left, right| left | right)
}

fn bit_xor<'h>(eval: &mut Eval<'h>, arguments: [Value<'h>; 2]) -> Result<Value<'h>> {
    bitwise(eval, arguments, |left, right| left ^ right)
}

fn less_than<'h>(eval: &mut Eval<'h>, [left, right]: [Value<'h>; 2]) -> Result<Value<'h>> {
    let left = eval.force(left)?;
    let right = eval.force(right)?;
    Ok(Value::bool(eval.is_less(left, right)?))
}

fn ceil<'h>(eval: &mut Eval<'h>, [number]: [Value<'h>; 1]) -> Result<Value<'h>> {
    round(eval, number, f64::ceil)
}

fn floor<'h>(eval: &mut Eval<'h>, [number]: [Value<'h>; 1]) -> Result<Value<'h>> {
    round(eval, number, f64::floor)
}

/// Rounds a number. An integer goes by way of a float, as in Nix, and one that this would change is an error.
fn round<'h>(eval: &mut Eval<'h>, number: Value<'h>, round: fn(f64) -> f64) -> Result<Value<'h>> {
    let number = eval.force(number)?;
    let rounded = round(eval.expect_number(number)?);
    let limit = -(i64::MIN as f64);
    if !(-limit..limit).contains(&rounded) {
        return Err(error(Code::IntegerOverflow, format!("{rounded} is outside of the range of integers")));
    }
    let result = rounded as i64;
    if let Kind::Int(exact) = number.kind()
        && exact != result
    {
        return Err(invalid_argument(format!("the integer {exact} would lose digits: it has no exact float")));
    }
    Ok(Value::int(eval.heap, result))
}
