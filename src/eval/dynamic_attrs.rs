//! Sets with attributes whose names are computed.

use smallvec::SmallVec;

use super::{ErrorExt, Eval, Result, error};
use crate::diagnostics::{Code, Diagnostic, Pos};
use crate::heap::{Attrs, Frame, Shape, Symbol, Value};
use crate::program::{DynamicAttr, DynamicAttrs, DynamicPlan, Expr};

/// The names that the dynamic attributes of a set have; none if one is left out.
type Names = SmallVec<[Option<Symbol>; 16]>;

/// Where a value of the set comes from: the index of a fixed attribute, or that of a dynamic one with this bit.
const DYNAMIC: u32 = 1 << 31;

/// So many ways to put together the sets of one place of the program are remembered.
const MOST_PLANS: usize = 16;

/// A plan and those that were made before it.
fn plans_from<'h>(plan: Option<&'h DynamicPlan<'h>>) -> impl Iterator<Item = &'h DynamicPlan<'h>> {
    std::iter::successors(plan, |plan| plan.earlier)
}

/// The plan for dynamic attributes that have these names, if there is one, which is the last one from now on.
#[inline(never)]
fn find_plan<'h>(
    dynamic: &'h DynamicAttrs<'h>,
    fixed: &'h Shape<'h>,
    names: &[Option<Symbol>],
) -> Option<&'h DynamicPlan<'h>> {
    let fits = |plan: &&DynamicPlan<'h>| std::ptr::eq(plan.fixed, fixed) && plan.names == names;
    let plan = plans_from(dynamic.plans.get()).find(fits)?;
    dynamic.last.set(Some(plan));
    Some(plan)
}

impl<'h> Eval<'h> {
    /// The set of the fixed attributes, which have this shape and these values, and the dynamic ones. Most sets of one place have
    /// the same names again and again, so how they were put together is remembered.
    #[inline(never)]
    pub(super) fn dynamic_set(
        &mut self,
        dynamic: &'h DynamicAttrs<'h>,
        fixed: &'h Shape<'h>,
        frame: Option<Frame<'h>>,
        fixed_value: impl Fn(&mut Self, usize) -> Value<'h>,
    ) -> Result<Value<'h>> {
        let last = dynamic.last.get().filter(|plan| std::ptr::eq(plan.fixed, fixed));
        let mut names = Names::new();
        let mut is_planned = last.is_some();
        for attr in dynamic.attrs {
            let name = self.dynamic_name(attr, frame)?;
            is_planned = is_planned && last.is_some_and(|plan| plan.names[names.len()] == name);
            // Only what is written in the program is looked through here, so there are few.
            if !is_planned
                && let Some(symbol) = name
                && (fixed.index_of(symbol).is_some() || names.contains(&name))
            {
                return Err(self.defined_twice(symbol, attr.pos));
            }
            names.push(name);
        }
        let value = |eval: &mut Self, source: u32| match source & DYNAMIC {
            0 => fixed_value(eval, source as usize),
            _ => {
                let index = (source & !DYNAMIC) as usize;
                eval.dynamic_value(&dynamic.attrs[index], names[index], frame)
            }
        };
        let plan = if is_planned { last } else { find_plan(dynamic, fixed, &names) };
        if let Some(plan) = plan {
            return Ok(Attrs::build(self.heap, plan.shape, |index| value(self, plan.sources[index])));
        }
        let (shape, sources, is_known) = self.combine(dynamic.attrs, fixed, &names);
        if is_known {
            self.remember_plan(dynamic, fixed, shape, &names, &sources);
        }
        Ok(Attrs::build(self.heap, shape, |index| value(self, sources[index])))
    }

    /// The shape of fixed and dynamic attributes together, where each value comes from, and whether there have been such sets before.
    fn combine(
        &self,
        dynamic: &[DynamicAttr<'h>],
        fixed: &'h Shape<'h>,
        names: &[Option<Symbol>],
    ) -> (&'h Shape<'h>, SmallVec<[u32; 32]>, bool) {
        let fixed =
            fixed.names().iter().zip(fixed.positions()).zip(0..).map(|((&name, &pos), source)| (name, pos, source));
        let dynamic = dynamic
            .iter()
            .zip(names)
            .zip(DYNAMIC..)
            .filter_map(|((attr, &name), source)| Some((name?, attr.pos, source)));
        let mut all: SmallVec<[(Symbol, Pos, u32); 32]> = fixed.chain(dynamic).collect();
        all.sort_unstable_by_key(|(name, ..)| *name);
        let names: SmallVec<[_; 32]> = all.iter().map(|(name, ..)| *name).collect();
        let positions: SmallVec<[_; 32]> = all.iter().map(|(_, pos, _)| *pos).collect();
        let (shape, is_known) = Shape::find_or_add(self.heap, &names, &positions);
        (shape, all.into_iter().map(|(.., source)| source).collect(), is_known)
    }

    /// Remembers how a set was put together that has a shape not for the first time.
    fn remember_plan(
        &self,
        dynamic: &'h DynamicAttrs<'h>,
        fixed: &'h Shape<'h>,
        shape: &'h Shape<'h>,
        names: &[Option<Symbol>],
        sources: &[u32],
    ) {
        // Where there are too many, those of now count.
        let earlier = dynamic.plans.get().filter(|&plan| plans_from(Some(plan)).count() < MOST_PLANS);
        let (names, sources) = (self.heap.store_slice(names), self.heap.store_slice(sources));
        let plan = self.heap.store(DynamicPlan { fixed, names, shape, sources, earlier });
        dynamic.plans.set(Some(plan));
        dynamic.last.set(Some(plan));
    }

    /// The name that an attribute has; none if it is left out.
    #[inline(always)]
    fn dynamic_name(&mut self, attr: &'h DynamicAttr<'h>, frame: Option<Frame<'h>>) -> Result<Option<Symbol>> {
        let name = self.eval(&attr.name, frame).or_at(attr.pos)?;
        match name.is_same(Value::NULL) {
            true => Ok(None),
            false => Ok(Some(self.symbol_of(name).or_at(attr.pos)?)),
        }
    }

    #[inline(always)]
    fn dynamic_value(
        &mut self,
        attr: &'h DynamicAttr<'h>,
        name: Option<Symbol>,
        frame: Option<Frame<'h>>,
    ) -> Value<'h> {
        if let Expr::Lambda(lambda) = attr.value {
            lambda.name.set(name);
        }
        self.delay(&attr.value, frame)
    }

    #[cold]
    fn defined_twice(&self, name: Symbol, pos: Pos) -> Box<Diagnostic> {
        let message = format!("the attribute '{}' is defined twice", self.symbols.text(name));
        error(Code::DuplicateAttribute, message).or_at(pos)
    }
}
