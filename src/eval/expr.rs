//! Evaluating expressions and making thunks.

use super::{ErrorExt, Eval, Result, error};
use crate::diagnostics::{Code, Diagnostic, Part, Pos};
use crate::heap::{Closure, Frame, List, Slot, Suspension, Thunk, Value, ValueCell};
use crate::program::image::{self, Later};
use crate::program::{
    Assert, AttrName, Binary, BinaryOp, Expr, If, Lambda, Let, ListExpr, PathElement, SelectOne, Unary, With,
};

/// Of an error that is remembered, so much of the trace is kept.
const MAX_REMEMBERED_TRACE: usize = 32;

impl<'h> Eval<'h> {
    /// Evaluates an expression to weak head normal form: to a value that is no thunk, whose parts may be.
    #[inline(always)]
    pub(crate) fn eval(&mut self, expr: &'h Expr<'h>, frame: Option<Frame<'h>>) -> Result<Value<'h>> {
        if self.stack.is_low() {
            return self.eval_on_new_segment(expr, frame);
        }
        self.dispatch(expr, frame)
    }

    /// Evaluates the body of a function.
    #[inline(always)]
    pub(super) fn eval_body(&mut self, body: &'h Expr<'h>, frame: Frame<'h>) -> Result<Value<'h>> {
        if self.stack.is_low() {
            return self.eval_on_new_segment(body, Some(frame));
        }
        self.dispatch_body(body, Some(frame))
    }

    /// Evaluates the body of a function that was left out when the program was read from its image.
    #[cold]
    #[inline(never)]
    pub(super) fn eval_body_later(&mut self, lambda: &'h Lambda<'h>, frame: Frame<'h>) -> Result<Value<'h>> {
        if let Expr::Later(later) = lambda.body
            && let Some(body) = image::read_later(later.get(), self.heap, &self.globals)
        {
            return self.eval_body(lambda.read_body.get_or_init(|| *body), frame);
        }
        self.eval(&lambda.body, Some(frame))
    }

    /// Decides of a body what it is. Most are of the kinds that go on with another expression.
    #[inline(always)]
    fn dispatch_body(&mut self, body: &'h Expr<'h>, frame: Option<Frame<'h>>) -> Result<Value<'h>> {
        match body {
            Expr::Let(_) | Expr::With(_) | Expr::If(_) | Expr::Assert(_) => self.body_of(body, frame),
            _ => self.dispatch(body, frame),
        }
    }

    #[cold]
    #[inline(never)]
    fn eval_on_new_segment(&mut self, expr: &'h Expr<'h>, frame: Option<Frame<'h>>) -> Result<Value<'h>> {
        self.on_new_segment(|eval| eval.eval(expr, frame))
    }

    /// Evaluates what is at hand, and leaves the rest to functions of their own. It needs no room on the stack: the compiler
    /// makes jumps of its calls. So who calls it asks how much of the stack is left.
    #[inline(never)]
    fn dispatch(&mut self, expr: &'h Expr<'h>, frame: Option<Frame<'h>>) -> Result<Value<'h>> {
        self.dispatch_here(expr, frame)
    }

    #[inline(always)]
    fn dispatch_here(&mut self, expr: &'h Expr<'h>, frame: Option<Frame<'h>>) -> Result<Value<'h>> {
        match *expr {
            Expr::Const(value) | Expr::Folded(value) if !value.get().is_thunk() => Ok(value.get()),
            Expr::Const(value) | Expr::Folded(value) => self.forced(value.get()),
            Expr::Local { slot, pos } => self.read_slot(innermost(frame).slot(slot.into()), pos),
            Expr::Outer { depth, slot, pos } => self.read_slot(frame_up(frame, depth.into()).slot(slot.into()), pos),
            Expr::Far(variable) => {
                let &(depth, slot, pos) = variable.get();
                self.read_slot(frame_up(frame, depth).slot(slot), pos)
            }
            Expr::Dynamic(variable) => self.dynamic_variable(variable.get(), frame),
            Expr::SelectOne(select) => self.select_one(select.get(), frame),
            Expr::Select(select) => self.select(select.get(), frame),
            Expr::HasAttr(has) => self.has_attr(has.get(), frame),
            Expr::Call(call) => self.eval_call(call.get(), frame),
            Expr::Lambda(lambda) => self.closure(lambda.get(), frame),
            Expr::Attrs(attrs) => self.attr_set(attrs.get(), frame),
            Expr::RecAttrs(attrs) => self.rec_attr_set(attrs.get(), frame),
            Expr::List(list) => self.list(list.get(), frame),
            Expr::Let(_) | Expr::With(_) | Expr::If(_) | Expr::Assert(_) => self.body_of(expr, frame),
            Expr::Not(not) => self.not(not.get(), frame),
            Expr::And(operands) => self.and(operands.get(), frame),
            Expr::Or(operands) => self.or(operands.get(), frame),
            Expr::Implies(operands) => self.implies(operands.get(), frame),
            Expr::Binary(BinaryOp::Add, operands) => self.add_operator(operands.get(), frame),
            Expr::Binary(BinaryOp::Concat, operands) => self.concat_operator(operands.get(), frame),
            Expr::Binary(BinaryOp::Equal, operands) => self.equality_operator(true, operands.get(), frame),
            Expr::Binary(BinaryOp::NotEqual, operands) => self.equality_operator(false, operands.get(), frame),
            Expr::Binary(operator, operands) => self.binary(operator, operands.get(), frame),
            Expr::Update(update) => self.update_operator(update.get(), frame),
            Expr::String(interpolation) => self.interpolate(interpolation.get(), frame),
            Expr::Path(interpolation) => self.interpolate_path(interpolation.get(), frame),
            Expr::Later(later) => self.later(later.get(), frame),
        }
    }

    /// Evaluates what was left out when the program was read from its image.
    #[inline(never)]
    fn later(&mut self, later: &'h Later<'h>, frame: Option<Frame<'h>>) -> Result<Value<'h>> {
        // There is as much of the stack left as there was before.
        match later.expr() {
            Some(expr) => self.dispatch_body(expr, frame),
            None => self.read_later(later, frame),
        }
    }

    #[inline(never)]
    fn read_later(&mut self, later: &'h Later<'h>, frame: Option<Frame<'h>>) -> Result<Value<'h>> {
        match image::read_later(later, self.heap, &self.globals) {
            Some(expr) => self.eval(expr, frame),
            None => Err(error(Code::Internal, "the program of this file in the cache is damaged")
                .or_at(later.start)
                .hint("with '--no-cache' the file is parsed")),
        }
    }

    /// Evaluates what has another expression as its value, as far in as there are such.
    #[inline(never)]
    fn body_of(&mut self, mut expr: &'h Expr<'h>, mut frame: Option<Frame<'h>>) -> Result<Value<'h>> {
        loop {
            match *expr {
                Expr::Let(bindings) => {
                    let bindings = bindings.get();
                    frame = Some(self.let_frame(bindings, frame));
                    expr = &bindings.body;
                }
                Expr::With(with) => {
                    let with = with.get();
                    frame = Some(self.with_frame(with, frame));
                    expr = &with.body;
                }
                Expr::If(branch) => expr = self.branch(branch.get(), frame)?,
                Expr::Assert(assert) => {
                    let assert = assert.get();
                    self.check(assert, frame)?;
                    expr = &assert.body;
                }
                // There is as much of the stack left as there was before.
                _ => return self.dispatch_here(expr, frame),
            }
        }
    }

    #[inline(never)]
    fn not(&mut self, not: &'h Unary<'h>, frame: Option<Frame<'h>>) -> Result<Value<'h>> {
        Ok(Value::bool(!self.condition(&not.operand, frame, not.pos)?))
    }

    #[inline(never)]
    fn and(&mut self, and: &'h Binary<'h>, frame: Option<Frame<'h>>) -> Result<Value<'h>> {
        let both = self.condition(&and.left, frame, and.pos)? && self.condition(&and.right, frame, and.pos)?;
        Ok(Value::bool(both))
    }

    #[inline(never)]
    fn or(&mut self, or: &'h Binary<'h>, frame: Option<Frame<'h>>) -> Result<Value<'h>> {
        let any = self.condition(&or.left, frame, or.pos)? || self.condition(&or.right, frame, or.pos)?;
        Ok(Value::bool(any))
    }

    #[inline(never)]
    fn implies(&mut self, implies: &'h Binary<'h>, frame: Option<Frame<'h>>) -> Result<Value<'h>> {
        let holds = !self.condition(&implies.left, frame, implies.pos)?
            || self.condition(&implies.right, frame, implies.pos)?;
        Ok(Value::bool(holds))
    }

    /// Evaluates an operand: what is at hand is taken without a call.
    #[inline(always)]
    pub(super) fn operand(&mut self, expr: &'h Expr<'h>, frame: Option<Frame<'h>>) -> Result<Value<'h>> {
        match self.at_hand(expr, frame) {
            Some(value) => Ok(value),
            None => self.eval(expr, frame),
        }
    }

    /// The value of a constant or a variable that has been evaluated.
    #[inline(always)]
    pub(super) fn at_hand(&self, expr: &'h Expr<'h>, frame: Option<Frame<'h>>) -> Option<Value<'h>> {
        let value = match *expr {
            Expr::Const(value) => value.get(),
            Expr::Local { slot, .. } => innermost(frame).slot(slot.into()).get()?,
            Expr::Outer { depth, slot, .. } => frame_up(frame, depth.into()).slot(slot.into()).get()?,
            _ => return None,
        };
        (!value.is_thunk()).then_some(value)
    }

    /// The value that a value stands for.
    #[inline(always)]
    pub(crate) fn force(&mut self, value: Value<'h>) -> Result<Value<'h>> {
        match value.as_thunk() {
            None => Ok(value),
            Some(thunk) => match thunk.result() {
                Some(result) => Ok(result),
                None => self.force_thunk(thunk),
            },
        }
    }

    /// Forces what is in a cell and keeps the result there.
    #[inline(always)]
    pub(crate) fn force_cell(&mut self, cell: &'h ValueCell<'h>) -> Result<Value<'h>> {
        let value = cell.get();
        if !value.is_thunk() {
            return Ok(value);
        }
        let forced = self.force(value)?;
        if may_replace_thunk(forced) {
            cell.set(forced);
        }
        Ok(forced)
    }

    /// Forces a thunk that has no result. Most wait for an expression; for these few registers have to be saved.
    #[inline(never)]
    fn force_thunk(&mut self, thunk: Thunk<'h>) -> Result<Value<'h>> {
        let Some((expr, frame)) = thunk.begin_code() else { return self.force_call(thunk) };
        match self.eval(expr, frame) {
            Ok(value) => {
                thunk.finish(value);
                Ok(value)
            }
            Err(error) => Err(self.failed(thunk, Suspension::Code(expr, thunk.begun_frame()), error)),
        }
    }

    /// The same for what waits for a call with one argument.
    #[inline(never)]
    fn force_call(&mut self, thunk: Thunk<'h>) -> Result<Value<'h>> {
        let Some((function, argument)) = thunk.begin_apply() else { return self.force_other_thunk(thunk) };
        match self.call(function, &[argument], Pos::NONE) {
            Ok(value) => {
                thunk.finish(value);
                Ok(value)
            }
            Err(error) => Err(self.failed(thunk, Suspension::Apply(function, argument), error)),
        }
    }

    /// Forces any thunk: what `force_thunk` does for the kinds that come seldom.
    #[inline(never)]
    fn force_other_thunk(&mut self, thunk: Thunk<'h>) -> Result<Value<'h>> {
        let suspension = thunk.begin();
        let result = match suspension {
            Suspension::Code(expr, frame) => self.eval(expr, frame),
            Suspension::Apply(function, argument) => self.call(function, &[argument], Pos::NONE),
            Suspension::ApplyMany(call) => self.call_stored(call),
            Suspension::Mapped(mapping, index) => self.call_mapped(mapping, index),
            Suspension::Forced(result) => {
                thunk.finish(result);
                return Ok(result);
            }
            Suspension::Failed(number) => return Err(self.failure(number)),
            Suspension::Blackhole => return Err(self.black_hole(thunk)),
        };
        match result {
            Ok(value) => {
                thunk.finish(value);
                Ok(value)
            }
            Err(error) => Err(self.failed(thunk, suspension, error)),
        }
    }

    /// The error that a thunk has failed with before.
    #[cold]
    #[inline(never)]
    fn failure(&self, number: u32) -> Box<Diagnostic> {
        Box::new(self.failures[number as usize].clone())
    }

    /// A thunk that has failed once is not tried again: it has one result, and that is the error.
    #[cold]
    fn failed(&mut self, thunk: Thunk<'h>, suspension: Suspension<'h>, mut error: Box<Diagnostic>) -> Box<Diagnostic> {
        match self.remember(&mut error) {
            Some(number) => thunk.fail(number),
            None => thunk.restore(suspension),
        }
        if error.code == Code::InfiniteRecursion {
            self.pass_thunk(thunk, suspension, &mut error);
        }
        error
    }

    /// Remembers an error for when it is met again, and gives its number. What depends on how much had been evaluated
    /// before is not remembered.
    #[cold]
    pub(super) fn remember(&mut self, error: &mut Box<Diagnostic>) -> Option<u32> {
        if matches!(error.code, Code::CallDepthExceeded | Code::Interrupted | Code::OutOfMemory) {
            return None;
        }
        if let Some(number) = error.remembered {
            return Some(number);
        }
        let number = u32::try_from(self.failures.len()).ok()?;
        error.remembered = Some(number);
        let mut remembered = error.clone();
        remembered.trace.truncate(MAX_REMEMBERED_TRACE);
        self.failures.push(*remembered);
        Some(number)
    }

    #[inline(always)]
    fn read_slot(&mut self, slot: &'h Slot<'h>, pos: Pos) -> Result<Value<'h>> {
        match slot.get() {
            Some(value) if !value.is_thunk() => Ok(value),
            value => self.force_slot(slot, value, pos),
        }
    }

    #[inline(never)]
    fn force_slot(&mut self, slot: &'h Slot<'h>, value: Option<Value<'h>>, pos: Pos) -> Result<Value<'h>> {
        let Some(value) = value else {
            return Err(error(Code::InfiniteRecursion, "this variable is read before it has a value").or_at(pos));
        };
        let forced = self.force(value).or_at(pos)?;
        if may_replace_thunk(forced) {
            slot.set(forced);
        }
        Ok(forced)
    }

    /// A value that stands for an expression, without evaluating it. It is a thunk exactly where Nix has one, since
    /// people see that: `trace` and `--eval` show what has not been evaluated.
    #[inline(always)]
    pub(crate) fn delay(&mut self, expr: &'h Expr<'h>, frame: Option<Frame<'h>>) -> Value<'h> {
        // Most are neither.
        if !expr.is_constant_or_variable() {
            return Thunk::code(self.heap, expr, frame);
        }
        match *expr {
            Expr::Const(value) => value.get(),
            Expr::Local { slot, .. } => self.delay_slot(innermost(frame).slot(slot.into()), expr, frame),
            Expr::Outer { depth, slot, .. } => {
                self.delay_slot(frame_up(frame, depth.into()).slot(slot.into()), expr, frame)
            }
            Expr::Far(variable) => self.delay_far(variable.get(), expr, frame),
            _ => unreachable!("it is a constant or a variable"),
        }
    }

    #[cold]
    #[inline(never)]
    fn delay_far(&self, variable: &(u32, u32, Pos), expr: &'h Expr<'h>, frame: Option<Frame<'h>>) -> Value<'h> {
        let &(depth, slot, _) = variable;
        self.delay_slot(frame_up(frame, depth).slot(slot), expr, frame)
    }

    /// What a function is given for an argument.
    #[inline(always)]
    pub(super) fn argument(&mut self, expr: &'h Expr<'h>, frame: Option<Frame<'h>>) -> Value<'h> {
        if let Expr::Binary(operator, operands) = *expr
            && let Some(result) = self.computed_already(operator, operands.get(), frame)
        {
            return Thunk::computed(self.heap, result);
        }
        self.delay(expr, frame)
    }

    /// What a function is given for an argument that it forces before anybody can look at it.
    #[inline(always)]
    pub(super) fn forced_argument(&mut self, expr: &'h Expr<'h>, frame: Option<Frame<'h>>) -> Value<'h> {
        match *expr {
            Expr::Binary(operator, operands) => match self.computed_already(operator, operands.get(), frame) {
                Some(result) => result,
                None => Thunk::code(self.heap, expr, frame),
            },
            Expr::SelectOne(_) | Expr::Select(_) => match self.selected_already(expr, frame) {
                Some(value) => value,
                None => Thunk::code(self.heap, expr, frame),
            },
            Expr::String(string) => match self.interpolated_already(string.get(), frame) {
                Some(value) => value,
                None => Thunk::code(self.heap, expr, frame),
            },
            Expr::Folded(value) => value.get(),
            Expr::Lambda(lambda) => Closure::value(self.heap, lambda.get(), frame),
            _ => self.delay(expr, frame),
        }
    }

    /// The value of an argument that a function evaluates first of all.
    #[inline(always)]
    pub(super) fn first_argument(&mut self, expr: &'h Expr<'h>, frame: Option<Frame<'h>>) -> Result<Value<'h>> {
        if let Expr::Binary(operator, operands) = *expr
            && let Some(result) = self.computed_already(operator, operands.get(), frame)
        {
            return Ok(result);
        }
        self.operand(expr, frame)
    }

    #[inline(always)]
    fn delay_slot(&self, slot: &Slot<'h>, expr: &'h Expr<'h>, frame: Option<Frame<'h>>) -> Value<'h> {
        match slot.get() {
            Some(value) => shortened(value),
            None => Thunk::code(self.heap, expr, frame),
        }
    }

    /// The result of an operation on two integers that are at hand: cheaper than a thunk. With it no long chains of thunks grow
    /// where a function counts or sums up.
    #[inline]
    fn computed_already(
        &self,
        operator: BinaryOp,
        operands: &'h Binary<'h>,
        frame: Option<Frame<'h>>,
    ) -> Option<Value<'h>> {
        let left = self.at_hand(&operands.left, frame)?.as_int()?;
        let right = self.at_hand(&operands.right, frame)?.as_int()?;
        let result = match operator {
            BinaryOp::Add => left.checked_add(right)?,
            BinaryOp::Sub => left.checked_sub(right)?,
            BinaryOp::Mul => left.checked_mul(right)?,
            _ => return None,
        };
        Some(Value::int(self.heap, result))
    }

    /// `variable.name` where the variable's set is at hand, so that the value can be had for a look-up.
    #[inline]
    pub(super) fn selected_already(&self, expr: &'h Expr<'h>, frame: Option<Frame<'h>>) -> Option<Value<'h>> {
        let (subject, name, cache) = match expr {
            Expr::SelectOne(select) => {
                let SelectOne { subject, name, cache, .. } = select.get();
                (subject, *name, cache)
            }
            Expr::Select(select) => match select.path.slice() {
                [PathElement { name: AttrName::Static(name), cache, .. }] => (&select.get().subject, *name, cache),
                _ => return None,
            },
            _ => return None,
        };
        let slot = match *subject {
            Expr::Local { slot, .. } => frame?.slot(slot.into()),
            Expr::Outer { depth, slot, .. } => frame_up(frame, depth.into()).slot(slot.into()),
            _ => return None,
        };
        let attrs = known(slot.get()?).as_attrs()?;
        let cell = self.find_cached(attrs, name, cache)?;
        Some(shortened(cell.get()))
    }

    #[inline(never)]
    fn list(&mut self, list: &'h ListExpr<'h>, frame: Option<Frame<'h>>) -> Result<Value<'h>> {
        Ok(List::build(self.heap, list.elements.len(), |index| self.delay(&list.elements[index], frame)))
    }

    #[inline(never)]
    fn closure(&mut self, lambda: &'h Lambda<'h>, frame: Option<Frame<'h>>) -> Result<Value<'h>> {
        Ok(Closure::value(self.heap, lambda, frame))
    }

    #[inline(never)]
    fn forced(&mut self, value: Value<'h>) -> Result<Value<'h>> {
        self.force(value)
    }

    #[inline(never)]
    fn let_frame(&mut self, bindings: &'h Let<'h>, frame: Option<Frame<'h>>) -> Frame<'h> {
        let inner = Frame::new(self.heap, frame, bindings.values.len() + bindings.sources.len());
        self.fill_slots(inner, 0, bindings.values);
        self.fill_slots(inner, bindings.values.len(), bindings.sources);
        inner
    }

    #[inline(never)]
    fn with_frame(&mut self, with: &'h With<'h>, frame: Option<Frame<'h>>) -> Frame<'h> {
        let inner = Frame::new(self.heap, frame, 2);
        inner.slot(0).set(self.delay(&with.subject, frame));
        inner.slot(1).set(Value::small_int(with.outer));
        inner
    }

    #[inline(always)]
    fn branch(&mut self, branch: &'h If<'h>, frame: Option<Frame<'h>>) -> Result<&'h Expr<'h>> {
        let holds = self.condition(&branch.condition, frame, branch.pos)?;
        Ok(if holds { &branch.consequence } else { &branch.alternative })
    }

    #[inline(always)]
    fn condition(&mut self, expr: &'h Expr<'h>, frame: Option<Frame<'h>>, pos: Pos) -> Result<bool> {
        // Most comparisons that can be decided at once are with a constant: `n < 2`, `name == null`.
        if let Expr::Binary(operator, operands) = *expr
            && let operands = operands.get()
            && let Expr::Const(constant) = operands.right
            && let constant = constant.get()
            && (constant.as_small_int().is_some() || constant.is_null_or_bool())
            && let Some(holds) = self.compared_already(operator, operands, frame)
        {
            return Ok(holds);
        }
        let value = match self.at_hand(expr, frame) {
            Some(value) => value,
            None => self.eval_condition(expr, frame)?,
        };
        match value.as_bool() {
            Some(value) => Ok(value),
            None => Err(self.type_error("a Boolean", value).part(Part::At(expr.start())).or_at(pos)),
        }
    }

    /// Evaluates a condition. What most of them are is decided before all else that an expression can be.
    #[inline(never)]
    fn eval_condition(&mut self, expr: &'h Expr<'h>, frame: Option<Frame<'h>>) -> Result<Value<'h>> {
        if self.stack.is_low() {
            return self.eval_on_new_segment(expr, frame);
        }
        match *expr {
            Expr::And(operands) => self.and(operands.get(), frame),
            Expr::Or(operands) => self.or(operands.get(), frame),
            Expr::Not(not) => self.not(not.get(), frame),
            Expr::HasAttr(has) => self.has_attr(has.get(), frame),
            Expr::Binary(BinaryOp::Equal, operands) => self.equality_operator(true, operands.get(), frame),
            Expr::Binary(BinaryOp::NotEqual, operands) => self.equality_operator(false, operands.get(), frame),
            Expr::Call(call) => self.eval_call(call.get(), frame),
            _ => self.dispatch(expr, frame),
        }
    }

    #[inline(never)]
    fn check(&mut self, assert: &'h Assert<'h>, frame: Option<Frame<'h>>) -> Result<()> {
        if self.condition(&assert.condition, frame, assert.pos)? {
            return Ok(());
        }
        Err(self.assertion_error(assert, frame))
    }
}

/// The result of a thunk that has one, any other value as it is.
#[inline(always)]
pub(crate) fn known(value: Value<'_>) -> Value<'_> {
    value.as_thunk().and_then(Thunk::result).unwrap_or(value)
}

/// Whether a place that held a thunk may hold its result instead.
///
/// A list keeps its thunk: printing shows that two places hold one list if they hold one thunk, and not if a
/// list went through two, as in Nix.
#[inline(always)]
fn may_replace_thunk(result: Value<'_>) -> bool {
    result.as_list().is_none()
}

/// The result of a thunk that has one, unless it must keep its thunk.
#[inline(always)]
fn shortened(value: Value<'_>) -> Value<'_> {
    // What is no thunk need not be looked at, which it would have to be loaded for.
    match value.as_thunk().and_then(Thunk::result) {
        Some(result) if may_replace_thunk(result) => result,
        _ => value,
    }
}

/// The frame that lowering promised.
#[inline(always)]
fn innermost(frame: Option<Frame<'_>>) -> Frame<'_> {
    frame.expect("lowering resolves variables only in frames that exist")
}

#[inline(always)]
pub(super) fn frame_up(frame: Option<Frame<'_>>, depth: u32) -> Frame<'_> {
    let mut frame = innermost(frame);
    for _ in 0..depth {
        frame = innermost(frame.parent());
    }
    frame
}
