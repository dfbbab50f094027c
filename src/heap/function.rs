//! Closures and partial applications.

use std::cell::Cell;
use std::marker::PhantomData;
use std::ptr::NonNull;

use super::region::{narrow, widen};
use super::value::{frame_word, object_kind};
use super::{BuiltinId, Frame, Heap, Value, ValueCell};
use crate::program::Lambda;

/// A lambda and the frame it was made in, in half a word each: a lambda is at a multiple of 16, which leaves three bits.
#[derive(Copy, Clone)]
pub(crate) struct Closure<'h> {
    object: NonNull<u32>,
    heap: PhantomData<Cell<&'h Heap>>,
}

/// A function that has some of its arguments: their number, the function, and they.
#[derive(Copy, Clone)]
pub(crate) struct Partial<'h> {
    object: NonNull<u32>,
    heap: PhantomData<Cell<&'h Heap>>,
}

/// What can be called without looking for `__functor`.
#[derive(Copy, Clone)]
pub(crate) enum Function<'h> {
    Closure(Closure<'h>),
    Partial(Partial<'h>),
    Builtin(BuiltinId),
}

impl<'h> Closure<'h> {
    #[inline(always)]
    pub(crate) fn value(heap: &'h Heap, lambda: &'h Lambda<'h>, frame: Option<Frame<'h>>) -> Value<'h> {
        const { assert!(align_of::<Lambda<'_>>() >= 16) };
        heap.tally.closures.add_one();
        let object = heap.alloc_words(1).cast::<u32>();
        // SAFETY: two half words were allocated.
        unsafe {
            object.write(narrow(NonNull::from(lambda)) | object_kind::CLOSURE);
            object.add(1).write(frame_word(frame));
        }
        Value::of_object(object)
    }

    /// # Safety
    /// `object` was made by this type in a heap borrowed for `'h`.
    #[inline(always)]
    pub(super) unsafe fn from_object(object: NonNull<u32>) -> Self {
        Closure { object, heap: PhantomData }
    }

    #[inline(always)]
    pub(crate) fn lambda(self) -> &'h Lambda<'h> {
        // SAFETY: the first half word of a closure is the reference it was made with, with the kind in bits that were zero.
        unsafe { widen(self.object.read() as usize, 2 * object_kind::CLOSURE as usize).as_ref() }
    }

    /// The frame in 32 bits, or zero.
    #[inline(always)]
    pub(super) fn frame_word(self) -> u32 {
        // SAFETY: that is the second half word.
        unsafe { self.object.add(1).read() }
    }
}

impl<'h> Partial<'h> {
    /// `function` (a closure or builtin) with its first arguments.
    pub(crate) fn value(heap: &'h Heap, function: Value<'h>, arguments: &[Value<'h>]) -> Value<'h> {
        let words = (2 + arguments.len()).div_ceil(2);
        heap.tally.partials.add(words);
        let object = heap.alloc_words(words).cast::<u32>();
        // SAFETY: `2 + arguments.len()` half words were allocated.
        unsafe {
            object.write((arguments.len() as u32) << object_kind::BITS | object_kind::PARTIAL);
            for (index, value) in std::iter::once(&function).chain(arguments).enumerate() {
                object.add(1 + index).write(value.word());
            }
        }
        Value::of_object(object)
    }

    /// # Safety
    /// `object` was made by this type in a heap borrowed for `'h`.
    pub(super) unsafe fn from_object(object: NonNull<u32>) -> Self {
        Partial { object, heap: PhantomData }
    }

    /// The closure or builtin.
    pub(crate) fn function(self) -> Value<'h> {
        // SAFETY: the second half word is the function it was made with.
        unsafe { Value::from_word(self.object.add(1).read()) }
    }

    pub(crate) fn arguments(self) -> &'h [ValueCell<'h>] {
        // SAFETY: the header counts the arguments, which begin at the third half word and never change.
        unsafe {
            let count = self.object.read() >> object_kind::BITS;
            std::slice::from_raw_parts(self.object.add(2).cast().as_ptr(), count as usize)
        }
    }
}
