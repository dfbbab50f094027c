//! Thunks: suspended computations, updated in place.

use std::cell::Cell;
use std::marker::PhantomData;
use std::ptr::NonNull;

use super::prefetch::prefetch;
use super::region::{narrow, pointer_of, widen};
use super::value::{TAG_OBJECT, frame_of_word, frame_word};
use super::{Attrs, Frame, Heap, Value, ValueCell};
use crate::program::Expr;

/// Two half words. The first says what to do, or that it is being done or has been done:
///
/// | first                 | second | meaning                              |
/// |-----------------------|--------|--------------------------------------|
/// | expression, bits `00` | frame  | evaluate the expression in the frame |
/// | function value, `10`  | argument | call the function                  |
/// | array, `11`           | count  | call the first of the array with the others |
/// | array, `11`           | index + `MAPPED` | call the first of two with a name and its value in the set that is the second |
/// | `BLACKHOLE`           | -      | being evaluated                      |
/// | `FORCED`              | result | done                                 |
/// | `COMPUTED`            | result | done, but nobody has asked for it    |
/// | `FAILED`              | number | failed, with the error of this number |
///
/// What is called and is a thunk or an integer itself goes by the array.
#[derive(Copy, Clone)]
pub(crate) struct Thunk<'h> {
    object: NonNull<u32>,
    heap: PhantomData<Cell<&'h Heap>>,
}

/// What a thunk waits for, taken out of it while it is evaluated.
#[derive(Copy, Clone)]
pub(crate) enum Suspension<'h> {
    /// Evaluate an expression.
    Code(&'h Expr<'h>, Option<Frame<'h>>),
    /// Call a function with an argument.
    Apply(Value<'h>, Value<'h>),
    /// Call the first with the others.
    ApplyMany(&'h [ValueCell<'h>]),
    /// Call a function with the name and the value that a flat set has at this index of its shape.
    Mapped(&'h MappedSet<'h>, usize),
    /// It is being evaluated already.
    Blackhole,
    /// It has a value.
    Forced(Value<'h>),
    /// It has failed, with the error of this number.
    Failed(u32),
}

/// A function and the set that it maps, which is flat. It is nowhere but in heaps.
#[repr(align(8))]
pub(crate) struct MappedSet<'h> {
    function: ValueCell<'h>,
    set: ValueCell<'h>,
}

impl<'h> MappedSet<'h> {
    pub(crate) fn function(&self) -> Value<'h> {
        self.function.get()
    }

    pub(crate) fn set(&self) -> Value<'h> {
        self.set.get()
    }
}

/// In place of a count, with an index.
const MAPPED: u32 = 1 << 31;

/// The last two bits of what is neither an expression, nor a function, nor an array, are `01`.
const FORCED: u32 = 1;
const BLACKHOLE: u32 = 5;
const COMPUTED: u32 = 9;
const FAILED: u32 = 13;

const CODE_TAG: u32 = 0;
const ARRAY_TAG: u32 = 3;
const TAG_MASK: u32 = 3;

impl<'h> Thunk<'h> {
    #[inline(always)]
    pub(crate) fn code(heap: &'h Heap, expr: &'h Expr<'h>, frame: Option<Frame<'h>>) -> Value<'h> {
        Thunk::alloc(heap, narrow(NonNull::from(expr)), frame_word(frame))
    }

    #[inline(always)]
    pub(crate) fn apply(heap: &'h Heap, function: Value<'h>, argument: Value<'h>) -> Value<'h> {
        if function.word() & TAG_MASK != TAG_OBJECT {
            return Thunk::apply_many(heap, &[function, argument]);
        }
        Thunk::alloc(heap, function.word(), argument.word())
    }

    /// A call of the first of `call` with the others as arguments.
    pub(crate) fn apply_many(heap: &'h Heap, call: &[Value<'h>]) -> Value<'h> {
        let stored = heap.store_many(call.iter().map(|value| value.word()));
        Thunk::alloc(heap, array_word(stored), call.len() as u32)
    }

    /// Calls of a function for the names and values of a flat set, for which this is made once.
    pub(crate) fn mapping(heap: &'h Heap, function: Value<'h>, set: Attrs<'h>) -> &'h MappedSet<'h> {
        debug_assert!(set.flat().is_some());
        heap.store(MappedSet { function: ValueCell::new(function), set: ValueCell::new(set.value()) })
    }

    /// The call for the name and the value at an index.
    #[inline(always)]
    pub(crate) fn mapped(heap: &'h Heap, mapping: &'h MappedSet<'h>, index: usize) -> Value<'h> {
        Thunk::alloc(heap, mapping_word(mapping), index as u32 | MAPPED)
    }

    /// A thunk whose result is known before it is asked for. Until then it is like any other thunk.
    #[inline(always)]
    pub(crate) fn computed(heap: &'h Heap, result: Value<'h>) -> Value<'h> {
        Thunk::alloc(heap, COMPUTED, result.word())
    }

    #[inline(always)]
    fn alloc(heap: &'h Heap, first: u32, second: u32) -> Value<'h> {
        heap.tally.thunks.add_one();
        let object = heap.alloc_words(1).cast::<u32>();
        // SAFETY: two half words were allocated.
        unsafe {
            object.write(first);
            object.add(1).write(second);
        }
        Value::of_thunk(object)
    }

    /// # Safety
    /// `object` was made by this type in a heap borrowed for `'h`.
    #[inline(always)]
    pub(super) unsafe fn from_object(object: NonNull<u32>) -> Self {
        Thunk { object, heap: PhantomData }
    }

    #[inline(always)]
    fn words(self) -> &'h [Cell<u32>; 2] {
        // SAFETY: a thunk is two initialised half words, only ever accessed through cells.
        unsafe { self.object.cast().as_ref() }
    }

    /// The result, if there is one.
    #[inline(always)]
    pub(crate) fn result(self) -> Option<Value<'h>> {
        let [first, second] = self.words();
        // SAFETY: after `FORCED` the second is the result's.
        (first.get() == FORCED).then(|| unsafe { Value::from_word(second.get()) })
    }

    /// What tells it from other thunks.
    pub(crate) fn address(self) -> usize {
        self.object.as_ptr().addr()
    }

    pub(crate) fn is_blackhole(self) -> bool {
        self.words()[0].get() == BLACKHOLE
    }

    /// What the thunk waits for.
    #[inline(always)]
    pub(crate) fn suspension(self) -> Suspension<'h> {
        let [first, second] = self.words();
        let (first, second) = (first.get(), second.get());
        // SAFETY: the first tells what both are, as the table above says.
        unsafe {
            match first & TAG_MASK {
                CODE_TAG => Suspension::Code(widen(first as usize, 0).as_ref(), frame_of_word(second)),
                TAG_OBJECT => Suspension::Apply(Value::from_word(first), Value::from_word(second)),
                ARRAY_TAG => {
                    let array = widen::<ValueCell<'h>>(first as usize, 2 * ARRAY_TAG as usize);
                    match second & MAPPED {
                        0 => Suspension::ApplyMany(std::slice::from_raw_parts(array.as_ptr(), second as usize)),
                        _ => Suspension::Mapped(array.cast().as_ref(), (second & !MAPPED) as usize),
                    }
                }
                _ => match first {
                    FORCED | COMPUTED => Suspension::Forced(Value::from_word(second)),
                    FAILED => Suspension::Failed(second),
                    _ => Suspension::Blackhole,
                },
            }
        }
    }

    /// Marks a thunk that waits for an expression, as most do, as being evaluated.
    #[inline(always)]
    pub(crate) fn begin_code(self) -> Option<(&'h Expr<'h>, Option<Frame<'h>>)> {
        let [first, second] = self.words();
        let (code, frame) = (first.get(), second.get());
        if code & TAG_MASK != CODE_TAG {
            return None;
        }
        first.set(BLACKHOLE);
        // SAFETY: the tag says that the first is an expression and the second a frame or zero.
        unsafe {
            // It will be needed once it is known what the expression is, which takes as long.
            prefetch(pointer_of(frame));
            Some((widen(code as usize, 0).as_ref(), frame_of_word(frame)))
        }
    }

    /// The frame of a thunk that waited for an expression, while that is being evaluated.
    pub(crate) fn begun_frame(self) -> Option<Frame<'h>> {
        debug_assert!(self.is_blackhole(), "it is being evaluated");
        // SAFETY: `begin_code` leaves the frame where it is.
        unsafe { frame_of_word(self.words()[1].get()) }
    }

    /// Marks a thunk that waits for a call of a function with one argument as being evaluated.
    #[inline(always)]
    pub(crate) fn begin_apply(self) -> Option<(Value<'h>, Value<'h>)> {
        let [first, second] = self.words();
        let (function, argument) = (first.get(), second.get());
        if function & TAG_MASK != TAG_OBJECT {
            return None;
        }
        first.set(BLACKHOLE);
        // SAFETY: the tag says that these are values.
        unsafe { Some((Value::from_word(function), Value::from_word(argument))) }
    }

    /// Marks the thunk as being evaluated and returns what it waited for.
    #[inline(always)]
    pub(crate) fn begin(self) -> Suspension<'h> {
        let suspension = self.suspension();
        if !matches!(suspension, Suspension::Forced(_) | Suspension::Failed(_)) {
            self.words()[0].set(BLACKHOLE);
        }
        suspension
    }

    /// Remembers that it failed, with the error of this number.
    pub(crate) fn fail(self, number: u32) {
        let [first, second] = self.words();
        first.set(FAILED);
        second.set(number);
    }

    /// Stores the result.
    #[inline(always)]
    pub(crate) fn finish(self, result: Value<'h>) {
        debug_assert!(!result.is_thunk());
        let [first, second] = self.words();
        first.set(FORCED);
        second.set(result.word());
    }

    /// Puts back what [`begin`](Thunk::begin) took, after a failure.
    pub(crate) fn restore(self, suspension: Suspension<'h>) {
        let first = match suspension {
            Suspension::Code(expr, _) => narrow(NonNull::from(expr)),
            Suspension::Apply(function, _) => function.word(),
            Suspension::ApplyMany(call) => array_word(call),
            Suspension::Mapped(mapping, _) => mapping_word(mapping),
            Suspension::Blackhole | Suspension::Forced(_) | Suspension::Failed(_) => return,
        };
        self.words()[0].set(first);
    }
}

/// An array of values that is stored in the heap, as the first half word of a thunk.
fn array_word<T>(call: &[T]) -> u32 {
    narrow(NonNull::from(call).cast::<u64>()) | ARRAY_TAG
}

/// A function and a set, as the first half word of a thunk.
#[inline(always)]
fn mapping_word(mapping: &MappedSet<'_>) -> u32 {
    narrow(NonNull::from(mapping)) | ARRAY_TAG
}
