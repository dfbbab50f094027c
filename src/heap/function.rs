//! Closures and partial applications.

use std::cell::Cell;
use std::marker::PhantomData;
use std::ptr::NonNull;

use super::value::{TAG_FUNCTION, frame_word};
use super::{BuiltinId, Frame, Heap, Value};
use crate::program::Lambda;

/// A lambda and the frame it was made in.
#[derive(Copy, Clone)]
pub(crate) struct Closure<'h> {
    object: NonNull<u64>,
    heap: PhantomData<Cell<&'h Heap>>,
}

/// A function that has some of its arguments: its first word is odd and counts them.
#[derive(Copy, Clone)]
pub(crate) struct Partial<'h> {
    object: NonNull<u64>,
    heap: PhantomData<Cell<&'h Heap>>,
}

/// What can be called without looking for `__functor`.
#[derive(Copy, Clone)]
pub(crate) enum Function<'h> {
    Closure(Closure<'h>),
    Partial(Partial<'h>),
    Builtin(BuiltinId),
}

impl<'h> Function<'h> {
    /// # Safety
    /// `object` was made by this module in a heap borrowed for `'h`.
    #[inline(always)]
    pub(super) unsafe fn from_object(object: NonNull<u64>) -> Self {
        // SAFETY: lambdas are aligned, so the low bit of the first word tells the two apart.
        if unsafe { object.read() } & 1 == 0 {
            Function::Closure(Closure { object, heap: PhantomData })
        } else {
            Function::Partial(Partial { object, heap: PhantomData })
        }
    }
}

impl<'h> Closure<'h> {
    #[inline(always)]
    pub(crate) fn value(heap: &'h Heap, lambda: &'h Lambda<'h>, frame: Option<Frame<'h>>) -> Value<'h> {
        heap.tally.closures.add_one();
        let object = heap.alloc_words(2);
        // SAFETY: two words were allocated.
        unsafe {
            object.cast::<&'h Lambda<'h>>().write(lambda);
            object.add(1).cast::<*mut u64>().write(frame_word(frame));
        }
        Value::tagged(object, TAG_FUNCTION)
    }

    /// # Safety
    /// `object` was made by this module in a heap borrowed for `'h`.
    #[inline(always)]
    pub(super) unsafe fn from_object(object: NonNull<u64>) -> Option<Self> {
        // SAFETY: as in `Function::from_object`.
        (unsafe { object.read() } & 1 == 0).then_some(Closure { object, heap: PhantomData })
    }

    #[inline(always)]
    pub(crate) fn lambda(self) -> &'h Lambda<'h> {
        // SAFETY: the first word of a closure is the reference it was made with.
        unsafe { self.object.cast::<&'h Lambda<'h>>().read() }
    }

    #[inline(always)]
    pub(crate) fn frame(self) -> Option<Frame<'h>> {
        // SAFETY: the second word is a frame of this heap or null.
        unsafe { NonNull::new(self.object.add(1).cast::<*mut u64>().read()).map(|object| Frame::from_object(object)) }
    }
}

impl<'h> Partial<'h> {
    /// `function` (a closure or builtin) with its first arguments.
    pub(crate) fn value(heap: &'h Heap, function: Value<'h>, arguments: &[Value<'h>]) -> Value<'h> {
        heap.tally.partials.add(2 + arguments.len());
        let object = heap.alloc_words(2 + arguments.len());
        // SAFETY: `2 + arguments.len()` words were allocated.
        unsafe {
            object.write((arguments.len() as u64) << 1 | 1);
            let words = object.add(1).cast::<Value<'h>>();
            words.write(function);
            words.add(1).copy_from_nonoverlapping(NonNull::from(arguments).cast(), arguments.len());
        }
        Value::tagged(object, TAG_FUNCTION)
    }

    /// # Safety
    /// `object` was made by this module in a heap borrowed for `'h`.
    pub(super) unsafe fn from_object(object: NonNull<u64>) -> Option<Self> {
        // SAFETY: as in `Function::from_object`.
        (unsafe { object.read() } & 1 == 1).then_some(Partial { object, heap: PhantomData })
    }

    /// The closure or builtin.
    pub(crate) fn function(self) -> Value<'h> {
        // SAFETY: the second word is the function it was made with.
        unsafe { self.object.add(1).cast::<Value<'h>>().read() }
    }

    pub(crate) fn arguments(self) -> &'h [Value<'h>] {
        // SAFETY: the first word counts the arguments, which begin at the third and never change.
        unsafe { std::slice::from_raw_parts(self.object.add(2).cast().as_ptr(), (self.object.read() >> 1) as usize) }
    }
}
