//! Attribute sets: names apart from values.

use std::cell::Cell;
use std::marker::PhantomData;
use std::ptr::NonNull;

use super::region::{narrow, widen};
use super::shape::{LEFT, MIDDLE, MergePlan, MergeTwicePlan, NARROW_LEFT, Shape};
use super::value::object_kind::{self, FLAT, FORWARD, LAYER};
use super::{Heap, Ref, Symbol, Value, ValueCell};
use crate::diagnostics::Pos;

/// An attribute set.
///
/// | kind    | first half word  | then                            |
/// |---------|------------------|---------------------------------|
/// | flat    | shape            | values                          |
/// | layer   | kind, depth, use | shape, base, length, values     |
/// | forward | kind             | the flat set; what a layer had is not used |
///
/// A layer is what `base // { few }` makes of a large base. It becomes a forward to a flat set when
/// something needs all names in a row, or has looked for names in it often. A forward is also the same set as another object.
#[derive(Copy, Clone)]
pub(crate) struct Attrs<'h> {
    object: NonNull<u32>,
    heap: PhantomData<Cell<&'h Heap>>,
}

/// Where the values of a flat set and of a layer begin.
const FLAT_HEADER: usize = 1;
const LAYER_HEADER: usize = 4;
/// So many layers are taken for too many.
const MANY_LAYERS: u32 = 8;
/// A smaller base is copied.
const MIN_LAYER_BASE: usize = 32;
/// The bits of a layer's header from here on count how often names were looked for in the set, those below its layers.
const USE_SHIFT: u32 = 16;
/// In a set with layers names are looked for so many times, and once for two names that it has, before it is made flat: a library may
/// be such a set, and everything looks into it.
const LEAST_USE: u32 = 64;
const NAMES_FOR_USE: usize = 2;

impl<'h> Attrs<'h> {
    /// A set of `shape` whose values are made by `value`, called with 0, 1, 2, ...
    #[inline]
    pub(crate) fn try_build<E>(
        heap: &'h Heap,
        shape: &'h Shape<'h>,
        mut value: impl FnMut(usize) -> Result<Value<'h>, E>,
    ) -> Result<Value<'h>, E> {
        const { assert!(align_of::<Shape<'_>>() >= 16) };
        let words = (FLAT_HEADER + shape.len()).div_ceil(2);
        heap.tally.sets.add(words);
        let object = heap.alloc_words(words).cast::<u32>();
        // SAFETY: the words were allocated, and each is written before the set is reachable.
        unsafe {
            object.write(narrow(NonNull::from(shape)) | FLAT);
            let values = object.add(FLAT_HEADER);
            for index in 0..shape.len() {
                values.add(index).write(value(index)?.word());
            }
        }
        Ok(Value::of_object(object))
    }

    #[inline]
    pub(crate) fn build(heap: &'h Heap, shape: &'h Shape<'h>, mut value: impl FnMut(usize) -> Value<'h>) -> Value<'h> {
        let set = Attrs::try_build(heap, shape, |index| Ok::<_, std::convert::Infallible>(value(index)));
        match set {
            Ok(set) => set,
            Err(never) => match never {},
        }
    }

    /// `left // right` by a plan made from their shapes; both are flat.
    pub(crate) fn merge(heap: &'h Heap, plan: &MergePlan<'h>, left: Attrs<'h>, right: Attrs<'h>) -> Value<'h> {
        // The set is told by the highest bit: which of the two it is could not be foreseen.
        let (sets, sources) = ([right.flat_values(), left.flat_values()], plan.sources());
        Attrs::build(heap, plan.shape.get(), |index| {
            let source = sources[index];
            sets[usize::from(source >> NARROW_LEFT.trailing_zeros())][usize::from(source & !NARROW_LEFT)].get()
        })
    }

    /// `left // (middle // right)`, if the plan is for sets of their shapes.
    #[inline]
    pub(crate) fn merge_twice(
        heap: &'h Heap,
        plan: &MergeTwicePlan<'h>,
        [left, middle, right]: [Attrs<'h>; 3],
    ) -> Option<Value<'h>> {
        let values_of = |set: Attrs<'h>, shape: Ref<'h, Shape<'h>>| {
            let (known, values) = set.flat()?;
            shape.is(known).then_some(values)
        };
        let (left, middle) = (values_of(left, plan.left)?, values_of(middle, plan.middle)?);
        // In the order of the bits that tell the set, which could tell one more.
        let sets: [&[ValueCell<'h>]; 4] = [values_of(right, plan.right)?, middle, left, &[]];
        Some(Attrs::build(heap, plan.shape.get(), |index| {
            let source = plan.sources[index];
            sets[(source >> MIDDLE.trailing_zeros()) as usize][(source & (MIDDLE - 1)) as usize].get()
        }))
    }

    fn merge_values(
        heap: &'h Heap,
        shape: &'h Shape<'h>,
        sources: &[u32],
        left: &[ValueCell<'h>],
        right: &[ValueCell<'h>],
    ) -> Value<'h> {
        let sets = [right, left];
        Attrs::build(heap, shape, |index| {
            let source = sources[index];
            sets[(source >> LEFT.trailing_zeros()) as usize][(source & !LEFT) as usize].get()
        })
    }

    /// `left // right` for shapes that have not met before; both are flat. If others have got the same shape in another
    /// way, these two may meet again, so that the plan is worth keeping.
    pub(crate) fn merge_first(
        heap: &'h Heap,
        left: Attrs<'h>,
        right: Attrs<'h>,
    ) -> (Value<'h>, Option<&'h MergePlan<'h>>) {
        let (Some(left), Some(right)) = (left.flat(), right.flat()) else { return (right.value(), None) };
        Attrs::merge_parts(heap, left, right)
    }

    /// The same for their shapes and values.
    fn merge_parts(
        heap: &'h Heap,
        (left_shape, left_values): (&'h Shape<'h>, &'h [ValueCell<'h>]),
        (right_shape, right_values): (&'h Shape<'h>, &'h [ValueCell<'h>]),
    ) -> (Value<'h>, Option<&'h MergePlan<'h>>) {
        let merged = &mut *heap.merged.borrow_mut();
        left_shape.merge_names(right_shape, merged);
        let (shape, is_known) = Shape::find_or_add(heap, &merged.names, &merged.positions);
        let value = Attrs::merge_values(heap, shape, &merged.sources, left_values, right_values);
        let plan = if is_known { MergePlan::new(heap, shape, &merged.sources) } else { None };
        (value, plan)
    }

    /// `base // overlay` without copying the base, where that pays off. `overlay` is flat.
    ///
    /// Where there are many layers, the new one takes in those that are not more than twice as large. So a look-up goes
    /// through few layers, and a set that grows in a loop is copied a logarithmic number of times (the logarithmic method
    /// of Bentley and Saxe, "Decomposable searching problems", 1980).
    pub(crate) fn try_layer(heap: &'h Heap, base: Attrs<'h>, overlay: Attrs<'h>) -> Option<Value<'h>> {
        let mut base = base.resolve();
        if base.len_at_most() < MIN_LAYER_BASE || overlay.len_at_most() * 4 > base.len_at_most() {
            return None;
        }
        let mut overlay = overlay;
        let has_many_layers = base.depth() + 1 >= MANY_LAYERS;
        while has_many_layers
            && let Some((shape, values)) = base.layer_parts()
            && shape.len() <= 2 * overlay.len_at_most()
        {
            let merged = &mut *heap.merged.borrow_mut();
            shape.merge_names(overlay.flat_shape()?, merged);
            let merged_shape = Shape::new(heap, &merged.names, &merged.positions);
            let both = Attrs::merge_values(heap, merged_shape, &merged.sources, values, overlay.flat_values());
            overlay = both.as_attrs()?;
            base = base.base().resolve();
        }
        let (shape, values) = (overlay.flat_shape()?, overlay.flat_values());
        (values.len() * 4 <= base.len_at_most()).then(|| base.with_layer(heap, shape, values))
    }

    /// The same set as another object, as which printing and the search for cycles see it.
    pub(crate) fn again(self, heap: &'h Heap) -> Value<'h> {
        let set = self.resolve();
        if let Some((shape, values)) = set.layer_parts() {
            return set.base().resolve().with_layer(heap, shape, values);
        }
        heap.tally.sets.add(1);
        let object = heap.alloc_words(1).cast::<u32>();
        // SAFETY: two half words were allocated; what is forwarded to is flat.
        unsafe {
            object.write(FORWARD);
            object.add(1).write(narrow(set.object));
        }
        Value::of_object(object)
    }

    /// A set that has been resolved with a layer over it.
    fn with_layer(self, heap: &'h Heap, shape: &'h Shape<'h>, values: &[ValueCell<'h>]) -> Value<'h> {
        let base = self;
        let words = (LAYER_HEADER + values.len()).div_ceil(2);
        heap.tally.layers.add(words);
        let object = heap.alloc_words(words).cast::<u32>();
        // SAFETY: the words were allocated and all of them are written.
        unsafe {
            object.write((base.depth() + 1) << object_kind::BITS | LAYER);
            object.add(1).write(narrow(NonNull::from(shape)));
            object.add(2).write(narrow(base.object));
            object.add(3).write((base.len_at_most() + values.len()) as u32);
            let target = object.add(LAYER_HEADER);
            for (index, value) in values.iter().enumerate() {
                target.add(index).write(value.get().word());
            }
        }
        Value::of_object(object)
    }

    /// # Safety
    /// `object` was made by this type in a heap borrowed for `'h`.
    #[inline(always)]
    pub(super) unsafe fn from_object(object: NonNull<u32>) -> Self {
        Attrs { object, heap: PhantomData }
    }

    #[inline(always)]
    pub(super) fn header(self) -> u32 {
        // SAFETY: a set begins with its header.
        unsafe { self.object.read() }
    }

    /// The value at this place of a set that is flat and does not forward.
    ///
    /// # Safety
    /// The shape of the set has so many names and more.
    #[inline(always)]
    pub(super) unsafe fn value_at(self, index: u32) -> &'h ValueCell<'h> {
        // SAFETY: a value for each name of the shape follows the header.
        unsafe { self.object.add(FLAT_HEADER + index as usize).cast().as_ref() }
    }

    /// The set itself, or what it forwards to.
    #[inline(always)]
    pub(super) fn resolve(self) -> Self {
        match self.header() & object_kind::MASK {
            // SAFETY: a forward has a flat set behind its header.
            FORWARD => unsafe { Attrs::from_object(widen(self.object.add(1).read() as usize, 0)) },
            _ => self,
        }
    }

    /// Shape and values, if the set is flat.
    #[inline(always)]
    pub(crate) fn flat(self) -> Option<(&'h Shape<'h>, &'h [ValueCell<'h>])> {
        let resolved = self.resolve();
        let header = resolved.header();
        if header & object_kind::MASK != FLAT {
            return None;
        }
        // SAFETY: the header of a flat set is the reference that it was built with, and a value for each name follows.
        unsafe {
            let shape: &'h Shape<'h> = widen(header as usize, 0).as_ref();
            Some((shape, std::slice::from_raw_parts(resolved.object.add(FLAT_HEADER).cast().as_ptr(), shape.len())))
        }
    }

    /// The shape, if the set is flat.
    #[inline(always)]
    pub(crate) fn flat_shape(self) -> Option<&'h Shape<'h>> {
        let header = self.resolve().header();
        // SAFETY: the header of a flat set is the reference that it was built with.
        (header & object_kind::MASK == FLAT).then(|| unsafe { widen(header as usize, 0).as_ref() })
    }

    /// The values of a flat set in the order of its shape; none of a layered one.
    #[inline(always)]
    pub(crate) fn flat_values(self) -> &'h [ValueCell<'h>] {
        self.flat().map(|(_, values)| values).unwrap_or_default()
    }

    /// Shape and values, after giving a layered set a flat form.
    #[inline]
    pub(crate) fn flatten(self, heap: &'h Heap) -> (&'h Shape<'h>, &'h [ValueCell<'h>]) {
        match self.flat() {
            Some(flat) => flat,
            None => self.flatten_layers(heap),
        }
    }

    /// Copies a base and all layers over it into one flat set, in one go.
    #[cold]
    fn flatten_layers(self, heap: &'h Heap) -> (&'h Shape<'h>, &'h [ValueCell<'h>]) {
        let top = self.resolve();
        let flat = match top.layer_parts().zip(top.base().resolve().flat()) {
            Some((layer, base)) => Attrs::merge_parts(heap, base, layer).0,
            None => top.flatten_many_layers(heap),
        };
        if let Some(flat) = flat.as_attrs() {
            // SAFETY: a layer may become a forward at any time: all readers look at the header first.
            unsafe {
                top.object.write(FORWARD);
                top.object.add(1).write(narrow(flat.object));
            }
        }
        top.flatten(heap)
    }

    /// The flat form of a set with more layers than one.
    fn flatten_many_layers(self, heap: &'h Heap) -> Value<'h> {
        // What the layers add, the newest of each name.
        let mut added: Vec<(Symbol, Pos, Value<'h>)> = Vec::new();
        let mut below = self;
        while let Some((shape, values)) = below.layer_parts() {
            for ((&name, &pos), value) in shape.names().iter().zip(shape.positions()).zip(values) {
                added.push((name, pos, value.get()));
            }
            below = below.base().resolve();
        }
        // The sort is stable, so the newest stays first.
        added.sort_by_key(|(name, ..)| *name);
        added.dedup_by_key(|(name, ..)| *name);
        let names: Vec<_> = added.iter().map(|attr| attr.0).collect();
        let positions: Vec<_> = added.iter().map(|attr| attr.1).collect();
        let overlay_shape = Shape::new(heap, &names, &positions);
        let overlay = Attrs::build(heap, overlay_shape, |index| added[index].2);
        match overlay.as_attrs() {
            Some(overlay) => Attrs::merge_first(heap, below, overlay).0,
            None => overlay,
        }
    }

    /// Shape and values of a layer that has not been flattened.
    #[inline]
    fn layer_parts(self) -> Option<(&'h Shape<'h>, &'h [ValueCell<'h>])> {
        if !self.is_layered() {
            return None;
        }
        // SAFETY: a layer has what `with_layer` wrote.
        unsafe {
            let shape: &Shape<'h> = widen(self.object.add(1).read() as usize, 0).as_ref();
            let values = std::slice::from_raw_parts(self.object.add(LAYER_HEADER).cast().as_ptr(), shape.len());
            Some((shape, values))
        }
    }

    /// How many layers there are.
    #[inline]
    fn depth(self) -> u32 {
        match self.is_layered() {
            true => (self.header() & ((1 << USE_SHIFT) - 1)) >> object_kind::BITS,
            false => 0,
        }
    }

    /// Whether the set has layers.
    #[inline(always)]
    pub(super) fn is_layered(self) -> bool {
        self.header() & object_kind::MASK == LAYER
    }

    /// Counts that a name is looked for in a set with layers. Tells whether that has been often.
    #[inline(always)]
    pub(super) fn count_use(self) -> bool {
        let header = self.header();
        // SAFETY: all readers of the header of a layer allow for this.
        unsafe { self.object.write(header.wrapping_add(1 << USE_SHIFT)) };
        header >> USE_SHIFT >= LEAST_USE
    }

    /// Makes a set with layers flat if names have been looked for in it so often. Tells whether it is.
    pub(super) fn flatten_if_worn(self, heap: &'h Heap) -> bool {
        let uses = self.header() >> USE_SHIFT;
        // More cannot be counted.
        let is_worn = uses as usize * NAMES_FOR_USE >= self.len_at_most() || uses == u32::from(u16::MAX);
        if is_worn {
            self.flatten_layers(heap);
        }
        is_worn
    }

    /// The set under a layer.
    fn base(self) -> Attrs<'h> {
        // SAFETY: only called on layers, which have the base there.
        unsafe { Attrs::from_object(widen(self.object.add(2).read() as usize, 0)) }
    }

    #[inline]
    pub(crate) fn len(self) -> usize {
        let set = self.resolve();
        match set.flat_shape() {
            Some(shape) => shape.len(),
            None => set.layered_len(),
        }
    }

    /// How many names the layers and their base have together.
    #[cold]
    fn layered_len(self) -> usize {
        let mut added: Vec<Symbol> = Vec::new();
        let mut below = self;
        while let Some((shape, ..)) = below.layer_parts() {
            added.extend_from_slice(shape.names());
            below = below.base().resolve();
        }
        added.sort_unstable();
        added.dedup();
        below.len_at_most() + added.into_iter().filter(|&name| below.get(name).is_none()).count()
    }

    /// The number of names, for layers as if no name were in two of them. It costs nothing.
    #[inline]
    pub(crate) fn len_at_most(self) -> usize {
        match self.flat_shape() {
            Some(shape) => shape.len(),
            // SAFETY: what is neither flat nor a forward is a layer, which has this there.
            None => unsafe { self.resolve().object.add(3).read() as usize },
        }
    }

    #[inline]
    pub(crate) fn is_empty(self) -> bool {
        self.len_at_most() == 0
    }

    /// The value called `name`.
    #[inline]
    pub(crate) fn get(self, name: Symbol) -> Option<&'h ValueCell<'h>> {
        self.find(name).map(|(value, _)| value)
    }

    /// The value called `name` and where it was written.
    #[inline]
    pub(crate) fn find(self, name: Symbol) -> Option<(&'h ValueCell<'h>, Pos)> {
        let mut set = self.resolve();
        loop {
            if let Some((shape, values)) = set.flat() {
                let index = shape.index_of(name)?;
                return Some((&values[index], shape.positions()[index]));
            }
            let (shape, values) = set.layer_parts()?;
            if let Some(index) = shape.index_of(name) {
                return Some((&values[index], shape.positions()[index]));
            }
            set = set.base().resolve();
        }
    }

    /// Looks up names in ascending order.
    #[inline]
    pub(crate) fn walk(self) -> Walk<'h> {
        Walk { set: self, rest: self.flat().map(|(shape, values)| (shape.names(), values)) }
    }

    /// What tells the set from other values, the same before and after it was flattened.
    pub(crate) fn identity(self) -> usize {
        self.value().identity()
    }

    pub(crate) fn value(self) -> Value<'h> {
        Value::of_object(self.object)
    }
}

/// A place in a set, for looking up several names, each greater than the one before.
pub(crate) struct Walk<'h> {
    set: Attrs<'h>,
    /// What is left of the names and values, if the set is flat.
    rest: Option<(&'h [Symbol], &'h [ValueCell<'h>])>,
}

/// So many names are looked at one after the other before the others are searched by bisection.
const STRIDE: usize = 4;

impl<'h> Walk<'h> {
    #[inline]
    pub(crate) fn find(&mut self, name: Symbol) -> Option<&'h ValueCell<'h>> {
        let Some((names, values)) = self.rest else { return self.set.get(name) };
        let near = names.iter().take(STRIDE).take_while(|&&other| other < name).count();
        let ahead = match near == STRIDE {
            true => STRIDE + names[STRIDE..].partition_point(|&other| other < name),
            false => near,
        };
        self.rest = Some((&names[ahead..], &values[ahead..]));
        let is_found = names.get(ahead) == Some(&name);
        is_found.then(|| &values[ahead])
    }
}
