//! Thunks: suspended computations, updated in place.

use std::cell::Cell;
use std::marker::PhantomData;
use std::ptr::NonNull;

use super::value::{TAG_THUNK, frame_word};
use super::{Frame, Heap, Value};
use crate::program::Expr;

/// Two words. The first says what to do, or that it is being done or has been done:
///
/// | first word            | second word  | meaning                              |
/// |-----------------------|--------------|--------------------------------------|
/// | expression, low bit 0 | frame        | evaluate the expression in the frame |
/// | function value + bits | argument     | call the function                    |
/// | array pointer + 3     | count        | call the first of the array with the others |
/// | `BLACKHOLE`           | -            | being evaluated                      |
/// | `FORCED`              | result       | done                                 |
/// | `COMPUTED`            | result       | done, but nobody has asked for it    |
/// | `FAILED`              | number       | failed, with the error of this number |
///
/// Expressions are aligned to 8, so their low bits are free; a function value is told by `APPLY`, a bit
/// above all addresses. A negative integer has that bit itself; "calling" one goes by the array.
#[derive(Copy, Clone)]
pub(crate) struct Thunk<'h> {
    object: NonNull<u64>,
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
    ApplyMany(&'h [Value<'h>]),
    /// It is being evaluated already.
    Blackhole,
    /// It has a value.
    Forced(Value<'h>),
    /// It has failed, with the error of this number.
    Failed(usize),
}

const FORCED: usize = 1;
const BLACKHOLE: usize = 2;
const APPLY_MANY: usize = 3;
const COMPUTED: usize = 4;
const FAILED: usize = 5;
/// Set in the address of a function value: user addresses end below it.
const APPLY: usize = 1 << 63;

impl<'h> Thunk<'h> {
    #[inline(always)]
    pub(crate) fn code(heap: &'h Heap, expr: &'h Expr<'h>, frame: Option<Frame<'h>>) -> Value<'h> {
        let first = std::ptr::from_ref(expr).cast_mut().cast::<u64>();
        Thunk::alloc(heap, first, frame_word(frame))
    }

    #[inline(always)]
    pub(crate) fn apply(heap: &'h Heap, function: Value<'h>, argument: Value<'h>) -> Value<'h> {
        let first = function.word().as_ptr().map_addr(|addr| addr | APPLY);
        if function.identity() & APPLY != 0 {
            return Thunk::apply_many(heap, &[function, argument]);
        }
        Thunk::alloc(heap, first.cast(), argument.word().as_ptr().cast())
    }

    /// A call of the first of `call` with the others as arguments.
    pub(crate) fn apply_many(heap: &'h Heap, call: &[Value<'h>]) -> Value<'h> {
        let stored = heap.store_slice(call);
        let first = stored.as_ptr().cast_mut().cast::<u64>().map_addr(|addr| addr | APPLY_MANY);
        Thunk::alloc(heap, first, std::ptr::without_provenance_mut(call.len()))
    }

    /// A thunk whose result is known before it is asked for. Until then it is like any other thunk.
    #[inline(always)]
    pub(crate) fn computed(heap: &'h Heap, result: Value<'h>) -> Value<'h> {
        Thunk::alloc(heap, std::ptr::without_provenance_mut(COMPUTED), result.word().as_ptr().cast())
    }

    #[inline(always)]
    fn alloc(heap: &'h Heap, first: *mut u64, second: *mut u64) -> Value<'h> {
        heap.tally.thunks.add_one();
        let object = heap.alloc_words(2);
        // SAFETY: two words were allocated.
        unsafe {
            object.cast::<*mut u64>().write(first);
            object.add(1).cast::<*mut u64>().write(second);
        }
        Value::tagged(object, TAG_THUNK)
    }

    /// # Safety
    /// `object` was made by this type in a heap borrowed for `'h`.
    #[inline(always)]
    pub(super) unsafe fn from_object(object: NonNull<u64>) -> Self {
        Thunk { object, heap: PhantomData }
    }

    #[inline(always)]
    fn words(self) -> &'h [Cell<*mut u64>; 2] {
        // SAFETY: a thunk is two initialised words, only ever accessed through cells.
        unsafe { self.object.cast().as_ref() }
    }

    /// The result, if there is one.
    #[inline(always)]
    pub(crate) fn result(self) -> Option<Value<'h>> {
        let [first, second] = self.words();
        // SAFETY: after `FORCED` the second word is the result's.
        (first.get().addr() == FORCED).then(|| unsafe { Value::from_word(NonNull::new_unchecked(second.get().cast())) })
    }

    /// What tells it from other thunks.
    pub(crate) fn address(self) -> usize {
        self.object.as_ptr().addr()
    }

    pub(crate) fn is_blackhole(self) -> bool {
        self.words()[0].get().addr() == BLACKHOLE
    }

    /// What the thunk waits for.
    #[inline(always)]
    pub(crate) fn suspension(self) -> Suspension<'h> {
        let [first, second] = self.words();
        let (first, second) = (first.get(), second.get());
        // SAFETY: the first word tells what both are, as the table above says.
        unsafe {
            if first.addr() & APPLY != 0 {
                let function = first.map_addr(|addr| addr & !APPLY).cast();
                return Suspension::Apply(
                    Value::from_word(NonNull::new_unchecked(function)),
                    Value::from_word(NonNull::new_unchecked(second.cast())),
                );
            }
            match first.addr() & 7 {
                0 => Suspension::Code(
                    &*first.cast::<Expr<'h>>(),
                    NonNull::new(second).map(|object| Frame::from_object(object)),
                ),
                FORCED | COMPUTED => Suspension::Forced(Value::from_word(NonNull::new_unchecked(second.cast()))),
                APPLY_MANY => {
                    let call = first.map_addr(|addr| addr & !APPLY_MANY).cast::<Value<'h>>();
                    Suspension::ApplyMany(std::slice::from_raw_parts(call, second.addr()))
                }
                FAILED => Suspension::Failed(second.addr()),
                _ => Suspension::Blackhole,
            }
        }
    }

    /// Marks the thunk as being evaluated and returns what it waited for.
    #[inline(always)]
    pub(crate) fn begin(self) -> Suspension<'h> {
        let suspension = self.suspension();
        if !matches!(suspension, Suspension::Forced(_) | Suspension::Failed(_)) {
            self.words()[0].set(std::ptr::without_provenance_mut(BLACKHOLE));
        }
        suspension
    }

    /// Remembers that it failed, with the error of this number.
    pub(crate) fn fail(self, number: usize) {
        let [first, second] = self.words();
        first.set(std::ptr::without_provenance_mut(FAILED));
        second.set(std::ptr::without_provenance_mut(number));
    }

    /// Stores the result.
    #[inline(always)]
    pub(crate) fn finish(self, result: Value<'h>) {
        debug_assert!(!result.is_thunk());
        let [first, second] = self.words();
        first.set(std::ptr::without_provenance_mut(FORCED));
        second.set(result.word().as_ptr().cast());
    }

    /// Puts back what [`begin`](Thunk::begin) took, after a failure.
    pub(crate) fn restore(self, suspension: Suspension<'h>) {
        let first = match suspension {
            Suspension::Code(expr, _) => std::ptr::from_ref(expr).cast_mut().cast::<u64>(),
            Suspension::Apply(function, _) => function.word().as_ptr().map_addr(|addr| addr | APPLY).cast(),
            Suspension::ApplyMany(call) => call.as_ptr().cast_mut().cast::<u64>().map_addr(|addr| addr | APPLY_MANY),
            Suspension::Blackhole | Suspension::Forced(_) | Suspension::Failed(_) => return,
        };
        self.words()[0].set(first);
    }
}
