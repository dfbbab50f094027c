//! Lists.

use std::cell::Cell;
use std::marker::PhantomData;
use std::ptr::NonNull;

use super::value::TAG_LIST;
use super::{Heap, Value};

/// A list: a length and that many words, which stay where they are.
#[derive(Copy, Clone)]
pub(crate) struct List<'h> {
    object: NonNull<u64>,
    heap: PhantomData<Cell<&'h Heap>>,
}

impl<'h> List<'h> {
    /// A list of `length` elements made by `element`, which is called in order.
    ///
    /// Should `element` fail, its error is returned and the list is abandoned.
    #[inline]
    pub(crate) fn try_build<E>(
        heap: &'h Heap,
        length: usize,
        mut element: impl FnMut(usize) -> Result<Value<'h>, E>,
    ) -> Result<Value<'h>, E> {
        heap.tally.lists.add(1 + length);
        let object = heap.alloc_words(1 + length);
        // SAFETY: `1 + length` words were allocated, and each is written before the list is reachable.
        unsafe {
            object.write(length as u64);
            let elements = object.add(1).cast::<Value<'h>>();
            for index in 0..length {
                elements.add(index).write(element(index)?);
            }
        }
        Ok(Value::tagged(object, TAG_LIST))
    }

    #[inline]
    pub(crate) fn build(heap: &'h Heap, length: usize, mut element: impl FnMut(usize) -> Value<'h>) -> Value<'h> {
        let list = List::try_build(heap, length, |index| Ok::<_, std::convert::Infallible>(element(index)));
        match list {
            Ok(list) => list,
            Err(never) => match never {},
        }
    }

    pub(crate) fn from_slice(heap: &'h Heap, elements: &[Value<'h>]) -> Value<'h> {
        List::build(heap, elements.len(), |index| elements[index])
    }

    /// # Safety
    /// `object` was made by [`List::try_build`] in a heap borrowed for `'h`.
    #[inline(always)]
    pub(super) unsafe fn from_object(object: NonNull<u64>) -> Self {
        List { object, heap: PhantomData }
    }

    #[inline(always)]
    pub(crate) fn len(self) -> usize {
        // SAFETY: the first word of a list is its length.
        unsafe { self.object.read() as usize }
    }

    /// The elements. A forced thunk may be replaced by its result.
    #[inline(always)]
    pub(crate) fn elements(self) -> &'h [Cell<Value<'h>>] {
        // SAFETY: `len` initialised values follow the length; a `Cell` has the layout of its content.
        unsafe { std::slice::from_raw_parts(self.object.add(1).cast().as_ptr(), self.len()) }
    }

    pub(crate) fn iter(self) -> impl ExactSizeIterator<Item = Value<'h>> + DoubleEndedIterator + Clone {
        self.elements().iter().map(Cell::get)
    }

    pub(crate) fn value(self) -> Value<'h> {
        Value::tagged(self.object, TAG_LIST)
    }
}
