//! Operators.

use super::super::{Binary, BinaryOp, Expr, Unary, Update, UpdateCache, names};
use super::Lowerer;
use crate::diagnostics::Pos;
use crate::heap::{Ref, Symbol, Value};
use crate::syntax::{BinaryOperator, NodeId, SyntaxKind, UnaryOperator};

impl<'h> Lowerer<'_, 'h> {
    pub(super) fn binary(&mut self, node: NodeId) -> Expr<'h> {
        let operator = self.parse.binary_op(node);
        let pos = self.context.base.offset(self.parse.operator_start(node));
        let left = self.expr_at(node, 0);
        let right = self.expr_at(node, 1);
        match operator {
            BinaryOperator::Add => self.operator(BinaryOp::Add, left, right, pos),
            BinaryOperator::Sub => self.overridable(names::SUB, BinaryOp::Sub, left, right, pos),
            BinaryOperator::Mul => self.overridable(names::MUL, BinaryOp::Mul, left, right, pos),
            BinaryOperator::Div => self.overridable(names::DIV, BinaryOp::Div, left, right, pos),
            BinaryOperator::Equal => self.operator(BinaryOp::Equal, left, right, pos),
            BinaryOperator::NotEqual => self.operator(BinaryOp::NotEqual, left, right, pos),
            BinaryOperator::Less => self.overridable(names::LESS_THAN, BinaryOp::Less, left, right, pos),
            BinaryOperator::Greater => match self.overridden(names::LESS_THAN, pos) {
                Some(less) => self.call(less, &[right, left], pos),
                None => self.operator(BinaryOp::Greater, left, right, pos),
            },
            BinaryOperator::LessEqual => match self.overridden(names::LESS_THAN, pos) {
                Some(less) => self.not_called(less, right, left, pos),
                None => self.operator(BinaryOp::LessEqual, left, right, pos),
            },
            BinaryOperator::GreaterEqual => match self.overridden(names::LESS_THAN, pos) {
                Some(less) => self.not_called(less, left, right, pos),
                None => self.operator(BinaryOp::GreaterEqual, left, right, pos),
            },
            BinaryOperator::Concat => self.operator(BinaryOp::Concat, left, right, pos),
            BinaryOperator::Update => {
                let operands = Binary { left, right, pos };
                Expr::Update(self.heap().store_ref(Update { operands, cache: UpdateCache::default() }))
            }
            BinaryOperator::And => Expr::And(self.operands(left, right, pos)),
            BinaryOperator::Or => Expr::Or(self.operands(left, right, pos)),
            BinaryOperator::Implies => Expr::Implies(self.operands(left, right, pos)),
            BinaryOperator::PipeRight => self.call(right, &[left], pos),
            BinaryOperator::PipeLeft => self.call(left, &[right], pos),
        }
    }

    fn operands(&self, left: Expr<'h>, right: Expr<'h>, pos: Pos) -> Ref<'h, Binary<'h>> {
        self.heap().store_ref(Binary { left, right, pos })
    }

    fn operator(&self, operator: BinaryOp, left: Expr<'h>, right: Expr<'h>, pos: Pos) -> Expr<'h> {
        Expr::Binary(operator, self.operands(left, right, pos))
    }

    /// `left - right` means `__sub left right`, and a program may define `__sub`.
    fn overridable(&mut self, name: Symbol, operator: BinaryOp, left: Expr<'h>, right: Expr<'h>, pos: Pos) -> Expr<'h> {
        match self.overridden(name, pos) {
            Some(function) => self.call(function, &[left, right], pos),
            None => self.operator(operator, left, right, pos),
        }
    }

    fn not_called(&mut self, function: Expr<'h>, left: Expr<'h>, right: Expr<'h>, pos: Pos) -> Expr<'h> {
        let operand = self.call(function, &[left, right], pos);
        Expr::Not(self.heap().store_ref(Unary { operand, pos }))
    }

    /// The function that a program put in the place of an operator.
    fn overridden(&mut self, name: Symbol, pos: Pos) -> Option<Expr<'h>> {
        match self.global(name) {
            Some(_) => None,
            None => Some(self.variable_named(name, pos)),
        }
    }

    pub(super) fn unary(&mut self, node: NodeId) -> Expr<'h> {
        let pos = self.pos(node);
        let operand = self.expr_at(node, 0);
        match self.parse.unary_op(node) {
            UnaryOperator::Not => Expr::Not(self.heap().store_ref(Unary { operand, pos })),
            UnaryOperator::Negate => {
                let is_literal = self.child(node, 0).is_some_and(|node| self.parse.kind(node) == SyntaxKind::Int);
                match (operand, self.overridden(names::SUB, pos)) {
                    (operand, Some(function)) => {
                        self.call(function, &[Expr::constant(Value::small_int(0)), operand], pos)
                    }
                    (Expr::Const(value), None) if is_literal => {
                        // A literal is not negative, so it can be negated.
                        Expr::folded(Value::int(self.heap(), -value.get().as_int().unwrap_or(0)))
                    }
                    (operand, None) => self.operator(BinaryOp::Sub, Expr::constant(Value::small_int(0)), operand, pos),
                }
            }
        }
    }
}
