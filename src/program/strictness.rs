//! Which parameters a function forces before anybody can look at them.
//!
//! People see what is a thunk: `builtins.trace` and the printing of values that are not forced deeply show it. So an
//! argument must be one, unless the function forces it before anything can hold on to it. That is found out here, from
//! the beginning of the body: the walk goes on as long as no foreign code can have run that sees the function's
//! variables. Strictness analysis as compilers of lazy languages have it (Wadler and Hughes, "Projections for
//! strictness analysis", 1987) goes on over calls; it would change what is seen.

use super::{BinaryOp, Expr};
use crate::heap::Kind;

/// What a function does to the arguments of its plain parameters.
#[derive(Copy, Clone, PartialEq, Eq, Debug)]
pub(crate) struct Strictness {
    /// The parameter that is evaluated before anything else happens; `u8::MAX` if there is none.
    first: u8,
    /// A bit for each of the first 32 parameters.
    forced: u32,
}

/// What is known of a parameter.
#[derive(Copy, Clone, PartialEq, Eq, Debug)]
pub(crate) enum Use {
    /// Nothing: the argument must be as Nix has it.
    Unknown,
    /// It is forced before anybody can look at it, unless the function fails before.
    Forced,
    /// It is the first thing that is evaluated, so that it can be evaluated before the call.
    First,
}

/// How many expressions of a body are looked at, so that the time for it is constant.
const LIMIT: u32 = 24;

impl Strictness {
    /// What a function with so many plain parameters does that has no formals.
    pub(crate) fn of_body(body: &Expr<'_>, plain: u32) -> Strictness {
        let mut walk = Walk { plain, strictness: Strictness::NONE, nothing_done: true, limit: LIMIT };
        walk.expr(body, 0);
        walk.strictness
    }

    /// Nothing is known.
    pub(crate) const NONE: Strictness = Strictness { first: u8::MAX, forced: 0 };

    /// As two numbers, to be written down.
    pub(super) fn to_bits(self) -> (u8, u32) {
        (self.first, self.forced)
    }

    /// The inverse of [`to_bits`](Self::to_bits), for a function with so many plain parameters; nothing if these are not
    /// the bits of one.
    pub(super) fn from_bits(first: u8, forced: u32, plain: u32) -> Option<Strictness> {
        let is_parameter = first == u8::MAX || u32::from(first) < plain;
        let all = 1_u32.checked_shl(plain).map_or(u32::MAX, |bit| bit - 1);
        (is_parameter && forced & !all == 0).then_some(Strictness { first, forced })
    }

    #[inline(always)]
    pub(crate) fn of(self, parameter: usize) -> Use {
        if parameter == usize::from(self.first) {
            Use::First
        } else if parameter < 32 && self.forced >> parameter & 1 != 0 {
            Use::Forced
        } else {
            Use::Unknown
        }
    }
}

struct Walk {
    plain: u32,
    strictness: Strictness,
    /// Whether nothing can have been evaluated yet.
    nothing_done: bool,
    limit: u32,
}

impl Walk {
    /// Looks at an expression that is evaluated in any case, `depth` frames within that of the function. Returns
    /// whether what is evaluated after it is known and no foreign code has seen the variables of the function.
    fn expr(&mut self, expr: &Expr<'_>, depth: u32) -> bool {
        if self.limit == 0 {
            return false;
        }
        self.limit -= 1;
        match *expr {
            Expr::Const(_) | Expr::Folded(_) | Expr::Lambda(_) => true,
            Expr::Local { slot, .. } => self.variable(slot.into(), 0, depth),
            Expr::Outer { depth: up, slot, .. } => self.variable(slot.into(), up.into(), depth),
            Expr::Far(variable) => self.variable(variable.1, variable.0, depth),
            Expr::Not(not) => self.expr(&not.operand, depth),
            // Large chains of these are evaluated in an order of their own.
            Expr::Update(_) => false,
            Expr::Binary(BinaryOp::Greater | BinaryOp::LessEqual, operands) => {
                self.expr(&operands.right, depth) && self.expr(&operands.left, depth)
            }
            // What cannot be added is found before the right side is evaluated.
            Expr::Binary(BinaryOp::Add, operands) if !may_be_added(&operands.left) => false,
            Expr::Binary(_, operands) => self.expr(&operands.left, depth) && self.expr(&operands.right, depth),
            // After these, it depends.
            Expr::And(operands) | Expr::Or(operands) | Expr::Implies(operands) => {
                self.stop_after(&operands.left, depth)
            }
            Expr::If(branch) => self.stop_after(&branch.condition, depth),
            Expr::Assert(assert) => self.stop_after(&assert.condition, depth),
            Expr::SelectOne(select) => self.stop_after(&select.subject, depth),
            Expr::Select(select) => self.stop_after(&select.subject, depth),
            Expr::HasAttr(has) => self.stop_after(&has.subject, depth),
            Expr::Call(call) => self.stop_after(&call.function, depth),
            Expr::Let(bindings) => self.expr(&bindings.body, depth + 1),
            Expr::With(with) => self.expr(&with.body, depth + 1),
            Expr::Dynamic(_)
            | Expr::Attrs(_)
            | Expr::RecAttrs(_)
            | Expr::List(_)
            | Expr::String(_)
            | Expr::Path(_)
            | Expr::Later(_) => false,
        }
    }

    fn stop_after(&mut self, expr: &Expr<'_>, depth: u32) -> bool {
        self.expr(expr, depth);
        false
    }

    /// A variable of the frame that is `up` frames out of the one at `depth`.
    fn variable(&mut self, slot: u32, up: u32, depth: u32) -> bool {
        if up < depth {
            // A variable of a `let` in the function: its code sees the parameters.
            return false;
        }
        if up == depth && slot < self.plain && slot < 32 {
            if self.nothing_done {
                self.strictness.first = slot as u8;
            } else {
                self.strictness.forced |= 1 << slot;
            }
        }
        self.nothing_done = false;
        true
    }
}

/// Whether something may be added to an expression. Of what is not a constant this is not known, and does not matter:
/// its evaluation is what comes first.
fn may_be_added(expr: &Expr<'_>) -> bool {
    match expr {
        Expr::Const(value) | Expr::Folded(value) => {
            matches!(value.get().kind(), Kind::Int(_) | Kind::Float(_) | Kind::String(_) | Kind::Path(_))
        }
        Expr::Lambda(_) => false,
        _ => true,
    }
}
