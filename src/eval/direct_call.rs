//! Calls as they are written: arguments go straight into the frame of the function.

use super::call::{Arguments, is_callable};
use super::{ErrorExt, Eval, Result};
use crate::builtins::{Builtin, MAX_ARITY};
use crate::diagnostics::{Part, Pos};
use crate::heap::{Closure, Frame, Function, Kind, Partial, Value, ValueCell};
use crate::program::{Call, Expr, Formals, Lambda, Use};

impl<'h> Eval<'h> {
    /// Evaluates a call. The function is mostly at hand, so what comes next is decided without saving registers.
    #[inline(never)]
    pub(super) fn eval_call(&mut self, call: &'h Call<'h>, frame: Option<Frame<'h>>) -> Result<Value<'h>> {
        match self.at_hand(&call.function, frame) {
            Some(function) => self.call_directly(call, function, frame),
            None => self.call_computed(call, frame),
        }
    }

    #[inline(never)]
    fn call_computed(&mut self, call: &'h Call<'h>, frame: Option<Frame<'h>>) -> Result<Value<'h>> {
        let function = self.eval(&call.function, frame)?;
        self.call_directly(call, function, frame)
    }

    #[inline(always)]
    fn call_directly(
        &mut self,
        call: &'h Call<'h>,
        function: Value<'h>,
        frame: Option<Frame<'h>>,
    ) -> Result<Value<'h>> {
        if let Some(closure) = function.as_closure() {
            let lambda = closure.lambda();
            if call.arguments.len() >= lambda.arity as usize {
                return match call.arguments.slice() {
                    _ if call.arguments.len() > lambda.arity as usize => {
                        self.call_closure_directly(call, &[], closure, frame)
                    }
                    [argument] => match lambda.formals {
                        Some(formals) => self.call_formals(call, argument, formals.get(), closure, frame),
                        None => self.call_unary(call, argument, closure, frame),
                    },
                    _ if lambda.formals.is_some() => self.call_closure_directly(call, &[], closure, frame),
                    _ => self.call_plain(call, closure, frame),
                };
            }
        } else if let Some(id) = function.as_builtin()
            && let builtin = self.builtins.get(id)
            && builtin.parameters.len() == call.arguments.len()
        {
            return match call.arguments.slice() {
                [argument] => self.call_unary_builtin(call, argument, builtin, frame),
                [first, second] => self.call_binary_builtin(call, first, second, builtin, frame),
                _ => self.call_builtin_directly(call, &[], builtin, frame),
            };
        } else if let Some(partial) = function.as_partial() {
            return self.call_partial(call, function, partial, frame);
        }
        self.call_with(function, call.arguments.slice(), frame, call.pos)
    }

    /// Calls a closure that takes one argument, which is no set of formals.
    #[inline(never)]
    fn call_unary(
        &mut self,
        call: &'h Call<'h>,
        argument: &'h Expr<'h>,
        closure: Closure<'h>,
        frame: Option<Frame<'h>>,
    ) -> Result<Value<'h>> {
        let lambda = closure.lambda();
        let value = self.plain_argument(lambda, 0, argument, frame)?;
        let inner = Frame::for_call(self.heap, closure, 1);
        inner.slot(0).set(value);
        self.run_body(lambda, inner, call.pos)
    }

    /// Calls a closure that takes a set of formals and nothing else.
    #[inline(never)]
    fn call_formals(
        &mut self,
        call: &'h Call<'h>,
        argument: &'h Expr<'h>,
        formals: &'h Formals<'h>,
        closure: Closure<'h>,
        frame: Option<Frame<'h>>,
    ) -> Result<Value<'h>> {
        let argument = self.operand(argument, frame)?;
        let lambda = closure.lambda();
        let inner = Frame::for_call(self.heap, closure, lambda.slots as usize);
        match self.bind_formals(lambda, formals, argument, inner, call.pos) {
            Ok(()) => self.run_body(lambda, inner, call.pos),
            Err(error) => Err(error.part(Part::Argument(0, None)).or_at(call.pos)),
        }
    }

    /// Calls a closure with exactly as many arguments as it takes, none of which is a set of formals.
    #[inline(never)]
    fn call_plain(&mut self, call: &'h Call<'h>, closure: Closure<'h>, frame: Option<Frame<'h>>) -> Result<Value<'h>> {
        let lambda = closure.lambda();
        let inner = Frame::for_call(self.heap, closure, lambda.slots as usize);
        for (index, (slot, argument)) in inner.slots().iter().zip(call.arguments).enumerate() {
            slot.set(self.plain_argument(lambda, index, argument, frame)?);
        }
        self.run_body(lambda, inner, call.pos)
    }

    /// What a function is given for an argument that is no set of formals.
    #[inline(always)]
    fn plain_argument(
        &mut self,
        lambda: &'h Lambda<'h>,
        index: usize,
        argument: &'h Expr<'h>,
        frame: Option<Frame<'h>>,
    ) -> Result<Value<'h>> {
        match lambda.strictness.of(index) {
            Use::Unknown => Ok(self.argument(argument, frame)),
            Use::Forced => Ok(self.forced_argument(argument, frame)),
            Use::First => self.first_argument(argument, frame),
        }
    }

    /// Calls what has some of its arguments already.
    #[inline(never)]
    fn call_partial(
        &mut self,
        call: &'h Call<'h>,
        function: Value<'h>,
        partial: Partial<'h>,
        frame: Option<Frame<'h>>,
    ) -> Result<Value<'h>> {
        let given = partial.arguments();
        let count = given.len() + call.arguments.len();
        match partial.function().kind() {
            Kind::Function(Function::Closure(closure)) if closure.lambda().arity as usize <= count => {
                self.call_closure_directly(call, given, closure, frame)
            }
            Kind::Function(Function::Builtin(id)) if self.builtins.get(id).parameters.len() == count => {
                self.call_builtin_directly(call, given, self.builtins.get(id), frame)
            }
            _ => self.call_with(function, call.arguments.slice(), frame, call.pos),
        }
    }

    /// Calls a value with arguments that have not been delayed yet.
    #[inline(never)]
    fn call_with(
        &mut self,
        function: Value<'h>,
        arguments: &'h [Expr<'h>],
        frame: Option<Frame<'h>>,
        pos: Pos,
    ) -> Result<Value<'h>> {
        let arguments: Arguments<'h> = arguments.iter().map(|argument| self.argument(argument, frame)).collect();
        self.call(function, &arguments, pos)
    }

    /// Calls a builtin that takes one argument.
    #[inline(never)]
    fn call_unary_builtin(
        &mut self,
        call: &'h Call<'h>,
        argument: &'h Expr<'h>,
        builtin: &'static Builtin,
        frame: Option<Frame<'h>>,
    ) -> Result<Value<'h>> {
        let argument = match builtin.eager {
            0 => self.delay(argument, frame),
            _ => self.operand(argument, frame)?,
        };
        if let Some(test) = builtin.test
            && self.profile.is_none()
        {
            return Ok(self.run_test(test, argument));
        }
        self.run_builtin(builtin, &[argument], call.pos)
    }

    /// Calls a builtin that takes two arguments.
    #[inline(never)]
    fn call_binary_builtin(
        &mut self,
        call: &'h Call<'h>,
        first: &'h Expr<'h>,
        second: &'h Expr<'h>,
        builtin: &'static Builtin,
        frame: Option<Frame<'h>>,
    ) -> Result<Value<'h>> {
        let first = match builtin.eager & 1 {
            0 => self.delay(first, frame),
            _ => self.operand(first, frame)?,
        };
        let second = match builtin.eager {
            0b10 => self.operand(second, frame)?,
            0b11 => self.forced_argument(second, frame),
            _ => self.delay(second, frame),
        };
        self.run_builtin(builtin, &[first, second], call.pos)
    }

    /// Calls a builtin with all its arguments, of which the first are `given`. What it forces first of all is not delayed. Of what it
    /// forces after that it is not known whether it comes to it.
    #[inline(never)]
    fn call_builtin_directly(
        &mut self,
        call: &'h Call<'h>,
        given: &[ValueCell<'h>],
        builtin: &'static Builtin,
        frame: Option<Frame<'h>>,
    ) -> Result<Value<'h>> {
        let mut arguments = [Value::NULL; MAX_ARITY];
        for (argument, given) in arguments.iter_mut().zip(given) {
            *argument = given.get();
        }
        let first = builtin.eager.trailing_zeros() as usize;
        for (index, argument) in (given.len()..).zip(call.arguments) {
            arguments[index] = if index == first {
                self.operand(argument, frame)?
            } else if builtin.eager >> index & 1 == 1 {
                self.forced_argument(argument, frame)
            } else {
                self.delay(argument, frame)
            };
        }
        self.run_builtin(builtin, &arguments[..given.len() + call.arguments.len()], call.pos)
    }

    /// Calls a closure whose first arguments are `given`, with at least as many others as it lacks.
    #[inline(never)]
    fn call_closure_directly(
        &mut self,
        call: &'h Call<'h>,
        given: &[ValueCell<'h>],
        closure: Closure<'h>,
        frame: Option<Frame<'h>>,
    ) -> Result<Value<'h>> {
        let lambda = closure.lambda();
        let inner = Frame::for_call(self.heap, closure, lambda.slots as usize);
        let plain = lambda.parameters.len();
        let slots = &inner.slots()[..plain];
        for (slot, given) in slots.iter().zip(given) {
            slot.set(given.get());
        }
        for ((index, slot), argument) in slots.iter().enumerate().skip(given.len()).zip(call.arguments) {
            slot.set(self.plain_argument(lambda, index, argument, frame)?);
        }
        if let Some(formals) = lambda.formals {
            let argument = self.operand(&call.arguments[plain - given.len()], frame)?;
            let bound = self.bind_formals(lambda, formals.get(), argument, inner, call.pos);
            bound.part(Part::Argument(plain - given.len(), None)).or_at(call.pos)?;
        }
        let result = self.run_body(lambda, inner, call.pos)?;
        let rest = &call.arguments[lambda.arity as usize - given.len()..];
        if rest.is_empty() {
            return Ok(result);
        }
        if result.as_closure().is_none() && !is_callable(result) {
            let part = Part::Result(lambda.arity as usize - given.len());
            return Err(self.not_a_function(result).part(part).or_at(call.pos));
        }
        self.call_with(result, rest, frame, call.pos)
    }
}
