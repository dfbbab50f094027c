//! `//`: the update of a set by another.

use rustc_hash::FxHashMap;

use super::{ErrorExt, Eval, Result};
use crate::diagnostics::Part;
use crate::growth::room;
use crate::heap::{Attrs, Frame, MergePlan, MergeTwicePlan, Shape, Value};
use crate::program::{Binary, Expr, Update};

/// The merges of shapes that were seen, by the addresses of the shapes.
pub(super) type MergePlans<'h> = FxHashMap<(usize, usize), &'h MergePlan<'h>>;

/// Their table grows at once when it has so many.
const SOME_PLANS: usize = 512;

impl<'h> Eval<'h> {
    /// `left // right`
    #[inline(never)]
    pub(super) fn update_operator(&mut self, update: &'h Update<'h>, frame: Option<Frame<'h>>) -> Result<Value<'h>> {
        if let Expr::Update(inner) = update.operands.right {
            return self.update_twice(update, inner.get(), frame);
        }
        // Nix evaluates the side that wins first.
        let right = self.right_side(&update.operands, frame)?;
        let left = self.left_side(&update.operands, frame)?;
        Ok(self.update_at(update, left, right))
    }

    #[inline(always)]
    fn right_side(&mut self, operands: &'h Binary<'h>, frame: Option<Frame<'h>>) -> Result<Attrs<'h>> {
        let right = self.operand(&operands.right, frame)?;
        self.expect_attrs(right).part(Part::Operand(1)).or_at(operands.pos)
    }

    #[inline(always)]
    fn left_side(&mut self, operands: &'h Binary<'h>, frame: Option<Frame<'h>>) -> Result<Attrs<'h>> {
        let left = self.operand(&operands.left, frame)?;
        self.expect_attrs(left).part(Part::Operand(0)).or_at(operands.pos)
    }

    /// `left // (middle // right)`: no set is made in between if the shapes have met before, twice in a row.
    #[inline(never)]
    fn update_twice(
        &mut self,
        outer: &'h Update<'h>,
        inner: &'h Update<'h>,
        frame: Option<Frame<'h>>,
    ) -> Result<Value<'h>> {
        let right = self.right_side(&inner.operands, frame)?;
        let middle = self.left_side(&inner.operands, frame)?;
        let left = self.left_side(&outer.operands, frame)?;
        if let Some(plan) = outer.cache.twice.get()
            && let Some(merged) = Attrs::merge_twice(self.heap, plan.get(), [left, middle, right])
        {
            self.counters.updates += 2;
            return Ok(merged);
        }
        self.remember_pair(outer, inner, [left, middle, right]);
        let right = self.update_at(inner, middle, right);
        let right = self.expect_attrs(right)?;
        Ok(self.update_at(outer, left, right))
    }

    /// The second time in a row that three shapes come, how they merge is worth remembering.
    fn remember_pair(&self, outer: &'h Update<'h>, inner: &'h Update<'h>, sets: [Attrs<'h>; 3]) {
        let [left, middle, right] = sets;
        let Some(first) = plan_at(inner, middle, right) else { return };
        let Some(second) = plan_for(outer, left, first.shape.get()) else { return };
        let before = outer.cache.pair.replace(Some((first.reference(), second.reference())));
        if let Some(pair) = before
            && pair.0.is(first)
            && pair.1.is(second)
            && let [Some(left), Some(middle), Some(right)] = sets.map(Attrs::flat_shape)
        {
            outer.cache.twice.set(Some(MergeTwicePlan::new(self.heap, [left, middle, right], first, second)));
        }
    }

    /// `left // right` at a place of the program, which remembers how.
    #[inline(always)]
    fn update_at(&mut self, update: &'h Update<'h>, left: Attrs<'h>, right: Attrs<'h>) -> Value<'h> {
        self.counters.updates += 1;
        match plan_at(update, left, right) {
            Some(plan) => Attrs::merge(self.heap, plan, left, right),
            None => self.update_with(left, right, |left, right, plan| {
                update.cache.once.set(Some((left.reference(), right.reference(), plan.reference())));
            }),
        }
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
            self.merge_plans.reserve(room(self.merge_plans.len(), SOME_PLANS));
            self.merge_plans.insert(key, plan);
            remember(left_shape, right_shape, plan);
        }
        value
    }
}

/// How two sets were merged at a place of the program, if sets of these shapes were the last ones.
#[inline(always)]
fn plan_at<'h>(update: &Update<'h>, left: Attrs<'h>, right: Attrs<'h>) -> Option<&'h MergePlan<'h>> {
    plan_for(update, left, right.flat_shape()?)
}

#[inline(always)]
fn plan_for<'h>(update: &Update<'h>, left: Attrs<'h>, right: &'h Shape<'h>) -> Option<&'h MergePlan<'h>> {
    let (known_left, known_right, plan) = update.cache.once.get()?;
    (known_left.is(left.flat_shape()?) && known_right.is(right)).then(|| plan.get())
}
