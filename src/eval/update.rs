//! `//`: the update of a set by another.

use rustc_hash::FxHashMap;

use super::{ErrorExt, Eval, Result};
use crate::diagnostics::Part;
use crate::heap::{Attrs, Frame, MergePlan, Shape, Value};
use crate::program::Binary;

/// The merges of shapes that were seen, by the addresses of the shapes.
pub(super) type MergePlans<'h> = FxHashMap<(usize, usize), &'h MergePlan<'h>>;

impl<'h> Eval<'h> {
    #[inline(never)]
    pub(super) fn update_operator(&mut self, operands: &'h Binary<'h>, frame: Option<Frame<'h>>) -> Result<Value<'h>> {
        // Nix evaluates the side that wins first.
        let right = self.operand(&operands.right, frame)?;
        let right = self.expect_attrs(right).part(Part::Operand(1)).or_at(operands.pos)?;
        let left = self.operand(&operands.left, frame)?;
        let left = self.expect_attrs(left).part(Part::Operand(0)).or_at(operands.pos)?;
        self.counters.updates += 1;
        if let (Some(left_shape), Some(right_shape)) = (left.flat_shape(), right.flat_shape())
            && let Some((known_left, known_right, plan)) = operands.cache.0.get()
            && std::ptr::eq(known_left, left_shape)
            && std::ptr::eq(known_right, right_shape)
        {
            return Ok(Attrs::merge(self.heap, plan, left, right));
        }
        Ok(self.update_with(left, right, |left, right, plan| operands.cache.0.set(Some((left, right, plan)))))
    }

    /// `left // right`
    pub(crate) fn update(&mut self, left: Attrs<'h>, right: Attrs<'h>) -> Value<'h> {
        self.update_with(left, right, |_, _, _| {})
    }

    fn update_with(
        &mut self,
        left: Attrs<'h>,
        right: Attrs<'h>,
        remember: impl FnOnce(&'h Shape<'h>, &'h Shape<'h>, &'h MergePlan<'h>),
    ) -> Value<'h> {
        if right.is_empty() {
            return left.value();
        }
        if left.is_empty() {
            return right.value();
        }
        right.flatten(self.heap);
        if let Some(layered) = Attrs::try_layer(self.heap, left, right) {
            return layered;
        }
        let (left_shape, _) = left.flatten(self.heap);
        let (right_shape, _) = right.flatten(self.heap);
        let key = (std::ptr::from_ref(left_shape).addr(), std::ptr::from_ref(right_shape).addr());
        if let Some(&plan) = self.merge_plans.get(&key) {
            remember(left_shape, right_shape, plan);
            return Attrs::merge(self.heap, plan, left, right);
        }
        let (value, plan) = Attrs::merge_first(self.heap, left, right);
        if let Some(plan) = plan {
            self.merge_plans.insert(key, plan);
            remember(left_shape, right_shape, plan);
        }
        value
    }
}
