//! What is left out of a program until it is needed.

use std::cell::OnceCell;

use super::super::Expr;
use super::scopes::Scope;
use crate::diagnostics::Pos;
use crate::heap::Symbol;

/// An image from which something was left out.
pub(crate) struct Image<'h> {
    pub(super) bytes: &'h [u8],
    /// The names of the image.
    pub(super) symbols: &'h [Symbol],
    /// The position of the first byte of the text.
    pub(super) base: Pos,
    /// The length of the text.
    pub(super) length: u32,
}

/// An expression that is read when it is evaluated first. As a value it is a thunk, whatever it is.
pub(crate) struct Later<'h> {
    pub(super) image: &'h Image<'h>,
    /// The frames around it.
    pub(super) scope: Option<&'h Scope<'h>>,
    /// The offset of its first byte in the image.
    pub(super) at: u32,
    /// The last position before it, from the beginning of the text.
    pub(super) last: u32,
    /// Where it begins, of some kinds of expressions.
    pub(crate) start: Pos,
    pub(super) expr: OnceCell<Expr<'h>>,
}

impl<'h> Later<'h> {
    /// The expression, if it has been read.
    #[inline(always)]
    pub(crate) fn expr(&'h self) -> Option<&'h Expr<'h>> {
        self.expr.get()
    }
}
