//! The nodes of a program.
//!
//! An [`Expr`] is a word: what to do, and either the little it needs or a reference to the rest.
//! Positions are 4 bytes and held only where an error can point at them.

use std::cell::{Cell, OnceCell};

use super::Strictness;
use super::image::Later;
use crate::diagnostics::Pos;
use crate::heap::{
    Frame, Heap, MergePlan, MergeTwicePlan, Ref, Row, SelectCache, Shape, Symbol, Value, ValueCell, Word,
};

/// An expression.
#[derive(Copy, Clone)]
#[repr(align(8))]
pub(crate) enum Expr<'h> {
    /// A literal, a builtin, an empty list.
    Const(Word<'h>),
    /// A variable of the innermost frame.
    Local {
        slot: u16,
        pos: Pos,
    },
    /// A variable of a frame further out, `depth` parents up.
    Outer {
        depth: u8,
        slot: u16,
        pos: Pos,
    },
    /// A variable of a frame more than 255 frames up, or with more than 65,535 others: depth, slot and position.
    Far(Ref<'h, (u32, u32, Pos)>),
    /// A value that was computed while lowering, where the language has an operation to do.
    Folded(Word<'h>),
    /// A variable that only an enclosing `with` can provide.
    Dynamic(Ref<'h, DynamicVariable<'h>>),
    /// `subject.name`
    SelectOne(Ref<'h, SelectOne<'h>>),
    /// Any other selection.
    Select(Ref<'h, Select<'h>>),
    HasAttr(Ref<'h, HasAttr<'h>>),
    Call(Ref<'h, Call<'h>>),
    Lambda(Ref<'h, Lambda<'h>>),
    /// A set whose values see the scope around it.
    Attrs(Ref<'h, AttrsExpr<'h>>),
    /// `rec { }`: the values see each other.
    RecAttrs(Ref<'h, AttrsExpr<'h>>),
    List(Ref<'h, ListExpr<'h>>),
    Let(Ref<'h, Let<'h>>),
    With(Ref<'h, With<'h>>),
    If(Ref<'h, If<'h>>),
    Assert(Ref<'h, Assert<'h>>),
    Not(Ref<'h, Unary<'h>>),
    And(Ref<'h, Binary<'h>>),
    Or(Ref<'h, Binary<'h>>),
    Implies(Ref<'h, Binary<'h>>),
    Binary(BinaryOp, Ref<'h, Binary<'h>>),
    /// `left // right`
    Update(Ref<'h, Update<'h>>),
    /// A string with interpolations.
    String(Ref<'h, Interpolation<'h>>),
    /// A path with interpolations.
    Path(Ref<'h, Interpolation<'h>>),
    /// What has not been read yet from an image, or has been.
    Later(Ref<'h, Later<'h>>),
}

const _: () = assert!(size_of::<Expr<'_>>() == 8);

impl<'h> Expr<'h> {
    /// Whether it is a constant or a variable. These are the first of all kinds, so that one comparison tells.
    #[inline(always)]
    pub(crate) fn is_constant_or_variable(&self) -> bool {
        matches!(self, Expr::Const(_) | Expr::Local { .. } | Expr::Outer { .. } | Expr::Far(_))
    }

    /// A literal, a builtin, an empty list.
    pub(crate) fn constant(value: Value<'h>) -> Self {
        Expr::Const(value.into())
    }

    /// A value that was computed while lowering.
    pub(crate) fn folded(value: Value<'h>) -> Self {
        Expr::Folded(value.into())
    }

    /// A variable of a frame so many parents up.
    #[inline(always)]
    pub(crate) fn variable(heap: &'h Heap, depth: u32, slot: u32, pos: Pos) -> Self {
        match (u8::try_from(depth), u16::try_from(slot)) {
            (Ok(0), Ok(slot)) => Expr::Local { slot, pos },
            (Ok(depth), Ok(slot)) => Expr::Outer { depth, slot, pos },
            _ => Expr::Far(heap.store_ref((depth, slot, pos))),
        }
    }

    /// Where the expression begins, of some kinds; of others [`Pos::NONE`].
    pub(crate) fn start(&self) -> Pos {
        let mut expr = self;
        loop {
            expr = match expr {
                Expr::Local { pos, .. } | Expr::Outer { pos, .. } => return *pos,
                Expr::Far(variable) => return variable.2,
                Expr::Dynamic(variable) => return variable.pos,
                Expr::Call(call) => return call.pos,
                Expr::Attrs(attrs) | Expr::RecAttrs(attrs) => return attrs.pos,
                Expr::Not(not) => return not.pos,
                Expr::String(text) | Expr::Path(text) => return text.pos,
                Expr::Later(later) => return later.start,
                Expr::SelectOne(select) => &select.subject,
                Expr::Select(select) => &select.subject,
                Expr::Update(update) => &update.operands.left,
                Expr::HasAttr(has) => &has.subject,
                Expr::And(operands) | Expr::Or(operands) | Expr::Implies(operands) | Expr::Binary(_, operands) => {
                    &operands.left
                }
                _ => return Pos::NONE,
            };
        }
    }
}

/// The operators that evaluate both sides and combine them.
#[derive(Copy, Clone, PartialEq, Eq, Debug)]
pub(crate) enum BinaryOp {
    Add,
    Sub,
    Mul,
    Div,
    Equal,
    NotEqual,
    Less,
    LessEqual,
    Greater,
    GreaterEqual,
    Concat,
}

impl BinaryOp {
    /// All of them, in the order of their numbers in images.
    pub(super) const ALL: [BinaryOp; 11] = [
        BinaryOp::Add,
        BinaryOp::Sub,
        BinaryOp::Mul,
        BinaryOp::Div,
        BinaryOp::Equal,
        BinaryOp::NotEqual,
        BinaryOp::Less,
        BinaryOp::LessEqual,
        BinaryOp::Greater,
        BinaryOp::GreaterEqual,
        BinaryOp::Concat,
    ];
}

/// A variable looked up by name in the frames of the enclosing `with`s.
pub(crate) struct DynamicVariable<'h> {
    pub(crate) name: Symbol,
    pub(crate) pos: Pos,
    /// How many parents up the innermost `with` frame is.
    pub(crate) depth: u32,
    /// The frame of the innermost `with` that was looked into last, and what was found in it or further out. The frame of a
    /// `with` is never used again, and what it has does not change.
    pub(crate) found: Cell<Option<(Frame<'h>, &'h ValueCell<'h>)>>,
}

/// One name of an attribute path.
pub(crate) enum AttrName<'h> {
    Static(Symbol),
    Dynamic(Ref<'h, Expr<'h>>),
}

/// One step of a selection and what it found last time.
pub(crate) struct PathElement<'h> {
    pub(crate) name: AttrName<'h>,
    pub(crate) pos: Pos,
    pub(crate) cache: SelectCache<'h>,
}

/// `subject.name`: most selections are of this kind.
pub(crate) struct SelectOne<'h> {
    pub(crate) subject: Expr<'h>,
    pub(crate) name: Symbol,
    pub(crate) pos: Pos,
    pub(crate) cache: SelectCache<'h>,
}

/// `subject.path or default`.
pub(crate) struct Select<'h> {
    pub(crate) subject: Expr<'h>,
    pub(crate) path: Row<'h, PathElement<'h>>,
    pub(crate) default: Option<Expr<'h>>,
}

/// `subject ? path`.
pub(crate) struct HasAttr<'h> {
    pub(crate) subject: Expr<'h>,
    pub(crate) path: Row<'h, PathElement<'h>>,
}

/// `function arguments...`, all the arguments that are written in a row.
pub(crate) struct Call<'h> {
    pub(crate) function: Expr<'h>,
    pub(crate) arguments: Row<'h, Expr<'h>>,
    pub(crate) pos: Pos,
}

/// A function: `a: b: { c, d ? e }: body` is one lambda with three parameters and one frame.
///
/// The frame holds the plain parameters in order, then the whole set if it has a name (`args @`), then
/// the formals. A lambda is at a multiple of 16, so that a closure can have a pointer to it in 29 bits.
#[repr(align(16))]
pub(crate) struct Lambda<'h> {
    /// How many arguments it takes, the set of the formals included.
    pub(crate) arity: u32,
    /// Slots in the frame.
    pub(crate) slots: u32,
    pub(crate) formals: Option<Ref<'h, Formals<'h>>>,
    pub(crate) body: Expr<'h>,
    /// The body, once it was read, if it had been left out.
    pub(crate) read_body: OnceCell<Expr<'h>>,
    /// Where each parameter begins, for messages.
    pub(crate) positions: Row<'h, Pos>,
    /// The names of the plain parameters.
    pub(crate) parameters: Row<'h, Symbol>,
    /// Which parameters are forced at once.
    pub(crate) strictness: Strictness,
    /// What the function was bound to, if to anything.
    pub(crate) name: Cell<Option<Symbol>>,
}

impl<'h> Lambda<'h> {
    /// The body, unless it is still to be read.
    #[inline(always)]
    pub(crate) fn body_at_hand(&self) -> Option<&Expr<'h>> {
        match self.body {
            Expr::Later(_) => self.read_body.get(),
            _ => Some(&self.body),
        }
    }
}

/// `{ a, b ? 1, ... } @ args`.
pub(crate) struct Formals<'h> {
    /// In ascending order of the symbols.
    pub(crate) formals: Row<'h, Formal<'h>>,
    pub(crate) has_ellipsis: bool,
    /// The slot of the whole set.
    pub(crate) whole: Option<u32>,
    /// The name of the whole set, for printing.
    pub(crate) whole_name: Option<Symbol>,
    /// The slot of the first formal; the others follow in their order.
    pub(crate) first_slot: u32,
    pub(crate) pos: Pos,
    /// The shape of the last argument, and how it is bound, once it came twice in a row.
    pub(crate) cache: Cell<Option<(ShapeRef<'h>, Option<Ref<'h, FormalsPlan<'h>>>)>>,
}

/// Where the formals of a function are in a set of some shape.
pub(crate) struct FormalsPlan<'h> {
    /// Of those that are in the set, which formal it is, and the index in the set.
    pub(crate) present: Row<'h, (u16, u32)>,
    /// Those that are absent and have a default.
    pub(crate) defaults: Row<'h, u16>,
}

/// One formal parameter.
pub(crate) struct Formal<'h> {
    pub(crate) name: Symbol,
    pub(crate) pos: Pos,
    pub(crate) default: Option<Expr<'h>>,
}

/// An attribute set as it is written.
///
/// `sources` are the expressions of `inherit (source) ...` that are worth evaluating once: they sit in
/// the last slots of the frame of a `rec` set; any other set gets a frame just for them, in which its
/// values are evaluated.
pub(crate) struct AttrsExpr<'h> {
    pub(crate) shape: &'h Shape<'h>,
    /// The values in the order of the shape.
    pub(crate) values: Row<'h, Expr<'h>>,
    pub(crate) sources: Row<'h, Expr<'h>>,
    pub(crate) dynamic: Option<Ref<'h, DynamicAttrs<'h>>>,
    pub(crate) pos: Pos,
    /// The index of `__overrides` in a `rec` set.
    pub(crate) overrides: Option<u32>,
}

/// The attributes of a set whose names are computed.
pub(crate) struct DynamicAttrs<'h> {
    pub(crate) attrs: &'h [DynamicAttr<'h>],
    /// How the set was put together the last time that there was a plan for that.
    pub(crate) last: Cell<Option<&'h DynamicPlan<'h>>>,
    /// The newest of the plans there are.
    pub(crate) plans: Cell<Option<&'h DynamicPlan<'h>>>,
}

/// How the fixed and the dynamic attributes of a set are put together if the dynamic ones have these names.
pub(crate) struct DynamicPlan<'h> {
    /// The shape of the fixed ones.
    pub(crate) fixed: &'h Shape<'h>,
    pub(crate) names: &'h [Option<Symbol>],
    pub(crate) shape: &'h Shape<'h>,
    /// For each name of the shape, which of the fixed or dynamic attributes its value is.
    pub(crate) sources: &'h [u32],
    /// The plan that was made before.
    pub(crate) earlier: Option<&'h DynamicPlan<'h>>,
}

/// `${name} = value;`.
pub(crate) struct DynamicAttr<'h> {
    pub(crate) name: Expr<'h>,
    pub(crate) value: Expr<'h>,
    pub(crate) pos: Pos,
}

/// `let ... in body`: each value goes to the slot of its index; then come the sources.
pub(crate) struct Let<'h> {
    pub(crate) values: Row<'h, Expr<'h>>,
    pub(crate) sources: Row<'h, Expr<'h>>,
    pub(crate) body: Expr<'h>,
}

/// `with subject; body`.
pub(crate) struct With<'h> {
    pub(crate) subject: Expr<'h>,
    pub(crate) body: Expr<'h>,
    /// How many parents up from the new frame the next enclosing `with` is; 0 if there is none.
    pub(crate) outer: u32,
}

/// `if condition then consequence else alternative`.
pub(crate) struct If<'h> {
    pub(crate) condition: Expr<'h>,
    pub(crate) consequence: Expr<'h>,
    pub(crate) alternative: Expr<'h>,
    pub(crate) pos: Pos,
}

/// `assert condition; body`.
pub(crate) struct Assert<'h> {
    pub(crate) condition: Expr<'h>,
    pub(crate) body: Expr<'h>,
    pub(crate) pos: Pos,
}

/// `[ elements... ]`.
pub(crate) struct ListExpr<'h> {
    pub(crate) elements: Row<'h, Expr<'h>>,
}

/// An operator with one operand.
pub(crate) struct Unary<'h> {
    pub(crate) operand: Expr<'h>,
    pub(crate) pos: Pos,
}

/// An operator with two operands.
pub(crate) struct Binary<'h> {
    pub(crate) left: Expr<'h>,
    pub(crate) right: Expr<'h>,
    /// Where the operator is.
    pub(crate) pos: Pos,
}

/// `left // right`
pub(crate) struct Update<'h> {
    pub(crate) operands: Binary<'h>,
    pub(crate) cache: UpdateCache<'h>,
}

/// A reference to a shape.
type ShapeRef<'h> = Ref<'h, Shape<'h>>;
/// A reference to how two shapes merge.
type PlanRef<'h> = Ref<'h, MergePlan<'h>>;

/// What an `//` merged last and how.
#[derive(Default)]
pub(crate) struct UpdateCache<'h> {
    /// The shapes of two sets.
    pub(crate) once: Cell<Option<(ShapeRef<'h>, ShapeRef<'h>, PlanRef<'h>)>>,
    /// Where the right side is such an `//` itself: the plans for the two.
    pub(crate) pair: Cell<Option<(PlanRef<'h>, PlanRef<'h>)>>,
    /// What came of them, once they came twice in a row.
    pub(crate) twice: Cell<Option<Ref<'h, MergeTwicePlan<'h>>>>,
}

/// Interpolated expressions with literal text between them.
pub(crate) struct Interpolation<'h> {
    pub(crate) parts: Row<'h, InterpolatedPart<'h>>,
    /// The literal text behind the last part.
    pub(crate) end: &'h [u8],
    /// How many bytes of literal text there are, all together.
    pub(crate) literal: usize,
    pub(crate) pos: Pos,
}

/// `${expr}` with the literal text before it.
pub(crate) struct InterpolatedPart<'h> {
    pub(crate) before: &'h [u8],
    pub(crate) expr: Expr<'h>,
    pub(crate) pos: Pos,
}

impl<'h> Interpolation<'h> {
    pub(super) fn new(parts: Row<'h, InterpolatedPart<'h>>, end: &'h [u8], pos: Pos) -> Self {
        let literal = parts.into_iter().map(|part| part.before.len()).sum::<usize>() + end.len();
        Interpolation { parts, end, literal, pos }
    }
}
