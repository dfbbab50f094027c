//! Programs: what the evaluator runs.
//!
//! [`lower()`](lower::lower) turns the parser's record of a file into nodes in which everything that can
//! be decided before running has been decided: variables are slots, literals are values, nested
//! attribute paths are merged, names are sorted. Nodes are in the heap and never change, but for what
//! they remember of earlier executions.

mod bindings;
mod expr;
pub(crate) mod image;
mod lint;
mod lower;
mod name_lints;
mod names_in_order;
mod scope;
mod show;
mod strictness;
mod symbols;

pub(crate) use expr::{
    Assert, AttrName, AttrsExpr, Binary, BinaryOp, Call, DynamicAttr, DynamicAttrs, DynamicPlan, DynamicVariable, Expr,
    Formal, Formals, FormalsPlan, HasAttr, If, InterpolatedPart, Interpolation, Lambda, Let, ListExpr, PathElement,
    Select, SelectOne, Unary, Update, UpdateCache, With,
};
pub use lint::{Lint, LintLevel, Lints};
pub(crate) use lower::{Lowered, Lowering, lower};
pub(crate) use name_lints::{NameLinting, lint_names};
pub(crate) use scope::{Globals, RootScope};
pub(crate) use show::show;
pub(crate) use strictness::{Strictness, Use};
pub(crate) use symbols::{SymbolTable, names};
